/*
 * Who works in an account's Megaplan: its list of employees, kept as long as who asks allows, asked for when a kind
 * of job wants to know and by one work at a time, or two, for what rings does not wait for who has more time.
 *
 *   employees_known --> fresh: true
 *                   --> asked for by another work: rests, judged anew
 *                   --> PAGE, PAGE ... --> kept, judged anew
 */
#ifndef WORKER_CRM_EMPLOYEES_H
#define WORKER_CRM_EMPLOYEES_H

#include <stdbool.h>

#include "worker/crm/executor.h"

struct employees; /* of an account */

void employees_free(struct employees *e); /* NULL is fine */
/* True: the list is there, not older than that. False: the work is taken over; judged anew when it may be. */
bool employees_known(struct executor *x, struct work *w, int64_t max_age_ms);
/* Asked for beside what the work does now: a call rings, and his card may not tell whether somebody works. */
void employees_expect(struct executor *x, const struct work *w, int64_t max_age_ms);
/* A card told it, or not: where they do, the list is not asked for ahead. */
void employees_told_by_card(const struct work *w, bool told);
const struct work_ops *employees_ops(void);
/* After employees_known: not fired, not blocked, in the list. */
bool employees_works(const struct work *w, const char *id);
/* The list told wrong: it is asked for anew. */
void employees_forget(const struct work *w);

#endif

/*
 * Gauges of held work: all of it is looked at, some of it in each turn, since there may be a hundred thousand.
 */
#ifndef WORKER_CRM_GAUGES_H
#define WORKER_CRM_GAUGES_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/crm/executor.h"

/* Begins, unless the last counting is still under way; a little work is counted before it returns. */
void gauges_measure(struct executor *x, struct owner *const *owners, size_t n);
/* Counts on, and sets the gauges at the end. True: there is more to count. */
bool gauges_go_on(struct executor *x);
/* The work, or the owner, goes away. */
void gauges_forget(struct executor *x, const struct work *w);
void gauges_leave(struct executor *x, const struct owner *o);

#endif

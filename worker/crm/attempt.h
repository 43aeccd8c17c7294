/*
 * A test call's jobs (origin `test`): they go their way as a live call's do, ask Megaplan what those would ask, and stop
 * before the first request that would change anything, or that would go to MANGO. The outcome `would` then says what it
 * would have been. They have lanes of their own, write no facts, settle nothing, are no dead letters, and end within
 * ATTEMPT_MS.
 *
 *   judge -> act_want --asks--> as any other
 *                     `--changes, or MANGO--> would {"method","path","body"}
 */
#ifndef WORKER_CRM_ATTEMPT_H
#define WORKER_CRM_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/crm/executor.h"

#define ATTEMPT_MS 30000
#define ATTEMPT_REMEMBERED 16
#define ATTEMPT_ENTRY 48 /* bytes of an entry_id that are compared */
#define ATTEMPT_CLIENT \
    "new" /* the id, in what would be sent, of a client that would be made before */

/* Test calls for which a client would be made: their later jobs have none to find. */
struct attempt_memory {
    char entries[ATTEMPT_REMEMBERED][ATTEMPT_ENTRY];
    size_t next;
};

/* When a test call's job gives up, boot ms. */
int64_t attempt_deadline(const struct executor *x);
/* Of w->act, which it now wants. True: it is a test call's, and this is where it ends. */
bool attempt_stops(struct executor *x, struct work *w);
/* It is a test call's, and an earlier job of that call would have made its client. */
bool attempt_makes_client(const struct executor *x, const struct work *w);
/* Its time is over. */
void attempt_ends_late(struct executor *x, struct work *w);
/* It is ending, however: the ending becomes one that leaves nothing behind but the outcome. For finish.c. */
void attempt_leaves_nothing(struct executor *x, struct work *w);

#endif

/*
 * A task "call back" is closed in Megaplan (behaviour.md B3): whoever has it closed goes on when it is.
 *
 *   task_close --> act_done --good----------------------------> CLOSED
 *                     \--refused--> READ --closed or deleted--> BY_HAND: somebody was faster
 *                                     \--open-----------------> REFUSED
 *
 * To close a task twice does no harm: an end nobody knows is tried again, no intent is written.
 */
#ifndef WORKER_CRM_TASK_CLOSE_H
#define WORKER_CRM_TASK_CLOSE_H

#include "common/str.h"
#include "worker/crm/executor.h"

struct task_close;

enum task_close_end {
    TASK_CLOSE_CLOSED,
    TASK_CLOSE_BY_HAND,
    TASK_CLOSE_REFUSED, /* it is open, and Megaplan does not let us close it */
};

/* then follows once, unless the work ends before; it takes the work over. id is copied. */
void task_close(struct executor *x, struct work *w, struct str id,
                void (*then)(struct executor *x, struct work *w, enum task_close_end end));
/* From then, TASK_CLOSE_REFUSED: it is tried again, the job is `dead` at the third time. */
void task_close_again(struct executor *x, struct work *w);
/* Why it was refused, for people; valid until the next task_close. */
const char *task_close_why(const struct work *w);
void task_close_free(struct task_close *c); /* of the work; NULL is fine */

#endif

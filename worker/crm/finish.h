/*
 * How a job ends. Each of these takes the work over; the caller is done with it.
 *
 *   [dead letter] -> [fact, until read back] -> its lanes are free -> outcome -> offset may pass
 *
 * What Kafka does not take is tried again, in this order, until it does.
 */
#ifndef WORKER_CRM_FINISH_H
#define WORKER_CRM_FINISH_H

#include "common/fact.h"
#include "worker/crm/executor.h"

/* With a done fact. result: "done", "present" ...; reason is for people. details: a JSON object's text
 * or NULL; taken over. */
void finish_done(struct executor *x, struct work *w, const struct fact *f, const char *result,
                 const char *reason, char *details);
/* Nothing is written but the outcome: "present", "dropped", "ignored", "late" ... */
void finish_outcome(struct executor *x, struct work *w, const char *result, const char *reason);
/* Into `dead`, and given up: its intents are settled by that, repeats are dropped. kind: what sort of
 * failure; status: HTTP's, 0 = none. */
void finish_dead(struct executor *x, struct work *w, enum err kind, const char *reason, int status);
/* Its intent is given up, and nothing else is: what must not be repeated, or makes no sense any more. */
void finish_given_up(struct executor *x, struct work *w, const char *result, const char *reason);
/* Nothing of it happened, or it does not matter any more: its intent, if it wrote one, is given up. */
void finish_without(struct executor *x, struct work *w, const char *result, const char *reason);
/* Into `dead` as a message that ended the process; what it has begun, if that is known, is given up. */
void finish_poison(struct executor *x, struct work *w);
/* Whom the outcome names, unless the fact names a responsible; copied. */
void finish_employee(struct work *w, const char *employee);
/* Its record that failed is tried again (by the executor, when its time has come). */
void finish_go_on(struct executor *x, struct work *w);

#endif

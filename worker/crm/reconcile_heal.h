/*
 * The missing calls of a piece on their way into `events`, some at a time: first all that belongs to them but the summaries,
 * and these when Kafka has the rest, for a call with its summary counts as whole. Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_RECONCILE_HEAL_H
#define WORKER_CRM_RECONCILE_HEAL_H

#include "common/attr.h"
#include "worker/crm/executor.h"
#include "worker/crm/reconcile_calls.h"

enum reconcile_heal_state {
    RECONCILE_HEAL_GOES_ON,
    RECONCILE_HEAL_DONE,   /* Kafka has all of it */
    RECONCILE_HEAL_FAILED, /* it did not take something */
};

struct reconcile_heal;

/* c: calls that were looked for (reconcile_calls_looked); they and account must outlive it. Nothing is sent yet. */
struct reconcile_heal *reconcile_heal_new(struct executor *x, const char *account,
                                          const struct reconcile_calls *c) MUST_CHECK;
/* What is on its way is left to itself. NULL is fine. */
void reconcile_heal_free(struct reconcile_heal *h);
/* Sends some more, when what was sent before is there. */
enum reconcile_heal_state reconcile_heal_turn(struct reconcile_heal *h);

#endif

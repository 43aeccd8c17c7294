/*
 * Records of a round on their way into `events`: some at a time, and told when Kafka has them all. Whoever sends
 * may go away meanwhile. Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_RECONCILE_SEND_H
#define WORKER_CRM_RECONCILE_SEND_H

#include <stdbool.h>

#include "common/str.h"
#include "worker/crm/executor.h"

#define RECONCILE_SEND_AT_ONCE 50 /* records without an acknowledgement */

struct reconcile_send;

/* done: once all that was handed over has ended, after reconcile_send_end; ok: Kafka has all of it. */
struct reconcile_send *reconcile_send_new(struct executor *x, void (*done)(void *arg, bool ok),
                                          void *arg);
/* An event of an account's call, received now: its kind ("call", "summary", "record/added") and JSON. */
void reconcile_send_event(struct reconcile_send *s, struct str account, struct str entry_id,
                          const char *kind, struct str json);
/* So many are on their way that the rest should wait. */
bool reconcile_send_is_full(const struct reconcile_send *s);
/* No more come: `done` follows, later, and it is gone then; at once if nothing is on its way. */
void reconcile_send_end(struct reconcile_send *s);
/* Nobody wants to know any more. NULL is fine; not after its `done`. */
void reconcile_send_forget(struct reconcile_send *s);

#endif

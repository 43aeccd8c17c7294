/*
 * Calls that MANGO knows and we never heard of (behaviour.md B7): about every RECONCILE_EVERY_S the owner of an account asks
 * for its call history and puts what is missing into `events`, as if MANGO had told it. Entered on the loop's thread only.
 *
 *   RESTS --due--> ASKS --key--> POLLS --history--> compared with facts --all known--------------------+
 *     ^             ^  ^           |  ^  |                |  some are not                              |
 *     |             |  +--unknown--+  +--+ not ready      +--> LOOKS (in `events`) --none is missing---+
 *     |             |                                            |                                     |
 *     |             |                                            +--> HEALS (events, acknowledged) ----+
 *     |             +---- another piece of time <--------- until, written to facts <-------------------+
 *     +------- done; or failed: later, and the same piece anew
 *
 * It is in nobody's way: a request of it leaves only when nobody else wants one (pbx.h), and what it sends is worked off
 * behind everything else (jobs.bulk). It may be killed at any step: the piece begins anew, and what was sent is known then.
 * The summary is sent when Kafka has all else of its call, for without it a call counts as missing.
 */
#ifndef WORKER_CRM_RECONCILE_H
#define WORKER_CRM_RECONCILE_H

#include "worker/crm/account.h"

#define RECONCILE_AT_ONCE 4 /* accounts */

/* About every second, for each account whose owner's facts are all there: its round goes on. */
void reconcile_visit(struct executor *x, struct owner *o, const struct settings *s);
/* After the last of those: the round that is due for longest begins. */
void reconcile_begin(struct executor *x);
/* Its MANGO has other credentials: what the former ones were refused for is forgotten. */
void reconcile_settings(struct executor *x, struct account *a);
/* Its owner goes, or its settings: what runs is left. */
void reconcile_leave(struct executor *x, struct account *a);

#endif

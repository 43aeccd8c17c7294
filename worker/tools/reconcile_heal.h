/*
 * Events of missing calls on their way into `events`, with the origin `reconcile`: some calls at a time. The summaries go when
 * Kafka has all else of them, for without its summary a call counts as missing: whoever is stopped in between sends it anew.
 */
#ifndef WORKER_TOOLS_RECONCILE_HEAL_H
#define WORKER_TOOLS_RECONCILE_HEAL_H

#include <stddef.h>

#include "common/err.h"
#include "common/reconcile/history.h"
#include "worker/tools/kit/desk.h"

#define RECONCILE_HEAL_AT_ONCE 50 /* calls */

/* n <= RECONCILE_HEAL_AT_ONCE. ERR_OK: Kafka has all of them; ERR_TEMPORARY: it does not take them. A signal is not heeded
 * here: it takes a moment only. */
enum err reconcile_heal(struct desk *d, const char *account,
                        const struct history_call *const *calls, size_t n,
                        struct error *e) MUST_CHECK;

#endif

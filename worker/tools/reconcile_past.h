/*
 * An account's calls of a span as MANGO's history has them: fetched piece by piece, so that no answer is too large, and no
 * request longer than MANGO allows. One thread; the desk's loop turns meanwhile.
 */
#ifndef WORKER_TOOLS_RECONCILE_PAST_H
#define WORKER_TOOLS_RECONCILE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/reconcile/history.h"
#include "worker/tools/reconcile_ask.h"

#define RECONCILE_PAST_LONGEST_S (31LL * 24 * 3600) /* a month at most (mango-api.md section 6) */

struct reconcile_piece;

struct reconcile_past {
    const struct history_call **calls; /* that began in the span, in that order */
    size_t count;
    size_t unreadable;              /* lines of the history */
    struct reconcile_piece *pieces; /* own what calls point to */
    size_t npieces;
};

/* Calls that began in [from, to), unix s, to <= now. reconcile_past_done afterwards, also after an error. Errors as
 * reconcile_ask_history has them, but for ERR_INPUT. */
enum err reconcile_past_fetch(struct reconcile_ask *ask, int64_t from, int64_t to, int64_t now,
                              struct reconcile_past *out, struct error *e) MUST_CHECK;
void reconcile_past_done(struct reconcile_past *p);

#endif

/*
 * What MANGO's history tells of a piece of time, on its way through a round (reconcile.h): asked for, read, compared with
 * what is known, turned into events. Pure.
 *
 *   all of the history --of the piece, and over for long enough--> told --no fact of a saving--> suspects --no summary in `events`--> missing
 */
#ifndef WORKER_CRM_RECONCILE_CALLS_H
#define WORKER_CRM_RECONCILE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/forgotten.h"
#include "common/mango/mango_answer.h"
#include "common/reconcile/history_events.h"
#include "common/reconcile/known.h"
#include "worker/crm/facts.h"
#include "worker/crm/reconcile_seen.h"

struct reconcile_calls;

enum reconcile_told {
    RECONCILE_READY,
    RECONCILE_NOT_YET,
    RECONCILE_UNKNOWN,   /* MANGO does not know the key (any more) */
    RECONCILE_TOO_LARGE, /* a shorter time may do */
    RECONCILE_FAILED,    /* what kind says */
};

struct reconcile_answer {
    enum reconcile_told told;
    enum mango_answer_kind kind; /* DONE but for FAILED */
    char why[MANGO_ANSWER_TEXT];
};

struct reconcile_said { /* an answer; borrowed */
    int status;         /* HTTP's */
    struct str body;
    bool too_large; /* the body was over the ceiling: the rest counts for nothing */
};

/* An answer to stats/request. key: the caller's room, HISTORY_QUERY_KEY + 1. */
void reconcile_calls_read_key(const struct reconcile_said *said, struct reconcile_answer *out,
                              char *key);
struct reconcile_span {   /* of calls, unix s */
    int64_t began_before; /* the rest's later legs may lie behind what was asked for */
    int64_t ended_before; /* ... and no leg goes on */
};

/* An answer to stats/result. *calls: of calls in the span; the caller's (reconcile_calls_free) if READY, else NULL. Lines that are none are passed over, unless all are: FAILED. */
void reconcile_calls_read(const struct reconcile_said *said, struct reconcile_span span,
                          struct reconcile_answer *out, struct reconcile_calls **calls);
void reconcile_calls_free(struct reconcile_calls *c); /* NULL is fine */

size_t reconcile_calls_told(const struct reconcile_calls *c);
size_t reconcile_calls_unreadable(const struct reconcile_calls *c); /* lines */
/* Picks those of which facts know no saving, begun or decided, that were not seen before, and whose number was not
 * forgotten (NULL: nobody was): suspects, to be looked for. NULL: there are none. */
struct reconcile_known *reconcile_calls_compare(struct reconcile_calls *c, const struct facts *f,
                                                const struct reconcile_seen *seen,
                                                const struct forgotten *forgotten,
                                                struct str account);
/* They were looked for: what has no summary is missing, the others are seen. How many are missing. */
size_t reconcile_calls_looked(struct reconcile_calls *c, struct reconcile_seen *seen);
size_t reconcile_calls_missing(const struct reconcile_calls *c); /* 0 before that */
/* i < missing. */
const struct history_call *reconcile_calls_at(const struct reconcile_calls *c, size_t i);

#endif

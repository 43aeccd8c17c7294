/*
 * Of what time an account's call history is fetched, and when (behaviour.md B7; mango-api.md section 6). Pure.
 *
 *   until: all calls that began before it were compared once; it stands in facts (account/state/reconcile) and moves
 *          forward only, when a piece is done to its end
 *
 *      asked:     |<------ overlap ------>|<----- piece, a day at most ----->|<--- overlap --->|
 *                 from                  begin                                end              to
 *   time: --------+-----------------------+----------------------------------+-----------------+-----> now
 *
 * A call shows in the history when it is over, under the time it began at, so a piece is asked for with as much of its
 * past as a call may last. Without the part after its end a call that goes on beyond it would look shorter than it was.
 */
#ifndef WORKER_CRM_RECONCILE_PLAN_H
#define WORKER_CRM_RECONCILE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

#define RECONCILE_NAME "reconcile"             /* account/state/reconcile */
#define RECONCILE_REST_S (15LL * 60)           /* calls that ended after that are left alone */
#define RECONCILE_FIRST_S (24LL * 3600)        /* of an account without memory */
#define RECONCILE_LONGEST_S (30LL * 24 * 3600) /* MANGO: a month at most */
#define RECONCILE_PIECE_S (24LL * 3600)
#define RECONCILE_OVERLAP_S (4LL * 3600) /* CALL_IDLE_CLOSE_S: no call is longer */
#define RECONCILE_SMALLEST_S (15LL * 60)
#define RECONCILE_INVALID_MS (24LL * 3600 * 1000) /* so long an invalid request is not made again */
#define RECONCILE_AGAIN_MS 60000LL

struct reconcile_memory {
    int64_t until;      /* unix s; 0 = never */
    int64_t done_at;    /* unix ms of the end of the last round; 0 = never */
    int64_t invalid_at; /* unix ms: MANGO called a request invalid; 0 = it has not */
};

/* From a state's value; STR_NONE, or one that cannot be read: nothing is remembered. */
void reconcile_plan_recall(struct str value, struct reconcile_memory *out);
/* JSON, terminated, the caller's (free()). */
char *reconcile_plan_remember(const struct reconcile_memory *m);

struct reconcile_piece { /* unix s */
    int64_t begin, end;  /* compared by it */
    int64_t from, to;    /* what is asked for */
};

/* The next piece; false: all is done, up to RECONCILE_REST_S ago. largest: RECONCILE_PIECE_S, or less where answers turned
 * out too large. */
bool reconcile_plan_piece(const struct reconcile_memory *m, int64_t now_s, int64_t largest,
                          struct reconcile_piece *out);
/* Half of it; false: there is no smaller one. */
bool reconcile_plan_halve(int64_t *largest);

/* When the next round begins, unix ms: every_s after the last one, give or take a tenth; at once if that has passed, but
 * not all accounts at the same moment; after invalid requests a day later. random: any. */
int64_t reconcile_plan_due(const struct reconcile_memory *m, int64_t every_s, uint32_t random,
                           int64_t now_ms);
/* After a round that failed so many times in a row, the first is 1: within a minute at first, then slower. */
int64_t reconcile_plan_again(unsigned failed, int64_t every_s, uint32_t random, int64_t now_ms);

#endif

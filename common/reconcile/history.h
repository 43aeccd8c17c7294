/*
 * The calls of MANGO's history: its legs put together, with direction, times and who talked, as a summary would tell them
 * (mango-api.md sections 3 and 6). Pure. It knows nothing of what we have heard.
 *
 * What the history does not say is concluded:
 *   direction   the first leg that has an outsider on one side says it; but when an employee is rung by an outsider, and
 *               then calls that same number, it is a callback, thus outgoing: its first leg runs backwards (section 2)
 *   talked      an outsider and an employee's leg that somebody answered; neither a menu nor a queue, and no callback's
 *               first leg
 *   transfer    an employee's leg to a colleague that was answered, and goes on when the client's leg is over: the client
 *               is put through at that moment
 */
#ifndef COMMON_RECONCILE_HISTORY_H
#define COMMON_RECONCILE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/mango/call_event.h"
#include "common/mango/history_query.h"
#include "common/str.h"

struct history_leg {
    const struct history_query_leg *told;
    int64_t put_through_at;  /* unix s; 0: the client was not put through to this leg */
    size_t put_through_from; /* whose client: number of that leg in the call */
    bool callback;           /* a callback's first leg */
};

struct history_call { /* borrowed from the history, and that from the legs */
    struct str entry_id;
    enum call_event_direction direction;
    int64_t began, ended; /* unix s; ended 0: a leg of it goes on */
    int64_t talked_at;    /* unix s; 0: nobody talked with the client */
    struct str number;    /* the outsider's, as it came; empty: hidden, or an internal call */
    const struct history_leg *legs; /* by their time */
    size_t nlegs;
};

struct history {                /* owned; history_done afterwards */
    struct history_call *calls; /* in the order they began, then of entry_id */
    size_t count;
    struct history_leg *legs;
};

/* Puts legs together; they must outlive *out, and need no order. Legs of one call are ordered by what they say, never by
 * their lines, so that the same history gives the same. ERR_INTERNAL: no memory. */
enum err history_build(const struct history_query_leg *legs, size_t n, struct history *out,
                       struct error *e) MUST_CHECK;
void history_done(struct history *h); /* zeroed again */
/* NULL: there is none. */
const struct history_call *history_find(const struct history *h, struct str entry_id);
/* "internal", "incoming", "outgoing". */
const char *history_direction(const struct history_call *c);
/* The nth recording of all legs, each once, and when its leg was over; false: there are fewer. */
bool history_record(const struct history_call *c, size_t n, struct str *id, int64_t *at);
/* Where a leg is, also where MANGO does not say: at people, or in the menu. */
enum call_event_location history_location(const struct history_query_leg *leg);
/* From an employee's extension to an outsider; false for what is between two of them, and for the menu. */
bool history_goes_out(const struct history_query_leg *leg);
/* When somebody talked with the client in this leg, unix s; 0: nobody did. In an internal call the two are the clients. */
int64_t history_talked_at(const struct history_call *c, const struct history_leg *leg);

#endif

/*
 * A call of the history as the notifications MANGO would have sent of it: JSON in the shape of mango-api.md sections 2 to 4,
 * for `events`, with the origin `reconcile`. Pure. The same call gives the same bytes.
 *
 * A leg has a call_id of ours, "<entry_id>~h<number>", so that it is never taken for a leg that was heard. Its events:
 * Appeared, Connected if it was answered, another Connected with the client where he was put through, Disconnected. Then
 * record/added for each recording, and the summary as the last: without it a call counts as missing, so whoever is stopped in
 * between is not done.
 */
#ifndef COMMON_RECONCILE_HISTORY_EVENTS_H
#define COMMON_RECONCILE_HISTORY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/reconcile/history.h"

#define HISTORY_EVENTS_ORIGIN "reconcile" /* the header EVENT_ORIGIN of such events */

struct history_event {
    const char *kind; /* static: "call", "record/added", "summary": the header EVENT_KIND */
    char *json;       /* terminated, the caller's (free()) */
};

/* How many there are; the last one is the summary. Over LIMIT_LEGS_PER_CALL legs the rest are left out. */
size_t history_events_count(const struct history_call *c);
/* The nth of them, n < count. False: no memory. */
bool history_events_write(const struct history_call *c, size_t n,
                          struct history_event *out) MUST_CHECK;

#endif

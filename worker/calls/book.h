/*
 * All calls of one partition of `events`: what is open, what closed less than an hour ago, and the
 * partition's stream time (design.md section 3 "calls has no state topic"). Pure: time comes with the
 * events, decisions go out through a function.
 *
 *              Appeared, Connected,            summary + 5 s, or all legs Disconnected + 10 min,
 *              Disconnected, summary           or last event + 4 h
 *   (unknown) ───────────────────────▶ open ─────────────────────────────────────▶ closed ──▶ (forgotten)
 *                                     rules: live                rules: closing      │   1 h
 *                                                                       late events: rules after
 */
#ifndef WORKER_CALLS_BOOK_H
#define WORKER_CALLS_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mango/call_event.h"
#include "worker/calls/decide.h"

struct book;

struct book_times { /* seconds: CALL_SETTLE_S and so on, design.md 6.2 */
    int64_t settle, ended_close, idle_close, remember;
};

struct book_world {
    /* Settings of an account, NULL if it is unknown or removed; and its time zone. */
    const struct settings *(*settings)(void *arg, struct str account);
    const struct tz *(*tz)(void *arg, const struct settings *s);
    /* The wall clock, unix ms: how old an event is. */
    int64_t (*now)(void *arg);
    /* A decision; c and d are borrowed. */
    void (*decided)(void *arg, const struct rule_call *c, const struct rule_decision *d);
    void *arg;
};

enum book_result {
    BOOK_NEW,      /* folded into an open call */
    BOOK_REPEAT,   /* known already */
    BOOK_LATE,     /* folded into a closed call */
    BOOK_STRANGER, /* belongs to no known call, opens none and decides nothing */
    BOOK_BESIDE,   /* belongs to no known call and opens none, but decided something by itself */
    BOOK_FULL,     /* the call is over a ceiling; not taken */
};

struct book_input {
    const struct call_event *event;
    struct str account;
    int64_t offset;
    int64_t received_at; /* unix ms */
    const char *origin;  /* static: "live" "replay" "reconcile" "test" */
};

struct book *book_new(int32_t partition, const struct book_times *times,
                      const struct book_world *world);
void book_free(struct book *b);

/* Stream time moves on to received_at, timers fire, then the event is folded and decided about. */
enum book_result book_event(struct book *b, const struct book_input *in);
/* Stream time moves on to now (unix ms; never back) and timers fire, in the order they are due. */
void book_time(struct book *b, int64_t now);
/* The same for one timer: the next one that is due at now. False if none is. */
bool book_step(struct book *b, int64_t now);
/* The stream time, unix ms; 0 before the first event. */
int64_t book_now(const struct book *b);
/* Every timer has fired that is due up to here for who folds the same events by their received-at
 * alone, as the next owner of the partition does. The stream time, unless the wall clock was ahead of
 * events that were still to be read. */
int64_t book_fired(const struct book *b);
/* When the next timer is due, unix ms; INT64_MAX if none is. While a call closes: when it was. */
int64_t book_due(const struct book *b);
/* The first offset of its call; -1 if there is no timer. */
int64_t book_due_call(const struct book *b);
/* The offset to commit: the first event of the oldest call that is open or remembered, else next. */
int64_t book_low(const struct book *b, int64_t next);
size_t book_open(const struct book *b);
size_t book_calls(const struct book *b); /* open and remembered; for tests */
/* Stream time at which the oldest open call began, unix ms; 0 if none is open. */
int64_t book_oldest(const struct book *b);
/* Bytes held for calls; for tests. */
size_t book_size(const struct book *b);

#endif

/*
 * What a folded call means under an account's settings, in behaviour.md's own words: direction, the
 * outside number, who handled it, who missed it, how it ended. Computed anew from the fold whenever a
 * rule asks, so it is the same in any order of arrival. Pure.
 */
#ifndef WORKER_CALLS_VIEW_H
#define WORKER_CALLS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/job.h"
#include "common/phone.h"
#include "common/settings.h"
#include "worker/calls/fold.h"
#include "worker/calls/person.h"

struct view {
    enum call_event_direction direction; /* CALL_EVENT_UNTOLD: nothing tells it yet */
    bool unsure;              /* the direction rests on a leg taken from one that is not known */
    struct str number_raw;    /* the outside number as it came; empty: hidden or unknown */
    struct phone number;      /* empty: no client's number */
    struct str line;          /* the company's line: digits or `sip:...`; may be empty */
    bool dynamic;             /* a dynamic number was called (dct.type 1) ... */
    struct str dct_number;    /* ... this one; may be empty */
    bool connected;           /* somebody, mapped or not, was Connected with the client */
    bool answered;            /* talk_time > 0; without a summary: connected */
    enum job_verdict verdict; /* NONE for internal and for outgoing that nobody answered */
    struct person first_handled, last_handled; /* mapped ones, by legs */
    struct person first_given, last_missed;    /* incoming: where it rang */
    struct person caller;                      /* outgoing: who calls */
    struct person summarized;         /* the summary's employee: who answered, or missed it first */
    bool dialled;                     /* outgoing: a leg towards the outside number is known */
    bool callback, picked_up;         /* a callback's first leg is known; its employee took it */
    int64_t earliest, started, ended; /* unix s; 0 unknown */
    int64_t talked_at;                /* the talk began, unix s; 0: nobody talked, or unknown */
    int64_t talk_seconds;
};

/* Everything in *out borrows from both. */
void view_make(struct view *out, const struct fold *f, const struct settings *s);
/* In this event the client is one side, and the employee on the other side is *who (may be nobody).
 * v: its direction and number_raw are read. False for the menu, a queue, a consultation between two
 * employees and a callback's first leg. */
bool view_with_client(const struct view *v, const struct fold *f, const struct settings *s,
                      const struct fold_event *ev, struct person *who);
/* True if two line numbers are the same line: by their digits, `sip:` as it is. */
bool view_same_line(struct str a, struct str b);

#endif

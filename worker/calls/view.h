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

/* Somebody's part in a call. employee is NULL for nobody. */
struct view_person {
    const struct settings_employee *employee;
    struct str extension; /* or the employee's own number (B14) */
    int64_t at;           /* first event of the leg, unix s; INT64_MAX unknown */
    bool stands_in;       /* B1: unmapped_employee, for an extension that is nobody's */
};

struct view {
    enum call_event_direction direction; /* CALL_EVENT_UNTOLD: nothing tells it yet */
    bool unsure;              /* the direction rests on a leg taken from one that is not known */
    struct str number_raw;    /* the outside number as it came; empty: hidden or unknown */
    struct phone number;      /* empty: no client's number */
    struct str line;          /* the company's line: digits or `sip:...`; may be empty */
    bool connected;           /* somebody, mapped or not, was Connected with the client */
    bool answered;            /* talk_time > 0; without a summary: connected */
    enum job_verdict verdict; /* NONE for internal and for outgoing that nobody answered */
    struct view_person first_handled, last_handled; /* mapped ones, by legs */
    struct view_person first_given, last_missed;    /* incoming: where it rang */
    struct view_person caller;                      /* outgoing: who calls */
    struct view_person summarized;    /* the summary's employee: who answered, or missed it first */
    bool handled_unmapped;            /* an extension that is nobody's handled it */
    int64_t earliest, started, ended; /* unix s; 0 unknown */
    int64_t talk_seconds;
};

/* Everything in *out borrows from both. */
void view_make(struct view *out, const struct fold *f, const struct settings *s);
/* True if two line numbers are the same line: by their digits, `sip:` as it is. */
bool view_same_line(struct str a, struct str b);

#endif

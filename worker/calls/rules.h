/*
 * The rules of behaviour.md that `worker calls` decides by: a table that reads like that page. Each
 * rule is one small function that sees the call as it is known now and gives a job, a reason why there
 * is nothing to do, or nothing at all. To add a rule: write its function, add its line. Pure.
 */
#ifndef WORKER_CALLS_RULES_H
#define WORKER_CALLS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/job.h"
#include "common/settings.h"
#include "common/tz.h"
#include "worker/calls/view.h"

enum rule_when {      /* bits */
    RULE_LIVE = 1,    /* after each event of an open call */
    RULE_CLOSING = 2, /* once, when the call closes */
    RULE_AFTER = 4,   /* after each event of a closed call: it may add or correct, never undo */
    RULE_BESIDE = 8,  /* an event beside the call's course, the call known or not: a recording, the
                         result of a command */
};

/* The event that brings a decision about. */
struct rule_cause {
    int32_t partition;
    int64_t offset;
    int64_t received_at; /* unix ms */
    int64_t event_at;    /* MANGO's unix s; 0 unknown */
    int64_t now;         /* the wall clock when it is decided, unix ms */
    const char *origin;  /* static: "live" "replay" "reconcile" "test" */
};

/* Why a client made by this call has the responsible it has. */
enum rule_client {
    RULE_NO_CLIENT,      /* entry:client was not sent */
    RULE_CLIENT_HANDLED, /* who handled an incoming call (G3) */
    RULE_CLIENT_CALLED,  /* who called (G5) */
    RULE_CLIENT_MISSED,  /* who missed it (G4, G10, G11) */
};

/* What was decided for a call before. Texts are owned by the call (rules_forget). */
struct rule_memory {
    /* Which legs were shown in which states, the first eight, 0 behind them: see rules_ringing.c. */
    uint32_t popups[8];
    uint16_t popup_leg;  /* the leg of the pop-up sent last: a text of the fold */
    uint16_t popup_who;  /* its employee: a place in the settings, which may change meanwhile: then
                            the pop-up is sent once more, or stays where it is until the next state */
    uint8_t popup_state; /* its enum ringing_state */
    uint8_t client;      /* enum rule_client */
    bool line;           /* the client's source line was sent */
    bool route_late;     /* told that it is too late to route, so far */
    bool popup_late;     /* told that it is too late for pop-ups */
    bool route, visitor; /* decided, for or against */
    bool record_held;    /* a recording waits for what tells the direction better */
    bool talked;         /* entry:talked was sent */
    char *responsible;   /* Megaplan id the client was given, or corrected to */
    char *extension;     /* by which that employee was found; "" for another reason */
};

struct rule_call { /* what a rule sees; all borrowed */
    const struct fold *fold;
    const struct view *view;
    const struct settings *settings;
    const struct tz *tz; /* NULL: UTC */
    struct str account, entry_id;
    enum rule_when when;
    const char *closed_by; /* closing: "summary" "ended" "idle" */
    bool first_summary;    /* RULE_AFTER: this event is the call's first summary */
    struct str recording;  /* RULE_BESIDE: this recording can be fetched; else empty */
    struct str command;    /* RULE_BESIDE: MANGO answered our command of that name; else empty */
    int64_t result;        /* with this result, mango-api.md section 8 */
    struct rule_cause cause;
    const struct rule_memory *memory;
};

struct rule_decision {
    const char *rule;     /* "G3" */
    struct job *job;      /* owned; NULL: nothing to do */
    char *reason;         /* owned */
    const char *result;   /* static, for the outcome; NULL: "sent" with a job, "none" without */
    const char *employee; /* Megaplan id, borrowed from the settings; NULL nobody */
    bool quiet;           /* nothing to tell: only the memory changes */
    bool stopped;         /* a guard stopped the call: this is all that is decided */
    struct rule_memory memory; /* the call's memory from now on; texts borrowed */
};

struct rule {
    const char *id;
    const char *what;
    unsigned when;
    /* False: the rule has nothing to say now. */
    bool (*decide)(const struct rule_call *c, struct rule_decision *out);
};

/* What stops a call before any rule. */
struct rule_guard {
    const char *id;
    unsigned when;
    /* The reason (static text), or NULL. */
    const char *(*stops)(const struct rule_call *c);
};

/* Rules in the order of their jobs; ends with an id of NULL. So do the guards. */
extern const struct rule rules_table[];
extern const struct rule_guard rules_guards[];

/* Why the outside number is no client's ("hidden", "an own line" ...); NULL if it may be one. */
const char *rules_no_client(const struct rule_call *c);
/* The part of it that also forbids showing the call (B15): NULL for a hidden number. */
const char *rules_excluded(const struct rule_call *c);
/* Whose refusal that is: B15's, or of the rule that asked, for what is no number of a client at all. */
const char *rules_refused_by(const struct rule_call *c, const char *asked);
/* Keeps what a decision has changed. */
void rules_remember(struct rule_memory *m, const struct rule_decision *d);
void rules_forget(struct rule_memory *m);
void rules_drop(struct rule_decision *d);

#endif

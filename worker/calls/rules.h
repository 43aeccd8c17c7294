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
};

/* The event that brings a decision about. */
struct rule_cause {
    int32_t partition;
    int64_t offset;
    int64_t received_at; /* unix ms */
    int64_t event_at;    /* MANGO's unix s; 0 unknown */
    const char *origin;  /* static: "live" "replay" "reconcile" */
};

/* What was decided for a call before; owned by the call (rules_forget). */
struct rule_memory {
    bool client;       /* entry:client was sent */
    char *responsible; /* Megaplan id it was given, or corrected to */
    char *extension;   /* by which that employee was found */
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
    struct rule_cause cause;
    const struct rule_memory *memory;
};

struct rule_decision {
    const char *rule;     /* "G3" */
    struct job *job;      /* owned; NULL: nothing to do */
    char *reason;         /* owned */
    const char *employee; /* Megaplan id, borrowed from the settings; NULL nobody */
    bool stopped;         /* a guard stopped the call: this is all that is decided */
};

struct rule {
    const char *id;
    const char *what;
    unsigned when;
    /* False: the rule has nothing to say now. */
    bool (*decide)(const struct rule_call *c, struct rule_decision *out);
};

/* Rules in the order of their jobs; ends with an id of NULL. */
extern const struct rule rules_table[];

/* What stops a call before any rule: the ID that says so, with *reason (static text), or NULL. */
const char *rules_guard(const struct rule_call *c, const char **reason);
/* Why the outside number is no client's ("hidden", "an own line" ...); NULL if it may be one. */
const char *rules_no_client(const struct rule_call *c);
/* Keeps what a decision has changed. */
void rules_remember(struct rule_memory *m, const struct rule_decision *d);
void rules_forget(struct rule_memory *m);
void rules_drop(struct rule_decision *d);

#endif

/*
 * What an owner knows from one partition of `facts` (design.md section 3 "crm owns accounts"): what was
 * begun, what came of it, by job, call, number and client; what that adds up to is known.h's. Pure; fed
 * message by message in the order of the log.
 *
 * An intent is *own* if it was written under the mark of this assignment; every other one is foreign:
 * whoever wrote it may have sent a request of which nobody heard. A foreign intent without a result
 * stops every job it concerns (facts_blocker) until it was settled.
 */
#ifndef WORKER_CRM_FACTS_H
#define WORKER_CRM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/fact.h"
#include "common/job.h"
#include "common/str.h"

struct facts;

struct facts_record { /* one message of the partition; borrowed */
    struct str key, value;
    bool tombstone;
    struct str mark; /* header FACT_HEADER_MARK */
    struct str job;  /* header FACT_HEADER_JOB: topic/partition/offset */
    int64_t at;      /* header FACT_HEADER_AT, unix ms; 0 = unknown */
    int64_t now;     /* CLOCK_BOOTTIME ms of reading it */
};

enum facts_change {
    FACTS_NOTED,    /* a fact, a state, a tombstone */
    FACTS_OWN_MARK, /* our own mark: restored up to here */
    FACTS_STRANGER, /* another owner's mark, read after our own: we are not the owner any more */
    FACTS_OLD_MARK, /* another owner's mark before our own */
    FACTS_CONFLICT, /* a done fact with another value than the one that stands, which stays */
};

struct facts_entry {         /* all about one job; lent, read-only */
    const struct fact *said; /* the done fact, else the intent; NULL if neither is there any more */
    const char *id;          /* job id */
    const char *begun;       /* the responsible that its intent named, if the done fact says
                                another one or none; else NULL */
    int64_t read_at;         /* when the intent was read, boot ms */
    int64_t written_at;      /* when it was written by its writer's clock, unix ms */
    int64_t first;           /* order of its first record in the log; greater = newer */
    int64_t order;           /* of its done fact; 0 = none */
    bool done, given_up;
    bool intent;    /* there is one, with or without result */
    bool own;       /* it was written under our mark */
    bool settled;   /* it was looked for, or given up after it */
    bool forgotten; /* the client it names turned out to be gone (facts_forget) */
};

/* mark: the 32 hex of this assignment. */
struct facts *facts_new(struct str mark);
void facts_free(struct facts *f);
struct str facts_mark(const struct facts *f);
/* ERR_INPUT: a key or value that is none of ours; it changes nothing. */
enum err facts_apply(struct facts *f, const struct facts_record *r, enum facts_change *change,
                     struct error *e) MUST_CHECK;

/* What is known of a job, or NULL. Valid until the next change. */
const struct facts_entry *facts_find(const struct facts *f, struct str account, struct str id);
/* Lends each job of a call, a number, or a client (fact_client) to `visit` until that says false. In no
 * order that means anything; visit changes nothing. Given-up jobs without a fact are not among them. */
void facts_of_entry(const struct facts *f, struct str account, struct str entry_id,
                    bool (*visit)(void *arg, const struct facts_entry *e), void *arg);
void facts_of_number(const struct facts *f, struct str account, struct str number,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg);
void facts_of_client(const struct facts *f, struct str account, struct str client,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg);
/* Every call of which something is known, once each: what is due there after a restore is known.h's to
 * say. visit changes nothing. */
void facts_due(const struct facts *f,
               void (*visit)(void *arg, struct str account, struct str entry_id), void *arg);
/* A foreign intent without a result that has to be settled before this job is judged: the job's own,
 * or one that concerns the same number (client, task) or the same call (pop-up with saved call, saved
 * call with recording, responsible with responsible), of whatever job and topic. NULL if there is none. A twin's intent
 * (look once more) stops nobody, not even itself. number may be empty. */
const struct facts_entry *facts_blocker(const struct facts *f, struct str account, struct str id,
                                        enum job_kind kind, struct str number, struct str entry_id);
/* What was begun for the message at this place (topic/partition/offset) and has no result, or NULL. Looks
 * through all of them. */
const struct facts_entry *facts_begun_at(const struct facts *f, struct str account,
                                         struct str place);
/* The intent was settled; until it is read anew under a foreign mark it stops nobody. */
void facts_settle(struct facts *f, struct str account, struct str id);
/* The client of this number turned out to be gone: what named it so far does not count any more. */
void facts_forget(struct facts *f, struct str account, struct str number);
/* The value of account/state/<name>, or STR_NONE. */
struct str facts_state(const struct facts *f, struct str account, struct str name);

/* Jobs that may be deleted (design.md: over 7 days old, below the committed offset): calls `visit` with
 * the oldest ones, at most `limit`, whose newest record was written before `before` (unix ms) and for
 * whose job (topic/partition/offset) `below` says true, with a result (route, visitor, pop-up: or without). A job that
 * `keep` (NULL: none) wants stays until
 * `before_kept`. visit gets the keys' types in `type`. */
struct facts_ageing {
    int64_t before, before_kept;
    size_t limit;
    bool (*below)(void *arg, struct str job);
    bool (*keep)(const struct facts *f, struct str account, const struct facts_entry *e);
    void (*visit)(void *arg, struct str account, struct str id, enum fact_type type);
    void *arg;
};
void facts_age(const struct facts *f, const struct facts_ageing *a);
size_t facts_count(const struct facts *f); /* jobs known */

#endif

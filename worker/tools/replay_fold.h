/*
 * Recorded events run through today's rules: a fold of its own per partition, on the wall clock of the replay, so that
 * what only made sense while it rang decides nothing. Calls come out whole, when nothing more can belong to them.
 *
 *   message --> book (worker/calls) --> decisions --> jobs of the call --> call: told once, with all its jobs
 *
 * A call lies in the span if its first event was received in it; so events from before the span are wanted too,
 * replay_fold_lead ms of them. One thread; reads no clock.
 */
#ifndef WORKER_TOOLS_REPLAY_FOLD_H
#define WORKER_TOOLS_REPLAY_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/job.h"
#include "common/kafka/client.h"
#include "common/settings.h"
#include "common/tz.h"
#include "worker/calls/book.h"

struct replay_fold;

struct replay_job {
    char *id; /* NULL: nothing was decided: `why` says what stopped the call, or cannot be read */
    const char *rule; /* static */
    char *why;        /* the rule's reason; owned */
    enum job_kind kind;
    int64_t at;          /* stream time at which it was decided, unix ms */
    int64_t received_at; /* of its cause, unix ms */
    char *key, *value;   /* of its record (job.h); owned; NULL with id */
};

struct
    replay_call { /* borrowed for the callback, who may take texts of its jobs (and sets them to NULL) */
    const char *account, *entry_id;
    char *number;              /* digits; NULL: none of its jobs has one */
    int64_t first_at, last_at; /* unix ms: received-at of its first and newest event */
    int64_t events;
    bool open;               /* it has not closed by the clock */
    struct replay_job *jobs; /* in the order of their decisions, without those that ring */
    size_t njobs;
};

struct replay_fold_options {
    int32_t partitions;
    struct book_times times;
    int64_t from_ms, to_ms, now; /* unix ms */
    struct str account, entry;   /* empty: all */
    const struct settings *(*settings)(void *arg, struct str account);
    const struct tz *(*tz)(void *arg, const struct settings *s);
    void (*call)(void *arg, struct replay_call *c); /* those of the span */
    void *arg;
};

/* o's texts must outlive it. */
struct replay_fold *replay_fold_new(const struct replay_fold_options *o) MUST_CHECK;
void replay_fold_free(struct replay_fold *f); /* NULL is fine */
/* How long before the span reading has to begin, ms. */
int64_t replay_fold_lead(const struct book_times *times);
/* The next message of its partition of `events`. All of them, to their end: what waited in ingest's spool while Kafka was away
 * stands behind what was received later, however long that was. */
void replay_fold_take(struct replay_fold *f, const struct kafka_message *m);
/* All was read up to its end: the clock closes what is due, and every call that is left is told. */
void replay_fold_end(struct replay_fold *f);
/* Messages of the span's calls so far. */
int64_t replay_fold_events(const struct replay_fold *f);

#endif

/*
 * Plays a story's notifications to the pure part of `worker calls` (worker/calls/book.h), with the
 * times they came in as the only clock, and keeps the jobs it decides.
 */
#ifndef TESTS_STORIES_PLAY_H
#define TESTS_STORIES_PLAY_H

#include "common/job.h"
#include "common/tz.h"
#include "tests/stories/disturb.h"
#include "tests/stories/render.h"

#define PLAY_JOBS 400

struct seen_job { /* owned by the play */
    char *id;     /* behind entry_id: ":client", ":call:summary" ... */
    enum job_kind kind;
    enum job_verdict verdict;
    char *rule, *number;
    int64_t at; /* stream time, unix ms */
    int64_t deadline;
    int delivery; /* that brought it about; -1: a timer */
    struct jval *data;
};

struct play {
    struct tz *zones[ZONES];
    char entry[40];
    struct notification told[STORY_BEATS]; /* rendered once */
    struct seen_job jobs[PLAY_JOBS];
    int njobs, decisions;
    int results; /* decisions that keep what a command of ours came to */
    /* while it plays */
    const struct story *story;
    int64_t now;
    int delivery;
};

void play_start(struct play *p); /* loads the time zones; ends the program if it cannot */
void play(struct play *p, const struct story *s, const struct style *style,
          const struct deliveries *d);
/* Forgets the story. */
void play_clear(struct play *p);
void play_end(struct play *p);
/* Members of a job's data. */
struct str play_text(const struct seen_job *j, const char *key);
int64_t play_int(const struct seen_job *j, const char *key); /* -1 absent */
bool play_flag(const struct seen_job *j, const char *key);

#endif

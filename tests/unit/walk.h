/*
 * One walk of a story: its jobs, a fault at one request, a strike at one step, from the first job until long
 * after the last one is finished.
 */
#ifndef TESTS_UNIT_WALK_H
#define TESTS_UNIT_WALK_H

#include "tests/unit/walk_stories.h"

enum walk_strike {
    WALK_NONE,
    WALK_KILL,
    WALK_FREEZE_SHORT,       /* 6 s: nobody takes over, but it fences itself */
    WALK_FREEZE_LONG,        /* 30 s: replaced after 10 */
    WALK_FREEZE_TWO_MINUTES, /* the same: everything was looked for and given up */
    WALK_REVOKE,
    WALK_REPLACE, /* replaced without knowing it, and reads that two seconds late */
    WALK_STALL,   /* 4.5 s: too short for anybody to notice, long enough for a deadline */
    WALK_KAFKA,   /* nothing is delivered for 7 s */
    WALK_STRIKES
};

extern const char *const walk_strikes[];

struct walk_fault {
    const char *name;
    enum world_fault fault;
    int status;
    bool for_ever; /* all requests of that operation */
};

extern const struct walk_fault walk_faults[]; /* the first one is none */
extern const size_t walk_faults_count;

struct walk { /* one of them */
    const struct walk_story *story;
    const struct walk_fault *fault;
    size_t request; /* which one fails, from 1 */
    const char *operation;
    enum walk_strike strike;
    size_t step; /* where it strikes; what is left on its way then lands late if this is odd */

    struct world *world;
    struct world_member *owner, *zombie;
    int64_t kafka_back_at, hears_at;
    const char *wrong; /* NULL: as it should be */
    char *state;
    size_t steps;
    size_t fed;    /* jobs that came to the owner */
    int64_t begin; /* boot ms */
};

/* The first part is filled in by the caller; `world` too, if it is to be traced. */
void walk_run(struct walk *k);
void walk_done(struct walk *k);
/* What the story comes to when its dispensable request is refused: the only other end it may have. usual: without a
 * fault or strike. NULL: it has none; else the caller's (free()). */
char *walk_without(const struct walk *usual);

#endif

/*
 * The oracle: from a story and what came in of it when, what must become true. Written from
 * behaviour.md alone; it has no part in the code it judges.
 */
#ifndef TESTS_STORIES_EXPECT_H
#define TESTS_STORIES_EXPECT_H

#include "common/job.h"
#include "tests/stories/disturb.h"
#include "tests/stories/known.h"

enum may {
    MUST_NOT,
    MAY,
    MUST
};

#define EXPECT_TIMER (-1) /* instead of a delivery: made when the call closed */
#define EXPECT_NONE (-2)

/* A closing, or the correction by a summary that came after it. */
struct closing {
    const char *how;  /* "summary", "ended", "idle" */
    int64_t at;       /* unix ms */
    int64_t at_least; /* it may also be earlier, up to this */
    int delivery;     /* EXPECT_TIMER, or that of the late summary */
    enum may call;
    bool opaque; /* what remains does not say whose call it was: only that it closes */
    enum direction direction;
    bool answered;
    enum missed kind;
    people employee;
    enum may talked;
    enum may task;
    people fallback, off_hours; /* of the task: PEOPLE_NOBODY where absent */
    int64_t ended_at;           /* 0: not certain */
    int64_t started_at;
    int64_t talk_seconds; /* -1: not certain */
};

struct expect {
    struct closing closings[2];
    int nclosings;

    enum may client;
    int client_delivery;                     /* that must make it; EXPECT_TIMER; EXPECT_NONE: any */
    bool client_in, client_miss, client_out; /* how its name may end */
    people responsible;                      /* in the end */
    int64_t began[2];                        /* what its name tells: either of them */
    bool line_then;                          /* known when it was made */
    bool line_after;                         /* known in the end */
    bool dynamic_then;

    enum may records[8];
    int results; /* of our commands, each to be kept */

    enum may route, visitor;
    int route_delivery, visitor_delivery;

    bool silent;          /* nothing but `call` may come */
    int64_t forgotten_at; /* what came later, came after the call's hour; 0: nothing did */
    bool anew;            /* and may be decided about as a call by itself */
    bool opaque;          /* nothing certain can be said */
    bool undecided;       /* all came over an hour late, no summary: nothing is decided */
    bool exact;           /* there is just one right answer */
};

void expect_make(const struct story *s, const struct style *style, const struct deliveries *d,
                 struct expect *out);

#endif

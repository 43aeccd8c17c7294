/*
 * Holds the jobs that were decided against what the oracle expects.
 */
#ifndef TESTS_STORIES_CHECK_H
#define TESTS_STORIES_CHECK_H

#include "common/buf.h"
#include "tests/stories/expect.h"
#include "tests/stories/play.h"

struct check {
    const struct story *s;
    const struct style *style;
    const struct deliveries *d;
    const struct expect *x;
    const struct play *p;
    struct buf *out; /* differences, a line each */
    int njobs;       /* of the play's: those before the call was forgotten */
    int differences;
    const char *first; /* what the first difference is about */
};

/* The number of differences. */
int check(struct check *c);
/* For the files that check: a difference about `what` (static text). */
void check_differs(struct check *c, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);
/* The employee of that Megaplan id, NOBODY for none or a stranger. */
int check_employee(const struct check *c, struct str id);
/* How many jobs of that kind there are; *first is the first. */
int check_count(const struct check *c, enum job_kind kind, const struct seen_job **first);
/* The employees of a set, for people. */
const char *check_people(const struct check *c, people p, char out[160]);

/* Parts of it: jobs that matter while it rings, and the pop-ups. */
void check_early(struct check *c);

#endif

/*
 * What may happen to notifications on their way: they are lost, late, repeated or overtake each
 * other. What came in when is what the oracle may know.
 */
#ifndef TESTS_STORIES_DISTURB_H
#define TESTS_STORIES_DISTURB_H

#include "tests/stories/story.h"

enum disturbance { /* bits */
    DISTURB_LOST = 1,
    DISTURB_SUMMARY_LOST = 2,
    DISTURB_SUMMARY_FIRST = 4,
    DISTURB_SUMMARY_LATE = 8, /* minutes */
    DISTURB_REPEATED = 16,
    DISTURB_SHUFFLED = 32, /* within seconds */
    DISTURB_SECONDS = 64,  /* some are up to a minute late */
    DISTURB_MINUTES = 128, /* some come minutes after the call closed */
    DISTURB_HOUR = 256,    /* some come over an hour later */
    DISTURB_KINDS = 9,
};

#define DELIVERIES (2 * STORY_BEATS)

struct delivery {
    int beat;
    int64_t received_at; /* unix ms; in their order */
};

struct deliveries {
    struct delivery list[DELIVERIES];
    int n;
    unsigned how; /* bits of enum disturbance */
};

/* `only`: 0 chance decides (many stories are not disturbed at all); else exactly these kinds; ~0u none. */
void disturb(const struct story *s, struct dice *d, unsigned only, struct deliveries *out);
const char *disturb_name(int kind); /* 0 to DISTURB_KINDS - 1 */

#endif

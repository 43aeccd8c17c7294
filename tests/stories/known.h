/*
 * What can be known of a story from the notifications that came in so far: the truth, less what only a
 * missing one would have told. Where what remains can be read in two ways, both are kept: a `people` is
 * the set of employees it may be.
 */
#ifndef TESTS_STORIES_KNOWN_H
#define TESTS_STORIES_KNOWN_H

#include "tests/stories/render.h"
#include "tests/stories/story.h"

typedef unsigned people; /* bit i: employee i; PEOPLE_NOBODY: none */
#define PEOPLE_NOBODY (1U << 31)

static inline people people_of(int who)
{
    return who < 0 ? PEOPLE_NOBODY : 1U << (unsigned)who;
}

enum sure {
    NO,
    YES,
    UNSURE
};

enum missed {
    MISSED_MENU,
    MISSED_GROUP,
    MISSED_DIRECT
};

struct known {
    bool seen[STORY_BEATS];
    bool summary, legs, fresh;
    enum direction direction;
    bool direction_sure;
    bool number, line;
    enum sure joined; /* does the line belong to those of the settings? */
    bool dynamic;     /* dct.type 1 and its number */
    bool answered;
    enum sure answered_sure; /* UNSURE: a hold without its Connected */
    enum missed kind;
    people first_handled, last_handled, first_missed, last_missed, caller;
    enum sure dialled;         /* outgoing: was the outside number called? */
    int64_t first_at, last_at; /* of legs and summary; 0 none */
    int64_t first_any;         /* of all */
    int64_t talk_at, ended_at; /* 0 unknown */
};

/* Fills *k but for seen, which says what came in. fresh is kept too. */
void known_fill(struct known *k, const struct story *s, const struct style *style);
/* Is there just one answer? */
bool known_single(people p);
/* Every leg that is known has ended. */
bool known_ended(const struct known *k, const struct story *s);

#endif

/*
 * The stories that the generated walk tells with every fault and strike: jobs, and what stands in
 * Megaplan before them. Between them they make every kind of request the executor has.
 */
#ifndef TESTS_UNIT_WALK_STORIES_H
#define TESTS_UNIT_WALK_STORIES_H

#include <stdint.h>

#include "tests/unit/world.h"

#define WALK_JOBS 6

struct walk_job { /* NULL kind: none */
    enum kafka_topic topic;
    const char *entry, *kind, *cause; /* cause: behind the kind in the id, NULL = none */
    const char *number, *verdict;     /* NULL = none */
    const char *data;                 /* JSON object */
    int64_t at;                       /* ms after the story's begin, when it comes */
    int64_t lives;                    /* ms from then; 0 = no deadline */
    const char *rings;                /* what it makes ring (struct world_rang); NULL = nothing */
};

struct walk_story {
    const char *name;
    void (*before)(struct world *w); /* NULL: an empty Megaplan */
    struct walk_job jobs[WALK_JOBS];
    struct world_plan first; /* a fault that belongs to the story: so that it has looks */
    unsigned rarer; /* a long one: its strikes are chosen so many times more rarely; 0 = 1 */
};

extern const struct walk_story walk_stories[];
extern const size_t walk_stories_count;

/* The story's job comes to a member. */
void walk_stories_feed(const struct walk_story *s, size_t job, struct world_member *m);
size_t walk_stories_jobs(const struct walk_story *s);
/* The request without which it may come to another end, too: what the visitor fills, or the pop-up of a call that is
 * not saved, is missing then. NULL: none. */
const char *walk_stories_dispensable(const struct walk_story *s);

#endif

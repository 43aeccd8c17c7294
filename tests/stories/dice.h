/*
 * Chance that can be repeated: everything random of a story comes from its seed (splitmix64).
 */
#ifndef TESTS_STORIES_DICE_H
#define TESTS_STORIES_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_throw(struct dice *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to n - 1. */
static inline int dice_to(struct dice *d, int n)
{
    return (int)(dice_throw(d) % (uint64_t)n);
}

/* from to to, both possible. */
static inline int dice_between(struct dice *d, int from, int to)
{
    return from + dice_to(d, to - from + 1);
}

/* True in so many of a hundred cases. */
static inline bool dice_in(struct dice *d, int percent)
{
    return dice_to(d, 100) < percent;
}

#endif

/*
 * Counts refused webhooks by address, four-way associative, no allocation after the start. Must not
 * know why they were refused. One thread.
 */
#include "ingest/unauthorized.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/murmur2.h"

#define SETS 1024
#define WAYS 4
#define WINDOW_MS 60000

struct counter {
    struct cidr_address address;
    int64_t since;
    uint32_t count; /* 0 = free */
};

struct unauthorized {
    struct counter sets[SETS][WAYS];
};

struct unauthorized *unauthorized_new(void)
{
    return mem_alloc(1, sizeof(struct unauthorized));
}

void unauthorized_free(struct unauthorized *u)
{
    free(u);
}

static struct counter *counter_of(struct unauthorized *u, const struct cidr_address *a, int64_t now)
{
    uint32_t hash = murmur2_hash((struct str){(const char *)a->bytes, sizeof a->bytes});
    struct counter *set = u->sets[hash % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].count && memcmp(&set[i].address, a, sizeof *a) == 0)
            return &set[i];
        if (!set[i].count || (oldest->count && set[i].since < oldest->since))
            oldest = &set[i];
    }
    *oldest = (struct counter){.address = *a, .since = now};
    return oldest;
}

bool unauthorized_is_over(struct unauthorized *u, const struct cidr_address *from, int64_t now_ms)
{
    struct cidr_address a = cidr_household(from);
    struct counter *c = counter_of(u, &a, now_ms);
    if (now_ms - c->since >= WINDOW_MS)
        *c = (struct counter){.address = a, .since = now_ms};
    if (c->count < UINT32_MAX)
        c->count++;
    return c->count > LIMIT_UNAUTHORIZED_PER_MINUTE;
}

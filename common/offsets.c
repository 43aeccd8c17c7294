/*
 * A ring of the begun messages in the order of their offsets; done ones leave at its front. Offsets
 * are nearly without gaps, so a message's place is guessed by its distance from the front, and
 * searched by halves where compaction left gaps. Pure; one thread.
 */
#include "common/offsets.h"

#include <stdlib.h>

#include "common/mem.h"

#define SMALLEST 16 /* a power of two, as every size of the ring */

struct entry {
    int64_t offset;
    bool done;
};

struct offsets {
    struct entry *ring;
    size_t size, first, count;
    size_t open;
    int64_t next; /* one past the newest begun */
};

static struct entry *at(const struct offsets *o, size_t i)
{
    return &o->ring[(o->first + i) & (o->size - 1)];
}

struct offsets *offsets_new(int64_t first)
{
    struct offsets *o = mem_alloc(1, sizeof(*o));

    o->size = SMALLEST;
    o->ring = mem_alloc(o->size, sizeof(o->ring[0]));
    o->next = first;
    return o;
}

void offsets_free(struct offsets *o)
{
    if (!o)
        return;
    free(o->ring);
    free(o);
}

static void grow(struct offsets *o)
{
    struct entry *ring = mem_alloc(o->size * 2, sizeof(ring[0]));

    for (size_t i = 0; i < o->count; i++)
        ring[i] = *at(o, i);
    free(o->ring);
    o->ring = ring;
    o->size *= 2;
    o->first = 0;
}

void offsets_begin(struct offsets *o, int64_t offset)
{
    if (offset < o->next)
        return;
    if (o->count == o->size)
        grow(o);
    *at(o, o->count++) = (struct entry){offset, false};
    o->open++;
    o->next = offset + 1;
}

static struct entry *find(const struct offsets *o, int64_t offset)
{
    size_t low = 0, high = o->count; /* the first entry not below offset is in [low, high] */

    if (o->count == 0 || offset < at(o, 0)->offset)
        return NULL;
    /* no two entries have one offset, so the place is at most the distance */
    if (offset - at(o, 0)->offset < (int64_t)o->count) {
        high = (size_t)(offset - at(o, 0)->offset);
        if (at(o, high)->offset == offset)
            return at(o, high);
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at(o, middle)->offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->count && at(o, low)->offset == offset ? at(o, low) : NULL;
}

void offsets_done(struct offsets *o, int64_t offset)
{
    struct entry *e = find(o, offset);

    if (!e || e->done)
        return;
    e->done = true;
    o->open--;
    while (o->count > 0 && at(o, 0)->done) {
        o->first = (o->first + 1) & (o->size - 1);
        o->count--;
    }
}

int64_t offsets_low(const struct offsets *o)
{
    return o->count > 0 ? at(o, 0)->offset : o->next;
}

size_t offsets_open(const struct offsets *o)
{
    return o->open;
}

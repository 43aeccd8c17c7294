/*
 * Points wait in a ring, each with the number of the record that comes after it. Points without a record
 * between them are one.
 */
#include "worker/calls/progress.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/offsets.h"

struct waiting {
    struct progress_point point;
    int64_t before; /* records below this number must be acknowledged */
};

struct progress {
    struct offsets *records;
    int64_t next; /* number of the next record */
    struct waiting *ring;
    size_t first, count, room;
    struct progress_point reached;
    bool news;
};

struct progress *progress_new(void)
{
    struct progress *p = mem_alloc(1, sizeof *p);
    p->records = offsets_new(0);
    return p;
}

void progress_free(struct progress *p)
{
    if (p == NULL)
        return;
    offsets_free(p->records);
    free(p->ring);
    free(p);
}

int64_t progress_send(struct progress *p)
{
    offsets_begin(p->records, p->next);
    return p->next++;
}

/* Points whose records are all acknowledged are reached. */
static void advance(struct progress *p)
{
    int64_t low = offsets_low(p->records);
    while (p->count > 0 && p->ring[p->first].before <= low) {
        p->reached = p->ring[p->first].point;
        p->news = true;
        p->first = (p->first + 1) % p->room;
        p->count--;
    }
}

void progress_ack(struct progress *p, int64_t number)
{
    offsets_done(p->records, number);
    advance(p);
}

static void grow(struct progress *p)
{
    size_t room = p->room ? p->room * 2 : 16;
    struct waiting *ring = mem_alloc(room, sizeof *ring);
    for (size_t i = 0; i < p->count; i++)
        ring[i] = p->ring[(p->first + i) % p->room];
    free(p->ring);
    p->ring = ring;
    p->room = room;
    p->first = 0;
}

void progress_reach(struct progress *p, const struct progress_point *point)
{
    if (p->count > 0) {
        struct waiting *last = &p->ring[(p->first + p->count - 1) % p->room];
        if (last->before == p->next) {
            last->point = *point;
            return;
        }
    }
    if (p->count == p->room)
        grow(p);
    p->ring[(p->first + p->count++) % p->room] = (struct waiting){*point, p->next};
    advance(p);
}

bool progress_take(struct progress *p, struct progress_point *point)
{
    if (!p->news)
        return false;
    p->news = false;
    *point = p->reached;
    return true;
}

size_t progress_waiting(const struct progress *p)
{
    return offsets_open(p->records);
}

/*
 * Two binary heaps by time. Pure: memory only. Every move of an entry updates its slot.
 */
#include "worker/crm/agenda.h"

#include <stdlib.h>

#include "common/mem.h"

static void forget(struct agenda_heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        h->list[i]->slot = 0;
    free(h->list);
}

void agenda_done(struct agenda *a)
{
    forget(&a->urgent);
    forget(&a->others);
    *a = (struct agenda){0};
}

static struct agenda_heap *heap_of(struct agenda *a, const struct agenda_entry *e)
{
    return e->urgent ? &a->urgent : &a->others;
}

static void put(struct agenda_heap *h, size_t i, struct agenda_entry *e)
{
    h->list[i] = e;
    e->slot = i + 1;
}

static void rise(struct agenda_heap *h, size_t i)
{
    struct agenda_entry *e = h->list[i];
    while (i > 0 && h->list[(i - 1) / 2]->at > e->at) {
        put(h, i, h->list[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, e);
}

static void sink(struct agenda_heap *h, size_t i)
{
    struct agenda_entry *e = h->list[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->list[child + 1]->at < h->list[child]->at)
            child++;
        if (h->list[child]->at >= e->at)
            break;
        put(h, i, h->list[child]);
        i = child;
    }
    put(h, i, e);
}

void agenda_set(struct agenda *a, struct agenda_entry *e, int64_t at)
{
    struct agenda_heap *h = heap_of(a, e);
    e->at = at;
    if (e->slot == 0) {
        if (h->count == h->room) {
            h->room = h->room ? h->room * 2 : 64;
            h->list = mem_resize(h->list, h->room, sizeof *h->list);
        }
        put(h, h->count++, e);
    }
    rise(h, e->slot - 1);
    sink(h, e->slot - 1);
}

void agenda_drop(struct agenda *a, struct agenda_entry *e)
{
    struct agenda_heap *h = heap_of(a, e);
    if (e->slot == 0)
        return;
    size_t i = e->slot - 1;
    e->slot = 0;
    struct agenda_entry *last = h->list[--h->count];
    if (last == e)
        return;
    put(h, i, last);
    rise(h, i);
    sink(h, last->slot - 1);
}

static struct agenda_entry *due_of(struct agenda *a, const struct agenda_heap *h, int64_t now)
{
    if (h->count == 0 || h->list[0]->at > now)
        return NULL;
    struct agenda_entry *e = h->list[0];
    agenda_drop(a, e);
    return e;
}

struct agenda_entry *agenda_due_urgent(struct agenda *a, int64_t now)
{
    return due_of(a, &a->urgent, now);
}

struct agenda_entry *agenda_due(struct agenda *a, int64_t now)
{
    struct agenda_entry *e = agenda_due_urgent(a, now);
    return e ? e : due_of(a, &a->others, now);
}

int64_t agenda_next(const struct agenda *a)
{
    int64_t urgent = a->urgent.count ? a->urgent.list[0]->at : AGENDA_NEVER;
    int64_t other = a->others.count ? a->others.list[0]->at : AGENDA_NEVER;
    return urgent < other ? urgent : other;
}

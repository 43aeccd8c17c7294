/*
 * A binary heap by time. Pure: memory only. Every move of an entry updates its slot.
 */
#include "worker/crm/agenda.h"

#include <stdlib.h>

#include "common/mem.h"

void agenda_done(struct agenda *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->heap[i]->slot = 0;
    free(a->heap);
    *a = (struct agenda){0};
}

static void put(struct agenda *a, size_t i, struct agenda_entry *e)
{
    a->heap[i] = e;
    e->slot = i + 1;
}

static void rise(struct agenda *a, size_t i)
{
    struct agenda_entry *e = a->heap[i];
    while (i > 0 && a->heap[(i - 1) / 2]->at > e->at) {
        put(a, i, a->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(a, i, e);
}

static void sink(struct agenda *a, size_t i)
{
    struct agenda_entry *e = a->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= a->count)
            break;
        if (child + 1 < a->count && a->heap[child + 1]->at < a->heap[child]->at)
            child++;
        if (a->heap[child]->at >= e->at)
            break;
        put(a, i, a->heap[child]);
        i = child;
    }
    put(a, i, e);
}

void agenda_set(struct agenda *a, struct agenda_entry *e, int64_t at)
{
    e->at = at;
    if (e->slot == 0) {
        if (a->count == a->room) {
            a->room = a->room ? a->room * 2 : 64;
            a->heap = mem_resize(a->heap, a->room, sizeof *a->heap);
        }
        put(a, a->count++, e);
    }
    rise(a, e->slot - 1);
    sink(a, e->slot - 1);
}

void agenda_drop(struct agenda *a, struct agenda_entry *e)
{
    if (e->slot == 0)
        return;
    size_t i = e->slot - 1;
    e->slot = 0;
    struct agenda_entry *last = a->heap[--a->count];
    if (last == e)
        return;
    put(a, i, last);
    rise(a, i);
    sink(a, last->slot - 1);
}

struct agenda_entry *agenda_due(struct agenda *a, int64_t now)
{
    if (a->count == 0 || a->heap[0]->at > now)
        return NULL;
    struct agenda_entry *e = a->heap[0];
    agenda_drop(a, e);
    return e;
}

int64_t agenda_next(const struct agenda *a)
{
    return a->count ? a->heap[0]->at : AGENDA_NEVER;
}

/*
 * Things by name. Pure: memory only.
 */
#include "worker/crm/shelf.h"

#include <stdlib.h>

#include "common/mem.h"

#define ROOM_AT_FIRST 64

void shelf_done(struct shelf *s)
{
    free(s->slots);
    s->slots = NULL;
    s->room = s->names = 0;
}

/* FNV-1a, its bits mixed once more since the lower ones choose the slot. */
static uint32_t hash_add(uint32_t hash, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619U;
    return hash;
}

static uint32_t hash_of(struct str account, struct str name)
{
    uint32_t hash = hash_add(hash_add(hash_add(2166136261U, account), STR("/")), name);
    hash ^= hash >> 16;
    hash *= 0x7feb352dU;
    return hash ^ hash >> 15;
}

/* Where the handle of that name's ring stands, or would stand. */
static struct shelf_place **place_of(const struct shelf *s, uint32_t hash, struct str account,
                                     struct str name)
{
    struct shelf_place **at = &s->slots[hash & (s->room - 1)];
    while (*at && ((*at)->hash != hash || !s->is(*at, account, name)))
        at = &(*at)->other;
    return at;
}

static void grow(struct shelf *s)
{
    size_t room = s->room ? s->room * 2 : ROOM_AT_FIRST;
    struct shelf_place **slots = mem_alloc(room, sizeof(struct shelf_place *));
    for (size_t i = 0; i < s->room; i++) {
        for (struct shelf_place *p = s->slots[i], *other; p; p = other) {
            struct shelf_place **at = &slots[p->hash & (room - 1)];
            other = p->other;
            p->other = *at;
            *at = p;
        }
    }
    free(s->slots);
    s->slots = slots;
    s->room = room;
}

void shelf_put(struct shelf *s, struct shelf_place *p, struct str account, struct str name)
{
    if (s->names == s->room)
        grow(s);
    p->hash = hash_of(account, name);
    struct shelf_place **at = place_of(s, p->hash, account, name);
    struct shelf_place *newest = *at;
    if (!newest)
        s->names++;
    p->next = newest ? newest->next : p;
    p->other = newest ? newest->other : NULL;
    if (newest)
        newest->next = p;
    *at = p;
}

void shelf_take(struct shelf *s, struct shelf_place *p, struct str account, struct str name)
{
    struct shelf_place **at = place_of(s, p->hash, account, name);
    struct shelf_place *newest = *at, *before = newest;
    while (before->next != p)
        before = before->next;
    before->next = p->next;
    if (newest != p)
        return;
    if (before == p) { /* the last one */
        *at = p->other;
        s->names--;
    } else {
        before->other = p->other;
        *at = before;
    }
}

struct shelf_place *shelf_find(const struct shelf *s, struct str account, struct str name)
{
    return s->names ? *place_of(s, hash_of(account, name), account, name) : NULL;
}

struct shelf_place *shelf_next(struct shelf_place *newest, const struct shelf_place *p)
{
    if (!newest || p == newest)
        return NULL;
    return p ? p->next : newest->next;
}

void shelf_each(const struct shelf *s, void (*visit)(void *arg, const struct shelf_place *newest),
                void *arg)
{
    for (size_t i = 0; i < s->room; i++)
        for (const struct shelf_place *p = s->slots[i]; p; p = p->other)
            visit(arg, p);
}

/*
 * A set of calls. Pure: memory only.
 */
#include "worker/crm/reconcile_seen.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"

struct call {
    char *entry_id;
    int64_t began;
    UT_hash_handle hh;
};

struct reconcile_seen {
    struct call *calls;
};

struct reconcile_seen *reconcile_seen_new(void)
{
    return mem_alloc(1, sizeof(struct reconcile_seen));
}

static void drop(struct reconcile_seen *s, struct call *c)
{
    HASH_DEL(s->calls, c);
    free(c->entry_id);
    free(c);
}

void reconcile_seen_forget(struct reconcile_seen *s, int64_t before)
{
    struct call *c, *next;
    HASH_ITER(hh, s->calls, c, next)
        if (c->began < before)
            drop(s, c);
}

void reconcile_seen_free(struct reconcile_seen *s)
{
    if (!s)
        return;
    reconcile_seen_forget(s, INT64_MAX);
    free(s);
}

bool reconcile_seen_has(const struct reconcile_seen *s, struct str entry_id)
{
    struct call *found = NULL;
    HASH_FIND(hh, s->calls, entry_id.ptr, entry_id.len, found);
    return found != NULL;
}

void reconcile_seen_add(struct reconcile_seen *s, struct str entry_id, int64_t began)
{
    if (reconcile_seen_has(s, entry_id))
        return;
    struct call *c = mem_alloc(1, sizeof *c);
    c->entry_id = mem_copy(entry_id);
    c->began = began;
    HASH_ADD_KEYPTR(hh, s->calls, c->entry_id, entry_id.len, c);
}

size_t reconcile_seen_count(const struct reconcile_seen *s)
{
    return HASH_COUNT(s->calls);
}

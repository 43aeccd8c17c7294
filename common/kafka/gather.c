/*
 * An array of records and one block for their bytes: no allocation per record once it has grown.
 * Keys and values are kept as distances until gather_sort, since the block moves when it grows.
 */
#include "common/kafka/gather.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/mem.h"

/* What a burst needs; more is given back. */
enum {
    KEEP_BYTES = 4 * 1024 * 1024
};

void gather_reset(struct gather *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i].headers)
            rd_kafka_headers_destroy(g->list[i].headers);
    g->n = 0;
    g->used = 0;
    if (g->bytes_room > KEEP_BYTES) {
        free(g->bytes);
        g->bytes = NULL;
        g->bytes_room = 0;
    }
}

void gather_done(struct gather *g)
{
    gather_reset(g);
    free(g->list);
    free(g->bytes);
    *g = (struct gather){0};
}

/* Makes room for len more bytes; the texts of the records move along. */
static void reserve(struct gather *g, size_t len)
{
    if (g->used + len <= g->bytes_room)
        return;
    size_t room = g->bytes_room ? g->bytes_room : 64 * 1024;
    while (room < g->used + len)
        room *= 2;
    char *bytes = mem_alloc(room, 1);
    if (g->used)
        memcpy(bytes, g->bytes, g->used);
    for (size_t i = 0; i < g->n; i++) {
        struct gather_record *r = &g->list[i];
        if (r->key.len)
            r->key.ptr = bytes + (r->key.ptr - g->bytes);
        if (r->value.len)
            r->value.ptr = bytes + (r->value.ptr - g->bytes);
    }
    free(g->bytes);
    g->bytes = bytes;
    g->bytes_room = room;
}

static struct str put(struct gather *g, struct str text)
{
    if (text.len == 0)
        return STR_NONE;
    char *at = g->bytes + g->used;
    memcpy(at, text.ptr, text.len);
    g->used += text.len;
    return (struct str){at, text.len};
}

void gather_add(struct gather *g, const struct gather_record *r)
{
    reserve(g, r->key.len + r->value.len);
    if (g->n == g->room) {
        g->room = g->room ? g->room * 2 : 64;
        g->list = mem_resize(g->list, g->room, sizeof(g->list[0]));
    }
    struct gather_record *copy = &g->list[g->n++];
    *copy = *r;
    copy->key = put(g, r->key);
    copy->value = put(g, r->value);
}

/* Equal partitions keep their order: the bytes of the earlier record stand first in the block, and a
 * record without any cannot be told apart from another such one. */
static int compare(const void *x, const void *y)
{
    const struct gather_record *a = x, *b = y;
    if (a->topic != b->topic)
        return a->topic < b->topic ? -1 : 1;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    const char *p = a->key.len ? a->key.ptr : a->value.ptr;
    const char *q = b->key.len ? b->key.ptr : b->value.ptr;
    return p < q ? -1 : p > q;
}

void gather_sort(struct gather *g)
{
    if (g->n > 1)
        qsort(g->list, g->n, sizeof(g->list[0]), compare);
}

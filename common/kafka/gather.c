/*
 * Arrays of records and one block a lane for their bytes: no allocation per record once they have grown.
 */
#include "common/kafka/gather.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/mem.h"

enum {
    FIRST_BYTES = 16 * 1024,
    KEEP_BYTES = 512 * 1024, /* what a burst needs; more is given back */
    CLOSES_AT = 8,           /* requests in flight */
    OPENS_AT = 2             /* left in flight: one at work, one waiting */
};

/* ---- a batch ---- */

static void batch_done(struct gather_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->list[i].headers)
            rd_kafka_headers_destroy(b->list[i].headers);
    }
    free(b->list);
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): overlooks the assignment below
    free(b->bytes);
    *b = (struct gather_batch){0};
}

static void batch_reset(struct gather_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->list[i].headers)
            rd_kafka_headers_destroy(b->list[i].headers);
    }
    b->n = 0;
    b->used = 0;
    if (b->bytes_room > KEEP_BYTES)
        batch_done(b);
}

/* Makes room for len more bytes; the texts of the records move along. */
static void reserve(struct gather_batch *b, size_t len)
{
    if (b->used + len <= b->bytes_room)
        return;
    size_t room = b->bytes_room ? b->bytes_room : FIRST_BYTES;
    while (room < b->used + len)
        room *= 2;
    char *bytes = mem_alloc(room, 1);
    if (b->used)
        memcpy(bytes, b->bytes, b->used);
    for (size_t i = 0; i < b->n; i++) {
        struct gather_record *r = &b->list[i];
        if (r->key.len)
            r->key.ptr = bytes + (r->key.ptr - b->bytes);
        if (r->value.len)
            r->value.ptr = bytes + (r->value.ptr - b->bytes);
    }
    free(b->bytes);
    b->bytes = bytes;
    b->bytes_room = room;
}

static struct str put(struct gather_batch *b, struct str text)
{
    if (text.len == 0)
        return STR_NONE;
    char *at = b->bytes + b->used;
    memcpy(at, text.ptr, text.len);
    b->used += text.len;
    return (struct str){at, text.len};
}

static void append(struct gather_batch *b, const struct gather_record *r)
{
    reserve(b, r->key.len + r->value.len);
    if (b->n == b->room) {
        b->room = b->room ? b->room * 2 : 64;
        b->list = mem_resize(b->list, b->room, sizeof(b->list[0]));
    }
    struct gather_record *copy = &b->list[b->n++];
    *copy = *r;
    copy->key = put(b, r->key);
    copy->value = put(b, r->value);
}

/* ---- lanes ---- */

static bool is_urgent(enum kafka_topic topic)
{
    return topic == KAFKA_JOBS_NOW || topic == KAFKA_FACTS;
}

static void line_clear(struct gather_line *line)
{
    line->first = NULL;
    line->last = &line->first;
}

static struct gather_lane *lane_of(const struct gather *g, enum kafka_topic topic,
                                   int32_t partition)
{
    return &g->lanes[topic][partition];
}

void gather_init(struct gather *g, const struct kafka_layout *layout)
{
    *g = (struct gather){.layout = *layout};
    line_clear(&g->urgent);
    line_clear(&g->others);
    for (size_t t = 0; t < KAFKA_TOPICS; t++)
        g->lanes[t] = mem_alloc((size_t)layout->partitions[t] + 1, sizeof(struct gather_lane));
}

void gather_done(struct gather *g)
{
    gather_reset(g);
    for (size_t t = 0; t < KAFKA_TOPICS; t++) {
        for (int32_t i = 0; i < g->layout.partitions[t]; i++)
            batch_done(&g->lanes[t][i].batch);
        free(g->lanes[t]);
    }
    *g = (struct gather){0};
}

void gather_reset(struct gather *g)
{
    for (size_t t = 0; t < KAFKA_TOPICS; t++) {
        for (int32_t i = 0; i < g->layout.partitions[t]; i++) {
            batch_reset(&g->lanes[t][i].batch);
            g->lanes[t][i].flying = 0;
        }
    }
    line_clear(&g->urgent);
    line_clear(&g->others);
    g->requests = 0;
    g->closed = false;
}

bool gather_is_open(const struct gather *g, enum kafka_topic topic, int32_t partition)
{
    const struct gather_lane *lane = lane_of(g, topic, partition);
    return lane->flying == 0 && lane->batch.n == 0 && (!g->closed || is_urgent(topic));
}

void gather_add(struct gather *g, const struct gather_record *r, int64_t now)
{
    struct gather_lane *lane = lane_of(g, r->topic, r->partition);
    struct gather_line *line = is_urgent(r->topic) ? &g->urgent : &g->others;
    if (lane->batch.n == 0) {
        lane->since = now;
        lane->next = NULL;
        *line->last = lane;
        line->last = &lane->next;
    }
    append(&lane->batch, r);
}

void gather_went(struct gather *g, enum kafka_topic topic, int32_t partition)
{
    if (lane_of(g, topic, partition)->flying++ == 0 && ++g->requests >= CLOSES_AT)
        g->closed = true;
}

void gather_landed(struct gather *g, enum kafka_topic topic, int32_t partition)
{
    if (--lane_of(g, topic, partition)->flying == 0 && --g->requests <= OPENS_AT)
        g->closed = false;
}

static bool next_of(struct gather_line *line, bool closed, int64_t before, struct gather_batch *out)
{
    for (struct gather_lane **at = &line->first, *lane; (lane = *at) != NULL; at = &lane->next) {
        if (lane->since > before && (closed || lane->flying > 0))
            continue;
        *at = lane->next;
        if (!lane->next)
            line->last = at;
        *out = lane->batch;
        lane->batch = (struct gather_batch){0};
        return true;
    }
    return false;
}

bool gather_next(struct gather *g, int64_t before, struct gather_batch *out)
{
    return next_of(&g->urgent, false, before, out) || next_of(&g->others, g->closed, before, out);
}

int64_t gather_since(const struct gather *g)
{
    int64_t urgent = g->urgent.first ? g->urgent.first->since : INT64_MAX;
    int64_t other = g->others.first ? g->others.first->since : INT64_MAX;
    return urgent < other ? urgent : other;
}

void gather_give_back(struct gather *g, enum kafka_topic topic, int32_t partition,
                      struct gather_batch *batch)
{
    struct gather_lane *lane = lane_of(g, topic, partition);
    batch_reset(batch);
    if (lane->batch.room == 0) {
        lane->batch = *batch;
        *batch = (struct gather_batch){0};
    } else {
        batch_done(batch);
    }
}

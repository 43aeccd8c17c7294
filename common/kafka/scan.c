/*
 * Scans one after the other on one reader, whose partitions are started and stopped for each.
 */
#include "common/kafka/scan.h"

#include <stdlib.h>

#include "common/kafka/reader.h"
#include "common/limits.h"
#include "common/mem.h"

enum {
    CLOSE_MS = 300,
    LOOK_MS = 1000,
    STILL_MS = 10000 /* without a message or an end: Kafka is gone */
};

struct scan {
    struct scanner *owner;
    struct scan *next;
    struct scan_options options; /* its places are ours */
    struct scan_place *places;
    int64_t *left; /* by place: messages it may still give */
    bool *over;    /* by place */
    size_t open;   /* places that are not over */
    struct scan_result result;
};

struct scanner {
    struct reader *reader;
    struct scan *running, *first, *last; /* those that wait */
    size_t waiting;
    struct loop_timer next, still;
};

static void forget(struct scan *s)
{
    free(s->places);
    free(s->left);
    free(s->over);
    free(s);
}

/* Nothing of it comes any more. */
static void take_away(struct scanner *r)
{
    struct scan *s = r->running;
    for (size_t i = 0; i < s->options.n; i++)
        reader_stop(r->reader, s->places[i].topic, s->places[i].partition);
    loop_timer_stop(&r->still);
    r->running = NULL;
    if (r->first)
        loop_timer_after(&r->next, 0);
}

static void finish(struct scan *s, const char *why)
{
    const struct scan_options o = s->options;
    struct scan_result result = s->result;
    result.why = why;
    take_away(s->owner);
    forget(s);
    o.done(o.arg, &result);
}

static size_t place_of(const struct scan *s, enum kafka_topic t, int32_t partition)
{
    size_t i = 0;
    while (i < s->options.n && (s->places[i].topic != t || s->places[i].partition != partition))
        i++;
    return i;
}

static void end_place(struct scan *s, size_t i)
{
    if (s->over[i])
        return;
    s->over[i] = true;
    reader_stop(s->owner->reader, s->places[i].topic, s->places[i].partition);
    if (--s->open == 0)
        finish(s, NULL);
}

/* False: it is too much. */
static bool count(struct scan *s, const struct kafka_message *m)
{
    int64_t bytes = (int64_t)(m->key.len + m->value.len);
    if (s->result.messages + 1 > s->options.max_messages ||
        s->result.bytes + bytes > s->options.max_bytes)
        return false;
    s->result.messages++;
    s->result.bytes += bytes;
    return true;
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct scanner *r = arg;
    struct scan *s = r->running;
    size_t i = s ? place_of(s, m->topic, m->partition) : 0;
    if (!s || i == s->options.n || s->over[i])
        return;
    loop_timer_after(&r->still, STILL_MS);
    if (m->offset >= s->places[i].until) {
        end_place(s, i);
        return;
    }
    if (!count(s, m)) {
        s->result.cut = true;
        finish(s, NULL);
        return;
    }
    int64_t last = s->places[i].until - 1;
    s->options.message(s->options.arg, m);
    if (r->running == s && (m->offset >= last || --s->left[i] == 0))
        end_place(s, i);
}

static void on_end(void *arg, enum kafka_topic t, int32_t partition)
{
    struct scanner *r = arg;
    struct scan *s = r->running;
    size_t i = s ? place_of(s, t, partition) : 0;
    if (s && i < s->options.n)
        end_place(s, i);
}

static void on_still(void *arg)
{
    struct scanner *r = arg;
    if (r->running)
        finish(r->running, "Kafka did not answer");
}

static bool asks_for_ends(const struct scan *s)
{
    for (size_t i = 0; i < s->options.n; i++)
        if (s->places[i].until == SCAN_END)
            return true;
    return s->options.from_ms > 0;
}

/* Beginnings and ends become offsets. */
static enum err look_up(struct scanner *r, struct scan *s, struct error *e)
{
    size_t n = s->options.n;
    enum kafka_topic *topics = mem_alloc(n, sizeof *topics);
    int32_t *partitions = mem_alloc(n, sizeof *partitions);
    int64_t *ends = mem_alloc(n, sizeof *ends), *begins = mem_alloc(n, sizeof *begins);
    for (size_t i = 0; i < n; i++) {
        topics[i] = s->places[i].topic;
        partitions[i] = s->places[i].partition;
        begins[i] = s->places[i].from;
    }
    enum err err = asks_for_ends(s)
                       ? reader_watermarks(r->reader, topics, partitions, n, LOOK_MS, true, ends, e)
                       : ERR_OK;
    if (!err && s->options.from_ms > 0)
        err = reader_offsets_at(r->reader, topics, partitions, n, LOOK_MS, s->options.from_ms,
                                begins, e);
    for (size_t i = 0; !err && i < n; i++) {
        struct scan_place *p = &s->places[i];
        p->from = begins[i] == READER_END ? ends[i] : begins[i];
        if (p->until == SCAN_END)
            p->until = ends[i];
    }
    free(topics);
    free(partitions);
    free(ends);
    free(begins);
    return err;
}

static enum err start(struct scanner *r, struct scan *s, struct error *e)
{
    enum err err = look_up(r, s, e);
    for (size_t i = 0; !err && i < s->options.n; i++) {
        const struct scan_place *p = &s->places[i];
        s->over[i] = p->until <= 0 || p->from >= p->until;
        if (s->over[i])
            continue;
        s->open++;
        err = reader_start(r->reader, p->topic, p->partition, p->from, e);
    }
    return err;
}

static void on_next(void *arg)
{
    struct scanner *r = arg;
    struct scan *s = r->first;
    struct error e = ERROR_NONE;
    if (r->running || !s)
        return;
    r->first = s->next;
    r->waiting--;
    r->running = s;
    enum err err = start(r, s, &e);
    if (err || s->open == 0)
        finish(s, err ? e.text : NULL);
    else
        loop_timer_after(&r->still, STILL_MS);
}

enum err scan_open(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                   bool far, struct scanner **out, struct error *e)
{
    static const struct reader_events events = {on_message, on_end};
    struct scanner *r = mem_alloc(1, sizeof *r);
    loop_timer_init(&r->next, l, on_next, r);
    loop_timer_init(&r->still, l, on_still, r);
    enum err err = reader_new(l, c, layout->devbroker, far ? READER_FAR : READER_NEAR, &events, r,
                              &r->reader, e);
    if (err) {
        free(r);
        return error_context(e, "scan");
    }
    *out = r;
    return ERR_OK;
}

void scan_close(struct scanner *s)
{
    if (!s)
        return;
    loop_timer_stop(&s->next);
    loop_timer_stop(&s->still);
    reader_free(s->reader, CLOSE_MS);
    if (s->running)
        forget(s->running);
    for (struct scan *w = s->first, *next; w; w = next) {
        next = w->next;
        forget(w);
    }
    free(s);
}

static int64_t or_limit(int64_t n, int64_t limit)
{
    return n > 0 ? n : limit;
}

struct scan *scan_begin(struct scanner *r, const struct scan_options *o)
{
    if (r->waiting >= LIMIT_SCANS)
        return NULL;
    struct scan *s = mem_alloc(1, sizeof *s);
    s->owner = r;
    s->options = *o;
    s->options.max_messages = or_limit(o->max_messages, LIMIT_SCAN_MESSAGES);
    s->options.max_bytes = or_limit(o->max_bytes, LIMIT_SCAN_BYTES);
    s->places = mem_alloc(o->n, sizeof *s->places);
    s->left = mem_alloc(o->n, sizeof *s->left);
    s->over = mem_alloc(o->n, sizeof *s->over);
    for (size_t i = 0; i < o->n; i++) {
        s->places[i] = o->places[i];
        s->left[i] = or_limit(o->each, INT64_MAX);
    }
    if (r->first)
        r->last->next = s;
    else
        r->first = s;
    r->last = s;
    r->waiting++;
    if (!r->running)
        loop_timer_after(&r->next, 0);
    return s;
}

size_t scan_waiting(const struct scanner *r)
{
    return r->waiting + (r->running != NULL);
}

static void unqueue(struct scanner *r, struct scan *s)
{
    struct scan *before = NULL;
    for (struct scan *w = r->first; w && w != s; w = w->next)
        before = w;
    if (before)
        before->next = s->next;
    else
        r->first = s->next;
    if (r->last == s)
        r->last = before;
    r->waiting--;
}

void scan_cancel(struct scan *s)
{
    if (!s)
        return;
    if (s->owner->running == s)
        take_away(s->owner);
    else
        unqueue(s->owner, s);
    forget(s);
}

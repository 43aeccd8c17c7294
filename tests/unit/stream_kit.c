/*
 * The world around a partition of `events`.
 */
#include "tests/unit/stream_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

struct stream_kit stream_kit = {.now = KIT_MS(100)};
static struct counts *counts;
static size_t room;

/* ---- the outside, as the ports show it ---- */

static char *headers_text(const struct producer_record *r)
{
    struct buf text = BUF_INIT((size_t)2 * LIMIT_RECORD_BYTES);
    for (size_t i = 0; i < r->nheaders; i++)
        buf_addf(&text, "%s=%.*s;", r->headers[i].name, STR_ARG(r->headers[i].value));
    char *all = buf_take(&text);
    ck_assert_ptr_nonnull(all);
    return all;
}

static enum err take(void *arg, const struct producer_record *r, struct error *e)
{
    struct stream_kit *k = arg;
    if (k->cut)
        return error_set(e, ERR_TEMPORARY, "queue full");
    ck_assert_uint_lt(k->n, STREAM_KIT_RECORDS);
    if (k->n == room)
        k->sent = mem_resize(k->sent, room = 2 * room + 64, sizeof *k->sent);
    k->sent[k->n++] = (struct stream_kit_record){
        r->topic, r->partition, mem_copy(r->key), mem_copy(r->value), headers_text(r), r->nheaders,
        k->now,   r->done,      r->arg,
    };
    return ERR_OK;
}

static int32_t place(void *arg, enum kafka_topic topic, struct str key)
{
    (void)arg;
    (void)topic;
    return (int32_t)key.len;
}

static void failed(void *arg, enum kafka_topic topic, const char *why)
{
    struct stream_kit *k = arg;
    ck_assert_ptr_nonnull(why);
    ck_assert_msg(k->cut || k->may_fail, "%s: %s", kafka_topic_name(topic), why);
    k->failures++;
}

static int64_t now(void *arg)
{
    return ((struct stream_kit *)arg)->now;
}

static const struct settings *settings_of(void *arg, struct str account)
{
    struct stream_kit *k = arg;
    k->cut = k->cut || str_is(account, "kill");
    return str_is(account, "acme") || str_is(account, "kill") ? k->settings : NULL;
}

static struct stream_kit_part *part(struct stream_kit *k, int32_t partition)
{
    ck_assert_int_ge(partition, 0);
    ck_assert_int_lt(partition, STREAM_KIT_PARTITIONS);
    ck_assert(k->parts[partition].assigned);
    return &k->parts[partition];
}

static void commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    struct stream_kit *k = arg;
    struct stream_kit_part *p = part(k, partition);
    if (k->cut)
        return;
    p->offset = offset;
    p->commits++;
    ck_assert_uint_lt(strlen(metadata), sizeof p->text);
    (void)snprintf(p->text, sizeof p->text, "%s", metadata);
}

static void flow(void *arg, int32_t partition, bool on)
{
    struct stream_kit_part *p = part(arg, partition);
    p->paused += on ? -1 : 1;
    p->flows++;
}

struct output_port stream_kit_output(void)
{
    return (struct output_port){take, place, failed, &stream_kit, NULL};
}

struct stream_port stream_kit_port(int32_t partition)
{
    if (stream_kit.registry == NULL) {
        stream_kit.registry = metrics_new();
        counts = counts_new(stream_kit.registry, false);
    }
    if (stream_kit.settings == NULL)
        stream_kit.settings = kit_settings(NULL);
    stream_kit.parts[partition].assigned = true;
    return (struct stream_port){
        .output = stream_kit_output(),
        .counts = counts,
        .dead_partitions = 2,
        .times = {5, 600, 14400, 3600},
        .now = now,
        .settings = settings_of,
        .tz = kit_no_tz,
        .commit = commit,
        .flow = flow,
        .arg = &stream_kit,
    };
}

struct stream *stream_kit_begin(int64_t committed, const char *metadata, int64_t low, int64_t high)
{
    const struct stream_port port = stream_kit_port(STREAM_KIT_PARTITION);
    const struct consumer_partition p = {
        KAFKA_EVENTS, STREAM_KIT_PARTITION, committed, metadata, low, high};
    return stream_new(&port, &p);
}

/* ---- records ---- */

void stream_kit_ack(size_t i, bool delivered)
{
    const struct producer_report report = {
        .delivered = delivered, .offset = 1, .why = delivered ? NULL : "timed out"};
    producer_done *done = stream_kit.sent[i].done;
    stream_kit.sent[i].done = NULL;
    if (done != NULL)
        done(stream_kit.sent[i].arg, &report);
}

void stream_kit_ack_all(void)
{
    for (size_t i = 0; i < stream_kit.n; i++)
        stream_kit_ack(i, true);
}

void stream_kit_forget(void)
{
    while (stream_kit.n > 0) {
        struct stream_kit_record *r = &stream_kit.sent[--stream_kit.n];
        free(r->key);
        free(r->value);
        free(r->headers);
    }
}

void stream_kit_free(void)
{
    stream_kit_forget();
    free(stream_kit.sent);
    counts_free(counts);
    metrics_free(stream_kit.registry);
    settings_free(stream_kit.settings);
    stream_kit = (struct stream_kit){.now = KIT_MS(100)};
    counts = NULL;
    room = 0;
}

/* ---- messages ---- */

struct kafka_message stream_kit_message(struct stream_kit_event *e)
{
    size_t n = 0;
    text_time(e->received_at, e->at);
    if (e->kind[0] != '\0')
        e->headers[n++] = (struct kafka_header){EVENT_KIND, str_of(e->kind)};
    if (n > 0 && e->origin != NULL)
        e->headers[n++] = (struct kafka_header){EVENT_ORIGIN, str_of(e->origin)};
    if (n > 0)
        e->headers[n++] = (struct kafka_header){EVENT_RECEIVED_AT, str_of(e->at)};
    return (struct kafka_message){
        .topic = KAFKA_EVENTS,
        .partition = e->partition,
        .offset = e->offset,
        .timestamp = -1,
        .key = str_of(e->key),
        .value = str_of(e->json),
        .headers = e->headers,
        .nheaders = n,
    };
}

void stream_kit_feed_at(struct stream *s, int64_t offset, const char *kind, const char *key,
                        const char *json, int64_t received_at, const char *origin)
{
    struct stream_kit_event e = {.partition = STREAM_KIT_PARTITION,
                                 .offset = offset,
                                 .kind = kind,
                                 .key = key,
                                 .json = json,
                                 .origin = origin,
                                 .received_at = received_at};
    const struct kafka_message m = stream_kit_message(&e);
    stream_message(s, &m);
}

void stream_kit_feed(struct stream *s, int64_t offset, const char *kind, const char *key,
                     const char *json, int64_t second)
{
    stream_kit_feed_at(s, offset, kind, key, json, KIT_MS(second), "live");
}

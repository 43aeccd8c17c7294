/*
 * Fetching by librdkafka's simple consumer: every partition reports into one of four queues, which wake the loop.
 * On the loop's thread only.
 *
 *   stopped -> start -> running <-> paused -> stop -> stopped
 *                       running: message(offset >= next) -> next = offset + 1; else dropped
 */
#include "common/kafka/reader.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/handle.h"
#include "common/kafka/stats.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

enum {
    PER_TURN = 500,       /* messages; then the loop has its turn */
    TURN_US = 2000,       /* so does it after that time */
    HEARD_MS = 5000,      /* leader, for reader_at_end (design.md section 3 "Time") */
    CONNECTED_MS = 10000, /* any broker */
    WAIT_MS = 900,        /* for the first metadata */
    RETRY_MS = 500        /* after an offset that is not there */
};

/* Each is served while those above it are empty. Each also has its own room for what is fetched ahead: librdkafka
 * stops fetching by the queue. */
enum place {
    RINGING,   /* jobs.now */
    READ_BACK, /* facts: somebody waits for his record */
    REST,
    BULK, /* jobs.bulk: a replay fills its room in a second, and nothing live may wait behind that */
    PLACES
};

_Static_assert(PLACES + 1 <= HANDLE_PUMP_QUEUES,
               "the pump has room for all queues and librdkafka's own");

struct part {
    enum {
        STOPPED,
        RUNNING,
        PAUSED
    } state;
    int64_t from;     /* where to (re)start: an offset, READER_BEGINNING, READER_END */
    int64_t next;     /* first offset not delivered; READER_UNKNOWN before anything came */
    int64_t high;     /* of the statistics; READER_UNKNOWN */
    int64_t heard_us; /* its leader */
    bool restart;     /* the offset was not there: begin anew with the timer */
};

struct reader {
    struct loop *loop;
    const struct config *config;
    struct reader_events events;
    void *arg;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queues[PLACES];
    bool used[PLACES];
    rd_kafka_topic_t *topics[KAFKA_TOPICS];
    struct part *parts[KAFKA_TOPICS]; /* grown as partitions are named */
    int32_t nparts[KAFKA_TOPICS];
    struct handle_pump pump;
    struct loop_timer retry;
    int64_t heard_us, trimmed;
    bool devbroker;
};

static struct part *part_of(const struct reader *r, enum kafka_topic t, int32_t partition)
{
    return t < KAFKA_TOPICS && partition >= 0 && partition < r->nparts[t] ? &r->parts[t][partition]
                                                                          : NULL;
}

static struct part *part_make(struct reader *r, enum kafka_topic t, int32_t partition)
{
    while (r->nparts[t] <= partition) {
        int32_t n = r->nparts[t]++;
        r->parts[t] = mem_resize(r->parts[t], (size_t)n + 1, sizeof(struct part));
        r->parts[t][n] =
            (struct part){.next = READER_UNKNOWN, .from = READER_UNKNOWN, .high = READER_UNKNOWN};
    }
    return &r->parts[t][partition];
}

static enum place place_of(enum kafka_topic t)
{
    switch (t) {
    case KAFKA_JOBS_NOW:
        return RINGING;
    case KAFKA_FACTS:
        return READ_BACK;
    case KAFKA_JOBS_BULK:
        return BULK;
    default:
        return REST;
    }
}

static enum err fetch(struct reader *r, enum kafka_topic t, int32_t partition, struct error *e)
{
    struct part *p = part_of(r, t, partition);
    int64_t at = p->next != READER_UNKNOWN ? p->next : p->from;
    enum place place = place_of(t);
    r->used[place] = true;
    if (rd_kafka_consume_start_queue(r->topics[t], partition, at, r->queues[place]) == 0)
        return ERR_OK;
    return error_set(e, ERR_INTERNAL, "%s/%d: %s", kafka_topic_name(t), partition,
                     rd_kafka_err2str(rd_kafka_last_error()));
}

enum err reader_start(struct reader *r, enum kafka_topic t, int32_t partition, int64_t offset,
                      struct error *e)
{
    if (partition < 0 || partition >= LIMIT_PARTITIONS ||
        (offset < 0 && offset != READER_BEGINNING && offset != READER_END))
        return error_set(e, ERR_INTERNAL, "%s/%d cannot start at %lld", kafka_topic_name(t),
                         partition, (long long)offset);
    reader_stop(r, t, partition);
    struct part *p = part_make(r, t, partition);
    p->from = offset;
    p->next = offset >= 0 ? offset : READER_UNKNOWN;
    enum err err = fetch(r, t, partition, e);
    if (err == ERR_OK)
        p->state = RUNNING;
    return err;
}

void reader_stop(struct reader *r, enum kafka_topic t, int32_t partition)
{
    struct part *p = part_of(r, t, partition);
    if (!p || p->state == STOPPED)
        return;
    if (p->state == RUNNING)
        rd_kafka_consume_stop(r->topics[t], partition);
    *p = (struct part){.next = READER_UNKNOWN, .from = READER_UNKNOWN, .high = READER_UNKNOWN};
}

void reader_stop_all(struct reader *r, enum kafka_topic but)
{
    for (int t = 0; t < KAFKA_TOPICS; t++)
        for (int32_t i = 0; t != (int)but && i < r->nparts[t]; i++)
            reader_stop(r, (enum kafka_topic)t, i);
}

void reader_pause(struct reader *r, enum kafka_topic t, int32_t partition)
{
    struct part *p = part_of(r, t, partition);
    if (!p || p->state != RUNNING)
        return;
    rd_kafka_consume_stop(r->topics[t], partition);
    p->state = PAUSED;
}

void reader_resume(struct reader *r, enum kafka_topic t, int32_t partition)
{
    struct part *p = part_of(r, t, partition);
    struct error e = ERROR_NONE;
    if (!p || p->state != PAUSED)
        return;
    p->state = RUNNING;
    if (!p->restart && fetch(r, t, partition, &e) != ERR_OK) {
        log_fail("partition does not resume", LOG_ERROR(&e));
        p->restart = true;
    }
    if (p->restart)
        loop_timer_after(&r->retry, RETRY_MS);
}

/* Partitions whose offset was not there begin at the beginning. */
static void on_retry(void *arg)
{
    struct reader *r = arg;
    for (int t = 0; t < KAFKA_TOPICS; t++) {
        for (int32_t i = 0; i < r->nparts[t]; i++) {
            struct part *p = &r->parts[t][i];
            struct error e = ERROR_NONE;
            if (!p->restart || p->state != RUNNING)
                continue;
            rd_kafka_consume_stop(r->topics[t], i);
            p->restart = fetch(r, (enum kafka_topic)t, i, &e) != ERR_OK;
            if (p->restart)
                loop_timer_after(&r->retry, RETRY_MS);
        }
    }
}

static void offset_gone(struct reader *r, enum kafka_topic t, int32_t partition, struct part *p)
{
    log_warn("offset is not there any more: starting at the partition's beginning",
             LOG_TEXT("topic", kafka_topic_name(t)), LOG_INT("partition", partition),
             LOG_INT("offset", p->next));
    r->trimmed++;
    p->from = READER_BEGINNING;
    p->next = READER_UNKNOWN;
    p->restart = true;
    loop_timer_after(&r->retry, RETRY_MS);
}

static void deliver(struct reader *r, enum kafka_topic t, const rd_kafka_message_t *m)
{
    struct kafka_header headers[LIMIT_HEADERS];
    rd_kafka_headers_t *list;
    rd_kafka_timestamp_type_t type;
    struct kafka_message out = {
        .topic = t,
        .partition = m->partition,
        .offset = m->offset,
        .timestamp = rd_kafka_message_timestamp(m, &type),
        .key = {m->key, m->key_len},
        .value = {m->payload, m->len},
        .tombstone = m->payload == NULL,
        .headers = headers,
    };
    if (rd_kafka_message_headers(m, &list) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (size_t i = 0; i < LIMIT_HEADERS; i++) {
            const void *value;
            size_t len;
            if (rd_kafka_header_get_all(list, i, &headers[i].name, &value, &len) != 0)
                break;
            headers[i].value = (struct str){value, len};
            out.nheaders++;
        }
    r->events.message(r->arg, &out);
}

static void on_problem(struct reader *r, enum kafka_topic t, struct part *p,
                       const rd_kafka_message_t *m)
{
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (p->next == READER_UNKNOWN || m->offset > p->next)
            p->next = m->offset; /* also over what compaction took away */
        if (r->events.end)
            r->events.end(r->arg, t, m->partition);
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        offset_gone(r, t, m->partition, p);
        break;
    default: /* librdkafka goes on by itself */
        log_warn("reading", LOG_TEXT("topic", kafka_topic_name(t)),
                 LOG_INT("partition", m->partition), LOG_TEXT("err", rd_kafka_message_errstr(m)));
        break;
    }
}

static void on_message(struct reader *r, const rd_kafka_message_t *m)
{
    enum kafka_topic t = 0;
    while (t < KAFKA_TOPICS && r->topics[t] != m->rkt)
        t++;
    struct part *p = part_of(r, t, m->partition);
    if (!p || p->state != RUNNING || p->restart) {
        if (m->err && !p)
            log_warn("reading", LOG_TEXT("err", rd_kafka_message_errstr(m)));
    } else if (m->err) {
        on_problem(r, t, p, m);
    } else if (p->next == READER_UNKNOWN || m->offset >= p->next) {
        p->next = m->offset + 1;
        deliver(r, t, m); /* may stop, pause, start: p is not used behind it */
    }
}

static rd_kafka_message_t *take_next(const struct reader *r)
{
    rd_kafka_message_t *m = NULL;
    for (int i = 0; i < PLACES && !m; i++)
        if (r->used[i])
            m = rd_kafka_consume_queue(r->queues[i], 0);
    return m;
}

static void on_ready(void *arg)
{
    struct reader *r = arg;
    int64_t until = clock_mono_us() + TURN_US;
    rd_kafka_poll(r->rk, 0); /* statistics, errors */
    for (int i = 0; i < PER_TURN && clock_mono_us() < until; i++) {
        rd_kafka_message_t *m = take_next(r);
        if (!m)
            return;
        on_message(r, m);
        rd_kafka_message_destroy(m);
    }
    handle_pump_again(&r->pump);
}

static void on_stats_partition(void *arg, const struct stats_partition *s)
{
    struct reader *r = arg;
    char *name = mem_copy(s->topic);
    struct part *p = part_of(r, handle_topic_of(r->config, name), s->partition);
    free(name);
    if (!p || p->state != RUNNING)
        return;
    p->high = s->high;
    p->heard_us = s->heard_us;
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *arg)
{
    struct reader *r = arg;
    (void)rk;
    int64_t heard = stats_read((struct str){json, len}, on_stats_partition, r);
    if (heard > r->heard_us)
        r->heard_us = heard;
    return 0; /* librdkafka frees the text */
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
    (void)rk;
    (void)arg;
    log_warn("kafka reader", LOG_TEXT("event", rd_kafka_err2name(code)), LOG_TEXT("err", reason));
}

static enum err client_make(struct reader *r, bool devbroker, enum reader_ahead ahead,
                            struct error *e)
{
    bool near = ahead == READER_NEAR;
    const struct handle_property own[] = {
        {"enable.auto.commit", "false"},
        {"auto.commit.enable", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"statistics.interval.ms", "1000"},
        {"queued.min.messages", "200000"},
        {"queued.max.messages.kbytes", near ? "8192" : "65536"},
        {"fetch.max.bytes", near ? "1048576" : "52428800"},
        {"fetch.error.backoff.ms", "50"},
        /* so long a partition that is started may wait for the fetch under way */
        {"fetch.wait.max.ms", devbroker ? "10" : "100"},
        {"allow.auto.create.topics", "false"},
    };
    rd_kafka_conf_t *conf;
    enum err err = handle_conf(r->config, own, sizeof(own) / sizeof(own[0]), &conf, e);
    if (err != ERR_OK)
        return err;
    rd_kafka_conf_set_stats_cb(conf, on_stats);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, r);
    err = handle_new(true, conf, &r->rk, e);
    if (err != ERR_OK)
        return err;
    handle_topics_open(r->rk, r->config, r->topics);
    handle_wait_topics(r->rk, WAIT_MS);
    for (int i = 0; i < PLACES; i++)
        r->queues[i] = rd_kafka_queue_new(r->rk);
    err = handle_pump_open(&r->pump, r->loop, r->queues[0], rd_kafka_queue_get_main(r->rk),
                           on_ready, r, e);
    for (int i = 1; i < PLACES; i++) {
        if (err == ERR_OK)
            handle_pump_add(&r->pump, r->queues[i]);
        else
            rd_kafka_queue_destroy(r->queues[i]);
    }
    return err;
}

enum err reader_new(struct loop *l, const struct config *c, bool devbroker, enum reader_ahead ahead,
                    const struct reader_events *events, void *arg, struct reader **out,
                    struct error *e)
{
    struct reader *r = mem_alloc(1, sizeof(*r));
    r->loop = l;
    r->config = c;
    r->events = *events;
    r->arg = arg;
    r->devbroker = devbroker;
    r->pump.fd = -1;
    loop_timer_init(&r->retry, l, on_retry, r);
    enum err err = client_make(r, devbroker, ahead, e);
    if (err != ERR_OK) {
        reader_free(r, 0);
        return error_context(e, "reader");
    }
    *out = r;
    return ERR_OK;
}

void reader_free(struct reader *r, int64_t timeout_ms)
{
    if (!r)
        return;
    reader_stop_all(r, KAFKA_TOPICS);
    loop_timer_stop(&r->retry);
    handle_pump_close(&r->pump); /* and the queue with it */
    handle_topics_close(r->topics);
    if (r->rk)
        handle_destroy(r->rk, timeout_ms);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        free(r->parts[t]);
    free(r);
}

static bool fresh(int64_t heard_us, int64_t ms)
{
    return heard_us > 0 && clock_mono_us() - heard_us <= ms * 1000;
}

bool reader_at_end(const struct reader *r, enum kafka_topic t, int32_t partition)
{
    const struct part *p = part_of(r, t, partition);
    return p && p->state == RUNNING && !p->restart && p->next >= 0 && p->high >= 0 &&
           p->next >= p->high && p->next >= reader_high(r, t, partition) &&
           fresh(p->heard_us, HEARD_MS);
}

int64_t reader_heard_ms(const struct reader *r, enum kafka_topic t, int32_t partition)
{
    const struct part *p = part_of(r, t, partition);
    return p && p->heard_us > 0 ? (clock_mono_us() - p->heard_us) / 1000 : READER_UNKNOWN;
}

int64_t reader_high(const struct reader *r, enum kafka_topic t, int32_t partition)
{
    const struct part *p = part_of(r, t, partition);
    int64_t low = -1, high = -1;
    if (!p || p->state == STOPPED)
        return READER_UNKNOWN;
    /* librdkafka's memory of the newest fetch; newer than the statistics. */
    rd_kafka_get_watermark_offsets(r->rk, rd_kafka_topic_name(r->topics[t]), partition, &low,
                                   &high);
    if (p->high > high)
        high = p->high;
    if (p->next > high)
        high = p->next;
    return high < 0 ? READER_UNKNOWN : high;
}

/* The lookup "by time", of n partitions; `at` may also be one of the protocol's special times. */
static enum err look_up(struct reader *r, const enum kafka_topic *topics, const int32_t *partitions,
                        size_t n, int timeout_ms, int64_t at, int64_t *out, struct error *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(r->topics[topics[i]]),
                                          partitions[i])
            ->offset = at;
    rd_kafka_resp_err_t err = n ? rd_kafka_offsets_for_times(r->rk, list, timeout_ms) : 0;
    for (size_t i = 0; !err && i < n; i++) {
        err = list->elems[i].err;
        out[i] = list->elems[i].offset;
        if (!err && out[i] < 0 && at < 0)
            err = RD_KAFKA_RESP_ERR__PARTIAL;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err ? error_set(e, ERR_TEMPORARY, "%s: %s", at < 0 ? "watermarks" : "offsets by time",
                           rd_kafka_err2str(err))
               : ERR_OK;
}

enum err reader_watermarks(struct reader *r, const enum kafka_topic *topics,
                           const int32_t *partitions, size_t n, int timeout_ms, bool high,
                           int64_t *out, struct error *e)
{
    /* rd_kafka_query_watermark_offsets asks for one partition at a time and may hang in 2.0.2. */
    return look_up(r, topics, partitions, n, timeout_ms,
                   high ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING, out, e);
}

enum err reader_offsets_at(struct reader *r, const enum kafka_topic *topics,
                           const int32_t *partitions, size_t n, int timeout_ms, int64_t unix_ms,
                           int64_t *out, struct error *e)
{
    enum err err = look_up(r, topics, partitions, n, timeout_ms, unix_ms, out, e);
    for (size_t i = 0; err == ERR_OK && i < n; i++)
        if (out[i] < 0)
            out[i] = r->devbroker ? READER_BEGINNING : READER_END;
    return err;
}

bool reader_connected(const struct reader *r)
{
    return fresh(r->heard_us, CONNECTED_MS);
}

int64_t reader_trimmed(const struct reader *r)
{
    return r->trimmed;
}

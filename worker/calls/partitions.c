/*
 * Each assigned partition has a stream behind its guard (poison); here are their ports into Kafka, settings
 * and clocks.
 */
#include "worker/calls/partitions.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/secret.h"
#include "worker/calls/guard.h"
#include "worker/zones.h"

#define HEARD_LATELY_MS 2000 /* statistics come every second, and tell of the newest fetch */
#define BACKLOG \
    10000 /* messages; what they took is given back when a tenth of this is left to read */

struct answer {
    struct partitions *partitions;
    int32_t partition;
};

struct partitions {
    struct partitions_base base;
    struct consumer *consumer;
    struct zones *zones;
    struct guard *guards[LIMIT_PARTITIONS];  /* of assigned partitions, else NULL */
    struct answer answers[LIMIT_PARTITIONS]; /* where those of commits go */
    struct guard_turn turn;                  /* whose messages may run */
    uint32_t who;                            /* this process, for those after it */
    int64_t assigned_at[LIMIT_PARTITIONS];   /* boot ms; 0 once restored */
    bool backlog;                            /* there was one, and most of it is still to be read */
    bool failed; /* a record was not delivered: begin anew in this turn */
    bool stopping;
};

/* ---- what streams ask of the outside ---- */

static enum err port_send(void *arg, const struct producer_record *r, struct error *e)
{
    const struct partitions *p = arg;
    return producer_send(p->base.producer, r, e);
}

static int32_t port_place(void *arg, enum kafka_topic topic, struct str key)
{
    const struct partitions *p = arg;
    return producer_partition(p->base.producer, topic, key);
}

static void port_failed(void *arg, enum kafka_topic topic, const char *why)
{
    struct partitions *p = arg;
    counts_undelivered(p->base.counts, kafka_topic_name(topic));
    log_warn("Kafka did not take a record; deciding anew from the last commit",
             LOG_TEXT("topic", kafka_topic_name(topic)), LOG_TEXT("err", why));
    p->failed = true;
}

static int64_t port_now(void *arg)
{
    (void)arg;
    return clock_wall_ms();
}

static const struct settings *port_settings(void *arg, struct str account)
{
    const struct partitions *p = arg;
    return accounts_get(p->base.accounts, account);
}

static const struct tz *port_tz(void *arg, const struct settings *s)
{
    const struct partitions *p = arg;
    return zones_get(p->zones, s->timezone);
}

static void port_commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    const struct partitions *p = arg;
    consumer_commit(p->consumer, KAFKA_EVENTS, partition, offset, metadata);
}

/* The partition may be somebody else's by now. */
static void on_committed(void *arg, bool ok)
{
    const struct answer *a = arg;
    if (a->partitions->guards[a->partition] != NULL)
        guard_committed(a->partitions->guards[a->partition], ok);
}

static void port_commit_now(void *arg, int32_t partition)
{
    struct partitions *p = arg;
    p->answers[partition] = (struct answer){p, partition};
    consumer_commit_now(p->consumer, on_committed, &p->answers[partition]);
}

static int64_t port_high(void *arg, int32_t partition)
{
    const struct partitions *p = arg;
    return consumer_high(p->consumer, KAFKA_EVENTS, partition);
}

static void port_flow(void *arg, int32_t partition, bool on)
{
    const struct partitions *p = arg;
    if (on && !p->stopping && guard_wants(p->guards[partition]))
        consumer_resume(p->consumer, KAFKA_EVENTS, partition);
    else
        consumer_pause(p->consumer, KAFKA_EVENTS, partition);
}

static struct guard_port port_of(struct partitions *p)
{
    const struct stream_port stream = {
        .output = {port_send, port_place, port_failed, p, p->base.config->topic_prefix},
        .counts = p->base.counts,
        .dead_partitions = p->base.layout->partitions[KAFKA_DEAD],
        .times = {.settle = p->base.config->call_settle_s,
                  .ended_close = p->base.config->call_ended_close_s,
                  .idle_close = p->base.config->call_idle_close_s,
                  .remember = p->base.config->call_remember_s},
        .now = port_now,
        .settings = port_settings,
        .tz = port_tz,
        .commit = port_commit,
        .flow = port_flow,
        .arg = p,
    };
    return (struct guard_port){stream, port_commit_now, port_high, &p->turn, p->who, p};
}

/* ---- assignment ---- */

static bool is_ours(const struct consumer_partition *one)
{
    return one->topic == KAFKA_EVENTS && one->partition >= 0 && one->partition < LIMIT_PARTITIONS;
}

static void drop_stream(struct partitions *p, int32_t partition)
{
    guard_free(p->guards[partition]);
    p->guards[partition] = NULL;
    counts_lag(p->base.counts, partition, 0, 0);
}

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct partitions *p = arg;
    const struct guard_port port = port_of(p);
    struct error e = ERROR_NONE;
    log_info("partitions assigned", LOG_INT("count", n));
    counts_rebalanced(p->base.counts, "assigned");
    for (size_t i = 0; i < n; i++) {
        const struct consumer_partition *one = &list[i];
        if (!is_ours(one))
            continue;
        drop_stream(p, one->partition);
        struct guard *g = guard_new(&port, one);
        p->guards[one->partition] = g;
        p->assigned_at[one->partition] = loop_now(p->base.loop);
        if (consumer_start(p->consumer, one->topic, one->partition, stream_start(guard_stream(g)),
                           &e) != ERR_OK) {
            log_fail("a partition cannot be read", LOG_INT("partition", one->partition),
                     LOG_ERROR(&e));
            p->failed = true;
        }
    }
}

static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    struct partitions *p = arg;
    log_info("partitions revoked", LOG_INT("count", n), LOG_INT("lost", lost));
    counts_rebalanced(p->base.counts, lost ? "lost" : "revoked");
    for (size_t i = 0; i < n; i++) {
        if (!is_ours(&list[i]) || p->guards[list[i].partition] == NULL)
            continue;
        if (!lost)
            guard_end(p->guards[list[i].partition]);
        drop_stream(p, list[i].partition);
    }
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct partitions *p = arg;
    if (m->partition < 0 || m->partition >= LIMIT_PARTITIONS || p->guards[m->partition] == NULL)
        return;
    guard_message(p->guards[m->partition], m);
}

void partitions_begin_anew(struct partitions *p, const char *reason)
{
    p->failed = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] != NULL)
            drop_stream(p, i);
    }
    counts_rebalanced(p->base.counts, reason);
    producer_purge(p->base.producer);
    consumer_rejoin(p->consumer);
}

/* ---- time ---- */

static void report_restored(struct partitions *p, int32_t i)
{
    if (p->assigned_at[i] == 0 || !stream_restored(guard_stream(p->guards[i])))
        return;
    counts_restored(p->base.counts, i,
                    (double)(loop_now(p->base.loop) - p->assigned_at[i]) / 1000.0);
    p->assigned_at[i] = 0;
}

bool partitions_restored(const struct partitions *p)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] != NULL && !stream_restored(guard_stream(p->guards[i])))
            return false;
    }
    return true;
}

/* After a pause of this process or of the network the statistics tell of the past: so far is the end
 * known to be reached. */
static int64_t end_known(const struct partitions *p, int32_t partition)
{
    int64_t heard_ms = consumer_heard_ms(p->consumer, KAFKA_EVENTS, partition);
    return clock_wall_ms() - (heard_ms > HEARD_LATELY_MS ? heard_ms : 0);
}

void partitions_tick(struct partitions *p)
{
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] == NULL)
            continue;
        guard_tick(p->guards[i]);
        if (consumer_at_end(p->consumer, KAFKA_EVENTS, i))
            guard_at_end(p->guards[i], end_known(p, i));
        report_restored(p, i);
    }
}

bool partitions_acknowledged(const struct partitions *p)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] != NULL && stream_waiting(guard_stream(p->guards[i])) > 0)
            return false;
    }
    return true;
}

/* Returns how many messages are still to be read. */
static int64_t set_lag(struct partitions *p, int32_t i, int64_t now)
{
    const struct stream *s = guard_stream(p->guards[i]);
    int64_t behind = consumer_high(p->consumer, KAFKA_EVENTS, i) - stream_position(s);
    int64_t ms = now - stream_received(s);
    counts_lag(p->base.counts, i, behind > 0 ? behind : 0,
               behind > 0 && stream_received(s) > 0 && ms > 0 ? (double)ms / 1000.0 : 0);
    return behind > 0 ? behind : 0;
}

/* What was fetched ahead while there was a backlog is as much memory as tens of thousands of calls; the
 * allocator would keep it. */
static void give_back(struct partitions *p, int64_t behind)
{
    if (p->backlog && behind < BACKLOG / 10)
        mem_trim();
    p->backlog = behind >= BACKLOG || (p->backlog && behind >= BACKLOG / 10);
}

void partitions_gauges(struct partitions *p)
{
    int64_t now = clock_wall_ms(), oldest = 0, behind = 0;
    size_t open = 0;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] == NULL)
            continue;
        const struct book *b = stream_book(guard_stream(p->guards[i]));
        int64_t began = book_oldest(b);
        open += book_open(b);
        if (began > 0 && (oldest == 0 || began < oldest))
            oldest = began;
        behind += set_lag(p, i, now);
    }
    give_back(p, behind);
    counts_open(p->base.counts, open,
                oldest > 0 && now > oldest ? (double)(now - oldest) / 1000.0 : 0);
}

/* ---- the whole ---- */

const struct consumer_events partitions_events = {
    .assigned = on_assigned, .revoked = on_revoked, .message = on_message};

struct partitions *partitions_new(const struct partitions_base *base)
{
    struct partitions *p = mem_alloc(1, sizeof *p);
    p->base = *base;
    p->zones = zones_new();
    secret_random(&p->who, sizeof p->who);
    return p;
}

void partitions_free(struct partitions *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        guard_free(p->guards[i]);
    zones_free(p->zones);
    free(p);
}

void partitions_read_from(struct partitions *p, struct consumer *k)
{
    p->consumer = k;
}

void partitions_turn(struct partitions *p)
{
    if (p->failed)
        partitions_begin_anew(p, "undelivered");
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] != NULL)
            guard_turn(p->guards[i], p->stopping);
    }
}

void partitions_stop(struct partitions *p)
{
    p->stopping = true;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (p->guards[i] != NULL)
            consumer_pause(p->consumer, KAFKA_EVENTS, i);
    }
}

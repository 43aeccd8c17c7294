/*
 * Puts the parts of `worker calls` together, starts them in order and stops them in the opposite one. All
 * on the loop's thread; librdkafka, the ops server and, until Kafka answers, connect.c have their own.
 *
 *   start: loop, ops; when Kafka answers: producer, settings, and when those are read: the group
 *   stop:  no more messages, jobs acknowledged, offsets committed, group left, the rest
 */
#include "worker/calls/calls.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/clock.h"
#include "common/kafka/connect.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/ops.h"
#include "common/secret.h"
#include "worker/calls/guard.h"
#include "worker/calls/zones.h"

#define EXIT_CONFIG 3
#define EXIT_KAFKA 4

#define DELIVER_MS 600000    /* how long a record may wait for Kafka; then it all begins anew */
#define CLOSE_TICK_MS 100    /* calls close by the wall clock this exactly */
#define HEARD_LATELY_MS 2000 /* statistics come every second, and tell of the newest fetch */
#define STOP_TICK_MS 20
#define GAUGES_MS 1000
#define BACKLOG 10000 /* messages: their memory is given back in the end */

enum {
    CHECK_KAFKA,
    CHECK_SETTINGS,
    CHECK_GROUP,
    CHECK_RESTORED,
    CHECKS
};

struct answer {
    struct calls *calls;
    int32_t partition;
};

struct calls {
    const struct config *config;
    struct loop *loop;
    struct metrics *metrics;
    struct counts *counts;
    struct ops *ops;
    struct ops_check checks[CHECKS];
    struct connect *connect;
    struct kafka_layout layout;
    struct producer *producer;
    struct accounts *accounts;
    struct zones *zones;
    struct consumer *consumer;
    struct guard *guards[LIMIT_PARTITIONS];  /* of assigned partitions, else NULL */
    struct answer answers[LIMIT_PARTITIONS]; /* where those of commits go */
    struct guard_turn turn;                  /* whose messages may run */
    uint32_t who;                            /* this process, for those after it */
    int64_t assigned_at[LIMIT_PARTITIONS];   /* boot ms; 0 once restored */
    struct loop_timer tick, gauges;
    bool backlog;    /* there was one, and it is not read to its end */
    bool failed;     /* a record was not delivered: begin anew in this turn */
    int64_t stop_by; /* boot ms; 0 = not stopping */
    int exit;
};

/* ---- what streams ask of the outside ---- */

static enum err port_send(void *arg, const struct producer_record *r, struct error *e)
{
    const struct calls *c = arg;
    return producer_send(c->producer, r, e);
}

static int32_t port_place(void *arg, enum kafka_topic topic, struct str key)
{
    const struct calls *c = arg;
    return producer_partition(c->producer, topic, key);
}

static void port_failed(void *arg, enum kafka_topic topic, const char *why)
{
    struct calls *c = arg;
    counts_undelivered(c->counts, kafka_topic_name(topic));
    log_warn("Kafka did not take a record; deciding anew from the last commit",
             LOG_TEXT("topic", kafka_topic_name(topic)), LOG_TEXT("err", why));
    c->failed = true;
}

static int64_t port_now(void *arg)
{
    (void)arg;
    return clock_wall_ms();
}

static const struct settings *port_settings(void *arg, struct str account)
{
    const struct calls *c = arg;
    return accounts_get(c->accounts, account);
}

static const struct tz *port_tz(void *arg, const struct settings *s)
{
    const struct calls *c = arg;
    return zones_get(c->zones, s->timezone);
}

static void port_commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    const struct calls *c = arg;
    consumer_commit(c->consumer, KAFKA_EVENTS, partition, offset, metadata);
}

/* The partition may be somebody else's by now. */
static void on_committed(void *arg, bool ok)
{
    const struct answer *a = arg;
    if (a->calls->guards[a->partition] != NULL)
        guard_committed(a->calls->guards[a->partition], ok);
}

static void port_commit_now(void *arg, int32_t partition)
{
    struct calls *c = arg;
    c->answers[partition] = (struct answer){c, partition};
    consumer_commit_now(c->consumer, on_committed, &c->answers[partition]);
}

static int64_t port_high(void *arg, int32_t partition)
{
    const struct calls *c = arg;
    return consumer_high(c->consumer, KAFKA_EVENTS, partition);
}

static void port_flow(void *arg, int32_t partition, bool on)
{
    const struct calls *c = arg;
    if (on && c->stop_by == 0 && guard_wants(c->guards[partition]))
        consumer_resume(c->consumer, KAFKA_EVENTS, partition);
    else
        consumer_pause(c->consumer, KAFKA_EVENTS, partition);
}

static struct guard_port port_of(struct calls *c)
{
    const struct stream_port stream = {
        .output = {port_send, port_place, port_failed, c, c->config->topic_prefix},
        .counts = c->counts,
        .dead_partitions = c->layout.partitions[KAFKA_DEAD],
        .times = {.settle = c->config->call_settle_s,
                  .ended_close = c->config->call_ended_close_s,
                  .idle_close = c->config->call_idle_close_s,
                  .remember = c->config->call_remember_s},
        .now = port_now,
        .settings = port_settings,
        .tz = port_tz,
        .commit = port_commit,
        .flow = port_flow,
        .arg = c,
    };
    return (struct guard_port){stream, port_commit_now, port_high, &c->turn, c->who, c};
}

/* ---- partitions ---- */

static bool is_ours(const struct consumer_partition *p)
{
    return p->topic == KAFKA_EVENTS && p->partition >= 0 && p->partition < LIMIT_PARTITIONS;
}

static void drop_stream(struct calls *c, int32_t partition)
{
    guard_free(c->guards[partition]);
    c->guards[partition] = NULL;
    counts_lag(c->counts, partition, 0, 0);
}

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct calls *c = arg;
    const struct guard_port port = port_of(c);
    struct error e = ERROR_NONE;
    log_info("partitions assigned", LOG_INT("count", n));
    counts_rebalanced(c->counts, "assigned");
    for (size_t i = 0; i < n; i++) {
        const struct consumer_partition *p = &list[i];
        if (!is_ours(p))
            continue;
        drop_stream(c, p->partition);
        struct guard *g = guard_new(&port, p);
        c->guards[p->partition] = g;
        c->assigned_at[p->partition] = loop_now(c->loop);
        if (consumer_start(c->consumer, p->topic, p->partition, stream_start(guard_stream(g)),
                           &e) != ERR_OK) {
            log_fail("a partition cannot be read", LOG_INT("partition", p->partition),
                     LOG_ERROR(&e));
            c->failed = true;
        }
    }
}

static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    struct calls *c = arg;
    log_info("partitions revoked", LOG_INT("count", n), LOG_INT("lost", lost));
    counts_rebalanced(c->counts, lost ? "lost" : "revoked");
    for (size_t i = 0; i < n; i++) {
        if (!is_ours(&list[i]) || c->guards[list[i].partition] == NULL)
            continue;
        if (!lost)
            guard_end(c->guards[list[i].partition]);
        drop_stream(c, list[i].partition);
    }
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct calls *c = arg;
    if (m->partition < 0 || m->partition >= LIMIT_PARTITIONS || c->guards[m->partition] == NULL)
        return;
    guard_message(c->guards[m->partition], m);
}

/* Self-fence: what this process believes may be nobody's truth any more. */
static void begin_anew(struct calls *c, const char *reason)
{
    c->failed = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] != NULL)
            drop_stream(c, i);
    }
    counts_rebalanced(c->counts, reason);
    if (c->producer != NULL)
        producer_purge(c->producer);
    if (c->consumer != NULL)
        consumer_rejoin(c->consumer);
}

static void on_gap(void *arg, int64_t ms)
{
    struct calls *c = arg;
    log_warn("stood still: everything is read anew", LOG_INT("ms", ms));
    begin_anew(c, "fence");
}

static void on_turn(void *arg)
{
    struct calls *c = arg;
    if (c->failed)
        begin_anew(c, "undelivered");
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] != NULL)
            guard_turn(c->guards[i], c->stop_by != 0);
    }
}

/* ---- time ---- */

static void report_restored(struct calls *c, int32_t i)
{
    if (c->assigned_at[i] == 0 || !stream_restored(guard_stream(c->guards[i])))
        return;
    counts_restored(c->counts, i, (double)(loop_now(c->loop) - c->assigned_at[i]) / 1000.0);
    c->assigned_at[i] = 0;
}

static bool all_restored(const struct calls *c)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] != NULL && !stream_restored(guard_stream(c->guards[i])))
            return false;
    }
    return true;
}

static int status(bool well)
{
    return well ? OPS_OK : OPS_FAIL;
}

static void set_checks(struct calls *c)
{
    bool known = c->accounts != NULL && accounts_restored(c->accounts);
    bool joined = c->consumer != NULL && consumer_joined(c->consumer);
    c->checks[CHECK_KAFKA].status = status(c->consumer != NULL && consumer_connected(c->consumer));
    c->checks[CHECK_SETTINGS].status = status(known);
    c->checks[CHECK_GROUP].status = status(joined);
    c->checks[CHECK_RESTORED].status = status(joined && all_restored(c));
}

/* After a pause of this process or of the network the statistics tell of the past: so far is the end
 * known to be reached. */
static int64_t end_known(const struct calls *c, int32_t partition)
{
    int64_t heard_ms = consumer_heard_ms(c->consumer, KAFKA_EVENTS, partition);
    return clock_wall_ms() - (heard_ms > HEARD_LATELY_MS ? heard_ms : 0);
}

/* The wall clock closes calls only where there is certainly nothing left to read. */
static void close_calls(struct calls *c)
{
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] == NULL)
            continue;
        guard_tick(c->guards[i]);
        if (consumer_at_end(c->consumer, KAFKA_EVENTS, i))
            guard_at_end(c->guards[i], end_known(c, i));
        report_restored(c, i);
    }
}

static bool all_acknowledged(const struct calls *c)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] != NULL && stream_waiting(guard_stream(c->guards[i])) > 0)
            return false;
    }
    return true;
}

static void on_tick(void *arg)
{
    struct calls *c = arg;
    set_checks(c);
    if (c->stop_by != 0) {
        if (all_acknowledged(c) || loop_now(c->loop) >= c->stop_by)
            loop_stop(c->loop);
    } else {
        close_calls(c);
    }
    loop_timer_after(&c->tick, c->stop_by != 0 ? STOP_TICK_MS : CLOSE_TICK_MS);
}

/* Returns how many messages are still to be read. */
static int64_t set_lag(struct calls *c, int32_t i, int64_t now)
{
    const struct stream *s = guard_stream(c->guards[i]);
    int64_t behind = consumer_high(c->consumer, KAFKA_EVENTS, i) - stream_position(s);
    int64_t ms = now - stream_received(s);
    counts_lag(c->counts, i, behind > 0 ? behind : 0,
               behind > 0 && stream_received(s) > 0 && ms > 0 ? (double)ms / 1000.0 : 0);
    return behind > 0 ? behind : 0;
}

/* What was fetched ahead while there was a backlog is as much memory as tens of thousands of calls; the
 * allocator would keep it. */
static void give_back(struct calls *c, int64_t behind)
{
    if (behind == 0 && c->backlog)
        mem_trim();
    c->backlog = behind >= BACKLOG || (behind > 0 && c->backlog);
}

static void on_gauges(void *arg)
{
    struct calls *c = arg;
    int64_t now = clock_wall_ms(), oldest = 0, behind = 0;
    size_t open = 0;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] == NULL)
            continue;
        const struct book *b = stream_book(guard_stream(c->guards[i]));
        int64_t began = book_oldest(b);
        open += book_open(b);
        if (began > 0 && (oldest == 0 || began < oldest))
            oldest = began;
        behind += set_lag(c, i, now);
    }
    give_back(c, behind);
    counts_open(c->counts, open, oldest > 0 && now > oldest ? (double)(now - oldest) / 1000.0 : 0);
    if (c->producer != NULL)
        (void)producer_is_warm(c->producer);
    loop_timer_after(&c->gauges, GAUGES_MS);
}

/* ---- start and stop ---- */

static void fail(struct calls *c, const struct error *e)
{
    log_fail("calls cannot run", LOG_ERROR(e));
    c->exit = e->kind == ERR_CONFIG      ? EXIT_CONFIG
              : e->kind == ERR_TEMPORARY ? EXIT_KAFKA
                                         : EXIT_FAILURE;
}

/* Settings are read: only now can events be judged, so only now the group is joined. */
static void on_settings(void *arg)
{
    static const enum kafka_topic topics[] = {KAFKA_EVENTS};
    static const struct consumer_events events = {
        .assigned = on_assigned, .revoked = on_revoked, .message = on_message};
    struct calls *c = arg;
    struct error e = ERROR_NONE;
    const struct consumer_options options = {
        .group = "calls", .topics = topics, .ntopics = 1, .events = &events, .arg = c};
    if (consumer_new(c->loop, c->config, &options, &c->consumer, &e) == ERR_OK)
        return;
    fail(c, &e);
    loop_stop(c->loop);
}

static void on_refused(void *arg, const struct error *why)
{
    struct calls *c = arg;
    fail(c, why);
    loop_stop(c->loop);
}

/* The topics are there. */
static void on_found(void *arg, const struct kafka_layout *layout)
{
    struct calls *c = arg;
    struct error e = ERROR_NONE;
    c->layout = *layout;
    if (producer_new(c->loop, c->config, &c->layout, DELIVER_MS, &c->producer, &e) ||
        accounts_new(c->loop, c->config, &c->layout, NULL, on_settings, c, &c->accounts, &e))
        on_refused(c, &e);
    else
        producer_gather(c->producer, true);
}

static void on_stop(void *arg, int signal)
{
    struct calls *c = arg;
    if (c->stop_by != 0)
        return;
    log_info("stopping", LOG_INT("signal", signal));
    c->stop_by = loop_now(c->loop) + c->config->shutdown_timeout_s * 1000 * 3 / 4;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (c->guards[i] != NULL)
            consumer_pause(c->consumer, KAFKA_EVENTS, i);
    }
    loop_timer_after(&c->tick, 0);
}

static enum err start(struct calls *c, struct error *e)
{
    static const char *const names[CHECKS] = {"kafka", "settings", "group", "restored"};
    static const struct connect_events events = {on_found, on_refused};
    for (size_t i = 0; i < CHECKS; i++)
        c->checks[i] = (struct ops_check){names[i], OPS_FAIL};
    /* 1. the loop and its signals, before there are threads */
    if (loop_new(&c->loop, e) || loop_on_signal(c->loop, on_stop, c, e))
        return e->kind;
    loop_on_gap(c->loop, on_gap, c);
    loop_each_turn(c->loop, on_turn, c);
    loop_timer_init(&c->tick, c->loop, on_tick, c);
    loop_timer_init(&c->gauges, c->loop, on_gauges, c);
    /* 2. what is counted, and where it is shown */
    c->metrics = metrics_new();
    c->counts = counts_new(c->metrics, c->config->metrics_per_account);
    const struct ops_options ops = {c->config->ops_listen, c->loop, c->metrics, c->checks, CHECKS};
    if (ops_start(&ops, &c->ops, e))
        return e->kind;
    /* 3. Kafka, on a thread; the way out and settings follow in on_found, then the group */
    c->zones = zones_new();
    loop_timer_after(&c->tick, 0);
    loop_timer_after(&c->gauges, 0);
    return connect_new(c->loop, c->config, &events, c, &c->connect, e);
}

static int64_t left(const struct calls *c)
{
    int64_t ms = c->stop_by - clock_boot_ms();
    return c->stop_by != 0 && ms > 1000 ? ms : 1000;
}

static void stop(struct calls *c)
{
    if (c->consumer != NULL)
        consumer_free(c->consumer, left(c));
    connect_free(c->connect);
    accounts_free(c->accounts);
    if (c->producer != NULL)
        producer_free(c->producer, 0);
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        guard_free(c->guards[i]);
    zones_free(c->zones);
    ops_stop(c->ops);
    counts_free(c->counts);
    metrics_free(c->metrics);
    loop_free(c->loop);
}

int calls_run(const struct config *config)
{
    struct error e = ERROR_NONE;
    struct calls *c = mem_alloc(1, sizeof *c);
    c->config = config;
    secret_random(&c->who, sizeof c->who);
    if (start(c, &e) != ERR_OK || loop_run(c->loop, &e) != ERR_OK)
        fail(c, &e);
    stop(c);
    int code = c->exit;
    free(c);
    if (code == 0)
        log_info("stopped");
    return code;
}

/*
 * Puts the parts of `worker crm` together, starts them in order and stops them in the opposite one. All on
 * the loop's thread; librdkafka, the ops server and, until Kafka answers, connect.c have their own.
 *
 *   start: loop, ops, HTTP; when Kafka answers: producer, executor, settings; when those are read: the group
 *   stop:  no more jobs, running requests and their facts, offsets committed, group left, the rest
 */
#include "worker/crm/crm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/accounts.h"
#include "common/clock.h"
#include "common/ending.h"
#include "common/http.h"
#include "common/kafka/connect.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/ops.h"
#include "common/product_metrics.h"
#include "common/secret.h"
#include "common/text.h"
#include "worker/crm/executor.h"
#include "worker/crm/hold.h"
#include "worker/crm/shard.h"
#include "worker/zones.h"

#define EXIT_CONFIG 3
#define EXIT_KAFKA 4

#define DELIVER_MS 10000 /* how long a record may wait for Kafka: as long as a group's session */
#define CONNECT_MS 5000
#define HOLD_REVOKE_MS 2000 /* design.md section 3: revocation waits so long for running requests */
#define STOP_REQUESTS_MS 10000
#define TICK_MS 20
#define GAUGES_MS 1000

enum {
    CHECK_KAFKA,
    CHECK_SETTINGS,
    CHECK_GROUP,
    CHECK_RESTORED,
    CHECKS
};

static const enum kafka_topic topics[] = {KAFKA_JOBS_NOW, KAFKA_JOBS, KAFKA_JOBS_BULK, KAFKA_FACTS};
#define TOPICS (sizeof topics / sizeof *topics)

struct crm {
    const struct config *config;
    struct loop *loop;
    struct metrics *metrics;
    struct product_metrics numbers;
    struct ops *ops;
    struct ops_check checks[CHECKS];
    struct connect *connect;
    struct kafka_layout layout;
    struct producer *producer;
    struct http *http;
    struct port port;
    struct shard_port shard_port;
    struct executor *executor;
    struct accounts *accounts;
    struct zones *zones;
    struct consumer *consumer;
    struct shard *shards[LIMIT_PARTITIONS]; /* of assigned partitions, else NULL */
    bool told_restored[LIMIT_PARTITIONS];
    bool paused[KAFKA_TOPICS][LIMIT_PARTITIONS];
    bool any_paused;
    struct loop_timer due, tick, gauges;
    int64_t revoke_by; /* boot ms: a revocation is held until then; 0 = none */
    struct ending *ending;
    int64_t stop_by; /* boot ms: requests are waited for no longer; 0 = not stopping */
    int exit;
};

/* ---- what the executor and the shards ask of the outside ---- */

static int64_t port_boot(void *arg)
{
    (void)arg;
    return clock_boot_ms();
}

static int64_t port_wall(void *arg)
{
    (void)arg;
    return clock_wall_ms();
}

static uint32_t port_random(void *arg)
{
    uint32_t n = 0;
    (void)arg;
    secret_random(&n, sizeof n);
    return n;
}

static const struct settings *port_settings(void *arg, const char *account)
{
    const struct crm *c = arg;
    return accounts_get(c->accounts, str_of(account));
}

static int port_offset(void *arg, const char *timezone, int64_t unix_s)
{
    const struct crm *c = arg;
    const struct tz *tz = zones_get(c->zones, timezone);
    return tz ? (int)tz_offset(tz, unix_s) : 0;
}

static enum err port_send(void *arg, const struct http_request *r, struct http_transfer **out,
                          struct error *e)
{
    const struct crm *c = arg;
    return http_send(c->http, r, out, e);
}

static void port_cancel(void *arg, struct http_transfer *t)
{
    (void)arg;
    http_cancel(t);
}

static enum err port_produce(void *arg, const struct producer_record *r, struct error *e)
{
    const struct crm *c = arg;
    return producer_send(c->producer, r, e);
}

static void port_finished(void *arg, enum kafka_topic topic, int32_t partition, int64_t offset)
{
    const struct crm *c = arg;
    if (c->shards[partition])
        shard_finished(c->shards[partition], topic, offset);
}

static enum err port_start(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                           struct error *e)
{
    const struct crm *c = arg;
    return consumer_start(c->consumer, t, partition, offset, e);
}

static void port_commit(void *arg, enum kafka_topic t, int32_t partition, int64_t offset)
{
    const struct crm *c = arg;
    consumer_commit(c->consumer, t, partition, offset, NULL);
}

/* ---- partitions ---- */

static bool is_ours(enum kafka_topic topic, int32_t partition)
{
    bool known = false;
    for (size_t i = 0; i < TOPICS; i++)
        known |= topics[i] == topic;
    return known && partition >= 0 && partition < LIMIT_PARTITIONS;
}

static void rebalanced(const struct crm *c, const char *reason)
{
    metrics_add(metrics_get(product_metrics_family(&c->numbers, PM_KAFKA_REBALANCES), reason), 1);
}

static void drop_shards(struct crm *c)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        shard_free(c->shards[i]);
        c->shards[i] = NULL;
        c->told_restored[i] = false;
        for (size_t t = 0; t < TOPICS; t++)
            c->paused[topics[t]][i] = false;
    }
    c->any_paused = false;
}

static struct shard *shard_for(struct crm *c, int32_t partition)
{
    if (!c->shards[partition]) {
        uint8_t bytes[FACT_MARK_HEX / 2];
        char mark[FACT_MARK_HEX + 1];
        secret_random(bytes, sizeof bytes);
        text_hex(bytes, sizeof bytes, mark);
        c->shards[partition] = shard_new(&c->shard_port, c->executor, partition, mark);
    }
    return c->shards[partition];
}

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct crm *c = arg;
    rebalanced(c, "assigned");
    c->revoke_by = 0; /* whatever was held is over: the new partitions are not dropped by it */
    drop_shards(c);
    executor_stop(c->executor, c->stop_by != 0);
    for (size_t i = 0; i < n; i++)
        if (is_ours(list[i].topic, list[i].partition))
            shard_assigned(shard_for(c, list[i].partition), &list[i]);
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (c->shards[i])
            shard_begin(c->shards[i]);
}

/* Requests that run get two seconds to end and to leave their facts; nothing new is begun. What still
 * runs then is left to the next owner's settling. */
static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    struct crm *c = arg;
    (void)list;
    (void)n;
    rebalanced(c, lost ? "lost" : "revoked");
    if (lost || executor_running(c->executor) == 0) {
        drop_shards(c);
        return;
    }
    executor_stop(c->executor, true);
    consumer_hold_revoke(c->consumer);
    c->revoke_by = loop_now(c->loop) + HOLD_REVOKE_MS;
}

static void end_revoke(struct crm *c)
{
    c->revoke_by = 0;
    drop_shards(c);
    consumer_release_revoke(c->consumer);
    executor_stop(c->executor, c->stop_by != 0);
}

static struct hold hold_of(const struct crm *c, int32_t partition)
{
    struct hold h = {.limit = (size_t)c->config->crm_hold_jobs,
                     .all = executor_held(c->executor),
                     .here = shard_owner(c->shards[partition])->held};
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        h.partitions += c->shards[i] != NULL;
    return h;
}

static void pause_if_full(struct crm *c, const struct kafka_message *m)
{
    if (m->topic == KAFKA_FACTS || c->paused[m->topic][m->partition] ||
        executor_held(c->executor) < (size_t)c->config->crm_hold_jobs / 2)
        return;
    struct hold h = hold_of(c, m->partition);
    if (!hold_is_full(&h, m->topic))
        return;
    log_fail("too many jobs are held; the partition waits", LOG_INT("partition", m->partition),
             LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("count", h.here));
    c->paused[m->topic][m->partition] = true;
    c->any_paused = true;
    consumer_pause(c->consumer, m->topic, m->partition);
}

static void resume_if_room(struct crm *c)
{
    if (!c->any_paused || c->stop_by != 0)
        return;
    c->any_paused = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        for (size_t t = 0; c->shards[i] && t < TOPICS; t++) {
            if (!c->paused[topics[t]][i])
                continue;
            struct hold h = hold_of(c, i);
            c->paused[topics[t]][i] = !hold_has_room(&h, topics[t]);
            c->any_paused |= c->paused[topics[t]][i];
            if (!c->paused[topics[t]][i])
                consumer_resume(c->consumer, topics[t], i);
        }
    }
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct crm *c = arg;
    if (!is_ours(m->topic, m->partition) || !c->shards[m->partition])
        return;
    shard_message(c->shards[m->partition], m);
    pause_if_full(c, m);
}

/* What this process believes may be nobody's truth any more: all is dropped, requests that run are left,
 * the group is joined anew. */
static void begin_anew(struct crm *c, const char *reason)
{
    c->revoke_by = 0;
    drop_shards(c);
    rebalanced(c, reason);
    if (c->consumer)
        consumer_rejoin(c->consumer);
}

/* The self-fence. Nothing of before may be sent or produced, so it comes before everything else. */
static void on_gap(void *arg, int64_t ms)
{
    struct crm *c = arg;
    log_warn("stood still: everything is dropped and joined anew", LOG_INT("ms", ms));
    drop_shards(c);
    if (c->producer)
        producer_purge(c->producer);
    begin_anew(c, "fence");
}

static bool any_stopped(const struct crm *c)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (c->shards[i] && shard_stopped(c->shards[i]))
            return true;
    return false;
}

static void on_turn(void *arg)
{
    struct crm *c = arg;
    if (!c->consumer)
        return;
    if (any_stopped(c))
        begin_anew(c, "mark");
    int64_t next = executor_run(c->executor);
    if (next != AGENDA_NEVER)
        loop_timer_set(&c->due, next);
    resume_if_room(c);
}

static void on_due(void *arg)
{
    (void)arg; /* the turn that it made happen does what is due */
}

/* The owner of the account's partition, if that is us and restored. */
static struct owner *owner_of(const struct crm *c, const char *account)
{
    int32_t i = murmur2_partition(str_of(account), c->layout.partitions[KAFKA_JOBS]);
    bool ours = i >= 0 && i < LIMIT_PARTITIONS && c->shards[i] && shard_restored(c->shards[i]);
    return ours ? shard_owner(c->shards[i]) : NULL;
}

static void see_to_switches(void *arg, const struct settings *s)
{
    const struct crm *c = arg;
    struct owner *o = owner_of(c, s->account);
    if (o)
        executor_switches(c->executor, o, s->account);
}

static void on_changed(void *arg, const char *account)
{
    struct crm *c = arg;
    const struct settings *s = accounts_get(c->accounts, str_of(account));
    executor_settings(c->executor, account);
    if (s)
        see_to_switches(c, s);
}

/* ---- time ---- */

static bool all_restored(const struct crm *c)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (c->shards[i] && !shard_restored(c->shards[i]))
            return false;
    return true;
}

static int status(bool well)
{
    return well ? OPS_OK : OPS_FAIL;
}

static void set_checks(struct crm *c)
{
    bool known = c->accounts && accounts_restored(c->accounts);
    bool joined = c->consumer && consumer_joined(c->consumer);
    c->checks[CHECK_KAFKA].status = status(c->consumer && consumer_connected(c->consumer));
    c->checks[CHECK_SETTINGS].status = status(known);
    c->checks[CHECK_GROUP].status = status(joined);
    c->checks[CHECK_RESTORED].status = status(joined && all_restored(c));
}

static bool at_rest(const struct crm *c)
{
    return !c->executor ||
           (executor_running(c->executor) == 0 && executor_waiting(c->executor) == 0 &&
            producer_waiting(c->producer) == 0);
}

static void on_tick(void *arg)
{
    struct crm *c = arg;
    int64_t now = loop_now(c->loop);
    set_checks(c);
    if (c->revoke_by && (now >= c->revoke_by || (executor_running(c->executor) == 0 &&
                                                 producer_waiting(c->producer) == 0)))
        end_revoke(c);
    if (c->stop_by && (at_rest(c) || now >= c->stop_by))
        loop_stop(c->loop);
    loop_timer_after(&c->tick, TICK_MS);
}

static void set_lag(struct crm *c, int32_t i, enum kafka_topic topic)
{
    char partition[16];
    int64_t received = 0;
    int64_t next = shard_position(c->shards[i], topic, &received);
    if (next < 0)
        return;
    int64_t behind = consumer_high(c->consumer, topic, i) - next;
    int64_t ms = clock_wall_ms() - received;
    bool late = behind > 0 && received > 0 && ms > 0;
    snprintf(partition, sizeof partition, "%" PRId32, i);
    const char *name = kafka_topic_name(topic);
    metrics_set(
        metrics_get(product_metrics_family(&c->numbers, PM_CONSUMER_LAG_MESSAGES), name, partition),
        behind > 0 ? (double)behind : 0);
    metrics_set(
        metrics_get(product_metrics_family(&c->numbers, PM_CONSUMER_LAG_SECONDS), name, partition),
        late ? (double)ms / 1000.0 : 0);
}

/* True: it has been restored just now. */
static bool report_restored(struct crm *c, int32_t i)
{
    char partition[16];
    if (c->told_restored[i] || !shard_restored(c->shards[i]))
        return false;
    c->told_restored[i] = true;
    snprintf(partition, sizeof partition, "%" PRId32, i);
    metrics_set(metrics_get(product_metrics_family(&c->numbers, PM_RESTORE_SECONDS),
                            kafka_topic_name(KAFKA_FACTS), partition),
                (double)shard_restore_ms(c->shards[i]) / 1000.0);
    return true;
}

static void on_gauges(void *arg)
{
    struct crm *c = arg;
    struct owner *owners[LIMIT_PARTITIONS];
    size_t n = 0;
    bool restored = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (!c->shards[i])
            continue;
        owners[n++] = shard_owner(c->shards[i]);
        shard_tick(c->shards[i]);
        restored |= report_restored(c, i);
        for (size_t t = 0; t < TOPICS; t++)
            set_lag(c, i, topics[t]);
    }
    if (restored)
        accounts_each(c->accounts, see_to_switches, c);
    executor_measure(c->executor, owners, n);
    (void)producer_is_warm(c->producer);
    loop_timer_after(&c->gauges, GAUGES_MS);
}

/* ---- start and stop ---- */

static void fail(void *arg, const struct error *e)
{
    struct crm *c = arg;
    log_fail("crm cannot run", LOG_ERROR(e));
    c->exit = e->kind == ERR_CONFIG      ? EXIT_CONFIG
              : e->kind == ERR_TEMPORARY ? EXIT_KAFKA
                                         : EXIT_FAILURE;
    if (c->loop)
        loop_stop(c->loop);
}

/* Settings are read: only now it is known whose jobs may be carried out, so only now the group is joined. */
static void on_settings(void *arg)
{
    static const struct consumer_events events = {
        .assigned = on_assigned, .revoked = on_revoked, .message = on_message};
    struct crm *c = arg;
    struct error e = ERROR_NONE;
    const struct consumer_options options = {
        .group = "crm", .topics = topics, .ntopics = TOPICS, .events = &events, .arg = c};
    if (consumer_new(c->loop, c->config, &options, &c->consumer, &e))
        fail(c, &e);
}

/* Facts are read on: what runs has to be read back to end. */
static void on_stop(void *arg, int signal)
{
    struct crm *c = arg;
    int64_t limit = c->config->shutdown_timeout_s * 1000 / 2;
    if (c->stop_by)
        return;
    log_info("stopping", LOG_INT("signal", signal));
    ending_begin(&c->ending, limit * 2, EXIT_FAILURE, "requests under way");
    c->stop_by = loop_now(c->loop) + (limit < STOP_REQUESTS_MS ? limit : STOP_REQUESTS_MS);
    if (c->executor)
        executor_stop(c->executor, true);
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++)
        for (size_t t = 0; c->shards[i] && t < TOPICS; t++)
            if (topics[t] != KAFKA_FACTS)
                consumer_pause(c->consumer, topics[t], i);
}

static void make_executor(struct crm *c)
{
    c->port = (struct port){c,           port_boot, port_wall,   port_random,  port_settings,
                            port_offset, port_send, port_cancel, port_produce, port_finished};
    c->shard_port =
        (struct shard_port){c, port_boot, port_wall, port_produce, port_start, port_commit};
    const struct executor_options options = {
        .concurrency = (size_t)c->config->crm_concurrency,
        .request_timeout_ms = c->config->crm_request_timeout_ms,
        .retry_max_ms = c->config->retry_max_ms,
        .outcome_partitions = c->layout.partitions[KAFKA_OUTCOMES],
        .dead_partitions = c->layout.partitions[KAFKA_DEAD],
        .topic_prefix = c->config->topic_prefix,
        .metrics = &c->numbers};
    c->zones = zones_new();
    c->executor = executor_new(&c->port, &options);
}

/* The topics are there: the way to Kafka, who uses both ways, and settings. */
static void on_found(void *arg, const struct kafka_layout *layout)
{
    struct crm *c = arg;
    struct error e = ERROR_NONE;
    c->layout = *layout;
    if (producer_new(c->loop, c->config, &c->layout, DELIVER_MS, &c->producer, &e)) {
        fail(c, &e);
        return;
    }
    producer_gather(c->producer, true);
    make_executor(c);
    if (accounts_new(c->loop, c->config, &c->layout, on_changed, on_settings, c, &c->accounts, &e))
        fail(c, &e);
    else
        loop_timer_after(&c->gauges, 0);
}

static enum err start_loop(struct crm *c, struct error *e)
{
    if (loop_new(&c->loop, e) || loop_on_signal(c->loop, on_stop, c, e))
        return e->kind;
    loop_on_gap(c->loop, on_gap, c);
    loop_each_turn(c->loop, on_turn, c);
    loop_timer_init(&c->due, c->loop, on_due, c);
    loop_timer_init(&c->tick, c->loop, on_tick, c);
    loop_timer_init(&c->gauges, c->loop, on_gauges, c);
    return ERR_OK;
}

static enum err start(struct crm *c, struct error *e)
{
    static const char *const names[CHECKS] = {"kafka", "settings", "group", "restored"};
    static const struct connect_events events = {on_found, fail};
    for (size_t i = 0; i < CHECKS; i++)
        c->checks[i] = (struct ops_check){names[i], OPS_FAIL};
    /* 1. the loop and its signals, before there are threads */
    if (start_loop(c, e))
        return e->kind;
    /* 2. what is counted, and where it is shown */
    c->metrics = metrics_new();
    product_metrics_init(&c->numbers, c->metrics, "crm", c->config->metrics_per_account);
    const struct ops_options ops = {c->config->ops_listen, c->loop, c->metrics, c->checks, CHECKS};
    if (ops_start(&ops, &c->ops, e))
        return e->kind;
    /* 3. the way to Megaplan */
    const struct http_options http = {.outbound_allow = c->config->outbound_allow,
                                      .ca_file = c->config->ca_file,
                                      .connect_timeout_ms = CONNECT_MS,
                                      .connections_per_host = c->config->crm_concurrency};
    if (http_new(c->loop, &http, &c->http, e))
        return e->kind;
    loop_timer_after(&c->tick, 0);
    /* 4. Kafka, on a thread; the rest follows in on_found, the group when settings are read */
    return connect_new(c->loop, c->config, &events, c, &c->connect, e);
}

/* For the group: up to four fifths of the whole, the rest is for what comes after. */
static int64_t left(const struct crm *c)
{
    int64_t ms = c->stop_by + c->config->shutdown_timeout_s * 300 - clock_boot_ms();
    return c->stop_by && ms > 1000 ? ms : 1000;
}

/* Without a signal it comes after a failure. */
static void stop(struct crm *c)
{
    ending_begin(&c->ending, c->config->shutdown_timeout_s * 1000, c->exit, "the group");
    consumer_free(c->consumer, left(c));
    c->consumer = NULL;
    drop_shards(c);
    ending_step(c->ending, "Kafka");
    connect_free(c->connect);
    accounts_free(c->accounts);
    ending_step(c->ending, "the way to Megaplan");
    http_free(c->http);
    ending_step(c->ending, "the producer");
    producer_free(c->producer, 1000);
    executor_free(c->executor);
    zones_free(c->zones);
    ending_step(c->ending, "the ops port");
    ops_stop(c->ops);
    ending_step(c->ending, "the exit");
    metrics_free(c->metrics);
    loop_free(c->loop);
}

int crm_run(const struct config *config)
{
    struct error e = ERROR_NONE;
    struct crm *c = mem_alloc(1, sizeof *c);
    c->config = config;
    if (start(c, &e) != ERR_OK || loop_run(c->loop, &e) != ERR_OK)
        fail(c, &e);
    stop(c);
    int code = c->exit;
    free(c);
    if (code == 0)
        log_info("stopped");
    return code;
}

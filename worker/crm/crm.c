/*
 * Puts the parts of `worker crm` together, starts them in order and stops them in the opposite one. All on
 * the loop's thread; librdkafka, the ops server and, until Kafka answers, connect.c have their own.
 *
 *   start: loop, ops, HTTP; when Kafka answers: producer, executor, settings; when those are read: the group
 *   stop:  no more jobs, running requests and their facts, offsets committed, group left, the rest
 */
#include "worker/crm/crm.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/clock.h"
#include "common/ending.h"
#include "common/http.h"
#include "common/kafka/connect.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/kafka/scan.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/ops.h"
#include "common/product_metrics.h"
#include "common/reconcile/known_scan.h"
#include "common/secret.h"
#include "worker/crm/executor.h"
#include "worker/crm/owned.h"
#include "worker/crm/port.h"
#include "worker/zones.h"

#define EXIT_CONFIG 3
#define EXIT_KAFKA 4

#define DELIVER_MS 10000 /* how long a record may wait for Kafka: as long as a group's session */
#define CONNECT_MS 5000
#define STOP_REQUESTS_MS 8000 /* so that all of it is over within ten seconds */
#define TICK_MS 20
#define GAUGES_MS 1000
#define RANDOM_AHEAD 64

enum {
    CHECK_KAFKA,
    CHECK_SETTINGS,
    CHECK_GROUP,
    CHECK_RESTORED,
    CHECKS
};

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
    struct executor *executor;
    struct accounts *accounts;
    struct zones *zones;
    struct consumer *consumer;
    struct owned *owned;
    struct scanner *scanner; /* NULL: RECONCILE_EVERY_S is 0 */
    struct loop_timer due, tick, gauges;
    struct ending *ending;
    int64_t stop_by; /* boot ms: requests are waited for no longer; 0 = not stopping */
    uint32_t random[RANDOM_AHEAD]; /* for delays; asked of the system for many at once */
    size_t nrandom;
    int exit;
};

/* ---- what the executor asks of the outside ---- */

static uint32_t port_random(void *arg)
{
    struct crm *c = arg;
    if (c->nrandom == 0) {
        secret_random(c->random, sizeof c->random);
        c->nrandom = RANDOM_AHEAD;
    }
    return c->random[--c->nrandom];
}

static const struct settings *port_settings(void *arg, const char *account)
{
    const struct crm *c = arg;
    return accounts_get(c->accounts, str_of(account));
}

static const struct forgotten *port_forgotten(void *arg)
{
    const struct crm *c = arg;
    return accounts_forgotten(c->accounts);
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
    owned_finished(c->owned, topic, partition, offset);
}

static void port_note(void *arg, enum kafka_topic topic, int32_t partition)
{
    const struct crm *c = arg;
    owned_note(c->owned, topic, partition);
}

static void port_send_notes(void *arg)
{
    const struct crm *c = arg;
    owned_send_notes(c->owned);
}

static void *port_look(void *arg, struct reconcile_known *calls,
                       void (*done)(void *arg, const char *why), void *to)
{
    const struct crm *c = arg;
    return reconcile_known_scan_begin(c->scanner, &c->layout, calls, false, done, to);
}

static void port_look_end(void *arg, void *looking)
{
    (void)arg;
    reconcile_known_scan_end(looking);
}

/* The self-fence. Nothing of before may be sent or produced, so it comes before everything else. */
static void on_gap(void *arg, int64_t ms)
{
    struct crm *c = arg;
    log_warn("stood still: everything is dropped and joined anew", LOG_INT("ms", ms));
    if (c->owned)
        owned_fence(c->owned);
}

static void on_turn(void *arg)
{
    struct crm *c = arg;
    if (!c->consumer)
        return;
    owned_turn(c->owned);
    int64_t next = executor_run(c->executor);
    if (next != AGENDA_NEVER)
        loop_timer_set(&c->due, next);
}

static void on_due(void *arg)
{
    (void)arg; /* the turn that it made happen does what is due */
}

static void on_changed(void *arg, const char *account)
{
    struct crm *c = arg;
    executor_settings(c->executor, account);
    owned_settings(c->owned, account);
}

/* ---- time ---- */

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
    c->checks[CHECK_RESTORED].status = status(joined && owned_restored(c->owned));
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
    if (c->owned)
        owned_tick(c->owned);
    if (c->stop_by && (at_rest(c) || now >= c->stop_by))
        loop_stop(c->loop);
    loop_timer_after(&c->tick, TICK_MS);
}

static void on_gauges(void *arg)
{
    struct crm *c = arg;
    owned_measure(c->owned);
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
    struct crm *c = arg;
    struct error e = ERROR_NONE;
    const struct consumer_options options = {.group = "crm",
                                             .topics = owned_topics,
                                             .ntopics = owned_ntopics,
                                             .events = &owned_events,
                                             .arg = c->owned,
                                             .near = true};
    if (consumer_new(c->loop, c->config, &options, &c->consumer, &e))
        fail(c, &e);
    else
        owned_read_from(c->owned, c->consumer, c->accounts);
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
    if (c->owned)
        owned_stop(c->owned);
}

static void make_executor(struct crm *c)
{
    c->port =
        (struct port){c,           port_boot,       port_wall,   port_random,   port_settings,
                      port_offset, port_send,       port_cancel, port_produce,  port_finished,
                      port_note,   port_send_notes, port_look,   port_look_end, port_forgotten};
    const struct executor_options options = {
        .concurrency = (size_t)c->config->crm_concurrency,
        .request_timeout_ms = c->config->crm_request_timeout_ms,
        .retry_max_ms = c->config->retry_max_ms,
        .route_deadline_ms = c->config->route_deadline_ms,
        .outcome_partitions = c->layout.partitions[KAFKA_OUTCOMES],
        .dead_partitions = c->layout.partitions[KAFKA_DEAD],
        .event_partitions = c->layout.partitions[KAFKA_EVENTS],
        .reconcile_every_s = c->config->reconcile_every_s,
        .topic_prefix = c->config->topic_prefix,
        .metrics = &c->numbers,
        .alert_key = c->config->secret.has_current ? &c->config->secret.current : NULL};
    c->zones = zones_new();
    c->executor = executor_new(&c->port, &options);
    const struct owned_base base = {.loop = c->loop,
                                    .config = c->config,
                                    .executor = c->executor,
                                    .producer = c->producer,
                                    .layout = &c->layout,
                                    .numbers = &c->numbers};
    c->owned = owned_new(&base);
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
    if (c->config->reconcile_every_s &&
        scan_open(c->loop, c->config, &c->layout, false, &c->scanner, &e)) {
        fail(c, &e);
        return;
    }
    make_executor(c);
    const struct accounts_options accounts = {
        .changed = on_changed, .restored = on_settings, .arg = c};
    c->accounts = accounts_new(c->loop, c->config, &accounts);
    if (accounts_follow(c->accounts, &c->layout, &e))
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
                                      .connections = c->config->crm_concurrency};
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
    if (c->owned)
        owned_leave(c->owned);
    consumer_free(c->consumer, left(c));
    c->consumer = NULL;
    owned_free(c->owned);
    c->owned = NULL;
    ending_step(c->ending, "Kafka");
    scan_close(c->scanner);
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
    mem_few_arenas();
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

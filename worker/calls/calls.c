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
#include "common/ending.h"
#include "common/kafka/connect.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/ops.h"
#include "worker/calls/partitions.h"

#define EXIT_CONFIG 3
#define EXIT_KAFKA 4

#define DELIVER_MS 600000 /* how long a record may wait for Kafka; then it all begins anew */
#define CLOSE_TICK_MS 100 /* calls close by the wall clock this exactly */
#define STOP_TICK_MS 20
#define GAUGES_MS 1000

enum {
    CHECK_KAFKA,
    CHECK_SETTINGS,
    CHECK_GROUP,
    CHECK_RESTORED,
    CHECKS
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
    struct partitions *partitions; /* NULL until settings are read */
    struct consumer *consumer;
    struct loop_timer tick, gauges;
    struct ending *ending;
    int64_t stop_by; /* boot ms: jobs are waited for no longer; 0 = not stopping */
    int exit;
};

/* ---- time ---- */

static void on_gap(void *arg, int64_t ms)
{
    struct calls *c = arg;
    log_warn("stood still: everything is read anew", LOG_INT("ms", ms));
    if (c->partitions != NULL)
        partitions_begin_anew(c->partitions, "fence");
}

static void on_turn(void *arg)
{
    struct calls *c = arg;
    if (c->partitions != NULL)
        partitions_turn(c->partitions);
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
    c->checks[CHECK_RESTORED].status = status(joined && partitions_restored(c->partitions));
}

static void on_tick(void *arg)
{
    struct calls *c = arg;
    set_checks(c);
    if (c->stop_by != 0) {
        if (c->partitions == NULL || partitions_acknowledged(c->partitions) ||
            loop_now(c->loop) >= c->stop_by)
            loop_stop(c->loop);
    } else if (c->consumer != NULL) {
        partitions_tick(c->partitions);
    }
    loop_timer_after(&c->tick, c->stop_by != 0 ? STOP_TICK_MS : CLOSE_TICK_MS);
}

static void on_gauges(void *arg)
{
    struct calls *c = arg;
    if (c->partitions != NULL)
        partitions_gauges(c->partitions);
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
    struct calls *c = arg;
    struct error e = ERROR_NONE;
    const struct partitions_base base = {c->loop,   c->config,   &c->layout,
                                         c->counts, c->producer, c->accounts};
    c->partitions = partitions_new(&base);
    const struct consumer_options options = {.group = "calls",
                                             .topics = topics,
                                             .ntopics = 1,
                                             .events = &partitions_events,
                                             .arg = c->partitions};
    if (consumer_new(c->loop, c->config, &options, &c->consumer, &e) == ERR_OK) {
        partitions_read_from(c->partitions, c->consumer);
        return;
    }
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
    const struct accounts_options accounts = {.restored = on_settings, .arg = c};
    c->accounts = accounts_new(c->loop, c->config, &accounts);
    if (producer_new(c->loop, c->config, &c->layout, DELIVER_MS, &c->producer, &e) ||
        accounts_follow(c->accounts, &c->layout, &e))
        on_refused(c, &e);
    else
        producer_gather(c->producer, true);
}

static void on_stop(void *arg, int signal)
{
    struct calls *c = arg;
    int64_t ms = c->config->shutdown_timeout_s * 1000;
    if (c->stop_by != 0)
        return;
    log_info("stopping", LOG_INT("signal", signal));
    ending_begin(&c->ending, ms, EXIT_FAILURE, "jobs to be acknowledged");
    c->stop_by = loop_now(c->loop) + ms * 3 / 4;
    if (c->consumer != NULL)
        partitions_stop(c->partitions);
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
    loop_timer_after(&c->tick, 0);
    loop_timer_after(&c->gauges, 0);
    return connect_new(c->loop, c->config, &events, c, &c->connect, e);
}

static int64_t left(const struct calls *c)
{
    int64_t ms = c->stop_by - clock_boot_ms();
    return c->stop_by != 0 && ms > 1000 ? ms : 1000;
}

/* Without a signal it comes after a failure. */
static void stop(struct calls *c)
{
    ending_begin(&c->ending, c->config->shutdown_timeout_s * 1000, c->exit, "the group");
    if (c->consumer != NULL)
        consumer_free(c->consumer, left(c));
    partitions_free(c->partitions);
    ending_step(c->ending, "Kafka");
    connect_free(c->connect);
    accounts_free(c->accounts);
    ending_step(c->ending, "the producer");
    if (c->producer != NULL)
        producer_free(c->producer, 0);
    ending_step(c->ending, "the ops port");
    ops_stop(c->ops);
    ending_step(c->ending, "the exit");
    counts_free(c->counts);
    metrics_free(c->metrics);
    loop_free(c->loop);
}

int calls_run(const struct config *config)
{
    struct error e = ERROR_NONE;
    struct calls *c = mem_alloc(1, sizeof *c);
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

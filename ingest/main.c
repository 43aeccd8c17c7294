/*
 * ingest: takes MANGO OFFICE's webhooks and keeps them in Kafka. Puts the parts together, starts them
 * in order and stops them in the opposite one. One thread runs our code (connect.c's ends when Kafka
 * answers; librdkafka and the ops server have their own).
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/accounts.h"
#include "common/ending.h"
#include "common/kafka/connect.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/ops.h"
#include "ingest/meters.h"
#include "ingest/options.h"
#include "ingest/publish.h"
#include "ingest/server.h"
#include "ingest/webhook.h"

enum {
    CHECK_KAFKA,
    CHECK_SETTINGS,
    CHECKS
};

struct ingest {
    struct options options;
    struct loop *loop;
    struct metrics *metrics;
    struct ops *ops;
    struct ops_check checks[CHECKS];
    struct meters *meters;
    struct webhook *webhook;
    struct server *server;
    struct connect *connect;
    struct producer *producer;
    struct publish_kafka *publish;
    struct accounts *accounts;
    struct loop_timer tick;
    struct ending *ending;
    int64_t stop_by; /* boot ms: webhooks are waited for no longer; 0 = not stopping */
    int exit;
};

static enum webhook_lookup find_account(void *arg, struct str api_key, struct str *account,
                                        struct str *salt)
{
    const struct ingest *in = arg;
    if (!in->accounts || !accounts_restored(in->accounts))
        return WEBHOOK_NOT_YET;
    const struct settings *s = accounts_by_key(in->accounts, api_key);
    if (!s)
        return WEBHOOK_UNKNOWN;
    *account = str_of(s->account);
    *salt = str_of(s->mango.api_salt);
    return WEBHOOK_KNOWN;
}

static void fail(struct ingest *in, const struct error *e)
{
    log_fail("ingest cannot run", LOG_ERROR(e));
    in->exit = e->kind == ERR_CONFIG      ? OPTIONS_CONFIG
               : e->kind == ERR_TEMPORARY ? OPTIONS_KAFKA
                                          : EXIT_FAILURE;
    if (in->loop)
        loop_stop(in->loop);
}

/* Kafka is there: webhooks can be kept as soon as settings are read. */
static void on_found(void *arg, const struct kafka_layout *layout)
{
    struct ingest *in = arg;
    struct error e = ERROR_NONE;
    if (producer_new(in->loop, &in->options.config, layout, in->options.config.kafka_ack_timeout_ms,
                     &in->producer, &e) ||
        accounts_new(in->loop, &in->options.config, layout, NULL, NULL, in, &in->accounts, &e)) {
        fail(in, &e);
        return;
    }
    producer_gather(in->producer, true);
    in->publish = publish_kafka_new(in->producer);
    webhook_publish_to(in->webhook, publish_kafka_port(in->publish));
}

static void on_refused(void *arg, const struct error *why)
{
    fail(arg, why);
}

static void on_stop(void *arg, int signal)
{
    struct ingest *in = arg;
    int64_t ms = in->options.config.shutdown_timeout_s * 1000;
    if (in->stop_by)
        return;
    log_info("stopping", LOG_INT("signal", signal));
    ending_begin(&in->ending, ms, EXIT_FAILURE, "webhooks under way");
    in->stop_by = loop_now(in->loop) + ms * 3 / 4;
    server_quiesce(in->server);
    loop_timer_after(&in->tick, 0);
}

/* Without a spool, Kafka out of reach means that nothing can be kept. */
static int kafka_status(const struct ingest *in)
{
    bool warm = in->producer && producer_is_warm(in->producer);
    bool well = warm && accounts_connected(in->accounts) && !webhook_is_failing(in->webhook);
    return well ? OPS_OK : OPS_FAIL;
}

static void on_tick(void *arg)
{
    struct ingest *in = arg;
    bool known = in->accounts && accounts_restored(in->accounts);
    in->checks[CHECK_KAFKA].status = kafka_status(in);
    in->checks[CHECK_SETTINGS].status = known ? OPS_OK : OPS_FAIL;
    if (in->stop_by && (server_busy(in->server) == 0 || loop_now(in->loop) >= in->stop_by))
        loop_stop(in->loop);
    loop_timer_after(&in->tick, in->stop_by ? 20 : in->producer && known ? 500 : 50);
}

static enum err start(struct ingest *in, struct error *e)
{
    const struct connect_events events = {on_found, on_refused};
    in->checks[CHECK_KAFKA] = (struct ops_check){"kafka", OPS_FAIL};
    in->checks[CHECK_SETTINGS] = (struct ops_check){"settings", OPS_FAIL};
    /* 1. the loop and its signals, before there are threads */
    if (loop_new(&in->loop, e) || loop_on_signal(in->loop, on_stop, in, e))
        return e->kind;
    loop_timer_init(&in->tick, in->loop, on_tick, in);
    /* 2. what is counted, and where it is shown */
    in->metrics = metrics_new();
    in->meters = meters_new(in->metrics, in->options.config.metrics_per_account);
    const struct ops_options ops = {in->options.config.ops_listen, in->loop, in->metrics,
                                    in->checks, CHECKS};
    if (ops_start(&ops, &in->ops, e))
        return e->kind;
    /* 3. webhooks, answered 503 until 5. */
    const struct webhook_options options = {.loop = in->loop,
                                            .base_path = in->options.config.ingest_base_path,
                                            .allow = &in->options.allow,
                                            .trusted = &in->options.trusted,
                                            .meters = in->meters,
                                            .find = find_account,
                                            .find_arg = in};
    in->webhook = webhook_new(&options);
    if (server_new(in->loop, in->options.config.ingest_listen, LIMIT_WEBHOOK_BODY,
                   webhook_app(in->webhook), &in->server, e))
        return error_context(e, "INGEST_LISTEN");
    log_info("the port for webhooks is open", LOG_TEXT("event", "listening"),
             LOG_TEXT("address", server_address(in->server)), LOG_TEXT("for", "webhooks"));
    /* 4. Kafka, on a thread; 5. producer and settings follow in on_found */
    loop_timer_after(&in->tick, 0);
    return connect_new(in->loop, &in->options.config, &events, in, &in->connect, e);
}

/* The opposite order; all of it is NULL-safe. Without a signal it comes after a failure. */
static void stop(struct ingest *in)
{
    ending_begin(&in->ending, in->options.config.shutdown_timeout_s * 1000, in->exit, "Kafka");
    connect_free(in->connect);
    accounts_free(in->accounts);
    ending_step(in->ending, "connections");
    server_free(in->server);
    ending_step(in->ending, "the producer");
    producer_free(in->producer, 1000);
    publish_kafka_free(in->publish);
    webhook_free(in->webhook);
    ending_step(in->ending, "the ops port");
    ops_stop(in->ops);
    ending_step(in->ending, "the exit");
    meters_free(in->meters);
    metrics_free(in->metrics);
    loop_free(in->loop);
    log_info("stopped");
}

int main(int argc, char **argv)
{
    struct ingest in = {0};
    struct error e = ERROR_NONE;
    in.exit = options_load(argc, argv, environ, &in.options);
    if (in.exit == OPTIONS_RUN) {
        in.exit = EXIT_SUCCESS;
        if (start(&in, &e) || loop_run(in.loop, &e))
            fail(&in, &e);
        stop(&in);
    }
    options_done(&in.options);
    return in.exit;
}

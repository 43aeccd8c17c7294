/*
 * ingest: takes MANGO OFFICE's webhooks and keeps them in Kafka. Puts the parts together, starts them
 * in order and stops them in the opposite one. One thread runs our code, another one the settings
 * page's (connect.c's end when Kafka answers; librdkafka and the ops server have their own).
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/ending.h"
#include "common/kafka/connect.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/ops.h"
#include "ingest/admin/admin.h"
#include "ingest/front.h"
#include "ingest/meters.h"
#include "ingest/options.h"
#include "ingest/storage.h"
#include "ingest/webhook.h"

struct ingest {
    struct options options;
    struct loop *loop;
    struct metrics *metrics;
    struct ops *ops;
    struct ops_check checks[STORAGE_CHECKS];
    struct meters *meters;
    struct webhook *webhook;
    struct front *front;
    struct admin *admin;
    struct connect *connect;
    struct storage *storage;
    struct loop_timer tick;
    struct ending *ending;
    int64_t stop_by; /* boot ms: webhooks are waited for no longer; 0 = not stopping */
    int exit;
};

static enum webhook_lookup find_account(void *arg, struct str api_key, struct str *account,
                                        struct str *salt)
{
    const struct ingest *in = arg;
    const struct accounts *accounts = storage_accounts(in->storage);
    if (!accounts_known(accounts))
        return WEBHOOK_NOT_YET;
    const struct settings *s = accounts_by_key(accounts, api_key);
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
    if (storage_connect(in->storage, layout, &e))
        fail(in, &e);
    webhook_publish_to(in->webhook, storage_port(in->storage));
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
    server_quiesce(front_server(in->front));
    admin_quiesce(in->admin);
    loop_timer_after(&in->tick, 0);
}

static void on_tick(void *arg)
{
    struct ingest *in = arg;
    bool settled = storage_look(in->storage, webhook_is_failing(in->webhook), in->checks);
    if (in->stop_by &&
        (server_busy(front_server(in->front)) == 0 || loop_now(in->loop) >= in->stop_by))
        loop_stop(in->loop);
    loop_timer_after(&in->tick, in->stop_by ? 20 : settled ? 500 : 50);
}

static void on_hangup(void *arg)
{
    const struct ingest *in = arg;
    if (in->front)
        front_reload(in->front);
    admin_reload(in->admin);
}

static enum err start(struct ingest *in, struct error *e)
{
    const struct connect_events events = {on_found, on_refused};
    in->checks[STORAGE_KAFKA] = (struct ops_check){"kafka", OPS_FAIL};
    in->checks[STORAGE_SETTINGS] = (struct ops_check){"settings", OPS_FAIL};
    in->checks[STORAGE_SPOOL] = (struct ops_check){"spool", OPS_OK};
    /* 1. the loop and its signals, before there are threads */
    if (loop_new(&in->loop, e) || loop_on_signal(in->loop, on_stop, in, e) ||
        loop_on_hangup(in->loop, on_hangup, in, e))
        return e->kind;
    loop_timer_init(&in->tick, in->loop, on_tick, in);
    /* 2. what is counted, what is kept, and where it is shown */
    in->metrics = metrics_new();
    in->meters = meters_new(in->metrics, in->options.config.metrics_per_account);
    if (storage_new(in->loop, &in->options.config, in->meters, &in->storage, e))
        return e->kind;
    const struct ops_options ops = {in->options.config.ops_listen, in->loop, in->metrics,
                                    in->checks, storage_checks(in->storage)};
    if (ops_start(&ops, &in->ops, e))
        return e->kind;
    /* 3. webhooks: without a spool, or settings that it remembers, answered 503 until 5. */
    const struct webhook_options options = {.loop = in->loop,
                                            .base_path = in->options.config.ingest_base_path,
                                            .allow = &in->options.allow,
                                            .trusted = &in->options.trusted,
                                            .meters = in->meters,
                                            .find = find_account,
                                            .find_arg = in};
    in->webhook = webhook_new(&options);
    webhook_publish_to(in->webhook, storage_port(in->storage));
    const struct server_options server = {.loop = in->loop,
                                          .listen = in->options.config.ingest_listen,
                                          .body_max = LIMIT_WEBHOOK_BODY,
                                          .app = webhook_app(in->webhook)};
    if (front_new(&in->options.config, &server, "INGEST_LISTEN", "webhooks", &in->front, e) ||
        admin_start(&in->options.config, &in->options.trusted, storage_vitals(in->storage),
                    &in->admin, e))
        return e->kind;
    ops_watch(in->ops, admin_loop(in->admin));
    /* 4. Kafka, on a thread; 5. producer and settings follow in on_found */
    loop_timer_after(&in->tick, 0);
    return connect_new(in->loop, &in->options.config, &events, in, &in->connect, e);
}

/* The opposite order; all of it is NULL-safe. Without a signal it comes after a failure. */
static void stop(struct ingest *in)
{
    ending_begin(&in->ending, in->options.config.shutdown_timeout_s * 1000, in->exit, "Kafka");
    admin_quiesce(in->admin);
    connect_free(in->connect);
    ending_step(in->ending, "connections");
    front_free(in->front);
    ending_step(in->ending, "the producer and the spool");
    storage_end(in->storage, 1000);
    webhook_free(in->webhook);
    ending_step(in->ending, "the settings page");
    admin_stop(in->admin);
    ending_step(in->ending, "the ops port");
    ops_stop(in->ops);
    admin_free(in->admin);
    ending_step(in->ending, "the exit");
    storage_free(in->storage);
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

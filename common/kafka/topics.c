/*
 * Topics at the start of a program: list, create what is missing, wait, compare with `_layout`.
 * Blocking, before the loop runs; several programs may do it at the same time.
 *
 *   list -> create the missing -> list until all are there -> read _layout -> [write, read] -> compare
 */
#include "common/kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/handle.h"
#include "common/kafka/layout.h"
#include "common/kafka/settings_log.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

enum {
    STEP_MS = 1000,
    POLL_MS = 100,
    DAY_MS = 24 * 60 * 60 * 1000
};

struct run {
    const struct config *config;
    rd_kafka_t *rk;
    int64_t end; /* boot ms */
    struct kafka_layout *layout;
    char why[256]; /* who connected was not let in, or did not trust the broker */
};

/* "Broker transport failure" is all that a request says of a wrong password. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct run *r = opaque;
    (void)rk;
    log_warn("kafka client", LOG_TEXT("event", rd_kafka_err2name(code)), LOG_TEXT("err", reason));
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL)
        snprintf(r->why, sizeof r->why, "%s", reason);
}

static enum err client_make(struct run *r, struct error *e)
{
    rd_kafka_conf_t *conf;
    enum err err = handle_conf(r->config, NULL, 0, &conf, e);
    if (err != ERR_OK)
        return err;
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, r);
    return handle_new(false, conf, &r->rk, e);
}

static int remaining(const struct run *r, int most)
{
    int64_t left = r->end - clock_boot_ms();
    return left < 1 ? 1 : left < most ? (int)left : most;
}

static bool expired(const struct run *r)
{
    return clock_boot_ms() >= r->end;
}

/* Partitions of a topic in the answer; 0 if it is not there or a partition has no leader yet. */
static int32_t count_partitions(const struct rd_kafka_metadata *md, const char *name)
{
    for (int i = 0; i < md->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &md->topics[i];
        if (strcmp(t->topic, name) != 0 || t->err)
            continue;
        for (int k = 0; k < t->partition_cnt; k++)
            if (t->partitions[k].leader < 0)
                return 0;
        return t->partition_cnt;
    }
    return 0;
}

/* Asks for all topics, never for one by name, which would create it on the devbroker. Fills the layout
 * with 0 for what is missing; *missing counts those. */
static enum err list(struct run *r, int *missing, struct error *e)
{
    const struct rd_kafka_metadata *md;
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_metadata(r->rk, 1, NULL, &md, remaining(r, STEP_MS))) != 0) {
        rd_kafka_poll(r->rk, 0);
        if (expired(r))
            return error_set(e, ERR_TEMPORARY, "kafka at %s: %s", r->config->kafka_brokers,
                             r->why[0] ? r->why : rd_kafka_err2str(err));
    }
    *missing = 0;
    for (int t = 0; t < KAFKA_TOPICS; t++) {
        char *name = kafka_topic_full(r->config, (enum kafka_topic)t);
        r->layout->partitions[t] = count_partitions(md, name);
        *missing += r->layout->partitions[t] == 0;
        free(name);
    }
    rd_kafka_metadata_destroy(md);
    return ERR_OK;
}

static void set(rd_kafka_NewTopic_t *topic, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    rd_kafka_NewTopic_set_config(topic, name, text);
}

/* The table of design.md section 2. */
static void set_kept(rd_kafka_NewTopic_t *topic, const struct config *c, enum kafka_topic t)
{
    set(topic, "max.message.bytes", LIMIT_RECORD_BYTES + 128 * 1024);
    if (t == KAFKA_FACTS || t == KAFKA_SETTINGS) {
        rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "compact");
        set(topic, "min.compaction.lag.ms", DAY_MS / 24);
        set(topic, "segment.ms", DAY_MS / 24);
        set(topic, "segment.bytes", 64 * 1024 * 1024);
        return;
    }
    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "delete");
    set(topic, "retention.ms",
        t == KAFKA_JOBS_NOW ? DAY_MS : c->topic_retention_days * (int64_t)DAY_MS);
}

static enum err new_topic(const struct run *r, enum kafka_topic t, rd_kafka_NewTopic_t **out,
                          struct error *e)
{
    char text[256];
    char *name = kafka_topic_full(r->config, t);
    *out = rd_kafka_NewTopic_new(name, (int)r->config->topic_partitions,
                                 (int)r->config->topic_replication, text, sizeof(text));
    if (*out)
        set_kept(*out, r->config, t);
    else
        error_set(e, ERR_CONFIG, "topic %s: %s", name, text);
    free(name);
    return *out ? ERR_OK : ERR_CONFIG;
}

/* What the broker said to each topic. */
static enum err check_created(const rd_kafka_CreateTopics_result_t *result, struct error *e)
{
    size_t n;
    const rd_kafka_topic_result_t **list = rd_kafka_CreateTopics_result_topics(result, &n);
    for (size_t i = 0; i < n; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(list[i]);
        const char *name = rd_kafka_topic_result_name(list[i]);
        const char *why = rd_kafka_topic_result_error_string(list[i]);
        switch (err) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            log_info("topic made", LOG_TEXT("topic", name));
            break;
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: /* by a program that starts too */
            break;
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
            return error_set(e, ERR_TEMPORARY, "topic %s cannot be made: %s", name,
                             why ? why : rd_kafka_err2str(err));
        default:
            return error_set(e, ERR_CONFIG, "topic %s cannot be made: %s", name,
                             why ? why : rd_kafka_err2str(err));
        }
    }
    return ERR_OK;
}

static enum err create_send(struct run *r, rd_kafka_NewTopic_t **topics, size_t n, struct error *e)
{
    char text[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(r->rk);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(r->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    int wait = remaining(r, 30000);
    rd_kafka_AdminOptions_set_request_timeout(options, wait, text, sizeof(text));
    rd_kafka_CreateTopics(r->rk, topics, n, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, wait + STEP_MS);
    enum err err;
    if (!event)
        err = error_set(e, ERR_TEMPORARY, "the broker does not answer CreateTopics");
    else if (rd_kafka_event_error(event))
        err = error_set(e, ERR_TEMPORARY, "topics cannot be made: %s",
                        rd_kafka_event_error_string(event));
    else
        err = check_created(rd_kafka_event_CreateTopics_result(event), e);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return err;
}

static enum err create(struct run *r, struct error *e)
{
    rd_kafka_NewTopic_t *topics[KAFKA_TOPICS];
    size_t n = 0;
    enum err err = ERR_OK;
    if (handle_is_devbroker(r->rk))
        return error_set(e, ERR_CONFIG,
                         "the devbroker has no topics %s*: give it --prefix or set TOPIC_PREFIX",
                         r->config->topic_prefix);
    for (int t = 0; err == ERR_OK && t < KAFKA_TOPICS; t++) {
        if (r->layout->partitions[t] != 0)
            continue;
        err = new_topic(r, (enum kafka_topic)t, &topics[n], e);
        n += err == ERR_OK;
    }
    if (err == ERR_OK)
        err = create_send(r, topics, n, e);
    rd_kafka_NewTopic_destroy_array(topics, n);
    return err;
}

/* Until every topic is there with all its leaders. */
static enum err make_missing(struct run *r, struct error *e)
{
    int missing = 0;
    bool asked = false;
    for (;;) {
        enum err err = list(r, &missing, e);
        if (err != ERR_OK || missing == 0)
            return err;
        if (!asked && (err = create(r, e)) != ERR_OK)
            return err;
        asked = true;
        if (expired(r))
            return error_set(e, ERR_TEMPORARY, "kafka: %d topics have no leaders yet", missing);
        rd_kafka_poll(r->rk, POLL_MS);
    }
}

static enum err check_layout(struct run *r, struct error *e)
{
    struct settings_log_place at = {.config = r->config,
                                    .devbroker = r->layout->devbroker,
                                    .partitions = r->layout->partitions[KAFKA_SETTINGS],
                                    .end = r->end,
                                    .forgot = &r->layout->forgot};
    char *stored CLEANUP(mem_free_text) = NULL;
    enum err err = settings_log_read(&at, STR(LAYOUT_KEY), &stored, e);
    if (err == ERR_OK && !stored) {
        char *text = layout_text(r->layout);
        err = settings_log_write(&at, STR(LAYOUT_KEY), str_of(text), e);
        free(text);
        if (err == ERR_OK) /* another program may have been first */
            err = settings_log_read(&at, STR(LAYOUT_KEY), &stored, e);
        if (err == ERR_OK && !stored)
            err = error_set(e, ERR_TEMPORARY, "settings: %s cannot be read back", LAYOUT_KEY);
    }
    return err == ERR_OK ? layout_check(str_of(stored), r->layout, e) : err;
}

enum err kafka_topics_ensure(const struct config *c, int64_t timeout_ms, struct kafka_layout *out,
                             struct error *e)
{
    struct run r = {.config = c, .end = clock_boot_ms() + timeout_ms, .layout = out};
    *out = (struct kafka_layout){.devbroker = false};
    enum err err = client_make(&r, e);
    if (err != ERR_OK)
        return err;
    err = make_missing(&r, e);
    out->devbroker = handle_is_devbroker(r.rk);
    if (err == ERR_OK)
        err = layout_check_together(out, e);
    if (err == ERR_OK)
        err = check_layout(&r, e);
    handle_destroy(r.rk, STEP_MS);
    return err;
}

enum err kafka_topics_look(const struct config *c, int64_t timeout_ms, struct kafka_layout *out,
                           struct error *e)
{
    struct run r = {.config = c, .end = clock_boot_ms() + timeout_ms, .layout = out};
    int missing;
    *out = (struct kafka_layout){.devbroker = false};
    enum err err = client_make(&r, e);
    if (err != ERR_OK)
        return err;
    err = list(&r, &missing, e);
    out->devbroker = handle_is_devbroker(r.rk);
    handle_destroy(r.rk, STEP_MS);
    return err;
}

enum err kafka_topics_first(const struct config *c, const struct kafka_layout *real,
                            int64_t timeout_ms, struct kafka_layout *out, struct error *e)
{
    struct settings_log_place at = {.config = c,
                                    .devbroker = real->devbroker,
                                    .partitions = real->partitions[KAFKA_SETTINGS],
                                    .end = clock_boot_ms() + timeout_ms,
                                    .forgot = &out->forgot};
    char *stored CLEANUP(mem_free_text) = NULL;
    *out = (struct kafka_layout){.devbroker = real->devbroker};
    enum err err = settings_log_read(&at, STR(LAYOUT_KEY), &stored, e);
    return err || !stored ? err : layout_read(str_of(stored), out, e);
}

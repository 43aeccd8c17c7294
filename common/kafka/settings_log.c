/*
 * Reads a partition of `settings` from its beginning to its end, or writes one record, with clients that
 * live only that long. Blocking; at the start of a program.
 */
#include "common/kafka/settings_log.h"

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/handle.h"
#include "common/mem.h"
#include "common/murmur2.h"

enum {
    STEP_MS = 1000,
    LEAST_MS = 1000
};

static int remaining(const struct settings_log_place *at)
{
    int64_t left = at->end - clock_boot_ms();
    return left < 1 ? 1 : left < STEP_MS ? (int)left : STEP_MS;
}

/* The first offsets there are, of all partitions. */
static rd_kafka_resp_err_t ask_low(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                   int timeout_ms)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(rk, list, timeout_ms);
    for (int i = 0; !err && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

/* Low watermark above 0: the devbroker keeps 5 MiB a partition and drops the oldest. */
static enum err check_low(rd_kafka_t *rk, const struct settings_log_place *at, const char *topic,
                          struct error *e)
{
    rd_kafka_resp_err_t err;
    bool forgot = false;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(at->partitions);
    rd_kafka_topic_partition_list_add_range(list, topic, 0, at->partitions - 1);
    do
        err = ask_low(rk, list, remaining(at));
    while (err && clock_boot_ms() < at->end);
    for (int i = 0; !err && i < list->cnt; i++)
        forgot = forgot || list->elems[i].offset > 0;
    rd_kafka_topic_partition_list_destroy(list);
    if (err)
        return error_set(e, ERR_TEMPORARY, "settings: %s", rd_kafka_err2str(err));
    if (forgot)
        *at->forgot = true;
    if (forgot)
        return error_set(e, ERR_TEMPORARY,
                         "the broker forgot the beginning of %s: it is a devbroker, which keeps "
                         "5 MiB a partition",
                         topic);
    return ERR_OK;
}

/* Takes the value of a record with that key. True when there is nothing more to read. */
static bool scan_one(const rd_kafka_message_t *m, struct str key, char **out, struct error *e)
{
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return true;
    if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        error_set(e, ERR_CONFIG, "settings: %s", rd_kafka_message_errstr(m));
        return true;
    }
    if (m->err || !m->payload || !str_eq((struct str){m->key, m->key_len}, key))
        return false;
    *out = mem_copy((struct str){m->payload, m->len});
    return true; /* the first one counts */
}

static enum err scan(rd_kafka_topic_t *topic, int32_t partition,
                     const struct settings_log_place *at, struct str key, char **out,
                     struct error *e)
{
    bool end = false;
    if (rd_kafka_consume_start(topic, partition, RD_KAFKA_OFFSET_BEGINNING) != 0)
        return error_set(e, ERR_INTERNAL, "settings: %s", rd_kafka_err2str(rd_kafka_last_error()));
    while (!end && clock_boot_ms() < at->end) {
        rd_kafka_message_t *m = rd_kafka_consume(topic, partition, remaining(at));
        if (!m)
            continue;
        end = scan_one(m, key, out, e);
        rd_kafka_message_destroy(m);
    }
    rd_kafka_consume_stop(topic, partition);
    if (!end)
        return error_set(e, ERR_TEMPORARY, "settings could not be read in time");
    return e ? e->kind : ERR_OK;
}

enum err settings_log_read(const struct settings_log_place *at, struct str key, char **out,
                           struct error *e)
{
    static const struct handle_property own[] = {
        {"enable.partition.eof", "true"},
        {"fetch.wait.max.ms", "10"},
        {"auto.offset.reset", "earliest"},
        {"enable.auto.commit", "false"},
    };
    int32_t partition = murmur2_partition(key, at->partitions);
    rd_kafka_conf_t *conf;
    rd_kafka_t *rk = NULL;
    *out = NULL;
    enum err err = handle_conf(at->config, own, sizeof(own) / sizeof(own[0]), &conf, e);
    if (err == ERR_OK)
        err = handle_new(true, conf, &rk, e);
    if (err != ERR_OK)
        return err;
    char *name = kafka_topic_full(at->config, KAFKA_SETTINGS);
    if (at->devbroker)
        err = check_low(rk, at, name, e);
    if (err == ERR_OK) {
        rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
        handle_wait_topics(rk, remaining(at));
        err = scan(topic, partition, at, key, out, e);
        rd_kafka_topic_destroy(topic);
    }
    free(name);
    handle_destroy(rk, STEP_MS);
    return err;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    *(rd_kafka_resp_err_t *)opaque = m->err;
}

enum err settings_log_write(const struct settings_log_place *at, struct str key, struct str value,
                            struct error *e)
{
    char timeout[32];
    int64_t left = at->end - clock_boot_ms();
    snprintf(timeout, sizeof(timeout), "%lld", (long long)(left > LEAST_MS ? left : LEAST_MS));
    const struct handle_property own[] = {
        {"acks", "all"}, {"enable.idempotence", "true"}, {"message.timeout.ms", timeout}};
    rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    rd_kafka_conf_t *conf;
    rd_kafka_t *rk = NULL;
    enum err err = handle_conf(at->config, own, sizeof(own) / sizeof(own[0]), &conf, e);
    if (err != ERR_OK)
        return err;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, &result);
    err = handle_new(false, conf, &rk, e);
    if (err != ERR_OK)
        return err;
    char *name = kafka_topic_full(at->config, KAFKA_SETTINGS);
    /* Opened by hand: the producing call does not ask for a leader, the next scan does, 1 s later. */
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    const struct handle_record record = {.topic = topic,
                                         .partition = murmur2_partition(key, at->partitions),
                                         .key = key,
                                         .value = value};
    rd_kafka_resp_err_t code = (rd_kafka_resp_err_t)handle_produce(rk, &record);
    if (code)
        result = code;
    while (result == RD_KAFKA_RESP_ERR__IN_PROGRESS)
        rd_kafka_poll(rk, STEP_MS); /* message.timeout.ms ends it */
    if (result)
        error_set(e, ERR_TEMPORARY, "settings cannot be written: %s", rd_kafka_err2str(result));
    rd_kafka_topic_destroy(topic);
    free(name);
    handle_destroy(rk, STEP_MS);
    return result ? ERR_TEMPORARY : ERR_OK;
}

/*
 * A member of a group. Two librdkafka clients: the member joins, beats and commits, and is always given an
 * empty assignment; the reader (reader.h) fetches. So a partition can begin when its owner is ready, at any
 * offset, without touching the others, and librdkafka 2.0.2's own pause, seek and re-assignment, which rewind,
 * are not used. On the loop's thread only.
 *
 *   JOINING --assign--> LOOKING --commits, watermarks--> OWNING --revoke--> [HOLDING] --unassign--> JOINING
 *                          `---------- revoke ---------------------------------------------^
 *   OWNING, HOLDING --consumer_rejoin--> LEAVING --revoke--> JOINING (subscribed anew)
 */
#include "common/kafka/consumer.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/commits.h"
#include "common/kafka/handle.h"
#include "common/kafka/reader.h"
#include "common/kafka/stats.h"
#include "common/log.h"
#include "common/mem.h"

enum {
    CALL_MS = 800,        /* longest blocking call */
    RETRY_MS = 300,       /* between lookups that failed */
    HOLD_MS = 5000,       /* longest hold of a revoke */
    FLUSH_MS = 1000,      /* commits before partitions are given up */
    TICK_MS = 1000,       /* the member is polled at least so often */
    CONNECTED_MS = 10000, /* any broker heard */
    CLOSE_MS = 300
};

enum step {
    STEP_COMMITTED,
    STEP_LOW,
    STEP_HIGH,
    STEPS
};

struct consumer {
    struct loop *loop;
    const struct config *config;
    struct consumer_events events;
    void *arg;
    enum reader_ahead ahead;
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *subscription;
    rd_kafka_topic_partition_list_t *assignment; /* NULL: none; for looking up */
    struct consumer_partition *list;             /* the same */
    char **texts;                                /* their metadata */
    size_t n;
    struct reader *reader; /* made at the first assignment */
    struct reader_events from_reader;
    struct commits *commits;
    struct handle_pump pump;
    enum {
        JOINING,
        LOOKING,
        OWNING,
        HOLDING,
        LEAVING
    } state;
    enum step step;
    bool in_revoked;       /* inside events.revoked */
    enum kafka_topic kept; /* while HOLDING: it is read on; KAFKA_TOPICS: none */
    struct loop_timer look, hold, tick;
    int64_t heard_us, rebalances;
};

static struct consumer_partition *partition_of(const struct consumer *k, enum kafka_topic t,
                                               int32_t partition)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->list[i].topic == t && k->list[i].partition == partition)
            return &k->list[i];
    return NULL;
}

static void forget(struct consumer *k)
{
    if (k->assignment)
        rd_kafka_topic_partition_list_destroy(k->assignment);
    for (size_t i = 0; i < k->n; i++)
        free(k->texts[i]);
    free(k->texts);
    free(k->list);
    k->assignment = NULL;
    k->texts = NULL;
    k->list = NULL;
    k->n = 0;
}

static void remember(struct consumer *k, const rd_kafka_topic_partition_list_t *given)
{
    forget(k);
    k->assignment = rd_kafka_topic_partition_list_new(given->cnt);
    k->list = mem_alloc((size_t)given->cnt + 1, sizeof(k->list[0]));
    k->texts = mem_alloc((size_t)given->cnt + 1, sizeof(k->texts[0]));
    for (int i = 0; i < given->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &given->elems[i];
        enum kafka_topic t = handle_topic_of(k->config, p->topic);
        if (t == KAFKA_TOPICS) /* none that we subscribed to */
            continue;
        rd_kafka_topic_partition_list_add(k->assignment, p->topic, p->partition);
        k->list[k->n++] = (struct consumer_partition){.topic = t,
                                                      .partition = p->partition,
                                                      .committed = CONSUMER_NONE,
                                                      .metadata = "",
                                                      .low = -1,
                                                      .high = -1};
    }
}

static enum err look_committed(struct consumer *k, struct error *e)
{
    rd_kafka_resp_err_t err = rd_kafka_committed(k->rk, k->assignment, CALL_MS);
    for (int i = 0; !err && i < k->assignment->cnt; i++)
        err = k->assignment->elems[i].err;
    if (err)
        return error_set(e, ERR_TEMPORARY, "committed offsets: %s", rd_kafka_err2str(err));
    for (size_t i = 0; i < k->n; i++) {
        const rd_kafka_topic_partition_t *p = &k->assignment->elems[i];
        k->list[i].committed = p->offset >= 0 ? p->offset : CONSUMER_NONE;
        free(k->texts[i]);
        k->texts[i] =
            mem_copy((struct str){p->metadata, p->metadata_size}); /* unterminated there */
        k->list[i].metadata = k->texts[i];
    }
    return ERR_OK;
}

static enum err look_watermarks(struct consumer *k, bool high, struct error *e)
{
    enum kafka_topic *topics = mem_alloc(k->n, sizeof(*topics));
    int32_t *partitions = mem_alloc(k->n, sizeof(*partitions));
    int64_t *found = mem_alloc(k->n, sizeof(*found));
    for (size_t i = 0; i < k->n; i++) {
        topics[i] = k->list[i].topic;
        partitions[i] = k->list[i].partition;
    }
    enum err err = reader_watermarks(k->reader, topics, partitions, k->n, CALL_MS, high, found, e);
    for (size_t i = 0; err == ERR_OK && i < k->n; i++)
        *(high ? &k->list[i].high : &k->list[i].low) = found[i];
    free(topics);
    free(partitions);
    free(found);
    return err;
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct consumer *k = arg;
    if (k->state == OWNING || k->state == HOLDING)
        k->events.message(k->arg, m);
}

/* The reader is made late: only now is it known which kind of broker this is. */
static enum err reader_make(struct consumer *k, struct error *e)
{
    k->from_reader = (struct reader_events){on_message, NULL};
    return reader_new(k->loop, k->config, handle_is_devbroker(k->rk), k->ahead, &k->from_reader, k,
                      &k->reader, e);
}

static enum err look_step(struct consumer *k, struct error *e)
{
    if (!k->reader && reader_make(k, e) != ERR_OK)
        return e->kind;
    switch (k->step) {
    case STEP_COMMITTED:
        return look_committed(k, e);
    case STEP_LOW:
        return look_watermarks(k, false, e);
    case STEP_HIGH:
        return look_watermarks(k, true, e);
    case STEPS:
    default:
        return ERR_OK;
    }
}

/* One blocking lookup a turn, so that the loop never stands still for over a second. */
static void on_look(void *arg)
{
    struct consumer *k = arg;
    struct error e = ERROR_NONE;
    if (k->state != LOOKING)
        return;
    if (k->n > 0 && look_step(k, &e) != ERR_OK) {
        log_warn("assigned partitions wait for their offsets", LOG_ERROR(&e));
        loop_timer_after(&k->look, RETRY_MS);
        return;
    }
    k->step = k->n > 0 ? k->step + 1 : STEPS;
    if (k->step < STEPS) {
        loop_timer_after(&k->look, 0);
        return;
    }
    k->state = OWNING;
    k->events.assigned(k->arg, k->list, k->n);
}

/* librdkafka's part of it: nothing is fetched by the member, so what it has is always empty. */
static void give_empty(struct consumer *k)
{
    rd_kafka_topic_partition_list_t *empty = rd_kafka_topic_partition_list_new(0);
    rd_kafka_resp_err_t err = rd_kafka_assign(k->rk, empty);
    rd_kafka_topic_partition_list_destroy(empty);
    if (err)
        log_warn("assignment", LOG_TEXT("err", rd_kafka_err2str(err)));
}

static void on_assign(struct consumer *k, const rd_kafka_topic_partition_list_t *given)
{
    remember(k, given);
    give_empty(k);
    k->rebalances++;
    log_info("partitions assigned", LOG_INT("partitions", k->n));
    k->state = LOOKING;
    k->step = STEP_COMMITTED;
    loop_timer_after(&k->look, 0);
}

/* The partitions go; the group may go on. */
static void give_up(struct consumer *k)
{
    bool anew = k->state == LEAVING;
    if (k->reader)
        reader_stop_all(k->reader, KAFKA_TOPICS);
    loop_timer_stop(&k->hold);
    loop_timer_stop(&k->look);
    commits_drop(k->commits);
    forget(k);
    k->state = JOINING;
    rd_kafka_resp_err_t err = rd_kafka_assign(k->rk, NULL);
    if (!err && anew)
        err = rd_kafka_subscribe(k->rk, k->subscription);
    if (err)
        log_warn("rebalance", LOG_TEXT("err", rd_kafka_err2str(err)));
}

static void tell_revoked(struct consumer *k, bool lost)
{
    k->in_revoked = true;
    k->events.revoked(k->arg, k->list, k->n, lost);
    k->in_revoked = false;
    if (k->reader)
        reader_stop_all(k->reader, k->state == HOLDING ? k->kept : KAFKA_TOPICS);
}

static void on_revoke(struct consumer *k, bool lost)
{
    log_info("partitions revoked", LOG_INT("partitions", k->n),
             LOG_TEXT("event", lost ? "lost" : "revoked"));
    if (k->state == OWNING) {
        if (lost)
            commits_drop(k->commits);
        tell_revoked(k, lost);
        if (!lost && k->state == HOLDING)
            return; /* until consumer_release_revoke or its timer */
        if (!lost && k->state == OWNING)
            commits_flush(k->commits, FLUSH_MS);
    }
    give_up(k);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct consumer *k = opaque;
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assign(k, list);
        return;
    }
    if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
        log_warn("rebalance", LOG_TEXT("err", rd_kafka_err2str(err)));
    on_revoke(k, rd_kafka_assignment_lost(rk) != 0);
}

void consumer_hold_revoke(struct consumer *k, enum kafka_topic kept)
{
    if (!k->in_revoked || k->state != OWNING)
        return;
    k->state = HOLDING;
    k->kept = kept;
    loop_timer_after(&k->hold, HOLD_MS);
}

void consumer_release_revoke(struct consumer *k)
{
    if (k->state != HOLDING || k->in_revoked)
        return;
    commits_flush(k->commits, FLUSH_MS);
    give_up(k);
}

static void on_hold(void *arg)
{
    consumer_release_revoke(arg);
}

void consumer_rejoin(struct consumer *k)
{
    if (k->in_revoked)
        return;
    if (k->state == HOLDING) { /* the group takes them already */
        give_up(k);
        return;
    }
    if (k->state != OWNING && k->state != LOOKING)
        return; /* joining anew already */
    bool told = k->state == OWNING;
    k->state = LEAVING;
    loop_timer_stop(&k->look);
    commits_drop(k->commits);
    if (told)
        tell_revoked(k, true);
    rd_kafka_resp_err_t err = rd_kafka_unsubscribe(k->rk); /* its revoke goes on with it */
    if (err)
        log_warn("leaving the group", LOG_TEXT("err", rd_kafka_err2str(err)));
}

static void on_ready(void *arg)
{
    struct consumer *k = arg;
    rd_kafka_message_t *m;
    while ((m = rd_kafka_consumer_poll(k->rk, 0)) != NULL) {
        if (m->err) /* the member fetches nothing: only errors come */
            log_warn("kafka group", LOG_TEXT("err", rd_kafka_message_errstr(m)));
        rd_kafka_message_destroy(m);
    }
    commits_serve(k->commits, 0);
}

/* max.poll.interval.ms wants to see us also when nothing happens. */
static void on_tick(void *arg)
{
    struct consumer *k = arg;
    on_ready(k);
    loop_timer_after(&k->tick, TICK_MS);
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *arg)
{
    struct consumer *k = arg;
    (void)rk;
    int64_t heard = stats_read((struct str){json, len}, NULL, NULL);
    if (heard > k->heard_us)
        k->heard_us = heard;
    return 0;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
    (void)rk;
    (void)arg;
    log_warn("kafka group", LOG_TEXT("event", rd_kafka_err2name(code)), LOG_TEXT("err", reason));
}

static enum err client_make(struct consumer *k, const char *group, struct error *e)
{
    char *name = mem_format("%s%s", k->config->topic_prefix, group);
    const struct handle_property own[] = {
        {"group.id", name},
        {"partition.assignment.strategy", "range"},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "500"}, /* so soon a member learns of a rebalance */
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"statistics.interval.ms", "1000"},
        {"allow.auto.create.topics", "false"},
    };
    rd_kafka_conf_t *conf;
    enum err err = handle_conf(k->config, own, sizeof(own) / sizeof(own[0]), &conf, e);
    free(name);
    if (err != ERR_OK)
        return err;
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_stats_cb(conf, on_stats);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, k);
    return handle_new(true, conf, &k->rk, e);
}

static enum err subscribe(struct consumer *k, const struct consumer_options *options,
                          struct error *e)
{
    k->subscription = rd_kafka_topic_partition_list_new((int)options->ntopics);
    for (size_t i = 0; i < options->ntopics; i++) {
        char *name = kafka_topic_full(k->config, options->topics[i]);
        rd_kafka_topic_partition_list_add(k->subscription, name, RD_KAFKA_PARTITION_UA);
        free(name);
    }
    rd_kafka_resp_err_t err = rd_kafka_subscribe(k->rk, k->subscription);
    return err ? error_set(e, ERR_INTERNAL, "subscribe: %s", rd_kafka_err2str(err)) : ERR_OK;
}

static enum err open_all(struct consumer *k, const struct consumer_options *options,
                         struct error *e)
{
    enum err err = client_make(k, options->group, e);
    if (err != ERR_OK)
        return err;
    rd_kafka_poll_set_consumer(k->rk);
    rd_kafka_queue_t *replies = rd_kafka_queue_new(k->rk);
    k->commits = commits_new(k->loop, k->config, k->rk, replies);
    err = handle_pump_open(&k->pump, k->loop, rd_kafka_queue_get_consumer(k->rk), replies, on_ready,
                           k, e);
    return err == ERR_OK ? subscribe(k, options, e) : err;
}

/* Everything but the group's goodbye. */
static void close_all(struct consumer *k, int64_t timeout_ms)
{
    loop_timer_stop(&k->look);
    loop_timer_stop(&k->hold);
    loop_timer_stop(&k->tick);
    handle_pump_close(&k->pump);
    commits_free(k->commits);
    reader_free(k->reader, CLOSE_MS);
    if (k->subscription)
        rd_kafka_topic_partition_list_destroy(k->subscription);
    forget(k);
    if (k->rk)
        handle_destroy(k->rk, timeout_ms > CLOSE_MS ? timeout_ms : CLOSE_MS);
    free(k);
}

enum err consumer_new(struct loop *l, const struct config *c,
                      const struct consumer_options *options, struct consumer **out,
                      struct error *e)
{
    struct consumer *k = mem_alloc(1, sizeof(*k));
    k->loop = l;
    k->config = c;
    k->events = *options->events;
    k->arg = options->arg;
    k->ahead = options->near ? READER_NEAR : READER_FAR;
    k->pump.fd = -1;
    loop_timer_init(&k->look, l, on_look, k);
    loop_timer_init(&k->hold, l, on_hold, k);
    loop_timer_init(&k->tick, l, on_tick, k);
    enum err err = open_all(k, options, e);
    if (err != ERR_OK) {
        close_all(k, 0);
        return error_context(e, "consumer %s", options->group);
    }
    loop_timer_after(&k->tick, TICK_MS);
    *out = k;
    return ERR_OK;
}

/* Leaves the group: the revoke that comes of it is answered from here. */
static void leave(struct consumer *k, int64_t end)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(k->rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(k->rk, queue);
    if (error) {
        log_warn("leaving the group", LOG_TEXT("err", rd_kafka_error_string(error)));
        rd_kafka_error_destroy(error);
    } else {
        while (!rd_kafka_consumer_closed(k->rk) && clock_boot_ms() < end)
            rd_kafka_queue_poll_callback(queue, 20);
    }
    rd_kafka_queue_destroy(queue);
}

void consumer_free(struct consumer *k, int64_t timeout_ms)
{
    if (!k)
        return;
    int64_t end = clock_boot_ms() + timeout_ms;
    if (k->state == OWNING)
        tell_revoked(k, false);
    if (k->state == OWNING || k->state == HOLDING)
        commits_flush(k->commits, timeout_ms < FLUSH_MS ? timeout_ms : FLUSH_MS);
    k->state = JOINING; /* nobody is told any more */
    leave(k, end);
    close_all(k, end - clock_boot_ms());
}

enum err consumer_start(struct consumer *k, enum kafka_topic t, int32_t partition, int64_t offset,
                        struct error *e)
{
    if (k->state != OWNING || !partition_of(k, t, partition))
        return error_set(e, ERR_INTERNAL, "%s/%d is not assigned", kafka_topic_name(t), partition);
    return reader_start(k->reader, t, partition, offset, e);
}

void consumer_pause(struct consumer *k, enum kafka_topic t, int32_t partition)
{
    if (k->reader)
        reader_pause(k->reader, t, partition);
}

void consumer_resume(struct consumer *k, enum kafka_topic t, int32_t partition)
{
    if (k->reader)
        reader_resume(k->reader, t, partition);
}

void consumer_commit(struct consumer *k, enum kafka_topic t, int32_t partition, int64_t offset,
                     const char *metadata)
{
    if ((k->state == OWNING || k->state == HOLDING) && partition_of(k, t, partition))
        commits_set(k->commits, t, partition, offset, metadata);
}

void consumer_commit_now(struct consumer *k, void (*done)(void *arg, bool ok), void *arg)
{
    commits_now(k->commits, done, arg);
}

bool consumer_at_end(const struct consumer *k, enum kafka_topic t, int32_t partition)
{
    return k->state == OWNING && k->reader && reader_at_end(k->reader, t, partition);
}

int64_t consumer_heard_ms(const struct consumer *k, enum kafka_topic t, int32_t partition)
{
    return k->reader ? reader_heard_ms(k->reader, t, partition) : READER_UNKNOWN;
}

int64_t consumer_high(const struct consumer *k, enum kafka_topic t, int32_t partition)
{
    const struct consumer_partition *p = partition_of(k, t, partition);
    int64_t high = k->reader ? reader_high(k->reader, t, partition) : READER_UNKNOWN;
    return p && p->high > high ? p->high : high;
}

bool consumer_joined(const struct consumer *k)
{
    return k->state == LOOKING || k->state == OWNING || k->state == HOLDING;
}

bool consumer_connected(const struct consumer *k)
{
    return k->heard_us > 0 && clock_mono_us() - k->heard_us <= CONNECTED_MS * INT64_C(1000);
}

int64_t consumer_rebalances(const struct consumer *k)
{
    return k->rebalances;
}

int64_t consumer_trimmed(const struct consumer *k)
{
    return k->reader ? reader_trimmed(k->reader) : 0;
}

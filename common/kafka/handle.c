/*
 * One librdkafka client: configuration, log, wake-ups of the loop, its end. Entered on the loop's
 * thread, except for the log callback (librdkafka's threads) and the thread that ends a client.
 */
#include "common/kafka/handle.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/props.h"
#include "common/log.h"
#include "common/mem.h"

/* Defaults an operator may change by KAFKA_PROPERTIES. */
static const struct handle_property defaults[] = {
    {"client.id", "mangoplan"},
    {"socket.nagle.disable", "true"}, /* else 40 ms now and then (kafka-and-http.md 2.2) */
    {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "10000"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"topic.metadata.refresh.interval.ms", "60000"},
    {"log.connection.close", "false"},
};

/* From any thread of librdkafka. Connection trouble repeats: warn, rate limited. */
static void on_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
    const char *name = rk ? rd_kafka_name(rk) : "";
    if (strcmp(fac, "CONFWARN") == 0 || strcmp(fac, "AUTOCREATE") == 0) {
        /* Expected: consumer properties on producers and the other way round; a devbroker that makes
         * every topic it is asked for. */
        log_debug("kafka client", LOG_TEXT("client", name), LOG_TEXT("err", text));
    } else if (level <= 5) {
        log_warn("kafka client", LOG_TEXT("client", name), LOG_TEXT("event", fac),
                 LOG_TEXT("err", text));
    } else {
        log_debug("kafka client", LOG_TEXT("client", name), LOG_TEXT("event", fac),
                  LOG_TEXT("err", text));
    }
}

/* librdkafka's text may repeat the value, which may be a secret: it is not shown. */
static enum err set_user(rd_kafka_conf_t *conf, const char *name, const char *value,
                         struct error *e)
{
    char text[256];
    switch (rd_kafka_conf_set(conf, name, value, text, sizeof(text))) {
    case RD_KAFKA_CONF_OK:
        return ERR_OK;
    case RD_KAFKA_CONF_UNKNOWN:
        return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: unknown property %s", name);
    case RD_KAFKA_CONF_INVALID:
    default:
        return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: wrong value for %s", name);
    }
}

static enum err set_own(rd_kafka_conf_t *conf, const struct handle_property *list, size_t n,
                        struct error *e)
{
    char text[256];
    for (size_t i = 0; i < n; i++)
        if (rd_kafka_conf_set(conf, list[i].name, list[i].value, text, sizeof(text)))
            return error_set(e, ERR_INTERNAL, "kafka client: %s", text);
    return ERR_OK;
}

static enum err set_users(rd_kafka_conf_t *conf, const char *properties, struct error *e)
{
    struct str rest = str_of(properties);
    struct props_pair pair;
    bool more;
    enum err err = props_next(&rest, &pair, &more, e);
    while (err == ERR_OK && more) {
        char *name = mem_copy(pair.key), *value = mem_copy(pair.value);
        err = set_user(conf, name, value, e);
        explicit_bzero(value, pair.value.len);
        free(name);
        free(value);
        if (err == ERR_OK)
            err = props_next(&rest, &pair, &more, e);
    }
    return err;
}

enum err handle_conf(const struct config *c, const struct handle_property *own, size_t n,
                     struct rd_kafka_conf_s **out, struct error *e)
{
    const struct handle_property brokers = {"bootstrap.servers", c->kafka_brokers};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    enum err err = set_own(conf, defaults, sizeof(defaults) / sizeof(defaults[0]), e);
    if (err == ERR_OK && set_own(conf, &brokers, 1, NULL) != ERR_OK)
        err = error_set(e, ERR_CONFIG, "KAFKA_BROKERS: not a list of host:port");
    if (err == ERR_OK)
        err = set_own(conf, own, n, e);
    if (err == ERR_OK)
        err = set_users(conf, c->kafka_properties, e);
    if (err != ERR_OK) {
        rd_kafka_conf_destroy(conf);
        return err;
    }
    *out = conf;
    return ERR_OK;
}

enum err handle_new(bool consumer, struct rd_kafka_conf_s *conf, struct rd_kafka_s **out,
                    struct error *e)
{
    char text[256];
    *out = rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (*out)
        return ERR_OK;
    rd_kafka_conf_destroy(conf);
    return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: %s", text);
}

void handle_topics_open(struct rd_kafka_s *rk, const struct config *c,
                        struct rd_kafka_topic_s *topics[KAFKA_TOPICS])
{
    for (int t = 0; t < KAFKA_TOPICS; t++) {
        char *name = kafka_topic_full(c, (enum kafka_topic)t);
        topics[t] = rd_kafka_topic_new(rk, name, NULL);
        free(name);
    }
}

void handle_wait_topics(struct rd_kafka_s *rk, int timeout_ms)
{
    const struct rd_kafka_metadata *md;
    if (rd_kafka_metadata(rk, 0, NULL, &md, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(md);
}

void handle_topics_close(struct rd_kafka_topic_s *topics[KAFKA_TOPICS])
{
    for (int t = 0; t < KAFKA_TOPICS; t++) {
        if (topics[t])
            rd_kafka_topic_destroy(topics[t]);
        topics[t] = NULL;
    }
}

enum kafka_topic handle_topic_of(const struct config *c, const char *name)
{
    size_t prefix = strlen(c->topic_prefix);
    if (strncmp(name, c->topic_prefix, prefix) != 0)
        return KAFKA_TOPICS;
    int t = 0;
    while (t < KAFKA_TOPICS && strcmp(name + prefix, kafka_topic_name((enum kafka_topic)t)) != 0)
        t++;
    return (enum kafka_topic)t;
}

int handle_produce(struct rd_kafka_s *rk, const struct handle_record *r)
{
    /* An empty value that is no tombstone needs a pointer. librdkafka copies, whatever its types say. */
    const char *value = r->tombstone ? NULL : (r->value.len ? r->value.ptr : "");
    void *headers = r->headers;
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = r->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = r->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)value, r->tombstone ? 0 : r->value.len}},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)(r->key.len ? r->key.ptr : NULL), r->key.len}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = r->opaque},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t n = sizeof(parts) / sizeof(parts[0]);
    rd_kafka_error_t *error = rd_kafka_produceva(rk, parts, headers ? n : n - 1);
    int code = rd_kafka_error_code(error);
    if (error)
        rd_kafka_error_destroy(error);
    return code;
}

bool handle_is_devbroker(struct rd_kafka_s *rk)
{
    char *id = rd_kafka_clusterid(rk, 0);
    bool is = id && strncmp(id, "mock", 4) == 0;
    if (id)
        rd_kafka_mem_free(rk, id);
    return is;
}

static void *destroy_main(void *rk)
{
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return NULL;
}

void handle_destroy(struct rd_kafka_s *rk, int64_t timeout_ms)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, destroy_main, rk) != 0) {
        destroy_main(rk);
        return;
    }
    int64_t at = clock_wall_ms() + timeout_ms;
    struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
    if (timeout_ms <= 0 || pthread_timedjoin_np(thread, NULL, &until) != 0)
        pthread_detach(thread);
}

static void pump_ready(void *arg, unsigned events)
{
    struct handle_pump *p = arg;
    uint64_t count;
    (void)events;
    if (read(p->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        log_warn("eventfd", LOG_TEXT("err", strerror(errno)));
    p->ready(p->arg);
}

static void report_into(const struct handle_pump *p, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1;
    if (queue)
        rd_kafka_queue_io_event_enable(queue, p->fd, &one, sizeof(one));
}

enum err handle_pump_open(struct handle_pump *p, struct loop *l, struct rd_kafka_queue_s *first,
                          struct rd_kafka_queue_s *second, void (*ready)(void *arg), void *arg,
                          struct error *e)
{
    *p = (struct handle_pump){
        l, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), {first, second}, ready, arg};
    enum err err = p->fd < 0 ? error_set(e, ERR_INTERNAL, "eventfd: %s", strerror(errno))
                             : loop_watch(l, p->fd, LOOP_READ, pump_ready, p, e);
    if (err != ERR_OK) {
        if (p->fd >= 0)
            close(p->fd);
        p->fd = -1;
        handle_pump_close(p);
        return err;
    }
    for (int i = 0; i < HANDLE_PUMP_QUEUES; i++)
        report_into(p, p->queues[i]);
    handle_pump_again(p); /* what came before does not report */
    return ERR_OK;
}

void handle_pump_add(struct handle_pump *p, struct rd_kafka_queue_s *queue)
{
    int i = 0;
    while (p->queues[i])
        i++;
    p->queues[i] = queue;
    report_into(p, queue);
    handle_pump_again(p);
}

void handle_pump_close(struct handle_pump *p)
{
    for (int i = 0; i < HANDLE_PUMP_QUEUES; i++) {
        if (!p->queues[i])
            continue;
        rd_kafka_queue_io_event_enable(p->queues[i], -1, NULL, 0);
        rd_kafka_queue_destroy(p->queues[i]);
        p->queues[i] = NULL;
    }
    if (p->fd >= 0) {
        loop_unwatch(p->loop, p->fd);
        close(p->fd);
    }
    p->fd = -1;
}

void handle_pump_again(struct handle_pump *p)
{
    static const uint64_t one = 1;
    if (write(p->fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        log_warn("eventfd", LOG_TEXT("err", strerror(errno)));
}

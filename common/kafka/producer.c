/*
 * The producer. One librdkafka client; every record has an entry in a list until its report is given, so
 * that a client can be thrown away (self-fence, fatal error) without losing count of anything.
 * On the loop's thread only.
 *
 *   send -> [gathered while others are in flight] -> handed to librdkafka -> delivery report -> done
 *                                                       purge, fatal error -> done(maybe) next turn
 */
#include "common/kafka/producer.h"

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/gather.h"
#include "common/kafka/handle.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/murmur2.h"

enum {
    GATHER_MS = 5,    /* a gathered record waits no longer than about this, whatever is in flight */
    CLOSE_MS = 300,   /* for librdkafka's threads to end, however late it is */
    REMAKE_MS = 1000, /* between tries to make a client */
    QUEUE_RECORDS = 200000 /* without a report */
};

/* A record without a report; linked in the order of sending. */
struct entry {
    struct entry *prev, *next;
    struct producer *producer;
    producer_done *done;
    void *arg;
    int32_t partition;
    int64_t deadline; /* boot ms */
    enum kafka_topic topic;
    bool late; /* reported as not delivered; librdkafka still has it */
};

struct producer {
    struct loop *loop;
    const struct config *config;
    struct kafka_layout layout;
    int64_t timeout_ms;
    rd_kafka_t *rk; /* NULL: could not be made, tried again */
    rd_kafka_topic_t *topics[KAFKA_TOPICS];
    struct handle_pump pump;
    struct entry waiting; /* head of the ring: at librdkafka or gathered, oldest first */
    struct entry late;    /* head of the ring: reported, librdkafka has still to report */
    struct entry dropped; /* head of the ring: their report is due, maybe = true */
    struct entry *spare;
    size_t nwaiting, nlate, ndropped;
    bool gathering, fatal;
    struct gather gather;
    struct loop_timer gather_timer, remake_timer, late_timer;
    enum {
        COLD,
        WARMING,
        WARM
    } warm;
};

static void ring_init(struct entry *head)
{
    head->prev = head->next = head;
}

static void ring_add(struct entry *head, struct entry *x)
{
    x->prev = head->prev;
    x->next = head;
    head->prev->next = x;
    head->prev = x;
}

static struct entry *entry_new(struct producer *p, const struct producer_record *r)
{
    struct entry *x = p->spare;
    if (x)
        p->spare = x->next;
    else
        x = mem_alloc(1, sizeof(*x));
    x->producer = p;
    x->done = r->done;
    x->arg = r->arg;
    x->topic = r->topic;
    x->partition = r->partition;
    x->late = false;
    x->deadline = loop_now(p->loop) + p->timeout_ms;
    ring_add(&p->waiting, x);
    p->nwaiting++;
    if (p->late_timer.slot == 0)
        loop_timer_set(&p->late_timer, x->deadline);
    return x;
}

static void ring_remove(struct entry *x)
{
    x->prev->next = x->next;
    x->next->prev = x->prev;
}

/* Takes it off its ring; the caller counts. */
static void entry_drop(struct producer *p, struct entry *x)
{
    ring_remove(x);
    x->next = p->spare;
    p->spare = x;
}

/* To the sender, who is not told again. */
static void tell(struct entry *x, const struct producer_report *report)
{
    producer_done *done = x->done;
    x->done = NULL;
    if (!report->delivered && !done)
        log_warn("record not delivered", LOG_TEXT("topic", kafka_topic_name(x->topic)),
                 LOG_INT("partition", report->partition), LOG_TEXT("err", report->why));
    if (done)
        done(x->arg, report);
}

static void report(struct producer *p, struct entry *x, const struct producer_report *report)
{
    struct entry copy = *x;
    entry_drop(p, x);
    tell(&copy, report);
}

/* librdkafka notices a time that is over up to some seconds late. The sender gets its word in time: the record
 * moves to the late ones until librdkafka has reported it too. */
static void on_late(void *arg)
{
    static const struct producer_report late = {
        .maybe = true, .partition = -1, .offset = -1, .why = "no answer from Kafka in time"};
    struct producer *p = arg;
    while (p->nwaiting > 0 && p->waiting.next->deadline <= loop_now(p->loop)) {
        struct entry *x = p->waiting.next;
        ring_remove(x);
        ring_add(&p->late, x);
        x->late = true;
        p->nwaiting--;
        p->nlate++;
        tell(x, &late);
    }
    if (p->nwaiting > 0)
        loop_timer_set(&p->late_timer, p->waiting.next->deadline);
}

static bool is_refusal(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    struct entry *x = m->_private;
    struct producer *p = opaque;
    struct producer_report r = {
        .delivered = m->err == RD_KAFKA_RESP_ERR_NO_ERROR,
        .maybe = m->err && rd_kafka_message_status(m) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
        .refused = is_refusal(m->err),
        .partition = m->partition,
        .offset = m->err ? -1 : m->offset,
        .why = m->err ? rd_kafka_err2str(m->err) : NULL,
    };
    (void)rk;
    gather_landed(&p->gather, x->topic, x->partition);
    if (x->late) {
        p->nlate--;
        entry_drop(p, x);
    } else {
        p->nwaiting--;
        report(p, x, &r);
    }
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct producer *p = opaque;
    (void)rk;
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        p->fatal = true;
    log_warn("kafka producer", LOG_TEXT("event", rd_kafka_err2name(code)), LOG_TEXT("err", reason));
}

static void client_drop(struct producer *p, int64_t timeout_ms)
{
    if (!p->rk)
        return;
    /* What is queued must not go out behind our back while the old client ends. */
    rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
    handle_pump_close(&p->pump);
    handle_topics_close(p->topics);
    handle_destroy(p->rk, timeout_ms);
    p->rk = NULL;
}

static void on_ready(void *arg);

static enum err client_make(struct producer *p, struct error *e)
{
    char bytes[32], timeout[32];
    snprintf(timeout, sizeof(timeout), "%lld", (long long)p->timeout_ms);
    snprintf(bytes, sizeof(bytes), "%d", LIMIT_RECORD_BYTES + 64 * 1024);
    const struct handle_property own[] = {
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"message.timeout.ms", timeout},
        {"linger.ms", "0"},
        {"queue.buffering.max.messages", "1000000"},
        {"message.max.bytes", bytes},
        {"allow.auto.create.topics", "false"},
    };
    rd_kafka_conf_t *conf;
    enum err err = handle_conf(p->config, own, sizeof(own) / sizeof(own[0]), &conf, e);
    if (err != ERR_OK)
        return err;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, p);
    err = handle_new(false, conf, &p->rk, e);
    if (err != ERR_OK)
        return err;
    handle_topics_open(p->rk, p->config, p->topics);
    err = handle_pump_open(&p->pump, p->loop, rd_kafka_queue_get_main(p->rk), NULL, on_ready, p, e);
    if (err != ERR_OK) {
        handle_topics_close(p->topics);
        handle_destroy(p->rk, 0);
        p->rk = NULL;
    }
    return err;
}

static void remake(void *arg)
{
    struct producer *p = arg;
    struct error e = ERROR_NONE;
    p->fatal = false;
    if (client_make(p, &e) != ERR_OK) {
        log_fail("kafka producer could not be made anew", LOG_ERROR(&e));
        loop_timer_after(&p->remake_timer, REMAKE_MS);
    }
}

void producer_purge(struct producer *p)
{
    client_drop(p, 0);
    gather_reset(&p->gather);
    loop_timer_stop(&p->gather_timer);
    if (p->nwaiting > 0) { /* the whole ring moves behind what was dropped before */
        struct entry *first = p->waiting.next, *last = p->waiting.prev;
        first->prev = p->dropped.prev;
        last->next = &p->dropped;
        p->dropped.prev->next = first;
        p->dropped.prev = last;
        p->ndropped += p->nwaiting;
        p->nwaiting = 0;
        ring_init(&p->waiting);
    }
    while (p->nlate > 0) {
        p->nlate--;
        entry_drop(p, p->late.next);
    }
    /* Also when the making fails, the timer reports. */
    loop_timer_after(&p->remake_timer, 0);
}

static void report_dropped(struct producer *p)
{
    static const struct producer_report lost = {
        .maybe = true, .partition = -1, .offset = -1, .why = "the client was made anew"};
    while (p->ndropped > 0) {
        p->ndropped--;
        report(p, p->dropped.next, &lost);
    }
}

static void on_remake(void *arg)
{
    struct producer *p = arg;
    if (!p->rk)
        remake(p);
    report_dropped(p);
}

/* 0 or librdkafka's error. Headers are taken over unless it fails. */
static rd_kafka_resp_err_t submit(struct producer *p, const struct gather_record *r)
{
    if (!p->rk)
        return RD_KAFKA_RESP_ERR__STATE;
    const struct handle_record record = {p->topics[r->topic], r->partition, r->key,   r->value,
                                         r->tombstone,        r->headers,   r->opaque};
    return (rd_kafka_resp_err_t)handle_produce(p->rk, &record);
}

/* Hands a batch to librdkafka. */
static void batch_submit(struct producer *p, struct gather_batch *batch)
{
    enum kafka_topic topic = batch->list[0].topic;
    int32_t partition = batch->list[0].partition;
    for (size_t i = 0; i < batch->n; i++) {
        struct gather_record *r = &batch->list[i];
        rd_kafka_resp_err_t err = submit(p, r);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            gather_went(&p->gather, topic, partition);
            r->headers = NULL;
            continue;
        }
        struct producer_report failed = {
            .partition = r->partition, .offset = -1, .why = rd_kafka_err2str(err)};
        struct entry *x = r->opaque;
        if (x->late) {
            p->nlate--;
            entry_drop(p, x);
            continue;
        }
        p->nwaiting--;
        report(p, x, &failed);
    }
    gather_give_back(&p->gather, topic, partition, batch);
}

/* Hands on what may go: by its turn, and what got into the line at `before` or earlier. */
static void gather_flush(struct producer *p, int64_t before)
{
    struct gather_batch batch; /* a report may send and gather anew */
    while (gather_next(&p->gather, before, &batch))
        batch_submit(p, &batch);
    int64_t since = gather_since(&p->gather);
    if (since == INT64_MAX)
        loop_timer_stop(&p->gather_timer);
    else if (since > before)
        loop_timer_set(&p->gather_timer, since + GATHER_MS);
}

static void on_gather_timer(void *arg)
{
    struct producer *p = arg;
    gather_flush(p, loop_now(p->loop) - GATHER_MS);
}

static void on_ready(void *arg)
{
    struct producer *p = arg;
    rd_kafka_poll(p->rk, 0);
    if (p->fatal) {
        /* librdkafka 2.0.2 goes fatal after "possibly persisted" and takes nothing any more. */
        log_warn("kafka producer is made anew", LOG_INT("records", p->nwaiting));
        producer_purge(p);
        return;
    }
    gather_flush(p, INT64_MIN);
}

enum err producer_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                      int64_t timeout_ms, struct producer **out, struct error *e)
{
    struct producer *p = mem_alloc(1, sizeof(*p));
    p->loop = l;
    p->config = c;
    p->layout = *layout;
    p->pump.fd = -1;
    gather_init(&p->gather, layout);
    ring_init(&p->waiting);
    ring_init(&p->late);
    ring_init(&p->dropped);
    p->timeout_ms = timeout_ms;
    loop_timer_init(&p->gather_timer, l, on_gather_timer, p);
    loop_timer_init(&p->remake_timer, l, on_remake, p);
    loop_timer_init(&p->late_timer, l, on_late, p);
    enum err err = client_make(p, e);
    if (err != ERR_OK) {
        gather_done(&p->gather);
        free(p);
        return error_context(e, "producer");
    }
    *out = p;
    return ERR_OK;
}

void producer_gather(struct producer *p, bool on)
{
    p->gathering = on;
    if (!on)
        gather_flush(p, INT64_MAX);
}

void producer_free(struct producer *p, int64_t timeout_ms)
{
    if (!p)
        return;
    int64_t end = clock_boot_ms() + timeout_ms;
    while (p->rk && p->nwaiting > 0 && !p->fatal) {
        int64_t left = end - clock_boot_ms();
        gather_flush(p, INT64_MAX);
        if (left <= 0)
            break;
        rd_kafka_poll(p->rk, (int)left);
    }
    int64_t left = end - clock_boot_ms();
    client_drop(p, left > CLOSE_MS ? left : CLOSE_MS);
    producer_purge(p);
    loop_timer_stop(&p->remake_timer);
    loop_timer_stop(&p->late_timer);
    report_dropped(p);
    gather_done(&p->gather);
    for (struct entry *x = p->spare, *next; x; x = next) {
        next = x->next;
        free(x);
    }
    free(p);
}

int32_t producer_partition(const struct producer *p, enum kafka_topic topic, struct str key)
{
    bool by_account = topic == KAFKA_JOBS_NOW || topic == KAFKA_JOBS || topic == KAFKA_JOBS_BULK ||
                      topic == KAFKA_FACTS;
    long slash = by_account ? str_find(key, '/') : -1;
    if (slash >= 0)
        key.len = (size_t)slash;
    return murmur2_partition(key, p->layout.partitions[topic]);
}

/* NULL if there are none. */
static rd_kafka_headers_t *headers_new(const struct producer_record *r)
{
    if (r->nheaders == 0)
        return NULL;
    rd_kafka_headers_t *h = rd_kafka_headers_new(r->nheaders);
    for (size_t i = 0; i < r->nheaders; i++) {
        const struct str *v = &r->headers[i].value;
        rd_kafka_header_add(h, r->headers[i].name, -1, v->len ? v->ptr : "", (ssize_t)v->len);
    }
    return h;
}

static enum err refuse(struct producer *p, rd_kafka_resp_err_t code, struct error *e)
{
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        p->fatal = true;
        handle_pump_again(&p->pump);
    }
    return error_set(e, code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? ERR_INPUT : ERR_TEMPORARY,
                     "kafka: %s", rd_kafka_err2str(code));
}

enum err producer_send(struct producer *p, const struct producer_record *r, struct error *e)
{
    size_t bytes = r->key.len + r->value.len;
    for (size_t i = 0; i < r->nheaders; i++)
        bytes += strlen(r->headers[i].name) + r->headers[i].value.len;
    if (bytes > LIMIT_RECORD_BYTES)
        return error_set(e, ERR_INPUT, "a record of %zu bytes is over %d", bytes,
                         LIMIT_RECORD_BYTES);
    if (r->partition < 0 || r->partition >= p->layout.partitions[r->topic])
        return error_set(e, ERR_INTERNAL, "no partition %d of %s", (int)r->partition,
                         kafka_topic_name(r->topic));
    if (p->nwaiting >= QUEUE_RECORDS)
        return error_set(e, ERR_TEMPORARY, "kafka: %zu records wait already", p->nwaiting);
    struct gather_record g = {.topic = r->topic,
                              .partition = r->partition,
                              .tombstone = r->tombstone,
                              .key = r->key,
                              .value = r->value,
                              .headers = headers_new(r)};
    g.opaque = entry_new(p, r);
    if (p->gathering && p->rk && !gather_is_open(&p->gather, r->topic, r->partition)) {
        if (gather_since(&p->gather) == INT64_MAX)
            loop_timer_after(&p->gather_timer, GATHER_MS);
        gather_add(&p->gather, &g, loop_now(p->loop));
        return ERR_OK;
    }
    rd_kafka_resp_err_t code = submit(p, &g);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        gather_went(&p->gather, r->topic, r->partition);
        return ERR_OK;
    }
    if (g.headers)
        rd_kafka_headers_destroy(g.headers);
    p->nwaiting--;
    entry_drop(p, g.opaque);
    return refuse(p, code, e);
}

size_t producer_waiting(const struct producer *p)
{
    return p->nwaiting + p->ndropped;
}

static void on_canary(void *arg, const struct producer_report *report)
{
    struct producer *p = arg;
    p->warm = report->delivered ? WARM : COLD;
}

bool producer_is_warm(struct producer *p)
{
    if (p->warm == COLD) {
        struct error e = ERROR_NONE;
        struct producer_record r = {.topic = KAFKA_SETTINGS,
                                    .key = STR("_canary"),
                                    .tombstone = true,
                                    .done = on_canary,
                                    .arg = p};
        r.partition = producer_partition(p, KAFKA_SETTINGS, r.key);
        if (producer_send(p, &r, &e) == ERR_OK)
            p->warm = WARMING;
    }
    return p->warm == WARM;
}

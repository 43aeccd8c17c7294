/*
 * Commits of a group's member: gathered for 100 ms, sent as explicit lists with metadata (librdkafka
 * 2.0.2 drops metadata that goes through its offset store). On the loop's thread only.
 *
 *   set -> waiting --100 ms / now--> in flight --answer--> done
 *                                        | temporary failure: waits again unless a newer one does
 */
#include "common/kafka/commits.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/kafka/handle.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

enum {
    GATHER_MS = 100,
    RETRY_MS = 500
};

struct waiter {
    struct waiter *next;
    void (*done)(void *arg, bool ok);
    void *arg;
};

/* What an answer belongs to. */
struct ticket {
    struct ticket *prev, *next; /* of those without an answer */
    struct commits *commits;
    int64_t generation;
};

struct commits {
    struct loop *loop;
    const struct config *config;
    rd_kafka_t *rk;
    rd_kafka_queue_t *replies;
    rd_kafka_topic_partition_list_t *waiting, *flight; /* NULL: none */
    struct ticket *tickets;
    struct waiter *waiters; /* for what waits */
    struct waiter *flight_waiters;
    int64_t generation; /* answers of an older one are not ours any more */
    bool failed;        /* the last answer */
    struct loop_timer timer;
};

static void tell(struct waiter **list, bool ok)
{
    struct waiter *w = *list;
    *list = NULL;
    while (w) {
        struct waiter *next = w->next;
        w->done(w->arg, ok);
        free(w);
        w = next;
    }
}

static struct ticket *ticket_new(struct commits *x)
{
    struct ticket *t = mem_alloc(1, sizeof(*t));
    *t = (struct ticket){NULL, x->tickets, x, x->generation};
    if (t->next)
        t->next->prev = t;
    x->tickets = t;
    return t;
}

static void ticket_free(struct ticket *t)
{
    if (t->next)
        t->next->prev = t->prev;
    if (t->prev)
        t->prev->next = t->next;
    else
        t->commits->tickets = t->next;
    free(t);
}

static void put(rd_kafka_topic_partition_list_t **list, const char *topic, int32_t partition,
                int64_t offset, struct str metadata)
{
    if (!*list)
        *list = rd_kafka_topic_partition_list_new(16);
    rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(*list, topic, partition);
    if (!p)
        p = rd_kafka_topic_partition_list_add(*list, topic, partition);
    p->offset = offset;
    free(p->metadata);
    p->metadata = metadata.len ? mem_copy(metadata) : NULL; /* librdkafka frees it */
    p->metadata_size = metadata.len;
}

static void list_free(rd_kafka_topic_partition_list_t **list)
{
    if (*list)
        rd_kafka_topic_partition_list_destroy(*list);
    *list = NULL;
}

/* The flight's partitions wait again, except those that have a newer commit. */
static void take_back(struct commits *x)
{
    for (int i = 0; x->flight && i < x->flight->cnt; i++) {
        rd_kafka_topic_partition_t *p = &x->flight->elems[i];
        if (!x->waiting || !rd_kafka_topic_partition_list_find(x->waiting, p->topic, p->partition))
            put(&x->waiting, p->topic, p->partition, p->offset,
                (struct str){p->metadata, p->metadata_size});
    }
}

/* Of the request or of its first partition that failed. */
static rd_kafka_resp_err_t error_of(rd_kafka_resp_err_t err,
                                    const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; !err && list && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

/* The assignment that these commits belong to is over: a rebalance tells the rest. */
static bool is_over(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || err == RD_KAFKA_RESP_ERR__DESTROY ||
           err == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
}

static void on_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct ticket *ticket = opaque;
    struct commits *x = ticket->commits;
    bool ours = ticket->generation == x->generation;
    (void)rk;
    ticket_free(ticket);
    if (!ours)
        return;
    err = error_of(err, list);
    x->failed = err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (err)
        log_warn("offsets not committed", LOG_TEXT("err", rd_kafka_err2str(err)));
    if (err && !is_over(err)) {
        take_back(x);
        loop_timer_after(&x->timer, RETRY_MS);
    }
    list_free(&x->flight);
    tell(&x->flight_waiters, !err);
    if (x->waiting && x->timer.slot == 0)
        loop_timer_after(&x->timer, x->waiters ? 0 : GATHER_MS);
}

static void send_waiting(struct commits *x)
{
    if (x->flight || !x->waiting)
        return;
    struct ticket *ticket = ticket_new(x);
    x->flight = x->waiting;
    x->waiting = NULL;
    x->flight_waiters = x->waiters;
    x->waiters = NULL;
    loop_timer_stop(&x->timer);
    rd_kafka_resp_err_t err =
        rd_kafka_commit_queue(x->rk, x->flight, x->replies, on_answer, ticket);
    if (err)
        on_answer(x->rk, err, NULL, ticket);
}

static void on_timer(void *arg)
{
    send_waiting(arg);
}

struct commits *commits_new(struct loop *l, const struct config *c, struct rd_kafka_s *rk,
                            struct rd_kafka_queue_s *replies)
{
    struct commits *x = mem_alloc(1, sizeof(*x));
    x->loop = l;
    x->config = c;
    x->rk = rk;
    x->replies = replies;
    loop_timer_init(&x->timer, l, on_timer, x);
    return x;
}

void commits_free(struct commits *x)
{
    if (!x)
        return;
    commits_drop(x);
    while (x->tickets)
        ticket_free(x->tickets); // NOLINT(clang-analyzer-unix.Malloc): it leaves the list
    free(x);
}

void commits_set(struct commits *x, enum kafka_topic t, int32_t partition, int64_t offset,
                 const char *metadata)
{
    struct str text = str_of(metadata);
    if (text.len >= LIMIT_COMMIT_METADATA) {
        log_fail("commit metadata is too long", LOG_TEXT("topic", kafka_topic_name(t)),
                 LOG_INT("partition", partition), LOG_INT("bytes", text.len));
        return;
    }
    char *name = kafka_topic_full(x->config, t);
    put(&x->waiting, name, partition, offset, text);
    free(name);
    if (!x->flight && x->timer.slot == 0)
        loop_timer_after(&x->timer, GATHER_MS);
}

void commits_now(struct commits *x, void (*done)(void *arg, bool ok), void *arg)
{
    if (done) {
        struct waiter *w = mem_alloc(1, sizeof(*w));
        *w = (struct waiter){NULL, done, arg};
        /* Nothing newer waits: the answer to the flight is the one. */
        struct waiter **list = !x->waiting && x->flight ? &x->flight_waiters : &x->waiters;
        while (*list)
            list = &(*list)->next;
        *list = w;
    }
    if (!x->waiting && !x->flight)
        tell(&x->waiters, true);
    else
        send_waiting(x);
}

void commits_flush(struct commits *x, int64_t timeout_ms)
{
    int64_t end = clock_boot_ms() + timeout_ms;
    x->failed = false;
    while (!x->failed) {
        send_waiting(x);
        int64_t left = end - clock_boot_ms();
        if (!x->flight || left <= 0)
            return;
        commits_serve(x, (int)left);
    }
}

void commits_drop(struct commits *x)
{
    x->generation++;
    loop_timer_stop(&x->timer);
    list_free(&x->waiting);
    list_free(&x->flight);
    tell(&x->flight_waiters, false);
    tell(&x->waiters, false);
}

void commits_serve(struct commits *x, int timeout_ms)
{
    rd_kafka_queue_poll_callback(x->replies, timeout_ms);
}

/*
 * Webhooks into the topic `events`. Must not know HTTP or signatures. The loop's thread.
 */
#include "ingest/publish.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/event.h"
#include "common/mem.h"
#include "common/text.h"

/* A webhook whose report has not come; kept for reuse in a list. */
struct flight {
    struct flight *next; /* while it is free */
    struct publish_kafka *owner;
    publish_done *done;
    void *arg;
};

struct publish_kafka {
    struct producer *producer;
    struct meters *meters;
    struct flight *free;
    int64_t time_ms; /* of the text below */
    char time[TEXT_TIME_SIZE];
};

struct publish_kafka *publish_kafka_new(struct producer *p, struct meters *m)
{
    struct publish_kafka *k = mem_alloc(1, sizeof *k);
    k->producer = p;
    k->meters = m;
    k->time_ms = -1;
    return k;
}

void publish_kafka_free(struct publish_kafka *k)
{
    if (!k)
        return;
    for (struct flight *f; (f = k->free) != NULL; free(f))
        k->free = f->next;
    free(k);
}

static struct str time_text(struct publish_kafka *k, int64_t ms)
{
    if (ms == 0)
        ms = clock_wall_ms();
    if (ms != k->time_ms) {
        text_time(ms, k->time);
        k->time_ms = ms;
    }
    return str_of(k->time);
}

static void give_back(struct flight *f)
{
    f->next = f->owner->free;
    f->owner->free = f;
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct flight *f = arg;
    publish_done *done = f->done;
    void *for_whom = f->arg;
    if (!report->delivered)
        meters_produce_error(f->owner->meters);
    give_back(f);
    done(for_whom, report->delivered ? PUBLISH_STORED
                   : report->maybe   ? PUBLISH_MAYBE
                   : report->refused ? PUBLISH_REFUSED
                                     : PUBLISH_FAILED);
}

static struct flight *take(struct publish_kafka *k, publish_done *done, void *arg)
{
    struct flight *f = k->free;
    if (f)
        k->free = f->next;
    else
        f = mem_alloc(1, sizeof *f);
    *f = (struct flight){.owner = k, .done = done, .arg = arg};
    return f;
}

static enum err kafka_send(void *self, const struct publish_webhook *w, publish_done *done,
                           void *arg, struct error *e)
{
    struct publish_kafka *k = self;
    const struct kafka_header headers[] = {
        {EVENT_KIND, w->kind},
        {EVENT_ORIGIN, STR(EVENT_LIVE)},
        {EVENT_ACCOUNT, w->account},
        {EVENT_RECEIVED_AT, time_text(k, w->received_ms)},
    };
    struct producer_record r = {
        .topic = KAFKA_EVENTS,
        .partition = producer_partition(k->producer, KAFKA_EVENTS, w->key),
        .key = w->key,
        .value = w->value,
        .headers = headers,
        .nheaders = sizeof headers / sizeof *headers,
        .done = on_report,
        .arg = take(k, done, arg),
    };
    enum err kind = producer_send(k->producer, &r, e);
    if (kind)
        give_back(r.arg);
    return kind;
}

static void kafka_drop(void *self)
{
    struct publish_kafka *k = self;
    producer_purge(k->producer);
}

struct publish publish_kafka_port(struct publish_kafka *k)
{
    return (struct publish){k, kafka_send, kafka_drop};
}

static enum err null_send(void *self, const struct publish_webhook *w, publish_done *done,
                          void *arg, struct error *e)
{
    (void)self;
    (void)w;
    (void)e;
    done(arg, PUBLISH_STORED);
    return ERR_OK;
}

struct publish publish_null_port(void)
{
    return (struct publish){NULL, null_send, NULL};
}

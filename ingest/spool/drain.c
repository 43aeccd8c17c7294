/*
 * From the file to Kafka: one batch at a time, in order. Must not know HTTP or SQLite. The loop's thread.
 *
 *   read -> send -> all reports are there -> what Kafka has up to the first that failed is forgotten -> read
 *
 * The first batch, and the first one after a failure, is a single row with all the time it wants: when Kafka is
 * back, librdkafka brings it there by itself. Then batches grow. What Kafka refuses for good is set aside.
 */
#include "ingest/spool/state.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"

enum {
    PACE_MS =
        20, /* between two batches, which leaves room for webhooks that come in: 12,800 a second */
    AGAIN_MS = 1000,    /* after a failure */
    STALLED_MS = 20000, /* then the client is made anew: it may hang on a dead connection */
    FORGET_MS = 5000,   /* between tries to delete */
};

/* ---- what Kafka has ---- */

struct order_of {
    struct spool_order order;
    struct spool *owner;
};

static void on_order(struct spool_order *o)
{
    const struct order_of *x = (struct order_of *)(void *)o;
    if (!o->done && !x->owner->closing)
        loop_timer_after(&x->owner->drain.forget, FORGET_MS);
    free(o);
}

static void give(struct spool *s, enum spool_task task, int64_t seq, struct str why)
{
    struct order_of *x = mem_alloc(1, sizeof *x);
    x->owner = s;
    x->order =
        (struct spool_order){.task = task, .row = {.seq = seq, .value = why}, .finished = on_order};
    clerk_give(s->clerk, &x->order);
}

static void on_forget(void *arg)
{
    struct spool *s = arg;
    give(s, SPOOL_FORGET, s->drain.done_to, STR_NONE);
}

/* Only what came alone is known to be refused for its own sake: a batch may be too large as a whole. */
static size_t set_aside(struct spool *s)
{
    const struct spool_drain *d = &s->drain;
    if (d->batch.n != 1 || d->flights[0].state != SPOOL_REFUSED)
        return 0;
    log_fail("Kafka refuses a webhook for good: it is set aside in the spool's file",
             LOG_STR("account", d->batch.rows[0].account), LOG_STR("event", d->batch.rows[0].kind));
    give(s, SPOOL_PARK, d->batch.rows[0].seq, STR("refused by Kafka"));
    return 1;
}

static void forget_batch(struct spool_drain *d)
{
    free(d->batch.bytes);
    d->batch.bytes = NULL;
    d->batch.n = 0;
}

/* ---- a batch ---- */

static void settle(struct spool *s)
{
    struct spool_drain *d = &s->drain;
    size_t n = 0, all = d->batch.n;
    bool refused = false;
    while (n < all && d->flights[n].state == SPOOL_ACKED)
        n++;
    if (n < all)
        refused = d->flights[n].state == SPOOL_REFUSED;
    if (n == 0)
        n = set_aside(s);
    if (n > 0)
        d->done_to = d->batch.rows[n - 1].seq;
    if (n > 0 && d->flights[n - 1].state == SPOOL_ACKED)
        give(s, SPOOL_FORGET, d->done_to, STR_NONE);
    loop_timer_stop(&d->stalled);
    forget_batch(d);
    if (n == all || refused) {
        d->limit = refused ? 1 : d->limit * 8 < SPOOL_BATCH_ROWS ? d->limit * 8 : SPOOL_BATCH_ROWS;
        s->well = true;
        loop_timer_set(&d->next, s->way == SPOOL_HANDING ? 0 : d->sent_at + PACE_MS);
        return;
    }
    log_warn("Kafka does not take what the spool has: again in a second",
             LOG_INT("messages", spool_messages(s)));
    spool_drain_doubt(s);
    spool_keep_on(s);
    loop_timer_after(&d->next, AGAIN_MS);
}

static void on_report(void *arg, enum publish_end end)
{
    struct spool_flight *f = arg;
    struct spool *s = f->owner;
    f->state = end == PUBLISH_STORED    ? SPOOL_ACKED
               : end == PUBLISH_REFUSED ? SPOOL_REFUSED
                                        : SPOOL_FAILED;
    if (--s->drain.due == 0)
        settle(s);
}

/* What cannot be handed over fails, and all behind it. */
static void send_batch(struct spool *s)
{
    struct spool_drain *d = &s->drain;
    struct error e = ERROR_NONE;
    d->sent_at = loop_now(s->o.loop);
    d->due = d->batch.n + 1; /* one for ourselves: reports may come at once */
    loop_timer_after(&d->stalled, s->o.ack_ms);
    for (size_t i = 0; i < d->batch.n; i++) {
        const struct spool_row *r = &d->batch.rows[i];
        const struct publish_webhook w = {r->account, r->kind, r->key, r->value, r->received_ms};
        d->flights[i] = (struct spool_flight){s, SPOOL_DUE};
        if (e.kind || s->kafka.send(s->kafka.self, &w, on_report, &d->flights[i], &e)) {
            d->flights[i].state = e.kind == ERR_INPUT ? SPOOL_REFUSED : SPOOL_FAILED;
            d->due--;
        }
    }
    if (--d->due == 0)
        settle(s);
}

/* First Kafka is in doubt, later the client is. */
static void on_stalled(void *arg)
{
    struct spool *s = arg;
    struct spool_drain *d = &s->drain;
    s->well = false;
    if (loop_now(s->o.loop) < d->sent_at + STALLED_MS)
        loop_timer_set(&d->stalled, d->sent_at + STALLED_MS);
    else if (s->kafka.drop)
        s->kafka.drop(s->kafka.self);
}

/* ---- reading ---- */

/* The disk is not there. Calls that go on count more than the order of those that wait. Kafka may have failed since it was
 * seen first: then it is tried again, for nothing new can be kept here either. */
static void do_without(struct spool *s)
{
    struct spool_drain *d = &s->drain;
    bool fails = !clerk_is_well(s->clerk);
    if (fails && !d->unread)
        log_fail("the spool cannot be read: what is in it waits for the disk");
    d->unread |= fails;
    if (fails && s->way != SPOOL_CLEAR)
        spool_clear(s, "the disk fails");
    else if (!d->unread)
        spool_keep_on(s);
    loop_timer_after(&d->next, AGAIN_MS);
}

static void on_read(struct spool_order *o)
{
    struct spool_drain *d = (struct spool_drain *)(void *)o;
    struct spool *s = d->owner;
    d->reading = false;
    if (s->closing)
        return;
    if (!o->done) {
        do_without(s);
    } else if (d->batch.n > 0 && s->way == SPOOL_CLEAR) {
        d->unread = false;
        forget_batch(d);
        spool_fail_over(s, "the disk is there again, with webhooks that wait");
    } else if (d->batch.n > 0) {
        if (!d->batch.more && s->well)
            spool_hand_over(s);
        send_batch(s);
    } else if (s->writing > 0) {
        spool_drain_go(s);
    } else {
        d->unread = false;
        if (s->way != SPOOL_CLEAR)
            spool_clear(s, "the spool is empty");
    }
}

void spool_drain_go(struct spool *s)
{
    struct spool_drain *d = &s->drain;
    bool wanted = s->way != SPOOL_CLEAR || d->unread;
    if (!s->kafka.send || !wanted || s->closing || d->reading || d->batch.n > 0 || d->next.slot)
        return;
    d->reading = true;
    d->batch.max = d->limit;
    d->read.row.seq = d->done_to;
    clerk_give(s->clerk, &d->read);
}

static void on_next(void *arg)
{
    spool_drain_go(arg);
}

void spool_drain_doubt(struct spool *s)
{
    s->well = false;
    s->drain.limit = 1;
}

/* ---- begin and end ---- */

void spool_drain_begin(struct spool *s)
{
    struct spool_drain *d = &s->drain;
    d->owner = s;
    d->limit = 1;
    d->read = (struct spool_order){.task = SPOOL_READ, .batch = &d->batch, .finished = on_read};
    loop_timer_init(&d->next, s->o.loop, on_next, s);
    loop_timer_init(&d->stalled, s->o.loop, on_stalled, s);
    loop_timer_init(&d->forget, s->o.loop, on_forget, s);
}

void spool_drain_end(struct spool *s)
{
    forget_batch(&s->drain);
    loop_timer_stop(&s->drain.next);
    loop_timer_stop(&s->drain.stalled);
    loop_timer_stop(&s->drain.forget);
}

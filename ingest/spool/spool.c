/*
 * Which way a webhook goes. Must not know HTTP, SQLite or librdkafka. The loop's thread.
 *
 *            one is not acknowledged in time: all that fly go to the file, in order
 *   CLEAR ────────────────────────────────────────────────────────────▶ KEEPING: new ones go to the file,
 *     ▲                                                              ▲      │    the oldest row is tried, then
 *     │ the file is empty: those that waited fly, in order    failed │      │    batches that grow (drain.c)
 *     └────────── HANDING: new ones wait in memory ──────────────────┘      │
 *                    ▲                      or they waited too long         │
 *                    └──────────────────────────────────────────────────────┘ the batch holds all that is left
 *
 * So at any time either the file is empty or nothing new flies, and what flies was handed over in order: a
 * call's webhooks reach Kafka in the order of their receipt. What had left when it was given up may be in the topic twice,
 * never after something younger only. A webhook is answered 200 when Kafka has it or the file has.
 */
#include "ingest/spool/spool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/spool/state.h"

#define SETTINGS_MS 10000 /* between tries to keep settings */

/* ---- items ---- */

static void append(struct spool_list *l, struct spool_item *x)
{
    x->next = NULL;
    x->prev = l->last;
    *(l->last ? &l->last->next : &l->first) = x;
    l->last = x;
}

static void unlink_from(struct spool_list *l, struct spool_item *x)
{
    *(x->prev ? &x->prev->next : &l->first) = x->next;
    *(x->next ? &x->next->prev : &l->last) = x->prev;
}

static struct str copy_to(char **at, struct str s)
{
    struct str made = {*at, s.len};
    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return made;
}

static struct spool_item *item_new(struct spool *s, const struct publish_webhook *w,
                                   publish_done *done, void *arg)
{
    size_t len = w->account.len + w->kind.len + w->key.len + w->value.len;
    struct spool_item *x = mem_alloc(1, sizeof *x + len);
    char *text = (char *)(x + 1);
    x->owner = s;
    x->done = done;
    x->arg = arg;
    x->since = loop_now(s->o.loop);
    x->order.row.received_ms = w->received_ms ? w->received_ms : clock_wall_ms();
    x->order.row.account = copy_to(&text, w->account);
    x->order.row.kind = copy_to(&text, w->kind);
    x->order.row.key = copy_to(&text, w->key);
    x->order.row.value = copy_to(&text, w->value);
    return x;
}

static void finish(struct spool_item *x, enum publish_end end)
{
    x->place = SPOOL_OVER;
    x->done(x->arg, end);
    if (!x->under_way)
        free(x);
}

static size_t bytes_of(const struct spool_item *x)
{
    return sizeof *x + x->order.row.value.len;
}

/* ---- to the file ---- */

static void on_written(struct spool_order *o)
{
    struct spool_item *x = (struct spool_item *)(void *)o;
    struct spool *s = x->owner;
    s->writing--;
    s->bytes -= bytes_of(x);
    finish(x, o->done ? PUBLISH_SPOOLED : PUBLISH_FAILED);
    spool_drain_go(s);
}

static void write_down(struct spool_item *x)
{
    x->place = SPOOL_WRITING;
    x->order.task = SPOOL_ADD;
    x->order.finished = on_written;
    x->owner->writing++;
    x->owner->bytes += bytes_of(x);
    clerk_give(x->owner->clerk, &x->order);
}

static void write_flying(struct spool *s)
{
    for (struct spool_item *x; (x = s->flying.first) != NULL; write_down(x))
        unlink_from(&s->flying, x);
}

/* ---- waiting for the file's last rows ---- */

static void hold(struct spool_item *x)
{
    struct spool *s = x->owner;
    x->place = SPOOL_HELD;
    s->bytes += bytes_of(x);
    if (!s->held.first)
        loop_timer_set(&s->release, x->since + s->o.ack_ms / 2);
    append(&s->held, x);
}

static struct spool_item *release(struct spool *s)
{
    struct spool_item *x = s->held.first;
    if (x) {
        unlink_from(&s->held, x);
        s->bytes -= bytes_of(x);
    }
    return x;
}

static void write_held(struct spool *s)
{
    for (struct spool_item *x; (x = release(s)) != NULL;)
        write_down(x);
}

/* ---- to Kafka ---- */

static void on_report(void *arg, enum publish_end end)
{
    struct spool_item *x = arg;
    struct spool *s = x->owner;
    x->under_way = false;
    if (x->place == SPOOL_OVER) {
        free(x);
    } else if (x->place == SPOOL_FLYING && end == PUBLISH_STORED) {
        unlink_from(&s->flying, x);
        finish(x, PUBLISH_STORED);
    } else if (x->place == SPOOL_FLYING) {
        spool_fail_over(s, "Kafka did not take a webhook");
    }
}

static void fly(struct spool_item *x)
{
    struct spool *s = x->owner;
    struct error e = ERROR_NONE;
    const struct publish_webhook w = {x->order.row.account, x->order.row.kind, x->order.row.key,
                                      x->order.row.value, x->order.row.received_ms};
    x->place = SPOOL_FLYING;
    x->under_way = true;
    append(&s->flying, x);
    if (!s->late.slot)
        loop_timer_set(&s->late, x->since + s->o.ack_ms);
    if (s->kafka.send(s->kafka.self, &w, on_report, x, &e) == ERR_OK)
        return;
    x->under_way = false;
    spool_fail_over(s, e.text);
}

static void on_late(void *arg)
{
    struct spool *s = arg;
    const struct spool_item *first = s->flying.first;
    if (first && first->since + s->o.ack_ms <= loop_now(s->o.loop))
        spool_fail_over(s, "Kafka did not acknowledge in time");
    else if (first)
        loop_timer_set(&s->late, first->since + s->o.ack_ms);
}

/* What is still queued must not overtake, or come after, what the file gives later. */
static void on_drop(void *arg)
{
    struct spool *s = arg;
    if (s->kafka.drop)
        s->kafka.drop(s->kafka.self);
}

/* ---- changes of the way ---- */

void spool_fail_over(struct spool *s, const char *why)
{
    log_warn("webhooks go to the spool", LOG_TEXT("reason", why));
    s->way = SPOOL_KEEPING;
    s->well = false;
    write_flying(s);
    write_held(s);
    loop_timer_after(&s->drop, 0);
    spool_drain_doubt(s);
    spool_drain_go(s);
}

void spool_hand_over(struct spool *s)
{
    s->way = SPOOL_HANDING;
}

void spool_keep_on(struct spool *s)
{
    s->way = SPOOL_KEEPING;
    write_held(s);
}

void spool_clear(struct spool *s, const char *why)
{
    s->way = SPOOL_CLEAR;
    s->well = true;
    loop_timer_stop(&s->release);
    log_info("webhooks go to Kafka", LOG_TEXT("reason", why));
    for (struct spool_item *x; s->way == SPOOL_CLEAR && (x = release(s)) != NULL;)
        fly(x);
}

static void on_release(void *arg)
{
    struct spool *s = arg;
    if (s->way == SPOOL_HANDING)
        spool_keep_on(s);
}

/* ---- the port ---- */

static enum err port_send(void *self, const struct publish_webhook *w, publish_done *done,
                          void *arg, struct error *e)
{
    struct spool *s = self;
    if (s->bytes >= LIMIT_SPOOL_WAITING)
        return error_set(e, ERR_TEMPORARY, "%zu webhooks wait for the disk already", s->writing);
    struct spool_item *x = item_new(s, w, done, arg);
    switch (s->way) {
    case SPOOL_CLEAR:
        fly(x);
        break;
    case SPOOL_KEEPING:
        write_down(x);
        break;
    case SPOOL_HANDING:
        hold(x);
        break;
    }
    return ERR_OK;
}

struct publish spool_port(struct spool *s)
{
    return (struct publish){s, port_send, NULL};
}

void spool_publish_to(struct spool *s, struct publish kafka)
{
    s->kafka = kafka;
    spool_drain_go(s);
}

bool spool_is_kafka_well(const struct spool *s)
{
    return s->well;
}

/* ---- settings ---- */

struct note {
    struct spool_order order;
    struct spool *owner;
};

/* One that the disk did not take must not stay as it was: an ingest that starts without Kafka would refuse webhooks by it. */
static void on_noted(struct spool_order *o)
{
    const struct note *n = (struct note *)(void *)o;
    struct spool *s = n->owner;
    if (!o->done && !s->closing && !s->settings.slot)
        loop_timer_after(&s->settings, SETTINGS_MS);
    free(o);
}

/* Not while webhooks go the same way: what does not fit holds up those behind it. */
static void on_settings(void *arg)
{
    struct spool *s = arg;
    if (s->way != SPOOL_CLEAR)
        loop_timer_after(&s->settings, SETTINGS_MS);
    else if (s->o.settings_wanted)
        s->o.settings_wanted(s->o.arg);
}

static void note(struct spool *s, enum spool_task task, struct str account, struct str document)
{
    struct note *n = mem_alloc(1, sizeof *n + account.len + document.len);
    char *text = (char *)(n + 1);
    n->owner = s;
    n->order.task = task;
    n->order.row.account = copy_to(&text, account);
    n->order.row.value = copy_to(&text, document);
    n->order.finished = on_noted;
    clerk_give(s->clerk, &n->order);
}

void spool_keep_settings(struct spool *s, struct str account, struct str document)
{
    note(s, SPOOL_SETTINGS, account, document);
}

void spool_settings_begin(struct spool *s)
{
    note(s, SPOOL_DOUBT, STR_NONE, STR_NONE);
}

void spool_settings_end(struct spool *s)
{
    note(s, SPOOL_CLEAN, STR_NONE, STR_NONE);
}

/* ---- begin and end ---- */

static void on_renewed(void *arg)
{
    const struct spool *s = arg;
    if (s->o.settings_wanted && !s->closing)
        s->o.settings_wanted(s->o.arg);
}

enum err spool_new(const struct spool_options *o, struct spool **out, struct error *e)
{
    struct spool *s = mem_alloc(1, sizeof *s);
    struct spool_file *file = NULL;
    char *aside CLEANUP(mem_free_text) = NULL;
    const struct clerk_events events = {on_renewed, s};
    s->o = *o;
    s->way = SPOOL_KEEPING;
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not an end */
    if (spool_file_open(o->path, &file, &aside, e)) {
        free(s);
        return error_context(e, "INGEST_SPOOL");
    }
    if (aside)
        log_fail("the spool's file is damaged: webhooks in it stay there", LOG_TEXT("file", aside));
    s->file = file;
    loop_timer_init(&s->late, o->loop, on_late, s);
    loop_timer_init(&s->release, o->loop, on_release, s);
    loop_timer_init(&s->drop, o->loop, on_drop, s);
    loop_timer_init(&s->settings, o->loop, on_settings, s);
    spool_drain_begin(s);
    if (clerk_new(o->loop, file, &events, &s->clerk, e)) {
        free(s);
        return error_context(e, "INGEST_SPOOL");
    }
    *out = s;
    return ERR_OK;
}

enum err spool_each_settings(struct spool *s,
                             void (*fn)(void *arg, struct str account, struct str document),
                             void *arg, struct error *e)
{
    return spool_file_each_settings(s->file, fn, arg, e);
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    write_flying(s);
    write_held(s);
    s->closing = true;
    clerk_free(s->clerk);
    spool_drain_end(s);
    loop_timer_stop(&s->late);
    loop_timer_stop(&s->release);
    loop_timer_stop(&s->drop);
    loop_timer_stop(&s->settings);
    free(s);
}

int64_t spool_messages(const struct spool *s)
{
    return clerk_messages(s->clerk);
}

int64_t spool_oldest_ms(const struct spool *s)
{
    return clerk_oldest_ms(s->clerk);
}

bool spool_is_writable(const struct spool *s)
{
    return clerk_is_well(s->clerk);
}

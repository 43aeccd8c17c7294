/*
 * Which partitions are owned and what becomes of them; their shards' ports.
 */
#include "worker/crm/owned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/secret.h"
#include "common/text.h"
#include "worker/crm/hold.h"
#include "worker/crm/port.h"
#include "worker/crm/reconcile.h"
#include "worker/crm/shard.h"
#include "worker/crm/step.h"

#define AGAIN_MS 200        /* until the broker is asked again for what it refused */
#define HOLD_REVOKE_MS 2000 /* design.md section 3: revocation waits so long for running requests */

const enum kafka_topic owned_topics[] = {KAFKA_JOBS_NOW, KAFKA_JOBS, KAFKA_JOBS_BULK, KAFKA_FACTS};
#define TOPICS (sizeof owned_topics / sizeof *owned_topics)
const size_t owned_ntopics = TOPICS;

struct owned {
    struct owned_base base;
    struct consumer *consumer;
    struct accounts *accounts;
    struct shard_port port;
    struct shard *shards[LIMIT_PARTITIONS]; /* of assigned partitions, else NULL */
    bool told_restored[LIMIT_PARTITIONS];
    bool paused[KAFKA_TOPICS][LIMIT_PARTITIONS];
    bool any_paused;
    int64_t revoke_by; /* boot ms: a revocation is held until then; 0 = none */
    bool stopping, leaving;
    int64_t begin_at; /* boot ms: when to send again the notes that all begin with; 0 = not */
    int64_t again_at; /* boot ms: when to send again the executor's */
};

/* ---- what the shards ask of the outside ---- */

static enum err port_produce(void *arg, const struct producer_record *r, struct error *e)
{
    const struct owned *o = arg;
    return producer_send(o->base.producer, r, e);
}

static enum err port_start(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                           struct error *e)
{
    const struct owned *o = arg;
    return consumer_start(o->consumer, t, partition, offset, e);
}

static void port_commit(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                        const char *metadata)
{
    const struct owned *o = arg;
    consumer_commit(o->consumer, t, partition, offset, metadata);
}

/* ---- given and taken away ---- */

static bool is_ours(enum kafka_topic topic, int32_t partition)
{
    bool known = false;
    for (size_t i = 0; i < TOPICS; i++)
        known |= owned_topics[i] == topic;
    return known && partition >= 0 && partition < LIMIT_PARTITIONS;
}

static void rebalanced(const struct owned *o, const char *reason)
{
    metrics_add(metrics_get(product_metrics_family(o->base.numbers, PM_KAFKA_REBALANCES), reason),
                1);
}

void owned_drop(struct owned *o)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++) {
        shard_free(o->shards[i]);
        o->shards[i] = NULL;
        o->told_restored[i] = false;
        for (size_t t = 0; t < TOPICS; t++)
            o->paused[owned_topics[t]][i] = false;
    }
    o->any_paused = false;
    o->begin_at = 0;
}

static struct shard *shard_for(struct owned *o, int32_t partition)
{
    if (!o->shards[partition]) {
        uint8_t bytes[FACT_MARK_HEX / 2];
        char mark[FACT_MARK_HEX + 1];
        secret_random(bytes, sizeof bytes);
        text_hex(bytes, sizeof bytes, mark);
        o->shards[partition] = shard_new(&o->port, o->base.executor, partition, mark);
    }
    return o->shards[partition];
}

/* The broker's answer to the notes that all shards have begun with. */
static void on_begun(void *arg, bool ok)
{
    struct owned *o = arg;
    o->begin_at = ok ? 0 : loop_now(o->base.loop) + AGAIN_MS;
    for (size_t i = 0; i < LIMIT_PARTITIONS && ok; i++)
        if (o->shards[i])
            shard_noted(o->shards[i]);
}

static void begin_again(struct owned *o)
{
    o->begin_at = 0;
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        for (size_t t = 0; o->shards[i] && t < TOPICS; t++)
            shard_note(o->shards[i], owned_topics[t]);
    consumer_commit_now(o->consumer, on_begun, o);
}

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct owned *o = arg;
    rebalanced(o, "assigned");
    o->revoke_by = 0; /* whatever was held is over: the new partitions are not dropped by it */
    owned_drop(o);
    executor_stop(o->base.executor, o->stopping);
    for (size_t i = 0; i < n; i++)
        if (is_ours(list[i].topic, list[i].partition))
            shard_assigned(shard_for(o, list[i].partition), &list[i]);
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (o->shards[i])
            shard_begin(o->shards[i]);
    consumer_commit_now(o->consumer, on_begun, o);
}

static void end_all(struct owned *o)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (o->shards[i])
            shard_end(o->shards[i]);
}

static bool at_rest(const struct owned *o)
{
    return executor_running(o->base.executor) == 0 && producer_waiting(o->base.producer) == 0;
}

/* Requests that run get two seconds to end and to leave their facts, and records to be there; nothing new is begun.
 * What still runs then is left to the next owner's settling. */
static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    struct owned *o = arg;
    (void)list;
    (void)n;
    rebalanced(o, lost ? "lost" : "revoked");
    if (!lost && !o->leaving)
        executor_give_up(o->base.executor);
    if (!lost && !at_rest(o) && !o->leaving) {
        consumer_hold_revoke(o->consumer, KAFKA_FACTS); /* intents are read back */
        o->revoke_by = loop_now(o->base.loop) + HOLD_REVOKE_MS;
        return;
    }
    if (!lost)
        end_all(o);
    owned_drop(o);
    executor_stop(o->base.executor, o->stopping);
}

static void end_revoke(struct owned *o)
{
    o->revoke_by = 0;
    end_all(o);
    owned_drop(o);
    consumer_release_revoke(o->consumer);
    executor_stop(o->base.executor, o->stopping);
}

static struct hold hold_of(const struct owned *o, int32_t partition)
{
    struct hold h = {.limit = (size_t)o->base.config->crm_hold_jobs,
                     .all = executor_held(o->base.executor),
                     .here = shard_owner(o->shards[partition])->held};
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        h.partitions += o->shards[i] != NULL;
    return h;
}

static void pause_if_full(struct owned *o, const struct kafka_message *m)
{
    if (m->topic == KAFKA_FACTS || o->paused[m->topic][m->partition] ||
        executor_held(o->base.executor) < (size_t)o->base.config->crm_hold_jobs / 2)
        return;
    struct hold h = hold_of(o, m->partition);
    if (!hold_is_full(&h, m->topic))
        return;
    log_fail("too many jobs are held; the partition waits", LOG_INT("partition", m->partition),
             LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("count", h.here));
    o->paused[m->topic][m->partition] = true;
    o->any_paused = true;
    consumer_pause(o->consumer, m->topic, m->partition);
}

static void resume_if_room(struct owned *o)
{
    if (!o->any_paused || o->stopping)
        return;
    o->any_paused = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        for (size_t t = 0; o->shards[i] && t < TOPICS; t++) {
            if (!o->paused[owned_topics[t]][i])
                continue;
            struct hold h = hold_of(o, i);
            o->paused[owned_topics[t]][i] = !hold_has_room(&h, owned_topics[t]);
            o->any_paused |= o->paused[owned_topics[t]][i];
            if (!o->paused[owned_topics[t]][i])
                consumer_resume(o->consumer, owned_topics[t], i);
        }
    }
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct owned *o = arg;
    if (!is_ours(m->topic, m->partition) || !o->shards[m->partition])
        return;
    if (o->revoke_by && !shard_restored(o->shards[m->partition]))
        return; /* it begins no more */
    shard_message(o->shards[m->partition], m);
    pause_if_full(o, m);
}

const struct consumer_events owned_events = {
    .assigned = on_assigned, .revoked = on_revoked, .message = on_message};

/* What this process believes may be nobody's truth any more: all is dropped, requests that run are left,
 * the group is joined anew. */
static void begin_anew(struct owned *o, const char *reason)
{
    o->revoke_by = 0;
    owned_drop(o);
    rebalanced(o, reason);
    if (o->consumer)
        consumer_rejoin(o->consumer);
}

void owned_fence(struct owned *o)
{
    owned_drop(o);
    producer_purge(o->base.producer);
    begin_anew(o, "fence");
}

static bool any_stopped(const struct owned *o)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (o->shards[i] && shard_stopped(o->shards[i]))
            return true;
    return false;
}

void owned_turn(struct owned *o)
{
    if (!o->consumer)
        return;
    if (any_stopped(o))
        begin_anew(o, "mark");
    resume_if_room(o);
}

void owned_tick(struct owned *o)
{
    int64_t now = loop_now(o->base.loop);
    if (o->revoke_by && (now >= o->revoke_by || at_rest(o)))
        end_revoke(o);
    if (o->begin_at && now >= o->begin_at)
        begin_again(o);
    if (now >= o->again_at) {
        o->again_at = now + AGAIN_MS;
        step_note_again(o->base.executor);
    }
}

void owned_leave(struct owned *o)
{
    o->leaving = true;
    if (o->revoke_by)
        end_revoke(o);
}

void owned_stop(struct owned *o)
{
    o->stopping = true;
    executor_give_up(o->base.executor);
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++)
        for (size_t t = 0; o->shards[i] && t < TOPICS; t++)
            if (owned_topics[t] != KAFKA_FACTS)
                consumer_pause(o->consumer, owned_topics[t], i);
}

/* ---- what settings switch on ---- */

/* The owner of the account's partition, if that is us and restored. */
static struct owner *owner_of(const struct owned *o, const char *account)
{
    int32_t i = murmur2_partition(str_of(account), o->base.layout->partitions[KAFKA_JOBS]);
    bool ours = i >= 0 && i < LIMIT_PARTITIONS && o->shards[i] && shard_restored(o->shards[i]);
    return ours ? shard_owner(o->shards[i]) : NULL;
}

static void see_to_switches(void *arg, const struct settings *s)
{
    const struct owned *o = arg;
    struct owner *owner = owner_of(o, s->account);
    if (owner)
        executor_switches(o->base.executor, owner, s->account);
}

void owned_settings(struct owned *o, const char *account)
{
    const struct settings *s = o->accounts ? accounts_get(o->accounts, str_of(account)) : NULL;
    if (s)
        see_to_switches(o, s);
}

/* ---- measured ---- */

bool owned_restored(const struct owned *o)
{
    for (size_t i = 0; i < LIMIT_PARTITIONS; i++)
        if (o->shards[i] && !shard_restored(o->shards[i]))
            return false;
    return true;
}

static void set_lag(struct owned *o, int32_t i, enum kafka_topic topic)
{
    char partition[16];
    int64_t received = 0;
    int64_t next = shard_position(o->shards[i], topic, &received);
    if (next < 0)
        return;
    int64_t behind = consumer_high(o->consumer, topic, i) - next;
    int64_t ms = clock_wall_ms() - received;
    bool late = behind > 0 && received > 0 && ms > 0;
    snprintf(partition, sizeof partition, "%" PRId32, i);
    const char *name = kafka_topic_name(topic);
    metrics_set(metrics_get(product_metrics_family(o->base.numbers, PM_CONSUMER_LAG_MESSAGES), name,
                            partition),
                behind > 0 ? (double)behind : 0);
    metrics_set(metrics_get(product_metrics_family(o->base.numbers, PM_CONSUMER_LAG_SECONDS), name,
                            partition),
                late ? (double)ms / 1000.0 : 0);
}

/* True: it has been restored just now. */
static bool report_restored(struct owned *o, int32_t i)
{
    char partition[16];
    if (o->told_restored[i] || !shard_restored(o->shards[i]))
        return false;
    o->told_restored[i] = true;
    snprintf(partition, sizeof partition, "%" PRId32, i);
    metrics_set(metrics_get(product_metrics_family(o->base.numbers, PM_RESTORE_SECONDS),
                            kafka_topic_name(KAFKA_FACTS), partition),
                (double)shard_restore_ms(o->shards[i]) / 1000.0);
    return true;
}

static void visit(void *arg, const struct settings *s)
{
    const struct owned *o = arg;
    struct owner *owner = owner_of(o, s->account);
    if (owner)
        reconcile_visit(o->base.executor, owner, s);
}

static void reconcile(struct owned *o)
{
    accounts_each(o->accounts, visit, o);
    reconcile_begin(o->base.executor);
}

void owned_measure(struct owned *o)
{
    struct owner *owners[LIMIT_PARTITIONS];
    size_t n = 0;
    bool restored = false;
    for (int32_t i = 0; i < LIMIT_PARTITIONS; i++) {
        if (!o->shards[i])
            continue;
        owners[n++] = shard_owner(o->shards[i]);
        shard_tick(o->shards[i]);
        restored |= report_restored(o, i);
        for (size_t t = 0; t < TOPICS; t++)
            set_lag(o, i, owned_topics[t]);
    }
    if (restored)
        accounts_each(o->accounts, see_to_switches, o);
    executor_measure(o->base.executor, owners, n);
    if (o->accounts && o->base.config->reconcile_every_s)
        reconcile(o);
}

/* ---- the whole ---- */

void owned_finished(struct owned *o, enum kafka_topic topic, int32_t partition, int64_t offset)
{
    if (o->shards[partition])
        shard_finished(o->shards[partition], topic, offset);
}

void owned_note(struct owned *o, enum kafka_topic topic, int32_t partition)
{
    if (o->shards[partition])
        shard_note(o->shards[partition], topic);
}

static void on_named(void *arg, bool ok)
{
    const struct owned *o = arg;
    step_noted(o->base.executor, ok);
}

void owned_send_notes(struct owned *o)
{
    consumer_commit_now(o->consumer, on_named, o);
}

void owned_read_from(struct owned *o, struct consumer *k, struct accounts *a)
{
    o->consumer = k;
    o->accounts = a;
}

struct owned *owned_new(const struct owned_base *base)
{
    struct owned *o = mem_alloc(1, sizeof *o);
    o->base = *base;
    o->port =
        (struct shard_port){o, port_boot, port_wall, port_produce, port_start, port_commit, 0};
    secret_random(&o->port.who, sizeof o->port.who);
    return o;
}

void owned_free(struct owned *o)
{
    if (!o)
        return;
    owned_drop(o);
    free(o);
}

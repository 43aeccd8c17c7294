/*
 * Counters of ingest. Must not know how a result came about. The loop's thread.
 */
#include "ingest/meters.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/product_metrics.h"

static const char *const kinds[] = {
    "call", "summary",      "recording",       "record/added",    "record/tagged", "dtmf",  "sms",
    "ping", "result/route", "result/callback", "result/transfer", "result/hangup", "other",
};
#define BUCKETS 256
#define KINDS (sizeof kinds / sizeof *kinds)

static const char *const results[METERS_RESULTS] = {
    "stored", "spooled", "unsigned", "bad_form", "too_large", "refused",
};

/* When an account's last webhook came; the empty account stands for all. */
struct last {
    struct last *next; /* of its bucket */
    struct metrics_series *gauge;
    int64_t at_ms;
    char account[LIMIT_ACCOUNT_NAME + 1];
};

struct meters {
    struct product_metrics product;
    struct metrics_series *webhooks[KINDS][METERS_RESULTS]; /* without per_account */
    struct metrics_series *durations[METERS_RESULTS];
    struct metrics_series *oldest, *errors, *spooled, *spool_oldest;
    struct last *lasts[BUCKETS], *newest;
};

static struct last *last_of(struct meters *m, struct str account)
{
    struct last **bucket = &m->lasts[murmur2_hash(account) % BUCKETS], *l = *bucket;
    while (l && !str_is(account, l->account))
        l = l->next;
    if (l || account.len > LIMIT_ACCOUNT_NAME)
        return l;
    l = mem_alloc(1, sizeof *l);
    if (account.len)
        memcpy(l->account, account.ptr, account.len);
    l->gauge = metrics_get(product_metrics_family(&m->product, PM_LAST_WEBHOOK), l->account);
    l->next = *bucket;
    *bucket = l;
    return l;
}

struct meters *meters_new(struct metrics *registry, bool per_account)
{
    struct meters *m = mem_alloc(1, sizeof *m);
    product_metrics_init(&m->product, registry, "ingest", per_account);
    for (size_t i = 0; i < METERS_RESULTS; i++) {
        m->durations[i] =
            metrics_get(product_metrics_family(&m->product, PM_WEBHOOK_DURATION), results[i]);
    }
    m->oldest = metrics_get(product_metrics_family(&m->product, PM_WEBHOOK_OLDEST_WAITING));
    m->spooled = metrics_get(product_metrics_family(&m->product, PM_SPOOL_MESSAGES));
    m->spool_oldest = metrics_get(product_metrics_family(&m->product, PM_SPOOL_OLDEST));
    m->errors = metrics_get(product_metrics_family(&m->product, PM_KAFKA_PRODUCE_ERRORS), "events");
    return m;
}

void meters_free(struct meters *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct last *l = m->lasts[i], *next; l; l = next) {
            next = l->next;
            free(l);
        }
    }
    free(m);
}

static size_t kind_of(struct str kind)
{
    size_t i = 0;
    while (i < KINDS - 1 && !str_is(kind, kinds[i]))
        i++;
    return i;
}

static struct metrics_series *webhooks_of(struct meters *m, size_t kind, enum meters_result result,
                                          struct str account)
{
    struct metrics_family *f = product_metrics_family(&m->product, PM_WEBHOOKS);
    if (m->product.per_account) {
        char name[LIMIT_ACCOUNT_NAME + 1] = "";
        if (account.len && account.len < sizeof name)
            memcpy(name, account.ptr, account.len);
        return metrics_get(f, kinds[kind], results[result], name);
    }
    struct metrics_series **s = &m->webhooks[kind][result];
    if (!*s)
        *s = metrics_get(f, kinds[kind], results[result]);
    return *s;
}

void meters_webhook(struct meters *m, struct str kind, enum meters_result result,
                    struct str account, int64_t us, int64_t now_ms)
{
    metrics_add(webhooks_of(m, kind_of(kind), result, account), 1);
    metrics_observe(m->durations[result], (double)us / 1e6);
    if (result != METERS_STORED && result != METERS_SPOOLED)
        return;
    if (m->product.per_account)
        m->newest = last_of(m, account);
    else if (!m->newest)
        m->newest = last_of(m, STR_NONE);
    if (m->newest)
        m->newest->at_ms = now_ms;
}

int64_t meters_last_ms(const struct meters *m)
{
    return m->newest ? m->newest->at_ms : 0;
}

void meters_produce_error(struct meters *m)
{
    metrics_add(m->errors, 1);
}

void meters_spool(struct meters *m, int64_t messages, int64_t oldest_ms)
{
    metrics_set(m->spooled, (double)messages);
    metrics_set(m->spool_oldest, (double)oldest_ms / 1e3);
}

void meters_tick(struct meters *m, int64_t now_ms, int64_t oldest_ms)
{
    metrics_set(m->oldest, (double)oldest_ms / 1e3);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct last *l = m->lasts[i]; l; l = l->next)
            metrics_set(l->gauge, (double)(now_ms - l->at_ms) / 1e3);
    }
}

/*
 * Counters of ingest. Must not know how a result came about. The loop's thread.
 */
#include "ingest/meters.h"

#include <stdlib.h>
#include <uthash.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/product_metrics.h"

static const char *const kinds[] = {
    "call", "summary",      "recording",       "record/added",    "record/tagged", "dtmf",  "sms",
    "ping", "result/route", "result/callback", "result/transfer", "result/hangup", "other",
};
#define KINDS (sizeof kinds / sizeof *kinds)

static const char *const results[METERS_RESULTS] = {
    "stored", "spooled", "unsigned", "bad_form", "too_large", "refused",
};

/* When an account's last webhook came; the empty account stands for all. */
struct last {
    UT_hash_handle hh;
    struct metrics_series *gauge;
    int64_t at_ms;
    char account[LIMIT_ACCOUNT_NAME + 1];
};

struct meters {
    struct product_metrics product;
    struct metrics_series *webhooks[KINDS][METERS_RESULTS]; /* without per_account */
    struct metrics_series *durations[METERS_RESULTS];
    struct metrics_series *oldest, *errors;
    struct last *lasts, *all;
};

static struct last *last_of(struct meters *m, struct str account)
{
    struct last *l = NULL;
    size_t n = account.len < LIMIT_ACCOUNT_NAME ? account.len : LIMIT_ACCOUNT_NAME;
    const char *text = n ? account.ptr : "";
    HASH_FIND(hh, m->lasts, text, n, l);
    if (l)
        return l;
    l = mem_alloc(1, sizeof *l);
    memcpy(l->account, text, n);
    l->gauge = metrics_get(product_metrics_family(&m->product, PM_LAST_WEBHOOK), l->account);
    HASH_ADD(hh, m->lasts, account, n, l);
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
    m->errors = metrics_get(product_metrics_family(&m->product, PM_KAFKA_PRODUCE_ERRORS), "events");
    return m;
}

void meters_free(struct meters *m)
{
    struct last *l, *next;
    if (!m)
        return;
    HASH_ITER(hh, m->lasts, l, next) {
        HASH_DEL(m->lasts, l);
        free(l);
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
        last_of(m, account)->at_ms = now_ms;
    else if (m->all)
        m->all->at_ms = now_ms;
    else
        (m->all = last_of(m, STR_NONE))->at_ms = now_ms;
}

void meters_produce_error(struct meters *m)
{
    metrics_add(m->errors, 1);
}

void meters_tick(struct meters *m, int64_t now_ms, int64_t oldest_ms)
{
    struct last *l, *next;
    metrics_set(m->oldest, (double)oldest_ms / 1e3);
    HASH_ITER(hh, m->lasts, l, next)
        metrics_set(l->gauge, (double)(now_ms - l->at_ms) / 1e3);
}

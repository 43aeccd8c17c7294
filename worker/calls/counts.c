/*
 * Families are taken once; series are found by their labels, and those of every event and decision again by
 * the addresses of their labels, which are static: the registry's own way costs as much as folding.
 */
#include "worker/calls/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/mem.h"

#define KIND_TEXT 16
#define ACCOUNT_TEXT 64

#define MEMOS 256 /* a power of two; several times what there is to remember */

/* Where a series was found: its family and labels, by address. */
struct memo {
    const void *place[4];
    struct metrics_series *series;
};

struct counts {
    struct product_metrics all;
    bool per_account;
    struct memo memos[MEMOS];
    struct metrics_family *folded, *calls, *decisions, *jobs, *dead;
};

struct counts *counts_new(struct metrics *registry, bool per_account)
{
    struct counts *n = mem_alloc(1, sizeof *n);
    product_metrics_init(&n->all, registry, "calls", per_account);
    n->per_account = per_account;
    n->folded = product_metrics_family(&n->all, PM_EVENTS_FOLDED);
    n->calls = product_metrics_family(&n->all, PM_CALLS);
    n->decisions = product_metrics_family(&n->all, PM_DECISIONS);
    n->jobs = product_metrics_family(&n->all, PM_JOBS);
    n->dead = product_metrics_family(&n->all, PM_DEAD);
    return n;
}

void counts_free(struct counts *n)
{
    free(n);
}

/* Adds 1. a, b and c are static; account is asked for only where accounts are told apart. */
static void count(struct counts *n, struct metrics_family *f, const char *a, const char *b,
                  const char *c, struct str account)
{
    const struct memo asked = {{f, a, b, c}, NULL};
    uintptr_t mixed = (uintptr_t)a * 31 + (uintptr_t)b * 7 + (uintptr_t)c + (uintptr_t)f / 64;
    struct memo *m = &n->memos[(mixed ^ mixed >> 8) % MEMOS];
    if (n->per_account) {
        char name[ACCOUNT_TEXT];
        (void)snprintf(name, sizeof name, "%.*s", STR_ARG(account));
        metrics_add(c ? metrics_get(f, a, b, c, name) : metrics_get(f, a, b, name), 1);
        return;
    }
    if (memcmp(m->place, asked.place, sizeof m->place) != 0) {
        *m = asked;
        m->series = c ? metrics_get(f, a, b, c) : metrics_get(f, a, b);
    }
    metrics_add(m->series, 1);
}

void counts_folded(struct counts *n, struct str kind, const char *result)
{
    static const char *const known[] = {"call", "summary", "recording", "record/added", "dtmf"};
    const char *label = "other";
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (str_is(kind, known[i]))
            label = known[i];
    }
    count(n, n->folded, label, result, NULL, STR_NONE);
}

static const char *direction_label(const struct rule_call *c)
{
    switch (c->view->direction) {
    case CALL_EVENT_INCOMING:
        return "incoming";
    case CALL_EVENT_OUTGOING:
        return "outgoing";
    case CALL_EVENT_INTERNAL:
        return "internal";
    case CALL_EVENT_UNTOLD:
        break;
    }
    return "unknown";
}

static const char *kind_label(const struct rule_call *c)
{
    const char *verdict = job_verdict_name(c->view->verdict);
    if (verdict != NULL)
        return verdict;
    return c->view->direction == CALL_EVENT_OUTGOING ? "fail" : "none";
}

/* Of the owned copy in a job there is a static one. */
static const char *origin_label(const char *origin)
{
    static const char *const known[] = {"live", "replay", "reconcile", "test"};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(origin, known[i]) == 0)
            return known[i];
    }
    return "other";
}

void counts_decided(struct counts *n, const struct rule_call *c, const struct rule_decision *d,
                    const char *outcome)
{
    count(n, n->decisions, d->rule, outcome, NULL, c->account);
    if (d->job != NULL)
        count(n, n->jobs, job_kind_name(d->job->kind), origin_label(d->job->origin), "sent",
              c->account);
    /* one decision of each closing: the call's job, or what stopped it */
    if (c->when == RULE_CLOSING && strcmp(c->cause.origin, "test") != 0 &&
        (d->stopped || (d->job && d->job->kind == JOB_CALL)))
        count(n, n->calls, direction_label(c), kind_label(c), c->closed_by, c->account);
}

void counts_dead(struct counts *n, const char *account, const char *reason)
{
    metrics_add(metrics_get(n->dead, "events", reason, account), 1);
}

void counts_undelivered(struct counts *n, const char *topic)
{
    metrics_add(metrics_get(product_metrics_family(&n->all, PM_KAFKA_PRODUCE_ERRORS), topic), 1);
}

void counts_rebalanced(struct counts *n, const char *reason)
{
    metrics_add(metrics_get(product_metrics_family(&n->all, PM_KAFKA_REBALANCES), reason), 1);
}

static struct metrics_series *of_partition(struct counts *n, enum product_metric which,
                                           int32_t partition)
{
    char number[KIND_TEXT];
    (void)snprintf(number, sizeof number, "%" PRId32, partition);
    return metrics_get(product_metrics_family(&n->all, which), "events", number);
}

void counts_restored(struct counts *n, int32_t partition, double seconds)
{
    metrics_set(of_partition(n, PM_RESTORE_SECONDS, partition), seconds);
}

void counts_lag(struct counts *n, int32_t partition, int64_t messages, double seconds)
{
    metrics_set(of_partition(n, PM_CONSUMER_LAG_MESSAGES, partition), (double)messages);
    metrics_set(of_partition(n, PM_CONSUMER_LAG_SECONDS, partition), seconds);
}

void counts_open(struct counts *n, size_t calls, double oldest_seconds)
{
    metrics_set(metrics_get(product_metrics_family(&n->all, PM_CALLS_OPEN)), (double)calls);
    metrics_set(metrics_get(product_metrics_family(&n->all, PM_CALLS_OLDEST_OPEN)), oldest_seconds);
}

/*
 * Families are taken once; series are found by their labels.
 */
#include "worker/calls/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/mem.h"

#define KIND_TEXT 16
#define ACCOUNT_TEXT 64

struct counts {
    struct product_metrics all;
    struct metrics_family *folded, *calls, *decisions, *jobs, *dead;
};

struct counts *counts_new(struct metrics *registry, bool per_account)
{
    struct counts *n = mem_alloc(1, sizeof *n);
    product_metrics_init(&n->all, registry, "calls", per_account);
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

void counts_folded(struct counts *n, struct str kind, const char *result)
{
    static const char *const known[] = {"call", "summary", "recording", "record/added", "dtmf"};
    const char *label = "other";
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (str_is(kind, known[i]))
            label = known[i];
    }
    metrics_add(metrics_get(n->folded, label, result), 1);
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

void counts_decided(struct counts *n, const struct rule_call *c, const struct rule_decision *d,
                    const char *outcome)
{
    char account[ACCOUNT_TEXT];
    (void)snprintf(account, sizeof account, "%.*s", STR_ARG(c->account));
    metrics_add(metrics_get(n->decisions, d->rule, outcome, account), 1);
    if (d->job != NULL)
        metrics_add(
            metrics_get(n->jobs, job_kind_name(d->job->kind), d->job->origin, "sent", account), 1);
    /* one decision of each closing: the call's job, or what stopped it */
    if (c->when == RULE_CLOSING && (d->stopped || (d->job && d->job->kind == JOB_CALL)))
        metrics_add(metrics_get(n->calls, direction_label(c), kind_label(c), c->closed_by, account),
                    1);
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

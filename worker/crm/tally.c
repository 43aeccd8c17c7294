/*
 * The numbers of the executor.
 */
#include "worker/crm/tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/http_skew.h"
#include "common/mem.h"

static const char *const apis[] = {[TALLY_MEGAPLAN] = "megaplan", [TALLY_MANGO] = "mango"};

struct tally {
    const struct product_metrics *metrics;
};

struct tally *tally_new(const struct product_metrics *metrics)
{
    struct tally *t = mem_alloc(1, sizeof *t);
    t->metrics = metrics;
    return t;
}

void tally_free(struct tally *t)
{
    free(t);
}

bool tally_by_account(const struct tally *t)
{
    return t->metrics && t->metrics->per_account;
}

static struct metrics_family *family(const struct tally *t, enum product_metric which)
{
    return product_metrics_family(t->metrics, which);
}

void tally_job(struct tally *t, const char *account, const char *kind, const char *origin,
               const char *result, double seconds)
{
    if (!t->metrics)
        return;
    metrics_add(metrics_get(family(t, PM_JOBS), kind, origin, result, account), 1);
    if (seconds >= 0)
        metrics_observe(metrics_get(family(t, PM_JOB_DURATION), kind, origin, result, account),
                        seconds);
}

void tally_request(struct tally *t, const char *account, enum tally_api api, const char *operation,
                   const struct http_answer *answer, int64_t wall_ms)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    if (!t->metrics)
        return;
    int status = answer->end == HTTP_ANSWERED ? answer->status : 0;
    int64_t skew_ms;
    const char *class = classes[status >= 100 && status < 600 ? status / 100 : 0];
    const char *name = apis[api];
    metrics_add(metrics_get(family(t, PM_API_REQUESTS), name, operation, class, account), 1);
    metrics_observe(
        metrics_get(family(t, PM_API_REQUEST_DURATION), name, operation, class, account),
        (double)answer->ms / 1000.0);
    if (http_skew(answer->date_ms, answer->ms, wall_ms, &skew_ms))
        metrics_set(metrics_get(family(t, PM_CLOCK_SKEW), name, account), (double)skew_ms / 1000.0);
}

void tally_waited(struct tally *t, const char *account, enum tally_api api, const char *priority,
                  double seconds)
{
    if (t->metrics)
        metrics_observe(metrics_get(family(t, PM_API_BUDGET_WAIT), apis[api], priority, account),
                        seconds);
}

void tally_dead(struct tally *t, const char *account, const char *topic, const char *reason)
{
    if (t->metrics)
        metrics_add(metrics_get(family(t, PM_DEAD), topic, reason, account), 1);
}

void tally_undelivered(struct tally *t, const char *topic)
{
    if (t->metrics)
        metrics_add(metrics_get(family(t, PM_KAFKA_PRODUCE_ERRORS), topic), 1);
}

void tally_unknown(struct tally *t, const char *kind, bool found)
{
    if (t->metrics)
        metrics_add(metrics_get(family(t, PM_UNKNOWN_OUTCOMES), kind, found ? "yes" : "no"), 1);
}

void tally_twin(struct tally *t, const char *kind, bool found)
{
    if (t->metrics)
        metrics_add(metrics_get(family(t, PM_TWINS), kind, found ? "yes" : "no"), 1);
}

void tally_gauges(struct tally *t, const char *account, const struct tally_gauges *g)
{
    static const char *const causes[TALLY_CAUSES] = {"outage", "budget", "order"};
    if (!t->metrics)
        return;
    for (int c = 0; c < TALLY_CAUSES; c++) {
        metrics_set(metrics_get(family(t, PM_JOBS_HELD), causes[c], account), (double)g->held[c]);
        metrics_set(metrics_get(family(t, PM_JOBS_OLDEST_HELD), causes[c], account),
                    (double)g->oldest_ms[c] / 1000.0);
    }
    metrics_set(metrics_get(family(t, PM_BREAKER_OPEN), apis[TALLY_MEGAPLAN], account),
                g->open ? 1 : 0);
    metrics_set(metrics_get(family(t, PM_API_BUDGET_TOKENS), apis[TALLY_MEGAPLAN], "all", account),
                g->tokens);
    metrics_set(metrics_get(family(t, PM_BREAKER_OPEN), apis[TALLY_MANGO], account),
                g->pbx_open ? 1 : 0);
    metrics_set(metrics_get(family(t, PM_API_BUDGET_TOKENS), apis[TALLY_MANGO], "all", account),
                g->pbx_tokens);
    metrics_set(metrics_get(family(t, PM_RECONCILE_MISSING), apis[TALLY_MANGO], account),
                (double)g->missing);
}

/* The labels of design.md 6.6; what was dropped came too late for something else. */
static const char *ringing_label(const char *result)
{
    static const char *const labels[] = {"done", "late", "no_client", "limited", "failed"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i], result) == 0)
            return labels[i];
    return strcmp(result, "dropped") == 0 ? "late" : NULL; /* else it was nobody's to do */
}

void tally_ringing(struct tally *t, const char *account, enum job_kind kind, const char *result,
                   double seconds)
{
    const char *label = ringing_label(result);
    if (!t->metrics || !label || (kind != JOB_ROUTE && kind != JOB_POPUP))
        return;
    bool route = kind == JOB_ROUTE;
    metrics_add(metrics_get(family(t, route ? PM_ROUTE : PM_POPUP), label, account), 1);
    if (seconds >= 0)
        metrics_observe(
            metrics_get(family(t, route ? PM_ROUTE_LATENCY : PM_POPUP_LATENCY), label, account),
            seconds);
}

/*
 * The table of Mangoplan's metrics. It must not know who counts, only what things are called.
 */
#include "common/product_metrics.h"

#include <stddef.h>
#include <string.h>

#define LABELS_MAX 4 /* with the account */

enum {
    INGEST = 1,
    CALLS = 2,
    CRM = 4,
    WORKERS = CALLS | CRM,
    ALL = INGEST | WORKERS
};

struct row {
    const char *name;
    enum metrics_type type;
    unsigned roles;        /* who shows it from the start */
    bool account;          /* tells accounts apart when asked to */
    const double *buckets; /* NULL = 5 ms to 60 s */
    const char *labels[LABELS_MAX + 1];
    const char *help;
};

/* Jobs wait out outages of days. */
static const double long_waits[] = {0.05, 0.1, 0.25, 0.5,  1,    2,     5,     10,
                                    30,   60,  300,  1800, 7200, 21600, 86400, 0};

/* clang-format off */
static const struct row rows[PRODUCT_METRICS] = {
    [PM_BUILD_INFO] = {"build_info", METRICS_GAUGE, ALL, false, NULL, {"version", "role"}, "Always 1; what runs here."},
    [PM_WEBHOOKS] = {"webhooks_total", METRICS_COUNTER, INGEST, true, NULL, {"kind", "result"}, "Webhooks received."},
    [PM_WEBHOOK_DURATION] = {"webhook_duration_seconds", METRICS_HISTOGRAM, INGEST, false, NULL, {"result"}, "From the first byte of a webhook to its answer."},
    [PM_WEBHOOK_OLDEST_WAITING] = {"webhook_oldest_waiting_seconds", METRICS_GAUGE, INGEST, false, NULL, {NULL}, "Age of the oldest webhook that waits for Kafka's answer."},
    [PM_SPOOL_MESSAGES] = {"spool_messages", METRICS_GAUGE, INGEST, false, NULL, {NULL}, "Webhooks in the local spool."},
    [PM_SPOOL_OLDEST] = {"spool_oldest_seconds", METRICS_GAUGE, INGEST, false, NULL, {NULL}, "Age of the oldest webhook in the local spool."},
    [PM_LAST_WEBHOOK] = {"last_webhook_seconds", METRICS_GAUGE, INGEST, true, NULL, {NULL}, "Time since the last signed webhook."},
    [PM_KAFKA_PRODUCE_ERRORS] = {"kafka_produce_errors_total", METRICS_COUNTER, ALL, false, NULL, {"topic"}, "Messages that Kafka did not acknowledge."},
    [PM_KAFKA_REBALANCES] = {"kafka_rebalances_total", METRICS_COUNTER, WORKERS, false, NULL, {"reason"}, "Assignments and revocations of the consumer group."},
    [PM_CONSUMER_LAG_MESSAGES] = {"consumer_lag_messages", METRICS_GAUGE, WORKERS, false, NULL, {"topic", "partition"}, "Messages not yet read."},
    [PM_CONSUMER_LAG_SECONDS] = {"consumer_lag_seconds", METRICS_GAUGE, WORKERS, false, NULL, {"topic", "partition"}, "Age of the oldest message not yet read."},
    [PM_RESTORE_SECONDS] = {"restore_seconds", METRICS_GAUGE, WORKERS, false, NULL, {"topic", "partition"}, "How long the last restoring of a partition took."},
    [PM_EVENTS_FOLDED] = {"events_folded_total", METRICS_COUNTER, CALLS, false, NULL, {"kind", "result"}, "Events folded into calls."},
    [PM_CALLS] = {"calls_total", METRICS_COUNTER, CALLS, true, NULL, {"direction", "kind", "closed_by"}, "Calls closed."},
    [PM_CALLS_OPEN] = {"calls_open", METRICS_GAUGE, CALLS, false, NULL, {NULL}, "Calls that are not closed."},
    [PM_CALLS_OLDEST_OPEN] = {"calls_oldest_open_seconds", METRICS_GAUGE, CALLS, false, NULL, {NULL}, "Age of the oldest call that is not closed."},
    [PM_DECISIONS] = {"decisions_total", METRICS_COUNTER, CALLS, true, NULL, {"rule", "outcome"}, "Decisions by the accounts' rules."},
    [PM_JOBS] = {"jobs_total", METRICS_COUNTER, CRM, true, NULL, {"kind", "origin", "result"}, "Jobs that came to an end."},
    [PM_JOB_DURATION] = {"job_duration_seconds", METRICS_HISTOGRAM, CRM, true, long_waits, {"kind", "origin", "result"}, "From the event received to its effect."},
    [PM_JOBS_HELD] = {"jobs_held", METRICS_GAUGE, CRM, true, NULL, {"cause"}, "Jobs that wait."},
    [PM_JOBS_OLDEST_HELD] = {"jobs_oldest_held_seconds", METRICS_GAUGE, CRM, true, NULL, {"cause"}, "Age of the oldest job that waits."},
    [PM_UNKNOWN_OUTCOMES] = {"unknown_outcomes_total", METRICS_COUNTER, CRM, false, NULL, {"kind", "found"}, "Requests whose outcome had to be looked for."},
    [PM_TWINS] = {"twins_total", METRICS_COUNTER, CRM, false, NULL, {"kind", "found"}, "Objects found twice under one marker."},
    [PM_API_REQUESTS] = {"api_requests_total", METRICS_COUNTER, CRM, true, NULL, {"api", "operation", "status"}, "Requests to Megaplan and MANGO."},
    [PM_API_REQUEST_DURATION] = {"api_request_duration_seconds", METRICS_HISTOGRAM, CRM, true, NULL, {"api", "operation", "status"}, "Duration of requests to Megaplan and MANGO."},
    [PM_API_BUDGET_TOKENS] = {"api_budget_tokens", METRICS_GAUGE, CRM, true, NULL, {"api", "priority"}, "Requests that may be sent at once."},
    [PM_API_BUDGET_WAIT] = {"api_budget_wait_seconds", METRICS_HISTOGRAM, CRM, true, long_waits, {"api", "priority"}, "How long requests waited for the budget."},
    [PM_ROUTE] = {"route_total", METRICS_COUNTER, CRM, true, NULL, {"result"}, "Incoming calls to be routed to the responsible."},
    [PM_ROUTE_LATENCY] = {"route_latency_seconds", METRICS_HISTOGRAM, CRM, true, NULL, {"result"}, "From the event received to the answer to the route command."},
    [PM_POPUP] = {"popup_total", METRICS_COUNTER, CRM, true, NULL, {"result"}, "Pop-ups."},
    [PM_POPUP_LATENCY] = {"popup_latency_seconds", METRICS_HISTOGRAM, CRM, true, NULL, {"result"}, "From the event received to the pop-up."},
    [PM_DEAD] = {"dead_total", METRICS_COUNTER, ALL, true, NULL, {"topic", "reason"}, "Messages put into the dead-letter topic."},
    [PM_RECONCILE_MISSING] = {"reconcile_missing", METRICS_GAUGE, CRM, true, NULL, {"api"}, "Calls that the last reconciling found missing."},
    [PM_CLOCK_SKEW] = {"clock_skew_seconds", METRICS_GAUGE, CRM, true, NULL, {"api"}, "The other side's clock minus ours."},
    [PM_BREAKER_OPEN] = {"breaker_open", METRICS_GAUGE, CRM, true, NULL, {"api"}, "1 while an outage holds the jobs of the service."},
};
/* clang-format on */

static unsigned role_bit(const char *role)
{
    return strcmp(role, "ingest") == 0 ? INGEST : strcmp(role, "calls") == 0 ? CALLS : CRM;
}

struct metrics_family *product_metrics_family(const struct product_metrics *p,
                                              enum product_metric which)
{
    const struct row *r = &rows[which];
    const char *labels[LABELS_MAX + 1] = {NULL};
    size_t n = 0;
    while (n < LABELS_MAX && r->labels[n]) {
        labels[n] = r->labels[n];
        n++;
    }
    if (r->account && p->per_account && n < LABELS_MAX)
        labels[n] = "account";
    return metrics_define(p->registry, r->type, r->name, r->help, labels, r->buckets);
}

void product_metrics_init(struct product_metrics *p, struct metrics *registry, const char *role,
                          bool per_account)
{
    *p = (struct product_metrics){registry, per_account};
    for (enum product_metric which = 0; which < PRODUCT_METRICS; which++)
        if (rows[which].roles & role_bit(role))
            (void)product_metrics_family(p, which);
    metrics_set(metrics_get(product_metrics_family(p, PM_BUILD_INFO), MANGOPLAN_VERSION, role), 1);
}

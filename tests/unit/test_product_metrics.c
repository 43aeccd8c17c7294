/*
 * The names, types and labels of the metrics are a contract: the table below repeats design.md 6.6.
 */
#include "common/product_metrics.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct {
    enum product_metric which;
    const char *type, *name, *labels;
} contract[] = {
    {PM_BUILD_INFO, "gauge", "build_info", "version role"},
    {PM_WEBHOOKS, "counter", "webhooks_total", "kind result"},
    {PM_WEBHOOK_DURATION, "histogram", "webhook_duration_seconds", "result"},
    {PM_WEBHOOK_OLDEST_WAITING, "gauge", "webhook_oldest_waiting_seconds", ""},
    {PM_SPOOL_MESSAGES, "gauge", "spool_messages", ""},
    {PM_SPOOL_OLDEST, "gauge", "spool_oldest_seconds", ""},
    {PM_LAST_WEBHOOK, "gauge", "last_webhook_seconds", ""},
    {PM_KAFKA_PRODUCE_ERRORS, "counter", "kafka_produce_errors_total", "topic"},
    {PM_KAFKA_REBALANCES, "counter", "kafka_rebalances_total", "reason"},
    {PM_CONSUMER_LAG_MESSAGES, "gauge", "consumer_lag_messages", "topic partition"},
    {PM_CONSUMER_LAG_SECONDS, "gauge", "consumer_lag_seconds", "topic partition"},
    {PM_RESTORE_SECONDS, "gauge", "restore_seconds", "topic partition"},
    {PM_EVENTS_FOLDED, "counter", "events_folded_total", "kind result"},
    {PM_CALLS, "counter", "calls_total", "direction kind closed_by"},
    {PM_CALLS_OPEN, "gauge", "calls_open", ""},
    {PM_CALLS_OLDEST_OPEN, "gauge", "calls_oldest_open_seconds", ""},
    {PM_DECISIONS, "counter", "decisions_total", "rule outcome"},
    {PM_JOBS, "counter", "jobs_total", "kind origin result"},
    {PM_JOB_DURATION, "histogram", "job_duration_seconds", "kind origin result"},
    {PM_JOBS_HELD, "gauge", "jobs_held", "cause"},
    {PM_JOBS_OLDEST_HELD, "gauge", "jobs_oldest_held_seconds", "cause"},
    {PM_UNKNOWN_OUTCOMES, "counter", "unknown_outcomes_total", "kind found"},
    {PM_TWINS, "counter", "twins_total", "kind found"},
    {PM_API_REQUESTS, "counter", "api_requests_total", "api operation status"},
    {PM_API_REQUEST_DURATION, "histogram", "api_request_duration_seconds", "api operation status"},
    {PM_API_BUDGET_TOKENS, "gauge", "api_budget_tokens", "api priority"},
    {PM_API_BUDGET_WAIT, "histogram", "api_budget_wait_seconds", "api priority"},
    {PM_ROUTE, "counter", "route_total", "result"},
    {PM_ROUTE_LATENCY, "histogram", "route_latency_seconds", "result"},
    {PM_POPUP, "counter", "popup_total", "result"},
    {PM_POPUP_LATENCY, "histogram", "popup_latency_seconds", "result"},
    {PM_DEAD, "counter", "dead_total", "topic reason"},
    {PM_RECONCILE_MISSING, "gauge", "reconcile_missing", "api"},
    {PM_CLOCK_SKEW, "gauge", "clock_skew_seconds", "api"},
    {PM_BREAKER_OPEN, "gauge", "breaker_open", "api"},
};

/* One series of the family, all label values "v": TYPE line and labels as they should stand. */
static void ck_row(size_t i, bool per_account)
{
    struct metrics *m = metrics_new();
    struct product_metrics p = {m, per_account};
    struct buf out = BUF_INIT(1 << 16);
    char line[300], labels[200] = "";
    metrics_get(product_metrics_family(&p, contract[i].which), "v", "v", "v", "v");
    metrics_write(m, &out);
    snprintf(line, sizeof line, "\n# TYPE mangoplan_%s %s\n", contract[i].name, contract[i].type);
    ck_assert_msg(strstr(out.data, line) != NULL, "%s", out.data);
    size_t at = 0, n = strlen(contract[i].labels);
    for (const char *l = contract[i].labels; l < contract[i].labels + n; l += strcspn(l, " ") + 1)
        at += (size_t)snprintf(labels + at, sizeof labels - at, "%s%.*s=\"v\"", at ? "," : "",
                               (int)strcspn(l, " "), l);
    const char *brace = strchr(out.data, '{');
    if (!at && !per_account)
        ck_assert_msg(brace == NULL, "%s", out.data);
    else if (!per_account)
        ck_assert_msg(strncmp(brace + 1, labels, at) == 0 &&
                          (brace[1 + at] == '}' || strncmp(brace + 1 + at, ",le=", 4) == 0),
                      "%s: %s", labels, out.data);
    if (!per_account)
        ck_assert_ptr_null(strstr(out.data, "account="));
    buf_done(&out);
    metrics_free(m);
}

START_TEST(names_types_and_labels_are_the_contract)
{
    ck_assert_uint_eq(sizeof contract / sizeof *contract, PRODUCT_METRICS);
    for (size_t i = 0; i < PRODUCT_METRICS; i++) {
        ck_assert_int_eq(contract[i].which, (int)i);
        ck_row(i, false);
        ck_row(i, true);
    }
}
END_TEST

START_TEST(the_account_is_told_only_when_asked_for)
{
    for (int per_account = 0; per_account < 2; per_account++) {
        struct metrics *m = metrics_new();
        struct product_metrics p;
        struct buf out = BUF_INIT(1 << 16);
        product_metrics_init(&p, m, "crm", per_account);
        metrics_add(
            metrics_get(product_metrics_family(&p, PM_JOBS), "client", "live", "done", "acme"), 1);
        metrics_write(m, &out);
        ck_assert_ptr_nonnull(strstr(
            out.data, per_account
                          ? "{kind=\"client\",origin=\"live\",result=\"done\",account=\"acme\"} 1"
                          : "{kind=\"client\",origin=\"live\",result=\"done\"} 1"));
        buf_done(&out);
        metrics_free(m);
    }
}
END_TEST

START_TEST(a_role_shows_its_own_from_the_start)
{
    static const struct {
        const char *role, *has, *has_not;
    } cases[] = {{"ingest", "mangoplan_webhooks_total", "mangoplan_jobs_total"},
                 {"calls", "mangoplan_calls_open", "mangoplan_webhooks_total"},
                 {"crm", "mangoplan_breaker_open", "mangoplan_calls_open"}};
    for (size_t i = 0; i < 3; i++) {
        struct metrics *m = metrics_new();
        struct product_metrics p;
        struct buf out = BUF_INIT(1 << 16);
        char info[100];
        product_metrics_init(&p, m, cases[i].role, false);
        metrics_write(m, &out);
        snprintf(info, sizeof info, "mangoplan_build_info{version=\"%s\",role=\"%s\"} 1\n",
                 MANGOPLAN_VERSION, cases[i].role);
        ck_assert_ptr_nonnull(strstr(out.data, info));
        ck_assert_ptr_nonnull(strstr(out.data, cases[i].has));
        ck_assert_ptr_null(strstr(out.data, cases[i].has_not));
        buf_done(&out);
        metrics_free(m);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("product_metrics", names_types_and_labels_are_the_contract,
                    the_account_is_told_only_when_asked_for, a_role_shows_its_own_from_the_start);
}

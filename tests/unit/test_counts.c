/*
 * What is counted under which labels: the short way to a series, by the addresses of its labels, ends at the same
 * one as the long way, and an account is told apart where it is asked for.
 */
#include "worker/calls/counts.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct metrics *registry;
static struct counts *counts;

static void begin(bool per_account)
{
    registry = metrics_new();
    counts = counts_new(registry, per_account);
}

static void end(void)
{
    counts_free(counts);
    metrics_free(registry);
}

/* The line of the text form. */
static void ck_line(const char *line)
{
    struct buf out = BUF_INIT(1 << 20);
    metrics_write(registry, &out);
    ck_assert_msg(strstr(out.data, line) != NULL, "%s in\n%s", line, out.data);
    buf_done(&out);
}

static void decide(const char *account, struct job *job, bool stopped, const char *result)
{
    const struct view view = {.direction = CALL_EVENT_INCOMING, .verdict = JOB_MISSED_MENU};
    const struct rule_call c = {
        .view = &view,
        .account = str_of(account),
        .when = RULE_CLOSING,
        .closed_by = "ended",
        .cause = {.origin = job && strcmp(job->origin, "test") == 0 ? "test" : "live"}};
    const struct rule_decision d = {.rule = "G15", .job = job, .stopped = stopped};
    counts_decided(counts, &c, &d, result);
}

START_TEST(one_series_for_all_accounts)
{
    char origin[] = "replay"; /* of no known address */
    struct job job = {.kind = JOB_CALL, .origin = origin};
    struct job trial = {.kind = JOB_CALL, .origin = (char[]){"test"}};
    begin(false);
    for (int i = 0; i < 3; i++) {
        counts_folded(counts, STR("call"), "new");
        counts_folded(counts, STR("summary"), "new");
        decide(i ? "acme" : "other", &job, false, "sent");
    }
    counts_folded(counts, STR("sms"), "ignored");
    decide("acme", NULL, true, "none");
    decide("acme", &trial, false, "sent"); /* is no call of the account's */
    ck_line("events_folded_total{kind=\"call\",result=\"new\"} 3\n");
    ck_line("events_folded_total{kind=\"summary\",result=\"new\"} 3\n");
    ck_line("events_folded_total{kind=\"other\",result=\"ignored\"} 1\n");
    ck_line("jobs_total{kind=\"call\",origin=\"replay\",result=\"sent\"} 3\n");
    ck_line("jobs_total{kind=\"call\",origin=\"test\",result=\"sent\"} 1\n");
    ck_line("decisions_total{rule=\"G15\",outcome=\"sent\"} 4\n");
    ck_line("decisions_total{rule=\"G15\",outcome=\"none\"} 1\n");
    ck_line("calls_total{direction=\"incoming\",kind=\"missed:menu\",closed_by=\"ended\"} 4\n");
    end();
}
END_TEST

START_TEST(accounts_apart)
{
    struct job job = {.kind = JOB_CALL, .origin = (char[]){"live"}};
    begin(true);
    counts_folded(counts, STR("call"), "new");
    decide("acme", &job, false, "sent");
    decide("other", &job, false, "sent");
    decide("acme", &job, false, "sent");
    ck_line("events_folded_total{kind=\"call\",result=\"new\"} 1\n");
    ck_line("decisions_total{rule=\"G15\",outcome=\"sent\",account=\"acme\"} 2\n");
    ck_line("decisions_total{rule=\"G15\",outcome=\"sent\",account=\"other\"} 1\n");
    end();
}
END_TEST

int main(void)
{
    return UNIT_RUN("counts", one_series_for_all_accounts, accounts_apart);
}

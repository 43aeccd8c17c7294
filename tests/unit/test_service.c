/*
 * Budget and breaker of an account.
 */
#include "tests/unit/unit.h"

#include "worker/crm/service.h"

#define MAX_MS 30000

static struct service s;
static int64_t until;
static char token[] = "tok", user[] = "user", password[] = "pass";

static void setup(void)
{
    const struct settings settings = {
        .megaplan = {.token = token, .requests_per_second = 100, .requests_per_hour = 100000}};
    service_init(&s, "acme");
    service_limits(&s, &settings, 0);
}

START_TEST(admits_within_the_budget)
{
    setup();
    ck_assert_str_eq(s.account, "acme");
    int n = 0;
    while (service_admit(&s, 0, false, &until))
        n++;
    ck_assert_int_eq(n, 5);
    ck_assert_int_gt(until, 0);
    ck_assert(service_admit(&s, until, false, &until));
    service_return(&s, false, until);
    ck_assert(service_admit(&s, until, false, &until));
    service_done(&s);
}
END_TEST

START_TEST(limits_change_live)
{
    setup();
    while (service_admit(&s, 0, false, &until))
        ;
    const struct settings slow = {
        .megaplan = {.requests_per_second = 1, .requests_per_hour = 100000}};
    service_limits(&s, &slow, 0);
    service_limits(&s, &slow, 0);
    ck_assert(!service_admit(&s, 900, false, &until));
    ck_assert_int_gt(until, 1000);
    service_done(&s);
}
END_TEST

START_TEST(one_probe_at_a_time)
{
    setup();
    ck_assert(service_admit(&s, 1000, false, &until));
    ck_assert(service_refused(&s, "401", 1000, MAX_MS, 0));
    ck_assert_str_eq(s.reason, "401");
    /* those that were on their way say the same and count for nothing */
    ck_assert(!service_refused(&s, "401", 1001, MAX_MS, 0));
    ck_assert(!service_admit(&s, 1001, false, &until));
    ck_assert_int_eq(until, 1400);
    ck_assert(service_admit(&s, 1400, false, &until));
    ck_assert(s.probing);
    ck_assert(!service_admit(&s, 1500, false, &until));
    ck_assert_int_eq(until, AGENDA_NEVER);
    ck_assert(!service_refused(&s, "402", 1500, MAX_MS, 0));
    ck_assert_str_eq(s.reason, "402");
    ck_assert(!service_admit(&s, 1500, false, &until));
    ck_assert_int_eq(until, 1500 + 800);
    ck_assert(service_admit(&s, until, false, &until));
    service_good(&s, 3000);
    ck_assert(!s.open && service_admit(&s, 3000, false, &until));
    ck_assert_int_eq(s.last_good, 3000);
    service_done(&s);
}
END_TEST

START_TEST(probes_without_an_answer)
{
    setup();
    service_unclear(&s, false, "500", 0, MAX_MS, 0); /* closed: once is nothing */
    ck_assert(!s.open);
    ck_assert(service_refused(&s, "401", 0, MAX_MS, 0));
    service_unclear(&s, false, "500", 0, MAX_MS, 0); /* not the probe's */
    ck_assert(service_admit(&s, 400, false, &until));
    service_unclear(&s, true, "500", 500, MAX_MS, 0);
    ck_assert(s.open && !s.probing);
    ck_assert_int_eq(s.probe_at, 1300);
    ck_assert(service_admit(&s, 1300, false, &until));
    service_return(&s, false, 1310); /* somebody else's token */
    ck_assert(s.probing);
    service_return(&s, true, 1310); /* the probe was never sent */
    ck_assert(!s.probing && s.open);
    ck_assert(service_admit(&s, 1310, false, &until));
    service_slow_down(&s, -1, 1400, 0);
    ck_assert(!s.probing && s.open);
    service_reset(&s);
    ck_assert(!s.open);
    service_done(&s);
}
END_TEST

START_TEST(slowing_down)
{
    setup();
    service_slow_down(&s, 7, 1000, 0);
    ck_assert(!service_admit(&s, 7999, true, &until));
    ck_assert_int_eq(until, 8000);
    service_slow_down(&s, 100000, 1000, 0); /* an hour at most */
    ck_assert(!service_admit(&s, 1000, true, &until));
    ck_assert_int_eq(until, 3601000);
    service_done(&s);
    setup();
    service_slow_down(&s, -1, 1000, 0); /* nothing said: growing delays */
    ck_assert(!service_admit(&s, 1000, true, &until));
    ck_assert_int_eq(until, 1400);
    service_slow_down(&s, -1, 1400, 0);
    ck_assert(!service_admit(&s, 1400, true, &until));
    ck_assert_int_eq(until, 2200);
    service_slow_down(&s, 0, 2200, 0); /* else a server that says 0 is asked without a rest */
    ck_assert(!service_admit(&s, 2200, true, &until));
    ck_assert_int_eq(until, 3800);
    service_done(&s);
}
END_TEST

/* 5xx on all: no number may hammer on, and none of them is to blame. */
START_TEST(many_failures_in_a_row_are_an_outage)
{
    setup();
    for (unsigned i = 1; i < SERVICE_UNCLEAR; i++)
        ck_assert(!service_unclear(&s, false, "503", 1000, MAX_MS, 0));
    service_good(&s, 1000); /* one answer between: some records fail */
    for (unsigned i = 1; i < SERVICE_UNCLEAR; i++)
        ck_assert(!service_unclear(&s, false, "503", 1000, MAX_MS, 0));
    ck_assert(service_unclear(&s, false, "503", 1000, MAX_MS, 0));
    ck_assert(s.open);
    ck_assert_str_eq(s.reason, "503");
    for (int i = 0; i < 100; i++) /* those that were on their way */
        ck_assert(!service_unclear(&s, false, "503", 1001, MAX_MS, 0));
    int64_t at = 1000;
    for (int i = 0; i < 10; i++) {
        ck_assert(!service_admit(&s, at, true, &until));
        ck_assert_int_gt(until, at);
        at = until;
        ck_assert(service_admit(&s, at, false, &until));
        ck_assert(!service_admit(&s, at, true, &until)); /* one at a time */
        ck_assert_int_eq(until, AGENDA_NEVER);
        ck_assert(!service_unclear(&s, true, "503", at, MAX_MS, 0));
    }
    ck_assert_int_eq(s.probe_at - at, MAX_MS / 2);
    ck_assert(service_admit(&s, s.probe_at, false, &until));
    service_good(&s, s.probe_at);
    ck_assert(!s.open);
    service_done(&s);
}
END_TEST

static void signed_out(void)
{
    const struct settings settings = {.megaplan = {.login = user,
                                                   .password = password,
                                                   .requests_per_second = 5,
                                                   .requests_per_hour = 1000}};
    service_init(&s, "acme");
    service_limits(&s, &settings, 0);
}

START_TEST(a_login_comes_first)
{
    signed_out();
    ck_assert(!service_admit(&s, 1000, true, &until));
    ck_assert(s.wants_signin);
    ck_assert(service_admit_signin(&s, 1000, &until));
    signin_begin(&s.signin);
    ck_assert(!service_admit(&s, 1000, false, &until));
    ck_assert_int_eq(until, AGENDA_NEVER);
    signin_failed(&s.signin, 1000, MAX_MS, 0);
    ck_assert(!service_admit(&s, 1001, false, &until));
    ck_assert_int_eq(until, 1400);
    ck_assert(!service_admit_signin(&s, 1399, &until));
    ck_assert_int_eq(until, 1400);
    ck_assert(service_admit_signin(&s, 1400, &until));
    signin_begin(&s.signin);
    signin_granted(&s.signin, STR("tok-1"), STR("ref-1"));
    for (int i = 0; i < 3; i++) /* its tokens are the budget's: two logins and three of five */
        ck_assert(service_admit(&s, 1400, false, &until));
    ck_assert(!service_admit(&s, 1400, false, &until));
    service_done(&s);
}
END_TEST

START_TEST(while_open_the_probe_is_a_login)
{
    signed_out();
    service_refused(&s, SIGNIN_REJECTED, 0, MAX_MS, 0);
    ck_assert(!service_admit_signin(&s, 399, &until));
    ck_assert_int_eq(until, 400);
    ck_assert(!service_admit(&s, 400, false, &until));
    ck_assert(service_admit_signin(&s, 400, &until));
    ck_assert(s.probing);
    ck_assert(!service_admit_signin(&s, 400, &until));
    service_unprobe(&s, 500); /* it got a token: the next one shows whether it is taken */
    signin_begin(&s.signin);
    signin_granted(&s.signin, STR("tok-1"), STR("ref-1"));
    ck_assert(service_admit(&s, 500, false, &until));
    ck_assert(!service_admit(&s, 500, false, &until));
    service_unprobe(&s, 600);
    service_unprobe(&s, 700);
    ck_assert_int_eq(s.probe_at, 600);
    service_done(&s);
}
END_TEST

START_TEST(a_budget_goes_on_from_memory)
{
    const struct settings settings = {
        .megaplan = {.token = token, .requests_per_second = 5, .requests_per_hour = 1000}};
    struct budget_record record;
    service_init(&s, "acme");
    service_own(&s, STR("{\"at\":1700000000000,\"level\":20.5,\"v\":1}"), 1700000000000 + 5000,
                1000);
    service_limits(&s, &settings, 1000);
    ck_assert_double_eq_tol(budget_level(&s.budget, 1000), 20.5 + 1.1875, 0.001);
    ck_assert(!service_admit(&s, 1000, false, &until)); /* it is not written down yet */
    ck_assert_int_eq(until, 2000);
    ck_assert(budget_memory_due(&s.memory, &s.budget, 1000));
    budget_memory_write(&s.memory, &s.budget, 1700000005000, 1000, &record);
    budget_memory_written(&s.memory, true, 1000);
    ck_assert(service_admit(&s, 1000, false, &until));
    ck_assert_double_eq(s.memory.granted.tokens, 4);
    service_return(&s, false, 1000);
    ck_assert_double_eq(s.memory.granted.tokens, 5);
    for (int i = 0; i < 5; i++)
        ck_assert(service_admit(&s, 1001, false, &until));
    service_left(&s, 1200);
    ck_assert(!service_admit(&s, 2252, false, &until));
    ck_assert_int_eq(until, 2253);                  /* one has left; the others are kept */
    service_own(&s, STR_NONE, 1700000009000, 5000); /* lost, and got back: nobody else spent any */
    service_limits(&s, &settings, 5000);
    ck_assert_double_eq(budget_level(&s.budget, 5000), 95);
    service_done(&s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("service", admits_within_the_budget, limits_change_live, one_probe_at_a_time,
                    probes_without_an_answer, slowing_down, many_failures_in_a_row_are_an_outage,
                    a_login_comes_first, while_open_the_probe_is_a_login,
                    a_budget_goes_on_from_memory);
}

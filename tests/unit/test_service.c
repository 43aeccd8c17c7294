/*
 * Budget and breaker of an account.
 */
#include "tests/unit/unit.h"

#include "worker/crm/service.h"

#define MAX_MS 30000

static struct service s;
static int64_t until;

static void setup(void)
{
    const struct settings settings = {
        .megaplan = {.requests_per_second = 100, .requests_per_hour = 100000}};
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
    service_unclear(&s, 0, MAX_MS, 0); /* closed: nothing to do with it */
    ck_assert(!s.open);
    ck_assert(service_refused(&s, "401", 0, MAX_MS, 0));
    service_unclear(&s, 0, MAX_MS, 0); /* not the probe's */
    ck_assert(service_admit(&s, 400, false, &until));
    service_unclear(&s, 500, MAX_MS, 0);
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

int main(void)
{
    return UNIT_RUN("service", admits_within_the_budget, limits_change_live, one_probe_at_a_time,
                    probes_without_an_answer, slowing_down);
}

/*
 * What the settings page and doctor may ask beside the account's owner.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "common/share.h"

#define HOUR_MS 3600000
#define MEGAPLAN SHARE_MEGAPLAN
#define MANGO SHARE_MANGO

static struct share s;

static bool ask(enum share_api api, int64_t at)
{
    if (!share_take(&s, api, at))
        return false;
    share_ended(&s, api, true, at);
    return true;
}

/* Asks whenever it may; no hour, wherever it begins, sees more than `most`. */
START_TEST(no_hour_has_more_than_one_percent)
{
    static const int64_t hours[] = {1,   50,  100,  150,  199,   200,
                                    300, 999, 1000, 5000, 20000, 1000000};
    for (size_t i = 0; i < COUNT(hours); i++) {
        int64_t *taken = calloc(400000, sizeof *taken);
        size_t n = 0, oldest = 0, most = (size_t)(hours[i] / 100);
        int64_t at = 1000;
        share_init(&s, hours[i], at);
        if (most == 0)
            most = 1;
        while (at < 5 * HOUR_MS && n < 400000) {
            if (!ask(MEGAPLAN, at)) {
                int64_t wait = share_wait(&s, MEGAPLAN, at);
                ck_assert_int_gt(wait, 0);
                at += wait;
                continue;
            }
            taken[n++] = at;
            while (taken[oldest] <= at - HOUR_MS)
                oldest++;
            ck_assert_msg(n - oldest <= most, "%ld an hour: %zu in one", (long)hours[i],
                          n - oldest);
        }
        size_t expected = hours[i] < 100 ? 1 : (most + 1) / 2 * 4;
        ck_assert_msg(n >= expected, "%ld an hour: only %zu in five", (long)hours[i], n);
        free(taken);
    }
}
END_TEST

START_TEST(a_new_installation_may_ask_five_times_at_once)
{
    share_init(&s, 1000, 0);
    for (int i = 0; i < 5; i++)
        ck_assert(ask(MEGAPLAN, 10));
    ck_assert(!ask(MEGAPLAN, 10));
    ck_assert_int_ge(share_wait(&s, MEGAPLAN, 10), 720000); /* twelve minutes */
    ck_assert_int_le(share_wait(&s, MEGAPLAN, 10), 740000);
}
END_TEST

START_TEST(one_at_a_time_and_what_never_left_is_given_back)
{
    share_init(&s, 100, 0);
    ck_assert(share_take(&s, MEGAPLAN, 0));
    ck_assert(!share_take(&s, MANGO, 0));
    share_ended(&s, MEGAPLAN, false, 5);
    ck_assert_int_eq(share_wait(&s, MEGAPLAN, 5), 0);
    ck_assert(share_take(&s, MANGO, 5));
    share_ended(&s, MANGO, false, 6);
    ck_assert_int_eq(share_wait(&s, MANGO, 6), 0);
    ck_assert(ask(MEGAPLAN, 7));
    ck_assert(!ask(MEGAPLAN, 8));
}
END_TEST

START_TEST(mango_once_in_ten_seconds_from_the_end_on)
{
    share_init(&s, 1000, 0);
    ck_assert(share_take(&s, MANGO, 100));
    share_ended(&s, MANGO, true, 4000);
    ck_assert_int_eq(share_wait(&s, MANGO, 4000), 10000);
    ck_assert_int_eq(share_wait(&s, MEGAPLAN, 4000), 0);
    ck_assert(!ask(MANGO, 13999));
    ck_assert(ask(MANGO, 14000));
}
END_TEST

START_TEST(retry_after_is_obeyed_by_each)
{
    share_init(&s, 1000, 0);
    share_slow_down(&s, MEGAPLAN, 30, 0);
    share_slow_down(&s, MEGAPLAN, 3, 0); /* an earlier time does not count */
    ck_assert_int_eq(share_wait(&s, MEGAPLAN, 1000), 29000);
    ck_assert_int_eq(share_wait(&s, MANGO, 1000), 0);
    share_slow_down(&s, MANGO, -1, 0);
    ck_assert_int_eq(share_wait(&s, MANGO, 0), SHARE_SLOW_MS);
    share_slow_down(&s, MANGO, 1000000, 0);
    ck_assert_int_eq(share_wait(&s, MANGO, 0), HOUR_MS);
}
END_TEST

START_TEST(an_invalid_request_closes_mango_for_two_minutes)
{
    share_init(&s, 1000, 0);
    ck_assert_int_eq(share_closed(&s, 0), 0);
    share_close(&s, 1000);
    ck_assert_int_eq(share_closed(&s, 1000), SHARE_CLOSED_MS);
    ck_assert_int_eq(share_wait(&s, MANGO, 1000), SHARE_CLOSED_MS);
    ck_assert(!ask(MANGO, 120999));
    ck_assert(ask(MEGAPLAN, 2000));
    ck_assert(ask(MANGO, 1000 + SHARE_CLOSED_MS));
    ck_assert_int_eq(share_closed(&s, 1000 + SHARE_CLOSED_MS), 0);
}
END_TEST

START_TEST(new_settings_give_no_new_tokens)
{
    share_init(&s, 1000, 0);
    for (int i = 0; i < 5; i++)
        ck_assert(ask(MEGAPLAN, 0));
    share_change(&s, 100000, 0);
    ck_assert(!ask(MEGAPLAN, 0));
    ck_assert_int_le(share_wait(&s, MEGAPLAN, 0), 4100); /* 900 an hour come behind the first 100 */
    share_change(&s, 1, 0);
    share_change(&s, 1000, 40 * HOUR_MS);
    ck_assert(!ask(MEGAPLAN, 40 * HOUR_MS)); /* 0.4 of one came meanwhile */
}
END_TEST

START_TEST(a_clock_that_stands_or_goes_back_gives_nothing)
{
    share_init(&s, 100, 5000);
    ck_assert(ask(MEGAPLAN, 5000));
    ck_assert(!ask(MEGAPLAN, 4000));
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "share", no_hour_has_more_than_one_percent, a_new_installation_may_ask_five_times_at_once,
        one_at_a_time_and_what_never_left_is_given_back, mango_once_in_ten_seconds_from_the_end_on,
        retry_after_is_obeyed_by_each, an_invalid_request_closes_mango_for_two_minutes,
        new_settings_give_no_new_tokens, a_clock_that_stands_or_goes_back_gives_nothing);
}

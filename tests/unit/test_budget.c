/*
 * What an account lets us ask, by seconds and hours.
 */
#include "tests/unit/unit.h"

#include "worker/crm/budget.h"

static int taken_in(struct budget *b, int64_t from, int64_t to, bool urgent)
{
    int n = 0;
    for (int64_t at = from; at < to; at++)
        n += budget_take(b, at, urgent);
    return n;
}

START_TEST(no_second_has_too_many)
{
    static const int64_t rates[] = {1, 2, 5, 10, 100, 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct budget b;
        budget_init(&b, rates[i], 10000000, 1000);
        ck_assert_int_le(taken_in(&b, 1000, 2000, true), rates[i]);
        ck_assert_int_le(taken_in(&b, 2000, 3000, true), rates[i]);
        budget_init(&b, rates[i], 10000000, 0); /* a burst after a long rest */
        ck_assert_int_le(taken_in(&b, 60000, 61000, true), rates[i]);
    }
}
END_TEST

START_TEST(no_hour_has_too_many_and_none_are_lost)
{
    static const int64_t hours[] = {1, 2, 9, 12, 100, 1000, 20000};
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        struct budget b;
        budget_init(&b, 10000, hours[i], 0);
        int first = 0;
        int second = 0;
        for (int64_t at = 0; at < 7200000; at += 10) {
            bool took = budget_take(&b, at, true);
            *(at < 3600000 ? &first : &second) += took;
        }
        ck_assert_int_le(first, hours[i]);
        ck_assert_int_ge(first, (int)((double)hours[i] * 0.94) - 1);
        ck_assert_int_le(second, first);
        ck_assert_int_ge(second, (int)((double)hours[i] * 0.94 * 0.89) - 1);
    }
}
END_TEST

START_TEST(the_last_tenth_is_for_the_urgent)
{
    struct budget b;
    budget_init(&b, 10000, 1000, 0);
    int ordinary = taken_in(&b, 0, 100, false);
    int urgent = taken_in(&b, 100, 200, true);
    ck_assert_int_eq(ordinary, 85); /* 95 % of 1000, a tenth of it at once, nine tenths of that */
    ck_assert_int_eq(urgent, 10);
    ck_assert(!budget_take(&b, 200, true));
}
END_TEST

START_TEST(a_small_rate_may_be_spent_at_once)
{
    struct budget b;
    budget_init(&b, 5, 1000000, 1000);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(budget_ready_at(&b, 1000 + i, false), 1000 + i);
        ck_assert(budget_take(&b, 1000 + i, false));
    }
    ck_assert(!budget_take(&b, 1010, true));
    ck_assert_int_eq(budget_ready_at(&b, 1010, false), 2053);
    ck_assert(!budget_take(&b, 2052, false));
    ck_assert(budget_take(&b, 2053, false));
    ck_assert(!budget_take(&b, 2053, false));
    budget_give_back(&b);
    ck_assert(budget_take(&b, 2053, false)); /* in the place of one of 1001, not sooner */
    ck_assert(!budget_take(&b, 2053, false));
    ck_assert_int_eq(budget_token_ms(&b), 211);
}
END_TEST

/* Any second, wherever it begins, also when tokens come back and are taken anew. */
START_TEST(no_window_has_too_many)
{
    enum {
        RATE = 5
    };
    struct budget b;
    int64_t took[2000] = {0};
    size_t n = 0;
    uint64_t chance = 42;
    budget_init(&b, RATE, 10000000, 0);
    for (int64_t at = 0; at < 200000; at += 7) {
        chance = chance * 6364136223846793005U + 1442695040888963407U;
        if (chance >> 62 == 0 || !budget_take(&b, at, true))
            continue;
        if (chance >> 59 == 9)
            budget_give_back(&b);
        else
            took[n++] = at;
    }
    for (size_t i = RATE; i < n; i++)
        ck_assert_int_ge(took[i] - took[i - RATE], 1000);
    ck_assert_uint_gt(n, 850);
}
END_TEST

START_TEST(a_new_window_is_no_new_burst)
{
    struct budget b;
    budget_init(&b, 5, 1000000, 0);
    for (int i = 0; i < 5; i++)
        ck_assert(budget_take(&b, 100, false));
    budget_change(&b, 8, 1000000, 200);
    ck_assert(!budget_take(&b, 1152, false));
    ck_assert(budget_take(&b, 1153, false));
    budget_change(&b, 100, 1000000, 1200);
    budget_change(&b, 5, 1000000, 1200);
    ck_assert_int_eq(taken_in(&b, 1200, 2253, false), 0);
    for (int i = 0; i < 5; i++)
        ck_assert(budget_take(&b, 2253, false));
}
END_TEST

START_TEST(the_hour_says_when)
{
    struct budget b;
    budget_init(&b, 1000, 100, 0);
    while (budget_take(&b, 0, false) || budget_take(&b, 1, false) || budget_take(&b, 2, false))
        ;
    for (int64_t t = 3; t < 100; t++)
        (void)budget_take(&b, t, false);
    int64_t at = budget_ready_at(&b, 100, false);
    ck_assert_int_gt(at, 1000);
    ck_assert(budget_take(&b, at, false));
    ck_assert(budget_level(&b, at) < 2.0);
    ck_assert_int_gt(budget_token_ms(&b), 36000);
}
END_TEST

START_TEST(retry_after_holds_everything)
{
    struct budget b;
    budget_init(&b, 5, 1000, 0);
    budget_hold(&b, 10000);
    budget_hold(&b, 5000);
    ck_assert(!budget_take(&b, 9999, true));
    ck_assert_int_eq(budget_ready_at(&b, 20, true), 10000);
    ck_assert(budget_take(&b, 10000, true));
}
END_TEST

/* What is kept has no time yet: its place is free a second after its request has left. */
START_TEST(a_kept_token_keeps_its_place)
{
    struct budget b;
    budget_init(&b, 2, 100, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(budget_take(&b, 100, false));
        budget_keep(&b);
    }
    ck_assert(!budget_take(&b, 5000, false));
    ck_assert_int_gt(budget_ready_at(&b, 5000, false), 1000000);
    ck_assert_double_eq(budget_burst(&b, 5000, 500), 0);
    budget_left(&b, 5000);
    ck_assert_int_eq(budget_ready_at(&b, 5000, false), 6053);
    ck_assert_double_eq(budget_burst(&b, 5000, 1053), 1);
    double before = budget_level(&b, 5000);
    budget_give_back(&b); /* the other one: never sent */
    ck_assert(budget_level(&b, 5000) > before + 0.9);
    ck_assert_int_eq(budget_ready_at(&b, 5000, false), 5000);
    budget_left(&b, 6000); /* nobody keeps one */
    ck_assert_int_eq(budget_ready_at(&b, 6000, false), 6000);
}
END_TEST

START_TEST(new_limits_keep_what_is_there)
{
    struct budget b;
    budget_init(&b, 100, 10000, 0);
    for (int64_t t = 0; t < 1000; t++)
        (void)budget_take(&b, t, true);
    double before = budget_level(&b, 1000);
    budget_change(&b, 100, 500000, 1000);
    ck_assert(budget_level(&b, 1000) <= before + 0.1);
    budget_change(&b, 1, 10, 1000);
    ck_assert(budget_level(&b, 1000) <= 1.0);
    ck_assert(budget_level(&b, 900) <= 1.0); /* a clock that seems to go back fills nothing */
}
END_TEST

int main(void)
{
    return UNIT_RUN("budget", no_second_has_too_many, no_hour_has_too_many_and_none_are_lost,
                    the_last_tenth_is_for_the_urgent, a_small_rate_may_be_spent_at_once,
                    no_window_has_too_many, a_new_window_is_no_new_burst, the_hour_says_when,
                    retry_after_holds_everything, a_kept_token_keeps_its_place,
                    new_limits_keep_what_is_there);
}

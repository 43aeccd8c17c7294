/*
 * Delays between attempts.
 */
#include "tests/unit/unit.h"

#include "common/backoff.h"

START_TEST(first_is_under_a_second)
{
    ck_assert_int_eq(backoff_ms(1, 30000, 0), 400);
    ck_assert_int_lt(backoff_ms(1, 30000, UINT32_MAX), 1000);
    ck_assert_int_eq(backoff_ms(0, 30000, 0), 400);
}
END_TEST

START_TEST(grows_to_the_ceiling)
{
    int64_t before = 0;
    for (unsigned n = 1; n < 100; n++) {
        int64_t ms = backoff_ms(n, 30000, UINT32_MAX);
        ck_assert_int_ge(ms, before);
        ck_assert_int_le(ms, 30000);
        ck_assert_int_ge(ms, backoff_ms(n, 30000, 0));
        before = ms;
    }
    ck_assert_int_gt(before, 29990);
    ck_assert_int_eq(backoff_ms(50, 30000, 0), 15000);
}
END_TEST

START_TEST(small_ceilings)
{
    ck_assert_int_eq(backoff_ms(9, 10, 0), 5);
    ck_assert_int_le(backoff_ms(9, 0, UINT32_MAX), 1);
}
END_TEST

int main(void)
{
    return UNIT_RUN("backoff", first_is_under_a_second, grows_to_the_ceiling, small_ceilings);
}

/*
 * The clocks agree with each other and go forward.
 */
#include "common/clock.h"

#include "tests/unit/unit.h"

START_TEST(go_forward)
{
    int64_t mono = clock_mono_us(), boot = clock_boot_ms();
    while (clock_mono_us() - mono < 3000)
        ;
    int64_t passed = clock_boot_ms() - boot;
    ck_assert_int_ge(passed, 2);
    ck_assert_int_lt(passed, 1000);
}
END_TEST

START_TEST(agree)
{
    int64_t us = clock_mono_us(), ms = clock_mono_ms();
    ck_assert_int_ge(ms, us / 1000);
    ck_assert_int_lt(ms, us / 1000 + 1000);
    ck_assert_int_ge(clock_boot_ms() + 1, clock_mono_ms()); /* counts sleep too */
    ck_assert_int_gt(clock_wall_ms(), INT64_C(1700000000000));
}
END_TEST

int main(void)
{
    return UNIT_RUN("clock", go_forward, agree);
}

/* The hour's bucket by what its owner wrote. */
#include "common/budget_level.h"
#include "tests/unit/unit.h"

START_TEST(buckets)
{
    struct budget_level_bucket b = budget_level_bucket(1000);
    ck_assert_double_eq_tol(b.max, 95.0, 1e-9);
    ck_assert_double_eq_tol(b.per_ms * 3600000, 855.0, 1e-6);
    b = budget_level_bucket(1000000);
    ck_assert_double_eq_tol(b.max, 100.0, 1e-9);
    b = budget_level_bucket(1);
    ck_assert_double_eq_tol(b.max, 1.0, 1e-9);
    ck_assert_double_gt(b.per_ms, 0.0);
}
END_TEST

START_TEST(fills)
{
    static const char value[] = "{\"at\":1000000,\"level\":10.500,\"v\":1}";
    ck_assert_double_eq_tol(budget_level_at(str_of(value), 1000, 1000000), 10.5, 1e-9);
    ck_assert_double_eq_tol(budget_level_at(str_of(value), 1000, 0), 10.5, 1e-9);
    ck_assert_double_eq_tol(budget_level_at(str_of(value), 1000, 1000000 + 60000), 24.75, 1e-6);
    ck_assert_double_eq_tol(budget_level_at(str_of(value), 1000, 1000000 + 3600000), 95.0, 1e-9);
}
END_TEST

START_TEST(unreadable_is_empty)
{
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"at\":1,\"level\":1}",
                                      "{\"at\":-1,\"level\":1,\"v\":1}",
                                      "{\"at\":1,\"level\":-1,\"v\":1}",
                                      "{\"at\":1,\"level\":\"1\",\"v\":1}",
                                      "{\"at\":9223372036854775807,\"level\":1,\"v\":1}"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t at = 5;
        double level = 6;
        ck_assert(!budget_level_read(str_of(bad[i]), &at, &level));
        ck_assert_int_eq(at, 5);
        ck_assert_double_eq_tol(budget_level_at(str_of(bad[i]), 1000, 77), 0.0, 1e-9);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("budget_level", buckets, fills, unreadable_is_empty);
}

/*
 * The other side's clock by its Date header.
 */
#include "common/http_skew.h"

#include "tests/unit/unit.h"

START_TEST(a_date_tells_the_clock)
{
    int64_t skew = 7;
    const int64_t date = 1000000,
                  came = date + 600; /* sent 200 ms before: answered in the middle of its second */
    ck_assert(http_skew(date, 200, came, &skew));
    ck_assert_int_eq(skew, 0);
    ck_assert(http_skew(date, 200, came - 90000, &skew));
    ck_assert_int_eq(skew, 90000);
    ck_assert(http_skew(date, 200, came + 90000, &skew));
    ck_assert_int_eq(skew, -90000);
}
END_TEST

START_TEST(no_date_tells_nothing)
{
    int64_t skew = 7;
    ck_assert(!http_skew(-1, 5, 1000, &skew));
    ck_assert_int_eq(skew, 7);
}
END_TEST

int main(void)
{
    return UNIT_RUN("http_skew", a_date_tells_the_clock, no_date_tells_nothing);
}

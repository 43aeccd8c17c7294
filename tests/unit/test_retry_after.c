/*
 * Both forms of Retry-After, and what is neither.
 */
#include "common/retry_after.h"

#include "tests/unit/unit.h"

START_TEST(forms)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"0", 0},
        {"120", 120},
        {" 7 \r\n", 7},
        {"\t8", 8},
        {"86400", 86400},
        {"86401", 86400},
        {"9223372036854775807", 86400},
        {"99999999999999999999", -1},
        {"-1", -1},
        {"+1", -1},
        {"1.5", -1},
        {"", -1},
        {"soon", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 37},
        {"Mon, 07 Nov 1994 08:50:37 GMT", 86400},
        {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 nov 1994 08:50:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:50:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:50:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:50:61 GMT", -1},
        {"Sun, 06 Nov 1969 08:50:37 GMT", -1},
        {"Sun; 06 Nov 1994 08:50:37 GMT", -1},
        {"Sun, 06 Nov 1994 08.50:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:50.37 GMT", -1},
        {"Sunday, 06-Nov-94 08:49:37 GMT", -1},
        {"Sun Nov  6 08:49:37 1994", -1},
    };
    int64_t wall = INT64_C(784111800) * 1000; /* 06 Nov 1994 08:50:00 UTC */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(retry_after_parse(str_of(cases[i].text), wall) == cases[i].seconds,
                      "%s: %lld", cases[i].text,
                      (long long)retry_after_parse(str_of(cases[i].text), wall));
}
END_TEST

START_TEST(dates)
{
    ck_assert_int_eq(retry_after_date(STR("Sun, 06 Nov 1994 08:49:37 GMT")), 784111777000);
    ck_assert_int_eq(retry_after_date(STR(" Sun, 06 Nov 1994 08:49:37 GMT\r\n")), 784111777000);
    ck_assert_int_eq(retry_after_date(STR("784111777")), -1);
    ck_assert_int_eq(retry_after_date(STR("")), -1);
}
END_TEST

int main(void)
{
    return UNIT_RUN("retry_after", dates, forms);
}

/* Strict numbers. */
#include "common/num.h"
#include "tests/unit/unit.h"

START_TEST(whole_numbers)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", 0, 0, true, 0},
        {"-0", 0, 0, true, 0},
        {"007", 0, 10, true, 7},
        {"-12", -20, 0, true, -12},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999", INT64_MIN, INT64_MAX, false, 0},
        {"10", 0, 9, false, 0},
        {"-1", 0, 9, false, 0},
        {"", INT64_MIN, INT64_MAX, false, 0},
        {"-", INT64_MIN, INT64_MAX, false, 0},
        {"+1", 0, 9, false, 0},
        {" 1", 0, 9, false, 0},
        {"1 ", 0, 9, false, 0},
        {"--1", -9, 9, false, 0},
        {"1.0", 0, 9, false, 0},
        {"0x1", 0, 9, false, 0},
        {"1e3", 0, 9999, false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t n = 4711;
        bool ok = num_parse(str_of(cases[i].text), cases[i].min, cases[i].max, &n);
        ck_assert_msg(ok == cases[i].ok, "\"%s\"", cases[i].text);
        ck_assert_int_eq(n, ok ? cases[i].value : 4711);
    }
    ck_assert(!num_parse((struct str){"1\0002", 3}, 0, 99, &(int64_t){0}));
    ck_assert(!num_parse(STR_NONE, 0, 99, &(int64_t){0}));
}
END_TEST

START_TEST(fractions)
{
    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"5", true, 5},      {"0.25", true, 0.25},
        {"00.5", true, 0.5}, {"99.999", true, 99.999},
        {"100.1", false, 0}, {"", false, 0},
        {".", false, 0},     {".5", false, 0},
        {"5.", false, 0},    {"1.2.3", false, 0},
        {"-1", false, 0},    {"1e1", false, 0},
        {"1,5", false, 0},   {"0.00000000000000001", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        double n = 4711;
        bool ok = num_parse_fraction(str_of(cases[i].text), 0, 100, &n);
        ck_assert_msg(ok == cases[i].ok, "\"%s\"", cases[i].text);
        ck_assert_double_eq_tol(n, ok ? cases[i].value : 4711, 1e-12);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("num", whole_numbers, fractions);
}

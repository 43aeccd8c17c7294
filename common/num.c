/*
 * Strict numbers. No locale, no strtol. Pure; from any thread.
 */
#include "common/num.h"

#define LONGEST_FRACTION 18

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Counts down from 0, since the smallest number has no positive twin. */
static bool negated(struct str digits, int64_t *out)
{
    int64_t n = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]) || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_sub_overflow(n, digits.ptr[i] - '0', &n))
            return false;
    }
    *out = n;
    return digits.len > 0;
}

bool num_parse(struct str text, int64_t min, int64_t max, int64_t *out)
{
    bool minus = text.len > 0 && text.ptr[0] == '-';
    int64_t n;

    if (!negated(str_from(text, minus), &n))
        return false;
    if (!minus && __builtin_sub_overflow(0, n, &n))
        return false;
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

bool num_parse_fraction(struct str text, double min, double max, double *out)
{
    double n = 0, unit = 1;
    long dot = str_find(text, '.');

    if (text.len == 0 || text.len > LONGEST_FRACTION)
        return false;
    if (dot == 0 || (dot > 0 && (size_t)dot == text.len - 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if ((long)i == dot)
            continue;
        if (!is_digit(text.ptr[i]))
            return false;
        n = n * 10 + (text.ptr[i] - '0');
        if (dot >= 0 && (long)i > dot)
            unit *= 10;
    }
    n /= unit;
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

/*
 * The two forms of Retry-After. Pure.
 */
#include "common/retry_after.h"

#include <stdbool.h>
#include <time.h>

#include "common/num.h"

/* The number in text[from, from+n); false if it is none or outside. */
static bool field(struct str text, size_t from, size_t n, int min, int max, int *out)
{
    int64_t value;
    if (!num_parse((struct str){text.ptr + from, n}, min, max, &value))
        return false;
    *out = (int)value;
    return true;
}

static bool month(struct str text, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (memcmp(text.ptr + 8, names + 3 * i, 3) == 0) {
            *out = i;
            return true;
        }
    return false;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; the day of the week is not looked at. */
static bool date(struct str text, int64_t *unix_s)
{
    static const char form[] = "...,.dd.mmm.yyyy.hh:mm:ss.GMT";
    struct tm t = {0};
    if (text.len != sizeof form - 1 || text.ptr[3] != ',' || text.ptr[19] != ':' ||
        text.ptr[22] != ':' || !str_is(str_from(text, 25), " GMT"))
        return false;
    if (!field(text, 5, 2, 1, 31, &t.tm_mday) || !month(text, &t.tm_mon) ||
        !field(text, 12, 4, 1970, 9999, &t.tm_year) || !field(text, 17, 2, 0, 23, &t.tm_hour) ||
        !field(text, 20, 2, 0, 59, &t.tm_min) || !field(text, 23, 2, 0, 60, &t.tm_sec))
        return false;
    t.tm_year -= 1900;
    *unix_s = (int64_t)timegm(&t);
    return true;
}

int64_t retry_after_date(struct str value)
{
    int64_t s;
    return date(str_trim(value), &s) ? s * 1000 : -1;
}

int64_t retry_after_parse(struct str value, int64_t wall_ms)
{
    int64_t s;
    value = str_trim(value);
    if (num_parse(value, 0, INT64_MAX, &s))
        return s < RETRY_AFTER_MAX_S ? s : RETRY_AFTER_MAX_S;
    if (!date(value, &s))
        return -1;
    s -= wall_ms / 1000;
    return s < 0 ? 0 : s < RETRY_AFTER_MAX_S ? s : RETRY_AFTER_MAX_S;
}

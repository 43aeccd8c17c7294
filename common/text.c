/*
 * UTF-8, hex, times, percent-encoding. No locale, no time zone database. Pure; from any thread.
 */
#include "common/text.h"

#include <stdio.h>

#include "common/num.h"

#define MS_PER_DAY INT64_C(86400000)
#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* The bytes the second byte of a character may have, by its first (Unicode, table 3-7). */
static bool second_is_fine(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

static size_t length_by_first(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef)
        return 3;
    return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

size_t text_character(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t len = s.len ? length_by_first(p[0]) : 0;

    if (len == 0 || len > s.len)
        return 0;
    if (len > 1 && !second_is_fine(p[0], p[1]))
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool text_is_utf8(struct str s)
{
    size_t len;

    while (s.len) {
        len = text_character(s);
        if (len == 0)
            return false;
        s = str_from(s, len);
    }
    return true;
}

void text_add_clean(struct buf *out, struct str s)
{
    size_t len;

    while (s.len) {
        len = text_character(s);
        buf_add_str(out, len ? (struct str){s.ptr, len} : STR("\xef\xbf\xbd"));
        s = str_from(s, len ? len : 1);
    }
}

struct str text_cut(struct str s, size_t max)
{
    size_t len = s.len < max ? s.len : max;
    size_t start = len;

    /* back to where the last character begins: at most 4 bytes */
    while (start > 0 && len - start < 4) {
        unsigned char c = (unsigned char)s.ptr[--start];
        if ((c & 0xc0) == 0x80)
            continue;
        if (start + length_by_first(c) > len)
            len = start;
        break;
    }
    return (struct str){s.ptr, len};
}

void text_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_unhex(struct str hex, uint8_t *out, size_t n)
{
    if (hex.len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = nibble(hex.ptr[2 * i]), low = nibble(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. Years are counted from March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           (153 * m + 2) / 5 + day - 1 - 719468;
}

struct date {
    int64_t year, month, day;
};

static struct date date_of(int64_t days)
{
    int64_t z = days + 719468; /* never negative here: 1970 and later */
    int64_t era = z / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;
    struct date d = {year + era * 400, m < 10 ? m + 3 : m - 9, of_year - (153 * m + 2) / 5 + 1};

    d.year += d.month <= 2;
    return d;
}

/* `width` digits of n at out, and the byte behind them; returns what comes next. */
static char *put_digits(char *out, unsigned n, int width, char end)
{
    for (int i = width; i-- > 0; n /= 10)
        out[i] = (char)('0' + n % 10);
    out[width] = end;
    return out + width + 1;
}

void text_time(int64_t unix_ms, char out[TEXT_TIME_SIZE])
{
    int64_t t = unix_ms < 0 ? 0 : unix_ms > LAST_MS ? LAST_MS : unix_ms;
    struct date d = date_of(t / MS_PER_DAY);
    unsigned ms = (unsigned)(t % MS_PER_DAY);

    out = put_digits(out, (unsigned)d.year, 4, '-');
    out = put_digits(out, (unsigned)d.month, 2, '-');
    out = put_digits(out, (unsigned)d.day, 2, 'T');
    out = put_digits(out, ms / 3600000, 2, ':');
    out = put_digits(out, ms / 60000 % 60, 2, ':');
    out = put_digits(out, ms / 1000 % 60, 2, '.');
    out = put_digits(out, ms % 1000, 3, 'Z');
    *out = '\0';
}

/* Takes `width` digits in [min, max] off s, and the byte `end` behind them (0: none). */
static bool take(struct str *s, size_t width, int64_t min, int64_t max, char end, int64_t *out)
{
    struct str digits = {s->ptr, width};
    size_t used = width + (end != 0);

    if (s->len < used || digits.ptr[0] == '-' || !num_parse(digits, min, max, out))
        return false;
    if (end && s->ptr[width] != end)
        return false;
    *s = str_from(*s, used);
    return true;
}

static bool take_fraction(struct str *s, int64_t *ms)
{
    int64_t unit = 100;
    size_t i = 1;

    *ms = 0;
    if (s->len == 0 || s->ptr[0] != '.')
        return true;
    for (; i < s->len && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++) {
        *ms += (s->ptr[i] - '0') * unit;
        unit /= 10;
    }
    *s = str_from(*s, i);
    return i > 1;
}

/* "Z" or "+03:00", the whole rest. */
static bool take_zone(struct str s, int64_t *minutes)
{
    int64_t hours, rest;
    bool west;

    *minutes = 0;
    if (s.len == 1 && (s.ptr[0] == 'Z' || s.ptr[0] == 'z'))
        return true;
    if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-'))
        return false;
    west = s.ptr[0] == '-';
    s = str_from(s, 1);
    if (!take(&s, 2, 0, 23, ':', &hours) || !take(&s, 2, 0, 59, 0, &rest))
        return false;
    *minutes = (hours * 60 + rest) * (west ? -1 : 1);
    return true;
}

static int64_t days_in(int64_t year, int64_t month)
{
    return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

bool text_parse_time(struct str s, int64_t *unix_ms)
{
    int64_t year, month, day, hour, minute, second, ms, zone;

    if (s.len < 20)
        return false;
    if (!take(&s, 4, 0, 9999, '-', &year) || !take(&s, 2, 1, 12, '-', &month) ||
        !take(&s, 2, 1, days_in(year, month), 0, &day))
        return false;
    if (s.ptr[0] != 'T' && s.ptr[0] != 't')
        return false;
    s = str_from(s, 1);
    if (!take(&s, 2, 0, 23, ':', &hour) || !take(&s, 2, 0, 59, ':', &minute) ||
        !take(&s, 2, 0, 60, 0, &second) || !take_fraction(&s, &ms) || !take_zone(s, &zone))
        return false;
    *unix_ms =
        ((days_of(year, month, day) * 24 + hour) * 60 + minute - zone) * 60000 + second * 1000 + ms;
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void text_percent_encode(struct buf *out, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (is_unreserved(s.ptr[i]))
            continue;
        const char coded[] = {'%', digits[c >> 4], digits[c & 15]};
        buf_add(out, s.ptr + from, i - from);
        buf_add(out, coded, sizeof(coded));
        from = i + 1;
    }
    if (from < s.len)
        buf_add(out, s.ptr + from, s.len - from);
}

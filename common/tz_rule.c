/*
 * Parses the rule from left to right, and finds out on which side of this year's two changes a moment
 * lies. Calendar by Howard Hinnant's days_from_civil: March-based years, 400-year eras.
 */
#include "common/tz_rule.h"

#define DAY 86400

int64_t tz_rule_floor(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t tz_rule_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = tz_rule_floor(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void tz_rule_date(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468, era = tz_rule_floor(z, 146097), of_era = z - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = years + era * 400 + (*month <= 2);
}

/* What is left to read. */
struct cursor {
    struct str s;
    bool failed;
};

static bool next_is(struct cursor *c, char want)
{
    if (c->s.len == 0 || c->s.ptr[0] != want)
        return false;
    c->s = str_from(c->s, 1);
    return true;
}

static bool digit_next(const struct cursor *c)
{
    return c->s.len > 0 && c->s.ptr[0] >= '0' && c->s.ptr[0] <= '9';
}

static int read_number(struct cursor *c, int max)
{
    int n = 0;
    if (!digit_next(c))
        c->failed = true;
    while (digit_next(c) && n <= max) {
        n = n * 10 + (c->s.ptr[0] - '0');
        c->s = str_from(c->s, 1);
    }
    if (n > max)
        c->failed = true;
    return n;
}

/* Letters, or anything between < and >. */
static void read_name(struct cursor *c)
{
    size_t n = 0;
    if (next_is(c, '<')) {
        long end = str_find(c->s, '>');
        c->failed = c->failed || end < 0;
        c->s = str_from(c->s, end < 0 ? c->s.len : (size_t)end + 1);
        return;
    }
    while (n < c->s.len && ((c->s.ptr[n] | 0x20) >= 'a' && (c->s.ptr[n] | 0x20) <= 'z'))
        n++;
    c->failed = c->failed || n < 3;
    c->s = str_from(c->s, n);
}

/* [+-]h[:m[:s]] in seconds. */
static int32_t read_time(struct cursor *c)
{
    bool negative = next_is(c, '-');
    if (!negative)
        (void)next_is(c, '+');
    int32_t t = read_number(c, 167) * 3600;
    if (next_is(c, ':'))
        t += read_number(c, 59) * 60;
    if (next_is(c, ':'))
        t += read_number(c, 59);
    return negative ? -t : t;
}

static void expect(struct cursor *c, char want)
{
    if (!next_is(c, want))
        c->failed = true;
}

static void read_day(struct cursor *c, struct tz_rule_day *d)
{
    expect(c, ',');
    if (next_is(c, 'M')) {
        d->form = 'M';
        d->month = read_number(c, 12);
        expect(c, '.');
        d->week = read_number(c, 5);
        expect(c, '.');
        d->day = read_number(c, 6);
        c->failed = c->failed || d->month < 1 || d->week < 1;
    } else {
        d->form = next_is(c, 'J') ? 'J' : '0';
        d->day = read_number(c, 365);
    }
    d->time = next_is(c, '/') ? read_time(c) : 7200;
}

bool tz_rule_parse(struct str text, struct tz_rule *out)
{
    struct cursor c = {text, false};
    *out = (struct tz_rule){0};
    read_name(&c);
    out->standard = -read_time(&c); /* POSIX counts westward */
    if (!c.failed && c.s.len > 0) {
        out->has_saving = true;
        read_name(&c);
        out->saving = out->standard + 3600;
        if (c.s.len > 0 && c.s.ptr[0] != ',')
            out->saving = -read_time(&c);
        read_day(&c, &out->begin);
        read_day(&c, &out->end);
    }
    return !c.failed && c.s.len == 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of a day of a month counted by weeks; week 5 is the last one. */
static int64_t month_day(const struct tz_rule_day *d, int64_t year)
{
    int64_t first = tz_rule_days(year, d->month, 1);
    int64_t next =
        d->month == 12 ? tz_rule_days(year + 1, 1, 1) : tz_rule_days(year, d->month + 1, 1);
    int64_t weekday = first + 4 - tz_rule_floor(first + 4, 7) * 7; /* 0 = Sunday */
    int64_t day = first + (d->day - weekday + 7) % 7 + (int64_t)(d->week - 1) * 7;
    return day < next ? day : day - 7;
}

/* The unix second of a change in a year; offset: in force before it. */
static int64_t change_at(const struct tz_rule_day *d, int64_t year, int32_t offset)
{
    int64_t day = tz_rule_days(year, 1, 1) + d->day;
    if (d->form == 'M')
        day = month_day(d, year);
    else if (d->form == 'J')
        day += (is_leap(year) && d->day >= 60) - 1;
    return day * DAY + d->time - offset;
}

int32_t tz_rule_offset(const struct tz_rule *r, int64_t unix_s)
{
    int64_t year;
    int month, day;
    if (!r->has_saving)
        return r->standard;
    tz_rule_date(tz_rule_floor(unix_s + r->standard, DAY), &year, &month, &day);
    int64_t begin = change_at(&r->begin, year, r->standard);
    int64_t end = change_at(&r->end, year, r->saving);
    bool saving = begin < end ? unix_s >= begin && unix_s < end : unix_s >= begin || unix_s < end;
    return saving ? r->saving : r->standard;
}

int64_t tz_rule_next_change(const struct tz_rule *r, int64_t unix_s)
{
    int64_t year, next = INT64_MAX;
    int month, day;
    if (!r->has_saving)
        return INT64_MAX;
    tz_rule_date(tz_rule_floor(unix_s + r->standard, DAY), &year, &month, &day);
    for (int64_t y = year; y <= year + 1; y++) {
        int64_t begin = change_at(&r->begin, y, r->standard);
        int64_t end = change_at(&r->end, y, r->saving);
        if (begin > unix_s && begin < next)
            next = begin;
        if (end > unix_s && end < next)
            next = end;
    }
    return next;
}

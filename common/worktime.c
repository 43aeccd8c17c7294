/*
 * Time is walked in stretches of one offset to UTC, in which local time runs evenly, and these by local
 * days: at most one step per day and change of the clock. Knows nothing of calls. From any thread.
 */
#include "common/worktime.h"

#include <stdio.h>
#include <string.h>

#include "common/tz_rule.h"

#define DAY 86400

/* Days since 1970, local. */
static bool is_working_day(const struct settings_hours *h, int64_t day)
{
    char date[64];
    int64_t year;
    int month, of_month;
    if (!h->days[day + 3 - tz_rule_floor(day + 3, 7) * 7]) /* 1970-01-01: a Thursday */
        return false;
    tz_rule_date(day, &year, &month, &of_month);
    (void)snprintf(date, sizeof date, "%04lld-%02d-%02d", (long long)year, month, of_month);
    for (size_t i = 0; i < h->nholidays; i++) {
        if (strcmp(h->holidays[i], date) == 0)
            return false;
    }
    return true;
}

static int32_t offset_at(const struct tz *z, int64_t unix_s)
{
    return z ? tz_offset(z, unix_s) : 0;
}

bool worktime_is_open(const struct settings_hours *h, const struct tz *z, int64_t unix_s)
{
    int64_t local = unix_s + offset_at(z, unix_s), day = tz_rule_floor(local, DAY);
    int64_t second = local - day * DAY;
    return h->always || (second >= (int64_t)h->from_minute * 60 &&
                         second < (int64_t)h->to_minute * 60 && is_working_day(h, day));
}

/* Counts *left open seconds down from `from` to `to`, between which the offset is one. True: they ended
 * at *at. */
static bool count_down(const struct settings_hours *h, int32_t offset, int64_t from, int64_t to,
                       int64_t *left, int64_t *at)
{
    for (int64_t day = tz_rule_floor(from + offset, DAY); day * DAY - offset < to; day++) {
        int64_t open = day * DAY + (int64_t)h->from_minute * 60 - offset;
        int64_t close = day * DAY + (int64_t)h->to_minute * 60 - offset;
        open = open < from ? from : open;
        close = close > to ? to : close;
        if (open >= close || !is_working_day(h, day))
            continue;
        if (*left <= close - open) {
            *at = open + *left;
            return true;
        }
        *left -= close - open;
    }
    return false;
}

int64_t worktime_add(const struct settings_hours *h, const struct tz *z, int64_t from_unix_s,
                     int64_t minutes)
{
    int64_t left = minutes * 60, at = from_unix_s + left, end = from_unix_s;
    const int64_t last = from_unix_s + (int64_t)WORKTIME_DAYS_MAX * DAY;
    if (h->always)
        return at;
    for (int64_t begin = from_unix_s; begin < last; begin = end) {
        int64_t change = tz_next_change(z, begin);
        end = change < last ? change : last;
        if (count_down(h, offset_at(z, begin), begin, end, &left, &at))
            break;
    }
    return at;
}

/*
 * The POSIX rule of a time zone ("CET-1CEST,M3.5.0,M10.5.0/3", RFC 8536 section 3.3) and the calendar
 * arithmetic under it. Pure.
 */
#ifndef COMMON_TZ_RULE_H
#define COMMON_TZ_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct tz_rule_day {
    char form; /* 'M' month.week.weekday, 'J' day without 29 February, '0' day from 0 */
    int month, week, day;
    int32_t time; /* seconds after local midnight; may be negative or over a day */
};

struct tz_rule {
    int32_t standard, saving; /* seconds east of UTC */
    bool has_saving;
    struct tz_rule_day begin, end; /* of daylight saving time */
};

bool tz_rule_parse(struct str text, struct tz_rule *out);
/* Seconds east of UTC at that unix second. */
int32_t tz_rule_offset(const struct tz_rule *r, int64_t unix_s);
/* The rule's first change after that second; INT64_MAX without daylight saving time. */
int64_t tz_rule_next_change(const struct tz_rule *r, int64_t unix_s);

/* Days since 1970-01-01 of a date, and back. */
int64_t tz_rule_days(int64_t year, int month, int day);
void tz_rule_date(int64_t days, int64_t *year, int *month, int *day);
/* a / b rounded down; b > 0. */
int64_t tz_rule_floor(int64_t a, int64_t b);

#endif

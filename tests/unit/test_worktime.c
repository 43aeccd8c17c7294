/*
 * Working hours: a table of cases with their reasons, and thousands of random ones against a slow
 * reading that goes minute by minute and knows only what tz_local says.
 */
#include "common/worktime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/tz_file.h"
#include "tests/unit/unit.h"

#define H(hour, minute) ((hour)*60 + (minute))
#define MON_FRI                                    \
    {                                              \
        true, true, true, true, true, false, false \
    }
#define ALL                                      \
    {                                            \
        true, true, true, true, true, true, true \
    }

static char new_year_1[] = "2026-01-01", new_year_2[] = "2026-01-02", in_march[] = "2026-03-09",
            change_sunday[] = "2026-03-29";
static char *new_year[] = {new_year_1, new_year_2};
static char *monday_off[] = {in_march};
static char *dst_sunday_off[] = {change_sunday};

static const struct settings_hours
    office = {.days = MON_FRI, .from_minute = H(9, 0), .to_minute = H(18, 0)},
    january = {.days = MON_FRI,
               .from_minute = H(9, 0),
               .to_minute = H(18, 0),
               .holidays = new_year,
               .nholidays = 2},
    march = {.days = MON_FRI,
             .from_minute = H(9, 0),
             .to_minute = H(18, 0),
             .holidays = monday_off,
             .nholidays = 1},
    evening = {.days = MON_FRI, .from_minute = H(18, 0), .to_minute = H(24, 0)},
    nonstop = {.days = ALL, .from_minute = 0, .to_minute = H(24, 0)},
    nonstop_but = {.days = ALL,
                   .from_minute = 0,
                   .to_minute = H(24, 0),
                   .holidays = dst_sunday_off,
                   .nholidays = 1},
    night = {.days = ALL, .from_minute = H(1, 0), .to_minute = H(4, 0)},
    half_past_two = {.days = ALL, .from_minute = H(2, 30), .to_minute = H(4, 0)},
    small_hour = {.days = ALL, .from_minute = H(2, 10), .to_minute = H(2, 50)},
    minute_a_day = {.days = ALL, .from_minute = H(12, 0), .to_minute = H(12, 1)},
    never = {.from_minute = H(9, 0), .to_minute = H(18, 0)}, always = {.always = true};

static int64_t utc(const char *text)
{
    int64_t ms = 0;
    ck_assert_msg(text_parse_time(str_of(text), &ms), "%s", text);
    return ms / 1000;
}

static struct tz *load(const char *name)
{
    struct error e = ERROR_NONE;
    struct tz *z = NULL;
    if (name != NULL)
        ck_assert_msg(tz_file_load(name, &z, &e) == ERR_OK, "%s", e.text);
    return z;
}

static const struct {
    const char *why;
    const struct settings_hours *hours;
    const char *zone, *from;
    int64_t minutes;
    const char *want;
} additions[] = {
    /* 2026-03-02 is a Monday. */
    {"inside a day", &office, NULL, "2026-03-02T10:00:00Z", 60, "2026-03-02T11:00:00Z"},
    {"seconds are kept", &office, NULL, "2026-03-02T10:00:07Z", 1, "2026-03-02T10:01:07Z"},
    {"exactly at closing time: that day's", &office, NULL, "2026-03-02T17:00:00Z", 60,
     "2026-03-02T18:00:00Z"},
    {"a minute beyond closing time", &office, NULL, "2026-03-02T17:01:00Z", 60,
     "2026-03-03T09:01:00Z"},
    {"a second beyond it", &office, NULL, "2026-03-02T17:00:01Z", 60, "2026-03-03T09:00:01Z"},
    {"from before the opening", &office, NULL, "2026-03-02T03:00:00Z", 30, "2026-03-02T09:30:00Z"},
    {"from the opening", &office, NULL, "2026-03-02T09:00:00Z", 30, "2026-03-02T09:30:00Z"},
    {"from closing time: nothing of this day is left", &office, NULL, "2026-03-02T18:00:00Z", 30,
     "2026-03-03T09:30:00Z"},
    {"a whole day", &office, NULL, "2026-03-02T18:00:00Z", 540, "2026-03-03T18:00:00Z"},
    {"a week: five days of nine hours", &office, NULL, "2026-03-02T09:00:00Z", 2700,
     "2026-03-06T18:00:00Z"},
    {"a week and a minute", &office, NULL, "2026-03-02T09:00:00Z", 2701, "2026-03-09T09:01:00Z"},
    {"over the weekend", &office, NULL, "2026-03-06T17:30:00Z", 60, "2026-03-09T09:30:00Z"},
    {"on a Saturday", &office, NULL, "2026-03-07T12:00:00Z", 60, "2026-03-09T10:00:00Z"},
    {"weekend, then a holiday", &march, NULL, "2026-03-06T17:30:00Z", 60, "2026-03-10T09:30:00Z"},
    {"on a holiday", &march, NULL, "2026-03-09T12:00:00Z", 60, "2026-03-10T10:00:00Z"},
    {"over New Year: Thursday and Friday off, then the weekend", &january, NULL,
     "2025-12-31T17:00:00Z", 61, "2026-01-05T09:01:00Z"},
    {"the day is the local one: Sunday evening in UTC is Monday in Vladivostok", &office,
     "Asia/Vladivostok", "2026-03-01T22:00:00Z", 60, "2026-03-02T00:00:00Z"},
    {"a holiday is a local day", &march, "Asia/Vladivostok", "2026-03-08T23:00:00Z", 60,
     "2026-03-10T00:00:00Z"},
    {"until 24:00 the day ends at midnight", &evening, NULL, "2026-03-02T23:00:00Z", 60,
     "2026-03-03T00:00:00Z"},
    {"and goes on the next evening", &evening, NULL, "2026-03-02T23:00:00Z", 61,
     "2026-03-03T18:01:00Z"},
    {"round the clock: midnight is no closing time", &nonstop, NULL, "2026-03-02T23:30:00Z", 60,
     "2026-03-03T00:30:00Z"},
    {"no minutes, open", &office, NULL, "2026-03-02T10:00:00Z", 0, "2026-03-02T10:00:00Z"},
    {"no minutes, closed: the next opening", &office, NULL, "2026-03-06T19:00:00Z", 0,
     "2026-03-09T09:00:00Z"},
    {"always", &always, "Europe/Moscow", "2026-03-07T23:00:00Z", 120, "2026-03-08T01:00:00Z"},

    /* The clock goes forward in Berlin on 2026-03-29 from 02:00 to 03:00 (01:00Z): a day of 23 h. */
    {"the lost hour does not count: 01:00-04:00 has two hours", &night, "Europe/Berlin",
     "2026-03-29T00:00:00Z", 120, "2026-03-29T02:00:00Z"},
    {"and the third is the next night's", &night, "Europe/Berlin", "2026-03-29T00:00:00Z", 121,
     "2026-03-29T23:01:00Z"},
    {"an opening in the gap: open when it ends", &half_past_two, "Europe/Berlin",
     "2026-03-29T00:59:00Z", 10, "2026-03-29T01:10:00Z"},
    {"a window wholly in the gap does not come that day", &small_hour, "Europe/Berlin",
     "2026-03-29T00:00:00Z", 1, "2026-03-30T00:11:00Z"},
    {"24 h of working time over the short day are 24 real hours", &nonstop, "Europe/Berlin",
     "2026-03-28T12:00:00Z", 1440, "2026-03-29T12:00:00Z"},
    {"a holiday of 23 h", &nonstop_but, "Europe/Berlin", "2026-03-28T22:00:00Z", 120,
     "2026-03-29T23:00:00Z"},
    {"same wall clock before and after: one hour earlier in UTC", &office, "Europe/Berlin",
     "2026-03-27T16:30:00Z", 60, "2026-03-30T07:30:00Z"},
    /* And back on 2026-10-25 from 03:00 to 02:00 (01:00Z): a day of 25 h. */
    {"the hour that comes twice counts twice: 01:00-04:00 has four", &night, "Europe/Berlin",
     "2026-10-24T23:00:00Z", 240, "2026-10-25T03:00:00Z"},
    {"an edge in the overlap: 02:30-03:00, closed again, 02:30-04:00", &half_past_two,
     "Europe/Berlin", "2026-10-25T00:30:00Z", 31, "2026-10-25T01:31:00Z"},
    {"up to the change exactly", &half_past_two, "Europe/Berlin", "2026-10-25T00:30:00Z", 30,
     "2026-10-25T01:00:00Z"},
    {"the small window comes twice", &small_hour, "Europe/Berlin", "2026-10-25T00:00:00Z", 80,
     "2026-10-25T01:50:00Z"},
    {"New York forward, 2026-03-08 07:00Z", &night, "America/New_York", "2026-03-08T06:00:00Z", 120,
     "2026-03-08T08:00:00Z"},
    {"New York back, 2026-11-01 06:00Z", &night, "America/New_York", "2026-11-01T05:00:00Z", 240,
     "2026-11-01T09:00:00Z"},

    /* Moscow forward for good on 2011-03-27 (UTC+4), back on 2014-10-26 (UTC+3). */
    {"Moscow 2011: 09:00 is an hour earlier from then on", &office, "Europe/Moscow",
     "2011-03-25T14:30:00Z", 60, "2011-03-28T05:30:00Z"},
    {"and so all that year", &office, "Europe/Moscow", "2011-12-02T13:30:00Z", 60,
     "2011-12-05T05:30:00Z"},
    {"Moscow 2014: and back", &office, "Europe/Moscow", "2014-10-24T13:30:00Z", 60,
     "2014-10-27T06:30:00Z"},
    {"Moscow 2014: 01:00-02:00 came twice", &night, "Europe/Moscow", "2014-10-25T21:00:00Z", 240,
     "2014-10-26T01:00:00Z"},
    /* Apia left out 2011-12-30, a Friday. */
    {"a day that never was", &office, "Pacific/Apia", "2011-12-30T03:30:00Z", 60,
     "2012-01-01T19:30:00Z"},

    {"no working day at all: as if always open", &never, NULL, "2026-03-02T12:00:00Z", 60,
     "2026-03-02T13:00:00Z"},
    {"731 days of a minute each are enough", &minute_a_day, NULL, "2026-03-02T12:00:00Z", 731,
     "2028-03-01T12:01:00Z"},
    {"one more is not: as if always open", &minute_a_day, NULL, "2026-03-02T12:00:00Z", 732,
     "2026-03-03T00:12:00Z"},
};

START_TEST(table)
{
    for (size_t i = 0; i < COUNT(additions); i++) {
        struct tz *z = load(additions[i].zone);
        int64_t got =
            worktime_add(additions[i].hours, z, utc(additions[i].from), additions[i].minutes);
        char text[TEXT_TIME_SIZE];
        text_time(got * 1000, text);
        ck_assert_msg(got == utc(additions[i].want), "%s: %s", additions[i].why, text);
        tz_free(z);
    }
}
END_TEST

static const struct {
    const struct settings_hours *hours;
    const char *zone, *at;
    bool open;
} openings[] = {
    {&office, NULL, "2026-03-02T08:59:59Z", false},
    {&office, NULL, "2026-03-02T09:00:00Z", true},
    {&office, NULL, "2026-03-02T17:59:59Z", true},
    {&office, NULL, "2026-03-02T18:00:00Z", false},
    {&office, NULL, "2026-03-07T12:00:00Z", false},
    {&march, NULL, "2026-03-09T12:00:00Z", false},
    {&march, NULL, "2026-03-10T12:00:00Z", true},
    {&evening, NULL, "2026-03-02T23:59:59Z", true},
    {&evening, NULL, "2026-03-03T00:00:00Z", false},
    {&never, NULL, "2026-03-02T12:00:00Z", false},
    {&always, NULL, "2026-03-07T00:00:00Z", true},
    {&office, "Europe/Moscow", "2026-03-02T06:00:00Z", true},
    {&office, "Europe/Moscow", "2026-03-02T05:59:59Z", false},
    {&office, "Asia/Vladivostok", "2026-03-01T23:00:00Z", true},
    {&half_past_two, "Europe/Berlin", "2026-03-29T00:59:59Z", false},
    {&half_past_two, "Europe/Berlin", "2026-03-29T01:00:00Z", true},
    {&half_past_two, "Europe/Berlin", "2026-10-25T00:59:59Z", true},
    {&half_past_two, "Europe/Berlin", "2026-10-25T01:00:00Z", false},
    {&half_past_two, "Europe/Berlin", "2026-10-25T01:30:00Z", true},
};

START_TEST(open_or_not)
{
    for (size_t i = 0; i < COUNT(openings); i++) {
        struct tz *z = load(openings[i].zone);
        ck_assert_msg(worktime_is_open(openings[i].hours, z, utc(openings[i].at)) ==
                          openings[i].open,
                      "%s", openings[i].at);
        tz_free(z);
    }
}
END_TEST

/* The slow reading. */
static bool slow_open(const struct settings_hours *h, const struct tz *z, int64_t at)
{
    struct tz_time t;
    char date[64];
    tz_local(z, at, &t);
    snprintf(date, sizeof date, "%04d-%02d-%02d", (int)t.year, t.month, t.day);
    for (size_t i = 0; i < h->nholidays; i++) {
        if (strcmp(date, h->holidays[i]) == 0)
            return false;
    }
    int minute = t.hour * 60 + t.minute;
    return h->days[t.weekday] && minute >= h->from_minute && minute < h->to_minute;
}

static int64_t slow_add(const struct settings_hours *h, const struct tz *z, int64_t from,
                        int64_t minutes)
{
    int64_t at = from, left = minutes;
    while (left > 0) {
        left -= slow_open(h, z, at);
        at += 60;
    }
    return at;
}

static void random_hours(struct settings_hours *h, char dates[2][11], char *list[2], int64_t around)
{
    *h = (struct settings_hours){.holidays = list, .nholidays = (size_t)(rand() % 3)};
    for (int i = 0; i < 7; i++)
        h->days[i] = rand() % 3 > 0;
    h->days[rand() % 7] = true;
    h->from_minute = rand() % 1440;
    h->to_minute = h->from_minute + 1 + rand() % (1440 - h->from_minute);
    if (rand() % 3 == 0) { /* an edge where clocks change */
        h->from_minute = rand() % 180;
        h->to_minute = h->from_minute + 1 + rand() % 200;
    }
    for (int i = 0; i < 2; i++) {
        char text[TEXT_TIME_SIZE];
        text_time((around + rand() % 7 * 86400) * 1000, text);
        memcpy(dates[i], text, 10);
        list[i] = dates[i];
    }
}

/* Of the same rule at every minute; offsets are whole minutes after 1920. */
static void random_case(const struct tz *z, const char *zone, unsigned seed)
{
    char dates[2][11] = {{0}}, *list[2];
    struct settings_hours h;
    srand(seed);
    int64_t from = (int64_t)(rand() % 31000000) * 60;
    if (rand() % 3 > 0)
        from = tz_next_change(z, from) - rand() % 4320 * 60;
    if (from > 4000000000)
        from = 1700000000;
    from -= from % 60; /* files of the database may end with a change at 2^31 - 1 that is none */
    random_hours(&h, dates, list, from);
    int64_t minutes = 1 + rand() % (rand() % 4 ? 100 : 2000);
    if (slow_open(&h, z, from) != worktime_is_open(&h, z, from))
        ck_abort_msg("open: %s seed %u", zone, seed);
    if ((h.to_minute - h.from_minute) * 8 < minutes)
        return; /* the slow reading would take long */
    ck_assert_msg(worktime_add(&h, z, from, minutes) == slow_add(&h, z, from, minutes),
                  "%s seed %u", zone, seed);
}

START_TEST(agrees_with_the_slow_reading)
{
    static const char *const zones[] = {
        "Europe/Moscow",      "Europe/Berlin",     "America/New_York",    "Asia/Kathmandu",
        "Pacific/Apia",       "Asia/Tehran",       "Australia/Lord_Howe", "Africa/Casablanca",
        "Asia/Yekaterinburg", "America/Sao_Paulo",
    };
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct tz *z = load(zones[i]);
        for (unsigned seed = 1; seed <= 300; seed++)
            random_case(z, zones[i], seed);
        tz_free(z);
    }
}
END_TEST

/* 5000 holidays, a deadline that is never reached: the most work there can be. */
START_TEST(the_most_work_is_little)
{
    static char *many[5000];
    struct settings_hours h = {.days = ALL, .to_minute = 1, .holidays = many, .nholidays = 5000};
    for (size_t i = 0; i < 5000; i++)
        many[i] = new_year[0];
    struct tz *z = load("Europe/Berlin");
    int64_t from = utc("2026-03-02T12:00:00Z");
    ck_assert_int_eq(worktime_add(&h, z, from, 525600), from + 525600 * 60);
    tz_free(z);
}
END_TEST

int main(void)
{
    return UNIT_RUN("worktime", table, open_or_not, agrees_with_the_slow_reading,
                    the_most_work_is_little);
}

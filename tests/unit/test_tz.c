/*
 * Local times: every zone of a list agrees with glibc's own reading of the same database, past and
 * future; malformed files and rules are refused.
 */
#include "common/tz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/tz_file.h"
#include "common/tz_rule.h"
#include "tests/unit/unit.h"

static struct tz *load(const char *name)
{
    struct error e = ERROR_NONE;
    struct tz *z = NULL;
    ck_assert_msg(tz_file_load(name, &z, &e) == ERR_OK, "%s", e.text);
    return z;
}

static void same_as_libc(const struct tz *z, const char *name, time_t t)
{
    struct tz_time got;
    struct tm want;
    tz_local(z, t, &got);
    localtime_r(&t, &want);
    ck_assert_msg(got.year == want.tm_year + 1900 && got.month == want.tm_mon + 1 &&
                      got.day == want.tm_mday && got.hour == want.tm_hour &&
                      got.minute == want.tm_min && got.second == want.tm_sec &&
                      got.weekday == (want.tm_wday + 6) % 7 && tz_offset(z, t) == want.tm_gmtoff,
                  "%s at %ld", name, (long)t);
}

START_TEST(agrees_with_libc)
{
    static const char *const zones[] = {
        "Europe/Moscow",    "Europe/Kaliningrad", "Asia/Yekaterinburg",    "Asia/Vladivostok",
        "Europe/Berlin",    "America/New_York",   "America/Sao_Paulo",     "Australia/Lord_Howe",
        "Asia/Kolkata",     "Asia/Kathmandu",     "Pacific/Apia",          "Africa/Casablanca",
        "Asia/Tehran",      "America/Nuuk",       "Antarctica/Troll",      "UTC",
        "Pacific/Auckland", "Asia/Gaza",          "America/Santo_Domingo",
    };
    for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
        struct tz *z = load(zones[i]);
        setenv("TZ", zones[i], 1);
        tzset();
        for (int64_t t = -2500000000; t < 6000000000; t += 1234567)
            same_as_libc(z, zones[i], t);
        tz_free(z);
    }
}
END_TEST

/* The changes themselves, to the second. */
START_TEST(changes_to_the_second)
{
    static const int64_t changes[] = {1396141200, 1414285200, 2531955600, 4078429200};
    struct tz *z = load("Europe/Berlin");
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        for (int64_t t = changes[i] - 3; t <= changes[i] + 3; t++)
            same_as_libc(z, "Europe/Berlin", t);
    }
    tz_free(z);
}
END_TEST

#define LAST 3000000000

/* Between two changes every half of an hour has the same offset: no change is left out. */
START_TEST(next_change)
{
    static const char *const zones[] = {"Europe/Moscow", "Europe/Berlin", "Australia/Lord_Howe",
                                        "Pacific/Apia",  "Asia/Kolkata",  "Africa/Casablanca"};
    for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
        struct tz *z = load(zones[i]);
        for (int64_t t = -100000000; t < LAST;) {
            int64_t next = tz_next_change(z, t), end = next < LAST ? next : LAST;
            int32_t offset = tz_offset(z, t);
            ck_assert(next > t);
            for (int64_t in = t; in < end; in += 1800) {
                if (tz_offset(z, in) != offset)
                    ck_abort_msg("%s at %ld", zones[i], (long)in);
            }
            ck_assert_int_eq(tz_offset(z, end - 1), offset);
            t = end;
        }
        tz_free(z);
    }
    struct tz *berlin = load("Europe/Berlin"), *moscow = load("Europe/Moscow");
    ck_assert_int_eq(tz_next_change(berlin, 1396141199), 1396141200);
    ck_assert_int_eq(tz_next_change(berlin, 1396141200), 1414285200);
    ck_assert_int_eq(tz_next_change(berlin, 4078429199), 4078429200);
    ck_assert_int_eq(tz_next_change(moscow, 1400000000), 1414274400);
    ck_assert(tz_next_change(moscow, 1414274400) == INT64_MAX);
    ck_assert(tz_next_change(NULL, 0) == INT64_MAX);
    tz_free(berlin);
    tz_free(moscow);
}
END_TEST

START_TEST(utc_without_a_zone)
{
    struct tz_time t;
    tz_local(NULL, 1520256600, &t);
    ck_assert_int_eq(t.year, 2018);
    ck_assert_int_eq(t.month, 3);
    ck_assert_int_eq(t.day, 5);
    ck_assert_int_eq(t.hour, 13);
    ck_assert_int_eq(t.minute, 30);
    ck_assert_int_eq(t.weekday, 0);
    tz_local(NULL, -1, &t);
    ck_assert_int_eq(t.year, 1969);
    ck_assert_int_eq(t.second, 59);
}
END_TEST

START_TEST(names_stay_in_the_folder)
{
    ck_assert(tz_file_known("Europe/Moscow"));
    ck_assert(!tz_file_known(""));
    ck_assert(!tz_file_known("/etc/passwd"));
    ck_assert(!tz_file_known("../../../etc/passwd"));
    ck_assert(!tz_file_known("Europe/"));
    ck_assert(!tz_file_known("Europe"));
    ck_assert(!tz_file_known("Europe/Nowhere"));
    ck_assert(!tz_file_known("zone.tab"));
}
END_TEST

static void rule_is(const char *text, bool good)
{
    struct tz_rule r;
    ck_assert_msg(tz_rule_parse(str_of(text), &r) == good, "%s", text);
}

START_TEST(rules)
{
    rule_is("MSK-3", true);
    rule_is("<+0530>-5:30", true);
    rule_is("CET-1CEST,M3.5.0,M10.5.0/3", true);
    rule_is("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true);
    rule_is("IST-2IDT,M3.4.4/26,M10.5.0", true);
    rule_is("XXX3YYY2:30:15,J60/0:30,300/1", true);
    rule_is("", false);
    rule_is("MS-3", false);
    rule_is("MSK", false);
    rule_is("<MSK-3", false);
    rule_is("MSK-999", false);
    rule_is("CET-1CEST", false);
    rule_is("CET-1CEST,M3.5.0", false);
    rule_is("CET-1CEST,M13.5.0,M10.5.0", false);
    rule_is("CET-1CEST,M0.5.0,M10.5.0", false);
    rule_is("CET-1CEST,M3-5.0,M10.5.0", false);
    rule_is("CET-1CEST,M3.5.0,M10.5.0/3x", false);
}
END_TEST

/* J60 is 1 March in every year; 59 counts from 0 and is 29 February in a leap year. */
START_TEST(days_of_the_year)
{
    struct tz_rule r;
    ck_assert(tz_rule_parse(STR("AAA0BBB,J60/0,J300/0"), &r));
    ck_assert_int_eq(tz_rule_offset(&r, 1709251199), 0);    /* 2024-02-29 23:59:59 */
    ck_assert_int_eq(tz_rule_offset(&r, 1709251200), 3600); /* 2024-03-01 */
    ck_assert_int_eq(tz_rule_offset(&r, 1740787199), 0);    /* 2025-02-28 23:59:59 */
    ck_assert_int_eq(tz_rule_offset(&r, 1740787200), 3600);
    ck_assert(tz_rule_parse(STR("AAA0BBB,59/0,300/0"), &r));
    ck_assert_int_eq(tz_rule_offset(&r, 1709164800), 3600); /* 2024-02-29 */
    ck_assert_int_eq(tz_rule_offset(&r, 1709164799), 0);
}
END_TEST

/* A file with these transitions in its second block; the first block is empty. */
static void make_file(struct buf *b, const char *version, int times, const char *bytes, size_t len)
{
    char header[44] = "TZif";
    header[4] = version[0];
    header[39] = 1; /* types */
    header[43] = 4; /* chars */
    buf_add(b, header, sizeof header);
    buf_add(b, "\0\0\0\0\0\0UTC", 10);
    header[35] = (char)times;
    buf_add(b, header, sizeof header);
    buf_add(b, bytes, len);
}

static enum err parse(struct buf *b)
{
    struct tz *z = NULL;
    enum err err = tz_parse(buf_str(b), &z, NULL);
    tz_free(z);
    buf_done(b);
    return err;
}

START_TEST(broken_files)
{
    static const char fine[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\1\0UTC\0\n\n";
    static const char type[] = "\0\0\0\0\0\0\0\1\7\0\0\0\0\0\0UTC\0\nUTC0\n";
    static const char back[] = "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0UTC\0\nUTC0\n";
    struct buf b = BUF_INIT(1000);
    struct tz *z = NULL;
    make_file(&b, "2", 1, fine, sizeof fine - 1);
    ck_assert(tz_parse(buf_str(&b), &z, NULL) == ERR_OK);
    ck_assert_int_eq(tz_offset(z, 0), 0);
    ck_assert_int_eq(tz_offset(z, 99), 0);
    ck_assert(tz_next_change(z, 99) == INT64_MAX); /* nothing is known beyond the last one */
    tz_free(z);
    for (size_t cut = 0; cut < b.len; cut++)
        ck_assert(tz_parse((struct str){b.data, cut}, &z, NULL) == ERR_INPUT);
    buf_done(&b);
    make_file(&b, "\0", 1, fine, sizeof fine - 1);
    ck_assert(parse(&b) == ERR_INPUT);
    make_file(&b, "2", 1, type, sizeof type - 1);
    ck_assert(parse(&b) == ERR_INPUT);
    make_file(&b, "2", 2, back, sizeof back - 1);
    ck_assert(parse(&b) == ERR_INPUT);
    make_file(&b, "2", 1, "\0\0\0\0\0\0\0\1\0\0\0\0\0\1\0UTC\0xUTC0\n", 24);
    ck_assert(parse(&b) == ERR_INPUT);
    make_file(&b, "2", 0, "\0\0\0\0\0\0UTC\0\n\n", 12);
    ck_assert(parse(&b) == ERR_OK);
}
END_TEST

int main(void)
{
    return UNIT_RUN("tz", agrees_with_libc, changes_to_the_second, next_change, utc_without_a_zone,
                    names_stay_in_the_folder, rules, days_of_the_year, broken_files);
}

/*
 * The partition's book: when calls open, close and are forgotten, and what an event does that comes late.
 */
#include "worker/calls/book.h"

#include <stdlib.h>

#include "tests/unit/book_kit.h"
#include "tests/unit/unit.h"

/* ---- a call's life ---- */

START_TEST(closes_five_seconds_after_the_summary)
{
    struct record r = {.n = 0};
    struct message log[LOG_MAX];
    struct book *b = book_kit_new(&r);
    book_kit_settings = kit_settings(NULL);
    size_t n = book_kit_shape(0, log);
    ck_assert_int_eq(book_low(b, 7), 7);
    ck_assert_int_eq(book_due(b), INT64_MAX);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(book_kit_feed(b, &log[i], (int64_t)i + 100), BOOK_NEW);
    ck_assert_str_eq(r.lines[0], "Y:client 1000005 ");
    ck_assert_uint_eq(book_open(b), 1);
    ck_assert_int_eq(book_oldest(b), KIT_MS(0));
    book_time(b, KIT_MS(61) + 4999);
    ck_assert_uint_eq(r.n, 1);
    ck_assert_int_eq(book_due(b), KIT_MS(66));
    book_time(b, KIT_MS(66));
    ck_assert_uint_eq(r.n, 3);
    ck_assert_str_eq(r.lines[1], "Y:talked - talked");
    ck_assert_str_eq(r.lines[2], "Y:call:summary 1000005 talked");
    ck_assert_uint_eq(book_open(b), 0);
    ck_assert_int_eq(book_oldest(b), 0);
    ck_assert_uint_eq(book_calls(b), 1);
    ck_assert_int_eq(book_low(b, 200), 100);
    ck_assert_uint_lt(book_size(b), 2048);
    book_time(b, KIT_MS(66 + 3600) - 1);
    ck_assert_int_eq(book_low(b, 200), 100);
    book_time(b, KIT_MS(66 + 3600));
    ck_assert_int_eq(book_low(b, 200), 200);
    ck_assert_uint_eq(book_size(b), 0);
    book_time(b, KIT_MS(0)); /* never back */
    ck_assert_int_eq(book_now(b), KIT_MS(3666));
    book_free(b);
}
END_TEST

/* What comes in these 5 s counts, and does not put the closing off. */
START_TEST(an_event_behind_the_summary_does_not_put_the_closing_off)
{
    struct record r = {.n = 0};
    struct message log[LOG_MAX];
    struct book *b = book_kit_new(&r);
    book_kit_settings = kit_settings(NULL);
    size_t n = book_kit_shape(0, log);
    struct message connected = log[n - 3];
    connected.at = 64;
    ck_assert_int_eq(connected.event.state, 'C');
    log[n - 3] = log[n - 2];
    log[n - 2] = log[n - 1];
    book_kit_feed_all(b, log, 0, n - 1);
    ck_assert_int_eq(book_kit_feed(b, &connected, 50), BOOK_NEW);
    ck_assert_int_eq(book_due(b), KIT_MS(66));
    book_time(b, KIT_MS(66));
    ck_assert_uint_eq(book_open(b), 0);
    ck_assert_str_eq(r.lines[0], "Y:client 1000005 ");
    book_free(b);
}
END_TEST

START_TEST(ends_ten_minutes_after_the_last_leg)
{
    struct record r = {.n = 0};
    struct message log[LOG_MAX];
    struct book *b = book_kit_new(&r);
    book_kit_settings = kit_settings(NULL);
    size_t n = book_kit_shape(0, log);
    book_kit_feed_all(b, log, 0, n - 1); /* all but the summary */
    book_time(b, KIT_MS(60 + 599));
    ck_assert_uint_eq(r.n, 1);
    book_time(b, KIT_MS(60 + 600));
    ck_assert_str_eq(r.lines[2], "Y:call:ended 1000005 talked");
    /* the real summary corrects, once */
    log[n - 1].at = 700;
    ck_assert_int_eq(book_kit_feed(b, &log[n - 1], 77), BOOK_LATE);
    ck_assert_str_eq(r.lines[3], "Y:call:summary 1000005 talked");
    ck_assert_int_eq(book_kit_feed(b, &log[n - 1], 78), BOOK_REPEAT);
    ck_assert_uint_eq(r.n, 4);
    book_free(b);
}
END_TEST

START_TEST(idle_four_hours_after_the_last_event)
{
    struct record r = {.n = 0};
    struct message log[LOG_MAX];
    struct book *b = book_kit_new(&r);
    book_kit_settings = kit_settings(NULL);
    (void)book_kit_shape(0, log);
    book_kit_feed_all(b, log, 0, 4); /* no Disconnected of leg 1 */
    book_time(b, KIT_MS(5 + 14399));
    ck_assert_uint_eq(book_open(b), 1);
    book_time(b, KIT_MS(5 + 14400));
    ck_assert_str_eq(r.lines[2], "Y:call:idle 1000005 talked");
    book_free(b);
}
END_TEST

/* What comes behind the last Disconnected, a recording or a straggler, does not put the end off. */
START_TEST(stragglers_do_not_put_the_end_off)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    const struct message log[] = {{LEG('D', "1", 2, 9, "101"), "Y", 10},
                                  {LEG('A', "1", 1, 0, "101"), "Y", 300},
                                  {{'R', NULL, 0, .at = 9, .from = "rec"}, "Y", 400},
                                  {LEG('D', "2", 2, 9, "102"), "Y", 500}};
    book_kit_settings = kit_settings(NULL);
    book_kit_feed_all(b, log, 0, 3);
    ck_assert_int_eq(book_due(b), KIT_MS(610));
    book_kit_feed_all(b, log, 3, 4); /* the last leg is this one */
    ck_assert_int_eq(book_due(b), KIT_MS(1100));
    book_free(b);
}
END_TEST

/* A new leg after the last one ended takes the end back. */
START_TEST(a_new_leg_goes_on)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    const struct message log[] = {{LEG('D', "1", 2, 0, "101"), "Y", 0},
                                  {LEG('A', "2", 1, 599, "102"), "Y", 599}};
    book_kit_settings = kit_settings(NULL);
    book_kit_feed_all(b, log, 0, 2);
    book_time(b, KIT_MS(5000));
    ck_assert_uint_eq(r.n, 0);
    book_free(b);
}
END_TEST

START_TEST(what_opens_a_call)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    const struct message no[] = {
        {{'H', "1", 1, .at = 0, .where = 'a'}, "Y", 0},
        {{'R', NULL, 0, .at = 0, .from = "rec"}, "Y", 0},
    };
    const char *yes = "ACDS";
    book_kit_settings = kit_settings(NULL);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(book_kit_feed(b, &no[i], 1), BOOK_STRANGER);
    for (; *yes; yes++) {
        char entry[2] = {*yes, 0};
        struct message m = {{*yes, "1", 1, .at = 0, .where = 'a', .direction = 1}, entry, 0};
        ck_assert_int_eq(book_kit_feed(b, &m, 1), BOOK_NEW);
    }
    ck_assert_uint_eq(book_open(b), 4);
    struct message hold = no[0], recording = no[1];
    hold.entry = recording.entry = "A";
    ck_assert_int_eq(book_kit_feed(b, &hold, 2), BOOK_REPEAT); /* its seq is taken */
    ck_assert_int_eq(book_kit_feed(b, &recording, 2), BOOK_NEW);
    book_free(b);
}
END_TEST

/* The timer of the older call fires before the event that moves the time is folded. */
START_TEST(time_first_then_timers_then_the_event)
{
    struct record r = {.n = 0};
    struct message log[LOG_MAX];
    struct book *b = book_kit_new(&r);
    book_kit_settings = kit_settings(NULL);
    size_t n = book_kit_shape(1, log);
    book_kit_feed_all(b, log, 0, n); /* missed; its summary at 21 */
    struct message answered = {LEG('C', "1", 5, 22, "101"), "Y", 26};
    ck_assert_int_eq(book_kit_feed(b, &answered, 9), BOOK_LATE);
    ck_assert_uint_eq(r.n, 1);
    ck_assert_str_eq(r.lines[0], "Y:call:summary 1000005 missed:direct");
    book_free(b);
}
END_TEST

/* Many calls: timers fire in the order they are due. */
START_TEST(timers_in_order)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    static const int64_t ends[] = {50, 10, 40, 30, 20, 60, 15, 25};
    book_kit_settings = kit_settings(NULL);
    for (size_t i = 0; i < 8; i++) {
        char entry[2] = {(char)('a' + (ends[i] / 5)), 0};
        struct message m = {SUM(1, "999", 1), entry, 0};
        struct call_event ev = kit_make(&m.event, entry);
        struct book_input in = {&ev, STR("acme"), (int64_t)i, KIT_MS(ends[i] / 20), "live"};
        (void)book_event(b, &in);
    }
    book_time(b, KIT_MS(100));
    ck_assert_uint_eq(r.n, 16);
    ck_assert_uint_eq(book_calls(b), 8);
    book_time(b, KIT_MS(4000));
    ck_assert_uint_eq(book_calls(b), 0);
    for (size_t i = 3; i < 16; i += 2)
        ck_assert_int_le(r.lines[i - 2][0] / 5, r.lines[i][0] / 5 + 4);
    book_free(b);
}
END_TEST

START_TEST(removed_account_and_ceilings)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    struct message m = {LEG('C', "1", 1, 0, "101"), "Y", 0};
    struct call_event ev = kit_make(&m.event, "Y");
    struct book_input in = {&ev, STR("gone"), 1, KIT_MS(0), "live"};
    book_kit_settings = kit_settings(NULL);
    ck_assert_int_eq(book_event(b, &in), BOOK_NEW);
    book_time(b, KIT_MS(14400));
    ck_assert_uint_eq(r.n, 1);
    ck_assert_str_eq(r.lines[0], "Y none G1");
    char long_id[300];
    memset(long_id, 'x', sizeof long_id);
    ev.entry_id = (struct str){long_id, 256};
    ck_assert_int_eq(book_event(b, &in), BOOK_FULL);
    ev.entry_id = STR("Z");
    for (int i = 0; i < 4096; i++) {
        ev.seq = i + 1;
        ck_assert_int_eq(book_event(b, &in), BOOK_NEW);
    }
    ev.seq = 5000;
    ck_assert_int_eq(book_event(b, &in), BOOK_FULL);
    book_free(b);
}
END_TEST

/* ---- events an hour late ---- */

START_TEST(old_stragglers_decide_nothing)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    struct message log[LOG_MAX];
    book_kit_settings = kit_settings(NULL);
    size_t n = book_kit_shape(0, log);
    for (size_t i = 0; i < n; i++)
        log[i].at = 7200 + (int64_t)i;
    book_kit_feed_all(b, log, 0, n - 1);
    book_time(b, KIT_MS(7900));
    ck_assert_uint_eq(r.n, 1);
    ck_assert_str_eq(r.lines[0], "Y none late");
    /* but with its summary every leg counts */
    log[n - 1].at = 8000;
    (void)book_kit_feed(b, &log[n - 1], 99);
    ck_assert_uint_eq(r.n, 4);
    ck_assert_str_eq(r.lines[1], "Y:client 1000005 talked");
    ck_assert_str_eq(r.lines[2], "Y:talked - talked");
    ck_assert_str_eq(r.lines[3], "Y:call:summary 1000005 talked");
    book_free(b);
}
END_TEST

START_TEST(an_event_in_time_wakes_the_late_ones)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    struct message log[] = {{LEG('C', "1", 2, 5, "101"), "Y", 7200},
                            {LEG('D', "1", 3, 6, "101"), "Y", 7200},
                            {LEG('A', "2", 1, 7100, "102"), "Y", 7900},
                            {LEG('A', "3", 1, 7100, "102"), "Y", 7900}};
    book_kit_settings = kit_settings(NULL);
    book_kit_feed_all(b, log, 0, 2);
    book_time(b, KIT_MS(7850));
    ck_assert_str_eq(r.lines[0], "Y none late");
    book_kit_feed_all(b, log, 2, 4);
    ck_assert_uint_eq(r.n, 4);
    ck_assert_str_eq(r.lines[1], "Y:client 1000005 talked");
    ck_assert_str_eq(r.lines[2], "Y:talked - talked");
    ck_assert_str_eq(r.lines[3], "Y:call:ended 1000005 talked");
    book_free(b);
}
END_TEST

/* One ingest kept it in its spool, another took the repetition: it was in time after all. */
START_TEST(a_repetition_in_time_wakes_them_too)
{
    struct record r = {.n = 0};
    struct book *b = book_kit_new(&r);
    struct message log[] = {{LEG('C', "1", 2, 5, "101"), "Y", 7200},
                            {LEG('D', "1", 3, 6, "101"), "Y", 7200},
                            {LEG('C', "1", 2, 5, "101"), "Y", 3000},
                            {LEG('D', "1", 3, 6, "101"), "Y", 3000}};
    book_kit_settings = kit_settings(NULL);
    book_kit_feed_all(b, log, 0, 2);
    book_time(b, KIT_MS(7850));
    ck_assert_uint_eq(r.n, 1);
    ck_assert_int_eq(book_kit_feed(b, &log[2], 2), BOOK_LATE);
    ck_assert_uint_eq(r.n, 4);
    ck_assert_str_eq(r.lines[1], "Y:client 1000005 talked");
    ck_assert_str_eq(r.lines[3], "Y:call:ended 1000005 talked");
    ck_assert_int_eq(book_kit_feed(b, &log[3], 3), BOOK_REPEAT);
    ck_assert_uint_eq(r.n, 4);
    book_free(b);
}
END_TEST

/* Of the call only a word between two colleagues is known when its recording comes: it waits for the summary,
 * before the closing or after it. An internal call's waits for ever. */
START_TEST(a_recording_waits_for_the_direction)
{
    static const int64_t summary_at[] = {9, 1000};
    for (size_t i = 0; i < 4; i++) {
        struct record r = {.n = 0};
        struct book *b = book_kit_new(&r);
        struct message asks = {
            {'C', "2", 1, .at = 1, .where = 'a', .from_ext = "101", .to_ext = "102"}, "Y", 1};
        struct message ends = {
            {'D', "2", 2, .at = 5, .where = 'a', .from_ext = "101", .to_ext = "102"}, "Y", 5};
        struct message recording = {{'R', NULL, 0, .at = 6, .from = "rec"}, "Y", 6};
        struct message summary = {{'S', NULL, 0, .at = 0, .direction = i < 2 ? 2 : 0,
                                   .from_ext = "101", .to = CLIENT, .talk = 1, .end = 6},
                                  "Y",
                                  summary_at[i % 2]};
        book_kit_settings = kit_settings("\"call_records\":true");
        (void)book_kit_feed(b, &asks, 1);
        (void)book_kit_feed(b, &ends, 2);
        (void)book_kit_feed(b, &recording, 3);
        ck_assert_uint_eq(r.n, 0);
        (void)book_kit_feed(b, &summary, 4);
        book_time(b, KIT_MS(summary_at[i % 2] + 10));
        ck_assert_uint_gt(r.n, 0);
        ck_assert_str_eq(r.lines[r.n - 1], i < 2 ? "Y:record:rec - " : "Y none G15");
        book_free(b);
        settings_free(book_kit_settings);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("book", a_recording_waits_for_the_direction,
                    closes_five_seconds_after_the_summary,
                    an_event_behind_the_summary_does_not_put_the_closing_off,
                    ends_ten_minutes_after_the_last_leg, stragglers_do_not_put_the_end_off,
                    idle_four_hours_after_the_last_event, a_new_leg_goes_on, what_opens_a_call,
                    time_first_then_timers_then_the_event, timers_in_order,
                    removed_account_and_ceilings, old_stragglers_decide_nothing,
                    an_event_in_time_wakes_the_late_ones, a_repetition_in_time_wakes_them_too);
}

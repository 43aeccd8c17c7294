/*
 * A partition without Kafka: what is said of which message, where it goes, and which message says nothing.
 */
#include "worker/calls/stream.h"

#include <string.h>

#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

START_TEST(a_call_from_event_to_commit)
{
    struct stream *s = stream_kit_begin(10, "", 0, 12);
    ck_assert_int_eq(stream_start(s), 10);
    ck_assert(stream_restored(s));
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(stream_kit.n, 2);
    ck_assert_int_eq(stream_kit.sent[0].topic, KAFKA_JOBS);
    ck_assert_str_eq(stream_kit.sent[0].key, "acme/79991231212");
    ck_assert_int_eq(stream_kit.sent[0].partition, (int)strlen("acme/79991231212"));
    ck_assert_str_eq(stream_kit.sent[0].headers, "kind=client;origin=live;account=acme;"
                                                 "received-at=2014-05-12T15:03:01.000Z;");
    ck_assert_int_eq(stream_kit.sent[1].topic, KAFKA_OUTCOMES);
    ck_assert_str_eq(stream_kit.sent[1].key, "acme/e1");
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[1].value, "\"result\":\"sent\""));
    stream_free(s);
}
END_TEST

/* An entry_id of 130 bytes. */
#define E10 "eeeeeeeeee"
#define E130 E10 E10 E10 E10 E10 E10 E10 E10 E10 E10 E10 E10 E10

START_TEST(unreadable_goes_to_dead)
{
    static const struct {
        const char *kind, *key, *json, *why;
    } cases[] = {
        {"call", "acme/e1", "{", ""},
        {"call", "acme/-", "{\"call_id\":\"c\"}", "entry_id is missing"},
        {"summary", "acme/e2", ENDED, "entry_id is not the key's"},
        {"call", "nokey", CONNECTED, ""},
        {"call", "a123456789a123456789a123456789a123456789/e1", CONNECTED, "account is too long"},
        {"call", "acme/" E130, CONNECTED, "entry_id is too long"},
        {"", "acme/e1", CONNECTED, "no header kind"},
        {"summary", "acme/e1", "{\"entry_id\":\"e1\",\"talk_time\":1400000000}",
         "talk_time is over"},
        {"result/route", "acme/e2", "{\"command_id\":\"e1~5\",\"result\":1000}", "not the key's"},
    };
    struct stream *s = stream_kit_begin(10, "", 0, 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        stream_kit_feed(s, 10 + (int64_t)i, cases[i].kind, cases[i].key, cases[i].json, 5);
        const struct stream_kit_record *got = &stream_kit.sent[i];
        ck_assert_uint_eq(stream_kit.n, i + 1);
        ck_assert_int_eq(got->topic, KAFKA_DEAD);
        ck_assert_int_eq(got->partition, 1);
        ck_assert_str_eq(got->key, cases[i].key);
        ck_assert_str_eq(got->value, cases[i].json);
        ck_assert_ptr_nonnull(strstr(got->headers, cases[i].why));
        ck_assert_ptr_nonnull(strstr(got->headers, "__connect.errors.topic=events;"
                                                   "__connect.errors.partition=3;"
                                                   "__connect.errors.offset=1"));
        ck_assert_ptr_nonnull(strstr(got->headers, "__connect.errors.stage=calls;"));
        ck_assert_ptr_nonnull(strstr(got->headers, ".exception.class.name=input;"));
    }
    ck_assert_ptr_nonnull(
        strstr(stream_kit.sent[0].headers, "kind=call;origin=live;received-at=2014"));
    ck_assert_uint_eq(book_calls(stream_book(s)), 0);
    stream_free(s);
}
END_TEST

/* Else one writer's clock would close every call of the partition, now and ever after. */
START_TEST(a_message_from_far_ahead_moves_no_time)
{
    struct stream *s = stream_kit_begin(10, "", 0, 20);
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_kit_feed_at(s, 11, "call", "acme/e2", "{}", INT64_C(253402300799000), "live");
    ck_assert_int_eq(book_now(stream_book(s)), stream_kit.now);
    stream_kit_feed_at(s, 12, "call", "acme/e2", "{}", stream_kit.now + 3600000,
                       "live"); /* skewed a little */
    ck_assert_int_eq(book_now(stream_book(s)), stream_kit.now + 3600000);
    ck_assert_uint_eq(book_open(stream_book(s)), 1);
    stream_free(s);
}
END_TEST

START_TEST(ignored_becomes_an_outcome)
{
    struct stream *s = stream_kit_begin(10, "", 0, 20);
    stream_kit_feed(s, 10, "sms", "acme/-", "not JSON", 5);
    stream_kit_feed(s, 11, "result/route", "acme/e1", "{}", 5);
    stream_kit_feed(s, 12, "record/added", "acme/e1",
                    "{\"entry_id\":\"e1\",\"recording_id\":\"r\"}", 5);
    ck_assert_uint_eq(stream_kit.n, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(stream_kit.sent[i].topic, KAFKA_OUTCOMES);
        ck_assert_ptr_nonnull(strstr(stream_kit.sent[i].value, "\"result\":\"ignored\""));
    }
    ck_assert_str_eq(stream_kit.sent[0].key, "acme/-");
    stream_free(s);
}
END_TEST

START_TEST(repetitions_say_nothing)
{
    struct stream *s = stream_kit_begin(10, "", 0, 20);
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_kit_feed(s, 11, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(stream_kit.n, 2);
    stream_kit_feed(s, 12, "summary", "acme/e1", ENDED, 61);
    stream_kit_feed(s, 13, "summary", "acme/e1", ENDED, 70);
    ck_assert_uint_eq(stream_kit.n, 6);
    stream_free(s);
}
END_TEST

START_TEST(replayed_events_are_bulk)
{
    struct stream *s = stream_kit_begin(10, "", 0, 12);
    stream_kit_feed_at(s, 10, "call", "acme/e1", CONNECTED, KIT_MS(5), "replay");
    ck_assert_int_eq(stream_kit.sent[0].topic, KAFKA_JOBS_BULK);
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[0].headers, "origin=replay;"));
    stream_free(s);
    s = stream_kit_begin(10, "", 0, 12);
    stream_kit_feed_at(s, 10, "call", "acme/e1", CONNECTED, KIT_MS(5), "reconcile");
    ck_assert_int_eq(stream_kit.sent[2].topic, KAFKA_JOBS_BULK);
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[2].headers, "origin=reconcile;"));
    stream_free(s);
}
END_TEST

START_TEST(accounts_that_are_off)
{
    struct stream *s = stream_kit_begin(10, "", 0, 12);
    settings_free(stream_kit.settings);
    stream_kit.settings = kit_settings("switched off");
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_kit_feed(s, 11, "summary", "acme/e1", ENDED, 61);
    stream_kit_feed(s, 12, "summary", "gone/e1", ENDED, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_uint_eq(stream_kit.n, 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(strstr(stream_kit.sent[i].value, "\"result\":\"ignored\""));
    ck_assert_str_eq(stream_kit.sent[1].key, "gone/e1");
    stream_free(s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("stream", a_call_from_event_to_commit, unreadable_goes_to_dead,
                    a_message_from_far_ahead_moves_no_time, ignored_becomes_an_outcome,
                    repetitions_say_nothing, replayed_events_are_bulk, accounts_that_are_off);
}

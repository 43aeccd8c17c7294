/*
 * A partition without Kafka: what is said of which message, silence up to the mark, commits behind the
 * acknowledgements, lost commits, and the whole way of the manual's call.
 */
#include "worker/calls/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"

#define SENT_MAX 4000

struct sent {
    enum kafka_topic topic;
    int32_t partition;
    char *key, *value, *headers;
    producer_done *done;
    void *arg;
};

/* The outside as the port shows it. */
static struct {
    struct sent sent[SENT_MAX];
    size_t n;
    int64_t now;
    struct settings *settings;
    char commits[10][120];
    size_t ncommits;
    int paused, failures;
    bool refuse;
    struct metrics *registry;
    struct counts *counts;
} world;

static enum err fake_send(void *arg, const struct producer_record *r, struct error *e)
{
    struct buf headers = BUF_INIT(10000);
    (void)arg;
    if (world.refuse)
        return error_set(e, ERR_TEMPORARY, "queue full");
    for (size_t i = 0; i < r->nheaders; i++)
        buf_addf(&headers, "%s=%.*s;", r->headers[i].name, STR_ARG(r->headers[i].value));
    ck_assert_uint_lt(world.n, SENT_MAX);
    world.sent[world.n++] = (struct sent){
        r->topic, r->partition, mem_copy(r->key), mem_copy(r->value), buf_take(&headers),
        r->done,  r->arg};
    return ERR_OK;
}

static int32_t fake_place(void *arg, enum kafka_topic topic, struct str key)
{
    (void)arg;
    (void)topic;
    return (int32_t)key.len;
}

static void fake_failed(void *arg, enum kafka_topic topic, const char *why)
{
    (void)arg;
    (void)topic;
    ck_assert_ptr_nonnull(why);
    world.failures++;
}

static int64_t fake_now(void *arg)
{
    (void)arg;
    return world.now;
}

static const struct settings *fake_settings(void *arg, struct str account)
{
    (void)arg;
    return str_is(account, "acme") ? world.settings : NULL;
}

static void fake_commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    (void)arg;
    ck_assert_int_eq(partition, 3);
    ck_assert_uint_lt(world.ncommits, 10);
    (void)snprintf(world.commits[world.ncommits++], sizeof *world.commits, "%" PRId64 " %s", offset,
                   metadata);
}

static void fake_flow(void *arg, int32_t partition, bool on)
{
    (void)arg;
    ck_assert_int_eq(partition, 3);
    world.paused += on ? -1 : 1;
}

static struct stream *begin(int64_t committed, const char *metadata, int64_t low, int64_t high)
{
    if (world.registry == NULL) {
        world.registry = metrics_new();
        world.counts = counts_new(world.registry, false);
    }
    if (world.settings == NULL)
        world.settings = kit_settings(NULL);
    const struct stream_port port = {
        .output = {fake_send, fake_place, fake_failed, NULL, NULL},
        .counts = world.counts,
        .dead_partitions = 2,
        .times = {5, 600, 14400, 3600},
        .now = fake_now,
        .settings = fake_settings,
        .tz = kit_no_tz,
        .commit = fake_commit,
        .flow = fake_flow,
    };
    const struct consumer_partition p = {KAFKA_EVENTS, 3, committed, metadata, low, high};
    world.now = KIT_MS(100);
    return stream_new(&port, &p);
}

static void ack(size_t i, bool delivered)
{
    const struct producer_report report = {
        .delivered = delivered, .offset = 1, .why = delivered ? NULL : "timed out"};
    if (world.sent[i].done != NULL)
        world.sent[i].done(world.sent[i].arg, &report);
    world.sent[i].done = NULL;
}

static void ack_all(void)
{
    for (size_t i = 0; i < world.n; i++)
        ack(i, true);
}

static void message_at(struct stream *s, int64_t offset, const char *kind, const char *key,
                       const char *json, int64_t received, const char *origin)
{
    char at[TEXT_TIME_SIZE];
    text_time(received, at);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(kind)},
                                           {EVENT_ORIGIN, str_of(origin)},
                                           {EVENT_RECEIVED_AT, str_of(at)}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .partition = 3,
                                    .offset = offset,
                                    .timestamp = -1,
                                    .key = str_of(key),
                                    .value = str_of(json),
                                    .headers = headers,
                                    .nheaders = kind[0] ? 3 : 0};
    stream_message(s, &m);
}

static void message(struct stream *s, int64_t offset, const char *kind, const char *key,
                    const char *json, int64_t second)
{
    message_at(s, offset, kind, key, json, KIT_MS(second), "live");
}

#define CONNECTED                                                                 \
    "{\"entry_id\":\"e1\",\"call_id\":\"c1\",\"seq\":2,\"timestamp\":1399906981," \
    "\"call_state\":\"Connected\",\"location\":\"abonent\",\"from\":{\"number\":" \
    "\"79991231212\"},\"to\":{\"extension\":\"101\",\"line_number\":\"78001234567\"}}"
#define SUMMARY                                                                               \
    "{\"entry_id\":\"e1\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"},\"to\":" \
    "{\"extension\":\"101\",\"number\":\"sip:x\"},\"line_number\":\"78001234567\","           \
    "\"create_time\":1399906976,\"talk_time\":1399906981,\"end_time\":1399907036}"

START_TEST(a_call_from_event_to_commit)
{
    struct stream *s = begin(10, "", 0, 12);
    ck_assert_int_eq(stream_start(s), 10);
    ck_assert(stream_restored(s));
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(world.n, 2);
    ck_assert_int_eq(world.sent[0].topic, KAFKA_JOBS);
    ck_assert_str_eq(world.sent[0].key, "acme/79991231212");
    ck_assert_int_eq(world.sent[0].partition, (int)strlen("acme/79991231212"));
    ck_assert_str_eq(world.sent[0].headers, "kind=client;origin=live;account=acme;"
                                            "received-at=2014-05-12T15:03:01.000Z;");
    ck_assert_int_eq(world.sent[1].topic, KAFKA_OUTCOMES);
    ck_assert_str_eq(world.sent[1].key, "acme/e1");
    ck_assert_ptr_nonnull(strstr(world.sent[1].value, "\"result\":\"sent\""));
    stream_free(s);
}
END_TEST

START_TEST(commits_follow_acknowledgements)
{
    struct stream *s = begin(10, "run:1:5:7", 0, 12);
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_turn(s);
    ck_assert_uint_eq(world.ncommits, 0);
    message(s, 11, "summary", "acme/e1", SUMMARY, 61);
    ack(1, true);
    stream_turn(s);
    ck_assert_uint_eq(world.ncommits, 0);
    ack(0, true);
    stream_turn(s);
    ck_assert_uint_eq(world.ncommits, 1);
    ck_assert_str_eq(world.commits[0], "10 sent:12:1399907037000 run:0:0:7");
    stream_at_end(s, KIT_MS(65)); /* nothing is due */
    ck_assert_uint_eq(world.n, 2);
    stream_at_end(s, KIT_MS(66));
    ck_assert_uint_eq(world.n, 6);
    ck_assert_ptr_nonnull(strstr(world.sent[2].value, "\"id\":\"e1:talked\""));
    ck_assert_ptr_nonnull(strstr(world.sent[4].value, "\"id\":\"e1:call:summary\""));
    ck_assert_ptr_nonnull(strstr(world.sent[4].value, "\"offset\":\"events/3/11\""));
    ack_all();
    stream_turn(s);
    ck_assert_str_eq(world.commits[1], "10 sent:12:1399907042000 run:0:0:7");
    stream_at_end(s, KIT_MS(66 + 3600)); /* forgotten */
    stream_turn(s);
    ck_assert_str_eq(world.commits[2], "12 sent:12:1399910642000 run:0:0:7");
    ck_assert_uint_eq(stream_waiting(s), 0);
    ck_assert_int_eq(stream_position(s), 12);
    ck_assert_int_eq(stream_received(s), KIT_MS(61));
    stream_free(s);
}
END_TEST

START_TEST(silent_up_to_the_mark)
{
    struct stream *s = begin(10, "sent:12:1399907042000", 0, 13);
    ck_assert(!stream_restored(s));
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    message(s, 11, "summary", "acme/e1", SUMMARY, 61);
    ck_assert(stream_restored(s)); /* and closed by the mark's time */
    ck_assert_uint_eq(book_open(stream_book(s)), 0);
    ck_assert_uint_eq(world.n, 0);
    message(s, 12, "dtmf", "acme/e2", "{\"entry_id\":\"e2\"}", 70);
    ck_assert_uint_eq(world.n, 1);
    stream_free(s);
    /* the last silent message is gone from the log: the next one ends it, or the partition's end */
    s = begin(10, "sent:12:1399907037000", 0, 13);
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    ck_assert(!stream_restored(s));
    message(s, 12, "sms", "acme/-", "{}", 61); /* and is not silent itself */
    ck_assert(stream_restored(s));
    ck_assert_uint_eq(world.n, 2);
    stream_free(s);
    s = begin(10, "sent:12:1399907037000", 0, 13);
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_at_end(s, KIT_MS(70));
    ck_assert(stream_restored(s));
    stream_free(s);
    /* nothing to fold */
    s = begin(12, "sent:12:1399907037000", 0, 13);
    ck_assert(stream_restored(s));
    stream_free(s);
}
END_TEST

static bool has_metric(const char *text)
{
    struct buf out = BUF_INIT(100000);
    metrics_write(world.registry, &out);
    char *all = buf_take(&out);
    bool has = strstr(all, text) != NULL;
    free(all);
    return has;
}

#define SUMMARY_OF_E0                                                                  \
    "{\"entry_id\":\"e0\",\"call_direction\":1,\"from\":{\"number\":\"79990000000\"}," \
    "\"to\":{\"extension\":\"101\",\"number\":\"sip:x\"},\"line_number\":\"78001234567\"}"

/* Says how many of the records sent from `first` on are this job. */
static int sent_job(size_t first, const char *id)
{
    int n = 0;
    for (size_t i = first; i < world.n; i++)
        n += world.sent[i].topic == KAFKA_JOBS && strstr(world.sent[i].value, id) != NULL;
    return n;
}

/* The wall clock was ahead of events that were still to be read (a frozen process, a spool): their call
 * closes later here than its new owner would have it closed. Killed in between, nothing is lost. */
START_TEST(a_wall_clock_ahead_loses_no_closing)
{
    struct stream *s = begin(10, "", 0, 14);
    message(s, 10, "summary", "acme/e0", SUMMARY_OF_E0, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_int_eq(sent_job(0, "\"id\":\"e0:call:summary\""), 1);
    message(s, 11, "call", "acme/e1", CONNECTED, 62);
    message(s, 12, "summary", "acme/e1", SUMMARY, 63);
    message(s, 13, "sms", "acme/-", "{}", 71);
    ck_assert_int_eq(sent_job(0, "\"id\":\"e1:call:summary\""), 0); /* due at 75 */
    ack_all();
    stream_turn(s);
    ck_assert_str_eq(world.commits[world.ncommits - 1], "10 sent:14:1399907042999");
    stream_free(s);

    size_t before = world.n;
    s = begin(10, world.commits[world.ncommits - 1] + 3, 0, 14);
    message(s, 10, "summary", "acme/e0", SUMMARY_OF_E0, 61);
    message(s, 11, "call", "acme/e1", CONNECTED, 62);
    message(s, 12, "summary", "acme/e1", SUMMARY, 63);
    message(s, 13, "sms", "acme/-", "{}", 71);
    ck_assert_int_eq(sent_job(before, "\"id\":\"e1:call:summary\""), 1);
    ck_assert_int_eq(sent_job(before, "\"id\":\"e1:client\""), 0);
    ck_assert_int_eq(sent_job(before, "\"id\":\"e0:"), 0);
    ack_all();
    stream_turn(s);
    ck_assert_str_eq(world.commits[world.ncommits - 1], "10 sent:14:1399907047000");
    stream_free(s);
}
END_TEST

/* Silently nothing is counted, nor goes to dead or to outcomes: the predecessor has done it. */
START_TEST(silent_about_the_unreadable)
{
    struct stream *s = begin(10, "sent:13:1399907042000", 0, 13);
    message(s, 10, "call", "acme/e1", "{", 5);
    message(s, 11, "sms", "acme/-", "{}", 5);
    ck_assert_uint_eq(world.n, 0);
    ck_assert(!has_metric("mangoplan_events_folded_total{"));
    message(s, 12, "sms", "acme/-", "{}", 5);
    message(s, 13, "call", "acme/e1", CONNECTED, 5);
    ck_assert(has_metric("mangoplan_events_folded_total{kind=\"call\",result=\"new\"} 1"));
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
        {"summary", "acme/e2", SUMMARY, "entry_id is not the key's"},
        {"call", "nokey", CONNECTED, ""},
        {"call", "a123456789a123456789a123456789a123456789/e1", CONNECTED, "account is too long"},
        {"call", "acme/" E130, CONNECTED, "entry_id is too long"},
        {"", "acme/e1", CONNECTED, "no header kind"},
        {"summary", "acme/e1", "{\"entry_id\":\"e1\",\"talk_time\":1400000000}",
         "talk_time is over"},
        {"result/route", "acme/e2", "{\"command_id\":\"e1~5\",\"result\":1000}", "not the key's"},
    };
    struct stream *s = begin(10, "", 0, 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        message(s, 10 + (int64_t)i, cases[i].kind, cases[i].key, cases[i].json, 5);
        const struct sent *got = &world.sent[i];
        ck_assert_uint_eq(world.n, i + 1);
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
    ck_assert_ptr_nonnull(strstr(world.sent[0].headers, "kind=call;origin=live;received-at=2014"));
    ck_assert_uint_eq(book_calls(stream_book(s)), 0);
    stream_free(s);
}
END_TEST

/* Else one writer's clock would close every call of the partition, now and ever after. */
START_TEST(a_message_from_far_ahead_moves_no_time)
{
    struct stream *s = begin(10, "", 0, 20);
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    message_at(s, 11, "call", "acme/e2", "{}", INT64_C(253402300799000), "live");
    ck_assert_int_eq(book_now(stream_book(s)), world.now);
    message_at(s, 12, "call", "acme/e2", "{}", world.now + 3600000, "live"); /* skewed a little */
    ck_assert_int_eq(book_now(stream_book(s)), world.now + 3600000);
    ck_assert_uint_eq(book_open(stream_book(s)), 1);
    stream_free(s);
}
END_TEST

START_TEST(ignored_becomes_an_outcome)
{
    struct stream *s = begin(10, "", 0, 20);
    message(s, 10, "sms", "acme/-", "not JSON", 5);
    message(s, 11, "result/route", "acme/e1", "{}", 5);
    message(s, 12, "record/added", "acme/e1", "{\"entry_id\":\"e1\",\"recording_id\":\"r\"}", 5);
    ck_assert_uint_eq(world.n, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(world.sent[i].topic, KAFKA_OUTCOMES);
        ck_assert_ptr_nonnull(strstr(world.sent[i].value, "\"result\":\"ignored\""));
    }
    ck_assert_str_eq(world.sent[0].key, "acme/-");
    stream_free(s);
}
END_TEST

START_TEST(repetitions_say_nothing)
{
    struct stream *s = begin(10, "", 0, 20);
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    message(s, 11, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(world.n, 2);
    message(s, 12, "summary", "acme/e1", SUMMARY, 61);
    message(s, 13, "summary", "acme/e1", SUMMARY, 70);
    ck_assert_uint_eq(world.n, 6);
    stream_free(s);
}
END_TEST

/* No commit: read all, but not what is over 7 days old; old calls' jobs are bulk. */
START_TEST(without_a_commit)
{
    struct stream *s = begin(CONSUMER_NONE, "", 5, 9);
    ck_assert_int_eq(stream_start(s), 5);
    world.now = KIT_MS(8 * 86400);
    message(s, 5, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(world.n, 0);
    ck_assert(has_metric("mangoplan_events_folded_total{kind=\"call\",result=\"late\"} 1"));
    stream_turn(s);
    ck_assert_str_eq(world.commits[0], "6 sent:6:0 catch:9");
    world.now = KIT_MS(6 * 86400);
    message(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_int_eq(world.sent[0].topic, KAFKA_JOBS_BULK);
    world.now = KIT_MS(60); /* not old */
    message(s, 7, "summary", "acme/e1", SUMMARY, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_int_eq(world.sent[2].topic, KAFKA_JOBS);
    world.now = KIT_MS(100 + 7200);
    message(s, 9, "summary", "acme/e9",
            "{\"entry_id\":\"e9\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"}}",
            100);
    stream_at_end(s, KIT_MS(7200));
    ck_assert_int_eq(world.sent[world.n - 2].topic, KAFKA_JOBS); /* behind the catching up */
    ack_all();
    stream_at_end(s, KIT_MS(20000));
    stream_turn(s);
    ck_assert_ptr_null(strstr(world.commits[world.ncommits - 1], "catch"));
    stream_free(s);
}
END_TEST

static bool is_bulk(const char *id)
{
    for (size_t i = 0; i < world.n; i++) {
        if (world.sent[i].topic != KAFKA_OUTCOMES && strstr(world.sent[i].value, id) != NULL)
            return world.sent[i].topic == KAFKA_JOBS_BULK;
    }
    return false;
}

/* Old is what came, or what happened, over an hour ago. */
START_TEST(old_by_either_clock)
{
    struct stream *s = begin(CONSUMER_NONE, "", 5, 9);
    world.now = KIT_MS(7200);
    message(s, 5, "summary", "acme/e5",
            "{\"entry_id\":\"e5\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"}}",
            100);
    message(s, 6, "summary", "acme/e6",
            "{\"entry_id\":\"e6\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"},"
            "\"end_time\":1399907036}",
            7190);
    message(s, 7, "summary", "acme/e7",
            "{\"entry_id\":\"e7\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"}}",
            7190);
    stream_at_end(s, KIT_MS(7200));
    ck_assert_uint_eq(book_open(stream_book(s)), 0);
    ck_assert(is_bulk("\"id\":\"e5:call:summary\""));
    ck_assert(is_bulk("\"id\":\"e6:call:summary\""));
    ck_assert(!is_bulk("\"id\":\"e7:call:summary\""));
    stream_free(s);
}
END_TEST

/* Whoever comes after, while the catching up goes on, passes over what is too old as well. */
START_TEST(the_next_owner_catches_up_too)
{
    struct stream *s = begin(6, "sent:6:0 catch:9", 5, 12);
    world.now = KIT_MS(8 * 86400);
    message(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(world.n, 0);
    message(s, 9, "call", "acme/e1", CONNECTED, 5); /* behind it, events are late, not lost */
    ck_assert_uint_eq(world.n, 2);
    stream_free(s);
    /* but not what a predecessor has folded when it was younger */
    s = begin(6, "sent:7:1399906981000 catch:9", 5, 12);
    world.now = KIT_MS(8 * 86400);
    message(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(book_open(stream_book(s)), 1);
    stream_free(s);
}
END_TEST

START_TEST(lost_and_trimmed_commits)
{
    struct stream *s = begin(3, "sent:7:1399907037000", 5, 9); /* trimmed, the mark still counts */
    ck_assert_int_eq(stream_start(s), 5);
    ck_assert(!stream_restored(s));
    stream_free(s);
    s = begin(50, "sent:60:1399907037000", 5, 9); /* another log */
    ck_assert_int_eq(stream_start(s), 5);
    ck_assert(stream_restored(s));
    stream_free(s);
}
END_TEST

START_TEST(replayed_events_are_bulk)
{
    struct stream *s = begin(10, "", 0, 12);
    message_at(s, 10, "call", "acme/e1", CONNECTED, KIT_MS(5), "replay");
    ck_assert_int_eq(world.sent[0].topic, KAFKA_JOBS_BULK);
    ck_assert_ptr_nonnull(strstr(world.sent[0].headers, "origin=replay;"));
    stream_free(s);
    s = begin(10, "", 0, 12);
    message_at(s, 10, "call", "acme/e1", CONNECTED, KIT_MS(5), "reconcile");
    ck_assert_int_eq(world.sent[2].topic, KAFKA_JOBS_BULK);
    ck_assert_ptr_nonnull(strstr(world.sent[2].headers, "origin=reconcile;"));
    stream_free(s);
}
END_TEST

START_TEST(accounts_that_are_off)
{
    struct stream *s = begin(10, "", 0, 12);
    settings_free(world.settings);
    world.settings = kit_settings("switched off");
    message(s, 10, "call", "acme/e1", CONNECTED, 5);
    message(s, 11, "summary", "acme/e1", SUMMARY, 61);
    message(s, 12, "summary", "gone/e1", SUMMARY, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_uint_eq(world.n, 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(strstr(world.sent[i].value, "\"result\":\"ignored\""));
    ck_assert_str_eq(world.sent[1].key, "gone/e1");
    stream_free(s);
}
END_TEST

START_TEST(waits_when_much_is_unacknowledged)
{
    struct stream *s = begin(10, "", 0, 5000);
    for (int64_t i = 0; i < 2100; i++)
        message(s, 10 + i, "sms", "acme/-", "{}", 5);
    ck_assert_int_eq(world.paused, 1);
    for (size_t i = 0; i < 1500; i++)
        ack(i, true);
    stream_turn(s);
    ck_assert_int_eq(world.paused, 1);
    ack_all();
    stream_turn(s);
    ck_assert_int_eq(world.paused, 0);
    stream_free(s);
}
END_TEST

START_TEST(what_fails_is_told_and_never_passed)
{
    struct stream *s = begin(10, "", 0, 12);
    message(s, 10, "sms", "acme/-", "{}", 5);
    message(s, 11, "sms", "acme/-", "{}", 5);
    ack(1, true);
    ack(0, false);
    ck_assert_int_eq(world.failures, 1);
    stream_turn(s);
    ck_assert_uint_eq(world.ncommits, 0);
    world.refuse = true;
    message(s, 12, "sms", "acme/-", "{}", 5);
    ck_assert_int_eq(world.failures, 2);
    world.refuse = false;
    message(s, 13, "sms", "acme/-", "{}", 5);
    stream_free(s);
    ack(2, true); /* comes to nobody */
    ck_assert_int_eq(world.failures, 2);
}
END_TEST

int main(void)
{
    return UNIT_RUN("stream", a_call_from_event_to_commit, commits_follow_acknowledgements,
                    silent_up_to_the_mark, a_wall_clock_ahead_loses_no_closing,
                    silent_about_the_unreadable, unreadable_goes_to_dead,
                    a_message_from_far_ahead_moves_no_time, ignored_becomes_an_outcome,
                    repetitions_say_nothing, without_a_commit, old_by_either_clock,
                    the_next_owner_catches_up_too, lost_and_trimmed_commits,
                    replayed_events_are_bulk, accounts_that_are_off,
                    waits_when_much_is_unacknowledged, what_fails_is_told_and_never_passed);
}

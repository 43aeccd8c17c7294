/*
 * A partition without Kafka, from owner to owner: commits behind the acknowledgements, silence up to the
 * mark, lost commits and catching up without one.
 */
#include "worker/calls/stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

/* A summary with nothing but what it needs, and `more`. */
#define SHORT(entry, more)                                                                        \
    "{\"entry_id\":\"" entry "\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"}" more \
    "}"

static const struct stream_kit_part *const part = &stream_kit.parts[STREAM_KIT_PARTITION];

/* The newest commit, and how many there were. */
static void check_commit(size_t n, int64_t offset, const char *text)
{
    ck_assert_uint_eq(part->commits, n);
    ck_assert_int_eq(part->offset, offset);
    ck_assert_str_eq(part->text, text);
}

START_TEST(commits_follow_acknowledgements)
{
    struct stream *s = stream_kit_begin(10, "run:1:5:7", 0, 12);
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_turn(s);
    ck_assert_uint_eq(part->commits, 0);
    stream_kit_feed(s, 11, "summary", "acme/e1", ENDED, 61);
    stream_kit_ack(1, true);
    stream_turn(s);
    ck_assert_uint_eq(part->commits, 0);
    stream_kit_ack(0, true);
    stream_turn(s);
    check_commit(1, 10, "sent:12:1399907037000 run:0:0:7");
    stream_at_end(s, KIT_MS(65)); /* nothing is due */
    ck_assert_uint_eq(stream_kit.n, 2);
    stream_at_end(s, KIT_MS(66));
    ck_assert_uint_eq(stream_kit.n, 6);
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[2].value, "\"id\":\"e1:talked\""));
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[4].value, "\"id\":\"e1:call:summary\""));
    ck_assert_ptr_nonnull(strstr(stream_kit.sent[4].value, "\"offset\":\"events/3/11\""));
    stream_kit_ack_all();
    stream_turn(s);
    check_commit(2, 10, "sent:12:1399907042000 run:0:0:7");
    stream_at_end(s, KIT_MS(66 + 3600)); /* forgotten */
    stream_turn(s);
    check_commit(3, 12, "sent:12:1399910642000 run:0:0:7");
    ck_assert_uint_eq(stream_waiting(s), 0);
    ck_assert_int_eq(stream_position(s), 12);
    ck_assert_int_eq(stream_received(s), KIT_MS(61));
    stream_free(s);
}
END_TEST

START_TEST(lost_and_trimmed_commits)
{
    struct stream *s =
        stream_kit_begin(3, "sent:7:1399907037000", 5, 9); /* trimmed, the mark still counts */
    ck_assert_int_eq(stream_start(s), 5);
    ck_assert(!stream_restored(s));
    stream_free(s);
    s = stream_kit_begin(50, "sent:60:1399907037000", 5, 9); /* another log */
    ck_assert_int_eq(stream_start(s), 5);
    ck_assert(stream_restored(s));
    stream_free(s);
}
END_TEST

START_TEST(waits_when_much_is_unacknowledged)
{
    struct stream *s = stream_kit_begin(10, "", 0, 5000);
    for (int64_t i = 0; i < 2100; i++)
        stream_kit_feed(s, 10 + i, "sms", "acme/-", "{}", 5);
    ck_assert_int_eq(part->paused, 1);
    for (size_t i = 0; i < 1500; i++)
        stream_kit_ack(i, true);
    stream_turn(s);
    ck_assert_int_eq(part->paused, 1);
    stream_kit_ack_all();
    stream_turn(s);
    ck_assert_int_eq(part->paused, 0);
    stream_free(s);
}
END_TEST

START_TEST(what_fails_is_told_and_never_passed)
{
    struct stream *s = stream_kit_begin(10, "", 0, 12);
    stream_kit.may_fail = true;
    stream_kit_feed(s, 10, "sms", "acme/-", "{}", 5);
    stream_kit_feed(s, 11, "sms", "acme/-", "{}", 5);
    stream_kit_ack(1, true);
    stream_kit_ack(0, false);
    ck_assert_int_eq(stream_kit.failures, 1);
    stream_turn(s);
    ck_assert_uint_eq(part->commits, 0);
    stream_kit.cut = true;
    stream_kit_feed(s, 12, "sms", "acme/-", "{}", 5);
    ck_assert_int_eq(stream_kit.failures, 2);
    stream_kit.cut = false;
    stream_kit_feed(s, 13, "sms", "acme/-", "{}", 5);
    stream_free(s);
    stream_kit_ack(2, true); /* comes to nobody */
    ck_assert_int_eq(stream_kit.failures, 2);
}
END_TEST

START_TEST(silent_up_to_the_mark)
{
    struct stream *s = stream_kit_begin(10, "sent:12:1399907042000", 0, 13);
    ck_assert(!stream_restored(s));
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_kit_feed(s, 11, "summary", "acme/e1", ENDED, 61);
    ck_assert(stream_restored(s)); /* and closed by the mark's time */
    ck_assert_uint_eq(book_open(stream_book(s)), 0);
    ck_assert_uint_eq(stream_kit.n, 0);
    stream_kit_feed(s, 12, "dtmf", "acme/e2", "{\"entry_id\":\"e2\"}", 70);
    ck_assert_uint_eq(stream_kit.n, 1);
    stream_free(s);
    /* the last silent message is gone from the log: the next one ends it, or the partition's end */
    s = stream_kit_begin(10, "sent:12:1399907037000", 0, 13);
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    ck_assert(!stream_restored(s));
    stream_kit_feed(s, 12, "sms", "acme/-", "{}", 61); /* and is not silent itself */
    ck_assert(stream_restored(s));
    ck_assert_uint_eq(stream_kit.n, 2);
    stream_free(s);
    s = stream_kit_begin(10, "sent:12:1399907037000", 0, 13);
    stream_kit_feed(s, 10, "call", "acme/e1", CONNECTED, 5);
    stream_at_end(s, KIT_MS(70));
    ck_assert(stream_restored(s));
    stream_free(s);
    /* nothing to fold */
    s = stream_kit_begin(12, "sent:12:1399907037000", 0, 13);
    ck_assert(stream_restored(s));
    stream_free(s);
}
END_TEST

#define LEG(call, seq, at, state, where, to)                                                  \
    "{\"entry_id\":\"e1\",\"call_id\":\"" call "\",\"seq\":" seq ",\"timestamp\":13999069" at \
    ",\"call_state\":\"" state "\",\"location\":\"" where "\",\"from\":{\"number\":"          \
    "\"79991231212\"},\"to\":{" to "\"line_number\":\"78001234567\"},\"dct\":{\"type\":1,"    \
    "\"number\":\"74950000000\"}}"

/* The ids of the jobs that were sent for what rings, and the records forgotten. */
static void check_rings(const char *ids)
{
    static const char *const known[][2] = {{"e1:route\"", "route "},
                                           {"e1:visitor\"", "visitor "},
                                           {"e1:popup:1:calling\"", "calling "},
                                           {"e1:popup:1:talking\"", "talking "}};
    struct buf found = BUF_INIT(1000);
    for (size_t i = 0; i < stream_kit.n; i++) {
        for (size_t k = 0; k < COUNT(known); k++) {
            if (stream_kit.sent[i].topic == KAFKA_JOBS_NOW &&
                strstr(stream_kit.sent[i].value, known[k][0]) != NULL)
                buf_addf(&found, "%s", known[k][1]);
        }
    }
    ck_assert_str_eq(found.len ? found.data : "", ids);
    buf_done(&found);
    stream_kit_ack_all();
    stream_kit_forget();
}

/* Another owner goes on with a call that rings: what its predecessor is known to have said is not said
 * again, what it is not known to have said is, if it still makes sense. */
START_TEST(what_rings_is_taken_over)
{
    static const char all[] =
        "\"popups\":true,\"route_to_responsible\":true,\"call_tracking\":true";
    static const char menu[] = LEG("0", "1", "76", "Appeared", "ivr", ""),
                      left[] = LEG("0", "2", "77", "Disconnected", "ivr", ""),
                      rings[] =
                          LEG("1", "1", "78", "Appeared", "abonent", "\"extension\":\"101\","),
                      answers[] =
                          LEG("1", "2", "98", "Connected", "abonent", "\"extension\":\"101\",");
    static const struct {
        const char *mark;
        int64_t now;
        const char *anew, *after; /* said while folding anew, and when it is answered */
    } cases[] = {
        {"sent:13:1399906978000", 20, "", "talking "},
        {"sent:12:1399906977000", 20, "calling ", "talking "},
        {"sent:12:1399906977000", 40, "", "talking "}, /* half a minute later */
        {"sent:11:1399906976000", 20, "calling ", "talking "},
        {"sent:10:1399906976000", 9, "route visitor calling ", "talking "},
        {"sent:10:1399906976000", 20, "visitor calling ", "talking "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stream *s = stream_kit_begin(10, cases[i].mark, 0, 14);
        settings_free(stream_kit.settings);
        stream_kit.settings = kit_settings(all);
        stream_kit.now = KIT_MS(cases[i].now);
        stream_kit_feed(s, 10, "call", "acme/e1", menu, 0);
        stream_kit_feed(s, 11, "call", "acme/e1", left, 1);
        stream_kit_feed(s, 12, "call", "acme/e1", rings, 2);
        check_rings(cases[i].anew);
        stream_kit_feed(s, 13, "call", "acme/e1", answers, 22);
        check_rings(cases[i].after);
        stream_free(s);
    }
}
END_TEST

/* How many of the records sent from `first` on are jobs with this text. */
static size_t jobs_sent(size_t first, const char *text)
{
    size_t n = 0;
    for (size_t i = first; i < stream_kit.n; i++)
        n += stream_kit.sent[i].topic == KAFKA_JOBS &&
             strstr(stream_kit.sent[i].value, text) != NULL;
    return n;
}

#define ENDED_E0                                                                       \
    "{\"entry_id\":\"e0\",\"call_direction\":1,\"from\":{\"number\":\"79990000000\"}," \
    "\"to\":{\"extension\":\"101\",\"number\":\"sip:x\"},\"line_number\":\"78001234567\"}"

/* The wall clock was ahead of events that were still to be read (a frozen process, a spool): their call
 * closes later here than its new owner would have it closed. Killed in between, nothing is lost. */
START_TEST(a_wall_clock_ahead_loses_no_closing)
{
    struct stream *s = stream_kit_begin(10, "", 0, 14);
    stream_kit_feed(s, 10, "summary", "acme/e0", ENDED_E0, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_uint_eq(jobs_sent(0, "\"id\":\"e0:call:summary\""), 1);
    stream_kit_feed(s, 11, "call", "acme/e1", CONNECTED, 62);
    stream_kit_feed(s, 12, "summary", "acme/e1", ENDED, 63);
    stream_kit_feed(s, 13, "sms", "acme/-", "{}", 71);
    ck_assert_uint_eq(jobs_sent(0, "\"id\":\"e1:call:summary\""), 0); /* due at 75 */
    stream_kit_ack_all();
    stream_turn(s);
    check_commit(1, 10, "sent:14:1399907042999");
    stream_free(s);

    size_t before = stream_kit.n;
    s = stream_kit_begin(10, part->text, 0, 14);
    stream_kit_feed(s, 10, "summary", "acme/e0", ENDED_E0, 61);
    stream_kit_feed(s, 11, "call", "acme/e1", CONNECTED, 62);
    stream_kit_feed(s, 12, "summary", "acme/e1", ENDED, 63);
    stream_kit_feed(s, 13, "sms", "acme/-", "{}", 71);
    ck_assert_uint_eq(jobs_sent(before, "\"id\":\"e1:call:summary\""), 1);
    ck_assert_uint_eq(jobs_sent(before, "\"id\":\"e1:client\""), 0);
    ck_assert_uint_eq(jobs_sent(before, "\"id\":\"e0:"), 0);
    stream_kit_ack_all();
    stream_turn(s);
    check_commit(2, 10, "sent:14:1399907047000");
    stream_free(s);
}
END_TEST

static bool has_metric(const char *text)
{
    struct buf out = BUF_INIT(100000);
    metrics_write(stream_kit.registry, &out);
    char *all = buf_take(&out);
    bool has = strstr(all, text) != NULL;
    free(all);
    return has;
}

/* Silently nothing is counted, nor goes to dead or to outcomes: the predecessor has done it. */
START_TEST(silent_about_the_unreadable)
{
    struct stream *s = stream_kit_begin(10, "sent:13:1399907042000", 0, 13);
    stream_kit_feed(s, 10, "call", "acme/e1", "{", 5);
    stream_kit_feed(s, 11, "sms", "acme/-", "{}", 5);
    ck_assert_uint_eq(stream_kit.n, 0);
    ck_assert(!has_metric("mangoplan_events_folded_total{"));
    stream_kit_feed(s, 12, "sms", "acme/-", "{}", 5);
    stream_kit_feed(s, 13, "call", "acme/e1", CONNECTED, 5);
    ck_assert(has_metric("mangoplan_events_folded_total{kind=\"call\",result=\"new\"} 1"));
    stream_free(s);
}
END_TEST

/* No commit: read all, but not what is over 7 days old; old calls' jobs are bulk. */
START_TEST(without_a_commit)
{
    struct stream *s = stream_kit_begin(CONSUMER_NONE, "", 5, 9);
    ck_assert_int_eq(stream_start(s), 5);
    stream_kit.now = KIT_MS(8 * 86400);
    stream_kit_feed(s, 5, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(stream_kit.n, 0);
    ck_assert(has_metric("mangoplan_events_folded_total{kind=\"call\",result=\"late\"} 1"));
    stream_turn(s);
    check_commit(1, 6, "sent:6:0 catch:9");
    stream_kit.now = KIT_MS(6 * 86400);
    stream_kit_feed(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_int_eq(stream_kit.sent[0].topic, KAFKA_JOBS_BULK);
    stream_kit.now = KIT_MS(60); /* not old */
    stream_kit_feed(s, 7, "summary", "acme/e1", ENDED, 61);
    stream_at_end(s, KIT_MS(70));
    ck_assert_int_eq(stream_kit.sent[2].topic, KAFKA_JOBS);
    stream_kit.now = KIT_MS(100 + 7200);
    stream_kit_feed(s, 9, "summary", "acme/e9", SHORT("e9", ""), 100);
    stream_at_end(s, KIT_MS(7200));
    ck_assert_int_eq(stream_kit.sent[stream_kit.n - 2].topic,
                     KAFKA_JOBS); /* behind the catching up */
    stream_kit_ack_all();
    stream_at_end(s, KIT_MS(20000));
    stream_turn(s);
    ck_assert_ptr_null(strstr(part->text, "catch"));
    stream_free(s);
}
END_TEST

static bool is_bulk(const char *id)
{
    for (size_t i = 0; i < stream_kit.n; i++) {
        if (stream_kit.sent[i].topic != KAFKA_OUTCOMES &&
            strstr(stream_kit.sent[i].value, id) != NULL)
            return stream_kit.sent[i].topic == KAFKA_JOBS_BULK;
    }
    return false;
}

/* Old is what came, or what happened, over an hour ago. */
START_TEST(old_by_either_clock)
{
    struct stream *s = stream_kit_begin(CONSUMER_NONE, "", 5, 9);
    stream_kit.now = KIT_MS(7200);
    stream_kit_feed(s, 5, "summary", "acme/e5", SHORT("e5", ""), 100);
    stream_kit_feed(s, 6, "summary", "acme/e6", SHORT("e6", ",\"end_time\":1399907036"), 7190);
    stream_kit_feed(s, 7, "summary", "acme/e7", SHORT("e7", ""), 7190);
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
    struct stream *s = stream_kit_begin(6, "sent:6:0 catch:9", 5, 12);
    stream_kit.now = KIT_MS(8 * 86400);
    stream_kit_feed(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(stream_kit.n, 0);
    stream_kit_feed(s, 9, "call", "acme/e1", CONNECTED,
                    5); /* behind it, events are late, not lost */
    ck_assert_uint_eq(stream_kit.n, 2);
    stream_free(s);
    /* but not what a predecessor has folded when it was younger */
    s = stream_kit_begin(6, "sent:7:1399906981000 catch:9", 5, 12);
    stream_kit.now = KIT_MS(8 * 86400);
    stream_kit_feed(s, 6, "call", "acme/e1", CONNECTED, 5);
    ck_assert_uint_eq(book_open(stream_book(s)), 1);
    stream_free(s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("stream_commit", commits_follow_acknowledgements, lost_and_trimmed_commits,
                    waits_when_much_is_unacknowledged, what_fails_is_told_and_never_passed,
                    silent_up_to_the_mark, what_rings_is_taken_over,
                    a_wall_clock_ahead_loses_no_closing, silent_about_the_unreadable,
                    without_a_commit, old_by_either_clock, the_next_owner_catches_up_too);
}

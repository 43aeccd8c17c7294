/*
 * Bounded scans, following from a time on, and a group's lag, against a broker (devbroker; Apache Kafka where
 * KAFKA=1).
 */
#include <stdlib.h>

#include "common/kafka/consumer.h"
#include "common/kafka/follow.h"
#include "common/kafka/lag.h"
#include "common/kafka/scan.h"
#include "tests/unit/kafka_env.h"

struct seen {
    int n, done, wrong;
    int64_t first, next;
    struct scan *cancel; /* at the first message */
    struct scan_result result;
    bool failed;
};

static void on_message(void *arg, const struct kafka_message *m)
{
    struct seen *s = arg;
    if (s->n++ == 0)
        s->first = m->offset;
    else
        s->wrong += m->offset != s->next && m->partition == 0;
    s->next = m->offset + 1;
    if (s->cancel)
        scan_cancel(s->cancel);
    s->cancel = NULL;
}

static void on_done(void *arg, const struct scan_result *r)
{
    struct seen *s = arg;
    s->done++;
    s->result = *r;
    s->failed = r->why != NULL;
}

static struct producer *producer;

static void fill(enum kafka_topic t, int32_t partition, int count)
{
    struct kafka_env_reports n = {0};
    if (!producer)
        producer = kafka_env_producer(5000);
    for (int i = 0; i < count; i++)
        kafka_env_send(producer, t, partition, "acme/E", STR("0123456789"), &n);
    TURN_UNTIL(n.delivered == count, 10000);
}

static struct scanner *opened(void)
{
    struct scanner *s;
    ck_assert_int_eq(
        scan_open(kafka_env.loop, &kafka_env.config, &kafka_env.layout, false, &s, &kafka_env.e),
        ERR_OK);
    return s;
}

static struct scan *begin(struct scanner *s, struct scan_options o, struct seen *seen)
{
    o.message = on_message;
    o.done = on_done;
    o.arg = seen;
    return scan_begin(s, &o);
}

static void end(struct scanner *s)
{
    scan_close(s);
    producer_free(producer, 1000);
    producer = NULL;
}

START_TEST(reads_what_was_there_when_it_began)
{
    const struct scan_place places[] = {{KAFKA_EVENTS, 0, SCAN_BEGINNING, SCAN_END},
                                        {KAFKA_OUTCOMES, 1, SCAN_BEGINNING, SCAN_END},
                                        {KAFKA_OUTCOMES, 2, SCAN_BEGINNING, SCAN_END}};
    struct seen a = {0}, b = {0}, c = {0};
    fill(KAFKA_EVENTS, 0, 40);
    fill(KAFKA_OUTCOMES, 1, 5);
    struct scanner *s = opened();
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = places, .n = 3}, &a));
    ck_assert_int_eq(a.done, 0);
    TURN_UNTIL(a.done, 10000);
    ck_assert_int_eq(a.n, 45);
    ck_assert(!a.result.cut && !a.failed);
    ck_assert_int_eq(a.result.messages, 45);
    ck_assert_int_eq(a.result.bytes, 45 * 16);
    /* the same client again, and both at once */
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = places, .n = 1}, &b));
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = places + 2, .n = 1}, &c));
    TURN_UNTIL(b.done && c.done, 10000);
    ck_assert_int_eq(b.n, 40);
    ck_assert_int_eq(b.wrong, 0);
    ck_assert_int_eq(c.n, 0);
    end(s);
}
END_TEST

START_TEST(bounds)
{
    const struct scan_place part = {KAFKA_EVENTS, 0, 10, 30},
                            all = {KAFKA_EVENTS, 0, SCAN_BEGINNING, SCAN_END},
                            beyond = {KAFKA_EVENTS, 0, 500, SCAN_END};
    struct seen a = {0}, b = {0}, c = {0}, d = {0}, e = {0};
    fill(KAFKA_EVENTS, 0, 40);
    struct scanner *s = opened();
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = &part, .n = 1}, &a));
    ck_assert_ptr_nonnull(
        begin(s, (struct scan_options){.places = &all, .n = 1, .max_messages = 7}, &b));
    ck_assert_ptr_nonnull(
        begin(s, (struct scan_options){.places = &all, .n = 1, .max_bytes = 16 * 3}, &c));
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = &all, .n = 1, .each = 1}, &d));
    ck_assert_ptr_nonnull(begin(s, (struct scan_options){.places = &beyond, .n = 1}, &e));
    TURN_UNTIL(a.done && b.done && c.done && d.done && e.done, 20000);
    ck_assert_int_eq(a.n, 20);
    ck_assert_int_eq(a.first, 10);
    ck_assert(!a.result.cut);
    ck_assert_int_eq(b.n, 7);
    ck_assert(b.result.cut);
    ck_assert_int_eq(c.n, 3);
    ck_assert(c.result.cut);
    ck_assert_int_eq(d.n, 1);
    ck_assert(!d.result.cut);
    ck_assert_int_eq(e.n, 0);
    ck_assert(!e.failed);
    end(s);
}
END_TEST

START_TEST(cancelled)
{
    const struct scan_place all = {KAFKA_EVENTS, 0, SCAN_BEGINNING, SCAN_END};
    struct seen running = {0}, waiting = {0}, after = {0};
    fill(KAFKA_EVENTS, 0, 40);
    struct scanner *s = opened();
    const struct scan_options o = {.places = &all, .n = 1};
    running.cancel = begin(s, o, &running);
    struct scan *second = begin(s, o, &waiting);
    ck_assert_ptr_nonnull(begin(s, o, &after));
    scan_cancel(second);
    scan_cancel(NULL);
    ck_assert_uint_eq(scan_waiting(s), 2);
    TURN_UNTIL(after.done, 10000);
    ck_assert_uint_eq(scan_waiting(s), 0);
    ck_assert_int_eq(running.n, 1);
    ck_assert_int_eq(running.done, 0);
    ck_assert_int_eq(waiting.n + waiting.done, 0);
    ck_assert_int_eq(after.n, 40);
    ck_assert_ptr_nonnull(begin(s, o, &after)); /* closed while one waits */
    end(s);
}
END_TEST

START_TEST(from_a_time)
{
    const struct scan_place all = {KAFKA_EVENTS, 0, SCAN_BEGINNING, SCAN_END};
    struct seen past = {0}, future = {0};
    fill(KAFKA_EVENTS, 0, 40);
    int64_t now = clock_wall_ms();
    struct scanner *s = opened();
    ck_assert_ptr_nonnull(
        begin(s, (struct scan_options){.places = &all, .n = 1, .from_ms = now - 60000}, &past));
    ck_assert_ptr_nonnull(
        begin(s, (struct scan_options){.places = &all, .n = 1, .from_ms = now + 60000}, &future));
    TURN_UNTIL(past.done && future.done, 10000);
    ck_assert_int_eq(past.n, 40);
    ck_assert_int_eq(future.n, kafka_env.broker.devbroker ? 40 : 0);
    end(s);
}
END_TEST

static void caught_up(void *arg)
{
    ((struct seen *)arg)->done++;
}

START_TEST(follows)
{
    const struct follow_topic topics[] = {{KAFKA_DEAD, 0},
                                          {KAFKA_EVENTS, clock_wall_ms() - 3600 * 1000}};
    struct seen seen = {0};
    struct follow *f;
    fill(KAFKA_EVENTS, 0, 10);
    fill(KAFKA_DEAD, 1, 3);
    const struct follow_options o = {.topics = topics,
                                     .ntopics = 2,
                                     .message = on_message,
                                     .caught_up = caught_up,
                                     .arg = &seen};
    ck_assert_int_eq(
        follow_new(kafka_env.loop, &kafka_env.config, &kafka_env.layout, &o, &f, &kafka_env.e),
        ERR_OK);
    TURN_UNTIL(seen.done, 10000);
    ck_assert_int_eq(seen.n, 13);
    ck_assert(follow_caught_up(f));
    fill(KAFKA_EVENTS, 2, 5);
    TURN_UNTIL(seen.n == 18, 10000);
    ck_assert_int_eq(seen.done, 1);
    TURN_UNTIL(follow_connected(f), 5000);
    follow_free(f);
    end(NULL);
}
END_TEST

/* Commits what it is given of events/0 and ends. */
struct member {
    struct consumer *consumer;
    int assigned, sent;
};

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct member *m = arg;
    (void)list;
    m->assigned += n > 0;
}

static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    (void)arg;
    (void)list;
    (void)n;
    (void)lost;
}

static void unread(void *arg, const struct kafka_message *m)
{
    (void)arg;
    (void)m;
}

static void on_sent(void *arg, bool ok)
{
    ((struct member *)arg)->sent += ok;
}

static void commit(void)
{
    static const enum kafka_topic topic = KAFKA_EVENTS;
    static const struct consumer_events events = {on_assigned, on_revoked, unread};
    struct member m = {0};
    const struct consumer_options o = {
        .group = "calls", .topics = &topic, .ntopics = 1, .events = &events, .arg = &m};
    ck_assert_int_eq(consumer_new(kafka_env.loop, &kafka_env.config, &o, &m.consumer, &kafka_env.e),
                     ERR_OK);
    TURN_UNTIL(m.assigned, 30000);
    consumer_commit(m.consumer, KAFKA_EVENTS, 0, 4, "sent:7:1000");
    consumer_commit_now(m.consumer, on_sent, &m);
    TURN_UNTIL(m.sent, 10000);
    consumer_free(m.consumer, 2000);
}

START_TEST(tells_a_groups_lag)
{
    static const enum kafka_topic topic = KAFKA_EVENTS;
    const struct lag_place *list;
    struct lag *l;
    size_t n;
    fill(KAFKA_EVENTS, 0, 10);
    commit();
    ck_assert_int_eq(
        lag_open(&kafka_env.config, &kafka_env.layout, "calls", &topic, 1, &l, &kafka_env.e),
        ERR_OK);
    for (int i = 0; i < 2; i++) { /* asked again */
        ck_assert_int_eq(lag_read(l, 5000, &list, &n, &kafka_env.e), ERR_OK);
        ck_assert_uint_eq(n, 4);
        ck_assert_int_eq(list[0].topic, KAFKA_EVENTS);
        ck_assert_int_eq(list[0].committed, 4);
        ck_assert_str_eq(list[0].metadata, "sent:7:1000");
        ck_assert_int_eq(list[0].low, 0);
        ck_assert_int_eq(list[0].high, 10);
        ck_assert_int_eq(list[1].committed, LAG_NONE);
        ck_assert_str_eq(list[1].metadata, "");
        ck_assert_int_eq(list[1].high, 0);
    }
    lag_close(l);
    end(NULL);
}
END_TEST

int main(void)
{
    return KAFKA_ENV_RUN("kafka_scan", reads_what_was_there_when_it_began, bounds, cancelled,
                         from_a_time, follows, tells_a_groups_lag);
}

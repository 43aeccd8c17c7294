/*
 * Topics, producer and table against a broker (devbroker; Apache Kafka where KAFKA=1).
 */
#include <signal.h>
#include <stdlib.h>

#include "common/kafka/table.h"
#include "tests/unit/kafka_env.h"

struct seen {
    int n, tombstones, restored, wrong;
    int64_t next[16]; /* by partition */
    char last[64];
};

static void on_message(void *arg, const struct kafka_message *m)
{
    struct seen *s = arg;
    s->n++;
    s->tombstones += m->tombstone;
    s->wrong += m->offset < s->next[m->partition];
    s->next[m->partition] = m->offset + 1;
    snprintf(s->last, sizeof(s->last), "%.*s", STR_ARG(m->value));
    if (!str_starts(m->key, STR("_")))
        s->wrong += m->nheaders != 2 || !str_is(kafka_header_get(m, "kind"), "call") ||
                    m->headers[1].value.len != 0;
}

static void on_restored(void *arg)
{
    ((struct seen *)arg)->restored++;
}

static const struct table_events table_events = {on_message, on_restored};

START_TEST(layout_is_kept)
{
    struct kafka_layout again;
    ck_assert_int_eq(kafka_topics_ensure(&kafka_env.config, 10000, &again, &kafka_env.e), ERR_OK);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        ck_assert_int_eq(again.partitions[t], 4);
    ck_assert_int_eq(again.devbroker, kafka_env.broker.devbroker);
}
END_TEST

START_TEST(devbroker_that_forgot_is_refused)
{
    static char big[600 * 1024];
    struct kafka_layout again;
    struct kafka_env_reports n = {0};
    if (!kafka_env.broker.devbroker)
        return; /* compacted there, nothing is dropped at the beginning */
    struct producer *p = kafka_env_producer(5000);
    memset(big, 'x', sizeof(big));
    for (int i = 0; i < 12; i++) /* over the 5 MiB it keeps of a partition */
        kafka_env_send(p, KAFKA_SETTINGS, 0, "_big", (struct str){big, sizeof(big)}, &n);
    TURN_UNTIL(n.delivered == 12, 10000);
    producer_free(p, 1000);
    ck_assert_int_eq(kafka_topics_ensure(&kafka_env.config, 10000, &again, &kafka_env.e),
                     ERR_TEMPORARY);
    ck_assert_ptr_nonnull(strstr(kafka_env.e.text, "the broker forgot"));
}
END_TEST

START_TEST(other_prefix_is_a_mistake)
{
    static char other[] = "other.";
    struct kafka_layout again;
    if (!kafka_env.broker.devbroker)
        return; /* would make the topics */
    kafka_env.config.topic_prefix = other;
    ck_assert_int_eq(kafka_topics_ensure(&kafka_env.config, 10000, &again, &kafka_env.e),
                     ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(kafka_env.e.text, "TOPIC_PREFIX"));
}
END_TEST

START_TEST(table_reads_all_and_follows)
{
    struct producer *p = kafka_env_producer(5000);
    struct kafka_env_reports n = {0};
    struct seen s = {0};
    struct table *t;
    char key[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "account-%d", i % 50);
        kafka_env_send(p, KAFKA_OUTCOMES, -1, key, STR("{}"), &n);
    }
    TURN_UNTIL(n.delivered == 1000, 10000);
    ck_assert_int_eq(table_new(kafka_env.loop, &kafka_env.config, &kafka_env.layout, KAFKA_OUTCOMES,
                               &table_events, &s, &t, &kafka_env.e),
                     ERR_OK);
    ck_assert(!table_restored(t));
    TURN_UNTIL(s.restored == 1, 10000);
    ck_assert(table_restored(t));
    ck_assert_int_eq(s.n, 1000);
    kafka_env_send(p, KAFKA_OUTCOMES, -1, "x", STR_NONE, &n);
    TURN_UNTIL(s.tombstones == 1, 3000);
    kafka_env_send(p, KAFKA_OUTCOMES, -1, "x", STR(""), &n);
    TURN_UNTIL(s.n == 1002, 3000);
    ck_assert_int_eq(s.tombstones, 1);
    kafka_env_send(p, KAFKA_OUTCOMES, -1, "x", STR("{\"a\":1}"), &n);
    TURN_UNTIL(s.n == 1003, 3000);
    ck_assert_str_eq(s.last, "{\"a\":1}");
    ck_assert_int_eq(s.wrong, 0);
    TURN_UNTIL(table_connected(t), 3000);
    table_free(t);
    producer_free(p, 1000);
    ck_assert_int_eq(n.failed, 0);
}
END_TEST

START_TEST(first_record_is_not_late)
{
    struct producer *p = kafka_env_producer(5000);
    struct kafka_env_reports n = {0};
    TURN_UNTIL(producer_is_warm(p), 5000);
    int64_t start = clock_mono_ms();
    kafka_env_send(p, KAFKA_EVENTS, -1, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.delivered == 1, 1000);
    ck_assert_int_lt(clock_mono_ms() - start, 300);
    producer_free(p, 1000);
}
END_TEST

START_TEST(gathered_keeps_order)
{
    struct producer *p = kafka_env_producer(5000);
    struct kafka_env_reports n = {0};
    struct seen s = {0};
    struct table *t;
    char value[32];
    producer_gather(p, true);
    for (int i = 0; i < 500; i++) {
        snprintf(value, sizeof(value), "%d", i);
        kafka_env_send(p, KAFKA_DEAD, -1, "same", str_of(value), &n);
    }
    TURN_UNTIL(n.delivered == 500, 5000);
    ck_assert_int_eq(table_new(kafka_env.loop, &kafka_env.config, &kafka_env.layout, KAFKA_DEAD,
                               &table_events, &s, &t, &kafka_env.e),
                     ERR_OK);
    TURN_UNTIL(s.restored, 5000);
    ck_assert_int_eq(s.n, 500);
    ck_assert_str_eq(s.last, "499");
    table_free(t);
    producer_free(p, 1000);
}
END_TEST

START_TEST(unreachable_ends_in_time)
{
    struct producer *p = kafka_env_producer(1500);
    struct kafka_env_reports n = {0};
    TURN_UNTIL(producer_is_warm(p), 5000);
    broker_freeze(&kafka_env.broker, true);
    kafka_env_send(p, KAFKA_EVENTS, -1, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.failed == 1, 2000);
    ck_assert_int_eq(n.maybe, 1); /* it was on its way */
    broker_freeze(&kafka_env.broker, false);
    TURN_UNTIL(producer_waiting(p) == 0, 4000);
    struct kafka_env_reports after = {0};
    for (int i = 0; i < 100 && after.delivered == 0; i++) { /* made anew if it went fatal */
        kafka_env_send(p, KAFKA_EVENTS, -1, "a/1", STR("{}"), &after);
        TURN_UNTIL(producer_waiting(p) == 0, 4000);
    }
    ck_assert_int_eq(after.delivered, 1);
    producer_free(p, 1000);
}
END_TEST

START_TEST(purge_reports_all)
{
    struct producer *p = kafka_env_producer(30000);
    struct kafka_env_reports n = {0};
    producer_gather(p, true);
    TURN_UNTIL(producer_is_warm(p), 5000);
    broker_freeze(&kafka_env.broker, true);
    for (int i = 0; i < 50; i++)
        kafka_env_send(p, KAFKA_EVENTS, -1, "a/1", STR("{}"), &n);
    int64_t start = clock_mono_ms();
    producer_purge(p);
    ck_assert_int_lt(clock_mono_ms() - start, 500);
    ck_assert_int_eq(n.failed, 0);
    TURN_UNTIL(n.failed == 50, 1000);
    ck_assert_int_eq(n.maybe, 50);
    broker_freeze(&kafka_env.broker, false);
    kafka_env_send(p, KAFKA_EVENTS, -1, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.delivered == 1, 5000);
    producer_free(p, 1000);
}
END_TEST

int main(void)
{
    return KAFKA_ENV_RUN("kafka", layout_is_kept, devbroker_that_forgot_is_refused,
                         other_prefix_is_a_mistake, table_reads_all_and_follows,
                         first_record_is_not_late, gathered_keeps_order, unreachable_ends_in_time,
                         purge_reports_all);
}

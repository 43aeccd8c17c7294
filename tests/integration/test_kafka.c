/*
 * Topics, producer and table against a broker (devbroker; Apache Kafka where KAFKA=1).
 */
#include <signal.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/kafka/producer.h"
#include "common/kafka/table.h"
#include "common/kafka/topics.h"
#include "common/log.h"
#include "tests/unit/broker.h"
#include "tests/unit/unit.h"

static struct broker broker;
static struct config config;
static struct kafka_layout layout;
static struct loop *loop;
static struct error e;
static char none[] = "", prefix[] = "mangoplan.";

static void begin(void)
{
    e = ERROR_NONE;
    ck_assert_int_eq(log_start("error", "tool", &e), ERR_OK);
    broker_start(&broker);
    config = (struct config){.kafka_brokers = broker.address,
                             .kafka_properties = none,
                             .topic_prefix = prefix,
                             .topic_partitions = 4,
                             .topic_replication = -1,
                             .topic_retention_days = 90};
    ck_assert_msg(kafka_topics_ensure(&config, 30000, &layout, &e) == ERR_OK, "%s", e.text);
    ck_assert_msg(loop_new(&loop, &e) == ERR_OK, "%s", e.text);
}

static void finish(void)
{
    loop_free(loop);
    broker_stop(&broker);
}

/* Turns the loop until the condition holds; false after ms. */
#define TURN_UNTIL(condition, ms)                                         \
    do {                                                                  \
        int64_t until_ = clock_boot_ms() + (ms);                          \
        while (!(condition) && clock_boot_ms() < until_)                  \
            ck_assert_int_eq(loop_turn(loop, 20, &e), ERR_OK);            \
        ck_assert_msg((condition), "not within " #ms " ms: " #condition); \
    } while (0)

struct reports {
    int delivered, failed, maybe;
    int64_t offset;
};

static void on_report(void *arg, const struct producer_report *r)
{
    struct reports *n = arg;
    n->delivered += r->delivered;
    n->failed += !r->delivered;
    n->maybe += r->maybe;
    n->offset = r->offset;
}

static struct producer *producer_make(int64_t timeout_ms)
{
    struct producer *p;
    ck_assert_msg(producer_new(loop, &config, &layout, timeout_ms, &p, &e) == ERR_OK, "%s", e.text);
    return p;
}

static void send(struct producer *p, enum kafka_topic t, const char *key, struct str value,
                 struct reports *n)
{
    const struct kafka_header headers[] = {{"kind", STR("call")}, {"empty", STR("")}};
    struct producer_record r = {.topic = t,
                                .key = str_of(key),
                                .value = value,
                                .tombstone = value.ptr == NULL,
                                .headers = headers,
                                .nheaders = 2,
                                .done = on_report,
                                .arg = n};
    r.partition = producer_partition(p, t, r.key);
    ck_assert_msg(producer_send(p, &r, &e) == ERR_OK, "%s", e.text);
}

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
    ck_assert_int_eq(kafka_topics_ensure(&config, 10000, &again, &e), ERR_OK);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        ck_assert_int_eq(again.partitions[t], 4);
    ck_assert_int_eq(again.devbroker, broker.devbroker);
}
END_TEST

START_TEST(table_reads_all_and_follows)
{
    struct producer *p = producer_make(5000);
    struct reports n = {0};
    struct seen s = {0};
    struct table *t;
    char key[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "account-%d", i % 50);
        send(p, KAFKA_OUTCOMES, key, STR("{}"), &n);
    }
    TURN_UNTIL(n.delivered == 1000, 10000);
    ck_assert_int_eq(table_new(loop, &config, &layout, KAFKA_OUTCOMES, &table_events, &s, &t, &e),
                     ERR_OK);
    ck_assert(!table_restored(t));
    TURN_UNTIL(s.restored == 1, 10000);
    ck_assert(table_restored(t));
    ck_assert_int_eq(s.n, 1000);
    send(p, KAFKA_OUTCOMES, "x", STR_NONE, &n);
    TURN_UNTIL(s.tombstones == 1, 3000);
    send(p, KAFKA_OUTCOMES, "x", STR(""), &n);
    TURN_UNTIL(s.n == 1002, 3000);
    ck_assert_int_eq(s.tombstones, 1);
    send(p, KAFKA_OUTCOMES, "x", STR("{\"a\":1}"), &n);
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
    struct producer *p = producer_make(5000);
    struct reports n = {0};
    TURN_UNTIL(producer_is_warm(p), 5000);
    int64_t start = clock_mono_ms();
    send(p, KAFKA_EVENTS, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.delivered == 1, 1000);
    ck_assert_int_lt(clock_mono_ms() - start, 300);
    producer_free(p, 1000);
}
END_TEST

START_TEST(gathered_keeps_order)
{
    struct producer *p = producer_make(5000);
    struct reports n = {0};
    struct seen s = {0};
    struct table *t;
    char value[32];
    producer_gather(p, true);
    for (int i = 0; i < 500; i++) {
        snprintf(value, sizeof(value), "%d", i);
        send(p, KAFKA_DEAD, "same", str_of(value), &n);
    }
    TURN_UNTIL(n.delivered == 500, 5000);
    ck_assert_int_eq(table_new(loop, &config, &layout, KAFKA_DEAD, &table_events, &s, &t, &e),
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
    struct producer *p = producer_make(1500);
    struct reports n = {0};
    TURN_UNTIL(producer_is_warm(p), 5000);
    kill(broker.pid, SIGSTOP);
    send(p, KAFKA_EVENTS, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.failed == 1, 4000);
    ck_assert_int_eq(n.maybe, 1); /* it was on its way */
    kill(broker.pid, SIGCONT);
    TURN_UNTIL(producer_waiting(p) == 0, 4000);
    struct reports after = {0};
    for (int i = 0; i < 100 && after.delivered == 0; i++) { /* made anew if it went fatal */
        send(p, KAFKA_EVENTS, "a/1", STR("{}"), &after);
        TURN_UNTIL(producer_waiting(p) == 0, 4000);
    }
    ck_assert_int_eq(after.delivered, 1);
    producer_free(p, 1000);
}
END_TEST

START_TEST(purge_reports_all)
{
    struct producer *p = producer_make(30000);
    struct reports n = {0};
    producer_gather(p, true);
    TURN_UNTIL(producer_is_warm(p), 5000);
    kill(broker.pid, SIGSTOP);
    for (int i = 0; i < 50; i++)
        send(p, KAFKA_EVENTS, "a/1", STR("{}"), &n);
    int64_t start = clock_mono_ms();
    producer_purge(p);
    ck_assert_int_lt(clock_mono_ms() - start, 500);
    ck_assert_int_eq(n.failed, 0);
    TURN_UNTIL(n.failed == 50, 1000);
    ck_assert_int_eq(n.maybe, 50);
    kill(broker.pid, SIGCONT);
    send(p, KAFKA_EVENTS, "a/1", STR("{}"), &n);
    TURN_UNTIL(n.delivered == 1, 5000);
    producer_free(p, 1000);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {layout_is_kept,           table_reads_all_and_follows,
                                first_record_is_not_late, gathered_keeps_order,
                                unreachable_ends_in_time, purge_reports_all};
    Suite *suite = suite_create("kafka");
    TCase *tcase = tcase_create("broker");
    tcase_add_checked_fixture(tcase, begin, finish);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        tcase_add_test(tcase, all[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

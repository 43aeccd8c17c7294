/*
 * The surroundings of integration tests with a broker.
 */
#include "tests/unit/kafka_env.h"

#include "common/log.h"

struct kafka_env kafka_env;

void kafka_env_begin(void)
{
    static char none[] = "", prefix[] = "mangoplan.";
    struct kafka_env *v = &kafka_env;
    v->e = ERROR_NONE;
    ck_assert_int_eq(log_start("error", "tool", &v->e), ERR_OK);
    broker_start(&v->broker);
    v->config = (struct config){.kafka_brokers = v->broker.address,
                                .kafka_properties = none,
                                .topic_prefix = prefix,
                                .topic_partitions = 4,
                                .topic_replication = -1,
                                .topic_retention_days = 90};
    ck_assert_msg(kafka_topics_ensure(&v->config, 30000, &v->layout, &v->e) == ERR_OK, "%s",
                  v->e.text);
    ck_assert_msg(loop_new(&v->loop, &v->e) == ERR_OK, "%s", v->e.text);
}

void kafka_env_finish(void)
{
    loop_free(kafka_env.loop);
    broker_stop(&kafka_env.broker);
}

static void on_report(void *arg, const struct producer_report *r)
{
    struct kafka_env_reports *n = arg;
    n->delivered += r->delivered;
    n->failed += !r->delivered;
    n->maybe += r->maybe;
    n->offset = r->offset;
}

struct producer *kafka_env_producer(int64_t timeout_ms)
{
    struct producer *p;
    ck_assert_msg(producer_new(kafka_env.loop, &kafka_env.config, &kafka_env.layout, timeout_ms, &p,
                               &kafka_env.e) == ERR_OK,
                  "%s", kafka_env.e.text);
    return p;
}

void kafka_env_send(struct producer *p, enum kafka_topic t, int32_t partition, const char *key,
                    struct str value, struct kafka_env_reports *n)
{
    const struct kafka_header headers[] = {{"kind", STR("call")}, {"empty", STR("")}};
    struct producer_record r = {.topic = t,
                                .partition = partition,
                                .key = str_of(key),
                                .value = value,
                                .tombstone = value.ptr == NULL,
                                .headers = headers,
                                .nheaders = 2,
                                .done = on_report,
                                .arg = n};
    if (partition < 0)
        r.partition = producer_partition(p, t, r.key);
    ck_assert_msg(producer_send(p, &r, &kafka_env.e) == ERR_OK, "%s", kafka_env.e.text);
}

int kafka_env_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_add_checked_fixture(all, kafka_env_begin, kafka_env_finish);
    tcase_set_timeout(all, 150);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

/*
 * Metrics: values, the text form to the letter, ceilings, and writers beside a reader.
 */
#include "common/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static const char *const two[] = {"kind", "result", NULL};
static const double bounds[] = {0.1, 1, 0};

static void ck_text(struct metrics *m, const char *expected)
{
    struct buf out = BUF_INIT(1 << 20);
    metrics_write(m, &out);
    ck_assert(!out.failed);
    ck_assert_str_eq(out.data ? out.data : "", expected);
    buf_done(&out);
}

START_TEST(counters_and_gauges)
{
    struct metrics *m = metrics_new();
    ck_text(m, "");
    struct metrics_family *f =
        metrics_define(m, METRICS_COUNTER, "webhooks_total", "Webhooks.", two, NULL);
    struct metrics_series *s = metrics_get(f, "call", "stored");
    metrics_add(s, 1);
    metrics_add(s, 2);
    metrics_add(metrics_get(f, "dtmf", "refused", "more than labels"), 1);
    ck_assert_ptr_eq(metrics_get(f, "call", "stored"), s);
    ck_assert_ptr_eq(metrics_define(m, METRICS_COUNTER, "webhooks_total", "", NULL, NULL), f);
    ck_assert_double_eq(metrics_value(s), 3);
    struct metrics_series *g =
        metrics_get(metrics_define(m, METRICS_GAUGE, "calls_open", "Open\nnow \\.", NULL, NULL));
    metrics_set(g, 7.25);
    metrics_add(g, -2);
    metrics_define(m, METRICS_GAUGE, "unused", "None.", two, NULL);
    ck_text(m, "# HELP mangoplan_webhooks_total Webhooks.\n"
               "# TYPE mangoplan_webhooks_total counter\n"
               "mangoplan_webhooks_total{kind=\"call\",result=\"stored\"} 3\n"
               "mangoplan_webhooks_total{kind=\"dtmf\",result=\"refused\"} 1\n"
               "# HELP mangoplan_calls_open Open\\nnow \\\\.\n"
               "# TYPE mangoplan_calls_open gauge\n"
               "mangoplan_calls_open 5.25\n"
               "# HELP mangoplan_unused None.\n"
               "# TYPE mangoplan_unused gauge\n");
    metrics_free(m);
    metrics_free(NULL);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-1.5, "-1.5"},
                 {1e15, "1e+15"},
                 {0.1, "0.1"},
                 {123456789, "123456789"},
                 {1.0 / 0.0, "+Inf"},
                 {-1.0 / 0.0, "-Inf"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct metrics *m = metrics_new();
        char expected[200];
        metrics_set(metrics_get(metrics_define(m, METRICS_GAUGE, "x", "X.", NULL, NULL)),
                    cases[i].value);
        snprintf(expected, sizeof expected,
                 "# HELP mangoplan_x X.\n# TYPE mangoplan_x gauge\nmangoplan_x %s\n",
                 cases[i].text);
        ck_text(m, expected);
        metrics_free(m);
    }
}
END_TEST

START_TEST(histograms)
{
    struct metrics *m = metrics_new();
    static const char *const label[] = {"api", NULL};
    struct metrics_family *f =
        metrics_define(m, METRICS_HISTOGRAM, "wait_seconds", "Wait.", label, bounds);
    struct metrics_series *s = metrics_get(f, "mango");
    metrics_observe(s, 0.1); /* a bound belongs to its bucket */
    metrics_observe(s, 0.05);
    metrics_observe(s, 0.5);
    metrics_observe(s, 100);
    ck_assert_double_eq(metrics_value(s), 4);
    metrics_observe(metrics_get(metrics_define(m, METRICS_HISTOGRAM, "y", "Y.", NULL, bounds)),
                    0.5);
    ck_text(m, "# HELP mangoplan_wait_seconds Wait.\n"
               "# TYPE mangoplan_wait_seconds histogram\n"
               "mangoplan_wait_seconds_bucket{api=\"mango\",le=\"0.1\"} 2\n"
               "mangoplan_wait_seconds_bucket{api=\"mango\",le=\"1\"} 3\n"
               "mangoplan_wait_seconds_bucket{api=\"mango\",le=\"+Inf\"} 4\n"
               "mangoplan_wait_seconds_sum{api=\"mango\"} 100.65\n"
               "mangoplan_wait_seconds_count{api=\"mango\"} 4\n"
               "# HELP mangoplan_y Y.\n"
               "# TYPE mangoplan_y histogram\n"
               "mangoplan_y_bucket{le=\"0.1\"} 0\n"
               "mangoplan_y_bucket{le=\"1\"} 1\n"
               "mangoplan_y_bucket{le=\"+Inf\"} 1\n"
               "mangoplan_y_sum 0.5\n"
               "mangoplan_y_count 1\n");
    metrics_free(m);
}
END_TEST

START_TEST(default_buckets)
{
    struct metrics *m = metrics_new();
    struct buf out = BUF_INIT(1 << 20);
    metrics_observe(metrics_get(metrics_define(m, METRICS_HISTOGRAM, "z", "Z.", NULL, NULL)), 60);
    metrics_write(m, &out);
    ck_assert_ptr_nonnull(strstr(out.data, "_bucket{le=\"0.005\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "_bucket{le=\"30\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "_bucket{le=\"60\"} 1\n"));
    buf_done(&out);
    metrics_free(m);
}
END_TEST

START_TEST(label_values_are_escaped_and_cut)
{
    struct metrics *m = metrics_new();
    struct metrics_family *f = metrics_define(m, METRICS_COUNTER, "a", "A.", two, NULL);
    metrics_add(metrics_get(f, "q\"b\\n\nл", NULL), 1);
    metrics_add(metrics_get(f,
                            "\xff"
                            "bad\xd0!",
                            ""),
                1);
    char wide[1000], cut[2 * LIMIT_LABEL_VALUE + 1] = "";
    for (size_t i = 0; i + 2 < sizeof wide; i += 2)
        memcpy(wide + i, "я", 3);
    memcpy(cut, wide, LIMIT_LABEL_VALUE);
    metrics_add(metrics_get(f, wide, "x"), 1);
    char expected[1000];
    snprintf(expected, sizeof expected,
             "# HELP mangoplan_a A.\n# TYPE mangoplan_a counter\n"
             "mangoplan_a{kind=\"q\\\"b\\\\n\\nл\",result=\"\"} 1\n"
             "mangoplan_a{kind=\"?bad?!\",result=\"\"} 1\n"
             "mangoplan_a{kind=\"%s\",result=\"x\"} 1\n",
             cut);
    ck_text(m, expected);
    metrics_free(m);
}
END_TEST

START_TEST(series_have_a_ceiling)
{
    struct metrics *m = metrics_new();
    struct metrics_family *f = metrics_define(m, METRICS_COUNTER, "a", "A.", two, NULL);
    char name[20];
    struct metrics_series *first = NULL;
    for (int i = 0; i < LIMIT_METRIC_SERIES; i++) {
        snprintf(name, sizeof name, "k%d", i);
        struct metrics_series *s = metrics_get(f, name, "r");
        metrics_add(s, 1);
        first = first ? first : s;
    }
    struct metrics_series *other = metrics_get(f, "one too many", "r");
    metrics_add(other, 5);
    ck_assert_ptr_eq(metrics_get(f, "and another", "s"), other);
    ck_assert_ptr_eq(metrics_get(f, "other", "other"), other);
    ck_assert_ptr_eq(metrics_get(f, "k0", "r"), first);
    struct buf out = BUF_INIT(1 << 20);
    metrics_write(m, &out);
    ck_assert_ptr_nonnull(strstr(out.data, "mangoplan_a{kind=\"other\",result=\"other\"} 5\n"));
    ck_assert_ptr_null(strstr(out.data, "one too many"));
    buf_done(&out);
    metrics_free(m);
}
END_TEST

struct racer {
    struct metrics_family *counter, *histogram;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    char name[8] = "k0";
    for (int i = 0; i < 2000; i++) {
        name[1] = (char)('0' + i % 10);
        metrics_add(metrics_get(r->counter, name, "r"), 1);
        metrics_observe(metrics_get(r->histogram), i % 3);
    }
    return NULL;
}

START_TEST(writers_beside_a_reader)
{
    struct metrics *m = metrics_new();
    struct racer r = {metrics_define(m, METRICS_COUNTER, "c", "C.", two, NULL),
                      metrics_define(m, METRICS_HISTOGRAM, "h", "H.", NULL, bounds)};
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &r), 0);
    for (int i = 0; i < 50; i++) {
        struct buf out = BUF_INIT(1 << 20);
        metrics_write(m, &out);
        buf_done(&out);
        if (i == 25)
            metrics_define(m, METRICS_GAUGE, "late", "L.", NULL, NULL);
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_double_eq(metrics_value(metrics_get(r.counter, "k3", "r")), 600);
    ck_assert_double_eq(metrics_value(metrics_get(r.histogram)), 6000);
    metrics_free(m);
}
END_TEST

int main(void)
{
    return UNIT_RUN("metrics", counters_and_gauges, numbers, histograms, default_buckets,
                    label_values_are_escaped_and_cut, series_have_a_ceiling,
                    writers_beside_a_reader);
}

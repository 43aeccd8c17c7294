/*
 * librdkafka's statistics: which partitions are reported, with which end and age.
 */
#include "common/kafka/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

struct found {
    int n;
    struct stats_partition last;
};

static void on_partition(void *arg, const struct stats_partition *p)
{
    struct found *f = arg;
    f->n++;
    f->last = *p;
}

#define BROKERS                                                           \
    "\"brokers\":{\"a\":{\"nodeid\":1,\"state\":\"UP\",\"rxidle\":2000}," \
    "\"coordinator\":{\"nodeid\":1,\"state\":\"UP\",\"rxidle\":500},"     \
    "\"b\":{\"nodeid\":2,\"state\":\"DOWN\",\"rxidle\":10},"              \
    "\"c\":{\"nodeid\":3,\"state\":\"UP\",\"rxidle\":-1}}"

static const struct {
    const char *partition;
    int n;
    int64_t high, heard;
} cases[] = {
    {"\"3\":{\"partition\":3,\"leader\":1,\"fetch_state\":\"active\",\"hi_offset\":17}", 1, 17,
     9500},
    {"\"3\":{\"partition\":3,\"leader\":2,\"fetch_state\":\"active\",\"hi_offset\":17}", 1, 17, 0},
    {"\"3\":{\"partition\":3,\"leader\":3,\"fetch_state\":\"active\",\"hi_offset\":-1001}", 1, -1,
     0},
    {"\"3\":{\"partition\":3,\"leader\":1,\"fetch_state\":\"offset-query\",\"hi_offset\":1}", 0, 0,
     0},
    {"\"-1\":{\"partition\":-1,\"leader\":1,\"fetch_state\":\"active\",\"hi_offset\":1}", 0, 0, 0},
    {"\"3\":{\"partition\":3,\"leader\":-1,\"fetch_state\":\"active\",\"hi_offset\":1}", 0, 0, 0},
};

START_TEST(partitions)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        struct found f = {0};
        snprintf(text, sizeof(text), "{\"ts\":10000," BROKERS ",\"topics\":{\"t\":{%s%s%s}}}",
                 "\"partitions\":{", cases[i].partition, "}");
        ck_assert_int_eq(stats_read(str_of(text), on_partition, &f), 9500);
        ck_assert_int_eq(f.n, cases[i].n);
        if (f.n == 0)
            continue;
        ck_assert_int_eq(f.last.partition, 3);
        ck_assert_int_eq(f.last.high, cases[i].high);
        ck_assert_int_eq(f.last.heard_us, cases[i].heard);
    }
}
END_TEST

START_TEST(no_statistics)
{
    struct found f = {0};
    ck_assert_int_eq(stats_read(STR("nothing"), on_partition, &f), 0);
    ck_assert_int_eq(stats_read(STR("{}"), on_partition, &f), 0);
    ck_assert_int_eq(stats_read(STR("{\"ts\":10000," BROKERS "}"), NULL, NULL), 9500);
    ck_assert_int_eq(stats_read(STR_NONE, on_partition, &f), 0);
    ck_assert_int_eq(f.n, 0);
}
END_TEST

/* What is of no use has any shape; members come in any order. */
START_TEST(others_are_passed_over)
{
    static const char text[] =
        " { \"topics\" : {\"a\\\"b\":{\"age\":1,\"batchsize\":{\"p\":[1,{\"x\":\"}\"}]},\n"
        "\"partitions\":{\"0\":{\"hi_offset\":5,\"x\":null,\"leader\":1,\"partition\":0,"
        "\"y\":[[]],\"fetch_state\":\"active\"},\"-1\":{}}},\"none\":{}},\"name\":\"\\\\\","
        "\"f\":1.5e3,\"t\":true, " BROKERS ",\"ts\":10000 } ";
    struct found f = {0};
    ck_assert_int_eq(stats_read(STR(text), on_partition, &f), 9500);
    ck_assert_int_eq(f.n, 1);
    ck_assert_int_eq(f.last.high, 5);
    ck_assert_int_eq(f.last.heard_us, 9500);
    ck_assert(str_is(f.last.topic, "a\\\"b"));
}
END_TEST

/* Cut anywhere it says nothing, and nothing of it is told. */
START_TEST(cut_anywhere)
{
    char text[1024];
    struct found f = {0};
    snprintf(text, sizeof(text), "{\"ts\":10000," BROKERS ",\"topics\":{\"t\":{%s%s%s}}}",
             "\"partitions\":{", cases[0].partition, "}");
    for (size_t n = 0; n < strlen(text); n++) {
        char *cut = malloc(n ? n : 1); /* of its very length, so that reading on is noticed */
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, text, n);
        ck_assert_int_eq(stats_read((struct str){cut, n}, on_partition, &f), 0);
        free(cut);
    }
    ck_assert_int_eq(f.n, 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("kafka_stats", partitions, no_statistics, others_are_passed_over, cut_anywhere);
}

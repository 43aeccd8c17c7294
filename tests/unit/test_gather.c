/*
 * The producer's lanes: what goes at once, what is gathered, in which order it goes.
 */
#include "common/kafka/gather.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static struct gather g;

static void setup(void)
{
    struct kafka_layout layout;
    for (size_t t = 0; t < KAFKA_TOPICS; t++)
        layout.partitions[t] = 12;
    gather_init(&g, &layout);
}

static void add(int32_t partition, const char *value, int64_t now)
{
    struct gather_record r = {
        .topic = KAFKA_EVENTS, .partition = partition, .key = STR("k"), .value = str_of(value)};
    gather_add(&g, &r, now);
}

static bool is_open(int32_t partition)
{
    return gather_is_open(&g, KAFKA_EVENTS, partition);
}

static void went(int32_t partition)
{
    gather_went(&g, KAFKA_EVENTS, partition);
}

static void landed(int32_t partition)
{
    gather_landed(&g, KAFKA_EVENTS, partition);
}

/* The partition of the next batch, -1 = none; n = its records. */
static int32_t next(int64_t before, size_t *n)
{
    struct gather_batch b;
    if (!gather_next(&g, before, &b))
        return -1;
    int32_t partition = b.list[0].partition;
    *n = b.n;
    gather_give_back(&g, KAFKA_EVENTS, partition, &b);
    return partition;
}

/* As many requests as close the window: partitions 0 to 7. */
static void fill_window(void)
{
    for (int32_t i = 0; i < 8; i++) {
        ck_assert(is_open(i));
        went(i);
    }
}

START_TEST(first_ones_go_at_once)
{
    setup();
    ck_assert(is_open(0) && is_open(1));
    went(0);
    ck_assert(!is_open(0)); /* its request is in flight */
    ck_assert(is_open(1));
    landed(0);
    fill_window();
    ck_assert(!is_open(8)); /* enough requests are in flight */
    gather_done(&g);
}
END_TEST

START_TEST(window_opens_when_few_are_left)
{
    size_t n = 0;
    setup();
    fill_window();
    add(8, "a", 10);
    add(0, "b", 11);
    for (int32_t i = 0; i < 5; i++) {
        landed(i);
        ck_assert_int_eq(next(INT64_MIN, &n), -1);
        ck_assert(!is_open(9));
    }
    landed(5); /* two are left */
    ck_assert(is_open(9));
    ck_assert(!is_open(0)); /* behind what it has gathered */
    ck_assert_int_eq(next(INT64_MIN, &n), 8);
    went(8);
    ck_assert_int_eq(next(INT64_MIN, &n), 0);
    went(0);
    ck_assert(is_open(9)); /* open until it is full again */
    gather_done(&g);
}
END_TEST

START_TEST(longest_waiting_lane_goes_first)
{
    size_t n = 0;
    setup();
    went(0);
    add(0, "a", 10);
    add(5, "b", 11);
    add(3, "c", 12);
    add(5, "d", 13);
    ck_assert_int_eq(next(INT64_MIN, &n), 5); /* lane 0 is still in flight */
    ck_assert_uint_eq(n, 2);
    went(5);
    ck_assert_int_eq(next(INT64_MIN, &n), 3);
    ck_assert_int_eq(next(INT64_MIN, &n), -1);
    landed(0);
    ck_assert(!is_open(0)); /* behind what it has gathered */
    ck_assert_int_eq(next(INT64_MIN, &n), 0);
    ck_assert_int_eq(gather_since(&g), INT64_MAX);
    add(7, "e", 20); /* the line is sound after its last has left */
    ck_assert_int_eq(next(INT64_MIN, &n), 7);
    gather_done(&g);
}
END_TEST

/* The window is closed and others have waited for long: it waits only for its own partition's request. */
START_TEST(what_rings_goes_first)
{
    static const enum kafka_topic urgent[] = {KAFKA_JOBS_NOW, KAFKA_FACTS};
    for (size_t i = 0; i < 2; i++) {
        struct gather_record r = {
            .topic = urgent[i], .partition = 3, .key = STR("k"), .value = STR("v")};
        struct gather_batch b;
        size_t n = 0;
        setup();
        fill_window();
        ck_assert(gather_is_open(&g, urgent[i], 3));
        gather_went(&g, urgent[i], 3);
        ck_assert(!gather_is_open(&g, urgent[i], 3));
        add(9, "a", 1);
        gather_add(&g, &r, 2);
        gather_add(&g, &r, 3);
        ck_assert_int_eq(gather_since(&g), 1);
        ck_assert(!gather_next(&g, INT64_MIN, &b));
        gather_landed(&g, urgent[i], 3);
        ck_assert(gather_next(&g, INT64_MIN, &b));
        ck_assert_int_eq(b.list[0].topic, urgent[i]);
        ck_assert_uint_eq(b.n, 2);
        gather_give_back(&g, urgent[i], 3, &b);
        ck_assert_int_eq(next(INT64_MIN, &n), -1);
        gather_add(&g, &r, 4);
        ck_assert_int_eq(gather_since(&g), 1);
        ck_assert(gather_next(&g, INT64_MAX, &b));
        ck_assert_int_eq(b.list[0].topic, urgent[i]); /* also of those whose time is over */
        gather_give_back(&g, urgent[i], 3, &b);
        ck_assert_int_eq(next(INT64_MAX, &n), 9);
        gather_done(&g);
    }
}
END_TEST

START_TEST(nobody_waits_for_ever)
{
    size_t n = 0;
    setup();
    fill_window();
    add(0, "a", 10);
    add(9, "b", 11);
    ck_assert_int_eq(next(9, &n), -1);
    ck_assert_int_eq(next(10, &n), 0); /* its request in flight or not */
    ck_assert_int_eq(next(10, &n), -1);
    ck_assert_int_eq(next(INT64_MAX, &n), 9);
    gather_done(&g);
}
END_TEST

START_TEST(keeps_order_and_bytes)
{
    char value[2000];
    struct gather_batch b;
    setup();
    for (int i = 0; i < 300; i++) { /* the memory moves several times */
        snprintf(value, sizeof value, "%01999d", i);
        add(4, value, 1);
    }
    ck_assert(gather_next(&g, INT64_MIN, &b));
    ck_assert_uint_eq(b.n, 300);
    for (int i = 0; i < 300; i++) {
        snprintf(value, sizeof value, "%01999d", i);
        ck_assert(str_is(b.list[i].value, value));
        ck_assert(str_is(b.list[i].key, "k"));
    }
    gather_give_back(&g, KAFKA_EVENTS, 4, &b);
    gather_done(&g);
}
END_TEST

START_TEST(forgets)
{
    size_t n = 0;
    setup();
    fill_window();
    add(0, "a", 1);
    add(2, "", 1);
    gather_reset(&g);
    ck_assert(is_open(0) && is_open(2));
    ck_assert_int_eq(next(INT64_MAX, &n), -1);
    add(2, "b", 1);
    ck_assert_int_eq(next(INT64_MIN, &n), 2);
    gather_done(&g);
}
END_TEST

int main(void)
{
    return UNIT_RUN("gather", first_ones_go_at_once, window_opens_when_few_are_left,
                    longest_waiting_lane_goes_first, what_rings_goes_first, nobody_waits_for_ever,
                    keeps_order_and_bytes, forgets);
}

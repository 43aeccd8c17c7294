/*
 * A point counts when all records before it are acknowledged, and not before.
 */
#include "worker/calls/progress.h"

#include "tests/unit/unit.h"

static void reach(struct progress *p, int64_t offset)
{
    progress_reach(p, &(struct progress_point){offset, offset * 10, offset / 2});
}

static int64_t taken(struct progress *p)
{
    struct progress_point point;
    return progress_take(p, &point) ? point.offset : -1;
}

START_TEST(nothing_to_wait_for)
{
    struct progress *p = progress_new();
    struct progress_point point;
    ck_assert_int_eq(taken(p), -1);
    reach(p, 1);
    reach(p, 8);
    ck_assert(progress_take(p, &point));
    ck_assert_int_eq(point.offset, 8);
    ck_assert_int_eq(point.time, 80);
    ck_assert_int_eq(point.low, 4);
    ck_assert_int_eq(taken(p), -1);
    progress_free(p);
    progress_free(NULL);
}
END_TEST

START_TEST(waits_for_every_record_before)
{
    struct progress *p = progress_new();
    reach(p, 1);
    int64_t a = progress_send(p), b = progress_send(p);
    reach(p, 2);
    reach(p, 3);
    int64_t c = progress_send(p);
    reach(p, 4);
    ck_assert_uint_eq(progress_waiting(p), 3);
    ck_assert_int_eq(taken(p), 1);
    progress_ack(p, c);
    progress_ack(p, b);
    ck_assert_int_eq(taken(p), -1);
    progress_ack(p, a);
    ck_assert_int_eq(taken(p), 4);
    ck_assert_uint_eq(progress_waiting(p), 0);
    progress_free(p);
}
END_TEST

START_TEST(part_of_the_way)
{
    struct progress *p = progress_new();
    int64_t numbers[100];
    for (int i = 0; i < 100; i++) {
        numbers[i] = progress_send(p);
        reach(p, i + 1);
    }
    for (int i = 99; i > 50; i--)
        progress_ack(p, numbers[i]);
    ck_assert_int_eq(taken(p), -1);
    for (int i = 0; i < 50; i++) {
        progress_ack(p, numbers[i]);
        ck_assert_int_eq(taken(p), i + 1);
    }
    for (int i = 100; i < 150; i++) { /* the ring goes round */
        int64_t n = progress_send(p);
        reach(p, i + 1);
        progress_ack(p, n);
        ck_assert_int_eq(taken(p), -1);
    }
    progress_ack(p, numbers[50]);
    ck_assert_int_eq(taken(p), 150);
    progress_free(p);
}
END_TEST

int main(void)
{
    return UNIT_RUN("progress", nothing_to_wait_for, waits_for_every_record_before,
                    part_of_the_way);
}

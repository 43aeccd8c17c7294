/* Which pieces of an account's history are fetched, and when. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/reconcile_plan.h"

#define NOW 1700000000LL
#define HOUR 3600LL
#define DAY (24 * HOUR)
#define EVERY 900

START_TEST(what_is_remembered_is_recalled)
{
    struct reconcile_memory m = {.until = NOW, .done_at = NOW * 1000 + 5}, got;
    char *text CLEANUP(mem_free_text) = reconcile_plan_remember(&m);
    ck_assert_str_eq(text, "{\"done_at\":1700000000005,\"until\":1700000000,\"v\":1}");
    m.invalid_at = 7;
    char *more CLEANUP(mem_free_text) = reconcile_plan_remember(&m);
    reconcile_plan_recall(str_of(more), &got);
    ck_assert_int_eq(got.until, m.until);
    ck_assert_int_eq(got.done_at, m.done_at);
    ck_assert_int_eq(got.invalid_at, 7);
}
END_TEST

START_TEST(what_cannot_be_read_is_no_memory)
{
    static const char *const bad[] = {"", "{", "[]", "{\"until\":-5,\"done_at\":\"5\"}"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct reconcile_memory got = {1, 2, 3};
        reconcile_plan_recall(str_of(bad[i]), &got);
        ck_assert_int_eq(got.until, 0);
        ck_assert_int_eq(got.done_at, 0);
        ck_assert_int_eq(got.invalid_at, 0);
    }
}
END_TEST

START_TEST(the_first_time_a_day_is_compared)
{
    struct reconcile_memory m = {0};
    struct reconcile_piece p;
    ck_assert(reconcile_plan_piece(&m, NOW, RECONCILE_PIECE_S, &p));
    ck_assert_int_eq(p.begin, NOW - DAY);
    ck_assert_int_eq(p.end, NOW - RECONCILE_REST_S);
    ck_assert_int_eq(p.from, NOW - DAY - RECONCILE_OVERLAP_S);
    ck_assert_int_eq(p.to, NOW);
}
END_TEST

/* Every moment up to a quarter of an hour ago is compared, each piece with the hours around it, none twice. */
START_TEST(a_long_time_is_compared_piece_by_piece)
{
    struct reconcile_memory m = {.until = NOW - 5 * DAY};
    struct reconcile_piece p;
    int n = 0;
    while (reconcile_plan_piece(&m, NOW, RECONCILE_PIECE_S, &p)) {
        ck_assert_int_eq(p.begin, m.until);
        ck_assert_int_gt(p.end, p.begin);
        ck_assert_int_le(p.end - p.begin, RECONCILE_PIECE_S);
        ck_assert_int_eq(p.from, p.begin - RECONCILE_OVERLAP_S);
        ck_assert_int_le(p.to, NOW);
        ck_assert(p.to == NOW || p.to == p.end + RECONCILE_OVERLAP_S);
        m.until = p.end;
        n++;
    }
    ck_assert_int_eq(n, 5);
    ck_assert_int_eq(m.until, NOW - RECONCILE_REST_S);
}
END_TEST

START_TEST(no_more_than_a_month_is_asked_for)
{
    struct reconcile_memory m = {.until = NOW - 100 * DAY};
    struct reconcile_piece p;
    ck_assert(reconcile_plan_piece(&m, NOW, RECONCILE_PIECE_S, &p));
    ck_assert_int_eq(p.from, NOW - RECONCILE_LONGEST_S);
}
END_TEST

START_TEST(nothing_is_left_to_do)
{
    struct reconcile_memory m = {.until = NOW - RECONCILE_REST_S};
    struct reconcile_piece p;
    ck_assert(!reconcile_plan_piece(&m, NOW, RECONCILE_PIECE_S, &p));
    m.until = NOW + DAY; /* another machine's clock */
    ck_assert(!reconcile_plan_piece(&m, NOW, RECONCILE_PIECE_S, &p));
    m.until = NOW - RECONCILE_REST_S;
    ck_assert(reconcile_plan_piece(&m, NOW + 1, RECONCILE_PIECE_S, &p));
    ck_assert_int_eq(p.end - p.begin, 1);
}
END_TEST

START_TEST(pieces_get_smaller_down_to_a_quarter_of_an_hour)
{
    struct reconcile_memory m = {.until = NOW - DAY};
    struct reconcile_piece p;
    int64_t largest = RECONCILE_PIECE_S, asked = INT64_MAX;
    int n = 0;
    do {
        ck_assert(reconcile_plan_piece(&m, NOW, largest, &p));
        ck_assert_int_lt(p.to - p.from, asked);
        asked = p.to - p.from;
        n++;
    } while (reconcile_plan_halve(&largest));
    ck_assert_int_eq(n, 7);
    ck_assert_int_ge(p.end - p.begin, RECONCILE_SMALLEST_S);
    ck_assert_int_lt(p.end - p.begin, 2 * RECONCILE_SMALLEST_S);
}
END_TEST

START_TEST(rounds_are_due_about_every_so_often)
{
    struct reconcile_memory m = {.done_at = NOW * 1000};
    int64_t least = INT64_MAX, most = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        int64_t at = reconcile_plan_due(&m, EVERY, i * 7919u * 31u, NOW * 1000) - NOW * 1000;
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    ck_assert_int_ge(least, EVERY * 900);
    ck_assert_int_lt(least, EVERY * 920);
    ck_assert_int_lt(most, EVERY * 1100);
    ck_assert_int_gt(most, EVERY * 1080);
    ck_assert_int_eq(reconcile_plan_due(&m, 1, 0, NOW * 1000), NOW * 1000 + 900);
}
END_TEST

/* After a long stop not all at once, but soon. */
START_TEST(what_is_overdue_is_due_soon)
{
    const struct reconcile_memory never = {0}, long_ago = {.done_at = 5},
                                  ahead = {.done_at = (NOW + DAY) * 1000};
    bool differ = false;
    for (uint32_t i = 0; i < 100000; i += 999) {
        int64_t at = reconcile_plan_due(&never, EVERY, i, NOW * 1000);
        ck_assert_int_ge(at, NOW * 1000);
        ck_assert_int_lt(at, NOW * 1000 + RECONCILE_AGAIN_MS);
        ck_assert_int_eq(at, reconcile_plan_due(&long_ago, EVERY, i, NOW * 1000));
        differ |= at != NOW * 1000;
        ck_assert_int_le(reconcile_plan_due(&ahead, EVERY, i, NOW * 1000), (NOW + 990) * 1000);
    }
    ck_assert(differ);
}
END_TEST

START_TEST(an_invalid_request_is_not_repeated_for_a_day)
{
    struct reconcile_memory m = {.done_at = NOW * 1000, .invalid_at = NOW * 1000};
    ck_assert_int_eq(reconcile_plan_due(&m, EVERY, 5, NOW * 1000 + 60000),
                     NOW * 1000 + RECONCILE_INVALID_MS);
    m.invalid_at = (NOW + DAY) * 1000; /* another machine's clock */
    ck_assert_int_eq(reconcile_plan_due(&m, EVERY, 5, NOW * 1000),
                     NOW * 1000 + RECONCILE_INVALID_MS);
}
END_TEST

START_TEST(failures_are_tried_again_slower_and_slower)
{
    ck_assert_int_eq(reconcile_plan_again(1, EVERY, 0, 0), 60000);
    ck_assert_int_eq(reconcile_plan_again(2, EVERY, 0, 0), 120000);
    ck_assert_int_eq(reconcile_plan_again(5, EVERY, 0, 0), EVERY * 1000);
    ck_assert_int_eq(reconcile_plan_again(4000000000u, EVERY, 0, 0), EVERY * 1000);
    ck_assert_int_eq(reconcile_plan_again(1, 3, 0, 0), 3000);
    ck_assert_int_eq(reconcile_plan_again(1, EVERY, 11999, 0), 60000 - 11999);
}
END_TEST

int main(void)
{
    return UNIT_RUN("reconcile_plan", what_is_remembered_is_recalled,
                    what_cannot_be_read_is_no_memory, the_first_time_a_day_is_compared,
                    a_long_time_is_compared_piece_by_piece, no_more_than_a_month_is_asked_for,
                    nothing_is_left_to_do, pieces_get_smaller_down_to_a_quarter_of_an_hour,
                    rounds_are_due_about_every_so_often, what_is_overdue_is_due_soon,
                    an_invalid_request_is_not_repeated_for_a_day,
                    failures_are_tried_again_slower_and_slower);
}

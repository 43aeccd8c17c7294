/*
 * Order within numbers and calls, turns between accounts.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "worker/crm/lanes.h"

enum level {
    ROUTE,
    CLIENT = 3,
    TASK = 6,
    CALL = 8
};

static struct lanes *l;

static void enter(struct lanes_entry *e, const char *account, const char *a, const char *b,
                  int level)
{
    struct str names[2] = {str_of(a), str_of(b)};
    lanes_enter(l, e, str_of(account), names, (a ? 1u : 0u) + (b ? 1u : 0u), level);
}

/* What has come to the head wants at once. */
static void settle(void)
{
    struct lanes_entry *e;
    while ((e = lanes_fresh(l)))
        lanes_want(l, e, false);
}

static struct lanes_entry *take(void)
{
    struct lanes_entry *e = lanes_best(l);
    if (e)
        lanes_take(l, e);
    return e;
}

static void setup(void)
{
    l = lanes_new();
}

START_TEST(one_at_a_time_first_come_first_served)
{
    setup();
    struct lanes_entry a, b, c;
    enter(&a, "acme", "n/1", NULL, CLIENT);
    enter(&b, "acme", "n/1", NULL, CLIENT);
    enter(&c, "acme", "n/2", NULL, CLIENT);
    ck_assert_ptr_eq(lanes_fresh(l), &a);
    ck_assert_ptr_eq(lanes_fresh(l), &c);
    ck_assert_ptr_null(lanes_fresh(l));
    ck_assert_int_eq(b.state, LANES_BEHIND);
    lanes_leave(l, &a);
    ck_assert_ptr_eq(lanes_fresh(l), &b);
    lanes_leave(l, &b);
    lanes_leave(l, &c);
    lanes_leave(l, &c);
    ck_assert_uint_eq(lanes_count(l), 0);
    lanes_free(l);
}
END_TEST

START_TEST(all_lanes_at_once)
{
    setup();
    struct lanes_entry number, entry, both, later;
    enter(&number, "acme", "n/1", NULL, CLIENT);
    enter(&entry, "acme", "e/x", NULL, CALL);
    enter(&both, "acme", "n/1", "e/x", CALL);
    enter(&later, "acme", "e/x", NULL, CALL);
    settle();
    ck_assert_int_eq(both.state, LANES_BEHIND);
    lanes_leave(l, &number);
    settle();
    ck_assert_int_eq(both.state, LANES_BEHIND);
    lanes_leave(l, &entry);
    ck_assert_ptr_eq(lanes_fresh(l), &both);
    ck_assert_int_eq(later.state, LANES_BEHIND);
    lanes_leave(l, &both);
    ck_assert_ptr_eq(lanes_fresh(l), &later);
    /* the same two lanes, both freed by one */
    struct lanes_entry again;
    enter(&again, "acme", "e/x", "n/1", CALL);
    enter(&both, "acme", "e/x", "n/1", CALL);
    lanes_leave(l, &later);
    ck_assert_ptr_eq(lanes_fresh(l), &again);
    lanes_leave(l, &again);
    ck_assert_ptr_eq(lanes_fresh(l), &both);
    ck_assert_ptr_null(lanes_fresh(l));
    lanes_leave(l, &both);
    lanes_free(l);
}
END_TEST

START_TEST(one_in_the_middle_can_leave)
{
    setup();
    struct lanes_entry a, b, c;
    enter(&a, "acme", "n/1", NULL, CLIENT);
    enter(&b, "acme", "n/1", NULL, CLIENT);
    enter(&c, "acme", "n/1", NULL, CLIENT);
    settle();
    lanes_leave(l, &b);
    ck_assert_ptr_null(lanes_fresh(l));
    lanes_leave(l, &a);
    ck_assert_ptr_eq(lanes_fresh(l), &c);
    lanes_leave(l, &c);
    lanes_free(l);
}
END_TEST

START_TEST(priorities_then_midway_then_first_come)
{
    setup();
    struct lanes_entry call, client, second, midway;
    enter(&call, "acme", "e/1", NULL, CALL);
    enter(&client, "acme", "n/2", NULL, CLIENT);
    enter(&second, "acme", "n/3", NULL, CLIENT);
    enter(&midway, "acme", "n/4", NULL, CLIENT);
    settle();
    ck_assert_ptr_eq(take(), &client);
    lanes_rest(l, &second);
    lanes_want(l, &second, false);
    lanes_rest(l, &midway);
    lanes_want(l, &midway, true);
    ck_assert_ptr_eq(take(), &midway);
    ck_assert_ptr_eq(take(), &second);
    ck_assert_ptr_eq(take(), &call);
    ck_assert_ptr_null(take());
    lanes_free(l);
}
END_TEST

START_TEST(a_head_inherits_through_lanes)
{
    setup();
    /* bulk is at the head of e/1; middle waits for it and heads n/1; urgent waits for middle */
    struct lanes_entry bulk, middle, urgent, other;
    enter(&other, "acme", "n/9", NULL, TASK);
    enter(&bulk, "acme", "e/1", NULL, LANES_BULK);
    enter(&middle, "acme", "e/1", "n/1", CALL);
    settle();
    ck_assert_int_eq(bulk.level, CALL);
    enter(&urgent, "acme", "n/1", NULL, CLIENT);
    ck_assert_int_eq(middle.level, CLIENT);
    ck_assert_int_eq(bulk.level, CLIENT);
    ck_assert_ptr_eq(take(), &bulk);
    lanes_leave(l, &bulk);
    settle();
    ck_assert_ptr_eq(take(), &middle);
    ck_assert_ptr_eq(take(), &other);
    lanes_leave(l, &middle);
    ck_assert_ptr_eq(lanes_fresh(l), &urgent);
    lanes_free(l);
}
END_TEST

START_TEST(a_new_head_inherits_from_those_behind)
{
    setup();
    struct lanes_entry first, slow, quick, other;
    enter(&other, "acme", "e/9", NULL, CLIENT);
    enter(&first, "acme", "n/1", NULL, CLIENT);
    enter(&slow, "acme", "n/1", NULL, LANES_BULK);
    enter(&quick, "acme", "n/1", NULL, ROUTE);
    settle();
    ck_assert_int_eq(first.level, ROUTE);
    ck_assert_ptr_eq(take(), &first);
    lanes_leave(l, &first);
    settle();
    ck_assert_int_eq(slow.level, ROUTE);
    ck_assert_ptr_eq(take(), &slow);
    ck_assert_ptr_eq(take(), &other);
    lanes_free(l);
}
END_TEST

START_TEST(bulk_only_while_the_rest_rests)
{
    setup();
    struct lanes_entry bulk, live;
    enter(&bulk, "acme", "n/1", NULL, LANES_BULK);
    enter(&live, "acme", "n/2", NULL, CLIENT);
    settle();
    ck_assert_ptr_eq(take(), &live);
    ck_assert_ptr_null(take()); /* it runs: bulk waits */
    lanes_rest(l, &live);
    ck_assert_ptr_eq(take(), &bulk);
    lanes_run(l, &live);
    lanes_want(l, &bulk, true);
    ck_assert_ptr_null(take());
    lanes_leave(l, &live);
    ck_assert_ptr_eq(take(), &bulk);
    lanes_free(l);
}
END_TEST

START_TEST(another_accounts_live_work_does_not_stop_bulk)
{
    setup();
    struct lanes_entry bulk, live;
    enter(&live, "other", "n/2", NULL, CLIENT);
    enter(&bulk, "acme", "n/1", NULL, LANES_BULK);
    settle();
    ck_assert_ptr_eq(take(), &live);
    ck_assert_ptr_eq(take(), &bulk);
    lanes_free(l);
}
END_TEST

START_TEST(accounts_take_turns)
{
    setup();
    struct lanes_entry a[3], b[3];
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "n/%d", i);
        enter(&a[i], "a", name, NULL, CLIENT);
    }
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "n/%d", i);
        enter(&b[i], "b", name, NULL, CALL);
    }
    settle();
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_eq(take(), &a[i]);
        ck_assert_ptr_eq(take(), &b[i]);
    }
    ck_assert_ptr_null(take());
    lanes_free(l);
}
END_TEST

START_TEST(a_blocked_account_is_passed_over)
{
    setup();
    struct lanes_entry a, b, late;
    enter(&a, "a", "n/1", NULL, CLIENT);
    enter(&b, "b", "n/1", NULL, CLIENT);
    settle();
    lanes_block(l, lanes_best(l));
    ck_assert_ptr_eq(take(), &b);
    enter(&late, "a", "n/2", NULL, CLIENT);
    settle();
    ck_assert_ptr_null(take());
    lanes_unblock(l, STR("nobody"));
    lanes_unblock(l, STR("a"));
    lanes_unblock(l, STR("a"));
    ck_assert_ptr_eq(take(), &a);
    lanes_block(l, &a); /* all its work goes while it is blocked */
    lanes_leave(l, &a);
    lanes_leave(l, &late);
    lanes_unblock(l, STR("a"));
    enter(&a, "a", "n/1", NULL, CLIENT);
    settle();
    ck_assert_ptr_eq(take(), &a);
    lanes_free(l);
}
END_TEST

/* Whose ever turn it is: of the urgent those accounts take turns among themselves. */
START_TEST(the_urgent_of_any_account_first)
{
    setup();
    struct lanes_entry many[20], late[3], other;
    for (int i = 0; i < 20; i++)
        enter(&many[i], i % 2 ? "a" : "b", NULL, NULL, CLIENT);
    settle();
    ck_assert_ptr_null(lanes_best_urgent(l));
    enter(&late[0], "z", NULL, NULL, ROUTE);
    enter(&late[1], "z", NULL, NULL, ROUTE);
    enter(&other, "a", NULL, NULL, LANES_URGENT - 1);
    enter(&late[2], "b", NULL, NULL, LANES_URGENT);
    ck_assert_ptr_eq(lanes_fresh(l), &late[0]); /* before the one that came before it */
    lanes_want(l, &late[0], false);
    settle();
    ck_assert(lanes_is_urgent(&other) && !lanes_is_urgent(&late[2]));
    ck_assert_ptr_eq(lanes_best_urgent(l), &late[0]);
    ck_assert_ptr_eq(take(), &late[0]);
    ck_assert_ptr_eq(take(), &other);
    ck_assert_ptr_eq(take(), &late[1]);
    ck_assert_ptr_null(lanes_best_urgent(l));
    ck_assert_ptr_eq(take(), &many[0]); /* b: its turn was nobody's */
    lanes_free(l);
}
END_TEST

START_TEST(who_is_before_the_urgent_is_urgent)
{
    setup();
    struct lanes_entry ordinary, bulk, route, blocked;
    enter(&ordinary, "a", "n/9", NULL, CLIENT);
    enter(&blocked, "b", "n/2", NULL, CLIENT);
    enter(&bulk, "b", "n/1", NULL, LANES_BULK);
    settle();
    lanes_block(l, &blocked);
    ck_assert_ptr_eq(take(), &ordinary);
    ck_assert_ptr_null(take());
    enter(&route, "b", "n/1", NULL,
          ROUTE); /* raises the one before it; the account may have a reserve */
    ck_assert_ptr_eq(lanes_best_urgent(l), &bulk);
    lanes_block(l, &bulk); /* it has none */
    ck_assert_ptr_null(lanes_best_urgent(l));
    ck_assert_ptr_null(take());
    lanes_unblock(l, STR("b"));
    ck_assert_ptr_eq(take(), &bulk);
    lanes_rest(l, &bulk);
    lanes_block(l, &bulk);
    lanes_want(l, &bulk, true);
    ck_assert_ptr_eq(take(), &bulk);
    lanes_leave(l, &bulk);
    ck_assert_ptr_eq(lanes_fresh(l), &route);
    lanes_free(l);
}
END_TEST

START_TEST(no_lanes_waits_for_nobody)
{
    setup();
    struct lanes_entry a, b;
    enter(&a, "acme", NULL, NULL, CLIENT);
    enter(&b, "acme", NULL, NULL, CLIENT);
    ck_assert_ptr_eq(lanes_fresh(l), &a);
    ck_assert_ptr_eq(lanes_fresh(l), &b);
    lanes_free(l);
    lanes_free(NULL);
}
END_TEST

/* Any order of entering, leaving, resting: lanes stay first come, first served, and never stuck. */
START_TEST(random_walk)
{
    enum {
        WORKS = 60,
        STEPS = 20000
    };
    static struct lanes_entry works[WORKS];
    static int order[WORKS], number[WORKS], entry[WORKS];
    int clock = 0;
    uint32_t seed = 7;
    setup();
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525u + 1013904223u;
        int i = (int)((seed >> 8) % WORKS);
        struct lanes_entry *w = &works[i];
        if (w->state == LANES_OUT) {
            char a[16], b[16];
            number[i] = (int)((seed >> 16) % 5);
            entry[i] = (int)((seed >> 20) % 5);
            order[i] = ++clock;
            snprintf(a, sizeof a, "n/%d", number[i]);
            snprintf(b, sizeof b, "e/%d", entry[i]);
            enter(w, "acme", a, b, (int)((seed >> 24) % LANES_LEVELS));
        } else if (w->state == LANES_RUNNING || w->state == LANES_RESTING) {
            for (int k = 0; k < WORKS; k++) /* nobody older shares a lane with one that runs */
                if (works[k].state != LANES_OUT && k != i &&
                    (number[k] == number[i] || entry[k] == entry[i]))
                    ck_assert_int_gt(order[k], order[i]);
            if (seed >> 31)
                lanes_leave(l, w);
            else
                lanes_want(l, w, false);
        } else if (w->state == LANES_WANTING) {
            struct lanes_entry *best = take();
            if (best && (seed >> 30 & 1))
                lanes_rest(l, best);
        }
        settle();
    }
    for (int k = 0; k < WORKS; k++)
        lanes_leave(l, &works[k]);
    ck_assert_uint_eq(lanes_count(l), 0);
    ck_assert_ptr_null(lanes_fresh(l));
    ck_assert_ptr_null(lanes_best(l));
    lanes_free(l);
}
END_TEST

/* Those of the same account that may act too, the best first; none of them moves. */
START_TEST(who_is_beside)
{
    setup();
    struct lanes_entry a, b, midway, task, other, old;
    enter(&a, "acme", "n/1", NULL, CLIENT);
    enter(&b, "acme", "n/2", NULL, CLIENT);
    enter(&midway, "acme", "n/3", NULL, CLIENT);
    enter(&task, "acme", "n/4", NULL, TASK);
    enter(&other, "beta", "n/5", NULL, CLIENT);
    enter(&old, "acme", "n/6", NULL, LANES_BULK);
    settle();
    lanes_want(l, &midway, true);
    ck_assert_ptr_eq(take(), &midway);
    ck_assert_ptr_eq(lanes_beside(&midway, NULL), &a);
    ck_assert_ptr_eq(lanes_beside(&midway, &a), &b);
    ck_assert_ptr_eq(lanes_beside(&midway, &b), &task);
    ck_assert_ptr_null(lanes_beside(&midway, &task)); /* bulk waits for all of them */
    ck_assert_ptr_null(lanes_beside(&other, &other));
    ck_assert_ptr_eq(take(), &other);
    ck_assert_ptr_eq(take(), &a);
    lanes_free(l);
}
END_TEST

int main(void)
{
    return UNIT_RUN("lanes", who_is_beside, one_at_a_time_first_come_first_served,
                    all_lanes_at_once, one_in_the_middle_can_leave,
                    priorities_then_midway_then_first_come, a_head_inherits_through_lanes,
                    a_new_head_inherits_from_those_behind, bulk_only_while_the_rest_rests,
                    another_accounts_live_work_does_not_stop_bulk, accounts_take_turns,
                    a_blocked_account_is_passed_over, the_urgent_of_any_account_first,
                    who_is_before_the_urgent_is_urgent, no_lanes_waits_for_nobody, random_walk);
}

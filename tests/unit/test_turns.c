/*
 * How long a turn of the executor may take, and who comes first in it; told against a world whose clock goes on
 * while settings are looked at.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/crm_kit.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/gauges.h"

enum {
    LOOK_MS = 1, /* that a look at the settings takes */
    TURN_MS = 20,
};

static struct world *w;
static struct crm_kit *k;
static bool slow;
static const struct settings *(*look)(void *world, const char *account);

static const struct settings *slow_look(void *world, const char *account)
{
    w->now += slow ? LOOK_MS : 0;
    return look(world, account);
}

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    slow = false;
    look = k->m->port.settings;
    k->m->port.settings = slow_look;
}

static void over(void)
{
    slow = false;
    crm_kit_free(k);
}

static void jobs(enum kafka_topic topic, int64_t from, int n, const char *number)
{
    for (int64_t i = from; i < from + n; i++) {
        char entry[32], own[32];
        snprintf(entry, sizeof entry, "E%d-%d", (int)topic, (int)i);
        snprintf(own, sizeof own, "79%d%08d", (int)topic, (int)i);
        world_job(k->m, topic, i, entry, number ? number : own);
    }
}

/* One run; whether it wants another one at once. */
static bool run_once(void)
{
    int64_t before = w->now;
    int64_t next = executor_run(k->m->executor);
    ck_assert_int_le(w->now - before, TURN_MS);
    return next <= w->now;
}

START_TEST(a_turn_ends_and_what_rings_is_in_it)
{
    setup();
    jobs(KAFKA_JOBS, 200, 1, NULL); /* so that there are tokens */
    crm_kit_pass(k, 200);
    ck_assert_uint_eq(w->requests, 3);
    slow = true;
    jobs(KAFKA_JOBS, 0, 100, NULL);
    ck_assert(run_once());
    ck_assert_uint_lt(w->requests, 20);
    jobs(KAFKA_JOBS_NOW, 100, 1, NULL);
    size_t before = w->requests;
    ck_assert(run_once()); /* the others are still being judged */
    ck_assert_uint_gt(w->requests, before);
    size_t last = w->nflights - 1;
    while (last > 0 && !strstr(w->flights[last]->url, "7910"))
        last--;
    ck_assert_ptr_nonnull(strstr(w->flights[last]->url, "7910"));
    slow = false;
    w->settings.megaplan.requests_per_second = 100;
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->nclients, 102);
    over();
}
END_TEST

/* All of them are due at the same moment. */
START_TEST(many_that_are_due)
{
    setup();
    w->settings.megaplan.requests_per_second = 100;
    w->settings.megaplan.requests_per_hour = 100000;
    w->status = 503;
    crm_kit_fail(k, NULL, WORLD_STATUS, 12);
    jobs(KAFKA_JOBS, 0, 12, NULL);
    jobs(KAFKA_JOBS_NOW, 50, 1, NULL);
    for (int i = 0; i < 20 && w->requests < 12; i++)
        crm_kit_pass(k, 1);
    ck_assert_uint_eq(w->nclients, 0);
    w->now += 60000; /* now they are */
    slow = true;
    int runs = 0;
    while (run_once() && runs < 100)
        runs++;
    ck_assert_int_gt(runs, 1);
    ck_assert_int_lt(runs, 100);
    slow = false;
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->nclients, 13);
    over();
}
END_TEST

static size_t counted(enum tally_cause cause)
{
    return (size_t)account_find(k->m->executor, WORLD_ACCOUNT)->gauges.held[cause];
}

/* More than are counted in a turn; some go while it goes on. */
START_TEST(held_jobs_are_counted_some_in_a_turn)
{
    setup();
    struct executor *x = k->m->executor;
    crm_kit_fail(k, NULL, WORLD_HANGS, -1);
    jobs(KAFKA_JOBS, 0, 3500, WORLD_NUMBER);
    ck_assert_uint_eq(executor_held(x), 3500);
    crm_kit_pass(k, 10);
    executor_measure(x, &k->m->owner, 1);
    ck_assert(x->counting.under_way);
    executor_measure(x, &k->m->owner, 1); /* goes on, does not begin anew */
    int turns = 0;
    for (; x->counting.under_way && turns < 10; turns++) {
        executor_end(x, x->counting.next);
        ck_assert(run_once() || !x->counting.under_way);
    }
    ck_assert_int_le(turns, 4);
    ck_assert_uint_eq(counted(TALLY_ORDER), 3500 - 1 - (size_t)turns);
    executor_measure(x, &k->m->owner, 1);
    ck_assert(x->counting.under_way);
    world_lose(k->m); /* all of it goes */
    ck_assert(!gauges_go_on(x));
    executor_measure(x, NULL, 0);
    ck_assert_uint_eq(counted(TALLY_ORDER), 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("turns", a_turn_ends_and_what_rings_is_in_it, many_that_are_due,
                    held_jobs_are_counted_some_in_a_turn);
}

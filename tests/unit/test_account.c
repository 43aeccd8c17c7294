/*
 * An account served by the executor: its budget goes from owner to owner, it logs in when it must, and
 * its Megaplan that is down is not asked over and over.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/num.h"
#include "tests/unit/world.h"
#include "worker/crm/executor_state.h"

#define MEMORY "acme/state/budget"

static struct world *w;
static struct world_member *m;
static char *token;
static char user[] = "user", password[] = "pass";

static void setup(void)
{
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    w = world_new();
    m = world_join(w);
    token = w->settings.megaplan.token;
}

static void with_password(void)
{
    setup();
    w->settings.megaplan.token = NULL;
    w->settings.megaplan.login = user;
    w->settings.megaplan.password = password;
}

static void over(void)
{
    world_kill(m);
    w->settings.megaplan.token = token;
    w->settings.megaplan.login = w->settings.megaplan.password = NULL;
    world_free(w);
}

static void pass(int64_t ms)
{
    world_pass(w, ms, &m, 1);
}

static void jobs_on(enum kafka_topic topic, int from, int to)
{
    for (int i = from; i < to; i++) {
        char entry[24], number[24];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999123%04d", i);
        world_job(m, topic, i, entry, number);
    }
}

static void jobs(int from, int to)
{
    jobs_on(KAFKA_JOBS, from, to);
}

static void fail_all(enum world_fault fault, int status)
{
    w->fault_path = NULL;
    w->fault = fault;
    w->status = status;
    w->faults = -1;
    w->retry_after_s = -1;
}

static void reject(void)
{
    fail_all(WORLD_STATUS, 401);
    w->fault_path = "/auth/";
}

static void heal(void)
{
    w->faults = 0;
}

/* memory */

START_TEST(nothing_is_asked_before_it_is_written_down)
{
    setup();
    w->kafka_refuses = true;
    jobs(0, 1);
    pass(5000);
    ck_assert_uint_eq(w->requests, 0);
    w->kafka_refuses = false;
    pass(1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, MEMORY), "\"level\":"));
    over();
}
END_TEST

/* Of 95 tokens. */
static bool says(const char *level)
{
    char text[32];
    snprintf(text, sizeof text, "\"level\":%s.", level);
    return strstr(world_fact_of(w, MEMORY), text) != NULL;
}

START_TEST(an_orderly_end_leaves_all_that_was_not_spent)
{
    setup();
    w->settings.megaplan.requests_per_hour = 1000;
    jobs(0, 1);
    pass(300);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert(!says("92")); /* three are spent, but five are granted */
    executor_give_up(m->executor);
    pass(50);
    ck_assert(says("92"));
    size_t before = w->nfacts;
    executor_give_up(m->executor); /* there is nothing more to say */
    pass(50);
    ck_assert_uint_eq(w->nfacts, before);
    over();
}
END_TEST

START_TEST(a_full_budget_is_no_memory)
{
    setup();
    jobs(0, 1);
    for (int i = 0; i < 10; i++) {
        pass(1000);
        executor_measure(m->executor, &m->owner, 1);
    }
    pass(200);
    bool gone = false;
    for (size_t i = 0; i < w->nfacts; i++)
        if (strcmp(w->facts[i].key, MEMORY) == 0)
            gone = w->facts[i].tombstone;
    ck_assert(gone);
    over();
}
END_TEST

/* Ninety tokens and a new one every four seconds, under owners that are killed every seven: the third of them
 * finds what the others left and no more. */
START_TEST(an_hour_is_not_spent_twice)
{
    setup();
    w->settings.megaplan.requests_per_second = 50;
    w->settings.megaplan.requests_per_hour = 1000;
    for (int life = 0; life < 4; life++) {
        jobs(life * 60, life * 60 + 60);
        for (int i = 0; i < 7; i++) {
            pass(1000);
            executor_measure(m->executor, &m->owner, 1);
        }
        world_kill(m);
        m = world_join(w);
    }
    /* 85.5 without the reserve, 28 s of 0.2375 */
    ck_assert_uint_le(w->requests, 92);
    ck_assert_uint_ge(w->requests, 88);
    over();
}
END_TEST

/* A job that only makes sense while it rings does not wait with those that may not use the reserve. */
START_TEST(the_reserve_is_there_at_once)
{
    setup();
    w->settings.megaplan.requests_per_second = 50;
    w->settings.megaplan.requests_per_hour = 1000;
    jobs_on(KAFKA_JOBS_BULK, 0,
            60); /* behind it in priority, as all jobs are behind those of jobs.now */
    pass(10000);
    size_t before = w->nclients;
    ck_assert_uint_lt(before, 60);
    world_job(m, KAFKA_JOBS_NOW, 100, "R", "79995550000");
    pass(500);
    ck_assert(world_finished(m, 100));
    ck_assert_uint_le(w->nclients, before + 2);
    over();
}
END_TEST

/* logging in */

START_TEST(one_login_and_all_go_on)
{
    with_password();
    jobs(0, 5);
    pass(1000);
    ck_assert_int_eq(w->logins, 1);
    ck_assert_uint_eq(w->nclients, 5);
    ck_assert_uint_eq(w->requests, 16);
    world_revoke(w);
    jobs(5, 10);
    pass(2000);
    ck_assert_int_eq(w->logins, 2); /* by the refresh token: once */
    ck_assert_uint_eq(w->nclients, 10);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"held\""), 0);
    over();
}
END_TEST

/* The second's only token is kept until its request leaves; whoever asks meanwhile is not forgotten. */
START_TEST(a_kept_token_is_waited_for)
{
    setup();
    w->settings.megaplan.requests_per_second = 1;
    world_job(m, KAFKA_JOBS_NOW, 0, "E0", "79990000000");
    jobs(1, 2);
    pass(8000);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(w->requests, 6);
    over();
}
END_TEST

START_TEST(a_spent_refresh_token_leads_to_the_password)
{
    with_password();
    jobs(0, 1);
    pass(1000);
    world_revoke(w);
    w->refresh_used = true;
    jobs(1, 3);
    pass(1000);
    ck_assert_int_eq(w->logins, 2);
    ck_assert_uint_eq(w->nclients, 3);
    over();
}
END_TEST

START_TEST(rejected_credentials_are_told_once_and_tried_seldom)
{
    with_password();
    reject();
    jobs(0, 20);
    pass(120000);
    ck_assert_uint_eq(w->nclients, 0);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "rejected credentials"), 1);
    ck_assert_uint_le(w->requests, 15);
    ck_assert_uint_ge(w->requests, 5);
    size_t before = w->requests;
    heal();
    executor_settings(m->executor, WORLD_ACCOUNT);
    pass(3000);
    ck_assert_int_eq(w->logins, 1);
    ck_assert_uint_eq(w->nclients, 20);
    ck_assert_uint_eq(w->requests, before + 1 + 60);
    over();
}
END_TEST

START_TEST(a_probe_gets_in_when_the_password_is_right_again)
{
    with_password();
    reject();
    jobs(0, 3);
    pass(20000);
    ck_assert_uint_eq(w->nclients, 0);
    heal(); /* mended on the other side: no new settings */
    pass(40000);
    ck_assert_uint_eq(w->nclients, 3);
    over();
}
END_TEST

START_TEST(a_login_that_fails_for_a_while_is_no_rejection)
{
    with_password();
    fail_all(WORLD_STATUS, 503);
    jobs(0, 10);
    pass(60000);
    ck_assert_uint_eq(world_outcomes(w, "rejected"), 0);
    ck_assert_uint_le(w->requests, 12);
    heal();
    pass(40000);
    ck_assert_int_eq(w->logins, 1);
    ck_assert_uint_eq(w->nclients, 10);
    over();
}
END_TEST

START_TEST(a_partition_that_goes_takes_its_login_with_it)
{
    with_password();
    fail_all(WORLD_HANGS, 0);
    jobs(0, 1);
    pass(1000);
    ck_assert_uint_eq(w->requests, 1);
    world_lose(m);
    heal();
    world_rejoin(m);
    jobs(0, 1);
    pass(3000);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

/* The one that was asked for with the old password is not taken for the new one's. */
START_TEST(settings_change_while_it_logs_in)
{
    with_password();
    fail_all(WORLD_HANGS, 0);
    w->fault_path = "/auth/";
    jobs(0, 1);
    pass(1000);
    heal();
    executor_settings(m->executor, WORLD_ACCOUNT);
    pass(2000);
    ck_assert_uint_eq(w->nclients, 1);
    w->account_gone = true;
    executor_settings(m->executor, WORLD_ACCOUNT);
    jobs(1, 2);
    pass(1000);
    ck_assert_uint_eq(w->ndead, 1);
    over();
}
END_TEST

START_TEST(a_configured_token_that_is_rejected)
{
    setup();
    world_revoke(w);
    jobs(0, 5);
    pass(60000);
    ck_assert_uint_eq(world_outcomes(w, "rejected credentials"), 1);
    ck_assert_int_eq(w->logins, 0);
    ck_assert_uint_le(w->requests, 14);
    over();
}
END_TEST

/* outages */

/* 200 numbers, 5xx on everything: sixteen failures and then one probe at a time; afterwards all is made,
 * at the pace of the budget, and nothing is dead. */
START_TEST(a_megaplan_that_is_down_is_not_hammered)
{
    setup();
    fail_all(WORLD_STATUS, 502);
    jobs(0, 200);
    pass(10000);
    size_t first = w->requests;
    ck_assert_uint_le(first, 90); /* those that were on their way when the sixteenth failed */
    w->now += 80 * 3600 * 1000LL; /* longer than the horizon of a record */
    pass(60000);
    ck_assert_uint_le(w->requests - first, 8);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"held\""), 1);
    size_t before = w->requests;
    heal();
    while (w->requests == before)
        pass(50);
    size_t most = 0;
    for (int i = 0; i < 40; i++) {
        size_t had = w->requests;
        pass(1000);
        most = w->requests - had > most ? w->requests - had : most;
    }
    ck_assert_uint_eq(w->nclients, 200);
    ck_assert_uint_le(most, 100);
    over();
}
END_TEST

START_TEST(jobs_held_for_long_are_told)
{
    setup();
    fail_all(WORLD_STATUS, 402);
    jobs(0, 5);
    for (int i = 0; i < 11; i++) {
        pass(60000);
        executor_measure(m->executor, &m->owner, 1);
    }
    ck_assert_uint_eq(world_outcomes(w, "over ten minutes"), 1);
    heal();
    pass(60000);
    executor_measure(m->executor, &m->owner, 1);
    ck_assert_uint_eq(w->nclients, 5);
    ck_assert_uint_eq(world_outcomes(w, "over ten minutes"), 1);
    over();
}
END_TEST

/* MANGO takes one route in two seconds: the second call's waits, and is counted as waiting. */
START_TEST(what_waits_for_mango_is_held)
{
    setup();
    struct world_thing *t = world_client_add(w, "1000011", "79991230001");
    ck_assert_ptr_nonnull(t);
    world_route(m, 1, "A", "79991230001", 10000);
    world_route(m, 2, "B", "79991230001", 10000);
    pass(400);
    executor_measure(m->executor, &m->owner, 1);
    const struct tally_gauges *g = &m->executor->accounts->gauges;
    ck_assert_uint_eq(w->mango.ncommands, 1);
    ck_assert_uint_eq(g->held[TALLY_BUDGET], 1);
    ck_assert_uint_eq(g->held[TALLY_ORDER] + g->held[TALLY_OUTAGE], 0);
    pass(3000);
    executor_measure(m->executor, &m->owner, 1);
    ck_assert_uint_eq(g->held[TALLY_BUDGET], 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("account", a_kept_token_is_waited_for,
                    nothing_is_asked_before_it_is_written_down,
                    an_orderly_end_leaves_all_that_was_not_spent, a_full_budget_is_no_memory,
                    an_hour_is_not_spent_twice, the_reserve_is_there_at_once,
                    one_login_and_all_go_on, a_spent_refresh_token_leads_to_the_password,
                    rejected_credentials_are_told_once_and_tried_seldom,
                    a_probe_gets_in_when_the_password_is_right_again,
                    a_login_that_fails_for_a_while_is_no_rejection,
                    a_partition_that_goes_takes_its_login_with_it, settings_change_while_it_logs_in,
                    a_configured_token_that_is_rejected, a_megaplan_that_is_down_is_not_hammered,
                    jobs_held_for_long_are_told, what_waits_for_mango_is_held);
}

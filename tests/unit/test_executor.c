/*
 * What the executor does of whatever kind a job is: failures, outages, budgets, accounts that come and go;
 * told with client jobs, against a world in memory.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "worker/crm/executor_state.h"

#define N WORLD_NUMBER

static struct world *w;
static struct crm_kit *k;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
}

/* --- places --- */

/* Requests that hang have all places; what rings has its own, and takes none of theirs. */
START_TEST(what_hangs_does_not_stop_what_rings)
{
    setup();
    k->m->executor->options.concurrency = 2;
    crm_kit_fail(k, "callRoute", WORLD_HANGS, 2);
    for (int i = 0; i < 4; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999000000%d", i);
        world_job(k->m, KAFKA_JOBS, i, entry, number);
    }
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, 2);
    ck_assert_uint_eq(executor_running(k->m->executor), 2);
    world_job(k->m, KAFKA_JOBS_NOW, 9, "A", N);
    crm_kit_pass(k, 200);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_uint_eq(world_clients_of(w, N), 1);
    ck_assert_uint_eq(w->requests, 2 + 3);
    ck_assert_uint_eq(executor_running(k->m->executor), 2);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->nclients, 5);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
    crm_kit_free(k);
}
END_TEST

/* --- failures --- */

START_TEST(not_sent_is_tried_at_once)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_NOT_SENT, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_failed_lookup_is_never_new)
{
    setup();
    w->status = 503;
    static const char *const paths[] = {"callRoute", "contractor?"};
    for (size_t i = 0; i < 2; i++) {
        crm_kit_fail(k, paths[i], WORLD_STATUS, 5);
        world_job(k->m, KAFKA_JOBS, (int64_t)i, i ? "A" : "B", i ? "79990000001" : "79990000002");
        size_t before = w->creates;
        crm_kit_pass(k, 3000);
        ck_assert_uint_eq(w->creates, before);
        crm_kit_pass(k, 60000);
        ck_assert_uint_eq(w->creates, before + 1);
    }
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_account_that_refuses_the_creator)
{
    setup();
    w->refused_field = "userCreated";
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(!w->clients[0].creator);
    ck_assert_str_eq(w->clients[0].description, "MANGO A\nСоздан по звонку: Петров Пётр");
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/state/user-created"));
    size_t before = w->creates;
    world_job(k->m, KAFKA_JOBS, 8, "B", "79990000001");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->creates, before + 1); /* remembered, also by the next owner */
    world_lose(k->m);
    world_rejoin(k->m);
    world_job(k->m, KAFKA_JOBS, 9, "C", "79990000002");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->creates, before + 2);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_refused_record_is_dead_after_three_attempts)
{
    setup();
    w->refused_field = "firstName";
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "B", N);
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->creates, 6);
    ck_assert_uint_eq(w->ndead, 2);
    ck_assert_str_eq(w->dead[0], "firstName: acme/" N);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:client/given-up"));
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dead\""), 2);
    w->refused_field = NULL;
    world_job(k->m, KAFKA_JOBS, 9, "A", N); /* a repeat is dropped */
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    world_message(
        k->m, KAFKA_JOBS, 10, "acme/" N,
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\","
        "\"data\":{\"name\":\"n\",\"phone\":\"" N "\",\"responsible\":\"1\"}}",
        true); /* sent again by an operator: not dropped */
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(rejected_credentials_hold_everything)
{
    setup();
    w->status = 401;
    crm_kit_fail(k, NULL, WORLD_STATUS, -1);
    for (int i = 0; i < 5; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999000000%d", i);
        world_job(k->m, KAFKA_JOBS, i, entry, number);
    }
    crm_kit_pass(k, 600000);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"held\""), 1); /* told once */
    ck_assert_uint_lt(w->requests, 50); /* probes at growing delays, not a loop */
    ck_assert_uint_eq(w->nclients, 0);
    w->faults = 0;
    crm_kit_pass(k, 40000);
    ck_assert_uint_eq(w->nclients, 5);
    crm_kit_free(k);
}
END_TEST

START_TEST(new_settings_close_the_breaker_at_once)
{
    setup();
    w->status = 402;
    crm_kit_fail(k, NULL, WORLD_STATUS, -1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 300000);
    w->faults = 0;
    executor_settings(k->m->executor, "acme");
    executor_settings(k->m->executor, "nobody");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(without_a_token_jobs_are_held)
{
    setup();
    char *token = w->settings.megaplan.token;
    w->settings.megaplan.token = NULL;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_uint_eq(world_outcomes(w, "neither a token"), 1);
    w->settings.megaplan.token = token;
    executor_settings(k->m->executor, "acme");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(slow_down_is_obeyed)
{
    setup();
    w->status = 429;
    crm_kit_fail(k, NULL, WORLD_STATUS, 1);
    w->retry_after_s = 30;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 29000);
    ck_assert_uint_eq(w->requests, 1);
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_failure_holds_only_its_number)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, "79990000001", WORLD_STATUS, -1);
    world_job(k->m, KAFKA_JOBS, 1, "A", "79990000001");
    world_job(k->m, KAFKA_JOBS, 2, "B", "79990000001");
    world_job(k->m, KAFKA_JOBS, 3, "C", N);
    crm_kit_pass(k, 1000);
    ck_assert(world_finished(k->m, 3));
    ck_assert_uint_eq(executor_held(k->m->executor), 2);
    executor_measure(k->m->executor, &k->m->owner, 1);
    crm_kit_free(k);
}
END_TEST

/* 72 h in which the service works for others and fails for this one. */
START_TEST(a_temporary_failure_ends_after_the_horizon)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, "79990000001", WORLD_STATUS, -1);
    world_job(k->m, KAFKA_JOBS, 1, "A", "79990000001");
    int64_t offset = 10;
    for (int hour = 0; hour < 80 && !w->ndead; hour++) {
        char number[32], entry[16];
        snprintf(number, sizeof number, "7888000%04d", hour);
        snprintf(entry, sizeof entry, "H%d", hour);
        world_job(k->m, KAFKA_JOBS, offset++, entry, number);
        crm_kit_pass(k, 200);
        w->now += 3600000;
        world_turn(k->m);
    }
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_int_ge(offset, 80);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_outage_is_not_counted)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, NULL, WORLD_STATUS, -1);
    world_job(k->m, KAFKA_JOBS, 1, "A", N);
    for (int hour = 0; hour < 100; hour++) {
        crm_kit_pass(k, 100);
        w->now += 3600000;
    }
    ck_assert_uint_eq(w->ndead, 0);
    w->faults = 0;
    crm_kit_pass(k, 31000);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

/* --- jobs that are not carried out --- */

START_TEST(unreadable_jobs_are_dead)
{
    setup();
    world_message(k->m, KAFKA_JOBS, 1, "acme/" N, "not JSON", false);
    world_message(k->m, KAFKA_JOBS, 2, "", "{}", false);
    world_message(
        k->m, KAFKA_JOBS, 3, "acme/" N,
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\","
        "\"data\":{}}",
        false);
    crm_kit_pass(k, 400);
    ck_assert_uint_eq(w->ndead, 3);
    ck_assert_uint_eq(k->m->nfinished, 3);
    ck_assert_uint_eq(w->requests, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(what_cannot_be_written_down_is_dead)
{
    setup();
    char *name CLEANUP(mem_free_text) = mem_alloc(3000, 1);
    memset(name, 'x', 2999);
    w->refused_field = "userCreated"; /* so that the description names the employee */
    char *value CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\",\"data\":"
        "{\"name\":\"n\",\"phone\":\"" N "\",\"responsible\":\"1000005\",\"employee\":\"%s\"}}",
        name);
    world_message(k->m, KAFKA_JOBS, 1, "acme/" N, value, false);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->creates, 1); /* the refused one; none without a body */
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(k->m, 1));
    world_job(k->m, KAFKA_JOBS, 2, "B", "79991231213");
    crm_kit_pass(k, 5000);
    ck_assert(world_finished(k->m, 2)); /* it holds nobody else */
    crm_kit_free(k);
}
END_TEST

START_TEST(accounts_removed_and_switched_off)
{
    setup();
    w->settings.enabled = false;
    world_job(k->m, KAFKA_JOBS, 1, "A", N);
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"ignored\""), 1);
    w->account_gone = true;
    world_job(k->m, KAFKA_JOBS, 2, "B", N);
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_str_eq(w->dead[0], "account disabled: acme/" N);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_account_removed_in_the_middle)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, "POST", WORLD_STATUS, 1);
    world_job(k->m, KAFKA_JOBS, 1, "A", N);
    crm_kit_pass(k, 1000);
    w->account_gone = true;
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(k->m, 1));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_stop_begins_nothing)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_FINE, 0);
    world_job(k->m, KAFKA_JOBS, 1, "A", N);
    executor_stop(k->m->executor, true);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert(!world_finished(k->m, 1));
    crm_kit_free(k);
}
END_TEST

START_TEST(the_budget_is_kept)
{
    setup();
    w->settings.megaplan.requests_per_second = 5;
    w->step_ms = 5;
    for (int i = 0; i < 40; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999000%04d", i);
        world_job(k->m, KAFKA_JOBS, i, entry, number);
    }
    for (int second = 0; second < 25; second++) {
        size_t before = w->requests;
        crm_kit_pass(k, 1000);
        ck_assert_uint_le(w->requests - before, 5);
    }
    ck_assert_uint_ge(w->requests, 110);
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(w->nclients, 40);
    ck_assert_uint_eq(w->requests, 120); /* nobody's lookup went stale while others were begun */
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("executor", what_hangs_does_not_stop_what_rings, not_sent_is_tried_at_once,
                    a_failed_lookup_is_never_new, an_account_that_refuses_the_creator,
                    a_refused_record_is_dead_after_three_attempts,
                    rejected_credentials_hold_everything, new_settings_close_the_breaker_at_once,
                    without_a_token_jobs_are_held, slow_down_is_obeyed,
                    a_failure_holds_only_its_number, a_temporary_failure_ends_after_the_horizon,
                    an_outage_is_not_counted, unreadable_jobs_are_dead,
                    what_cannot_be_written_down_is_dead, accounts_removed_and_switched_off,
                    an_account_removed_in_the_middle, a_stop_begins_nothing, the_budget_is_kept);
}

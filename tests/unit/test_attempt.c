/*
 * Test calls through the executor: they ask, say what they would do, and leave nothing behind that a real call could
 * notice.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define TEST "test~1"
#define CALL                                              \
    "{\"type\":\"in\",\"direction\":\"in\",\"from\":\"" N \
    "\",\"to\":\"101\",\"employee\":\"1000005\","         \
    "\"started_at\":1399907900,\"ended_at\":1399907980,\"talk_seconds\":20,\"saved\":true}"

static struct world *w;
static struct crm_kit *k;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
}

/* Nothing stands in Megaplan, MANGO or the log that was not there; nothing is in hand. */
static void nothing_was_done(size_t clients)
{
    ck_assert_uint_eq(w->nclients, clients);
    ck_assert_uint_eq(w->ncalls, 0);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_uint_eq(w->creates, 0);
    ck_assert_uint_eq(w->mango.ncommands + w->mango.visits, 0);
    ck_assert_uint_eq(w->ndead, 0);
    for (size_t i = 0; i < w->nfacts; i++)
        ck_assert_msg(!strstr(w->facts[i].key, TEST), "a fact: %s", w->facts[i].key);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
}

static void try_all(void)
{
    w->origin = "test";
    world_route(k->m, 1, TEST, N, 4000);
    world_visitor(k->m, 2, TEST, "74951234567", 10000);
    world_popup(k->m, 3, TEST, N, "leg", "calling", "1000005", 10000);
    world_job(k->m, KAFKA_JOBS, 4, TEST, N);
    crm_kit_pass(k, 1000);
    crm_kit_job(k, JOB_CALL, 5, TEST ":call:summary", N, JOB_TALKED_TO, CALL);
    crm_kit_task(k, 6, TEST, N, 10, "\"fallback\":\"1000005\"");
    crm_kit_pass(k, 6000);
    w->origin = "live";
}

START_TEST(of_a_new_number)
{
    setup();
    try_all();
    nothing_was_done(0);
    for (int64_t i = 1; i <= 6; i++)
        ck_assert_msg(world_finished(k->m, i), "job %d is not finished", (int)i);
    ck_assert_uint_eq(world_outcomes(w, "\"path\":\"/contractorHuman\",\"body\":{"), 1);
    ck_assert_uint_eq(world_outcomes(w, "\"api\":\"mango\""),
                      1); /* the visitor; nobody to route to */
    ck_assert_uint_eq(world_outcomes(w, "before it the call's client would be made"), 2);
    ck_assert_uint_eq(world_outcomes(w, "\"path\":\"/task\",\"body\":{"), 1);
    ck_assert_uint_eq(
        world_outcomes(w, "\"contractor\":{\"contentType\":\"ContractorHuman\",\"id\":\"new\"}"),
        1);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"done\""), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(of_a_known_client)
{
    setup();
    world_client_add(w, "1000011", N);
    try_all();
    nothing_was_done(1);
    ck_assert_uint_eq(world_outcomes(w, "\"kind\":\"client\""), 1);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 1);
    ck_assert_uint_eq(world_outcomes(w, "\"operation\":\"task.create\""), 1);
    crm_kit_free(k);
}
END_TEST

/* Before, beside and after it real calls of the number are treated as if it had never been. */
START_TEST(real_calls_do_not_notice)
{
    setup();
    w->latency_ms = 500;
    w->origin = "test";
    world_job(k->m, KAFKA_JOBS, 1, TEST, N);
    w->origin = "live";
    world_job(k->m, KAFKA_JOBS, 2, "A", N);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:client/done"));
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/A:client/done"), "\"made\":true"));
    w->origin = "test";
    world_job(k->m, KAFKA_JOBS, 3, "test~2", N);
    w->origin = "live";
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 1);
    crm_kit_free(k);
}
END_TEST

/* A test call holds up nobody: its request hangs, the real one's do not. */
START_TEST(a_slow_test_holds_up_nobody)
{
    setup();
    crm_kit_fail(k, "callRoute", WORLD_HANGS, 1);
    w->origin = "test";
    world_job(k->m, KAFKA_JOBS, 1, TEST, N);
    w->origin = "live";
    crm_kit_pass(k, 100);
    world_job(k->m, KAFKA_JOBS, 2, "A", N);
    crm_kit_pass(k, 1000);
    ck_assert(world_finished(k->m, 2) && !world_finished(k->m, 1));
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_outage_ends_it)
{
    setup();
    crm_kit_refuse(k, "callRoute", 401, -1);
    w->origin = "test";
    world_job(k->m, KAFKA_JOBS, 1, TEST, N);
    crm_kit_pass(k, 29000);
    ck_assert(!world_finished(k->m, 1));
    crm_kit_pass(k, 2000);
    ck_assert(world_finished(k->m, 1));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"failed\""), 1);
    nothing_was_done(0);
    crm_kit_free(k);
}
END_TEST

START_TEST(what_cannot_be_done_is_no_dead_letter)
{
    setup();
    w->origin = "test";
    crm_kit_job(k, JOB_CLIENT, 1, TEST ":client", N, JOB_VERDICT_NONE, "{}");
    crm_kit_pass(k, 1000);
    ck_assert(world_finished(k->m, 1));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"failed\""), 1);
    nothing_was_done(0);
    crm_kit_free(k);
}
END_TEST

/* Another owner carries it out anew; still nothing is done. */
START_TEST(a_kill_in_the_middle)
{
    setup();
    w->latency_ms = 500;
    w->origin = "test";
    world_job(k->m, KAFKA_JOBS, 1, TEST, N);
    crm_kit_pass(k, 700);
    crm_kit_kill(k);
    world_job(k->m, KAFKA_JOBS, 1, TEST, N);
    crm_kit_pass(k, 5000);
    ck_assert(world_finished(k->m, 1));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"would\""), 1);
    nothing_was_done(0);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("attempt", of_a_new_number, of_a_known_client, real_calls_do_not_notice,
                    a_slow_test_holds_up_nobody, an_outage_ends_it,
                    what_cannot_be_done_is_no_dead_letter, a_kill_in_the_middle);
}

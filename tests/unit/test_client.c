/*
 * The client of a number, through the executor, against a world that fails in every way the protocol
 * has a sentence for. The named traces are those of the protocol's model.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define DONE_A "acme/A:client/done"
#define DONE_B "acme/B:client/done"
#define MADE_100                                                                                \
    "{\"client\":\"1000100\",\"entry\":\"A\",\"kind\":\"client\",\"made\":true,\"number\":\"" N \
    "\",\"responsible\":\"1000005\",\"v\":1}"

static struct world *w;
static struct crm_kit *k;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
}

/* --- plain --- */

START_TEST(a_new_number_gets_its_client)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_str_eq(w->clients[0].name, "Новый (16:30 05.03.2018, входящий вызов)");
    ck_assert_str_eq(w->clients[0].description, "MANGO A");
    ck_assert_str_eq(w->clients[0].responsible, "1000005");
    ck_assert(w->clients[0].creator);
    ck_assert_str_eq(world_fact_of(w, "acme/A:client/intent"),
                     "{\"entry\":\"A\",\"kind\":\"client\",\"number\":\"" N
                     "\",\"responsible\":\"1000005\",\"v\":1}");
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    ck_assert(world_finished(k->m, 7));
    ck_assert_uint_eq(w->requests, 3); /* callRoute, search, create */
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"done\""), 1);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
    ck_assert_uint_eq(executor_waiting(k->m->executor), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(the_same_job_twice_does_nothing)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "A", N);
    crm_kit_pass(k, 300);
    world_job(k->m, KAFKA_JOBS_BULK, 9, "A", N);
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert(world_finished(k->m, 8) && world_finished(k->m, 9));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 2);
    crm_kit_free(k);
}
END_TEST

START_TEST(two_calls_of_one_number_make_one_client)
{
    setup();
    w->index_lags = true; /* looking it up would not help */
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "B", N);
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 3); /* the second one needs none */
    const char *second = world_fact_of(w, DONE_B);
    ck_assert_ptr_nonnull(strstr(second, "\"client\":\"1000100\""));
    ck_assert_ptr_nonnull(strstr(second, "\"made\":false"));
    /* it was not asked for: the job is kept, in case the client is gone */
    ck_assert_ptr_nonnull(strstr(second, "\"trusted\":{\"employee\":"));
    crm_kit_free(k);
}
END_TEST

/* Intents that are on their way take a quarter of the places beside those of the requests. */
START_TEST(requests_go_on_while_intents_are_on_their_way)
{
    setup();
    size_t intents = 0;
    world_kill(k->m);
    w->concurrency = 8;
    w->settings.megaplan.requests_per_second = 10000;
    w->settings.megaplan.requests_per_hour = 10000000;
    k->m = world_join(w);
    world_job(k->m, KAFKA_JOBS, 6, "first", "79990001000");
    crm_kit_pass(k, 300); /* the account is served */
    k->m->deaf = true;
    for (int i = 0; i < 12; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "799900000%02d", i);
        world_job(k->m, KAFKA_JOBS, 7 + i, entry, number);
    }
    crm_kit_pass(k, 3000);
    for (size_t i = 0; i < w->nfacts; i++)
        intents += strstr(w->facts[i].key, "/intent") != NULL;
    ck_assert_uint_eq(intents, 1 + 8 + 2);
    ck_assert_uint_eq(executor_running(k->m->executor), 8 + 2);
    ck_assert_uint_eq(w->nclients, 1);
    k->m->deaf = false;
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->nclients, 1 + 12);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_client_that_is_there_stays_alone)
{
    setup();
    world_client_add(w, "1000011", "8 (999) 123-12-12");
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 2); /* a bare link, fetched */
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 1);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:client/intent"));
    world_job(k->m, KAFKA_JOBS, 8, "B", N); /* remembered */
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(w->requests, 2);
    ck_assert(world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

START_TEST(of_several_the_smallest_id)
{
    setup();
    world_client_add(w, "1000011", "+7 999 123 12 12");
    world_client_add(w, "999", "89991231212");
    world_client_add(w, "1000", N);
    world_client_add(w, "5", N)->dropped = true;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 300);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"client\":\"999\""));
    ck_assert_uint_eq(world_outcomes(w, "\"others\":[\"1000011\",\"1000\"]"), 1);
    ck_assert_uint_eq(w->requests, 2); /* four bare links cost one search */
    crm_kit_free(k);
}
END_TEST

/* --- two, bulk: traces of the model --- */

/* nosettle: a kill between the request and its answer; the request lands late. */
START_TEST(killed_with_the_request_on_its_way)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 200);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 10000;
    world_kill(k->m);
    k->m = world_join(w);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "B", N);
    crm_kit_pass(k, 19000);
    ck_assert_uint_eq(w->requests, 3); /* the intent ages: nobody asks */
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100); /* as its own worker would have written */
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_and_the_request_never_lands)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 200);
    w->flights[0]->lands_at = INT64_MAX;
    world_kill(k->m);
    k->m = world_join(w);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 64000);
    ck_assert_uint_eq(w->creates, 1);
    crm_kit_pass(k, 4000);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(k->m, 7));
    crm_kit_free(k);
}
END_TEST

/* nonum: the live job of the number comes before the bulk job whose request is on its way. */
START_TEST(a_live_job_settles_the_bulk_jobs_request)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    world_job(k->m, KAFKA_JOBS_BULK, 7, "A", N);
    crm_kit_pass(k, 200);
    w->flights[0]->lands_at = w->now + 14000;
    w->index_lags = true;
    world_kill(k->m);
    k->m = world_join(w);
    world_job(k->m, KAFKA_JOBS, 3, "B", N);
    crm_kit_pass(k, 40000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_B), "\"made\":false"));
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100); /* found for the other: written at once */
    world_job(k->m, KAFKA_JOBS_BULK, 7, "A", N);
    crm_kit_pass(k, 200);
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 3));
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

/* ownpid: the same process gets its partition again and must not take its left request for its own. */
START_TEST(the_same_process_owns_it_again)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 200);
    w->flights[0]->lands_at = w->now + 12000;
    w->index_lags = true;
    world_lose(k->m);
    world_rejoin(k->m);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert(world_finished(k->m, 7));
    crm_kit_free(k);
}
END_TEST

/* nomark, noreadback: the old owner's intent lands behind the new owner's mark. */
START_TEST(a_strangers_mark_before_the_intent)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    executor_run(k->m->executor);
    while (world_fact_of(w, "acme/A:client/intent") == NULL) {
        if (k->m->npending && k->m->pending[k->m->npending - 1].topic == KAFKA_FACTS) {
            k->other = world_join(w); /* takes over: its mark comes first */
            break;
        }
        w->now += 50;
        world_turn(k->m);
    }
    ck_assert_ptr_nonnull(k->other);
    world_turn(k->m); /* Kafka takes the intent; behind it nothing may leave */
    ck_assert_uint_eq(w->creates, 0);
    world_job(k->other, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 400);
    ck_assert(k->m->stopped_by_mark);
    crm_kit_pass(k, 120000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->creates, 1); /* by the new one: the old one's intent never counted */
    ck_assert(world_finished(k->other, 7));
    crm_kit_free(k);
}
END_TEST

/* nodeadline: what Kafka takes too late is not used. */
START_TEST(an_intent_that_comes_late_is_not_used)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    executor_run(k->m->executor);
    while (!(k->m->npending && k->m->pending[k->m->npending - 1].topic == KAFKA_FACTS)) {
        w->now += 50;
        world_turn(k->m);
    }
    k->m->frozen = true;
    w->now += 5000;
    k->m->frozen = false;
    world_turn(k->m);
    ck_assert_uint_eq(w->creates, 0);
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(no_intent_no_request)
{
    setup();
    w->kafka_refuses = true;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->creates, 0);
    w->kafka_refuses = false;
    crm_kit_pass(k, 40000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(k->m, 7));
    crm_kit_free(k);
}
END_TEST

/* nolook, losts: the answer is lost. */
START_TEST(a_lost_answer_is_looked_for)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_ANSWER_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1900);
    ck_assert_ptr_null(world_fact_of(w, DONE_A));
    crm_kit_pass(k, 400);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    ck_assert_uint_eq(w->creates, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_lost_request_is_made_again_after_the_last_look)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_REQUEST_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 45000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_uint_eq(w->requests, 3 + 3);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_pass(k, 601000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 0);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    crm_kit_free(k);
}
END_TEST

/* land=14: Megaplan does it more than a minute later. */
/* The look for a twin comes ten minutes later: until then the number is free. */
START_TEST(a_repeated_create_holds_up_nobody)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_REQUEST_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 70000);
    ck_assert(world_finished(k->m, 7));
    world_job(k->m, KAFKA_JOBS, 8, "B", N);
    crm_kit_pass(k, 1000);
    ck_assert(world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

/* It may be the first request's or the second's: whoever found it has not looked for another one. */
START_TEST(a_repeated_create_that_was_found_is_looked_for_too)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_REQUEST_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1000);
    crm_kit_fail(k, "POST", WORLD_ANSWER_LOST, 1);
    crm_kit_pass(k, 120000);
    ck_assert(world_finished(k->m, 7));
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:twin/intent"));
    crm_kit_pass(k, 605000);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:twin/done"));
    crm_kit_free(k);
}
END_TEST

START_TEST(twins_are_told)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 200);
    w->flights[0]->lands_at = w->now + 80000;
    crm_kit_pass(k, 100000);
    ck_assert_uint_eq(w->nclients, 2); /* nothing on our side prevents it */
    crm_kit_pass(k, 605000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(done_and_answered_500)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, "POST", WORLD_STATUS_AFTER, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    crm_kit_free(k);
}
END_TEST

START_TEST(looks_go_on_after_failed_looks)
{
    setup();
    w->status = 500;
    crm_kit_fail(k, "POST", WORLD_STATUS_AFTER, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1000);
    crm_kit_fail(k, "contractorHuman", WORLD_STATUS, 3);
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    crm_kit_free(k);
}
END_TEST

START_TEST(found_by_number_it_was_not_made_by_us)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_REQUEST_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1000);
    world_client_add(w, "2000000", N); /* by hand, meanwhile */
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"client\":\"2000000\""));
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"made\":false"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_client_the_user_deleted_at_once_is_not_made_again)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_ANSWER_LOST, 1);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1000);
    w->clients[0].dropped = true;
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "client", a_new_number_gets_its_client, the_same_job_twice_does_nothing,
        two_calls_of_one_number_make_one_client, requests_go_on_while_intents_are_on_their_way,
        a_client_that_is_there_stays_alone, of_several_the_smallest_id,
        killed_with_the_request_on_its_way, killed_and_the_request_never_lands,
        a_live_job_settles_the_bulk_jobs_request, the_same_process_owns_it_again,
        a_strangers_mark_before_the_intent, an_intent_that_comes_late_is_not_used,
        no_intent_no_request, a_lost_answer_is_looked_for,
        a_lost_request_is_made_again_after_the_last_look, a_repeated_create_holds_up_nobody,
        a_repeated_create_that_was_found_is_looked_for_too, twins_are_told, done_and_answered_500,
        looks_go_on_after_failed_looks, found_by_number_it_was_not_made_by_us,
        a_client_the_user_deleted_at_once_is_not_made_again);
}

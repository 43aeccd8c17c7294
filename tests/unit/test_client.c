/*
 * The client of a number, through the executor, against a world that fails in every way the protocol
 * has a sentence for. The named traces are those of the protocol's model.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/world.h"

#define N WORLD_NUMBER
#define DONE_A "acme/A:client/done"
#define DONE_B "acme/B:client/done"
#define MADE_100                                                                                \
    "{\"client\":\"1000100\",\"entry\":\"A\",\"kind\":\"client\",\"made\":true,\"number\":\"" N \
    "\",\"responsible\":\"1000005\",\"v\":1}"

static struct world *w;
static struct world_member *m, *other;

static void setup(void)
{
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    w = world_new();
    m = world_join(w);
    other = NULL;
}

static void over(void)
{
    if (m)
        world_kill(m);
    if (other)
        world_kill(other);
    world_free(w);
}

static void pass(int64_t ms)
{
    struct world_member *all[2];
    size_t n = 0;
    if (m)
        all[n++] = m;
    if (other)
        all[n++] = other;
    world_pass(w, ms, all, n);
}

static void fail_next(const char *path, enum world_fault fault, int times)
{
    w->fault_path = path;
    w->fault = fault;
    w->faults = times;
    w->retry_after_s = -1;
}

/* --- plain --- */

START_TEST(a_new_number_gets_its_client)
{
    setup();
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_str_eq(w->clients[0].name, "Новый (16:30 05.03.2018, входящий вызов)");
    ck_assert_str_eq(w->clients[0].description, "MANGO A");
    ck_assert_str_eq(w->clients[0].responsible, "1000005");
    ck_assert(w->clients[0].creator);
    ck_assert_str_eq(world_fact_of(w, "acme/A:client/intent"),
                     "{\"entry\":\"A\",\"kind\":\"client\",\"number\":\"" N
                     "\",\"responsible\":\"1000005\",\"v\":1}");
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    ck_assert(world_finished(m, 7));
    ck_assert_uint_eq(w->requests, 3); /* callRoute, search, create */
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"done\""), 1);
    ck_assert_uint_eq(executor_held(m->executor), 0);
    ck_assert_uint_eq(executor_running(m->executor), 0);
    ck_assert_uint_eq(executor_waiting(m->executor), 0);
    over();
}
END_TEST

START_TEST(the_same_job_twice_does_nothing)
{
    setup();
    world_job(m, KAFKA_JOBS, 7, "A", N);
    world_job(m, KAFKA_JOBS, 8, "A", N);
    pass(300);
    world_job(m, KAFKA_JOBS_BULK, 9, "A", N);
    pass(100);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert(world_finished(m, 8) && world_finished(m, 9));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 2);
    over();
}
END_TEST

START_TEST(two_calls_of_one_number_make_one_client)
{
    setup();
    w->index_lags = true; /* looking it up would not help */
    world_job(m, KAFKA_JOBS, 7, "A", N);
    world_job(m, KAFKA_JOBS, 8, "B", N);
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 3); /* the second one needs none */
    const char *second = world_fact_of(w, DONE_B);
    ck_assert_ptr_nonnull(strstr(second, "\"client\":\"1000100\""));
    ck_assert_ptr_nonnull(strstr(second, "\"made\":false"));
    /* it was not asked for: the job is kept, in case the client is gone */
    ck_assert_ptr_nonnull(strstr(second, "\"trusted\":{\"employee\":"));
    over();
}
END_TEST

/* Intents that are on their way take a quarter of the places beside those of the requests. */
START_TEST(requests_go_on_while_intents_are_on_their_way)
{
    setup();
    size_t intents = 0;
    world_kill(m);
    w->concurrency = 8;
    w->settings.megaplan.requests_per_second = 10000;
    w->settings.megaplan.requests_per_hour = 10000000;
    m = world_join(w);
    world_job(m, KAFKA_JOBS, 6, "first", "79990001000");
    pass(300); /* the account is served */
    m->deaf = true;
    for (int i = 0; i < 12; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "799900000%02d", i);
        world_job(m, KAFKA_JOBS, 7 + i, entry, number);
    }
    pass(3000);
    for (size_t i = 0; i < w->nfacts; i++)
        intents += strstr(w->facts[i].key, "/intent") != NULL;
    ck_assert_uint_eq(intents, 1 + 8 + 2);
    ck_assert_uint_eq(executor_running(m->executor), 8 + 2);
    ck_assert_uint_eq(w->nclients, 1);
    m->deaf = false;
    pass(3000);
    ck_assert_uint_eq(w->nclients, 1 + 12);
    ck_assert_uint_eq(executor_running(m->executor), 0);
    over();
}
END_TEST

START_TEST(a_client_that_is_there_stays_alone)
{
    setup();
    world_client_add(w, "1000011", "8 (999) 123-12-12");
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->requests, 2); /* a bare link, fetched */
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"present\""), 1);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:client/intent"));
    world_job(m, KAFKA_JOBS, 8, "B", N); /* remembered */
    pass(100);
    ck_assert_uint_eq(w->requests, 2);
    ck_assert(world_finished(m, 8));
    over();
}
END_TEST

START_TEST(of_several_the_smallest_id)
{
    setup();
    world_client_add(w, "1000011", "+7 999 123 12 12");
    world_client_add(w, "999", "89991231212");
    world_client_add(w, "1000", N);
    world_client_add(w, "5", N)->dropped = true;
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(300);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"client\":\"999\""));
    ck_assert_uint_eq(world_outcomes(w, "\"others\":[\"1000011\",\"1000\"]"), 1);
    ck_assert_uint_eq(w->requests, 2); /* four bare links cost one search */
    over();
}
END_TEST

/* --- two, bulk: traces of the model --- */

/* nosettle: a kill between the request and its answer; the request lands late. */
START_TEST(killed_with_the_request_on_its_way)
{
    setup();
    fail_next("POST", WORLD_HANGS, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(200);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 10000;
    world_kill(m);
    m = world_join(w);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    world_job(m, KAFKA_JOBS, 8, "B", N);
    pass(19000);
    ck_assert_uint_eq(w->requests, 3); /* the intent ages: nobody asks */
    pass(10000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100); /* as its own worker would have written */
    ck_assert(world_finished(m, 7) && world_finished(m, 8));
    over();
}
END_TEST

START_TEST(killed_and_the_request_never_lands)
{
    setup();
    fail_next("POST", WORLD_HANGS, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(200);
    w->flights[0]->lands_at = INT64_MAX;
    world_kill(m);
    m = world_join(w);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(64000);
    ck_assert_uint_eq(w->creates, 1);
    pass(4000);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(m, 7));
    over();
}
END_TEST

/* nonum: the live job of the number comes before the bulk job whose request is on its way. */
START_TEST(a_live_job_settles_the_bulk_jobs_request)
{
    setup();
    fail_next("POST", WORLD_HANGS, 1);
    world_job(m, KAFKA_JOBS_BULK, 7, "A", N);
    pass(200);
    w->flights[0]->lands_at = w->now + 14000;
    w->index_lags = true;
    world_kill(m);
    m = world_join(w);
    world_job(m, KAFKA_JOBS, 3, "B", N);
    pass(40000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_B), "\"made\":false"));
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100); /* found for the other: written at once */
    world_job(m, KAFKA_JOBS_BULK, 7, "A", N);
    pass(200);
    ck_assert(world_finished(m, 7) && world_finished(m, 3));
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

/* ownpid: the same process gets its partition again and must not take its left request for its own. */
START_TEST(the_same_process_owns_it_again)
{
    setup();
    fail_next("POST", WORLD_HANGS, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(200);
    w->flights[0]->lands_at = w->now + 12000;
    w->index_lags = true;
    world_lose(m);
    world_rejoin(m);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(60000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert(world_finished(m, 7));
    over();
}
END_TEST

/* nomark, noreadback: the old owner's intent lands behind the new owner's mark. */
START_TEST(a_strangers_mark_before_the_intent)
{
    setup();
    world_job(m, KAFKA_JOBS, 7, "A", N);
    executor_run(m->executor);
    while (world_fact_of(w, "acme/A:client/intent") == NULL) {
        if (m->npending && m->pending[m->npending - 1].topic == KAFKA_FACTS) {
            other = world_join(w); /* takes over: its mark comes first */
            break;
        }
        w->now += 50;
        world_turn(m);
    }
    ck_assert_ptr_nonnull(other);
    world_turn(m); /* Kafka takes the intent; behind it nothing may leave */
    ck_assert_uint_eq(w->creates, 0);
    world_job(other, KAFKA_JOBS, 7, "A", N);
    pass(400);
    ck_assert(m->stopped_by_mark);
    pass(120000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->creates, 1); /* by the new one: the old one's intent never counted */
    ck_assert(world_finished(other, 7));
    over();
}
END_TEST

/* nodeadline: what Kafka takes too late is not used. */
START_TEST(an_intent_that_comes_late_is_not_used)
{
    setup();
    world_job(m, KAFKA_JOBS, 7, "A", N);
    executor_run(m->executor);
    while (!(m->npending && m->pending[m->npending - 1].topic == KAFKA_FACTS)) {
        w->now += 50;
        world_turn(m);
    }
    m->frozen = true;
    w->now += 5000;
    m->frozen = false;
    world_turn(m);
    ck_assert_uint_eq(w->creates, 0);
    pass(3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(no_intent_no_request)
{
    setup();
    w->kafka_refuses = true;
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(20000);
    ck_assert_uint_eq(w->creates, 0);
    w->kafka_refuses = false;
    pass(40000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(m, 7));
    over();
}
END_TEST

/* nolook, losts: the answer is lost. */
START_TEST(a_lost_answer_is_looked_for)
{
    setup();
    fail_next("POST", WORLD_ANSWER_LOST, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(1900);
    ck_assert_ptr_null(world_fact_of(w, DONE_A));
    pass(400);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    ck_assert_uint_eq(w->creates, 1);
    over();
}
END_TEST

START_TEST(a_lost_request_is_made_again_after_the_last_look)
{
    setup();
    fail_next("POST", WORLD_REQUEST_LOST, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(45000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_uint_eq(w->requests, 3 + 3);
    pass(1000);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    pass(601000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 0);
    ck_assert_uint_eq(executor_held(m->executor), 0);
    over();
}
END_TEST

/* land=14: Megaplan does it more than a minute later. */
START_TEST(twins_are_told)
{
    setup();
    fail_next("POST", WORLD_HANGS, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(200);
    w->flights[0]->lands_at = w->now + 80000;
    pass(100000);
    ck_assert_uint_eq(w->nclients, 2); /* nothing on our side prevents it */
    pass(605000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 1);
    over();
}
END_TEST

START_TEST(done_and_answered_500)
{
    setup();
    w->status = 500;
    fail_next("POST", WORLD_STATUS_AFTER, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    over();
}
END_TEST

START_TEST(looks_go_on_after_failed_looks)
{
    setup();
    w->status = 500;
    fail_next("POST", WORLD_STATUS_AFTER, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(1000);
    fail_next("contractorHuman", WORLD_STATUS, 3);
    pass(20000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    over();
}
END_TEST

START_TEST(found_by_number_it_was_not_made_by_us)
{
    setup();
    fail_next("POST", WORLD_REQUEST_LOST, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(1000);
    world_client_add(w, "2000000", N); /* by hand, meanwhile */
    pass(3000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"client\":\"2000000\""));
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"made\":false"));
    over();
}
END_TEST

START_TEST(a_client_the_user_deleted_at_once_is_not_made_again)
{
    setup();
    fail_next("POST", WORLD_ANSWER_LOST, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(1000);
    w->clients[0].dropped = true;
    pass(60000);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_100);
    over();
}
END_TEST

/* --- failures --- */

START_TEST(not_sent_is_tried_at_once)
{
    setup();
    fail_next("POST", WORLD_NOT_SENT, 1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(1500);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(a_failed_lookup_is_never_new)
{
    setup();
    w->status = 503;
    static const char *const paths[] = {"callRoute", "contractor?"};
    for (size_t i = 0; i < 2; i++) {
        fail_next(paths[i], WORLD_STATUS, 5);
        world_job(m, KAFKA_JOBS, (int64_t)i, i ? "A" : "B", i ? "79990000001" : "79990000002");
        size_t before = w->creates;
        pass(3000);
        ck_assert_uint_eq(w->creates, before);
        pass(60000);
        ck_assert_uint_eq(w->creates, before + 1);
    }
    ck_assert_uint_eq(w->ndead, 0);
    over();
}
END_TEST

START_TEST(an_account_that_refuses_the_creator)
{
    setup();
    w->refused_field = "userCreated";
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(!w->clients[0].creator);
    ck_assert_str_eq(w->clients[0].description, "MANGO A\nСоздан по звонку: Петров Пётр");
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/state/user-created"));
    size_t before = w->creates;
    world_job(m, KAFKA_JOBS, 8, "B", "79990000001");
    pass(300);
    ck_assert_uint_eq(w->creates, before + 1); /* remembered, also by the next owner */
    world_lose(m);
    world_rejoin(m);
    world_job(m, KAFKA_JOBS, 9, "C", "79990000002");
    pass(300);
    ck_assert_uint_eq(w->creates, before + 2);
    over();
}
END_TEST

START_TEST(a_refused_record_is_dead_after_three_attempts)
{
    setup();
    w->refused_field = "firstName";
    world_job(m, KAFKA_JOBS, 7, "A", N);
    world_job(m, KAFKA_JOBS, 8, "B", N);
    pass(20000);
    ck_assert_uint_eq(w->creates, 6);
    ck_assert_uint_eq(w->ndead, 2);
    ck_assert_str_eq(w->dead[0], "firstName: acme/" N);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:client/given-up"));
    ck_assert(world_finished(m, 7) && world_finished(m, 8));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dead\""), 2);
    w->refused_field = NULL;
    world_job(m, KAFKA_JOBS, 9, "A", N); /* a repeat is dropped */
    pass(300);
    ck_assert_uint_eq(w->nclients, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    world_message(
        m, KAFKA_JOBS, 10, "acme/" N,
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\","
        "\"data\":{\"name\":\"n\",\"phone\":\"" N "\",\"responsible\":\"1\"}}",
        true); /* sent again by an operator: not dropped */
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(rejected_credentials_hold_everything)
{
    setup();
    w->status = 401;
    fail_next(NULL, WORLD_STATUS, -1);
    for (int i = 0; i < 5; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999000000%d", i);
        world_job(m, KAFKA_JOBS, i, entry, number);
    }
    pass(600000);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"held\""), 1); /* told once */
    ck_assert_uint_lt(w->requests, 50); /* probes at growing delays, not a loop */
    ck_assert_uint_eq(w->nclients, 0);
    w->faults = 0;
    pass(40000);
    ck_assert_uint_eq(w->nclients, 5);
    over();
}
END_TEST

START_TEST(new_settings_close_the_breaker_at_once)
{
    setup();
    w->status = 402;
    fail_next(NULL, WORLD_STATUS, -1);
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(300000);
    w->faults = 0;
    executor_settings(m->executor, "acme");
    executor_settings(m->executor, "nobody");
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(without_a_token_jobs_are_held)
{
    setup();
    char *token = w->settings.megaplan.token;
    w->settings.megaplan.token = NULL;
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(60000);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_uint_eq(world_outcomes(w, "neither a token"), 1);
    w->settings.megaplan.token = token;
    executor_settings(m->executor, "acme");
    pass(300);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(slow_down_is_obeyed)
{
    setup();
    w->status = 429;
    fail_next(NULL, WORLD_STATUS, 1);
    w->retry_after_s = 30;
    world_job(m, KAFKA_JOBS, 7, "A", N);
    pass(29000);
    ck_assert_uint_eq(w->requests, 1);
    pass(2000);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

START_TEST(a_failure_holds_only_its_number)
{
    setup();
    w->status = 500;
    fail_next("79990000001", WORLD_STATUS, -1);
    world_job(m, KAFKA_JOBS, 1, "A", "79990000001");
    world_job(m, KAFKA_JOBS, 2, "B", "79990000001");
    world_job(m, KAFKA_JOBS, 3, "C", N);
    pass(1000);
    ck_assert(world_finished(m, 3));
    ck_assert_uint_eq(executor_held(m->executor), 2);
    executor_measure(m->executor, &m->owner, 1);
    over();
}
END_TEST

/* 72 h in which the service works for others and fails for this one. */
START_TEST(a_temporary_failure_ends_after_the_horizon)
{
    setup();
    w->status = 500;
    fail_next("79990000001", WORLD_STATUS, -1);
    world_job(m, KAFKA_JOBS, 1, "A", "79990000001");
    int64_t offset = 10;
    for (int hour = 0; hour < 80 && !w->ndead; hour++) {
        char number[32], entry[16];
        snprintf(number, sizeof number, "7888000%04d", hour);
        snprintf(entry, sizeof entry, "H%d", hour);
        world_job(m, KAFKA_JOBS, offset++, entry, number);
        pass(200);
        w->now += 3600000;
        world_turn(m);
    }
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_int_ge(offset, 80);
    over();
}
END_TEST

START_TEST(an_outage_is_not_counted)
{
    setup();
    w->status = 500;
    fail_next(NULL, WORLD_STATUS, -1);
    world_job(m, KAFKA_JOBS, 1, "A", N);
    for (int hour = 0; hour < 100; hour++) {
        pass(100);
        w->now += 3600000;
    }
    ck_assert_uint_eq(w->ndead, 0);
    w->faults = 0;
    pass(31000);
    ck_assert_uint_eq(w->nclients, 1);
    over();
}
END_TEST

/* --- jobs that are not carried out --- */

START_TEST(other_kinds_are_unsupported)
{
    setup();
    static const enum job_kind kinds[] = {JOB_ROUTE, JOB_VISITOR, JOB_POPUP};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        world_job_of(m, kinds[i], (int64_t)i, "A", N);
    pass(100);
    ck_assert_uint_eq(m->nfinished, sizeof kinds / sizeof *kinds);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"unsupported\""), m->nfinished);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(w->requests, 0);
    over();
}
END_TEST

START_TEST(unreadable_jobs_are_dead)
{
    setup();
    world_message(m, KAFKA_JOBS, 1, "acme/" N, "not JSON", false);
    world_message(m, KAFKA_JOBS, 2, "", "{}", false);
    world_message(
        m, KAFKA_JOBS, 3, "acme/" N,
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\","
        "\"data\":{}}",
        false);
    pass(400);
    ck_assert_uint_eq(w->ndead, 3);
    ck_assert_uint_eq(m->nfinished, 3);
    ck_assert_uint_eq(w->requests, 0);
    over();
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
    world_message(m, KAFKA_JOBS, 1, "acme/" N, value, false);
    pass(5000);
    ck_assert_uint_eq(w->creates, 1); /* the refused one; none without a body */
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(m, 1));
    world_job(m, KAFKA_JOBS, 2, "B", "79991231213");
    pass(5000);
    ck_assert(world_finished(m, 2)); /* it holds nobody else */
    over();
}
END_TEST

START_TEST(accounts_removed_and_switched_off)
{
    setup();
    w->settings.enabled = false;
    world_job(m, KAFKA_JOBS, 1, "A", N);
    pass(100);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"ignored\""), 1);
    w->account_gone = true;
    world_job(m, KAFKA_JOBS, 2, "B", N);
    pass(100);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_str_eq(w->dead[0], "account disabled: acme/" N);
    over();
}
END_TEST

START_TEST(an_account_removed_in_the_middle)
{
    setup();
    w->status = 500;
    fail_next("POST", WORLD_STATUS, 1);
    world_job(m, KAFKA_JOBS, 1, "A", N);
    pass(1000);
    w->account_gone = true;
    pass(5000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(m, 1));
    over();
}
END_TEST

START_TEST(a_stop_begins_nothing)
{
    setup();
    fail_next("POST", WORLD_FINE, 0);
    world_job(m, KAFKA_JOBS, 1, "A", N);
    executor_stop(m->executor, true);
    pass(5000);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert(!world_finished(m, 1));
    over();
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
        world_job(m, KAFKA_JOBS, i, entry, number);
    }
    for (int second = 0; second < 25; second++) {
        size_t before = w->requests;
        pass(1000);
        ck_assert_uint_le(w->requests - before, 5);
    }
    ck_assert_uint_ge(w->requests, 110);
    pass(10000);
    ck_assert_uint_eq(w->nclients, 40);
    ck_assert_uint_eq(w->requests, 120); /* nobody's lookup went stale while others were begun */
    over();
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
        a_lost_request_is_made_again_after_the_last_look, twins_are_told, done_and_answered_500,
        looks_go_on_after_failed_looks, found_by_number_it_was_not_made_by_us,
        a_client_the_user_deleted_at_once_is_not_made_again, not_sent_is_tried_at_once,
        a_failed_lookup_is_never_new, an_account_that_refuses_the_creator,
        a_refused_record_is_dead_after_three_attempts, rejected_credentials_hold_everything,
        new_settings_close_the_breaker_at_once, without_a_token_jobs_are_held, slow_down_is_obeyed,
        a_failure_holds_only_its_number, a_temporary_failure_ends_after_the_horizon,
        an_outage_is_not_counted, other_kinds_are_unsupported, unreadable_jobs_are_dead,
        what_cannot_be_written_down_is_dead, accounts_removed_and_switched_off,
        an_account_removed_in_the_middle, a_stop_begins_nothing, the_budget_is_kept);
}

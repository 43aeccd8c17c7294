/*
 * Requests for the task "call back" whose end nobody knows, workers that die, talks that come meanwhile.
 * The named traces are those of the protocol's model.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define OTHER "79995550000"
#define DONE_A "acme/A:task/done"
/* Of a missed call that ended 100 s before the world began, client 1000011 */
#define MADE_500                                                                   \
    "{\"at\":1399907888,\"client\":\"1000011\",\"entry\":\"A\",\"kind\":\"task\"," \
    "\"made\":true,\"number\":\"" N "\",\"task\":\"500\",\"v\":1,\"verdict\":\"missed:direct\"}"

/* With the same client, after the missed call */
#define TALK_OF_OTHER                                                                \
    "{\"at\":1399907900,\"client\":\"1000011\",\"entry\":\"C\",\"kind\":\"talked\"," \
    "\"number\":\"" OTHER "\",\"v\":1,\"verdict\":\"talked\"}"

static struct crm_kit *k;
static struct world *w;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    world_client_add(w, "1000011", N);
}

static bool none(const char *key, const char *why)
{
    const char *value = world_fact_of(w, key);
    return value && strstr(value, why) && !strstr(value, "\"task\":\"");
}

/* --- ends nobody knows; traces of the model --- */

/* nolook: the answer is lost. */
START_TEST(a_lost_answer_is_looked_for)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_ANSWER_LOST, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 25000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_lost_request_is_made_again)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_REQUEST_LOST, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 70000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(w->creates, 2);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    crm_kit_pass(k, 700000); /* ten minutes later: one */
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:twin:task/done"));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 0);
    crm_kit_free(k);
}
END_TEST

/* land=14: Megaplan does it a minute later. */
START_TEST(two_are_told)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 90000;
    crm_kit_pass(k, 80000);
    ck_assert_uint_eq(w->ntasks, 1);
    crm_kit_pass(k, 700000);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"twin\""), 1);
    crm_kit_free(k);
}
END_TEST

/* The client of the request that is looked for was deleted: it did not happen. */
START_TEST(its_client_is_deleted_meanwhile)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_REQUEST_LOST, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->clients[0].gone = true;
    crm_kit_pass(k, 70000);
    ck_assert(none(DONE_A, "no client of this number"));
    ck_assert_uint_eq(w->ntasks, 0);
    crm_kit_free(k);
}
END_TEST

/* nosettle, ownpid: a kill between the request and its answer; another call's job comes first. */
START_TEST(killed_with_the_request_on_its_way)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_task(k, 8, "B", N, 50, "");
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    ck_assert(none("acme/B:task/done", "open already"));
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

/* The same process loses its partition and gets it again. */
START_TEST(lost_and_won_again)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    world_lose(k->m);
    world_rejoin(k->m);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_and_the_request_never_lands)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = INT64_MAX;
    crm_kit_kill(k);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ntasks, 0);
    crm_kit_pass(k, 15000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(w->creates, 2);
    crm_kit_free(k);
}
END_TEST

/* talkbulk norecheck: the task's worker dies, the talk is told first by the next one. */
static void talk_comes_first(bool own_job)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_talked(k, 8, "B", N, 50, "");
    if (own_job)
        crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 40000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    ck_assert(world_finished(k->m, 8));
    crm_kit_free(k);
}

START_TEST(a_talk_settles_the_dead_workers_task)
{
    talk_comes_first(false);
    talk_comes_first(true);
}
END_TEST

/* rulefirst, nonum: a talk of the client by another number, which does not see the intent, is done while it
 * ages; then the found task is measured against it. */
static void talked_meanwhile(bool own_job)
{
    setup();
    crm_kit_task(k, 6, "Z", N, 3000, "");
    crm_kit_pass(k, 500);
    crm_kit_set_status(k, 0, "done");
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_task(k, own_job ? 7 : 9, own_job ? "A" : "B", N, 100, "");
    crm_kit_pass(k, 1000);
    crm_kit_fact(k, "acme/C:talked/done", TALK_OF_OTHER);
    crm_kit_pass(k, 40000);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"task\":\"501\""));
    if (!own_job)
        ck_assert(none("acme/B:task/done", "talked to since"));
    crm_kit_free(k);
}

START_TEST(a_found_task_is_measured_against_the_talk)
{
    talked_meanwhile(true);
    talked_meanwhile(false);
}
END_TEST

/* ... and is closed even if Megaplan does not let us: told, and nobody waits for it. */
START_TEST(a_found_task_that_cannot_be_closed)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_refuse(k, "doAction", 403, -1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 200000);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

/* The verdict of a late summary came meanwhile: the job is dropped, but not before its request is settled, so
 * that the talk finds the task. */
START_TEST(settled_before_it_is_dropped)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_fact(
        k, "acme/A:call:summary/done",
        "{\"at\":1399907888,\"call\":\"7700\",\"entry\":\"A\",\"kind\":\"call\",\"made\":true,"
        "\"number\":\"" N "\",\"summarized\":true,\"v\":1,\"verdict\":\"talked\"}");
    crm_kit_pass(k, 100);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 40000);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    crm_kit_talked(k, 8, "A", N, 120, "\"closed_by\":\"summary\"");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    crm_kit_free(k);
}
END_TEST

/* Nobody closes a found task that somebody closed already. */
START_TEST(found_closed_by_hand)
{
    setup();
    crm_kit_fail(k, "/task", WORLD_HANGS, 1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    crm_kit_task(k, 8, "B", N, 100, "");
    crm_kit_pass(k, 1000);
    crm_kit_fact(k, "acme/C:talked/done", TALK_OF_OTHER);
    crm_kit_pass(k, 15000);
    ck_assert_uint_eq(w->ntasks, 1);
    crm_kit_set_status(k, 0, "done");
    crm_kit_pass(k, 30000);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    ck_assert_uint_eq(w->creates, 1);
    crm_kit_free(k);
}
END_TEST

/* The verdict of a summary stands: a task of an answered call is not made. */
START_TEST(an_answered_call_gets_none)
{
    setup();
    crm_kit_talked(k, 7, "A", N, 5000, "\"closed_by\":\"summary\"");
    crm_kit_pass(k, 500);
    crm_kit_task(k, 8, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    ck_assert_ptr_null(world_fact_of(w, DONE_A));
    crm_kit_free(k);
}
END_TEST

/* An address that cannot be called opens the breaker; the looking goes on where it was. */
START_TEST(the_address_is_wrong_while_it_is_looked_for)
{
    static char wrong[9000];
    setup();
    memset(wrong, 'a', sizeof wrong - 1);
    crm_kit_fail(k, "POST", WORLD_ANSWER_LOST, 1);
    w->lag_index_ms = 600000; /* to look the client up anew would find nobody */
    crm_kit_fact(k, "acme/Z:client/done",
                 "{\"client\":\"1000011\",\"entry\":\"Z\",\"kind\":\"client\",\"made\":false,"
                 "\"number\":\"" N "\",\"v\":1}");
    crm_kit_pass(k, 100);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->ntasks, 1);
    char *right = w->settings.megaplan.base_url;
    w->settings.megaplan.base_url = wrong;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 30000);
    w->settings.megaplan.base_url = right;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 90000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(w->creates, 1);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("crm_task_unknown", a_lost_answer_is_looked_for, a_lost_request_is_made_again,
                    two_are_told, its_client_is_deleted_meanwhile,
                    killed_with_the_request_on_its_way, lost_and_won_again,
                    killed_and_the_request_never_lands, a_talk_settles_the_dead_workers_task,
                    a_found_task_is_measured_against_the_talk, a_found_task_that_cannot_be_closed,
                    settled_before_it_is_dropped, found_closed_by_hand, an_answered_call_gets_none,
                    the_address_is_wrong_while_it_is_looked_for);
}

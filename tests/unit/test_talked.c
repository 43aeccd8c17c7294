/*
 * A talk through the executor (behaviour.md B3): which tasks it closes, and what becomes of those that
 * people closed or that cannot be closed.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define OTHER "79995550000"
#define DONE_B "acme/B:talked/done"

static struct crm_kit *k;
static struct world *w;

/* A client with an open task of a missed call that ended 100 s before the world began. */
static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    world_client_add(w, "1000011", N);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    w->requests = 0;
}

START_TEST(a_talk_closes_the_task)
{
    setup();
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 300);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    ck_assert_uint_eq(w->requests, 1);
    ck_assert_str_eq(
        world_fact_of(w, DONE_B),
        "{\"at\":1399907938,\"client\":\"1000011\",\"entry\":\"B\",\"kind\":\"talked\","
        "\"number\":\"" N "\",\"v\":1,\"verdict\":\"talked\"}");
    ck_assert_uint_eq(world_outcomes(w, "\"tasks\":[\"500\"]"), 1);
    crm_kit_talked(k, 9, "C", N, 40, ""); /* nothing is open any more */
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->requests, 1);
    ck_assert_uint_eq(world_outcomes(w, "no task to call back is open"), 1);
    crm_kit_free(k);
}
END_TEST

/* The open task stands for a second missed call, too; a talk between the two, told last, leaves it open. */
START_TEST(a_talk_between_two_missed_calls_told_last)
{
    setup();
    crm_kit_task(k, 8, "C", N, 20, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(world_outcomes(w, "a task to call back is open already"), 1);
    crm_kit_talked(k, 9, "B", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    crm_kit_kill(k); /* also for who has only the facts */
    crm_kit_task(k, 10, "D", N, 10, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 1);
    crm_kit_talked(k, 11, "E", N, 5, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    crm_kit_free(k);
}
END_TEST

/* Compared by MANGO's times, never by arrival. */
START_TEST(a_talk_before_the_missed_call_closes_nothing)
{
    setup();
    crm_kit_talked(k, 8, "B", N, 101, "");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    ck_assert_uint_eq(w->requests, 0);
    crm_kit_talked(k, 9, "C", N, 100, "");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(without_a_task_no_request_is_made)
{
    k = crm_kit_new();
    w = k->w;
    world_client_add(w, "1000011", N);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_job(k, JOB_TALKED, 9, "C:talked", N, JOB_TALKED_TO, "{}");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_str_eq(world_fact_of(w, DONE_B),
                     "{\"at\":1399907938,\"entry\":\"B\",\"kind\":\"talked\",\"number\":\"" N
                     "\",\"v\":1,\"verdict\":\"talked\"}");
    ck_assert_uint_eq(w->ndead, 1); /* no talked_at */
    crm_kit_free(k);
}
END_TEST

/* Several tasks are open: by hand one was opened again. */
START_TEST(all_of_them_one_after_the_other)
{
    setup();
    crm_kit_set_status(k, 0, "done");
    crm_kit_task(k, 8, "B", N, 90, "");
    crm_kit_pass(k, 500);
    crm_kit_set_status(k, 0, "assigned");
    ck_assert_uint_eq(crm_kit_open(k), 2);
    crm_kit_talked(k, 9, "C", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_uint_eq(world_outcomes(w, "\"tasks\":[\"500\",\"501\"]"), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(what_people_closed_is_respected)
{
    setup();
    crm_kit_set_status(k, 0, "completed");
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_status(k, 0), "completed");
    ck_assert_uint_eq(w->requests, 2);
    ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
    crm_kit_free(k);
    setup();
    w->tasks[0].gone = true;
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(refused_though_it_is_open)
{
    setup();
    crm_kit_refuse(k, "doAction", 422, 2);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
    crm_kit_free(k);
    setup();
    crm_kit_refuse(k, "doAction", 403, -1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_ptr_nonnull(strstr(w->dead[0], "made to fail")); /* why it was refused */
    crm_kit_free(k);
}
END_TEST

/* Refusals count for each task by itself. */
START_TEST(both_are_refused_at_first)
{
    setup();
    crm_kit_set_status(k, 0, "done");
    crm_kit_task(k, 8, "B", N, 90, "");
    crm_kit_pass(k, 500);
    crm_kit_set_status(k, 0, "assigned");
    crm_kit_refuse(k, "doAction", 422, 2); /* the first one twice, the second one once */
    w->plan[0] = (struct world_plan){w->requests + 6, WORLD_STATUS, 422};
    crm_kit_talked(k, 9, "C", N, 50, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_end_nobody_knows_is_tried_again)
{
    static const enum world_fault faults[] = {WORLD_ANSWER_LOST,  WORLD_REQUEST_LOST,
                                              WORLD_STATUS_AFTER, WORLD_HALF,
                                              WORLD_HTML,         WORLD_NOT_SENT};
    for (size_t i = 0; i < COUNT(faults); i++) {
        setup();
        w->status = 500;
        crm_kit_fail(k, "doAction", faults[i], 1);
        crm_kit_talked(k, 8, "B", N, 50, "");
        crm_kit_pass(k, 20000);
        ck_assert_uint_eq(crm_kit_open(k), 0);
        ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
        crm_kit_free(k);
    }
}
END_TEST

/* ... also when the reading that follows a refusal fails. */
START_TEST(the_reading_fails_too)
{
    setup();
    crm_kit_set_status(k, 0, "completed");
    crm_kit_fail(k, "GET", WORLD_WRONG_TYPE, 1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 20000);
    ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
    crm_kit_free(k);
}
END_TEST

/* A good answer that does not name the task: reading it tells. */
START_TEST(an_answer_that_says_nothing)
{
    for (size_t i = 0; i < CRM_KIT_UNSAID; i++) {
        setup();
        crm_kit_unsaid(k, "doAction", i);
        crm_kit_talked(k, 8, "B", N, 50, "");
        crm_kit_pass(k, 20000);
        ck_assert_str_eq(crm_kit_status(k, 0), "done");
        ck_assert_uint_eq(world_outcomes(w, "\"tasks\":[\"500\"]"), 1);
        ck_assert_uint_eq(w->ndead, 0);
        crm_kit_free(k);
    }
}
END_TEST

/* ... and that nothing is ever done of it is no success. */
START_TEST(it_stays_open_whatever_is_answered)
{
    setup();
    crm_kit_fail(k, "doAction", WORLD_IDLE, -1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_ptr_nonnull(strstr(w->dead[0], "the task stays open"));
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_while_it_closes)
{
    setup();
    crm_kit_fail(k, "doAction", WORLD_HANGS, 1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 300);
    crm_kit_kill(k);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_ptr_nonnull(world_fact_of(w, DONE_B));
    crm_kit_free(k);
}
END_TEST

START_TEST(the_account_goes_while_it_closes)
{
    setup();
    crm_kit_refuse(k, "doAction", 500, 1);
    crm_kit_talked(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 300);
    w->account_gone = true;
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

/* A summary says that the call was answered after all. */
START_TEST(the_calls_own_task_is_closed_by_a_better_verdict)
{
    setup();
    crm_kit_talked(k, 8, "A", N, 120, "");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1); /* it knows no better */
    ck_assert_uint_eq(crm_kit_open(k), 1);
    crm_kit_talked(k, 9, "A", N, 120, "\"closed_by\":\"summary\"");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/A:talked/done"), "\"summarized\":true"));
    crm_kit_free(k);
}
END_TEST

START_TEST(another_number_of_the_client)
{
    setup();
    crm_kit_fact(k, "acme/Z:client/done",
                 "{\"client\":\"1000011\",\"entry\":\"Z\",\"kind\":\"client\",\"made\":false,"
                 "\"number\":\"" OTHER "\",\"v\":1}");
    crm_kit_pass(k, 100);
    crm_kit_talked(k, 8, "B", OTHER, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_B), "\"client\":\"1000011\""));
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("talked", a_talk_closes_the_task, a_talk_between_two_missed_calls_told_last,
                    a_talk_before_the_missed_call_closes_nothing, without_a_task_no_request_is_made,
                    all_of_them_one_after_the_other, what_people_closed_is_respected,
                    refused_though_it_is_open, both_are_refused_at_first,
                    an_end_nobody_knows_is_tried_again, the_reading_fails_too,
                    an_answer_that_says_nothing, it_stays_open_whatever_is_answered,
                    killed_while_it_closes, the_account_goes_while_it_closes,
                    the_calls_own_task_is_closed_by_a_better_verdict, another_number_of_the_client);
}

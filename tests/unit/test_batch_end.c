/*
 * Several requests of an account under one token, against a Megaplan that does them, refuses them, counts each
 * of them, or is never heard of again.
 */
#include "tests/unit/batch_kit.h"

#include <stdio.h>
#include <string.h>

#define HELD "\"result\":\"held\""
#define REFUSED_NUMBER "79990000001"

static struct crm_kit *k;
static struct world *w;

static void setup(void)
{
    k = batch_kit_new();
    w = k->w;
}

static void over(void)
{
    crm_kit_free(k);
}

/* --- ends of one --- */

START_TEST(each_has_its_own_end)
{
    setup();
    w->refused_field = REFUSED_NUMBER;
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(world_clients_of(w, REFUSED_NUMBER), 0);
    ck_assert(world_finished(k->m, 0) && world_finished(k->m, 2) && world_finished(k->m, 1));
    ck_assert_uint_eq(w->ndead, 1); /* after three attempts, two of them alone */
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 2);
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    over();
}
END_TEST

START_TEST(an_answer_that_is_missing_is_looked_for)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    batch_kit_answered(k, 2);
    w->bulk_answers = 1;
    crm_kit_pass(k, 10000);
    batch_kit_all_made(k, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0); /* both were found */
    ck_assert_int_eq(batch_kit_account(k)->no_batch_until, 0);
    over();
}
END_TEST

/* --- ends of the whole --- */

static void lost(enum world_fault fault, int times)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    batch_kit_answered(k, 2);
    crm_kit_fail(k, "/bulk", fault, times);
    crm_kit_pass(k, 70000);
    batch_kit_twins(k);
    batch_kit_all_made(k, 3);
}

START_TEST(a_lost_answer_is_one_of_each)
{
    lost(WORLD_ANSWER_LOST, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3); /* they look alone */
    over();
    lost(WORLD_HANGS, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    over();
    lost(WORLD_HALF, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0);
    over();
    lost(WORLD_TOO_LARGE, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0);
    over();
}
END_TEST

START_TEST(a_lost_request_is_made_again_in_the_end)
{
    lost(WORLD_REQUEST_LOST, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 4); /* the last one looks for twins */
    over();
    lost(WORLD_HTML, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 3);
    over();
}
END_TEST

START_TEST(what_did_not_leave_costs_no_token)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    batch_kit_answered(k, 2);
    crm_kit_fail(k, "/bulk", WORLD_NOT_SENT, 1);
    crm_kit_pass(k, 5000);
    batch_kit_all_made(k, 3);
    ck_assert_uint_le(batch_kit_count(k, "POST /contractorHuman"),
                      3); /* each comes again when its delay is over */
    ck_assert_uint_eq(w->bulk_calls + batch_kit_count(k, "POST /contractorHuman"), 9);
    over();
}
END_TEST

/* One failure of Megaplan is one, however many rode: 16 in a row would be an outage. */
START_TEST(an_unclear_end_is_told_to_the_service_once)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 10);
    crm_kit_refuse(k, "/bulk", 500, 1);
    for (int i = 0; i < 100 && !w->requests; i++)
        crm_kit_pass(k, 10);
    crm_kit_pass(k, 10);
    ck_assert_uint_eq(batch_kit_account(k)->service.unclear, 1);
    crm_kit_pass(k, 60000);
    batch_kit_all_made(k, 10);
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    over();
}
END_TEST

/* /bulk answers 500 for ever: nobody fails twice by it, and soon nobody at all. */
START_TEST(batches_that_never_work_are_left_alone)
{
    setup();
    crm_kit_refuse(k, "/bulk", 500, -1);
    for (int i = 0; i < 20; i += 2) {
        batch_kit_jobs(k, KAFKA_JOBS, i, i + 2);
        crm_kit_pass(k, 10000);
    }
    batch_kit_all_made(k, 20);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), BATCH_UNCLEAR);
    w->faults = 0;
    crm_kit_pass(k, 1000);
    w->now += BATCH_REST_MS;
    batch_kit_jobs(k, KAFKA_JOBS, 20, 22);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 22);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), BATCH_UNCLEAR + 3);
    over();
}
END_TEST

/* Nobody is answered: that is no fault of batches. */
START_TEST(an_outage_does_not_end_batches)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 2);
    crm_kit_pass(k, 500);
    crm_kit_refuse(k, "", 500, 20);
    batch_kit_jobs(k, KAFKA_JOBS, 2, 12);
    crm_kit_pass(k, 20);
    batch_kit_jobs(k, KAFKA_JOBS, 12, 22);
    crm_kit_pass(k, 20);
    batch_kit_jobs(k, KAFKA_JOBS, 22, 32);
    crm_kit_pass(k, 20);
    batch_kit_jobs(k, KAFKA_JOBS, 32, 42);
    crm_kit_pass(k, 300000);
    batch_kit_twins(k);
    batch_kit_all_made(k, 42);
    ck_assert_int_eq(batch_kit_account(k)->no_batch_until, 0);
    over();
}
END_TEST

START_TEST(an_answer_nobody_can_read_ends_batches)
{
    lost(WORLD_WRONG_TYPE, 1);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0); /* all found */
    size_t batches = batch_kit_count(k, "POST /bulk");
    batch_kit_jobs(k, KAFKA_JOBS, 3, 6);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 6);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), batches);
    over();
}
END_TEST

/* --- accounts that do not take them, or count them --- */

static void refused(int status)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    batch_kit_answered(k, 2);
    crm_kit_refuse(k, "/bulk", status, -1);
    crm_kit_pass(k, 5000);
    batch_kit_all_made(k, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"),
                      3); /* at once, nothing was looked for */
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert(!batch_kit_account(k)->service.open);
    /* no more, until settings change */
    batch_kit_jobs(k, KAFKA_JOBS, 3, 6);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 6);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    w->faults = 0;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    batch_kit_jobs(k, KAFKA_JOBS, 6, 9);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 9);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 6);
    over();
}

START_TEST(a_refused_batch_is_no_outage)
{
    refused(404);
    refused(405);
    refused(403);
    refused(422);
    refused(413);
}
END_TEST

START_TEST(counted_each)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 5);
    batch_kit_answered(k, 2);
    w->bulk_allows = 2;
    crm_kit_pass(k, 30);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(batch_kit_account(k)->service.limited,
                      1); /* three were told to slow down at once */
    crm_kit_pass(k, 3000);
    batch_kit_all_made(k, 5);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 3);
    ck_assert_int_eq(batch_kit_account(k)->no_batch_until, AGENDA_NEVER);
    over();
}
END_TEST

START_TEST(slow_down_for_the_whole)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 5);
    batch_kit_answered(k, 2);
    crm_kit_refuse(k, "/bulk", 429, 1);
    w->retry_after_s = 4;
    crm_kit_pass(k, 3900);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(batch_kit_account(k)->service.limited, 1);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 5);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    over();
}
END_TEST

START_TEST(a_token_that_is_over_is_asked_for_once)
{
    setup();
    char user[] = "user@acme.ru", password[] = "secret", *token = w->settings.megaplan.token;
    w->settings.megaplan.token = NULL;
    w->settings.megaplan.login = user;
    w->settings.megaplan.password = password;
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 3);
    world_revoke(w);
    batch_kit_jobs(k, KAFKA_JOBS, 3, 8);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 8);
    ck_assert_int_eq(w->logins, 2);
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3 + 1 + 3);
    w->settings.megaplan.token = token;
    w->settings.megaplan.login = w->settings.megaplan.password = NULL;
    over();
}
END_TEST

START_TEST(rejected_credentials_hold_all_and_are_told_once)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 5);
    crm_kit_refuse(k, "", 402, 1);
    crm_kit_pass(k, 30);
    ck_assert(batch_kit_account(k)->service.open);
    ck_assert_uint_eq(w->requests, 1);
    ck_assert_uint_eq(world_outcomes(w, HELD), 1);
    crm_kit_pass(k, 10000);
    batch_kit_all_made(k, 5);
    ck_assert_str_eq(w->operations[1], "GET /callRoute"); /* the probe rides with nobody */
    ck_assert_int_eq(batch_kit_account(k)->no_batch_until, 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("batch_end", each_has_its_own_end, an_answer_that_is_missing_is_looked_for,
                    a_lost_answer_is_one_of_each, a_lost_request_is_made_again_in_the_end,
                    what_did_not_leave_costs_no_token, an_unclear_end_is_told_to_the_service_once,
                    batches_that_never_work_are_left_alone, an_outage_does_not_end_batches,
                    an_answer_nobody_can_read_ends_batches, a_refused_batch_is_no_outage,
                    counted_each, slow_down_for_the_whole, a_token_that_is_over_is_asked_for_once,
                    rejected_credentials_hold_all_and_are_told_once);
}

/*
 * Several requests of an account under one token, against a Megaplan that does them, refuses them, counts each
 * of them, or is never heard of again.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/crm_kit.h"

#include "common/mem.h"
#include "worker/crm/batch.h"
#include "worker/crm/executor_state.h"

#define HELD "\"result\":\"held\""
#define REFUSED_NUMBER "79990000001"

static struct crm_kit *k;
static struct world *w;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    w->step_ms = 10;
    w->settings.megaplan.bulk = true;
}

static void entry_of(int i, char entry[24], char number[24])
{
    snprintf(entry, 24, "E%d", i);
    snprintf(number, 24, "7999%07d", i);
}

/* New numbers: callRoute, search and create of each, always in step. */
static void jobs_on(enum kafka_topic topic, int from, int to)
{
    for (int i = from; i < to; i++) {
        char entry[24], number[24];
        entry_of(i, entry, number);
        world_job(k->m, topic, i, entry, number);
    }
}

static void jobs(int from, int to)
{
    jobs_on(KAFKA_JOBS, from, to);
}

static void over(void)
{
    crm_kit_free(k);
}

static struct account *account(void)
{
    return account_find(k->m->executor, WORLD_ACCOUNT);
}

static size_t count(const char *operation)
{
    size_t n = 0;
    for (size_t i = 0; i < w->requests && i < WORLD_MAX; i++)
        n += strcmp(w->operations[i], operation) == 0;
    return n;
}

/* Exactly one client of each number, and each job is finished. */
static void all_made(int n)
{
    ck_assert_uint_eq(w->nclients, (size_t)n);
    for (int i = 0; i < n; i++) {
        char entry[24], number[24];
        entry_of(i, entry, number);
        ck_assert_uint_eq(world_clients_of(w, number), 1);
        ck_assert_msg(world_finished(k->m, i), "job %d", i);
    }
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
}

/* On to the moment at which so many requests were answered. */
static void looked_up(size_t requests)
{
    for (int i = 0; i < 500 && (w->requests < requests || w->nflights); i++)
        crm_kit_pass(k, 10);
    ck_assert_uint_eq(w->requests, requests);
}

/* What was made again after an unknown end is looked at ten minutes later. */
static void twins_looked_for(void)
{
    w->step_ms = 1000;
    crm_kit_pass(k, 700000);
    w->step_ms = 10;
}

/* --- who rides --- */

START_TEST(two_ride)
{
    setup();
    jobs(0, 2);
    crm_kit_pass(k, 500);
    all_made(2);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(w->bulk_calls, 6);
    over();
}
END_TEST

START_TEST(ten_ride_in_order_and_the_eleventh_goes_alone)
{
    setup();
    jobs(0, 11);
    crm_kit_pass(k, 500);
    all_made(11);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(w->bulk_calls, 30);
    ck_assert_uint_eq(w->requests, 6);
    ck_assert_uint_eq(count("POST /contractorHuman"), 1);
    int next = 0; /* in the order in which they came, in the batch too */
    for (size_t i = 0; i < w->nclients; i++) {
        char entry[24], number[24];
        entry_of(next, entry, number);
        next += strcmp(w->clients[i].description + strlen("MANGO "), entry) == 0;
    }
    ck_assert_int_ge(next, 10);
    over();
}
END_TEST

START_TEST(one_goes_plain_and_at_once)
{
    setup();
    jobs(0, 1);
    crm_kit_pass(k, 100);
    all_made(1);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(count("POST /bulk"), 0);
    over();
}
END_TEST

START_TEST(none_rides_if_it_is_switched_off)
{
    setup();
    w->settings.megaplan.bulk = false;
    jobs(0, 3);
    crm_kit_pass(k, 500);
    all_made(3);
    ck_assert_uint_eq(w->requests, 9);
    ck_assert_uint_eq(count("POST /bulk"), 0);
    over();
}
END_TEST

START_TEST(what_rings_rides_only_for_want_of_tokens)
{
    setup();
    w->settings.megaplan.requests_per_second = 20;
    jobs_on(KAFKA_JOBS_NOW, 0, 3);
    crm_kit_pass(k, 500);
    all_made(3);
    ck_assert_uint_eq(count("POST /bulk"), 0);
    over();
    setup();
    w->settings.megaplan.requests_per_second = 1;
    jobs_on(KAFKA_JOBS_NOW, 0, 3);
    crm_kit_pass(k, 4000);
    all_made(3);
    ck_assert_uint_eq(count("POST /bulk"), 3); /* the only token is taken: nobody would go now */
    over();
}
END_TEST

START_TEST(what_rings_does_not_ride_with_others)
{
    setup();
    w->settings.megaplan.requests_per_second = 1;
    jobs_on(KAFKA_JOBS_NOW, 0, 1);
    jobs(1, 2);
    crm_kit_pass(k, 8000);
    all_made(2);
    ck_assert_uint_eq(count("POST /bulk"), 0);
    ck_assert_uint_eq(w->requests, 6);
    over();
}
END_TEST

START_TEST(no_more_ride_than_there_are_places)
{
    setup();
    k->m->executor->options.concurrency = 4;
    jobs(0, 8);
    for (int i = 0; i < 100; i++) {
        crm_kit_pass(k, 10);
        ck_assert_uint_le(executor_running(k->m->executor), 4 + 1); /* executor_is_full */
    }
    all_made(8);
    ck_assert_uint_ge(count("POST /bulk"), 6); /* 24 requests by four or five */
    over();
}
END_TEST

START_TEST(only_tokens_that_leave_are_spent)
{
    setup();
    w->settings.megaplan.requests_per_hour = 1000;
    jobs(0, 10);
    crm_kit_pass(k, 1000);
    all_made(10);
    double level = budget_level(&account()->service.budget, w->now);
    ck_assert(level > 95 - 3 - 0.1 && level < 95 - 3 + 0.5); /* 95 % of 100 */
    over();
}
END_TEST

/* --- ends of one --- */

START_TEST(each_has_its_own_end)
{
    setup();
    w->refused_field = REFUSED_NUMBER;
    jobs(0, 3);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(world_clients_of(w, REFUSED_NUMBER), 0);
    ck_assert(world_finished(k->m, 0) && world_finished(k->m, 2) && world_finished(k->m, 1));
    ck_assert_uint_eq(w->ndead, 1); /* after three attempts, two of them alone */
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(count("POST /contractorHuman"), 2);
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    over();
}
END_TEST

START_TEST(an_answer_that_is_missing_is_looked_for)
{
    setup();
    jobs(0, 3);
    looked_up(2);
    w->bulk_answers = 1;
    crm_kit_pass(k, 10000);
    all_made(3);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0); /* both were found */
    ck_assert_int_eq(account()->no_batch_until, 0);
    over();
}
END_TEST

/* --- ends of the whole --- */

static void lost(enum world_fault fault, int times)
{
    setup();
    jobs(0, 3);
    looked_up(2);
    crm_kit_fail(k, "/bulk", fault, times);
    crm_kit_pass(k, 70000);
    twins_looked_for();
    all_made(3);
}

START_TEST(a_lost_answer_is_one_of_each)
{
    lost(WORLD_ANSWER_LOST, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0);
    ck_assert_uint_eq(count("POST /bulk"), 3); /* they look alone */
    over();
    lost(WORLD_HANGS, 1);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    over();
    lost(WORLD_HALF, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0);
    over();
    lost(WORLD_TOO_LARGE, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0);
    over();
}
END_TEST

START_TEST(a_lost_request_is_made_again_in_the_end)
{
    lost(WORLD_REQUEST_LOST, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 3);
    ck_assert_uint_eq(count("POST /bulk"), 4); /* the last one looks for twins */
    over();
    lost(WORLD_HTML, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 3);
    over();
}
END_TEST

START_TEST(what_did_not_leave_costs_no_token)
{
    setup();
    jobs(0, 3);
    looked_up(2);
    crm_kit_fail(k, "/bulk", WORLD_NOT_SENT, 1);
    crm_kit_pass(k, 5000);
    all_made(3);
    ck_assert_uint_le(count("POST /contractorHuman"),
                      3); /* each comes again when its delay is over */
    ck_assert_uint_eq(w->bulk_calls + count("POST /contractorHuman"), 9);
    over();
}
END_TEST

/* One failure of Megaplan is one, however many rode: 16 in a row would be an outage. */
START_TEST(an_unclear_end_is_told_to_the_service_once)
{
    setup();
    jobs(0, 10);
    crm_kit_refuse(k, "/bulk", 500, 1);
    for (int i = 0; i < 100 && !w->requests; i++)
        crm_kit_pass(k, 10);
    crm_kit_pass(k, 10);
    ck_assert_uint_eq(account()->service.unclear, 1);
    crm_kit_pass(k, 60000);
    all_made(10);
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
        jobs(i, i + 2);
        crm_kit_pass(k, 10000);
    }
    all_made(20);
    ck_assert_uint_eq(count("POST /bulk"), BATCH_UNCLEAR);
    w->faults = 0;
    crm_kit_pass(k, 1000);
    w->now += BATCH_REST_MS;
    jobs(20, 22);
    crm_kit_pass(k, 1000);
    all_made(22);
    ck_assert_uint_eq(count("POST /bulk"), BATCH_UNCLEAR + 3);
    over();
}
END_TEST

/* Nobody is answered: that is no fault of batches. */
START_TEST(an_outage_does_not_end_batches)
{
    setup();
    jobs(0, 2);
    crm_kit_pass(k, 500);
    crm_kit_refuse(k, "", 500, 20);
    jobs(2, 12);
    crm_kit_pass(k, 20);
    jobs(12, 22);
    crm_kit_pass(k, 20);
    jobs(22, 32);
    crm_kit_pass(k, 20);
    jobs(32, 42);
    crm_kit_pass(k, 300000);
    twins_looked_for();
    all_made(42);
    ck_assert_int_eq(account()->no_batch_until, 0);
    over();
}
END_TEST

START_TEST(an_answer_nobody_can_read_ends_batches)
{
    lost(WORLD_WRONG_TYPE, 1);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0); /* all found */
    size_t batches = count("POST /bulk");
    jobs(3, 6);
    crm_kit_pass(k, 1000);
    all_made(6);
    ck_assert_uint_eq(count("POST /bulk"), batches);
    over();
}
END_TEST

/* --- accounts that do not take them, or count them --- */

static void refused(int status)
{
    setup();
    jobs(0, 3);
    looked_up(2);
    crm_kit_refuse(k, "/bulk", status, -1);
    crm_kit_pass(k, 5000);
    all_made(3);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(count("POST /contractorHuman"), 3); /* at once, nothing was looked for */
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert(!account()->service.open);
    /* no more, until settings change */
    jobs(3, 6);
    crm_kit_pass(k, 1000);
    all_made(6);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    w->faults = 0;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    jobs(6, 9);
    crm_kit_pass(k, 1000);
    all_made(9);
    ck_assert_uint_eq(count("POST /bulk"), 6);
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
    jobs(0, 5);
    looked_up(2);
    w->bulk_allows = 2;
    crm_kit_pass(k, 30);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(account()->service.limited, 1); /* three were told to slow down at once */
    crm_kit_pass(k, 3000);
    all_made(5);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_eq(count("POST /contractorHuman"), 3);
    ck_assert_int_eq(account()->no_batch_until, AGENDA_NEVER);
    over();
}
END_TEST

START_TEST(slow_down_for_the_whole)
{
    setup();
    jobs(0, 5);
    looked_up(2);
    crm_kit_refuse(k, "/bulk", 429, 1);
    w->retry_after_s = 4;
    crm_kit_pass(k, 3900);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(account()->service.limited, 1);
    crm_kit_pass(k, 1000);
    all_made(5);
    ck_assert_uint_eq(count("POST /bulk"), 3);
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
    jobs(0, 3);
    crm_kit_pass(k, 1000);
    all_made(3);
    world_revoke(w);
    jobs(3, 8);
    crm_kit_pass(k, 1000);
    all_made(8);
    ck_assert_int_eq(w->logins, 2);
    ck_assert_uint_eq(world_outcomes(w, HELD), 0);
    ck_assert_uint_eq(count("POST /bulk"), 3 + 1 + 3);
    w->settings.megaplan.token = token;
    w->settings.megaplan.login = w->settings.megaplan.password = NULL;
    over();
}
END_TEST

START_TEST(rejected_credentials_hold_all_and_are_told_once)
{
    setup();
    jobs(0, 5);
    crm_kit_refuse(k, "", 402, 1);
    crm_kit_pass(k, 30);
    ck_assert(account()->service.open);
    ck_assert_uint_eq(w->requests, 1);
    ck_assert_uint_eq(world_outcomes(w, HELD), 1);
    crm_kit_pass(k, 10000);
    all_made(5);
    ck_assert_str_eq(w->operations[1], "GET /callRoute"); /* the probe rides with nobody */
    ck_assert_int_eq(account()->no_batch_until, 0);
    over();
}
END_TEST

/* --- in the middle --- */

START_TEST(killed_with_the_batch_on_its_way)
{
    setup();
    jobs(0, 4);
    looked_up(2);
    crm_kit_fail(k, "/bulk", WORLD_HANGS, 1);
    crm_kit_pass(k, 50);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    jobs(0, 4);
    crm_kit_pass(k, 60000);
    all_made(4);
    ck_assert_uint_eq(count("POST /contractorHuman"), 0);
    over();
}
END_TEST

/* Nothing is read back: the batch waits for its intents. */
static void gathers(int n)
{
    setup();
    jobs(0, n);
    looked_up(2);
    k->m->deaf = true;
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(w->requests, 2);
    ck_assert_uint_eq(executor_running(k->m->executor), (size_t)n);
}

START_TEST(lost_while_it_gathers)
{
    gathers(4);
    world_lose(k->m);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
    world_rejoin(k->m);
    k->m->deaf = false;
    jobs(0, 4);
    crm_kit_pass(k, 120000);
    twins_looked_for();
    all_made(4);
    over();
}
END_TEST

START_TEST(intents_that_are_not_read_back_are_not_used)
{
    gathers(4);
    crm_kit_pass(k, 5500);
    ck_assert_uint_eq(w->requests, 2);
    k->m->deaf = false;
    crm_kit_pass(k, 3000);
    all_made(4);
    over();
}
END_TEST

START_TEST(other_settings_while_it_gathers)
{
    gathers(4);
    char other[] = "https://other.megaplan.ru";
    w->settings.megaplan.base_url = other;
    k->m->deaf = false;
    crm_kit_pass(k, 1000);
    all_made(4);
    ck_assert_uint_eq(count("POST /bulk"), 3); /* their addresses were built with the new one */
    w->settings.megaplan.base_url = w->parsed->megaplan.base_url;
    over();
}
END_TEST

START_TEST(the_account_is_removed_while_it_gathers)
{
    gathers(4);
    w->account_gone = true;
    k->m->deaf = false;
    crm_kit_pass(k, 7000);
    ck_assert_uint_eq(w->requests, 2);
    ck_assert_uint_eq(w->ndead, 4);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    over();
}
END_TEST

/* A is to be made, B to be looked up: one rides with the other. */
static void two_at_odds(void)
{
    setup();
    w->settings.megaplan.requests_per_second = 1;
    w->latency_ms = 5;
    jobs(0, 1);
    looked_up(2);
    jobs(1, 2);
}

START_TEST(a_lookup_waits_for_an_intent)
{
    two_at_odds();
    looked_up(3);
    ck_assert_str_eq(w->operations[2], "POST /bulk");
    crm_kit_pass(k, 5000);
    all_made(2);
    over();
}
END_TEST

static enum err (*real_produce)(void *world, const struct producer_record *r, struct error *e);

/* From an intent on nothing is read back. */
static enum err deafens(void *world, const struct producer_record *r, struct error *e)
{
    k->m->deaf |= strstr(r->key.ptr, "/intent") != NULL;
    return real_produce(world, r, e);
}

START_TEST(but_not_for_long)
{
    two_at_odds();
    real_produce = k->m->port.produce;
    k->m->port.produce = deafens;
    looked_up(3);
    ck_assert_str_eq(w->operations[2], "GET /callRoute"); /* the other one's token went with it */
    k->m->port.produce = real_produce;
    k->m->deaf = false;
    crm_kit_pass(k, 8000);
    all_made(2);
    ck_assert_uint_eq(count("POST /contractorHuman"), 2);
    ck_assert_uint_eq(w->requests, 6);
    over();
}
END_TEST

/* Whose time is over is told so, the others wait on. */
START_TEST(each_has_its_own_time)
{
    two_at_odds();
    k->m->executor->options.request_timeout_ms = 2000;
    crm_kit_fail(k, "/bulk", WORLD_HANGS, 1);
    crm_kit_pass(k, 60000);
    all_made(2);
    over();
}
END_TEST

static int refuse_sends;
static enum err refused_with;
static enum err (*real_send)(void *world, const struct http_request *r, struct http_transfer **out,
                             struct error *e);

static enum err may_send(void *world, const struct http_request *r, struct http_transfer **out,
                         struct error *e)
{
    if (!strstr(r->url, "/bulk") || refuse_sends == 0)
        return real_send(world, r, out, e);
    refuse_sends--;
    return error_set(e, refused_with, "made to fail");
}

static void unsent(enum err how)
{
    setup();
    real_send = k->m->port.send;
    k->m->port.send = may_send;
    refuse_sends = 1;
    refused_with = how;
    jobs(0, 4);
    crm_kit_pass(k, 10000);
    all_made(4);
    ck_assert_uint_eq(world_outcomes(w, HELD), how == ERR_INPUT ? 1 : 0);
    over();
}

START_TEST(not_even_handed_over)
{
    unsent(ERR_TEMPORARY);
    unsent(ERR_INPUT);
}
END_TEST

/* Of two long ones the second begins anew, alone. */
START_TEST(a_batch_has_a_ceiling)
{
    setup();
    char *name CLEANUP(mem_free_text) = mem_alloc(1, 40001);
    memset(name, 'n', 40000);
    for (int i = 0; i < 10; i++) {
        char entry[24], number[24], id[40];
        entry_of(i, entry, number);
        snprintf(id, sizeof id, "%s:client", entry);
        char *data CLEANUP(mem_free_text) = mem_format(
            "{\"name\":\"%s\",\"phone\":\"%s\",\"responsible\":\"1000005\",\"employee\":\"Петров\","
            "\"extension\":\"101\",\"direction\":\"in\",\"line\":\"74951234567\"}",
            name, number);
        crm_kit_job(k, JOB_CLIENT, i, id, number, JOB_VERDICT_NONE, data);
    }
    crm_kit_pass(k, 3000);
    all_made(10);
    ck_assert_uint_eq(count("POST /bulk"), 3);
    ck_assert_uint_gt(count("POST /contractorHuman"), 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "batch", two_ride, ten_ride_in_order_and_the_eleventh_goes_alone,
        one_goes_plain_and_at_once, none_rides_if_it_is_switched_off,
        what_rings_rides_only_for_want_of_tokens, what_rings_does_not_ride_with_others,
        no_more_ride_than_there_are_places, only_tokens_that_leave_are_spent, each_has_its_own_end,
        an_answer_that_is_missing_is_looked_for, a_lost_answer_is_one_of_each,
        a_lost_request_is_made_again_in_the_end, what_did_not_leave_costs_no_token,
        an_unclear_end_is_told_to_the_service_once, batches_that_never_work_are_left_alone,
        an_outage_does_not_end_batches, an_answer_nobody_can_read_ends_batches,
        a_refused_batch_is_no_outage, counted_each, slow_down_for_the_whole,
        a_token_that_is_over_is_asked_for_once, rejected_credentials_hold_all_and_are_told_once,
        killed_with_the_batch_on_its_way, lost_while_it_gathers,
        intents_that_are_not_read_back_are_not_used, other_settings_while_it_gathers,
        the_account_is_removed_while_it_gathers, a_lookup_waits_for_an_intent, but_not_for_long,
        each_has_its_own_time, not_even_handed_over, a_batch_has_a_ceiling);
}

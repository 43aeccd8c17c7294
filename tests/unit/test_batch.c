/*
 * Several requests of an account under one token: who rides, what it saves, what comes between.
 */
#include "tests/unit/batch_kit.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"

#define HELD "\"result\":\"held\""

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

/* --- who rides --- */

START_TEST(two_ride)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 2);
    crm_kit_pass(k, 500);
    batch_kit_all_made(k, 2);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(w->bulk_calls, 6);
    over();
}
END_TEST

START_TEST(ten_ride_in_order_and_the_eleventh_goes_alone)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 11);
    crm_kit_pass(k, 500);
    batch_kit_all_made(k, 11);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_eq(w->bulk_calls, 30);
    ck_assert_uint_eq(w->requests, 6);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 1);
    int next = 0; /* in the order in which they came, in the batch too */
    for (size_t i = 0; i < w->nclients; i++) {
        char entry[24], number[24];
        batch_kit_entry(next, entry, number);
        next += strcmp(w->clients[i].description + strlen("MANGO "), entry) == 0;
    }
    ck_assert_int_ge(next, 10);
    over();
}
END_TEST

START_TEST(one_goes_plain_and_at_once)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 1);
    crm_kit_pass(k, 100);
    batch_kit_all_made(k, 1);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 0);
    over();
}
END_TEST

START_TEST(none_rides_if_it_is_switched_off)
{
    setup();
    w->settings.megaplan.bulk = false;
    batch_kit_jobs(k, KAFKA_JOBS, 0, 3);
    crm_kit_pass(k, 500);
    batch_kit_all_made(k, 3);
    ck_assert_uint_eq(w->requests, 9);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 0);
    over();
}
END_TEST

START_TEST(what_rings_rides_only_for_want_of_tokens)
{
    setup();
    w->settings.megaplan.requests_per_second = 20;
    batch_kit_jobs(k, KAFKA_JOBS_NOW, 0, 3);
    crm_kit_pass(k, 500);
    batch_kit_all_made(k, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 0);
    over();
    setup();
    w->settings.megaplan.requests_per_second = 1;
    batch_kit_jobs(k, KAFKA_JOBS_NOW, 0, 3);
    crm_kit_pass(k, 4000);
    batch_kit_all_made(k, 3);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"),
                      3); /* the only token is taken: nobody would go now */
    over();
}
END_TEST

START_TEST(what_rings_does_not_ride_with_others)
{
    setup();
    w->settings.megaplan.requests_per_second = 1;
    batch_kit_jobs(k, KAFKA_JOBS_NOW, 0, 1);
    batch_kit_jobs(k, KAFKA_JOBS, 1, 2);
    crm_kit_pass(k, 8000);
    batch_kit_all_made(k, 2);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 0);
    ck_assert_uint_eq(w->requests, 6);
    over();
}
END_TEST

START_TEST(no_more_ride_than_there_are_places)
{
    setup();
    k->m->executor->options.concurrency = 4;
    batch_kit_jobs(k, KAFKA_JOBS, 0, 8);
    for (int i = 0; i < 100; i++) {
        crm_kit_pass(k, 10);
        ck_assert_uint_le(executor_running(k->m->executor), 4 + 1); /* executor_is_full */
    }
    batch_kit_all_made(k, 8);
    ck_assert_uint_ge(batch_kit_count(k, "POST /bulk"), 6); /* 24 requests by four or five */
    over();
}
END_TEST

START_TEST(only_tokens_that_leave_are_spent)
{
    setup();
    w->settings.megaplan.requests_per_hour = 1000;
    batch_kit_jobs(k, KAFKA_JOBS, 0, 10);
    crm_kit_pass(k, 1000);
    batch_kit_all_made(k, 10);
    double level = budget_level(&batch_kit_account(k)->service.budget, w->now);
    ck_assert(level > 95 - 3 - 0.1 && level < 95 - 3 + 0.5); /* 95 % of 100 */
    over();
}
END_TEST

/* --- what it is for --- */

/* Calls of new numbers, each a client, an answered call and its recording, all there at once. */
static void backlog(int calls)
{
    for (int i = 0; i < calls; i++) {
        char entry[24], number[24], id[64];
        batch_kit_entry(i, entry, number);
        world_job(k->m, KAFKA_JOBS, 3 * i, entry, number);
        snprintf(id, sizeof id, "%s:call:summary", entry);
        char *call CLEANUP(mem_free_text) = mem_format(
            "{\"type\":\"in\",\"direction\":\"in\",\"from\":\"%s\",\"to\":\"74951234567\","
            "\"line\":\"74951234567\",\"employee\":\"1000005\",\"started_at\":1399907800,"
            "\"ended_at\":1399907860,\"talk_seconds\":40,\"saved\":true,\"closed_by\":\"summary\"}",
            number);
        crm_kit_job(k, JOB_CALL, 3 * i + 1, id, number, JOB_TALKED_TO, call);
        snprintf(id, sizeof id, "%s:record:R", entry);
        crm_kit_job(k, JOB_RECORD, 3 * i + 2, id, number, JOB_VERDICT_NONE,
                    "{\"recording_id\":\"R\",\"recorded_at\":1399907860}");
    }
}

/* In an account of 5 a second and 1000 an hour. How many requests; *ms: how long it takes. */
static size_t work_off(int calls, bool bulk, int64_t *ms)
{
    setup();
    w->settings.megaplan.bulk = bulk;
    w->settings.megaplan.requests_per_second = 5;
    w->settings.megaplan.requests_per_hour = 1000;
    w->latency_ms = 100;
    backlog(calls);
    int64_t begin = w->now;
    while (executor_held(k->m->executor) > 0 && w->now < begin + 3600000)
        world_advance(w, k->m, w->now + 1000);
    *ms = w->now - begin;
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    ck_assert_uint_eq(w->nclients, (size_t)calls);
    ck_assert_uint_eq(w->ncalls, (size_t)calls);
    ck_assert_uint_eq(w->ndead, 0);
    size_t requests = w->requests;
    over();
    return requests;
}

START_TEST(a_backlog_of_a_hundred_calls)
{
    int64_t plain_ms = 0, bulk_ms = 0;
    size_t plain = work_off(100, false, &plain_ms);
    size_t bulk = work_off(100, true, &bulk_ms);
    printf("100 calls: %.2f requests each in %.1f s, with bulk %.2f in %.1f s\n",
           (double)plain / 100.0, (double)plain_ms / 1000.0, (double)bulk / 100.0,
           (double)bulk_ms / 1000.0);
    ck_assert_uint_le(bulk * 7, plain);
    ck_assert_int_lt(bulk_ms * 10, plain_ms);
}
END_TEST

START_TEST(each_is_counted_by_its_operation)
{
    setup();
    struct product_metrics metrics = {metrics_new(), false};
    struct tally *own = k->m->executor->tally;
    k->m->executor->tally = tally_new(&metrics);
    batch_kit_jobs(k, KAFKA_JOBS, 0, 4);
    crm_kit_pass(k, 500);
    batch_kit_all_made(k, 4);
    static const struct {
        const char *operation;
        double count;
    } rows[] = {{"bulk", 3}, {"lookup.route", 4}, {"lookup.search", 4}, {"client.create", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(metrics_value(metrics_get(product_metrics_family(&metrics, PM_API_REQUESTS),
                                                "megaplan", rows[i].operation, "2xx", "")) ==
                          rows[i].count,
                      "%s", rows[i].operation);
    ck_assert_uint_eq(world_outcomes(w, "\"what\":\"outcome\""), 4);
    tally_free(k->m->executor->tally);
    k->m->executor->tally = own;
    metrics_free(metrics.registry);
    over();
}
END_TEST

/* --- in the middle --- */

START_TEST(killed_with_the_batch_on_its_way)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, 4);
    batch_kit_answered(k, 2);
    crm_kit_fail(k, "/bulk", WORLD_HANGS, 1);
    crm_kit_pass(k, 50);
    ck_assert_uint_eq(w->nflights, 1);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    batch_kit_jobs(k, KAFKA_JOBS, 0, 4);
    crm_kit_pass(k, 60000);
    batch_kit_all_made(k, 4);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 0);
    over();
}
END_TEST

/* Nothing is read back: the batch waits for its intents. */
static void gathers(int n)
{
    setup();
    batch_kit_jobs(k, KAFKA_JOBS, 0, n);
    batch_kit_answered(k, 2);
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
    batch_kit_jobs(k, KAFKA_JOBS, 0, 4);
    crm_kit_pass(k, 120000);
    batch_kit_twins(k);
    batch_kit_all_made(k, 4);
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
    batch_kit_all_made(k, 4);
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
    batch_kit_all_made(k, 4);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"),
                      3); /* their addresses were built with the new one */
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
    batch_kit_jobs(k, KAFKA_JOBS, 0, 1);
    batch_kit_answered(k, 2);
    batch_kit_jobs(k, KAFKA_JOBS, 1, 2);
}

START_TEST(a_lookup_waits_for_an_intent)
{
    two_at_odds();
    batch_kit_answered(k, 3);
    ck_assert_str_eq(w->operations[2], "POST /bulk");
    crm_kit_pass(k, 5000);
    batch_kit_all_made(k, 2);
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
    batch_kit_answered(k, 3);
    ck_assert_str_eq(w->operations[2], "GET /callRoute"); /* the other one's token went with it */
    k->m->port.produce = real_produce;
    k->m->deaf = false;
    crm_kit_pass(k, 8000);
    batch_kit_all_made(k, 2);
    ck_assert_uint_eq(batch_kit_count(k, "POST /contractorHuman"), 2);
    ck_assert_uint_eq(w->requests, 6);
    over();
}
END_TEST

/* One address was built by the old settings, one by the new ones. */
START_TEST(other_settings_before_it_leaves)
{
    char other[] = "https://other.megaplan.ru";
    two_at_odds();
    real_produce = k->m->port.produce;
    k->m->port.produce = deafens;
    for (int i = 0; i < 500 && executor_running(k->m->executor) < 2; i++)
        crm_kit_pass(k, 10);
    ck_assert_uint_eq(w->requests, 2);
    w->settings.megaplan.base_url = other;
    k->m->port.produce = real_produce;
    k->m->deaf = false;
    crm_kit_pass(k, 8000);
    batch_kit_all_made(k, 2);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 0); /* each goes alone */
    w->settings.megaplan.base_url = w->parsed->megaplan.base_url;
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
    batch_kit_all_made(k, 2);
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
    batch_kit_jobs(k, KAFKA_JOBS, 0, 4);
    crm_kit_pass(k, 10000);
    batch_kit_all_made(k, 4);
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
        batch_kit_entry(i, entry, number);
        snprintf(id, sizeof id, "%s:client", entry);
        char *data CLEANUP(mem_free_text) = mem_format(
            "{\"name\":\"%s\",\"phone\":\"%s\",\"responsible\":\"1000005\",\"employee\":\"Петров\","
            "\"extension\":\"101\",\"direction\":\"in\",\"line\":\"74951234567\"}",
            name, number);
        crm_kit_job(k, JOB_CLIENT, i, id, number, JOB_VERDICT_NONE, data);
    }
    crm_kit_pass(k, 3000);
    batch_kit_all_made(k, 10);
    ck_assert_uint_eq(batch_kit_count(k, "POST /bulk"), 3);
    ck_assert_uint_gt(batch_kit_count(k, "POST /contractorHuman"), 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("batch", two_ride, ten_ride_in_order_and_the_eleventh_goes_alone,
                    one_goes_plain_and_at_once, none_rides_if_it_is_switched_off,
                    what_rings_rides_only_for_want_of_tokens, what_rings_does_not_ride_with_others,
                    no_more_ride_than_there_are_places, only_tokens_that_leave_are_spent,
                    a_backlog_of_a_hundred_calls, each_is_counted_by_its_operation,
                    killed_with_the_batch_on_its_way, lost_while_it_gathers,
                    intents_that_are_not_read_back_are_not_used, other_settings_while_it_gathers,
                    the_account_is_removed_while_it_gathers, a_lookup_waits_for_an_intent,
                    but_not_for_long, other_settings_before_it_leaves, each_has_its_own_time,
                    not_even_handed_over, a_batch_has_a_ceiling);
}

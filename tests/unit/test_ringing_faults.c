/*
 * What rings while something else goes wrong: it ends in time, leaves nothing behind and holds up nobody.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/world_megaplan.h"

#define N WORLD_NUMBER
#define OTHER "79990000001"
#define LIVES_MS 10000
#define POPUP_MS 30000
#define VISITOR_MS 600000

static struct world *w;
static struct crm_kit *k;
static int64_t offset;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    w->settings.popups = true;
    offset = 0;
    world_client_add(w, "1000011", N);
}

static void route(const char *entry)
{
    world_route(k->m, offset++, entry, N, LIVES_MS);
}

static void popup(const char *entry, const char *state)
{
    world_popup(k->m, offset++, entry, N, "1", state, WORLD_EMPLOYEE, POPUP_MS);
}

START_TEST(the_account_goes_while_megaplan_is_asked)
{
    setup();
    route("A");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    crm_kit_fail(k, "/api/v3", WORLD_HANGS, -1);
    route("B");
    crm_kit_pass(k, 500);
    w->account_gone = true;
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    ck_assert(world_finished(k->m, 1));
    crm_kit_free(k);
}
END_TEST

START_TEST(what_mango_does_not_take_in_time_leaves_no_intent_alone)
{
    setup();
    crm_kit_refuse(k, "/commands/route", 429, 1);
    w->retry_after_s = 60;
    route("A");
    crm_kit_pass(k, 6000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"limited\""), 1);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:route/intent"));
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:route/given-up"));
    crm_kit_free(k);
}
END_TEST

START_TEST(bulk_goes_on_while_mango_refuses_all)
{
    setup();
    crm_kit_refuse(k, "/queries/", 401, -1);
    world_visitor(k->m, offset++, "A", N, VISITOR_MS);
    crm_kit_pass(k, 500);
    world_job(k->m, KAFKA_JOBS_BULK, 7, "B", OTHER);
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(world_clients_of(w, OTHER), 1);
    ck_assert(!world_finished(k->m, 0));
    w->faults = 0;
    crm_kit_pass(k, 120000);
    ck_assert_uint_eq(w->mango.visits, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(after_a_refusal_one_request_tries)
{
    setup();
    crm_kit_refuse(k, "/queries/", 401, -1);
    for (int i = 10; i < 22; i++) {
        char *entry CLEANUP(mem_free_text) = mem_format("E%d", i);
        world_visitor(k->m, offset++, entry, N, VISITOR_MS);
    }
    crm_kit_pass(k, 60000);
    size_t before = w->requests;
    crm_kit_pass(k, 120000);
    ck_assert_uint_eq(w->requests, before + 1);
    w->faults = 0;
    crm_kit_pass(k, 125000);
    ck_assert_uint_eq(w->mango.visits, 12);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_account_that_was_switched_off_asks_mango_nothing)
{
    setup();
    crm_kit_refuse(k, "/queries/", 401, 1);
    world_visitor(k->m, offset++, "A", N, VISITOR_MS);
    crm_kit_pass(k, 500);
    w->settings.enabled = false;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 130000);
    ck_assert_uint_eq(w->mango.visits, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"ignored\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(the_same_credentials_are_not_tried_before_their_time)
{
    setup();
    w->mango.answer = "{\"result\":3310}";
    route("A");
    crm_kit_pass(k, 3000);
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    route("B");
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    memcpy(w->settings.mango.api_salt, "salt2", sizeof "salt2"); /* as long as the one before */
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    route("C");
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.ncommands, 2);
    crm_kit_free(k);
}
END_TEST

START_TEST(questions_we_cut_are_no_outage)
{
    setup();
    w->settings.megaplan.requests_per_second = 1000;
    crm_kit_fail(k, "callRoute", WORLD_HANGS, -1);
    for (int i = 10; i < 40; i++) {
        char *entry CLEANUP(mem_free_text) = mem_format("E%d", i);
        char *number CLEANUP(mem_free_text) = mem_format("799900000%d", i);
        world_popup(k->m, offset++, entry, number, "1", "calling", WORLD_EMPLOYEE, POPUP_MS);
    }
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->ncalls, 30);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"held\""), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(questions_that_ride_together_end_in_time_too)
{
    setup();
    w->settings.megaplan.bulk = true;
    w->settings.megaplan.requests_per_second = 1;
    crm_kit_fail(k, "/bulk", WORLD_HANGS, 1);
    for (int i = 10; i < 14; i++) {
        char *entry CLEANUP(mem_free_text) = mem_format("E%d", i);
        char *number CLEANUP(mem_free_text) = mem_format("799900000%d", i);
        world_popup(k->m, offset++, entry, number, "1", "calling", WORLD_EMPLOYEE, POPUP_MS);
    }
    crm_kit_pass(k, 8000);
    ck_assert_int_eq(w->faults, 0);
    ck_assert_uint_eq(w->ncalls, 4);
    crm_kit_free(k);
}
END_TEST

/* Not even the asking for who works, which no message wanted. */
START_TEST(what_megaplan_refuses_is_no_dead_letter)
{
    static const char *const paths[] = {"callRoute", "/employee", "/contractor"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        setup();
        crm_kit_refuse(k, paths[i], 422, -1);
        route("A");
        popup("B", "calling");
        crm_kit_pass(k, 6000);
        ck_assert_uint_eq(w->ndead, 0);
        ck_assert_uint_eq(world_outcomes(w, "\"given-up\""), 0);
        ck_assert_ptr_null(world_fact_of(w, "acme/-:staff/given-up"));
        ck_assert_uint_eq(w->ncalls, 1);
        ck_assert(world_finished(k->m, 0) && world_finished(k->m, 1));
        crm_kit_free(k);
    }
}
END_TEST

START_TEST(a_newer_state_does_not_wait_for_the_retry_of_an_older_one)
{
    setup();
    crm_kit_fail(k, "/callInfo", WORLD_NOT_SENT, 4);
    popup("A", "calling");
    crm_kit_pass(k, 6000);
    ck_assert_uint_eq(w->ncalls, 0);
    popup("A", "talking");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(jval_get_text(w->calls[0].values, "state"), "talking"));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(how_long_mango_was_waited_for_is_measured)
{
    struct metrics *m = metrics_new();
    struct product_metrics p;
    struct buf out = BUF_INIT(1 << 17);
    product_metrics_init(&p, m, "crm", false);
    setup();
    w->metrics = &p;
    crm_kit_kill(k);
    route("A");
    crm_kit_pass(k, 1000);
    route("B"); /* a second later than it could */
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 2);
    metrics_write(m, &out);
    ck_assert_ptr_nonnull(strstr(
        out.data, "budget_wait_seconds_bucket{api=\"mango\",priority=\"now\",le=\"0.5\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(out.data, "budget_wait_seconds_count{api=\"mango\",priority=\"now\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "route_total{result=\"done\"} 2\n"));
    crm_kit_free(k);
    buf_done(&out);
    metrics_free(m);
}
END_TEST

int main(void)
{
    return UNIT_RUN("ringing_faults", the_account_goes_while_megaplan_is_asked,
                    what_mango_does_not_take_in_time_leaves_no_intent_alone,
                    bulk_goes_on_while_mango_refuses_all, after_a_refusal_one_request_tries,
                    an_account_that_was_switched_off_asks_mango_nothing,
                    the_same_credentials_are_not_tried_before_their_time,
                    questions_we_cut_are_no_outage, questions_that_ride_together_end_in_time_too,
                    what_megaplan_refuses_is_no_dead_letter,
                    a_newer_state_does_not_wait_for_the_retry_of_an_older_one,
                    how_long_mango_was_waited_for_is_measured);
}

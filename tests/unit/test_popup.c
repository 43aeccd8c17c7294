/*
 * Pop-ups through the executor: one CallInfo from the first ring to the saved call, whatever fails.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/world_megaplan.h"

#define N WORLD_NUMBER
#define LIVES_MS 30000

static struct world *w;
static struct crm_kit *k;
static int64_t offset;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    w->settings.popups = true;
    offset = 0;
}

static int64_t now_ms(void)
{
    return k->m->port.wall(k->m->port.world);
}

static void popup_of(const char *leg, const char *state, const char *employee, const char *number,
                     int64_t lives_ms)
{
    world_popup(k->m, offset++, "A", number, leg, state, employee, lives_ms);
}

static void popup(const char *leg, const char *state)
{
    popup_of(leg, state, WORLD_EMPLOYEE, N, LIVES_MS);
}

static void call_job(bool saved)
{
    char *json CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"A:call:summary\",\"kind\":\"call\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G15\",\"verdict\":\"missed:direct\",\"data\":{\"type\":\"miss\","
        "\"direction\":\"in\",\"from\":\"" N
        "\",\"to\":\"74951234567\",\"employee\":\"" WORLD_EMPLOYEE
        "\",\"started_at\":%lld,\"ended_at\":%lld,\"talk_seconds\":0,\"saved\":%s,"
        "\"closed_by\":\"summary\"%s}}",
        (long long)(now_ms() / 1000 - 20), (long long)(now_ms() / 1000), saved ? "true" : "false",
        saved ? "" : ",\"why\":\"nobody of ours\"");
    world_job_json(k->m, KAFKA_JOBS, offset++, "acme/" N, json);
}

static struct str of_call(const char *field)
{
    return jval_get_text(w->calls[0].values, field);
}

static struct str side(const char *field)
{
    return jval_get_text(jval_get(w->calls[0].values, field), "id");
}

START_TEST(it_shows_who_calls)
{
    setup();
    world_client_add(w, "1000011", N);
    popup("1", "calling");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "calling"));
    ck_assert(str_is(of_call("type"), "in"));
    ck_assert(str_is(of_call("providerId"), "A"));
    ck_assert(str_is(of_call("fromPhone"), N));
    ck_assert(str_is(of_call("toPhone"), "74951234567"));
    ck_assert(str_is(side("fromUser"), "1000011"));
    ck_assert(str_is(side("toUser"), WORLD_EMPLOYEE));
    ck_assert_ptr_nonnull(
        strstr(world_fact_of(w, "acme/A:popup:1:calling/done"), "\"client\":\"1000011\""));
    ck_assert(world_finished(k->m, 0));
    crm_kit_free(k);
}
END_TEST

START_TEST(it_follows_the_answer_and_becomes_the_saved_call)
{
    setup();
    popup("1", "calling");
    crm_kit_pass(k, 500);
    popup_of("2", "talking", "1000006", N, LIVES_MS);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "talking"));
    ck_assert(str_is(side("toUser"), "1000006"));
    call_job(true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "finished"));
    ck_assert(str_is(of_call("type"), "miss"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_hidden_number_is_shown_without_a_lookup)
{
    setup();
    popup_of("1", "calling", WORLD_EMPLOYEE, NULL, LIVES_MS);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(w->requests, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(it_does_not_wait_long_for_who_calls)
{
    setup();
    world_client_add(w, "1000011", N);
    crm_kit_fail(k, "callRoute", WORLD_HANGS, 1);
    popup("1", "calling");
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(side("fromUser").len, 0);
    ck_assert(str_is(of_call("fromPhone"), N));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_lookup_that_fails_does_not_stop_it)
{
    setup();
    crm_kit_refuse(k, "callRoute", 500, 1);
    popup("1", "calling");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(late_is_not_shown)
{
    setup();
    popup_of("1", "calling", WORLD_EMPLOYEE, N, 0);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"late\""), 1);
    ck_assert(world_finished(k->m, 0));
    crm_kit_free(k);
}
END_TEST

START_TEST(an_outage_lets_it_go_at_its_deadline)
{
    setup();
    crm_kit_refuse(k, "/", 402, -1);
    popup("1", "calling");
    crm_kit_pass(k, LIVES_MS - 1000);
    ck_assert(!world_finished(k->m, 0));
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->ncalls, 0);
    ck_assert(world_finished(k->m, 0));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"late\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_answer_that_was_lost_is_found_and_the_next_state_follows)
{
    setup();
    popup("1", "calling");
    w->plan[0] = (struct world_plan){.at = 2, .fault = WORLD_ANSWER_LOST};
    crm_kit_pass(k, 500);
    popup("1", "talking");
    crm_kit_pass(k, 25000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "talking"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_change_nobody_knows_the_end_of_lands_before_the_call_is_saved)
{
    setup();
    popup("1", "calling");
    crm_kit_pass(k, 500);
    crm_kit_fail(k, "/callInfo/provider", WORLD_HANGS, 1);
    popup("1", "talking");
    crm_kit_pass(k, 200);
    call_job(true);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "finished"));
    ck_assert(str_is(of_call("type"), "miss"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_killed_worker_leaves_one_call)
{
    setup();
    crm_kit_fail(k, "/callInfo", WORLD_ANSWER_LOST, 1);
    popup("1", "calling");
    crm_kit_pass(k, 100);
    crm_kit_kill(k);
    popup("1", "calling");
    call_job(true);
    crm_kit_pass(k, 90000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "finished"));
    crm_kit_free(k);
}
END_TEST

START_TEST(what_is_saved_rings_no_more)
{
    setup();
    call_job(true);
    crm_kit_pass(k, 500);
    size_t before = w->requests;
    popup("1", "calling");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, before);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(what_could_not_be_saved_rings_no_more)
{
    setup();
    crm_kit_refuse(k, "callRoute", 422, 3);
    call_job(true);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->ndead, 1);
    popup("1", "calling");
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->ncalls, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_newer_state_overtakes_one_that_waits)
{
    setup();
    w->latency_ms = 200;
    popup("1", "calling");
    crm_kit_pass(k, 50);
    popup("2", "calling");
    popup("2", "talking");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "talking"));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dropped\""), 2);
    ck_assert_uint_eq(w->creates, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_call_that_is_not_saved_stops_ringing)
{
    setup();
    popup("1", "calling");
    crm_kit_pass(k, 500);
    call_job(false);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "finished"));
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/A:call:summary/done"), "nobody of ours"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_saved_call_that_lags_is_not_made_twice)
{
    setup();
    w->lag_provider_ms = 8000;
    popup("1", "calling");
    crm_kit_pass(k, 500);
    call_job(true);
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("state"), "finished"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_refused_client_is_left_out)
{
    setup();
    world_client_add(w, "1000011", N);
    w->refused_field = "fromUser";
    popup("1", "calling");
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("popup", it_shows_who_calls, it_follows_the_answer_and_becomes_the_saved_call,
                    a_hidden_number_is_shown_without_a_lookup, it_does_not_wait_long_for_who_calls,
                    a_lookup_that_fails_does_not_stop_it, late_is_not_shown,
                    an_outage_lets_it_go_at_its_deadline,
                    an_answer_that_was_lost_is_found_and_the_next_state_follows,
                    a_change_nobody_knows_the_end_of_lands_before_the_call_is_saved,
                    a_killed_worker_leaves_one_call, what_is_saved_rings_no_more,
                    what_could_not_be_saved_rings_no_more, a_newer_state_overtakes_one_that_waits,
                    a_call_that_is_not_saved_stops_ringing,
                    a_saved_call_that_lags_is_not_made_twice, a_refused_client_is_left_out);
}

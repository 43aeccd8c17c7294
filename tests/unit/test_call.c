/*
 * Saving a call, its recordings and its client, through the executor, against a world that fails in every
 * way the protocol has a sentence for.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/world_megaplan.h"
#include "worker/crm/account.h"

#define N WORLD_NUMBER
#define DONE_SUMMARY "acme/A:call:summary/done"

static struct world *w;
static struct crm_kit *k;
static int64_t offset;
static const char *why; /* a call is not saved */

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    w->settings.call_records = true;
    offset = 0;
    why = "nobody of ours";
}

/* now: unix seconds of the world. */
static int64_t now_s(void)
{
    return k->m->port.wall(k->m->port.world) / 1000;
}

#define ANSWERED 120
#define MISSED 0

static void call_job(const char *how, const char *type, int64_t talk, int64_t ago, bool saved)
{
    char *reason CLEANUP(mem_free_text) = mem_format(",\"why\":\"%s\"", why);
    char *json CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"A:call:%s\",\"kind\":\"call\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G15\",\"verdict\":\"%s\",\"data\":{\"type\":\"%s\",\"direction\":\"in\","
        "\"from\":\"" N "\",\"to\":\"74951234567\",\"employee\":\"" WORLD_EMPLOYEE
        "\",\"started_at\":%lld,\"ended_at\":%lld,\"talk_seconds\":%lld,\"saved\":%s,"
        "\"closed_by\":\"%s\"%s}}",
        how, talk ? "talked" : "missed:direct", type, (long long)(now_s() - ago - talk),
        (long long)(now_s() - ago), (long long)talk, saved ? "true" : "false", how,
        saved ? "" : reason);
    world_job_json(k->m, KAFKA_JOBS, offset++, "acme/" N, json);
}

static void record_job(const char *id)
{
    char *json CLEANUP(mem_free_text) =
        mem_format("{\"v\":1,\"id\":\"A:record:%s\",\"kind\":\"record\",\"entry_id\":\"A\","
                   "\"number\":\"" N "\",\"rule\":\"G13\",\"data\":{\"recording_id\":\"%s\","
                   "\"recorded_at\":1520256600}}",
                   id, id);
    world_job_json(k->m, KAFKA_JOBS, offset++, "acme/" N, json);
}

static size_t links(void)
{
    return w->ncalls ? jval_size(jval_get(w->calls[0].values, "recordLinks")) : 0;
}

static struct str of_call(const char *field)
{
    return jval_get_text(w->calls[0].values, field);
}

static struct str side(const char *field)
{
    return jval_get_text(jval_get(w->calls[0].values, field), "id");
}

/* --- plain --- */

START_TEST(a_missed_call_is_saved_by_one_request)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("type"), "miss"));
    ck_assert(str_is(of_call("state"), "finished"));
    ck_assert(str_is(of_call("providerId"), "A"));
    ck_assert(str_is(side("fromUser"), "1000011"));
    ck_assert(str_is(side("toUser"), WORLD_EMPLOYEE));
    ck_assert_uint_eq(w->requests, 3); /* callRoute, its link, the saving */
    ck_assert(world_finished(k->m, 0));
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_SUMMARY), "\"client\":\"1000011\""));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_remembered_client_costs_one)
{
    setup();
    world_client_add(w, "1000011", N);
    world_job(k->m, KAFKA_JOBS, offset++, "B", N);
    crm_kit_pass(k, 500);
    size_t before = w->requests;
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, before + 1);
    ck_assert(str_is(side("fromUser"), "1000011"));
    crm_kit_free(k);
}
END_TEST

START_TEST(what_is_not_to_be_saved_says_why)
{
    setup();
    call_job("summary", "miss", MISSED, 5, false);
    record_job("R1");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_SUMMARY), "nobody of ours"));
    ck_assert(world_finished(k->m, 0) && world_finished(k->m, 1));
    ck_assert_uint_eq(world_outcomes(w, "the call is not saved"), 1);
    crm_kit_free(k);
}
END_TEST

/* Calls of extensions that are nobody's are told of (B13); what nobody had to take part in is not. */
START_TEST(a_call_of_an_unmapped_extension_is_told_of)
{
    static const struct {
        const char *why;
        bool told;
    } cases[] = {
        {"no employee of the settings took part (G2)", true},
        {"no employee of the settings called (G2)", true},
        {"missed by no employee of the settings", true},
        {"no employee of the settings took part (B15)", false}, /* an ignored number */
        {"missed in the menu, and missed_in_ivr_responsible is not in force", false},
        {"missed in a group, given to no employee of the settings",
         false}, /* nor to anybody, maybe */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        setup();
        static char person[] = WORLD_EMPLOYEE;
        w->settings.alert_responsible = person;
        why = cases[i].why;
        call_job("summary", "miss", MISSED, 5, false);
        crm_kit_pass(k, 500);
        const struct account *a = account_find(k->m->executor, WORLD_ACCOUNT);
        ck_assert_msg((a->alerts.state.rows[ALERT_UNMAPPED].last > 0) == cases[i].told, "%s", why);
        crm_kit_free(k);
    }
}
END_TEST

START_TEST(an_old_call_is_asked_for_first)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("summary", "miss", MISSED, 2 * 86400, true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(w->requests, 4); /* provider, 404, history */
    crm_kit_free(k);
}
END_TEST

/* --- recordings --- */

START_TEST(recordings_of_these_seconds_ride_along)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->ncalls, 0);
    record_job("R1");
    record_job("R2");
    crm_kit_pass(k, 1500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(links(), 2);
    ck_assert_uint_eq(w->requests, 3);
    ck_assert(world_finished(k->m, 0) && world_finished(k->m, 1) && world_finished(k->m, 2));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recording_before_the_call_waits_for_it)
{
    setup();
    world_client_add(w, "1000011", N);
    record_job("R1");
    crm_kit_pass(k, 300);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert(world_finished(k->m, 0));
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 1000); /* it need not wait */
    ck_assert_uint_eq(links(), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_late_recording_sends_all)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("summary", "in", ANSWERED, 5, true);
    record_job("R1");
    crm_kit_pass(k, 6000);
    ck_assert_uint_eq(links(), 1);
    record_job("R2");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(links(), 2);
    /* ... also by another worker that only has the facts */
    world_kill(k->m);
    k->m = world_join(w);
    record_job("R3");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(links(), 3);
    ck_assert_uint_eq(w->ncalls, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recording_of_a_call_that_is_gone_is_no_failure)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 500);
    w->calls[0].gone = true;
    record_job("R1");
    crm_kit_pass(k, 60000);
    ck_assert(world_finished(k->m, 1));
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "the call is not in Megaplan"), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recording_of_long_ago_asks_megaplan)
{
    setup();
    struct jval *values = jval_new_object(); /* what facts knew of it has aged out */
    jval_put_text(values, "providerId", STR("A"));
    world_add(w, WORLD_CALLS, values);
    w->origin = "replay";
    record_job("R1");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(links(), 1);
    ck_assert_uint_eq(w->ncalls, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_refused_link_is_no_failure)
{
    setup();
    world_client_add(w, "1000011", N);
    w->refused_field = "recordLinks";
    record_job("R1");
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(links(), 0);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"no_record\":true"), 1);
    record_job("R2");
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"no_record\""), 1);
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_link_refused_for_a_moment_is_sent_again)
{
    setup();
    world_client_add(w, "1000011", N);
    record_job("R1");
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(links(), 1);
    crm_kit_refuse(k, "/callInfo/provider", 422, 1);
    record_job("R2");
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(links(), 2);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"no_record\""), 0);
    crm_kit_free(k);
}
END_TEST

/* --- once --- */

START_TEST(a_lost_answer_is_looked_for)
{
    setup();
    world_client_add(w, "1000011", N);
    w->history_inserts = true;
    crm_kit_fail(k, "history", WORLD_ANSWER_LOST, 1);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(world_finished(k->m, 0));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_lost_request_is_made_again)
{
    setup();
    world_client_add(w, "1000011", N);
    w->history_inserts = true;
    crm_kit_fail(k, "history", WORLD_REQUEST_LOST, 1);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 120000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(world_finished(k->m, 0));
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_between_request_and_answer)
{
    setup();
    world_client_add(w, "1000011", N);
    w->history_inserts = true;
    crm_kit_fail(k, "history", WORLD_HANGS, 1);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 0);
    world_kill(k->m);
    k->m = world_join(w);
    offset = 0;
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 120000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(world_finished(k->m, 0));
    crm_kit_free(k);
}
END_TEST

/* --- corrected, linked --- */

START_TEST(a_late_summary_corrects)
{
    setup();
    world_client_add(w, "1000011", N);
    call_job("ended", "miss", MISSED, 600, true);
    crm_kit_pass(k, 500);
    ck_assert(str_is(of_call("type"), "miss"));
    call_job("summary", "in", ANSWERED, 600, true);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(of_call("type"), "in"));
    ck_assert(world_finished(k->m, 1));
    crm_kit_free(k);
}
END_TEST

START_TEST(saved_before_its_client_existed)
{
    setup();
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 6000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert_uint_eq(side("fromUser").len, 0);
    world_job(k->m, KAFKA_JOBS, offset++, "B", N);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(str_is(side("fromUser"), w->clients[0].id));
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:link/done"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recording_whose_answer_says_nothing)
{
    for (size_t i = 0; i < CRM_KIT_UNSAID; i++) {
        setup();
        world_client_add(w, "1000011", N);
        call_job("summary", "in", ANSWERED, 5, true);
        crm_kit_pass(k, 6000);
        crm_kit_unsaid(k, "provider", i);
        record_job("R1");
        crm_kit_pass(k, 10000);
        ck_assert_uint_eq(links(), 1);
        ck_assert(world_finished(k->m, 1));
        ck_assert_uint_eq(w->ndead, 0);
        crm_kit_free(k);
    }
}
END_TEST

/* A good answer that does not name the call: once it is doubted, always it is this Megaplan's way. */
START_TEST(a_link_whose_answer_says_nothing)
{
    for (size_t i = 0; i < CRM_KIT_UNSAID; i++) {
        setup();
        call_job("summary", "in", ANSWERED, 5, true);
        crm_kit_pass(k, 6000);
        crm_kit_unsaid(k, "setContractor", i);
        world_job(k->m, KAFKA_JOBS, offset++, "B", N);
        crm_kit_pass(k, 10000);
        ck_assert(str_is(side("fromUser"), w->clients[0].id));
        ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:link/done"));
        ck_assert_uint_eq(w->ndead, 0);
        crm_kit_free(k);
    }
}
END_TEST

START_TEST(the_link_is_not_forgotten_by_a_crash)
{
    setup();
    call_job("summary", "in", ANSWERED, 5, true);
    crm_kit_pass(k, 6000);
    crm_kit_fail(k, "setContractor", WORLD_REQUEST_LOST, 1);
    world_job(k->m, KAFKA_JOBS, offset++, "B", N);
    crm_kit_pass(k, 300);
    world_kill(k->m);
    k->m = world_join(w);
    crm_kit_pass(k, 1000);
    ck_assert(str_is(side("fromUser"), w->clients[0].id));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_remembered_client_that_is_gone_is_asked_for_anew)
{
    setup();
    struct world_thing *gone = world_client_add(w, "1000011", N);
    world_job(k->m, KAFKA_JOBS, offset++, "B", N);
    crm_kit_pass(k, 500);
    gone->gone = true;
    world_client_add(w, "1000012", N);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(side("fromUser"), "1000012"));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

/* The client job of the very call trusted the memory: it is carried out once more, and before the saving. */
START_TEST(a_client_deleted_between_two_calls_is_made_anew)
{
    setup();
    world_job(k->m, KAFKA_JOBS, offset++, "B", N);
    crm_kit_pass(k, 500);
    w->clients[0].gone = true;
    world_job(k->m, KAFKA_JOBS, offset++, "A", N);
    call_job("summary", "miss", MISSED, 5, true);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(w->ncalls, 1);
    ck_assert(str_is(side("fromUser"), w->clients[1].id));
    ck_assert_str_eq(w->clients[1].description, "MANGO A");
    ck_assert(world_finished(k->m, 1) && world_finished(k->m, 2));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "call", a_missed_call_is_saved_by_one_request, a_remembered_client_costs_one,
        what_is_not_to_be_saved_says_why, a_call_of_an_unmapped_extension_is_told_of,
        an_old_call_is_asked_for_first, recordings_of_these_seconds_ride_along,
        a_recording_before_the_call_waits_for_it, a_late_recording_sends_all,
        a_recording_of_long_ago_asks_megaplan, a_recording_of_a_call_that_is_gone_is_no_failure,
        a_refused_link_is_no_failure, a_link_refused_for_a_moment_is_sent_again,
        a_lost_answer_is_looked_for, a_lost_request_is_made_again,
        killed_between_request_and_answer, a_late_summary_corrects, saved_before_its_client_existed,
        a_link_whose_answer_says_nothing, a_recording_whose_answer_says_nothing,
        the_link_is_not_forgotten_by_a_crash, a_remembered_client_that_is_gone_is_asked_for_anew,
        a_client_deleted_between_two_calls_is_made_anew);
}

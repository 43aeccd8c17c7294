/*
 * Routing and the visitor through the executor: one command and one query at most, in time or not at all.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/world_megaplan.h"

#define N WORLD_NUMBER
#define LIVES_MS 10000
#define VISITS "/queries/"
#define ROUTES "/commands/route"

static struct world *w;
static struct crm_kit *k;
static int64_t offset;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    offset = 0;
}

static void teardown(void)
{
    ck_assert_uint_eq(w->mango.violations, 0);
    crm_kit_free(k);
}

static void route(const char *entry)
{
    world_route(k->m, offset++, entry, N, LIVES_MS);
}

/* His responsibles, in order: "e:1000005,h:1000011,g:1". */
static struct world_thing *client_of(const char *responsibles)
{
    static const char *const types[] = {"Employee", "ContractorHuman", "Group"};
    struct world_thing *t = world_client_add(w, "1000011", N);
    struct jval *links = jval_new_array(), *values = jval_new_object();
    for (const char *at = responsibles; *at; at += strcspn(at, ",") + (strchr(at, ',') ? 1 : 0)) {
        char *id CLEANUP(mem_free_text) = mem_copy((struct str){at + 2, strcspn(at, ",") - 2});
        jval_append(links, world_link(types[strcspn("ehg", (char[]){*at, 0})], id));
    }
    jval_put(values, "responsibles", links);
    world_change(t, values);
    jval_free(values);
    return t;
}

static const struct world_command *command(size_t i)
{
    ck_assert_uint_gt(w->mango.ncommands, i);
    return &w->mango.commands[i];
}

static bool told(const char *text)
{
    return world_outcomes(w, text) > 0;
}

START_TEST(to_the_first_responsible_who_works_and_is_mapped)
{
    static const struct {
        const char *responsibles, *to;
    } cases[] = {
        {"e:1000005", "101"},
        {"e:1000006,e:1000005", "102"},
        {"e:1000007,e:1000006", "102"}, /* dismissed */
        {"e:1000008,e:1000006", "102"}, /* blocked, and not mapped */
        {"e:1,e:1000006", "102"},       /* works, not mapped */
        {"h:1000099,g:7,e:1000006", "102"},
        {"e:1000007", NULL},
        {"h:1000099", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        setup();
        world_client_add(w, "1000099", "79990000099");
        client_of(cases[i].responsibles);
        route("A");
        crm_kit_pass(k, 1000);
        ck_assert_uint_eq(w->mango.ncommands, cases[i].to ? 1 : 0);
        if (cases[i].to)
            ck_assert_str_eq(command(0)->to, cases[i].to);
        else
            ck_assert(told("\"result\":\"no_client\""));
        ck_assert(world_finished(k->m, 0));
        teardown();
    }
}
END_TEST

START_TEST(the_phone_shows_who_calls)
{
    setup();
    client_of("e:1000005");
    route("A");
    crm_kit_pass(k, 1000);
    ck_assert_str_eq(command(0)->name, "Ромашка");
    ck_assert_str_eq(command(0)->call_id, "leg:1");
    ck_assert_ptr_eq(strstr(command(0)->command_id, "A~"), command(0)->command_id);
    ck_assert_ptr_nonnull(
        strstr(world_fact_of(w, "acme/A:route/done"), "\"responsible\":\"1000005\""));
    ck_assert(told("\"result\":\"done\""));
    teardown();
}
END_TEST

START_TEST(nobody_knows_the_number)
{
    setup();
    route("A");
    world_route(k->m, offset++, "B", NULL, LIVES_MS);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->mango.ncommands, 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"no_client\""), 2);
    teardown();
}
END_TEST

START_TEST(a_remembered_client_costs_one_request_of_megaplan)
{
    setup();
    client_of("e:1000005");
    route("A");
    crm_kit_pass(k, 3000);
    size_t before = w->requests;
    route("B");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->requests, before + 2); /* his card; the command */
    ck_assert_str_eq(command(1)->to, "101");
    teardown();
}
END_TEST

START_TEST(who_works_is_asked_beside)
{
    setup();
    client_of("e:1000005");
    w->latency_ms = 1000;
    int64_t began = w->now;
    route("A");
    crm_kit_pass(k, 3500);
    ck_assert_int_le(command(0)->at, began + 3200); /* callRoute, his card, the command */
    ck_assert_uint_eq(k->m->nfinished, 1);
    teardown();
}
END_TEST

START_TEST(a_remembered_client_who_is_gone_is_looked_up_anew)
{
    setup();
    struct world_thing *t = client_of("e:1000005");
    route("A");
    crm_kit_pass(k, 3000);
    t->gone = true;
    struct jval *values = jval_new_object(), *links = jval_new_array();
    jval_append(links, world_link("Employee", "1000006"));
    jval_put(values, "responsibles", links);
    world_change(world_client_add(w, "1000022", N), values);
    jval_free(values);
    route("B");
    crm_kit_pass(k, 1000);
    ck_assert_str_eq(command(1)->to, "102");
    teardown();
}
END_TEST

START_TEST(late_is_not_routed)
{
    setup();
    client_of("e:1000005");
    w->latency_ms = 2100; /* two requests of Megaplan */
    route("A");
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->mango.ncommands, 0);
    ck_assert(world_finished(k->m, 0));
    w->latency_ms = 0;
    world_route(k->m, offset++, "B", N, 0);
    crm_kit_pass(k, 100);
    ck_assert(told("\"result\":\"late\""));
    ck_assert(world_finished(k->m, 1));
    teardown();
}
END_TEST

START_TEST(never_after_the_route_deadline_whatever_the_job_says)
{
    setup();
    client_of("e:1000005");
    crm_kit_fail(k, "callRoute", WORLD_HANGS, -1);
    world_route(k->m, offset++, "A", N, 3600000);
    crm_kit_pass(k, 4050);
    ck_assert(world_finished(k->m, 0));
    ck_assert_uint_eq(w->mango.ncommands, 0);
    teardown();
}
END_TEST

START_TEST(megaplan_down_goes_to_the_responsible_last_seen)
{
    static const enum world_fault faults[] = {WORLD_HANGS, WORLD_NOT_SENT, WORLD_STATUS};
    for (size_t i = 0; i < COUNT(faults); i++) {
        setup();
        client_of("e:1000005");
        route("A");
        crm_kit_pass(k, 3000);
        w->status = 503;
        crm_kit_fail(k, "/api/v3", faults[i], -1);
        int64_t began = w->now;
        route("B");
        crm_kit_pass(k, 2000);
        ck_assert_str_eq(command(1)->to, "101");
        ck_assert_str_eq(command(1)->name, "Ромашка");
        ck_assert_int_le(command(1)->at, began + 1700);
        teardown();
    }
}
END_TEST

START_TEST(megaplan_down_and_nobody_seen_leaves_the_scheme)
{
    setup();
    client_of("e:1000005");
    crm_kit_refuse(k, "/api/v3", 503, -1);
    route("A");
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.ncommands, 0);
    ck_assert(told("no responsible was seen"));
    teardown();
}
END_TEST

START_TEST(whom_we_saw_over_a_day_ago_is_nobody)
{
    setup();
    client_of("e:1000005");
    route("A");
    crm_kit_pass(k, 3000);
    w->now += 86400000;
    crm_kit_refuse(k, "/api/v3", 503, -1);
    route("B");
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    teardown();
}
END_TEST

/* A list of employees that is about to be too old is asked for beside the card, not behind it. */
START_TEST(who_works_is_known_by_the_time_it_is_asked_for)
{
    setup();
    struct jval *same = jval_new_object();
    jval_put(same, "responsibles",
             jval_copy(jval_get(client_of("e:1000005")->values, "responsibles")));
    world_change(world_client_add(w, "1000022", "79991231313"), same);
    jval_free(same);
    route("A");
    crm_kit_pass(k, 58500);
    w->latency_ms = 1000;
    int64_t began = w->now;
    world_route(k->m, offset++, "B", "79991231313", LIVES_MS);
    crm_kit_pass(k, 5000);
    ck_assert_int_le(command(1)->at, began + 3200); /* callRoute, the card, the command */
    teardown();
}
END_TEST

START_TEST(one_command_in_two_seconds)
{
    setup();
    client_of("e:1000005");
    for (int i = 0; i < 6; i++)
        world_route(k->m, offset++, (char[]){(char)('A' + i), 0}, N, LIVES_MS);
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(w->mango.ncommands, 2);
    ck_assert_int_ge(command(1)->at - command(0)->at, 2000);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"limited\""), 4);
    ck_assert_uint_eq(k->m->nfinished, 6);
    teardown();
}
END_TEST

/* Its deadline comes while its end is on its way to Kafka, which takes its time. */
START_TEST(a_route_ends_once_however_slow_kafka_is)
{
    static const char *const ids[] = {"A:route\"", "B:route\"", "C:route\"", "D:route\""};
    for (int64_t from = 50; from < 4500; from += 50) {
        setup();
        client_of("e:1000005");
        for (size_t i = 0; i < COUNT(ids); i++)
            world_route(k->m, offset++, (char[]){(char)('A' + i), 0}, N, LIVES_MS);
        crm_kit_pass(k, from);
        w->kafka_waits = true;
        crm_kit_pass(k, 5000);
        w->kafka_waits = false;
        crm_kit_pass(k, 12000);
        for (size_t i = 0; i < COUNT(ids); i++)
            ck_assert_msg(world_outcomes(w, ids[i]) == 1, "from %d: %s: %zu", (int)from, ids[i],
                          world_outcomes(w, ids[i]));
        ck_assert_uint_eq(k->m->nfinished, COUNT(ids));
        teardown();
    }
}
END_TEST

START_TEST(an_end_nobody_knows_is_not_repeated)
{
    static const enum world_fault faults[] = {WORLD_ANSWER_LOST, WORLD_REQUEST_LOST, WORLD_HTML,
                                              WORLD_HALF, WORLD_TOO_LARGE};
    for (size_t i = 0; i < COUNT(faults); i++) {
        setup();
        client_of("e:1000005");
        crm_kit_fail(k, ROUTES, faults[i], 1);
        route("A");
        crm_kit_pass(k, 500);
        route("A");
        crm_kit_pass(k, 3000);
        ck_assert_uint_le(w->mango.ncommands, 1);
        ck_assert_uint_eq(w->mango.nrouted, w->mango.ncommands);
        ck_assert(world_finished(k->m, 0) && world_finished(k->m, 1));
        ck_assert_uint_eq(w->ndead, 0);
        teardown();
    }
}
END_TEST

START_TEST(what_never_left_is_tried_again)
{
    setup();
    client_of("e:1000005");
    crm_kit_fail(k, ROUTES, WORLD_NOT_SENT, 1);
    route("A");
    crm_kit_pass(k, 3500);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    teardown();
}
END_TEST

START_TEST(one_that_mango_never_answers_does_not_hold_up_the_next_for_long)
{
    setup();
    client_of("e:1000005");
    crm_kit_fail(k, ROUTES, WORLD_HANGS, 1);
    route("A");
    crm_kit_pass(k, 3000);
    world_route(k->m, offset++, "B", N, LIVES_MS);
    crm_kit_pass(k, 4500);
    ck_assert_uint_ge(w->mango.ncommands, 1);
    ck_assert_ptr_eq(strstr(command(w->mango.ncommands - 1)->command_id, "B~"),
                     command(w->mango.ncommands - 1)->command_id);
    ck_assert(world_finished(k->m, 0) && world_finished(k->m, 1));
    teardown();
}
END_TEST

START_TEST(a_killed_worker_never_routes_twice)
{
    for (int turns = 1; turns <= 12; turns++) {
        setup();
        client_of("e:1000005");
        crm_kit_fail(k, ROUTES, WORLD_HANGS, 1);
        route("A");
        for (int t = 0; t < turns; t++)
            world_turn(k->m);
        crm_kit_kill(k);
        offset = 0;
        world_route(k->m, offset++, "A", N, 3000);
        crm_kit_pass(k, 30000);
        ck_assert_uint_le(w->mango.ncommands, 1);
        ck_assert(world_finished(k->m, 0));
        teardown();
    }
}
END_TEST

START_TEST(mango_says_no)
{
    setup();
    client_of("e:1000005");
    w->mango.answer = "{\"code\":4101,\"message\":\"the call is over\"}";
    w->mango.status = 400;
    route("A");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    ck_assert(told("4101"));
    ck_assert(told("\"result\":\"failed\""));
    ck_assert_uint_eq(w->ndead, 0);
    teardown();
}
END_TEST

START_TEST(an_invalid_request_stops_all_for_two_minutes)
{
    setup();
    client_of("e:1000005");
    w->mango.answer = "{\"result\":3310}";
    route("A");
    crm_kit_pass(k, 3000);
    route("B");
    world_visitor(k->m, offset++, "C", N, LIVES_MS);
    world_visitor(k->m, offset++, "D", N, 600000);
    crm_kit_pass(k, 115000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    ck_assert_uint_eq(w->mango.visits, 0);
    ck_assert(world_finished(k->m, 1) && world_finished(k->m, 2));
    ck_assert(told("\"result\":\"held\""));
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(w->mango.visits, 1);
    teardown();
}
END_TEST

START_TEST(a_refusal_is_remembered_over_a_take_over)
{
    setup();
    client_of("e:1000005");
    w->mango.answer = "{\"result\":3310}";
    route("A");
    crm_kit_pass(k, 1000);
    w->mango.answer = NULL;
    crm_kit_kill(k);
    route("B");
    crm_kit_pass(k, 12000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    ck_assert(told("a moment ago"));
    w->now += 120000;
    route("C");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 2);
    teardown();
}
END_TEST

START_TEST(only_other_credentials_are_tried_at_once)
{
    static char key[] = "key2";
    setup();
    client_of("e:1000005");
    w->mango.answer = "{\"result\":3310}";
    route("A");
    crm_kit_pass(k, 3000);
    w->mango.answer = NULL;
    w->settings.phone_format = PHONE_FORMAT_PLUS7;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    route("B");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 1);
    w->settings.mango.api_key = key;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    route("C");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 2);
    crm_kit_kill(k); /* the next owner does not obey it, either */
    crm_kit_pass(k, 12000);
    route("D");
    crm_kit_pass(k, 3000);
    ck_assert_uint_eq(w->mango.ncommands, 3);
    teardown();
}
END_TEST

START_TEST(a_call_that_rings_at_somebodys_is_left_there)
{
    setup();
    client_of("e:1000005");
    world_popup(k->m, offset++, "A", N, "2", "calling", WORLD_EMPLOYEE, 30000);
    crm_kit_pass(k, 500);
    route("A");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->mango.ncommands, 0);
    ck_assert(told("left the menu"));
    teardown();
}
END_TEST

START_TEST(another_owner_keeps_the_distance)
{
    setup();
    client_of("e:1000005");
    route("A");
    crm_kit_pass(k, 500);
    crm_kit_kill(k);
    world_route(k->m, offset++, "B", N, LIVES_MS);
    world_route(k->m, offset++, "C", N, LIVES_MS);
    crm_kit_pass(k, 10000);
    teardown();
}
END_TEST

/* --- visitors --- */

START_TEST(a_visitor_is_asked_once_and_kept)
{
    setup();
    w->mango.visitor = "{\"data\":{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}}";
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 500);
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->mango.visits, 1);
    ck_assert_ptr_nonnull(
        strstr(world_fact_of(w, "acme/A:visitor/done"),
               "\"data\":{\"channel\":{\"campaign\":\"spring\"},\"uid\":\"77\"}"));
    ck_assert_uint_eq(world_outcomes(w, "\"campaign\":\"spring\""), 1);
    teardown();
}
END_TEST

START_TEST(nobody_is_kept_as_well)
{
    setup();
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 500);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/A:visitor/done"), "\"data\":{}"));
    teardown();
}
END_TEST

START_TEST(an_answer_that_was_lost_is_not_asked_for_again)
{
    setup();
    crm_kit_fail(k, VISITS, WORLD_ANSWER_LOST, 1);
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 500);
    crm_kit_kill(k);
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->mango.visits, 1);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:visitor/done"));
    teardown();
}
END_TEST

START_TEST(what_mango_did_not_take_is_asked_later)
{
    setup();
    crm_kit_refuse(k, VISITS, 429, 2);
    world_visitor(k->m, offset++, "A", N, 600000);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->mango.visits, 1);
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:visitor/done"));
    teardown();
}
END_TEST

START_TEST(a_number_that_is_none_never_leaves)
{
    setup();
    world_job_json(k->m, KAFKA_JOBS_NOW, offset++, "acme/A",
                   "{\"v\":1,\"id\":\"A:visitor\",\"kind\":\"visitor\",\"entry_id\":\"A\",\"rule\":"
                   "\"G12\",\"data\":{\"dct_number\":\"sip:a@b\"}}");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, 0);
    ck_assert(told("\"result\":\"failed\""));
    teardown();
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "route", to_the_first_responsible_who_works_and_is_mapped, the_phone_shows_who_calls,
        nobody_knows_the_number, a_remembered_client_costs_one_request_of_megaplan,
        who_works_is_asked_beside, a_remembered_client_who_is_gone_is_looked_up_anew,
        late_is_not_routed, never_after_the_route_deadline_whatever_the_job_says,
        megaplan_down_goes_to_the_responsible_last_seen,
        megaplan_down_and_nobody_seen_leaves_the_scheme, whom_we_saw_over_a_day_ago_is_nobody,
        who_works_is_known_by_the_time_it_is_asked_for, one_command_in_two_seconds,
        a_route_ends_once_however_slow_kafka_is, an_end_nobody_knows_is_not_repeated,
        what_never_left_is_tried_again,
        one_that_mango_never_answers_does_not_hold_up_the_next_for_long,
        a_killed_worker_never_routes_twice, mango_says_no,
        an_invalid_request_stops_all_for_two_minutes, a_refusal_is_remembered_over_a_take_over,
        only_other_credentials_are_tried_at_once, a_call_that_rings_at_somebodys_is_left_there,
        another_owner_keeps_the_distance, a_visitor_is_asked_once_and_kept, nobody_is_kept_as_well,
        an_answer_that_was_lost_is_not_asked_for_again, what_mango_did_not_take_is_asked_later,
        a_number_that_is_none_never_leaves);
}

/*
 * The executor while its partition is careful: what is named when our code runs, that nothing is while it waits,
 * that what keeps ending the process is put into `dead` and nothing else is.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/walk.h"
#include "tests/unit/world_megaplan.h"
#include "worker/crm/step.h"

#define N WORLD_NUMBER
#define JOBS 5

static struct world *w;
static struct crm_kit *k;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    world_lose(k->m);
    w->careful = true;
    w->who = 1;
    world_rejoin(k->m);
}

static int64_t named(const struct world_member *m)
{
    const struct poison_name *n = &m->noted[KAFKA_JOBS].name;
    return n->kind == POISON_NAMES_MESSAGE ? n->offset : -1;
}

/* names */

struct watched {
    size_t requests, facts;
    const char *wrong;
};

/* Requests and facts go out only while the message of their job is named, and the broker knows it. */
static void watch(void *arg, struct world_member *m, enum world_event event)
{
    struct watched *seen = arg;
    bool fact = event == WORLD_HANDED && strstr(w->step_text, ":client/");
    w->strike_at = w->steps + 1;
    if (event != WORLD_SENT && !fact)
        return;
    *(fact ? &seen->facts : &seen->requests) += 1;
    if (named(m) < 7 || (fact && (named(m) == 7) != (strstr(w->step_text, "/A:") != NULL)))
        seen->wrong = "something ran without its name";
}

START_TEST(names_stand_while_our_code_runs)
{
    setup();
    struct watched seen = {0};
    w->strike = watch;
    w->strike_arg = &seen;
    w->strike_at = w->steps + 1;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "B", "79990000001");
    world_message(k->m, KAFKA_JOBS_NOW, 9, "acme/C", "not JSON", false);
    for (int i = 0; i < 100; i++) {
        crm_kit_pass(k, 50);
        ck_assert_int_eq(named(k->m), -1); /* taken back before any wait */
    }
    ck_assert_msg(!seen.wrong, "%s", seen.wrong);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(seen.requests, 6);
    ck_assert_uint_eq(seen.facts, 4);
    ck_assert_uint_ge(w->names, 20);
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8) && world_finished(k->m, 9));
    crm_kit_free(k);
}
END_TEST

START_TEST(names_that_the_broker_refuses_are_asked_for_again)
{
    setup();
    w->notes_refused = 7;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(w->notes_refused, 0);
    crm_kit_free(k);
}
END_TEST

/* The broker takes its time with a name; all else goes on. */
static void wait_for_name(int64_t ms)
{
    bool asked = k->m->asked;
    k->m->asked = false;
    crm_kit_pass(k, ms);
    k->m->asked = asked;
}

START_TEST(a_turn_that_comes_behind_a_time_keeps_its_token)
{
    setup();
    w->settings.popups = true;
    w->settings.megaplan.requests_per_second = 1;
    world_popup(k->m, 7, "A", NULL, "1", "calling", WORLD_EMPLOYEE, 30000);
    world_popup(k->m, 8, "B", N, "1", "calling", WORLD_EMPLOYEE, 30000);
    crm_kit_pass(k, 900);
    for (int i = 0; i < 20 && !k->m->asked;
         i++) { /* B has waited for who calls as long as it may */
        w->now += 10;
        (void)executor_run(k->m->executor);
    }
    ck_assert(k->m->asked);
    wait_for_name(500); /* the second has room for another request */
    crm_kit_pass(k, 10000);
    ck_assert_uint_eq(w->ncalls, 2);
    ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
    crm_kit_free(k);
}
END_TEST

START_TEST(careful_no_more)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_turn(k->m);
    for (size_t t = KAFKA_JOBS_NOW; t <= KAFKA_JOBS_BULK; t++) {
        (void)poison_through(&k->m->notes[t], INT64_MAX);
        step_calm(k->m->executor, k->m->owner, (enum kafka_topic)t);
    }
    crm_kit_pass(k, 1000);
    size_t names = w->names;
    world_job(k->m, KAFKA_JOBS, 8, "B", "79990000001");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 2);
    ck_assert_uint_eq(w->names, names); /* nothing is named in normal times */
    crm_kit_free(k);
}
END_TEST

START_TEST(what_waits_goes_with_its_owner)
{
    setup();
    w->notes_refused = 1000000;
    for (int i = 0; i < 5; i++)
        world_job(k->m, KAFKA_JOBS, i, "A", N);
    ck_assert_uint_eq(executor_held(k->m->executor), 5);
    world_turn(k->m);
    w->notes_refused = 0;
    world_lose(k->m);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    world_rejoin(k->m);
    world_job(k->m, KAFKA_JOBS, 0, "A", N);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

/* A turn has come with its token, and waits for the name, when the stop comes. */
START_TEST(a_stop_begins_nothing)
{
    setup();
    w->settings.megaplan.requests_per_second = 5;
    for (int i = 0; i < 10; i++) {
        char number[32];
        snprintf(number, sizeof number, "7999000000%d", i);
        world_job(k->m, KAFKA_JOBS, i, number, number);
    }
    crm_kit_pass(k, 1500); /* all are judged, the second is spent */
    for (int i = 0; i < 1000 && !step_goes(k->m->executor); i++) {
        w->now += 10;
        executor_run(k->m->executor);
        world_log_deliver(k->m, true); /* the budget's memory */
        world_log_read(k->m);
    }
    ck_assert(step_goes(k->m->executor));
    size_t before = w->requests;
    executor_stop(k->m->executor, true);
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->requests, before);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
    executor_stop(k->m->executor, false);
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->nclients, 10);
    crm_kit_free(k);
}
END_TEST

/* ends */

static void begin_with(const char *notes)
{
    world_lose(k->m);
    w->who++;
    snprintf(w->notes[KAFKA_JOBS], POISON_TEXT, "%s", notes);
    world_rejoin(k->m);
}

START_TEST(a_condemned_message_is_buried)
{
    setup();
    begin_with("run:3:1:9 hunt:7:8:1 blame:7:3 skip:6");
    world_job(k->m, KAFKA_JOBS, 6, "A", N);
    world_job(k->m, KAFKA_JOBS, 7, "B", N);
    world_job(k->m, KAFKA_JOBS, 8, "C", N);
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_str_eq(w->dead[0], "it ended the process three times: acme/" N);
    ck_assert(world_finished(k->m, 6) && world_finished(k->m, 7) && world_finished(k->m, 8));
    ck_assert_ptr_null(world_fact_of(w, "acme/B:client/given-up")); /* it had begun nothing */
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/C:client/done"));
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"dead\""), 1);
    ck_assert(poison_skips(&k->m->notes[KAFKA_JOBS], 7));
    ck_assert_ptr_nonnull(strstr(w->notes[KAFKA_JOBS], "skip:6,7"));
    crm_kit_free(k);
}
END_TEST

static void kill_at_intent(void *arg, struct world_member *m, enum world_event event)
{
    (void)arg;
    w->strike_at = w->steps + 1;
    if (event == WORLD_READ && strstr(w->step_text, "A:client/intent"))
        m->killed = true;
}

START_TEST(what_it_has_begun_is_given_up)
{
    setup();
    w->strike = kill_at_intent;
    w->strike_at = w->steps + 1;
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    for (int i = 0; i < 100 && !k->m->killed; i++)
        world_pass(w, 50, &k->m, 1);
    w->strike = NULL;
    world_kill(k->m);
    w->who++;
    snprintf(w->notes[KAFKA_JOBS], POISON_TEXT, "run:2:1:1 try:7 hunt:7:8:1 blame:7:2");
    k->m = world_join(w);
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    world_job(k->m, KAFKA_JOBS, 8, "B", N);
    crm_kit_pass(k, 90000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_str_eq(world_fact_of(w, "acme/A:client/given-up"),
                     "{\"entry\":\"A\",\"kind\":\"client\",\"none\":\"it ended the process three "
                     "times\",\"number\":\"" N "\",\"v\":1}");
    ck_assert_ptr_nonnull(world_fact_of(w, "acme/B:client/done"));
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

/* --- the walk's stories --- */

static struct walk walked(const struct walk_story *story, bool careful, enum walk_strike strike,
                          size_t step)
{
    struct walk one = {.story = story,
                       .fault = &walk_faults[0],
                       .strike = strike,
                       .step = step,
                       .world = world_new()};
    one.world->careful = careful;
    walk_run(&one);
    return one;
}

/* As in normal times, also when it is struck. */
START_TEST(stories_end_as_in_normal_times)
{
    static const enum walk_strike strikes[] = {WALK_NONE, WALK_KILL, WALK_FREEZE_LONG, WALK_REVOKE,
                                               WALK_KAFKA};
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    for (size_t i = 0; i < walk_stories_count; i++) {
        struct walk usual = walked(&walk_stories[i], false, WALK_NONE, 0);
        ck_assert_msg(!usual.wrong, "%s: %s", walk_stories[i].name, usual.wrong);
        char *without CLEANUP(mem_free_text) = walk_without(&usual);
        for (size_t n = 0; n < COUNT(strikes) * 3; n++) {
            size_t step = 1 + (n * 37 + i) % usual.steps;
            struct walk one = walked(&walk_stories[i], true, strikes[n % COUNT(strikes)], step);
            bool as_usual = strcmp(one.state, usual.state) == 0;
            bool best_effort = without && strcmp(one.state, without) == 0;
            ck_assert_msg(!one.wrong && (as_usual || best_effort), "%s, %s at step %zu: %s\n%s",
                          walk_stories[i].name, walk_strikes[strikes[n % COUNT(strikes)]], step,
                          one.wrong, one.state);
            ck_assert_uint_ge(one.world->names, walk_stories_jobs(&walk_stories[i]));
            walk_done(&one);
        }
        walk_done(&usual);
    }
}
END_TEST

/* Two messages end whatever process runs them: 1 when its intent is handed over, 3 when a request of it goes. */
static void poison(void *arg, struct world_member *m, enum world_event event)
{
    (void)arg;
    w->strike_at = w->steps + 1;
    if ((named(m) == 1 && event == WORLD_HANDED && strstr(w->step_text, "/intent")) ||
        (named(m) == 3 && event == WORLD_SENT))
        m->killed = true;
}

static bool live(bool *finished)
{
    k->m = world_join(w);
    w->who++;
    for (int i = 0; i < JOBS; i++) {
        char entry[16], number[32];
        snprintf(entry, sizeof entry, "E%d", i);
        snprintf(number, sizeof number, "7999000000%d", i);
        if (!finished[i])
            world_job(k->m, KAFKA_JOBS, i, entry, number);
    }
    for (int ms = 0; ms < 200000 && !k->m->killed; ms += 50)
        world_pass(w, 50, &k->m, 1);
    bool killed = k->m->killed;
    for (int i = 0; i < JOBS; i++)
        finished[i] |= world_finished(k->m, i);
    world_kill(k->m);
    k->m = NULL;
    return killed;
}

START_TEST(lives_and_ends)
{
    bool finished[JOBS] = {false};
    int ends = 0;
    setup();
    world_kill(k->m);
    w->strike = poison;
    w->strike_at = w->steps + 1;
    while (live(finished)) {
        ends++;
        ck_assert_int_le(ends, 6);
        w->strike_at = w->steps + 1;
    }
    ck_assert_int_eq(ends, 6);
    ck_assert_uint_eq(w->ndead, 2);
    ck_assert_uint_eq(w->nclients, 3);
    for (int i = 0; i < JOBS; i++)
        ck_assert(finished[i]);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_fence_is_no_end)
{
    setup();
    world_job(k->m, KAFKA_JOBS, 7, "A", N);
    executor_run(k->m->executor); /* its name is on its way */
    ck_assert_ptr_nonnull(strstr(w->notes[KAFKA_JOBS], "try:7"));
    for (int i = 0; i < 5; i++) {
        world_lose(k->m);
        world_rejoin(k->m);
        ck_assert_ptr_null(strstr(w->notes[KAFKA_JOBS], "blame"));
        world_job(k->m, KAFKA_JOBS, 7, "A", N);
        executor_run(k->m->executor);
    }
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("careful", names_stand_while_our_code_runs,
                    names_that_the_broker_refuses_are_asked_for_again,
                    a_turn_that_comes_behind_a_time_keeps_its_token, careful_no_more,
                    what_waits_goes_with_its_owner, a_stop_begins_nothing,
                    a_condemned_message_is_buried, what_it_has_begun_is_given_up, lives_and_ends,
                    stories_end_as_in_normal_times, a_fence_is_no_end);
}

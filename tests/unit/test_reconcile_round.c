/*
 * Rounds of reconciling over the world (worker/crm/reconcile.h): a MANGO with a call history, its limits and its
 * failures, a topic `events`, an owner that is killed in the middle.
 */
#include "tests/unit/crm_kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/reconcile.h"
#include "worker/crm/reconcile_calls.h"
#include "worker/crm/reconcile_plan.h"

#define EVERY_S 900
#define TICK_MS 1000
#define STATE WORLD_ACCOUNT "/state/reconcile"
#define HOUR 3600

/* The topic `events` as the tests' world has it: a call is known when its summary is there. */
struct looking {
    struct reconcile_known *calls;
    void (*done)(void *arg, const char *why);
    void *arg;
    bool fails;
};

static struct crm_kit *k;
static struct looking *looking; /* NULL: nobody looks */
static size_t looks;            /* so far */
static bool looks_fail;
static const char
    *heard; /* the key of a call that stands in `events`, by a live webhook; NULL: none */

static void *look(void *world, struct reconcile_known *calls,
                  void (*done)(void *arg, const char *why), void *arg)
{
    (void)world;
    ck_assert_text(reconcile_known_account(calls), WORLD_ACCOUNT);
    ck_assert_ptr_null(looking);
    looking = mem_alloc(1, sizeof *looking);
    *looking = (struct looking){calls, done, arg, looks_fail};
    looks++;
    return looking;
}

static void look_end(void *world, void *which)
{
    (void)world;
    ck_assert_ptr_eq(which, looking);
    free(looking);
    looking = NULL;
}

static void take(struct reconcile_known *calls, const char *kind, const char *key)
{
    const struct kafka_header headers[] = {{"kind", str_of(kind)}, {"account", STR(WORLD_ACCOUNT)}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .key = str_of(key),
                                    .value = STR("{}"),
                                    .headers = headers,
                                    .nheaders = 2};
    reconcile_known_take(calls, &m);
}

static void answer_look(void)
{
    struct looking *l = looking;
    char kind[20], origin[20], key[40];
    looking = NULL;
    for (size_t i = 0; i < k->w->nevents; i++) {
        ck_assert_int_eq(sscanf(k->w->events[i], "%19s %19s %39s", kind, origin, key), 3);
        take(l->calls, kind, key);
    }
    if (heard)
        take(l->calls, "summary", heard);
    l->done(l->arg, l->fails ? "made to fail" : NULL);
    free(l);
}

static void see_to(struct world_member *m)
{
    m->port.look = look;
    m->port.look_end = look_end;
}

/* The role's second. */
static void tick(void)
{
    if (k->m->owner && !k->w->account_gone) {
        reconcile_visit(k->m->executor, k->m->owner, &k->w->settings);
        reconcile_begin(k->m->executor);
    }
    crm_kit_pass(k, TICK_MS / 2);
    if (looking)
        answer_look();
    crm_kit_pass(k, TICK_MS / 2);
}

static void tick_for(int64_t seconds)
{
    while (seconds-- > 0)
        tick();
}

static void setup(void)
{
    k = crm_kit_new();
    k->w->reconcile_every_s = EVERY_S;
    crm_kit_kill(k); /* who joins from now on reconciles */
    see_to(k->m);
    looks = 0;
    looks_fail = false;
    heard = NULL;
}

static void teardown(void)
{
    crm_kit_free(k);
    ck_assert_ptr_null(looking);
}

static void take_over(void)
{
    crm_kit_kill(k);
    see_to(k->m);
}

static size_t events(const char *kind, const char *entry)
{
    size_t n = 0;
    char *begin CLEANUP(mem_free_text) =
        mem_format("%s reconcile %s/%s ", kind, WORLD_ACCOUNT, entry);
    for (size_t i = 0; i < k->w->nevents; i++)
        n += strncmp(k->w->events[i], begin, strlen(begin)) == 0;
    return n;
}

static int64_t until(void)
{
    struct reconcile_memory m;
    const char *value = world_fact_of(k->w, STATE);
    reconcile_plan_recall(value ? str_of(value) : STR_NONE, &m);
    return m.until;
}

/* A leg of a call that was answered, `ago` seconds before the world began: in the order of the fields asked for
 * (mango-api.md section 6). */
static char *line_of(const char *entry, int64_t ago)
{
    int64_t at = CRM_KIT_NOW - ago;
    return mem_format("[rec-%s];%" PRId64 ";%" PRId64 ";%" PRId64
                      ";;79991231212;101;sip:101@x;1110;74951234567;"
                      "abonent;%" PRId64 ";%s\n",
                      entry, at, at + 60, at + 5, at, entry);
}

/* MANGO's history is these calls, `ago` seconds before the world began. */
static void history(const char *entry, int64_t ago, const char *entry2, int64_t ago2)
{
    static char text[2000];
    char *a CLEANUP(mem_free_text) = line_of(entry, ago);
    char *b CLEANUP(mem_free_text) = entry2 ? line_of(entry2, ago2) : mem_copy(STR_NONE);
    snprintf(text, sizeof text, "%s%s", a, b);
    k->w->mango.history = text;
}

static int64_t wall_s(void)
{
    return world_wall_at(0) / 1000 + (k->w->now - 1000000) / 1000;
}

static void is_well(void)
{
    ck_assert_uint_eq(k->w->mango.violations, 0);
}

/* what is found */

START_TEST(a_missing_call_is_told_as_mango_would_have)
{
    setup();
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(120);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    ck_assert_uint_ge(events("call", "e1"), 2);
    ck_assert_uint_eq(events("record/added", "e1"), 1);
    ck_assert(strstr(k->w->events[k->w->nevents - 1], "summary ") ==
              k->w->events[k->w->nevents - 1]);
    ck_assert_uint_eq(world_outcomes(k->w, "MANGO 1, known 0, healed 1"), 1);
    ck_assert_uint_eq(account_find(k->m->executor, WORLD_ACCOUNT)->missing, 1);
    ck_assert_int_gt(until(), wall_s() - RECONCILE_REST_S - 130);
    ck_assert_int_le(until(), wall_s() - RECONCILE_REST_S);
    is_well();
    teardown();
}
END_TEST

/* The next round finds it in `events`, and does nothing; those after it need not even look. */
START_TEST(once_only)
{
    setup();
    size_t n;
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(120);
    n = k->w->nevents;
    ck_assert_uint_eq(looks, 1);
    tick_for(EVERY_S * 5);
    ck_assert_uint_eq(k->w->nevents, n);
    ck_assert_uint_ge(k->w->mango.questions, 5);
    ck_assert_uint_eq(looks, 2);
    ck_assert_uint_eq(account_find(k->m->executor, WORLD_ACCOUNT)->missing, 0);
    is_well();
    teardown();
}
END_TEST

START_TEST(what_facts_know_is_not_looked_for)
{
    setup();
    crm_kit_fact(k, WORLD_ACCOUNT "/e1:call:summary/done",
                 "{\"entry\":\"e1\",\"kind\":\"call\",\"v\":1}");
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(EVERY_S * 3);
    ck_assert_uint_eq(looks, 0);
    ck_assert_uint_eq(k->w->nevents, 0);
    teardown();
}
END_TEST

START_TEST(what_was_heard_is_left_alone)
{
    setup();
    heard = WORLD_ACCOUNT "/e1";
    history("e1", 2 * HOUR, "e2", HOUR);
    tick_for(120);
    ck_assert_uint_eq(events("summary", "e1"), 0);
    ck_assert_uint_eq(events("summary", "e2"), 1);
    ck_assert_uint_eq(world_outcomes(k->w, "MANGO 2, known 1, healed 1"), 1);
    teardown();
}
END_TEST

START_TEST(a_call_that_has_just_ended_is_left_alone)
{
    setup();
    history("e1", 300, NULL, 0); /* its webhooks may be on their way */
    tick_for(120);
    ck_assert_uint_ge(k->w->mango.polls, 1);
    ck_assert_uint_eq(k->w->nevents, 0);
    tick_for(2 * EVERY_S);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    teardown();
}
END_TEST

START_TEST(many_calls_are_told_some_at_a_time)
{
    setup();
    struct buf text = BUF_INIT(1 << 20);
    for (int i = 0; i < 60; i++) {
        char entry[16];
        snprintf(entry, sizeof entry, "m%d", i);
        char *line CLEANUP(mem_free_text) = line_of(entry, HOUR + i * 60);
        buf_add(&text, line, strlen(line));
    }
    buf_add_char(&text, '\0');
    k->w->mango.history = buf_str(&text).ptr;
    tick_for(180);
    for (int i = 0; i < 60; i++) {
        char entry[16];
        snprintf(entry, sizeof entry, "m%d", i);
        ck_assert_uint_eq(events("summary", entry), 1);
    }
    ck_assert_uint_eq(world_outcomes(k->w, "MANGO 60, known 0, healed 60"), 1);
    k->w->mango.history = NULL;
    buf_done(&text);
    teardown();
}
END_TEST

/* The hours behind a piece are asked for too, for calls that go on beyond it: those that begin there are the next one's. */
START_TEST(a_call_between_two_pieces_is_told_as_a_whole)
{
    setup();
    int64_t began = CRM_KIT_NOW - 3 * 24 * HOUR; /* of the first piece */
    int64_t at = began + RECONCILE_PIECE_S + RECONCILE_OVERLAP_S - 30;
    char *memory CLEANUP(mem_free_text) = mem_format("{\"until\":%" PRId64 ",\"v\":1}", began);
    char *legs CLEANUP(mem_free_text) =
        mem_format("[];%" PRId64 ";%" PRId64 ";%" PRId64
                   ";;79991231212;101;sip:101@x;1110;74951234567;abonent;%" PRId64 ";e1\n"
                   "[];%" PRId64 ";%" PRId64 ";%" PRId64
                   ";;79991231212;102;sip:102@x;1110;74951234567;abonent;%" PRId64 ";e1\n",
                   at, at + 60, at + 5, at, at + 60, at + 300, at + 65, at + 60);
    crm_kit_fact(k, STATE, memory);
    take_over();
    k->w->mango.history = legs;
    tick_for(300);
    ck_assert_int_gt(until(), CRM_KIT_NOW - HOUR);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    ck_assert_uint_eq(events("call", "e1"), 6); /* of two legs: rings, connected, over */
    is_well();
    teardown();
}
END_TEST

/* how it asks */

START_TEST(rounds_come_about_every_so_often)
{
    setup();
    tick_for(EVERY_S * 10);
    ck_assert_uint_ge(k->w->mango.questions, 8);
    ck_assert_uint_le(k->w->mango.questions, 13);
    ck_assert_uint_eq(k->w->noutcomes, 0); /* nothing was missing: nothing is told */
    is_well();
    teardown();
}
END_TEST

START_TEST(not_ready_is_asked_again_every_five_seconds)
{
    setup();
    k->w->mango.not_ready = 5;
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(180);
    ck_assert_uint_eq(k->w->mango.polls, 6);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    is_well();
    teardown();
}
END_TEST

START_TEST(never_ready_is_left_for_later)
{
    setup();
    k->w->mango.not_ready = 30;
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(200);
    ck_assert_int_eq(until(), 0);
    tick_for(300);
    ck_assert_uint_eq(k->w->mango.questions, 2);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    is_well();
    teardown();
}
END_TEST

START_TEST(a_key_that_is_gone_is_asked_for_anew)
{
    setup();
    k->w->mango.keys_gone = 2;
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(180);
    ck_assert_uint_eq(k->w->mango.questions, 3);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    k->w->mango.keys_gone = 1000;
    tick_for(EVERY_S * 3); /* three keys a round, and later again */
    ck_assert_uint_gt(k->w->mango.questions, 6);
    is_well();
    teardown();
}
END_TEST

/* failures */

START_TEST(failures_pass)
{
    setup();
    static const struct {
        const char *path;
        enum world_fault fault;
        int status;
    } faults[] = {
        {"/stats/request", WORLD_NOT_SENT, 0},  {"/stats/request", WORLD_ANSWER_LOST, 0},
        {"/stats/request", WORLD_STATUS, 500},  {"/stats/request", WORLD_STATUS, 429},
        {"/stats/request", WORLD_STATUS, 401},  {"/stats/request", WORLD_HTML, 0},
        {"/stats/request", WORLD_HALF, 0},      {"/stats/request", WORLD_STATUS, 5000},
        {"/stats/request", WORLD_STATUS, 4001}, {"/stats/request", WORLD_HANGS, 0},
        {"/stats/result", WORLD_NOT_SENT, 0},   {"/stats/result", WORLD_ANSWER_LOST, 0},
        {"/stats/result", WORLD_STATUS, 500},   {"/stats/result", WORLD_STATUS, 429},
        {"/stats/result", WORLD_STATUS, 401},   {"/stats/result", WORLD_HTML, 0},
        {"/stats/result", WORLD_STATUS, 4001},  {"/stats/result", WORLD_HANGS, 0},
        {"/stats/result", WORLD_TOO_LARGE, 0},
    };
    for (size_t i = 0; i < COUNT(faults); i++) {
        for (int times = 1; times <= 3; times += 2) {
            history("e1", 2 * HOUR, NULL, 0);
            crm_kit_fail(k, faults[i].path, faults[i].fault, times);
            k->w->status = faults[i].status;
            tick_for(1500);
            ck_assert_msg(events("summary", "e1") == 1, "%s %d %d, %d times: %zu summaries",
                          faults[i].path, (int)faults[i].fault, faults[i].status, times,
                          events("summary", "e1"));
            ck_assert_uint_ge(events("call", "e1"), 2);
            teardown();
            setup();
        }
    }
    teardown();
}
END_TEST

/* One more would block the API, for what rings too. */
START_TEST(an_invalid_request_is_not_repeated)
{
    setup();
    crm_kit_refuse(k, "/stats/request", 3100, -1);
    tick_for(120);
    ck_assert_uint_eq(k->w->mango.invalid, 1);
    ck_assert_uint_eq(world_outcomes(k->w, "\"failed\""), 1);
    tick_for(3 * HOUR);
    ck_assert_uint_eq(k->w->mango.invalid, 1);
    take_over();
    tick_for(HOUR);
    ck_assert_uint_eq(k->w->mango.invalid, 1);
    k->w->faults = 0;
    tick_for(21 * HOUR);
    ck_assert_uint_ge(k->w->mango.questions, 1);
    is_well();
    teardown();
}
END_TEST

START_TEST(other_credentials_are_tried_at_once)
{
    setup();
    crm_kit_refuse(k, "/stats/request", 3100, 1);
    tick_for(400);
    ck_assert_uint_eq(k->w->mango.invalid, 1);
    k->w->settings.mango.api_salt = (char *)(uintptr_t) "salt2";
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 100);
    take_over(); /* a new owner knows of it */
    tick_for(120);
    ck_assert_uint_eq(k->w->mango.questions, 1);
    teardown();
}
END_TEST

START_TEST(a_topic_that_cannot_be_read_is_left_for_later)
{
    setup();
    looks_fail = true;
    history("e1", 2 * HOUR, NULL, 0);
    tick_for(30);
    ck_assert_uint_eq(looks, 1);
    ck_assert_uint_eq(k->w->nevents, 0);
    ck_assert_int_eq(until(), 0);
    looks_fail = false;
    tick_for(120);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    teardown();
}
END_TEST

START_TEST(events_that_kafka_does_not_take_are_sent_later)
{
    setup();
    history("e1", 2 * HOUR, NULL, 0);
    k->w->kafka_refuses = true;
    tick_for(60);
    ck_assert_uint_ge(looks, 1);
    ck_assert_uint_eq(k->w->nevents, 0);
    ck_assert_int_eq(until(), 0);
    k->w->kafka_refuses = false;
    tick_for(200);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    ck_assert_uint_eq(events("record/added", "e1"), 1);
    teardown();
}
END_TEST

/* who it makes room for */

START_TEST(what_rings_goes_first)
{
    setup();
    history("e1", 2 * HOUR, NULL, 0);
    for (int64_t s = 0; s < 60; s++) {
        char entry[24];
        for (int64_t i = 0; i < 3; i++) { /* two a second more than it leaves room for */
            snprintf(entry, sizeof entry, "v%d", (int)(s * 8 + i));
            world_visitor(k->m, s * 8 + i, entry, "74951112233", 5000);
        }
        tick();
    }
    is_well();
    ck_assert_uint_ge(k->w->mango.visits, 150);
    tick_for(120);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    is_well();
    teardown();
}
END_TEST

/* owners */

START_TEST(switched_off_is_left_alone)
{
    setup();
    history("e1", 2 * HOUR, NULL, 0);
    k->w->settings.enabled = false;
    tick_for(EVERY_S * 2);
    ck_assert_uint_eq(k->w->mango.questions, 0);
    k->w->settings.enabled = true;
    while (k->w->mango.questions == 0)
        tick();
    k->w->settings.enabled = false; /* in the middle */
    tick_for(EVERY_S * 2);
    ck_assert_uint_eq(k->w->mango.questions, 1);
    ck_assert_uint_eq(k->w->nevents, 0);
    teardown();
}
END_TEST

/* Its place is another account's then. */
START_TEST(an_account_that_is_removed_holds_no_place)
{
    setup();
    history("e1", 2 * HOUR, NULL, 0);
    k->w->mango.not_ready = 1000;
    while (k->w->mango.polls == 0)
        tick();
    ck_assert_uint_eq(k->m->executor->reconciling.running, 1);
    k->w->account_gone = true;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    tick_for(10);
    ck_assert_uint_eq(k->m->executor->reconciling.running, 0);
    k->w->account_gone = false; /* it comes back */
    k->w->mango.not_ready = 0;
    tick_for(120);
    ck_assert_uint_eq(events("summary", "e1"), 1);
    is_well();
    teardown();
}
END_TEST

START_TEST(zero_is_never)
{
    setup();
    k->w->reconcile_every_s = 0;
    take_over();
    tick_for(EVERY_S * 3);
    ck_assert_uint_eq(k->w->mango.questions, 0);
    teardown();
}
END_TEST

START_TEST(a_stopped_worker_begins_nothing)
{
    setup();
    executor_stop(k->m->executor, true);
    tick_for(EVERY_S * 2);
    ck_assert_uint_eq(k->w->mango.questions, 0);
    teardown();
}
END_TEST

/* What was there when its owner went comes to the same in the end, whenever that was. */
static void goes_after(int seconds, bool killed)
{
    history("e1", 2 * HOUR, "e2", HOUR);
    k->w->mango.not_ready = 1;
    tick_for(seconds);
    if (killed) {
        take_over();
    } else {
        world_lose(k->m);
        tick_for(3);
        world_rejoin(k->m);
    }
    tick_for(400);
    ck_assert_uint_ge(events("summary", "e1"), 1);
    ck_assert_uint_ge(events("summary", "e2"), 1);
    ck_assert_int_gt(until(), 0);
    size_t n = k->w->nevents;
    take_over();
    tick_for(EVERY_S * 2);
    ck_assert_uint_eq(k->w->nevents, n);
    is_well();
}

START_TEST(killed_or_replaced_at_any_moment)
{
    setup();
    for (int seconds = 1; seconds < 40; seconds++) {
        goes_after(seconds, seconds % 2);
        teardown();
        setup();
    }
    teardown();
}
END_TEST

/* Killed at each of its steps: in the middle of a batch, too. */
static void strike(void *arg, struct world_member *m, enum world_event event)
{
    (void)event;
    *(bool *)arg = m != NULL;
    if (m)
        m->killed = true;
}

START_TEST(killed_at_each_step)
{
    setup();
    size_t at = 1;
    for (bool struck = true; struck; at++) {
        struck = false;
        history("e1", 2 * HOUR, "e2", HOUR);
        k->w->strike = strike;
        k->w->strike_arg = &struck;
        k->w->strike_at = k->w->steps + at;
        for (int s = 0; s < 130 && !struck; s++)
            tick();
        k->w->strike_at = 0;
        if (struck)
            take_over();
        tick_for(200);
        ck_assert_uint_ge(events("summary", "e1"), 1);
        ck_assert_uint_ge(events("summary", "e2"), 1);
        ck_assert_uint_ge(events("record/added", "e1"), 1);
        ck_assert_uint_ge(events("call", "e1"), 2);
        is_well();
        teardown();
        setup();
    }
    ck_assert_uint_gt(at, 15);
    teardown();
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "reconcile_round", a_missing_call_is_told_as_mango_would_have, once_only,
        what_facts_know_is_not_looked_for, what_was_heard_is_left_alone,
        a_call_that_has_just_ended_is_left_alone, many_calls_are_told_some_at_a_time,
        a_call_between_two_pieces_is_told_as_a_whole, rounds_come_about_every_so_often,
        not_ready_is_asked_again_every_five_seconds, never_ready_is_left_for_later,
        a_key_that_is_gone_is_asked_for_anew, failures_pass, an_invalid_request_is_not_repeated,
        other_credentials_are_tried_at_once, a_topic_that_cannot_be_read_is_left_for_later,
        events_that_kafka_does_not_take_are_sent_later, what_rings_goes_first,
        switched_off_is_left_alone, an_account_that_is_removed_holds_no_place, zero_is_never,
        a_stopped_worker_begins_nothing, killed_or_replaced_at_any_moment, killed_at_each_step);
}

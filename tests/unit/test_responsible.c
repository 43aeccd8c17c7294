/*
 * The responsible of a client through the executor (behaviour.md G9): set and corrected, people's hands
 * respected, with an account that replaces and one that appends.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define DONE "acme/A:responsible:5/done"
#define SET "{\"responsible\":\"1000006\",\"employee\":\"Иванова Анна\"}"

static struct crm_kit *k;
static struct world *w;

/* The call A made a client, responsible 1000005. */
static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    world_job(k->m, KAFKA_JOBS, 6, "A", N);
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000005");
    w->requests = 0;
}

static void correct(int64_t offset, const char *id, const char *whose)
{
    char data[80];
    snprintf(data, sizeof data, "{\"responsible\":\"%s\"}", whose);
    crm_kit_job(k, JOB_RESPONSIBLE, offset, id, N, JOB_VERDICT_NONE, data);
}

static bool none(const char *why)
{
    const char *value = world_fact_of(w, DONE);
    return value && strstr(value, why) && !strstr(value, "responsible\":\"");
}

START_TEST(it_follows_the_transfer)
{
    setup();
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000006");
    ck_assert_str_eq(world_fact_of(w, "acme/A:responsible:5/intent"),
                     "{\"entry\":\"A\",\"kind\":\"responsible\",\"number\":\"" N
                     "\",\"responsible\":\"1000006\",\"v\":1}");
    ck_assert_str_eq(world_fact_of(w, DONE),
                     "{\"client\":\"1000100\",\"entry\":\"A\",\"kind\":\"responsible\","
                     "\"made\":false,\"number\":\"" N "\",\"responsible\":\"1000006\",\"v\":1}");
    ck_assert_uint_eq(w->requests, 3);        /* whose it is, the change, whether it replaced */
    correct(8, "A:responsible:9", "1000005"); /* and back */
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000005");
    ck_assert_uint_eq(w->requests, 5); /* the account replaces: remembered */
    crm_kit_free(k);
}
END_TEST

START_TEST(that_it_replaces_outlives_a_restart)
{
    setup();
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    crm_kit_kill(k);
    w->requests = 0;
    correct(8, "A:responsible:9", "1000005");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests, 2);
    crm_kit_free(k);
}
END_TEST

START_TEST(an_account_that_appends)
{
    setup();
    w->responsibles_append = true;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000006");
    ck_assert_uint_eq(w->requests, 4);
    correct(8, "A:responsible:9", "1");
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1");
    ck_assert_uint_eq(w->requests, 8);
    crm_kit_free(k);
}
END_TEST

/* Whom it has and what becomes of it. */
static const struct {
    const char *before, *after;
    bool done;
} hands[] = {
    {"1000005", "1000006", true},                  /* as we set it */
    {"1000006", "1000006", true},                  /* somebody was faster */
    {"1", "1", false},                             /* given to another one */
    {"1000005,1", "1000005,1", false},             /* another one added */
    {"1000005,1000006", "1000005,1000006", false}, /* the wanted one, by hand */
    {"", "", false},                               /* taken away */
};

START_TEST(people_are_respected)
{
    for (size_t i = 0; i < COUNT(hands); i++) {
        setup();
        crm_kit_set_responsibles(k, 0, hands[i].before);
        correct(7, "A:responsible:5", "1000006");
        crm_kit_pass(k, 500);
        ck_assert_str_eq(crm_kit_responsibles(k, 0), hands[i].after);
        if (hands[i].done)
            ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE), "\"responsible\":\"1000006\""));
        else
            ck_assert(none("by hand"));
        crm_kit_free(k);
    }
}
END_TEST

/* Somebody changes it between two transfers. */
START_TEST(changed_between_two)
{
    setup();
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    crm_kit_set_responsibles(k, 0, "1");
    correct(8, "A:responsible:9", "1000005");
    crm_kit_pass(k, 500);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1");
    crm_kit_free(k);
}
END_TEST

START_TEST(not_our_client)
{
    k = crm_kit_new();
    w = k->w;
    world_client_add(w, "1000011", N);
    world_job(k->m, KAFKA_JOBS, 6, "A", N); /* it was there */
    crm_kit_pass(k, 500);
    w->requests = 0;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_job(k, JOB_RESPONSIBLE, 8, "A:responsible:6", N, JOB_VERDICT_NONE, "{}");
    crm_kit_pass(k, 500);
    ck_assert(none("not created by this call"));
    ck_assert_uint_eq(w->requests, 0);
    ck_assert_uint_eq(w->ndead, 1); /* no responsible */
    crm_kit_free(k);
}
END_TEST

START_TEST(the_client_was_deleted)
{
    setup();
    w->clients[0].gone = true;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    ck_assert(none("was deleted"));
    crm_kit_free(k);
    setup();
    w->clients[0].dropped = true;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    ck_assert(none("was deleted"));
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000005");
    crm_kit_free(k);
    setup(); /* between reading and changing */
    crm_kit_refuse(k, "POST", 404, 1);
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    ck_assert(none("was deleted"));
    crm_kit_free(k);
}
END_TEST

START_TEST(refused_three_times_it_is_dead)
{
    setup();
    crm_kit_refuse(k, "POST", 422, -1);
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000005");
    crm_kit_free(k);
}
END_TEST

START_TEST(an_end_nobody_knows_is_read_again)
{
    static const enum world_fault faults[] = {WORLD_ANSWER_LOST,  WORLD_REQUEST_LOST,
                                              WORLD_STATUS_AFTER, WORLD_HALF,
                                              WORLD_HTML,         WORLD_NOT_SENT};
    static const char *const paths[] = {"GET", "POST", "DELETE"};
    for (size_t i = 0; i < COUNT(faults) * COUNT(paths); i++) {
        setup();
        w->responsibles_append = i % 2;
        w->status = 500;
        crm_kit_fail(k, paths[i % COUNT(paths)], faults[i / COUNT(paths)], 1);
        correct(7, "A:responsible:5", "1000006");
        crm_kit_pass(k, 40000);
        ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000006");
        ck_assert_ptr_nonnull(world_fact_of(w, DONE));
        crm_kit_free(k);
    }
}
END_TEST

/* Dropped by an answer that does not name the client: its card tells. */
START_TEST(a_drop_whose_answer_says_nothing)
{
    for (size_t i = 0; i < CRM_KIT_UNSAID; i++) {
        setup();
        w->responsibles_append = true;
        crm_kit_unsaid(k, "responsibles/Employee", i);
        correct(7, "A:responsible:5", "1000006");
        crm_kit_pass(k, 20000);
        ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000006");
        ck_assert_ptr_nonnull(world_fact_of(w, DONE));
        ck_assert_uint_eq(w->ndead, 0);
        crm_kit_free(k);
    }
}
END_TEST

/* What it appended to is gone already when we drop it. */
START_TEST(somebody_drops_the_old_one_first)
{
    setup();
    w->responsibles_append = true;
    crm_kit_refuse(k, "DELETE", 404, 9);
    w->latency_ms = 200;
    correct(7, "A:responsible:5", "1000006");
    while (w->faults == 9)
        crm_kit_pass(k, 50);
    crm_kit_set_responsibles(k, 0, "1000006");
    w->requests = 0;
    crm_kit_pass(k, 5000);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE), "\"responsible\":\"1000006\""));
    ck_assert_uint_eq(w->requests, 1); /* read anew */
    crm_kit_free(k);
    setup(); /* it says so, and he stands there: no end of it */
    w->responsibles_append = true;
    crm_kit_refuse(k, "DELETE", 404, -1);
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ndead, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_with_the_request_on_its_way)
{
    for (int append = 0; append < 2; append++) {
        setup();
        w->responsibles_append = append;
        crm_kit_fail(k, "POST", WORLD_HANGS, 1);
        correct(7, "A:responsible:5", "1000006");
        crm_kit_pass(k, 500);
        ck_assert_uint_eq(w->nflights, 1);
        w->flights[0]->lands_at = w->now + 10000;
        crm_kit_kill(k);
        correct(7, "A:responsible:5", "1000006");
        crm_kit_pass(k, 30000);
        ck_assert_str_eq(crm_kit_responsibles(k, 0), "1000006");
        ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE), "\"responsible\":\"1000006\""));
        crm_kit_free(k);
    }
}
END_TEST

/* Its own request, not a hand's: what its intent says may stand there, whoever finds it. */
START_TEST(a_later_one_after_a_kill)
{
    setup();
    crm_kit_fail(k, "POST", WORLD_HANGS, 1);
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 500);
    w->flights[0]->lands_at = w->now + 10000;
    crm_kit_kill(k);
    correct(8, "A:responsible:9", "1");
    crm_kit_pass(k, 30000);
    ck_assert_str_eq(crm_kit_responsibles(k, 0), "1");
    crm_kit_free(k);
}
END_TEST

/* It is accepted and does not change: no success, after some patience with cards that lag. */
START_TEST(it_never_shows)
{
    setup();
    w->responsibles_stay = true;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 5000);
    ck_assert_ptr_null(world_fact_of(w, DONE));
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_uint_eq(w->creates, 4); /* the client, and three times */
    crm_kit_free(k);
    setup();
    w->responsibles_stay = true;
    correct(7, "A:responsible:5", "1000006");
    crm_kit_pass(k, 3000);
    crm_kit_set_responsibles(k, 0, "1000006"); /* it shows at last */
    crm_kit_pass(k, 5000);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE), "\"responsible\":\"1000006\""));
    ck_assert_uint_eq(w->creates, 2);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("responsible", it_follows_the_transfer, that_it_replaces_outlives_a_restart,
                    an_account_that_appends, a_drop_whose_answer_says_nothing, people_are_respected,
                    changed_between_two, not_our_client, the_client_was_deleted,
                    refused_three_times_it_is_dead, an_end_nobody_knows_is_read_again,
                    somebody_drops_the_old_one_first, killed_with_the_request_on_its_way,
                    a_later_one_after_a_kill, it_never_shows);
}

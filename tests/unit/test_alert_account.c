/*
 * What an account's owner watches, and the task that tells it: made once when an alert is open, closed once when it is over,
 * whoever interferes. Every crash of that is in the generated walk (walk_stories.c).
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "tests/unit/world_megaplan.h"
#include "worker/crm/account.h"

#define NOW_MS (CRM_KIT_NOW * 1000LL)
#define MINUTE_MS 60000LL
#define DAY_MS 86400000LL

static struct crm_kit *k;
static struct world *w;

/* An owner that comes to an account of which this stands, with somebody to tell. */
static void setup(const char *cause, const char *row)
{
    static char person[] = WORLD_EMPLOYEE;
    k = crm_kit_new();
    w = k->w;
    w->switches = w->watched = true;
    w->settings.alert_responsible = person;
    w->settings.alert_after_minutes = 1;
    w->settings.source_field = w->settings.call_tracking = false;
    char *state CLEANUP(mem_free_text) = mem_format("{\"alerts\":{\"%s\":%s},\"v\":1}", cause, row);
    world_fact_add(w, "acme/state/alerts", state);
    crm_kit_kill(k);
}

/* Calls of an unmapped extension since long; the last one `ago`. */
static void setup_open(int64_t ago)
{
    char *row CLEANUP(mem_free_text) =
        mem_format("{\"last\":%lld,\"opened\":%lld,\"since\":%lld}", (long long)(NOW_MS - ago),
                   (long long)(NOW_MS - DAY_MS), (long long)(NOW_MS - DAY_MS - MINUTE_MS));
    setup("unmapped", row);
}

static const struct jval *task(void)
{
    ck_assert_uint_eq(w->ntasks, 1);
    return w->tasks[0].values;
}

static size_t asked_for_tasks(void)
{
    size_t n = 0;
    for (size_t i = 0; i < w->requests && i < WORLD_MAX; i++)
        n += strcmp(w->operations[i], "POST /task") == 0;
    return n;
}

static const char *state(void)
{
    const char *newest = "";
    for (size_t i = 0; i < w->nfacts; i++)
        if (strcmp(w->facts[i].key, "acme/state/alerts") == 0)
            newest = w->facts[i].value;
    return newest;
}

/* The last call of an unmapped extension is so long ago that it is over. */
static void heal(void)
{
    setup_open(DAY_MS - 2 * MINUTE_MS);
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(crm_kit_open(k), 1);
}

START_TEST(it_tells_whom_it_concerns_what_to_do)
{
    setup_open(MINUTE_MS);
    crm_kit_pass(k, 10 * MINUTE_MS);
    const struct jval *t = task();
    ck_assert(str_is(jval_get_text(jval_get(t, "responsible"), "id"), WORLD_EMPLOYEE));
    ck_assert_ptr_nonnull(strstr(jval_get_text(t, "name").ptr, "сотрудник"));
    const char *text = jval_get_text(t, "statement").ptr;
    ck_assert_ptr_nonnull(strstr(text, "Сопоставьте"));
    ck_assert_ptr_nonnull(strstr(text, "MANGO alert-unmapped-"));
    ck_assert_ptr_nonnull(strstr(state(), w->tasks[0].id));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(the_next_owner_knows_of_it)
{
    setup_open(MINUTE_MS);
    crm_kit_pass(k, MINUTE_MS);
    crm_kit_kill(k);
    crm_kit_pass(k, 10 * MINUTE_MS);
    (void)task();
    crm_kit_free(k);
}
END_TEST

START_TEST(closed_when_it_is_over)
{
    heal();
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_ptr_null(strstr(state(), "opened")); /* it is well again */
    crm_kit_free(k);
}
END_TEST

START_TEST(closed_by_hand_it_stays_closed)
{
    setup_open(MINUTE_MS);
    crm_kit_pass(k, MINUTE_MS);
    crm_kit_set_status(k, 0, "completed");
    crm_kit_pass(k, 30 * MINUTE_MS);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_str_eq(crm_kit_status(k, 0), "completed");
    crm_kit_free(k);
}
END_TEST

START_TEST(somebody_was_faster)
{
    heal();
    crm_kit_set_status(k, 0, "done");
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_uint_eq(world_outcomes(w, "somebody closed it"), 1);
    ck_assert_ptr_null(strstr(state(), "opened"));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(nobody_to_tell_any_more)
{
    heal();
    w->settings.alert_responsible = NULL;
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    ck_assert_uint_eq(w->ntasks, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(nobody_to_tell_from_the_beginning)
{
    setup_open(MINUTE_MS);
    w->settings.alert_responsible = NULL;
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_uint_eq(asked_for_tasks(), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_refused_person_is_not_asked_for_ever)
{
    setup_open(MINUTE_MS);
    crm_kit_refuse(k, "/task", 422, -1);
    crm_kit_pass(k, 30 * MINUTE_MS);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_uint_eq(asked_for_tasks(), EXECUTOR_RECORD_TRIES);
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(megaplan_itself_has_none)
{
    setup("megaplan_out", "{\"opened\":1399807100000,\"since\":1399807000000}");
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_uint_eq(w->ntasks, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_task_that_may_not_be_closed_holds_nothing_up)
{
    heal();
    crm_kit_refuse(k, "/doAction", 403, -1);
    crm_kit_pass(k, 10 * MINUTE_MS);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    ck_assert_ptr_null(strstr(state(), "opened"));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

/* ---- what only alerts look for ---- */

/* Nothing stands; alerts are watched. */
static void setup_well(void)
{
    setup("unmapped", "{}");
}

static void add_call(const char *provider, const char *begun)
{
    struct jval *v = jval_new_object(), *from = jval_new_object();
    jval_put_text(v, "providerId", str_of(provider));
    jval_put_text(v, "type", STR("in"));
    jval_put_text(v, "fromPhone", STR(WORLD_NUMBER));
    jval_put_text(from, "value", str_of(begun));
    jval_put(v, "timeFrom", from);
    world_add(w, WORLD_CALLS, v);
}

START_TEST(another_application_saves_the_same_calls)
{
    setup_well();
    for (int i = 0; i < 3; i++) {
        char begun[40];
        (void)snprintf(begun, sizeof begun, "2014-05-12T15:0%d:00+00:00", i);
        add_call(i == 0 ? "A" : i == 1 ? "B" : "C", begun);
        add_call(i == 0 ? "X" : i == 1 ? "Y" : "Z", begun);
    }
    crm_kit_pass(k, 25 * MINUTE_MS); /* a look within twenty, and alert_after_minutes */
    ck_assert_ptr_nonnull(strstr(state(), "vendor_app"));
    ck_assert_ptr_nonnull(strstr(jval_get_text(task(), "name").ptr, "дважды"));
    for (size_t i = 0; i < w->ncalls; i += 2)
        w->calls[i].gone = true; /* it was switched off, and they were cleared away */
    crm_kit_pass(k, 70 * MINUTE_MS);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    ck_assert_ptr_null(strstr(state(), "vendor_app"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_look_that_is_refused_says_nothing)
{
    setup_well();
    crm_kit_refuse(k, "/callInfo", 403, -1);
    crm_kit_pass(k, 25 * MINUTE_MS);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_uint_eq(w->ndead, 0);
    ck_assert_ptr_null(strstr(state(), "vendor_app"));
    crm_kit_free(k);
}
END_TEST

static void reconciled(size_t told, size_t missing)
{
    alert_account_reconciled(account_find(k->m->executor, WORLD_ACCOUNT), told, missing);
    crm_kit_pass(k, 5 * MINUTE_MS);
}

START_TEST(calls_of_which_nothing_was_heard)
{
    setup_well();
    crm_kit_pass(k, 3000);
    reconciled(5, 2); /* some were lost */
    reconciled(0, 0);
    reconciled(1, 1); /* once says little */
    ck_assert_uint_eq(w->ntasks, 0);
    reconciled(0, 0);
    reconciled(3, 3);
    ck_assert_ptr_nonnull(strstr(jval_get_text(task(), "name").ptr, "уведомления"));
    reconciled(4, 0); /* they come again */
    reconciled(0, 0);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    crm_kit_free(k);
}
END_TEST

/* A client is to be filled, so that the fields' names are read. */
static void a_visitor_comes(void)
{
    world_client_add(w, "1000011", WORLD_NUMBER);
    crm_kit_fact(k, "acme/A:client/done",
                 "{\"client\":\"1000011\",\"data\":{\"tracking\":true},\"entry\":\"A\","
                 "\"kind\":\"client\",\"made\":true,\"number\":\"" WORLD_NUMBER
                 "\",\"responsible\":\"1000005\",\"v\":1}");
    crm_kit_fact(k, "acme/A:visitor/done",
                 "{\"data\":{\"uid\":\"u1\",\"location\":{\"city\":\"Москва\"}},\"entry\":\"A\","
                 "\"kind\":\"visitor\",\"v\":1}");
}

START_TEST(a_field_that_somebody_deleted)
{
    setup_well();
    w->settings.call_tracking = true;
    world_field_add(w, "ДКТ: Город");
    crm_kit_fact(k, "acme/state/fields-tracking", "{\"on\":true,\"ready\":true,\"rev\":1,\"v\":1}");
    a_visitor_comes();
    crm_kit_pass(k, 5 * MINUTE_MS);
    ck_assert_ptr_nonnull(strstr(jval_get_text(task(), "name").ptr, "client_id"));
    w->settings.call_tracking = false; /* nobody wants it any more */
    crm_kit_pass(k, 5 * MINUTE_MS);
    ck_assert_str_eq(crm_kit_status(k, 0), "done");
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("alert_account", it_tells_whom_it_concerns_what_to_do,
                    the_next_owner_knows_of_it, closed_when_it_is_over,
                    closed_by_hand_it_stays_closed, somebody_was_faster, nobody_to_tell_any_more,
                    nobody_to_tell_from_the_beginning, a_refused_person_is_not_asked_for_ever,
                    megaplan_itself_has_none, a_task_that_may_not_be_closed_holds_nothing_up,
                    another_application_saves_the_same_calls, a_look_that_is_refused_says_nothing,
                    calls_of_which_nothing_was_heard, a_field_that_somebody_deleted);
}

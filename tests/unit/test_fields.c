/*
 * Extra fields: made once per switch-on, filled while they are empty.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/crm_kit.h"
#include "worker/crm/fields.h"

#define N WORLD_NUMBER
#define LINE "74951234567"

static struct world *w;
static struct crm_kit *k;
static int64_t offset;

static void setup(bool line, bool tracking)
{
    k = crm_kit_new();
    w = k->w;
    w->settings.source_field = line;
    w->settings.call_tracking = tracking;
    offset = 0;
}

static void see_to(void)
{
    executor_switches(k->m->executor, k->m->owner, WORLD_ACCOUNT);
    crm_kit_pass(k, 8000);
}

static void again_owned(void)
{
    world_kill(k->m);
    k->m = world_join(w);
    see_to();
}

static size_t standing(void)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nfields; i++)
        n += !w->fields[i].gone;
    return n;
}

static void client_job(const char *rest)
{
    char *json CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"data\":{\"name\":\"Новый\",\"phone\":\"" N
        "\",\"responsible\":\"" WORLD_EMPLOYEE "\"%s}}",
        rest);
    world_job_json(k->m, KAFKA_JOBS, offset++, "acme/" N, json);
}

static void visitor_fact(const char *answer)
{
    const struct fact f = {.kind = JOB_VISITOR,
                           .entry_id = (char *)(uintptr_t) "A",
                           .data = (char *)(uintptr_t)answer};
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_DONE, &f);
    struct world_fact *to = &w->facts[w->nfacts++];
    *to = (struct world_fact){.key = mem_copy(STR("acme/A:visitor/done")),
                              .value = mem_copy(str_of(value)),
                              .job = mem_copy(STR_NONE)};
    memcpy(to->mark, k->m->mark, sizeof to->mark);
}

/* The client's value of the field with this label, empty if none. */
static struct str filled(const char *label)
{
    for (size_t i = 0; i < w->nfields; i++)
        if (str_is(jval_get_text(w->fields[i].values, "hrName"), label))
            return jval_get_text(w->clients[0].values, w->fields[i].name);
    return STR_NONE;
}

START_TEST(made_once_when_switched_on)
{
    setup(true, true);
    see_to();
    ck_assert_uint_eq(standing(), FIELDS);
    size_t before = w->requests;
    see_to();
    again_owned();
    ck_assert_uint_eq(standing(), FIELDS);
    ck_assert_uint_eq(w->requests, before); /* nothing is asked any more */
    crm_kit_free(k);
}
END_TEST

START_TEST(one_switch_makes_its_part)
{
    setup(true, false);
    see_to();
    ck_assert_uint_eq(standing(), 1);
    w->settings.call_tracking = true;
    see_to();
    ck_assert_uint_eq(standing(), FIELDS);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_deleted_field_stays_deleted_until_switched_on_anew)
{
    setup(true, false);
    see_to();
    w->fields[0].gone = true;
    again_owned();
    ck_assert_uint_eq(standing(), 0);
    w->settings.source_field = false;
    see_to();
    w->settings.source_field = true;
    see_to();
    ck_assert_uint_eq(standing(), 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(unknown_ends_make_no_second_one)
{
    static const enum world_fault faults[] = {WORLD_ANSWER_LOST, WORLD_REQUEST_LOST, WORLD_HALF};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        setup(true, true);
        crm_kit_fail(k, "extraFields/0", faults[i], 2);
        see_to();
        crm_kit_pass(k, 300000);
        ck_assert_uint_eq(standing(), FIELDS);
        crm_kit_free(k);
    }
}
END_TEST

/* An empty list that comes once makes no field that is there a second time. */
START_TEST(an_empty_list_is_asked_for_again)
{
    setup(true, false);
    world_field_add(w, "Номер линии MANGO OFFICE");
    crm_kit_fail(k, "GET", WORLD_EMPTY_LIST, 1);
    see_to();
    ck_assert_uint_eq(standing(), 1);
    ck_assert_uint_eq(w->requests, 2);
    crm_kit_free(k);
}
END_TEST

/* ... and one that stays empty is believed: twice asked, once made. */
START_TEST(twice_empty_there_are_none)
{
    setup(true, false);
    see_to();
    ck_assert_uint_eq(standing(), 1);
    ck_assert_uint_eq(w->requests, 3);
    crm_kit_free(k);
}
END_TEST

START_TEST(killed_while_it_makes_them)
{
    setup(true, true);
    executor_switches(k->m->executor, k->m->owner, WORLD_ACCOUNT);
    crm_kit_fail(k, "extraFields/0", WORLD_HANGS, 1);
    crm_kit_pass(k, 1000);
    world_kill(k->m);
    k->m = world_join(w);
    see_to();
    crm_kit_pass(k, 300000);
    ck_assert_uint_eq(standing(), FIELDS);
    crm_kit_free(k);
}
END_TEST

START_TEST(who_may_not_make_them_works_without)
{
    setup(true, false);
    w->status = 403;
    crm_kit_fail(k, "extraFields/0", WORLD_STATUS, -1);
    see_to();
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(standing(), 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"given-up\""), 1);
    client_job(",\"source_line\":\"" LINE "\"");
    crm_kit_pass(k, 20000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(k->m, 0));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(the_line_rides_with_the_create)
{
    setup(true, false);
    see_to();
    size_t before = w->requests;
    client_job(",\"source_line\":\"" LINE "\"");
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    ck_assert_uint_eq(w->requests, before + 3);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_line_that_could_not_be_written_follows)
{
    setup(true, false);
    client_job(",\"source_line\":\"" LINE "\""); /* before the switch was seen to */
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(filled("Номер линии MANGO OFFICE").len, 0);
    see_to();
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    crm_kit_free(k);
}
END_TEST

static enum err (*real_produce)(void *world, const struct producer_record *r, struct error *e);

/* From the client's intent on nothing is read back. */
static enum err deafens(void *world, const struct producer_record *r, struct error *e)
{
    k->m->deaf |= strstr(r->key.ptr, "client/intent") != NULL;
    return real_produce(world, r, e);
}

START_TEST(names_forgotten_while_the_intent_is_on_its_way)
{
    setup(true, false);
    see_to();
    real_produce = k->m->port.produce;
    k->m->port.produce = deafens;
    client_job(",\"source_line\":\"" LINE "\"");
    crm_kit_pass(k, 1000);
    ck_assert(k->m->deaf);
    fields_forget(k->m->owner->works);
    k->m->port.produce = real_produce;
    k->m->deaf = false;
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    crm_kit_free(k);
}
END_TEST

/* Another Megaplan has other names. */
START_TEST(new_settings_ask_for_the_names_anew)
{
    setup(true, false);
    see_to();
    jval_put_text(w->fields[0].values, "name", STR("OtherMegaplansField"));
    w->fields[0].name = jval_get_text(w->fields[0].values, "name").ptr;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    size_t creates = w->creates;
    client_job(",\"source_line\":\"" LINE "\"");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(w->creates, creates + 1); /* none is refused for an old one */
    ck_assert(str_is(jval_get_text(w->clients[0].values, "OtherMegaplansField"), LINE));
    crm_kit_free(k);
}
END_TEST

/* Megaplan makes no field for hours: what is to be filled holds up nobody of its number. */
START_TEST(waiting_for_a_field_holds_up_nobody)
{
    setup(true, false);
    w->status = 500;
    crm_kit_fail(k, "extraFields/0", WORLD_STATUS, -1);
    client_job(",\"source_line\":\"" LINE "\"");
    see_to();
    world_job(k->m, KAFKA_JOBS, offset, "B", N);
    crm_kit_pass(k, 500);
    ck_assert(world_finished(k->m, offset));
    w->faults = 0;
    crm_kit_pass(k, 200000);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_visitor_known_before_rides_with_the_create)
{
    setup(false, true);
    see_to();
    visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    size_t before = w->requests;
    client_job(",\"tracking\":true");
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    ck_assert(str_is(filled("ДКТ: Контекст вызова"), "A"));
    ck_assert_uint_eq(w->requests, before + 3);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:fill/done"));
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recorded_visitor_waits_for_its_fields)
{
    setup(false, true);
    w->origin = "replay";
    crm_kit_fail(k, "extraFields/0", WORLD_NOT_SENT, 4);
    client_job(
        ",\"tracking\":true,\"visitor\":{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    see_to(); /* the setting was switched on right before */
    crm_kit_pass(k, 15000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    ck_assert(str_is(filled("ДКТ: Контекст вызова"), "A"));
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_recorded_visitor_waits_for_no_field_that_is_refused)
{
    setup(false, true);
    w->origin = "replay";
    w->status = 500;
    crm_kit_fail(k, "extraFields/0", WORLD_STATUS, -1);
    client_job(",\"tracking\":true,\"visitor\":{\"uid\":\"77\"}");
    see_to();
    ck_assert_uint_eq(w->nclients, 0);
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->nclients, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_visitor_known_later_fills_by_one_update)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    crm_kit_pass(k, 3000); /* a create waits two seconds for the visitor */
    ck_assert(str_is(filled("ДКТ: Контекст вызова"), "A"));
    ck_assert_uint_eq(filled("ДКТ: Кампания").len, 0);
    size_t before = w->requests;
    visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    ck_assert_uint_eq(w->requests, before + 2); /* read, written */
    again_owned();
    ck_assert_uint_eq(w->requests, before + 2);
    crm_kit_free(k);
}
END_TEST

/* The client is read when there is a request left to do it with: by then the names may be gone, and an answer that tells
 * of no field is no sign that all are filled. */
START_TEST(names_forgotten_while_the_reading_waits)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    crm_kit_pass(k, 3000);
    w->settings.megaplan.requests_per_second = 1;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 3000);
    size_t before = w->requests;
    visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    while (w->requests == before) /* the names are asked for */
        crm_kit_pass(k, 10);
    crm_kit_pass(k, 100);
    ck_assert_uint_eq(w->requests, before + 1);
    ck_assert_ptr_nonnull(k->m->owner->works);
    fields_forget(k->m->owner->works);
    crm_kit_pass(k, 10000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    crm_kit_free(k);
}
END_TEST

/* A good answer that does not name the client: reading it tells. */
START_TEST(an_update_whose_answer_says_nothing)
{
    for (size_t i = 0; i < CRM_KIT_UNSAID; i++) {
        setup(false, true);
        see_to();
        client_job(",\"tracking\":true");
        crm_kit_pass(k, 3000);
        w->fault_operation = "POST /contractorHuman/1000100";
        crm_kit_unsaid(k, NULL, i);
        visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
        crm_kit_pass(k, 20000);
        ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
        ck_assert_ptr_nonnull(world_fact_of(w, "acme/A:fill/done"));
        ck_assert_uint_eq(w->ndead, 0);
        crm_kit_free(k);
    }
}
END_TEST

START_TEST(due_after_a_crash)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    crm_kit_pass(k, 3000); /* a create waits two seconds for the visitor */
    world_kill(k->m);
    k->m = world_join(w);
    visitor_fact("{\"uid\":\"77\"}");
    world_kill(k->m);
    k->m = world_join(w);
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("ДКТ: client_id"), "77"));
    crm_kit_free(k);
}
END_TEST

START_TEST(due_when_switched_on_again)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    crm_kit_pass(k, 3000); /* a create waits two seconds for the visitor */
    w->settings.enabled = false;
    visitor_fact("{\"uid\":\"77\"}");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(filled("ДКТ: client_id").len, 0);
    w->settings.enabled = true;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("ДКТ: client_id"), "77"));
    crm_kit_free(k);
}
END_TEST

START_TEST(what_stands_there_is_not_changed)
{
    setup(true, false);
    see_to();
    client_job("");
    crm_kit_pass(k, 2000);
    jval_put_text(w->clients[0].values, w->fields[0].name, STR("by hand"));
    char *json CLEANUP(mem_free_text) =
        mem_format("{\"v\":1,\"id\":\"A:fill:line\",\"kind\":\"fill\",\"entry_id\":\"A\","
                   "\"number\":\"" N "\",\"rule\":\"G8\",\"data\":{\"source_line\":\"" LINE "\"}}");
    world_job_json(k->m, KAFKA_JOBS, offset++, "acme/" N, json);
    crm_kit_pass(k, 2000);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), "by hand"));
    ck_assert(world_finished(k->m, 1));
    crm_kit_free(k);
}
END_TEST

START_TEST(of_somebody_elses_client_nothing_is_filled)
{
    setup(true, false);
    see_to();
    world_client_add(w, "1000011", N);
    client_job(",\"source_line\":\"" LINE "\"");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(filled("Номер линии MANGO OFFICE").len, 0);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "fields", made_once_when_switched_on, one_switch_makes_its_part,
        a_deleted_field_stays_deleted_until_switched_on_anew, unknown_ends_make_no_second_one,
        an_empty_list_is_asked_for_again, twice_empty_there_are_none, killed_while_it_makes_them,
        who_may_not_make_them_works_without, the_line_rides_with_the_create,
        a_line_that_could_not_be_written_follows, a_visitor_known_before_rides_with_the_create,
        a_recorded_visitor_waits_for_its_fields,
        a_recorded_visitor_waits_for_no_field_that_is_refused,
        names_forgotten_while_the_intent_is_on_its_way, waiting_for_a_field_holds_up_nobody,
        new_settings_ask_for_the_names_anew, a_visitor_known_later_fills_by_one_update,
        names_forgotten_while_the_reading_waits, an_update_whose_answer_says_nothing,
        due_after_a_crash, due_when_switched_on_again, what_stands_there_is_not_changed,
        of_somebody_elses_client_nothing_is_filled);
}

/*
 * Extra fields: made once per switch-on, filled while they are empty.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/world.h"
#include "worker/crm/fields.h"

#define N WORLD_NUMBER
#define LINE "74951234567"

static struct world *w;
static struct world_member *m;
static int64_t offset;

static void setup(bool line, bool tracking)
{
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    w = world_new();
    w->settings.source_field = line;
    w->settings.call_tracking = tracking;
    m = world_join(w);
    offset = 0;
}

static void over(void)
{
    world_kill(m);
    world_free(w);
}

static void pass(int64_t ms)
{
    world_pass(w, ms, &m, 1);
}

static void see_to(void)
{
    executor_switches(m->executor, m->owner, WORLD_ACCOUNT);
    pass(8000);
}

static void again_owned(void)
{
    world_kill(m);
    m = world_join(w);
    see_to();
}

static size_t standing(void)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nfields; i++)
        n += !w->fields[i].gone;
    return n;
}

static void fail_next(const char *path, enum world_fault fault, int times)
{
    w->fault_path = path;
    w->fault = fault;
    w->faults = times;
    w->retry_after_s = -1;
}

static void client_job(const char *rest)
{
    char *json CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":\"" N
        "\",\"rule\":\"G3\",\"data\":{\"name\":\"Новый\",\"phone\":\"" N
        "\",\"responsible\":\"" WORLD_EMPLOYEE "\"%s}}",
        rest);
    world_job_json(m, KAFKA_JOBS, offset++, "acme/" N, json);
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
    memcpy(to->mark, m->mark, sizeof to->mark);
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
    over();
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
    over();
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
    over();
}
END_TEST

START_TEST(unknown_ends_make_no_second_one)
{
    static const enum world_fault faults[] = {WORLD_ANSWER_LOST, WORLD_REQUEST_LOST, WORLD_HALF};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        setup(true, true);
        fail_next("extraFields/0", faults[i], 2);
        see_to();
        pass(300000);
        ck_assert_uint_eq(standing(), FIELDS);
        over();
    }
}
END_TEST

START_TEST(killed_while_it_makes_them)
{
    setup(true, true);
    executor_switches(m->executor, m->owner, WORLD_ACCOUNT);
    fail_next("extraFields/0", WORLD_HANGS, 1);
    pass(1000);
    world_kill(m);
    m = world_join(w);
    see_to();
    pass(300000);
    ck_assert_uint_eq(standing(), FIELDS);
    over();
}
END_TEST

START_TEST(who_may_not_make_them_works_without)
{
    setup(true, false);
    w->status = 403;
    fail_next("extraFields/0", WORLD_STATUS, -1);
    see_to();
    pass(60000);
    ck_assert_uint_eq(standing(), 0);
    ck_assert_uint_eq(world_outcomes(w, "\"result\":\"given-up\""), 1);
    client_job(",\"source_line\":\"" LINE "\"");
    pass(20000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert(world_finished(m, 0));
    ck_assert_uint_eq(w->ndead, 0);
    over();
}
END_TEST

START_TEST(the_line_rides_with_the_create)
{
    setup(true, false);
    see_to();
    size_t before = w->requests;
    client_job(",\"source_line\":\"" LINE "\"");
    pass(2000);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    ck_assert_uint_eq(w->requests, before + 3);
    over();
}
END_TEST

START_TEST(a_line_that_could_not_be_written_follows)
{
    setup(true, false);
    client_job(",\"source_line\":\"" LINE "\""); /* before the switch was seen to */
    pass(1000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(filled("Номер линии MANGO OFFICE").len, 0);
    see_to();
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), LINE));
    over();
}
END_TEST

START_TEST(a_visitor_known_before_rides_with_the_create)
{
    setup(false, true);
    see_to();
    visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    size_t before = w->requests;
    client_job(",\"tracking\":true");
    pass(2000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    ck_assert(str_is(filled("ДКТ: Контекст вызова"), "A"));
    ck_assert_uint_eq(w->requests, before + 3);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:fill/done"));
    over();
}
END_TEST

START_TEST(a_visitor_known_later_fills_by_one_update)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    pass(2000);
    ck_assert(str_is(filled("ДКТ: Контекст вызова"), "A"));
    ck_assert_uint_eq(filled("ДКТ: Кампания").len, 0);
    size_t before = w->requests;
    visitor_fact("{\"uid\":\"77\",\"channel\":{\"campaign\":\"spring\"}}");
    pass(2000);
    ck_assert(str_is(filled("ДКТ: Кампания"), "spring"));
    ck_assert_uint_eq(w->requests, before + 2); /* read, written */
    again_owned();
    ck_assert_uint_eq(w->requests, before + 2);
    over();
}
END_TEST

START_TEST(due_after_a_crash)
{
    setup(false, true);
    see_to();
    client_job(",\"tracking\":true");
    pass(2000);
    world_kill(m);
    m = world_join(w);
    visitor_fact("{\"uid\":\"77\"}");
    world_kill(m);
    m = world_join(w);
    pass(2000);
    ck_assert(str_is(filled("ДКТ: client_id"), "77"));
    over();
}
END_TEST

START_TEST(what_stands_there_is_not_changed)
{
    setup(true, false);
    see_to();
    client_job("");
    pass(2000);
    jval_put_text(w->clients[0].values, w->fields[0].name, STR("by hand"));
    char *json CLEANUP(mem_free_text) =
        mem_format("{\"v\":1,\"id\":\"A:fill:line\",\"kind\":\"fill\",\"entry_id\":\"A\","
                   "\"number\":\"" N "\",\"rule\":\"G8\",\"data\":{\"source_line\":\"" LINE "\"}}");
    world_job_json(m, KAFKA_JOBS, offset++, "acme/" N, json);
    pass(2000);
    ck_assert(str_is(filled("Номер линии MANGO OFFICE"), "by hand"));
    ck_assert(world_finished(m, 1));
    over();
}
END_TEST

START_TEST(of_somebody_elses_client_nothing_is_filled)
{
    setup(true, false);
    see_to();
    world_client_add(w, "1000011", N);
    client_job(",\"source_line\":\"" LINE "\"");
    pass(2000);
    ck_assert_uint_eq(w->nclients, 1);
    ck_assert_uint_eq(filled("Номер линии MANGO OFFICE").len, 0);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("fields", made_once_when_switched_on, one_switch_makes_its_part,
                    a_deleted_field_stays_deleted_until_switched_on_anew,
                    unknown_ends_make_no_second_one, killed_while_it_makes_them,
                    who_may_not_make_them_works_without, the_line_rides_with_the_create,
                    a_line_that_could_not_be_written_follows,
                    a_visitor_known_before_rides_with_the_create,
                    a_visitor_known_later_fills_by_one_update, due_after_a_crash,
                    what_stands_there_is_not_changed, of_somebody_elses_client_nothing_is_filled);
}

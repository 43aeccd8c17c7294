/*
 * The task "call back" through the executor (behaviour.md B2): when there is one, whose it is, what people did.
 */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tests/unit/crm_kit.h"

#define N WORLD_NUMBER
#define OTHER "79995550000"
#define DONE_A "acme/A:task/done"
/* Of a missed call that ended 100 s before the world began, client 1000011 */
#define INTENT_A                                                                   \
    "{\"at\":1399907888,\"client\":\"1000011\",\"entry\":\"A\",\"kind\":\"task\"," \
    "\"number\":\"" N "\",\"v\":1,\"verdict\":\"missed:direct\"}"
#define MADE_500                                                                   \
    "{\"at\":1399907888,\"client\":\"1000011\",\"entry\":\"A\",\"kind\":\"task\"," \
    "\"made\":true,\"number\":\"" N "\",\"task\":\"500\",\"v\":1,\"verdict\":\"missed:direct\"}"

static struct crm_kit *k;
static struct world *w;

static void setup(void)
{
    k = crm_kit_new();
    w = k->w;
    world_client_add(w, "1000011", N);
}

static struct str text(size_t task, const char *field)
{
    return jval_get_text(w->tasks[task].values, field);
}

static struct str link_of(size_t task, const char *field)
{
    return jval_get_text(jval_get(w->tasks[task].values, field), "id");
}

static bool none(const char *key, const char *why)
{
    const char *value = world_fact_of(w, key);
    return value && strstr(value, why) && !strstr(value, "\"task\":\"");
}

/* --- plain --- */

START_TEST(a_missed_call_makes_its_task)
{
    setup();
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_text(text(0, "name"), "Перезвонить: Ромашка");
    ck_assert_text(link_of(0, "responsible"), "1000005");
    ck_assert_text(link_of(0, "contractor"), "1000011");
    ck_assert_text(jval_get_text(jval_get(w->tasks[0].values, "deadline"), "value"),
                   "2014-05-12T19:18:08+03:00");
    ck_assert_ptr_nonnull(strstr(text(0, "statement").ptr, "MANGO A"));
    ck_assert_str_eq(world_fact_of(w, "acme/A:task/intent"), INTENT_A);
    ck_assert_str_eq(world_fact_of(w, DONE_A), MADE_500);
    ck_assert(world_finished(k->m, 7));
    /* callRoute, its bare link, the card, the employees, the task */
    ck_assert_uint_eq(w->requests, 5);
    ck_assert_uint_eq(world_outcomes(w, "\"task\":\"500\""), 1);
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    crm_kit_free(k);
}
END_TEST

START_TEST(the_employees_are_asked_once_an_hour)
{
    setup();
    world_client_add(w, "1000012", OTHER);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_task(k, 8, "B", OTHER, 100, "");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_uint_eq(w->requests, 9);
    w->now += 3601 * 1000;
    world_client_add(w, "1000013", "79995550001");
    crm_kit_task(k, 9, "C", "79995550001", 100, "");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->requests, 14);
    crm_kit_free(k);
}
END_TEST

START_TEST(employees_come_in_pages)
{
    setup();
    w->page_rows = 2;
    crm_kit_set_responsibles(k, 0, "1000007,1");
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 1000);
    ck_assert_text(link_of(0, "responsible"), "1");
    ck_assert_uint_eq(w->requests, 7);
    crm_kit_free(k);
}
END_TEST

/* Of several responsibles the first who works; else the fallback; else none. */
static const struct {
    const char *responsibles, *more, *whose;
} whose[] = {
    {"1000006,1000005", "", "1000006"},
    {"1000007,1000008,1000006", "", "1000006"},
    {"1000007", "\"fallback\":\"1000006\"", "1000006"},
    {"1000006", "\"fallback\":\"1000005\"", "1000006"},
    {"", "\"fallback\":\"1000005\"", "1000005"},
    {"1000007", "", NULL},
    {"1000007", "\"fallback\":\"1000008\"", NULL},
    {"", "", NULL},
    {"1000006", "\"responsible\":\"1000005\"", "1000005"},
};

START_TEST(the_task_is_whose)
{
    for (size_t i = 0; i < COUNT(whose); i++) {
        setup();
        crm_kit_set_responsibles(k, 0, whose[i].responsibles);
        crm_kit_task(k, 7, "A", N, 100, whose[i].more);
        crm_kit_pass(k, 1000);
        ck_assert(world_finished(k->m, 7));
        ck_assert_uint_eq(w->ntasks, whose[i].whose ? 1 : 0);
        if (whose[i].whose)
            ck_assert_text(link_of(0, "responsible"), whose[i].whose);
        else
            ck_assert(none(DONE_A, "nobody to call back"));
        crm_kit_free(k);
    }
}
END_TEST

START_TEST(a_client_of_this_call_is_asked_no_more)
{
    k = crm_kit_new();
    w = k->w;
    world_job(k->m, KAFKA_JOBS, 6, "A", N);
    crm_kit_pass(k, 500);
    size_t before = w->requests;
    crm_kit_job(k, JOB_TASK, 7, "A:task", N, JOB_MISSED_DIRECT,
                "{\"title\":\"Перезвонить\",\"phone\":\"+7\",\"ended_at\":1399907988}");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests - before, 1);
    ck_assert_text(link_of(0, "responsible"), "1000005");
    ck_assert_text(text(0, "name"), "Перезвонить");
    ck_assert_text(link_of(0, "contractor"), w->clients[0].id);
    crm_kit_free(k);
}
END_TEST

START_TEST(reasons_for_none)
{
    setup();
    crm_kit_task(k, 7, "A", OTHER, 100, "");
    crm_kit_task(k, 8, "B", N, 24 * 3600 + 1, "");
    crm_kit_talked(k, 9, "C", N, 100, "");
    crm_kit_pass(k, 500);
    crm_kit_task(k, 10, "D", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert(none(DONE_A, "no client of this number"));
    ck_assert(none("acme/B:task/done", "over 24 hours ago"));
    ck_assert(none("acme/D:task/done", "talked to since"));
    crm_kit_task(k, 11, "E", N, 99, ""); /* the talk began before this call ended */
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 1);
    crm_kit_free(k);
}
END_TEST

START_TEST(what_the_job_lacks)
{
    setup();
    crm_kit_job(k, JOB_TASK, 7, "A:task", N, JOB_MISSED_DIRECT, "{\"ended_at\":1399907988}");
    crm_kit_job(k, JOB_TASK, 8, "B:task", N, JOB_MISSED_DIRECT, "{\"title\":\"x\"}");
    crm_kit_job(k, JOB_TASK, 9, "C:task", NULL, JOB_MISSED_DIRECT,
                "{\"title\":\"x\",\"ended_at\":1399907988}");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ndead, 3);
    ck_assert_uint_eq(w->requests, 0);
    crm_kit_free(k);
}
END_TEST

/* A title without the client's name: what the lookup read of it is enough. */
START_TEST(no_card_without_need)
{
    setup();
    crm_kit_job(k, JOB_TASK, 7, "A:task", N, JOB_MISSED_DIRECT,
                "{\"title\":\"Перезвонить\",\"phone\":\"+7\",\"ended_at\":1399907988}");
    crm_kit_pass(k, 500);
    ck_assert_text(link_of(0, "responsible"), "1000005");
    ck_assert_uint_eq(w->requests, 4);
    crm_kit_free(k);
}
END_TEST

START_TEST(a_company_stays_one)
{
    setup();
    w->clients[0].company = true;
    jval_put_text(w->clients[0].values, "name", STR("ООО «Ромашка»"));
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_text(jval_get_text(jval_get(w->tasks[0].values, "contractor"), "contentType"),
                   "ContractorCompany");
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, DONE_A), "\"company\":true"));
    crm_kit_fail(k, "POST", WORLD_ANSWER_LOST, 1); /* and is looked for as one */
    crm_kit_set_status(k, 0, "done");
    crm_kit_task(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 30000);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/B:task/done"), "\"task\":\"501\""));
    crm_kit_free(k);
}
END_TEST

/* Names are cut on a character, titles are not taken apart. */
START_TEST(titles)
{
    char name[1 + 2 * 120 + 1] = "x";
    setup();
    for (size_t i = 1; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "Я", 3);
    jval_put_text(w->clients[0].values, "firstName", str_of(name));
    w->clients[0].name = jval_get_text(w->clients[0].values, "firstName").ptr;
    crm_kit_job(k, JOB_TASK, 7, "A:task", N, JOB_MISSED_DIRECT,
                "{\"title\":\"{client}: {client} {cl\",\"phone\":\"+7\",\"ended_at\":1399907988}");
    crm_kit_pass(k, 500);
    struct str title = text(0, "name");
    ck_assert_uint_eq(title.len, 2 * 199 + 2 + 4);
    ck_assert(text_is_utf8(title));
    crm_kit_free(k);
}
END_TEST

/* --- one is open --- */

START_TEST(never_a_second_one)
{
    setup();
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    size_t before = w->requests;
    crm_kit_task(k, 8, "B", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_uint_eq(w->requests - before, 1);
    ck_assert(none("acme/B:task/done", "open already"));
    ck_assert_uint_eq(world_outcomes(w, "open already"), 1);
    ck_assert_uint_eq(world_outcomes(w, "\"task\":\"500\""), 2);
    crm_kit_set_status(k, 0, "done"); /* by hand */
    crm_kit_task(k, 9, "C", N, 40, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 2);
    w->tasks[1].gone = true; /* deleted by hand */
    crm_kit_task(k, 10, "D", N, 30, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 3);
    crm_kit_set_status(k, 2, "completed");
    crm_kit_set_status(k, 0, "assigned"); /* opened again */
    crm_kit_task(k, 11, "E", N, 20, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 3);
    crm_kit_free(k);
}
END_TEST

/* The same client by another number of his. */
START_TEST(never_a_second_one_of_a_client)
{
    setup();
    struct jval *contacts = jval_copy(jval_get(w->clients[0].values, "contactInfo"));
    struct jval *second = jval_copy(jval_at(contacts, 0));
    jval_put_text(second, "value", STR(OTHER));
    jval_append(contacts, second);
    jval_put(w->clients[0].values, "contactInfo", contacts);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_task(k, 8, "B", OTHER, 100, "");
    crm_kit_pass(k, 2000);
    ck_assert_uint_eq(crm_kit_open(k), 1);
    ck_assert(none("acme/B:task/done", "open already") || none(DONE_A, "open already"));
    crm_kit_talked(k, 9, "C", OTHER, 10, "");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(crm_kit_open(k), 0);
    crm_kit_free(k);
}
END_TEST

/* ... while the other one's task is being made; all else is known, so both get there at once. */
START_TEST(two_numbers_of_a_client_at_once)
{
    for (int fault = WORLD_FINE; fault <= WORLD_REQUEST_LOST; fault++) {
        setup();
        crm_kit_fact(k, "acme/Y:client/done",
                     "{\"client\":\"1000011\",\"entry\":\"Y\",\"kind\":\"client\",\"made\":false,"
                     "\"number\":\"" N "\",\"v\":1}");
        crm_kit_fact(k, "acme/Z:client/done",
                     "{\"client\":\"1000011\",\"entry\":\"Z\",\"kind\":\"client\",\"made\":false,"
                     "\"number\":\"" OTHER "\",\"v\":1}");
        crm_kit_pass(k, 100);
        crm_kit_fail(k, "POST", (enum world_fault)fault, 1);
        crm_kit_task(k, 7, "A", N, 100, "\"responsible\":\"1000005\"");
        crm_kit_task(k, 8, "B", OTHER, 100, "\"responsible\":\"1000005\"");
        crm_kit_pass(k, 90000);
        ck_assert_uint_eq(crm_kit_open(k), 1);
        ck_assert(world_finished(k->m, 7) && world_finished(k->m, 8));
        crm_kit_free(k);
    }
}
END_TEST

/* A talk by another number, while the request waits for its token. */
START_TEST(talked_to_in_the_last_moment)
{
    setup();
    w->settings.megaplan.requests_per_second = 1;
    executor_settings(k->m->executor, WORLD_ACCOUNT);
    crm_kit_task(k, 7, "A", N, 100, "");
    while (w->requests < 4)
        crm_kit_pass(k, 50);
    crm_kit_pass(k, 200);
    crm_kit_fact(k, "acme/C:talked/done",
                 "{\"at\":1399907900,\"client\":\"1000011\",\"entry\":\"C\",\"kind\":\"talked\","
                 "\"number\":\"" OTHER "\",\"v\":1,\"verdict\":\"talked\"}");
    crm_kit_pass(k, 10000);
    ck_assert(none(DONE_A, "talked to since"));
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_ptr_null(world_fact_of(w, "acme/A:task/intent"));
    crm_kit_free(k);
}
END_TEST

/* The newest one tells: it was only made after the others were seen closed. */
START_TEST(the_newest_is_asked_first)
{
    static const char *const entries[] = {"A", "B", "C", "D", "E", "F", "G"};
    setup();
    for (size_t i = 0; i < COUNT(entries); i++) {
        crm_kit_task(k, 7 + (int64_t)i, entries[i], N, 100 - (int64_t)i, "");
        crm_kit_pass(k, 500);
        crm_kit_set_status(k, i, i + 1 < COUNT(entries) ? "done" : "assigned");
    }
    size_t before = w->requests;
    crm_kit_task(k, 20, "H", N, 10, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->requests - before, 1);
    crm_kit_set_status(k, 6, "done");
    before = w->requests;
    crm_kit_task(k, 21, "I", N, 5, "");
    crm_kit_pass(k, 1000);
    ck_assert_uint_eq(w->requests - before, 5 + 2); /* not all seven; the card, the task */
    ck_assert_uint_eq(crm_kit_open(k), 1);
    crm_kit_free(k);
}
END_TEST

/* --- by hand --- */

START_TEST(the_remembered_client_was_deleted)
{
    setup();
    crm_kit_task(k, 7, "A", N, 3000, "");
    crm_kit_pass(k, 500);
    crm_kit_set_status(k, 0, "done");
    w->clients[0].gone = true;
    crm_kit_task(k, 8, "B", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert(none("acme/B:task/done", "no client of this number"));
    world_client_add(w, "1000099", N);
    crm_kit_task(k, 9, "C", N, 50, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_text(link_of(1, "contractor"), "1000099");
    w->clients[1].dropped = true; /* into the basket */
    crm_kit_set_status(k, 1, "done");
    crm_kit_task(k, 10, "D", N, 40, "");
    crm_kit_pass(k, 500);
    ck_assert(none("acme/D:task/done", "no client of this number"));
    crm_kit_free(k);
}
END_TEST

/* Without {client} no card is read: the create is what tells. */
START_TEST(the_create_names_a_client_that_is_gone)
{
    k = crm_kit_new();
    w = k->w;
    world_job(k->m, KAFKA_JOBS, 6, "A", N);
    crm_kit_pass(k, 500);
    w->clients[0].gone = true;
    crm_kit_job(k, JOB_TASK, 7, "A:task", N, JOB_MISSED_DIRECT,
                "{\"title\":\"Перезвонить\",\"phone\":\"+7\",\"ended_at\":1399907988}");
    crm_kit_pass(k, 500);
    ck_assert(none(DONE_A, "no client of this number"));
    ck_assert_uint_eq(w->ndead, 0);
    crm_kit_free(k);
}
END_TEST

/* ... and its number belongs to another one, whose responsibles count. */
START_TEST(our_client_was_deleted_and_another_is_there)
{
    k = crm_kit_new();
    w = k->w;
    world_job(k->m, KAFKA_JOBS, 6, "A", N);
    crm_kit_pass(k, 500);
    w->clients[0].gone = true;
    world_client_add(w, "1000999", N);
    crm_kit_set_responsibles(k, 1, "1000006");
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 1000);
    ck_assert_text(link_of(0, "contractor"), "1000999");
    ck_assert_text(link_of(0, "responsible"), "1000006");
    crm_kit_free(k);
}
END_TEST

/* A list that came halved is no dismissal. */
START_TEST(a_good_list_of_employees_stays)
{
    setup();
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    crm_kit_set_status(k, 0, "done");
    for (size_t i = 0; i < 4; i++)
        w->employees[i].gone = true;
    w->now += 3601 * 1000;
    crm_kit_task(k, 8, "B", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_ptr_nonnull(strstr(world_fact_of(w, "acme/B:task/intent"), "1000011"));
    crm_kit_free(k);
}
END_TEST

/* Not even the first one is believed: a task would be given to nobody. */
START_TEST(an_empty_list_of_employees_says_nothing)
{
    setup();
    for (size_t i = 0; i < w->nemployees; i++)
        w->employees[i].gone = true;
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_ptr_null(world_fact_of(w, DONE_A));
    for (size_t i = 0; i < w->nemployees; i++)
        w->employees[i].gone = false;
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ntasks, 1);
    ck_assert_text(link_of(0, "responsible"), "1000005");
    crm_kit_free(k);
}
END_TEST

/* ... however long it lasts, the task is kept. */
START_TEST(an_empty_list_of_employees_for_good)
{
    setup();
    for (size_t i = 0; i < w->nemployees; i++)
        w->employees[i].gone = true;
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 3600 * 1000);
    ck_assert_uint_eq(w->ntasks, 0);
    ck_assert_ptr_null(world_fact_of(w, DONE_A));
    crm_kit_free(k);
}
END_TEST

START_TEST(an_employee_was_dismissed_within_the_hour)
{
    setup();
    crm_kit_set_responsibles(k, 0, "1000006,1000005");
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 500);
    ck_assert_text(link_of(0, "responsible"), "1000006");
    crm_kit_set_status(k, 0, "done");
    struct jval *fired = jval_new_object();
    jval_put_bool(fired, "isWorking", false);
    jval_put(w->employees[1].values, "isWorking", jval_copy(jval_get(fired, "isWorking")));
    jval_free(fired);
    w->refused_field = "responsible";
    crm_kit_task(k, 8, "B", N, 50, "");
    while (w->creates < 2)
        crm_kit_pass(k, 50);
    crm_kit_pass(k, 50); /* it is refused */
    w->refused_field = NULL;
    crm_kit_pass(k, 5000);
    ck_assert_uint_eq(w->ntasks, 2);
    ck_assert_text(link_of(1, "responsible"), "1000005");
    crm_kit_free(k);
}
END_TEST

START_TEST(refused_three_times_it_is_dead)
{
    setup();
    crm_kit_refuse(k, "/task", 422, -1);
    crm_kit_task(k, 7, "A", N, 100, "");
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert_uint_eq(w->creates, 3);
    ck_assert(world_finished(k->m, 7));
    crm_kit_free(k);
}
END_TEST

START_TEST(no_right_to_create_tasks_stops_nothing_else)
{
    setup();
    crm_kit_refuse(k, "/task", 403, -1);
    crm_kit_task(k, 7, "A", N, 100, "");
    world_job(k->m, KAFKA_JOBS, 8, "B", OTHER);
    crm_kit_pass(k, 60000);
    ck_assert_uint_eq(w->ndead, 1);
    ck_assert(world_finished(k->m, 8));
    ck_assert_uint_eq(w->nclients, 2);
    crm_kit_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("crm_task", a_missed_call_makes_its_task, the_employees_are_asked_once_an_hour,
                    employees_come_in_pages, the_task_is_whose,
                    a_client_of_this_call_is_asked_no_more, reasons_for_none, what_the_job_lacks,
                    no_card_without_need, a_company_stays_one, titles, never_a_second_one,
                    never_a_second_one_of_a_client, two_numbers_of_a_client_at_once,
                    the_newest_is_asked_first, talked_to_in_the_last_moment,
                    our_client_was_deleted_and_another_is_there, a_good_list_of_employees_stays,
                    an_empty_list_of_employees_says_nothing, an_empty_list_of_employees_for_good,
                    the_remembered_client_was_deleted, the_create_names_a_client_that_is_gone,
                    an_employee_was_dismissed_within_the_hour, refused_three_times_it_is_dead,
                    no_right_to_create_tasks_stops_nothing_else);
}

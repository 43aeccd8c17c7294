/*
 * What is asked of Megaplan about a call's missing jobs, in which order, and what its answers come to.
 */
#include "worker/tools/replay_question.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

#define CLIENT "{\"name\":\"N\",\"phone\":\"+79991231212\",\"responsible\":\"5\"}"
#define CALL "{\"type\":\"in\",\"saved\":true}"
#define TASK "{\"title\":\"t\",\"ended_at\":1709645400}"
#define RECORD "{\"recording_id\":\"rec=1\"}"
#define RESPONSIBLE "{\"responsible\":\"5\"}"

#define ROW(id, responsibles)                                                                  \
    "{\"contentType\":\"ContractorHuman\",\"id\":\"" id                                        \
    "\",\"isDropped\":false,\"name\":\"N\",\"contactInfo\":[{\"contentType\":\"ContactInfo\"," \
    "\"type\":\"phone\",\"value\":\"8 (999) 123-12-12\"}],\"responsibles\":[" responsibles "]}"
#define EMPLOYEE(id) "{\"contentType\":\"Employee\",\"id\":\"" id "\"}"
#define OK(data) "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":" data "}"
#define USERS(rows) OK("{\"contentType\":\"CallRoute\",\"users\":[" rows "]}")
#define CALLED(rest)                                                                             \
    OK("{\"contentType\":\"CallInfo\",\"id\":\"77\",\"providerId\":\"e1\",\"type\":\"in\"," rest \
       "}")
#define WITH_CLIENT "\"fromUser\":{\"contentType\":\"ContractorHuman\",\"id\":\"11\"}"
#define LINK(id, expires)                                            \
    "\"https://m/vpbx/queries/recording/link/" id "/play/k/" expires \
    "/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

static struct settings acme(void)
{
    struct settings s = {.megaplan = {.base_url = (char *)(uintptr_t) "https://a"},
                         .mango = {.base_url = (char *)(uintptr_t) "https://m/vpbx",
                                   .api_key = (char *)(uintptr_t) "k",
                                   .api_salt = (char *)(uintptr_t) "s"}};
    s.country_code = (char *)(uintptr_t) "7";
    return s;
}

static void want_of(struct replay_question *q, const char *id, const char *kind, const char *number,
                    const char *data)
{
    struct job *job = NULL;
    struct error e = ERROR_NONE;
    char *value CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"%s\",\"kind\":\"%s\",\"entry_id\":\"e1\"%s%s%s,\"rule\":\"G3\",\"data\":%s}",
        id, kind, number ? ",\"number\":\"" : "", number ? number : "", number ? "\"" : "", data);
    ck_assert_msg(job_decode(STR("acme/79991231212"), str_of(value), 1709645400000, STR("replay"),
                             &job, &e) == ERR_OK,
                  "%s", e.text);
    replay_question_add(q, job);
}

static void want(struct replay_question *q, const char *id, const char *kind, const char *data)
{
    want_of(q, id, kind, "79991231212", data);
}

/* The next question's address contains `url`, and is answered so. */
static void answer(struct replay_question *q, const char *url, int status, const char *body)
{
    const struct settings s = acme();
    struct answer a;
    ck_assert_msg(replay_question_next(q), "%s is not asked", url);
    char *asked CLEANUP(mem_free_text) = replay_question_url(q, &s);
    ck_assert_ptr_nonnull(asked);
    ck_assert_msg(strstr(asked, url), "%s, not %s", asked, url);
    answer_read(&(const struct answer_source){.status = status,
                                              .body = str_of(body),
                                              .about = replay_question_about(q)},
                &a);
    ck_assert(a.kind == ANSWER_OK || a.kind == ANSWER_RECORD);
    replay_question_take(q, &s, &a);
    answer_done(&a);
}

static void is(struct replay_question *q, size_t i, bool has, const char *part)
{
    char why[REPLAY_QUESTION_WHY];
    ck_assert(!replay_question_next(q));
    ck_assert_msg(replay_question_has(q, i, why) == has, "%zu: %s", i, why);
    ck_assert_msg(strstr(why, part), "%zu: %s, not %s", i, why, part);
}

START_TEST(all_of_a_call_is_there)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    want(q, "e1:call:summary", "call", CALL);
    want_of(q, "e1:record:rec=1", "record", NULL, RECORD);
    want(q, "e1:responsible:3", "responsible", RESPONSIBLE);
    want(q, "e1:talked", "talked", "{}");
    replay_question_add(q, NULL);
    answer(q, "/callRoute?", 200,
           USERS("{\"contentType\":\"Employee\",\"id\":\"5\"},"
                 "{\"contentType\":\"ContractorHuman\",\"id\":\"11\"}"));
    answer(q, "/contractor/11?", 200, OK(ROW("11", EMPLOYEE("5"))));
    answer(q, "/callInfo/provider?%7B%22providerId%22%3A%22e1%22%7D", 200,
           CALLED("\"state\":\"finished\"," WITH_CLIENT
                  ",\"recordLinks\":[7," LINK("rec%3D1", "1999999999") "]"));
    is(q, 0, true, "client 11");
    is(q, 1, true, "Megaplan has it");
    is(q, 2, true, "Megaplan has it");
    is(q, 3, true, "Megaplan has it");
    is(q, 4, false, "only what the workers remember");
    is(q, 5, false, "cannot be read");
    replay_question_free(q);
    replay_question_free(NULL);
}
END_TEST

START_TEST(nobody_carries_the_number)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    want(q, "e1:call:summary", "call", CALL);
    want(q, "e1:record:rec=1", "record", RECORD);
    want(q, "e1:task", "task", TASK);
    want(q, "e1:responsible:3", "responsible", RESPONSIBLE);
    answer(q, "/callRoute?", 200, USERS(""));
    answer(q, "/contractor?", 200, OK("[]"));
    is(q, 0, false, "no client carries the number");
    is(q, 1, false, "not asked for");
    is(q, 2, false, "not asked for");
    is(q, 3, false, "no client carries the number");
    is(q, 4, false, "no client carries the number");
    replay_question_free(q);
}
END_TEST

START_TEST(a_client_that_was_deleted)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    answer(q, "/callRoute?", 200,
           USERS("{\"contentType\":\"ContractorHuman\",\"id\":\"11\"},"
                 "{\"contentType\":\"ContractorHuman\",\"id\":\"12\"}"));
    answer(q, "/contractor?", 200, OK("[{\"contentType\":\"ContractorHuman\",\"id\":\"12\"}]"));
    answer(q, "/contractor/11?", 404,
           "{\"meta\":{\"status\":404,\"errors\":[{\"message\":\"gone\"}]},\"data\":{}}");
    answer(q, "/contractor/12?", 200,
           OK("{\"contentType\":\"ContractorHuman\",\"id\":\"12\",\"isDropped\":true}"));
    is(q, 0, false, "no client carries the number");
    replay_question_free(q);
}
END_TEST

static struct replay_question *of_a_call(const char *call)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    want(q, "e1:call:summary", "call", CALL);
    want(q, "e1:record:rec=1", "record", RECORD);
    answer(q, "/callRoute?", 200, USERS(ROW("11", "")));
    if (call)
        answer(q, "/callInfo/provider?", 200, call);
    return q;
}

START_TEST(how_a_call_may_stand)
{
    static const struct row {
        const char *call;
        bool client;
        const char *of_client, *of_call, *of_record;
    } rows[] = {
        {OK("null"), true, "client 11", "no such call", "no such call"},
        {OK("[]"), true, "client 11", "no such call", "no such call"},
        {CALLED("\"state\":\"finished\""), false, "has no client", "has no client",
         "without this recording"},
        {CALLED("\"state\":\"finished\"," WITH_CLIENT), true, "client 11", "goes along",
         "without this recording"},
        {CALLED("\"state\":\"talking\"," WITH_CLIENT ",\"recordLinks\":[" LINK("rec%3D1", "1") "]"),
         true, "client 11", "not finished", "goes along"},
        {CALLED("\"state\":\"finished\",\"type\":\"miss\"," WITH_CLIENT
                ",\"recordLinks\":[" LINK("rec%3D1", "1") "]"),
         true, "client 11", "another type", "goes along"},
        {CALLED("\"state\":\"finished\"," WITH_CLIENT ",\"recordLinks\":[" LINK("rec", "1") "]"),
         true, "client 11", "goes along", "without this recording"},
        {OK("{\"contentType\":\"CallInfo\",\"id\":\"77\",\"providerId\":\"other\"}"), false,
         "another shape", "another shape", "another shape"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct replay_question *q = of_a_call(rows[i].call);
        is(q, 0, rows[i].client, rows[i].of_client);
        is(q, 1, false, rows[i].of_call);
        is(q, 2, false, rows[i].of_record);
        replay_question_free(q);
    }
}
END_TEST

START_TEST(a_saved_call_of_nobody)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:call:summary", "call", CALL);
    answer(q, "/callInfo/provider?", 200, CALLED("\"state\":\"finished\""));
    answer(q, "/callRoute?", 200, USERS(""));
    is(q, 0, true, "Megaplan has it");
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:call:summary", "call", CALL);
    answer(q, "/callInfo/provider?", 200, CALLED("\"state\":\"finished\""));
    answer(q, "/callRoute?", 200, USERS(ROW("11", "")));
    is(q, 0, false, "has no client");
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:call:summary", "call", CALL);
    answer(q, "/callInfo/provider?", 200, CALLED("\"state\":\"finished\""));
    answer(q, "/callRoute?", 200, OK("{}"));
    is(q, 0, false, "another shape");
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:call:summary", "call", "{\"type\":\"in\",\"saved\":false}");
    want(q, "e1:record:rec=1", "record", RECORD);
    is(q, 0, false, "a call that is not saved");
    is(q, 1, false, "not asked for");
    replay_question_free(q);
}
END_TEST

START_TEST(a_call_that_may_not_be_read)
{
    struct replay_question *q = of_a_call(NULL);
    answer(q, "/callInfo/provider?", 403,
           "{\"meta\":{\"status\":403,\"errors\":[{\"message\":\"No rights\"}]},\"data\":{}}");
    is(q, 0, false, "No rights");
    is(q, 1, false, "No rights");
    is(q, 2, false, "No rights");
    replay_question_free(q);
}
END_TEST

static struct replay_question *of_a_task(void)
{
    struct replay_question *q = replay_question_new();
    want(q, "e1:task", "task", TASK);
    answer(q, "/callRoute?", 200, USERS(ROW("11", "")));
    return q;
}

#define TASKS(rows, more)                                                                 \
    "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":" more "}}," \
    "\"data\":[" rows "]}"
#define TASK_ROW(id, entry)                                                                 \
    "{\"contentType\":\"Task\",\"id\":\"" id "\",\"statement\":\"<p>MANGO " entry "</p>\"," \
    "\"status\":\"completed\"}"

START_TEST(a_task_by_its_marker)
{
    struct replay_question *q = of_a_task();
    answer(q, "/contractorHuman/11/tasks?", 200, TASKS(TASK_ROW("51", "e2"), "true"));
    answer(q, "/contractorHuman/11/tasks?", 200, TASKS(TASK_ROW("50", "e1"), "true"));
    is(q, 0, true, "task 50");
    replay_question_free(q);

    q = of_a_task();
    answer(q, "/tasks?", 200, TASKS("", "false"));
    is(q, 0, false, "no such task");
    replay_question_free(q);

    q = of_a_task();
    answer(q, "/tasks?", 404,
           "{\"meta\":{\"status\":404,\"errors\":[{\"message\":\"gone\"}]},\"data\":{}}");
    is(q, 0, false, "gone");
    replay_question_free(q);
}
END_TEST

START_TEST(a_list_without_end)
{
    struct replay_question *q = of_a_task();
    for (int i = 0; i < 50; i++) {
        char *page CLEANUP(mem_free_text) = mem_format(
            "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":true}},"
            "\"data\":[{\"contentType\":\"Task\",\"id\":\"%d\",\"statement\":\"\"}]}",
            1000 - i);
        answer(q, "/tasks?", 200, page);
    }
    is(q, 0, false, "another shape");
    replay_question_free(q);
}
END_TEST

START_TEST(lookups_that_say_nothing)
{
    static const char refusal[] =
        "{\"meta\":{\"status\":422,\"errors\":[{\"message\":\"phone is wrong\"}]},\"data\":{}}";
    struct replay_question *q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    want(q, "e1:call:summary", "call", CALL);
    answer(q, "/callRoute?", 422, refusal);
    is(q, 0, false, "phone is wrong");
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    answer(q, "/callRoute?", 200, USERS(""));
    answer(q, "/contractor?", 422, refusal);
    is(q, 0, false, "phone is wrong");
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    answer(q, "/callRoute?", 200, USERS("{\"contentType\":\"ContractorHuman\",\"id\":\"11\"}"));
    answer(q, "/contractor/11?", 200, OK(ROW("12", "")));
    is(q, 0, false, "another shape");
    replay_question_free(q);

    q = replay_question_new();
    want_of(q, "e1:task", "task", "12", TASK);
    is(q, 0, false, "no client carries the number");
    replay_question_free(q);
}
END_TEST

START_TEST(another_responsible)
{
    static const char *const cards[] = {USERS(ROW("11", EMPLOYEE("6"))),
                                        USERS(ROW("11", EMPLOYEE("5") "," EMPLOYEE("6"))),
                                        USERS(ROW("11", ""))};
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct replay_question *q = replay_question_new();
        want(q, "e1:responsible:3", "responsible", RESPONSIBLE);
        answer(q, "/callRoute?", 200, cards[i]);
        is(q, 0, false, "another responsible");
        replay_question_free(q);
    }
}
END_TEST

START_TEST(whose_a_number_is_serves_other_calls)
{
    struct replay_client client;
    struct replay_question *q = replay_question_new();
    want_of(q, "e1:record:rec=1", "record", NULL, RECORD);
    ck_assert_str_eq(replay_question_number(q), "");
    want(q, "e1:task", "task", TASK);
    ck_assert_str_eq(replay_question_number(q), "79991231212");
    ck_assert(!replay_question_client(q, &client));
    answer(q, "/callRoute?", 200, USERS(""));
    ck_assert(replay_question_next(q)); /* the recording's call */
    ck_assert(replay_question_client(q, &client));
    ck_assert(!client.there && !client.searched);
    replay_question_free(q);

    q = replay_question_new(); /* to create one the search is missing */
    want(q, "e1:client", "client", CLIENT);
    replay_question_know(q, &client);
    answer(q, "/callRoute?", 200, USERS(""));
    answer(q, "/contractor?", 200, OK("[]"));
    is(q, 0, false, "no client carries the number");
    ck_assert(replay_question_client(q, &client));
    ck_assert(client.searched);
    replay_question_free(q);

    q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    replay_question_know(q, &client);
    is(q, 0, false, "no client carries the number");
    replay_question_free(q);

    const struct replay_client known = {.there = true, .id = "11", .responsible = "5"};
    q = replay_question_new();
    want(q, "e1:client", "client", CLIENT);
    want(q, "e1:responsible:3", "responsible", RESPONSIBLE);
    replay_question_know(q, &known);
    answer(q, "/callInfo/provider?", 200, OK("null"));
    is(q, 0, true, "client 11");
    is(q, 1, true, "Megaplan has it");
    replay_question_free(q);
}
END_TEST

START_TEST(what_stays_without_an_answer)
{
    const struct settings s = acme();
    struct replay_question *q = replay_question_new();
    want(q, "e1:record:rec=1", "record", RECORD);
    ck_assert(replay_question_next(q));
    replay_question_unanswered(q, "it cannot be asked for");
    ck_assert(!replay_question_next(q));
    ck_assert_ptr_null(replay_question_url(q, &s));
    is(q, 0, false, "it cannot be asked for");
    replay_question_free(q);
}
END_TEST

int main(void)
{
    return UNIT_RUN("replay_question", all_of_a_call_is_there, nobody_carries_the_number,
                    a_client_that_was_deleted, how_a_call_may_stand, a_saved_call_of_nobody,
                    a_call_that_may_not_be_read, a_task_by_its_marker, a_list_without_end,
                    lookups_that_say_nothing, another_responsible,
                    whose_a_number_is_serves_other_calls, what_stays_without_an_answer);
}

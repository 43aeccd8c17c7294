/*
 * The task "call back": its body, its state, finding it again.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/task.h"

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

static struct task_new wanted(void)
{
    return (struct task_new){.title = STR("Перезвонить: 79991231212"),
                             .responsible = STR("1000005"),
                             .client = STR("1000011"),
                             .due_at = 1709649000,
                             .offset_s = 10800,
                             .phone = STR("79991231212"),
                             .line = STR("74951234567"),
                             .ended_at = 1709645400,
                             .entry_id = STR("MTIz=")};
}

START_TEST(addresses)
{
    is(task_create_url(STR("https://a")), "https://a/api/v3/task");
    is(task_read_url(STR("https://a"), STR("7")),
       "https://a/api/v3/task/7?%7B%22fields%22%3A%5B%22status%22%5D%7D");
    is(task_done_url(STR("https://a"), STR("7")), "https://a/api/v3/task/7/doAction");
    is(task_done_body(), "{\"action\":\"act_done\",\"checkTodos\":false}");
    char *url = task_list_url(STR("https://a"), STR("11"), false, STR_NONE);
    ck_assert_ptr_nonnull(strstr(url, "https://a/api/v3/contractorHuman/11/tasks?%7B"));
    ck_assert_ptr_nonnull(strstr(url, "%22limit%22%3A100"));
    ck_assert_ptr_nonnull(strstr(url, "%5B%22statement%22%2C%22timeCreated%22%2C%22status%22%5D"));
    ck_assert_ptr_nonnull(strstr(url, "%22fieldName%22%3A%22timeCreated%22%2C%22desc%22%3Atrue"));
    ck_assert_ptr_null(strstr(url, "pageAfter"));
    free(url);
    url = task_list_url(STR("https://a"), STR("11"), true, STR("50"));
    ck_assert_ptr_nonnull(strstr(url, "/contractorCompany/11/tasks?"));
    ck_assert_ptr_nonnull(strstr(
        url, "%22pageAfter%22%3A%7B%22contentType%22%3A%22Task%22%2C%22id%22%3A%2250%22%7D"));
    free(url);
    ck_assert_ptr_null(task_read_url(STR("https://a"), STR_NONE));
    ck_assert_ptr_null(task_list_url(STR("https://a"), STR_NONE, true, STR_NONE));
}
END_TEST

START_TEST(everything_known_in_one_request)
{
    struct task_new t = wanted();
    is(task_create_body(&t),
       "{\"contentType\":\"Task\",\"name\":\"Перезвонить: 79991231212\",\"isUrgent\":false,"
       "\"isTemplate\":false,\"responsible\":{\"contentType\":\"Employee\",\"id\":\"1000005\"},"
       "\"contractor\":{\"contentType\":\"ContractorHuman\",\"id\":\"1000011\"},"
       "\"deadline\":{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T17:30:00+03:00\"},"
       "\"statement\":\"Пропущенный звонок с номера 79991231212 на линию 74951234567, "
       "16:30 05.03.2024. MANGO MTIz=\"}");
    t.company = true;
    t.phone = STR("<+7> & \\");
    t.line = STR_NONE;
    t.due_at = t.ended_at = 0;
    t.entry_id = STR("a&b");
    is(task_create_body(&t),
       "{\"contentType\":\"Task\",\"name\":\"Перезвонить: 79991231212\",\"isUrgent\":false,"
       "\"isTemplate\":false,\"responsible\":{\"contentType\":\"Employee\",\"id\":\"1000005\"},"
       "\"contractor\":{\"contentType\":\"ContractorCompany\",\"id\":\"1000011\"},"
       "\"statement\":\"Пропущенный звонок с номера &lt;+7&gt; &amp; \\\\. MANGO a&amp;b\"}");
    t.client = STR_NONE;
    t.phone = STR_NONE;
    char *body = task_create_body(&t);
    ck_assert_ptr_null(strstr(body, "contractor"));
    free(body);
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    struct task_new t = wanted();
    t.responsible = STR_NONE;
    ck_assert_ptr_null(task_create_body(&t));
    t = wanted();
    t.title = STR("\xff");
    ck_assert_ptr_null(task_create_body(&t));
    t = wanted();
    char longer[5000];
    memset(longer, 'x', sizeof longer);
    t.phone = (struct str){longer, sizeof longer};
    ck_assert_ptr_null(task_create_body(&t));
    t = wanted();
    t.entry_id = (struct str){longer, sizeof longer};
    ck_assert_ptr_null(task_create_body(&t));
}
END_TEST

START_TEST(open_or_closed)
{
    static const struct {
        const char *status;
        bool open;
    } cases[] = {{"created", true},    {"assigned", true},   {"accepted", true},
                 {"done", false},      {"completed", false}, {"rejected", false},
                 {"cancelled", false}, {"expired", false},   {"delayed", true},
                 {"template", false},  {"overdue", true},    {"of tomorrow", true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *data CLEANUP(mem_free_text) = mem_format(
            "{\"contentType\":\"Task\",\"id\":\"7\",\"status\":\"%s\"}", cases[i].status);
        bool open = !cases[i].open;
        struct answer a = megaplan_kit_data(data);
        ck_assert(task_read_open(&a, &open));
        ck_assert_msg(open == cases[i].open, "%s", cases[i].status);
        answer_done(&a);
    }
    static const char *const silent[] = {"{\"id\":\"7\"}", "{\"status\":\"done\"}", "[]",
                                         "{\"id\":\"7\",\"status\":3}"};
    for (size_t i = 0; i < COUNT(silent); i++) {
        bool open;
        struct answer a = megaplan_kit_data(silent[i]);
        ck_assert(!task_read_open(&a, &open));
        answer_done(&a);
    }
    bool open = true;
    struct answer a =
        megaplan_kit_data("{\"id\":\"7\",\"status\":\"assigned\",\"isDropped\":true}");
    ck_assert(task_read_open(&a, &open));
    ck_assert(!open);
    answer_done(&a);
}
END_TEST

START_TEST(the_created_id)
{
    char id[LOOKUP_ID];
    struct answer a = megaplan_kit_data("{\"contentType\":\"Task\",\"id\":\"1000123\"}");
    ck_assert(task_read_id(&a, id));
    ck_assert_str_eq(id, "1000123");
    answer_done(&a);
    a = megaplan_kit_answer(500, "", ANSWER_ABOUT_ACCOUNT);
    ck_assert(!task_read_id(&a, id));
    answer_done(&a);
}
END_TEST

static struct task_page p;
static char rows[4000];

static void add(const char *id, const char *statement, const char *created, const char *status)
{
    size_t n = strlen(rows);
    snprintf(rows + n, sizeof rows - n,
             "%s{\"contentType\":\"Task\",\"id\":\"%s\",\"statement\":\"%s\",\"status\":\"%s\","
             "\"timeCreated\":{\"contentType\":\"DateTime\",\"value\":\"%s\"}}",
             n ? "," : "", id, statement, status, created);
}

static bool read_page(bool more)
{
    const struct task_search s = {.marker = STR("MANGO MTIz"),
                                  .since = 1520256600000 /* 2018-03-05T13:30:00Z */};
    char *body CLEANUP(mem_free_text) = mem_format(
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":%s}},\"data\":[%s]}",
        more ? "true" : "false", rows);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_RECORD);
    bool read = task_read_page(&a, &s, &p);
    answer_done(&a);
    rows[0] = '\0';
    return read;
}

#define NOW "2018-03-05T16:31:00+03:00"
#define OLD "2018-03-05T16:29:59+03:00"

START_TEST(by_marker_page_by_page)
{
    p = (struct task_page){.nmarked = 0};
    add("40", "by hand", NOW, "assigned");
    add("31", "<p>x. MANGO&nbsp;MTIz</p>", NOW, "done");
    add("30", "MANGO MTIzNDU=", NOW, "assigned");
    ck_assert(read_page(true));
    ck_assert_str_eq(p.found, "31");
    ck_assert(!p.open);
    ck_assert(p.place.more);
    ck_assert_str_eq(p.place.last, "30");
    add("30", "MANGO MTIz", NOW, "assigned"); /* the last row once more */
    add("9", "MANGO MTIz", NOW, "assigned");
    add("35", "MANGO MTIz", NOW, "done");
    add("8", "MANGO MTIz", OLD, "assigned");
    ck_assert(read_page(true));
    ck_assert_str_eq(p.found, "9");
    ck_assert(p.open);
    ck_assert_uint_eq(p.nmarked, 3);
    ck_assert(!p.place.more);
}
END_TEST

START_TEST(what_is_no_list_changes_nothing)
{
    const struct task_search s = {.marker = STR("MANGO MTIz")};
    p = (struct task_page){.place = {.last = "17", .more = true}};
    struct answer a = megaplan_kit_data("{}");
    ck_assert(!task_read_page(&a, &s, &p));
    ck_assert_str_eq(p.place.last, "17");
    ck_assert(p.place.more);
    answer_done(&a);
    ck_assert(read_page(true)); /* no rows, and says there are more */
    ck_assert(!p.place.more);
}
END_TEST

static char *created(void)
{
    const struct task_new t = wanted();
    return task_create_body(&t);
}

static char *listed(void)
{
    return task_list_url(STR("https://a"), STR("11"), false, STR("7"));
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(created);
    megaplan_kit_walk(listed);
    megaplan_kit_walk(task_done_body);
}
END_TEST

int main(void)
{
    return UNIT_RUN("task", addresses, everything_known_in_one_request, what_cannot_be_sent,
                    open_or_closed, the_created_id, by_marker_page_by_page,
                    what_is_no_list_changes_nothing, want_of_memory);
}

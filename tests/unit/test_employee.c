/*
 * The employees of a Megaplan, and who of them works.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/fault.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/employee.h"

static struct employee_list list;

static bool read_page(const char *rows, bool more)
{
    char *body CLEANUP(mem_free_text) = mem_format(
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":%s}},\"data\":%s}",
        more ? "true" : "false", rows);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_ACCOUNT);
    bool read = employee_read_page(&a, &list);
    answer_done(&a);
    return read;
}

#define ROW(id, rest) "{\"contentType\":\"Employee\",\"id\":\"" id "\"" rest "}"

START_TEST(the_list_and_its_pages)
{
    char *url = employee_list_url(STR("https://a"), STR_NONE);
    ck_assert_str_eq(url,
                     "https://a/api/v3/employee?%7B%22limit%22%3A100%2C%22fields%22%3A%5B%22"
                     "name%22%2C%22isWorking%22%2C%22canLogin%22%2C%22fireInProgress%22%5D%7D");
    free(url);
    url = employee_list_url(STR("https://a"), STR("1000003"));
    ck_assert_ptr_nonnull(strstr(url, "%22pageAfter%22%3A%7B%22contentType%22%3A%22Employee%22%2C"
                                      "%22id%22%3A%221000003%22%7D"));
    free(url);
}
END_TEST

START_TEST(who_works)
{
    static const struct {
        const char *rest;
        bool works;
    } cases[] = {
        {",\"isWorking\":true,\"canLogin\":true", true},
        {",\"isWorking\":true,\"canLogin\":true,\"fireInProgress\":false", true},
        {",\"isWorking\":true", true}, /* asked for and silent: nothing forbids it */
        {",\"isWorking\":true,\"canLogin\":false", false},
        {",\"isWorking\":false,\"canLogin\":true", false},
        {",\"isWorking\":true,\"canLogin\":true,\"fireInProgress\":true", false},
        {",\"canLogin\":true", false},
        {"", false},
        {",\"isWorking\":\"true\"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *rows CLEANUP(mem_free_text) =
            mem_format("[{\"contentType\":\"Employee\",\"id\":\"5\"%s}]", cases[i].rest);
        ck_assert(read_page(rows, false));
        ck_assert_msg(employee_works(&list, STR("5")) == cases[i].works, "case %zu", i);
        ck_assert_ptr_nonnull(employee_find(&list, STR("5")));
        ck_assert(!employee_works(&list, STR("6")));
        employee_list_done(&list);
    }
    ck_assert(!employee_works(&list, STR("5")));
}
END_TEST

START_TEST(all_pages_together)
{
#define WORKS ",\"isWorking\":true,\"canLogin\":true"
    ck_assert(read_page(
        "[" ROW("1000", WORKS ",\"name\":\"Петров Пётр\"") "," ROW("999", WORKS) "]", true));
    ck_assert(list.place.more);
    ck_assert_str_eq(list.place.last, "999");
    ck_assert(read_page("[" ROW("999", WORKS) "," ROW("5", "") ",{}," ROW("1000", "") "]", false));
    ck_assert(!list.place.more);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.all[0].id, "5");
    ck_assert_str_eq(list.all[1].id, "999");
    ck_assert_str_eq(list.all[2].id, "1000");
    ck_assert_str_eq(employee_find(&list, STR("1000"))->name, "Петров Пётр");
    ck_assert(
        employee_works(&list, STR("1000"))); /* the repeated one, a bare link, takes nothing away */
    ck_assert_ptr_null(employee_find(&list, STR("7")));
    ck_assert(!read_page("{}", false));
    ck_assert_uint_eq(list.count, 3);
    employee_list_done(&list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(a_name_is_cut_at_a_character)
{
    char name[2 * EMPLOYEE_NAME + 1] = "";
    for (size_t i = 0; i < EMPLOYEE_NAME; i++)
        memcpy(name + 2 * i, "я", 3);
    char *rows CLEANUP(mem_free_text) = mem_format("[{\"id\":5,\"name\":\"%s\"}]", name);
    ck_assert(read_page(rows, false));
    ck_assert_uint_eq(strlen(list.all[0].name), EMPLOYEE_NAME - 2);
    employee_list_done(&list);
}
END_TEST

START_TEST(there_is_a_ceiling)
{
    bool read = true;
    int id = 1;
    while (read && id <= LIMIT_EMPLOYEES + 1) {
        char *rows CLEANUP(mem_free_text) = mem_format("[{\"id\":%d},{\"id\":%d}]", id, id + 1);
        read = read_page(rows, true);
        id += 2;
    }
    ck_assert(!read);
    ck_assert_uint_eq(list.count, LIMIT_EMPLOYEES);
    employee_list_done(&list);
}
END_TEST

START_TEST(cards_have_position_and_e_mail)
{
#define MAIL(value, more) \
    "{\"contentType\":\"ContactInfo\",\"type\":\"email\",\"value\":\"" value "\"" more "}"
#define CONTACTS(list) ",\"contactInfo\":[" list "]"
    static const struct {
        const char *rest, *email;
    } cases[] = {
        {"", ""},
        {",\"contactInfo\":null", ""},
        {CONTACTS(""), ""},
        {CONTACTS("null,7," MAIL("", "") "," MAIL("a@a", "")), "a@a"},
        {CONTACTS("{\"type\":\"phone\",\"value\":\"7\"}," MAIL("a@a", "") "," MAIL("b@b", "")),
         "a@a"},
        {CONTACTS(MAIL("longer@a",
                       "") "," MAIL("b@b", ",\"isMain\":true") "," MAIL("c@c", ",\"isMain\":true")),
         "b@b"},
        {CONTACTS("{\"type\":{\"id\":\"1\"},\"value\":\"Москва\"}"), ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *rows CLEANUP(mem_free_text) =
            mem_format("[{\"id\":5,\"position\":\"Директор\"%s}]", cases[i].rest);
        ck_assert(read_page(rows, false));
        ck_assert_str_eq(list.all[0].email, cases[i].email);
        ck_assert_str_eq(list.all[0].position, "Директор");
        employee_list_done(&list);
    }
    char *rows CLEANUP(mem_free_text) = mem_format("[{\"id\":5" CONTACTS(MAIL("%0200d", "")) "}]",
                                                   0); /* cut it would be another one */
    ck_assert(read_page(rows, false));
    ck_assert_str_eq(list.all[0].email, "");
    employee_list_done(&list);
    char *url CLEANUP(mem_free_text) = employee_cards_url(STR("https://a"), STR("7"));
    ck_assert_ptr_nonnull(strstr(url, "%22contactInfo%22"));
    ck_assert_ptr_nonnull(strstr(url, "%22position%22"));
    ck_assert_ptr_nonnull(strstr(url, "pageAfter"));
}
END_TEST

START_TEST(who_is_dismissed)
{
    ck_assert(read_page("[" ROW("1", ",\"isWorking\":false,\"canLogin\":true") "," ROW(
                            "2", ",\"isWorking\":true,\"canLogin\":false") "," ROW("3", "") "]",
                        false));
    ck_assert(list.all[0].dismissed);
    ck_assert(!list.all[1].dismissed);
    ck_assert(!list.all[1].working);
    ck_assert(!list.all[2].dismissed);
    employee_list_done(&list);
}
END_TEST

START_TEST(what_a_nested_one_says)
{
    static const struct {
        const char *row;
        bool says, working;
    } cases[] = {
        {"{}", false, false},
        {"{\"isWorking\":true}", false, false},
        {"{\"canLogin\":true}", false, false},
        {"{\"isWorking\":true,\"canLogin\":true}", true, true},
        {"{\"isWorking\":false}", true, false},
        {"{\"canLogin\":false}", true, false},
        {"{\"fireInProgress\":true}", true, false},
        {"{\"fireInProgress\":false}", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool working = false;
        struct answer a = megaplan_kit_data(cases[i].row);
        ck_assert_msg(employee_says(a.data, &working) == cases[i].says, "case %zu", i);
        ck_assert_msg(working == cases[i].working, "case %zu", i);
        answer_done(&a);
    }
}
END_TEST

/* One page of more employees than there is room for at first. */
static bool page_fails(void *arg)
{
    bool read = employee_read_page(arg, &list);
    employee_list_done(&list);
    return !read;
}

START_TEST(want_of_memory)
{
    char rows[8000] = "[{\"id\":1}";
    for (int i = 2; i <= 120; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), ",{\"id\":%d}", i);
    snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "]");
    struct answer a = megaplan_kit_data(rows);
    fault_walk(page_fails, &a);
    answer_done(&a);
}
END_TEST

int main(void)
{
    return UNIT_RUN("employee", cards_have_position_and_e_mail, who_is_dismissed,
                    the_list_and_its_pages, who_works, all_pages_together,
                    a_name_is_cut_at_a_character, there_is_a_ceiling, what_a_nested_one_says,
                    want_of_memory);
}

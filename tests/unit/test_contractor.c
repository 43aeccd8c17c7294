/*
 * Creating a client, and finding it again.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/contractor.h"

static struct contractor_new client;

static void setup(void)
{
    client = (struct contractor_new){.name = STR("Новый (16:30 05.03.2018, входящий вызов)"),
                                     .phone = STR("+7 (999) 123-12-12"),
                                     .responsible = STR("1000005"),
                                     .employee = STR("Петров Пётр"),
                                     .entry_id = STR("MTIz")};
}

START_TEST(everything_known_in_one_request)
{
    setup();
    char *body = contractor_create_body(&client);
    ck_assert_str_eq(body, "{\"contentType\":\"ContractorHuman\","
                           "\"firstName\":\"Новый (16:30 05.03.2018, входящий вызов)\","
                           "\"contactInfo\":[{\"contentType\":\"ContactInfo\",\"type\":\"phone\","
                           "\"value\":\"+7 (999) 123-12-12\",\"isMain\":true}],"
                           "\"responsibles\":[{\"contentType\":\"Employee\",\"id\":\"1000005\"}],"
                           "\"userCreated\":{\"contentType\":\"Employee\",\"id\":\"1000005\"},"
                           "\"description\":\"MANGO MTIz\"}");
    free(body);
    char *url = contractor_create_url(STR("https://a"));
    ck_assert_str_eq(url, "https://a/api/v3/contractorHuman");
    free(url);
}
END_TEST

START_TEST(without_the_creator)
{
    setup();
    struct contractor_new c = client;
    c.no_creator = true;
    char *body = contractor_create_body(&c);
    ck_assert_ptr_null(strstr(body, "userCreated"));
    ck_assert_ptr_nonnull(strstr(body, "\"MANGO MTIz\\nСоздан по звонку: Петров Пётр\""));
    free(body);
    c.employee = STR_NONE;
    body = contractor_create_body(&c);
    ck_assert_ptr_nonnull(strstr(body, "Создан по звонку: 1000005"));
    free(body);
    c.employee = STR("\xff");
    ck_assert_ptr_null(contractor_create_body(&c));
    char longer[4000];
    memset(longer, 'x', sizeof longer);
    c.employee = (struct str){longer, sizeof longer};
    ck_assert_ptr_null(contractor_create_body(&c));
}
END_TEST

START_TEST(the_created_id)
{
    char id[LOOKUP_ID];
    struct answer a = megaplan_kit_data("{\"contentType\":\"ContractorHuman\",\"id\":\"1000011\"}");
    ck_assert(contractor_read_created(&a, id));
    ck_assert_str_eq(id, "1000011");
    ck_assert(!contractor_refuses_creator(&a));
    answer_done(&a);
    a = megaplan_kit_data("{\"id\":1000012}");
    ck_assert(contractor_read_created(&a, id));
    ck_assert_str_eq(id, "1000012");
    answer_done(&a);
    a = megaplan_kit_data("{}");
    ck_assert(!contractor_read_created(&a, id));
    answer_done(&a);
    a = megaplan_kit_answer(422,
                            "{\"meta\":{\"status\":422,\"errors\":[{\"field\":\"userCreated\"}]},"
                            "\"data\":{\"id\":\"1\"}}",
                            ANSWER_ABOUT_ACCOUNT);
    ck_assert(!contractor_read_created(&a, id));
    ck_assert(contractor_refuses_creator(&a));
    answer_done(&a);
}
END_TEST

START_TEST(pages_begin_behind_a_link_of_the_exact_type)
{
    char *url = contractor_list_url(STR("https://a"), STR_NONE);
    ck_assert_ptr_nonnull(strstr(url, "%22sortBy%22%3A%5B%7B%22"
                                      "contentType%22%3A%22SortField%22%2C%22fieldName%22%3A%22"
                                      "timeCreated%22%2C%22desc%22%3Atrue%7D%5D"));
    ck_assert_ptr_nonnull(strstr(url, "https://a/api/v3/contractorHuman?%7B%22limit%22%3A100"));
    ck_assert_ptr_nonnull(strstr(url, "%22description%22"));
    ck_assert_ptr_null(strstr(url, "pageAfter"));
    free(url);
    url = contractor_list_url(STR("https://a"), STR("17"));
    ck_assert_ptr_nonnull(strstr(url,
                                 "%22pageAfter%22%3A%7B%22contentType%22%3A%22ContractorHuman%22"
                                 "%2C%22id%22%3A%2217%22%7D"));
    free(url);
}
END_TEST

static char *row(const char *id, const char *description, const char *phone, const char *created,
                 bool dropped)
{
    return mem_format("{\"contentType\":\"ContractorHuman\",\"id\":\"%s\",\"isDropped\":%s,"
                      "\"description\":\"%s\",\"timeCreated\":{\"contentType\":\"DateTime\","
                      "\"value\":\"%s\"},\"contactInfo\":[{\"contentType\":\"ContactInfo\","
                      "\"type\":\"phone\",\"value\":\"%s\"}]}",
                      id, dropped ? "true" : "false", description, created, phone);
}

static struct contractor_page p;
static char rows[4000];

static void add(char *text)
{
    size_t n = strlen(rows);
    snprintf(rows + n, sizeof rows - n, "%s%s", n ? "," : "", text);
    free(text);
}

static bool read_page(bool more)
{
    struct contractor_search s = {.marker = STR("MANGO MTIz"),
                                  .country_code = STR("7"),
                                  .since = 1520256600000 /* 2018-03-05T13:30:00Z */};
    ck_assert(phone_from_pbx(STR("79991231212"), &s.number));
    char *body CLEANUP(mem_free_text) = mem_format(
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":%s}},\"data\":[%s]}",
        more ? "true" : "false", rows);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_ACCOUNT);
    bool read = contractor_read_page(&a, &s, &p);
    answer_done(&a);
    rows[0] = '\0';
    return read;
}

#define NOW "2018-03-05T16:31:00+03:00"
#define OLD "2018-03-05T16:29:59+03:00"

START_TEST(by_marker_and_by_number)
{
    p = (struct contractor_page){0};
    add(row("30", "by hand", "8 (999) 123-12-12", NOW, false));
    add(row("20", "x MANGO MTIz\\nfurther", "1", NOW, false));
    add(row("10", "MANGO MTIzNDU=", "79991231213", NOW, false)); /* another marker */
    ck_assert(read_page(true));
    ck_assert_str_eq(p.marked, "20");
    ck_assert_str_eq(p.numbered, "30");
    ck_assert_str_eq(p.place.last, "10");
    ck_assert(p.place.more);
    add(row("9", "MANGO MTIzN MANGO MTIz", "79991231212", NOW, false));
    ck_assert(read_page(false));
    ck_assert_str_eq(p.marked, "9");
    ck_assert_str_eq(p.numbered, "9");
    ck_assert_uint_eq(p.nmarked, 2);
    ck_assert_uint_eq(p.nnumbered, 2);
    ck_assert(!p.place.more);
}
END_TEST

START_TEST(a_deleted_one_was_made_all_the_same)
{
    p = (struct contractor_page){0};
    add(row("20", "MANGO MTIz", "79991231212", NOW, true));
    ck_assert(read_page(false));
    ck_assert_str_eq(p.marked, "20");
    ck_assert_str_eq(p.numbered, "");
    ck_assert_uint_eq(p.nmarked, 0);
}
END_TEST

START_TEST(back_to_the_time_of_the_request)
{
    p = (struct contractor_page){0};
    add(row("20", "", "1", NOW, false));
    add(row("19", "MANGO MTIz", "79991231212", OLD, false));
    ck_assert(read_page(true));
    ck_assert_str_eq(p.marked, "");
    ck_assert_str_eq(p.numbered, "");
    ck_assert(!p.place.more);
    add(row("18", "MANGO MTIz", "1", "no time at all", false)); /* may be new: it is looked at */
    ck_assert(read_page(false));
    ck_assert_str_eq(p.marked, "18");
}
END_TEST

START_TEST(a_page_may_repeat_the_last_row)
{
    p = (struct contractor_page){0};
    add(row("30", "by hand", "1", NOW, false));
    add(row("20", "MANGO MTIz", "79991231212", NOW, false));
    ck_assert(read_page(true));
    add(row("20", "MANGO MTIz", "79991231212", NOW, false));
    add(row("10", "by hand", "1", NOW, false));
    ck_assert(read_page(true));
    ck_assert_uint_eq(p.nmarked, 1);
    ck_assert_uint_eq(p.nnumbered, 1);
    ck_assert_str_eq(p.place.last, "10");
    add(row("10", "by hand", "1", NOW, false));
    ck_assert(read_page(true)); /* nothing new, and says there is more: no end is taken for one */
    ck_assert(p.place.more);
    ck_assert_str_eq(p.place.last, "10");
    add(row("10", "by hand", "1", NOW, false));
    ck_assert(read_page(false));
    ck_assert(!p.place.more);
}
END_TEST

START_TEST(pages_that_end)
{
    p = (struct contractor_page){0};
    ck_assert(read_page(true)); /* no rows, and says there are more */
    ck_assert(!p.place.more);
    snprintf(rows, sizeof rows, "{},17");
    ck_assert(read_page(true)); /* rows without an id: no next page could begin */
    ck_assert(!p.place.more);
    struct answer a = megaplan_kit_data("{}");
    const struct contractor_search s = {.marker = STR("MANGO MTIz")};
    ck_assert(!contractor_read_page(&a, &s, &p));
    answer_done(&a);
    a = megaplan_kit_answer(500, "", ANSWER_ABOUT_ACCOUNT);
    ck_assert(!contractor_read_page(&a, &s, &p));
    answer_done(&a);
}
END_TEST

START_TEST(extra_fields_of_a_new_client)
{
    setup();
    const struct contractor_field fields[] = {
        {STR("Category183CustomFieldNomerLinii"), STR("74951234567")},
        {STR("Category183CustomFieldGorod"), STR("\xffМосква")}};
    struct contractor_new c = client;
    c.fields = fields;
    c.nfields = 2;
    char *body = contractor_create_body(&c);
    ck_assert_ptr_nonnull(strstr(body, ",\"Category183CustomFieldNomerLinii\":\"74951234567\","
                                       "\"Category183CustomFieldGorod\":\"\xef\xbf\xbdМосква\"}"));
    free(body);
    const struct contractor_field nameless = {STR_NONE, STR("x")};
    c.fields = &nameless;
    c.nfields = 1;
    ck_assert_ptr_null(contractor_create_body(&c));
}
END_TEST

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(updates_name_what_they_change)
{
    const struct contractor_field line = {STR("Category183CustomFieldNomerLiniiMangoOffice"),
                                          STR("74951234567")};
    is(contractor_update_url(STR("https://a"), STR("1000011"), false),
       "https://a/api/v3/contractorHuman/1000011");
    is(contractor_update_url(STR("https://a"), STR("12"), true),
       "https://a/api/v3/contractorCompany/12");
    is(contractor_fields_body(STR("1000011"), false, &line, 1),
       "{\"contentType\":\"ContractorHuman\",\"id\":\"1000011\","
       "\"Category183CustomFieldNomerLiniiMangoOffice\":\"74951234567\"}");
    is(contractor_responsible_body(STR("12"), true, STR("1000006")),
       "{\"contentType\":\"ContractorCompany\",\"id\":\"12\","
       "\"responsibles\":[{\"contentType\":\"Employee\",\"id\":\"1000006\"}]}");
    is(contractor_drop_responsible_url(STR("https://a"), STR("12"), false, STR("1000005")),
       "https://a/api/v3/contractorHuman/12/responsibles/Employee/1000005");
    is(contractor_drop_responsible_url(STR("https://a"), STR("12"), true, STR("1/5")),
       "https://a/api/v3/contractorCompany/12/responsibles/Employee/1%2F5");
    /* An update without its id might make a new client. */
    ck_assert_ptr_null(contractor_fields_body(STR_NONE, false, &line, 1));
    ck_assert_ptr_null(contractor_responsible_body(STR_NONE, false, STR("5")));
    ck_assert_ptr_null(contractor_responsible_body(STR("12"), false, STR_NONE));
    ck_assert_ptr_null(contractor_update_url(STR("https://a"), STR_NONE, false));
    ck_assert_ptr_null(contractor_fields_body(STR("12"), false, NULL, 0));
    ck_assert_ptr_null(
        contractor_drop_responsible_url(STR("https://a"), STR("12"), true, STR_NONE));
    ck_assert_ptr_null(contractor_drop_responsible_url(STR("https://a"), STR_NONE, true, STR("5")));
}
END_TEST

START_TEST(a_card_is_read_with_the_fields_asked_for)
{
    static const char *const names[] = {"Category183CustomFieldGorod"};
    is(contractor_read_url(STR("https://a"), STR("12"), true, names, 1),
       "https://a/api/v3/contractorCompany/12?%7B%22fields%22%3A%5B%22responsibles%22%2C%22"
       "contactInfo%22%2C%22isDropped%22%2C%22Category183CustomFieldGorod%22%5D%7D");
    is(contractor_read_url(STR("https://a"), STR("12"), false, NULL, 0),
       "https://a/api/v3/contractorHuman/12?%7B%22fields%22%3A%5B%22responsibles%22%2C%22"
       "contactInfo%22%2C%22isDropped%22%5D%7D");
}
END_TEST

START_TEST(responsibles_are_employees)
{
    struct contractor_responsible r[4];
    size_t n = 9;
    struct answer a = megaplan_kit_data(
        "{\"responsibles\":[{\"contentType\":\"ContractorHuman\",\"id\":\"1\"},"
        "{\"contentType\":\"Group\",\"id\":\"2\"},{\"contentType\":\"Employee\"},7,"
        "{\"contentType\":\"Employee\",\"id\":\"5\"},"
        "{\"contentType\":\"Employee\",\"id\":6,\"isWorking\":true,\"canLogin\":false},"
        "{\"contentType\":\"Employee\",\"id\":\"7\",\"isWorking\":true,\"canLogin\":true},"
        "{\"contentType\":\"Employee\",\"id\":\"8\",\"isWorking\":true,\"canLogin\":true,"
        "\"fireInProgress\":true},{\"contentType\":\"Employee\",\"id\":\"9\"}]}");
    ck_assert(contractor_read_responsibles(a.data, r, 4, &n));
    ck_assert_uint_eq(n, 4);
    ck_assert_str_eq(r[0].id, "5");
    ck_assert(!r[0].says_working);
    ck_assert_str_eq(r[1].id, "6");
    ck_assert(r[1].says_working && !r[1].working);
    ck_assert(r[2].says_working && r[2].working);
    ck_assert(r[3].says_working && !r[3].working);
    answer_done(&a);
    a = megaplan_kit_data("{\"responsibles\":[]}");
    ck_assert(contractor_read_responsibles(a.data, r, 4, &n));
    ck_assert_uint_eq(n, 0);
    answer_done(&a);
    a = megaplan_kit_data("{\"responsibles\":null}");
    n = 9;
    ck_assert(!contractor_read_responsibles(a.data, r, 4, &n));
    ck_assert_uint_eq(n, 0);
    answer_done(&a);
}
END_TEST

START_TEST(what_a_card_says)
{
    struct answer a = megaplan_kit_data(
        "{\"a\":null,\"b\":\"\",\"c\":\"  \",\"d\":[],\"e\":\" x\",\"f\":0,\"g\":[1],\"h\":{},"
        "\"isDropped\":true}");
    static const char *const empty[] = {"a", "b", "c", "d", "nowhere"};
    static const char *const full[] = {"e", "f", "g", "h"};
    for (size_t i = 0; i < COUNT(empty); i++)
        ck_assert_msg(contractor_field_empty(a.data, empty[i]), "%s", empty[i]);
    for (size_t i = 0; i < COUNT(full); i++)
        ck_assert_msg(!contractor_field_empty(a.data, full[i]), "%s", full[i]);
    ck_assert(contractor_is_dropped(a.data));
    answer_done(&a);
    a = megaplan_kit_data("{\"isDropped\":\"true\"}");
    ck_assert(!contractor_is_dropped(a.data));
    answer_done(&a);
}
END_TEST

static char *created(void)
{
    const struct contractor_field field = {STR("Category183CustomFieldGorod"), STR("Москва")};
    setup();
    struct contractor_new c = client;
    c.no_creator = true;
    c.fields = &field;
    c.nfields = 1;
    return contractor_create_body(&c);
}

static char *listed(void)
{
    return contractor_list_url(STR("https://a"), STR("7"));
}

static char *updated(void)
{
    return contractor_responsible_body(STR("12"), true, STR("5"));
}

static char *dropped(void)
{
    return contractor_drop_responsible_url(STR("https://a"), STR("12"), true, STR("5"));
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(created);
    megaplan_kit_walk(listed);
    megaplan_kit_walk(updated);
    megaplan_kit_walk(dropped);
}
END_TEST

int main(void)
{
    return UNIT_RUN("contractor", everything_known_in_one_request, without_the_creator,
                    the_created_id, pages_begin_behind_a_link_of_the_exact_type,
                    by_marker_and_by_number, a_deleted_one_was_made_all_the_same,
                    back_to_the_time_of_the_request, a_page_may_repeat_the_last_row, pages_that_end,
                    extra_fields_of_a_new_client, updates_name_what_they_change,
                    a_card_is_read_with_the_fields_asked_for, responsibles_are_employees,
                    what_a_card_says, want_of_memory);
}

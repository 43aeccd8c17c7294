/*
 * Who carries a phone number.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/lookup.h"

#define PHONE(value) "{\"contentType\":\"ContactInfo\",\"type\":\"phone\",\"value\":\"" value "\"}"
#define CARD(id, phone)                                 \
    "{\"contentType\":\"ContractorHuman\",\"id\":\"" id \
    "\",\"isDropped\":false,\"contactInfo\":[" PHONE(phone) "]}"
#define LINK(id) "{\"contentType\":\"ContractorHuman\",\"id\":\"" id "\"}"

static struct lookup l;

static void setup(void)
{
    lookup_done(&l);
    l.country_code = STR("7");
    ck_assert(phone_from_pbx(STR("79991231212"), &l.number));
}

static bool search(const char *rows)
{
    struct answer a = megaplan_kit_data(rows);
    bool read = lookup_read_search(&l, &a);
    answer_done(&a);
    return read;
}

static bool route(const char *users)
{
    char *data CLEANUP(mem_free_text) = mem_format("{\"contentType\":\"CallRoute\"%s%s}",
                                                   users ? ",\"users\":" : "", users ? users : "");
    struct answer a = megaplan_kit_data(data);
    bool read = lookup_read_route(&l, &a);
    answer_done(&a);
    return read;
}

static bool fetch(const char *id, const char *row)
{
    struct answer a = megaplan_kit_data(row);
    bool read = lookup_read_fetch(&l, str_of(id), &a);
    answer_done(&a);
    return read;
}

START_TEST(urls)
{
    setup();
    char *url = lookup_route_url(STR("https://a"), &l.number);
    ck_assert_str_eq(url, "https://a/api/v3/callRoute?%7B%22phone%22%3A%2279991231212%22%7D");
    free(url);
    url = lookup_search_url(STR("https://a"), &l);
    ck_assert_str_eq(
        url, "https://a/api/v3/contractor?%7B%22limit%22%3A100%2C%22fields%22%3A%5B%22"
             "contactInfo%22%2C%22isDropped%22%2C%22responsibles%22%2C%22name%22%5D%2C%22q%22%3A%22"
             "79991231212%22%7D");
    free(url);
    url = lookup_fetch_url(STR("https://a"), STR("17"));
    ck_assert_str_eq(url,
                     "https://a/api/v3/contractor/17?%7B%22fields%22%3A%5B%22contactInfo%22%2C%22"
                     "isDropped%22%2C%22responsibles%22%2C%22name%22%5D%7D");
    free(url);
}
END_TEST

START_TEST(numbers_as_people_type_them)
{
    static const char *const same[] = {CARD("1", "79991231212"), CARD("1", "+7 (999) 123-12-12"),
                                       CARD("1", "8 999 123 12 12"), CARD("1", "9991231212")};
    static const char *const other[] = {CARD("1", "79991231213"), CARD("1", "+89991231212"),
                                        CARD("1", "1231212"), CARD("1", "")};
    for (size_t i = 0; i < 4; i++) {
        char rows[300];
        setup();
        snprintf(rows, sizeof rows, "[%s]", same[i]);
        ck_assert(search(rows));
        ck_assert_msg(lookup_client(&l) != NULL, "case %zu", i);
        setup();
        snprintf(rows, sizeof rows, "[%s]", other[i]);
        ck_assert(search(rows));
        ck_assert_msg(lookup_client(&l) == NULL, "case %zu", i);
        ck_assert_ptr_null(lookup_unknown(&l));
    }
}
END_TEST

START_TEST(contact_info_mixes_kinds)
{
    setup();
    ck_assert(search(
        "[{\"contentType\":\"ContractorCompany\",\"id\":17,\"isDropped\":false,"
        "\"contactInfo\":[{\"contentType\":\"Address\",\"value\":\"79991231212\"},"
        "{\"contentType\":\"ContactInfo\",\"type\":\"email\",\"value\":\"79991231212\"},7,"
        "{\"contentType\":\"ContactInfo\",\"type\":\"phone\"}," PHONE("+79991231212") "]}]"));
    ck_assert_str_eq(lookup_client(&l)->id, "17");
    setup();
    ck_assert(search("[{\"contentType\":\"ContractorHuman\",\"id\":\"17\",\"isDropped\":false,"
                     "\"contactInfo\":[{\"contentType\":\"Address\",\"type\":\"phone\","
                     "\"value\":\"79991231212\"}]}]"));
    ck_assert_ptr_null(lookup_client(&l));
}
END_TEST

START_TEST(the_smallest_id_by_number)
{
    setup();
    ck_assert(search("[" CARD("1000", "79991231212") "," CARD("999", "79991231212") "," CARD(
        "50", "79991231213") "," CARD("x1", "79991231212") "]"));
    ck_assert_str_eq(lookup_client(&l)->id, "999");
    ck_assert_uint_eq(lookup_others(&l), 2);
    ck_assert_int_lt(lookup_compare_ids(STR("999"), STR("1000")), 0);
    ck_assert_int_gt(lookup_compare_ids(STR("x"), STR("1000")), 0);
    ck_assert_int_lt(lookup_compare_ids(STR("1000"), STR("x")), 0);
    ck_assert_int_lt(lookup_compare_ids(STR("a"), STR("b")), 0);
    ck_assert_int_eq(lookup_compare_ids(STR("7"), STR("7")), 0);
}
END_TEST

START_TEST(deleted_ones_and_employees_are_no_clients)
{
    setup();
    ck_assert(search(
        "[{\"contentType\":\"ContractorHuman\",\"id\":\"1\",\"isDropped\":true,"
        "\"contactInfo\":[" PHONE(
            "79991231212") "]},"
                           "{\"contentType\":\"Employee\",\"id\":\"2\",\"isDropped\":false,"
                           "\"contactInfo\":[" PHONE(
                               "79991231212") "]},"
                                              "{\"id\":\"3\"},{\"contentType\":\"ContractorHuman\"},"
                                              "{\"contentType\":\"ContractorHuman\",\"id\":\"1234567890123456789012345\"},17]"));
    ck_assert_ptr_null(lookup_client(&l));
    ck_assert_ptr_null(lookup_unknown(&l));
    ck_assert_uint_eq(lookup_others(&l), 0);
}
END_TEST

START_TEST(bare_links_are_fetched)
{
    setup();
    ck_assert(route("[" LINK("5") "," LINK("6") ",{\"contentType\":\"Employee\",\"id\":\"7\"}]"));
    ck_assert_str_eq(lookup_unknown(&l)->id, "5");
    ck_assert(fetch("5", CARD("5", "79991231212")));
    ck_assert_str_eq(lookup_unknown(&l)->id, "6");
    lookup_gone(&l, STR("6"));
    lookup_gone(&l, STR("66"));
    ck_assert_ptr_null(lookup_unknown(&l));
    ck_assert_str_eq(lookup_client(&l)->id, "5");
}
END_TEST

START_TEST(a_row_that_does_not_say_enough_is_fetched)
{
    setup();
    ck_assert(route("{\"contentType\":\"ContractorHuman\",\"id\":\"5\",\"contactInfo\":[" PHONE(
        "79991231212") "]}")); /* a single object; nothing said of isDropped */
    ck_assert_ptr_nonnull(lookup_unknown(&l));
    ck_assert(!fetch("5", CARD("6", "79991231212")));
    ck_assert(!fetch("9", CARD("9", "79991231212")));
    ck_assert(!fetch("5", "[]"));
    ck_assert(
        fetch("5", "{\"contentType\":\"ContractorHuman\",\"id\":\"5\",\"contactInfo\":[" PHONE(
                       "79991231212") "]}"));
    ck_assert_str_eq(lookup_client(&l)->id, "5");
    setup();
    ck_assert(route("[" LINK("5") "]"));
    ck_assert(fetch("5", LINK("5"))); /* silent about phones though asked: carries none */
    ck_assert_ptr_null(lookup_client(&l));
    ck_assert_ptr_null(lookup_unknown(&l));
}
END_TEST

START_TEST(the_search_knows_what_the_link_does_not_say)
{
    setup();
    ck_assert(route("[" LINK("5") "," LINK("6") "]"));
    ck_assert(search("[" CARD("5", "79991231212") "," CARD("6", "79991231219") "]"));
    ck_assert_ptr_null(lookup_unknown(&l));
    ck_assert(route("[" LINK("5") "]")); /* a link tells nothing new */
    ck_assert_str_eq(lookup_client(&l)->id, "5");
}
END_TEST

START_TEST(answers_of_something_else)
{
    setup();
    ck_assert(!route(NULL));
    ck_assert(!route("null"));
    ck_assert(!search("{}"));
    ck_assert(route("[]"));
    ck_assert(search("[]"));
}
END_TEST

static void search_more(const char *rows)
{
    l.list = LOOKUP_LIST_ALL;
    ck_assert(search(rows));
}

START_TEST(very_many)
{
    setup();
    for (int i = LOOKUP_MAX + 5; i > 0; i--) {
        char *rows CLEANUP(mem_free_text) =
            mem_format("[{\"contentType\":\"ContractorHuman\",\"id\":\"%d\"}]", i);
        search_more(rows);
    }
    ck_assert_uint_eq(l.count, LOOKUP_MAX);
    ck_assert_uint_eq(l.overflow, 5);
    ck_assert(!lookup_incomplete(&l)); /* those there are have to be fetched first */
    for (int i = 1; i <= LOOKUP_MAX; i++) {
        char id[LOOKUP_ID];
        snprintf(id, sizeof id, "%d", i);
        ck_assert_ptr_nonnull(lookup_unknown(&l));
        lookup_gone(&l, str_of(id)); /* the smallest were kept */
    }
    ck_assert_ptr_null(lookup_unknown(&l));
    ck_assert(lookup_incomplete(&l)); /* nobody, of those: no answer */
    ck_assert_ptr_null(lookup_search_url(STR("https://a"), &l));
    search_more("[" CARD("7000", "1") "]"); /* fits nowhere and does not fit */
    search_more("[" CARD("7000", "79991231212") "]");
    ck_assert_str_eq(lookup_client(&l)->id, "7000"); /* in the place of one that is gone */
    ck_assert(!lookup_incomplete(&l));
    for (int i = 0; i < LOOKUP_MAX; i++) {
        char *rows CLEANUP(mem_free_text) = mem_format("[" CARD("%d", "79991231212") "]", 5000 + i);
        search_more(rows);
    }
    ck_assert_str_eq(lookup_client(&l)->id, "5000");
    ck_assert_uint_eq(lookup_others(&l), LOOKUP_MAX - 1);
    search_more("[" CARD("9000", "79991231212") "]"); /* the largest goes */
    search_more("[" CARD("4999", "79991231212") "]");
    ck_assert_str_eq(lookup_client(&l)->id, "4999");
}
END_TEST

/* A page of the search, of one row, and whether there are more. */
static bool page(const char *rows, bool more)
{
    char *body CLEANUP(mem_free_text) = mem_format(
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":%s}},\"data\":[%s]}",
        more ? "true" : "false", rows);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_ACCOUNT);
    bool read = lookup_read_search(&l, &a);
    answer_done(&a);
    return read;
}

static void next_is(const char *path, const char *after)
{
    char *url = lookup_search_url(STR("https://a"), &l);
    ck_assert_ptr_nonnull(url);
    ck_assert_ptr_nonnull(strstr(url, path));
    ck_assert((strstr(url, "pageAfter") != NULL) == (after != NULL));
    if (after)
        ck_assert_ptr_nonnull(strstr(url, after));
    ck_assert_ptr_nonnull(strstr(url, "%22q%22%3A%2279991231212%22"));
    free(url);
}

START_TEST(a_search_of_more_than_a_page)
{
    setup();
    ck_assert(!lookup_incomplete(&l)); /* none began */
    next_is("/contractor?", NULL);
    ck_assert(page(CARD("50", "79991231212"), true));
    ck_assert(lookup_incomplete(&l));
    next_is("/contractorHuman?", NULL);
    ck_assert(page(CARD("40", "1"), true));
    next_is("/contractorHuman?", "%22ContractorHuman%22%2C%22id%22%3A%2240%22");
    ck_assert(page(CARD("40", "1") "," CARD("30", "79991231212"), false));
    ck_assert(lookup_incomplete(&l));
    next_is("/contractorCompany?", NULL);
    ck_assert(page("{\"contentType\":\"ContractorCompany\",\"id\":\"7\"}", true));
    next_is("/contractorCompany?", "%22ContractorCompany%22%2C%22id%22%3A%227%22");
    ck_assert(page("", false));
    ck_assert(!lookup_incomplete(&l));
    ck_assert_ptr_null(lookup_search_url(STR("https://a"), &l));
    ck_assert(!page("", false)); /* it had come to its end */
    ck_assert_str_eq(lookup_client(&l)->id, "30");
    ck_assert_str_eq(lookup_unknown(&l)->id, "7");
    ck_assert(lookup_unknown(&l)->company);
    ck_assert(!lookup_client(&l)->company);
}
END_TEST

START_TEST(a_search_that_goes_nowhere_never_says_nobody)
{
    setup();
    ck_assert(page("{\"contentType\":\"ContractorHuman\"}", true)); /* no row to begin behind */
    ck_assert(lookup_incomplete(&l));
    ck_assert_ptr_null(lookup_search_url(STR("https://a"), &l));
    setup();
    ck_assert(page("", true)); /* no rows, and says there are more */
    ck_assert(lookup_incomplete(&l));
    setup();
    size_t pages = 0;
    while (page(CARD("40", "1"), true)) /* always the same row */
        pages++;
    ck_assert_uint_eq(pages, LOOKUP_PAGES + 1);
    ck_assert(lookup_incomplete(&l));
    ck_assert_ptr_null(lookup_search_url(STR("https://a"), &l));
}
END_TEST

START_TEST(responsibles_of_a_row)
{
    setup();
    ck_assert(route("[" LINK("5") "]"));
    ck_assert(!lookup_unknown(&l)->says_responsibles);
    ck_assert(fetch("5", "{\"contentType\":\"ContractorHuman\",\"id\":\"5\",\"isDropped\":false,"
                         "\"contactInfo\":[" PHONE(
                             "79991231212") "],\"responsibles\":["
                                            "{\"contentType\":\"Group\",\"id\":\"3\"},"
                                            "{\"contentType\":\"Employee\",\"id\":\"1000005\"}]}"));
    const struct lookup_candidate *c = lookup_client(&l);
    ck_assert(c->says_responsibles);
    ck_assert_uint_eq(c->nresponsibles, 1);
    ck_assert_str_eq(c->responsibles[0].id, "1000005");
    ck_assert(route("[" LINK("5") "]")); /* says less, takes nothing away */
    ck_assert_uint_eq(lookup_client(&l)->nresponsibles, 1);
}
END_TEST

int main(void)
{
    return UNIT_RUN("lookup", urls, numbers_as_people_type_them, contact_info_mixes_kinds,
                    the_smallest_id_by_number, deleted_ones_and_employees_are_no_clients,
                    bare_links_are_fetched, a_row_that_does_not_say_enough_is_fetched,
                    the_search_knows_what_the_link_does_not_say, answers_of_something_else,
                    very_many, a_search_of_more_than_a_page,
                    a_search_that_goes_nowhere_never_says_nobody, responsibles_of_a_row);
}

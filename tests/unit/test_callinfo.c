/*
 * A call in Megaplan: bodies as the reference writes them, and what the answers say.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/callinfo.h"

#define ENTRY "mango-entry-MTIzNDU2"

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(addresses)
{
    is(callinfo_provider_url(STR("https://a/")), "https://a/api/v3/callInfo/provider");
    is(callinfo_create_url(STR("https://a")), "https://a/api/v3/callInfo");
    is(callinfo_history_url(STR("https://a")), "https://a/api/v3/callInfo/history");
    is(callinfo_find_url(STR("https://a"), STR("mango-12345")),
       "https://a/api/v3/callInfo/provider?%7B%22providerId%22%3A%22mango-12345%22%7D");
    is(callinfo_contractor_url(STR("https://a"), STR("77")),
       "https://a/api/v3/callInfo/77/setContractor");
    ck_assert_ptr_null(callinfo_contractor_url(STR("https://a"), STR_NONE));
}
END_TEST

START_TEST(the_ringing_of_the_reference)
{
    const struct callinfo c = {.provider_id = STR(ENTRY),
                               .type = STR("in"),
                               .state = STR("calling"),
                               .from_phone = STR("79991231212"),
                               .to_phone = STR("74951234567"),
                               .time_from = 1709645400,
                               .offset_s = 10800,
                               .employee = STR("1000005"),
                               .client = STR("1000011"),
                               .incoming = true};
    is(callinfo_body(&c),
       "{\"contentType\":\"CallInfo\",\"providerId\":\"" ENTRY "\",\"type\":\"in\","
       "\"state\":\"calling\",\"fromPhone\":\"79991231212\",\"toPhone\":\"74951234567\","
       "\"fromUser\":{\"contentType\":\"ContractorHuman\",\"id\":\"1000011\"},"
       "\"toUser\":{\"contentType\":\"Employee\",\"id\":\"1000005\"},"
       "\"timeFrom\":{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T16:30:00+03:00\"}}");
}
END_TEST

START_TEST(the_history_of_the_reference)
{
    static const char *const links[] = {"https://records.example/2.mp3"};
    const struct callinfo c = {.provider_id = STR("mango-entry-A"),
                               .type = STR("in"),
                               .state = STR("finished"),
                               .from_phone = STR("79991231212"),
                               .to_phone = STR("74951234567"),
                               .time_from = 1709622000,
                               .time_to = 1709622190,
                               .offset_s = 10800,
                               .incoming = true,
                               .links = links,
                               .nlinks = 1};
    is(callinfo_history_body(&c),
       "[{\"contentType\":\"CallInfo\",\"providerId\":\"mango-entry-A\",\"type\":\"in\","
       "\"state\":\"finished\",\"fromPhone\":\"79991231212\",\"toPhone\":\"74951234567\","
       "\"timeFrom\":{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T10:00:00+03:00\"},"
       "\"timeTo\":{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T10:03:10+03:00\"},"
       "\"recordLinks\":[\"https://records.example/2.mp3\"]}]");
}
END_TEST

START_TEST(outgoing_is_the_other_way_round)
{
    struct callinfo c = {.provider_id = STR("e"),
                         .type = STR("out"),
                         .employee = STR("5"),
                         .client = STR("11"),
                         .company = true};
    is(callinfo_body(&c), "{\"contentType\":\"CallInfo\",\"providerId\":\"e\",\"type\":\"out\","
                          "\"toUser\":{\"contentType\":\"ContractorCompany\",\"id\":\"11\"},"
                          "\"fromUser\":{\"contentType\":\"Employee\",\"id\":\"5\"}}");
    c.type = STR("\xff");
    ck_assert_ptr_null(callinfo_body(&c));
    ck_assert_ptr_null(callinfo_history_body(&c));
}
END_TEST

START_TEST(links_and_the_client_alone)
{
    static const char *const links[] = {"https://records.example/1.mp3", "https://r/2"};
    is(callinfo_links_body(STR(ENTRY), links, 1),
       "{\"contentType\":\"CallInfo\",\"providerId\":\"" ENTRY "\","
       "\"recordLinks\":[\"https://records.example/1.mp3\"]}");
    is(callinfo_links_body(STR("e"), links, 2),
       "{\"contentType\":\"CallInfo\",\"providerId\":\"e\","
       "\"recordLinks\":[\"https://records.example/1.mp3\",\"https://r/2\"]}");
    is(callinfo_contractor_body(STR("11"), true),
       "{\"contentType\":\"ContractorCompany\",\"id\":\"11\"}");
    is(callinfo_contractor_body(STR("11"), false),
       "{\"contentType\":\"ContractorHuman\",\"id\":\"11\"}");
    ck_assert_ptr_null(callinfo_contractor_body(STR_NONE, false));
}
END_TEST

START_TEST(whose_id)
{
    static const struct {
        const char *data;
        const char *id; /* NULL: not said */
    } cases[] = {
        {"{\"contentType\":\"CallInfo\",\"id\":\"77\",\"providerId\":\"e\"}", "77"},
        {"{\"contentType\":\"CallInfo\",\"id\":77}", "77"},
        {"{\"id\":\"77\",\"providerId\":null}", "77"},
        {"{\"id\":\"77\",\"providerId\":\"other\"}", NULL},
        {"{\"providerId\":\"e\"}", NULL},
        {"[{\"id\":\"78\"}]", "78"},
        {"[{\"id\":\"78\",\"providerId\":\"other\"}]", NULL},
        {"[{\"id\":\"78\",\"providerId\":\"other\"},{\"id\":\"9\",\"providerId\":\"e\"},"
         "{\"id\":\"80\"}]",
         "9"},
        {"[{\"id\":\"100\",\"providerId\":\"e\"},{\"id\":\"99\",\"providerId\":\"e\"}]", "100"},
        {"[{\"id\":\"99\",\"providerId\":\"e\"},{\"id\":\"100\",\"providerId\":\"e\"}]", "100"},
        {"[]", NULL},
        {"7", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char id[LOOKUP_ID] = "";
        struct answer a = megaplan_kit_data(cases[i].data);
        ck_assert_msg(callinfo_read_id(&a, STR("e"), id) == (cases[i].id != NULL), "case %zu", i);
        if (cases[i].id)
            ck_assert_str_eq(id, cases[i].id);
        answer_done(&a);
    }
    char id[LOOKUP_ID];
    struct answer a = megaplan_kit_answer(
        404, "{\"meta\":{\"status\":404,\"errors\":[]},\"data\":{\"id\":\"1\"}}",
        ANSWER_ABOUT_RECORD);
    ck_assert(!callinfo_read_id(&a, STR("e"), id));
    answer_done(&a);
}
END_TEST

START_TEST(what_stands_there)
{
    struct answer a = megaplan_kit_data(
        "{\"id\":\"77\",\"providerId\":\"e\",\"type\":\"out\",\"state\":\"finished\","
        "\"fromUser\":{\"contentType\":\"Employee\",\"id\":\"5\"},"
        "\"toUser\":{\"contentType\":\"ContractorCompany\",\"id\":\"11\"},"
        "\"recordLinks\":[null,\"https://r/1/x\"]}");
    struct callinfo_row row;
    ck_assert(callinfo_read_row(&a, STR("e"), &row));
    ck_assert_text(row.type, "out");
    ck_assert_text(row.state, "finished");
    ck_assert(row.has_client);
    ck_assert(callinfo_row_links(&row, STR("https://r/1/")));
    ck_assert(!callinfo_row_links(&row, STR("https://r/2/")));
    ck_assert(!callinfo_read_row(&a, STR("f"), &row));
    answer_done(&a);
    a = megaplan_kit_data("{\"id\":\"77\",\"providerId\":\"e\"}");
    ck_assert(callinfo_read_row(&a, STR("e"), &row));
    ck_assert(!row.has_client && !row.state.len && !callinfo_row_links(&row, STR("h")));
    answer_done(&a);
}
END_TEST

static char *history(void)
{
    static const char *const links[] = {"https://r/1", "https://r/2"};
    const struct callinfo c = {.provider_id = STR("e"),
                               .from_phone = STR("79991231212"),
                               .time_from = 1709622000,
                               .employee = STR("5"),
                               .client = STR("11"),
                               .links = links,
                               .nlinks = 2};
    return callinfo_history_body(&c);
}

static char *found(void)
{
    return callinfo_find_url(STR("https://a"), STR("e"));
}

static char *linked(void)
{
    return callinfo_contractor_body(STR("11"), false);
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(history);
    megaplan_kit_walk(found);
    megaplan_kit_walk(linked);
}
END_TEST

int main(void)
{
    return UNIT_RUN("callinfo", addresses, the_ringing_of_the_reference,
                    the_history_of_the_reference, outgoing_is_the_other_way_round,
                    links_and_the_client_alone, whose_id, what_stands_there, want_of_memory);
}

/*
 * Several requests in one.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/bulk.h"

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

static const struct bulk_call calls[] = {
    {"GET", "https://a/x/api/v3/contractorHuman/1000011", NULL},
    {"POST", "https://a/x/api/v3/callInfo/77",
     "{\"contentType\":\"CallInfo\",\"id\":\"77\",\"state\":\"finished\"}"}};

/* The reference's own example; the prefix is the way to Megaplan. */
START_TEST(the_body_of_the_reference)
{
    is(bulk_url(STR("https://a/x/")), "https://a/x/api/v3/bulk");
    is(bulk_body(STR("https://a/x/"), calls, 2),
       "{\"contentType\":\"BulkApiCall\",\"calls\":["
       "{\"contentType\":\"ApiCall\",\"method\":\"GET\","
       "\"url\":\"/api/v3/contractorHuman/1000011\"},"
       "{\"contentType\":\"ApiCall\",\"method\":\"POST\",\"url\":\"/api/v3/callInfo/77\","
       "\"body\":\"{\\\"contentType\\\":\\\"CallInfo\\\",\\\"id\\\":\\\"77\\\","
       "\\\"state\\\":\\\"finished\\\"}\"}]}");
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    const struct bulk_call latin = {"POST", "https://a/api/v3/task", "\xff"};
    ck_assert_ptr_null(bulk_body(STR("https://a"), &latin, 1));
    ck_assert_ptr_null(bulk_body(STR("https://a"), NULL, 0));
    ck_assert_ptr_null(bulk_body(STR("https://b"), calls, 2));
    ck_assert_ptr_null(bulk_body(STR("https://a"), calls, 2)); /* /x is no part of Megaplan's */
}
END_TEST

START_TEST(each_has_its_own_end)
{
    struct bulk_end ends[7];
    struct answer a = megaplan_kit_data(
        "[{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{\"id\":\"7\"}},"
        "{\"contentType\":\"ApiCallResponse\",\"status\":404,\"body\":\"{\\\"meta\\\":1}\"},"
        "{\"status\":\"422\",\"body\":{\"meta\":{\"status\":422}}},"
        "{\"status\":204},{\"status\":\"fine\"},7]");
    ck_assert(bulk_read(&a, ends, 7));
    ck_assert_int_eq(ends[0].status, 200);
    ck_assert_str_eq(ends[0].body,
                     "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{\"id\":\"7\"}}");
    ck_assert_int_eq(ends[1].status, 404);
    ck_assert_str_eq(ends[1].body, "{\"meta\":1}");
    ck_assert_int_eq(ends[2].status, 422);
    ck_assert_str_eq(ends[2].body, "{\"meta\":{\"status\":422}}");
    ck_assert_int_eq(ends[3].status, 204);
    ck_assert_ptr_null(ends[3].body);
    for (size_t i = 4; i < 7; i++) { /* not said, no object, none at all */
        ck_assert_int_eq(ends[i].status, 0);
        ck_assert_ptr_null(ends[i].body);
    }
    bulk_ends_done(ends, 7);
    ck_assert_ptr_null(ends[0].body);
    ck_assert_int_eq(ends[0].status, 0);
    answer_done(&a);
}
END_TEST

START_TEST(no_bulks_answer)
{
    struct bulk_end ends[2] = {{.status = 200}, {.status = 200}};
    struct answer a = megaplan_kit_data("{}");
    ck_assert(!bulk_read(&a, ends, 2));
    ck_assert_int_eq(ends[0].status, 0);
    ck_assert_int_eq(ends[1].status, 0);
    bulk_ends_done(ends, 2);
    answer_done(&a);
    a = megaplan_kit_answer(429, "", ANSWER_ABOUT_ACCOUNT);
    ck_assert(!bulk_read(&a, ends, 2));
    answer_done(&a);
}
END_TEST

static char *all(void)
{
    return bulk_body(STR("https://a/x"), calls, 2);
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(all);
}
END_TEST

int main(void)
{
    return UNIT_RUN("bulk", the_body_of_the_reference, what_cannot_be_sent, each_has_its_own_end,
                    no_bulks_answer, want_of_memory);
}

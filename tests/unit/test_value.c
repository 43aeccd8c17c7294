/*
 * Values that many bodies share.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "common/megaplan/value.h"

static void is(struct jval *value, const char *expected)
{
    char *text = jval_dump(value, false);
    ck_assert_str_eq(text, expected);
    free(text);
    jval_free(value);
}

START_TEST(links_name_their_type)
{
    is(value_link("Employee", STR("1000005")), "{\"contentType\":\"Employee\",\"id\":\"1000005\"}");
    is(value_contractor(STR("1000011"), false),
       "{\"contentType\":\"ContractorHuman\",\"id\":\"1000011\"}");
    is(value_contractor(STR("12"), true), "{\"contentType\":\"ContractorCompany\",\"id\":\"12\"}");
    ck_assert_ptr_null(value_link("Employee", STR_NONE));
    ck_assert_ptr_null(value_contractor(STR(""), true));
}
END_TEST

START_TEST(times_have_the_accounts_offset)
{
    static const struct {
        int64_t at;
        int offset;
        const char *text;
    } cases[] = {
        {1709645400, 10800, "2024-03-05T16:30:00+03:00"}, /* the reference's own */
        {1709645400, 0, "2024-03-05T13:30:00+00:00"},
        {1709645400, 20700, "2024-03-05T19:15:00+05:45"},
        {1709645400, -12600, "2024-03-05T10:00:00-03:30"},
        {1704056399, 3600, "2023-12-31T21:59:59+01:00"},
        {1704067199, 3600, "2024-01-01T00:59:59+01:00"},
        {1709645400, 9017, "2024-03-05T16:00:00+02:30"}, /* old local time: its minutes */
        {1709645400, 86400, "2024-03-05T13:30:00+00:00"},
        {1709645400, -86400, "2024-03-05T13:30:00+00:00"},
        {1709645400, 86340, "2024-03-06T13:29:00+23:59"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[VALUE_TIME_SIZE];
        value_time_text(cases[i].at, cases[i].offset, text);
        ck_assert_str_eq(text, cases[i].text);
    }
    is(value_time(1709645400, 10800),
       "{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T16:30:00+03:00\"}");
}
END_TEST

START_TEST(lists_of_names_and_order)
{
    static const char *const names[] = {"contactInfo", "isWorking"};
    is(value_names(names, 2), "[\"contactInfo\",\"isWorking\"]");
    is(value_names(names, 0), "[]");
    is(value_newest_first(),
       "[{\"contentType\":\"SortField\",\"fieldName\":\"timeCreated\",\"desc\":true}]");
}
END_TEST

int main(void)
{
    return UNIT_RUN("value", links_name_their_type, times_have_the_accounts_offset,
                    lists_of_names_and_order);
}

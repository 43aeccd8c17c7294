/*
 * What doctor says of its own: every check and code, lists that are not to be believed.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/doctor/doctor.h"
#include "common/doctor/doctor_remedy.h"
#include "common/doctor/whole_list.h"

START_TEST(lists_that_are_to_be_believed)
{
    static const struct {
        size_t count, before, mapped;
        bool whole;
    } cases[] = {
        {0, 0, 0, true},   {0, 1, 0, false},  {0, 0, 1, false}, {1, 0, 0, true},
        {5, 10, 0, true},  {4, 10, 0, false}, {5, 0, 10, true}, {4, 0, 10, false},
        {20, 10, 5, true}, {1, 1, 2, true},   {1, 3, 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(whole_list(cases[i].count, cases[i].before, cases[i].mapped) ==
                          cases[i].whole,
                      "case %zu", i);
}
END_TEST

START_TEST(the_table_of_checks)
{
    size_t n = 0;
    for (; doctor_check(n); n++)
        ck_assert_int_eq(doctor_find(str_of(doctor_check(n)->name)), (int)n);
    ck_assert_uint_eq(n, 18);
    ck_assert_int_eq(doctor_find(STR("moon")), -1);
    ck_assert_str_eq(doctor_status_name(DOCTOR_SKIP), "skip");
    ck_assert_str_eq(doctor_status_name(DOCTOR_OK), "ok");
}
END_TEST

START_TEST(codes_are_there_once)
{
    size_t n = 0;
    for (const char *code; (code = doctor_remedy_code(n)); n++) {
        ck_assert_ptr_nonnull(doctor_remedy(code));
        for (size_t k = 0; k < n; k++)
            ck_assert_str_ne(doctor_remedy_code(k), code);
    }
    ck_assert_uint_gt(n, 50);
    ck_assert_ptr_null(doctor_remedy("moon"));
    ck_assert_str_eq(doctor_remedy("mango_ok"), "");
}
END_TEST

START_TEST(answers_have_codes_with_remedies)
{
    static const struct {
        enum outside_what what;
        enum outside_end end;
        int status;
        bool kept;
        const char *code;
    } cases[] = {
        {OUTSIDE_USERS, OUTSIDE_GOOD, 200, false, "mango_ok"},
        {OUTSIDE_USERS, OUTSIDE_GOOD, 200, true, "list_kept"},
        {OUTSIDE_USERS, OUTSIDE_SOON, 0, false, "too_soon"},
        {OUTSIDE_USERS, OUTSIDE_CLOSED, 0, false, "mango_closed"},
        {OUTSIDE_USERS, OUTSIDE_AUTH, 3102, false, "mango_salt"},
        {OUTSIDE_BALANCE, OUTSIDE_AUTH, 3105, false, "mango_key"},
        {OUTSIDE_USERS, OUTSIDE_REFUSED, 2210, false, "mango_refused"},
        {OUTSIDE_USERS, OUTSIDE_UNREACHABLE, 0, false, "mango_unreachable"},
        {OUTSIDE_USERS, OUTSIDE_UNCLEAR, 500, false, "mango_unclear"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_GOOD, 200, false, "megaplan_ok"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_AUTH, 401, false, "megaplan_credentials"},
        {OUTSIDE_CLIENTS, OUTSIDE_REFUSED, 402, false, "megaplan_payment"},
        {OUTSIDE_FIELDS, OUTSIDE_REFUSED, 403, false, "megaplan_rights"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_REFUSED, 404, false, "megaplan_address"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_REFUSED, 302, false, "megaplan_address"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_REFUSED, 422, false, "megaplan_refused"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_UNREACHABLE, 0, false, "megaplan_unreachable"},
        {OUTSIDE_EMPLOYEES, OUTSIDE_UNCLEAR, 502, false, "megaplan_unclear"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct outside_answer a = {
            .end = cases[i].end, .status = cases[i].status, .kept = cases[i].kept};
        const char *code = doctor_code(cases[i].what, &a);
        ck_assert_str_eq(code, cases[i].code);
        ck_assert_ptr_nonnull(doctor_remedy(code));
    }
    ck_assert_str_eq(outside_end_name(OUTSIDE_UNCLEAR), "unclear");
    ck_assert_str_eq(outside_end_name(OUTSIDE_CLOSED), "closed");
}
END_TEST

int main(void)
{
    return UNIT_RUN("doctor", lists_that_are_to_be_believed, the_table_of_checks,
                    codes_are_there_once, answers_have_codes_with_remedies);
}

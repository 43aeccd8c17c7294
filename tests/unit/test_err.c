/* Errors: the first wins, context goes in front, cut text stays UTF-8. */
#include "common/err.h"
#include "common/text.h"
#include "tests/unit/unit.h"

START_TEST(first_failure_wins)
{
    struct error e = ERROR_NONE;

    ck_assert_int_eq(error_set(&e, ERR_OK, "nothing"), ERR_OK);
    ck_assert_int_eq(error_context(&e, "nothing to do"), ERR_OK);
    ck_assert_str_eq(e.text, "");
    ck_assert_int_eq(error_set(&e, ERR_INPUT, "field %d", 7), ERR_INPUT);
    ck_assert_int_eq(error_set(&e, ERR_CONFIG, "later"), ERR_INPUT);
    ck_assert_str_eq(e.text, "field 7");
    ck_assert_int_eq(error_context(&e, "job %s", "x"), ERR_INPUT);
    ck_assert_str_eq(e.text, "job x: field 7");
}
END_TEST

START_TEST(no_struct_is_fine)
{
    ck_assert_int_eq(error_set(NULL, ERR_AUTH, "x"), ERR_AUTH);
    ck_assert_int_eq(error_context(NULL, "x"), ERR_OK);
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
    struct error e = ERROR_NONE;
    char text[2 * LIMIT_ERROR_TEXT];

    for (size_t shift = 0; shift < 2; shift++) {
        for (size_t i = 0; i < sizeof(text) - 2; i += 2)
            memcpy(text + i, "\xd0\xb6", 2);
        text[sizeof(text) - 2] = '\0';
        e = ERROR_NONE;
        error_set(&e, ERR_INPUT, "%s%s", shift ? "a" : "", text);
        ck_assert_uint_ge(strlen(e.text), LIMIT_ERROR_TEXT - 2);
        ck_assert(text_is_utf8(str_of(e.text)));
        error_context(&e, "b");
        ck_assert(text_is_utf8(str_of(e.text)));
        ck_assert_int_eq(e.text[0], 'b');
    }
}
END_TEST

START_TEST(kinds_have_names)
{
    ck_assert_str_eq(error_kind_name(ERR_OK), "ok");
    ck_assert_str_eq(error_kind_name(ERR_INPUT), "input");
    ck_assert_str_eq(error_kind_name(ERR_AUTH), "auth");
    ck_assert_str_eq(error_kind_name(ERR_REJECTED), "rejected");
    ck_assert_str_eq(error_kind_name(ERR_TEMPORARY), "temporary");
    ck_assert_str_eq(error_kind_name(ERR_CONFIG), "config");
    ck_assert_str_eq(error_kind_name(ERR_INTERNAL), "internal");
    ck_assert_str_eq(error_kind_name((enum err)99), "internal");
}
END_TEST

int main(void)
{
    return UNIT_RUN("err", first_failure_wins, no_struct_is_fine,
                    long_text_is_cut_between_characters, kinds_have_names);
}

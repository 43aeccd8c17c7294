/* Phone numbers (behaviour.md "Numbers", G6, B15). */
#include "common/phone.h"
#include "tests/unit/unit.h"

START_TEST(from_the_pbx)
{
    static const struct {
        const char *raw;
        const char *digits; /* NULL: no client's number */
    } cases[] = {
        {"79991231212", "79991231212"},
        {"+79991231212", "79991231212"},
        {"89991231212", "79991231212"}, /* 89 and 11 digits: trunk 8 */
        {"84951231212", "84951231212"}, /* 84 is a country: Vietnam */
        {"899912312123", "899912312123"},
        {"8999123121", "8999123121"},
        {"380441234567", "380441234567"},
        {"12345", "12345"},
        {"1234", NULL},
        {"101", NULL},
        {"", NULL},
        {"+", NULL},
        {"++79991231212", NULL},
        {"sip:user@example.ru", NULL},
        {"sip:79991231212@example.ru", NULL},
        {"7 999 123-12-12", NULL},
        {"anonymous", NULL},
        {"1234567890123456789012345678901", "1234567890123456789012345678901"},
        {"12345678901234567890123456789012", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct phone p = {"junk"};
        bool ok = phone_from_pbx(str_of(cases[i].raw), &p);
        ck_assert_msg(ok == (cases[i].digits != NULL), "\"%s\"", cases[i].raw);
        ck_assert_str_eq(p.digits, ok ? cases[i].digits : "");
    }
    ck_assert(!phone_from_pbx(STR_NONE, &(struct phone){""}));
}
END_TEST

START_TEST(from_a_card)
{
    static const struct {
        const char *raw;
        const char *country;
        const char *digits;
    } cases[] = {
        {"+7 (999) 123-12-12", "7", "79991231212"},
        {"8 (999) 123-12-12", "7", "79991231212"},
        {"89991231212", "7", "79991231212"},
        {"84951231212", "7", "74951231212"},
        {"9991231212", "7", "79991231212"},
        {"(999) 123.12.12", "7", "79991231212"},
        {"79991231212", "7", "79991231212"},
        {"+89991231212", "7", "89991231212"}, /* with a plus: its digits */
        {"(+84) 951231212", "7", "84951231212"},
        {"+9991231212", "7", "9991231212"},
        {"123-45-67", "7", "1234567"},
        {"+380 44 123-45-67", "7", "380441234567"},
        {"8 (999) 123-12-12", "380", "89991231212"},
        {"0441234567", "380", "0441234567"},
        {"9991231212", "77", "9991231212"},
        {"\xc2\xa0"
         "8\xc2\xa0"
         "999 123 12 12",
         "7", "79991231212"}, /* no-break spaces */
        {"моб. 8 999 123 12 12", "7", "79991231212"},
        {"8 999 123 12 12 + 1", "7", "899912312121"}, /* a late plus is none */
        {"12-34", "7", NULL},
        {"", "7", NULL},
        {"нет", "7", NULL},
        {"sip:79991231212@example.ru", "7", NULL},
        {"SIP:79991231212", "7", NULL},
        {"1234567890123456789012345678901", "7", "1234567890123456789012345678901"},
        {"12345678901234567890123456789012", "7", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct phone p = {"junk"};
        bool ok = phone_from_card(str_of(cases[i].raw), str_of(cases[i].country), &p);
        ck_assert_msg(ok == (cases[i].digits != NULL), "\"%s\"", cases[i].raw);
        ck_assert_str_eq(p.digits, ok ? cases[i].digits : "");
    }
}
END_TEST

START_TEST(both_ways_give_the_same)
{
    struct phone pbx, card;

    ck_assert(phone_from_pbx(STR("79991231212"), &pbx));
    ck_assert(phone_from_card(STR("8 (999) 123-12-12"), STR("7"), &card));
    ck_assert(phone_same(&pbx, &card));
    ck_assert(phone_from_card(STR("8 (999) 123-12-13"), STR("7"), &card));
    ck_assert(!phone_same(&pbx, &card));
}
END_TEST

START_TEST(written_in_four_formats)
{
    static const struct {
        const char *format, *digits, *written;
    } cases[] = {
        {"79991231212", "79991231212", "79991231212"},
        {"+79991231212", "79991231212", "+79991231212"},
        {"89991231212", "79991231212", "89991231212"},
        {"+7 (999) 123-12-12", "79991231212", "+7 (999) 123-12-12"},
        {"79991231212", "380441234567", "380441234567"},
        {"+79991231212", "380441234567", "+380441234567"},
        {"89991231212", "380441234567", "380441234567"},
        {"+7 (999) 123-12-12", "380441234567", "+380441234567"},
        {"89991231212", "7999123", "7999123"},
        {"+7 (999) 123-12-12", "12345", "+12345"},
        {"+79991231212", "1234567890123456789012345678901", "+1234567890123456789012345678901"},
        {"+79991231212", "", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        enum phone_format format;
        struct phone p = {""};
        char out[PHONE_TEXT_MAX];
        memcpy(p.digits, cases[i].digits, strlen(cases[i].digits));
        ck_assert(phone_format_parse(str_of(cases[i].format), &format));
        phone_write(&p, format, out);
        ck_assert_str_eq(out, cases[i].written);
    }
    ck_assert(!phone_format_parse(STR("7999"), &(enum phone_format){0}));
    ck_assert(!phone_format_parse(STR_NONE, &(enum phone_format){0}));
}
END_TEST

START_TEST(masked)
{
    static const struct {
        const char *number, *masked;
    } cases[] = {
        {"79991231212", "*******1212"},
        {"+79991231212", "********1212"},
        {"101", "101"},
        {"", ""},
        {"sip:ivan@x.ru", "*************"},
        {"0123456789012345678901234567890123456789", "***************************6789"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[PHONE_MAX];
        phone_mask(str_of(cases[i].number), out);
        ck_assert_str_eq(out, cases[i].masked);
    }
}
END_TEST

START_TEST(masked_in_a_text)
{
    static const struct {
        const char *text, *masked;
    } cases[] = {
        {"Телефон 79001000002 уже занят", "Телефон *******0002 уже занят"},
        {"+7 (900) 100-00-02", "+* (***) ***-00-02"},
        {"client 1000011 of 79001000002", "client 1000011 of *******0002"},
        {"HTTP 422: no", "HTTP 422: no"},
        {"", ""},
    };
    char out[64];

    for (size_t i = 0; i < COUNT(cases); i++) {
        phone_mask_in(str_of(cases[i].text), out, sizeof(out));
        ck_assert_str_eq(out, cases[i].masked);
    }
    phone_mask_in(STR("abcdef"), out, 4);
    ck_assert_str_eq(out, "abc");
}
END_TEST

START_TEST(masks_match)
{
    static const struct {
        const char *mask;
        bool matches; /* 78005553535 */
    } cases[] = {
        {"78005553535", true},
        {"+78005553535", true},
        {"7800*", true},
        {"*3535", true},
        {"*", true},
        {"**", true},
        {"7*55*35", true},
        {"7*5*5*5*3*5", true},
        {"78005553535*", true},
        {"7800555353", false},
        {"780055535355", false},
        {"8800*", false},
        {"*3536", false},
        {"7*66*", false},
        {"", false},
        {"7*555*5553535", false},
    };
    struct phone p = {"78005553535"}, none = {""};

    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(phone_matches(&p, str_of(cases[i].mask)) == cases[i].matches, "%s",
                      cases[i].mask);
    ck_assert(!phone_matches(&none, STR("*")));
}
END_TEST

int main(void)
{
    return UNIT_RUN("phone", from_the_pbx, from_a_card, both_ways_give_the_same,
                    written_in_four_formats, masked, masked_in_a_text, masks_match);
}

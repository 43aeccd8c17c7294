/*
 * MANGO's signature, against values computed elsewhere (Python's hashlib).
 */
#include "common/mango/sign.h"

#include <string.h>

#include "tests/unit/unit.h"

#define KEY STR("q0w1e2r3")
#define JSON STR("{\"entry_id\":\"\xd0\x9f\",\"a\":\"x+y z\"}")
#define SALT STR("s4lt")
#define RIGHT "1628724f41fbf483e9900bdc969da8b8256930fdd79771c1928e3b820b1cab20"

START_TEST(makes)
{
    char out[SIGN_HEX];
    sign_make(KEY, JSON, SALT, out);
    ck_assert_mem_eq(out, RIGHT, SIGN_HEX);
}
END_TEST

START_TEST(tells_right_from_wrong)
{
    ck_assert(sign_matches(KEY, JSON, SALT, STR(RIGHT)));
    ck_assert(!sign_matches(KEY, JSON, STR("s4lt "), STR(RIGHT)));
    ck_assert(!sign_matches(STR("q0w1e2r"), JSON, SALT, STR(RIGHT)));
    ck_assert(!sign_matches(KEY, STR("{}"), SALT, STR(RIGHT)));
    ck_assert(!sign_matches(KEY, JSON, SALT, STR_NONE));
    ck_assert(!sign_matches(KEY, JSON, SALT, STR(RIGHT "0")));
    ck_assert(!sign_matches(KEY, JSON, SALT, (struct str){RIGHT, SIGN_HEX - 1}));
}
END_TEST

START_TEST(every_digit_counts)
{
    for (size_t i = 0; i < SIGN_HEX; i++) {
        char wrong[SIGN_HEX + 1] = RIGHT;
        wrong[i] = wrong[i] == '0' ? '1' : '0';
        ck_assert(!sign_matches(KEY, JSON, SALT, (struct str){wrong, SIGN_HEX}));
    }
}
END_TEST

START_TEST(capitals_are_taken)
{
    char capitals[SIGN_HEX + 1] = RIGHT;
    for (size_t i = 0; i < SIGN_HEX; i++) {
        if (capitals[i] >= 'a')
            capitals[i] = (char)(capitals[i] - 'a' + 'A');
    }
    ck_assert(sign_matches(KEY, JSON, SALT, (struct str){capitals, SIGN_HEX}));
}
END_TEST

int main(void)
{
    return UNIT_RUN("sign", makes, tells_right_from_wrong, every_digit_counts, capitals_are_taken);
}

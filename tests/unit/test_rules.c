/*
 * What all rules share: guards, numbers that are no clients.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

static const char *from_number(const char *more, const char *number)
{
    return rules_kit_story(
        more, (struct kit_event[MAX]){{'C', "1", 1, .at = 5, .where = 'a', .from = number,
                                       .to_ext = "101", .line = LINE}});
}

START_TEST(numbers_that_are_no_clients)
{
    static const struct {
        const char *number, *more, *told;
    } cases[] = {
        {NULL, NULL, "G3 none: the number is hidden or unknown\nG15 e1:call:ended 1000005 -"},
        {"sip:a@b", NULL, "G3 none: the number is no client's number (sip, or under 5 digits)\n"},
        {"1234", NULL, "G3 none: the number is no client's number (sip, or under 5 digits)\n"},
        {LINE, NULL, "B15 none: the number is a line of the account\n"},
        {"79161112233", NULL, "B15 none: the number is an employee's\n"},
        {CLIENT, "\"create_client\":{\"incoming\":true},\"ignore_numbers\":[\"7999*\"]",
         "B15 none: the number is among ignore_numbers\nG15 e1:call:ended 1000005 79991231212"},
        {"78005553535",
         "\"create_client\":{\"incoming\":true},\"lines\":[\"78001234567\",\"78005553535\"]",
         "B15 none: the number is a line of the account\n"},
        {"89991231212", NULL, "G3 e1:client 1000005 79991231212\n"},
        {"12345", NULL, "G3 e1:client 1000005 12345\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *got = from_number(cases[i].more, cases[i].number);
        ck_assert_msg(strncmp(got, cases[i].told, strlen(cases[i].told)) == 0, "%s", got);
    }
}
END_TEST

START_TEST(b15_lines)
{
    ck_assert_str_eq(from_number("\"lines\":[\"79990000000\"]", CLIENT),
                     "B15 none: the call's line is not among the account's lines\n");
    ck_assert_str_eq(rules_kit_story("\"lines\":[\"79990000000\"]",
                                     (struct kit_event[MAX]){{'C', "1", 1, .at = 5, .where = 'a',
                                                              .from = CLIENT, .to_ext = "101"}}),
                     "B15 none: the call's line is not known, and only some lines are joined\n");
    ck_assert_str_eq(from_number("\"lines\":[\"78001234567\"]", CLIENT),
                     "G3 none: create_client.incoming is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
}
END_TEST

START_TEST(guards)
{
    const struct kit_event call[MAX] = {ANSWERS("1", 5, "101")};
    ck_assert_str_eq(rules_kit_story("switched off", call),
                     "G1 none: the account is switched off\n");
    settings_free(kit.settings);
    kit.settings = NULL;
    ck_assert_int_eq(rules_kit_decide(call, 1, RULE_CLOSING, "ended"), DECIDE_STOPPED);
    ck_assert_str_eq(kit.told.data, "G1 none: the account is unknown or removed\n");
    rules_kit_begin(NULL);
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){{'C', "1", 1, .at = 5, .where = 'a',
                                                       .from_ext = "101", .to_ext = "102"}}),
        "G15 none: an internal call is never saved and causes nothing\n");
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){{'S', NULL, 0, .at = 1, .end = 2,
                                                       .direction = CALL_EVENT_UNTOLD}}),
        "G15 none: nothing tells the call's direction\n");
}
END_TEST

START_TEST(all_late)
{
    struct fold f;
    struct kit_event k = ANSWERS("1", 5, "101");
    struct call_event ev = kit_make(&k, "e1");
    fold_init(&f);
    rules_kit_begin(NULL);
    (void)fold_add(&f, &ev, KIT_MS(5000));
    struct rule_call c = {.fold = &f,
                          .settings = kit.settings,
                          .account = STR("acme"),
                          .entry_id = STR("e1"),
                          .when = RULE_LIVE};
    ck_assert_int_eq(decide_call(&c, &kit.memory, rules_kit_note, &kit.told), DECIDE_LATE);
    c.when = RULE_CLOSING;
    c.closed_by = "ended";
    ck_assert_int_eq(decide_call(&c, &kit.memory, rules_kit_note, &kit.told), DECIDE_LATE);
    ck_assert_str_eq(kit.told.data, "late none: every event of the call came over an hour late and "
                                    "there is no summary\n");
    fold_done(&f);
}
END_TEST

START_TEST(lines_are_compared_by_digits)
{
    ck_assert(view_same_line(STR("78001234567"), STR("+7 (800) 123-45-67")));
    ck_assert(!view_same_line(STR("78001234567"), STR("7800123456")));
    ck_assert(!view_same_line(STR("78001234567"), STR("78001234568")));
    ck_assert(view_same_line(STR("sip:a@b"), STR("sip:a@b")));
    ck_assert(!view_same_line(STR("sip:1@b"), STR("1")));
    ck_assert(!view_same_line(STR("x"), STR("y")));
    ck_assert(!view_same_line(STR(""), STR("1")));
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules", numbers_that_are_no_clients, b15_lines, guards, all_late,
                    lines_are_compared_by_digits);
}

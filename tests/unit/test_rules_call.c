/*
 * On whom a call is saved, and how: G15.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

START_TEST(g15_missed)
{
    const char *group = "\"create_client\":{\"missed\":true},"
                        "\"missed_in_group_responsible\":\"1000007\"";
    const char *menu = "\"create_client\":{\"incoming\":true},"
                       "\"missed_in_ivr_responsible\":\"1000007\"";
    /* direct: the last mapped who missed it */
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){MENU, RINGS("1", 2, "101"), RINGS("2", 9, "102"),
                                                RINGS("3", 12, "999"), SUMMARY("101", 0)}),
        "G4 none: create_client.missed is off\n"
        "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"type\":\"miss\""));
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){MENU, RINGS("3", 12, "999")}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:ended - 79991231212 missed:direct\n");
    /* group: the first it was given to, or the setting's */
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(3, "101")}),
        "G4 none: create_client.missed is off\n"
        "G15 e1:call:ended 1000006 79991231212 missed:group\n");
    ck_assert_str_eq(
        rules_kit_story(group, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(3, "101")}),
        "G11 e1:client 1000007 79991231212 missed:group\n"
        "G15 e1:call:ended 1000007 79991231212 missed:group\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(2, "101"),
                                                                   SUMMARY("102", 0)}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:summary 1000006 79991231212 missed:group\n");
    /* menu: the setting's, or nobody */
    ck_assert_str_eq(rules_kit_story(menu, (struct kit_event[MAX]){MENU}),
                     "G10 e1:client 1000007 79991231212 missed:menu\n"
                     "G15 e1:call:ended 1000007 79991231212 missed:menu\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){MENU}),
                     "G10 none: missed in the menu, and missed_in_ivr_responsible is not in force\n"
                     "G15 e1:call:ended - 79991231212 missed:menu\n");
}
END_TEST

static const char *by_summary(const char *ext, const char *number, int reason)
{
    return rules_kit_story(
        NULL, (struct kit_event[MAX]){{'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT,
                                       .to_ext = ext, .to = number, .end = 9, .reason = reason}});
}

START_TEST(kind_from_a_summary_alone)
{
    ck_assert_ptr_nonnull(strstr(by_summary("", "", 1170), "missed:menu"));
    ck_assert_ptr_nonnull(strstr(by_summary("300", "78", 1110), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "", 1110), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "sip:x", 1162), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "sip:x", 1165), "missed:direct"));
    /* legs in the menu only, but the summary knows that it left: an employee off by schedule */
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){MENU, SUMMARY("102", 0)}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
}
END_TEST

START_TEST(outgoing)
{
    const struct kit_event out[] = {
        {'A', "1", 1, .at = 0, .where = 'a', .from_ext = "101", .to = CLIENT},
        {'C', "1", 2, .at = 9, .where = 'a', .from_ext = "101", .to = CLIENT},
        {'D', "1", 3, .at = 29, .where = 'a', .from_ext = "101", .to = CLIENT},
    };
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){out[0], out[1], out[2]}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"talk_seconds\":20,\"to\":\"79991231212\","
                                           "\"type\":\"out\""));
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){out[0], out[2]}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"type\":\"fail\""));
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){{'S', NULL, 0, .at = 0, .direction = 2,
                                                 .from_ext = "102", .from = "sip:x", .to = CLIENT,
                                                 .line = LINE, .talk = 3, .end = 9}}),
        "G5 none: create_client.outgoing is off\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000006 79991231212 talked\n");
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){{'A', "1", 1, .at = 0, .where = 'a',
                                                       .from_ext = "999", .to = CLIENT}}),
        "G5 none: create_client.outgoing is off\n"
        "G15 e1:call:ended - 79991231212\n");
}
END_TEST

/* The first leg rings the employee and looks like an incoming call. */
START_TEST(callback)
{
    const struct kit_event first = {'C',
                                    "1",
                                    1,
                                    .at = 0,
                                    .where = 'a',
                                    .from = CLIENT,
                                    .to_ext = "101",
                                    .initiator = "\xd0\xa1\x43"};
    const struct kit_event second = {'C',          "2",          1,
                                     .at = 9,      .where = 'a', .from_ext = "101",
                                     .taken = "1", .to = CLIENT, .initiator = "CC"};
    struct kit_event other = first;
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){first}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"type\":\"fail\""));
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){first, second}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){second}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    other.initiator = NULL;
    other.task = "17";
    ck_assert_ptr_nonnull(
        strstr(rules_kit_story(NULL, (struct kit_event[MAX]){other}), "G15 e1:call"));
    ck_assert_ptr_null(strstr(kit.told.data, "G3"));
    other.task = NULL;
    other.command = "c1"; /* ours, not taken from a leg, and no menu: a callback */
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){other}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    /* with a menu it is a routed call, though taken_from_call_id got lost */
    ck_assert_ptr_nonnull(strstr(rules_kit_story(NULL, (struct kit_event[MAX]){MENU, other}),
                                 "G3 e1:client 1000005"));
}
END_TEST

/* An outgoing call handed on to a colleague: the new leg shows the client as its caller, and comes
 * before all that is known of the first one. */
START_TEST(outgoing_transferred)
{
    const struct kit_event moved = {
        'C', "2", 2, .at = 30, .where = 'a', .from = CLIENT, .taken = "1", .to_ext = "102"};
    const struct kit_event first = {'C',         "1", 2, .at = 9, .where = 'a', .from_ext = "101",
                                    .to = CLIENT};
    rules_kit_begin(NULL);
    (void)rules_kit_decide(&moved, 1, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){moved, first}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

/* The manual's own callback: both sides have extensions. */
START_TEST(callback_of_the_manual)
{
    const struct kit_event call[MAX] = {
        {'C', "1", 2, .at = 0, .where = 'a', .from_ext = "5555", .from = "74955404444",
         .to_ext = "101", .to = "12345678", .command = "cmd.2"},
        {'A', "2", 1, .at = 5, .where = 'a', .from_ext = "101", .from = "12345678", .taken = "1",
         .to_ext = "5555", .to = "74955404444", .command = "cmd.2"},
        {'C', "2", 2, .at = 8, .where = 'a', .from_ext = "101", .from = "12345678",
         .to_ext = "5555", .to = "74955404444", .command = "cmd.2"},
    };
    ck_assert_str_eq(rules_kit_story(NULL, call), "G5 none: create_client.outgoing is off\n"
                                                  "B3 e1:talked - 74955404444 talked\n"
                                                  "G15 e1:call:ended 1000005 74955404444 talked\n");
}
END_TEST

/* Connected in the menu or the queue is nobody's talk; hold is no news. */
START_TEST(connected_to_a_machine)
{
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){
                            {'C', "i", 1, .at = 5, .where = 'i', .from = CLIENT, .line = "sip:l@x"},
                            {'C', "q", 1, .at = 6, .where = 'q', .from = CLIENT, .to_ext = "300"}}),
        "G4 none: create_client.missed is off\n"
        "G15 e1:call:ended - 79991231212 missed:group\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"line\":\"sip:l@x\""));
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_call", g15_missed, kind_from_a_summary_alone, outgoing, callback,
                    outgoing_transferred, callback_of_the_manual, connected_to_a_machine);
}

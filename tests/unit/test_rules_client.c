/*
 * Which call makes a client, and whose it is: G3, G4, G5, G8, G10, G11, with G2, B1, B14, B16.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

START_TEST(answered)
{
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){MENU, RINGS("1", 2, "101"), ANSWERS("1", 5, "101"),
                                                ENDS("1", 60, "101"), SUMMARY("101", 5)}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000005 79991231212 talked\n");
    ck_assert_str_eq(
        kit.data,
        "{\"closed_by\":\"summary\",\"direction\":\"in\",\"employee\":\"1000005\",\"ended_at\":1399907036,"
        "\"from\":\"79991231212\",\"line\":\"78001234567\",\"saved\":true,"
        "\"started_at\":1399906976,\"talk_seconds\":55,\"to\":\"78001234567\","
        "\"type\":\"in\"}");
}
END_TEST

/* The manual's routed leg: with a command_id, but taken from the menu's leg. */
START_TEST(client_data)
{
    rules_kit_begin("\"phone_format\":\"+7 (999) 123-12-12\","
                    "\"create_client\":{\"incoming\":true}");
    (void)rules_kit_decide(
        (struct kit_event[]){MENU,
                             {'C', "2", 2, .at = 12, .where = 'a', .from = CLIENT, .taken = "i",
                              .command = "c111", .to_ext = "101", .line = LINE}},
        3, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G3 e1:client 1000005 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"direction\":\"in\",\"employee\":\"Петров Пётр\","
                               "\"extension\":\"101\",\"line\":\"78001234567\","
                               "\"name\":\"Новый (19:02 12.05.2014, входящий вызов)\","
                               "\"phone\":\"+7 (999) 123-12-12\",\"responsible\":\"1000005\"}");
}
END_TEST

/* Of events without a timestamp only is known when they came. */
START_TEST(client_of_a_call_without_times)
{
    rules_kit_begin(NULL);
    (void)rules_kit_decide((struct kit_event[]){{'C', "2", 2, .at = -KIT_T0, .where = 'a',
                                                 .from = CLIENT, .to_ext = "101", .line = LINE}},
                           1, RULE_LIVE, NULL);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"Новый (19:03 12.05.2014, входящий вызов)\""));
}
END_TEST

START_TEST(g3_only_if_switched_on)
{
    ck_assert_str_eq(
        rules_kit_story("\"lines\":[]",
                        (struct kit_event[MAX]){MENU, ANSWERS("1", 5, "101"), SUMMARY("101", 5)}),
        "G3 none: create_client.incoming is off\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000005 79991231212 talked\n");
}
END_TEST

START_TEST(g2_unmapped_and_b1)
{
    const struct kit_event call[MAX] = {MENU, ANSWERS("1", 5, "999"), SUMMARY("999", 5)};
    ck_assert_str_eq(rules_kit_story(NULL, call),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary - 79991231212 talked\n");
    ck_assert_ptr_nonnull(
        strstr(kit.data, "\"why\":\"no employee of the settings took part (G2)\""));
    ck_assert_str_eq(rules_kit_story("\"unmapped_employee\":\"1000006\","
                                     "\"create_client\":{\"incoming\":true}",
                                     call),
                     "G3 e1:client 1000006 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
    /* an extension that is in no leg, or a group's, is never stood in for */
    ck_assert_str_eq(rules_kit_story("\"unmapped_employee\":\"1000006\","
                                     "\"create_client\":{\"incoming\":true}",
                                     (struct kit_event[MAX]){SUMMARY("999", 5)}),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary - 79991231212 talked\n");
    ck_assert_str_eq(rules_kit_story("\"unmapped_employee\":\"1000006\","
                                     "\"create_client\":{\"incoming\":true}",
                                     (struct kit_event[MAX]){ANSWERS("1", 5, "300")}),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended - 79991231212 talked\n");
    /* its answer got lost, but a leg has it */
    const struct kit_event rings = {
        'A', "1", 1, .at = 5, .where = 'a', .from = CLIENT, .to_ext = "999"};
    ck_assert_str_eq(rules_kit_story("\"unmapped_employee\":\"1000006\","
                                     "\"create_client\":{\"incoming\":true}",
                                     (struct kit_event[MAX]){rings, SUMMARY("999", 5)}),
                     "G3 e1:client 1000006 79991231212 talked\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
}
END_TEST

START_TEST(g3_on_the_summary_alone)
{
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){SUMMARY("102", 5)}),
                     "G3 e1:client 1000006 79991231212 talked\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){SUMMARY("102", 0)}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){SUMMARY("", 5)}),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary - 79991231212 talked\n");
}
END_TEST

/* A consults B: B is not with the client until the second Connected, and comes second. */
START_TEST(consultative_transfer)
{
    const struct kit_event before[] = {
        ANSWERS("1", 5, "101"),
        {'A', "2", 1, .at = 20, .where = 'a', .from_ext = "101", .to_ext = "102"},
        {'C', "2", 2, .at = 25, .where = 'a', .from_ext = "101", .to_ext = "102"},
    };
    rules_kit_begin(NULL);
    (void)rules_kit_decide(before, 3, RULE_LIVE, NULL);
    (void)rules_kit_decide(before, 3, RULE_CLOSING, "ended");
    ck_assert_str_eq(kit.told.data, "B3 e1:talked - 79991231212 talked\n"
                                    "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_str_eq(rules_kit_story(NULL, (struct kit_event[MAX]){before[0],
                                                                   before[1],
                                                                   before[2],
                                                                   {'C', "2", 3, .at = 30,
                                                                    .where = 'a', .from = CLIENT,
                                                                    .taken = "1", .to_ext = "102"},
                                                                   SUMMARY("102", 5)}),
                     "G3 e1:client 1000005 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
    /* the first leg is lost: who is left is the first, told when the call closes, since the call
     * might have been an outgoing one */
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){before[1],
                                                before[2],
                                                {'C', "2", 3, .at = 30, .where = 'a',
                                                 .from = CLIENT, .taken = "1", .to_ext = "102"}}),
        "G3 e1:client 1000006 79991231212 talked\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

START_TEST(blind_transfer)
{
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){ANSWERS("1", 5, "101"),
                                                {'A', "2", 1, .at = 20, .where = 'a',
                                                 .from_ext = "101", .to_ext = "102"},
                                                {'A', "2", 2, .at = 21, .where = 'a',
                                                 .from = CLIENT, .taken = "1", .to_ext = "102"},
                                                {'C', "2", 3, .at = 23, .where = 'a',
                                                 .from = CLIENT, .taken = "1", .to_ext = "102"}}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

/* Two legs of one second: the order of call_id, and the summary's employee wins the tie. */
START_TEST(summary_wins_a_tie)
{
    const struct kit_event tie[MAX] = {ANSWERS("1", 5, "101"), ANSWERS("2", 5, "102")};
    ck_assert_str_eq(rules_kit_story(NULL, tie), "G3 e1:client 1000005 79991231212\n"
                                                 "B3 e1:talked - 79991231212 talked\n"
                                                 "G15 e1:call:ended 1000006 79991231212 talked\n");
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){tie[0], tie[1], SUMMARY("101", 5)}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000005 79991231212 talked\n");
    ck_assert_str_eq(
        rules_kit_story(NULL, (struct kit_event[MAX]){tie[0], tie[1], SUMMARY("102", 5)}),
        "G3 e1:client 1000006 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000006 79991231212 talked\n");
}
END_TEST

/* B14: a leg to the employee's own mobile is theirs. */
START_TEST(own_numbers)
{
    ck_assert_str_eq(
        rules_kit_story(NULL,
                        (struct kit_event[MAX]){MENU,
                                                {'C', "1", 1, .at = 5, .where = 'a', .from = CLIENT,
                                                 .to = "79161112233", .line = LINE}}),
        "G3 e1:client 1000007 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000007 79991231212 talked\n");
}
END_TEST

/* ---- G5 ---- */

#define OUT "\"create_client\":{\"outgoing\":true}"

START_TEST(g5_at_the_first_leg_towards_the_number)
{
    const struct kit_event rings = {'A',         "1", 1, .at = 0, .where = 'a', .from_ext = "101",
                                    .to = CLIENT};
    rules_kit_begin(OUT ",\"source_field\":true");
    (void)rules_kit_decide(&rings, 1, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G5 e1:client 1000005 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"direction\":\"out\",\"employee\":\"Петров Пётр\","
                               "\"extension\":\"101\","
                               "\"name\":\"Новый (19:02 12.05.2014, исходящий вызов)\","
                               "\"phone\":\"79991231212\",\"responsible\":\"1000005\"}");
}
END_TEST

START_TEST(g5_callbacks)
{
    const struct kit_event rings = {
        'A', "1", 1, .at = 0, .where = 'a', .from = CLIENT, .to_ext = "101", .initiator = "CC"};
    const struct kit_event taken = {
        'C', "1", 2, .at = 4, .where = 'a', .from = CLIENT, .to_ext = "101", .initiator = "CC"};
    const struct kit_event dials = {'A',          "2",          1,
                                    .at = 9,      .where = 'a', .from_ext = "101",
                                    .taken = "1", .to = CLIENT, .initiator = "CC"};
    const struct kit_event end = {
        'S',          NULL,     0, .at = 0, .direction = 2, .from_ext = "101", .from = "sip:x",
        .to = CLIENT, .end = 20};
    rules_kit_begin(OUT);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){rings, taken, dials}, 3),
                     "G5 e1:client 1000005 79991231212\n");
    /* nobody picked up: nobody was dialled */
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){rings, end}),
                     "G5 none: a callback that its employee never picked up dialled nobody\n"
                     "G15 e1:call:summary 1000005 79991231212\n");
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){rings, taken}),
                     "G5 none: no leg towards the outside number\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    /* it was picked up, so the second leg is lost */
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){rings, taken, end}),
                     "G5 e1:client 1000005 79991231212\n"
                     "G15 e1:call:summary 1000005 79991231212\n");
}
END_TEST

START_TEST(g5_on_the_summary_alone)
{
    const struct kit_event end = {
        'S',          NULL,     0, .at = 0, .direction = 2, .from_ext = "102", .from = "sip:x",
        .to = CLIENT, .end = 20};
    struct kit_event unmapped = end, internal = end;
    unmapped.from_ext = "999";
    internal.to = "79161112233";
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){end}),
                     "G5 e1:client 1000006 79991231212\n"
                     "G15 e1:call:summary 1000006 79991231212\n");
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){unmapped}),
                     "G2 none: no employee of the settings called\n"
                     "G15 e1:call:summary - 79991231212\n");
    ck_assert_str_eq(rules_kit_story(OUT, (struct kit_event[MAX]){internal}),
                     "B15 none: the number is an employee's\n"
                     "G15 e1:call:summary 1000006 79161112233\n");
}
END_TEST

/* B14: a call from the employee's own mobile. */
START_TEST(g5_from_an_own_number)
{
    const struct kit_event call[MAX] = {
        {'A', "1", 1, .at = 0, .where = 'a', .from = "79161112233", .to = CLIENT},
        {'S', NULL, 0, .at = 0, .direction = 2, .from = "79161112233", .to = CLIENT, .end = 9}};
    ck_assert_str_eq(rules_kit_story(OUT, call), "G5 e1:client 1000007 79991231212\n"
                                                 "G15 e1:call:summary 1000007 79991231212\n");
}
END_TEST

/* ---- G4, G10, G11, B16 ---- */

#define MISSED "\"create_client\":{\"missed\":true}"

START_TEST(g4_direct_is_the_last_who_missed_it)
{
    ck_assert_str_eq(
        rules_kit_story(MISSED, (struct kit_event[MAX]){MENU, RINGS("1", 2, "101"),
                                                        RINGS("2", 9, "102"), SUMMARY("101", 0)}),
        "G4 e1:client 1000006 79991231212 missed:direct\n"
        "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
    ck_assert_str_eq(rules_kit_story(MISSED, (struct kit_event[MAX]){MENU, RINGS("3", 2, "999")}),
                     "G4 none: missed by no employee of the settings\n"
                     "G15 e1:call:ended - 79991231212 missed:direct\n");
    ck_assert_str_eq(rules_kit_story(MISSED, (struct kit_event[MAX]){SUMMARY("102", 0)}),
                     "G4 e1:client 1000006 79991231212 missed:direct\n"
                     "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
}
END_TEST

START_TEST(g4_group_is_the_first_it_was_given_to)
{
    ck_assert_str_eq(
        rules_kit_story(MISSED, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(3, "101")}),
        "G4 e1:client 1000006 79991231212 missed:group\n"
        "G15 e1:call:ended 1000006 79991231212 missed:group\n");
    ck_assert_str_eq(rules_kit_story("\"missed_in_group_responsible\":\"1000007\"",
                                     (struct kit_event[MAX]){GROUP(2, "102")}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:ended 1000006 79991231212 missed:group\n");
}
END_TEST

START_TEST(b15_missed)
{
    const char *ivr = "\"create_client\":{\"incoming\":true,\"missed\":true},"
                      "\"ignore_numbers\":[\"7999*\"],"
                      "\"missed_in_ivr_responsible\":\"1000007\"";
    ck_assert_str_eq(rules_kit_story(ivr, (struct kit_event[MAX]){RINGS("1", 2, "101")}),
                     "B15 none: the number is among ignore_numbers\n"
                     "G15 e1:call:ended 1000005 79991231212 missed:direct\n");
    /* saved only if an employee took part */
    ck_assert_str_eq(rules_kit_story(ivr, (struct kit_event[MAX]){MENU}),
                     "B15 none: the number is among ignore_numbers\n"
                     "G15 e1:call:ended - 79991231212 missed:menu\n");
}
END_TEST

#define CLOSED                               \
    "\"off_hours_responsible\":\"1000007\"," \
    "\"working_hours\":{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\"}," MISSED

/* KIT_T0 is Monday 19:02 in Moscow. */
START_TEST(b16_off_hours)
{
    ck_assert_str_eq(rules_kit_story(CLOSED, (struct kit_event[MAX]){RINGS("1", 2, "101")}),
                     "G4 e1:client 1000007 79991231212 missed:direct\n"
                     "G15 e1:call:ended 1000007 79991231212 missed:direct\n");
    ck_assert_str_eq(rules_kit_story(CLOSED, (struct kit_event[MAX]){RINGS("1", 2, "999")}),
                     "G4 e1:client 1000007 79991231212 missed:direct\n"
                     "G15 e1:call:ended 1000007 79991231212 missed:direct\n");
    /* under the same switches */
    ck_assert_str_eq(rules_kit_story(CLOSED, (struct kit_event[MAX]){MENU}),
                     "G10 none: missed in the menu, and missed_in_ivr_responsible is not in force\n"
                     "G15 e1:call:ended - 79991231212 missed:menu\n");
    /* a failed outgoing call stays its caller's */
    ck_assert_str_eq(
        rules_kit_story(CLOSED, (struct kit_event[MAX]){{'A', "1", 1, .at = 0, .where = 'a',
                                                         .from_ext = "101", .to = CLIENT}}),
        "G5 none: create_client.outgoing is off\n"
        "G15 e1:call:ended 1000005 79991231212\n");
}
END_TEST

/* ---- G8, G12 ---- */

START_TEST(g8_line_known_or_late)
{
    const struct kit_event bare = {
        'C', "1", 2, .at = 5, .where = 'a', .from = CLIENT, .to_ext = "101"};
    const struct kit_event more[] = {bare,
                                     {'D', "1", 3, .at = 9, .where = 'a', .from = CLIENT,
                                      .to_ext = "101", .line = "+7 (800) 123-45-67"}};
    rules_kit_begin("\"create_client\":{\"incoming\":true},\"source_field\":true");
    (void)rules_kit_decide(&bare, 1, RULE_LIVE, NULL);
    ck_assert_ptr_null(strstr(kit.data, "source_line"));
    ck_assert_str_eq(rules_kit_live(more, 2), "G8 e1:fill:line - 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"source_line\":\"78001234567\"}");
    rules_kit_begin("\"create_client\":{\"incoming\":true},\"source_field\":true");
    (void)rules_kit_decide((struct kit_event[]){ANSWERS("1", 5, "101")}, 1, RULE_LIVE, NULL);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"source_line\":\"78001234567\""));
    ck_assert_str_eq(kit.told.data, "G3 e1:client 1000005 79991231212\n");
    rules_kit_begin(NULL);
    (void)rules_kit_decide((struct kit_event[]){ANSWERS("1", 5, "101")}, 1, RULE_LIVE, NULL);
    ck_assert_ptr_null(strstr(kit.data, "source_line"));
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_client", answered, client_data, client_of_a_call_without_times,
                    g3_only_if_switched_on, g2_unmapped_and_b1, g3_on_the_summary_alone,
                    consultative_transfer, blind_transfer, summary_wins_a_tie, own_numbers,
                    g5_at_the_first_leg_towards_the_number, g5_callbacks, g5_on_the_summary_alone,
                    g5_from_an_own_number, g4_direct_is_the_last_who_missed_it,
                    g4_group_is_the_first_it_was_given_to, b15_missed, b16_off_hours,
                    g8_line_known_or_late);
}

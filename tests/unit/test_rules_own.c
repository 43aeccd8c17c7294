/*
 * Legs to and from employees' own numbers (B14), transfers seen only in part, and what then still tells
 * direction, number and employee.
 */
#include <string.h>

#include "tests/unit/rules_kit.h"

#define OWN "79161112233" /* of 1000007 */
#define OUTGOING "\"create_client\":{\"outgoing\":true}"
#define CALLS_OUT(s, q, t, ext)                                                                  \
    {                                                                                            \
        (s), "9", (q), .at = (t), .where = 'a', .from_ext = (ext), .from = "sip:y", .to = CLIENT \
    }

/* Who answers on a mobile and asks a colleague from it: the colleague has not handled the call. */
START_TEST(a_question_from_an_own_number)
{
    const struct kit_event call[MAX] = {
        {'A', "1", 1, .at = 0, .where = 'a', .from = CLIENT, .to = OWN, .line = LINE},
        {'C', "1", 2, .at = 5, .where = 'a', .from = CLIENT, .to = OWN, .line = LINE},
        {'A', "2", 1, .at = 9, .where = 'a', .from = OWN, .to_ext = "101"},
        {'C', "2", 2, .at = 12, .where = 'a', .from = OWN, .to_ext = "101"},
        {'D', "2", 3, .at = 20, .where = 'a', .from = OWN, .to_ext = "101"},
    };
    ck_assert_str_eq(rules_kit_story(NULL, call), "G3 e1:client 1000007 79991231212\n"
                                                  "B3 e1:talked - 79991231212 talked\n"
                                                  "G15 e1:call:ended 1000007 79991231212 talked\n");
}
END_TEST

/* The question does not show who a hidden caller is. */
START_TEST(a_question_behind_a_hidden_number)
{
    const struct kit_event call[MAX] = {
        {'C', "1", 1, .at = 0, .where = 'a', .to = OWN, .line = LINE},
        {'A', "2", 1, .at = 9, .where = 'a', .from = OWN, .to_ext = "101"},
    };
    (void)rules_kit_story(NULL, call);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"employee\":\"1000007\""));
    ck_assert_ptr_null(strstr(kit.data, OWN));
}
END_TEST

/* Nor does it tell the number of a call whose own leg is only known by its end. */
START_TEST(a_question_known_first)
{
    const struct kit_event in[MAX] = {
        {'A', "2", 1, .at = 9, .where = 'a', .from = OWN, .to_ext = "101"},
        {'C', "2", 2, .at = 9, .where = 'a', .from = OWN, .to_ext = "101"},
        {'D', "3", 3, .at = 20, .where = 'a', .from = CLIENT, .to = OWN, .line = LINE},
        {'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT, .to = OWN, .talk = 5, .end = 20},
    };
    const struct kit_event out[MAX] = {
        {'A', "2", 1, .at = 9, .where = 'a', .from_ext = "101", .to = OWN},
        {'D', "9", 3, .at = 9, .where = 'a', .from_ext = "101", .to = CLIENT},
        {'S', NULL, 0, .at = 0, .direction = 2, .from_ext = "101", .to = CLIENT, .talk = 5,
         .end = 20},
    };
    ck_assert_ptr_nonnull(
        strstr(rules_kit_story(NULL, in), "G15 e1:call:summary 1000007 79991231212 talked\n"));
    ck_assert_ptr_nonnull(
        strstr(rules_kit_story(OUTGOING, out), "G5 e1:client 1000005 79991231212\n"));
}
END_TEST

/* To call a colleague's mobile is to call their own number: no client's, but the call's. */
START_TEST(a_call_to_an_own_number)
{
    const struct kit_event call[MAX] = {
        {'A', "1", 1, .at = 9, .where = 'a', .from_ext = "101", .to = OWN},
        {'S', NULL, 0, .at = 0, .direction = 2, .from_ext = "101", .to = OWN, .end = 20},
    };
    const char *told = rules_kit_story(OUTGOING, call);
    ck_assert_ptr_nonnull(strstr(told, "G15 e1:call:summary 1000005 " OWN "\n"));
    ck_assert_ptr_null(strstr(told, "e1:client"));
}
END_TEST

/* Rung at an own number, and the location is not told: it has left the menu all the same. */
START_TEST(a_ring_without_location)
{
    const struct kit_event call[MAX] = {
        MENU,
        {'A', "1", 1, .at = 9, .from = CLIENT, .to = OWN, .line = LINE},
    };
    ck_assert_ptr_nonnull(strstr(rules_kit_story(NULL, call),
                                 "G15 e1:call:ended 1000007 79991231212 missed:direct\n"));
}
END_TEST

/* An unmapped extension calls, a mapped one gets the call and sends it on: that one has not called. */
START_TEST(who_sends_on_does_not_call)
{
    const struct kit_event call[MAX] = {
        CALLS_OUT('C', 2, 0, "999"),
        {'C', "2", 1, .at = 9, .where = 'a', .from = CLIENT, .to_ext = "101", .taken = "9"},
        {'A', "3", 1, .at = 12, .where = 'a', .from_ext = "101", .to_ext = "102"},
    };
    const char *told = rules_kit_story(OUTGOING, call);
    ck_assert_ptr_null(strstr(told, "e1:client"));
    ck_assert_ptr_nonnull(strstr(told, "G15 e1:call:ended 1000005 79991231212 talked\n"));
}
END_TEST

/* The first leg is known late: the transferred one, that shows the client as its caller, says nothing
 * of the direction once the leg it was taken from is known. */
START_TEST(a_transferred_leg_tells_no_direction)
{
    const struct kit_event call[MAX] = {
        {'C', "2", 2, .at = 9, .where = 'a', .from = CLIENT, .to_ext = "102", .taken = "9"},
        CALLS_OUT('D', 3, 10, "101"),
    };
    ck_assert_str_eq(rules_kit_story(OUTGOING, call),
                     "G5 e1:client 1000005 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

/* B1: the summary's extension is stood in for if it is in a leg, whatever of that leg is lost. */
START_TEST(unmapped_of_the_summary)
{
    const char *stands_in = "\"unmapped_employee\":\"1000006\"";
    const struct kit_event in_leg[MAX] = {MENU, RINGS("1", 9, "999"), SUMMARY("999", 20)};
    const struct kit_event alone[MAX] = {MENU, SUMMARY("999", 20)};
    ck_assert_ptr_nonnull(strstr(rules_kit_story(stands_in, in_leg),
                                 "G15 e1:call:summary 1000006 79991231212 talked\n"));
    ck_assert_ptr_nonnull(
        strstr(rules_kit_story(stands_in, alone), "G15 e1:call:summary - 79991231212 talked\n"));
}
END_TEST

static enum decide_end recorded(const struct kit_event *events, size_t n)
{
    rules_kit_begin("\"call_records\":true,\"lines\":[\"74950000000\"]");
    kit.recording = STR("rec");
    return rules_kit_decide(events, n, RULE_BESIDE, NULL);
}

/* A recording of a line that is not joined causes nothing; one of an unknown call may be of a joined one. */
START_TEST(recordings_of_lines)
{
    const struct kit_event call[MAX] = {MENU, SUMMARY("101", 5)};
    ck_assert_int_eq(recorded(call, MAX), DECIDE_STOPPED);
    ck_assert_str_eq(buf_str(&kit.told).len ? kit.told.data : "", "");
    ck_assert_int_eq(recorded(call, 0), DECIDE_SAID);
    kit.recording =
        STR_NONE; /* what a command of ours came to is kept, whatever the lines are now */
    kit.command = STR("route");
    ck_assert_int_eq(rules_kit_decide(call, MAX, RULE_BESIDE, NULL), DECIDE_SAID);
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_own", a_question_from_an_own_number, a_question_behind_a_hidden_number,
                    a_question_known_first, a_call_to_an_own_number, a_ring_without_location,
                    who_sends_on_does_not_call, a_transferred_leg_tells_no_direction,
                    unmapped_of_the_summary, recordings_of_lines);
}

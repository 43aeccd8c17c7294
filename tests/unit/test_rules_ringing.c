/*
 * While the phone rings: G7, G12 with B4, G14, and G13's recordings, which come beside the call.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

#define ROUTE "\"route_to_responsible\":true"
#define IN_MENU                                                                       \
    {                                                                                 \
        'A', "i", 1, .at = 60, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE \
    }

static const char *one(const char *more, struct kit_event ev, int64_t now)
{
    rules_kit_begin(more);
    kit.now = now;
    (void)rules_kit_decide(&ev, 1, RULE_LIVE, NULL);
    return kit.told.len ? kit.told.data : "";
}

/* ---- G7 ---- */

START_TEST(g7_in_the_menu)
{
    const struct kit_event menu = IN_MENU;
    ck_assert_str_eq(one(ROUTE, menu, 62), "G7 e1:route - 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"call_id\":\"i\",\"line\":\"78001234567\"}");
    ck_assert_int_eq(kit.deadline, KIT_MS(70));
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* once */
    ck_assert_uint_eq(kit.told.len, 0);
    ck_assert_str_eq(one(NULL, menu, 62), "");
}
END_TEST

START_TEST(g7_not_beyond_the_menu)
{
    const struct kit_event menu = IN_MENU;
    struct kit_event over = menu, queue = menu;
    over.state = 'D';
    over.seq = 2;
    queue.where = 'q';
    queue.call = "q";
    rules_kit_begin(ROUTE);
    (void)rules_kit_decide((struct kit_event[]){menu, over}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    (void)rules_kit_decide((struct kit_event[]){menu, RINGS("1", 61, "101")}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    (void)rules_kit_decide((struct kit_event[]){menu, queue}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    queue.call = menu.call; /* the menu's own leg went on, which was heard first */
    queue.seq = 2;
    (void)rules_kit_decide((struct kit_event[]){queue, menu}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    (void)rules_kit_decide((struct kit_event[]){menu, SUMMARY("", 0)}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
}
END_TEST

START_TEST(g7_reasons)
{
    const char *closed = ROUTE ",\"route_off_hours\":false,\"working_hours\":"
                               "{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\"}";
    struct kit_event menu = IN_MENU;
    ck_assert_str_eq(one(ROUTE, menu, 71), "G7 none: the event is older than 10 s\n");
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* told once ... */
    ck_assert_uint_eq(kit.told.len, 0);
    kit.now = 69; /* ... but a younger event of the menu still routes */
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G7 e1:route - 79991231212\n");
    ck_assert_str_eq(one(closed, menu, 60),
                     "G7 none: outside working hours, and route_off_hours is off (B16)\n");
    rules_kit_begin(ROUTE);
    kit.origin = "replay";
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    menu.from = NULL;
    ck_assert_str_eq(one(ROUTE, menu, 60), "G7 none: the number is hidden or unknown\n");
}
END_TEST

START_TEST(g7_answer_of_mango)
{
    rules_kit_begin(ROUTE);
    kit.command = STR("route");
    kit.result = 1000;
    (void)rules_kit_decide(NULL, 0, RULE_BESIDE, NULL);
    ck_assert_str_eq(kit.told.data, "G7 done: MANGO answered the route command with 1000\n");
    kit.result = 4101;
    (void)rules_kit_decide(NULL, 0, RULE_BESIDE, NULL);
    ck_assert_str_eq(kit.told.data, "G7 refused: MANGO answered the route command with 4101\n");
    kit.command = STR("callback");
    (void)rules_kit_decide(NULL, 0, RULE_BESIDE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
}
END_TEST

/* ---- G14 ---- */

#define POPUPS "\"popups\":true"

static const struct kit_event ring = RINGS("1", 60, "101"), second = RINGS("2", 60, "102"),
                              answer = ANSWERS("1", 61, "101"), over = ENDS("1", 62, "101");

START_TEST(g14_begins_and_follows)
{
    const struct kit_event hold = {
        'H', "1", 3, .at = 63, .where = 'a', .from = CLIENT, .to_ext = "101", .line = LINE};
    const struct kit_event again = {
        'C', "1", 4, .at = 64, .where = 'a', .from = CLIENT, .to_ext = "101", .line = LINE};
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){ring, answer, hold, again}, 4),
                     "G14 e1:popup:1:calling 1000005 79991231212\n"
                     "G14 e1:popup:1:talking 1000005 79991231212\n"
                     "G14 e1:popup:1:hold 1000005 79991231212\n"
                     "G14 e1:popup:1:talking:1234 1000005 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"employee\":\"1000005\",\"extension\":\"101\","
                               "\"from\":\"79991231212\",\"line\":\"78001234567\","
                               "\"started_at\":1399907036,\"state\":\"talking\"}");
    ck_assert_int_eq(kit.deadline, KIT_MS(90));
}
END_TEST

/* A group's ring does not flood: one ring, then the answer, wherever it is. */
START_TEST(g14_group)
{
    const struct kit_event taken = ANSWERS("2", 62, "102");
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){ring, second, taken, over}, 4),
                     "G14 e1:popup:1:calling 1000005 79991231212\n"
                     "G14 e1:popup:2:talking 1000006 79991231212\n");
    /* it moves on when the first one gives up; an earlier leg that shows late moves nothing */
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){ring, second, over}, 3),
                     "G14 e1:popup:1:calling 1000005 79991231212\n"
                     "G14 e1:popup:2:calling 1000006 79991231212\n");
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){second, ring}, 2),
                     "G14 e1:popup:2:calling 1000006 79991231212\n");
}
END_TEST

/* What is shown for the first time has the short id, however long the ids of the legs are. */
START_TEST(g14_first_time_of_any_legs)
{
    char first[80], other[80], want[400];
    for (int n = 1; n < 80; n++) {
        (void)snprintf(first, sizeof first, "%0*d", n, 1);
        (void)snprintf(other, sizeof other, "%0*d", n, 2);
        struct kit_event rings = ring, answers = ANSWERS(other, 62, "102");
        rings.call = first;
        (void)snprintf(want, sizeof want,
                       "G14 e1:popup:%s:calling 1000005 79991231212\n"
                       "G14 e1:popup:%s:talking 1000006 79991231212\n",
                       first, other);
        rules_kit_begin(POPUPS);
        ck_assert_str_eq(rules_kit_live((struct kit_event[]){rings, answers}, 2), want);
    }
}
END_TEST

/* More than the call remembers: the id is longer than it must be, and the pop-up is there. */
START_TEST(g14_more_than_is_remembered)
{
    rules_kit_begin(POPUPS);
    for (size_t i = 0; i < sizeof kit.memory.popups / sizeof kit.memory.popups[0]; i++)
        kit.memory.popups[i] = UINT32_MAX - (uint32_t)i;
    ck_assert_str_eq(rules_kit_live(&ring, 1), "G14 e1:popup:1:calling:1234 1000005 79991231212\n");
}
END_TEST

/* Back to a talk that was left: a job of its own, for the first of equal ids wins. */
START_TEST(g14_back_again)
{
    const struct kit_event taken = ANSWERS("2", 62, "102"), left = ENDS("2", 64, "102");
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){answer, taken, left}, 3),
                     "G14 e1:popup:1:talking 1000005 79991231212\n"
                     "G14 e1:popup:2:talking 1000006 79991231212\n"
                     "G14 e1:popup:1:talking:1234 1000005 79991231212\n");
}
END_TEST

/* B is shown when the client is given to them, not while A asks. */
START_TEST(g14_consultation)
{
    const struct kit_event asks = {
        'A', "2", 1, .at = 62, .where = 'a', .from_ext = "101", .to_ext = "102"};
    const struct kit_event given = {
        'C',         "2", 2, .at = 66, .where = 'a', .from = CLIENT, .taken = "1", .to_ext = "102",
        .line = LINE};
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){answer, asks, over, given}, 4),
                     "G14 e1:popup:1:talking 1000005 79991231212\n"
                     "G14 e1:popup:2:talking 1000006 79991231212\n");
}
END_TEST

START_TEST(g14_never)
{
    struct kit_event outgoing = {'A',         "1", 1, .at = 60, .where = 'a', .from_ext = "101",
                                 .to = CLIENT};
    const struct kit_event taken = ANSWERS("2", 62, "102"), left = ENDS("2", 64, "102");
    struct kit_event hidden = ring;
    hidden.from = NULL;
    ck_assert_str_eq(one(NULL, ring, 60), "");
    ck_assert_str_eq(one(POPUPS, outgoing, 60), "");
    ck_assert_str_eq(one(POPUPS ",\"ignore_numbers\":[\"7999*\"]", ring, 60), "");
    ck_assert_str_eq(one(POPUPS, (struct kit_event)RINGS("1", 60, "999"), 60), "");
    ck_assert_str_eq(one(POPUPS, ring, 91), "G14 none: the event is older than 30 s\n");
    (void)rules_kit_decide(&ring, 1, RULE_LIVE, NULL); /* told once */
    ck_assert_uint_eq(kit.told.len, 0);
    (void)rules_kit_decide((struct kit_event[]){ring, answer}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    /* what was late counts as shown: back to it is a job of its own */
    kit.now = 62;
    (void)rules_kit_decide((struct kit_event[]){ring, answer, second, taken}, 4, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G14 e1:popup:2:talking 1000006 79991231212\n");
    (void)rules_kit_decide((struct kit_event[]){ring, answer, second, taken, left}, 5, RULE_LIVE,
                           NULL);
    ck_assert_str_eq(kit.told.data, "G14 e1:popup:1:talking:1234 1000005 79991231212\n");
    /* a hidden number is shown without one */
    ck_assert_str_eq(one(POPUPS, hidden, 60), "G14 e1:popup:1:calling 1000005 -\n");
}
END_TEST

/* ---- G12 ---- */

START_TEST(g12_visitor)
{
    struct kit_event menu = IN_MENU;
    menu.dct = "74950000000";
    ck_assert_str_eq(one("\"call_tracking\":true", menu, 62), "G12 e1:visitor - 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"dct_number\":\"74950000000\"}");
    ck_assert_int_eq(kit.deadline, KIT_MS(660));
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* at most once */
    ck_assert_uint_eq(kit.told.len, 0);
    ck_assert_str_eq(one("\"call_tracking\":true", menu, 661),
                     "G12 none: the event is older than 10 minutes\n");
    ck_assert_str_eq(one(NULL, menu, 62), "");
    menu.from = "sip:a@b";
    ck_assert_str_eq(one("\"call_tracking\":true", menu, 62),
                     "G12 none: the number is no client's number (sip, or under 5 digits)\n");
    menu.dct = NULL;
    ck_assert_str_eq(one("\"call_tracking\":true", menu, 62), "");
}
END_TEST

/* The leg alone may be of an outgoing call that was transferred; one to a dynamic number is not. */
START_TEST(g12_first_event_is_of_a_transferred_leg)
{
    struct kit_event leg = RINGS("2", 60, "101");
    leg.taken = "1";
    ck_assert_str_eq(one("\"call_tracking\":true", leg, 60), "");
    leg.dct = "74950000000";
    ck_assert_str_eq(one("\"call_tracking\":true", leg, 60), "G12 e1:visitor - 79991231212\n");
}
END_TEST

START_TEST(g12_tracking)
{
    struct kit_event call = ANSWERS("1", 60, "101");
    struct kit_event end = SUMMARY("102", 5);
    call.dct = end.dct = "74950000000";
    (void)one("\"call_tracking\":true,\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"tracking\":true"));
    (void)one("\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_null(strstr(kit.data, "tracking"));
    call.dct = ""; /* a dynamic number that is not told: nobody to ask, but no other call either */
    (void)one("\"call_tracking\":true,\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"tracking\":true"));
    rules_kit_begin("\"call_tracking\":true,\"create_client\":{\"incoming\":true}");
    (void)rules_kit_decide(&end, 1, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G12 e1:visitor - 79991231212\n");
}
END_TEST

/* ---- G13 ---- */

START_TEST(g13_record)
{
    rules_kit_begin("\"call_records\":true");
    kit.recording = STR("MToxMDA=");
    (void)rules_kit_decide(NULL, 0, RULE_BESIDE, NULL);
    ck_assert_str_eq(kit.told.data, "G13 e1:record:MToxMDA= - -\n");
    ck_assert_str_eq(kit.data, "{\"recorded_at\":1399907036,\"recording_id\":\"MToxMDA=\"}");
    (void)rules_kit_decide(&answer, 1, RULE_BESIDE, NULL);
    ck_assert_str_eq(kit.told.data, "G13 e1:record:MToxMDA= - 79991231212\n");
    (void)rules_kit_decide((struct kit_event[]){{'C', "1", 1, .at = 5, .where = 'a',
                                                 .from_ext = "101", .to_ext = "102"}},
                           1, RULE_BESIDE, NULL);
    ck_assert_uint_eq(kit.told.len, 0); /* an internal call causes nothing */
    kit.recording = STR_NONE;
    (void)rules_kit_decide(&answer, 1, RULE_BESIDE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    rules_kit_begin(NULL);
    kit.recording = STR("r");
    (void)rules_kit_decide(&answer, 1, RULE_BESIDE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_ringing", g7_in_the_menu, g7_not_beyond_the_menu, g7_reasons,
                    g7_answer_of_mango, g14_begins_and_follows, g14_group,
                    g14_first_time_of_any_legs, g14_more_than_is_remembered, g14_back_again,
                    g14_consultation, g14_never, g12_visitor,
                    g12_first_event_is_of_a_transferred_leg, g12_tracking, g13_record);
}

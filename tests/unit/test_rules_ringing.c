/*
 * While the phone rings: G7, G12 with B4, and G13's recordings, which come beside the call; G14 is
 * tests/unit/test_ringing.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

#define ROUTE "\"route_to_responsible\":true"
#define IN_MENU                                                                       \
    {                                                                                 \
        'A', "i", 1, .at = 60, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE \
    }

/* ---- G7 ---- */

START_TEST(g7_in_the_menu)
{
    const struct kit_event menu = IN_MENU;
    ck_assert_str_eq(rules_kit_one(ROUTE, menu, 62), "G7 e1:route - 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"call_id\":\"i\",\"line\":\"78001234567\"}");
    ck_assert_int_eq(kit.deadline, KIT_MS(70));
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* once */
    ck_assert_uint_eq(kit.told.len, 0);
    ck_assert_str_eq(rules_kit_one(NULL, menu, 62), "");
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
    ck_assert_str_eq(rules_kit_one(ROUTE, menu, 71), "G7 none: the event is older than 10 s\n");
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* told once ... */
    ck_assert_uint_eq(kit.told.len, 0);
    kit.now = 69; /* ... but a younger event of the menu still routes */
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G7 e1:route - 79991231212\n");
    ck_assert_str_eq(rules_kit_one(closed, menu, 60),
                     "G7 none: outside working hours, and route_off_hours is off (B16)\n");
    rules_kit_begin(ROUTE);
    kit.origin = "replay";
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    menu.from = NULL;
    ck_assert_str_eq(rules_kit_one(ROUTE, menu, 60), "G7 none: the number is hidden or unknown\n");
}
END_TEST

/* The age of the event: the larger of (now - received) and (now - MANGO's time), negative = 0. */
START_TEST(g7_age_of_the_event)
{
    static const struct {
        int64_t received, at, now, deadline; /* seconds after KIT_T0; deadline 0: too late */
    } cases[] = {
        {60, 60, 70, 70},        {60, 60, 71, 0},
        {60, 52, 61, 62},        {60, 52, 63, 0},      /* long on its way */
        {60, 4000, 69, 70},      {60, 4000, 71, 0},    /* MANGO's clock is ahead */
        {60, -KIT_T0, 69, 70},   {60, -KIT_T0, 71, 0}, /* it tells no time */
        {90, 60, 61, 70},        {90, 60, 71, 0},      /* our other machine's clock is ahead */
        {90, -KIT_T0, 61, 100},  {90, 95, 61, 100},
        {60, 1 - KIT_T0, 60, 0}, {60, 60, 0, 70},
    };
    const struct kit_event menu = IN_MENU;
    for (size_t i = 0; i < COUNT(cases); i++) {
        rules_kit_begin(ROUTE);
        kit.received = cases[i].received;
        kit.event_at = cases[i].at;
        kit.now = cases[i].now;
        kit.deadline = 0;
        (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL);
        ck_assert_msg(kit.deadline == (cases[i].deadline ? KIT_MS(cases[i].deadline) : 0),
                      "case %zu: %s", i, kit.told.data);
    }
}
END_TEST

/* Once in a call: not for the second menu after somebody's phone rang, nor for what the command made. */
START_TEST(g7_once_in_a_call)
{
    struct kit_event menu = IN_MENU, over = IN_MENU, again = IN_MENU,
                     routed = RINGS("1", 62, "101"), second = IN_MENU;
    over.state = 'D';
    over.seq = 2;
    again.state = 'C';
    again.seq = 3;
    routed.taken = "i";
    routed.command = "e1~5";
    second.call = "i2";
    second.at = 66;
    rules_kit_begin(ROUTE);
    ck_assert_str_eq(
        rules_kit_live((struct kit_event[]){menu, over, routed, ENDS("1", 65, "101"), second}, 5),
        "G7 e1:route - 79991231212\n");
    /* whatever is heard first */
    rules_kit_begin(ROUTE);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){routed, menu, second}, 3), "");
    /* one menu leads to the next: that leg is the one to route */
    (void)rules_kit_decide((struct kit_event[]){menu, over, second}, 3, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.data, "{\"call_id\":\"i2\",\"line\":\"78001234567\"}");
    /* the first event that came is not the leg's first */
    ck_assert_str_eq(rules_kit_one(ROUTE, again, 62), "G7 e1:route - 79991231212\n");
}
END_TEST

/* A new owner folds the same events later. What it says again has the same id, of which the first counts. */
START_TEST(g7_folded_anew)
{
    struct kit_event menu = IN_MENU, again = IN_MENU;
    again.state = 'C';
    again.seq = 2;
    (void)rules_kit_one(ROUTE, menu, 100);
    kit.received = kit.event_at = 99;
    (void)rules_kit_decide((struct kit_event[]){menu, again}, 2, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G7 e1:route - 79991231212\n");
    (void)rules_kit_decide((struct kit_event[]){menu, again}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
}
END_TEST

/* What no rule about ringing is for. */
START_TEST(nothing_rings_for_others)
{
    static const char all[] = ROUTE ",\"popups\":true,\"call_tracking\":true";
    static const char joined[] =
        ROUTE ",\"popups\":true,\"call_tracking\":true,\"lines\":[\"78001234568\"]";
    static const char ignored[] =
        ROUTE ",\"popups\":true,\"call_tracking\":true,\"ignore_numbers\":[\"7999*\"]";
    struct kit_event menu = IN_MENU, ring = RINGS("1", 60, "101");
    const struct kit_event out = {'A',
                                  "1",
                                  1,
                                  .at = 60,
                                  .where = 'a',
                                  .from_ext = "101",
                                  .to = CLIENT,
                                  .dct = "74950000000"},
                           internal = {'A',
                                       "1",
                                       1,
                                       .at = 60,
                                       .where = 'a',
                                       .from_ext = "101",
                                       .to_ext = "102",
                                       .dct = "74950000000"},
                           into_menu = {'A',
                                        "1",
                                        1,
                                        .at = 60,
                                        .where = 'i',
                                        .from_ext = "101",
                                        .to = "100",
                                        .dct = "74950000000"};
    struct kit_event callback = ring;
    callback.initiator = "CC";
    callback.dct = menu.dct = ring.dct = "74950000000";
    const struct kit_event none[] = {out, internal, into_menu, callback};
    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_msg(strcmp(rules_kit_one(all, none[i], 60), "") == 0, "case %zu: %s", i,
                      kit.told.data);
    ck_assert_str_eq(rules_kit_one(joined, menu, 60), "");
    ck_assert_str_eq(rules_kit_one(joined, ring, 60), "");
    menu.line = NULL; /* the line shows later */
    ck_assert_str_eq(rules_kit_one(joined, menu, 60), "");
    ck_assert_str_eq(rules_kit_one(ignored, menu, 60),
                     "B15 none: the number is among ignore_numbers\n"
                     "B15 none: the number is among ignore_numbers\n");
    menu.from = "79161112233"; /* an employee's mobile */
    ck_assert_str_eq(rules_kit_one(all, menu, 60), "B15 none: the number is an employee's\n"
                                                   "B15 none: the number is an employee's\n");
    menu.from = LINE;
    menu.line = LINE;
    ck_assert_str_eq(rules_kit_one(all, menu, 60),
                     "B15 none: the number is a line of the account\n"
                     "B15 none: the number is a line of the account\n");
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

/* ---- G12 ---- */

START_TEST(g12_visitor)
{
    struct kit_event menu = IN_MENU;
    menu.dct = "74950000000";
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", menu, 62),
                     "G12 e1:visitor - 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"dct_number\":\"74950000000\"}");
    ck_assert_int_eq(kit.deadline, KIT_MS(660));
    (void)rules_kit_decide(&menu, 1, RULE_LIVE, NULL); /* at most once */
    ck_assert_uint_eq(kit.told.len, 0);
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", menu, 661),
                     "G12 none: the event is older than 10 minutes\n");
    ck_assert_str_eq(rules_kit_one(NULL, menu, 62), "");
    menu.from = "sip:a@b";
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", menu, 62),
                     "G12 none: the number is no client's number (sip, or under 5 digits)\n");
    menu.dct = NULL;
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", menu, 62), "");
}
END_TEST

/* At most once, whatever the call's other events say; by a call that is known by its end only, too. */
START_TEST(g12_once_in_a_call)
{
    struct kit_event menu = IN_MENU, other = RINGS("1", 62, "101"), end = SUMMARY("101", 5);
    menu.dct = "74950000000";
    other.dct = "74950000001";
    end.dct = "74950000000";
    rules_kit_begin("\"call_tracking\":true");
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){menu, other, end}, 3),
                     "G12 e1:visitor - 79991231212\n");
    /* folded anew by another owner, too late: the number may be another visitor's by now */
    (void)rules_kit_one("\"call_tracking\":true", menu, 1000);
    kit.received = kit.event_at = 999;
    (void)rules_kit_decide((struct kit_event[]){menu, other}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
}
END_TEST

/* The leg alone may be of an outgoing call that was transferred; one to a dynamic number is not. */
START_TEST(g12_first_event_is_of_a_transferred_leg)
{
    struct kit_event leg = RINGS("2", 60, "101");
    leg.taken = "1";
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", leg, 60), "");
    leg.dct = "74950000000";
    ck_assert_str_eq(rules_kit_one("\"call_tracking\":true", leg, 60),
                     "G12 e1:visitor - 79991231212\n");
}
END_TEST

START_TEST(g12_tracking)
{
    struct kit_event call = ANSWERS("1", 60, "101");
    struct kit_event end = SUMMARY("102", 5);
    call.dct = end.dct = "74950000000";
    (void)rules_kit_one("\"call_tracking\":true,\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"tracking\":true"));
    (void)rules_kit_one("\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_null(strstr(kit.data, "tracking"));
    call.dct = ""; /* a dynamic number that is not told: nobody to ask, but no other call either */
    (void)rules_kit_one("\"call_tracking\":true,\"create_client\":{\"incoming\":true}", call, 60);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"tracking\":true"));
    rules_kit_begin("\"call_tracking\":true,\"create_client\":{\"incoming\":true}");
    (void)rules_kit_decide(&end, 1, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G12 e1:visitor - 79991231212\n");
}
END_TEST

/* ---- G13 ---- */

START_TEST(g13_record)
{
    const struct kit_event answer = ANSWERS("1", 61, "101");
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
                    g7_age_of_the_event, g7_once_in_a_call, g7_folded_anew,
                    nothing_rings_for_others, g7_answer_of_mango, g12_visitor, g12_once_in_a_call,
                    g12_first_event_is_of_a_transferred_leg, g12_tracking, g13_record);
}

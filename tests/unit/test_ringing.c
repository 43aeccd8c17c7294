/*
 * G14: which of a call's legs a pop-up shows, and when that is told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

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

#define RING_OF(id, ext)                                                                   \
    {                                                                                      \
        'A', id, 1, .at = 60, .where = 'a', .from = CLIENT, .taken = "q", .to_ext = (ext), \
                    .group = "300", .line = LINE                                           \
    }
#define TAKEN_AWAY(id, t, ext)                                                              \
    {                                                                                       \
        'D', id, 2, .at = (t), .where = 'a', .from = CLIENT, .taken = "q", .to_ext = (ext), \
                    .group = "300", .line = LINE, .reason = 1182                            \
    }
#define QUEUE                                                             \
    {                                                                     \
        'A', "q", 1, .at = 59, .where = 'q', .from = CLIENT, .line = LINE \
    }

/* Three phones ring and one is picked up: the notifications of that come in any order. */
START_TEST(g14_group_answered_in_any_order)
{
    const struct kit_event queue = QUEUE, a = RING_OF("1", "101"), b = RING_OF("2", "102"),
                           c = RING_OF("3", "103"), a_over = TAKEN_AWAY("1", 65, "101"),
                           b_over = TAKEN_AWAY("2", 65, "102"), taken = ANSWERS("3", 65, "103");
    static const char want[] = "G14 e1:popup:1:calling 1000005 79991231212\n"
                               "G14 e1:popup:3:talking 1000007 79991231212\n";
    const struct kit_event orders[][7] = {
        {queue, a, b, c, a_over, b_over, taken}, {queue, a, b, c, b_over, a_over, taken},
        {queue, a, b, c, a_over, taken, b_over}, {queue, a, b, c, taken, a_over, b_over},
        {queue, c, b, a, a_over, taken, b_over},
    };
    for (size_t i = 0; i + 1 < COUNT(orders); i++) {
        rules_kit_begin(POPUPS);
        ck_assert_str_eq(rules_kit_live(orders[i], COUNT(orders[i])), want);
    }
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live(orders[COUNT(orders) - 1], 7),
                     "G14 e1:popup:3:calling 1000007 79991231212\n"
                     "G14 e1:popup:3:talking 1000007 79991231212\n");
}
END_TEST

/* Nobody picks up, or the caller hangs up: all phones are told to stop, in any order. */
START_TEST(g14_group_rings_in_vain)
{
    static const int together[] = {1110, 1111, 1163, 1182};
    struct kit_event queue = QUEUE, a = RING_OF("1", "101"), b = RING_OF("2", "102"),
                     a_over = TAKEN_AWAY("1", 89, "101"), b_over = TAKEN_AWAY("2", 90, "102");
    for (size_t i = 0; i < COUNT(together); i++) {
        a_over.reason = b_over.reason = together[i];
        rules_kit_begin(POPUPS);
        ck_assert_str_eq(rules_kit_live((struct kit_event[]){queue, a, b, a_over, b_over}, 5),
                         "G14 e1:popup:1:calling 1000005 79991231212\n");
    }
    /* the queue's own end tells it, too */
    queue.state = 'D';
    queue.seq = 2;
    queue.at = 91;
    queue.reason = 1163;
    rules_kit_begin(POPUPS);
    const struct kit_event begins = QUEUE;
    ck_assert_str_eq(
        rules_kit_live((struct kit_event[]){begins, a, b, queue, ENDS("1", 91, "101")}, 5),
        "G14 e1:popup:1:calling 1000005 79991231212\n");
}
END_TEST

/* One phone does not ring any more, others do: one that is rejected or busy, or whose turn is over. */
START_TEST(g14_goes_on_ringing)
{
    struct kit_event queue = QUEUE, a = RING_OF("1", "101"), b = RING_OF("2", "102"),
                     a_over = TAKEN_AWAY("1", 75, "101");
    static const char want[] = "G14 e1:popup:1:calling 1000005 79991231212\n"
                               "G14 e1:popup:2:calling 1000006 79991231212\n";
    a_over.reason = 1122;
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){queue, a, b, a_over}, 4), want);
    a_over.reason = 1111;
    b.at = 75; /* the next in turn, who is told first */
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){queue, a, b, a_over}, 4), want);
    /* of what is shown only its own end counts; another rings no more then */
    a_over.at = 80;
    const struct kit_event other = {'D',
                                    "1",
                                    2,
                                    .at = 70,
                                    .where = 'a',
                                    .from = CLIENT,
                                    .taken = "q",
                                    .to_ext = "101",
                                    .reason = 1111};
    b.at = 61;
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(
        rules_kit_live((struct kit_event[]){queue, b, a, other, RINGS("3", 75, "103")}, 5),
        "G14 e1:popup:2:calling 1000006 79991231212\n");
    /* what ends in a queue as MANGO gives the call to somebody is no ring */
    queue.state = 'D';
    queue.seq = 2;
    queue.at = 65;
    queue.reason = 1180;
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){queue, a}, 2),
                     "G14 e1:popup:1:calling 1000005 79991231212\n");
}
END_TEST

/* The end of a ring is lost: when the talk of another is over nobody's phone rings. */
START_TEST(g14_a_rings_end_is_lost)
{
    const struct kit_event taken = ANSWERS("2", 62, "102"), unmapped = ANSWERS("2", 62, "999"),
                           left = ENDS("2", 64, "102");
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){ring, second, taken, left}, 4),
                     "G14 e1:popup:1:calling 1000005 79991231212\n"
                     "G14 e1:popup:2:talking 1000006 79991231212\n");
    /* nor is it a ring's first news, when somebody unmapped has picked up */
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){unmapped, ring}, 2), "");
}
END_TEST

static const struct kit_event
    sent_on = {'A', "2", 1, .at = 63, .where = 'a', .from_ext = "101", .to_ext = "102"},
    rings_b = {'A', "2", 2, .at = 64, .where = 'a', .from = CLIENT, .taken = "1", .to_ext = "102"},
    a_left = {
        'D',          "1",           3, .at = 64, .where = 'a', .from = CLIENT, .to_ext = "101",
        .line = LINE, .reason = 1181};

/* Nobody picks up where it was sent: the client rings back at who sent it, on a leg of its own or not. */
START_TEST(g14_sent_on_and_back)
{
    const struct kit_event
        b_over = {'D',
                  "2",
                  3,
                  .at = 70,
                  .where = 'a',
                  .from = CLIENT,
                  .taken = "1",
                  .to_ext = "102",
                  .reason = 1111},
        back = {'A', "3", 1, .at = 70, .where = 'a', .from = CLIENT, .taken = "2", .to_ext = "101"},
        same = {'A', "2", 3, .at = 70, .where = 'a', .from = CLIENT, .taken = "1", .to_ext = "101"};
    static const char sent[] = "G14 e1:popup:1:calling 1000005 79991231212\n"
                               "G14 e1:popup:1:talking 1000005 79991231212\n"
                               "G14 e1:popup:2:calling 1000006 79991231212\n";
    char want[300];
    rules_kit_begin(POPUPS);
    (void)snprintf(want, sizeof want, "%sG14 e1:popup:3:calling 1000005 79991231212\n", sent);
    ck_assert_str_eq(
        rules_kit_live((struct kit_event[]){ring, answer, sent_on, rings_b, a_left, b_over, back},
                       7),
        want);
    rules_kit_begin(POPUPS);
    (void)snprintf(want, sizeof want, "%sG14 e1:popup:2:calling:1234 1000005 79991231212\n", sent);
    ck_assert_str_eq(
        rules_kit_live((struct kit_event[]){ring, answer, a_left, sent_on, rings_b, same}, 6),
        want);
}
END_TEST

/* Late news of a leg move nothing, and the end that came first leaves nothing to show. */
START_TEST(g14_out_of_order)
{
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){answer, ring, over}, 3),
                     "G14 e1:popup:1:talking 1000005 79991231212\n");
    rules_kit_begin(POPUPS);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){over, answer, ring}, 3), "");
    rules_kit_begin(POPUPS); /* what comes behind the summary rings no more */
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){SUMMARY("101", 5), ring, answer}, 3), "");
}
END_TEST

/* A new owner folds the same events later: what was shown is not shown again, what is new is. */
START_TEST(g14_folded_anew)
{
    (void)rules_kit_one(POPUPS, ring, 120);
    kit.received = kit.event_at = 119;
    (void)rules_kit_decide((struct kit_event[]){ring, second}, 2, RULE_LIVE, NULL);
    ck_assert_uint_eq(kit.told.len, 0);
    (void)rules_kit_decide((struct kit_event[]){ring, second, answer}, 3, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G14 e1:popup:1:talking 1000005 79991231212\n");
}
END_TEST

START_TEST(g14_whose_phone_it_is)
{
    struct kit_event mobile = RINGS("1", 60, NULL), group = RINGS("1", 60, "300");
    mobile.to = "79161112233";
    ck_assert_str_eq(rules_kit_one(POPUPS, mobile, 60),
                     "G14 e1:popup:1:calling 1000007 79991231212\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"extension\":\"79161112233\""));
    ck_assert_str_eq(rules_kit_one(POPUPS ",\"unmapped_employee\":\"1000006\"",
                                   (struct kit_event)RINGS("1", 60, "999"), 60),
                     "G14 e1:popup:1:calling 1000006 79991231212\n");
    ck_assert_ptr_nonnull(strstr(kit.data, "\"extension\":\"999\""));
    ck_assert_str_eq(rules_kit_one(POPUPS ",\"unmapped_employee\":\"1000006\"", group, 60), "");
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
    ck_assert_str_eq(rules_kit_one(NULL, ring, 60), "");
    ck_assert_str_eq(rules_kit_one(POPUPS, outgoing, 60), "");
    ck_assert_str_eq(rules_kit_one(POPUPS ",\"ignore_numbers\":[\"7999*\"]", ring, 60), "");
    ck_assert_str_eq(rules_kit_one(POPUPS, (struct kit_event)RINGS("1", 60, "999"), 60), "");
    ck_assert_str_eq(rules_kit_one(POPUPS, ring, 91), "G14 none: the event is older than 30 s\n");
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
    ck_assert_str_eq(rules_kit_one(POPUPS, hidden, 60), "G14 e1:popup:1:calling 1000005 -\n");
}
END_TEST

int main(void)
{
    return UNIT_RUN("ringing", g14_begins_and_follows, g14_group, g14_group_answered_in_any_order,
                    g14_group_rings_in_vain, g14_goes_on_ringing, g14_a_rings_end_is_lost,
                    g14_sent_on_and_back, g14_out_of_order, g14_folded_anew, g14_whose_phone_it_is,
                    g14_first_time_of_any_legs, g14_more_than_is_remembered, g14_back_again,
                    g14_consultation, g14_never);
}

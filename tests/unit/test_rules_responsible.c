/*
 * Whose the client is in the end: G9, and what late events correct.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/rules_kit.h"

START_TEST(late_first_employee)
{
    const struct kit_event late[] = {RINGS("1", 2, "102"), RINGS("2", 8, "101"),
                                     ANSWERS("2", 9, "101"), ANSWERS("1", 5, "102")};
    rules_kit_begin(NULL);
    (void)rules_kit_decide(late, 3, RULE_LIVE, NULL);
    ck_assert_str_eq(kit.told.data, "G3 e1:client 1000005 79991231212\n");
    (void)rules_kit_decide(late, 4, RULE_AFTER, "ended");
    ck_assert_str_eq(kit.told.data, "G3 e1:responsible:1234 1000006 79991231212\n");
    ck_assert_str_eq(kit.data, "{\"employee\":\"Иванова Анна\",\"extension\":\"102\","
                               "\"responsible\":\"1000006\"}");
    (void)rules_kit_decide(late, 4, RULE_AFTER, "ended"); /* said once */
    ck_assert_ptr_null(kit.told.data && kit.told.len ? kit.told.data : NULL);
}
END_TEST

#define FOLLOW \
    "\"create_client\":{\"incoming\":true,\"outgoing\":true,\"missed\":true},\"responsible_follows_transfer\":true"
#define STAY "\"create_client\":{\"incoming\":true,\"outgoing\":true,\"missed\":true}"

#define MOVED(id, t, ext)                                                                   \
    {                                                                                       \
        'C', id, 3, .at = (t), .where = 'a', .from = CLIENT, .taken = "1", .to_ext = (ext), \
                    .line = LINE                                                            \
    }

START_TEST(g9_follows_there_and_back)
{
    const struct kit_event call[] = {ANSWERS("1", 5, "101"), MOVED("2", 20, "102"),
                                     MOVED("3", 40, "101")};
    rules_kit_begin(FOLLOW);
    ck_assert_str_eq(rules_kit_live(call, 3), "G3 e1:client 1000005 79991231212\n"
                                              "G9 e1:responsible:1234 1000006 79991231212\n"
                                              "G9 e1:responsible:1234 1000005 79991231212\n");
    rules_kit_begin(STAY);
    ck_assert_str_eq(rules_kit_live(call, 3), "G3 e1:client 1000005 79991231212\n");
}
END_TEST

/* To somebody who is no employee: the last mapped one stays. */
START_TEST(g9_to_nobody)
{
    const struct kit_event call[] = {ANSWERS("1", 5, "101"), MOVED("2", 20, "999")};
    rules_kit_begin(FOLLOW);
    ck_assert_str_eq(rules_kit_live(call, 2), "G3 e1:client 1000005 79991231212\n");
}
END_TEST

/* No client of this call, nothing to follow. */
START_TEST(g9_only_a_client_of_this_call)
{
    const struct kit_event call[] = {ANSWERS("1", 5, "101"), MOVED("2", 20, "102")};
    rules_kit_begin("\"responsible_follows_transfer\":true");
    ck_assert_str_eq(rules_kit_live(call, 2), "");
}
END_TEST

START_TEST(g5_outgoing)
{
    const struct kit_event out = {'C',         "1", 2, .at = 9, .where = 'a', .from_ext = "101",
                                  .to = CLIENT};
    const struct kit_event moved = MOVED("2", 20, "102");
    const struct kit_event earlier = {'A',         "0", 1, .at = 3, .where = 'a', .from_ext = "103",
                                      .to = CLIENT};
    rules_kit_begin(FOLLOW);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){out, moved}, 2),
                     "G5 e1:client 1000005 79991231212\n"
                     "G9 e1:responsible:1234 1000006 79991231212\n");
    rules_kit_begin(STAY);
    ck_assert_str_eq(rules_kit_live((struct kit_event[]){out, moved, earlier}, 3),
                     "G5 e1:client 1000005 79991231212\n"
                     "G5 e1:responsible:1234 1000007 79991231212\n");
}
END_TEST

START_TEST(g4_a_late_ring)
{
    const struct kit_event call[] = {RINGS("1", 2, "101"), RINGS("2", 9, "102")};
    rules_kit_begin(STAY);
    (void)rules_kit_decide(call, 1, RULE_CLOSING, "ended");
    (void)rules_kit_decide(call, 2, RULE_AFTER, "ended");
    ck_assert_str_eq(kit.told.data, "G4 e1:responsible:1234 1000006 79991231212\n");
    /* somebody handled it after all: whose it is now is not G4's to say */
    (void)rules_kit_decide((struct kit_event[]){call[0], call[1], ANSWERS("3", 12, "103")}, 3,
                           RULE_AFTER, "ended");
    ck_assert_str_eq(kit.told.data, "G3 e1:responsible:1234 1000007 79991231212\n");
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_responsible", late_first_employee, g9_follows_there_and_back,
                    g9_to_nobody, g9_only_a_client_of_this_call, g5_outgoing, g4_a_late_ring);
}

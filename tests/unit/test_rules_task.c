/*
 * The call back: B2, B3, with B16.
 */
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/rules_kit.h"
#include "worker/calls/rules_task.h"

#define TASK(more) "\"missed_call_task\":{\"enabled\":true,\"deadline_minutes\":90" more "}"
#define HOURS                                                                      \
    "\"working_hours\":{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\"," \
    "\"holidays\":[\"2014-05-13\"]}"

static const struct kit_event ring = RINGS("1", 2, "101"), end = SUMMARY("101", 0);

static const char *closed(const char *more, struct kit_event a, struct kit_event b)
{
    rules_kit_begin(more);
    (void)rules_kit_decide((struct kit_event[]){a, b}, 2, RULE_CLOSING, "summary");
    return kit.told.data;
}

/* The data of the task's job, which is not the last one. */
static const char *task(const char *more, struct kit_event a, struct kit_event b)
{
    char *text = mem_format("%s,\"lines\":[]", more);
    static struct rule_decision d;
    struct fold f;
    struct view v;
    struct call_event x = kit_make(&a, "e1"), y = kit_make(&b, "e1");
    rules_kit_begin(text);
    free(text);
    fold_init(&f);
    (void)fold_add(&f, &x, KIT_MS(a.at));
    (void)fold_add(&f, &y, KIT_MS(b.at));
    view_make(&v, &f, kit.settings);
    struct rule_call c = {.fold = &f,
                          .view = &v,
                          .settings = kit.settings,
                          .account = STR("acme"),
                          .entry_id = STR("e1"),
                          .when = RULE_CLOSING,
                          .closed_by = "ended",
                          .cause = {3, 1234, KIT_MS(60), KIT_T0 + 60, KIT_MS(60), "live"},
                          .memory = &kit.memory};
    rules_drop(&d);
    ck_assert(rules_task_missed(&c, &d));
    free(kit.data);
    kit.data = jval_dump(d.job->data, true);
    fold_done(&f);
    return kit.data;
}

START_TEST(b2_a_task_for_a_missed_call)
{
    ck_assert_str_eq(closed(TASK(""), ring, end),
                     "G4 none: create_client.missed is off\n"
                     "B2 e1:task - 79991231212 missed:direct\n"
                     "G15 e1:call:summary 1000005 79991231212 missed:direct\n");
    ck_assert_str_eq(
        task(TASK(""), ring, end),
        "{\"closed_by\":\"ended\",\"due_at\":1399912436,\"ended_at\":1399907036,\"fallback\":\"1000005\","
        "\"line\":\"78001234567\",\"phone\":\"79991231212\","
        "\"title\":\"Перезвонить: 79991231212\"}");
    ck_assert_ptr_null(strstr(closed(NULL, ring, end), "B2"));
}
END_TEST

/* The client may be known: crm finds out. */
START_TEST(b2_missed_in_the_menu)
{
    const struct kit_event menu = {'A', "i", 1, .at = 0, .where = 'i', .from = CLIENT};
    const struct kit_event left = {'S',      NULL, 0, .at = 0, .direction = 1, .from = CLIENT,
                                   .end = 60};
    ck_assert_ptr_nonnull(
        strstr(closed(TASK(""), menu, left), "B2 e1:task - 79991231212 missed:menu"));
    ck_assert_ptr_null(strstr(task(TASK(""), menu, left), "fallback"));
}
END_TEST

START_TEST(b2_title)
{
    ck_assert_ptr_nonnull(strstr(
        task(
            TASK(
                ",\"title\":\"{client}, {phone} на {line} в {time}.\"") ",\"phone_format\":\"+7 (999) 123-12-12\"",
            ring, end),
        "\"title\":\"{client}, +7 (999) 123-12-12 на 78001234567 в 15:02 12.05.2014.\""));
}
END_TEST

/* UTC here: Monday 15:03 + 90 minutes is before 18:00; 18:03, with a holiday next day, goes on on Wednesday. */
START_TEST(b2_working_minutes)
{
    struct kit_event late = end, late_ring = ring;
    ck_assert_ptr_nonnull(strstr(task(TASK("") "," HOURS, ring, end), "\"due_at\":1399912436"));
    late.at += 3 * 3600;
    late.end += 3 * 3600;
    late_ring.at += 3 * 3600;
    /* 2014-05-14T10:30:00Z */
    ck_assert_ptr_nonnull(
        strstr(task(TASK("") "," HOURS, late_ring, late), "\"due_at\":1400063400"));
    ck_assert_ptr_nonnull(strstr(kit.data, "\"fallback\":\"1000005\""));
    /* outside the hours: whoever the client's is */
    (void)task(TASK("") "," HOURS ",\"off_hours_responsible\":\"1000007\"", late_ring, late);
    ck_assert_ptr_nonnull(strstr(kit.data, "\"responsible\":\"1000007\""));
    ck_assert_ptr_null(strstr(kit.data, "fallback"));
}
END_TEST

START_TEST(b2_none)
{
    rules_kit_begin(TASK(""));
    kit.now = 60 + 24 * 3600 + 1;
    (void)rules_kit_decide((struct kit_event[]){ring, end}, 2, RULE_CLOSING, "summary");
    ck_assert_ptr_nonnull(strstr(kit.told.data, "B2 none: the call ended over 24 hours ago\n"));
    struct kit_event hidden = ring, hidden_end = end;
    hidden.from = hidden_end.from = NULL;
    ck_assert_ptr_nonnull(
        strstr(closed(TASK(""), hidden, hidden_end), "B2 none: the number is hidden or unknown\n"));
    ck_assert_ptr_null(strstr(closed(TASK(""), ring, (struct kit_event)SUMMARY("101", 5)), "B2"));
}
END_TEST

START_TEST(b3_talked)
{
    const struct kit_event answer = ANSWERS("1", 5, "999");
    ck_assert_ptr_nonnull(strstr(closed(NULL, answer, (struct kit_event)SUMMARY("999", 7)),
                                 "B3 e1:talked - 79991231212 talked\n"));
    ck_assert_ptr_null(strstr(
        closed("\"ignore_numbers\":[\"7999*\"]", answer, (struct kit_event)SUMMARY("999", 7)),
        "B3"));
}
END_TEST

/* Only the call's first summary says it after the closing, and only if it was not said. */
START_TEST(b3_late_summary)
{
    const struct kit_event talked = SUMMARY("101", 7);
    rules_kit_begin(NULL);
    (void)rules_kit_decide(&ring, 1, RULE_CLOSING, "ended");
    ck_assert_ptr_null(strstr(kit.told.data, "B3"));
    (void)rules_kit_decide((struct kit_event[]){ring, talked}, 2, RULE_AFTER, "summary");
    ck_assert_uint_eq(kit.told.len, 0); /* no first summary */
    kit.first_summary = true;
    (void)rules_kit_decide((struct kit_event[]){ring, talked}, 2, RULE_AFTER, "summary");
    ck_assert_str_eq(kit.told.data, "B3 e1:talked - 79991231212 talked\n"
                                    "G15 e1:call:summary 1000005 79991231212 talked\n");
    (void)rules_kit_decide((struct kit_event[]){ring, talked}, 2, RULE_AFTER, "summary");
    ck_assert_str_eq(kit.told.data, "G15 e1:call:summary 1000005 79991231212 talked\n");
}
END_TEST

int main(void)
{
    return UNIT_RUN("rules_task", b2_a_task_for_a_missed_call, b2_missed_in_the_menu, b2_title,
                    b2_working_minutes, b2_none, b3_talked, b3_late_summary);
}

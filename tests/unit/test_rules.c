/*
 * The rules, told call by call: what each ID of behaviour.md that is built decides, and why not.
 */
#include "worker/calls/decide.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/tz_file.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"

#define MAX 10
#define CLIENT "79991231212"
#define LINE "78001234567"

static struct rule_memory memory;
static struct buf told;
static struct settings *settings;
static char *data; /* of the last job */

static void note(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct buf *b = arg;
    buf_addf(b, "%s", d->rule);
    if (d->job == NULL) {
        buf_addf(b, " none: %s\n", d->reason);
        return;
    }
    ck_assert_str_eq(d->job->reason, d->reason);
    ck_assert_str_eq(d->job->account, "acme");
    ck_assert(str_eq(c->entry_id, STR("e1")));
    buf_addf(b, " %s %s %s", d->job->id, d->employee ? d->employee : "-",
             d->job->number ? d->job->number : "-");
    if (d->job->verdict != JOB_VERDICT_NONE)
        buf_addf(b, " %s", job_verdict_name(d->job->verdict));
    buf_add_char(b, '\n');
    free(data);
    data = jval_dump(d->job->data, true);
}

static enum decide_end decide(const struct kit_event *events, size_t n, enum rule_when when,
                              const char *closed_by)
{
    struct fold f;
    struct tz *z = NULL;
    fold_init(&f);
    ck_assert(tz_file_load("Europe/Moscow", &z, NULL) == ERR_OK);
    for (size_t i = 0; i < n && events[i].state; i++) {
        struct call_event ev = kit_make(&events[i], "e1");
        ck_assert_int_eq(fold_add(&f, &ev, KIT_MS(events[i].at)), FOLD_NEW);
    }
    struct rule_call c = {.fold = &f,
                          .settings = settings,
                          .tz = z,
                          .account = STR("acme"),
                          .entry_id = STR("e1"),
                          .when = when,
                          .closed_by = closed_by,
                          .cause = {3, 1234, KIT_MS(60), KIT_T0 + 60, KIT_MS(60), "live"}};
    buf_reset(&told);
    enum decide_end end = decide_call(&c, &memory, note, &told);
    fold_done(&f);
    tz_free(z);
    return end;
}

/* Live, then closed by a summary if the events have one, else `ended`. */
static const char *story(const char *more, const struct kit_event events[MAX])
{
    bool summary = false;
    struct buf all = BUF_INIT(10000);
    settings_free(settings);
    settings = kit_settings(more);
    rules_forget(&memory);
    (void)decide(events, MAX, RULE_LIVE, NULL);
    buf_add_str(&all, buf_str(&told));
    for (size_t i = 0; i < MAX; i++)
        summary = summary || events[i].state == 'S';
    (void)decide(events, MAX, RULE_CLOSING, summary ? "summary" : "ended");
    buf_add_str(&all, buf_str(&told));
    buf_done(&told);
    told = all;
    return all.data ? all.data : "";
}

static void setup(void)
{
    told = BUF_INIT(10000);
}

/* An incoming call: menu, then an employee who answers (or not), then its summary (or none). */
#define MENU                                                                         \
    {'A', "i", 1, .at = 0, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE},  \
    {                                                                                \
        'D', "i", 2, .at = 2, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE \
    }
#define RINGS(id, t, ext)                                                                  \
    {                                                                                      \
        'A', id, 1, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define ANSWERS(id, t, ext)                                                                \
    {                                                                                      \
        'C', id, 2, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define ENDS(id, t, ext)                                                                   \
    {                                                                                      \
        'D', id, 3, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define SUMMARY(ext, talk_at)                                                                  \
    {                                                                                          \
        'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT, .to_ext = (ext), .to = "sip:x", \
                      .line = LINE, .talk = (talk_at), .end = 60                               \
    }

START_TEST(answered)
{
    setup();
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){MENU, RINGS("1", 2, "101"), ANSWERS("1", 5, "101"),
                                            ENDS("1", 60, "101"), SUMMARY("101", 5)}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000005 79991231212 talked\n");
    ck_assert_str_eq(data, "{\"direction\":\"in\",\"employee\":\"1000005\",\"ended_at\":1399907036,"
                           "\"from\":\"79991231212\",\"line\":\"78001234567\",\"saved\":true,"
                           "\"started_at\":1399906976,\"talk_seconds\":55,\"to\":\"78001234567\","
                           "\"type\":\"in\"}");
}
END_TEST

/* The manual's routed leg: with a command_id, but taken from the menu's leg. */
START_TEST(client_data)
{
    setup();
    settings = kit_settings("\"phone_format\":\"+7 (999) 123-12-12\","
                            "\"create_client\":{\"incoming\":true}");
    (void)decide(
        (struct kit_event[]){MENU,
                             {'C', "2", 2, .at = 12, .where = 'a', .from = CLIENT, .taken = "i",
                              .command = "c111", .to_ext = "101", .line = LINE}},
        3, RULE_LIVE, NULL);
    ck_assert_str_eq(told.data, "G3 e1:client 1000005 79991231212\n");
    ck_assert_str_eq(data, "{\"direction\":\"in\",\"employee\":\"Петров Пётр\","
                           "\"extension\":\"101\",\"line\":\"78001234567\","
                           "\"name\":\"Новый (19:02 12.05.2014, входящий вызов)\","
                           "\"phone\":\"+7 (999) 123-12-12\",\"responsible\":\"1000005\"}");
}
END_TEST

/* Of events without a timestamp only is known when they came. */
START_TEST(client_of_a_call_without_times)
{
    setup();
    settings = kit_settings(NULL);
    (void)decide((struct kit_event[]){{'C', "2", 2, .at = -KIT_T0, .where = 'a', .from = CLIENT,
                                       .to_ext = "101", .line = LINE}},
                 1, RULE_LIVE, NULL);
    ck_assert_ptr_nonnull(strstr(data, "\"Новый (19:03 12.05.2014, входящий вызов)\""));
}
END_TEST

START_TEST(g3_only_if_switched_on)
{
    setup();
    ck_assert_str_eq(story("\"lines\":[]", (struct kit_event[MAX]){MENU, ANSWERS("1", 5, "101"),
                                                                   SUMMARY("101", 5)}),
                     "G3 none: create_client.incoming is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000005 79991231212 talked\n");
}
END_TEST

START_TEST(g2_unmapped_and_b1)
{
    const struct kit_event call[MAX] = {MENU, ANSWERS("1", 5, "999"), SUMMARY("999", 5)};
    setup();
    ck_assert_str_eq(story(NULL, call), "G2 none: no employee of the settings handled the call\n"
                                        "B3 e1:talked - 79991231212 talked\n"
                                        "G15 e1:call:summary - 79991231212 talked\n");
    ck_assert_ptr_nonnull(strstr(data, "\"why\":\"no employee of the settings took part (G2)\""));
    ck_assert_str_eq(story("\"unmapped_employee\":\"1000006\","
                           "\"create_client\":{\"incoming\":true}",
                           call),
                     "G3 e1:client 1000006 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
    /* an extension that is in no leg, or a group's, is never stood in for */
    ck_assert_str_eq(story("\"unmapped_employee\":\"1000006\","
                           "\"create_client\":{\"incoming\":true}",
                           (struct kit_event[MAX]){SUMMARY("999", 5)}),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary - 79991231212 talked\n");
    ck_assert_str_eq(story("\"unmapped_employee\":\"1000006\","
                           "\"create_client\":{\"incoming\":true}",
                           (struct kit_event[MAX]){ANSWERS("1", 5, "300")}),
                     "G2 none: no employee of the settings handled the call\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended - 79991231212 talked\n");
}
END_TEST

START_TEST(g3_on_the_summary_alone)
{
    setup();
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){SUMMARY("102", 5)}),
                     "G3 e1:client 1000006 79991231212 talked\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){SUMMARY("102", 0)}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){SUMMARY("", 5)}),
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
    setup();
    settings = kit_settings(NULL);
    (void)decide(before, 3, RULE_LIVE, NULL);
    (void)decide(before, 3, RULE_CLOSING, "ended");
    ck_assert_str_eq(told.data, "B3 e1:talked - 79991231212 talked\n"
                                "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){before[0],
                                            before[1],
                                            before[2],
                                            {'C', "2", 3, .at = 30, .where = 'a', .from = CLIENT,
                                             .taken = "1", .to_ext = "102"},
                                            SUMMARY("102", 5)}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000006 79991231212 talked\n");
    /* the first leg is lost: who is left is the first, told when the call closes, since the call
     * might have been an outgoing one */
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){before[1],
                                            before[2],
                                            {'C', "2", 3, .at = 30, .where = 'a', .from = CLIENT,
                                             .taken = "1", .to_ext = "102"}}),
        "G3 e1:client 1000006 79991231212 talked\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

START_TEST(blind_transfer)
{
    setup();
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){ANSWERS("1", 5, "101"),
                                            {'A', "2", 1, .at = 20, .where = 'a', .from_ext = "101",
                                             .to_ext = "102"},
                                            {'A', "2", 2, .at = 21, .where = 'a', .from = CLIENT,
                                             .taken = "1", .to_ext = "102"},
                                            {'C', "2", 3, .at = 23, .where = 'a', .from = CLIENT,
                                             .taken = "1", .to_ext = "102"}}),
        "G3 e1:client 1000005 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000006 79991231212 talked\n");
}
END_TEST

START_TEST(late_first_employee)
{
    const struct kit_event late[] = {RINGS("1", 2, "102"), RINGS("2", 8, "101"),
                                     ANSWERS("2", 9, "101"), ANSWERS("1", 5, "102")};
    setup();
    settings = kit_settings(NULL);
    (void)decide(late, 3, RULE_LIVE, NULL);
    ck_assert_str_eq(told.data, "G3 e1:client 1000005 79991231212\n");
    (void)decide(late, 4, RULE_AFTER, "ended");
    ck_assert_str_eq(told.data, "G3 e1:responsible:1234 1000006 79991231212\n");
    ck_assert_str_eq(data, "{\"employee\":\"Иванова Анна\",\"extension\":\"102\","
                           "\"responsible\":\"1000006\"}");
    (void)decide(late, 4, RULE_AFTER, "ended"); /* said once */
    ck_assert_ptr_null(told.data && told.len ? told.data : NULL);
}
END_TEST

/* Two legs of one second: the order of call_id, and the summary's employee wins the tie. */
START_TEST(summary_wins_a_tie)
{
    const struct kit_event tie[MAX] = {ANSWERS("1", 5, "101"), ANSWERS("2", 5, "102")};
    setup();
    ck_assert_str_eq(story(NULL, tie), "G3 e1:client 1000005 79991231212\n"
                                       "B3 e1:talked - 79991231212 talked\n"
                                       "G15 e1:call:ended 1000006 79991231212 talked\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){tie[0], tie[1], SUMMARY("101", 5)}),
                     "G3 e1:client 1000005 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000005 79991231212 talked\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){tie[0], tie[1], SUMMARY("102", 5)}),
                     "G3 e1:client 1000006 79991231212\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:summary 1000006 79991231212 talked\n");
}
END_TEST

static const char *from_number(const char *more, const char *number)
{
    return story(more, (struct kit_event[MAX]){{'C', "1", 1, .at = 5, .where = 'a', .from = number,
                                                .to_ext = "101", .line = LINE}});
}

START_TEST(numbers_that_are_no_clients)
{
    static const struct {
        const char *number, *more, *told;
    } cases[] = {
        {NULL, NULL, "B15 none: the number is hidden or unknown\nG15 e1:call:ended 1000005 -"},
        {"sip:a@b", NULL, "B15 none: the number is no client's number (sip, or under 5 digits)\n"},
        {"1234", NULL, "B15 none: the number is no client's number (sip, or under 5 digits)\n"},
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
    setup();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *got = from_number(cases[i].more, cases[i].number);
        ck_assert_msg(strncmp(got, cases[i].told, strlen(cases[i].told)) == 0, "%s", got);
    }
}
END_TEST

START_TEST(b15_lines)
{
    setup();
    ck_assert_str_eq(from_number("\"lines\":[\"79990000000\"]", CLIENT),
                     "B15 none: the call's line is not among the account's lines\n");
    ck_assert_str_eq(story("\"lines\":[\"79990000000\"]",
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
    setup();
    ck_assert_str_eq(story("switched off", call), "G1 none: the account is switched off\n");
    settings_free(settings);
    settings = NULL;
    ck_assert_int_eq(decide(call, 1, RULE_CLOSING, "ended"), DECIDE_STOPPED);
    ck_assert_str_eq(told.data, "G1 none: the account is unknown or removed\n");
    settings = kit_settings(NULL);
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){{'C', "1", 1, .at = 5, .where = 'a',
                                                          .from_ext = "101", .to_ext = "102"}}),
                     "G15 none: an internal call is never saved and causes nothing\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){{'S', NULL, 0, .at = 1, .end = 2,
                                                          .direction = CALL_EVENT_UNTOLD}}),
                     "G15 none: nothing tells the call's direction\n");
}
END_TEST

START_TEST(all_late)
{
    struct fold f;
    struct kit_event k = ANSWERS("1", 5, "101");
    struct call_event ev = kit_make(&k, "e1");
    setup();
    fold_init(&f);
    settings = kit_settings(NULL);
    (void)fold_add(&f, &ev, KIT_MS(5000));
    struct rule_call c = {.fold = &f,
                          .settings = settings,
                          .account = STR("acme"),
                          .entry_id = STR("e1"),
                          .when = RULE_LIVE};
    ck_assert_int_eq(decide_call(&c, &memory, note, &told), DECIDE_LATE);
    c.when = RULE_CLOSING;
    c.closed_by = "ended";
    ck_assert_int_eq(decide_call(&c, &memory, note, &told), DECIDE_LATE);
    ck_assert_str_eq(told.data, "late none: every event of the call came over an hour late and "
                                "there is no summary\n");
    fold_done(&f);
}
END_TEST

#define GROUP(t, ext)                                                                            \
    {                                                                                            \
        'A', (ext), 1, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .group = "300", \
                       .line = LINE                                                              \
    }

START_TEST(g15_missed)
{
    const char *group = "\"create_client\":{\"missed\":true},"
                        "\"missed_in_group_responsible\":\"1000007\"";
    const char *menu = "\"create_client\":{\"incoming\":true},"
                       "\"missed_in_ivr_responsible\":\"1000007\"";
    setup();
    /* direct: the last mapped who missed it */
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){MENU, RINGS("1", 2, "101"), RINGS("2", 9, "102"),
                                            RINGS("3", 12, "999"), SUMMARY("101", 0)}),
        "G4 none: create_client.missed is off\n"
        "G15 e1:call:summary 1000006 79991231212 missed:direct\n");
    ck_assert_ptr_nonnull(strstr(data, "\"type\":\"miss\""));
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){MENU, RINGS("3", 12, "999")}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:ended - 79991231212 missed:direct\n");
    /* group: the first it was given to, or the setting's */
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(3, "101")}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:ended 1000006 79991231212 missed:group\n");
    ck_assert_str_eq(story(group, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(3, "101")}),
                     "G11 e1:client 1000007 79991231212 missed:group\n"
                     "G15 e1:call:ended 1000007 79991231212 missed:group\n");
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){GROUP(2, "102"), GROUP(2, "101"), SUMMARY("102", 0)}),
        "G4 none: create_client.missed is off\n"
        "G15 e1:call:summary 1000006 79991231212 missed:group\n");
    /* menu: the setting's, or nobody */
    ck_assert_str_eq(story(menu, (struct kit_event[MAX]){MENU}),
                     "G10 e1:client 1000007 79991231212 missed:menu\n"
                     "G15 e1:call:ended 1000007 79991231212 missed:menu\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){MENU}),
                     "G10 none: missed in the menu, and missed_in_ivr_responsible is not in force\n"
                     "G15 e1:call:ended - 79991231212 missed:menu\n");
}
END_TEST

static const char *by_summary(const char *ext, const char *number, int reason)
{
    return story(
        NULL, (struct kit_event[MAX]){{'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT,
                                       .to_ext = ext, .to = number, .end = 9, .reason = reason}});
}

START_TEST(kind_from_a_summary_alone)
{
    setup();
    ck_assert_ptr_nonnull(strstr(by_summary("", "", 1170), "missed:menu"));
    ck_assert_ptr_nonnull(strstr(by_summary("300", "78", 1110), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "", 1110), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "sip:x", 1162), "missed:group"));
    ck_assert_ptr_nonnull(strstr(by_summary("101", "sip:x", 1165), "missed:direct"));
    /* legs in the menu only, but the summary knows that it left: an employee off by schedule */
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){MENU, SUMMARY("102", 0)}),
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
    setup();
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){out[0], out[1], out[2]}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_ptr_nonnull(strstr(data, "\"talk_seconds\":20,\"to\":\"79991231212\","
                                       "\"type\":\"out\""));
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){out[0], out[2]}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    ck_assert_ptr_nonnull(strstr(data, "\"type\":\"fail\""));
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){{'S', NULL, 0, .at = 0, .direction = 2,
                                             .from_ext = "102", .from = "sip:x", .to = CLIENT,
                                             .line = LINE, .talk = 3, .end = 9}}),
        "G5 none: create_client.outgoing is off\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:summary 1000006 79991231212 talked\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){{'A', "1", 1, .at = 0, .where = 'a',
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
    setup();
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){first}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    ck_assert_ptr_nonnull(strstr(data, "\"type\":\"fail\""));
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){first, second}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){second}),
                     "G5 none: create_client.outgoing is off\n"
                     "B3 e1:talked - 79991231212 talked\n"
                     "G15 e1:call:ended 1000005 79991231212 talked\n");
    other.initiator = NULL;
    other.task = "17";
    ck_assert_ptr_nonnull(strstr(story(NULL, (struct kit_event[MAX]){other}), "G15 e1:call"));
    ck_assert_ptr_null(strstr(told.data, "G3"));
    other.task = NULL;
    other.command = "c1"; /* ours, not taken from a leg, and no menu: a callback */
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){other}),
                     "G5 none: create_client.outgoing is off\n"
                     "G15 e1:call:ended 1000005 79991231212\n");
    /* with a menu it is a routed call, though taken_from_call_id got lost */
    ck_assert_ptr_nonnull(
        strstr(story(NULL, (struct kit_event[MAX]){MENU, other}), "G3 e1:client 1000005"));
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
    setup();
    settings = kit_settings(NULL);
    (void)decide(&moved, 1, RULE_LIVE, NULL);
    ck_assert_uint_eq(told.len, 0);
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){moved, first}),
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
    setup();
    ck_assert_str_eq(story(NULL, call), "G5 none: create_client.outgoing is off\n"
                                        "B3 e1:talked - 74955404444 talked\n"
                                        "G15 e1:call:ended 1000005 74955404444 talked\n");
}
END_TEST

/* B14: a leg to the employee's own mobile is theirs. */
START_TEST(own_numbers)
{
    setup();
    ck_assert_str_eq(
        story(NULL, (struct kit_event[MAX]){MENU,
                                            {'C', "1", 1, .at = 5, .where = 'a', .from = CLIENT,
                                             .to = "79161112233", .line = LINE}}),
        "G3 e1:client 1000007 79991231212\n"
        "B3 e1:talked - 79991231212 talked\n"
        "G15 e1:call:ended 1000007 79991231212 talked\n");
}
END_TEST

/* Connected in the menu or the queue is nobody's talk; hold is no news. */
START_TEST(connected_to_a_machine)
{
    setup();
    ck_assert_str_eq(story(NULL, (struct kit_event[MAX]){{'C', "i", 1, .at = 5, .where = 'i',
                                                          .from = CLIENT, .line = "sip:l@x"},
                                                         {'C', "q", 1, .at = 6, .where = 'q',
                                                          .from = CLIENT, .to_ext = "300"}}),
                     "G4 none: create_client.missed is off\n"
                     "G15 e1:call:ended - 79991231212 missed:group\n");
    ck_assert_ptr_nonnull(strstr(data, "\"line\":\"sip:l@x\""));
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
    return UNIT_RUN(
        "rules", answered, client_data, client_of_a_call_without_times, g3_only_if_switched_on,
        g2_unmapped_and_b1, g3_on_the_summary_alone, consultative_transfer, blind_transfer,
        late_first_employee, summary_wins_a_tie, numbers_that_are_no_clients, b15_lines, guards,
        all_late, g15_missed, kind_from_a_summary_alone, outgoing, outgoing_transferred, callback,
        callback_of_the_manual, own_numbers, connected_to_a_machine, lines_are_compared_by_digits);
}

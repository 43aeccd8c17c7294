/*
 * worker explain: what was known of a call after each event, and a story's rows in words.
 */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"
#include "worker/tools/explain_state.h"
#include "worker/tools/explain_tell.h"

#define T "1795360200"
#define FROM "\"from\":{\"number\":\"79991234567\"},\"line_number\":\"78001234567\""
#define LEG(id, seq, state, where, rest)                                          \
    "{\"entry_id\":\"E\",\"call_id\":\"" id "\",\"seq\":" seq ",\"timestamp\":" T \
    ",\"call_state\":\"" state "\",\"location\":\"" where "\"," FROM ",\"to\":{" rest "}}"

static struct jval *take(struct explain_state *x, const struct settings *s, const char *kind,
                         const char *value)
{
    const struct kafka_header headers[] = {{"kind", str_of(kind)},
                                           {"received-at", STR("2026-11-22T15:10:01.500Z")}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .key = STR("acme/E"),
                                    .value = str_of(value),
                                    .headers = headers,
                                    .nheaders = 2};
    return explain_state_take(x, s, &m);
}

static void ck_state(struct explain_state *x, const struct settings *s, const char *kind,
                     const char *value, const char *expected)
{
    char *text = jval_dump_free(take(x, s, kind, value), false);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define COUNTED(c, direction, kind, connected)                          \
    "{\"counted\":\"" c "\",\"direction\":" direction ",\"kind\":" kind \
    ",\"connected\":" connected ",\"summary\":"
#define DOING(summary, legs, menu, queue, ringing, talking, held, over)                      \
    summary ",\"legs\":" legs ",\"menu\":" menu ",\"queue\":" queue ",\"ringing\":[" ringing \
            "],\"talking\":[" talking "],\"held\":[" held "],\"over\":" over "}"

START_TEST(the_state_after_each_event)
{
    struct settings *s = kit_settings(NULL);
    struct explain_state *x = explain_state_new();
    ck_state(x, s, "call", LEG("i", "1", "Appeared", "ivr", ""),
             COUNTED("new", "\"incoming\"", "null", "false")
                 DOING("false", "1", "true", "false", "", "", "", "false"));
    ck_state(x, s, "call", LEG("i", "1", "Appeared", "ivr", ""),
             COUNTED("repeat", "\"incoming\"", "null", "false")
                 DOING("false", "1", "true", "false", "", "", "", "false"));
    ck_state(x, s, "call", LEG("i", "2", "Disconnected", "ivr", ""),
             COUNTED("new", "\"incoming\"", "\"missed:menu\"", "false")
                 DOING("false", "1", "false", "false", "", "", "", "true"));
    ck_state(x, s, "call", LEG("q", "1", "Appeared", "queue", ""),
             COUNTED("new", "\"incoming\"", "null", "false")
                 DOING("false", "2", "false", "true", "", "", "", "false"));
    ck_state(x, s, "call", LEG("a", "1", "Appeared", "abonent", "\"extension\":\"101\""),
             COUNTED("new", "\"incoming\"", "null", "false")
                 DOING("false", "3", "false", "true", "\"101\"", "", "", "false"));
    ck_state(x, s, "call", LEG("a", "2", "Connected", "abonent", "\"extension\":\"101\""),
             COUNTED("new", "\"incoming\"", "\"talked\"", "true")
                 DOING("false", "3", "false", "true", "", "\"101\"", "", "false"));
    ck_state(x, s, "call", LEG("a", "3", "OnHold", "abonent", "\"extension\":\"101\""),
             COUNTED("new", "\"incoming\"", "\"talked\"", "true")
                 DOING("false", "3", "false", "true", "", "", "\"101\"", "false"));
    ck_assert_ptr_null(take(x, s, "record/added",
                            "{\"entry_id\":\"E\",\"recording_id\":\"R\",\"timestamp\":" T "}"));
    ck_assert_ptr_null(take(x, s, "call", "{"));
    explain_state_free(x);
    explain_state_free(NULL);
    settings_free(s);
}
END_TEST

START_TEST(without_the_account)
{
    struct explain_state *x = explain_state_new();
    ck_state(x, NULL, "summary",
             "{\"entry_id\":\"E\",\"call_direction\":1,\"from\":{\"number\":\"79991234567\"},"
             "\"to\":{},\"create_time\":1795360200,\"talk_time\":0,\"end_time\":1795360260,"
             "\"entry_result\":0,\"disconnect_reason\":1110}",
             "{\"counted\":\"new\",\"summary\":" DOING("true", "0", "false", "false", "", "", "",
                                                       "true"));
    explain_state_free(x);
}
END_TEST

/* ---- words ---- */

static char day[11];

static void ck_words(const char *row, const char *expected)
{
    struct settings *s = kit_settings(NULL);
    struct buf out CLEANUP(buf_done) = BUF_INIT(10000);
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    ck_assert_msg(jval_parse(str_of(row), &v, &e) == ERR_OK, "%s", e.text);
    explain_tell_row(v, s, day, &out);
    ck_assert_text(buf_str(&out), expected);
    settings_free(s);
}

#define ROW(ms, type, what, rest) \
    "{\"at\":\"2026-11-22T15:10:01." ms "Z\",\"type\":\"" type "\",\"what\":\"" what "\"" rest "}"

START_TEST(events_in_words)
{
    day[0] = '\0';
    ck_words(ROW("500", "event", "Connected",
                 ",\"details\":{\"received_at\":\"2026-11-22T15:10:01.500Z\","
                 "\"event_at\":\"2026-11-22T15:10:00.000Z\",\"from\":\"*******4567\","
                 "\"to\":\"*\",\"to_extension\":\"101\",\"line\":\"7800\",\"location\":\"abonent\","
                 "\"state\":{\"counted\":\"new\",\"direction\":\"incoming\",\"kind\":\"talked\","
                 "\"menu\":true,\"queue\":true,\"ringing\":[\"102\",\"555\"],\"talking\":[\"101\"],"
                 "\"held\":[],\"over\":false}}"),
             "\n2026-11-22 (UTC)\n15:10:01.500  MANGO: Connected (abonent) from *******4567 to 101 "
             "Петров Пётр on line 7800, came 1.5 s after\n                -> incoming, talked, in "
             "the menu, in a group's queue, ringing: 102 Иванова Анна, 555, talking: 101 Петров "
             "Пётр\n");
    ck_words(
        ROW("501", "event", "summary",
            ",\"details\":{\"origin\":\"replay\",\"state\":{\"counted\":\"full\","
            "\"direction\":null,\"summary\":true,\"over\":true}}"),
        "15:10:01.501  MANGO: summary [replay]\n                -> direction unknown, over (not "
        "counted: the call has too many events)\n");
    ck_words(ROW("502", "event", "call",
                 ",\"reason\":\"seq is no number\",\"details\":{\"state\":{\"counted\":\"repeat\","
                 "\"direction\":null,\"over\":true}}"),
             "15:10:01.502  MANGO: call; cannot be read: seq is no number\n                -> "
             "direction unknown, all legs ended (a repetition: nothing new)\n");
    ck_words(ROW("503", "event", "sent again",
                 ",\"job\":\"E:call\",\"details\":{\"id\":\"1/4\",\"who\":\"anna\"}"),
             "15:10:01.503  dead letter 1/4, job E:call sent again by anna\n");
    ck_words(ROW("503", "event", "sent again", ",\"details\":{\"id\":\"1/3\",\"who\":\"anna\"}"),
             "15:10:01.503  dead letter 1/3 sent again by anna\n");
}
END_TEST

START_TEST(decisions_in_words)
{
    memcpy(day, "2026-11-22", sizeof day);
    ck_words(ROW("500", "decision", "sent",
                 ",\"rule\":\"G3\",\"job\":\"E:client\",\"employee\":\"1000005\",\"reason\":\"who "
                 "answered\",\"details\":{\"kind\":\"client\"}"),
             "15:10:01.500  rule G3 (client at once when an employee handles a new number's call)\n"
             "                -> sent job E:client, for Петров Пётр (1000005): who answered\n");
    ck_words(
        ROW("500", "decision", "sent",
            ",\"rule\":\"G3\",\"job\":\"E:responsible:7\",\"details\":{\"kind\":"
            "\"responsible\"}"),
        "15:10:01.500  rule G3 (the responsible is the first who handled the call, also if that "
        "shows late)\n                -> sent job E:responsible:7\n");
    ck_words(ROW("500", "decision", "none",
                 ",\"rule\":\"B99\",\"reason\":\"hidden\",\"employee\":\"9\",\"details\":{}"),
             "15:10:01.500  rule B99\n                -> nothing to do, for employee 9: hidden\n");
}
END_TEST

START_TEST(requests_and_outcomes_in_words)
{
    memcpy(day, "2026-11-22", sizeof day);
    ck_words(ROW("500", "request", "client_create",
                 ",\"job\":\"E:client\",\"http\":{\"method\":\"POST\",\"path\":\"/api/v3/x\","
                 "\"status\":200,\"ms\":12,\"try\":1}"),
             "15:10:01.500  request POST /api/v3/x: 200 in 12 ms (client_create, job E:client)\n");
    ck_words(
        ROW("500", "request", "client_create",
            ",\"reason\":\"no answer in time\",\"http\":{\"method\":\"POST\",\"path\":\"/x\","
            "\"status\":0,\"ms\":15000,\"try\":2}"),
        "15:10:01.500  request POST /x: no answer in 15000 ms, request 2 of its job (client_create)\n"
        "                -> no answer in time\n");
    ck_words(ROW("500", "outcome", "done", ",\"job\":\"E:client\",\"employee\":\"1000006\""),
             "15:10:01.500  job E:client: done, for Иванова Анна (1000006)\n");
    ck_words(ROW("500", "outcome", "dead", ",\"reason\":\"seq\",\"details\":{\"id\":\"1/3\"}"),
             "15:10:01.500  dead letter 1/3: seq\n");
    ck_words(ROW("500", "outcome", "ignored", ",\"reason\":\"no rule uses sms\""),
             "15:10:01.500  ignored: no rule uses sms\n");
    ck_words("{\"at\":\"x\",\"type\":\"outcome\",\"what\":\"ignored\"}", "x  ignored\n");
}
END_TEST

static void ck_heading(const char *summary, const char *expected)
{
    struct buf out CLEANUP(buf_done) = BUF_INIT(1000);
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(jval_parse(str_of(summary), &v, &e), ERR_OK);
    explain_tell_summary(v, "acme", &out);
    ck_assert_text(buf_str(&out), expected);
}

START_TEST(headings)
{
    ck_heading("{\"entry_id\":\"E\",\"direction\":\"incoming\",\"kind\":\"talked\",\"client_id\":"
               "\"7\",\"saved\":true,\"task_id\":\"8\",\"state\":\"done\"}",
               "Call E of acme: incoming, talked, saved, client 7, task 8; done\n");
    ck_heading("{\"entry_id\":\"E\",\"direction\":null,\"saved\":false,\"state\":\"open\"}",
               "Call E of acme: direction unknown, not saved; open\n");
}
END_TEST

int main(void)
{
    return UNIT_RUN("explain", the_state_after_each_event, without_the_account, events_in_words,
                    decisions_in_words, requests_and_outcomes_in_words, headings);
}

/*
 * Notifications as MANGO's documentation prints them, its traps (mango-api.md section 9), and what
 * must be refused with the field's name.
 */
#include "common/mango/call_event.h"

#include <stdlib.h>

#include "common/buf.h"
#include "tests/unit/unit.h"

static struct call_event ev;

static enum err parse(const char *kind, const char *json, struct error *e)
{
    return call_event_parse(str_of(kind), str_of(json), &ev, e);
}

static void good(const char *kind, const char *json)
{
    struct error e = ERROR_NONE;
    ck_assert_msg(parse(kind, json, &e) == ERR_OK, "%s: %s", json, e.text);
}

static void refused(const char *kind, const char *json, const char *why)
{
    struct error e = ERROR_NONE;
    ck_assert_msg(parse(kind, json, &e) == ERR_INPUT, "%s", json);
    ck_assert_msg(strstr(e.text, why) != NULL, "%s: %s", json, e.text);
}

#define TEXT_IS(s, text) ck_assert_msg(str_is((s), (text)), "\"%.*s\"", STR_ARG(s))

START_TEST(kinds)
{
    ck_assert_int_eq(call_event_kind_of(STR("call")), CALL_EVENT_LEG);
    ck_assert_int_eq(call_event_kind_of(STR("summary")), CALL_EVENT_SUMMARY);
    ck_assert_int_eq(call_event_kind_of(STR("recording")), CALL_EVENT_RECORDING);
    ck_assert_int_eq(call_event_kind_of(STR("record/added")), CALL_EVENT_RECORD_ADDED);
    ck_assert_int_eq(call_event_kind_of(STR("dtmf")), CALL_EVENT_DTMF);
    ck_assert_int_eq(call_event_kind_of(STR("sms")), CALL_EVENT_OTHER);
    ck_assert_int_eq(call_event_kind_of(STR("result/route")), CALL_EVENT_RESULT);
    ck_assert_int_eq(call_event_kind_of(STR("result")), CALL_EVENT_OTHER);
    good("sms", "not even JSON");
    call_event_done(&ev);
}
END_TEST

START_TEST(routed_leg)
{
    good("call",
         "{\"call_id\": \"100:500:257\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": "
         "\"1399906988\", \"seq\": \"2\", \"command_id\": \"c111\", \"call_state\": \"Connected\", "
         "\"location\": \"abonent\", \"from\": {\"number\": \"79000000000\", "
         "\"taken_from_call_id\": \"100:500:256\"}, \"to\": {\"extension\": \"123\", \"number\": "
         "\"sip:aaa@mangosip.ru\", \"line_number\": \"7800123456789\"}}");
    TEXT_IS(ev.entry_id, "232wc3e3w3s222");
    TEXT_IS(ev.call_id, "100:500:257");
    ck_assert_int_eq(ev.timestamp, 1399906988);
    ck_assert_int_eq(ev.seq, 2);
    ck_assert_int_eq(ev.state, CALL_EVENT_CONNECTED);
    ck_assert_int_eq(ev.location, CALL_EVENT_ABONENT);
    TEXT_IS(ev.from.number, "79000000000");
    TEXT_IS(ev.from.extension, "");
    TEXT_IS(ev.from.taken_from, "100:500:256");
    TEXT_IS(ev.to.extension, "123");
    TEXT_IS(ev.to.number, "sip:aaa@mangosip.ru");
    TEXT_IS(ev.line_number, "7800123456789");
    TEXT_IS(ev.command_id, "c111");
    call_event_done(&ev);
}
END_TEST

START_TEST(traps)
{
    good("call", "{\"call_id\": \"c\", \"entry_id\": \"e\", \"timestamp\": 1399906988, \"seq\": 1, "
                 "\"call_state\": \"Appeared\", \"locaton\": \"queue\", \"from\": {\"number\": "
                 "null}, \"to\": {\"extension\": 29, \"acd_group\": \"\"}, \"dct\": {\"number\": "
                 "74001234567, \"type\": \"1\"}, \"task_id\": 17, \"new_field\": [1, 2]}");
    ck_assert_int_eq(ev.location, CALL_EVENT_QUEUE);
    TEXT_IS(ev.to.extension, "29");
    TEXT_IS(ev.acd_group, "");
    TEXT_IS(ev.dct_number, "74001234567");
    TEXT_IS(ev.task_id, "17");
    ck_assert_int_eq(ev.dct_type, 1);
    call_event_done(&ev);
    good("call", "{\"call_id\": 12, \"entry_id\": 34, \"call_state\": \"OnHold\", \"location\": "
                 "\"moon\", \"seq\": \"\", \"to\": [], \"from\": null}");
    TEXT_IS(ev.entry_id, "34");
    TEXT_IS(ev.call_id, "12");
    ck_assert_int_eq(ev.location, CALL_EVENT_NOWHERE);
    ck_assert_int_eq(ev.state, CALL_EVENT_ON_HOLD);
    ck_assert_int_eq(ev.seq, 0);
    call_event_done(&ev);
}
END_TEST

START_TEST(summary)
{
    good("summary",
         "{\"entry_id\": \"e\", \"call_direction\": 1, \"from\": {\"number\": \"79000000000\"}, "
         "\"to\": {}, \"line_number\": \"7800123456789\", \"create_time\": 1399906976, "
         "\"forward_time\": 1399906978, \"talk_time\": \"0\", \"end_time\": 1399906990, "
         "\"entry_result\": 1, \"disconnect_reason\": 1170}");
    ck_assert_int_eq(ev.direction, CALL_EVENT_INCOMING);
    TEXT_IS(ev.from.number, "79000000000");
    TEXT_IS(ev.line_number, "7800123456789");
    ck_assert_int_eq(ev.timestamp, 1399906976);
    ck_assert_int_eq(ev.talk_time, 0);
    ck_assert_int_eq(ev.end_time, 1399906990);
    ck_assert_int_eq(ev.disconnect_reason, 1170);
    call_event_done(&ev);
    good("summary", "{\"entry_id\": \"e\"}");
    ck_assert_int_eq(ev.direction, CALL_EVENT_UNTOLD);
    call_event_done(&ev);
}
END_TEST

START_TEST(others)
{
    good("record/added", "{\"entry_id\": \"NTAwOTQxMTAyMg==\", \"product_id\": 300022532, "
                         "\"timestamp\": 1578664187, \"recording_id\": \"MToxMDA=\"}");
    TEXT_IS(ev.recording_id, "MToxMDA=");
    call_event_done(&ev);
    good("dtmf", "{\"entry_id\": \"e\", \"dtmf\": [1], \"seq\": -1, \"call_id\": {}, "
                 "\"timestamp\": \"1399906988\", \"location\": \"ivr.2\"}");
    ck_assert_int_eq(ev.timestamp, 1399906988);
    call_event_done(&ev);
    good("call", "{\"entry_id\": \"e\", \"call_id\": \"c\", \"call_state\": \"Connected\", "
                 "\"transfer\": {}}");
    call_event_done(&ev);
    refused("record/added", "{\"entry_id\": \"e\"}", "recording_id is missing");
}
END_TEST

START_TEST(recordings)
{
    good("recording",
         "{\"entry_id\": \"e\", \"call_id\": \"c\", \"recording_id\": \"r\", "
         "\"recording_state\": \"Completed\", \"completion_code\": \"4002\", "
         "\"recipient\": \"CloudAndMail\", \"seq\": 3, \"timestamp\": \"1399906988\"}");
    TEXT_IS(ev.recording_id, "r");
    TEXT_IS(ev.recipient, "CloudAndMail");
    ck_assert_int_eq(ev.recording_state, CALL_EVENT_RECORDING_COMPLETED);
    ck_assert_int_eq(ev.completion_code, 4002);
    call_event_done(&ev);
    good("recording",
         "{\"entry_id\": \"e\", \"recording_id\": \"r\", \"seq\": {}, \"call_id\": []}");
    ck_assert_int_eq(ev.recording_state, CALL_EVENT_RECORDING_UNTOLD);
    ck_assert_int_eq(ev.completion_code, 0);
    call_event_done(&ev);
    refused("recording", "{\"entry_id\":\"e\",\"recording_state\":\"Started\"}",
            "recording_id is missing");
    refused("recording", "{\"entry_id\":\"e\",\"recording_id\":\"r\",\"recording_state\":\"Gone\"}",
            "recording_state is unknown");
}
END_TEST

START_TEST(results)
{
    good("result/route", "{\"command_id\": \"NT~A=~17\", \"result\": \"4100\"}");
    ck_assert_int_eq(ev.kind, CALL_EVENT_RESULT);
    TEXT_IS(ev.entry_id, "NT~A=");
    TEXT_IS(ev.command_id, "NT~A=~17");
    TEXT_IS(ev.command, "route");
    ck_assert_int_eq(ev.result, 4100);
    call_event_done(&ev);
    static const char *const strangers[] = {
        "{}", "{\"command_id\":null}", "{\"command_id\":17,\"result\":1000}",
        "{\"command_id\":\"c1\",\"result\":{}}", "{\"command_id\":\"~c1\",\"result\":1000}"};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
        good("result/callback", strangers[i]);
        ck_assert_int_eq(ev.kind, CALL_EVENT_OTHER);
        TEXT_IS(ev.entry_id, "");
        call_event_done(&ev);
    }
    refused("result/route", "{\"command_id\":[]}", "command_id is neither");
    refused("result/route", "{\"command_id\":\"e~1\"}", "result is missing");
    refused("result/route", "{\"command_id\":\"e~1\",\"result\":{}}", "result is no number");
    refused("result/route", "{", "JSON");
}
END_TEST

START_TEST(refusals)
{
    static const struct {
        const char *json, *why;
    } cases[] = {
        {"", ""},
        {"{", ""},
        {"[]", "no object"},
        {"{}", "entry_id is missing"},
        {"{\"entry_id\":\"\"}", "entry_id is missing"},
        {"{\"entry_id\":null}", "entry_id is missing"},
        {"{\"entry_id\":{}}", "entry_id is neither"},
        {"{\"entry_id\":\"e\"}", "call_id is missing"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\"}", "call_state is missing"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Gone\"}", "call_state is unknown"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"seq\":-1}", "seq"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"seq\":{}}", "seq"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"timestamp\":-5}",
         "timestamp"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"timestamp\":"
         "99999999999999}",
         "timestamp"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"from\":\"x\"}",
         "from is no object"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"from\":"
         "{\"extension\":[1]}}",
         "from.extension"},
        {"{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"location\":[1]}",
         "location"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        refused("call", cases[i].json, cases[i].why);
    refused("summary", "{\"entry_id\":\"e\",\"call_direction\":3}", "call_direction");
    refused("summary", "{\"entry_id\":\"e\",\"to\":7}", "to is no object");
}
END_TEST

static void with_length(const char *field, size_t len, bool fits)
{
    struct buf b = BUF_INIT(2000);
    struct error e = ERROR_NONE;
    buf_addf(&b, "{\"call_state\":\"Appeared\",\"call_id\":\"c\",\"%s\":\"", field);
    for (size_t i = 0; i < len; i++)
        buf_add_char(&b, 'x');
    buf_addf(&b, "\"%s}", strcmp(field, "entry_id") == 0 ? "" : ",\"entry_id\":\"e\"");
    ck_assert_int_eq(parse("call", b.data, &e), fits ? ERR_OK : ERR_INPUT);
    call_event_done(&ev);
    buf_done(&b);
}

START_TEST(lengths)
{
    with_length("entry_id", 128, true);
    with_length("entry_id", 129, false);
    with_length("command_id", 128, true);
    with_length("command_id", 129, false);
}
END_TEST

int main(void)
{
    return UNIT_RUN("call_event", kinds, routed_leg, traps, summary, others, recordings, results,
                    refusals, lengths);
}

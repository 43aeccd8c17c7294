/*
 * Every field of every notification with every value it should not have: what is refused, always with the
 * field's name, and what is lived with. The decisions stand in common/mango/call_event.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mango/call_event.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

/* What a field is read as; the column of its expectations below. */
enum sort {
    REQUIRED,  /* a text that must be there */
    TEXT,      /* may be absent */
    ORDINAL,   /* extension, group, task */
    INTEGER,   /* seq, codes */
    DIRECTION, /* 0 to 2 */
    TIME,
    STATE,
    RECORDING, /* recording_state */
    PLACE,     /* location */
    OBJECT,
    COMMAND, /* of a result */
    RESULT,
};

static const struct field {
    const char *kind, *path;
    enum sort sort;
} fields[] = {
    {"call", "entry_id", REQUIRED},
    {"call", "call_id", REQUIRED},
    {"call", "timestamp", TIME},
    {"call", "seq", INTEGER},
    {"call", "call_state", STATE},
    {"call", "location", PLACE},
    {"call", "from", OBJECT},
    {"call", "from.extension", ORDINAL},
    {"call", "from.number", TEXT},
    {"call", "from.taken_from_call_id", TEXT},
    {"call", "to", OBJECT},
    {"call", "to.extension", ORDINAL},
    {"call", "to.number", TEXT},
    {"call", "to.line_number", TEXT},
    {"call", "to.acd_group", ORDINAL},
    {"call", "dct", OBJECT},
    {"call", "dct.type", INTEGER},
    {"call", "dct.number", TEXT},
    {"call", "disconnect_reason", INTEGER},
    {"call", "command_id", TEXT},
    {"call", "callback_initiator", TEXT},
    {"call", "task_id", ORDINAL},
    {"summary", "entry_id", REQUIRED},
    {"summary", "call_direction", DIRECTION},
    {"summary", "from", OBJECT},
    {"summary", "from.extension", ORDINAL},
    {"summary", "from.number", TEXT},
    {"summary", "to", OBJECT},
    {"summary", "to.extension", ORDINAL},
    {"summary", "to.number", TEXT},
    {"summary", "line_number", TEXT},
    {"summary", "create_time", TIME},
    {"summary", "forward_time", TIME},
    {"summary", "talk_time", TIME},
    {"summary", "end_time", TIME},
    {"summary", "disconnect_reason", INTEGER},
    {"summary", "dct", OBJECT},
    {"summary", "dct.type", INTEGER},
    {"summary", "dct.number", TEXT},
    {"recording", "entry_id", REQUIRED},
    {"recording", "recording_id", REQUIRED},
    {"recording", "recording_state", RECORDING},
    {"recording", "timestamp", TIME},
    {"recording", "completion_code", INTEGER},
    {"recording", "recipient", TEXT},
    {"record/added", "entry_id", REQUIRED},
    {"record/added", "recording_id", REQUIRED},
    {"record/added", "timestamp", TIME},
    {"dtmf", "entry_id", REQUIRED},
    {"dtmf", "timestamp", TIME},
    {"result/route", "command_id", COMMAND},
    {"result/route", "result", RESULT},
};

/* Of each sort, in the order of enum sort: T taken, R refused. The text of 129 bytes is made below. */
static const struct value {
    const char *json, *expected;
} values[] = {
    {"{}", "RRRRRRRRRTRR"},
    {"{\"a\":[{}]}", "RRRRRRRRRTRR"},
    {"[]", "RRRRRRRRRTRR"},
    {"[1]", "RRRRRRRRRRRR"},
    {"true", "RRRRRRRRRRRR"},
    {"false", "RRRRRRRRRRRR"},
    {"null", "RTTTTTRTTTTR"},
    {"\"\"", "RTTTTTRTTTTR"},
    {"-1", "RRRRRRRRRRRR"},
    {"-9223372036854775808", "RRRRRRRRRRRR"},
    {"1.5", "RRRRRRRRRRRR"},
    {"1e9", "RRRRRRRRRRRR"},
    {"0", "TTTTTTRRTRTT"},
    {"7", "TTTTRRRRTRTT"},
    {"1399906988", "TTTTRTRRTRTT"},
    {"1399906988000", "TTTRRRRRTRTR"},
    {"9223372036854775807", "TTTRRRRRTRTR"},
    {"\"7\"", "TTTTRRRRTRTT"},
    {"\"1399906988\"", "TTTTRTRRTRTT"},
    {"\"-7\"", "TTTRRRRRTRTR"},
    {"\" 7\"", "TTTRRRRRTRTR"},
    {"\"7.0\"", "TTTRRRRRTRTR"},
    {"\"true\"", "TTTRRRRRTRTR"},
    {"\"connected\"", "TTTRRRRRTRTR"},
    {"\"\\u0001\\ud83d\\ude00\"", "TTTRRRRRTRTR"},
};

static const struct {
    const char *kind, *json;
} wholes[] = {
    {"call",
     "{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\",\"from\":{},\"to\":{},"
     "\"dct\":{}}"},
    {"summary", "{\"entry_id\":\"e\",\"from\":{},\"to\":{},\"dct\":{}}"},
    {"recording", "{\"entry_id\":\"e\",\"recording_id\":\"r\"}"},
    {"record/added", "{\"entry_id\":\"e\",\"recording_id\":\"r\"}"},
    {"dtmf", "{\"entry_id\":\"e\"}"},
    {"result/route", "{\"command_id\":\"e~1\",\"result\":1000}"},
};

static struct jval *whole(const char *kind)
{
    struct jval *v = NULL;
    for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++) {
        if (strcmp(kind, wholes[i].kind) == 0)
            ck_assert(jval_parse(str_of(wholes[i].json), &v, NULL) == ERR_OK);
    }
    ck_assert_ptr_nonnull(v);
    return v;
}

/* The notification with the field's value replaced. */
static char *with(const struct field *f, const char *value)
{
    struct jval *v = whole(f->kind), *new = NULL;
    const char *dot = strchr(f->path, '.');
    ck_assert(jval_parse(str_of(value), &new, NULL) == ERR_OK);
    if (dot != NULL) {
        char *outer = mem_copy((struct str){f->path, (size_t)(dot - f->path)});
        struct jval *object = jval_new_object();
        jval_put(object, dot + 1, new);
        jval_put(v, outer, object);
        free(outer);
    } else {
        jval_put(v, f->path, new);
    }
    return jval_dump_free(v, false);
}

static void expect(const struct field *f, const char *json, char expected)
{
    struct error e = ERROR_NONE;
    struct call_event ev;
    enum err err = call_event_parse(str_of(f->kind), str_of(json), &ev, &e);
    ck_assert_msg(err == (expected == 'T' ? ERR_OK : ERR_INPUT), "%s %.200s: %s", f->kind, json,
                  e.text);
    if (err == ERR_OK)
        call_event_done(&ev);
    else
        ck_assert_msg(strncmp(e.text, f->path, strlen(f->path)) == 0, "%s %.200s: %s", f->kind,
                      json, e.text);
}

START_TEST(every_field_every_value)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++) {
            char *json = with(&fields[i], values[j].json);
            expect(&fields[i], json, values[j].expected[fields[i].sort]);
            free(json);
        }
    }
}
END_TEST

/* Texts of n bytes: 128 fit where a text does, over that nothing does, a megabyte is no other case. */
START_TEST(every_field_too_long)
{
    static const size_t lengths[] = {LIMIT_ENTRY_ID, LIMIT_ENTRY_ID + 1, 1024 * 1024};
    for (size_t n = 0; n < sizeof(lengths) / sizeof(*lengths); n++) {
        char *text = mem_alloc(1, lengths[n] + 3);
        memset(text, 'x', lengths[n] + 2);
        text[0] = text[lengths[n] + 1] = '"';
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
            char *json = with(&fields[i], text);
            expect(&fields[i], json, n == 0 ? "TTTRRRRRTRTR"[fields[i].sort] : 'R');
            free(json);
        }
        free(text);
    }
}
END_TEST

START_TEST(every_field_missing)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        struct jval *v = whole(fields[i].kind), *rest = jval_new_object();
        const struct jval *value;
        struct str key;
        void *iter = NULL;
        while (jval_next(v, &iter, &key, &value)) {
            if (!str_is(key, fields[i].path)) {
                char *name = mem_copy(key);
                jval_put(rest, name, jval_copy(value));
                free(name);
            }
        }
        char *json = jval_dump_free(rest, false);
        expect(&fields[i], json, "RTTTTTRTTTTR"[fields[i].sort]);
        free(json);
        jval_free(v);
    }
}
END_TEST

#define BEFORE "{\"entry_id\":\"e\",\"call_id\":\"c\",\"call_state\":\"Appeared\","

static enum err parse(const char *json, struct call_event *ev, struct error *e)
{
    return call_event_parse(STR("call"), str_of(json), ev, e);
}

START_TEST(whole_texts)
{
    static const struct {
        const char *json, *why; /* NULL: taken */
    } cases[] = {
        {"", "JSON"},
        {"null", "no object"},
        {"\"text\"", "no object"},
        {"[" BEFORE "\"a\":1}]", "no object"},
        {BEFORE "\"a\":1", "JSON"},
        {BEFORE "\"a\":1}}", "JSON"},
        {BEFORE "\"a\":1} ", NULL},
        {BEFORE "\"a\":\"\xff\"}", "JSON"},
        {BEFORE "\"a\":\"\\u0000\"}", "JSON"},
        {BEFORE "\"a\":\"\\ud800\"}", "JSON"},
        {BEFORE "\"seq\":9223372036854775808}", "a number that is out of range: line 1"},
        {BEFORE "\"seq\":1e999}", "a number that is out of range: line 1"},
        {BEFORE "\"seq\":NaN}", "JSON"},
        {BEFORE "\"seq\":007}", "JSON"},
        {BEFORE "\"a\":[{\"b\":[[{}]]},true,-1.5e-7,null]}", NULL},
        {BEFORE "\"transfer\":[1],\"was_transferred\":{}}", NULL},
        {BEFORE "\"seq\":{},\"seq\":1}", NULL},
        {BEFORE "\"seq\":1,\"seq\":{}}", "seq"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error e = ERROR_NONE;
        struct call_event ev;
        enum err err = parse(cases[i].json, &ev, &e);
        ck_assert_msg(err == (cases[i].why ? ERR_INPUT : ERR_OK), "%s: %s", cases[i].json, e.text);
        if (err == ERR_OK)
            call_event_done(&ev);
        else
            ck_assert_msg(strstr(e.text, cases[i].why) != NULL, "%s: %s", cases[i].json, e.text);
    }
}
END_TEST

START_TEST(the_last_of_a_key_counts)
{
    struct call_event ev;
    ck_assert(parse(BEFORE "\"entry_id\":\"e2\",\"call_state\":\"Connected\"}", &ev, NULL) ==
              ERR_OK);
    ck_assert(str_is(ev.entry_id, "e2"));
    ck_assert_int_eq(ev.state, CALL_EVENT_CONNECTED);
    call_event_done(&ev);
}
END_TEST

START_TEST(none_is_absent)
{
    struct call_event ev;
    ck_assert(parse(BEFORE
                    "\"task_id\":0,\"from\":{\"extension\":0,\"number\":0},\"to\":{\"extension\":"
                    "\"0\",\"acd_group\":0},\"location\":\"ivr.2\",\"dct\":{\"number\":12}}",
                    &ev, NULL) == ERR_OK);
    ck_assert_uint_eq(ev.task_id.len + ev.from.extension.len + ev.to.extension.len, 0);
    ck_assert_uint_eq(ev.acd_group.len, 0);
    ck_assert(str_is(ev.from.number, "0"));
    ck_assert(str_is(ev.dct_number, "12"));
    ck_assert_int_eq(ev.location, CALL_EVENT_NOWHERE);
    call_event_done(&ev);
}
END_TEST

/* Nothing is a text: the places for numbers as texts suffice. */
START_TEST(all_as_numbers)
{
    struct call_event ev;
    ck_assert(
        parse("{\"entry_id\":11,\"call_id\":12,\"call_state\":\"OnHold\",\"location\":13,\"from\":"
              "{\"extension\":14,\"number\":15,\"taken_from_call_id\":16},\"to\":{\"extension\":17,"
              "\"number\":18,\"line_number\":19,\"acd_group\":20},\"command_id\":21,"
              "\"callback_initiator\":22,\"task_id\":23,\"dct\":{\"type\":2,"
              "\"number\":9223372036854775807}}",
              &ev, NULL) == ERR_OK);
    ck_assert_int_le(ev.ntexts, CALL_EVENT_TEXTS);
    ck_assert(str_is(ev.entry_id, "11"));
    ck_assert(str_is(ev.dct_number, "9223372036854775807"));
    call_event_done(&ev);
}
END_TEST

/* A time a day ahead of what was received, and `over` seconds more. */
static void ahead(const char *kind, const char *field, int over)
{
    struct call_event ev;
    struct error e = ERROR_NONE;
    char *json =
        mem_format(BEFORE "\"recording_id\":\"r\",\"%s\":%d}", field, 1399906976 + 86400 + over);
    ck_assert(call_event_parse(str_of(kind), str_of(json), &ev, NULL) == ERR_OK);
    ck_assert_int_eq(call_event_check_times(&ev, INT64_C(1399906976123), &e),
                     over ? ERR_INPUT : ERR_OK);
    ck_assert_msg(!over || strncmp(e.text, field, strlen(field)) == 0, "%s", e.text);
    call_event_done(&ev);
    free(json);
}

START_TEST(times_ahead)
{
    for (int over = 0; over <= 1; over++) {
        ahead("call", "timestamp", over);
        ahead("recording", "timestamp", over);
        ahead("summary", "create_time", over);
        ahead("summary", "forward_time", over);
        ahead("summary", "talk_time", over);
        ahead("summary", "end_time", over);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("call_event_fields", every_field_every_value, every_field_too_long,
                    every_field_missing, whole_texts, the_last_of_a_key_counts, none_is_absent,
                    all_as_numbers, times_ahead);
}

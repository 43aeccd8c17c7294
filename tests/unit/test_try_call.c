/*
 * Test calls: what may be asked for, and that their notifications are as MANGO's are.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/mango/call_event.h"
#include "common/mem.h"
#include "ingest/admin/try_call.h"
#include "tests/unit/settings_example.h"

#define BEGINS INT64_C(1399906976700)
#define ENTRY "test~00112233445566778899"
#define CLIENT "79991231212"
#define LINE "78001234567"

static struct settings *settings_with(const char *from, const char *to)
{
    struct secret_keys keys = settings_example_keys(false);
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    char *text = settings_example_with(from, to);
    ck_assert_msg(settings_parse(str_of(text), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    free(text);
    return s;
}

#define LINES "\"lines\":[\"+7 (800) 555-35-35\",\"sip:line@acme\"]"

/* The example without lines. */
static struct settings *example(void)
{
    return settings_with(LINES, "\"lines\":[]");
}

/* The field that is wrong, or "" and the wish. */
static const char *reads(const struct settings *s, const char *json, struct try_call_wish *wish)
{
    static char wrong[200];
    struct jval *body = NULL;
    struct str field = STR_NONE;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(jval_parse(str_of(json), &body, &e), ERR_OK);
    wrong[0] = '\0';
    if (try_call_read(body, s, wish, &field, &e)) {
        ck_assert_int_eq(e.kind, ERR_INPUT);
        ck_assert_uint_gt(strlen(e.text), 0);
        snprintf(wrong, sizeof wrong, "%.*s", STR_ARG(field));
    }
    jval_free(body);
    return wrong;
}

START_TEST(what_may_be_asked_for)
{
    static const struct {
        const char *json, *wrong, *number, *line, *extension;
        enum try_call_kind kind;
    } cases[] = {
        {"{\"kind\":\"answered\",\"from\":\"79991231212\",\"line\":\"78001234567\",\"extension\":"
         "\"105\"}",
         "", CLIENT, LINE, "105", TRY_CALL_ANSWERED},
        {"{\"kind\":\"missed\",\"from\":\"+7 (999) 123-12-12\",\"line\":\"8 800 "
         "123.45.67\",\"extension\":\"*7#\"}",
         "", CLIENT, LINE, "*7#", TRY_CALL_MISSED},
        {"{\"kind\":\"menu\",\"from\":\"9991231212\",\"line\":\"sip:line0001@mango.example\"}", "",
         CLIENT, "sip:line0001@mango.example", "", TRY_CALL_MENU},
        {"{\"kind\":\"menu\",\"from\":\"89991231212\",\"line\":null,\"extension\":null}", "",
         CLIENT, "", "", TRY_CALL_MENU},
        {"{\"kind\":\"outgoing\",\"from\":\"493012345678\"}", "", "493012345678", "", "101",
         TRY_CALL_OUTGOING},
        {"{\"from\":\"79991231212\"}", "kind", NULL, NULL, NULL, 0},
        {"{\"kind\":\"Missed\",\"from\":\"79991231212\"}", "kind", NULL, NULL, NULL, 0},
        {"{\"kind\":null,\"from\":\"79991231212\"}", "kind", NULL, NULL, NULL, 0},
        {"{\"kind\":1,\"from\":\"79991231212\"}", "kind", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\"}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":79991231212}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"\"}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"1234\"}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"12345678901234567890123456789012\"}", "from", NULL, NULL,
         NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212                                                      "
         "\"}",
         "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"sip:user@example\"}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"call 79991231212\"}", "from", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"line\":7}", "line", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"line\":\"\"}", "line", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"line\":\"sip:\"}", "line", NULL, NULL, NULL,
         0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"line\":\"sip:a b\"}", "line", NULL, NULL,
         NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"extension\":\"0\"}", "extension", NULL,
         NULL, NULL, 0},
        {"{\"kind\":\"missed\",\"from\":\"79991231212\",\"extension\":\"\"}", "extension", NULL,
         NULL, NULL, 0},
        {"{\"kind\":\"missed\",\"from\":\"79991231212\",\"extension\":\"1 2\"}", "extension", NULL,
         NULL, NULL, 0},
        {"{\"kind\":\"missed\",\"from\":\"79991231212\",\"extension\":true}", "extension", NULL,
         NULL, NULL, 0},
        {"{\"kind\":\"missed\",\"from\":\"79991231212\",\"extension\":"
         "\"123456789012345678901234567890123\"}",
         "extension", NULL, NULL, NULL, 0},
        {"{\"kind\":\"menu\",\"from\":\"79991231212\",\"to\":\"1\"}", "to", NULL, NULL, NULL, 0},
    };
    struct settings *s = example();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct try_call_wish wish;
        const char *wrong = reads(s, cases[i].json, &wish);
        ck_assert_msg(strcmp(wrong, cases[i].wrong) == 0, "%s: wrong is \"%s\"", cases[i].json,
                      wrong);
        if (*wrong)
            continue;
        ck_assert_int_eq(wish.kind, cases[i].kind);
        ck_assert_str_eq(wish.client.digits, cases[i].number);
        ck_assert_str_eq(wish.line, cases[i].line);
        ck_assert_str_eq(wish.extension, cases[i].extension);
    }
    settings_free(s);
}
END_TEST

/* A line of 128 bytes is MANGO's longest; the terminator has no room. */
START_TEST(a_line_that_is_too_long)
{
    struct settings *s = example();
    struct try_call_wish wish;
    char *json = mem_format("{\"kind\":\"menu\",\"from\":\"" CLIENT "\",\"line\":\"sip:%0*d\"}",
                            TRY_CALL_LINE - 4, 1);
    ck_assert_str_eq(reads(s, json, &wish), "line");
    free(json);
    json = mem_format("{\"kind\":\"menu\",\"from\":\"" CLIENT "\",\"line\":\"sip:%0*d\"}",
                      TRY_CALL_LINE - 5, 1);
    ck_assert_str_eq(reads(s, json, &wish), "");
    ck_assert_uint_eq(strlen(wish.line), TRY_CALL_LINE - 1);
    free(json);
    settings_free(s);
}
END_TEST

START_TEST(what_is_not_said_comes_from_the_settings)
{
    struct settings *s = settings_with(LINES, "\"lines\":[\"" LINE "\",\"74950000000\"]");
    struct try_call_wish wish;
    ck_assert_str_eq(reads(s, "{\"kind\":\"missed\",\"from\":\"" CLIENT "\"}", &wish), "");
    ck_assert_str_eq(wish.line, LINE);
    ck_assert_str_eq(wish.extension, "101");
    settings_free(s);
}
END_TEST

static const char nobody[] =
    "{\"version\":1,\"account\":\"acme\",\"timezone\":\"UTC\","
    "\"mango\":{\"api_key\":\"k\",\"api_salt\":\"s\"},"
    "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"t\"}}";

START_TEST(nobody_to_ring_at)
{
    struct secret_keys keys = settings_example_keys(false);
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    struct try_call_wish wish;
    ck_assert_msg(settings_parse(str_of(nobody), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    ck_assert_str_eq(reads(s, "{\"kind\":\"missed\",\"from\":\"" CLIENT "\"}", &wish), "extension");
    ck_assert_str_eq(reads(s, "{\"kind\":\"menu\",\"from\":\"" CLIENT "\"}", &wish), "");
    settings_free(s);
}
END_TEST

/* What it all says, in short: "after state seq leg from>to". */
static char *story(const struct try_call_wish *wish, int64_t *talk, int64_t *end)
{
    static const char states[] = "ACHD", places[] = "-iqa";
    struct try_call made = {0};
    struct buf out = BUF_INIT(2000);
    try_call_make(wish, ENTRY, BEGINS, &made);
    ck_assert_uint_le(made.n, TRY_CALL_EVENTS);
    for (size_t i = 0; i < made.n; i++) {
        struct call_event ev;
        struct error e = ERROR_NONE;
        const struct try_call_event *t = &made.events[i];
        ck_assert_msg(call_event_parse(str_of(t->kind), str_of(t->json), &ev, &e) == ERR_OK,
                      "%s: %s", t->json, e.text);
        ck_assert_text(ev.entry_id, ENTRY);
        ck_assert(i == 0 || t->after_ms >= made.events[i - 1].after_ms);
        buf_addf(&out, "%lld ", (long long)t->after_ms);
        if (ev.kind == CALL_EVENT_LEG) {
            ck_assert_int_eq(ev.timestamp, (BEGINS + t->after_ms) / 1000);
            buf_addf(&out, "%c%c%lld%.*s", states[ev.state], places[ev.location], (long long)ev.seq,
                     STR_ARG(str_from(ev.call_id, strlen(ENTRY))));
        } else {
            ck_assert_int_eq(ev.kind, CALL_EVENT_SUMMARY);
            ck_assert_int_eq(ev.create_time, BEGINS / 1000);
            *talk = ev.talk_time;
            *end = ev.end_time;
            buf_addf(&out, "S%d", (int)ev.direction);
        }
        buf_addf(&out, " %.*s%.*s>%.*s%.*s\n", STR_ARG(ev.from.extension),
                 STR_ARG(ev.from.extension.len ? STR_NONE : ev.from.number),
                 STR_ARG(ev.to.extension), STR_ARG(ev.to.extension.len ? STR_NONE : ev.to.number));
        call_event_done(&ev);
    }
    try_call_done(&made);
    char *text = mem_copy(buf_str(&out));
    buf_done(&out);
    return text;
}

START_TEST(told_as_mango_tells)
{
    static const struct {
        enum try_call_kind kind;
        int64_t talks;
        const char *story;
    } cases[] = {
        {TRY_CALL_ANSWERED, 2,
         "0 Ai1:0 " CLIENT ">" LINE "\n500 Di2:0 " CLIENT ">" LINE "\n500 Aa1:1 " CLIENT
         ">105\n1500 Ca2:1 " CLIENT ">105\n2500 Da3:1 " CLIENT ">105\n2500 S1 " CLIENT ">105\n"},
        {TRY_CALL_MISSED, 0,
         "0 Ai1:0 " CLIENT ">" LINE "\n500 Di2:0 " CLIENT ">" LINE "\n500 Aa1:1 " CLIENT
         ">105\n2500 Da2:1 " CLIENT ">105\n2500 S1 " CLIENT ">105\n"},
        {TRY_CALL_MENU, 0,
         "0 Ai1:0 " CLIENT ">" LINE "\n2500 Di2:0 " CLIENT ">" LINE "\n2500 S1 " CLIENT ">\n"},
        {TRY_CALL_OUTGOING, 1,
         "0 Aa1:1 105>" CLIENT "\n1000 Ca2:1 105>" CLIENT "\n2500 Da3:1 105>" CLIENT
         "\n2500 S2 105>" CLIENT "\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct try_call_wish wish = {
            .kind = cases[i].kind, .client = {CLIENT}, .line = LINE, .extension = "105"};
        int64_t talk = -1, end = -1;
        char *text = story(&wish, &talk, &end);
        ck_assert_str_eq(text, cases[i].story);
        ck_assert_int_eq(talk, cases[i].talks ? BEGINS / 1000 + cases[i].talks : 0);
        ck_assert_int_eq(end, BEGINS / 1000 + 3);
        free(text);
    }
}
END_TEST

/* With call tracking on the line is a dynamic number, if it is a number, of an incoming call. */
START_TEST(a_dynamic_number)
{
    static const struct {
        const char *json;
        bool dynamic;
    } cases[] = {
        {"{\"kind\":\"menu\",\"from\":\"" CLIENT "\",\"line\":\"" LINE "\"}", true},
        {"{\"kind\":\"menu\",\"from\":\"" CLIENT "\"}", false},
        {"{\"kind\":\"menu\",\"from\":\"" CLIENT "\",\"line\":\"sip:x@y\"}", false},
        {"{\"kind\":\"outgoing\",\"from\":\"" CLIENT "\",\"line\":\"" LINE "\"}", false},
    };
    struct settings *s = example();
    ck_assert(s->call_tracking);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct try_call_wish wish;
        struct try_call made = {0};
        struct call_event ev;
        struct error e = ERROR_NONE;
        ck_assert_str_eq(reads(s, cases[i].json, &wish), "");
        try_call_make(&wish, ENTRY, BEGINS, &made);
        ck_assert_int_eq(call_event_parse(STR("call"), str_of(made.events[0].json), &ev, &e),
                         ERR_OK);
        ck_assert_int_eq(ev.dct_type, cases[i].dynamic);
        ck_assert_text(ev.dct_number, cases[i].dynamic ? LINE : "");
        call_event_done(&ev);
        try_call_done(&made);
    }
    settings_free(s);
}
END_TEST

START_TEST(its_entry_is_no_call_of_mango)
{
    static const uint8_t random[TRY_CALL_RANDOM] = {0,    0x11, 0x22, 0x33, 0x44,
                                                    0x55, 0x66, 0x77, 0x88, 0x99};
    char entry[TRY_CALL_ENTRY];
    try_call_entry(random, entry);
    ck_assert_str_eq(entry, ENTRY);
    ck_assert(str_starts(str_of(entry), STR(EVENT_TEST_ENTRY)));
}
END_TEST

int main(void)
{
    return UNIT_RUN("try_call", what_may_be_asked_for, a_line_that_is_too_long,
                    what_is_not_said_comes_from_the_settings, nobody_to_ring_at,
                    told_as_mango_tells, a_dynamic_number, its_entry_is_no_call_of_mango);
}

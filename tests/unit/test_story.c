/*
 * A call in a line, and its story in rows, from its messages.
 */
#include <stdlib.h>
#include <string.h>

#include "common/forgotten.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/story/brief.h"
#include "common/story/row.h"
#include "common/story/story.h"
#include "tests/unit/forgotten_kit.h"
#include "tests/unit/unit.h"

#define CLIENT "{\"number\":\"79991234567\"}"
#define AT(extension) "{\"extension\":\"" extension "\",\"number\":\"sip:u@x\"}"
#define C "__connect.errors."

/* A message of the call acme/E, valid until the next one. */
static struct kafka_message of(enum kafka_topic t, const char *kind, const char *at,
                               const char *value)
{
    static struct kafka_header headers[2];
    static int64_t offset;
    offset++;
    headers[0] = (struct kafka_header){"kind", str_of(kind)};
    headers[1] = (struct kafka_header){"received-at", str_of(at)};
    return (struct kafka_message){.topic = t,
                                  .partition = 1,
                                  .offset = offset,
                                  .timestamp = 1795360200000,
                                  .key = STR("acme/E"),
                                  .value = str_of(value),
                                  .headers = headers,
                                  .nheaders = 2};
}

static char *leg(int64_t at, const char *state, const char *place, const char *from, const char *to)
{
    return mem_format("{\"entry_id\":\"E\",\"call_id\":\"L\",\"seq\":1,\"timestamp\":%lld,"
                      "\"call_state\":\"%s\",\"location\":\"%s\",\"from\":%s,\"to\":%s}",
                      (long long)at, state, place, from, to);
}

static void tell_leg(struct story_brief *b, int64_t at, const char *state, const char *place,
                     const char *from, const char *to)
{
    char *text = leg(at, state, place, from, to);
    const struct kafka_message m = of(KAFKA_EVENTS, "call", "2026-11-22T15:10:00.500Z", text);
    ck_assert(story_brief_take(b, &m));
    free(text);
}

static void tell(struct story_brief *b, const char *outcome)
{
    const struct kafka_message m = of(KAFKA_OUTCOMES, "", "", outcome);
    ck_assert_msg(story_brief_take(b, &m), "%s", outcome);
}

static void tell_summary(struct story_brief *b, int direction, const char *from, const char *to,
                         int64_t talk)
{
    char *text =
        mem_format("{\"entry_id\":\"E\",\"call_direction\":%d,\"from\":%s,\"to\":%s,"
                   "\"line_number\":\"78001234567\",\"create_time\":1795360200,"
                   "\"forward_time\":1795360200,\"talk_time\":%lld,"
                   "\"end_time\":1795360260,\"entry_result\":1,\"disconnect_reason\":1110}",
                   direction, from, to, (long long)talk);
    const struct kafka_message m = of(KAFKA_EVENTS, "summary", "2026-11-22T15:11:00.500Z", text);
    ck_assert(story_brief_take(b, &m));
    free(text);
}

static void ck_json(struct jval *v, const char *expected)
{
    char *text = jval_dump_free(v, false);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define DECIDED(rule, job, more)                                                                \
    "{\"v\":1,\"what\":\"decision\",\"result\":\"sent\",\"rule\":\"" rule "\",\"job\":\"E:" job \
    "\"" more "}"
#define ENDED(job, kind, result, more)                                     \
    "{\"v\":1,\"what\":\"outcome\",\"job\":\"E:" job "\",\"kind\":\"" kind \
    "\",\"result\":\"" result "\"" more "}"
#define CLOSED(kind, talked)                                                                \
    ",\"kind\":\"call\",\"details\":{\"closed_by\":\"summary\",\"direction\":\"incoming\"," \
    "\"kind\":\"" kind "\",\"line\":\"78001234567\",\"talk_seconds\":" talked "}"

START_TEST(an_answered_call)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    ck_assert(!b.known);
    tell_leg(&b, 1795360200, "Appeared", "ivr", CLIENT, "{\"number\":\"78001234567\"}");
    tell_leg(&b, 1795360205, "Appeared", "abonent", CLIENT, AT("124"));
    tell_leg(&b, 1795360206, "Connected", "abonent", CLIENT, AT("123"));
    tell_leg(&b, 1795360206, "Appeared", "abonent", CLIENT, AT("125"));
    ck_assert_str_eq(b.direction, "incoming");
    ck_assert_str_eq(b.extension, "123"); /* who talks stands above where it rings */
    ck_assert_int_eq(story_brief_state(&b), STORY_OPEN);
    ck_assert_int_eq(b.talk_seconds, -1);
    tell(&b, DECIDED("G3", "client", ",\"kind\":\"client\",\"employee\":\"1\",\"reason\":\"new\""));
    ck_assert_str_eq(b.employee, "1");
    tell(&b, ENDED("client", "client", "done",
                   ",\"reason\":\"made for 79991234567\",\"details\":{\"client\":\"77\"}"));
    tell_summary(&b, 1, CLIENT, AT("123"), 1795360206);
    ck_assert_str_eq(b.kind, "talked");
    ck_assert_int_eq(b.talk_seconds, 54);
    ck_assert_int_eq(story_brief_state(&b), STORY_OPEN);
    tell(&b, DECIDED("G15", "call:summary", ",\"employee\":\"2\"" CLOSED("talked", "53")));
    ck_assert_int_eq(story_brief_state(&b), STORY_OPEN); /* not saved yet */
    tell(&b, ENDED("call:summary", "call", "done", ",\"details\":{\"client\":\"77\"}"));
    ck_assert_int_eq(story_brief_state(&b), STORY_DONE);
    ck_assert_uint_eq(b.nextensions, 3);
    ck_json(story_brief_row(&b, false),
            "{\"entry_id\":\"E\",\"at\":\"2026-11-22T15:10:00.000Z\",\"direction\":\"incoming\","
            "\"kind\":\"talked\",\"from\":\"*******4567\",\"to\":\"78001234567\","
            "\"line\":\"78001234567\",\"extension\":\"123\",\"employee\":\"2\","
            "\"talk_seconds\":53,\"client_id\":\"77\",\"saved\":true,\"state\":\"done\","
            "\"test\":false,\"steps\":["
            "{\"rule\":\"G3\",\"job\":\"E:client\",\"result\":\"done\","
            "\"reason\":\"made for *******4567\"},"
            "{\"rule\":\"G15\",\"job\":\"E:call:summary\",\"result\":\"done\","
            "\"reason\":null}]}");
    ck_json(story_brief_summary(&b),
            "{\"type\":\"summary\",\"entry_id\":\"E\",\"direction\":\"incoming\","
            "\"kind\":\"talked\",\"client_id\":\"77\",\"saved\":true,\"task_id\":null,"
            "\"state\":\"done\"}");
    story_brief_done(&b);
}
END_TEST

START_TEST(a_missed_call)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    tell_leg(&b, 0, "Appeared", "queue", CLIENT, "{}"); /* at: its arrival */
    ck_assert_int_eq(b.at, 1795360200500);
    tell_leg(&b, 1795360200, "Appeared", "abonent", CLIENT, AT("123"));
    tell_leg(&b, 1795360300, "Appeared", "abonent", CLIENT, AT("124"));
    ck_assert_int_eq(b.at, 1795360200000);
    ck_assert_str_eq(b.extension, "124");
    tell_summary(&b, 1, CLIENT, "{}", 0);
    ck_assert_ptr_null(b.kind); /* which kind of missed, the closing says */
    ck_assert_int_eq(b.talk_seconds, 0);
    tell(&b, DECIDED("G15", "call:summary", CLOSED("missed:group", "0")));
    tell(&b, DECIDED("B2", "task", ",\"employee\":\"9\""));
    ck_assert_str_eq(b.kind, "missed:group");
    tell(&b, ENDED("call:summary", "call", "none", ""));
    tell(&b, ENDED("task", "task", "held", ",\"reason\":\"Megaplan is away\""));
    ck_assert_int_eq(story_brief_state(&b), STORY_HELD);
    tell(&b, ENDED("task", "task", "done", ",\"details\":{\"task\":\"5\"}"));
    tell(&b, ENDED("task", "task", "held", "")); /* told late */
    ck_assert_int_eq(story_brief_state(&b), STORY_DONE);
    ck_assert_str_eq(b.task, "5");
    ck_assert(!b.saved);
    story_brief_done(&b);
}
END_TEST

START_TEST(an_outgoing_call)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    tell_leg(&b, 1795360200, "Appeared", "abonent", AT("123"), AT("124"));
    ck_assert_str_eq(b.direction, "internal");
    tell_leg(&b, 1795360200, "Appeared", "abonent", AT("123"), CLIENT);
    ck_assert_str_eq(b.direction, "outgoing");
    ck_assert_str_eq(b.number, "79991234567");
    tell_summary(&b, 2, AT("123"), CLIENT, 0);
    ck_assert_str_eq(b.kind, "fail");
    ck_assert_str_eq(b.extension, "123");
    struct jval *row CLEANUP(jval_cleanup) = story_brief_row(&b, true);
    ck_assert_text(jval_get_text(row, "to"), "79991234567");
    ck_assert_text(jval_get_text(row, "from"), "78001234567");
    story_brief_done(&b);
}
END_TEST

START_TEST(an_internal_call)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    tell_summary(&b, 0, AT("123"), AT("124"), 1795360206);
    tell(&b, "{\"v\":1,\"what\":\"decision\",\"result\":\"none\",\"rule\":\"G15\","
             "\"reason\":\"internal\",\"details\":{\"closed_by\":\"summary\","
             "\"direction\":\"unknown\",\"kind\":\"none\",\"talk_seconds\":54}}");
    ck_assert_str_eq(b.direction, "internal");
    ck_assert_int_eq(story_brief_state(&b), STORY_DONE);
    struct jval *row CLEANUP(jval_cleanup) = story_brief_row(&b, false);
    ck_assert_text(jval_get_text(row, "from"), "123");
    ck_assert_text(jval_get_text(row, "to"), "124");
    ck_assert_text(jval_get_text(row, "kind"), "none");
    ck_assert_int_eq(jval_type(jval_get(row, "client_id")), JVAL_NULL);
    story_brief_done(&b);
}
END_TEST

START_TEST(dead_and_sent_again)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    tell(&b, DECIDED("G15", "call:summary", CLOSED("talked", "1")));
    tell(&b, ENDED("call:summary", "call", "dead", ",\"reason\":\"no such employee\""));
    ck_assert_int_eq(story_brief_state(&b), STORY_DEAD);
    tell(&b, ENDED("call:summary", "call", "done", ",\"employee\":\"4\""));
    ck_assert_int_eq(story_brief_state(&b), STORY_DONE);
    ck_assert_str_eq(b.employee, "4");
    ck_assert_str_eq(b.steps[0].reason, "no such employee"); /* nothing newer was said */
    story_brief_dead(&b, 1);
    ck_assert_int_eq(story_brief_state(&b), STORY_DEAD);
    story_brief_dead(&b, -1);
    story_brief_dead(&b, -1);
    ck_assert_int_eq(story_brief_state(&b), STORY_DONE);
    story_brief_done(&b);
}
END_TEST

START_TEST(of_the_pages_own_making)
{
    struct story_brief b;
    struct kafka_header headers[] = {{"kind", STR("call")}, {"origin", STR("test")}};
    struct kafka_message m = {.topic = KAFKA_EVENTS,
                              .timestamp = 1795360200123,
                              .key = STR("acme/E"),
                              .value = STR("{}"),
                              .headers = headers,
                              .nheaders = 2};
    char *text = leg(0, "Appeared", "abonent", CLIENT, AT("1"));
    story_brief_init(&b, STR("E"));
    ck_assert(!story_brief_take(&b, &m)); /* no leg of ours can be read */
    m.value = str_of(text);
    ck_assert(story_brief_take(&b, &m));
    ck_assert(b.test);
    ck_assert_int_eq(b.at, 1795360200123); /* nobody says when it came */
    free(text);
    story_brief_done(&b);
}
END_TEST

START_TEST(what_is_no_call)
{
    static const char *const outcomes[] = {ENDED("field:1:line", "field", "done", ""), "{",
                                           "{\"what\":\"request\",\"job\":\"E:client\"}",
                                           "{\"what\":\"outcome\",\"result\":\"ignored\"}"};
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        const struct kafka_message m = of(KAFKA_OUTCOMES, "", "", outcomes[i]);
        ck_assert(!story_brief_take(&b, &m));
    }
    const struct kafka_message sms = of(KAFKA_EVENTS, "sms", "", "{}"),
                               job = of(KAFKA_JOBS, "client", "", "{}");
    ck_assert(!story_brief_take(&b, &sms));
    ck_assert(!story_brief_take(&b, &job));
    ck_assert(!b.known);
    tell(&b, "{\"what\":\"decision\",\"result\":\"none\",\"rule\":\"G7\",\"reason\":\"late\"}");
    ck_assert(b.known);
    ck_assert_int_eq(b.at, 1795360200000);
    story_brief_done(&b);
}
END_TEST

START_TEST(ceilings)
{
    struct story_brief b;
    story_brief_init(&b, STR("E"));
    for (int i = 0; i < LIMIT_STORY_STEPS + 5; i++) {
        char *text = mem_format("{\"what\":\"decision\",\"result\":\"sent\",\"job\":\"E:%d\"}", i);
        char *party = mem_format("{\"extension\":\"%d\"}", 100 + i);
        tell(&b, text);
        tell(&b, text); /* said twice, it is one step */
        tell_leg(&b, 1795360200, "Appeared", "abonent", CLIENT, party);
        free(text);
        free(party);
    }
    ck_assert_uint_eq(b.nsteps, LIMIT_STORY_STEPS);
    ck_assert_uint_eq(b.nextensions, LIMIT_STORY_EXTENSIONS);
    story_brief_done(&b);
}
END_TEST

/* ---- rows ---- */

static void ck_row(struct story_row row, int64_t at, const char *expected)
{
    ck_assert_int_eq(row.at, at);
    ck_assert_ptr_nonnull(row.value);
    ck_json(row.value, expected);
}

START_TEST(rows_of_events)
{
    char *text = leg(1795360200, "Connected", "abonent", CLIENT, AT("123"));
    struct kafka_message m = of(KAFKA_EVENTS, "call", "2026-11-22T15:10:01.500Z", text);
    m.offset = 7;
    ck_row(story_row_event(&m, false, NULL), 1795360201500,
           "{\"at\":\"2026-11-22T15:10:01.500Z\",\"type\":\"event\",\"what\":\"Connected\","
           "\"rule\":null,\"reason\":null,\"employee\":null,\"job\":null,\"http\":null,"
           "\"details\":{\"received_at\":\"2026-11-22T15:10:01.500Z\",\"message\":\"events/1/7\","
           "\"event_at\":\"2026-11-22T15:10:00.000Z\",\"from\":\"*******4567\",\"to\":\"*******\","
           "\"to_extension\":\"123\",\"call_id\":\"L\",\"seq\":1,\"location\":\"abonent\"}}");
    free(text);
    m = of(KAFKA_EVENTS, "call", "2026-11-22T15:10:01.500Z", "{\"seq\":-1}");
    struct jval *row CLEANUP(jval_cleanup) = story_row_event(&m, false, NULL).value;
    ck_assert_text(jval_get_text(row, "what"), "call");
    ck_assert_uint_gt(jval_get_text(row, "reason").len, 0);
}
END_TEST

START_TEST(rows_of_other_events)
{
    static const struct {
        const char *kind, *value, *has;
    } cases[] = {
        {"summary",
         "{\"entry_id\":\"E\",\"call_direction\":1,\"from\":{\"number\":\"79991234567\"},\"to\":{},"
         "\"create_time\":1795360200,\"talk_time\":0,\"end_time\":1795360260,\"entry_result\":0,"
         "\"disconnect_reason\":1110}",
         "\"direction\":\"incoming\",\"began_at\":\"2026-11-22T15:10:00.000Z\","
         "\"ended_at\":\"2026-11-22T15:11:00.000Z\",\"disconnect_reason\":1110"},
        {"record/added", "{\"entry_id\":\"E\",\"recording_id\":\"R\",\"timestamp\":1795360200}",
         "\"recording_id\":\"R\""},
        {"result/route", "{\"command_id\":\"E~1\",\"result\":1000}", "\"result\":1000"},
        {"call",
         "{\"entry_id\":\"E\",\"call_id\":\"L\",\"seq\":2,\"timestamp\":1795360200,"
         "\"call_state\":\"Disconnected\",\"location\":\"queue\",\"from\":{},\"to\":{\"acd_group\":"
         "\"303\"},\"disconnect_reason\":1110,\"command_id\":\"X\"}",
         "\"location\":\"queue\",\"group\":\"303\",\"command_id\":\"X\",\"disconnect_reason\":1110"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kafka_message m = of(KAFKA_EVENTS, cases[i].kind, "", cases[i].value);
        struct kafka_header headers[] = {{"kind", str_of(cases[i].kind)}, {"origin", STR("test")}};
        m.headers = headers;
        char *text = jval_dump_free(story_row_event(&m, true, NULL).value, false);
        ck_assert_msg(strstr(text, cases[i].has), "%s", text);
        ck_assert_ptr_nonnull(strstr(text, "\"origin\":\"test\""));
        free(text);
    }
}
END_TEST

START_TEST(rows_of_outcomes)
{
    struct kafka_message m = of(
        KAFKA_OUTCOMES, "", "",
        "{\"v\":1,\"at\":\"2026-11-22T15:10:01.500Z\",\"what\":\"request\",\"job\":\"E:client\","
        "\"kind\":\"client\",\"rule\":\"G3\",\"result\":\"client_create\",\"employee\":\"1\","
        "\"details\":{\"visitor\":{\"phone\":\"+7 999 123-45-67\",\"n\":[1,\"89991234567\",null],"
        "\"city\":\"\"},\"ok\":true},\"http\":{\"method\":\"POST\",\"path\":\"/api\"}}");
    ck_row(story_row_outcome(&m, false), 1795360201500,
           "{\"at\":\"2026-11-22T15:10:01.500Z\",\"type\":\"request\",\"what\":\"client_create\","
           "\"rule\":\"G3\",\"reason\":null,\"employee\":\"1\",\"job\":\"E:client\","
           "\"http\":{\"method\":\"POST\",\"path\":\"/api\"},\"details\":{\"visitor\":{"
           "\"phone\":\"+* *** ***-45-67\",\"n\":[1,\"*******4567\",null],\"city\":\"\"},"
           "\"ok\":true,\"kind\":\"client\"}}");
    m = of(KAFKA_OUTCOMES, "", "", "{\"what\":\"?\"}");
    ck_assert_ptr_null(story_row_outcome(&m, false).value);
    m = of(KAFKA_OUTCOMES, "", "", "{");
    ck_assert_ptr_null(story_row_outcome(&m, false).value);
    struct buf deep = BUF_INIT(400);
    buf_addf(&deep, "{\"what\":\"event\",\"details\":");
    for (int i = 0; i < 20; i++)
        buf_addf(&deep, "{\"a\":");
    buf_addf(&deep, "1");
    for (int i = 0; i < 21; i++)
        buf_addf(&deep, "}");
    m = of(KAFKA_OUTCOMES, "", "", deep.data);
    char *text = jval_dump_free(story_row_outcome(&m, false).value, false);
    ck_assert_ptr_nonnull(strstr(text, "\"a\":null"));
    free(text);
    buf_done(&deep);
}
END_TEST

/* ---- the story ---- */

static struct kafka_message dead_message(const char *key, const char *topic, int64_t offset)
{
    static struct kafka_header headers[4];
    headers[0] = (struct kafka_header){C "topic", str_of(topic)};
    headers[1] = (struct kafka_header){C "exception.message", STR("seq is no number")};
    headers[2] = (struct kafka_header){"x-at", STR("2026-11-22T15:10:03.000Z")};
    headers[3] = (struct kafka_header){"kind", STR("call")};
    return (struct kafka_message){.topic = KAFKA_DEAD,
                                  .partition = 1,
                                  .offset = offset,
                                  .key = str_of(key),
                                  .value = STR("{}"),
                                  .headers = headers,
                                  .nheaders = 4};
}

static void take(struct story *s, struct kafka_message m)
{
    story_take(s, &m);
}

/* The words of "type what" by row. */
static char *told(struct story *s)
{
    struct buf b = BUF_INIT(1000);
    struct jval *rows CLEANUP(jval_cleanup) = story_rows(s);
    for (size_t i = 0; i < jval_size(rows); i++)
        buf_addf(&b, "%.*s %.*s|", STR_ARG(jval_get_text(jval_at(rows, i), "type")),
                 STR_ARG(jval_get_text(jval_at(rows, i), "what")));
    char *out = mem_copy(buf_str(&b));
    buf_done(&b);
    return out;
}

START_TEST(by_time)
{
    struct story *s = story_new(STR("acme"), STR("E"), STR("pre."), false);
    char *text = leg(1795360200, "Connected", "abonent", CLIENT, AT("123"));
    ck_assert(story_empty(s));
    take(s, of(KAFKA_OUTCOMES, "", "",
               "{\"at\":\"2026-11-22T15:10:02.000Z\",\"what\":\"outcome\",\"job\":\"E:client\","
               "\"result\":\"done\"}"));
    take(s, of(KAFKA_OUTCOMES, "", "",
               "{\"at\":\"2026-11-22T15:10:01.000Z\",\"what\":\"decision\",\"job\":\"E:client\","
               "\"result\":\"sent\"}"));
    take(s, of(KAFKA_OUTCOMES, "", "",
               "{\"at\":\"2026-11-22T15:10:01.000Z\",\"what\":\"request\",\"job\":\"E:client\","
               "\"result\":\"client_create\"}"));
    take(s, of(KAFKA_EVENTS, "call", "2026-11-22T15:10:01.000Z", text));
    struct kafka_message other = of(KAFKA_EVENTS, "call", "2026-11-22T15:10:01.000Z", text);
    other.key = STR("acme/F");
    take(s, other);
    take(s, of(KAFKA_FACTS, "", "", "{}"));
    take(s, of(KAFKA_OUTCOMES, "", "", "{"));
    ck_assert(!story_empty(s));
    ck_assert(!story_cut(s));
    char *words = told(s);
    ck_assert_str_eq(words, "event Connected|decision sent|request client_create|outcome done|");
    free(words);
    free(text);
    story_free(s);
    story_free(NULL);
}
END_TEST

static const char *state_of(struct story *s, char out[8])
{
    struct jval *row CLEANUP(jval_cleanup) = story_summary(s);
    (void)snprintf(out, 8, "%.*s", STR_ARG(jval_get_text(row, "state")));
    return out;
}

START_TEST(with_dead_letters)
{
    struct story *s = story_new(STR("acme"), STR("E"), STR("pre."), false);
    struct dead_record note;
    char state[8];
    take(s, dead_message("acme/F", "pre.events", 1));
    take(s, dead_message("acme/E", "pre.jobs", 2)); /* its outcome tells */
    ck_assert(story_empty(s));
    const struct kafka_message letter = dead_message("acme/E", "pre.events", 3);
    story_take(s, &letter);
    ck_assert_str_eq(state_of(s, state), "dead");
    dead_letter_note(&letter, STR("admin"), 1795360300000, &note);
    const struct kafka_message noted = {.topic = KAFKA_DEAD,
                                        .partition = 1,
                                        .offset = 9,
                                        .key = note.key,
                                        .headers = note.headers,
                                        .nheaders = note.nheaders};
    story_take(s, &noted);
    story_take(s, &noted);
    ck_assert_str_eq(state_of(s, state), "open");
    char *words = told(s);
    ck_assert_str_eq(words, "outcome dead|event sent again|");
    free(words);
    story_free(s);
}
END_TEST

static struct kafka_message note_of(const struct kafka_message *letter, struct dead_record *note)
{
    dead_letter_note(letter, STR("admin"), 1795360300000, note);
    return (struct kafka_message){.topic = KAFKA_DEAD,
                                  .partition = 1,
                                  .offset = letter->offset + 100,
                                  .key = note->key,
                                  .tombstone = true,
                                  .headers = note->headers,
                                  .nheaders = note->nheaders};
}

START_TEST(with_dead_letters_of_jobs)
{
    static const char *const others[] = {"{\"id\":\"F:client\",\"entry_id\":\"F\",\"x\":\"E\"}",
                                         "{\"entry_id\":\"E\"", "[\"E\"]", ""};
    struct story *s = story_new(STR("acme"), STR("E"), STR("pre."), false);
    struct dead_record note;
    char state[8];
    take(s, of(KAFKA_OUTCOMES, "", "",
               "{\"at\":\"2026-11-22T15:10:01.000Z\",\"what\":\"decision\",\"job\":\"E:client\","
               "\"result\":\"sent\",\"details\":{\"closed_by\":\"ended\"}}"));
    take(s, of(KAFKA_OUTCOMES, "", "",
               "{\"at\":\"2026-11-22T15:10:02.000Z\",\"what\":\"outcome\",\"job\":\"E:client\","
               "\"result\":\"dead\"}"));
    ck_assert_str_eq(state_of(s, state), "dead");
    for (size_t i = 0; i < COUNT(others); i++) {
        struct kafka_message m = dead_message("acme/79991234567", "pre.jobs", 20);
        m.value = str_of(others[i]);
        story_take(s, &m);
    }
    struct kafka_message letter = dead_message("acme/79991234567", "pre.jobs", 3);
    letter.value = STR("{\"id\":\"E:client\",\"entry_id\":\"E\"}");
    struct kafka_message foreign = letter;
    foreign.key = STR("acme2/79991234567");
    story_take(s, &foreign);
    story_take(s, &letter);
    const struct kafka_message noted = note_of(&letter, &note);
    story_take(s, &noted);
    ck_assert_str_eq(state_of(s, state), "open");
    letter.offset = 4; /* it died again */
    story_take(s, &letter);
    ck_assert_str_eq(state_of(s, state), "dead");
    letter = dead_message("acme/E", "pre.jobs", 5); /* keyed by its call; of a job nobody told of */
    letter.value = STR("{\"id\":\"E:call:ended\",\"entry_id\":\"E\"}");
    story_take(s, &letter);
    char *words = told(s);
    ck_assert_str_eq(words, "decision sent|outcome dead|event sent again|");
    free(words);
    story_free(s);
}
END_TEST

START_TEST(where_a_call_lies)
{
    struct kafka_layout layout = {
        .partitions = {
            [KAFKA_EVENTS] = 12, [KAFKA_JOBS] = 12, [KAFKA_OUTCOMES] = 12, [KAFKA_DEAD] = 1}};
    struct story_place p[STORY_PLACES];
    ck_assert_uint_eq(story_places(&layout, STR("acme"), STR("needle"), p), 3);
    ck_assert_int_eq(p[0].topic, KAFKA_EVENTS);
    ck_assert_int_eq(p[0].partition, 7);
    ck_assert_int_eq(p[1].topic, KAFKA_OUTCOMES);
    ck_assert_int_eq(p[1].partition, 7);
    ck_assert_int_eq(p[2].topic, KAFKA_DEAD);
    ck_assert_int_eq(p[2].partition, 0);
    layout.partitions[KAFKA_DEAD] = 12;
    ck_assert_uint_eq(story_places(&layout, STR("acme"), STR("needle"), p), 4);
    ck_assert_int_eq(p[2].partition, 7);
    ck_assert_int_eq(p[3].topic, KAFKA_DEAD);
    ck_assert_int_eq(p[3].partition, murmur2_partition(STR("acme"), 12));
}
END_TEST

START_TEST(no_more_than_so_many)
{
    struct story *s = story_new(STR("acme"), STR("E"), STR_NONE, false);
    for (int i = 0; i <= LIMIT_STORY_ROWS; i++)
        take(s, of(KAFKA_OUTCOMES, "", "", "{\"what\":\"request\",\"result\":\"x\"}"));
    ck_assert(story_cut(s));
    struct jval *rows CLEANUP(jval_cleanup) = story_rows(s);
    ck_assert_uint_eq(jval_size(rows), LIMIT_STORY_ROWS);
    story_free(s);
}
END_TEST

START_TEST(a_forgotten_number)
{
    static const char from[] = "{\"number\":\"79161234567\"}",
                      to[] = "{\"extension\":\"101\",\"number\":\"79160000000\"}";
    static const int64_t came = INT64_C(1795360260500); /* 2026-11-22T15:11:00.500Z */
    static const struct {
        const char *number;
        int64_t at;
        bool forgotten;
    } cases[] = {{"79161234567", came + 1, true},
                 {"79161234567", came, false},
                 {"79161234568", came + 1, false},
                 {"79160000000", came + 1, false}}; /* an employee's own */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct forgotten *f = forgotten_kit("acme", cases[i].number, cases[i].at);
        struct story_brief b;
        struct story *s = story_new(STR("acme"), STR("E"), STR("mangoplan."), true);
        story_brief_init(&b, STR("E"));
        ck_assert(!story_brief_forgotten(&b, f, STR("acme")));
        tell_summary(&b, 1, from, to, 1795360210);
        ck_assert_int_eq(b.received, came);
        ck_assert_uint_eq(b.nnumbers, 1);
        ck_assert(story_brief_forgotten(&b, f, STR("acme")) == cases[i].forgotten);
        ck_assert(!story_brief_forgotten(&b, f, STR("other")));
        ck_assert(!story_brief_forgotten(&b, NULL, STR("acme")));
        ck_assert(!story_forgotten(s, f));
        story_brief_done(&b);
        story_free(s);
        forgotten_free(f);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("story", a_forgotten_number, an_answered_call, a_missed_call, an_outgoing_call,
                    an_internal_call, dead_and_sent_again, of_the_pages_own_making, what_is_no_call,
                    ceilings, rows_of_events, rows_of_other_events, rows_of_outcomes, by_time,
                    with_dead_letters, with_dead_letters_of_jobs, where_a_call_lies,
                    no_more_than_so_many);
}

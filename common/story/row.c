/*
 * Rows with the members of the contract, all of them in every row. Pure.
 */
#include "common/story/row.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/mango/call_event.h"
#include "common/masked.h"
#include "common/mem.h"
#include "common/story/brief.h"
#include "common/text.h"

/* ---- rows ---- */

struct parts { /* texts empty where there are none */
    const char *type;
    struct str what, rule, reason, employee, job;
    struct jval *http, *details; /* taken over; NULL: none */
};

static struct story_row make(int64_t at, const struct parts *p, bool show)
{
    struct jval *row = jval_new_object();
    story_put_time(row, "at", at);
    jval_put_text(row, "type", str_of(p->type));
    story_put(row, "what", p->what);
    story_put(row, "rule", p->rule);
    story_put_prose(row, "reason", p->reason, show);
    story_put(row, "employee", p->employee);
    story_put(row, "job", p->job);
    jval_put(row, "http", p->http ? p->http : jval_new_null());
    jval_put(row, "details", p->details ? p->details : jval_new_object());
    return (struct story_row){at, row};
}

static void put_time_s(struct jval *row, const char *key, int64_t unix_s)
{
    if (unix_s > 0)
        story_put_time(row, key, unix_s * 1000);
}

static void put_if(struct jval *row, const char *key, struct str text)
{
    if (text.len)
        jval_put_text_clean(row, key, text);
}

static void put_party(struct jval *row, const char *name, const struct call_event_party *p,
                      bool show)
{
    char extension[32];
    (void)snprintf(extension, sizeof extension, "%s_extension", name);
    if (p->number.len)
        story_put_number(row, name, p->number, show);
    put_if(row, extension, p->extension);
}

static void put_place(struct jval *row, const struct kafka_message *m)
{
    char *place CLEANUP(mem_free_text) =
        mem_format("%s/%" PRId32 "/%" PRId64, kafka_topic_name(m->topic), m->partition, m->offset);
    jval_put_text(row, "message", str_of(place));
}

static const char *leg_state(const struct call_event *ev)
{
    static const char *const names[] = {"Appeared", "Connected", "OnHold", "Disconnected"};
    return names[ev->state];
}

static void put_leg(struct jval *d, const struct call_event *ev)
{
    static const char *const places[] = {"", "ivr", "queue", "abonent"};
    put_if(d, "call_id", ev->call_id);
    jval_put_int(d, "seq", ev->seq);
    put_if(d, "location", str_of(places[ev->location]));
    put_if(d, "group", ev->acd_group);
    put_if(d, "command_id", ev->command_id);
    if (ev->disconnect_reason)
        jval_put_int(d, "disconnect_reason", ev->disconnect_reason);
}

static void put_summary(struct jval *d, const struct call_event *ev)
{
    static const char *const directions[] = {"internal", "incoming", "outgoing"};
    if (ev->direction != CALL_EVENT_UNTOLD)
        jval_put_text(d, "direction", str_of(directions[ev->direction]));
    put_time_s(d, "began_at", ev->create_time);
    put_time_s(d, "talked_at", ev->talk_time);
    put_time_s(d, "ended_at", ev->end_time);
    if (ev->disconnect_reason)
        jval_put_int(d, "disconnect_reason", ev->disconnect_reason);
}

static void put_event(struct jval *d, const struct call_event *ev, bool show)
{
    put_time_s(d, "event_at", ev->timestamp);
    put_party(d, "from", &ev->from, show);
    put_party(d, "to", &ev->to, show);
    put_if(d, "line", ev->line_number);
    if (ev->kind == CALL_EVENT_LEG)
        put_leg(d, ev);
    else if (ev->kind == CALL_EVENT_SUMMARY)
        put_summary(d, ev);
    put_if(d, "recording_id", ev->recording_id);
    if (ev->kind == CALL_EVENT_RESULT)
        jval_put_int(d, "result", ev->result);
}

static void put_state(struct jval *details, struct jval *state)
{
    if (state)
        jval_put(details, "state", state);
}

struct story_row story_row_event(const struct kafka_message *m, bool show, struct jval *state)
{
    struct call_event ev;
    struct error e = ERROR_NONE;
    int64_t at = m->timestamp;
    struct str origin = kafka_header_get(m, EVENT_ORIGIN);
    struct parts p = {
        .type = "event", .what = kafka_header_get(m, EVENT_KIND), .details = jval_new_object()};
    (void)text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &at);
    story_put_time(p.details, "received_at", at);
    if (origin.len && !str_is(origin, EVENT_LIVE))
        put_if(p.details, "origin", origin);
    put_place(p.details, m);
    if (call_event_parse(p.what, m->value, &ev, &e)) {
        p.reason = str_of(e.text);
        put_state(p.details, state);
        return make(at, &p, show);
    }
    if (ev.kind == CALL_EVENT_LEG)
        p.what = str_of(leg_state(&ev));
    put_event(p.details, &ev, show);
    put_state(p.details, state);
    const struct story_row row = make(at, &p, show);
    call_event_done(&ev);
    return row;
}

struct story_row story_row_outcome(const struct kafka_message *m, bool show)
{
    struct jval *o CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    int64_t at = m->timestamp;
    if (jval_parse(m->value, &o, &ignored))
        return (struct story_row){0};
    struct str what = jval_get_text(o, "what");
    static const char *const types[] = {"event", "decision", "request", "outcome"};
    struct parts p = {.what = jval_get_text(o, "result"),
                      .rule = jval_get_text(o, "rule"),
                      .reason = jval_get_text(o, "reason"),
                      .employee = jval_get_text(o, "employee"),
                      .job = jval_get_text(o, "job")};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_is(what, types[i]))
            p.type = types[i];
    if (!p.type)
        return (struct story_row){0};
    (void)text_parse_time(jval_get_text(o, "at"), &at);
    if (jval_get(o, "http"))
        p.http = jval_copy(jval_get(o, "http"));
    if (jval_type(jval_get(o, "details")) == JVAL_OBJECT)
        p.details = show ? jval_copy(jval_get(o, "details")) : masked_copy(jval_get(o, "details"));
    else
        p.details = jval_new_object();
    put_if(p.details, "kind",
           jval_get_text(p.details, "kind").len ? STR_NONE : jval_get_text(o, "kind"));
    return make(at, &p, show);
}

struct story_row story_row_letter(const struct dead_letter *l, bool show)
{
    char id[DEAD_ID_SIZE];
    struct parts p = {.type = "outcome",
                      .what = STR("dead"),
                      .reason = str_of(l->reason),
                      .details = jval_new_object()};
    dead_id_write(l->id, id);
    jval_put_text(p.details, "id", str_of(id));
    put_if(p.details, "kind", str_of(l->kind));
    return make(l->at, &p, show);
}

struct story_row story_row_note(const struct kafka_message *m, struct str job)
{
    int64_t at = m->timestamp;
    struct parts p = {
        .type = "event", .what = STR("sent again"), .job = job, .details = jval_new_object()};
    (void)text_parse_time(kafka_header_get(m, "x-at"), &at);
    put_if(p.details, "id", kafka_header_get(m, "x-of"));
    put_if(p.details, "who", kafka_header_get(m, "x-who"));
    return make(at, &p, true);
}

/*
 * The notifications of a call, one by one.
 */
#include "common/reconcile/history_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jout.h"
#include "common/limits.h"
#include "common/text.h"

#define JSON_MAX 8192      /* a handful of texts of 128 bytes, each escaped */
#define NUMBER_ROOM 16     /* of a call_id: "~h" and digits */
#define CALLBACK "history" /* a callback_initiator: any makes the leg a callback's first */

enum what {
    APPEARED,
    CONNECTED,
    PUT_THROUGH,
    DISCONNECTED,
};

/* ---- which ---- */

static size_t legs_of(const struct history_call *c)
{
    return c->nlegs < LIMIT_LEGS_PER_CALL ? c->nlegs : LIMIT_LEGS_PER_CALL;
}

/* What happens to a leg, in its order; how many. The last is DISCONNECTED. */
static size_t happens(const struct history_leg *leg, enum what out[4])
{
    size_t n = 0;
    out[n++] = APPEARED;
    if (leg->told->answer)
        out[n++] = CONNECTED;
    if (leg->put_through_at)
        out[n++] = PUT_THROUGH;
    out[n++] = DISCONNECTED;
    return n;
}

static size_t records_of(const struct history_call *c)
{
    struct str id;
    int64_t at;
    size_t n = 0;
    while (n < LIMIT_EVENTS_PER_CALL / 4 && history_record(c, n, &id, &at))
        n++;
    return n;
}

size_t history_events_count(const struct history_call *c)
{
    enum what ignored[4];
    size_t n = records_of(c) + 1;
    for (size_t i = 0; i < legs_of(c); i++)
        n += happens(&c->legs[i], ignored);
    return n;
}

/* ---- a leg's ---- */

static void put_if(struct buf *b, const char *key, struct str text)
{
    if (text.len)
        jout_text(b, key, text);
}

static void put_call_id(struct buf *b, const char *key, struct str entry, size_t leg)
{
    char text[LIMIT_ENTRY_ID + 1];
    struct str id = text_cut(entry, LIMIT_ENTRY_ID - NUMBER_ROOM);
    int len = snprintf(text, sizeof text, "%.*s~h%zu", STR_ARG(id), leg + 1);
    jout_text(b, key, (struct str){text, (size_t)len});
}

static void open_object(struct buf *b, const char *key)
{
    jout_key(b, key);
    jout_open(b);
}

static void put_from(struct buf *b, const struct history_call *c, const struct history_leg *leg,
                     bool client)
{
    open_object(b, "from");
    if (client) {
        put_if(b, "number", c->number);
        put_call_id(b, "taken_from_call_id", c->entry_id, leg->put_through_from);
    } else {
        put_if(b, "extension", leg->told->from_extension);
        put_if(b, "number", leg->told->from_number);
    }
    jout_close(b);
}

static void put_to(struct buf *b, const struct history_query_leg *told)
{
    open_object(b, "to");
    put_if(b, "extension", told->to_extension);
    put_if(b, "number", told->to_number);
    put_if(b, "line_number", told->line_number);
    jout_close(b);
}

static int64_t time_of(const struct history_leg *leg, enum what w)
{
    switch (w) {
    case APPEARED:
        return leg->told->start;
    case CONNECTED:
        return leg->told->answer;
    case PUT_THROUGH:
        return leg->put_through_at;
    case DISCONNECTED:
        break;
    }
    int64_t last = leg->told->answer > leg->told->start ? leg->told->answer : leg->told->start;
    return leg->told->finish ? leg->told->finish : last;
}

static void write_leg(struct buf *b, const struct history_call *c, size_t i, size_t seq,
                      enum what w)
{
    static const char *const states[] = {"Appeared", "Connected", "Connected", "Disconnected"};
    static const char *const places[] = {"abonent", "ivr", "queue", "abonent"};
    const struct history_leg *leg = &c->legs[i];
    bool client = leg->put_through_at && (w == PUT_THROUGH || w == DISCONNECTED);
    jout_text(b, "entry_id", c->entry_id);
    put_call_id(b, "call_id", c->entry_id, i);
    jout_int(b, "timestamp", time_of(leg, w));
    jout_int(b, "seq", (int64_t)seq);
    jout_text(b, "call_state", str_of(states[w]));
    jout_text(b, "location", str_of(places[history_location(leg->told)]));
    put_from(b, c, leg, client);
    put_to(b, leg->told);
    if (leg->callback)
        jout_text(b, "callback_initiator", STR(CALLBACK));
    if (w == DISCONNECTED && leg->told->disconnect_reason)
        jout_int(b, "disconnect_reason", leg->told->disconnect_reason);
}

/* ---- the summary ---- */

/* The leg in which somebody talked with the client last; nlegs: nobody did. */
static size_t last_talk(const struct history_call *c)
{
    size_t last = c->nlegs;
    int64_t last_at = 1;
    for (size_t i = 0; i < c->nlegs; i++) {
        int64_t at = history_talked_at(c, &c->legs[i]);
        if (at < last_at)
            continue;
        last = i;
        last_at = at;
    }
    return last;
}

/* The first leg at that place, with an extension; nlegs: there is none. */
static size_t first_at(const struct history_call *c, enum call_event_location where)
{
    size_t i = 0;
    while (i < c->nlegs &&
           (c->legs[i].told->to_extension.len == 0 || history_location(c->legs[i].told) != where))
        i++;
    return i;
}

/* The leg that dials the outsider; else the first. */
static const struct history_query_leg *dials(const struct history_call *c)
{
    for (size_t i = 0; i < c->nlegs; i++)
        if (history_goes_out(c->legs[i].told))
            return c->legs[i].told;
    return c->legs[0].told;
}

static void put_party(struct buf *b, const char *key, struct str extension, struct str number)
{
    open_object(b, key);
    put_if(b, "extension", extension);
    put_if(b, "number", number);
    jout_close(b);
}

/* Who answered; of a missed call the first employee who missed it, or the group, or nobody: the menu. */
static void put_receiver(struct buf *b, const struct history_call *c)
{
    size_t i = last_talk(c), group = first_at(c, CALL_EVENT_QUEUE);
    if (i == c->nlegs)
        i = first_at(c, CALL_EVENT_ABONENT);
    if (i < c->nlegs)
        put_party(b, "to", c->legs[i].told->to_extension, c->legs[i].told->to_number);
    else
        put_party(b, "to", group < c->nlegs ? c->legs[group].told->to_extension : STR_NONE,
                  STR_NONE);
}

static void put_parties(struct buf *b, const struct history_call *c)
{
    const struct history_query_leg *leg = dials(c);
    if (c->direction == CALL_EVENT_INCOMING) {
        put_party(b, "from", STR_NONE, c->number);
        put_receiver(b, c);
        return;
    }
    put_party(b, "from", leg->from_extension, leg->from_number);
    if (c->direction == CALL_EVENT_OUTGOING)
        put_party(b, "to", STR_NONE, c->number);
    else
        put_party(b, "to", leg->to_extension, leg->to_number);
}

static void put_line(struct buf *b, const struct history_call *c)
{
    size_t i = 0;
    while (i < c->nlegs - 1 && c->legs[i].told->line_number.len == 0)
        i++;
    put_if(b, "line_number", c->legs[i].told->line_number);
}

/* When it left the menu. */
static int64_t forwarded(const struct history_call *c)
{
    for (size_t i = 0; i < c->nlegs; i++)
        if (history_location(c->legs[i].told) != CALL_EVENT_IVR)
            return c->legs[i].told->start;
    return c->began;
}

/* Of the leg that ended last. */
static int64_t reason_of(const struct history_call *c)
{
    const struct history_query_leg *last = c->legs[0].told;
    for (size_t i = 1; i < c->nlegs; i++)
        if (c->legs[i].told->finish >= last->finish)
            last = c->legs[i].told;
    return last->disconnect_reason;
}

static void write_summary(struct buf *b, const struct history_call *c)
{
    jout_text(b, "entry_id", c->entry_id);
    jout_int(b, "call_direction", c->direction);
    put_parties(b, c);
    put_line(b, c);
    jout_int(b, "create_time", c->began);
    jout_int(b, "forward_time", forwarded(c));
    jout_int(b, "talk_time", c->talked_at);
    jout_int(b, "end_time", c->ended);
    jout_int(b, "entry_result", c->talked_at > 0);
    jout_int(b, "disconnect_reason", reason_of(c));
}

/* ---- the nth ---- */

static void write_record(struct buf *b, const struct history_call *c, struct str id, int64_t at)
{
    jout_text(b, "entry_id", c->entry_id);
    jout_text(b, "recording_id", id);
    jout_int(b, "timestamp", at);
}

/* What the nth is; n: what is left behind the legs. */
static bool write_of_leg(struct buf *b, const struct history_call *c, size_t *n)
{
    enum what list[4];
    for (size_t i = 0; i < legs_of(c); i++) {
        size_t count = happens(&c->legs[i], list);
        if (*n < count) {
            write_leg(b, c, i, *n + 1, list[*n]);
            return true;
        }
        *n -= count;
    }
    return false;
}

bool history_events_write(const struct history_call *c, size_t n, struct history_event *out)
{
    struct buf b = BUF_INIT(JSON_MAX);
    struct str id;
    int64_t at;
    jout_open(&b);
    if (write_of_leg(&b, c, &n)) {
        out->kind = "call";
    } else if (n < records_of(c) && history_record(c, n, &id, &at)) {
        out->kind = "record/added";
        write_record(&b, c, id, at);
    } else {
        out->kind = "summary";
        write_summary(&b, c);
    }
    jout_close(&b);
    out->json = buf_take(&b);
    buf_done(&b);
    return out->json != NULL;
}

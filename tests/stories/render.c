/*
 * Writes notifications as text; nothing here decides anything about the call.
 */
#include "tests/stories/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"

static const char *const states[] = {"Appeared", "Connected", "OnHold", "Disconnected"};

void render_style(struct style *out, struct dice *d)
{
    *out = (struct style){
        .texts = dice_in(d, 30),
        .group_number = dice_in(d, 30),
        .empty_group = dice_to(d, 3),
        .no_lines = dice_in(d, 15),
        .misspelt = dice_in(d, 15),
        .dct_of_first = dice_in(d, 30),
        .dct_of_summary = dice_in(d, 50),
        .dct_text = dice_in(d, 30),
        .chance = dice_throw(d),
    };
}

/* ---- what is told ---- */

bool render_tells_line(const struct story *s, const struct style *style, int beat)
{
    const struct beat *b = &s->beats[beat];
    if (b->kind == SUMMARY)
        return true;
    if (b->kind != LEG || style->no_lines)
        return false;
    enum place p = s->legs[b->leg].place;
    return p == MENU || p == QUEUE || p == PERSON;
}

bool render_tells_dct(const struct story *s, const struct style *style, int beat)
{
    const struct beat *b = &s->beats[beat];
    if (s->dct_type == 0)
        return false;
    if (b->kind == SUMMARY)
        return style->dct_of_summary;
    return b->kind == LEG && s->legs[b->leg].place != INSIDE &&
           (!style->dct_of_first || b->leg == 0);
}

bool render_hides_place(const struct story *s, const struct style *style, int beat)
{
    const struct beat *b = &s->beats[beat];
    enum place p = s->legs[b->leg].place;
    return p != MENU && p != QUEUE && (style->chance >> (beat % 60) & 15) == 0;
}

/* ---- members ---- */

static void put_int(struct buf *b, const struct style *style, const char *name, int64_t n)
{
    const char *quote = style->texts ? "\"" : "";
    buf_addf(b, ",\"%s\":%s%" PRId64 "%s", name, quote, n, quote);
}

static void put_text(struct buf *b, const char *name, const char *text)
{
    if (text != NULL && *text)
        buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

/* Extensions come as numbers or as text. */
static void put_extension(struct buf *b, const struct style *style, const char *name,
                          const char *extension)
{
    if (style->texts)
        put_text(b, name, extension);
    else if (*extension)
        buf_addf(b, ",\"%s\":%s", name, extension);
}

/* The members so far began with a comma each; the object's first has none. */
static void open_object(struct buf *b, const char *name)
{
    buf_addf(b, ",\"%s\":{", name);
}

static void close_object(struct buf *b, size_t from)
{
    if (b->data != NULL && b->len > from && b->data[from] == ',') {
        memmove(b->data + from, b->data + from + 1, b->len - from);
        b->len--;
    }
    buf_addf(b, "}");
}

static void put_seat(struct buf *b, const struct story *s, const struct style *style, int seat)
{
    const struct seat *at = &s->company.seats[seat];
    if (at->mobile[0]) {
        put_text(b, "number", at->mobile);
        return;
    }
    put_extension(b, style, "extension", at->extension);
    buf_addf(b, ",\"number\":\"sip:user%s@acme.mangosip.ru\"", at->extension);
}

static void put_group(struct buf *b, const struct story *s, const struct style *style,
                      const struct leg *l)
{
    if (l->group != NOBODY && style->group_number)
        buf_addf(b, ",\"acd_group\":%s", s->company.groups[l->group].extension);
    else if (l->group != NOBODY)
        put_text(b, "acd_group", s->company.groups[l->group].extension);
    else if (style->empty_group)
        buf_addf(b, ",\"acd_group\":%s", style->empty_group == 1 ? "\"\"" : "null");
}

/* ---- a leg ---- */

static void put_from(struct buf *b, const struct story *s, const struct style *style,
                     const struct beat *beat)
{
    const struct leg *l = &s->legs[beat->leg];
    open_object(b, "from");
    size_t from = b->len;
    if (l->place == OUTSIDE)
        put_seat(b, s, style, l->seat);
    else if (l->place == INSIDE && !beat->with_client)
        put_seat(b, s, style, l->from_seat);
    else
        put_text(b, "number", s->number);
    if (l->taken_from != NOBODY && (l->place != INSIDE || beat->with_client))
        put_text(b, "taken_from_call_id", s->legs[l->taken_from].id);
    if (beat->state == DISCONNECTED && style->texts)
        buf_addf(b, ",\"was_transferred\":false");
    close_object(b, from);
}

static void put_to(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    const struct leg *l = &s->legs[s->beats[beat].leg];
    const char *line = s->company.lines[s->line];
    open_object(b, "to");
    size_t from = b->len;
    if (l->place == OUTSIDE)
        put_text(b, "number", s->number);
    else if (l->place == MENU || l->place == QUEUE)
        put_text(b, "number", line);
    else
        put_seat(b, s, style, l->seat);
    if (render_tells_line(s, style, beat))
        put_text(b, "line_number", line);
    if (l->place != OUTSIDE && l->place != INVERTED)
        put_group(b, s, style, l);
    close_object(b, from);
}

static void put_dct(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    const char *quote = style->dct_text ? "\"" : "";
    if (render_tells_dct(s, style, beat))
        buf_addf(b, ",\"dct\":{\"type\":%s%d%s,\"number\":\"74951230000\"}", quote, s->dct_type,
                 quote);
    else if (style->chance >> 62 == 0)
        buf_addf(b, ",\"dct\":{\"type\":0}");
}

static void put_leg(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    const struct beat *e = &s->beats[beat];
    const struct leg *l = &s->legs[e->leg];
    const char *place = l->place == MENU ? "ivr" : l->place == QUEUE ? "queue" : "abonent";
    put_text(b, "call_id", l->id);
    put_int(b, style, "timestamp", e->at);
    put_int(b, style, "seq", e->seq);
    put_text(b, "call_state", states[e->state]);
    if (!render_hides_place(s, style, beat))
        put_text(b, style->misspelt ? "locaton" : "location", place);
    put_from(b, s, style, e);
    put_to(b, s, style, beat);
    put_dct(b, s, style, beat);
    if (e->state == DISCONNECTED)
        put_int(b, style, "disconnect_reason", e->reason);
    put_text(b, "transfer", e->transfer);
    if (l->command)
        put_text(b, "command_id", l->place == PERSON ? "entry~nonce" : "cmd.2.external");
    put_text(b, "callback_initiator", l->initiator);
    if (l->task)
        put_int(b, style, "task_id", 4711);
}

/* ---- the others ---- */

static void put_summary_to(struct buf *b, const struct story *s, const struct style *style)
{
    open_object(b, "to");
    size_t from = b->len;
    if (s->direction == OUTGOING)
        put_text(b, "number", s->number);
    else if (s->to_seat != NOBODY)
        put_seat(b, s, style, s->to_seat);
    else if (s->to_group != NOBODY)
        put_extension(b, style, "extension", s->company.groups[s->to_group].extension);
    close_object(b, from);
}

static void put_summary(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    bool strange = s->talk == 0 && !s->left_menu; /* the manual's own example */
    buf_addf(b, ",\"call_direction\":%d", (int)s->direction);
    open_object(b, "from");
    size_t from = b->len;
    if (s->direction == INCOMING)
        put_text(b, "number", s->number);
    else
        put_seat(b, s, style, s->caller_seat);
    close_object(b, from);
    put_summary_to(b, s, style);
    put_text(b, "line_number", s->company.lines[s->line]);
    put_int(b, style, "create_time", s->begin);
    put_int(b, style, "forward_time", s->begin);
    put_int(b, style, "talk_time", s->talk);
    put_int(b, style, "end_time", s->end);
    buf_addf(b, ",\"entry_result\":%d", s->talk > 0 || strange);
    put_int(b, style, "disconnect_reason", s->beats[beat].reason);
    put_dct(b, s, style, beat);
}

static void put_recording(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    const struct beat *e = &s->beats[beat];
    buf_addf(b, ",\"recording_id\":\"rec%d=\"", e->recording);
    put_int(b, style, "timestamp", e->at);
    if (e->kind == RECORD_ADDED) {
        buf_addf(b, ",\"product_id\":300022532,\"user_id\":300049012");
        return;
    }
    put_text(b, "recording_state", e->progress);
    put_int(b, style, "seq", e->seq);
    put_text(b, "call_id", s->legs[e->leg].id);
    if (e->completion)
        put_int(b, style, "completion_code", e->completion);
    put_text(b, "recipient", e->recipient);
}

static void put_dtmf(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    const struct beat *e = &s->beats[beat];
    put_text(b, "call_id", s->legs[e->leg].id);
    put_int(b, style, "seq", e->seq);
    put_int(b, style, "timestamp", e->at);
    buf_addf(b, ",\"dtmf\":\"%d\",\"location\":\"ivr.2\"", e->seq);
    put_text(b, "from_number", s->number);
    put_text(b, "line_number", s->company.lines[s->line]);
}

static void put_result(struct buf *b, const struct story *s, const struct style *style, int beat)
{
    (void)s;
    (void)beat;
    put_int(b, style, "result", 1000);
}

void render(const struct story *s, const struct style *style, const char *entry, int beat,
            struct notification *out)
{
    static const char *const paths[] = {"call",         "summary", "recording",
                                        "record/added", "dtmf",    "result/route"};
    static void (*const writers[])(struct buf *, const struct story *, const struct style *,
                                   int) = {put_leg,       put_summary, put_recording,
                                           put_recording, put_dtmf,    put_result};
    struct buf b = BUF_INIT(16384);
    enum kind kind = s->beats[beat].kind;
    if (kind == RESULT) /* known by its command alone */
        buf_addf(&b, "{\"command_id\":\"%s~nonce\"", entry);
    else
        buf_addf(&b, "{\"entry_id\":\"%s\"", entry);
    writers[kind](&b, s, style, beat);
    buf_addf(&b, "}");
    out->path = paths[kind];
    out->json = buf_take(&b);
}

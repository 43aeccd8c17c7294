/*
 * Notifications of a call that nobody makes. Pure.
 */
#include "ingest/admin/try_call.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

#define RINGS_MS 500
#define IN_TALKS_MS 1500
#define OUT_TALKS_MS 1000
#define ENDS_MS 2500

/* mango-api.md section 8 */
#define CALLER_HUNG_UP 1110
#define CALLEE_HUNG_UP 1120
#define LEFT_MENU 1100
#define SCHEME_ENDED 1170

#define WRITTEN_MAX 64 /* bytes of a number as it is written */
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- what was asked for ---- */

static bool has_only(struct str s, const char *allowed)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\0' || !strchr(allowed, s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

static void copy(struct str from, char *to, size_t room)
{
    size_t n = from.len < room ? from.len : room - 1;
    if (n > 0)
        memcpy(to, from.ptr, n);
    to[n] = '\0';
}

/* A number as people write it, or as MANGO does. */
static bool read_number(struct str text, const struct settings *s, struct phone *out)
{
    return text.len <= WRITTEN_MAX && has_only(text, DIGITS "+ ()-.") &&
           phone_from_card(text, str_of(s->country_code), out);
}

static enum err read_kind(struct str text, struct try_call_wish *out, struct error *e)
{
    static const char *const names[] = {"answered", "missed", "menu", "outgoing"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(text, names[i])) {
            out->kind = (enum try_call_kind)i;
            return ERR_OK;
        }
    }
    return error_set(e, ERR_INPUT, "one of answered, missed, menu, outgoing");
}

static enum err read_line(struct str text, const struct settings *s, struct try_call_wish *out,
                          struct error *e)
{
    struct phone line;
    if (!text.ptr)
        text = s->nlines ? str_of(s->lines[0]) : STR_NONE;
    if (!text.ptr)
        return ERR_OK;
    if (str_starts(text, STR("sip:")) && text.len > 4 && text.len < TRY_CALL_LINE &&
        has_only(text, DIGITS LETTERS ":@._+-"))
        copy(text, out->line, sizeof out->line);
    else if (read_number(text, s, &line))
        copy(str_of(line.digits), out->line, sizeof out->line);
    else
        return error_set(e, ERR_INPUT, "neither a number of 5 to 31 digits nor `sip:...`");
    return ERR_OK;
}

static struct str first_extension(const struct settings *s)
{
    for (size_t i = 0; i < s->nemployees; i++) {
        if (s->employees[i].nextensions > 0)
            return str_of(s->employees[i].extensions[0]);
    }
    return STR_NONE;
}

static enum err read_extension(struct str text, const struct settings *s, struct try_call_wish *out,
                               struct error *e)
{
    int64_t number;
    if (!text.ptr && out->kind != TRY_CALL_MENU) {
        text = first_extension(s);
        if (!text.ptr)
            return error_set(e, ERR_INPUT, "no employee of the account has one: name one");
    }
    if (!text.ptr)
        return ERR_OK;
    /* MANGO's 0 is none: common/mango/call_event.h */
    if (text.len >= TRY_CALL_EXTENSION || !has_only(text, DIGITS LETTERS "_-*#.") ||
        (num_parse(text, 0, INT64_MAX, &number) && number == 0))
        return error_set(e, ERR_INPUT, "not an extension");
    copy(text, out->extension, sizeof out->extension);
    return ERR_OK;
}

/* A text or, where it may be absent, null; STR_NONE then. */
static enum err read_text(const struct jval *body, const char *name, bool required, struct str *out,
                          struct error *e)
{
    const struct jval *v = jval_get(body, name);
    *out = STR_NONE;
    if (jval_text(v, out))
        return ERR_OK;
    if (!required && (!v || jval_type(v) == JVAL_NULL))
        return ERR_OK;
    return error_set(e, ERR_INPUT, v ? "not a text" : "missing");
}

static enum err refuse_unknown(const struct jval *body, struct str *field, struct error *e)
{
    static const char *const known[] = {"kind", "from", "line", "extension"};
    const struct jval *value;
    struct str key;
    for (void *i = NULL; jval_next(body, &i, &key, &value);) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            found = found || str_is(key, known[k]);
        *field = key.len ? key : STR("\"\"");
        if (!found)
            return error_set(e, ERR_INPUT, "unknown field");
    }
    return ERR_OK;
}

enum err try_call_read(const struct jval *body, const struct settings *s, struct try_call_wish *out,
                       struct str *field, struct error *e)
{
    struct str text;
    *out = (struct try_call_wish){0};
    if (refuse_unknown(body, field, e))
        return e->kind;
    *field = STR("kind");
    if (read_text(body, "kind", true, &text, e) || read_kind(text, out, e))
        return e->kind;
    *field = STR("from");
    if (read_text(body, "from", true, &text, e))
        return e->kind;
    if (!read_number(text, s, &out->client))
        return error_set(e, ERR_INPUT, "not a number of 5 to 31 digits");
    *field = STR("line");
    if (read_text(body, "line", false, &text, e) || read_line(text, s, out, e))
        return e->kind;
    *field = STR("extension");
    if (read_text(body, "extension", false, &text, e) || read_extension(text, s, out, e))
        return e->kind;
    out->tracked = s->call_tracking && has_only(str_of(out->line), DIGITS);
    return ERR_OK;
}

/* ---- its notifications ---- */

struct making {
    const struct try_call_wish *w;
    struct try_call *out;
    const char *entry;
    int64_t begins;
};

static int64_t second_at(const struct making *m, int64_t after_ms)
{
    return (m->begins + after_ms) / 1000;
}

static void add(struct making *m, int64_t after_ms, const char *kind, struct jval *event)
{
    m->out->events[m->out->n++] =
        (struct try_call_event){after_ms, kind, jval_dump_free(event, false)};
}

/* ---- parties ---- */

static struct jval *client(const struct making *m)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "number", str_of(m->w->client.digits));
    return v;
}

static struct jval *taken_from_menu(const struct making *m)
{
    struct jval *v = client(m);
    char *id CLEANUP(mem_free_text) = mem_format("%s:0", m->entry);
    jval_put_text(v, "taken_from_call_id", str_of(id));
    return v;
}

static void put_line(const struct making *m, struct jval *party, const char *name)
{
    if (m->w->line[0])
        jval_put_text(party, name, str_of(m->w->line));
}

static struct jval *menu(const struct making *m)
{
    struct jval *v = jval_new_object();
    put_line(m, v, "number");
    put_line(m, v, "line_number");
    return v;
}

/* An employee's phone. Its address is nobody's. */
static struct jval *phone(const struct making *m)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "extension", str_of(m->w->extension));
    jval_put_text(v, "number", STR("sip:test@test.invalid"));
    return v;
}

static struct jval *rung_phone(const struct making *m)
{
    struct jval *v = phone(m);
    put_line(m, v, "line_number");
    return v;
}

/* ---- events ---- */

static void put_tracking(const struct making *m, struct jval *event)
{
    if (!m->w->tracked || m->w->kind == TRY_CALL_OUTGOING)
        return;
    struct jval *dct = jval_new_object();
    jval_put_int(dct, "type", 1);
    put_line(m, dct, "number");
    jval_put(event, "dct", dct);
}

struct leg {
    int number, seq;
    const char *state, *location;
    struct jval *from, *to; /* given */
    int reason;
};

static void add_leg(struct making *m, int64_t after_ms, const struct leg *l)
{
    struct jval *v = jval_new_object();
    char *id CLEANUP(mem_free_text) = mem_format("%s:%d", m->entry, l->number);
    jval_put_text(v, "entry_id", str_of(m->entry));
    jval_put_text(v, "call_id", str_of(id));
    jval_put_int(v, "timestamp", second_at(m, after_ms));
    jval_put_int(v, "seq", l->seq);
    jval_put_text(v, "call_state", str_of(l->state));
    jval_put_text(v, "location", str_of(l->location));
    jval_put(v, "from", l->from);
    jval_put(v, "to", l->to);
    put_tracking(m, v);
    if (l->reason)
        jval_put_int(v, "disconnect_reason", l->reason);
    add(m, after_ms, "call", v);
}

/* talks_ms: 0 if nobody talked. */
static void add_summary(struct making *m, int64_t talks_ms, struct jval *from, struct jval *to,
                        int reason)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "entry_id", str_of(m->entry));
    jval_put_int(v, "call_direction", m->w->kind == TRY_CALL_OUTGOING ? 2 : 1);
    jval_put(v, "from", from);
    jval_put(v, "to", to);
    put_line(m, v, "line_number");
    put_tracking(m, v);
    jval_put_int(v, "create_time", second_at(m, 0));
    jval_put_int(v, "forward_time", second_at(m, 0));
    jval_put_int(v, "talk_time", talks_ms ? second_at(m, talks_ms) : 0);
    jval_put_int(v, "end_time", second_at(m, ENDS_MS));
    jval_put_int(v, "entry_result", talks_ms ? 1 : 0);
    jval_put_int(v, "disconnect_reason", reason);
    add(m, ENDS_MS, "summary", v);
}

static void add_menu(struct making *m, int64_t leaves_ms, int reason)
{
    add_leg(m, 0, &(struct leg){0, 1, "Appeared", "ivr", client(m), menu(m), 0});
    add_leg(m, leaves_ms, &(struct leg){0, 2, "Disconnected", "ivr", client(m), menu(m), reason});
}

static void make_menu(struct making *m)
{
    add_menu(m, ENDS_MS, CALLER_HUNG_UP);
    add_summary(m, 0, client(m), jval_new_object(), SCHEME_ENDED);
}

static void make_incoming(struct making *m, bool answered)
{
    int seq = 1;
    add_menu(m, RINGS_MS, LEFT_MENU);
    add_leg(m, RINGS_MS,
            &(struct leg){1, seq++, "Appeared", "abonent", taken_from_menu(m), rung_phone(m), 0});
    if (answered)
        add_leg(
            m, IN_TALKS_MS,
            &(struct leg){1, seq++, "Connected", "abonent", taken_from_menu(m), rung_phone(m), 0});
    add_leg(m, ENDS_MS,
            &(struct leg){1, seq, "Disconnected", "abonent", taken_from_menu(m), rung_phone(m),
                          CALLER_HUNG_UP});
    add_summary(m, answered ? IN_TALKS_MS : 0, client(m), phone(m), CALLER_HUNG_UP);
}

static void make_outgoing(struct making *m)
{
    add_leg(m, 0, &(struct leg){1, 1, "Appeared", "abonent", phone(m), client(m), 0});
    add_leg(m, OUT_TALKS_MS, &(struct leg){1, 2, "Connected", "abonent", phone(m), client(m), 0});
    add_leg(m, ENDS_MS,
            &(struct leg){1, 3, "Disconnected", "abonent", phone(m), client(m), CALLEE_HUNG_UP});
    add_summary(m, OUT_TALKS_MS, phone(m), client(m), CALLEE_HUNG_UP);
}

void try_call_entry(const uint8_t random[TRY_CALL_RANDOM], char out[TRY_CALL_ENTRY])
{
    memcpy(out, EVENT_TEST_ENTRY, 5);
    text_hex(random, TRY_CALL_RANDOM, out + 5);
}

void try_call_make(const struct try_call_wish *w, const char *entry, int64_t begins,
                   struct try_call *out)
{
    struct making m = {w, out, entry, begins};
    out->n = 0;
    if (w->kind == TRY_CALL_MENU)
        make_menu(&m);
    else if (w->kind == TRY_CALL_OUTGOING)
        make_outgoing(&m);
    else
        make_incoming(&m, w->kind == TRY_CALL_ANSWERED);
}

void try_call_done(struct try_call *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->events[i].json);
    c->n = 0;
}

/*
 * Reads a notification field by field into a struct; the first field that cannot be read ends it.
 */
#include "common/mango/call_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"

/* Numbers, lines and the like: a `sip:` address fits, a megabyte does not. */
#define TEXT_MAX 128
#define TIME_MAX INT64_C(253402300799) /* the year 9999 */
#define RESULT "result/"               /* a kind begins with, then the command */

/* What the readers share: the struct that is filled and the first error. */
struct reader {
    struct call_event *ev;
    struct error *e;
    bool failed;
};

static void fail(struct reader *r, const char *field, const char *what)
{
    r->failed = true;
    (void)error_set(r->e, ERR_INPUT, "%s %s", field, what);
}

/* An integer as the text that an identifier is kept as. */
static struct str number_text(struct reader *r, int64_t n)
{
    char *text = r->ev->texts[r->ev->ntexts++];
    int len = snprintf(text, CALL_EVENT_NUMBER, "%" PRId64, n);
    return (struct str){text, (size_t)len};
}

static void read_text(struct reader *r, const struct jval *object, const char *key,
                      const char *field, struct str *out)
{
    const struct jval *v = jval_get(object, key);
    int64_t n;
    if (r->failed || v == NULL || jval_type(v) == JVAL_NULL)
        return;
    if (jval_int(v, &n))
        *out = number_text(r, n);
    else if (!jval_text(v, out))
        fail(r, field, "is neither text nor a number");
    if (out->len > TEXT_MAX)
        fail(r, field, "is too long");
}

static void read_int(struct reader *r, const struct jval *object, const char *key, int64_t max,
                     int64_t *out)
{
    const struct jval *v = jval_get(object, key);
    struct str text;
    if (r->failed || v == NULL || jval_type(v) == JVAL_NULL || (jval_text(v, &text) && !text.len))
        return;
    if (!jval_int_loose(v, 0, max, out))
        fail(r, key, "is no number in its range");
}

/* A member that must be an object if it is there; empty arrays are PHP's way to write {}. */
static const struct jval *read_object(struct reader *r, const char *key)
{
    const struct jval *v = jval_get(r->ev->json, key);
    if (v == NULL || jval_type(v) == JVAL_NULL || (jval_type(v) == JVAL_ARRAY && !jval_size(v)))
        return NULL;
    if (jval_type(v) != JVAL_OBJECT && !r->failed)
        fail(r, key, "is no object");
    return v;
}

static void read_identity(struct reader *r, const char *key, bool required, struct str *out)
{
    read_text(r, r->ev->json, key, key, out);
    if (!r->failed && out->len > LIMIT_ENTRY_ID)
        fail(r, key, "is over 128 bytes");
    if (!r->failed && required && out->len == 0)
        fail(r, key, "is missing");
}

static void read_dct(struct reader *r)
{
    const struct jval *dct = read_object(r, "dct");
    read_int(r, dct, "type", INT32_MAX, &r->ev->dct_type);
    read_text(r, dct, "number", "dct.number", &r->ev->dct_number);
}

static void read_parties(struct reader *r)
{
    const struct jval *from = read_object(r, "from"), *to = read_object(r, "to");
    struct call_event *ev = r->ev;
    read_text(r, from, "extension", "from.extension", &ev->from.extension);
    read_text(r, from, "number", "from.number", &ev->from.number);
    read_text(r, from, "taken_from_call_id", "from.taken_from_call_id", &ev->from.taken_from);
    read_text(r, to, "extension", "to.extension", &ev->to.extension);
    read_text(r, to, "number", "to.number", &ev->to.number);
    read_text(r, to, "line_number", "to.line_number", &ev->line_number);
    read_text(r, to, "acd_group", "to.acd_group", &ev->acd_group);
}

/* The index of a word among those known; 0, which is "", if it is absent. */
static size_t read_word(struct reader *r, const char *key, const char *const *names, size_t n)
{
    struct str word = STR_NONE;
    read_text(r, r->ev->json, key, key, &word);
    for (size_t i = 0; i < n; i++) {
        if (str_is(word, names[i]))
            return i;
    }
    if (!r->failed)
        fail(r, key, "is unknown");
    return 0;
}

static void read_state(struct reader *r)
{
    static const char *const names[] = {"", "Appeared", "Connected", "OnHold", "Disconnected"};
    size_t i = read_word(r, "call_state", names, sizeof(names) / sizeof(*names));
    if (i > 0)
        r->ev->state = (enum call_event_state)(i - 1);
    else if (!r->failed)
        fail(r, "call_state", "is missing");
}

/* The documentation's own examples misspell the field (mango-api.md section 2). */
static void read_location(struct reader *r)
{
    static const char *const names[] = {"", "ivr", "queue", "abonent"};
    struct str name = STR_NONE;
    read_text(r, r->ev->json, "location", "location", &name);
    if (name.len == 0)
        read_text(r, r->ev->json, "locaton", "locaton", &name);
    for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++) {
        if (str_is(name, names[i]))
            r->ev->location = (enum call_event_location)i;
    }
}

static void read_leg(struct reader *r)
{
    struct call_event *ev = r->ev;
    read_identity(r, "call_id", true, &ev->call_id);
    read_state(r);
    read_location(r);
    read_int(r, ev->json, "timestamp", TIME_MAX, &ev->timestamp);
    read_int(r, ev->json, "seq", INT32_MAX, &ev->seq);
    read_parties(r);
    read_text(r, ev->json, "command_id", "command_id", &ev->command_id);
    read_text(r, ev->json, "callback_initiator", "callback_initiator", &ev->callback_initiator);
    read_text(r, ev->json, "task_id", "task_id", &ev->task_id);
    read_text(r, ev->json, "transfer", "transfer", &ev->transfer);
    read_int(r, ev->json, "disconnect_reason", INT32_MAX, &ev->disconnect_reason);
    read_dct(r);
}

static void read_summary(struct reader *r)
{
    struct call_event *ev = r->ev;
    int64_t direction = CALL_EVENT_UNTOLD;
    read_int(r, ev->json, "call_direction", CALL_EVENT_OUTGOING, &direction);
    ev->direction = (enum call_event_direction)direction;
    read_parties(r);
    if (ev->line_number.len == 0)
        read_text(r, ev->json, "line_number", "line_number", &ev->line_number);
    read_int(r, ev->json, "create_time", TIME_MAX, &ev->create_time);
    read_int(r, ev->json, "forward_time", TIME_MAX, &ev->forward_time);
    read_int(r, ev->json, "talk_time", TIME_MAX, &ev->talk_time);
    read_int(r, ev->json, "end_time", TIME_MAX, &ev->end_time);
    read_int(r, ev->json, "disconnect_reason", INT32_MAX, &ev->disconnect_reason);
    read_dct(r);
    ev->timestamp = ev->create_time;
}

static void read_recording_state(struct reader *r)
{
    static const char *const names[] = {"", "Started", "Continued", "Completed"};
    r->ev->recording_state = (enum call_event_recording)read_word(r, "recording_state", names,
                                                                  sizeof(names) / sizeof(*names));
}

static void read_recording(struct reader *r)
{
    struct call_event *ev = r->ev;
    read_identity(r, "recording_id", true, &ev->recording_id);
    read_identity(r, "call_id", false, &ev->call_id);
    read_int(r, ev->json, "timestamp", TIME_MAX, &ev->timestamp);
    read_int(r, ev->json, "seq", INT32_MAX, &ev->seq);
    if (ev->kind == CALL_EVENT_RECORD_ADDED)
        return;
    read_recording_state(r);
    read_int(r, ev->json, "completion_code", INT32_MAX, &ev->completion_code);
    read_text(r, ev->json, "recipient", "recipient", &ev->recipient);
}

static void read_dtmf(struct reader *r)
{
    struct call_event *ev = r->ev;
    read_identity(r, "call_id", false, &ev->call_id);
    read_text(r, ev->json, "dtmf", "dtmf", &ev->dtmf);
    read_int(r, ev->json, "timestamp", TIME_MAX, &ev->timestamp);
    read_int(r, ev->json, "seq", INT32_MAX, &ev->seq);
}

/* Our command_id is entry_id~nonce (design.md 6.5): whose it is not, that result says nothing to us. */
static void read_result(struct reader *r, struct str kind)
{
    struct call_event *ev = r->ev;
    read_identity(r, "command_id", false, &ev->command_id);
    long tilde = str_rfind(ev->command_id, '~');
    if (r->failed)
        return;
    if (tilde <= 0) {
        ev->kind = CALL_EVENT_OTHER;
        return;
    }
    ev->entry_id = (struct str){ev->command_id.ptr, (size_t)tilde};
    ev->command = str_from(kind, sizeof RESULT - 1);
    if (jval_get(ev->json, "result") == NULL)
        fail(r, "result", "is missing");
    read_int(r, ev->json, "result", INT32_MAX, &ev->result);
}

enum call_event_kind call_event_kind_of(struct str kind)
{
    static const char *const names[] = {"call", "summary", "recording", "record/added", "dtmf"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (str_is(kind, names[i]))
            return (enum call_event_kind)i;
    }
    return str_starts(kind, STR(RESULT)) ? CALL_EVENT_RESULT : CALL_EVENT_OTHER;
}

static void read_event(struct reader *r, struct str kind)
{
    struct call_event *ev = r->ev;
    if (jval_type(ev->json) != JVAL_OBJECT)
        fail(r, "the notification", "is no object");
    if (ev->kind != CALL_EVENT_RESULT)
        read_identity(r, "entry_id", true, &ev->entry_id);
    switch (ev->kind) {
    case CALL_EVENT_LEG:
        read_leg(r);
        break;
    case CALL_EVENT_SUMMARY:
        read_summary(r);
        break;
    case CALL_EVENT_RECORDING:
    case CALL_EVENT_RECORD_ADDED:
        read_recording(r);
        break;
    case CALL_EVENT_DTMF:
        read_dtmf(r);
        break;
    case CALL_EVENT_RESULT:
        read_result(r, kind);
        break;
    case CALL_EVENT_OTHER:
        break;
    }
}

enum err call_event_parse(struct str kind, struct str json, struct call_event *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    out->kind = call_event_kind_of(kind);
    out->direction = CALL_EVENT_UNTOLD;
    if (out->kind == CALL_EVENT_OTHER)
        return ERR_OK;
    enum err err = jval_parse_lenient(json, &out->json, e);
    if (err != ERR_OK)
        return err;
    struct reader r = {out, e, false};
    read_event(&r, kind);
    if (!r.failed)
        return ERR_OK;
    call_event_done(out);
    return ERR_INPUT;
}

void call_event_done(struct call_event *ev)
{
    jval_free(ev->json);
    ev->json = NULL;
}

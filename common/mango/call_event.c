/*
 * Reads a notification field by field into a struct; the first field that cannot be read ends it.
 */
#include "common/mango/call_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"

/* Numbers, lines and the like: a `sip:` address fits, a megabyte does not. */
#define TEXT_MAX LIMIT_ENTRY_ID
/* Years 2000 to 9999 in unix seconds: a counter is no time, and seconds are not milliseconds. */
#define TIME_MIN INT64_C(946684800)
#define TIME_MAX INT64_C(253402300799)
#define DAY_S 86400
#define RESULT "result/" /* a kind begins with, then the command */

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

static const struct jflat_value *root(const struct reader *r)
{
    return jflat_root(&r->ev->json);
}

/* `field` is the way to a member of `object`: "from.extension". */
static const struct jflat_value *member(const struct reader *r, const struct jflat_value *object,
                                        const char *field)
{
    const char *dot = strchr(field, '.');
    return jflat_get(&r->ev->json, object, dot ? dot + 1 : field);
}

static void read_text(struct reader *r, const struct jflat_value *object, const char *field,
                      struct str *out)
{
    const struct jflat_value *v = member(r, object, field);
    int64_t n;
    if (r->failed || v == NULL || jflat_type(v) == JVAL_NULL)
        return;
    if (jflat_int(v, &n) && n < 0)
        fail(r, field, "is negative");
    else if (jflat_int(v, &n))
        *out = number_text(r, n);
    else if (!jflat_text(v, out))
        fail(r, field, "is neither text nor a number");
    if (out->len > TEXT_MAX)
        fail(r, field, "is over 128 bytes");
}

/* Extensions, groups, tasks: 0 is how some write that there is none. */
static void read_id(struct reader *r, const struct jflat_value *object, const char *field,
                    struct str *out)
{
    read_text(r, object, field, out);
    if (str_is(*out, "0"))
        *out = STR_NONE;
}

static bool is_absent(const struct jflat_value *v)
{
    struct str text;
    return v == NULL || jflat_type(v) == JVAL_NULL || (jflat_text(v, &text) && text.len == 0);
}

static void read_int(struct reader *r, const struct jflat_value *object, const char *field,
                     int64_t max, int64_t *out)
{
    const struct jflat_value *v = member(r, object, field);
    if (!r->failed && !is_absent(v) && !jflat_int_loose(v, 0, max, out))
        fail(r, field, "is no number in its range");
}

static void read_time(struct reader *r, const char *key, int64_t *out)
{
    const struct jflat_value *v = jflat_get(&r->ev->json, root(r), key);
    if (r->failed || is_absent(v))
        return;
    if (!jflat_int_loose(v, 0, TIME_MAX, out) || (*out > 0 && *out < TIME_MIN))
        fail(r, key, "is no time in unix seconds");
}

/* A member that must be an object if it is there; an empty array or text is PHP's way to write {}. */
static const struct jflat_value *read_object(struct reader *r, const char *key)
{
    const struct jflat_value *v = jflat_get(&r->ev->json, root(r), key);
    if (is_absent(v) || (jflat_type(v) == JVAL_ARRAY && jflat_empty(v)))
        return NULL;
    if (jflat_type(v) != JVAL_OBJECT && !r->failed)
        fail(r, key, "is no object");
    return v;
}

static void read_identity(struct reader *r, const char *key, bool required, struct str *out)
{
    read_text(r, root(r), key, out);
    if (!r->failed && required && out->len == 0)
        fail(r, key, "is missing");
}

static void read_dct(struct reader *r)
{
    const struct jflat_value *dct = read_object(r, "dct");
    read_int(r, dct, "dct.type", INT32_MAX, &r->ev->dct_type);
    read_text(r, dct, "dct.number", &r->ev->dct_number);
}

static void read_parties(struct reader *r)
{
    const struct jflat_value *from = read_object(r, "from"), *to = read_object(r, "to");
    struct call_event *ev = r->ev;
    read_id(r, from, "from.extension", &ev->from.extension);
    read_text(r, from, "from.number", &ev->from.number);
    read_text(r, from, "from.taken_from_call_id", &ev->from.taken_from);
    read_id(r, to, "to.extension", &ev->to.extension);
    read_text(r, to, "to.number", &ev->to.number);
    read_text(r, to, "to.line_number", &ev->line_number);
    read_id(r, to, "to.acd_group", &ev->acd_group);
}

/* The index of a word among those known; 0, which is "", if it is absent. */
static size_t read_word(struct reader *r, const char *key, const char *const *names, size_t n)
{
    struct str word = STR_NONE;
    read_text(r, root(r), key, &word);
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
    read_text(r, root(r), "location", &name);
    if (name.len == 0)
        read_text(r, root(r), "locaton", &name);
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
    read_time(r, "timestamp", &ev->timestamp);
    read_int(r, root(r), "seq", INT32_MAX, &ev->seq);
    read_parties(r);
    read_text(r, root(r), "command_id", &ev->command_id);
    read_text(r, root(r), "callback_initiator", &ev->callback_initiator);
    read_id(r, root(r), "task_id", &ev->task_id);
    read_int(r, root(r), "disconnect_reason", INT32_MAX, &ev->disconnect_reason);
    read_dct(r);
}

static void read_summary(struct reader *r)
{
    struct call_event *ev = r->ev;
    int64_t direction = CALL_EVENT_UNTOLD;
    read_int(r, root(r), "call_direction", CALL_EVENT_OUTGOING, &direction);
    ev->direction = (enum call_event_direction)direction;
    read_parties(r);
    if (ev->line_number.len == 0)
        read_text(r, root(r), "line_number", &ev->line_number);
    read_time(r, "create_time", &ev->create_time);
    read_time(r, "forward_time", &ev->forward_time);
    read_time(r, "talk_time", &ev->talk_time);
    read_time(r, "end_time", &ev->end_time);
    read_int(r, root(r), "disconnect_reason", INT32_MAX, &ev->disconnect_reason);
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
    read_time(r, "timestamp", &ev->timestamp);
    if (ev->kind == CALL_EVENT_RECORD_ADDED)
        return;
    read_recording_state(r);
    read_int(r, root(r), "completion_code", INT32_MAX, &ev->completion_code);
    read_text(r, root(r), "recipient", &ev->recipient);
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
    if (is_absent(jflat_get(&r->ev->json, root(r), "result")))
        fail(r, "result", "is missing");
    read_int(r, root(r), "result", INT32_MAX, &ev->result);
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
    if (jflat_type(root(r)) != JVAL_OBJECT)
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
        read_time(r, "timestamp", &ev->timestamp);
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
    memset(out, 0, offsetof(struct call_event, json));
    out->json.list = NULL;
    out->json.tree = NULL;
    out->kind = call_event_kind_of(kind);
    out->direction = CALL_EVENT_UNTOLD;
    if (out->kind == CALL_EVENT_OTHER)
        return ERR_OK;
    enum err err = jflat_parse(json, &out->json, e);
    if (err != ERR_OK)
        return err;
    struct reader r = {out, e, false};
    read_event(&r, kind);
    if (!r.failed)
        return ERR_OK;
    call_event_done(out);
    return ERR_INPUT;
}

enum err call_event_check_times(const struct call_event *ev, int64_t received_at, struct error *e)
{
    const struct {
        const char *field;
        int64_t at;
    } times[] = {{"timestamp", ev->kind == CALL_EVENT_SUMMARY ? 0 : ev->timestamp},
                 {"create_time", ev->create_time},
                 {"forward_time", ev->forward_time},
                 {"talk_time", ev->talk_time},
                 {"end_time", ev->end_time}};
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        if (times[i].at > received_at / 1000 + DAY_S)
            return error_set(e, ERR_INPUT, "%s is over a day after the notification came",
                             times[i].field);
    }
    return ERR_OK;
}

void call_event_done(struct call_event *ev)
{
    jflat_done(&ev->json);
}

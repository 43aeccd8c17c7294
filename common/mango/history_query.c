/*
 * The history's two requests, and its lines field by field.
 */
#include "common/mango/history_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

/* Years 2000 to 9999. */
#define TIME_MIN INT64_C(946684800)
#define TIME_MAX INT64_C(253402300799)
#define TEXT_MAX LIMIT_ENTRY_ID /* as call_event reads them */
#define JSON_MAX 1024
#define ROOM_FIRST 256 /* legs */

/* The fields, in the order they are asked for and come in. */
enum field {
    RECORDS,
    START,
    FINISH,
    ANSWER,
    FROM_EXTENSION,
    FROM_NUMBER,
    TO_EXTENSION,
    TO_NUMBER,
    DISCONNECT_REASON,
    LINE_NUMBER,
    LOCATION,
    CREATE,
    ENTRY_ID,
    FIELDS
};

#define FIELD_NAMES                                                                  \
    "records,start,finish,answer,from_extension,from_number,to_extension,to_number," \
    "disconnect_reason,line_number,location,create,entry_id"

/* ---- requests ---- */

static char *finish(struct buf *b)
{
    char *text = buf_take(b);
    buf_done(b);
    return text;
}

char *history_query_request(int64_t from, int64_t to)
{
    struct buf b = BUF_INIT(JSON_MAX);
    if (from < TIME_MIN || to > TIME_MAX || from >= to || to - from > HISTORY_QUERY_LONGEST_S)
        return NULL;
    jout_open(&b);
    jout_int(&b, "date_from", from);
    jout_int(&b, "date_to", to);
    jout_text(&b, "fields", STR(FIELD_NAMES));
    jout_close(&b);
    return finish(&b);
}

char *history_query_result(struct str key)
{
    struct buf b = BUF_INIT(JSON_MAX * 2);
    if (key.len == 0 || key.len > HISTORY_QUERY_KEY || !text_is_utf8(key))
        return NULL;
    jout_open(&b);
    jout_text(&b, "key", key);
    jout_close(&b);
    return finish(&b);
}

bool history_query_key(const struct jval *answer, char *out)
{
    const struct jval *v = jval_get(answer, "key");
    struct str text;
    int64_t n;
    out[0] = '\0';
    if (jval_int(v, &n) && n >= 0) {
        snprintf(out, HISTORY_QUERY_KEY + 1, "%" PRId64, n);
    } else if (jval_text(v, &text) && text.len <= HISTORY_QUERY_KEY &&
               !memchr(text.ptr, '\0', text.len)) {
        memcpy(out, text.ptr, text.len);
        out[text.len] = '\0';
    }
    return out[0] != '\0';
}

/* ---- the answer's meaning ---- */

static bool is_json(struct str body)
{
    return str_starts(str_trim(body), STR("{"));
}

static void refused(int status, struct str body, struct history_query_answer *out)
{
    struct mango_answer a;
    mango_answer_read(status, body, false, &a);
    out->state = HISTORY_QUERY_REFUSED;
    out->kind = a.kind == MANGO_DONE ? MANGO_TEMPORARY : a.kind;
    snprintf(out->text, sizeof out->text, "%s",
             a.kind == MANGO_DONE ? "an answer of another shape than documented" : a.text);
    mango_answer_done(&a);
}

/* 404 is MANGO's word for a key that it does not know; with a code of its own it is a refusal. */
static bool is_unknown(int status, struct str body)
{
    struct mango_answer a;
    if (status != 404)
        return false;
    mango_answer_read(status, body, false, &a);
    bool unknown = a.code == 0 || (a.kind != MANGO_INVALID && a.kind != MANGO_LIMITED);
    mango_answer_done(&a);
    return unknown;
}

void history_query_state(int status, struct str body, bool too_large,
                         struct history_query_answer *out)
{
    *out = (struct history_query_answer){.state = HISTORY_QUERY_READY, .kind = MANGO_DONE};
    if (status == 204)
        out->state = HISTORY_QUERY_NOT_YET;
    else if (status == 200 && too_large)
        out->state = HISTORY_QUERY_TOO_LARGE;
    else if (is_unknown(status, body))
        out->state = HISTORY_QUERY_UNKNOWN;
    else if (status != 200 || is_json(body))
        refused(status, body, out);
}

/* ---- lines ---- */

/* The field up to the next ';'. */
static struct str cut(struct str *line)
{
    long at = str_find(*line, ';');
    struct str field = at < 0 ? *line : (struct str){line->ptr, (size_t)at};
    *line = at < 0 ? STR_NONE : str_from(*line, field.len + 1);
    return field;
}

/* What stands behind a `sip:` address may be its parameter: "transport=udp", "lr". No field that may stand there looks
 * like one. */
static bool is_parameter(struct str rest)
{
    struct str next = cut(&rest);
    return str_find(next, '=') >= 0 || str_is(next, "lr");
}

static struct str cut_address(struct str *line)
{
    struct str field = cut(line);
    while (str_starts(field, STR("sip:")) && is_parameter(*line))
        field.len += 1 + cut(line).len;
    return field;
}

static bool is_address(enum field f)
{
    return f == FROM_NUMBER || f == TO_NUMBER || f == LINE_NUMBER;
}

/* False: it has not as many fields as asked for. */
static bool split(struct str line, struct str fields[FIELDS])
{
    size_t n = 0;
    for (struct str rest = line; n < FIELDS; n++) {
        bool last = n == FIELDS - 1;
        bool more = rest.len > 0 || last;
        if (!more)
            return false;
        fields[n] = str_trim(is_address((enum field)n) ? cut_address(&rest) : cut(&rest));
        if (last)
            return rest.len == 0;
    }
    return false;
}

static bool read_number(struct str field, int64_t max, int64_t *out)
{
    *out = 0;
    return field.len == 0 || num_parse(field, 0, max, out);
}

static bool read_time(struct str field, int64_t *out)
{
    return read_number(field, TIME_MAX, out) && (*out == 0 || *out >= TIME_MIN);
}

/* 0 is how some write that there is none. */
static bool read_text(struct str field, struct str *out)
{
    *out = field;
    return field.len <= TEXT_MAX;
}

static bool read_extension(struct str field, struct str *out)
{
    *out = str_is(field, "0") ? STR_NONE : field;
    return field.len <= TEXT_MAX;
}

static enum call_event_location location_of(struct str word)
{
    if (str_is(word, "ivr"))
        return CALL_EVENT_IVR;
    if (str_is(word, "queue"))
        return CALL_EVENT_QUEUE;
    return str_is(word, "abonent") ? CALL_EVENT_ABONENT : CALL_EVENT_NOWHERE;
}

/* "[a,b]" without its brackets. */
static bool read_records(struct str field, struct str *out)
{
    *out = STR_NONE;
    if (field.len == 0)
        return true;
    if (field.len < 2 || field.ptr[0] != '[' || field.ptr[field.len - 1] != ']')
        return false;
    *out = (struct str){field.ptr + 1, field.len - 2};
    return true;
}

/* The times as they must be to one another: MANGO's seconds are rounded, and a leg may have no start of its own. */
static bool settle_times(struct history_query_leg *leg)
{
    if (leg->start == 0)
        leg->start = leg->create ? leg->create : leg->answer ? leg->answer : leg->finish;
    if (leg->finish && leg->finish < leg->start)
        leg->finish = leg->start;
    if (leg->answer && leg->answer < leg->start)
        leg->answer = leg->start;
    if (leg->finish && leg->answer > leg->finish)
        leg->answer = leg->finish;
    return leg->start > 0;
}

static bool read_leg(struct str line, struct history_query_leg *leg)
{
    struct str f[FIELDS];
    *leg = (struct history_query_leg){.start = 0};
    if (!split(line, f))
        return false;
    leg->entry_id = f[ENTRY_ID];
    leg->location = location_of(f[LOCATION]);
    return leg->entry_id.len > 0 && leg->entry_id.len <= LIMIT_ENTRY_ID &&
           text_is_utf8(leg->entry_id) && read_records(f[RECORDS], &leg->records) &&
           read_time(f[START], &leg->start) && read_time(f[FINISH], &leg->finish) &&
           read_time(f[ANSWER], &leg->answer) && read_time(f[CREATE], &leg->create) &&
           read_extension(f[FROM_EXTENSION], &leg->from_extension) &&
           read_text(f[FROM_NUMBER], &leg->from_number) &&
           read_extension(f[TO_EXTENSION], &leg->to_extension) &&
           read_text(f[TO_NUMBER], &leg->to_number) &&
           read_text(f[LINE_NUMBER], &leg->line_number) &&
           read_number(f[DISCONNECT_REASON], INT32_MAX, &leg->disconnect_reason) &&
           settle_times(leg);
}

/* The next line without its end; false: there is none. */
static bool next_line(struct str *rest, struct str *line)
{
    if (rest->len == 0)
        return false;
    long at = str_find(*rest, '\n');
    *line = at < 0 ? *rest : (struct str){rest->ptr, (size_t)at};
    *rest = at < 0 ? STR_NONE : str_from(*rest, line->len + 1);
    return true;
}

static bool make_room(struct history_query_legs *out, size_t *room)
{
    if (out->count < *room)
        return true;
    size_t more = *room ? *room * 2 : ROOM_FIRST;
    struct history_query_leg *all = mem_try_resize(out->all, more, sizeof *all);
    if (!all)
        return false;
    out->all = all;
    *room = more;
    return true;
}

static void unreadable(struct history_query_legs *out, size_t number)
{
    if (out->unreadable++ == 0)
        out->first_unreadable = number;
}

enum err history_query_read(struct str csv, struct history_query_legs *out, struct error *e)
{
    struct str rest = csv, line;
    size_t room = 0, number = 0;
    *out = (struct history_query_legs){.count = 0};
    while (next_line(&rest, &line)) {
        number++;
        if (str_trim(line).len == 0)
            continue;
        if (!make_room(out, &room)) {
            history_query_done(out);
            return error_set(e, ERR_INTERNAL, "no memory for the call history");
        }
        if (read_leg(line, &out->all[out->count]))
            out->count++;
        else
            unreadable(out, number);
    }
    if (out->count || !out->unreadable)
        return ERR_OK;
    history_query_done(out);
    return error_set(e, ERR_INPUT, "the call history is of another shape than documented");
}

void history_query_done(struct history_query_legs *legs)
{
    free(legs->all);
    *legs = (struct history_query_legs){.count = 0};
}

bool history_query_record(struct str *records, struct str *id)
{
    while (records->len) {
        long at = str_find(*records, ',');
        *id = str_trim(at < 0 ? *records : (struct str){records->ptr, (size_t)at});
        *records = at < 0 ? STR_NONE : str_from(*records, (size_t)at + 1);
        if (id->len && id->len <= TEXT_MAX)
            return true;
    }
    return false;
}

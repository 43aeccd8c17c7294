/*
 * Reads the headers that worker calls (output.c) and worker crm (record.c) write. Pure.
 */
#include "common/dead/letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/phone.h"

#define PREFIX "__connect.errors."
#define FIRST_AT "x-first-at" /* kept from life to life */
#define NOTE "x-note"
#define NOTE_OF "x-of"
#define FORGOTTEN "forgotten"

void dead_id_write(struct dead_id id, char out[DEAD_ID_SIZE])
{
    (void)snprintf(out, DEAD_ID_SIZE, "%" PRId32 "/%" PRId64, id.partition, id.offset);
}

bool dead_id_parse(struct str text, struct dead_id *out)
{
    long slash = str_find(text, '/');
    int64_t partition, offset;
    if (slash < 0 ||
        !num_parse((struct str){text.ptr, (size_t)slash}, 0, LIMIT_PARTITIONS - 1, &partition) ||
        !num_parse(str_from(text, (size_t)slash + 1), 0, INT64_MAX - 1, &offset))
        return false;
    *out = (struct dead_id){(int32_t)partition, offset};
    return true;
}

static int64_t number_of(const struct kafka_message *m, const char *header, int64_t max)
{
    int64_t n;
    return num_parse(kafka_header_get(m, header), 0, max, &n) ? n : -1;
}

static enum kafka_topic topic_of(struct str name, struct str prefix)
{
    enum kafka_topic t = 0;
    if (!str_starts(name, prefix))
        return KAFKA_TOPICS;
    while (t < KAFKA_TOPICS && !str_is(str_from(name, prefix.len), kafka_topic_name(t)))
        t++;
    return t;
}

static bool is_job(enum kafka_topic t)
{
    return t == KAFKA_JOBS_NOW || t == KAFKA_JOBS || t == KAFKA_JOBS_BULK;
}

/* An event's key names its call; a job says it. */
static char *entry_of(const struct kafka_message *m, enum kafka_topic t, struct str rest)
{
    struct jval *job CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (!is_job(t))
        return mem_copy(str_is(rest, "-") ? STR_NONE : rest);
    if (jval_parse_lenient(m->value, &job, &ignored))
        return mem_copy(STR_NONE);
    return mem_copy(jval_get_text(job, "entry_id"));
}

static int64_t time_of(const struct kafka_message *m, const char *header, int64_t otherwise)
{
    int64_t at;
    return text_parse_time(kafka_header_get(m, header), &at) ? at : otherwise;
}

static char *clean(struct str text)
{
    struct buf b = BUF_INIT(LIMIT_ERROR_TEXT * 4);
    text_add_clean(&b, text_cut(text, LIMIT_ERROR_TEXT));
    char *out = mem_copy(buf_str(&b));
    buf_done(&b);
    return out;
}

enum dead_message dead_letter_read(const struct kafka_message *m, struct str prefix,
                                   struct dead_letter **letter, struct dead_id *noted)
{
    struct event_key key = {STR_NONE, STR_NONE};
    if (kafka_header_get(m, NOTE).len > 0) {
        if (!dead_id_parse(kafka_header_get(m, NOTE_OF), noted))
            *noted = (struct dead_id){-1, -1};
        return DEAD_NOTE;
    }
    struct dead_letter *l = mem_alloc(1, sizeof *l);
    (void)!event_key_split(m->key, &key, NULL);
    l->id = (struct dead_id){m->partition, m->offset};
    l->at = time_of(m, "x-at", m->timestamp);
    l->first_at = time_of(m, FIRST_AT, l->at);
    l->topic = topic_of(kafka_header_get(m, PREFIX "topic"), prefix);
    l->from.partition = (int32_t)number_of(m, PREFIX "partition", LIMIT_PARTITIONS - 1);
    l->from.offset = number_of(m, PREFIX "offset", INT64_MAX);
    l->account = clean(key.account);
    l->entry_id = entry_of(m, l->topic, key.rest);
    l->kind = clean(kafka_header_get(m, EVENT_KIND));
    l->reason = clean(kafka_header_get(m, PREFIX "exception.message"));
    l->fault = clean(kafka_header_get(m, PREFIX "exception.class.name"));
    int64_t status = number_of(m, "x-http-status", 999),
            tries = number_of(m, "x-attempts", 1 << 30);
    l->http_status = status > 0 ? (int)status : 0;
    l->tries = tries > 0 ? (int)tries : 0;
    l->cut = kafka_header_get(m, "x-cut-from-bytes").len > 0;
    *letter = l;
    return DEAD_LETTER;
}

void dead_letter_free(struct dead_letter *l)
{
    if (!l)
        return;
    free(l->account);
    free(l->entry_id);
    free(l->kind);
    free(l->reason);
    free(l->fault);
    free(l);
}

static void put_time(struct jval *row, const char *key, int64_t at)
{
    char text[TEXT_TIME_SIZE];
    text_time(at, text);
    jval_put_text(row, key, str_of(text));
}

static void put_or_null(struct jval *row, const char *key, struct str text)
{
    if (text.len)
        jval_put_text_clean(row, key, text);
    else
        jval_put(row, key, jval_new_null());
}

struct jval *dead_letter_row(const struct dead_letter *l, bool show)
{
    char id[DEAD_ID_SIZE], masked[LIMIT_ERROR_TEXT * 4];
    struct jval *row = jval_new_object();
    dead_id_write(l->id, id);
    phone_mask_in(str_of(l->reason), masked, sizeof masked);
    jval_put_text(row, "id", str_of(id));
    put_time(row, "at", l->at);
    jval_put_text(row, "account", str_of(l->account));
    put_or_null(row, "entry_id", str_of(l->entry_id));
    jval_put_text(row, "topic",
                  l->topic < KAFKA_TOPICS ? str_of(kafka_topic_name(l->topic)) : STR(""));
    jval_put_text(row, "kind", str_of(l->kind));
    jval_put_text_clean(row, "reason", show ? str_of(l->reason) : str_of(masked));
    jval_put_text(row, "fault", str_of(l->fault));
    jval_put(row, "http_status", l->http_status ? jval_new_int(l->http_status) : jval_new_null());
    jval_put_int(row, "tries", l->tries);
    put_time(row, "first_at", l->first_at);
    return row;
}

/* Headers of one life, which the next one does not need. */
static bool is_of_this_life(const char *name)
{
    static const char *const own[] = {
        "x-at", "x-attempts", "x-http-status", "x-cut-from-bytes", DEAD_SENT_AGAIN, FIRST_AT};
    if (str_starts(str_of(name), STR(PREFIX)))
        return true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

static void add_header(struct dead_record *r, const char *name, struct str value)
{
    r->headers[r->nheaders++] = (struct kafka_header){name, value};
}

/* Where it goes: *out's topic and partition. */
static enum err address(const struct dead_letter *l, const struct kafka_layout *layout,
                        struct dead_record *out, struct error *e)
{
    if (l->cut)
        return error_set(e, ERR_INPUT, "it was too large: only its beginning was kept");
    if ((!is_job(l->topic) && l->topic != KAFKA_EVENTS) || l->from.partition < 0)
        return error_set(e, ERR_INPUT, "it does not say which topic it came from");
    if (l->from.partition >= layout->partitions[l->topic])
        return error_set(e, ERR_INPUT, "its topic has no partition %" PRId32, l->from.partition);
    out->topic = l->topic;
    out->partition = l->from.partition;
    return ERR_OK;
}

enum err dead_letter_again(const struct kafka_message *m, struct str prefix,
                           const struct kafka_layout *layout, struct dead_record *out,
                           struct error *e)
{
    struct dead_letter *l = NULL;
    struct dead_id noted;
    *out = (struct dead_record){.key = m->key, .value = m->value, .tombstone = m->tombstone};
    if (dead_letter_read(m, prefix, &l, &noted) == DEAD_NOTE)
        return error_set(e, ERR_INPUT, "it is no dead letter");
    enum err err = address(l, layout, out, e);
    for (size_t i = 0; !err && i < m->nheaders && i < LIMIT_HEADERS; i++)
        if (!is_of_this_life(m->headers[i].name))
            add_header(out, m->headers[i].name, m->headers[i].value);
    dead_id_write(l->id, out->id);
    text_time(l->first_at, out->at);
    add_header(out, DEAD_SENT_AGAIN, str_of(out->id));
    add_header(out, FIRST_AT, str_of(out->at));
    dead_letter_free(l);
    return err;
}

static void note(struct dead_id id, struct str key, struct str what, struct str who, int64_t now,
                 struct dead_record *out)
{
    *out = (struct dead_record){
        .topic = KAFKA_DEAD, .partition = id.partition, .key = key, .tombstone = true};
    dead_id_write(id, out->id);
    text_time(now, out->at);
    add_header(out, NOTE, what);
    add_header(out, NOTE_OF, str_of(out->id));
    add_header(out, "x-at", str_of(out->at));
    add_header(out, "x-who", who);
}

void dead_letter_note(const struct kafka_message *m, struct str who, int64_t now,
                      struct dead_record *out)
{
    note((struct dead_id){m->partition, m->offset}, m->key, STR("sent-again"), who, now, out);
}

void dead_letter_note_forgotten(struct dead_id id, struct str key, struct str who, int64_t now,
                                struct dead_record *out)
{
    note(id, key, STR(FORGOTTEN), who, now, out);
}

bool dead_letter_note_forgets(const struct kafka_message *m)
{
    return str_is(kafka_header_get(m, NOTE), FORGOTTEN);
}

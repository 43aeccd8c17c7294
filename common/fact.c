/*
 * The codec of facts: keys and values. Knows nothing of who owns what. Pure; from any thread.
 */
#include "common/fact.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/jflat.h"
#include "common/jout.h"
#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define STATE "state/"

static const struct {
    const char *suffix;
    enum fact_type type;
} suffixes[] = {
    {"intent", FACT_INTENT},
    {"done", FACT_DONE},
    {"given-up", FACT_GIVEN_UP},
};

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

enum err fact_key_parse(struct str key, struct fact_key *out, struct error *e)
{
    struct event_key k;
    enum err err;
    long slash;

    if (str_is(key, FACT_MARK_KEY)) {
        *out = (struct fact_key){FACT_MARK, STR_NONE, STR_NONE};
        return ERR_OK;
    }
    if ((err = event_key_split(key, &k, e)))
        return err;
    if (str_starts(k.rest, STR(STATE)) && str_find(k.rest, ':') < 0) {
        *out = (struct fact_key){FACT_STATE, k.account, str_from(k.rest, strlen(STATE))};
        return out->name.len ? ERR_OK : error_set(e, ERR_INPUT, "key: a state without a name");
    }
    slash = str_rfind(k.rest, '/');
    for (size_t i = 0; slash > 0 && i < SUFFIXES; i++) {
        if (str_is(str_from(k.rest, (size_t)slash + 1), suffixes[i].suffix)) {
            *out = (struct fact_key){suffixes[i].type, k.account, {k.rest.ptr, (size_t)slash}};
            return ERR_OK;
        }
    }
    return error_set(e, ERR_INPUT, "key: none of a fact");
}

char *fact_key_make(enum fact_type type, struct str account, struct str name)
{
    if (type == FACT_MARK)
        return mem_copy(STR(FACT_MARK_KEY));
    if (type == FACT_STATE)
        return mem_format("%.*s/" STATE "%.*s", STR_ARG(account), STR_ARG(name));
    return mem_format("%.*s/%.*s/%s", STR_ARG(account), STR_ARG(name), suffixes[type].suffix);
}

/* writing */

static const char *object_word(enum job_kind kind)
{
    switch (kind) {
    case JOB_TASK:
    case JOB_TALKED:
    case JOB_ALERT:
        return "task";
    case JOB_CALL:
    case JOB_RECORD:
    case JOB_POPUP:
    case JOB_LINK:
        return "call";
    case JOB_FIELD:
        return "field";
    case JOB_TWIN:
        return "twin";
    default:
        return "client";
    }
}

static bool object_is_client(enum job_kind kind)
{
    return str_is(str_of(object_word(kind)), "client");
}

const char *fact_client(const struct fact *f)
{
    return object_is_client(f->kind) ? f->object : f->client;
}

static void put_true(struct buf *b, const char *key, bool value)
{
    if (!value)
        return;
    jout_key(b, key);
    buf_add_str(b, STR("true"));
}

/* With sorted keys, whoever wrote it. */
static void put_data(struct buf *b, const char *data)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    char *text;

    if (!data || jval_parse(str_of(data), &v, NULL) || jval_type(v) != JVAL_OBJECT)
        return;
    text = jval_dump(v, true);
    if (!text)
        mem_out();
    jout_key(b, "data");
    buf_add_str(b, str_of(text));
    free(text);
}

static void put_links(struct buf *b, const struct fact *f)
{
    if (f->nlinks == 0)
        return;
    jout_key(b, "links");
    for (size_t i = 0; i < f->nlinks; i++) {
        buf_add_char(b, i ? ',' : '[');
        jout_quoted(b, str_of(f->links[i]));
    }
    buf_add_char(b, ']');
}

static void put_object(struct buf *b, const char *word, enum fact_type type, const struct fact *f)
{
    if (type == FACT_DONE && str_is(str_of(object_word(f->kind)), word))
        jout_text_if(b, word, f->object);
}

/* In the order of bytes of their keys. */
static void write_members(struct buf *b, enum fact_type type, const struct fact *f)
{
    if (f->at)
        jout_int(b, "at", f->at);
    put_object(b, "call", type, f);
    put_object(b, "client", type, f);
    if (!object_is_client(f->kind))
        jout_text_if(b, "client", f->client);
    put_true(b, "company", f->company);
    put_data(b, f->data);
    jout_text_if(b, "entry", f->entry_id);
    put_object(b, "field", type, f);
    jout_text_if(b, "kind", job_kind_name(f->kind));
    put_links(b, f);
    if (type == FACT_DONE && f->object) {
        jout_key(b, "made");
        buf_add_str(b, f->made ? STR("true") : STR("false"));
    }
    if (type != FACT_INTENT)
        jout_text_if(b, "none", f->none);
    jout_text_if(b, "number", f->number);
    jout_text_if(b, "responsible", f->responsible);
    put_true(b, "summarized", f->summarized);
    put_object(b, "task", type, f);
    put_object(b, "twin", type, f);
    jout_int(b, "v", 1);
    jout_text_if(b, "verdict", job_verdict_name(f->verdict));
}

char *fact_encode(enum fact_type type, const struct fact *f)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    char *text;

    jout_open(&b);
    write_members(&b, type, f);
    jout_close(&b);
    text = buf_take(&b);
    if (!text)
        mem_out();
    return text;
}

/* reading: a struct that lends its texts is copied into one block */

#define TEXTS 7

static void texts_of(struct fact *f, char **texts[TEXTS])
{
    char **const all[TEXTS] = {&f->entry_id,    &f->number, &f->object, &f->client,
                               &f->responsible, &f->none,   &f->data};

    memcpy(texts, all, sizeof(all));
}

static size_t room_for(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Moves the text to *room, which goes on behind it. */
static void move_text(char **text, char **room)
{
    size_t n = room_for(*text);

    if (n == 0)
        return;
    memcpy(*room, *text, n);
    *text = *room;
    *room += n;
}

struct fact *fact_copy(const struct fact *f)
{
    struct fact lent = *f, *copy;
    char **texts[TEXTS], *room;
    size_t size = sizeof(*f) + f->nlinks * sizeof(char *);

    texts_of(&lent, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += room_for(*texts[i]);
    for (size_t i = 0; i < f->nlinks; i++)
        size += room_for(f->links[i]);
    copy = mem_try_alloc(1, size);
    if (!copy)
        return NULL;
    *copy = lent;
    copy->links = f->nlinks ? (char **)(void *)(copy + 1) : NULL;
    room = (char *)(copy + 1) + f->nlinks * sizeof(char *);
    texts_of(copy, texts);
    for (size_t i = 0; i < TEXTS; i++)
        move_text(texts[i], &room);
    for (size_t i = 0; i < f->nlinks; i++) {
        copy->links[i] = f->links[i];
        move_text(&copy->links[i], &room);
    }
    return copy;
}

/* The texts of plain JSON have no end of their own: they are copied into one buffer, terminated. */
struct reading {
    struct jflat flat;
    struct jval *tree; /* of what is not plain */
    struct fact fact;
    struct str texts[TEXTS - 1]; /* of the fact's, in the order of texts_of; data is none */
};

static const struct jflat_value *member(const struct reading *r, const char *key)
{
    return jflat_get(&r->flat, jflat_root(&r->flat), key);
}

static struct str text_of(const struct jflat_value *v)
{
    struct str text = STR_NONE;

    (void)jflat_text(v, &text);
    return text;
}

/* Absent and null have no bytes' address. */
static enum err read_text(const struct reading *r, const char *key, struct str *out,
                          struct error *e)
{
    const struct jflat_value *v = member(r, key);

    if (!v || jflat_type(v) == JVAL_NULL)
        return ERR_OK;
    if (!jflat_text(v, out))
        return error_set(e, ERR_INPUT, "%s: not a text", key);
    return ERR_OK;
}

static enum err read_flag(const struct reading *r, const char *key, bool *out, struct error *e)
{
    const struct jflat_value *v = member(r, key);

    if (v && !jflat_bool(v, out))
        return error_set(e, ERR_INPUT, "%s: neither true nor false", key);
    return ERR_OK;
}

static enum err read_plain(struct reading *r, struct error *e)
{
    struct fact *f = &r->fact;
    const struct jflat_value *at = member(r, "at");
    const struct jflat_value *verdict = member(r, "verdict");
    int64_t version;
    enum err err;

    if (jflat_type(jflat_root(&r->flat)) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "not an object");
    if (!jflat_int(member(r, "v"), &version) || version != 1)
        return error_set(e, ERR_INPUT, "v: not 1");
    if (!job_kind_parse(text_of(member(r, "kind")), &f->kind))
        return error_set(e, ERR_INPUT, "kind: none that we know");
    if (verdict && !job_verdict_parse(text_of(verdict), &f->verdict))
        return error_set(e, ERR_INPUT, "verdict: none that we know");
    if (at && (!jflat_int(at, &f->at) || f->at < 0))
        return error_set(e, ERR_INPUT, "at: not a time");
    if ((err = read_flag(r, "made", &f->made, e)) ||
        (err = read_flag(r, "company", &f->company, e)) ||
        (err = read_flag(r, "summarized", &f->summarized, e)))
        return err;
    return ERR_OK;
}

static enum err read_texts(struct reading *r, struct error *e)
{
    const char *const keys[TEXTS - 1] = {"entry",
                                         "number",
                                         object_word(r->fact.kind),
                                         object_is_client(r->fact.kind) ? NULL : "client",
                                         "responsible",
                                         "none"};
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < TEXTS - 1; i++)
        if (keys[i])
            err = read_text(r, keys[i], &r->texts[i], e);
    return err;
}

/* With sorted keys. */
static enum err read_data(struct reading *r, struct error *e)
{
    const struct jflat_value *data = member(r, "data");
    struct str source = jflat_source(data);
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    enum err err;

    if (data && jflat_type(data) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "data: not an object");
    if (!data)
        return ERR_OK;
    if (source.len && (err = jval_parse(source, &v, e)))
        return err;
    r->fact.data = jval_dump(v ? v : jval_get(r->tree, "data"), true);
    return r->fact.data ? ERR_OK : error_set(e, ERR_INTERNAL, "data: no memory");
}

static enum err read_links(struct reading *r, struct error *e)
{
    const struct jflat_value *links = member(r, "links");
    const struct jval *list = jval_get(r->tree, "links");
    struct fact *f = &r->fact;
    struct str text;

    if (links && jflat_type(links) != JVAL_ARRAY)
        return error_set(e, ERR_INPUT, "links: not a list");
    if (!links || jflat_empty(links))
        return ERR_OK;
    f->links = mem_try_alloc(jval_size(list), sizeof(char *));
    if (!f->links)
        return error_set(e, ERR_INTERNAL, "links: no memory");
    for (; f->nlinks < jval_size(list); f->nlinks++) {
        if (!jval_text(jval_at(list, f->nlinks), &text))
            return error_set(e, ERR_INPUT, "links: not a text");
        f->links[f->nlinks] = (char *)(uintptr_t)text.ptr;
    }
    return ERR_OK;
}

/* A list of links is not plain; and the quick reader gives the last of repeated keys, which here are an error. */
static enum err parse(struct str value, struct reading *r, struct error *e)
{
    enum err err = jflat_parse(value, &r->flat, e);

    if (err || (jflat_plain(&r->flat) && !jflat_repeats(&r->flat)))
        return err;
    err = jval_parse(value, &r->tree, e);
    if (err)
        jflat_done(&r->flat);
    return err;
}

static struct fact *terminated(struct reading *r)
{
    struct fact *copy = NULL;
    char **texts[TEXTS];
    size_t size = 0;

    for (size_t i = 0; i < TEXTS - 1; i++)
        size += r->texts[i].len + 1;
    char *block = mem_try_alloc(size, 1), *room = block;
    if (!block)
        return NULL;
    texts_of(&r->fact, texts);
    for (size_t i = 0; i < TEXTS - 1; i++) {
        if (!r->texts[i].ptr)
            continue;
        if (r->texts[i].len)
            memcpy(room, r->texts[i].ptr, r->texts[i].len);
        *texts[i] = room;
        room += r->texts[i].len + 1;
    }
    copy = fact_copy(&r->fact);
    free(block);
    return copy;
}

enum err fact_decode(struct str value, struct fact **out, struct error *e)
{
    struct reading r;
    enum err err;

    r.tree = NULL;
    if ((err = parse(value, &r, e)))
        return err;
    r.fact = (struct fact){0};
    memset(r.texts, 0, sizeof(r.texts));
    if (!(err = read_plain(&r, e)) && !(err = read_texts(&r, e)) && !(err = read_data(&r, e)) &&
        !(err = read_links(&r, e))) {
        *out = terminated(&r);
        if (!*out)
            err = error_set(e, ERR_INTERNAL, "fact: no memory");
    }
    free(r.fact.data);
    free(r.fact.links);
    jval_free(r.tree);
    jflat_done(&r.flat);
    return err;
}

static bool same_text(const char *a, const char *b)
{
    return str_eq(str_of(a), str_of(b));
}

bool fact_same(const struct fact *a, const struct fact *b)
{
    struct fact x = *a, y = *b;
    char **of_x[TEXTS], **of_y[TEXTS];

    texts_of(&x, of_x);
    texts_of(&y, of_y);
    for (size_t i = 0; i < TEXTS; i++)
        if (!same_text(*of_x[i], *of_y[i]))
            return false;
    if (a->nlinks != b->nlinks)
        return false;
    for (size_t i = 0; i < a->nlinks; i++)
        if (!same_text(a->links[i], b->links[i]))
            return false;
    return a->kind == b->kind && a->verdict == b->verdict && a->summarized == b->summarized &&
           a->made == b->made && a->company == b->company && a->at == b->at;
}

void fact_free(struct fact *f)
{
    free(f);
}

char *fact_mark_encode(const char *mark)
{
    struct jval *o = jval_new_object();

    jval_put_int(o, "v", 1);
    jval_put_text(o, "mark", str_of(mark));
    return jval_dump_free(o, true);
}

enum err fact_mark_decode(struct str value, char out[FACT_MARK_HEX + 1], struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    uint8_t bytes[FACT_MARK_HEX / 2];
    enum err err;

    if ((err = jval_parse(value, &v, e)) || (err = jval_check_version(v, e)))
        return err;
    if (!text_unhex(jval_get_text(v, "mark"), bytes, sizeof(bytes)))
        return error_set(e, ERR_INPUT, "mark: not %d hex digits", FACT_MARK_HEX);
    text_hex(bytes, sizeof(bytes), out);
    return ERR_OK;
}

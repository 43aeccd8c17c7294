/*
 * The codec of facts: keys and values. Knows nothing of who owns what. Pure; from any thread.
 */
#include "common/fact.h"

#include <stdlib.h>

#include "common/event.h"
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

static const char *object_word(enum job_kind kind)
{
    switch (kind) {
    case JOB_TASK:
    case JOB_TALKED:
        return "task";
    case JOB_CALL:
    case JOB_RECORD:
    case JOB_POPUP:
        return "call";
    default:
        return "client";
    }
}

static void put_if(struct jval *object, const char *key, const char *text)
{
    if (text)
        jval_put_text_clean(object, key, str_of(text));
}

char *fact_encode(enum fact_type type, const struct fact *f)
{
    struct jval *o = jval_new_object();

    jval_put_int(o, "v", 1);
    put_if(o, "kind", job_kind_name(f->kind));
    put_if(o, "entry", f->entry_id);
    put_if(o, "number", f->number);
    put_if(o, "responsible", f->responsible);
    if (type != FACT_INTENT)
        put_if(o, "none", f->none);
    if (type == FACT_DONE && f->object) {
        put_if(o, object_word(f->kind), f->object);
        jval_put_bool(o, "made", f->made);
    }
    if (type == FACT_DONE && f->data)
        jval_put(o, "data", jval_copy(f->data));
    return jval_dump_free(o, true);
}

static enum err read_rest(const struct jval *v, struct fact *f, struct error *e)
{
    const struct jval *made = jval_get(v, "made");
    const struct jval *data = jval_get(v, "data");

    if (!job_kind_parse(jval_get_text(v, "kind"), &f->kind))
        return error_set(e, ERR_INPUT, "kind: none that we know");
    if (made && !jval_bool(made, &f->made))
        return error_set(e, ERR_INPUT, "made: neither true nor false");
    if (!data)
        return ERR_OK;
    if (jval_type(data) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "data: not an object");
    f->data = jval_copy(data);
    return f->data ? ERR_OK : error_set(e, ERR_INTERNAL, "data: no memory");
}

static enum err read_value(const struct jval *v, struct fact *f, struct error *e)
{
    enum err err;

    if ((err = jval_check_version(v, e)) || (err = read_rest(v, f, e)) ||
        (err = jval_take_text(v, "entry", false, &f->entry_id, e)) ||
        (err = jval_take_text(v, "number", false, &f->number, e)) ||
        (err = jval_take_text(v, "responsible", false, &f->responsible, e)) ||
        (err = jval_take_text(v, "none", false, &f->none, e)) ||
        (err = jval_take_text(v, object_word(f->kind), false, &f->object, e)))
        return err;
    return ERR_OK;
}

enum err fact_decode(struct str value, struct fact **out, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct fact *f;
    enum err err;

    if ((err = jval_parse(value, &v, e)))
        return err;
    f = mem_try_alloc(1, sizeof(*f));
    if (!f)
        return error_set(e, ERR_INTERNAL, "fact: no memory");
    if ((err = read_value(v, f, e))) {
        fact_free(f);
        return err;
    }
    *out = f;
    return ERR_OK;
}

void fact_free(struct fact *f)
{
    if (!f)
        return;
    free(f->entry_id);
    free(f->number);
    free(f->object);
    free(f->responsible);
    free(f->none);
    jval_free(f->data);
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

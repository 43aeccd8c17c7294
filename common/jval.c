/*
 * The only door to jansson. A struct jval * is a json_t * under another name. One thread at a time per
 * value; pure.
 *
 * A container that failed carries a high bit in its reference count, so that the mark costs no
 * memory, which may be what is missing. Only roots carry it: put and append hand it on to the
 * container and take it off the value.
 */
#include "common/jval.h"

#include <jansson.h>
#include <stdlib.h>

#include "common/jout.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

#define FAILED ((size_t)1 << (8 * sizeof(size_t) - 2))
#define SHARED ((size_t)-1) /* jansson's count of true, false and null, which nobody may change */

/* jansson goes on without memory: a longer number, or a piece of its output, loses bytes and nobody
 * is told. So the allocator takes a note for the call that is running. */
static _Thread_local bool starved;

static void *allocate(size_t size)
{
    void *memory = mem_try_alloc(1, size);

    starved = starved || !memory;
    return memory;
}

void jval_start(void)
{
    json_set_alloc_funcs(allocate, free);
}

static json_t *js(const struct jval *v)
{
    union {
        const struct jval *in;
        json_t *out;
    } u = {v};

    return u.out;
}

static struct jval *jv(json_t *json)
{
    return (struct jval *)json;
}

/* jansson allows 2048 levels; we count brackets outside of text before it starts. */
static bool too_deep(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH)
            return true;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return false;
}

static enum err parse(struct str text, size_t flags, struct jval **out, struct error *e)
{
    json_error_t why;

    if (text.len > LIMIT_JSON_BYTES)
        return error_set(e, ERR_INPUT, "JSON is over %d bytes", LIMIT_JSON_BYTES);
    if (too_deep(text))
        return error_set(e, ERR_INPUT, "JSON is over %d levels deep", LIMIT_JSON_DEPTH);
    starved = false;
    *out = jv(json_loadb(text.ptr ? text.ptr : "", text.len, JSON_DECODE_ANY | flags, &why));
    /* the error is only filled in when there is one */
    if (starved || (!*out && json_error_code(&why) == json_error_out_of_memory)) {
        jval_free(*out);
        *out = NULL;
        return error_set(e, ERR_INTERNAL, "JSON: no memory");
    }
    if (*out)
        return ERR_OK;
    if (json_error_code(&why) == json_error_numeric_overflow)
        return error_set(e, ERR_INPUT, "JSON has a number that is out of range: line %d, column %d",
                         why.line, why.column);
    /* the text of jansson's message quotes the input, which may be a secret */
    return error_set(e, ERR_INPUT, "JSON is not valid: line %d, column %d", why.line, why.column);
}

enum err jval_parse(struct str text, struct jval **out, struct error *e)
{
    return parse(text, JSON_REJECT_DUPLICATES, out, e);
}

enum err jval_parse_lenient(struct str text, struct jval **out, struct error *e)
{
    return parse(text, 0, out, e);
}

bool jval_failed(const struct jval *v)
{
    return !v || (js(v)->refcount != SHARED && (js(v)->refcount & FAILED));
}

static void set_failed(struct jval *v)
{
    if (v && js(v)->refcount != SHARED)
        js(v)->refcount |= FAILED;
}

void jval_free(struct jval *v)
{
    if (!v)
        return;
    if (jval_failed(v))
        js(v)->refcount &= ~FAILED;
    json_decref(js(v));
}

void jval_cleanup(struct jval **v)
{
    jval_free(*v);
}

enum jval_type jval_type(const struct jval *v)
{
    if (!v)
        return JVAL_NONE;
    switch (json_typeof(js(v))) {
    case JSON_OBJECT:
        return JVAL_OBJECT;
    case JSON_ARRAY:
        return JVAL_ARRAY;
    case JSON_STRING:
        return JVAL_TEXT;
    case JSON_INTEGER:
        return JVAL_INT;
    case JSON_REAL:
        return JVAL_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JVAL_BOOL;
    default:
        return JVAL_NULL;
    }
}

const struct jval *jval_get(const struct jval *v, const char *key)
{
    return jv(json_object_get(js(v), key));
}

size_t jval_size(const struct jval *v)
{
    return jval_type(v) == JVAL_ARRAY ? json_array_size(js(v)) : json_object_size(js(v));
}

const struct jval *jval_at(const struct jval *v, size_t i)
{
    return jv(json_array_get(js(v), i));
}

bool jval_next(const struct jval *object, void **iter, struct str *key, const struct jval **value)
{
    *iter = *iter ? json_object_iter_next(js(object), *iter) : json_object_iter(js(object));
    if (!*iter)
        return false;
    *key = (struct str){json_object_iter_key(*iter), json_object_iter_key_len(*iter)};
    *value = jv(json_object_iter_value(*iter));
    return true;
}

bool jval_text(const struct jval *v, struct str *out)
{
    if (jval_type(v) != JVAL_TEXT)
        return false;
    *out = (struct str){json_string_value(js(v)), json_string_length(js(v))};
    return true;
}

bool jval_int(const struct jval *v, int64_t *out)
{
    if (jval_type(v) != JVAL_INT)
        return false;
    *out = json_integer_value(js(v));
    return true;
}

bool jval_real(const struct jval *v, double *out)
{
    if (jval_type(v) != JVAL_INT && jval_type(v) != JVAL_REAL)
        return false;
    *out = json_number_value(js(v));
    return true;
}

bool jval_bool(const struct jval *v, bool *out)
{
    if (jval_type(v) != JVAL_BOOL)
        return false;
    *out = json_is_true(js(v));
    return true;
}

bool jval_int_loose(const struct jval *v, int64_t min, int64_t max, int64_t *out)
{
    struct str text;
    int64_t n;

    if (jval_text(v, &text))
        return num_parse(text, min, max, out);
    if (!jval_int(v, &n) || n < min || n > max)
        return false;
    *out = n;
    return true;
}

struct str jval_get_text(const struct jval *v, const char *key)
{
    struct str text = STR_NONE;

    return jval_text(jval_get(v, key), &text) ? text : STR_NONE;
}

enum err jval_take_text(const struct jval *object, const char *key, bool required, char **out,
                        struct error *e)
{
    const struct jval *v = jval_get(object, key);
    struct str text;

    *out = NULL;
    if (!v || jval_type(v) == JVAL_NULL)
        return required ? error_set(e, ERR_INPUT, "%s: missing", key) : ERR_OK;
    if (!jval_text(v, &text))
        return error_set(e, ERR_INPUT, "%s: not a text", key);
    *out = mem_try_copy(text);
    return *out ? ERR_OK : error_set(e, ERR_INTERNAL, "%s: no memory", key);
}

enum err jval_check_version(const struct jval *v, struct error *e)
{
    int64_t version;

    if (jval_type(v) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "not an object");
    if (!jval_int(jval_get(v, "v"), &version) || version != 1)
        return error_set(e, ERR_INPUT, "v: not 1");
    return ERR_OK;
}

struct jval *jval_new_object(void)
{
    return jv(json_object());
}

struct jval *jval_new_array(void)
{
    return jv(json_array());
}

struct jval *jval_new_text(struct str s)
{
    return jv(json_stringn(s.ptr ? s.ptr : "", s.len));
}

struct jval *jval_new_int(int64_t n)
{
    return jv(json_integer(n));
}

struct jval *jval_new_real(double n)
{
    return jv(json_real(n));
}

struct jval *jval_new_bool(bool b)
{
    return jv(json_boolean(b));
}

struct jval *jval_new_null(void)
{
    return jv(json_null());
}

struct jval *jval_copy(const struct jval *v)
{
    return jval_failed(v) ? NULL : jv(json_deep_copy(js(v)));
}

/* Takes the mark off a value that is about to belong to `container`, and puts it there. */
static bool hand_on_failure(struct jval *container, struct jval *value)
{
    if (!jval_failed(value))
        return false;
    set_failed(container);
    jval_free(value);
    return true;
}

void jval_put(struct jval *object, const char *key, struct jval *value)
{
    if (hand_on_failure(object, value))
        return;
    if (json_object_set_new(js(object), key, js(value)) != 0)
        set_failed(object);
}

void jval_put_text(struct jval *object, const char *key, struct str s)
{
    jval_put(object, key, jval_new_text(s));
}

void jval_put_text_clean(struct jval *object, const char *key, struct str s)
{
    struct buf clean = BUF_INIT(LIMIT_JSON_BYTES);

    text_add_clean(&clean, s);
    jval_put(object, key, clean.failed ? NULL : jval_new_text(buf_str(&clean)));
    buf_done(&clean);
}

void jval_put_int(struct jval *object, const char *key, int64_t n)
{
    jval_put(object, key, jval_new_int(n));
}

void jval_put_bool(struct jval *object, const char *key, bool b)
{
    jval_put(object, key, jval_new_bool(b));
}

void jval_append(struct jval *array, struct jval *value)
{
    if (hand_on_failure(array, value))
        return;
    if (json_array_append_new(js(array), js(value)) != 0)
        set_failed(array);
}

char *jval_dump(const struct jval *v, bool sorted)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0);
    char *text;

    if (jval_failed(v))
        return NULL;
    starved = false;
    text = json_dumps(js(v), flags);
    if (starved) {
        free(text);
        return NULL;
    }
    return text;
}

static void write_value(json_t *v, struct buf *out);

// NOLINTNEXTLINE(misc-no-recursion): our own values, of a known depth
static void write_object(json_t *v, struct buf *out)
{
    const char *key;
    json_t *member;

    buf_add_char(out, '{');
    json_object_foreach(v, key, member) {
        if (out->data && out->data[out->len - 1] != '{')
            buf_add_char(out, ',');
        jout_quoted(out, str_of(key));
        buf_add_char(out, ':');
        write_value(member, out);
    }
    buf_add_char(out, '}');
}

// NOLINTNEXTLINE(misc-no-recursion)
static void write_array(json_t *v, struct buf *out)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i > 0)
            buf_add_char(out, ',');
        write_value(json_array_get(v, i), out);
    }
    buf_add_char(out, ']');
}

/* How a fraction is written is jansson's to know. */
static void write_real(json_t *v, struct buf *out)
{
    char *text = jval_dump(jv(v), false);

    if (text)
        buf_add_str(out, str_of(text));
    else
        out->failed = out->starved = true;
    free(text);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void write_value(json_t *v, struct buf *out)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        write_object(v, out);
        break;
    case JSON_ARRAY:
        write_array(v, out);
        break;
    case JSON_STRING:
        jout_quoted(out, (struct str){json_string_value(v), json_string_length(v)});
        break;
    case JSON_INTEGER:
        jout_number(out, json_integer_value(v));
        break;
    case JSON_REAL:
        write_real(v, out);
        break;
    case JSON_TRUE:
        buf_add_str(out, STR("true"));
        break;
    case JSON_FALSE:
        buf_add_str(out, STR("false"));
        break;
    case JSON_NULL:
    default:
        buf_add_str(out, STR("null"));
        break;
    }
}

void jval_write(const struct jval *v, struct buf *out)
{
    if (jval_failed(v))
        out->failed = true;
    else
        write_value(js(v), out);
}

void jval_write_member(const struct jval *v, const char *key, struct buf *out)
{
    jout_key(out, key);
    if (v != NULL)
        jval_write(v, out);
    else
        buf_add(out, "{}", 2);
}

char *jval_dump_free(struct jval *v, bool sorted)
{
    char *text = jval_dump(v, sorted);

    jval_free(v);
    if (!text)
        mem_out();
    return text;
}

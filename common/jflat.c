/*
 * A scanner that gives up at the first thing that is not plain, and the way from jansson's tree into
 * the same list. Pure; from any thread.
 */
#include "common/jflat.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

#define DEPTH 2           /* objects in each other */
#define DIGITS 18         /* of a whole number; more might not fit */
#define ROOT ((size_t)-1) /* the root's parent */

/* ---- plain text ---- */

struct scan {
    const char *at, *end;
    struct jflat *out;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool scan_text(struct scan *s, struct str *out)
{
    if (!take(s, '"'))
        return false;
    const char *from = s->at, *at = from;
    while (at < s->end) {
        unsigned char c = (unsigned char)*at;
        size_t len = 1;
        if (c == '"') {
            *out = (struct str){from, (size_t)(at - from)};
            s->at = at + 1;
            return true;
        }
        if (c >= 0x80)
            len = text_character((struct str){at, (size_t)(s->end - at)});
        if (len == 0 || c < ' ' || c == '\\')
            return false;
        at += len;
    }
    return false;
}

static bool scan_number(struct scan *s, int64_t *out)
{
    bool minus = take(s, '-');
    const char *from = s->at;
    int64_t n = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        if (s->at - from == DIGITS)
            return false;
        n = n * 10 + (*s->at - '0');
    }
    if (s->at == from || (*from == '0' && s->at - from > 1))
        return false;
    *out = minus ? -n : n;
    return s->at == s->end || (*s->at != '.' && *s->at != 'e' && *s->at != 'E');
}

static bool scan_word(struct scan *s, struct jflat_value *v)
{
    static const struct {
        struct str word;
        enum jval_type type;
    } words[] = {{{"true", 4}, JVAL_BOOL}, {{"false", 5}, JVAL_BOOL}, {{"null", 4}, JVAL_NULL}};
    struct str rest = {s->at, (size_t)(s->end - s->at)};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (str_starts(rest, words[i].word)) {
            v->type = words[i].type;
            v->n = i == 0;
            s->at += words[i].word.len;
            return true;
        }
    }
    return false;
}

static bool scan_array(struct scan *s, struct jflat_value *v)
{
    v->type = JVAL_ARRAY;
    v->empty = true;
    s->at++;
    skip_space(s);
    return take(s, ']');
}

static struct jflat_value *add(struct scan *s, struct str key, size_t parent)
{
    struct jflat *f = s->out;
    if (f->n == JFLAT_MEMBERS)
        return NULL;
    f->list[f->n] = (struct jflat_value){.key = key, .parent = parent};
    return &f->list[f->n++];
}

static bool scan_object(struct scan *s, struct jflat_value *v, int depth);

static bool scan_value(struct scan *s, struct jflat_value *v, int depth)
{
    switch (s->at < s->end ? *s->at : '\0') {
    case '"':
        v->type = JVAL_TEXT;
        return scan_text(s, &v->text);
    case '{':
        return scan_object(s, v, depth + 1);
    case '[':
        return scan_array(s, v);
    case 't':
    case 'f':
    case 'n':
        return scan_word(s, v);
    default:
        v->type = JVAL_INT;
        return scan_number(s, &v->n);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH deep
static bool scan_object(struct scan *s, struct jflat_value *v, int depth)
{
    size_t parent = (size_t)(v - s->out->list);
    const char *from = s->at;
    v->type = JVAL_OBJECT;
    s->at++;
    skip_space(s);
    v->empty = take(s, '}');
    while (!v->empty) {
        struct str key;
        skip_space(s);
        if (depth > DEPTH || !scan_text(s, &key))
            return false;
        skip_space(s);
        struct jflat_value *member = add(s, key, parent);
        if (!member || !take(s, ':'))
            return false;
        skip_space(s);
        if (!scan_value(s, member, depth))
            return false;
        skip_space(s);
        if (take(s, '}'))
            break;
        if (!take(s, ','))
            return false;
    }
    v->text = (struct str){from, (size_t)(s->at - from)};
    return true;
}

static bool scan(struct str text, struct jflat *out)
{
    if (text.len == 0 || text.len > LIMIT_JSON_BYTES)
        return false;
    struct scan s = {text.ptr, text.ptr + text.len, out};
    skip_space(&s);
    if (!scan_value(&s, add(&s, STR_NONE, ROOT), 0))
        return false;
    skip_space(&s);
    return s.at == s.end;
}

/* ---- a tree ---- */

static size_t members(const struct jval *v)
{
    return jval_type(v) == JVAL_OBJECT ? jval_size(v) : 0;
}

static size_t count(const struct jval *root)
{
    const struct jval *v;
    struct str key;
    void *iter = NULL;
    size_t n = 1 + members(root);
    while (jval_type(root) == JVAL_OBJECT && jval_next(root, &iter, &key, &v))
        n += members(v);
    return n;
}

// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH deep
static void walk(struct jflat *f, const struct jval *v, struct str key, size_t parent, int depth)
{
    size_t at = f->n++;
    struct jflat_value *to = &f->list[at];
    const struct jval *member;
    void *iter = NULL;
    *to = (struct jflat_value){.key = key, .parent = parent, .type = jval_type(v)};
    to->empty = (to->type == JVAL_OBJECT || to->type == JVAL_ARRAY) && jval_size(v) == 0;
    (void)jval_text(v, &to->text);
    bool yes = false;
    (void)jval_int(v, &to->n);
    if (jval_bool(v, &yes))
        to->n = yes;
    while (to->type == JVAL_OBJECT && depth < DEPTH && jval_next(v, &iter, &key, &member))
        walk(f, member, key, at, depth + 1);
}

/* ---- both ---- */

enum err jflat_parse(struct str text, struct jflat *out, struct error *e)
{
    out->list = out->own;
    out->tree = NULL;
    out->n = 0;
    if (scan(text, out))
        return ERR_OK;
    enum err err = jval_parse_lenient(text, &out->tree, e);
    if (err != ERR_OK)
        return err;
    size_t n = count(out->tree);
    out->n = 0;
    if (n > JFLAT_MEMBERS)
        out->list = mem_try_alloc(n, sizeof *out->list);
    if (!out->list) {
        jval_free(out->tree);
        return error_set(e, ERR_INTERNAL, "JSON: no memory");
    }
    walk(out, out->tree, STR_NONE, ROOT, 0);
    return ERR_OK;
}

void jflat_done(struct jflat *f)
{
    if (f->list != f->own)
        free(f->list);
    jval_free(f->tree);
    f->list = NULL;
    f->tree = NULL;
    f->n = 0;
}

const struct jflat_value *jflat_root(const struct jflat *f)
{
    return &f->list[0];
}

const struct jflat_value *jflat_get(const struct jflat *f, const struct jflat_value *object,
                                    const char *key)
{
    struct str wanted = str_of(key);
    size_t parent = object ? (size_t)(object - f->list) : 0;
    if (!object || object->type != JVAL_OBJECT)
        return NULL;
    for (size_t i = f->n - 1; i > parent; i--) {
        const struct jflat_value *v = &f->list[i];
        if (v->parent == parent && str_eq(v->key, wanted))
            return v;
    }
    return NULL;
}

bool jflat_plain(const struct jflat *f)
{
    return !f->tree;
}

bool jflat_repeats(const struct jflat *f)
{
    for (size_t i = 1; i < f->n; i++)
        for (size_t k = 1; k < i; k++)
            if (f->list[k].parent == f->list[i].parent && str_eq(f->list[k].key, f->list[i].key))
                return true;
    return false;
}

struct str jflat_source(const struct jflat_value *v)
{
    return jflat_type(v) == JVAL_OBJECT ? v->text : STR_NONE;
}

enum jval_type jflat_type(const struct jflat_value *v)
{
    return v ? v->type : JVAL_NONE;
}

bool jflat_empty(const struct jflat_value *v)
{
    return v && v->empty;
}

bool jflat_text(const struct jflat_value *v, struct str *out)
{
    if (jflat_type(v) != JVAL_TEXT)
        return false;
    *out = v->text;
    return true;
}

bool jflat_bool(const struct jflat_value *v, bool *out)
{
    if (jflat_type(v) != JVAL_BOOL)
        return false;
    *out = v->n != 0;
    return true;
}

bool jflat_int(const struct jflat_value *v, int64_t *out)
{
    if (jflat_type(v) != JVAL_INT)
        return false;
    *out = v->n;
    return true;
}

bool jflat_int_loose(const struct jflat_value *v, int64_t min, int64_t max, int64_t *out)
{
    int64_t n;
    if (jflat_type(v) == JVAL_TEXT)
        return num_parse(v->text, min, max, out);
    if (!jflat_int(v, &n) || n < min || n > max)
        return false;
    *out = n;
    return true;
}

/*
 * Two documents side by side: members of the new one in their order, then what only the old one has. Pure.
 */
#include "common/settings/diff.h"

#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/jval.h"
#include "common/mem.h"

#define PATH_BYTES 512

struct diff {
    struct jval *out;
    struct buf path;
};

static bool is_secret(struct str path)
{
    return str_is(path, "mango.api_salt") || str_is(path, "megaplan.token") ||
           str_is(path, "megaplan.password");
}

static bool is_same(const struct jval *a, const struct jval *b)
{
    char *x CLEANUP(mem_free_text) = jval_dump(a, true);
    char *y CLEANUP(mem_free_text) = jval_dump(b, true);
    return x && y && strcmp(x, y) == 0;
}

/* A short form: what is long is cut, as text. */
static struct jval *short_form(const struct jval *v)
{
    char *text CLEANUP(mem_free_text) = jval_dump(v, false);
    if (!text || strlen(text) <= SETTINGS_DIFF_TEXT)
        return jval_copy(v);
    size_t n = SETTINGS_DIFF_TEXT;
    while (n && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--; /* cut at a character */
    text[n] = '\0';
    char *cut CLEANUP(mem_free_text) = mem_try_alloc(n + 4, 1);
    if (!cut)
        return NULL;
    memcpy(cut, text, n);
    memcpy(cut + n, "...", 4);
    return jval_new_text(str_of(cut));
}

static void tell(struct diff *d, const struct jval *before, const struct jval *after)
{
    struct str path = buf_str(&d->path);
    bool secret = is_secret(path);
    if (jval_size(d->out) > SETTINGS_DIFF_MOST)
        return;
    struct jval *row = jval_new_object();
    bool last = jval_size(d->out) == SETTINGS_DIFF_MOST;
    jval_put_text(row, "field", last ? STR("...") : path);
    if (before && !last)
        jval_put(row, "before", secret ? jval_new_text(STR("***")) : short_form(before));
    if (after && !last)
        jval_put(row, "after", secret ? jval_new_text(STR("changed")) : short_form(after));
    jval_append(d->out, row);
}

static void compare(struct diff *d, const struct jval *before, const struct jval *after);

static void go_back(struct diff *d, size_t length)
{
    d->path.len = length;
}

static void compare_member(struct diff *d, struct str key, const struct jval *before,
                           const struct jval *after)
{
    size_t length = d->path.len;
    if (length)
        buf_add_char(&d->path, '.');
    buf_add_str(&d->path, key);
    compare(d, before, after);
    go_back(d, length);
}

static void compare_objects(struct diff *d, const struct jval *before, const struct jval *after)
{
    void *iter = NULL;
    struct str key;
    const struct jval *v;
    while (jval_next(after, &iter, &key, &v)) {
        char *name CLEANUP(mem_free_text) = mem_copy(key);
        compare_member(d, key, jval_get(before, name), v);
    }
    iter = NULL;
    while (jval_next(before, &iter, &key, &v)) {
        char *name CLEANUP(mem_free_text) = mem_copy(key);
        if (!jval_get(after, name))
            compare_member(d, key, v, NULL);
    }
}

static const struct jval *find_employee(const struct jval *list, struct str id)
{
    for (size_t i = 0; i < jval_size(list); i++) {
        const struct jval *x = jval_at(list, i);
        if (str_eq(jval_get_text(x, "megaplan_id"), id))
            return x;
    }
    return NULL;
}

static void compare_employee(struct diff *d, struct str id, const struct jval *before,
                             const struct jval *after)
{
    size_t length = d->path.len;
    buf_add_char(&d->path, '[');
    buf_add_str(&d->path, id);
    buf_add_char(&d->path, ']');
    compare(d, before, after);
    go_back(d, length);
}

static void compare_employees(struct diff *d, const struct jval *before, const struct jval *after)
{
    for (size_t i = 0; i < jval_size(after); i++) {
        const struct jval *x = jval_at(after, i);
        struct str id = jval_get_text(x, "megaplan_id");
        compare_employee(d, id, find_employee(before, id), x);
    }
    for (size_t i = 0; i < jval_size(before); i++) {
        const struct jval *x = jval_at(before, i);
        struct str id = jval_get_text(x, "megaplan_id");
        if (!find_employee(after, id))
            compare_employee(d, id, x, NULL);
    }
}

static void compare(struct diff *d, const struct jval *before, const struct jval *after)
{
    /* A section that is new or gone is told member by member, since it may hold secrets; a person's entry as one. */
    bool whole = str_find(buf_str(&d->path), '[') >= 0 && (!before || !after);
    bool objects = !whole && (!before || jval_type(before) == JVAL_OBJECT) &&
                   (!after || jval_type(after) == JVAL_OBJECT);
    bool lists = jval_type(before) == JVAL_ARRAY && jval_type(after) == JVAL_ARRAY;
    if (before && after && is_same(before, after))
        return;
    if (objects)
        compare_objects(d, before, after);
    else if (lists && str_is(buf_str(&d->path), "employees"))
        compare_employees(d, before, after);
    else
        tell(d, before, after);
}

static bool read_document(struct str json, struct jval **out)
{
    struct error ignored = ERROR_NONE;
    *out = NULL;
    if (json.len == 0) {
        *out = jval_new_object();
        return *out != NULL;
    }
    return jval_parse(json, out, &ignored) == ERR_OK && jval_type(*out) == JVAL_OBJECT;
}

struct jval *settings_diff(struct str before, struct str after)
{
    struct jval *old CLEANUP(jval_cleanup) = NULL;
    struct jval *new CLEANUP(jval_cleanup) = NULL;
    struct diff d = {.path = BUF_INIT(PATH_BYTES)};
    if (!read_document(before, &old) || !read_document(after, &new))
        return NULL;
    d.out = jval_new_array();
    compare_objects(&d, old, new);
    bool failed = d.path.failed || jval_failed(d.out);
    buf_done(&d.path);
    if (!failed)
        return d.out;
    jval_free(d.out);
    return NULL;
}

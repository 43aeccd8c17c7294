/*
 * Reading JSON by tables of fields, keeping the path. Pure; one thread.
 */
#include "common/settings/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"

#define LONGEST_KEY_SHOWN 40

enum err settings_refuse(struct settings_reader *r, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(r->e, ERR_INPUT, "%s: %s", r->path_len ? r->path : "document", text);
}

enum err settings_no_memory(struct settings_reader *r)
{
    return error_set(r->e, ERR_INTERNAL, "%s: no memory", r->path);
}

static size_t path_add(struct settings_reader *r, const char *before, struct str text)
{
    size_t mark = r->path_len;
    struct str shown = text_cut(text, LONGEST_KEY_SHOWN);
    int len = snprintf(r->path + mark, sizeof(r->path) - mark, "%s%.*s", before, STR_ARG(shown));

    r->path_len = mark + (size_t)len;
    if (r->path_len >= sizeof(r->path))
        r->path_len = sizeof(r->path) - 1;
    return mark;
}

size_t settings_path_key(struct settings_reader *r, struct str key)
{
    return path_add(r, r->path_len ? "." : "", key);
}

size_t settings_path_index(struct settings_reader *r, size_t i)
{
    char index[24];

    snprintf(index, sizeof(index), "[%zu]", i);
    return path_add(r, "", str_of(index));
}

void settings_path_back(struct settings_reader *r, size_t mark)
{
    r->path_len = mark;
    r->path[mark] = '\0';
}

static enum err refuse_unknown(struct settings_reader *r, const struct jval *v,
                               const struct settings_field *fields, size_t n)
{
    const struct jval *value;
    void *iter = NULL;
    struct str key;
    size_t i;

    while (jval_next(v, &iter, &key, &value)) {
        for (i = 0; i < n && !str_is(key, fields[i].key); i++)
            ;
        if (i == n) {
            settings_path_key(r, key.len ? key : STR("\"\""));
            return settings_refuse(r, "no such field");
        }
    }
    return ERR_OK;
}

static enum err read_field(struct settings_reader *r, const struct jval *v,
                           const struct settings_field *f, void *base)
{
    if (f->nullable && jval_type(v) == JVAL_NULL)
        v = NULL;
    if (!v)
        return f->required ? settings_refuse(r, "missing") : ERR_OK;
    return f->read(r, f, v, (char *)base + f->offset);
}

enum err settings_read_object(struct settings_reader *r, const struct jval *v,
                              const struct settings_field *fields, size_t n, void *base)
{
    enum err err;

    if (jval_type(v) != JVAL_OBJECT)
        return settings_refuse(r, "not an object");
    err = refuse_unknown(r, v, fields, n);
    for (size_t i = 0; !err && i < n; i++) {
        size_t mark = settings_path_key(r, str_of(fields[i].key));
        err = read_field(r, jval_get(v, fields[i].key), &fields[i], base);
        settings_path_back(r, mark);
    }
    return err;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

enum err settings_read_text(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    struct str text;

    (void)f;
    if (!jval_text(v, &text))
        return settings_refuse(r, "not a text");
    if (text.len == 0)
        return settings_refuse(r, "empty");
    if (text.len > LIMIT_SETTING_STRING)
        return settings_refuse(r, "over %d bytes", LIMIT_SETTING_STRING);
    if (has_control(text))
        return settings_refuse(r, "has control characters");
    free(*(char **)target); /* a default */
    *(char **)target = mem_try_copy(text);
    return *(char **)target ? ERR_OK : settings_no_memory(r);
}

enum err settings_read_bool(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    (void)f;
    return jval_bool(v, target) ? ERR_OK : settings_refuse(r, "neither true nor false");
}

enum err settings_read_int(struct settings_reader *r, const struct settings_field *f,
                           const struct jval *v, void *target)
{
    int64_t n;

    if (!jval_int(v, &n))
        return settings_refuse(r, "not a whole number");
    if (n < f->min || n > f->max)
        return settings_refuse(r, "%lld is not within %lld and %lld", (long long)n,
                               (long long)f->min, (long long)f->max);
    *(int64_t *)target = n;
    return ERR_OK;
}

enum err settings_read_list(struct settings_reader *r, const struct jval *v, size_t most,
                            enum err (*each)(struct settings_reader *r, const struct jval *v,
                                             size_t i, void *arg),
                            void *arg)
{
    enum err err = ERR_OK;

    if (jval_type(v) != JVAL_ARRAY)
        return settings_refuse(r, "not a list");
    if (jval_size(v) > most)
        return settings_refuse(r, "over %zu entries", most);
    for (size_t i = 0; !err && i < jval_size(v); i++) {
        size_t mark = settings_path_index(r, i);
        err = each(r, jval_at(v, i), i, arg);
        settings_path_back(r, mark);
    }
    return err;
}

struct texts {
    char **list;
    size_t *n;
};

static enum err read_one_text(struct settings_reader *r, const struct jval *v, size_t i, void *arg)
{
    struct texts *texts = arg;
    enum err err = settings_read_text(r, NULL, v, &texts->list[i]);

    *texts->n += !err;
    return err;
}

enum err settings_read_texts(struct settings_reader *r, const struct jval *v, size_t most,
                             char ***out, size_t *n)
{
    struct texts texts = {NULL, n};

    *n = 0;
    if (jval_type(v) == JVAL_ARRAY && jval_size(v) == 0)
        return ERR_OK;
    *out = texts.list = mem_try_alloc(jval_size(v), sizeof(char *));
    if (!texts.list)
        return settings_no_memory(r);
    return settings_read_list(r, v, most, read_one_text, &texts);
}

/*
 * Reads all, checks all, then writes. One thread.
 */
#include "worker/tools/settings_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/forgotten.h"
#include "common/jval.h"
#include "common/mem.h"
#include "worker/tools/forget_key.h"
#include "worker/tools/settings_names.h"

struct line {
    char *key, *json;
    char *api_key; /* NULL: none */
    bool account;  /* else of forgotten people */
};

struct settings_file {
    struct line *lines;
    size_t n;
};

/* ---- out ---- */

static void put_lines(const struct store_document *all, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        struct jval *key CLEANUP(jval_cleanup) = jval_new_text(str_of(all[i].account));
        char *text CLEANUP(mem_free_text) = key ? jval_dump(key, false) : NULL;
        if (text)
            fprintf(out, "{\"key\":%s,\"value\":%s}\n", text, all[i].json);
    }
}

enum err settings_file_save(const struct store *s, FILE *out, struct error *e)
{
    const struct store_document *all;
    size_t n;

    all = store_documents(s, &n);
    put_lines(all, n, out);
    all = store_keys(s, &n);
    put_lines(all, n, out);
    all = store_numbers(s, &n);
    put_lines(all, n, out);
    if (fflush(out) != 0 || ferror(out))
        return error_set(e, ERR_CONFIG, "the file cannot be written");
    return ERR_OK;
}

/* ---- in ---- */

static enum err check_account(const struct line *l, const struct settings_rules *rules,
                              const struct secret_keys *keys, struct error *e)
{
    struct settings *s = NULL;
    enum err err = settings_parse(str_of(l->json), rules, keys, &s, e);

    settings_free(s);
    return err ? error_context(e, "%s", l->key) : ERR_OK;
}

static enum err check_forgotten(const struct line *l, const struct secret_keys *keys,
                                struct error *e)
{
    struct forgotten *f = forgotten_new(keys);
    enum err err = forgotten_apply(f, str_of(l->key), str_of(l->json), false, e);

    forgotten_free(f);
    return err ? error_context(e, "%s", l->key) : ERR_OK;
}

static enum err read_line(struct str text, struct line *l, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    const struct jval *value;
    struct str key;
    enum err err = jval_parse(text, &v, e);

    if (err)
        return err;
    key = jval_get_text(v, "key");
    value = jval_get(v, "value");
    if (!key.len)
        return error_set(e, ERR_INPUT, "key: is missing");
    if (jval_type(value) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "value: is no object");
    l->key = mem_copy(key);
    l->json = jval_dump(value, false);
    if (!l->json)
        mem_out();
    l->account = !str_starts(key, STR("_"));
    if (l->account && !str_is(jval_get_text(value, "account"), l->key))
        return error_set(e, ERR_INPUT, "%s: account: is another one", l->key);
    if (l->account)
        l->api_key = mem_copy(jval_get_text(jval_get(value, "mango"), "api_key"));
    if (!l->account && !str_starts(key, STR(FORGOTTEN_KEYS)) &&
        !str_starts(key, STR(FORGOTTEN_NUMBERS)))
        return error_set(e, ERR_INPUT, "key: %s is not what `settings save` writes", l->key);
    return ERR_OK;
}

/* The newest line against those before it. */
static enum err check_twice(const struct settings_file *f, struct error *e)
{
    const struct line *new = &f->lines[f->n - 1];

    for (const struct line *l = f->lines; l < new; l++) {
        if (strcmp(l->key, new->key) == 0)
            return error_set(e, ERR_INPUT, "%s: is there twice", new->key);
        if (new->api_key && l->api_key &&strcmp(l->api_key, new->api_key) == 0)
            return error_set(e, ERR_INPUT, "%s: mango.api_key: already used by account %s",
                             new->key, l->key);
    }
    return ERR_OK;
}

static enum err add_line(struct settings_file *f, struct str text,
                         const struct settings_rules *rules, const struct secret_keys *keys,
                         struct error *e)
{
    struct line *l;
    enum err err;

    f->lines = mem_resize(f->lines, f->n + 1, sizeof f->lines[0]);
    l = &f->lines[f->n++];
    *l = (struct line){.key = NULL};
    if ((err = read_line(text, l, e)))
        return err;
    err = l->account ? check_account(l, rules, keys, e) : check_forgotten(l, keys, e);
    return err ? err : check_twice(f, e);
}

enum err settings_file_read(struct str text, const struct settings_rules *rules,
                            const struct secret_keys *keys, struct settings_file **out,
                            struct error *e)
{
    struct settings_file *f = mem_alloc(1, sizeof *f);
    size_t number = 0;
    enum err err = ERR_OK;

    while (text.len && !err) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end ? (size_t)(end - text.ptr) : text.len;
        struct str line = str_trim((struct str){text.ptr, n});
        number++;
        if (line.len && (err = add_line(f, line, rules, keys, e)))
            error_context(e, "line %zu", number);
        text = str_from(text, end ? n + 1 : n);
    }
    if (!err && !f->n)
        err = error_set(e, ERR_INPUT, "the file is empty");
    if (err) {
        settings_file_free(f);
        return err;
    }
    *out = f;
    return ERR_OK;
}

void settings_file_free(struct settings_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++) {
        free(f->lines[i].key);
        free(f->lines[i].json);
        free(f->lines[i].api_key);
    }
    free(f->lines);
    free(f);
}

size_t settings_file_size(const struct settings_file *f)
{
    return f->n;
}

/* ---- into the topic ---- */

static const char *stands(const struct store *s, const struct line *l)
{
    const struct store_document *all;
    size_t n;

    if (l->account)
        return store_get(s, l->key);
    all =
        str_starts(str_of(l->key), STR(FORGOTTEN_KEYS)) ? store_keys(s, &n) : store_numbers(s, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].account, l->key) == 0)
            return all[i].json;
    return NULL;
}

/* Whatever the order of their members. */
static bool is_same(const char *a, const char *b)
{
    struct error e = ERROR_NONE;
    struct jval *x CLEANUP(jval_cleanup) = NULL, *y CLEANUP(jval_cleanup) = NULL;
    char *p CLEANUP(mem_free_text) = NULL, *q CLEANUP(mem_free_text) = NULL;

    if (jval_parse(str_of(a), &x, &e) || jval_parse(str_of(b), &y, &e))
        return strcmp(a, b) == 0;
    p = jval_dump(x, true);
    q = jval_dump(y, true);
    return p && q && strcmp(p, q) == 0;
}

static enum err check_store(const struct settings_file *f, const struct store *s, struct error *e)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < f->n && !err; i++) {
        struct settings_names names;
        if (!f->lines[i].account || stands(s, &f->lines[i]))
            continue;
        settings_names_read(f->lines[i].json, &names);
        if ((err = settings_names_check(s, &names, e)))
            error_context(e, "%s", f->lines[i].key);
        settings_names_done(&names);
    }
    return err;
}

static enum err load_one(const struct line *l, struct store *s, void (*left)(const char *account),
                         struct settings_file_counts *counts, struct error *e)
{
    const char *there = stands(s, l);
    enum err err;

    if (there && l->account) {
        bool same = is_same(there, l->json);
        if (!same)
            left(l->key);
        counts->same += same;
        counts->other += !same;
    }
    if (there)
        return ERR_OK;
    err = l->account ? store_put(s, l->key, l->json, "settings stored", e)
                     : store_put_forgotten(s, l->key, l->json, e);
    counts->stored += !err && l->account;
    counts->forgotten += !err && !l->account;
    return err ? error_context(e, "%s", l->key) : ERR_OK;
}

enum err settings_file_load(const struct settings_file *f, struct store *s,
                            void (*left)(const char *account), struct settings_file_counts *counts,
                            struct error *e)
{
    enum err err = check_store(f, s, e);

    *counts = (struct settings_file_counts){0};
    for (size_t i = 0; i < f->n && !err; i++)
        err = load_one(&f->lines[i], s, left, counts, e);
    return err;
}

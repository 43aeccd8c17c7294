/*
 * Fuzzes the JSON door: what is taken comes back from its own text; lenient takes all that strict does;
 * jflat takes what lenient takes, and has the same members and values; jval_write writes what jansson writes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jflat.h"
#include "common/jval.h"
#include "common/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct jval *v)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES * 6);
    char *text = jval_dump(v, false);

    jval_write(v, &b);
    if (!text || b.failed || !str_is(buf_str(&b), text))
        abort();
    free(text);
    buf_done(&b);
}

static void check_round(const struct jval *v)
{
    struct error e = ERROR_NONE;
    struct jval *again = NULL;
    char *text = jval_dump(v, true), *second;

    if (!text || jval_parse((struct str){text, strlen(text)}, &again, &e))
        abort();
    second = jval_dump(again, true);
    if (!second || strcmp(text, second) != 0)
        abort();
    check_written(v);
    free(text);
    free(second);
    jval_free(again);
}

/* jansson keeps one member of a repeated key, jflat all; it gives the last. */
static void check_same(const struct jflat *f, const struct jflat_value *flat, const struct jval *v,
                       int depth)
{
    struct str a, b, key;
    bool x, y;
    const struct jval *member;
    int64_t n, m;
    void *iter = NULL;

    if (jflat_type(flat) != jval_type(v) ||
        jflat_empty(flat) !=
            (jval_size(v) == 0 && (jval_type(v) == JVAL_OBJECT || jval_type(v) == JVAL_ARRAY)) ||
        jflat_text(flat, &a) != jval_text(v, &b) || (jval_text(v, &b) && !str_eq(a, b)) ||
        jflat_bool(flat, &x) != jval_bool(v, &y) || (jval_bool(v, &y) && x != y) ||
        jflat_int(flat, &n) != jval_int(v, &m) || (jval_int(v, &m) && n != m))
        abort();
    while (depth < 2 && jval_type(v) == JVAL_OBJECT && jval_next(v, &iter, &key, &member))
        check_same(f, jflat_get(f, flat, key.ptr), member, depth + 1);
}

static void check_flat(struct str text, const struct jval *v, enum err expected)
{
    struct error e = ERROR_NONE;
    struct jflat f;

    if (jflat_parse(text, &f, &e) != expected)
        abort();
    if (expected)
        return;
    check_same(&f, jflat_root(&f), v, 0);
    jflat_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct error e = ERROR_NONE, lenient_e = ERROR_NONE;
    struct jval *strict = NULL, *lenient = NULL;
    enum err err, lenient_err;

    jval_start();
    err = jval_parse(text, &strict, &e);
    lenient_err = jval_parse_lenient(text, &lenient, &lenient_e);
    if ((err && err != ERR_INPUT) || (err && !e.text[0]) || (!err && lenient_err))
        abort();
    if (!lenient_err)
        check_round(lenient);
    check_flat(text, lenient, lenient_err);
    jval_free(strict);
    jval_free(lenient);
    return 0;
}

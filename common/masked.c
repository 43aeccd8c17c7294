/*
 * Copies with stars in them. Pure.
 */
#include "common/masked.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/text.h"

#define DEPTH 16
/* Numbers of people as integers; seconds since 1970 have 10 digits, milliseconds 13. */
#define NUMBER_LEAST INT64_C(10000000000)
#define NUMBER_MOST INT64_C(999999999999)

static struct jval *copy(const struct jval *v, int depth);

static struct jval *copy_object(const struct jval *v, int depth)
{
    struct jval *out = jval_new_object();
    const struct jval *member;
    struct str key;
    void *iter = NULL;
    while (jval_next(v, &iter, &key, &member)) {
        char *name CLEANUP(mem_free_text) = mem_copy(key);
        jval_put(out, name, copy(member, depth + 1));
    }
    return out;
}

static struct jval *copy_array(const struct jval *v, int depth)
{
    struct jval *out = jval_new_array();
    for (size_t i = 0; i < jval_size(v); i++)
        jval_append(out, copy(jval_at(v, i), depth + 1));
    return out;
}

static struct jval *copy_text(const struct jval *v)
{
    struct str text = STR_NONE;
    (void)jval_text(v, &text);
    char *masked CLEANUP(mem_free_text) = masked_text(text);
    return jval_new_text(str_of(masked));
}

static struct jval *copy_int(const struct jval *v)
{
    int64_t n = 0;
    char digits[24], masked[PHONE_MAX];
    (void)jval_int(v, &n);
    if (n < NUMBER_LEAST || n > NUMBER_MOST)
        return jval_new_int(n);
    (void)snprintf(digits, sizeof digits, "%" PRId64, n);
    phone_mask(str_of(digits), masked);
    return jval_new_text(str_of(masked));
}

static struct jval *copy(const struct jval *v, int depth)
{
    if (depth > DEPTH)
        return jval_new_null();
    switch (jval_type(v)) {
    case JVAL_OBJECT:
        return copy_object(v, depth);
    case JVAL_ARRAY:
        return copy_array(v, depth);
    case JVAL_TEXT:
        return copy_text(v);
    case JVAL_INT:
        return copy_int(v);
    case JVAL_NONE:
        return jval_new_null();
    default:
        return jval_copy(v);
    }
}

struct jval *masked_copy(const struct jval *v)
{
    return copy(v, 0);
}

char *masked_text(struct str text)
{
    struct buf clean CLEANUP(buf_done) = BUF_INIT(3 * text.len + 1);
    text_add_clean(&clean, text);
    if (clean.failed)
        mem_out();
    char *out = mem_alloc(1, buf_str(&clean).len + 1);
    phone_mask_in(buf_str(&clean), out, buf_str(&clean).len + 1);
    return out;
}

char *masked_value(struct str value)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (jval_parse_lenient(value, &v, &ignored))
        return masked_text(value);
    return jval_dump_free(masked_copy(v), false);
}

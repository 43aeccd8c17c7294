/*
 * Decodes paths and queries. Must not know what they mean. Any thread.
 */
#include "ingest/admin/path.h"

#include "common/text.h"

/* Decodes into *space. False: a bad escape, a NUL, no UTF-8. */
static bool decode(struct str in, bool plus_is_space, char **space, struct str *out)
{
    char *to = *space;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = (uint8_t)in.ptr[i];
        if (c == '%') {
            if (in.len - i < 3 || !text_unhex((struct str){in.ptr + i + 1, 2}, &c, 1))
                return false;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        *to++ = (char)c;
    }
    *out = (struct str){*space, (size_t)(to - *space)};
    *space = to;
    return text_is_utf8(*out);
}

/* Cuts what is before the next separator off the rest, and the separator. The rest is NULL when there was none. */
static struct str take(struct str *rest, char separator)
{
    long end = str_find(*rest, separator);
    struct str piece = {rest->ptr, end < 0 ? rest->len : (size_t)end};
    *rest = end < 0 ? STR_NONE : (struct str){rest->ptr + end + 1, rest->len - (size_t)end - 1};
    return piece;
}

static bool is_brace(struct str s)
{
    return s.len > 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}';
}

static bool match_segment(struct str want, struct str got, char **space, struct path_params *out)
{
    struct path_param *p = &out->list[out->n];
    if (!is_brace(want))
        return str_eq(want, got);
    if (got.len == 0 || out->n == PATH_PARAMS || !decode(got, false, space, &p->value))
        return false;
    p->name = (struct str){want.ptr + 1, want.len - 2};
    out->n++;
    return true;
}

bool path_match(const char *pattern, struct str path, char **space, struct path_params *out)
{
    struct str wants = str_of(pattern), gots = path;
    out->n = 0;
    while (wants.ptr && gots.ptr) {
        if (!match_segment(take(&wants, '/'), take(&gots, '/'), space, out))
            return false;
    }
    return !wants.ptr && !gots.ptr;
}

static enum err take_pair(struct str pair, char **space, struct path_params *out, struct str *field,
                          struct error *e)
{
    struct path_param p = {.value = STR_NONE};
    struct str value = pair;
    struct str name = take(&value, '=');
    if (!decode(name, true, space, &p.name)) {
        *field = STR("query");
        return error_set(e, ERR_INPUT, "a parameter's name is not percent-encoded UTF-8");
    }
    *field = p.name;
    if (out->n == PATH_PARAMS)
        return error_set(e, ERR_INPUT, "over %d parameters", PATH_PARAMS);
    for (size_t i = 0; i < out->n; i++) {
        if (str_eq(out->list[i].name, p.name))
            return error_set(e, ERR_INPUT, "is given twice");
    }
    if (!decode(value, true, space, &p.value))
        return error_set(e, ERR_INPUT, "is not percent-encoded UTF-8");
    out->list[out->n++] = p;
    return ERR_OK;
}

enum err path_query(struct str query, char **space, struct path_params *out, struct str *field,
                    struct error *e)
{
    out->n = 0;
    *field = STR_NONE;
    while (query.len) {
        struct str pair = take(&query, '&');
        if (pair.len && take_pair(pair, space, out, field, e))
            return e->kind;
    }
    return ERR_OK;
}

struct str path_param(const struct path_params *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_is(p->list[i].name, name))
            return p->list[i].value;
    }
    return STR_NONE;
}

/*
 * What an answer of MANGO's API means. Pure.
 */
#include "common/mango/mango_answer.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

static bool is_good(int status)
{
    return status >= 200 && status < 300;
}

/* False: it is there, and is no number. */
static bool read_code(const struct jval *root, const char *key, int *out)
{
    const struct jval *v = jval_get(root, key);
    int64_t n = 0;
    bool fine = !v || jval_type(v) == JVAL_NULL || jval_int_loose(v, INT32_MIN, INT32_MAX, &n);
    *out = (int)n;
    return fine;
}

/* An error's, as web frameworks write it; a query's data may have a status of its own. */
static int status_of(int http, const struct jval *root)
{
    int64_t told = 0;
    bool error = is_good(http) && jval_int_loose(jval_get(root, "status"), 400, 599, &told);
    return error ? (int)told : http;
}

static enum mango_answer_kind kind_of_code(int code)
{
    switch (code / 1000) {
    case 1:
        return MANGO_DONE;
    case 3:
        return MANGO_INVALID;
    case 5:
        return MANGO_TEMPORARY;
    default:
        return MANGO_REFUSED;
    }
}

static enum mango_answer_kind kind_of_status(int status)
{
    return status >= 400 && status < 500 ? MANGO_REFUSED : MANGO_TEMPORARY;
}

/* readable: the body is what it should be, if there is one. */
static enum mango_answer_kind kind_of(const struct mango_answer *a, bool readable)
{
    bool ok = is_good(a->status);
    if (a->status == 401)
        return MANGO_BLOCKED;
    if (a->status == 429)
        return MANGO_LIMITED;
    if (a->code >= 2000 && a->code < 6000)
        return kind_of_code(a->code);
    if (!ok)
        return kind_of_status(a->status);
    if (!readable)
        return MANGO_TEMPORARY;
    return a->code ? kind_of_code(a->code) : MANGO_DONE;
}

static void tell(struct mango_answer *a)
{
    struct str message = text_cut(jval_get_text(a->root, "message"), MANGO_ANSWER_TEXT / 2);
    const char *what = a->code ? "" : "HTTP ";
    snprintf(a->text, sizeof a->text, "MANGO answered %s%d%s%.*s", what,
             a->code ? a->code : a->status, message.len ? ": " : "", STR_ARG(message));
    for (char *c = a->text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

static bool is_document(const struct jval *root)
{
    return jval_type(root) == JVAL_OBJECT || jval_type(root) == JVAL_ARRAY;
}

void mango_answer_read(int status, struct str body, bool too_large, struct mango_answer *out)
{
    struct error ignored = ERROR_NONE;
    *out = (struct mango_answer){.kind = MANGO_TEMPORARY};
    while (body.len && strchr(" \t\r\n", body.ptr[0]) && body.ptr[0])
        body = str_from(body, 1);
    if (too_large || (body.len && jval_parse_lenient(body, &out->root, &ignored)))
        out->root = NULL;
    bool readable = !too_large && (!body.len || is_document(out->root));
    readable = read_code(out->root, "result", &out->code) && readable;
    if (!out->code)
        readable = read_code(out->root, "code", &out->code) && readable;
    out->status = status_of(status, out->root);
    out->kind = kind_of(out, readable);
    tell(out);
}

void mango_answer_done(struct mango_answer *a)
{
    jval_free(a->root);
    a->root = NULL;
}

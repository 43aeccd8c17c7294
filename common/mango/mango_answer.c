/*
 * What an answer of MANGO's API means. Pure.
 */
#include "common/mango/mango_answer.h"

#include <stdio.h>

#include "common/limits.h"
#include "common/text.h"

#define CODE_MAX 99999

static int64_t number_of(const struct jval *v, const char *key)
{
    int64_t n = 0;
    return jval_int_loose(jval_get(v, key), 0, CODE_MAX, &n) ? n : 0;
}

static int code_of(const struct jval *root)
{
    int64_t code = number_of(root, "result");
    return (int)(code ? code : number_of(root, "code"));
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

static enum mango_answer_kind kind_of(int status, const struct mango_answer *a, struct str body)
{
    bool ok = status >= 200 && status < 300;
    if (status == 401)
        return MANGO_BLOCKED;
    if (status == 429 || number_of(a->root, "status") == 429)
        return MANGO_LIMITED;
    if (a->code >= 1000 && (ok || a->code >= 2000))
        return kind_of_code(a->code);
    if (ok)
        return a->root || !body.len ? MANGO_DONE : MANGO_TEMPORARY;
    return status >= 400 && status < 500 ? MANGO_REFUSED : MANGO_TEMPORARY;
}

static void tell(int status, struct mango_answer *a)
{
    struct str message = text_cut(jval_get_text(a->root, "message"), MANGO_ANSWER_TEXT / 2);
    if (a->code)
        snprintf(a->text, sizeof a->text, "MANGO answered %d: %.*s", a->code, STR_ARG(message));
    else
        snprintf(a->text, sizeof a->text, "MANGO answered HTTP %d: %.*s", status, STR_ARG(message));
}

void mango_answer_read(int status, struct str body, bool too_large, struct mango_answer *out)
{
    struct error ignored = ERROR_NONE;
    *out = (struct mango_answer){.kind = MANGO_TEMPORARY};
    while (body.len && (body.ptr[0] == ' ' || body.ptr[0] == '\n' || body.ptr[0] == '\r'))
        body = str_from(body, 1);
    if (too_large || (body.len && jval_parse_lenient(body, &out->root, &ignored)))
        out->root = NULL;
    out->code = code_of(out->root);
    out->kind = too_large && status / 100 == 2 ? MANGO_TEMPORARY : kind_of(status, out, body);
    tell(status, out);
}

void mango_answer_done(struct mango_answer *a)
{
    jval_free(a->root);
    a->root = NULL;
}

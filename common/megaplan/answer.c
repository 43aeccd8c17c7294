/*
 * Reads Megaplan's envelope. Pure.
 */
#include "common/megaplan/answer.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define NO_ROUTE "No route found" /* megaplan-api.md 1.5: the address is wrong, not the record */
#define BEGINNING 65536           /* so much of an answer over the ceiling is looked at */

static void say(char *out, size_t room, struct str text)
{
    struct str cut = text_cut(text, room - 1);
    for (size_t i = 0; i < cut.len; i++)
        out[i] = (unsigned char)cut.ptr[i] < ' ' ? ' ' : cut.ptr[i];
    out[cut.len] = '\0';
}

/* The text of the first error, or of OAuth's shape. */
static void read_errors(struct answer *a, const struct jval *meta)
{
    const struct jval *first = jval_at(jval_get(meta, "errors"), 0);
    struct str message = jval_get_text(first, "message");
    if (!message.len)
        message = jval_get_text(a->root, "error_description");
    if (!message.len)
        message = jval_get_text(a->root, "error");
    say(a->text, sizeof a->text, message);
    say(a->field, sizeof a->field, jval_get_text(first, "field"));
}

static bool no_route(const struct answer *a)
{
    return strstr(a->text, NO_ROUTE) != NULL;
}

static enum answer_kind kind_of(const struct answer *a, enum answer_about about, bool enveloped)
{
    int status = a->status;
    if (status >= 300 && status < 400)
        return ANSWER_OUTAGE;
    switch (status) {
    case 401:
    case 402:
        return ANSWER_OUTAGE;
    case 403:
        return about == ANSWER_ABOUT_RECORD && enveloped ? ANSWER_RECORD : ANSWER_OUTAGE;
    case 404:
        /* A missing record answers in the envelope; a wrong address with any page. */
        return about == ANSWER_ABOUT_RECORD && enveloped && !no_route(a) ? ANSWER_RECORD
                                                                         : ANSWER_OUTAGE;
    case 408:
    case 425:
        return ANSWER_TEMPORARY;
    case 429:
        return ANSWER_LIMITED;
    default:
        break;
    }
    return status >= 400 && status < 500 ? ANSWER_RECORD : ANSWER_TEMPORARY;
}

static bool is_oauth_refusal(const struct answer *a)
{
    struct str error = jval_get_text(a->root, "error");
    return str_is(error, "invalid_grant") || str_is(error, "invalid_token") ||
           str_is(error, "invalid_client");
}

static bool succeeded(const struct answer *a, const struct jval *meta)
{
    return a->status >= 200 && a->status < 300 && jval_size(jval_get(meta, "errors")) == 0 &&
           jval_get(a->root, "data");
}

static void explain(struct answer *a, const struct answer_source *s)
{
    if (a->text[0])
        return;
    const char *what = s->too_large            ? "the answer is over the ceiling"
                       : a->root               ? "no reason given"
                       : s->body.len == 0      ? "an empty answer"
                       : s->body.ptr[0] == '<' ? "a page instead of an API answer"
                                               : "an answer that is not JSON";
    snprintf(a->text, sizeof a->text, "HTTP %d: %s", s->status, what);
}

/* Only an error's trace makes an answer that long (megaplan-api.md 1.5), so it is an envelope unless it
 * begins as a page does. Its end is missing: what it says is looked for as text. */
static bool is_page(struct str beginning)
{
    size_t i = 0;
    while (i < beginning.len && strchr(" \t\r\n", beginning.ptr[i]))
        i++;
    return i < beginning.len && beginning.ptr[i] != '{';
}

static void read_beginning(struct answer *a, struct str beginning)
{
    size_t n = beginning.len < BEGINNING ? beginning.len : BEGINNING;
    if (n && memmem(beginning.ptr, n, NO_ROUTE, strlen(NO_ROUTE)))
        say(a->text, sizeof a->text, STR(NO_ROUTE));
}

void answer_read(const struct answer_source *source, struct answer *out)
{
    *out = (struct answer){.kind = ANSWER_TEMPORARY, .status = source->status};
    struct error ignored = ERROR_NONE;
    if (source->too_large)
        read_beginning(out, source->body);
    if (!source->too_large && jval_parse_lenient(source->body, &out->root, &ignored))
        out->root = NULL;
    const struct jval *meta = jval_get(out->root, "meta");
    int64_t inner = 0;
    bool enveloped = jval_int_loose(jval_get(meta, "status"), 100, 599, &inner) ||
                     (source->too_large && !is_page(source->body));
    bool http_ok = source->status >= 200 && source->status < 300;
    if (http_ok && inner)
        out->status = (int)inner;
    if (out->root)
        read_errors(out, meta);
    if (enveloped && succeeded(out, meta)) {
        out->kind = ANSWER_OK;
        out->data = jval_get(out->root, "data");
        const struct jval *pages = jval_get(meta, "pagination");
        out->pagination = jval_type(pages) == JVAL_OBJECT ? pages : NULL;
        return;
    }
    out->kind = kind_of(out, source->about, enveloped);
    if (out->status == 400 && is_oauth_refusal(out))
        out->kind = ANSWER_OUTAGE;
    explain(out, source);
}

void answer_done(struct answer *a)
{
    jval_free(a->root);
    *a = (struct answer){0};
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool has_word(struct str text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.len; i++) {
        if (memcmp(text.ptr + i, word, n) != 0)
            continue;
        bool begins = i == 0 || !word_char(text.ptr[i - 1]);
        bool ends = i + n == text.len || !word_char(text.ptr[i + n]);
        if (begins && ends)
            return true;
    }
    return false;
}

bool answer_names(const struct answer *a, const char *field)
{
    const struct jval *errors = jval_get(jval_get(a->root, "meta"), "errors");
    for (size_t i = 0; i < jval_size(errors); i++) {
        const struct jval *error = jval_at(errors, i);
        if (str_is(jval_get_text(error, "field"), field) ||
            has_word(jval_get_text(error, "message"), field))
            return true;
    }
    return false;
}

bool answer_has_more(const struct answer *a, size_t rows, size_t limit)
{
    bool more = false;
    if (a->pagination && jval_bool(jval_get(a->pagination, "hasMoreNext"), &more))
        return more;
    return rows >= limit;
}

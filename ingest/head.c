/*
 * Header lines of a request. Must not know the HTTP library. Any thread.
 */
#include "ingest/head.h"

#include <string.h>
#include <strings.h>

#include "common/num.h"

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c <= ' ' || c >= 0x7F || memchr("\"(),/:;<=>?@[\\]{}", c, 17))
            return false;
    }
    return s.len > 0;
}

static bool same(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

static void add_length(struct head *h, struct str value)
{
    int64_t n = 0;
    h->lengths++;
    h->bad |= !num_parse(value, 0, INT64_MAX, &n);
    h->length = (uint64_t)n;
}

/* The nearest proxy's line is the last: of too many, the first is dropped. */
static void add_forwarded(struct head *h, struct str value)
{
    if (h->nforwarded == CIDR_HOP_LINES)
        memmove(h->forwarded, h->forwarded + 1, --h->nforwarded * sizeof *h->forwarded);
    h->forwarded[h->nforwarded++] = value;
}

void head_add(struct head *h, struct str name, struct str value)
{
    if (!is_token(name)) {
        h->bad = true;
    } else if (same(name, STR("Host"))) {
        h->hosts++;
    } else if (same(name, STR("Content-Length"))) {
        add_length(h, value);
    } else if (same(name, STR("Transfer-Encoding"))) {
        h->transfers++;
        h->transfer = value;
    } else if (same(name, STR("Content-Type"))) {
        h->types++;
        h->content_type = value;
    } else if (same(name, STR("X-Forwarded-For"))) {
        add_forwarded(h, value);
    } else if (same(name, STR("Expect"))) {
        h->expects = true;
    }
}

bool head_is_ambiguous(const struct head *h, bool http10)
{
    if (h->bad || h->hosts > 1 || h->lengths > 1 || h->transfers > 1 || h->types > 1)
        return true;
    if (!http10 && h->hosts == 0)
        return true;
    return h->transfers && (http10 || h->lengths || !same(h->transfer, STR("chunked")));
}

uint64_t head_length(const struct head *h)
{
    return h->transfers ? HEAD_CHUNKED : h->length;
}

/*
 * Header lines: which requests are ambiguous, and what is taken from the others.
 */
#include "ingest/head.h"

#include <stdio.h>

#include "tests/unit/unit.h"

#define LINES 5

/* Lines as "name:value". */
static struct head read_lines(const char *const lines[LINES])
{
    struct head h = {0};
    for (size_t i = 0; i < LINES && lines[i]; i++) {
        struct str line = str_of(lines[i]);
        long colon = str_find(line, ':');
        ck_assert(colon >= 0);
        head_add(&h, (struct str){line.ptr, (size_t)colon}, str_from(line, (size_t)colon + 1));
    }
    return h;
}

static const struct {
    const char *lines[LINES];
    bool http10, ambiguous;
    uint64_t length;
} heads[] = {
    {{"Host:a", "Content-Length:636"}, false, false, 636},
    {{"host:a", "CONTENT-LENGTH:0"}, false, false, 0},
    {{"Host:a"}, false, false, 0},
    {{"Host:", "Transfer-Encoding:chunked"}, false, false, HEAD_CHUNKED},
    {{"Host:a", "transfer-encoding:Chunked"}, false, false, HEAD_CHUNKED},
    {{"Content-Length:5"}, true, false, 5},
    {{"Content-Length:5"}, false, true, 0},
    {{"Host:a", "Host:a"}, false, true, 0},
    {{"Host:a", "hOST:b"}, true, true, 0},
    {{"Host:a", "Content-Length:5", "Content-Length:5"}, false, true, 0},
    {{"Host:a", "Content-Length:5", "Content-Length:6"}, false, true, 0},
    {{"Host:a", "Content-Length:5", "Transfer-Encoding:chunked"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:chunked", "Content-Length:5"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:chunked", "Transfer-Encoding:chunked"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:gzip, chunked"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:identity"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:"}, false, true, 0},
    {{"Host:a", "Transfer-Encoding:chunked"}, true, true, 0},
    {{"Host:a", "Content-Length:+5"}, false, true, 0},
    {{"Host:a", "Content-Length:-5"}, false, true, 0},
    {{"Host:a", "Content-Length:5, 5"}, false, true, 0},
    {{"Host:a", "Content-Length:"}, false, true, 0},
    {{"Host:a", "Content-Length:99999999999999999999"}, false, true, 0},
    {{"Host:a", "Content-Length :5"}, false, true, 0},
    {{"Host:a", " X:5"}, false, true, 0},
    {{"Host:a", ":5"}, false, true, 0},
    {{"Host:a", "X\x80:5"}, false, true, 0},
    {{"Host:a", "X{}:5"}, false, true, 0},
    {{"Host:a", "Content-Type:a", "Content-Type:b"}, false, true, 0},
};

START_TEST(tells_ambiguous)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct head h = read_lines(heads[i].lines);
        ck_assert_msg(head_is_ambiguous(&h, heads[i].http10) == heads[i].ambiguous, "head %zu", i);
        if (!heads[i].ambiguous)
            ck_assert_uint_eq(head_length(&h), heads[i].length);
    }
}
END_TEST

START_TEST(takes_what_matters)
{
    static const char *const lines[LINES] = {"Content-Type:x/y", "X-Forwarded-For:1.2.3.4",
                                             "x-forwarded-for:5.6.7.8", "expect:100-continue",
                                             "X-Other:1"};
    struct head h = read_lines(lines);
    ck_assert(str_is(h.content_type, "x/y"));
    ck_assert_uint_eq(h.nforwarded, 2);
    ck_assert(str_is(h.forwarded[0], "1.2.3.4"));
    ck_assert(str_is(h.forwarded[1], "5.6.7.8"));
    ck_assert(h.expects);
    ck_assert(!h.bad);
}
END_TEST

/* Of too many lines the last ones count: they are the nearest proxies'. */
START_TEST(keeps_the_last_forwarded_lines)
{
    struct head h = {0};
    char text[CIDR_HOP_LINES + 3][8];
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        snprintf(text[i], sizeof text[i], "%zu", i);
        head_add(&h, STR("X-Forwarded-For"), str_of(text[i]));
    }
    ck_assert_uint_eq(h.nforwarded, CIDR_HOP_LINES);
    for (size_t i = 0; i < h.nforwarded; i++)
        ck_assert(str_is(h.forwarded[i], text[i + 3]));
}
END_TEST

int main(void)
{
    return UNIT_RUN("head", tells_ambiguous, takes_what_matters, keeps_the_last_forwarded_lines);
}

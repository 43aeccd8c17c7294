/* Objects written member by member, and values written without jansson, read back the same as jansson's. */
#include <stdlib.h>

#include "common/jout.h"
#include "common/jval.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

#define MAX 4096

START_TEST(members)
{
    struct buf b = BUF_INIT(MAX);
    jout_open(&b);
    jout_int(&b, "zero", 0);
    jout_int(&b, "least", INT64_MIN);
    jout_int(&b, "most", INT64_MAX);
    jout_text(&b, "text", STR("x"));
    jout_text(&b, "empty", STR_NONE);
    jout_text_if(&b, "nothing", NULL);
    jout_text_if(&b, "something", "z");
    jval_write_member(NULL, "none", &b);
    jout_key(&b, "inner");
    jout_open(&b);
    jout_text(&b, "brace", STR("{"));
    jout_text(&b, "after", STR("y"));
    jout_close(&b);
    jout_close(&b);
    ck_assert_text(
        buf_str(&b),
        "{\"zero\":0,\"least\":-9223372036854775808,\"most\":9223372036854775807,\"text\":\"x\","
        "\"empty\":\"\",\"something\":\"z\",\"none\":{},\"inner\":{\"brace\":\"{\",\"after\":\"y\"}}");
    buf_done(&b);
}
END_TEST

START_TEST(texts_are_escaped_as_jansson_does)
{
    char all[256];
    size_t n = 0;
    for (int c = 1; c < 128; c++)
        all[n++] = (char)c;
    struct jval *v = jval_new_object();
    jval_put_text(v, "t", (struct str){all, n});
    jval_put_text(v, "u", STR("\xd0\x9f\xf0\x9f\x98\x80"));
    char *expected = jval_dump(v, false);
    struct buf b = BUF_INIT(MAX);
    jout_open(&b);
    jout_text(&b, "t", (struct str){all, n});
    jout_text(&b, "u", STR("\xd0\x9f\xf0\x9f\x98\x80"));
    jout_close(&b);
    ck_assert_text(buf_str(&b), expected);
    free(expected);
    jval_free(v);
    buf_done(&b);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_replaced)
{
    static const struct {
        struct str in;
        const char *out;
    } cases[] = {
        {{"\xff", 1}, "\"\xef\xbf\xbd\""},
        {{"a\xd0", 2}, "\"a\xef\xbf\xbd\""},
        {{"\xd0"
          "b",
          2},
         "\"\xef\xbf\xbd"
         "b\""},
        {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {{"\0x", 2}, "\"\\u0000x\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf b = BUF_INIT(MAX);
        jout_quoted(&b, cases[i].in);
        ck_assert_text(buf_str(&b), cases[i].out);
        buf_done(&b);
    }
}
END_TEST

START_TEST(values_as_jansson_writes_them)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "1",
        "-5",
        "1.5",
        "1e30",
        "0.1",
        "-0.0",
        "true",
        "false",
        "null",
        "\"\\u0001\\\"\\\\ /\"",
        "{\"a\":{\"b\":[1,2,{\"c\":null}],\"d\":{}},\"e\":[[],[true]],\"f\":\"{\",\"g\":\"x\"}",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct jval *v = NULL;
        struct buf b = BUF_INIT(MAX);
        ck_assert_int_eq(jval_parse(str_of(texts[i]), &v, NULL), ERR_OK);
        char *expected = jval_dump(v, false);
        jval_write(v, &b);
        ck_assert_text(buf_str(&b), expected);
        free(expected);
        buf_done(&b);
        jval_free(v);
    }
}
END_TEST

START_TEST(what_failed_fails_the_buffer)
{
    struct buf b = BUF_INIT(MAX);
    struct jval *v = jval_new_object();
    jval_put_text(v, "t", STR("\xff"));
    jval_write(v, &b);
    ck_assert(b.failed);
    buf_reset(&b);
    jval_write(NULL, &b);
    ck_assert(b.failed);
    jval_free(v);
    buf_done(&b);
}
END_TEST

static bool write_starved(void *arg)
{
    struct buf b = BUF_INIT(MAX);
    jval_write(arg, &b);
    bool failed = b.failed;
    buf_done(&b);
    return failed;
}

START_TEST(want_of_memory_fails_the_buffer)
{
    struct jval *v = NULL;
    jval_start();
    ck_assert_int_eq(jval_parse(STR("{\"a\":[1.5,\"x\"],\"b\":2.5}"), &v, NULL), ERR_OK);
    fault_walk(write_starved, v);
    jval_free(v);
}
END_TEST

int main(void)
{
    return UNIT_RUN("jout", members, texts_are_escaped_as_jansson_does,
                    bytes_that_are_no_text_are_replaced, values_as_jansson_writes_them,
                    what_failed_fails_the_buffer, want_of_memory_fails_the_buffer);
}

/* JSON values: strict parsing, ownership, failure that sticks, every want of memory. */
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/jval.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

START_TEST(parses_or_refuses)
{
    static const struct {
        const char *text;
        bool strict, lenient;
    } cases[] = {
        {"{}", true, true},
        {" [1,2] ", true, true},
        {"\"x\"", true, true},
        {"1", true, true},
        {"true", true, true},
        {"null", true, true},
        {"{\"a\":1,\"a\":2}", false, true},
        {"", false, false},
        {" ", false, false},
        {"{", false, false},
        {"{}{}", false, false},
        {"{} x", false, false},
        {"[1,]", false, false},
        {"{\"a\":01}", false, false},
        {"{'a':1}", false, false},
        {"\"\\u0000\"", false, false},
        {"\"\xd0\"", false, false},
        {"\"\\ud800\"", false, false},
        {"99999999999999999999", false, false},
        {"1e999", false, false},
        {"NaN", false, false},
        {"// c\n{}", false, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct jval *v = NULL;
        enum err err = jval_parse(str_of(cases[i].text), &v, &e);
        ck_assert_msg((err == ERR_OK) == cases[i].strict, "%s: %s", cases[i].text, e.text);
        ck_assert(err == ERR_OK || (err == ERR_INPUT && e.text[0]));
        jval_free(v);
        v = NULL;
        e = ERROR_NONE;
        err = jval_parse_lenient(str_of(cases[i].text), &v, &e);
        ck_assert_msg((err == ERR_OK) == cases[i].lenient, "%s: %s", cases[i].text, e.text);
        jval_free(v);
    }
}
END_TEST

START_TEST(refusal_does_not_quote)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;

    ck_assert_int_eq(jval_parse(STR("{\"token\":\"hunter2\" \"x\"}"), &v, &e), ERR_INPUT);
    ck_assert_ptr_null(strstr(e.text, "hunter2"));
    ck_assert_ptr_nonnull(strstr(e.text, "line 1, column"));
    ck_assert_int_eq(jval_parse((struct str){"{}\0", 3}, &v, NULL), ERR_INPUT);
    ck_assert_int_eq(jval_parse(STR_NONE, &v, NULL), ERR_INPUT);
}
END_TEST

static enum err parse_nested(size_t depth, const char *inside)
{
    struct buf b CLEANUP(buf_done) = BUF_INIT(10000);
    struct error e = ERROR_NONE;
    struct jval *v = NULL;
    enum err err;

    for (size_t i = 0; i < depth; i++)
        buf_add_str(&b, i % 2 ? STR("[") : STR("{\"a\":"));
    buf_addf(&b, "%s", inside);
    for (size_t i = depth; i-- > 0;)
        buf_add_char(&b, i % 2 ? ']' : '}');
    err = jval_parse(buf_str(&b), &v, &e);
    jval_free(v);
    return err;
}

START_TEST(depth_is_bounded)
{
    char *long_text = malloc(LIMIT_JSON_BYTES + 1);
    struct jval *v = NULL;

    ck_assert_int_eq(parse_nested(LIMIT_JSON_DEPTH, "1"), ERR_OK);
    ck_assert_int_eq(parse_nested(LIMIT_JSON_DEPTH + 1, "1"), ERR_INPUT);
    ck_assert_int_eq(parse_nested(LIMIT_JSON_DEPTH, "\"[[[{{{\\\"[[\""), ERR_OK);
    ck_assert_int_eq(parse_nested(LIMIT_JSON_DEPTH - 1, "[[]]"), ERR_INPUT);
    ck_assert_int_eq(parse_nested(2, "[],[],[],\"\\\\\",[]"), ERR_OK);
    ck_assert_int_eq(parse_nested(2000, "1"), ERR_INPUT);
    memset(long_text, ' ', LIMIT_JSON_BYTES + 1);
    ck_assert_int_eq(jval_parse((struct str){long_text, LIMIT_JSON_BYTES + 1}, &v, NULL),
                     ERR_INPUT);
    free(long_text);
}
END_TEST

static struct jval *parsed(const char *text)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;

    ck_assert_int_eq(jval_parse(str_of(text), &v, &e), ERR_OK);
    return v;
}

START_TEST(readers_are_strict)
{
    struct jval *v CLEANUP(jval_cleanup) = parsed(
        "{\"t\":\"x\",\"i\":5,\"r\":0.5,\"b\":true,\"f\":false,\"n\":null,\"a\":[1,2],\"o\":{},"
        "\"s\":\"42\"}");
    static const struct {
        const char *key;
        enum jval_type type;
    } types[] = {{"t", JVAL_TEXT},  {"i", JVAL_INT},    {"r", JVAL_REAL},
                 {"b", JVAL_BOOL},  {"f", JVAL_BOOL},   {"n", JVAL_NULL},
                 {"a", JVAL_ARRAY}, {"o", JVAL_OBJECT}, {"z", JVAL_NONE}};
    struct str text = STR_NONE;
    int64_t i = 7;
    double r = 7;
    bool b = false;

    for (size_t k = 0; k < COUNT(types); k++) {
        const struct jval *m = jval_get(v, types[k].key);
        ck_assert_int_eq(jval_type(m), types[k].type);
        ck_assert(jval_text(m, &text) == (types[k].type == JVAL_TEXT));
        ck_assert(jval_int(m, &i) == (types[k].type == JVAL_INT));
        ck_assert(jval_bool(m, &b) == (types[k].type == JVAL_BOOL));
        ck_assert(jval_real(m, &r) == (types[k].type == JVAL_REAL || types[k].type == JVAL_INT));
    }
    ck_assert_text(text, "x");
    ck_assert_int_eq(i, 5);
    ck_assert_double_eq(r, 0.5);
    ck_assert(!b);
    ck_assert(jval_int_loose(jval_get(v, "s"), 0, 50, &i) && i == 42);
    ck_assert(jval_int_loose(jval_get(v, "i"), 0, 50, &i) && i == 5);
    ck_assert(!jval_int_loose(jval_get(v, "i"), 6, 50, &i));
    ck_assert(!jval_int_loose(jval_get(v, "s"), 0, 41, &i));
    ck_assert(!jval_int_loose(jval_get(v, "r"), 0, 41, &i));
    ck_assert(!jval_int_loose(NULL, 0, 41, &i));
    ck_assert_text(jval_get_text(v, "t"), "x");
    ck_assert_ptr_null(jval_get_text(v, "i").ptr);
    ck_assert_ptr_null(jval_get(jval_get(v, "a"), "x"));
    ck_assert_uint_eq(jval_size(v), 9);
    ck_assert_uint_eq(jval_size(jval_get(v, "a")), 2);
    ck_assert_uint_eq(jval_size(jval_get(v, "t")), 0);
    ck_assert(jval_int(jval_at(jval_get(v, "a"), 1), &i) && i == 2);
    ck_assert_ptr_null(jval_at(jval_get(v, "a"), 2));
    ck_assert_ptr_null(jval_at(v, 0));
}
END_TEST

START_TEST(walks_in_order)
{
    struct jval *v CLEANUP(jval_cleanup) = parsed("{\"z\":1,\"a\":2,\"m\":3}");
    const struct jval *value;
    void *iter = NULL;
    struct str key;
    char keys[8] = "";
    int64_t n, sum = 0;

    while (jval_next(v, &iter, &key, &value)) {
        keys[strlen(keys)] = key.ptr[0];
        ck_assert(jval_int(value, &n));
        sum += n;
    }
    ck_assert_str_eq(keys, "zam");
    ck_assert_int_eq(sum, 6);
    iter = NULL;
    ck_assert(!jval_next(jval_at(v, 0), &iter, &key, &value));
}
END_TEST

START_TEST(builds_and_dumps)
{
    struct jval *o = jval_new_object(), *a = jval_new_array(), *copy;
    char *text;

    jval_put_text(o, "z", STR("Ж\"\n"));
    jval_put_int(o, "a", -1);
    jval_put_bool(o, "t", true);
    jval_append(a, jval_new_null());
    jval_append(a, jval_new_real(0.5));
    jval_append(a, jval_new_bool(false));
    jval_put(o, "list", a);
    jval_put_text_clean(o, "c", STR("a\xff"));
    jval_put_int(o, "a", 2); /* the second stands */
    copy = jval_copy(o);
    text = jval_dump(o, false);
    ck_assert_str_eq(text, "{\"z\":\"Ж\\\"\\n\",\"a\":2,\"t\":true,\"list\":[null,0.5,false],"
                           "\"c\":\"a\xef\xbf\xbd\"}");
    free(text);
    jval_free(o);
    text = jval_dump_free(copy, true);
    ck_assert_str_eq(text, "{\"a\":2,\"c\":\"a\xef\xbf\xbd\",\"list\":[null,0.5,false],\"t\":true,"
                           "\"z\":\"Ж\\\"\\n\"}");
    free(text);
    jval_free(NULL);
    text = jval_dump_free(jval_new_text(STR_NONE), false);
    ck_assert_str_eq(text, "\"\"");
    free(text);
}
END_TEST

START_TEST(failure_sticks_and_climbs)
{
    struct jval *o = jval_new_object(), *a = jval_new_array();

    jval_append(a, jval_new_text(STR("\xff"))); /* no UTF-8: NULL */
    ck_assert(jval_failed(a));
    ck_assert_ptr_null(jval_dump(a, false));
    ck_assert_ptr_null(jval_copy(a));
    ck_assert(!jval_failed(o));
    jval_put(o, "a", a);
    ck_assert(jval_failed(o));
    jval_put_int(o, "b", 1);
    ck_assert_ptr_null(jval_dump(o, false));
    jval_free(o);
    a = jval_new_array();
    jval_put_int(a, "not an object", 1);
    ck_assert(jval_failed(a));
    jval_free(a);
    ck_assert(jval_failed(NULL));
    jval_put_int(NULL, "x", 1);
    jval_append(NULL, NULL);
    ck_assert_ptr_null(jval_dump(NULL, true));
}
END_TEST

START_TEST(takes_text)
{
    struct jval *v CLEANUP(jval_cleanup) = parsed("{\"v\":1,\"t\":\"x\",\"n\":null,\"i\":1}");
    struct jval *two CLEANUP(jval_cleanup) = parsed("{\"v\":2}");
    struct error e = ERROR_NONE;
    char *text = NULL;

    ck_assert_int_eq(jval_take_text(v, "t", true, &text, &e), ERR_OK);
    ck_assert_str_eq(text, "x");
    free(text);
    ck_assert_int_eq(jval_take_text(v, "n", false, &text, &e), ERR_OK);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(jval_take_text(v, "z", true, &text, &e), ERR_INPUT);
    ck_assert_str_eq(e.text, "z: missing");
    e = ERROR_NONE;
    ck_assert_int_eq(jval_take_text(v, "i", false, &text, &e), ERR_INPUT);
    ck_assert_str_eq(e.text, "i: not a text");
    e = ERROR_NONE;
    ck_assert_int_eq(jval_check_version(v, &e), ERR_OK);
    ck_assert_int_eq(jval_check_version(two, &e), ERR_INPUT);
    e = ERROR_NONE;
    ck_assert_int_eq(jval_check_version(jval_get(v, "t"), &e), ERR_INPUT);
}
END_TEST

static bool parse_big(void *arg)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;
    enum err err = jval_parse(str_of(arg), &v, &e);

    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    jval_free(v);
    return err == ERR_INTERNAL;
}

START_TEST(parsing_survives_want_of_memory)
{
    char text[] = "{\"a\":[1,2.5,true,null,{\"b\":\"text \\u0416 and more text than a little\"}],"
                  "\"c\":{\"d\":{},\"e\":[[],[]]},\"f\":\"x\",\"g\":1,\"h\":2,\"i\":3,\"j\":4,"
                  "\"k\":5,\"l\":6,\"m\":7,\"n\":8,\"o\":9,\"p\":[1,2,3,4,5,6,7,8,9,10,11,12]}";

    fault_walk(parse_big, text);
}
END_TEST

static bool build_much(void *arg)
{
    struct jval *o = jval_new_object(), *a = jval_new_array();
    struct jval *copy;
    char *text;

    (void)arg;
    for (int i = 0; i < 20; i++) {
        char key[] = {(char)('a' + i), '\0'};
        jval_put_text(o, key, STR("value"));
        jval_put_text_clean(o, "clean", STR("value\xff"));
        jval_append(a, jval_new_int(i));
    }
    jval_put(o, "list", a);
    copy = jval_copy(o);
    text = jval_dump(copy, true);
    jval_free(copy);
    jval_free(o);
    free(text);
    return text == NULL;
}

START_TEST(building_survives_want_of_memory)
{
    fault_walk(build_much, NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("jval", parses_or_refuses, refusal_does_not_quote, depth_is_bounded,
                    readers_are_strict, walks_in_order, builds_and_dumps, failure_sticks_and_climbs,
                    takes_text, parsing_survives_want_of_memory, building_survives_want_of_memory);
}

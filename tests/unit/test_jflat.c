/* The quick reader of flat objects says what jansson says: plain texts, texts that are not, every want of memory. */
#include <stdio.h>

#include "common/buf.h"
#include "common/jflat.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

/* Plain: read without a tree. */
static void read(const char *text, bool plain, struct jflat *f)
{
    struct error e = ERROR_NONE;
    ck_assert_msg(jflat_parse(str_of(text), f, &e) == ERR_OK, "%s: %s", text, e.text);
    ck_assert_msg((f->tree == NULL) == plain, "%s", text);
}

static const struct jflat_value *get(const struct jflat *f, const char *key)
{
    return jflat_get(f, jflat_root(f), key);
}

static void check_members(const char *text, bool plain)
{
    struct jflat f;
    struct str s;
    int64_t n;
    bool yes = false;
    read(text, plain, &f);
    ck_assert(jflat_int(get(&f, "n"), &n) && n == -12);
    ck_assert(jflat_text(get(&f, "t"), &s));
    ck_assert_text(s, "x y");
    ck_assert_int_eq(jflat_type(get(&f, "z")), JVAL_NULL);
    ck_assert_int_eq(jflat_type(get(&f, "yes")), JVAL_BOOL);
    ck_assert_int_eq(jflat_type(get(&f, "no")), JVAL_BOOL);
    ck_assert(jflat_bool(get(&f, "yes"), &yes) && yes);
    ck_assert(jflat_bool(get(&f, "no"), &yes) && !yes);
    ck_assert(!jflat_bool(get(&f, "n"), &yes));
    ck_assert_int_eq(jflat_plain(&f), plain);
    ck_assert(jflat_empty(get(&f, "e")) && jflat_type(get(&f, "e")) == JVAL_OBJECT);
    ck_assert(jflat_empty(get(&f, "a")) && jflat_type(get(&f, "a")) == JVAL_ARRAY);
    ck_assert(!jflat_empty(get(&f, "o")) && !jflat_empty(get(&f, "t")));
    ck_assert(jflat_int(jflat_get(&f, get(&f, "o"), "n"), &n) && n == 0);
    ck_assert(jflat_text(jflat_get(&f, get(&f, "o"), "t"), &s) && s.len == 0);
    ck_assert_ptr_null(jflat_get(&f, get(&f, "o"), "z"));
    ck_assert_ptr_null(jflat_get(&f, get(&f, "t"), "z"));
    ck_assert_ptr_null(jflat_get(&f, NULL, "z"));
    ck_assert_ptr_null(get(&f, "missing"));
    jflat_done(&f);
}

#define MEMBERS \
    "\"n\":-12,\"t\":\"x y\",\"z\":null,\"yes\":true,\"no\":false,\"e\":{},\"a\":[],\"o\":{\"n\":0,\"t\":\"\"}"

START_TEST(members_are_found)
{
    check_members("{" MEMBERS "}", true);
    check_members(
        " {\t\"n\" : -12 ,\r\n\"t\": \"x y\" , \"z\" :null, \"yes\":true,\"no\":false,\"e\":{ } "
        ", \"a\" : [ ] , \"o\" : { \"n\" : 0 , \"t\" : \"\" } } ",
        true);
    check_members("{" MEMBERS ",\"escaped\":\"\\n\"}", false);
    check_members("{" MEMBERS ",\"name\":\"Пётр\"}", true);
    check_members("{" MEMBERS ",\"Пётр\":1}", true);
    check_members("{" MEMBERS ",\"real\":1.5}", false);
    check_members("{" MEMBERS ",\"real\":1e3}", false);
    check_members("{" MEMBERS ",\"long\":1234567890123456789}", false);
    check_members("{" MEMBERS ",\"list\":[1]}", false);
    check_members("{" MEMBERS ",\"deep\":{\"er\":{\"n\":1}}}", false);
}
END_TEST

START_TEST(source_of_an_object)
{
    struct jflat f;
    read("{\"o\": {\"a\" : \"Ё\"} ,\"e\":{ },\"t\":\"x\"}", true, &f);
    ck_assert_text(jflat_source(get(&f, "o")), "{\"a\" : \"Ё\"}");
    ck_assert_text(jflat_source(get(&f, "e")), "{ }");
    ck_assert(jflat_source(get(&f, "t")).len == 0 && jflat_source(NULL).len == 0);
    ck_assert(!jflat_repeats(&f));
    jflat_done(&f);
    read("{\"o\":{\"a\":1},\"t\":\"\\n\"}", false, &f);
    ck_assert(jflat_source(get(&f, "o")).len == 0);
    jflat_done(&f);
    read("{\"o\":{\"a\":1},\"a\":2,\"p\":{\"a\":1,\"b\":2,\"a\":3}}", true, &f);
    ck_assert(jflat_repeats(&f));
    jflat_done(&f);
}
END_TEST

START_TEST(last_of_repeated_keys_stands)
{
    struct jflat f;
    int64_t n;
    read("{\"a\":1,\"o\":{\"n\":1,\"m\":5},\"a\":2,\"o\":{\"n\":3}}", true, &f);
    ck_assert(jflat_int(get(&f, "a"), &n) && n == 2);
    ck_assert(jflat_int(jflat_get(&f, get(&f, "o"), "n"), &n) && n == 3);
    ck_assert_ptr_null(jflat_get(&f, get(&f, "o"), "m"));
    jflat_done(&f);
}
END_TEST

START_TEST(more_members_than_have_room)
{
    struct buf text = BUF_INIT(100000);
    struct jflat f;
    int64_t n;
    for (int i = 0; i < 3 * JFLAT_MEMBERS; i++)
        buf_addf(&text, "%s\"k%d\":%d", i ? "," : "{\"o\":{\"x\":7},", i, i);
    buf_add_char(&text, '}');
    read(buf_str(&text).ptr, false, &f);
    ck_assert(jflat_int(get(&f, "k0"), &n) && n == 0);
    ck_assert(jflat_int(get(&f, "k143"), &n) && n == 143);
    ck_assert(jflat_int(jflat_get(&f, get(&f, "o"), "x"), &n) && n == 7);
    jflat_done(&f);
    buf_done(&text);
}
END_TEST

START_TEST(numbers)
{
    struct jflat f;
    int64_t n = 4711;
    read("{\"i\":12,\"t\":\"13\",\"w\":\"x\",\"b\":true,\"m\":999999999999999999}", true, &f);
    ck_assert(jflat_int_loose(get(&f, "i"), 0, 12, &n) && n == 12);
    ck_assert(jflat_int_loose(get(&f, "t"), 0, 13, &n) && n == 13);
    ck_assert(!jflat_int_loose(get(&f, "i"), 0, 11, &n) &&
              !jflat_int_loose(get(&f, "i"), 13, 20, &n));
    ck_assert(!jflat_int_loose(get(&f, "w"), 0, 11, &n) &&
              !jflat_int_loose(get(&f, "b"), 0, 11, &n));
    ck_assert(!jflat_int_loose(NULL, 0, 11, &n) && !jflat_int(get(&f, "t"), &n));
    ck_assert(jflat_int(get(&f, "m"), &n) && n == 999999999999999999);
    jflat_done(&f);
}
END_TEST

START_TEST(any_value_is_a_root)
{
    static const char *const texts[] = {"1", "\"x\"", "true", "null", "[]", "{}", "[1,2]"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct jflat f;
        read(texts[i], texts[i][0] != '[' || texts[i][1] == ']', &f);
        ck_assert_int_ne(jflat_type(jflat_root(&f)), JVAL_NONE);
        ck_assert_ptr_null(get(&f, "x"));
        jflat_done(&f);
    }
}
END_TEST

START_TEST(refuses_what_jansson_refuses)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "{",
                                        "{}{}",
                                        "{} x",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\":01}",
                                        "{\"a\":-}",
                                        "{\"a\":1x}",
                                        "{\"a\":truex}",
                                        "{\"a\":tru}",
                                        "{'a':1}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":\"\t\"}",
                                        "{\"a\":\"",
                                        "{\"a\":[",
                                        "\"\xd0\"",
                                        "{\"a\":+1}",
                                        "{\"a\":1.}",
                                        "99999999999999999999",
                                        "[1,]",
                                        "{\"a\":[}}"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error e = ERROR_NONE;
        struct jflat f;
        ck_assert_msg(jflat_parse(str_of(texts[i]), &f, &e) == ERR_INPUT, "%s", texts[i]);
        ck_assert(e.text[0]);
    }
    ck_assert(jflat_parse(STR_NONE, &(struct jflat){0}, NULL) == ERR_INPUT); /* a tombstone */
    ck_assert(jflat_parse((struct str){"{\"a\0\":1}", 9}, &(struct jflat){0}, NULL) == ERR_INPUT);
}
END_TEST

static bool parse_starved(void *arg)
{
    struct error e = ERROR_NONE;
    struct jflat f;
    enum err err = jflat_parse(str_of(arg), &f, &e);
    ck_assert(err == ERR_OK || err == ERR_INTERNAL);
    if (err == ERR_OK)
        jflat_done(&f);
    return err != ERR_OK;
}

START_TEST(want_of_memory_is_told)
{
    struct buf text = BUF_INIT(100000);
    for (int i = 0; i <= JFLAT_MEMBERS; i++)
        buf_addf(&text, "%s\"k%d\":{\"x\":\"\\n\"}", i ? "," : "{", i);
    buf_add_char(&text, '}');
    jval_start();
    fault_walk(parse_starved, text.data);
    buf_done(&text);
}
END_TEST

int main(void)
{
    return UNIT_RUN("jflat", members_are_found, source_of_an_object, last_of_repeated_keys_stands,
                    more_members_than_have_room, numbers, any_value_is_a_root,
                    refuses_what_jansson_refuses, want_of_memory_is_told);
}

/*
 * The scanner for entry_id: finds it where it is, and nowhere else.
 */
#include "ingest/entry.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

/* Scans an exact-size copy, so that a sanitizer sees every byte read too far. */
static enum entry find(struct str json, struct entry_text *out)
{
    char *copy = malloc(json.len ? json.len : 1);
    ck_assert_ptr_nonnull(copy);
    if (json.len)
        memcpy(copy, json.ptr, json.len);
    enum entry r = entry_find((struct str){copy, json.len}, "entry_id", out);
    free(copy);
    return r;
}

static const struct {
    const char *json, *id;
} found[] = {
    {"{\"entry_id\":\"abc\"}", "abc"},
    {" {\r\n\t\"entry_id\" : \"abc\" , \"a\":1 } \n", "abc"},
    {"{\"a\":{\"entry_id\":\"no\"},\"entry_id\":\"yes\"}", "yes"},
    {"{\"a\":[{\"entry_id\":\"no\"},\"entry_id\"],\"entry_id\":\"yes\"}", "yes"},
    {"{\"a\":\"\\\"entry_id\\\":\\\"no\\\"\",\"entry_id\":\"yes\"}", "yes"},
    {"{\"a\":\"entry_id\",\"entry_id\":\"yes\",\"b\":\"entry_id\"}", "yes"},
    {"{\"entry_i\":\"1\",\"entry_id2\":\"2\",\"entry_id\":\"3\",\"Entry_id\":\"4\"}", "3"},
    {"{\"entry\\u005fid\":\"abc\"}", "abc"},
    {"{\"\\u0065ntry_id\":\"a\\/b\\\\\\\"\\b\\f\\n\\r\\t\"}", "a/b\\\"\b\f\n\r\t"},
    {"{\"entry_id\":\"\\u0041\\u00e9\\u041F\\ud83d\\uDE00\"}", "AéП😀"},
    {"{\"entry_id\":\"Пе😀\"}", "Пе😀"},
    {"{\"x\":-1.5e+3,\"t\":true,\"f\":false,\"n\":null,\"e\":{},\"l\":[],\"entry_id\":\"k\"}", "k"},
    {"{\"l\":[1,2,[3,{}]],\"o\":{\"a\":{\"b\":[]}},\"entry_id\":\"k\"}", "k"},
    {"{\"entry_id\":\"first\",\"entry_id\":\"last\"}", "last"},
    {"{\"entry_id\":1,\"entry\\u005Fid\":\"last\",\"a\":2}", "last"},
    {"{\"a\":\"\\ud83d\",\"entry_id\":\"k\"}", "k"},
    {"{\"this_is_a_name_that_is_longer_than_any_we_look_for_\\u0065\":1,\"entry_id\":\"k\"}", "k"},
};

START_TEST(finds)
{
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct entry_text t = {.len = 0};
        ck_assert_msg(find(str_of(found[i].json), &t) == ENTRY_FOUND, "%s", found[i].json);
        ck_assert_msg(str_is((struct str){t.bytes, t.len}, found[i].id), "%s", found[i].json);
    }
}
END_TEST

static const char *const none[] = {
    "{}",
    "{\"a\":1}",
    "{\"a\":{\"entry_id\":\"no\"}}",
    "{\"a\":\"entry_id\"}",
    "{\"entry_id\":1}",
    "{\"entry_id\":null}",
    "{\"entry_id\":[\"abc\"]}",
    "{\"entry_id\":{\"entry_id\":\"abc\"}}",
    "{\"entry_id\":\"\"}",
    "{\"entry_id\":\"a\",\"entry_id\":1}",
    "{\"entry_id\":\"a\",\"entry_id\":\"\"}",
    "{\"entry_id\":\"a\",\"entry_id\":[\"a\"]}",
    "{\"entry_id\":\"a\\u0000b\"}",
    "{\"entry_id\":\"\\ud83d\"}",
    "{\"entry_id\":\"\\ud83dx\"}",
    "{\"entry_id\":\"\\ud83d\\u0041\"}",
    "{\"entry_id\":\"\\ud83d\\n12345\"}",
    "{\"entry_id\":\"\\ude00\"}",
    "{\"entry_id\":\"\\u12\"}",
    "{\"entry_id\":\"\\u12g4\"}",
    "{\"entry_id\":\"\\x\"}",
    "{\"entry_id\":\"\xff\"}",
    "{\"entry_id\":\"\xc3\"}",
    "{\"\\u0065ntry_idx\":\"a\"}",
    "{\"\\qentry_id\":\"a\"}",
};

static const char *const broken[] = {
    "",
    " ",
    "[]",
    "\"entry_id\"",
    "1",
    "null",
    "{",
    "}",
    "{]",
    "[}",
    "{\"entry_id\":\"abc\"",
    "{\"entry_id\":\"abc\"}}",
    "{\"entry_id\":\"abc\"}{}",
    "{\"entry_id\":\"abc\"} x",
    "{\"entry_id\":\"abc}",
    "{\"entry_id\":\"abc\\\"}",
    "{\"entry_id\":\"abc\\",
    "{\"entry_id\"}",
    "{\"entry_id\",\"abc\"}",
    "{\"entry_id\":}",
    "{\"entry_id\":\"abc\",}",
    "{,\"entry_id\":\"abc\"}",
    "{\"entry_id\":\"abc\" \"a\":1}",
    "{entry_id:\"abc\"}",
    "{'entry_id':'abc'}",
    "{\"a\":[1,],\"entry_id\":\"abc\"}",
    "{\"a\":[,1],\"entry_id\":\"abc\"}",
    "{\"a\":[1},\"entry_id\":\"abc\"}",
    "{\"a\":{1]},\"entry_id\":\"abc\"}",
    "{\"a\":tru,\"entry_id\":\"abc\"}",
    "{\"a\":+1,\"entry_id\":\"abc\"}",
    "{\"a\":nul",
    "{\"a\":.5,\"entry_id\":\"abc\"}",
    "{\"entry_id\":\"a\nb\"}",
    "{\"a\nb\":1}",
    "{\"a\":]}",
    "{\"a\":\"b\\",
    "\xef\xbb\xbf{\"entry_id\":\"abc\"}",
};

START_TEST(finds_nothing)
{
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct entry_text t;
        ck_assert_msg(find(str_of(none[i]), &t) == ENTRY_NONE, "%s", none[i]);
    }
}
END_TEST

START_TEST(sees_broken)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct entry_text t;
        ck_assert_msg(find(str_of(broken[i]), &t) == ENTRY_BROKEN, "%s", broken[i]);
    }
}
END_TEST

/* Whatever is cut off the end of a sound text, it is broken then. */
START_TEST(sees_every_cut)
{
    const char *json = found[11].json;
    for (size_t n = 0; n < strlen(json); n++) {
        struct entry_text t;
        ck_assert(find((struct str){json, n}, &t) == ENTRY_BROKEN);
    }
}
END_TEST

START_TEST(length_has_a_limit)
{
    char json[2 * LIMIT_ENTRY_ID];
    struct entry_text t;
    int n = snprintf(json, sizeof json, "{\"entry_id\":\"%0*d\"}", LIMIT_ENTRY_ID, 7);
    ck_assert(find((struct str){json, (size_t)n}, &t) == ENTRY_FOUND);
    ck_assert_uint_eq(t.len, LIMIT_ENTRY_ID);
    n = snprintf(json, sizeof json, "{\"entry_id\":\"%0*d\"}", LIMIT_ENTRY_ID + 1, 7);
    ck_assert(find((struct str){json, (size_t)n}, &t) == ENTRY_NONE);
    /* a character that does not fit as a whole is not cut */
    n = snprintf(json, sizeof json, "{\"entry_id\":\"%0*d\\u041f\"}", LIMIT_ENTRY_ID - 1, 7);
    ck_assert(find((struct str){json, (size_t)n}, &t) == ENTRY_NONE);
}
END_TEST

START_TEST(depth_has_a_limit)
{
    char json[4 * LIMIT_JSON_DEPTH + 64];
    struct entry_text t;
    for (int deep = LIMIT_JSON_DEPTH - 1; deep <= LIMIT_JSON_DEPTH; deep++) {
        size_t n = (size_t)snprintf(json, sizeof json, "{\"entry_id\":\"k\",\"a\":");
        memset(json + n, '[', (size_t)deep);
        memset(json + n + deep, ']', (size_t)deep);
        n += 2 * (size_t)deep;
        json[n++] = '}';
        ck_assert(find((struct str){json, n}, &t) ==
                  (deep < LIMIT_JSON_DEPTH ? ENTRY_FOUND : ENTRY_BROKEN));
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("entry", finds, finds_nothing, sees_broken, sees_every_cut, length_has_a_limit,
                    depth_has_a_limit);
}

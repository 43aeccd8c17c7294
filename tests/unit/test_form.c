/*
 * The form parser: what it takes, decodes and refuses.
 */
#include "ingest/form.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/limits.h"
#include "tests/unit/unit.h"

START_TEST(types)
{
    ck_assert(form_is_type(STR_NONE));
    ck_assert(form_is_type(STR(" \t")));
    ck_assert(form_is_type(STR("application/x-www-form-urlencoded")));
    ck_assert(form_is_type(STR("Application/X-WWW-Form-URLencoded")));
    ck_assert(form_is_type(STR("application/x-www-form-urlencoded; charset=UTF-8")));
    ck_assert(form_is_type(STR("application/x-www-form-urlencoded ;charset=utf-8 ")));
    ck_assert(form_is_type(STR("application/x-www-form-urlencoded\t")));
    ck_assert(!form_is_type(STR("application/x-www-form-urlencodedX")));
    ck_assert(!form_is_type(STR("application/json")));
    ck_assert(!form_is_type(STR("multipart/form-data; boundary=x")));
}
END_TEST

/* Parses an exact-size copy, so that a sanitizer sees every byte read or written too far. */
static enum err parse(struct str body, struct form *f, char **memory, struct error *e)
{
    *memory = malloc(2 * body.len + 1);
    ck_assert_ptr_nonnull(*memory);
    char *in = *memory + body.len;
    if (body.len)
        memcpy(in, body.ptr, body.len);
    return form_parse((struct str){in, body.len}, *memory, f, e);
}

static const struct {
    const char *body, *key, *sign, *json;
} good[] = {
    {"vpbx_api_key=k&sign=s&json={}", "k", "s", "{}"},
    {"json=%7B%22a%22%3A1%7D&sign=AB&vpbx_api_key=k", "k", "AB", "{\"a\":1}"},
    {"json=a+b%2Bc&sign=+&vpbx_api_key=%6b", "k", " ", "a b+c"},
    {"json=%d0%9F%D0%b5&sign=s&vpbx_api_key=k", "k", "s", "Пе"},
    {"&&json=&sign=&vpbx_api_key&", "", "", ""},
    {"other=1&json=j=j&sign=s&vpbx_api_key=k&other=2", "k", "s", "j=j"},
    {"%6ason=1&s%69gn=2&vpbx%5fapi_key=3", "3", "2", "1"},
};

START_TEST(takes)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error e = ERROR_NONE;
        struct form f;
        char *memory;
        ck_assert_msg(parse(str_of(good[i].body), &f, &memory, &e) == ERR_OK, "%s", good[i].body);
        ck_assert(str_is(f.api_key, good[i].key));
        ck_assert(str_is(f.sign, good[i].sign));
        ck_assert(str_is(f.json, good[i].json));
        free(memory);
    }
}
END_TEST

START_TEST(keeps_zero_bytes)
{
    struct error e = ERROR_NONE;
    struct form f;
    char *memory;
    ck_assert(parse(STR("json=a%00b&sign=s&vpbx_api_key=k"), &f, &memory, &e) == ERR_OK);
    ck_assert(str_eq(f.json, (struct str){"a\0b", 3}));
    free(memory);
}
END_TEST

static const char *const bad[] = {
    "",
    "&",
    "json=1&sign=2",
    "json=1&vpbx_api_key=2",
    "sign=1&vpbx_api_key=2",
    "json=%&sign=s&vpbx_api_key=k",
    "json=%4&sign=s&vpbx_api_key=k",
    "json=%4g&sign=s&vpbx_api_key=k",
    "json=%g4&sign=s&vpbx_api_key=k",
    "vpbx_api_key=k&sign=s&json=%4",
    "vpbx_api_key=k&sign=s&json=%",
    "vpbx_api_key=k&sign=s&json=1&%zz=1",
    "vpbx_api_key=k&sign=s&json=1&json=1",
    "vpbx_api_key=k&sign=s&json=1&%6ason=1",
    "sign=a&vpbx_api_key=k&sign=s&json=1",
    "vpbx_api_key=k&vpbx_api_key=k&sign=s&json=1",
    "{\"vpbx_api_key\":\"k\"}",
};

START_TEST(refuses)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = ERROR_NONE;
        struct form f;
        char *memory;
        ck_assert_msg(parse(str_of(bad[i]), &f, &memory, &e) == ERR_INPUT, "%s", bad[i]);
        ck_assert(e.kind == ERR_INPUT && e.text[0] != '\0');
        free(memory);
    }
}
END_TEST

START_TEST(counts_fields)
{
    char body[1024] = "vpbx_api_key=k&sign=s&json=1";
    size_t n = strlen(body);
    struct error e = ERROR_NONE;
    struct form f;
    char *memory;
    for (int i = 3; i < LIMIT_WEBHOOK_FIELDS; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, "&f%d=1", i);
    ck_assert(parse((struct str){body, n}, &f, &memory, &e) == ERR_OK);
    free(memory);
    n += (size_t)snprintf(body + n, sizeof body - n, "&one=more");
    ck_assert(parse((struct str){body, n}, &f, &memory, &e) == ERR_INPUT);
    free(memory);
}
END_TEST

int main(void)
{
    return UNIT_RUN("form", types, takes, keeps_zero_bytes, refuses, counts_fields);
}

/*
 * Paths to kinds, webhooks to keys, and who is answered 429.
 */
#include "ingest/accept.h"

#include <stdio.h>

#include "ingest/unauthorized.h"
#include "tests/unit/unit.h"

static const struct {
    const char *base, *path;
    enum accept_route route;
    const char *kind;
} paths[] = {
    {"", "/events/call", ACCEPT_WEBHOOK, "call"},
    {"", "/events/record/added", ACCEPT_WEBHOOK, "record/added"},
    {"", "/result/route", ACCEPT_WEBHOOK, "result/route"},
    {"", "/result/a/b", ACCEPT_WEBHOOK, "result/a/b"},
    {"", "/events/ping", ACCEPT_PING, "ping"},
    {"", "/result/ping", ACCEPT_WEBHOOK, "result/ping"},
    {"", "//events//call/", ACCEPT_WEBHOOK, "call"},
    {"", "/events/x%2Fy", ACCEPT_WEBHOOK, "x%2Fy"},
    {"", "/events/result/x", ACCEPT_WEBHOOK, "result/x"},
    {"/mango", "/mango/events/call", ACCEPT_WEBHOOK, "call"},
    {"mango/", "/mango//events/call", ACCEPT_WEBHOOK, "call"},
    {"/a/b", "/a/b/result/route", ACCEPT_WEBHOOK, "result/route"},
    {"/mango", "/events/call", ACCEPT_NOT_FOUND, ""},
    {"/mango", "/mangoevents/call", ACCEPT_NOT_FOUND, ""},
    {"/mango", "/mango", ACCEPT_NOT_FOUND, ""},
    {"", "", ACCEPT_NOT_FOUND, ""},
    {"", "/", ACCEPT_NOT_FOUND, ""},
    {"", "*", ACCEPT_NOT_FOUND, ""},
    {"", "events/call", ACCEPT_NOT_FOUND, ""},
    {"", "/events", ACCEPT_NOT_FOUND, ""},
    {"", "/events/", ACCEPT_NOT_FOUND, ""},
    {"", "/result/", ACCEPT_NOT_FOUND, ""},
    {"", "/result//route", ACCEPT_NOT_FOUND, ""},
    {"", "/event/call", ACCEPT_NOT_FOUND, ""},
    {"", "/eventsx/call", ACCEPT_NOT_FOUND, ""},
    {"", "/events/c l", ACCEPT_NOT_FOUND, ""},
    {"", "/events/\xd0\x9f", ACCEPT_NOT_FOUND, ""},
    {"", "/events/\x7f", ACCEPT_NOT_FOUND, ""},
};

START_TEST(paths_name_kinds)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct str kind = STR_NONE, path = str_of(paths[i].path), base = str_of(paths[i].base);
        enum accept_route r = accept_path(STR("POST"), path, base, &kind);
        ck_assert_msg(r == paths[i].route, "%s", paths[i].path);
        if (r != ACCEPT_NOT_FOUND)
            ck_assert_msg(str_is(kind, paths[i].kind), "%s", paths[i].path);
        enum accept_route get = accept_path(STR("GET"), path, base, &kind);
        ck_assert(get == (r == ACCEPT_NOT_FOUND ? ACCEPT_NOT_FOUND : ACCEPT_METHOD));
    }
}
END_TEST

START_TEST(kinds_have_a_limit)
{
    char path[128];
    struct str kind;
    snprintf(path, sizeof path, "/events/%0*d", LIMIT_KIND, 1);
    ck_assert(accept_path(STR("POST"), str_of(path), STR_NONE, &kind) == ACCEPT_WEBHOOK);
    ck_assert_uint_eq(kind.len, LIMIT_KIND);
    snprintf(path, sizeof path, "/events/%0*d", LIMIT_KIND + 1, 1);
    ck_assert(accept_path(STR("POST"), str_of(path), STR_NONE, &kind) == ACCEPT_NOT_FOUND);
}
END_TEST

static const struct {
    const char *kind, *json, *key;
} keys[] = {
    {"call", "{\"entry_id\":\"abc\"}", "acme/abc"},
    {"call", "{\"entry_id\":\"a/b~c\"}", "acme/a/b~c"},
    {"call", "{\"command_id\":\"abc~1\"}", "acme/-"},
    {"call", "{\"entry_id\":1}", "acme/-"},
    {"call", "not json", "acme/-"},
    {"call", "", "acme/-"},
    {"summary", "{\"entry_id\":\"abc\"", "acme/-"},
    {"result/route", "{\"command_id\":\"abc~1\"}", "acme/abc"},
    {"result/route", "{\"command_id\":\"a~b~1\"}", "acme/a~b"},
    {"result/route", "{\"command_id\":\"~1\"}", "acme/-"},
    {"result/route", "{\"command_id\":\"abc\"}", "acme/-"},
    {"result/route", "{\"entry_id\":\"abc\"}", "acme/-"},
    {"result/route", "{\"entry_id\":\"x\",\"command_id\":\"abc~1\"}", "acme/abc"},
};

START_TEST(webhooks_have_keys)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct accept_key key;
        accept_key(STR("acme"), str_of(keys[i].kind), str_of(keys[i].json), &key);
        ck_assert_msg(str_is((struct str){key.bytes, key.len}, keys[i].key), "%s", keys[i].json);
    }
}
END_TEST

START_TEST(longest_key_fits)
{
    char json[256], account[LIMIT_ACCOUNT_NAME + 1];
    struct accept_key key;
    snprintf(account, sizeof account, "%0*d", LIMIT_ACCOUNT_NAME, 1);
    snprintf(json, sizeof json, "{\"entry_id\":\"%0*d\"}", LIMIT_ENTRY_ID, 2);
    accept_key(str_of(account), STR("call"), str_of(json), &key);
    ck_assert_uint_eq(key.len, ACCEPT_KEY_BYTES);
    ck_assert_int_eq(key.bytes[key.len - 1], '2');
}
END_TEST

static struct cidr_address address(const char *text)
{
    struct cidr_address a;
    ck_assert(cidr_address_parse(str_of(text), &a));
    return a;
}

START_TEST(counts_a_minute)
{
    struct unauthorized *u = unauthorized_new();
    struct cidr_address a = address("192.0.2.1"), b = address("192.0.2.2");
    for (int i = 0; i < LIMIT_UNAUTHORIZED_PER_MINUTE; i++)
        ck_assert(!unauthorized_is_over(u, &a, 1000));
    ck_assert(unauthorized_is_over(u, &a, 1000));
    ck_assert(!unauthorized_is_over(u, &b, 1000));
    ck_assert(unauthorized_is_over(u, &a, 60999));
    ck_assert(!unauthorized_is_over(u, &a, 61000));
    unauthorized_free(u);
}
END_TEST

START_TEST(counts_networks_of_ipv6)
{
    struct unauthorized *u = unauthorized_new();
    struct cidr_address a = address("2001:db8::1"), b = address("2001:db8::ffff:2"),
                        c = address("2001:db8:0:1::1");
    for (int i = 0; i < LIMIT_UNAUTHORIZED_PER_MINUTE; i++)
        ck_assert(!unauthorized_is_over(u, i % 2 ? &a : &b, 0));
    ck_assert(unauthorized_is_over(u, &b, 0));
    ck_assert(!unauthorized_is_over(u, &c, 0));
    unauthorized_free(u);
}
END_TEST

/* However many addresses come, the table does not grow, and the newest ones are known. */
START_TEST(table_gives_way)
{
    struct unauthorized *u = unauthorized_new();
    struct cidr_address a = address("10.0.0.0");
    for (uint32_t i = 0; i < 100000; i++) {
        a.bytes[13] = (uint8_t)(i >> 16);
        a.bytes[14] = (uint8_t)(i >> 8);
        a.bytes[15] = (uint8_t)i;
        ck_assert(!unauthorized_is_over(u, &a, (int64_t)i));
    }
    for (int i = 1; i < LIMIT_UNAUTHORIZED_PER_MINUTE; i++)
        ck_assert(!unauthorized_is_over(u, &a, 100000));
    ck_assert(unauthorized_is_over(u, &a, 100000));
    unauthorized_free(u);
}
END_TEST

int main(void)
{
    return UNIT_RUN("accept", paths_name_kinds, kinds_have_a_limit, webhooks_have_keys,
                    longest_key_fits, counts_a_minute, counts_networks_of_ipv6, table_gives_way);
}

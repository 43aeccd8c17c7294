/*
 * A token by password or refresh token: forms, grants and refusals.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/secret.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/login.h"

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    secret_free(text);
}

START_TEST(requests)
{
    is(login_url(STR("https://acme.megaplan.ru/")),
       "https://acme.megaplan.ru/api/v3/auth/access_token");
    is(login_password_body(STR("me@acme.ru"), STR("p&s w=+%я")),
       "username=me%40acme.ru&password=p%26s%20w%3D%2B%25%D1%8F&grant_type=password");
    is(login_refresh_body(STR("ref-1")), "refresh_token=ref-1&grant_type=refresh_token");
    ck_assert_ptr_null(login_password_body(STR_NONE, STR("a")));
    ck_assert_ptr_null(login_password_body(STR("a"), STR_NONE));
    ck_assert_ptr_null(login_refresh_body(STR_NONE));
}
END_TEST

/* Every byte escaped fits as well. */
START_TEST(a_body_of_escapes)
{
    char text[300];
    memset(text, '&', sizeof text);
    char *body = login_password_body((struct str){text, sizeof text}, STR("&"));
    ck_assert_uint_eq(strlen(body), strlen("username=&password=%26&grant_type=password") + 900);
    secret_free(body);
}
END_TEST

static struct login_answer read_one(int status, const char *body)
{
    const struct answer_source source = {.status = status, .body = str_of(body)};
    struct login_answer a;
    login_read(&source, &a);
    return a;
}

START_TEST(granted)
{
    struct login_answer a =
        read_one(200, "{\"access_token\":\"tok-1\",\"expires_in\":172800,\"token_type\":\"bearer\","
                      "\"scope\":null,\"refresh_token\":\"ref-1\"}");
    ck_assert_int_eq(a.kind, LOGIN_GRANTED);
    ck_assert_str_eq(a.access_token, "tok-1");
    ck_assert_str_eq(a.refresh_token, "ref-1");
    ck_assert_int_eq(a.expires_in, 172800);
    login_answer_done(&a);
    ck_assert_ptr_null(a.access_token);
    a = read_one(200, "{\"access_token\":\"tok-1\",\"expires_in\":\"60\"}");
    ck_assert_int_eq(a.kind, LOGIN_GRANTED);
    ck_assert_ptr_null(a.refresh_token);
    ck_assert_int_eq(a.expires_in, 60);
    login_answer_done(&a);
    a = read_one(200, "{\"access_token\":\"tok-1\",\"refresh_token\":\"a\\nb\"}");
    ck_assert_ptr_null(a.refresh_token);
    ck_assert_int_eq(a.expires_in, 0);
    login_answer_done(&a);
}
END_TEST

START_TEST(not_granted)
{
    static const struct {
        int status;
        const char *body;
        enum login_kind kind;
        const char *text;
    } cases[] = {
        {400,
         "{\"error\":\"invalid_grant\",\"error_description\":"
         "\"Invalid username and password combination\"}",
         LOGIN_REFUSED, "Invalid username and password combination"},
        {401, "{\"error\":\"invalid_client\"}", LOGIN_REFUSED, "invalid_client"},
        {401, "{\"meta\":{\"status\":401,\"errors\":[{\"message\":\"Unauthorized\"}]},\"data\":{}}",
         LOGIN_REFUSED, "Unauthorized"},
        {200, "{\"meta\":{\"status\":403,\"errors\":[{\"message\":\"No\"}]}}", LOGIN_REFUSED, "No"},
        {200, "{\"error\":\"invalid_grant\"}", LOGIN_REFUSED, "invalid_grant"},
        {404, "<html>", LOGIN_REFUSED, "HTTP 404: a page instead of an API answer"},
        {302, "", LOGIN_REFUSED, "HTTP 302: an empty answer"},
        {429, "{\"error\":\"slow_down\"}", LOGIN_LIMITED, "slow_down"},
        {400, "{\"error\":\"temporarily_unavailable\"}", LOGIN_TEMPORARY,
         "temporarily_unavailable"},
        {400, "{\"error\":\"server_error\"}", LOGIN_TEMPORARY, "server_error"},
        {408, "", LOGIN_TEMPORARY, "HTTP 408: an empty answer"},
        {425, "", LOGIN_TEMPORARY, "HTTP 425: an empty answer"},
        {500, "{\"error\":\"invalid_grant\"}", LOGIN_TEMPORARY, "invalid_grant"},
        {503, "<html>", LOGIN_TEMPORARY, "HTTP 503: a page instead of an API answer"},
        {200, "<html>", LOGIN_TEMPORARY, "HTTP 200: a page instead of an API answer"},
        {200, "{\"access_token\":\"\"}", LOGIN_TEMPORARY, "HTTP 200: no reason given"},
        {200, "{\"access_token\":\"a b\"}", LOGIN_TEMPORARY, "HTTP 200: no reason given"},
        {200, "{\"access_token\":\"a\\r\\nX: y\"}", LOGIN_TEMPORARY, "HTTP 200: no reason given"},
        {200, "{\"access_token\":7}", LOGIN_TEMPORARY, "HTTP 200: no reason given"},
        {200, "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{}}", LOGIN_TEMPORARY,
         "no token in the answer"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct login_answer a = read_one(cases[i].status, cases[i].body);
        ck_assert_msg(a.kind == cases[i].kind, "case %zu", i);
        ck_assert_str_eq(a.text, cases[i].text);
        ck_assert_ptr_null(a.access_token);
        ck_assert_ptr_null(a.refresh_token);
        login_answer_done(&a);
    }
}
END_TEST

static char *asked(void)
{
    return login_password_body(STR("me"), STR("p&s"));
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(asked);
}
END_TEST

int main(void)
{
    return UNIT_RUN("login", requests, a_body_of_escapes, granted, not_granted, want_of_memory);
}

/*
 * Requests to MANGO and what its answers mean: whatever it would call invalid is refused before.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mango/mango_answer.h"
#include "common/mango/route_command.h"
#include "common/mango/signed.h"
#include "common/mango/visitor_query.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/text.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128 A32 A32 A32 A32

/* sha256("key{\"a\":\"+\"}salt") */
START_TEST(a_form_is_signed_over_the_decoded_bytes)
{
    char *body = signed_body(STR("key"), STR("salt"), STR("{\"a\":\"+\"}"));
    ck_assert_str_eq(body, "vpbx_api_key=key&sign="
                           "0ef0d8958dd8c1df328d2296baf0a58b3329a720e48716c76869f222595b9ae7"
                           "&json=%7B%22a%22%3A%22%2B%22%7D");
    secret_free(body);
    ck_assert_ptr_null(signed_body(STR(""), STR("salt"), STR("{}")));
    ck_assert_ptr_null(signed_body(STR("key"), STR(""), STR("{}")));
    ck_assert_ptr_null(signed_body(STR("key"), STR("salt"), STR("")));
}
END_TEST

START_TEST(where_it_goes)
{
    char *url = signed_url(STR("https://app.mango-office.ru/vpbx/"), ROUTE_COMMAND_METHOD);
    ck_assert_str_eq(url, "https://app.mango-office.ru/vpbx/commands/route");
    free(url);
    ck_assert_ptr_null(signed_url(STR(""), ROUTE_COMMAND_METHOD));
}
END_TEST

START_TEST(a_route)
{
    struct error e = ERROR_NONE;
    char *json = NULL;
    struct route_command c = {STR("MTIz~0a1b"), STR("leg:1"), STR("101"), STR("Иванов")};
    ck_assert_int_eq(route_command_json(&c, &json, &e), ERR_OK);
    ck_assert_str_eq(json,
                     "{\"command_id\":\"MTIz~0a1b\",\"call_id\":\"leg:1\",\"to_number\":\"101\","
                     "\"sip_headers\":{\"From/display-name\":\"Иванов\"}}");
    free(json);
    c.display_name = STR_NONE;
    ck_assert_int_eq(route_command_json(&c, &json, &e), ERR_OK);
    ck_assert_ptr_null(strstr(json, "sip_headers"));
    free(json);
}
END_TEST

START_TEST(an_invalid_route_names_its_field)
{
    static const struct {
        struct route_command c;
        const char *field;
    } cases[] = {
        {{{"", 0}, {"c", 1}, {"1", 1}, {"", 0}}, "command_id"},
        {{{A128 "b", 129}, {"c", 1}, {"1", 1}, {"", 0}}, "command_id"},
        {{{"a\n", 2}, {"c", 1}, {"1", 1}, {"", 0}}, "command_id"},
        {{{"a", 1}, {"", 0}, {"1", 1}, {"", 0}}, "call_id"},
        {{{"a", 1}, {"\xff", 1}, {"1", 1}, {"", 0}}, "call_id"},
        {{{"a", 1}, {"c", 1}, {"", 0}, {"", 0}}, "to_number"},
        {{{"a", 1}, {"c", 1}, {"1a", 2}, {"", 0}}, "to_number"},
        {{{"a", 1}, {"c", 1}, {"111111111111111111111111111111111", 33}, {"", 0}}, "to_number"},
        {{{"a", 1}, {"c", 1}, {"1", 1}, {A32 A32 "b", 65}}, "display_name"},
        {{{"a", 1}, {"c", 1}, {"1", 1}, {"\x7f", 1}}, "display_name"},
        {{{"a", 1}, {"c", 1}, {"1", 1}, {"\xc2\x85", 2}}, "display_name"},
        {{{"a", 1}, {"c", 1}, {"1", 1}, {"\xd0", 1}}, "display_name"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        char *json = NULL;
        ck_assert_int_eq(route_command_json(&cases[i].c, &json, &e), ERR_INPUT);
        ck_assert_ptr_null(json);
        ck_assert_ptr_eq(strstr(e.text, cases[i].field), e.text);
    }
}
END_TEST

static void check_name(struct str name, const char *shown)
{
    char out[ROUTE_COMMAND_NAME + 1];
    route_command_name(name, out);
    ck_assert_str_eq(out, shown);
    ck_assert(text_is_utf8(str_of(out)));
}

START_TEST(names_are_cut_at_a_character)
{
    check_name(STR("Иванов Иван"), "Иванов Иван");
    check_name(STR("ООО «Ромашка»"), "ООО «Ромашка»");
    check_name(STR("ООО \"Ромашка\""), "ООО \"Ромашка\"");
    check_name(STR("a\xc2\x85z\xc2\xa0z"), "a z\xc2\xa0z");
    check_name(STR("  \t Иванов\r\n "), "Иванов");
    check_name(STR("a\x01z"), "a z");
    check_name(STR(""), "");
    check_name(STR("\n"), "");
    check_name(STR("a\xff"), "a\xef\xbf\xbd");
    check_name(STR("a\xd0"), "a\xef\xbf\xbd");
    check_name(STR(A32 A32 "b"), A32 A32);
    /* 33 letters of two bytes: 64 bytes are 32 of them; behind an odd byte 31 */
    check_name(STR("ааааааааааааааааааааааааааааааааа"), "аааааааааааааааааааааааааааааааа");
    check_name(STR("xааааааааааааааааааааааааааааааааа"), "xааааааааааааааааааааааааааааааа");
    /* what ends in a space after the cut */
    check_name(STR(A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b"), A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}
END_TEST

START_TEST(a_command_id_leads_to_its_call)
{
    char out[LIMIT_COMMAND_ID + 1];
    ck_assert(route_command_id(STR("a~b"), 0x0123456789abcdefu, out));
    ck_assert_str_eq(out, "a~b~0123456789abcdef");
    ck_assert(route_command_id((struct str){A128, 123}, 0x0123456789abcdefu, out));
    ck_assert_uint_eq(strlen(out), 128);
    ck_assert_str_eq(out + 123, "~0123");
    ck_assert(!route_command_id((struct str){A128, 124}, 1, out));
    ck_assert(!route_command_id(STR(A128), 1, out));
    ck_assert(!route_command_id(STR(""), 1, out));
    ck_assert(!route_command_id((struct str){"a\0b", 3}, 1, out));
}
END_TEST

START_TEST(a_visitor_is_asked_by_number)
{
    struct error e = ERROR_NONE;
    char *json = NULL;
    ck_assert_int_eq(visitor_query_json(STR("74951234567"), &json, &e), ERR_OK);
    ck_assert_str_eq(json, "{\"number\":\"74951234567\"}");
    free(json);
    static const char *const bad[] = {"", "1234", "sip:a@b", "+74951234567",
                                      "123456789012345678901234567890123"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        e = ERROR_NONE;
        ck_assert_int_eq(visitor_query_json(str_of(bad[i]), &json, &e), ERR_INPUT);
        ck_assert_ptr_eq(strstr(e.text, "number"), e.text);
    }
}
END_TEST

START_TEST(who_the_visitor_is)
{
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {"[]", "{}"},
        {"{\"result\":1000}", "{}"},
        {"{\"data\":null}", "{}"},
        {"{\"data\":[]}", "{}"},
        {"{\"data\":{}}", "{}"},
        {"{\"data\":{\"uid\":\"7\",\"duration\":3}}", "{\"duration\":3,\"uid\":\"7\"}"},
        {"{\"data\":[1]}", NULL},
        {"{\"data\":\"x\"}", NULL},
        {"[1]", NULL},
        {"1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mango_answer a;
        mango_answer_read(200, str_of(cases[i][0]), false, &a);
        char *data = visitor_query_read(a.root);
        if (cases[i][1])
            ck_assert_str_eq(data, cases[i][1]);
        else
            ck_assert_ptr_null(data);
        free(data);
        mango_answer_done(&a);
    }
}
END_TEST

START_TEST(a_visitor_beyond_all_bounds_is_none)
{
    char *big = mem_alloc(1, VISITOR_QUERY_DATA + 100);
    memset(big, 'x', VISITOR_QUERY_DATA + 50);
    char *body = mem_format("{\"data\":{\"uid\":\"%s\"}}", big);
    struct mango_answer a;
    mango_answer_read(200, str_of(body), false, &a);
    ck_assert_ptr_null(visitor_query_read(a.root));
    mango_answer_done(&a);
    free(body);
    free(big);
}
END_TEST

START_TEST(what_answers_mean)
{
    static const struct {
        int status;
        const char *body;
        enum mango_answer_kind kind;
        int code;
    } cases[] = {
        {200, "", MANGO_DONE, 0},
        {200, "\n", MANGO_DONE, 0},
        {200, "{}", MANGO_DONE, 0},
        {200, "{\"result\":1000}", MANGO_DONE, 1000},
        {200, "{\"result\":\"1000\"}", MANGO_DONE, 1000},
        {200, "{\"code\":1000}", MANGO_DONE, 1000},
        {200, "{\"data\":{\"code\":3102}}", MANGO_DONE, 0},
        {200, "{\"result\":2211}", MANGO_REFUSED, 2211},
        {200, "{\"result\":4101}", MANGO_REFUSED, 4101},
        {400, "{\"code\":\"4101\",\"message\":\"call is over\"}", MANGO_REFUSED, 4101},
        {200, "{\"result\":3102}", MANGO_INVALID, 3102},
        {400, "{\"code\":3102,\"name\":\"Bad\",\"message\":\"signature\"}", MANGO_INVALID, 3102},
        {200, "{\"result\":3299}", MANGO_INVALID, 3299},
        {200, "{\"result\":9999}", MANGO_REFUSED, 9999},
        {200, "{\"result\":5000}", MANGO_TEMPORARY, 5000},
        {500, "{\"code\":5000}", MANGO_TEMPORARY, 5000},
        {500, "{\"code\":1000}", MANGO_TEMPORARY, 1000},
        {401, "", MANGO_BLOCKED, 0},
        {401, "{\"code\":3102}", MANGO_BLOCKED, 3102},
        {429, "", MANGO_LIMITED, 0},
        {200,
         "{\"name\":\"Service Unavailable\",\"message\":\"Rate limit exceeded.\",\"code\":0,"
         "\"status\":429}",
         MANGO_LIMITED, 0},
        {503, "<html>", MANGO_TEMPORARY, 0},
        {200, "<html>", MANGO_TEMPORARY, 0},
        {200, "{\"result\":10", MANGO_TEMPORARY, 0},
        {404, "<html>", MANGO_REFUSED, 0},
        {302, "", MANGO_TEMPORARY, 0},
        {200, " \t{}", MANGO_DONE, 0},
        {200, "[]", MANGO_DONE, 0},
        {200, "true", MANGO_TEMPORARY, 0},
        {200, "\"1000\"", MANGO_TEMPORARY, 0},
        {200, "{\"result\":null,\"code\":null}", MANGO_DONE, 0},
        {200, "{\"result\":\"failed\"}", MANGO_TEMPORARY, 0},
        {200, "{\"result\":3102.5}", MANGO_TEMPORARY, 0},
        {200, "{\"result\":false,\"code\":3102}", MANGO_INVALID, 3102},
        {200, "{\"result\":1}", MANGO_REFUSED, 1},
        {200, "{\"result\":-1}", MANGO_REFUSED, -1},
        {200, "{\"code\":310200}", MANGO_REFUSED, 310200},
        {503, "{\"code\":310200}", MANGO_TEMPORARY, 310200},
        {503, "{\"code\":4101}", MANGO_REFUSED, 4101},
        /* a web framework's errors, which may come with any HTTP status */
        {200, "{\"name\":\"Unauthorized\",\"code\":0,\"status\":401}", MANGO_BLOCKED, 0},
        {200, "{\"name\":\"Not Found\",\"code\":0,\"status\":\"404\"}", MANGO_REFUSED, 0},
        {200, "{\"name\":\"Bad Gateway\",\"code\":0,\"status\":502}", MANGO_TEMPORARY, 0},
        {503, "{\"name\":\"Not Found\",\"code\":0,\"status\":404}", MANGO_TEMPORARY, 0},
        {200, "{\"result\":1000,\"status\":\"complete\",\"data\":[]}", MANGO_DONE, 1000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mango_answer a;
        mango_answer_read(cases[i].status, str_of(cases[i].body), false, &a);
        ck_assert_msg(a.kind == cases[i].kind && a.code == cases[i].code, "%s: %d %d",
                      cases[i].body, (int)a.kind, a.code);
        mango_answer_done(&a);
    }
}
END_TEST

START_TEST(a_refusal_says_why)
{
    static const struct {
        int status;
        const char *body, *text;
    } cases[] = {
        {400, "{\"code\":4101,\"message\":\"call is over\"}", "MANGO answered 4101: call is over"},
        {200, "{\"result\":3310}", "MANGO answered 3310"},
        {502, "<html>", "MANGO answered HTTP 502"},
        {200, "{\"status\":401,\"message\":\"a\\n\\tb\"}", "MANGO answered HTTP 401: a  b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mango_answer a;
        mango_answer_read(cases[i].status, str_of(cases[i].body), false, &a);
        ck_assert_str_eq(a.text, cases[i].text);
        mango_answer_done(&a);
    }
}
END_TEST

START_TEST(an_answer_over_the_ceiling)
{
    static const struct {
        int status;
        enum mango_answer_kind kind;
    } cases[] = {{200, MANGO_TEMPORARY}, {400, MANGO_REFUSED}, {401, MANGO_BLOCKED}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mango_answer a;
        mango_answer_read(cases[i].status, STR("{\"result\":1000}"), true, &a);
        ck_assert_int_eq(a.kind, cases[i].kind);
        ck_assert_int_eq(a.code, 0);
        ck_assert_int_eq(a.status, cases[i].status);
        mango_answer_done(&a);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("mango", a_form_is_signed_over_the_decoded_bytes, where_it_goes, a_route,
                    an_invalid_route_names_its_field, names_are_cut_at_a_character,
                    a_command_id_leads_to_its_call, a_visitor_is_asked_by_number,
                    who_the_visitor_is, a_visitor_beyond_all_bounds_is_none, what_answers_mean,
                    a_refusal_says_why, an_answer_over_the_ceiling);
}

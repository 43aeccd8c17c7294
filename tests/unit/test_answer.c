/*
 * What answers of Megaplan mean.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/megaplan_kit.h"

#define ENVELOPE(status)            \
    "{\"meta\":{\"status\":" status \
    ",\"errors\":[{\"field\":\"name\",\"message\":\"no\"}]},\"data\":{}}"
#define NO_ROUTE \
    "{\"meta\":{\"status\":404,\"errors\":[{\"field\":null,\"message\":\"No route found\"}]},\"data\":{}}"

START_TEST(kinds)
{
    static const struct {
        int status;
        const char *body;
        enum answer_about about;
        enum answer_kind kind;
        int counts;
    } cases[] = {
        {200, "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{}}", 0, ANSWER_OK, 200},
        {201, "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":[]}", 0, ANSWER_OK, 200},
        {200, "{\"meta\":{\"status\":\"200\",\"errors\":[]},\"data\":[]}", 0, ANSWER_OK, 200},
        /* the truth is in meta.status */
        {200, ENVELOPE("422"), 0, ANSWER_RECORD, 422},
        {200, ENVELOPE("401"), 0, ANSWER_OUTAGE, 401},
        {200, ENVELOPE("500"), 0, ANSWER_TEMPORARY, 500},
        {200, ENVELOPE("429"), 0, ANSWER_LIMITED, 429},
        /* HTTP's own failure counts */
        {500, "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{}}", 0, ANSWER_TEMPORARY, 500},
        {422, "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{}}", 0, ANSWER_RECORD, 422},
        /* success with errors: nobody knows */
        {200, ENVELOPE("200"), 0, ANSWER_TEMPORARY, 200},
        {200, "{\"meta\":{\"status\":200,\"errors\":[]}}", 0, ANSWER_TEMPORARY, 200},
        {200, "{\"meta\":[],\"data\":{}}", 0, ANSWER_TEMPORARY, 200},
        {200, "{\"meta\":{\"status\":9},\"data\":{}}", 0, ANSWER_TEMPORARY, 200},
        {200, "<html>hello</html>", 0, ANSWER_TEMPORARY, 200},
        {200, "", 0, ANSWER_TEMPORARY, 200},
        {200, "[1", 0, ANSWER_TEMPORARY, 200},
        {502, "<html>bad gateway</html>", 0, ANSWER_TEMPORARY, 502},
        {408, "", 0, ANSWER_TEMPORARY, 408},
        {425, "", 0, ANSWER_TEMPORARY, 425},
        {429, "", 0, ANSWER_LIMITED, 429},
        /* the service refuses */
        {401, ENVELOPE("401"), 0, ANSWER_OUTAGE, 401},
        {402, "", 0, ANSWER_OUTAGE, 402},
        {403, ENVELOPE("403"), ANSWER_ABOUT_ACCOUNT, ANSWER_OUTAGE, 403},
        {403, ENVELOPE("403"), ANSWER_ABOUT_RECORD, ANSWER_RECORD, 403},
        {403, "<html>", ANSWER_ABOUT_RECORD, ANSWER_OUTAGE, 403},
        {404, NO_ROUTE, ANSWER_ABOUT_ACCOUNT, ANSWER_OUTAGE, 404},
        {404, NO_ROUTE, ANSWER_ABOUT_RECORD, ANSWER_OUTAGE, 404},
        {404, "<html>", ANSWER_ABOUT_RECORD, ANSWER_OUTAGE, 404},
        {404, ENVELOPE("404"), ANSWER_ABOUT_RECORD, ANSWER_RECORD, 404},
        {404, ENVELOPE("404"), ANSWER_ABOUT_ACCOUNT, ANSWER_OUTAGE, 404},
        {302, "", 0, ANSWER_OUTAGE, 302},
        /* OAuth's shape */
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"no such user\"}", 0,
         ANSWER_OUTAGE, 400},
        {400, "{\"error\":\"other\"}", 0, ANSWER_RECORD, 400},
        /* the record */
        {400, ENVELOPE("400"), 0, ANSWER_RECORD, 400},
        {422, ENVELOPE("422"), 0, ANSWER_RECORD, 422},
        {405, "", 0, ANSWER_RECORD, 405},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = megaplan_kit_answer(cases[i].status, cases[i].body, cases[i].about);
        ck_assert_msg(a.kind == cases[i].kind, "case %zu: kind %d", i, (int)a.kind);
        ck_assert_msg(a.status == cases[i].counts, "case %zu: status %d", i, a.status);
        ck_assert((a.kind == ANSWER_OK) == (a.data != NULL));
        ck_assert((a.kind == ANSWER_OK) == (a.text[0] == '\0'));
        answer_done(&a);
    }
}
END_TEST

START_TEST(reasons)
{
    struct answer a = megaplan_kit_answer(422, ENVELOPE("422"), ANSWER_ABOUT_ACCOUNT);
    ck_assert_str_eq(a.text, "no");
    ck_assert_str_eq(a.field, "name");
    answer_done(&a);
    a = megaplan_kit_answer(502, "<html>", ANSWER_ABOUT_ACCOUNT);
    ck_assert_str_eq(a.text, "HTTP 502: a page instead of an API answer");
    a = megaplan_kit_answer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"wrong\"}",
                            ANSWER_ABOUT_ACCOUNT);
    ck_assert_str_eq(a.text, "wrong");
    answer_done(&a);
    a = megaplan_kit_answer(422,
                            "{\"meta\":{\"status\":422,\"errors\":[{\"message\":\"a\\nb\"}]},"
                            "\"data\":{}}",
                            ANSWER_ABOUT_ACCOUNT);
    ck_assert_str_eq(a.text, "a b");
    answer_done(&a);
}
END_TEST

START_TEST(long_reasons_are_cut_between_characters)
{
    char body[2000] = "{\"meta\":{\"status\":422,\"errors\":[{\"message\":\"x";
    size_t n = strlen(body);
    for (int i = 0; i < 400; i++, n += 2)
        memcpy(body + n, "\xd0\x9d", 2);
    memcpy(body + n, "\"}]},\"data\":{}}", 16);
    struct answer a = megaplan_kit_answer(422, body, ANSWER_ABOUT_ACCOUNT);
    ck_assert_uint_eq(strlen(a.text), ANSWER_TEXT - 1);
    answer_done(&a);
}
END_TEST

START_TEST(over_the_ceiling)
{
    struct answer_source s = {.status = 422, .too_large = true};
    struct answer a;
    answer_read(&s, &a);
    ck_assert_int_eq(a.kind, ANSWER_RECORD);
    ck_assert_str_eq(a.text, "HTTP 422: the answer is over the ceiling");
    s.status = 200;
    answer_read(&s, &a);
    ck_assert_int_eq(a.kind, ANSWER_TEMPORARY);
}
END_TEST

/* A missing record's error may carry a trace of megabytes: that is no outage of the account. */
START_TEST(a_refusal_over_the_ceiling_stays_the_records)
{
    static const struct {
        int status;
        const char *beginning;
        enum answer_about about;
        enum answer_kind kind;
    } cases[] = {
        {404, "", ANSWER_ABOUT_RECORD, ANSWER_RECORD},
        {403, " \n{\"meta\":{\"status\":403,\"errors\":[{\"trace\":\"x", ANSWER_ABOUT_RECORD,
         ANSWER_RECORD},
        {404, "{\"meta\":{\"errors\":[{\"message\":\"No route found\",\"trace\":\"x",
         ANSWER_ABOUT_RECORD, ANSWER_OUTAGE},
        {404, "<html>", ANSWER_ABOUT_RECORD, ANSWER_OUTAGE},
        {403, "{\"meta\":", ANSWER_ABOUT_ACCOUNT, ANSWER_OUTAGE},
        {401, "{\"meta\":", ANSWER_ABOUT_RECORD, ANSWER_OUTAGE},
        {200, "{\"meta\":", ANSWER_ABOUT_RECORD, ANSWER_TEMPORARY},
        {500, "{\"meta\":", ANSWER_ABOUT_RECORD, ANSWER_TEMPORARY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct answer_source s = {.status = cases[i].status,
                                        .body = str_of(cases[i].beginning),
                                        .too_large = true,
                                        .about = cases[i].about};
        struct answer a;
        answer_read(&s, &a);
        ck_assert_msg(a.kind == cases[i].kind, "case %zu: kind %d", i, (int)a.kind);
        ck_assert_int_eq(a.status, cases[i].status);
        ck_assert_ptr_null(a.root);
        answer_done(&a);
    }
}
END_TEST

START_TEST(named_fields)
{
    static const struct {
        const char *error;
        bool names;
    } cases[] = {
        {"{\"field\":\"userCreated\",\"message\":\"read only\"}", true},
        {"{\"field\":null,\"message\":\"There is extra field \\\"userCreated\\\" here\"}", true},
        {"{\"message\":\"userCreated\"}", true},
        {"{\"message\":\"userCreatedAt is wrong\"}", false},
        {"{\"message\":\"my_userCreated\"}", false},
        {"{\"field\":7,\"message\":[]}", false},
        {"{\"field\":\"name\",\"message\":\"x\"},{\"field\":\"userCreated\"}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body, "{\"meta\":{\"status\":422,\"errors\":[%s]},\"data\":{}}",
                 cases[i].error);
        struct answer a = megaplan_kit_answer(422, body, ANSWER_ABOUT_ACCOUNT);
        ck_assert_msg(answer_names(&a, "userCreated") == cases[i].names, "case %zu", i);
        answer_done(&a);
    }
}
END_TEST

START_TEST(pages)
{
    struct answer a = megaplan_kit_data("[]"); /* pagination is [] here */
    ck_assert_ptr_null(a.pagination);
    ck_assert(answer_has_more(&a, 100, 100));
    ck_assert(!answer_has_more(&a, 99, 100));
    answer_done(&a);
    a = megaplan_kit_answer(
        200,
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":false}},\"data\":[]}",
        ANSWER_ABOUT_ACCOUNT);
    ck_assert(!answer_has_more(&a, 100, 100));
    answer_done(&a);
    a = megaplan_kit_answer(
        200,
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":true}},\"data\":[]}",
        ANSWER_ABOUT_ACCOUNT);
    ck_assert(answer_has_more(&a, 3, 100));
    answer_done(&a);
}
END_TEST

int main(void)
{
    return UNIT_RUN("answer", kinds, reasons, long_reasons_are_cut_between_characters,
                    over_the_ceiling, a_refusal_over_the_ceiling_stays_the_records, named_fields,
                    pages);
}

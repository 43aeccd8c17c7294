/* MANGO's call history: what is asked for is valid, and every trap of its lines (mango-api.md section 6). */
#include "common/mango/history_query.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

#define FROM INT64_C(1795000000)

static struct history_query_legs legs;

static enum err read_csv(const char *csv)
{
    struct error e = ERROR_NONE;
    return history_query_read(str_of(csv), &legs, &e);
}

START_TEST(a_request_is_valid_or_none)
{
    char *json CLEANUP(mem_free_text) = history_query_request(FROM, FROM + 60);
    ck_assert_str_eq(
        json, "{\"date_from\":1795000000,\"date_to\":1795000060,\"fields\":\"records,start,finish,"
              "answer,from_extension,from_number,to_extension,to_number,disconnect_reason,"
              "line_number,location,create,entry_id\"}");
    char *longest CLEANUP(mem_free_text) =
        history_query_request(FROM, FROM + HISTORY_QUERY_LONGEST_S);
    ck_assert_ptr_nonnull(longest);
    ck_assert_ptr_null(history_query_request(FROM, FROM + HISTORY_QUERY_LONGEST_S + 1));
    ck_assert_ptr_null(history_query_request(FROM, FROM));
    ck_assert_ptr_null(history_query_request(FROM, FROM - 1));
    ck_assert_ptr_null(history_query_request(0, 60));
    ck_assert_ptr_null(history_query_request(FROM * 1000, FROM * 1000 + 60));
}
END_TEST

START_TEST(a_key_goes_there_and_back)
{
    struct error e = ERROR_NONE;
    const struct {
        const char *answer, *key;
    } cases[] = {{"{\"key\":\"a/b\\\"=\"}", "a/b\"="},
                 {"{\"key\":12}", "12"},
                 {"{\"key\":\"\"}", NULL},
                 {"{\"key\":null}", NULL},
                 {"{}", NULL},
                 {"[]", NULL},
                 {"{\"key\":-1}", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct jval *v CLEANUP(jval_cleanup) = NULL;
        char key[HISTORY_QUERY_KEY + 1];
        ck_assert_int_eq(jval_parse(str_of(cases[i].answer), &v, &e), ERR_OK);
        ck_assert_int_eq(history_query_key(v, key), cases[i].key != NULL);
        ck_assert_str_eq(key, cases[i].key ? cases[i].key : "");
    }
    char *json CLEANUP(mem_free_text) = history_query_result(STR("a/b\"="));
    ck_assert_str_eq(json, "{\"key\":\"a/b\\\"=\"}");
    char large[HISTORY_QUERY_KEY + 1];
    memset(large, 'k', sizeof large);
    ck_assert_ptr_null(history_query_result((struct str){large, sizeof large}));
    ck_assert_ptr_null(history_query_result(STR("")));
    ck_assert_ptr_null(history_query_result(STR("\xff")));
}
END_TEST

START_TEST(a_key_that_is_too_long_is_none)
{
    struct error e = ERROR_NONE;
    char text[HISTORY_QUERY_KEY + 64], key[HISTORY_QUERY_KEY + 1];
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    snprintf(text, sizeof text, "{\"key\":\"%0*d\"}", HISTORY_QUERY_KEY + 1, 1);
    ck_assert_int_eq(jval_parse(str_of(text), &v, &e), ERR_OK);
    ck_assert(!history_query_key(v, key));
}
END_TEST

START_TEST(states)
{
    const struct {
        int status;
        const char *body;
        bool large;
        enum history_query_state state;
        enum mango_answer_kind kind;
    } cases[] = {
        {204, "", false, HISTORY_QUERY_NOT_YET, MANGO_DONE},
        {200, "", false, HISTORY_QUERY_READY, MANGO_DONE},
        {200, "[a];1;2\n", false, HISTORY_QUERY_READY, MANGO_DONE},
        {200, ";1;2\n", true, HISTORY_QUERY_TOO_LARGE, MANGO_DONE},
        {404, "", false, HISTORY_QUERY_UNKNOWN, MANGO_DONE},
        {404, "<html>", false, HISTORY_QUERY_UNKNOWN, MANGO_DONE},
        {404, "{\"name\":\"Not Found\",\"code\":0,\"status\":404}", false, HISTORY_QUERY_UNKNOWN,
         MANGO_DONE},
        {404, "{\"code\":3310}", false, HISTORY_QUERY_REFUSED, MANGO_INVALID},
        {200, " {\"result\":3102}", false, HISTORY_QUERY_REFUSED, MANGO_INVALID},
        {400, "{\"code\":\"3100\"}", false, HISTORY_QUERY_REFUSED, MANGO_INVALID},
        {401, "", false, HISTORY_QUERY_REFUSED, MANGO_BLOCKED},
        {429, "", false, HISTORY_QUERY_REFUSED, MANGO_LIMITED},
        {200, "{\"code\":0,\"status\":429}", false, HISTORY_QUERY_REFUSED, MANGO_LIMITED},
        {200, "{\"result\":1000}", false, HISTORY_QUERY_REFUSED, MANGO_TEMPORARY},
        {500, "oops", false, HISTORY_QUERY_REFUSED, MANGO_TEMPORARY},
        {502, "", true, HISTORY_QUERY_REFUSED, MANGO_TEMPORARY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct history_query_answer a;
        history_query_state(cases[i].status, str_of(cases[i].body), cases[i].large, &a);
        ck_assert_msg(a.state == cases[i].state && a.kind == cases[i].kind, "%d %s: %d, %d",
                      cases[i].status, cases[i].body, (int)a.state, (int)a.kind);
        ck_assert_int_eq(a.text[0] != '\0', a.state == HISTORY_QUERY_REFUSED);
    }
}
END_TEST

START_TEST(a_line_in_its_order)
{
    ck_assert_int_eq(
        read_csv("[r1,r2];1795000001;1795000031;1795000008;;79161234567;123;sip:u@h;1110;"
                 "74951234567;abonent;1795000000;MToxMDA=\n"),
        ERR_OK);
    ck_assert_uint_eq(legs.count, 1);
    const struct history_query_leg *leg = &legs.all[0];
    ck_assert_int_eq(leg->start, 1795000001);
    ck_assert_int_eq(leg->finish, 1795000031);
    ck_assert_int_eq(leg->answer, 1795000008);
    ck_assert_int_eq(leg->create, 1795000000);
    ck_assert_text(leg->from_extension, "");
    ck_assert_text(leg->from_number, "79161234567");
    ck_assert_text(leg->to_extension, "123");
    ck_assert_text(leg->to_number, "sip:u@h");
    ck_assert_int_eq(leg->disconnect_reason, 1110);
    ck_assert_text(leg->line_number, "74951234567");
    ck_assert_int_eq(leg->location, CALL_EVENT_ABONENT);
    ck_assert_text(leg->entry_id, "MToxMDA=");
    struct str rest = leg->records, id;
    ck_assert(history_query_record(&rest, &id));
    ck_assert_text(id, "r1");
    ck_assert(history_query_record(&rest, &id));
    ck_assert_text(id, "r2");
    ck_assert(!history_query_record(&rest, &id));
    history_query_done(&legs);
}
END_TEST

START_TEST(traps_of_lines)
{
    /* CR LF; a line without its end; an empty one; hidden number; nobody picked up; no records, an empty list; a sip
     * address with parameters; extension 0; unknown location; blanks; a leg that goes on. */
    ck_assert_int_eq(
        read_csv(
            ";1795000001;1795000031;0;0;;0;;1111;sip:line@h;transport=udp;lr;ivr;;e1\r\n\r\n"
            "[];1795000001;0;1795000008;12;sip:a@h;user=phone;14;sip:b@h;x=1;y=2;;;street;0;e2\n"
            "[ , a ,];;1795000031;;;;;;;;queue;1795000002; e3"),
        ERR_OK);
    ck_assert_uint_eq(legs.count, 3);
    ck_assert_text(legs.all[0].from_extension, "");
    ck_assert_text(legs.all[0].from_number, "");
    ck_assert_text(legs.all[0].to_extension, "");
    ck_assert_text(legs.all[0].line_number, "sip:line@h;transport=udp;lr");
    ck_assert_int_eq(legs.all[0].location, CALL_EVENT_IVR);
    ck_assert_text(legs.all[0].entry_id, "e1");
    ck_assert_int_eq(legs.all[0].answer, 0);
    ck_assert_text(legs.all[1].from_number, "sip:a@h;user=phone");
    ck_assert_text(legs.all[1].to_number, "sip:b@h;x=1;y=2");
    ck_assert_text(legs.all[1].records, "");
    ck_assert_int_eq(legs.all[1].finish, 0);
    ck_assert_int_eq(legs.all[1].location, CALL_EVENT_NOWHERE);
    ck_assert_int_eq(legs.all[2].start, 1795000002);
    ck_assert_int_eq(legs.all[2].location, CALL_EVENT_QUEUE);
    ck_assert_text(legs.all[2].entry_id, "e3");
    struct str rest = legs.all[2].records, id;
    ck_assert(history_query_record(&rest, &id));
    ck_assert_text(id, "a");
    ck_assert(!history_query_record(&rest, &id));
    history_query_done(&legs);
}
END_TEST

START_TEST(times_fit_one_another)
{
    ck_assert_int_eq(read_csv(";1795000010;1795000005;1795000007;;1;2;;;;;;e1\n"
                              ";1795000010;1795000015;1795000020;;1;2;;;;;;e2\n"),
                     ERR_OK);
    ck_assert_int_eq(legs.all[0].finish, 1795000010);
    ck_assert_int_eq(legs.all[0].answer, 1795000010);
    ck_assert_int_eq(legs.all[1].answer, 1795000015);
    history_query_done(&legs);
}
END_TEST

START_TEST(what_cannot_be_read_is_counted)
{
    static const char good[] = ";1795000001;1795000031;0;;7;1;;;;;;e1\n";
    static const char *const bad[] = {
        "a;b\n",
        ";1795000001;1795000031;0;;7;1;;;;;\n",       /* two fields short */
        ";1795000001;1795000031;0;;7;1;;;;;;e1;e2\n", /* one too many */
        ";1795000001;1795000031;0;;7;1;;;;;;\n",      /* no entry_id */
        ";1795000001000;1795000031;0;;7;1;;;;;;e1\n", /* milliseconds */
        ";yesterday;1795000031;0;;7;1;;;;;;e1\n",
        ";0;0;0;;7;1;;;;;;e1\n", /* no time at all */
        "[r1;1795000001;1795000031;0;;7;1;;;;;;e1\n",
        ";1795000001;1795000031;0;;7;1;;-5;;;;e1\n",
        ";1795000001;1795000031;0;;7;1;;;;;;\xff\n",
    };
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *csv CLEANUP(mem_free_text) = mem_format("%s%s%s", good, bad[i], good);
        ck_assert_int_eq(read_csv(csv), ERR_OK);
        ck_assert_msg(legs.count == 2 && legs.unreadable == 1 && legs.first_unreadable == 2, "%s",
                      bad[i]);
        history_query_done(&legs);
        ck_assert_int_eq(history_query_read(str_of(bad[i]), &legs, &e), ERR_INPUT);
        ck_assert_ptr_null(legs.all);
    }
    char *long_id CLEANUP(mem_free_text) =
        mem_format(";1795000001;1795000031;0;;7;1;;;;;;%0*d\n", LIMIT_ENTRY_ID + 1, 1);
    ck_assert_int_eq(read_csv(long_id), ERR_INPUT);
    ck_assert_int_eq(read_csv(""), ERR_OK);
    ck_assert_uint_eq(legs.count, 0);
}
END_TEST

static bool read_starved(void *arg)
{
    struct error e = ERROR_NONE;
    enum err err = history_query_read(str_of(arg), &legs, &e);
    ck_assert(err == ERR_OK || err == ERR_INTERNAL);
    history_query_done(&legs);
    return err == ERR_INTERNAL;
}

START_TEST(many_lines_and_no_memory)
{
    struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, ";1795000001;1795000031;0;;7;1;;;;;;e%d\n", i);
    ck_assert_int_eq(read_csv(b.data), ERR_OK);
    ck_assert_uint_eq(legs.count, 1000);
    ck_assert_text(legs.all[999].entry_id, "e999");
    history_query_done(&legs);
    fault_walk(read_starved, b.data);
    buf_done(&b);
}
END_TEST

int main(void)
{
    return UNIT_RUN("history_query", a_request_is_valid_or_none, a_key_goes_there_and_back,
                    a_key_that_is_too_long_is_none, states, a_line_in_its_order, traps_of_lines,
                    times_fit_one_another, what_cannot_be_read_is_counted,
                    many_lines_and_no_memory);
}

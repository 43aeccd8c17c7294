/*
 * What MANGO tells of its employees and of its account: config/users/request and account/balance.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mango/balance_query.h"
#include "common/mango/users_query.h"
#include "tests/unit/fault.h"

static struct users_query_list list;

static bool read_text(struct str text)
{
    struct error e = ERROR_NONE;
    struct jval *v;
    ck_assert_msg(jval_parse_lenient(text, &v, &e) == ERR_OK, "%s", e.text);
    users_query_done(&list);
    bool read = users_query_read(v, &list);
    jval_free(v);
    return read;
}

static bool read_users(const char *text)
{
    return read_text(str_of(text));
}

START_TEST(as_the_manual_shows_it)
{
    ck_assert(read_users(
        "{\"users\":[{\"general\":{\"name\":\"Пётр\",\"email\":\"p@a.ru\",\"department\":\"\","
        "\"position\":null,\"user_id\":5},\"telephony\":{\"extension\":\"101\",\"outgoingline\":"
        "\"7495\",\"numbers\":[{\"number\":\"79991231212\",\"protocol\":\"tel\",\"order\":0,"
        "\"wait_sec\":60,\"status\":\"on\"},{\"number\":\"sip:p@a.ru\"}]},\"groups\":[1,2]}]}"));
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.all[0].extension, "101");
    ck_assert_str_eq(list.all[0].name, "Пётр");
    ck_assert_str_eq(list.all[0].email, "p@a.ru");
    ck_assert_uint_eq(list.all[0].nnumbers, 2);
    ck_assert_str_eq(list.all[0].numbers[0], "79991231212");
    ck_assert_str_eq(list.all[0].numbers[1], "sip:p@a.ru");
    users_query_done(&list);
}
END_TEST

#define USER(extension) "{\"telephony\":{\"extension\":" extension "}}"

START_TEST(extensions_are_numbers_or_texts_and_in_order)
{
    ck_assert(read_users(
        "{\"users\":[" USER("102") "," USER("\"99\"") "," USER("\"102\"") "," USER("null") "," USER("\"\"") "," USER(
            "-5") "," USER("{}") ",{},null,7," USER("\"123456789012345678901234567890123\"") "]}"));
    ck_assert_uint_eq(list.count, 3);
    ck_assert_uint_eq(list.without, 8);
    ck_assert_str_eq(list.all[0].extension, "99");
    ck_assert_str_eq(list.all[1].extension, "102");
    ck_assert_str_eq(list.all[2].extension, "102");
    ck_assert_ptr_eq(users_query_find(&list, STR("102")), &list.all[1]);
    ck_assert_ptr_null(users_query_find(&list, STR("10")));
    users_query_done(&list);
    ck_assert_ptr_null(users_query_find(&list, STR("102")));
}
END_TEST

START_TEST(what_is_too_long_or_too_much)
{
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    buf_addf(&text, "{\"users\":[{\"general\":{\"name\":\"");
    for (int i = 0; i < 100; i++)
        buf_addf(&text, "я");
    buf_addf(&text, "\"},\"telephony\":{\"extension\":1,\"numbers\":[{\"number\":\"%0100d\"}", 0);
    for (int i = 0; i < 20; i++)
        buf_addf(&text, ",{\"number\":%d}", 70000 + i);
    buf_addf(&text, "]}}]}");
    ck_assert(read_text(buf_str(&text)));
    ck_assert_uint_eq(strlen(list.all[0].name), 126); /* 63 whole letters */
    ck_assert_uint_eq(list.all[0].nnumbers, USERS_QUERY_NUMBERS);
    ck_assert_str_eq(list.all[0].numbers[0], "70000");
    buf_done(&text);

    text = BUF_INIT(LIMIT_JSON_BYTES);
    buf_addf(&text, "{\"users\":[0");
    for (int i = 0; i < LIMIT_EMPLOYEES; i++)
        buf_addf(&text, ",0");
    buf_addf(&text, "]}");
    ck_assert(!read_text(buf_str(&text)));
    ck_assert_uint_eq(list.count, 0);
    buf_done(&text);
}
END_TEST

START_TEST(other_shapes_are_no_list)
{
    ck_assert(!users_query_read(NULL, &list));
    ck_assert(!read_users("{}"));
    ck_assert(!read_users("[]"));
    ck_assert(!read_users("{\"users\":null}"));
    ck_assert(!read_users("{\"users\":{\"a\":1}}"));
    ck_assert(read_users("{\"users\":[]}"));
    ck_assert(read_users("{\"users\":{}}")); /* PHP's empty list */
    ck_assert_uint_eq(list.count, 0);
    users_query_done(&list);
}
END_TEST

START_TEST(without_memory_there_is_no_list)
{
    struct error e = ERROR_NONE;
    struct jval *v;
    ck_assert_int_eq(jval_parse(STR("{\"users\":[" USER("1") "]}"), &v, &e), ERR_OK);
    fault_after(0);
    ck_assert(!users_query_read(v, &list));
    ck_assert(fault_happened());
    fault_after(-1);
    ck_assert_uint_eq(list.count, 0);
    jval_free(v);
}
END_TEST

static bool read_balance(const char *text, struct balance_query *out)
{
    struct error e = ERROR_NONE;
    struct jval *v;
    ck_assert_int_eq(jval_parse(str_of(text), &v, &e), ERR_OK);
    bool read = balance_query_read(v, out);
    jval_free(v);
    return read;
}

START_TEST(the_balance_as_it_is_told)
{
    static const struct {
        const char *text, *balance, *currency;
    } cases[] = {
        {"{\"result\":1000,\"balance\":963592.45,\"currency\":\"RUB\"}", "963592.45", "RUB"},
        {"{\"balance\":0,\"currency\":null}", "0", ""},
        {"{\"balance\":-12.5}", "-12.5", ""},
        {"{\"balance\":\"-12.05\",\"currency\":\"RUBLES-OF-OLD\"}", "-12.05", "RUBLES-"},
        {"{\"balance\":\"1000\"}", "1000", ""},
        {"{\"balance\":0.1}", "0.1", ""},
        {"{\"balance\":123456789.99}", "123456789.99", ""},
    };
    struct balance_query b;
    char text[40];
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(read_balance(cases[i].text, &b), "%s", cases[i].text);
        snprintf(text, sizeof text, "%.15g", b.balance);
        ck_assert_str_eq(text, cases[i].balance);
        ck_assert_str_eq(b.currency, cases[i].currency);
    }
    ck_assert(!read_balance("{\"balance\":null}", &b));
    ck_assert(!read_balance("{\"balance\":\"much\"}", &b));
    ck_assert(!read_balance("{\"balance\":\"--1\"}", &b));
    ck_assert(!read_balance("{}", &b));
    ck_assert(!balance_query_read(NULL, &b));
}
END_TEST

int main(void)
{
    return UNIT_RUN("mango_lists", as_the_manual_shows_it,
                    extensions_are_numbers_or_texts_and_in_order, what_is_too_long_or_too_much,
                    other_shapes_are_no_list, without_memory_there_is_no_list,
                    the_balance_as_it_is_told);
}

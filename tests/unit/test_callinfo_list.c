/*
 * Calls that stand twice in Megaplan, and those that only look alike.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/megaplan_kit.h"

#include "common/buf.h"
#include "common/megaplan/callinfo_list.h"
#include "common/mem.h"

static struct callinfo_list read_list(const char *data)
{
    struct callinfo_list out;
    struct answer a = megaplan_kit_data(data);
    ck_assert(callinfo_list_read(&a, &out));
    answer_done(&a);
    return out;
}

static char *build(void)
{
    return callinfo_list_url(STR("https://a"));
}

START_TEST(address)
{
    char *url = build();
    ck_assert_str_eq(
        url,
        "https://a/api/v3/callInfo?%7B%22limit%22%3A100%2C%22sortBy%22%3A%5B%7B%22contentType%22%3A"
        "%22SortField%22%2C%22fieldName%22%3A%22id%22%2C%22desc%22%3Atrue%7D%5D%7D");
    free(url);
    megaplan_kit_walk(build);
}
END_TEST

#define T(text) "{\"contentType\":\"DateTime\",\"value\":\"2024-03-05T" text "\"}"
#define CALL(id, type, from, to, begin, end)                                                    \
    "{\"providerId\":" id ",\"type\":\"" type "\",\"fromPhone\":\"" from "\",\"toPhone\":\"" to \
    "\",\"timeFrom\":" T(begin) ",\"timeTo\":" T(end) "}"
#define OURS CALL("\"e1\"", "in", "79991231212", "74951234567", "16:30:00+03:00", "16:32:00+03:00")

START_TEST(pairs)
{
    static const struct {
        const char *name, *other;
        size_t calls, twice;
    } cases[] = {
        {"same call, its number and clock written otherwise",
         CALL("\"x\"", "in", "+7 (999) 123-12-12", "101", "13:30:04Z", "13:32:09Z"), 2, 1},
        {"same providerId", CALL("\"e1\"", "in", "78", "101", "03:00:00Z", "03:00:01Z"), 2, 1},
        {"without an end",
         "{\"providerId\":7,\"type\":\"miss\",\"fromPhone\":\"89991231212\",\"timeFrom\":" T(
             "13:31:00Z") "}",
         2, 1},
        {"the next one",
         CALL("\"e2\"", "in", "79991231212", "74951234567", "13:32:06Z", "13:40:00Z"), 2, 0},
        {"the one before",
         CALL("\"e2\"", "in", "79991231212", "74951234567", "13:20:00Z", "13:29:54Z"), 2, 0},
        {"just before",
         CALL("\"e2\"", "in", "79991231212", "74951234567", "13:20:00Z", "13:29:55Z"), 2, 1},
        {"somebody else",
         CALL("\"e2\"", "in", "79991231213", "74951234567", "13:30:00Z", "13:32:00Z"), 2, 0},
        {"the other way", CALL("\"e2\"", "out", "101", "79991231212", "13:30:00Z", "13:32:00Z"), 2,
         0},
        {"an end before its beginning",
         CALL("\"e2\"", "in", "79991231212", "7", "13:40:00Z", "13:31:00Z"), 2, 0},
        {"a hidden number", CALL("\"e2\"", "in", "", "74951234567", "13:30:00Z", "13:32:00Z"), 1,
         0},
        {"no time", "{\"type\":\"in\",\"fromPhone\":\"79991231212\"}", 1, 0},
        {"no object", "5", 1, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char data[2000];
        snprintf(data, sizeof data, "[" OURS ",%s]", cases[i].other);
        struct callinfo_list l = read_list(data);
        ck_assert_msg(l.calls == cases[i].calls && l.twice == cases[i].twice, "%s: %zu of %zu",
                      cases[i].name, l.twice, l.calls);
    }
}
END_TEST

START_TEST(outgoing_by_whom_it_went_to)
{
    struct callinfo_list l =
        read_list("[" CALL("\"a\"", "out", "101", "79991231212", "13:30:00Z", "13:32:00Z") "," CALL(
            "\"b\"", "fail", "sip:petrov", "89991231212", "13:30:01Z",
            "13:30:01Z") "," CALL("\"c\"", "out", "101", "79991231213", "13:30:00Z",
                                  "13:32:00Z") "]");
    ck_assert_uint_eq(l.calls, 3);
    ck_assert_uint_eq(l.twice, 1);
}
END_TEST

START_TEST(not_more_than_asked_for)
{
    struct buf text = BUF_INIT(100000);
    for (int i = 0; i < 120; i++)
        buf_addf(&text, "%s" OURS, i ? "," : "[");
    char *data = mem_format("%.*s]", STR_ARG(buf_str(&text)));
    struct callinfo_list l = read_list(data);
    ck_assert_uint_eq(l.calls, CALLINFO_LIST_ROWS);
    ck_assert_uint_eq(l.twice, CALLINFO_LIST_ROWS - 1);
    free(data);
    buf_done(&text);
}
END_TEST

START_TEST(no_list)
{
    struct callinfo_list l;
    static const struct {
        int status;
        const char *body;
    } cases[] = {{200, "{\"meta\":{\"status\":200},\"data\":{}}"},
                 {403, "{\"meta\":{\"status\":403},\"data\":[]}"},
                 {200, "<html>"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer a = megaplan_kit_answer(cases[i].status, cases[i].body, ANSWER_ABOUT_ACCOUNT);
        ck_assert(!callinfo_list_read(&a, &l));
        ck_assert_uint_eq(l.calls, 0);
        answer_done(&a);
    }
    l = read_list("[]");
    ck_assert_uint_eq(l.calls, 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("callinfo_list", address, pairs, outgoing_by_whom_it_went_to,
                    not_more_than_asked_for, no_list);
}

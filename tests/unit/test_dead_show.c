/*
 * Dead letters as a tool sees them: which are meant, what one holds, what its fault means. And the masking of whole
 * values.
 */
#include <stdlib.h>
#include <string.h>

#include "common/dead/fault.h"
#include "common/dead/filter.h"
#include "common/dead/show.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/masked.h"
#include "tests/unit/unit.h"

#define AT "2026-11-22T15:11:00.123Z"
#define C "__connect.errors."
#define T(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }

static const struct kafka_header of_job[] = {
    {"kind", T("task")},
    {"received-at", T("2026-11-22T15:10:00.000Z")},
    {C "topic", T("pre.jobs")},
    {C "partition", T("2")},
    {C "offset", T("77")},
    {C "exception.class.name", T("rejected")},
    {C "exception.message", T("no client has 79991234567")},
    {"x-at", T(AT)},
};

static struct kafka_message letter(const char *key, const char *value)
{
    return (struct kafka_message){.topic = KAFKA_DEAD,
                                  .partition = 2,
                                  .offset = 5,
                                  .key = str_of(key),
                                  .value = str_of(value),
                                  .headers = of_job,
                                  .nheaders = COUNT(of_job)};
}

static void ck_masked(const char *value, const char *expected)
{
    char *text = masked_value(str_of(value));
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(every_kind_of_value_is_masked)
{
    ck_masked("{\"a\":\"+7 (999) 123-45-67\",\"n\":79991234567,\"at\":1795360200,"
              "\"ms\":1795360200123,\"l\":[\"79991234567\",true,null,1.5],\"o\":{\"x\":12}}",
              "{\"a\":\"+* (***) ***-45-67\",\"n\":\"*******4567\",\"at\":1795360200,"
              "\"ms\":1795360200123,\"l\":[\"*******4567\",true,null,1.5],\"o\":{\"x\":12}}");
    ck_masked("no JSON, but 79991234567", "no JSON, but *******4567");
    ck_masked("\xff", "\xef\xbf\xbd");
    ck_masked("", "");
    ck_masked("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]]");
    struct jval *none = masked_copy(NULL);
    ck_assert_int_eq(jval_type(none), JVAL_NULL);
    jval_free(none);
}
END_TEST

START_TEST(a_long_text_is_masked_to_its_end)
{
    char text[5000], *out;
    memset(text, ' ', sizeof text);
    memcpy(text + 4980, "x 79991234567", 14);
    out = masked_text(str_of(text));
    ck_assert_str_eq(out + 4980, "x *******4567");
    free(out);
}
END_TEST

static void ck_show(const char *key, const char *value, bool show, const char *shown_key,
                    const char *shown_value)
{
    struct kafka_message m = letter(key, value);
    struct jval *row = dead_show(&m, STR("pre."), show);
    ck_assert_text(jval_get_text(row, "id"), "2/5");
    ck_assert_text(jval_get_text(row, "key"), shown_key);
    ck_assert_text(jval_get_text(row, "value"), shown_value);
    ck_assert_text(jval_get_text(jval_get(row, "headers"), C "exception.message"),
                   show ? "no client has 79991234567" : "no client has *******4567");
    ck_assert_text(jval_get_text(jval_get(row, "headers"), "x-at"), AT);
    jval_free(row);
}

START_TEST(shows_all_of_one)
{
#define JOB(number) "{\"v\":1,\"id\":\"E:task\",\"entry_id\":\"E\",\"number\":\"" number "\"}"
    ck_show("acme/79991234567", JOB("79991234567"), false, "acme/*******4567", JOB("*******4567"));
    ck_show("acme/79991234567", JOB("79991234567"), true, "acme/79991234567", JOB("79991234567"));
    ck_show("acme/12345", JOB("12345"), false, "acme/*2345", JOB("12345"));
    ck_show("acme/E", JOB("1"), false, "acme/E", JOB("1"));
    ck_show("acme/-", "{", false, "acme/-", "{");
    ck_show("nothing", "", false, "nothing", "");
}
END_TEST

START_TEST(a_note_is_no_letter_and_a_tombstone_has_no_value)
{
    const struct kafka_header note[] = {{"x-note", T("sent-again")}, {"x-of", T("2/5")}};
    struct kafka_message m = {
        .key = STR("acme/E"), .tombstone = true, .headers = note, .nheaders = 2};
    ck_assert_ptr_null(dead_show(&m, STR_NONE, true));
    m = letter("acme/E", "");
    m.tombstone = true;
    struct jval *row = dead_show(&m, STR("pre."), true);
    ck_assert_int_eq(jval_type(jval_get(row, "value")), JVAL_NULL);
    jval_free(row);
}
END_TEST

START_TEST(filters)
{
    char account[] = "acme", reason[] = "No client has 79991234567", fault[] = "rejected",
         none[] = "";
    const struct dead_letter l = {.at = 1000,
                                  .account = account,
                                  .entry_id = none,
                                  .kind = none,
                                  .reason = reason,
                                  .fault = fault};
    static const struct {
        struct dead_filter filter;
        bool takes;
    } cases[] = {
        {{0}, true},
        {{.account = "acme"}, true},
        {{.account = "acm"}, false},
        {{.reason = "rejected"}, true},
        {{.reason = "Rejected"}, true},
        {{.reason = "reject"}, false},
        {{.reason = "no CLIENT"}, true},
        {{.reason = "4567"}, true},
        {{.reason = "poison"}, false},
        {{.from_ms = 1000, .to_ms = 1000}, true},
        {{.from_ms = 1001}, false},
        {{.to_ms = 999}, false},
        {{"acme", "client", 1, 2000}, true},
        {{"other", "client", 1, 2000}, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(dead_filter_takes(&cases[i].filter, &l) == cases[i].takes, "case %zu", i);
}
END_TEST

START_TEST(every_kind_of_error_has_its_remedy)
{
    for (enum err k = ERR_INPUT; k <= ERR_INTERNAL; k++)
        ck_assert_msg(dead_fault_find(str_of(error_kind_name(k))) != NULL, "%s",
                      error_kind_name(k));
    ck_assert_ptr_nonnull(dead_fault_find(STR("poison")));
    ck_assert_ptr_null(dead_fault_find(STR("")));
    ck_assert_uint_eq(dead_fault_count, (size_t)ERR_INTERNAL + 1);
}
END_TEST

int main(void)
{
    return UNIT_RUN("dead_show", every_kind_of_value_is_masked, a_long_text_is_masked_to_its_end,
                    shows_all_of_one, a_note_is_no_letter_and_a_tombstone_has_no_value, filters,
                    every_kind_of_error_has_its_remedy);
}

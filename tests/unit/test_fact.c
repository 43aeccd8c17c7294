/* Facts: keys, values as bytes, refusals, every want of memory. */
#include <stdlib.h>

#include "common/fact.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

START_TEST(keys)
{
    static const struct {
        const char *key;
        int type; /* -1: refused */
        const char *account, *name;
    } cases[] = {
        {"_mark", FACT_MARK, "", ""},
        {"acme/E:client/intent", FACT_INTENT, "acme", "E:client"},
        {"acme/E:client/done", FACT_DONE, "acme", "E:client"},
        {"acme/E:client/given-up", FACT_GIVEN_UP, "acme", "E:client"},
        {"acme/a/b/c:popup:d/e:Connected/done", FACT_DONE, "acme", "a/b/c:popup:d/e:Connected"},
        {"acme/state/budget", FACT_STATE, "acme", "budget"},
        {"acme/state/alert/no-webhook", FACT_STATE, "acme", "alert/no-webhook"},
        {"acme/state/9:client/done", FACT_DONE, "acme",
         "state/9:client"}, /* an entry_id in base64 */
        {"acme/state/", -1, NULL, NULL},
        {"acme/E:client", -1, NULL, NULL},
        {"acme/E:client/begun", -1, NULL, NULL},
        {"acme//done", -1, NULL, NULL},
        {"acme/done", -1, NULL, NULL},
        {"/E:client/done", -1, NULL, NULL},
        {"acme", -1, NULL, NULL},
        {"", -1, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct fact_key k;
        char *key;
        enum err err = fact_key_parse(str_of(cases[i].key), &k, &e);
        ck_assert_msg((err == ERR_OK) == (cases[i].type >= 0), "%s", cases[i].key);
        if (err)
            continue;
        ck_assert_int_eq((int)k.type, cases[i].type);
        ck_assert_text(k.account, cases[i].account);
        ck_assert_text(k.name, cases[i].name);
        key = fact_key_make(k.type, k.account, k.name);
        ck_assert_str_eq(key, cases[i].key);
        free(key);
    }
}
END_TEST

static char entry[] = "E=", number[] = "79991231212", client[] = "1000011", employee[] = "1000005";
static char none[] = "not new", link_a[] = "https://a/?b=\"1\"", link_b[] = "https://b/";
static char *links[] = {link_a, link_b};

static char data[] = "{\"b\":1, \"a\":2}";
static const struct {
    enum fact_type type;
    struct fact fact;
    const char *value;
} values[] = {
    {FACT_INTENT,
     {.kind = JOB_CLIENT, .entry_id = entry, .number = number, .object = client, .none = none},
     "{\"entry\":\"E=\",\"kind\":\"client\",\"number\":\"79991231212\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_CLIENT,
      .entry_id = entry,
      .number = number,
      .object = client,
      .made = true,
      .responsible = employee},
     "{\"client\":\"1000011\",\"entry\":\"E=\",\"kind\":\"client\",\"made\":true,"
     "\"number\":\"79991231212\",\"responsible\":\"1000005\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_CLIENT, .entry_id = entry, .none = none},
     "{\"entry\":\"E=\",\"kind\":\"client\",\"none\":\"not new\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_TASK, .object = client},
     "{\"kind\":\"task\",\"made\":false,\"task\":\"1000011\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_RECORD, .object = client, .data = data},
     "{\"call\":\"1000011\",\"data\":{\"a\":2,\"b\":1},\"kind\":\"record\",\"made\":false,"
     "\"v\":1}"},
    {FACT_INTENT,
     {.kind = JOB_RESPONSIBLE, .responsible = employee},
     "{\"kind\":\"responsible\",\"responsible\":\"1000005\",\"v\":1}"},
    {FACT_GIVEN_UP,
     {.kind = JOB_POPUP, .entry_id = entry, .object = client},
     "{\"entry\":\"E=\",\"kind\":\"popup\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_CALL,
      .entry_id = entry,
      .number = number,
      .object = employee,
      .made = true,
      .client = client,
      .company = true,
      .at = 1700000000,
      .verdict = JOB_TALKED_TO,
      .summarized = true,
      .links = links,
      .nlinks = 2},
     "{\"at\":1700000000,\"call\":\"1000005\",\"client\":\"1000011\",\"company\":true,"
     "\"entry\":\"E=\",\"kind\":\"call\","
     "\"links\":[\"https://a/?b=\\\"1\\\"\",\"https://b/\"],\"made\":true,"
     "\"number\":\"79991231212\",\"summarized\":true,\"v\":1,\"verdict\":\"talked\"}"},
    {FACT_INTENT,
     {.kind = JOB_TASK,
      .object = client,
      .made = true,
      .client = client,
      .at = 5,
      .verdict = JOB_MISSED_GROUP,
      .none = none,
      .data = data},
     "{\"at\":5,\"client\":\"1000011\",\"data\":{\"a\":2,\"b\":1},\"kind\":\"task\",\"v\":1,"
     "\"verdict\":\"missed:group\"}"},
    {FACT_DONE, /* the object of these kinds is the client */
     {.kind = JOB_FILL, .object = client, .client = employee, .company = true},
     "{\"client\":\"1000011\",\"company\":true,\"kind\":\"fill\",\"made\":false,\"v\":1}"},
    {FACT_INTENT, /* whose the task is that may have a twin */
     {.kind = JOB_TWIN, .object = entry, .client = client, .company = true},
     "{\"client\":\"1000011\",\"company\":true,\"kind\":\"twin\",\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_FIELD, .object = entry, .data = none}, /* no JSON */
     "{\"field\":\"E=\",\"kind\":\"field\",\"made\":false,\"v\":1}"},
    {FACT_DONE,
     {.kind = JOB_LINK, .object = entry, .client = client},
     "{\"call\":\"E=\",\"client\":\"1000011\",\"kind\":\"link\",\"made\":false,\"v\":1}"},
};

START_TEST(values_are_fixed_bytes)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        struct error e = ERROR_NONE;
        struct fact *f = NULL;
        char *value = fact_encode(values[i].type, &values[i].fact);
        char *again;
        ck_assert_str_eq(value, values[i].value);
        ck_assert_int_eq(fact_decode(str_of(value), &f, &e), ERR_OK);
        again = fact_encode(values[i].type, f);
        ck_assert_str_eq(again, value);
        ck_assert_int_eq(f->made, values[i].fact.made && values[i].type == FACT_DONE);
        free(value);
        free(again);
        fact_free(f);
    }
    fact_free(NULL);
}
END_TEST

START_TEST(refuses_by_field)
{
    static const struct {
        const char *value, *why;
    } cases[] = {
        {"", "JSON"},
        {"5", "not an object"},
        {"{\"kind\":\"client\"}", "v: "},
        {"{\"v\":1}", "kind: "},
        {"{\"v\":1,\"kind\":\"client\",\"entry\":1}", "entry: "},
        {"{\"v\":1,\"kind\":\"client\",\"number\":1}", "number: "},
        {"{\"v\":1,\"kind\":\"client\",\"client\":1}", "client: "},
        {"{\"v\":1,\"kind\":\"client\",\"responsible\":1}", "responsible: "},
        {"{\"v\":1,\"kind\":\"client\",\"none\":1}", "none: "},
        {"{\"v\":1,\"kind\":\"client\",\"made\":1}", "made: "},
        {"{\"v\":1,\"kind\":\"client\",\"data\":1}", "data: "},
        {"{\"v\":1,\"kind\":\"dance\"}", "kind: "},
        {"{\"v\":1,\"kind\":\"call\",\"client\":1}", "client: "},
        {"{\"v\":1,\"kind\":\"call\",\"company\":1}", "company: "},
        {"{\"v\":1,\"kind\":\"call\",\"summarized\":1}", "summarized: "},
        {"{\"v\":1,\"kind\":\"call\",\"verdict\":\"lost\"}", "verdict: "},
        {"{\"v\":1,\"kind\":\"call\",\"verdict\":1}", "verdict: "},
        {"{\"v\":1,\"kind\":\"call\",\"at\":-1}", "at: "},
        {"{\"v\":1,\"kind\":\"call\",\"at\":\"1\"}", "at: "},
        {"{\"v\":1,\"kind\":\"call\",\"links\":{}}", "links: "},
        {"{\"v\":1,\"kind\":\"call\",\"links\":[\"a\",1]}", "links: "},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct fact *f = NULL;
        ck_assert_int_eq(fact_decode(str_of(cases[i].value), &f, &e), ERR_INPUT);
        ck_assert_msg(strncmp(e.text, cases[i].why, strlen(cases[i].why)) == 0, "%s", e.text);
    }
}
END_TEST

START_TEST(copies_and_comparison)
{
    static char value[] =
        "{\"at\":7,\"call\":\"1\",\"client\":\"2\",\"company\":true,\"data\":{\"a\":1},"
        "\"entry\":\"E\",\"kind\":\"call\",\"links\":[\"x\",\"y\"],\"made\":true,"
        "\"none\":\"n\",\"number\":\"7\",\"responsible\":\"5\",\"summarized\":true,"
        "\"v\":1,\"verdict\":\"talked\"}";
    static char other[] = "other";
    struct fact *f = NULL, *copy;
    char *again, *one_link[1] = {other};

    ck_assert_int_eq(fact_decode(STR(value), &f, NULL), ERR_OK);
    copy = fact_copy(f);
    ck_assert(fact_same(f, copy));
    ck_assert_str_eq(fact_client(copy), "2");
    fact_free(f);
    again = fact_encode(FACT_DONE, copy);
    ck_assert_str_eq(again, value);
#define DIFFERS(change)                  \
    do {                                 \
        struct fact g = *copy;           \
        change;                          \
        ck_assert(!fact_same(copy, &g)); \
    } while (0)
    DIFFERS(g.kind = JOB_POPUP);
    DIFFERS(g.verdict = JOB_MISSED_MENU);
    DIFFERS(g.summarized = false);
    DIFFERS(g.made = false);
    DIFFERS(g.company = false);
    DIFFERS(g.at = 8);
    DIFFERS(g.entry_id = other);
    DIFFERS(g.number = NULL);
    DIFFERS(g.object = other);
    DIFFERS(g.client = other);
    DIFFERS(g.responsible = other);
    DIFFERS(g.none = NULL);
    DIFFERS(g.data = NULL);
    DIFFERS(g.nlinks = 1);
    DIFFERS(g.links = one_link; g.nlinks = 1; copy->nlinks = 1);
    copy->kind = JOB_CLIENT;
    ck_assert_str_eq(fact_client(copy), "1");
    fact_free(copy);
    free(again);
}
END_TEST

START_TEST(marks)
{
    static const char mark[] = "0123456789abcdef0123456789abcdef";
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"v\":1}",
                                      "{\"v\":1,\"mark\":\"12\"}",
                                      "{\"v\":1,\"mark\":5}",
                                      "{\"mark\":\"0123456789abcdef0123456789abcdef\"}"};
    struct error e = ERROR_NONE;
    char out[FACT_MARK_HEX + 1];
    char *value = fact_mark_encode(mark);

    ck_assert_str_eq(value, "{\"mark\":\"0123456789abcdef0123456789abcdef\",\"v\":1}");
    ck_assert_int_eq(fact_mark_decode(str_of(value), out, &e), ERR_OK);
    ck_assert_str_eq(out, mark);
    free(value);
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_int_eq(fact_mark_decode(str_of(bad[i]), out, NULL), ERR_INPUT);
    }
}
END_TEST

static bool decode(void *arg)
{
    struct error e = ERROR_NONE;
    struct fact *f = NULL;
    enum err err = fact_decode(str_of(arg), &f, &e);

    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    fact_free(f);
    return err == ERR_INTERNAL;
}

START_TEST(survives_want_of_memory)
{
    static char value[] =
        "{\"client\":\"1\",\"data\":{\"a\":1},\"entry\":\"E\",\"kind\":\"client\","
        "\"links\":[\"a\",\"b\"],\"made\":true,\"number\":\"7\",\"none\":\"x\",\"responsible\":\"1\",\"v\":1}";

    fault_walk(decode, value);
}
END_TEST

int main(void)
{
    return UNIT_RUN("fact", keys, values_are_fixed_bytes, refuses_by_field, copies_and_comparison,
                    marks, survives_want_of_memory);
}

/* Jobs: there and back, refusals by field, every want of memory. */
#include <stdio.h>
#include <stdlib.h>

#include "common/job.h"
#include "common/mem.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

#define FULL                                                                                            \
    "{\"v\":1,\"id\":\"E=:client\",\"kind\":\"client\",\"entry_id\":\"E=\",\"number\":\"79991231212\"," \
    "\"rule\":\"G3\",\"reason\":\"first employee 101 (Пётр)\",\"event_at\":1399906988,"             \
    "\"offset\":\"events/3/1234\",\"verdict\":\"missed:group\","                                        \
    "\"deadline\":\"2026-11-22T15:11:00.123Z\",\"data\":{\"b\":1,\"a\":[true]}}"

static struct job *decode(const char *key, const char *value)
{
    struct error e = ERROR_NONE;
    struct job *j = NULL;

    ck_assert_msg(job_decode(str_of(key), str_of(value), 77, STR("live"), &j, &e) == ERR_OK, "%s",
                  e.text);
    return j;
}

START_TEST(comes_back_the_same)
{
    struct job *j = decode("acme/79991231212", FULL);
    char *text = job_encode(j), *key = job_key(j);

    ck_assert_str_eq(text, FULL);
    ck_assert_str_eq(key, "acme/79991231212");
    ck_assert_str_eq(j->account, "acme");
    ck_assert_str_eq(j->origin, "live");
    ck_assert_int_eq(j->received_at, 77);
    ck_assert_int_eq(j->deadline, 1795360260123);
    ck_assert_int_eq(j->verdict, JOB_MISSED_GROUP);
    ck_assert_int_eq(j->kind, JOB_CLIENT);
    free(text);
    free(key);
    job_free(j);
}
END_TEST

START_TEST(what_is_absent_stays_absent)
{
    static const char least[] =
        "{\"v\":1,\"id\":\"E:call:idle\",\"kind\":\"call\",\"entry_id\":\"E\","
        "\"event_at\":0,\"data\":{}}";
    struct job *j = decode("acme/E", "{\"v\":1,\"id\":\"E:call:idle\",\"kind\":\"call\","
                                     "\"entry_id\":\"E\",\"number\":null,\"new field\":1}");
    char *text = job_encode(j), *key = job_key(j);

    ck_assert_str_eq(text, least);
    ck_assert_str_eq(key, "acme/E");
    ck_assert_ptr_null(j->number);
    ck_assert_ptr_null(j->rule);
    ck_assert_int_eq(j->verdict, JOB_VERDICT_NONE);
    ck_assert_int_eq(jval_type(j->data), JVAL_OBJECT);
    free(text);
    jval_free(j->data);
    j->data = NULL;
    text = job_encode(j);
    ck_assert_str_eq(text, least);
    free(text);
    free(key);
    job_free(j);
    job_free(NULL);
}
END_TEST

START_TEST(text_that_is_no_utf8_does_not_spoil_a_job)
{
    static char id[] = "E:client", entry[] = "E", reason[] = "a\xff";
    struct job j = {.id = id, .kind = JOB_CLIENT, .entry_id = entry, .reason = reason};
    char *text = job_encode(&j);

    ck_assert_ptr_nonnull(strstr(text, "\"reason\":\"a\xef\xbf\xbd\""));
    free(text);
}
END_TEST

START_TEST(refuses_by_field)
{
    static const struct {
        const char *key, *value, *why;
    } cases[] = {
        {"acme", FULL, "key: "},
        {"/E", FULL, "key: "},
        {"acme/E", "", "JSON"},
        {"acme/E", "[]", "not an object"},
        {"acme/E", "{\"id\":\"x\"}", "v: "},
        {"acme/E", "{\"v\":2}", "v: "},
        {"acme/E", "{\"v\":1,\"kind\":\"dance\"}", "kind: "},
        {"acme/E", "{\"v\":1,\"kind\":5}", "kind: "},
        {"acme/E", "{\"v\":1,\"kind\":\"link\",\"id\":\"E:link\",\"entry_id\":\"E\"}",
         "kind: none"},
        {"acme/E", "{\"v\":1,\"kind\":\"call\"}", "id: missing"},
        {"acme/E", "{\"v\":1,\"kind\":\"call\",\"id\":1}", "id: not a text"},
        {"acme/E", "{\"v\":1,\"kind\":\"call\",\"id\":\"x\"}", "entry_id: missing"},
#define REST "{\"v\":1,\"kind\":\"call\",\"id\":\"x\",\"entry_id\":\"E\","
        {"acme/E", REST "\"number\":7}", "number: "},
        {"acme/E", REST "\"number\":\"+7\"}", "number: "},
        {"acme/E", REST "\"number\":\"\"}", "number: "},
        {"acme/E", REST "\"rule\":1}", "rule: "},
        {"acme/E", REST "\"reason\":[]}", "reason: "},
        {"acme/E", REST "\"offset\":1}", "offset: "},
        {"acme/E", REST "\"event_at\":\"1\"}", "event_at: "},
        {"acme/E", REST "\"event_at\":-1}", "event_at: "},
        {"acme/E", REST "\"verdict\":\"won\"}", "verdict: "},
        {"acme/E", REST "\"verdict\":1}", "verdict: "},
        {"acme/E", REST "\"deadline\":\"soon\"}", "deadline: "},
        {"acme/E", REST "\"deadline\":5}", "deadline: "},
        {"acme/E", REST "\"deadline\":\"1013-12-22T15:11:00Z\"}", "deadline: "},
        {"acme/E", REST "\"data\":[]}", "data: "},
        {"acme/E", REST "\"id\":\"y\"}", "JSON"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct job *j = NULL;
        enum err err =
            job_decode(str_of(cases[i].key), str_of(cases[i].value), 0, STR("live"), &j, &e);
        ck_assert_msg(err == ERR_INPUT, "case %zu", i);
        ck_assert_msg(strncmp(e.text, cases[i].why, strlen(cases[i].why)) == 0, "%s", e.text);
        ck_assert_ptr_null(j);
    }
}
END_TEST

/* Read lightly it is the same job, but for data, which is still text. */
START_TEST(light_reading_is_the_same)
{
    static const struct {
        const char *value, *data; /* data: what is left as text */
    } cases[] = {
        {"{\"v\":1,\"id\":\"E:call\",\"kind\":\"call\",\"entry_id\":\"E\",\"number\":\"7\","
         "\"rule\":\"G3\",\"reason\":\"Пётр\",\"event_at\":5,\"offset\":\"events/0/1\","
         "\"verdict\":\"talked\",\"data\":{\"name\":\"Пётр\",\"saved\":true}}",
         "{\"name\":\"Пётр\",\"saved\":true}"},
        {"{\"v\":1,\"id\":\"E:call\",\"kind\":\"call\",\"entry_id\":\"E\",\"event_at\":0,\"data\":{}}",
         "{}"},
        {"{\"v\":1,\"id\":\"E:call\",\"kind\":\"call\",\"entry_id\":\"E\",\"event_at\":0,"
         "\"data\":{\"name\":\"a \\\"b\\\"\"}}",
         ""},
        {FULL, ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct job_message m = {STR("acme/E"), str_of(cases[i].value), STR("live"), 77};
        struct error e = ERROR_NONE;
        struct job *j = NULL;
        struct str data = STR("?");
        ck_assert_msg(job_read(&m, &j, &data, &e) == ERR_OK, "%s", e.text);
        ck_assert_text(data, cases[i].data);
        ck_assert_int_eq(!j->data, data.len > 0);
        if (!j->data)
            ck_assert_int_eq(jval_parse(data, &j->data, &e), ERR_OK);
        char *text = job_encode(j);
        ck_assert_str_eq(text, cases[i].value);
        ck_assert_str_eq(j->account, "acme");
        ck_assert_str_eq(j->origin, "live");
        ck_assert_int_eq(j->received_at, 77);
        free(text);
        job_free(j);
    }
}
END_TEST

/* As crm makes those that no message asks for: each text its own. */
START_TEST(one_of_many_pieces_is_freed)
{
    struct job *j = mem_alloc(1, sizeof *j);
    j->kind = JOB_CALL;
    j->id = mem_copy(STR("E:call"));
    j->account = mem_copy(STR("acme"));
    j->entry_id = mem_copy(STR("E"));
    j->number = mem_copy(STR("7"));
    j->data = jval_new_object();
    char *key = job_key(j);
    ck_assert_str_eq(key, "acme/7");
    free(key);
    job_free(j);
    job_free(NULL);
}
END_TEST

START_TEST(names)
{
    for (int i = 0; i < JOB_KINDS; i++) {
        enum job_kind back = JOB_KINDS;
        ck_assert(job_kind_parse(str_of(job_kind_name((enum job_kind)i)), &back));
        ck_assert_int_eq(back, i);
        ck_assert_int_eq(job_kind_is_internal(back), i > JOB_RECORD);
    }
    for (int i = JOB_TALKED_TO; i <= JOB_MISSED_DIRECT; i++) {
        enum job_verdict back = JOB_VERDICT_NONE;
        ck_assert(job_verdict_parse(str_of(job_verdict_name((enum job_verdict)i)), &back));
        ck_assert_int_eq(back, i);
    }
    ck_assert(!job_verdict_parse(STR(""), &(enum job_verdict){0}));
    ck_assert_str_eq(job_kind_name(JOB_KINDS), "unknown");
    ck_assert(!job_kind_parse(STR("unknown"), &(enum job_kind){0}));
    ck_assert_ptr_null(job_verdict_name(JOB_VERDICT_NONE));
    ck_assert_str_eq(job_verdict_name(JOB_TALKED_TO), "talked");
    ck_assert_str_eq(job_verdict_name(JOB_MISSED_MENU), "missed:menu");
    ck_assert_str_eq(job_verdict_name(JOB_MISSED_DIRECT), "missed:direct");
    ck_assert_ptr_null(job_verdict_name((enum job_verdict)99));
}
END_TEST

static bool decode_full(void *arg)
{
    struct error e = ERROR_NONE;
    struct job *j = NULL;
    enum err err = job_decode(STR("acme/79991231212"), STR(FULL), 77, STR("live"), &j, &e);

    (void)arg;
    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    job_free(j);
    return err == ERR_INTERNAL;
}

START_TEST(survives_want_of_memory)
{
    fault_walk(decode_full, NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("job", comes_back_the_same, what_is_absent_stays_absent,
                    text_that_is_no_utf8_does_not_spoil_a_job, refuses_by_field,
                    light_reading_is_the_same, one_of_many_pieces_is_freed, names,
                    survives_want_of_memory);
}

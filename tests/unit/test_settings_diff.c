/* What a change of settings changes, told field by field, and never a secret. */
#include "common/settings/diff.h"

#include <stdlib.h>
#include <string.h>

#include "common/jval.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

static char *told(const char *before, const char *after)
{
    struct jval *v = settings_diff(str_of(before), str_of(after));
    ck_assert_ptr_nonnull(v);
    return jval_dump_free(v, false);
}

static void expect(const char *before, const char *after, const char *wanted)
{
    char *text CLEANUP(mem_free_text) = told(before, after);
    ck_assert_str_eq(text, wanted);
}

START_TEST(fields)
{
    expect("{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", "[]");
    expect("{\"a\":1}", "{\"a\":2}", "[{\"field\":\"a\",\"before\":1,\"after\":2}]");
    expect("{\"a\":{\"x\":1,\"y\":null}}", "{\"a\":{\"x\":true,\"y\":null}}",
           "[{\"field\":\"a.x\",\"before\":1,\"after\":true}]");
    expect("{\"a\":1,\"b\":2}", "{\"b\":3,\"c\":4}",
           "[{\"field\":\"b\",\"before\":2,\"after\":3},{\"field\":\"c\",\"after\":4},"
           "{\"field\":\"a\",\"before\":1}]");
    expect("{\"lines\":[\"1\"]}", "{\"lines\":[\"1\",\"2\"]}",
           "[{\"field\":\"lines\",\"before\":[\"1\"],\"after\":[\"1\",\"2\"]}]");
    expect("{\"working_hours\":null}", "{\"working_hours\":{\"days\":\"mon-fri\"}}",
           "[{\"field\":\"working_hours\",\"before\":null,\"after\":{\"days\":\"mon-fri\"}}]");
}
END_TEST

START_TEST(employees)
{
    const char *two = "{\"employees\":[{\"megaplan_id\":\"1\",\"extension\":\"101\"},"
                      "{\"megaplan_id\":\"2\",\"extension\":\"102\"}]}";
    expect(two,
           "{\"employees\":[{\"megaplan_id\":\"2\",\"extension\":\"102\"},"
           "{\"megaplan_id\":\"1\",\"extension\":\"101\"}]}",
           "[]");
    expect(
        two,
        "{\"employees\":[{\"megaplan_id\":\"3\"},{\"megaplan_id\":\"1\",\"extension\":\"7\"}]}",
        "[{\"field\":\"employees[3]\",\"after\":{\"megaplan_id\":\"3\"}},"
        "{\"field\":\"employees[1].extension\",\"before\":\"101\",\"after\":\"7\"},"
        "{\"field\":\"employees[2]\",\"before\":{\"megaplan_id\":\"2\",\"extension\":\"102\"}}]");
}
END_TEST

START_TEST(secrets)
{
    expect("{\"mango\":{\"api_key\":\"k\",\"api_salt\":\"v1:a:b:old\"}}",
           "{\"mango\":{\"api_key\":\"l\",\"api_salt\":\"v1:a:b:new\"}}",
           "[{\"field\":\"mango.api_key\",\"before\":\"k\",\"after\":\"l\"},"
           "{\"field\":\"mango.api_salt\",\"before\":\"***\",\"after\":\"changed\"}]");
    expect("", "{\"megaplan\":{\"token\":\"v1:a:b:c\",\"base_url\":\"u\"}}",
           "[{\"field\":\"megaplan.token\",\"after\":\"changed\"},"
           "{\"field\":\"megaplan.base_url\",\"after\":\"u\"}]");
    expect("{\"megaplan\":{\"password\":\"v1:a:b:c\"}}", "",
           "[{\"field\":\"megaplan.password\",\"before\":\"***\"}]");
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char *name = mem_alloc(1001, 1);
    for (size_t i = 0; i < 1000; i += 2)
        memcpy(name + i, "ж", 2);
    char *after CLEANUP(mem_free_text) = mem_format("{\"a\":\"%s\"}", name);
    char *text CLEANUP(mem_free_text) = told("{}", after);
    free(name);
    ck_assert_uint_lt(strlen(text), 2 * SETTINGS_DIFF_TEXT);
    ck_assert_ptr_nonnull(strstr(text, "...\"}]"));
}
END_TEST

START_TEST(many_changes)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_add_str(&b, STR("{"));
    for (int i = 0; i < 2 * SETTINGS_DIFF_MOST; i++)
        buf_addf(&b, "%s\"f%d\":1", i ? "," : "", i);
    buf_add_str(&b, STR("}"));
    struct jval *v = settings_diff(STR("{}"), buf_str(&b));
    ck_assert_uint_eq(jval_size(v), SETTINGS_DIFF_MOST + 1);
    ck_assert_text(jval_get_text(jval_at(v, SETTINGS_DIFF_MOST), "field"), "...");
    jval_free(v);
    buf_done(&b);
}
END_TEST

START_TEST(no_documents)
{
    ck_assert_ptr_null(settings_diff(STR("["), STR("{}")));
    ck_assert_ptr_null(settings_diff(STR("{}"), STR("[]")));
    char *key = mem_alloc(1001, 1);
    memset(key, 'k', 1000);
    char *after CLEANUP(mem_free_text) = mem_format("{\"%s\":1}", key);
    ck_assert_ptr_null(settings_diff(STR("{}"), str_of(after))); /* a path over its ceiling */
    free(key);
}
END_TEST

int main(void)
{
    jval_start();
    return UNIT_RUN("settings_diff", fields, employees, secrets, long_texts_are_cut, many_changes,
                    no_documents);
}

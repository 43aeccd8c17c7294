/*
 * Looking for a client that a request may have made.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/megaplan_kit.h"
#include "worker/crm/look.h"

#define INTENT_AT 1520256600000 /* 2018-03-05T13:30:00Z */

static struct look *l;
static char base[] = "https://a", country[] = "7";
static char entry[] = "MTIz", number[] = "79991231212", responsible[] = "1000005";
static const struct settings settings = {.country_code = country, .megaplan = {.base_url = base}};

static void setup(void)
{
    const struct fact intent = {
        .kind = JOB_CLIENT, .entry_id = entry, .number = number, .responsible = responsible};
    l = look_new(STR("MTIz:client"), &intent, INTENT_AT, 1000);
}

static enum look_step take(const char *rows, const char *more)
{
    char *body CLEANUP(mem_free_text) = mem_format(
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":%s}},\"data\":%s}",
        more, rows);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_ACCOUNT);
    enum look_step step = look_take(l, &a, &settings);
    answer_done(&a);
    return step;
}

#define ROW(id, description, phone)                                                         \
    "{\"contentType\":\"ContractorHuman\",\"id\":\"" id "\",\"description\":\"" description \
    "\",\"timeCreated\":{\"value\":\"2018-03-05T16:30:01+03:00\"},\"contactInfo\":[{"       \
    "\"contentType\":\"ContactInfo\",\"type\":\"phone\",\"value\":\"" phone "\"}]}"

START_TEST(four_looks_then_it_did_not_happen)
{
    static const int64_t at[] = {3000, 6000, 16000, 46000};
    setup();
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(look_at(l), at[i]);
        ck_assert_int_eq(take("[]", "false"), i < 3 ? LOOK_WAIT : LOOK_NOT_DONE);
    }
    look_free(l);
    look_free(NULL);
}
END_TEST

START_TEST(by_marker_before_number_over_pages)
{
    bool made = false;
    setup();
    ck_assert_int_eq(take("[" ROW("30", "", "79991231212") "]", "true"), LOOK_MORE);
    char *url = look_url(l, &settings);
    ck_assert_ptr_nonnull(strstr(url, "https://a/api/v3/contractorHuman?"));
    ck_assert_ptr_nonnull(strstr(url, "%2230%22"));
    free(url);
    ck_assert_int_eq(take("[" ROW("20", "MANGO MTIz", "1") "]", "true"), LOOK_FOUND);
    ck_assert_str_eq(look_found(l, &made), "20");
    ck_assert(made);
    look_free(l);
    setup();
    ck_assert_int_eq(take("[" ROW("30", "", "79991231212") "]", "true"), LOOK_MORE);
    ck_assert_int_eq(take("[" ROW("20", "MANGO other", "1") "]", "false"), LOOK_FOUND);
    ck_assert_str_eq(look_found(l, &made), "30");
    ck_assert(!made);
    look_free(l);
}
END_TEST

START_TEST(a_broken_look_does_not_count)
{
    setup();
    ck_assert_int_eq(take("{}", "false"), LOOK_BROKEN);
    ck_assert_int_eq(look_at(l), 3000);
    /* a list that never ends */
    int n = 0;
    while (take("[" ROW("30", "", "1") "]", "true") == LOOK_MORE)
        n++;
    ck_assert_int_eq(n, LOOK_PAGES_MAX - 1);
    ck_assert_int_eq(look_at(l), 3000);
    ck_assert_int_eq(take("[]", "false"), LOOK_WAIT);
    ck_assert_int_eq(look_at(l), 6000);
    look_free(l);
}
END_TEST

START_TEST(counting)
{
    setup();
    struct answer a = megaplan_kit_data(
        "[" ROW("30", "MANGO MTIz", "79991231212") "," ROW("29", "MANGO MTIz", "1") "]");
    ck_assert(look_count(l, &a, &settings));
    answer_done(&a);
    ck_assert_uint_eq(look_counted(l), 2);
    ck_assert(!look_has_more(l));
    a = megaplan_kit_data("{}");
    ck_assert(!look_count(l, &a, &settings));
    answer_done(&a);
    ck_assert_uint_eq(look_counted(l), 0);
    look_free(l);
}
END_TEST

START_TEST(without_a_number)
{
    const struct fact intent = {.kind = JOB_CLIENT, .entry_id = entry};
    l = look_new(STR("MTIz:client"), &intent, 0, 0);
    ck_assert_int_eq(take("[" ROW("30", "", "79991231212") "]", "false"), LOOK_WAIT);
    look_free(l);
}
END_TEST

int main(void)
{
    return UNIT_RUN("look", four_looks_then_it_did_not_happen, by_marker_before_number_over_pages,
                    a_broken_look_does_not_count, counting, without_a_number);
}

/*
 * The extra fields of clients: labels however they are spelled, names, values.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/megaplan_kit.h"

#include "common/megaplan/field.h"

START_TEST(labels_of_the_guide)
{
    static const char *const labels[FIELDS] = {"Номер линии MANGO OFFICE",
                                               "ДКТ: client_id",
                                               "ДКТ: client_\xd1\x81id",
                                               "ДКТ: Город",
                                               "ДКТ: Источник",
                                               "ДКТ: Канал",
                                               "ДКТ: Кампания",
                                               "ДКТ: Содержимое",
                                               "ДКТ: Что искал",
                                               "ДКТ: Время на сайте",
                                               "ДКТ: Страница звонка",
                                               "ДКТ: Контекст вызова"};
    for (int i = 0; i < FIELDS; i++) {
        enum field f = FIELDS;
        char *made = field_create_body((enum field)i), label[80];
        (void)snprintf(label, sizeof label, "\"%s\"", labels[i]);
        ck_assert_ptr_nonnull(strstr(made, label));
        free(made);
        ck_assert(field_of_label(str_of(labels[i]), &f));
        ck_assert_int_eq(f, i);
        ck_assert(field_of_key(str_of(field_key((enum field)i)), &f));
        ck_assert_int_eq(f, i);
    }
    enum field f;
    ck_assert(!field_of_key(STR("nothing"), &f));
    ck_assert(!field_of_key(STR_NONE, &f));
}
END_TEST

START_TEST(labels_as_people_write_them)
{
    static const struct {
        const char *label;
        int field; /* -1: none of ours */
    } cases[] = {
        {"ДКТ: client_cid", FIELD_GA_CID}, /* Latin c */
        {"ДKT:client_сid", FIELD_GA_CID},  /* Latin K and T */
        {"дкт: CLIENT_ID", FIELD_UID},
        {"  ДКТ :  client_id ", FIELD_UID},
        {"ДКТ:\xc2\xa0Город", FIELD_CITY},
        {"ДКТ: Гopoд", FIELD_CITY}, /* Latin o, p, o */
        {"ДКТ: ВРЕМЯ НА САЙТЕ", FIELD_DURATION},
        {"номер линии Mango Office", FIELD_LINE},
        {"Номер линии МАNGO ОFFIСЕ", FIELD_LINE}, /* Cyrillic capitals */
        {"ДКТ: client_ccid", -1},
        {"ДКТ: clientid", -1},
        {"Город", -1},
        {"", -1},
        {"ДКТ: Горо\xd0", -1},
        {"ДКТ: Город\xe2\x82\xac", -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum field f = FIELDS;
        bool ours = field_of_label(str_of(cases[i].label), &f);
        ck_assert_msg(ours == (cases[i].field >= 0), "%s", cases[i].label);
        if (ours)
            ck_assert_msg((int)f == cases[i].field, "%s", cases[i].label);
    }
    char longer[1000];
    enum field f;
    memset(longer, 'x', sizeof longer);
    ck_assert(!field_of_label((struct str){longer, sizeof longer}, &f));
}
END_TEST

static struct field_names names;

static bool read_list(const char *rows)
{
    struct answer a = megaplan_kit_data(rows);
    bool read = field_read_list(&a, &names);
    answer_done(&a);
    return read;
}

#define ROW(type, name, label) \
    "{\"contentType\":\"" type "\",\"name\":\"" name "\",\"hrName\":\"" label "\"}"

START_TEST(names_by_label)
{
    names = (struct field_names){0};
    static const char *const rows[][2] = {{"Category183CustomFieldInn", "ИНН"},
                                          {"A", "ДКТ: client_cid"},
                                          {"B", "ДКТ: client_сid"},
                                          {"C", "дкт: город"},
                                          {"D", "дкт:город"}};
    char list[1000] = "[7";
    for (size_t i = 0; i < COUNT(rows); i++)
        snprintf(list + strlen(list), sizeof list - strlen(list),
                 "," ROW("StringField", "%s", "%s"), rows[i][0], rows[i][1]);
    snprintf(list + strlen(list), sizeof list - strlen(list), ",{}]");
    ck_assert(read_list(list));
    ck_assert_str_eq(field_name(&names, FIELD_GA_CID), "B"); /* to the letter */
    ck_assert_str_eq(field_name(&names, FIELD_CITY), "C");   /* the first */
    ck_assert_ptr_null(field_name(&names, FIELD_UID));
    ck_assert(!field_exists(&names, FIELD_UID));
    ck_assert(field_exists(&names, FIELD_CITY));
    /* The answer to a create adds to what is known. */
    ck_assert(read_list("[" ROW("StringField", "E", "ДКТ: client_id") "]"));
    ck_assert_str_eq(field_name(&names, FIELD_UID), "E");
    ck_assert_str_eq(field_name(&names, FIELD_CITY), "C");
    ck_assert(read_list("[" ROW("StringField", "F", "ДКТ: Город") "]"));
    ck_assert_str_eq(field_name(&names, FIELD_CITY), "F");
}
END_TEST

START_TEST(fields_that_take_no_text)
{
    names = (struct field_names){0};
    ck_assert(read_list("[" ROW("EnumField", "A", "ДКТ: Город") "]"));
    ck_assert(read_list("[" ROW("IntegerField", "B", "ДКТ: Время на сайте") "]"));
    ck_assert(read_list("[" ROW("IntegerField", "C", "ДКТ: Канал") "]"));
    ck_assert(read_list("[" ROW("StringField", "", "ДКТ: Источник") "]"));
    ck_assert_ptr_null(field_name(&names, FIELD_CITY));
    ck_assert(field_exists(&names, FIELD_CITY)); /* no second one beside it */
    ck_assert_str_eq(field_name(&names, FIELD_DURATION), "B");
    ck_assert_ptr_null(field_name(&names, FIELD_MEDIUM));
    ck_assert_ptr_null(field_name(&names, FIELD_SOURCE));
    char longer[FIELD_NAME + 1];
    memset(longer, 'x', FIELD_NAME);
    longer[FIELD_NAME] = '\0';
    char *rows CLEANUP(mem_free_text) =
        mem_format("[" ROW("StringField", "%s", "ДКТ: client_id") "]", longer);
    ck_assert(read_list(rows));
    ck_assert_ptr_null(field_name(&names, FIELD_UID));
    ck_assert(field_exists(&names, FIELD_UID));
}
END_TEST

START_TEST(what_is_no_whole_list)
{
    names = (struct field_names){0};
    ck_assert(!read_list("{}"));
    ck_assert(read_list("[]"));
    struct answer a = megaplan_kit_answer(
        200,
        "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"hasMoreNext\":true}},"
        "\"data\":[" ROW("StringField", "A", "ДКТ: Город") "]}",
        ANSWER_ABOUT_ACCOUNT);
    ck_assert(!field_read_list(&a, &names));
    ck_assert(!field_exists(&names, FIELD_CITY));
    answer_done(&a);
    a = megaplan_kit_answer(403, "", ANSWER_ABOUT_ACCOUNT);
    ck_assert(!field_read_list(&a, &names));
    answer_done(&a);
}
END_TEST

static void is(char *text, const char *expected)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(requests)
{
    is(field_list_url(STR("https://a")),
       "https://a/api/v3/contractorHuman/extraFields?%7B%22limit%22%3A500%7D");
    is(field_create_url(STR("https://a")), "https://a/api/v3/contractorHuman/extraFields/0");
    is(field_create_body(FIELD_LINE),
       "{\"contentType\":\"StringField\",\"hrName\":\"Номер линии MANGO OFFICE\","
       "\"isMultiple\":false,\"isRequired\":false,\"isIndexable\":true}");
    is(field_create_body(FIELD_GA_CID),
       "{\"contentType\":\"StringField\",\"hrName\":\"ДКТ: client_\xd1\x81id\","
       "\"isMultiple\":false,\"isRequired\":false}");
}
END_TEST

static void value_is(const char *visitor, enum field f, const char *expected)
{
    struct answer a = megaplan_kit_data(visitor);
    char *value CLEANUP(mem_free_text) = field_value(f, a.data, STR("MTIz"));
    if (expected)
        ck_assert_msg(value && strcmp(value, expected) == 0, "%s: \"%s\", not \"%s\"", field_key(f),
                      value ? value : "NULL", expected);
    else
        ck_assert_msg(!value, "%s: \"%s\"", field_key(f), value ? value : "");
    answer_done(&a);
}

#define VISITOR                                                                                                      \
    "{\"uid\":1234567890123,\"ga_cid\":\"111.222\",\"location\":{\"country_code\":\"RU\","                           \
    "\"city\":\"Москва\"},\"channel\":{\"source\":\"google\",\"medium\":\"cpc\",\"campaign\":"                 \
    "\"осень\",\"content\":\" 1\",\"term\":\"купить + цена\"},\"duration\":\"125\",\"current_page\":" \
    "{\"url\":\"https://shop.example/?a=1&b=2\",\"title\":\"x\"}}"

START_TEST(values_of_a_visitor)
{
    static const struct {
        enum field f;
        const char *value;
    } cases[] = {
        {FIELD_LINE, NULL},
        {FIELD_UID, "1234567890123"},
        {FIELD_GA_CID, "111.222"},
        {FIELD_CITY, "Москва"},
        {FIELD_SOURCE, "google"},
        {FIELD_MEDIUM, "cpc"},
        {FIELD_CAMPAIGN, "осень"},
        {FIELD_CONTENT, "1"},
        {FIELD_TERM, "купить + цена"},
        {FIELD_DURATION, "125"},
        {FIELD_PAGE, "https://shop.example/?a=1&b=2"},
        {FIELD_ENTRY, "MTIz"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        value_is(VISITOR, cases[i].f, cases[i].value);
        value_is("{\"data\":" VISITOR "}", cases[i].f, cases[i].value);
        value_is("{}", cases[i].f, cases[i].f == FIELD_ENTRY ? "MTIz" : NULL);
        value_is("{\"data\":{}}", cases[i].f, cases[i].f == FIELD_ENTRY ? "MTIz" : NULL);
    }
    is(field_value(FIELD_ENTRY, NULL, STR("MTIz")), "MTIz"); /* also without a visitor */
    ck_assert_ptr_null(field_value(FIELD_UID, NULL, STR("MTIz")));
    ck_assert_ptr_null(field_value(FIELD_ENTRY, NULL, STR_NONE));
}
END_TEST

START_TEST(values_of_other_shapes)
{
    value_is("{\"location\":{\"country_code\":\"RU\"}}", FIELD_CITY, "RU");
    value_is("{\"location\":{\"country_code\":\"RU\",\"city\":\"  \"}}", FIELD_CITY, "RU");
    value_is("{\"location\":\"Москва\"}", FIELD_CITY, NULL);
    value_is("{\"duration\":125}", FIELD_DURATION, "125");
    value_is("{\"duration\":12.5}", FIELD_DURATION, "12.5");
    value_is("{\"duration\":125.0}", FIELD_DURATION, "125");
    value_is("{\"duration\":null}", FIELD_DURATION, NULL);
    value_is("{\"uid\":{}}", FIELD_UID, NULL);
    value_is("{\"uid\":\"\"}", FIELD_UID, NULL);
    char text[2 * FIELD_VALUE + 2];
    memset(text, 'x', sizeof text);
    memcpy(text + FIELD_VALUE - 1, "я", 2); /* stands across the end */
    char *value = field_value(FIELD_ENTRY, NULL, (struct str){text, sizeof text});
    ck_assert_uint_eq(strlen(value), FIELD_VALUE - 1);
    free(value);
}
END_TEST

static char *created(void)
{
    return field_create_body(FIELD_LINE);
}

static char *entry(void)
{
    return field_value(FIELD_ENTRY, NULL, STR("MTIz"));
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(created);
    megaplan_kit_walk(entry);
}
END_TEST

int main(void)
{
    return UNIT_RUN("field", labels_of_the_guide, labels_as_people_write_them, names_by_label,
                    fields_that_take_no_text, what_is_no_whole_list, requests, values_of_a_visitor,
                    values_of_other_shapes, want_of_memory);
}

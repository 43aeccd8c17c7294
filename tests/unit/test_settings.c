/* Settings documents (design.md 6.4): what is taken, what is refused and where, what is found. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/settings.h"
#include "tests/unit/fault.h"
#include "tests/unit/settings_example.h"
#include "tests/unit/unit.h"

static struct settings *parsed(const char *json)
{
    struct secret_keys keys = settings_example_keys(false);
    struct error e = ERROR_NONE;
    struct settings *s = NULL;

    ck_assert_msg(settings_parse(str_of(json), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    return s;
}

START_TEST(everything_is_read)
{
    struct settings *s = parsed(settings_example);

    ck_assert_int_eq(s->version, 1);
    ck_assert_str_eq(s->account, "acme");
    ck_assert(s->enabled);
    ck_assert_str_eq(s->timezone, "Europe/Moscow");
    ck_assert_str_eq(s->country_code, "7");
    ck_assert_str_eq(s->mango.api_key, "key1");
    ck_assert_str_eq(s->mango.api_salt, "salt1");
    ck_assert_str_eq(s->mango.base_url, "https://app.mango-office.ru/vpbx");
    ck_assert_str_eq(s->megaplan.base_url, "https://acme.megaplan.ru");
    ck_assert_str_eq(s->megaplan.token, "token1");
    ck_assert_ptr_null(s->megaplan.login);
    ck_assert_ptr_null(s->megaplan.password);
    ck_assert_int_eq(s->megaplan.requests_per_second, 5);
    ck_assert_int_eq(s->megaplan.requests_per_hour, 1000);
    ck_assert_uint_eq(s->nemployees, 2);
    ck_assert_str_eq(s->employees[0].name, "Петров Пётр");
    ck_assert_uint_eq(s->employees[0].nextensions, 2);
    ck_assert_str_eq(s->employees[0].extensions[0], "101");
    ck_assert_str_eq(s->employees[0].extensions[1], "201");
    ck_assert_str_eq(s->employees[0].numbers[0].digits, "79991231212");
    ck_assert_str_eq(s->employees[1].name, "");
    ck_assert_uint_eq(s->ngroups, 1);
    ck_assert_uint_eq(s->nlines, 2);
    ck_assert_str_eq(s->lines[0], "78005553535");
    ck_assert_str_eq(s->lines[1], "sip:line@acme");
    ck_assert_str_eq(s->ignore_numbers[0], "74950000000");
    ck_assert_str_eq(s->ignore_numbers[1], "7800*");
    ck_assert(s->create_client.incoming && s->create_client.missed && !s->create_client.outgoing);
    ck_assert_int_eq(s->phone_format, PHONE_FORMAT_PRETTY);
    ck_assert(s->route_to_responsible && s->source_field && !s->responsible_follows_transfer);
    ck_assert(s->call_tracking && s->call_records && s->popups);
    ck_assert_ptr_null(s->missed_in_ivr_responsible);
    ck_assert_str_eq(s->missed_in_group_responsible, "1000006");
    ck_assert(!s->working_hours.always);
    ck_assert(s->working_hours.days[0] && s->working_hours.days[4] && !s->working_hours.days[5]);
    ck_assert_int_eq(s->working_hours.from_minute, 540);
    ck_assert_int_eq(s->working_hours.to_minute, 1080);
    ck_assert_str_eq(s->working_hours.holidays[0], "2026-01-01");
    ck_assert_str_eq(s->alert_responsible, "1000005");
    ck_assert_str_eq(s->missed_call_task.title, "Перезвонить: {phone}");
    settings_free(s);
    settings_free(NULL);
}
END_TEST

START_TEST(least_document_has_defaults)
{
    struct settings *s =
        parsed("{\"version\":1,\"account\":\"a\",\"timezone\":\"UTC\","
               "\"mango\":{\"api_key\":\"k\",\"api_salt\":\"s\"},"
               "\"megaplan\":{\"base_url\":\"https://a.megaplan.ru/x/\",\"login\":\"l\","
               "\"password\":\"p\"}}");

    ck_assert(!s->enabled);
    ck_assert_str_eq(s->country_code, "7");
    ck_assert_str_eq(s->mango.base_url, "https://app.mango-office.ru/vpbx");
    ck_assert_str_eq(s->megaplan.base_url, "https://a.megaplan.ru/x");
    ck_assert_ptr_null(s->megaplan.token);
    ck_assert_str_eq(s->megaplan.password, "p");
    ck_assert_int_eq(s->megaplan.requests_per_second, 5);
    ck_assert_int_eq(s->megaplan.requests_per_hour, 1000);
    ck_assert(!s->megaplan.bulk);
    ck_assert_uint_eq(s->nemployees + s->ngroups + s->nlines + s->nignore_numbers, 0);
    ck_assert(!s->create_client.incoming && !s->create_client.missed && !s->create_client.outgoing);
    ck_assert_int_eq(s->phone_format, PHONE_FORMAT_7);
    ck_assert(!s->route_to_responsible && !s->source_field && !s->responsible_follows_transfer);
    ck_assert(!s->call_tracking && !s->call_records && !s->popups);
    ck_assert_int_eq(s->record_link_days, 1825);
    ck_assert(s->working_hours.always);
    ck_assert(s->route_off_hours);
    ck_assert_int_eq(s->alert_after_minutes, 60);
    ck_assert(!s->missed_call_task.enabled);
    ck_assert_int_eq(s->missed_call_task.deadline_minutes, 60);
    ck_assert_str_eq(s->missed_call_task.title, "Перезвонить: {phone}");
    ck_assert_ptr_null(settings_employee_of(s, STR("101")));
    settings_free(s);
}
END_TEST

static const struct {
    const char *from, *to;
    const char *path; /* NULL: taken */
} changes[] = {
    {"\"version\":1", "\"version\":2", "version: "},
    {"\"version\":1", "\"version\":\"1\"", "version: "},
    {"\"version\":1,", "", "version: missing"},
    {"\"acme\"", "\"Acme\"", "account: "},
    {"\"acme\"", "\"a/b\"", "account: "},
    {"\"acme\"", "\"\"", "account: "},
    {"\"acme\"", "5", "account: "},
    {"\"acme\"", "\"a23456789012345678901234567890123\"", "account: "},
    {"\"acme\"", "\"a2345678901234567890123456789-12\"", NULL},
    {"\"account\":\"acme\",", "", "account: missing"},
    {"\"enabled\":true", "\"enabled\":1", "enabled: "},
    {"\"enabled\":true", "\"enabled\":null", "enabled: "},
    {"\"enabled\":true", "\"enable\":true", "enable: no such field"},
    {"Europe/Moscow", "Europe/Atlantis", "timezone: "},
    {"Europe/Moscow", "../../etc/passwd", "timezone: "},
    {"Europe/Moscow", "/etc/localtime", "timezone: "},
    {"\"timezone\":\"Europe/Moscow\",", "", "timezone: missing"},
    {"\"country_code\":\"7\"", "\"country_code\":7", "country_code: "},
    {"\"country_code\":\"7\"", "\"country_code\":\"+7\"", "country_code: "},
    {"\"country_code\":\"7\"", "\"country_code\":\"0\"", "country_code: "},
    {"\"country_code\":\"7\"", "\"country_code\":\"1234\"", "country_code: "},
    {"\"country_code\":\"7\"", "\"country_code\":\"380\"", NULL},
    {"\"api_key\":\"key1\",", "", "mango.api_key: missing"},
    {"\"api_key\":\"key1\"", "\"api_key\":\"\"", "mango.api_key: "},
    {"\"api_key\":\"key1\"", "\"api_key\":\"k\\n\"", "mango.api_key: "},
    {"\"api_key\":\"key1\"", "\"api_key\":\"k\",\"extra\":1", "mango.extra: no such field"},
    {",\"api_salt\":\"salt1\"", "", "mango.api_salt: missing"},
    {"salt1", "***", "mango.api_salt: "},
    {"\"salt1\"", "12", "mango.api_salt: "},
    {"salt1", "v1:01234567:abc:def", "mango.api_salt: "},
    {"https://app.mango-office.ru/vpbx", "https://app.mango-office.ru/vpbx/", NULL},
    {"https://app.mango-office.ru/vpbx", "http://app.mango-office.ru/vpbx", "mango.base_url: "},
    {"https://app.mango-office.ru/vpbx", "https://app.mango-office.ru:8443/vpbx",
     "mango.base_url: "},
    {"https://app.mango-office.ru/vpbx", "https://evil.ru/app.mango-office.ru", "mango.base_url: "},
    {"https://app.mango-office.ru/vpbx", "https://app.mango-office.ru/vpbx?a=1",
     "mango.base_url: "},
    {"https://acme.megaplan.ru", "https://megaplan.ru.evil.ru", "megaplan.base_url: "},
    {"https://acme.megaplan.ru", "https://acme.megaplan.ru@evil.ru", "megaplan.base_url: "},
    {"https://acme.megaplan.ru", "https://notmegaplan.ru", "megaplan.base_url: "},
    {"https://acme.megaplan.ru", "acme.megaplan.ru", "megaplan.base_url: "},
    {"\"base_url\":\"https://acme.megaplan.ru\",", "", "megaplan.base_url: missing"},
    {"\"token\":\"token1\"", "\"token\":null", "megaplan.token: missing"},
    {"\"token\":\"token1\",\"login\":null", "\"login\":\"l\"", "megaplan.password: missing"},
    {"\"token\":\"token1\",\"login\":null,\"password\":null", "\"password\":\"p\"",
     "megaplan.login: missing"},
    {"\"token\":\"token1\"", "\"token\":\"\"", "megaplan.token: "},
    {"\"requests_per_second\":5", "\"requests_per_second\":0", "megaplan.requests_per_second: "},
    {"\"requests_per_second\":5", "\"requests_per_second\":10000", NULL},
    {"\"requests_per_second\":5", "\"requests_per_second\":10001",
     "megaplan.requests_per_second: "},
    {"\"requests_per_second\":5", "\"requests_per_second\":5.0", "megaplan.requests_per_second: "},
    {"\"requests_per_second\":5", "\"requests_per_second\":\"5\"",
     "megaplan.requests_per_second: "},
    {"\"requests_per_hour\":1000", "\"requests_per_hour\":0", "megaplan.requests_per_hour: "},
    {"\"requests_per_hour\":1000", "\"requests_per_hour\":10000000", NULL},
    {"\"requests_per_hour\":1000", "\"requests_per_hour\":10000001",
     "megaplan.requests_per_hour: "},
    {"\"bulk\":false", "\"bulk\":0", "megaplan.bulk: "},
    {"\"megaplan_id\":\"1000006\",", "", "employees[1].megaplan_id: missing"},
    {"\"megaplan_id\":\"1000006\"", "\"megaplan_id\":1000006", "employees[1].megaplan_id: "},
    {"\"megaplan_id\":\"1000006\"", "\"megaplan_id\":\"1/2\"", "employees[1].megaplan_id: "},
    {"\"extension\":\"101\"", "\"extension\":101", "employees[0].extension: not a text"},
    {"\"extension\":\"101\"", "\"extension\":\"1 1\"", "employees[0].extension: "},
    {"\"extension\":\"101\"", "\"extension\":\"\"", "employees[0].extension: "},
    {"\"extension\":\"101\"", "\"extension\":\"102\"", "employees[1].extensions[0]: "},
    {"\"extension\":\"101\"", "\"extension\":\"201\"", "employees[0].extensions[0]: "},
    {"\"extension\":null", "\"extension\":\"101\"", "employees[1].extension: "},
    {"\"extension\":null", "\"extension\":\"102\"", "employees[1].extensions[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[\"102\",\"103\",\"102\"]",
     "employees[1].extensions[2]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[102]", "employees[1].extensions[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[\"?\"]", "employees[1].extensions[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":\"102\"", "employees[1].extensions: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[\"102\"],\"numbers\":[\"+79991231212\"]",
     "employees[1].numbers[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[\"102\"],\"numbers\":[\"+79991231213\"]", NULL},
    {"\"extensions\":[\"102\"]", "\"extensions\":[],\"numbers\":[\"12\"]",
     "employees[1].numbers[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[],\"numbers\":[7]", "employees[1].numbers[0]: "},
    {"\"extensions\":[\"102\"]", "\"extensions\":[],\"numbers\":{}", "employees[1].numbers: "},
    {"\"name\":\"\"", "\"name\":null", NULL},
    {"\"name\":\"\"", "\"name\":7", "employees[1].name: "},
    {"\"name\":\"\"", "\"nick\":\"x\"", "employees[1].nick: no such field"},
    {"{\"megaplan_id\":\"1000006\",\"name\":\"\",\"extension\":null,\"extensions\":[\"102\"]}", "7",
     "employees[1]: not an object"},
    {"\"groups\":[\"600\"]", "\"groups\":\"600\"", "groups: not a list"},
    {"\"groups\":[\"600\"]", "\"groups\":[600]", "groups[0]: "},
    {"\"groups\":[\"600\"]", "\"groups\":null", "groups: not a list"},
    {"\"groups\":[\"600\"]", "\"groups\":[]", NULL},
    {"\"lines\":[", "\"lines\":[5,", "lines[0]: "},
    {"\"7800*\"", "\"78x*\"", "ignore_numbers[1]: "},
    {"\"7800*\"", "\"+\"", "ignore_numbers[1]: "},
    {"\"7800*\"", "\"+7800*\"", NULL},
    {"\"7800*\"", "\"\"", "ignore_numbers[1]: "},
    {"\"incoming\":true", "\"incoming\":\"yes\"", "create_client.incoming: "},
    {"\"incoming\":true", "\"incomming\":true", "create_client.incomming: no such field"},
    {"\"create_client\":{\"incoming\":true,\"missed\":true,\"outgoing\":false}",
     "\"create_client\":true", "create_client: not an object"},
    {"\"+7 (999) 123-12-12\",\"route", "\"7999\",\"route", "phone_format: "},
    {"\"+7 (999) 123-12-12\",\"route", "7,\"route", "phone_format: "},
    {"\"missed_in_ivr_responsible\":null", "\"missed_in_ivr_responsible\":\"1\"",
     "missed_in_ivr_responsible: not in employees[]"},
    {"\"missed_in_group_responsible\":\"1000006\"", "\"missed_in_group_responsible\":\"1000007\"",
     "missed_in_group_responsible: "},
    {"\"missed_in_group_responsible\":\"1000006\"", "\"missed_in_group_responsible\":1000006",
     "missed_in_group_responsible: "},
    {"\"unmapped_employee\":null", "\"unmapped_employee\":\"x\"", "unmapped_employee: "},
    {"\"unmapped_employee\":null", "\"unmapped_employee\":\"1000005\"", NULL},
    {"\"off_hours_responsible\":null", "\"off_hours_responsible\":\"x\"",
     "off_hours_responsible: "},
    {"\"alert_responsible\":\"1000005\"", "\"alert_responsible\":\"5\"", "alert_responsible: "},
    {"\"record_link_days\":1825", "\"record_link_days\":0", "record_link_days: "},
    {"\"days\":\"mon-fri\"", "\"days\":\"mon,wed,sat\"", NULL},
    {"\"days\":\"mon-fri\"", "\"days\":\"sat-mon,wed\"", NULL},
    {"\"days\":\"mon-fri\"", "\"days\":\"\"", "working_hours.days: "},
    {"\"days\":\"mon-fri\"", "\"days\":\"mon-\"", "working_hours.days: "},
    {"\"days\":\"mon-fri\"", "\"days\":\"mon,\"", "working_hours.days: "},
    {"\"days\":\"mon-fri\"", "\"days\":\"Monday\"", "working_hours.days: "},
    {"\"days\":\"mon-fri\"", "\"days\":[1]", "working_hours.days: "},
    {"\"days\":\"mon-fri\",", "", "working_hours.days: missing"},
    {"\"from\":\"09:00\"", "\"from\":\"9:00\"", "working_hours.from: "},
    {"\"from\":\"09:00\"", "\"from\":\"24:00\"", "working_hours.from: "},
    {"\"from\":\"09:00\"", "\"from\":\"09:60\"", "working_hours.from: "},
    {"\"from\":\"09:00\"", "\"from\":\"-1:00\"", "working_hours.from: "},
    {"\"from\":\"09:00\"", "\"from\":900", "working_hours.from: "},
    {"\"from\":\"09:00\"", "\"from\":\"18:00\"", "working_hours.to: "},
    {"\"to\":\"18:00\"", "\"to\":\"24:00\"", NULL},
    {"\"to\":\"18:00\"", "\"to\":\"24:01\"", "working_hours.to: "},
    {"\"2026-01-01\"", "\"2026-02-29\"", "working_hours.holidays[0]: "},
    {"\"2026-01-01\"", "\"1.1.2026\"", "working_hours.holidays[0]: "},
    {"\"2026-01-01\"", "20260101", "working_hours.holidays[0]: "},
    {"\"2026-01-01\"", "", NULL},
    {"\"working_hours\":{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\","
     "\"holidays\":[\"2026-01-01\"]}",
     "\"working_hours\":null", NULL},
    {"\"alert_url\":null", "\"alert_url\":\"https://hooks.acme.ru/x\"", "alert_url: "},
    {"\"alert_url\":null", "\"alert_url\":\"https://x.megaplan.ru/hook?a=1\"", NULL},
    {"\"alert_after_minutes\":60", "\"alert_after_minutes\":0", "alert_after_minutes: "},
    {"\"deadline_minutes\":60", "\"deadline_minutes\":-1", "missed_call_task.deadline_minutes: "},
    {": {phone}\"", ": {phone} {client} {line} {time}\"", NULL},
    {": {phone}\"", ": {number}\"", "missed_call_task.title: "},
    {": {phone}\"", ": {phone\"", "missed_call_task.title: "},
    {": {phone}\"", ": {}\"", "missed_call_task.title: "},
    {": {phone}\"", ": phone}\"", NULL},
    {"\"missed_call_task\":{", "\"missed_call_task\":{\"x\":{\"y\":1},",
     "missed_call_task.x: no such field"},
    {"{\"version\"", "{\"version\":1,\"version\"", "document: "},
    {"{\"version\"", "[{\"version\"", "document: "},
};

START_TEST(refusals_name_the_field)
{
    struct secret_keys keys = settings_example_keys(false);

    for (size_t i = 0; i < COUNT(changes); i++) {
        char *json CLEANUP(mem_free_text) = settings_example_with(changes[i].from, changes[i].to);
        struct error e = ERROR_NONE;
        struct settings *s = NULL;
        enum err err = settings_parse(str_of(json), settings_example_rules(), &keys, &s, &e);
        const char *path = changes[i].path;
        if ((err == ERR_OK) != !path)
            ck_abort_msg("%s: %s", changes[i].to, e.text);
        if (path && strncmp(e.text, path, strlen(path)) != 0)
            ck_abort_msg("%s: %s", changes[i].to, e.text);
        if (err && err != ERR_INPUT && !strstr(changes[i].to, "v1:"))
            ck_abort_msg("%s: kind %d", changes[i].to, (int)err);
        settings_free(s);
    }
}
END_TEST

START_TEST(not_even_an_object)
{
    static const char *const cases[] = {"", "[]", "7", "null", "\"x\"", "{"};
    struct secret_keys keys = settings_example_keys(false);
    char *long_text = malloc(LIMIT_SETTINGS_BYTES + 1);
    struct settings *s = NULL;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        ck_assert_int_eq(settings_parse(str_of(cases[i]), settings_example_rules(), &keys, &s, &e),
                         ERR_INPUT);
        ck_assert(strncmp(e.text, "document", 8) == 0);
    }
    memset(long_text, ' ', LIMIT_SETTINGS_BYTES + 1);
    ck_assert_int_eq(settings_parse((struct str){long_text, LIMIT_SETTINGS_BYTES + 1},
                                    settings_example_rules(), &keys, &s, NULL),
                     ERR_INPUT);
    free(long_text);
}
END_TEST

START_TEST(outbound_allow_opens_hosts)
{
    struct settings_rules rules = {STR("127.0.0.1:8081,fake"), NULL};
    struct secret_keys keys = settings_example_keys(false);
    char *json CLEANUP(mem_free_text) =
        settings_example_with("https://acme.megaplan.ru", "http://127.0.0.1:8081/mega/");
    char *no_zone CLEANUP(mem_free_text) = settings_example_with("Europe/Moscow", "Any/Zone");
    struct error e = ERROR_NONE;
    struct settings *s = NULL;

    ck_assert_msg(settings_parse(str_of(json), &rules, &keys, &s, &e) == ERR_OK, "%s", e.text);
    ck_assert_str_eq(s->megaplan.base_url, "http://127.0.0.1:8081/mega");
    settings_free(s);
    ck_assert_int_eq(settings_parse(str_of(no_zone), &rules, &keys, &s, &e), ERR_OK);
    settings_free(s);
}
END_TEST

START_TEST(employees_are_found)
{
    struct settings *s = parsed(settings_example);
    struct phone phone = {"79991231212"}, other = {"79991231213"};

    ck_assert_ptr_eq(settings_employee_of(s, STR("101")), &s->employees[0]);
    ck_assert_ptr_eq(settings_employee_of(s, STR("201")), &s->employees[0]);
    ck_assert_ptr_eq(settings_employee_of(s, STR("102")), &s->employees[1]);
    ck_assert_ptr_null(settings_employee_of(s, STR("10")));
    ck_assert_ptr_null(settings_employee_of(s, STR_NONE));
    ck_assert_ptr_eq(settings_employee_of_number(s, &phone), &s->employees[0]);
    ck_assert_ptr_null(settings_employee_of_number(s, &other));
    ck_assert_ptr_eq(settings_employee_by_id(s, "1000006"), &s->employees[1]);
    ck_assert_ptr_null(settings_employee_by_id(s, "1000007"));
    settings_free(s);
}
END_TEST

START_TEST(an_employee_listed_twice_is_one)
{
    char *json CLEANUP(mem_free_text) =
        settings_example_with("\"groups\":[\"600\"]", "\"groups\":[]");
    char *twice CLEANUP(mem_free_text) = NULL;
    const char *at = strstr(json, "],\"groups\"");
    const struct settings_employee *e;
    struct settings *s;

    twice =
        mem_format("%.*s,{\"megaplan_id\":\"1000006\",\"name\":\"Иванов\",\"extension\":\"103\","
                   "\"numbers\":[\"+79990000001\"]},{\"megaplan_id\":\"1000007\","
                   "\"extension\":\"104\"}%s",
                   (int)(at - json), json, at);
    s = parsed(twice);
    ck_assert_uint_eq(s->nemployees, 3);
    e = settings_employee_of(s, STR("103"));
    ck_assert_ptr_eq(e, settings_employee_of(s, STR("102")));
    ck_assert_str_eq(e->megaplan_id, "1000006");
    ck_assert_str_eq(e->name, "Иванов");
    ck_assert_uint_eq(e->nextensions, 2);
    ck_assert_uint_eq(e->nnumbers, 1);
    ck_assert_str_eq(settings_employee_of(s, STR("104"))->megaplan_id, "1000007");
    ck_assert_str_eq(settings_employee_by_id(s, "1000007")->extensions[0], "104");
    settings_free(s);
}
END_TEST

START_TEST(many_employees_are_quick)
{
    struct buf b CLEANUP(buf_done) = BUF_INIT(LIMIT_SETTINGS_BYTES * 2);
    struct secret_keys keys = settings_example_keys(false);
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    const char *from = strstr(settings_example, "\"employees\":["),
               *to = strstr(from, "],\"groups\"");

    buf_add(&b, settings_example, (size_t)(from - settings_example));
    buf_addf(&b, "\"employees\":[{\"megaplan_id\":\"1000005\"},{\"megaplan_id\":\"1000006\"}");
    for (int i = 0; i < LIMIT_EMPLOYEES - 2; i++)
        buf_addf(&b, ",{\"megaplan_id\":\"%d\",\"extension\":\"%d\"}", i, i);
    buf_addf(&b, "%s", to);
    ck_assert_msg(settings_parse(buf_str(&b), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    ck_assert_str_eq(settings_employee_of(s, STR("4997"))->megaplan_id, "4997");
    settings_free(s);
    s = NULL;
    buf_reset(&b);
    buf_add(&b, settings_example, (size_t)(from - settings_example));
    buf_addf(&b, "\"employees\":[{\"megaplan_id\":\"1\"}");
    for (int i = 0; i < LIMIT_EMPLOYEES; i++)
        buf_addf(&b, ",{\"megaplan_id\":\"%d\"}", i);
    buf_addf(&b, "%s", to);
    ck_assert_int_eq(settings_parse(buf_str(&b), settings_example_rules(), &keys, &s, &e),
                     ERR_INPUT);
    ck_assert_str_eq(e.text, "employees: over 5000 entries");
}
END_TEST

static bool parse_it(void *arg)
{
    struct secret_keys keys = settings_example_keys(false);
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    enum err err = settings_parse(str_of(arg), settings_example_rules(), &keys, &s, &e);

    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    settings_free(s);
    return err == ERR_INTERNAL;
}

START_TEST(survives_want_of_memory)
{
    char *json CLEANUP(mem_free_text) = settings_example_with(
        "\"extension\":null", "\"extension\":\"9\"},{\"megaplan_id\":\"1000006\"");

    fault_walk(parse_it, json);
}
END_TEST

int main(void)
{
    return UNIT_RUN("settings", everything_is_read, least_document_has_defaults,
                    refusals_name_the_field, not_even_an_object, outbound_allow_opens_hosts,
                    employees_are_found, an_employee_listed_twice_is_one, many_employees_are_quick,
                    survives_want_of_memory);
}

/*
 * The example document of the settings tests.
 */
#include "tests/unit/settings_example.h"

#include <check.h>
#include <stdlib.h>

#include "common/mem.h"

const char settings_example[] =
    "{\"version\":1,\"account\":\"acme\",\"enabled\":true,\"timezone\":\"Europe/Moscow\","
    "\"country_code\":\"7\","
    "\"mango\":{\"api_key\":\"key1\",\"api_salt\":\"salt1\","
    "\"base_url\":\"https://app.mango-office.ru/vpbx\"},"
    "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"token1\",\"login\":null,"
    "\"password\":null,\"requests_per_second\":5,\"requests_per_hour\":1000,\"bulk\":false},"
    "\"employees\":[{\"megaplan_id\":\"1000005\",\"name\":\"Петров Пётр\",\"extension\":\"101\","
    "\"extensions\":[\"201\"],\"numbers\":[\"8 (999) 123-12-12\"]},"
    "{\"megaplan_id\":\"1000006\",\"name\":\"\",\"extension\":null,\"extensions\":[\"102\"]}],"
    "\"groups\":[\"600\"],\"lines\":[\"+7 (800) 555-35-35\",\"sip:line@acme\"],"
    "\"ignore_numbers\":[\"8 495 000-00-00\",\"7800*\"],"
    "\"create_client\":{\"incoming\":true,\"missed\":true,\"outgoing\":false},"
    "\"phone_format\":\"+7 (999) 123-12-12\","
    "\"route_to_responsible\":true,\"source_field\":true,\"responsible_follows_transfer\":false,"
    "\"missed_in_ivr_responsible\":null,\"missed_in_group_responsible\":\"1000006\","
    "\"call_tracking\":true,\"call_records\":true,\"record_link_days\":1825,\"popups\":true,"
    "\"unmapped_employee\":null,"
    "\"working_hours\":{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\","
    "\"holidays\":[\"2026-01-01\"]},"
    "\"off_hours_responsible\":null,\"route_off_hours\":true,"
    "\"alert_responsible\":\"1000005\",\"alert_url\":null,\"alert_after_minutes\":60,"
    "\"missed_call_task\":{\"enabled\":false,\"deadline_minutes\":60,"
    "\"title\":\"Перезвонить: {phone}\"}}";

char *settings_example_with(const char *from, const char *to)
{
    const char *at = strstr(settings_example, from);

    ck_assert_msg(at != NULL, "not in the example: %s", from);
    return mem_format("%.*s%s%s", (int)(at - settings_example), settings_example, to,
                      at + strlen(from));
}

static bool timezone_known(const char *name)
{
    return strcmp(name, "Europe/Moscow") == 0 || strcmp(name, "UTC") == 0;
}

const struct settings_rules *settings_example_rules(void)
{
    static const struct settings_rules rules = {{"", 0}, timezone_known};

    return &rules;
}

struct secret_keys settings_example_keys(bool rotated)
{
    struct secret_keys k = {.has_current = true, .has_old = rotated};
    struct error e = ERROR_NONE;
    struct str fixed = STR("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    struct str other = STR("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

    ck_assert_int_eq(secret_start(&e), ERR_OK);
    ck_assert_int_eq(secret_key_parse(rotated ? other : fixed, &k.current, &e), ERR_OK);
    if (rotated)
        ck_assert_int_eq(secret_key_parse(fixed, &k.old, &e), ERR_OK);
    return k;
}

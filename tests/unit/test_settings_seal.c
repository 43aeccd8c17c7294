/* Stored and shown documents: secrets sealed, hidden, brought back, sealed anew. */
#include <stdlib.h>

#include "common/mem.h"
#include "common/settings.h"
#include "tests/unit/fault.h"
#include "tests/unit/settings_example.h"
#include "tests/unit/unit.h"

static char *sealed(const char *json, const char *before)
{
    struct secret_keys keys = settings_example_keys(false);
    struct error e = ERROR_NONE;
    char *stored = NULL;

    ck_assert_msg(settings_seal(str_of(json), str_of(before), settings_example_rules(), &keys,
                                &stored, &e) == ERR_OK,
                  "%s", e.text);
    return stored;
}

static void refused(const char *json, const char *before, const char *why)
{
    struct secret_keys keys = settings_example_keys(false);
    struct error e = ERROR_NONE;
    char *stored = NULL;
    enum err err =
        settings_seal(str_of(json), str_of(before), settings_example_rules(), &keys, &stored, &e);

    ck_assert_msg(err == ERR_INPUT, "%s: %s", why, e.text);
    ck_assert_msg(strncmp(e.text, why, strlen(why)) == 0, "%s", e.text);
    ck_assert_ptr_null(stored);
}

static void check_secrets(const char *stored, bool rotated)
{
    struct secret_keys keys = settings_example_keys(rotated);
    struct error e = ERROR_NONE;
    struct settings *s = NULL;

    ck_assert_msg(settings_parse(str_of(stored), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    ck_assert_str_eq(s->mango.api_salt, "salt1");
    ck_assert_str_eq(s->megaplan.token, "token1");
    settings_free(s);
}

START_TEST(seals_and_opens)
{
    char *stored = sealed(settings_example, NULL);
    char *again = sealed(stored, NULL);

    ck_assert_ptr_null(strstr(stored, "salt1"));
    ck_assert_ptr_null(strstr(stored, "token1"));
    ck_assert_ptr_nonnull(strstr(stored, "key1")); /* the key is no secret */
    ck_assert_ptr_nonnull(strstr(stored, "\"password\":null"));
    check_secrets(stored, false);
    ck_assert_str_eq(stored, again); /* what is sealed stays */
    free(stored);
    free(again);
}
END_TEST

START_TEST(a_box_cannot_be_moved)
{
    char *stored = sealed(settings_example, NULL);
    char *at = strstr(stored, "\"acme\"");
    struct secret_keys keys = settings_example_keys(false);
    struct error e = ERROR_NONE;
    struct settings *s = NULL;

    memcpy(at, "\"acmf\"", 6);
    ck_assert_int_eq(settings_parse(str_of(stored), settings_example_rules(), &keys, &s, &e),
                     ERR_CONFIG);
    ck_assert(strncmp(e.text, "mango.api_salt: ", 16) == 0);
    free(stored);
}
END_TEST

START_TEST(hidden_secrets_come_back)
{
    char *stored = sealed(settings_example, NULL), *shown = NULL, *again;
    struct error e = ERROR_NONE;

    ck_assert_int_eq(settings_hide(str_of(stored), &shown, &e), ERR_OK);
    ck_assert_ptr_nonnull(strstr(shown, "\"api_salt\":\"***\""));
    ck_assert_ptr_nonnull(strstr(shown, "\"token\":\"***\""));
    ck_assert_ptr_nonnull(strstr(shown, "\"password\":null"));
    ck_assert_ptr_null(strstr(shown, "v1:"));
    again = sealed(shown, stored);
    ck_assert_str_eq(again, stored);
    free(again);
    free(stored);
    free(shown);
}
END_TEST

START_TEST(hidden_secrets_stay_where_they_were)
{
    char *stored = sealed(settings_example, NULL), *shown = NULL;
    char *salt = settings_example_with("salt1", "***");
    char *password = settings_example_with("\"password\":null", "\"password\":\"***\"");
    char *moved = settings_example_with("acme.megaplan.ru\",\"token\":\"token1",
                                        "acmf.megaplan.ru\",\"token\":\"***");

    refused(salt, NULL, "mango.api_salt: hidden, and nothing is stored");
    refused(password, stored, "megaplan.password: hidden, and nothing is stored");
    refused(moved, stored, "megaplan.token: hidden, and megaplan.base_url is another");
    ck_assert_int_eq(settings_hide(str_of(stored), &shown, NULL), ERR_OK);
    memcpy(strstr(shown, "\"acme\""), "\"acmf\"", 6);
    refused(shown, stored, "mango.api_salt: hidden, and the account is another");
    free(salt);
    free(password);
    free(moved);
    free(stored);
    free(shown);
}
END_TEST

START_TEST(base_url_is_compared_by_meaning)
{
    char *stored = sealed(settings_example, NULL);
    char *slash = settings_example_with("salt1\",\"base_url\":\"https://app.mango-office.ru/vpbx",
                                        "***\",\"base_url\":\"https://app.mango-office.ru/vpbx/");
    char *without =
        settings_example_with("salt1\",\"base_url\":\"https://app.mango-office.ru/vpbx\"", "***\"");
    char *other = settings_example_with("salt1\",\"base_url\":\"https://app.mango-office.ru/vpbx",
                                        "***\",\"base_url\":\"https://app.mango-office.ru/other");

    free(sealed(slash, stored));
    free(sealed(without, stored));
    refused(other, stored, "mango.api_salt: hidden, and mango.base_url is another");
    free(slash);
    free(without);
    free(other);
    free(stored);
}
END_TEST

START_TEST(nothing_invalid_is_sealed)
{
    char *empty = settings_example_with("token1", "");
    char *control = settings_example_with("token1", "a\\nb");
    char *wrong = settings_example_with("\"extension\":\"101\"", "\"extension\":101");

    refused(empty, NULL, "megaplan.token: ");
    refused(control, NULL, "megaplan.token: ");
    refused(wrong, NULL, "employees[0].extension: ");
    refused("[]", NULL, "document: ");
    refused("{", NULL, "document: ");
    refused("{}", NULL, "version: missing");
    refused("{\"mango\":5}", NULL, "version: missing");
    free(empty);
    free(control);
    free(wrong);
}
END_TEST

START_TEST(key_is_rotated)
{
    struct secret_keys keys = settings_example_keys(true), only_new = keys;
    struct error e = ERROR_NONE;
    char *stored = sealed(settings_example, NULL), *out = NULL;
    bool changed = false;

    ck_assert_int_eq(settings_reseal(str_of(stored), &keys, &out, &changed, &e), ERR_OK);
    ck_assert(changed);
    ck_assert_str_ne(out, stored);
    check_secrets(out, true);
    free(stored);
    ck_assert_int_eq(settings_reseal(str_of(out), &keys, &stored, &changed, &e), ERR_OK);
    ck_assert(!changed);
    ck_assert_str_eq(out, stored);
    free(out);
    free(stored);
    stored = sealed(settings_example, NULL);
    only_new.has_old = false;
    ck_assert_int_eq(settings_reseal(str_of(stored), &only_new, &out, &changed, &e), ERR_CONFIG);
    ck_assert(strncmp(e.text, "mango.api_salt: ", 16) == 0);
    ck_assert_int_eq(settings_reseal(STR("7"), &keys, &out, &changed, NULL), ERR_INPUT);
    ck_assert_int_eq(settings_hide(STR("7"), &out, NULL), ERR_INPUT);
    free(stored);
}
END_TEST

static bool put_back(void *arg)
{
    struct secret_keys keys = settings_example_keys(false);
    struct error e = ERROR_NONE;
    char *out = NULL;
    char *json = settings_example_with("salt1", "***");
    enum err err =
        settings_seal(str_of(json), str_of(arg), settings_example_rules(), &keys, &out, &e);

    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    free(out);
    free(json);
    return err == ERR_INTERNAL;
}

static bool hide(void *arg)
{
    struct error e = ERROR_NONE;
    char *out = NULL;
    enum err err = settings_hide(str_of(arg), &out, &e);

    free(out);
    return err == ERR_INTERNAL;
}

START_TEST(survives_want_of_memory)
{
    char *stored = sealed(settings_example, NULL);

    fault_walk(put_back, stored);
    fault_walk(hide, stored);
    free(stored);
}
END_TEST

int main(void)
{
    return UNIT_RUN("settings_seal", seals_and_opens, a_box_cannot_be_moved,
                    hidden_secrets_come_back, hidden_secrets_stay_where_they_were,
                    base_url_is_compared_by_meaning, nothing_invalid_is_sealed, key_is_rotated,
                    survives_want_of_memory);
}

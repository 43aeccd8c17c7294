/* Forgotten numbers: found under their account, by any key we can open, and only what they did before. */
#include "common/forgotten.h"

#include <stdlib.h>

#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#define AT 1795000000000

static struct secret_keys secrets;
static const struct str acme = {"acme", 4}, other = {"other", 5};
static const struct str number = {"79991231212", 11};

static void start(void)
{
    struct error e = ERROR_NONE;
    ck_assert_int_eq(secret_start(&e), ERR_OK);
    secrets.has_current = true;
    ck_assert_int_eq(
        secret_key_parse(STR("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
                         &secrets.current, &e),
        ERR_OK);
}

static struct forgotten *begin(void)
{
    start();
    return forgotten_new(&secrets);
}

static enum err apply(struct forgotten *f, const char *key, const char *value)
{
    struct error e = ERROR_NONE;
    return forgotten_apply(f, str_of(key), str_of(value), !value, &e);
}

/* The sealed value of a key of 32 bytes c. */
static char *sealed_key(const char *id, char c)
{
    char hex[2 * SECRET_KEY_BYTES + 1];
    memset(hex, c, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    char *sealed CLEANUP(mem_free_text) =
        secret_seal(&secrets, STR(FORGOTTEN_SEALED_AS), str_of(id), str_of(hex));
    return forgotten_key_value(str_of(sealed));
}

static void give_key(struct forgotten *f, const char *id, char c)
{
    char *key CLEANUP(mem_free_text) = mem_format(FORGOTTEN_KEYS "%s", id);
    char *value CLEANUP(mem_free_text) = sealed_key(id, c);
    ck_assert_int_eq(apply(f, key, value), ERR_OK);
}

/* Returns the record's key, the caller's. */
static char *forget(struct forgotten *f, struct str account, struct str who, int64_t at)
{
    char *key = forgotten_record_key(f, account, who);
    char *value CLEANUP(mem_free_text) = forgotten_record_value(at);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(apply(f, key, value), ERR_OK);
    return key;
}

START_TEST(nobody)
{
    struct forgotten *f = begin();
    ck_assert(!forgotten_has(f, acme, number, 0));
    ck_assert(!forgotten_has(NULL, acme, number, 0));
    ck_assert_uint_eq(forgotten_count(f), 0);
    ck_assert_uint_eq(forgotten_count(NULL), 0);
    ck_assert_ptr_null(forgotten_record_key(f, acme, number)); /* no key yet */
    forgotten_free(f);
    forgotten_free(NULL);
}
END_TEST

START_TEST(what_came_before)
{
    struct forgotten *f = begin();
    give_key(f, "0000000a", 'a');
    char *key CLEANUP(mem_free_text) = forget(f, acme, number, AT);
    ck_assert_uint_eq(forgotten_count(f), 1);
    ck_assert_int_eq(forgotten_at(f, acme, number), AT);
    ck_assert(forgotten_has(f, acme, number, 0));
    ck_assert(forgotten_has(f, acme, number, AT - 1));
    ck_assert(!forgotten_has(f, acme, number, AT));
    ck_assert(!forgotten_has(f, other, number, 0));
    ck_assert(!forgotten_has(f, acme, STR("79991231213"), 0));
    ck_assert_ptr_null(strstr(key, "9991231212"));
    ck_assert(strncmp(key, "_forgotten/acme/", 16) == 0);
    forgotten_free(f);
}
END_TEST

START_TEST(however_it_is_written)
{
    static const char *const same[] = {"79991231212", "+79991231212", "89991231212"};
    static const char *const none[] = {"", "sip:79991231212@x", "7999", "7999123121x"};
    struct forgotten *f = begin();
    give_key(f, "0000000a", 'a');
    free(forget(f, acme, STR("+79991231212"), AT));
    for (size_t i = 0; i < COUNT(same); i++)
        ck_assert_msg(forgotten_has(f, acme, str_of(same[i]), 1), "%s", same[i]);
    for (size_t i = 0; i < COUNT(none); i++) {
        ck_assert_msg(!forgotten_has(f, acme, str_of(none[i]), 1), "%s", none[i]);
        ck_assert_ptr_null(forgotten_record_key(f, acme, str_of(none[i])));
    }
    forgotten_free(f);
}
END_TEST

START_TEST(in_any_order)
{
    struct forgotten *f = begin(), *g = begin();
    give_key(f, "0000000a", 'a');
    char *key CLEANUP(mem_free_text) = forget(f, acme, number, AT);
    char *value CLEANUP(mem_free_text) = forgotten_record_value(AT);
    ck_assert_int_eq(apply(g, key, value), ERR_OK);
    ck_assert(!forgotten_has(g, acme, number, 0)); /* its key is not read yet */
    give_key(g, "0000000a", 'a');
    ck_assert(forgotten_has(g, acme, number, 0));
    forgotten_free(f);
    forgotten_free(g);
}
END_TEST

START_TEST(again_and_never_more)
{
    struct forgotten *f = begin();
    give_key(f, "0000000a", 'a');
    char *key CLEANUP(mem_free_text) = forget(f, acme, number, AT);
    free(forget(f, acme, number, AT + 5));
    ck_assert_uint_eq(forgotten_count(f), 1);
    ck_assert_int_eq(forgotten_at(f, acme, number), AT + 5);
    ck_assert_int_eq(apply(f, key, NULL), ERR_OK);
    ck_assert_int_eq(apply(f, key, NULL), ERR_OK);
    ck_assert(!forgotten_has(f, acme, number, 0));
    forgotten_free(f);
}
END_TEST

START_TEST(two_keys)
{
    struct forgotten *f = begin(), *g = begin();
    give_key(f, "0000000a", 'a');
    give_key(g, "0000000b", 'b');
    free(forget(f, acme, number, AT));
    char *two CLEANUP(mem_free_text) = forget(g, acme, STR("79990000000"), AT + 1);
    char *value CLEANUP(mem_free_text) = forgotten_record_value(AT + 1);
    ck_assert_int_eq(apply(f, two, value), ERR_OK);
    give_key(f, "0000000b", 'b');
    give_key(f, "0000000b", 'b'); /* resealed */
    ck_assert(forgotten_has(f, acme, number, 1));
    ck_assert(forgotten_has(f, acme, STR("79990000000"), 1));
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "0000000a", NULL), ERR_OK);
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "0000000a", NULL), ERR_OK);
    ck_assert(!forgotten_has(f, acme, number, 1));
    ck_assert(forgotten_has(f, acme, STR("79990000000"), 1));
    forgotten_free(f);
    forgotten_free(g);
}
END_TEST

START_TEST(too_many_keys)
{
    struct forgotten *f = begin();
    char id[FORGOTTEN_ID_HEX + 1] = "00000000";
    for (int i = 0; i < LIMIT_FORGET_KEYS; i++, id[0]++)
        give_key(f, id, 'a');
    char *value CLEANUP(mem_free_text) = sealed_key("ffffffff", 'a');
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "ffffffff", value), ERR_CONFIG);
    forgotten_free(f);
}
END_TEST

START_TEST(refused)
{
    static const char *const bad_keys[] = {"", "{", "{\"v\":2}", "{\"v\":1}",
                                           "{\"key\":\"v1:a:b\",\"v\":1}"};
    static const char *const bad_numbers[] = {"", "{\"at\":\"2026-01-01T00:00:00Z\"}",
                                              "{\"at\":\"today\",\"v\":1}"};
    struct forgotten *f = begin();
    for (size_t i = 0; i < COUNT(bad_keys); i++)
        ck_assert_int_ne(apply(f, FORGOTTEN_KEYS "0000000a", bad_keys[i]), ERR_OK);
    for (size_t i = 0; i < COUNT(bad_numbers); i++)
        ck_assert_int_eq(apply(f, FORGOTTEN_NUMBERS "acme/00", bad_numbers[i]), ERR_INPUT);
    char *moved CLEANUP(mem_free_text) = sealed_key("0000000a", 'a');
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "0000000b", moved), ERR_CONFIG);
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "a", moved), ERR_INPUT);
    char *box CLEANUP(mem_free_text) =
        secret_seal(&secrets, STR(FORGOTTEN_SEALED_AS), STR("0000000c"), STR("abcd"));
    char *brief CLEANUP(mem_free_text) = forgotten_key_value(str_of(box));
    ck_assert_int_eq(apply(f, FORGOTTEN_KEYS "0000000c", brief), ERR_INPUT);
    ck_assert_int_eq(apply(f, "_layout", "{}"), ERR_OK);
    ck_assert_int_eq(apply(f, "acme", "{}"), ERR_OK);
    ck_assert_uint_eq(forgotten_count(f), 0);
    forgotten_free(f);
}
END_TEST

int main(void)
{
    return UNIT_RUN("forgotten", nobody, what_came_before, however_it_is_written, in_any_order,
                    again_and_never_more, two_keys, too_many_keys, refused);
}

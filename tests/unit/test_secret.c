/* Sealing: opens only where it was sealed, tells keys apart, every want of memory while opening. */
#include <stdlib.h>

#include "common/secret.h"
#include "common/text.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct secret_keys keys_of(const char *current, const char *old)
{
    struct secret_keys k = {.has_current = current != NULL, .has_old = old != NULL};
    struct error e = ERROR_NONE;

    ck_assert_int_eq(secret_start(&e), ERR_OK);
    if (current)
        ck_assert_int_eq(secret_key_parse(str_of(current), &k.current, &e), ERR_OK);
    if (old)
        ck_assert_int_eq(secret_key_parse(str_of(old), &k.old, &e), ERR_OK);
    return k;
}

START_TEST(keys_are_read)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {HEX_A, true},
        {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", true},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", true},
        {"//////////////////////////////////////////8=", true},
        {"__________________________________________8", true},
        {"", false},
        {"=", false},
        {"000102", false},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh", false},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==", false},
        {HEX_A "00", false},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g", false},
    };
    struct secret_keys first = keys_of(HEX_A, NULL);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct secret_key key;
        enum err err = secret_key_parse(str_of(cases[i].text), &key, &e);
        ck_assert_msg((err == ERR_OK) == cases[i].ok, "%s", cases[i].text);
        ck_assert(err == ERR_OK || err == ERR_CONFIG);
        if (cases[i].text[0])
            ck_assert_ptr_null(strstr(e.text, cases[i].text));
        if (i < 4)
            ck_assert_str_eq(key.id, first.current.id);
    }
}
END_TEST

START_TEST(opens_what_it_sealed)
{
    struct secret_keys k = keys_of(HEX_A, NULL);
    struct error e = ERROR_NONE;
    char *one = secret_seal(&k, STR("acme"), STR("mango.api_salt"), STR("hunter2"));
    char *two = secret_seal(&k, STR("acme"), STR("mango.api_salt"), STR("hunter2"));
    char *plain = NULL;

    ck_assert_ptr_nonnull(strstr(one, k.current.id));
    ck_assert(str_starts(str_of(one), STR("v1:")));
    ck_assert_ptr_null(strstr(one, "hunter2"));
    ck_assert_str_ne(one, two); /* another nonce */
    ck_assert(secret_is_sealed(str_of(one)));
    ck_assert(secret_is_current(&k, str_of(one)));
    ck_assert_int_eq(secret_open(&k, STR("acme"), STR("mango.api_salt"), str_of(one), &plain, &e),
                     ERR_OK);
    ck_assert_str_eq(plain, "hunter2");
    secret_free(plain);
    secret_free(NULL);
    free(one);
    free(two);
    one = secret_seal(&k, STR("acme"), STR("f"), STR_NONE);
    ck_assert_int_eq(secret_open(&k, STR("acme"), STR("f"), str_of(one), &plain, &e), ERR_OK);
    ck_assert_str_eq(plain, "");
    secret_free(plain);
    free(one);
}
END_TEST

static void refuse(const struct secret_keys *k, const char *account, const char *field,
                   const char *sealed)
{
    struct error e = ERROR_NONE;
    char *plain = NULL;

    ck_assert_msg(secret_open(k, str_of(account), str_of(field), str_of(sealed), &plain, &e) ==
                      ERR_CONFIG,
                  "%s %s %s", account, field, sealed);
    ck_assert_str_ne(e.text, "");
    ck_assert_ptr_null(plain);
}

START_TEST(does_not_open_elsewhere_or_damaged)
{
    struct secret_keys k = keys_of(HEX_A, NULL), other = keys_of(HEX_B, NULL);
    char *sealed = secret_seal(&k, STR("acme"), STR("f"), STR("hunter2"));
    size_t len = strlen(sealed);

    refuse(&k, "acm", "f", sealed);
    refuse(&k, "acme", "g", sealed);
    refuse(&k, "acm", "ef", sealed);
    refuse(&other, "acme", "f", sealed);
    for (size_t i = 0; i < len; i++) {
        char old = sealed[i];
        sealed[i] = old == 'A' ? 'Q' : 'A';
        refuse(&k, "acme", "f", sealed);
        sealed[i] = '!';
        refuse(&k, "acme", "f", sealed);
        sealed[i] = old;
    }
    for (size_t i = 0; i < len; i++) {
        char old = sealed[i];
        sealed[i] = '\0';
        refuse(&k, "acme", "f", sealed);
        sealed[i] = old;
    }
    free(sealed);
}
END_TEST

START_TEST(old_key_opens)
{
    struct secret_keys before = keys_of(HEX_A, NULL), after = keys_of(HEX_B, HEX_A);
    struct secret_keys none = keys_of(NULL, NULL);
    struct error e = ERROR_NONE;
    char *sealed = secret_seal(&before, STR("a"), STR("f"), STR("x")), *plain = NULL;

    ck_assert(!secret_is_current(&after, str_of(sealed)));
    ck_assert(!secret_is_current(&none, str_of(sealed)));
    ck_assert_int_eq(secret_open(&after, STR("a"), STR("f"), str_of(sealed), &plain, &e), ERR_OK);
    ck_assert_str_eq(plain, "x");
    secret_free(plain);
    plain = NULL;
    refuse(&none, "a", "f", sealed);
    free(sealed);
}
END_TEST

START_TEST(four_parts)
{
    static const struct {
        const char *text;
        bool sealed;
    } cases[] = {
        {"v1:01234567:abc:def", true},
        {"v2:01234567:abc:def", false},
        {"v1:0123456:abc:def", false},
        {"v1:01234567:abc", false},
        {"v1:01234567::def", false},
        {"v1:01234567:abc:", false},
        {"v1:01234567:a:b:c", false},
        {"v1", false},
        {"", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(secret_is_sealed(str_of(cases[i].text)) == cases[i].sealed, "%s",
                      cases[i].text);
}
END_TEST

START_TEST(random_and_wipe)
{
    uint8_t a[32] = {0}, b[32] = {0}, zero[32] = {0};

    secret_random(a, sizeof(a));
    secret_random(b, sizeof(b));
    ck_assert_mem_ne(a, b, sizeof(a));
    secret_wipe(a, sizeof(a));
    ck_assert_mem_eq(a, zero, sizeof(a));
}
END_TEST

struct walk {
    struct secret_keys keys;
    char *sealed;
};

static bool open_it(void *arg)
{
    struct walk *w = arg;
    struct error e = ERROR_NONE;
    char *plain = NULL;
    enum err err = secret_open(&w->keys, STR("a"), STR("f"), str_of(w->sealed), &plain, &e);

    ck_assert_msg(err == ERR_OK || err == ERR_INTERNAL, "%s", e.text);
    secret_free(plain);
    return err == ERR_INTERNAL;
}

START_TEST(survives_want_of_memory)
{
    struct walk w = {.keys = keys_of(HEX_A, NULL)};

    w.sealed = secret_seal(&w.keys, STR("a"), STR("f"), STR("x"));
    fault_walk(open_it, &w);
    free(w.sealed);
}
END_TEST

/* Against Python's hashlib.blake2b(key=..., digest_size=32). */
START_TEST(keyed_hash)
{
    const struct str texts[] = {STR("one"), STR("two")}, moved[] = {STR("onet"), STR("wo")};
    struct secret_keys k = keys_of(HEX_A, NULL);
    uint8_t out[SECRET_MAC_BYTES], other[SECRET_MAC_BYTES];
    char hex[2 * SECRET_MAC_BYTES + 1];

    secret_mac(k.current.bytes, texts, 2, out);
    text_hex(out, sizeof(out), hex);
    ck_assert_str_eq(hex, "efc235cdc1c91390492aa12a6a610c803f730fd455e25f217a97f76b3dee8f57");
    secret_mac(k.current.bytes, moved, 2, other);
    ck_assert(!secret_same(out, other, sizeof(out)));
    secret_mac(k.current.bytes, texts, 2, other);
    ck_assert(secret_same(out, other, sizeof(out)));
    secret_mac(k.current.bytes, NULL, 0, out);
    text_hex(out, sizeof(out), hex);
    ck_assert_str_eq(hex, "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
}
END_TEST

/* argon2id of "correct-horse-battery", with the least memory and time. */
#define HASH                     \
    "$argon2id$v=19$m=8,t=1,p=1" \
    "$kZuENTWHRNCNaozZwKKaFg$GF7VyYst0jqFysrjU5p4Uo1i18r0Kobx77U7+UkE4V8"

START_TEST(passwords)
{
    struct error e = ERROR_NONE;

    ck_assert(secret_is_hash(HASH));
    ck_assert(!secret_is_hash("$argon2id$v=19$m=8,t=1,p=1$kZuENTWHRNCNaozZwKKaFg"));
    ck_assert(!secret_is_hash(""));
    ck_assert_int_eq(secret_check_password(HASH, STR("correct-horse-battery"), &e), ERR_OK);
    ck_assert_int_eq(secret_check_password(HASH, STR("correct-horse-batter"), &e), ERR_AUTH);
    ck_assert_int_eq(secret_check_password(HASH, STR_NONE, NULL), ERR_AUTH);
}
END_TEST

START_TEST(base64)
{
    char room[4];
    size_t len;

    ck_assert(secret_base64(STR("YWJj"), room, sizeof(room), &len));
    ck_assert_mem_eq(room, "abc", 3);
    ck_assert_uint_eq(len, 3);
    ck_assert(secret_base64(STR("YQ=="), room, sizeof(room), &len));
    ck_assert_uint_eq(len, 1);
    ck_assert(!secret_base64(STR("YQ"), room, sizeof(room), &len));
    ck_assert(!secret_base64(STR("YWJjZGVm"), room, sizeof(room), &len));
    ck_assert(!secret_base64(STR("Y!Jj"), room, sizeof(room), &len));
}
END_TEST

int main(void)
{
    return UNIT_RUN("secret", keys_are_read, opens_what_it_sealed,
                    does_not_open_elsewhere_or_damaged, old_key_opens, four_parts, random_and_wipe,
                    survives_want_of_memory, keyed_hash, passwords, base64);
}

/* A number that was forgotten, for tests. */
#include "tests/unit/forgotten_kit.h"

#include <stdlib.h>

#include "common/secret.h"
#include "tests/unit/unit.h"

struct forgotten *forgotten_kit(const char *account, const char *number, int64_t at)
{
    struct error e = ERROR_NONE;
    static struct secret_keys room; /* the set borrows it */
    struct secret_keys *keys = &room;
    *keys = (struct secret_keys){.has_current = true};
    ck_assert_int_eq(secret_start(&e), ERR_OK);
    ck_assert_int_eq(secret_key_parse(STR("000102030405060708090a0b0c0d0e0f"
                                          "101112131415161718191a1b1c1d1e1f"),
                                      &keys->current, &e),
                     ERR_OK);
    struct forgotten *f = forgotten_new(keys);
    char *sealed =
        secret_seal(keys, STR(FORGOTTEN_SEALED_AS), STR("0000000a"),
                    STR("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    char *value = forgotten_key_value(str_of(sealed));
    ck_assert_int_eq(forgotten_apply(f, STR(FORGOTTEN_KEYS "0000000a"), str_of(value), false, &e),
                     ERR_OK);
    char *key = forgotten_record_key(f, str_of(account), str_of(number));
    char *record = forgotten_record_value(at);
    ck_assert_int_eq(forgotten_apply(f, str_of(key), str_of(record), false, &e), ERR_OK);
    free(sealed);
    free(value);
    free(key);
    free(record);
    return f;
}

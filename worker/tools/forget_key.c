/*
 * Draws and seals. One thread.
 */
#include "worker/tools/forget_key.h"

#include <stdlib.h>

#include "common/forgotten.h"
#include "common/jval.h"
#include "common/mem.h"
#include "common/text.h"

static char *seal(const struct secret_keys *secrets, struct str id, struct str hex)
{
    char *sealed CLEANUP(mem_free_text) = secret_seal(secrets, STR(FORGOTTEN_SEALED_AS), id, hex);
    if (!sealed)
        mem_out();
    return forgotten_key_value(str_of(sealed));
}

void forget_key_new(const struct secret_keys *secrets, char **key, char **value)
{
    uint8_t bytes[SECRET_KEY_BYTES], id_bytes[FORGOTTEN_ID_HEX / 2];
    char hex[2 * SECRET_KEY_BYTES + 1], id[FORGOTTEN_ID_HEX + 1];
    secret_random(bytes, sizeof bytes);
    secret_random(id_bytes, sizeof id_bytes);
    text_hex(bytes, sizeof bytes, hex);
    text_hex(id_bytes, sizeof id_bytes, id);
    *key = mem_format(FORGOTTEN_KEYS "%s", id);
    *value = seal(secrets, str_of(id), str_of(hex));
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(hex, sizeof hex);
}

enum err forget_key_reseal(const struct secret_keys *secrets, struct str key, struct str before,
                           char **value, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct str sealed = forgotten_key_sealed(before, &v),
               id = str_from(key, strlen(FORGOTTEN_KEYS));
    char *plain = NULL;
    *value = NULL;
    if (!sealed.len)
        return error_set(e, ERR_CONFIG, "a key of forgotten numbers: is none");
    if (secret_is_current(secrets, sealed))
        return ERR_OK;
    enum err err = secret_open(secrets, STR(FORGOTTEN_SEALED_AS), id, sealed, &plain, e);
    if (err)
        return error_context(e, "the key of forgotten numbers");
    *value = seal(secrets, id, str_of(plain));
    secret_free(plain);
    return ERR_OK;
}

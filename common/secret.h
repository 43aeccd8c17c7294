/*
 * Sealing of secrets (design.md section 5): "v1:<key id>:<nonce>:<box>", XChaCha20-Poly1305 with
 * account and field as associated data, so that a box cannot be moved. The only door to libsodium.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define SECRET_KEY_BYTES 32
#define SECRET_ID_HEX 8 /* key id: first hex digits of a keyed hash of the key */

struct secret_key {
    uint8_t bytes[SECRET_KEY_BYTES];
    char id[SECRET_ID_HEX + 1];
};

struct secret_keys {
    struct secret_key current;
    struct secret_key old; /* only opens; valid if has_old */
    bool has_current, has_old;
};

/* Once, before anything else here. ERR_INTERNAL if the library cannot start. */
enum err secret_start(struct error *e) MUST_CHECK;
/* 32 bytes as 64 hex digits or base64 (padding optional). ERR_CONFIG otherwise; the text is never in
 * the error. */
enum err secret_key_parse(struct str text, struct secret_key *out, struct error *e) MUST_CHECK;
/* "v1:..." terminated, the caller's (free()); NULL without memory. */
char *secret_seal(const struct secret_keys *k, struct str account, struct str field,
                  struct str plain) MUST_CHECK;
bool secret_is_sealed(struct str text); /* begins with "v1:" and has its four parts */
bool secret_is_current(const struct secret_keys *k, struct str sealed); /* by the current key */
/* Opens what secret_seal made; *plain is terminated, the caller's (secret_free). ERR_CONFIG for a key
 * we do not have, a moved or damaged box. */
enum err secret_open(const struct secret_keys *k, struct str account, struct str field,
                     struct str sealed, char **plain, struct error *e) MUST_CHECK;
void secret_free(char *plain); /* wipes, then frees; NULL is fine */
void secret_wipe(void *bytes, size_t len);
/* n random bytes of the system. */
void secret_random(void *out, size_t n);

#endif

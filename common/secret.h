/*
 * Sealing of secrets (design.md section 5): "v1:<key id>:<nonce>:<box>", XChaCha20-Poly1305 with
 * account and field as associated data, so that a box cannot be moved; keyed hashes and passwords of the
 * settings page. The only door to libsodium.
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

#define SECRET_MAC_BYTES 32

/* A keyed hash (BLAKE2b, 256 bits) of n texts, each with its length in front of it (8 bytes, little-endian), so that
 * no two lists of texts are the same bytes. A key may be derived from another one so. */
void secret_mac(const uint8_t key[SECRET_KEY_BYTES], const struct str *texts, size_t n,
                uint8_t out[SECRET_MAC_BYTES]);
/* HMAC-SHA256 (RFC 2104) of the texts one after the other, for messages whose receivers check them. */
void secret_hmac(struct str key, const struct str *texts, size_t n, uint8_t out[SECRET_MAC_BYTES]);
/* Compares in a time that does not tell where they differ. */
bool secret_same(const void *a, const void *b, size_t len);
/* True if it is an argon2id hash as libsodium and the argon2 program write it. */
bool secret_is_hash(const char *hash);
/* Takes as long, and as much memory, as the hash says: 50 ms and more. ERR_AUTH: another password; ERR_TEMPORARY: no
 * memory for it. */
enum err secret_check_password(const char *hash, struct str password, struct error *e) MUST_CHECK;
/* Base64 with its padding into out[room]; false if it is none, or too long. */
bool secret_base64(struct str text, char *out, size_t room, size_t *len);

#endif

/*
 * Sealing of secrets; the only door to libsodium. Knows nothing of documents. From any thread once
 * secret_start has run.
 */
#include "common/secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"

#define VERSION "v1"
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define LONGEST LIMIT_SETTINGS_BYTES

struct parts {
    struct str id, nonce, box;
};

enum err secret_start(struct error *e)
{
    if (sodium_init() < 0)
        return error_set(e, ERR_INTERNAL, "libsodium cannot start");
    return ERR_OK;
}

/* The key id tells keys apart and nothing about them. */
static void name_key(struct secret_key *key)
{
    static const unsigned char what[] = "mangoplan key id";
    unsigned char hash[crypto_generichash_BYTES_MIN];

    crypto_generichash(hash, sizeof(hash), what, sizeof(what) - 1, key->bytes, sizeof(key->bytes));
    text_hex(hash, SECRET_ID_HEX / 2, key->id);
}

static bool from_base64(struct str text, int variant, uint8_t out[SECRET_KEY_BYTES])
{
    size_t len;

    return sodium_base642bin(out, SECRET_KEY_BYTES, text.ptr, text.len, NULL, &len, NULL,
                             variant) == 0 &&
           len == SECRET_KEY_BYTES;
}

enum err secret_key_parse(struct str text, struct secret_key *out, struct error *e)
{
    struct str bare = text;

    if (bare.len == 44 && bare.ptr[43] == '=')
        bare.len--;
    if (!text_unhex(text, out->bytes, SECRET_KEY_BYTES) &&
        !from_base64(bare, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, out->bytes) &&
        !from_base64(bare, BASE64, out->bytes)) {
        secret_wipe(out, sizeof(*out));
        return error_set(e, ERR_CONFIG, "not %d bytes in hex or base64", SECRET_KEY_BYTES);
    }
    name_key(out);
    return ERR_OK;
}

/* account NUL field: neither holds a NUL, so no two pairs give the same bytes. */
static struct str associated(struct buf *b, struct str account, struct str field)
{
    buf_add_str(b, account);
    buf_add_char(b, '\0');
    buf_add_str(b, field);
    return buf_str(b);
}

static void add_base64(struct buf *out, const unsigned char *bytes, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, BASE64);
    char *text = mem_try_alloc(size, 1);

    if (!text) {
        out->failed = out->starved = true;
        return;
    }
    sodium_bin2base64(text, size, bytes, len, BASE64);
    buf_add_str(out, str_of(text));
    free(text);
}

char *secret_seal(const struct secret_keys *k, struct str account, struct str field,
                  struct str plain)
{
    struct buf data CLEANUP(buf_done) = BUF_INIT(LONGEST);
    struct buf out CLEANUP(buf_done) = BUF_INIT(2 * LONGEST);
    struct str ad = associated(&data, account, field);
    unsigned char nonce[NONCE], *box = mem_try_alloc(plain.len + TAG, 1);
    unsigned long long len;

    if (data.failed || !box) {
        free(box);
        return NULL;
    }
    secret_random(nonce, sizeof(nonce));
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, &len, (const unsigned char *)plain.ptr,
                                               plain.len, (const unsigned char *)ad.ptr, ad.len,
                                               NULL, nonce, k->current.bytes);
    buf_addf(&out, VERSION ":%s:", k->current.id);
    add_base64(&out, nonce, sizeof(nonce));
    buf_add_char(&out, ':');
    add_base64(&out, box, (size_t)len);
    free(box);
    return buf_take(&out);
}

static struct str take_part(struct str *rest)
{
    long colon = str_find(*rest, ':');
    struct str part = {rest->ptr, colon < 0 ? rest->len : (size_t)colon};

    *rest = colon < 0 ? STR_NONE : str_from(*rest, (size_t)colon + 1);
    return part;
}

static bool split(struct str sealed, struct parts *out)
{
    struct str rest = sealed;

    if (!str_is(take_part(&rest), VERSION))
        return false;
    out->id = take_part(&rest);
    out->nonce = take_part(&rest);
    out->box = rest;
    return out->id.len == SECRET_ID_HEX && out->nonce.len > 0 && out->box.len > 0 &&
           str_find(out->box, ':') < 0;
}

bool secret_is_sealed(struct str text)
{
    struct parts p;

    return split(text, &p);
}

bool secret_is_current(const struct secret_keys *k, struct str sealed)
{
    struct parts p;

    return k->has_current && split(sealed, &p) && str_is(p.id, k->current.id);
}

static const struct secret_key *key_of(const struct secret_keys *k, struct str id)
{
    if (k->has_current && str_is(id, k->current.id))
        return &k->current;
    return k->has_old && str_is(id, k->old.id) ? &k->old : NULL;
}

/* Decodes nonce and box and opens the box in its place. */
static enum err open_box(const struct secret_key *key, struct str ad, const struct parts *p,
                         char *room, size_t *len, struct error *e)
{
    unsigned char nonce[NONCE];
    size_t nonce_len, box_len;
    unsigned long long plain_len;

    if (sodium_base642bin(nonce, sizeof(nonce), p->nonce.ptr, p->nonce.len, NULL, &nonce_len, NULL,
                          BASE64) != 0 ||
        nonce_len != NONCE ||
        sodium_base642bin((unsigned char *)room, p->box.len, p->box.ptr, p->box.len, NULL, &box_len,
                          NULL, BASE64) != 0 ||
        box_len < TAG)
        return error_set(e, ERR_CONFIG, "the sealed secret is damaged");
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)room, &plain_len, NULL, (const unsigned char *)room, box_len,
            (const unsigned char *)ad.ptr, ad.len, nonce, key->bytes) != 0)
        return error_set(e, ERR_CONFIG,
                         "the sealed secret is damaged, or of another account or field");
    *len = (size_t)plain_len;
    return ERR_OK;
}

enum err secret_open(const struct secret_keys *k, struct str account, struct str field,
                     struct str sealed, char **plain, struct error *e)
{
    struct buf data CLEANUP(buf_done) = BUF_INIT(LONGEST);
    const struct secret_key *key;
    struct parts p;
    size_t len = 0;
    char *room;
    enum err err;

    if (!split(sealed, &p))
        return error_set(e, ERR_CONFIG, "not a sealed secret");
    key = key_of(k, p.id);
    if (!key)
        return error_set(e, ERR_CONFIG,
                         "sealed with key %.*s, which is neither SECRET_KEY nor "
                         "SECRET_KEY_OLD",
                         STR_ARG(p.id));
    associated(&data, account, field);
    room = mem_try_alloc(p.box.len + 1, 1);
    if (data.failed || !room) {
        free(room);
        return error_set(e, ERR_INTERNAL, "secret: no memory");
    }
    err = open_box(key, buf_str(&data), &p, room, &len, e);
    if (err) {
        secret_wipe(room, p.box.len);
        free(room);
        return err;
    }
    room[len] = '\0';
    *plain = room;
    return ERR_OK;
}

void secret_free(char *plain)
{
    if (plain)
        secret_wipe(plain, strlen(plain));
    free(plain);
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

void secret_random(void *out, size_t n)
{
    randombytes_buf(out, n);
}

static void hash_number(crypto_generichash_state *state, uint64_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(n >> 8 * i);
    crypto_generichash_update(state, bytes, sizeof(bytes));
}

void secret_mac(const uint8_t key[SECRET_KEY_BYTES], const struct str *texts, size_t n,
                uint8_t out[SECRET_MAC_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, SECRET_KEY_BYTES, SECRET_MAC_BYTES);
    for (size_t i = 0; i < n; i++) {
        hash_number(&state, texts[i].len);
        crypto_generichash_update(&state, (const unsigned char *)texts[i].ptr, texts[i].len);
    }
    crypto_generichash_final(&state, out, SECRET_MAC_BYTES);
    secret_wipe(&state, sizeof(state));
}

void secret_hmac(struct str key, const struct str *texts, size_t n, uint8_t out[SECRET_MAC_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
    for (size_t i = 0; i < n; i++)
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)texts[i].ptr, texts[i].len);
    crypto_auth_hmacsha256_final(&state, out);
    secret_wipe(&state, sizeof(state));
}

bool secret_same(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

bool secret_is_hash(const char *hash)
{
    return crypto_pwhash_argon2id_str_needs_rehash(hash, crypto_pwhash_OPSLIMIT_MIN,
                                                   crypto_pwhash_MEMLIMIT_MIN) >= 0;
}

enum err secret_check_password(const char *hash, struct str password, struct error *e)
{
    errno = 0;
    if (crypto_pwhash_argon2id_str_verify(hash, password.ptr ? password.ptr : "", password.len) ==
        0)
        return ERR_OK;
    /* EINVAL is a mismatch; want of memory leaves what the system said */
    if (errno == ENOMEM)
        return error_set(e, ERR_TEMPORARY, "no memory to check the password");
    return error_set(e, ERR_AUTH, "another password");
}

bool secret_base64(struct str text, char *out, size_t room, size_t *len)
{
    return sodium_base642bin((unsigned char *)out, room, text.ptr, text.len, NULL, len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

/*
 * SHA-256; the only door to OpenSSL. From any thread.
 */
#include "common/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/mem.h"
#include "common/text.h"

void sha256_hex(const struct str *pieces, size_t n, char out[SHA256_HEX])
{
    uint8_t digest[SHA256_HEX / 2];
    char hex[SHA256_HEX + 1];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

    for (size_t i = 0; ok && i < n; i++)
        ok = pieces[i].len == 0 || EVP_DigestUpdate(ctx, pieces[i].ptr, pieces[i].len);
    ok = ok && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    if (!ok)
        mem_out(); /* nothing but want of memory fails here: GCOVR_EXCL_LINE */
    text_hex(digest, sizeof(digest), hex);
    memcpy(out, hex, SHA256_HEX);
}

bool sha256_same(const char *a, const char *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

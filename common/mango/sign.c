/*
 * The signature of MANGO OFFICE. Must not know who is asked for or what is signed. Any thread.
 */
#include "common/mango/sign.h"

#include "common/sha256.h"

_Static_assert(SIGN_HEX == SHA256_HEX, "the signature is a SHA-256 in hex");

void sign_make(struct str api_key, struct str json, struct str salt, char out[SIGN_HEX])
{
    const struct str pieces[] = {api_key, json, salt};
    sha256_hex(pieces, 3, out);
}

bool sign_matches(struct str api_key, struct str json, struct str salt, struct str sign)
{
    char right[SIGN_HEX], given[SIGN_HEX] = {0};
    sign_make(api_key, json, salt, right);
    if (sign.len == SIGN_HEX) {
        for (size_t i = 0; i < SIGN_HEX; i++) {
            char c = sign.ptr[i];
            given[i] = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
        }
    }
    return sha256_same(right, given, SIGN_HEX);
}

/*
 * MANGO OFFICE's signature: lowercase hex of SHA-256 over api key, json and salt, over the decoded
 * bytes of the field `json` as they were sent (mango-api.md section 1). Both directions. Pure.
 */
#ifndef COMMON_MANGO_SIGN_H
#define COMMON_MANGO_SIGN_H

#include <stdbool.h>

#include "common/str.h"

#define SIGN_HEX 64

/* Writes SIGN_HEX characters, not terminated. */
void sign_make(struct str api_key, struct str json, struct str salt, char out[SIGN_HEX]);
/* True if `sign` is the signature; capitals are taken too. The time it takes depends on the lengths
 * only, and is the same for a `sign` of a wrong length. */
bool sign_matches(struct str api_key, struct str json, struct str salt, struct str sign);

#endif

/*
 * SHA-256 over a few pieces, and a comparison that takes the same time for any content.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define SHA256_HEX 64

/* Lowercase hex of SHA-256 over the pieces one after the other; not terminated. */
void sha256_hex(const struct str *pieces, size_t n, char out[SHA256_HEX]);
/* True if equal; time depends on len only. */
bool sha256_same(const char *a, const char *b, size_t len);

#endif

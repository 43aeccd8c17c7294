/*
 * Small conversions of text: UTF-8, hex, times. Pure.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

/* "2026-11-22T15:11:00.123Z" and its terminator */
#define TEXT_TIME_SIZE 25

/* Bytes of the valid UTF-8 character s begins with (1-4), or 0 if it begins with none. */
size_t text_character(struct str s);
/* True if the bytes are valid UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
bool text_is_utf8(struct str s);
/* The longest beginning of s of at most max bytes that does not cut a UTF-8 character. */
struct str text_cut(struct str s, size_t max);
/* Adds s with U+FFFD for every byte that belongs to no valid character. */
void text_add_clean(struct buf *out, struct str s);
/* Lowercase hex of n bytes into out[2n+1], terminated. */
void text_hex(const uint8_t *bytes, size_t n, char *out);
/* Hex of either case of exactly n bytes; false if it is not that. */
bool text_unhex(struct str hex, uint8_t *out, size_t n);
/* Unix milliseconds as RFC 3339 UTC with ms, terminated. Years 1970-9999; outside is clamped. */
void text_time(int64_t unix_ms, char out[TEXT_TIME_SIZE]);
/* RFC 3339 (any fraction, Z or an offset) to unix milliseconds; false if it is not that. */
bool text_parse_time(struct str s, int64_t *unix_ms);
/* Percent-encodes every byte outside A-Za-z0-9-._~ (megaplan-api.md 1.4: '+' must become %2B). */
void text_percent_encode(struct buf *out, struct str s);

#endif

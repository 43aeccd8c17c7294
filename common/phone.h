/*
 * Phone numbers: the form to compare by, and the form to write (behaviour.md "Numbers", G6). Pure.
 */
#ifndef COMMON_PHONE_H
#define COMMON_PHONE_H

#include <stdbool.h>

#include "common/str.h"

/* Digits of E.164 plus room for what is longer in the wild; terminated. */
#define PHONE_MAX 32
#define PHONE_TEXT_MAX 48

enum phone_format {
    PHONE_FORMAT_7,      /* 79991231212 */
    PHONE_FORMAT_PLUS7,  /* +79991231212 */
    PHONE_FORMAT_8,      /* 89991231212 */
    PHONE_FORMAT_PRETTY, /* +7 (999) 123-12-12 */
};

struct phone {
    char digits[PHONE_MAX]; /* terminated; "" = no number */
};

/* A number as the PBX gives it: digits, perhaps with a leading '+'. False, and empty, for what is no
 * client's number: hidden (empty), `sip:`, under 5 digits, over PHONE_MAX - 1, other characters.
 * Exactly 11 digits beginning 89 become 79... */
bool phone_from_pbx(struct str raw, struct phone *out);
/* A number as somebody typed it on a Megaplan card. With '+' its digits; without it and country_code
 * "7": 11 digits beginning with 8, or 10 digits, are read as 7...; else its digits. Other characters
 * (spaces, brackets, hyphens, words) are passed over; a '+' counts in front of the first digit. False
 * for `sip:` and if not 5 to PHONE_MAX - 1 digits remain. */
bool phone_from_card(struct str raw, struct str country_code, struct phone *out);
bool phone_same(const struct phone *a, const struct phone *b);
/* "79991231212" "+79991231212" "89991231212" "+7 (999) 123-12-12" -> format. False if unknown. */
bool phone_format_parse(struct str name, enum phone_format *out);
/* The number as a new client's card gets it (G6): foreign numbers as digits, with a plus only in the
 * two formats that have one. Terminated. */
void phone_write(const struct phone *p, enum phone_format format, char out[PHONE_TEXT_MAX]);
/* For people's eyes in logs and tools: the last four digits, the rest '*'. Terminated. */
void phone_mask(struct str number, char out[PHONE_MAX]);
/* The same for whatever in a text may be a number as people write it, of 10 digits or more: what others tell us
 * may name one. At most room - 1 bytes; terminated. */
void phone_mask_in(struct str text, char *out, size_t room);
/* True if the number matches the mask: digits and '*' (any run of digits, also none), perhaps with a
 * leading '+', as ignore_numbers (B15). */
bool phone_matches(const struct phone *p, struct str mask);

#endif

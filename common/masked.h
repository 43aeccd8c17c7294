/*
 * JSON values for people's eyes: numbers of people masked wherever they may stand. Pure.
 */
#ifndef COMMON_MASKED_H
#define COMMON_MASKED_H

#include "common/jval.h"
#include "common/str.h"

/* A deep copy in which no text has a number of 10 digits or more in full (phone_mask_in), and no integer of 11 or 12
 * digits; deeper than 16 levels it is null. Names of members stay. v NULL gives null. */
struct jval *masked_copy(const struct jval *v) MUST_CHECK;
/* A text masked by phone_mask_in, of any length; bytes that are no UTF-8 become U+FFFD. Terminated, the caller's (free()). */
char *masked_text(struct str text) MUST_CHECK;
/* A message's value: if it is JSON, by its values; else as text. Terminated, the caller's (free()). */
char *masked_value(struct str value) MUST_CHECK;

#endif

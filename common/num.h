/*
 * Numbers from text, strictly: the whole text, decimal, in range. The only place that parses numbers.
 */
#ifndef COMMON_NUM_H
#define COMMON_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

/* An optional '-', then digits, nothing else, no leading '+', no spaces; min <= value <= max.
 * Leading zeros are allowed. False leaves *out alone. */
bool num_parse(struct str text, int64_t min, int64_t max, int64_t *out);
/* A non-negative decimal fraction like "5" or "0.25" without exponent; at most 18 characters. */
bool num_parse_fraction(struct str text, double min, double max, double *out);

#endif

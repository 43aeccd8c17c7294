/*
 * The Retry-After header (RFC 9110 section 10.2.3), and dates as HTTP writes them (5.6.7). Pure.
 */
#ifndef COMMON_RETRY_AFTER_H
#define COMMON_RETRY_AFTER_H

#include <stdint.h>

#include "common/str.h"

#define RETRY_AFTER_MAX_S 86400

/* Seconds from wall_ms (unix ms) on: of a number of seconds, or of a date like
 * "Sun, 06 Nov 1994 08:49:37 GMT" (0 if it is gone by). At most RETRY_AFTER_MAX_S. -1 if it is neither. */
int64_t retry_after_parse(struct str value, int64_t wall_ms);
/* Unix ms of such a date; -1 if it is none. */
int64_t retry_after_date(struct str value);

#endif

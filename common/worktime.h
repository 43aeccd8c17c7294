/*
 * Working hours of an account (behaviour.md B16, B2; the setting: design.md 6.4) in its time zone: are
 * they open, and when have so many working minutes passed. Pure.
 *
 * Open is what the clock on the wall says: a working day that is no holiday, from <= local time < to.
 * A minute is 60 real seconds: of an hour that a change of the clock takes away none counts, of one that
 * it gives twice both do.
 */
#ifndef COMMON_WORKTIME_H
#define COMMON_WORKTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/tz.h"

/* How far ahead hours are looked for. */
#define WORKTIME_DAYS_MAX 731

/* z NULL: UTC. Always open if h->always. */
bool worktime_is_open(const struct settings_hours *h, const struct tz *z, int64_t unix_s);
/* The earliest moment (unix s) at which `minutes` (>= 0) open minutes have passed since from_unix_s: a
 * deadline that falls on closing time is that of the closing day; outside the hours the count begins
 * at the next opening, which is the answer for 0 minutes. If the WORKTIME_DAYS_MAX days (of 24 h) from
 * from_unix_s on hold fewer open minutes (no working day at all, a very long deadline), the hours are
 * no help and all minutes count, as if always open. */
int64_t worktime_add(const struct settings_hours *h, const struct tz *z, int64_t from_unix_s,
                     int64_t minutes);

#endif

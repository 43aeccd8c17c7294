/*
 * Values that many bodies share. Pure.
 *
 * Source: megaplan-api.md 1.8. Traps: a link is {contentType, id} with the exact content type, a bare id is refused;
 * a client may be a company, and then every link to it says so; a DateTime is ISO 8601 with the account's own offset,
 * a DateOnly (which we do not use) counts its months from 0.
 */
#ifndef COMMON_MEGAPLAN_VALUE_H
#define COMMON_MEGAPLAN_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/jval.h"
#include "common/str.h"

#define VALUE_TIME_SIZE 26 /* "2024-03-05T16:30:00+03:00" and its terminator */

/* All of them give a value to the caller, or NULL (which spoils what it is put into, jval.h). */

/* {"contentType":type,"id":id}. NULL for an empty id: a link to nothing must not be sent. */
struct jval *value_link(const char *type, struct str id);
/* The link to a client: ContractorCompany or ContractorHuman. */
struct jval *value_contractor(struct str id, bool company);
/* "ContractorCompany" or "ContractorHuman". */
const char *value_contractor_type(bool company);
/* {"contentType":"DateTime","value":"2024-03-05T16:30:00+03:00"}: a moment in unix seconds, offset_s
 * seconds east of UTC (whole minutes count; beyond a day it is 0). */
struct jval *value_time(int64_t unix_s, int offset_s);
/* The same moment as text. Terminated. */
void value_time_text(int64_t unix_s, int offset_s, char out[VALUE_TIME_SIZE]);
/* An array of the n names, as `fields` wants it. */
struct jval *value_names(const char *const *names, size_t n);
/* sortBy: by timeCreated, the newest first. The key of a field is fieldName (1.7). */
struct jval *value_newest_first(void);

#endif

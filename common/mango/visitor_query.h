/*
 * queries/user_info_by_dct_number: who of a site's visitors calls a dynamic number. Pure.
 *
 * Source: mango-api.md section 5. Traps: the data hangs on the number only while it is bound to that visitor's
 * session; nobody is `{}`, and may well be null or an empty list; all fields are optional.
 */
#ifndef COMMON_MANGO_VISITOR_QUERY_H
#define COMMON_MANGO_VISITOR_QUERY_H

#include "common/err.h"
#include "common/jval.h"
#include "common/str.h"

#define VISITOR_QUERY_METHOD "queries/user_info_by_dct_number"
#define VISITOR_QUERY_DATA \
    (64 * 1024) /* bytes of an answer's data; a larger one counts as unreadable */

/* The json field: terminated, the caller's (free()). ERR_INPUT if the number is none: 5 to 32 digits. */
enum err visitor_query_json(struct str number, char **out, struct error *e) MUST_CHECK;
/* The visitor as JSON text of an object, sorted, "{}" for nobody; the caller's (free()). NULL: the answer is of another
 * shape or too large. answer may be NULL. */
char *visitor_query_read(const struct jval *answer) MUST_CHECK;

#endif

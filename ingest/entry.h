/*
 * Finds one text of a webhook's JSON without a parser: entry_id or command_id among the members of
 * the outermost object. Pure, no allocation, one pass, at most LIMIT_JSON_DEPTH levels deep; it
 * trusts nothing of what it reads (jansson would cost a third of a webhook's CPU: bench, README).
 */
#ifndef INGEST_ENTRY_H
#define INGEST_ENTRY_H

#include <stddef.h>

#include "common/limits.h"
#include "common/str.h"

enum entry {
    ENTRY_FOUND,
    ENTRY_NONE,   /* sound as far as we look, but without it, or it is of no use as a key */
    ENTRY_BROKEN, /* not one JSON object */
};

struct entry_text {
    char bytes[LIMIT_ENTRY_ID]; /* UTF-8, escapes decoded, not terminated */
    size_t len;
};

_Static_assert(LIMIT_COMMAND_ID <= LIMIT_ENTRY_ID, "both fit");

/* The member `name` (ASCII, at most 32 bytes, itself compared with its escapes decoded) of the
 * outermost object. ENTRY_NONE also if it is not a text, empty, over LIMIT_ENTRY_ID bytes,
 * or holds a NUL, half a surrogate pair or bytes that are no UTF-8. Of several the last counts, as for
 * jval_parse_lenient. *out is meant only with ENTRY_FOUND. The whole text is read, but whether all of it
 * is UTF-8 and its numbers are numbers is not looked at. */
enum entry entry_find(struct str json, const char *name, struct entry_text *out);

#endif

/*
 * The three fields of a webhook out of an application/x-www-form-urlencoded body (mango-api.md
 * section 1). Pure: bytes in, bytes out.
 */
#ifndef INGEST_FORM_H
#define INGEST_FORM_H

#include <stdbool.h>

#include "common/err.h"
#include "common/str.h"

struct form {
    struct str api_key; /* decoded bytes; they lie in the body or in the scratch space */
    struct str sign;
    struct str json;
};

/* True for application/x-www-form-urlencoded, in any case, with or without parameters, and for no
 * type at all (an empty text): a genuine webhook without the header would be lost for good. */
bool form_is_type(struct str content_type);

/* Reads vpbx_api_key, sign and json. scratch has room for body.len bytes; *out borrows from both.
 * ERR_INPUT: a bad percent escape anywhere, more than LIMIT_WEBHOOK_FIELDS fields, one of the three
 * is missing or given twice (which of two was signed is not ours to guess). Other fields are
 * passed over. An empty value is a value. */
enum err form_parse(struct str body, char *scratch, struct form *out, struct error *e) MUST_CHECK;

#endif

/*
 * A signed request to MANGO's API: where it goes and its form. Pure.
 *
 * Source: mango-api.md section 1. Traps: the signature is over the decoded bytes of the json field exactly as sent,
 * so the text that is signed is the text that is encoded; the salt never travels.
 */
#ifndef COMMON_MANGO_SIGNED_H
#define COMMON_MANGO_SIGNED_H

#include "common/attr.h"
#include "common/str.h"

/* <base_url>/<method>, "commands/route". Terminated, the caller's (free()). NULL: longer than LIMIT_URL, or empty. */
char *signed_url(struct str base_url, const char *method) MUST_CHECK;
/* The body, application/x-www-form-urlencoded: vpbx_api_key, sign, json. Terminated, the caller's (secret_free).
 * NULL: an empty part, or longer than LIMIT_WEBHOOK_BODY. */
char *signed_body(struct str api_key, struct str api_salt, struct str json) MUST_CHECK;

#endif

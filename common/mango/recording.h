/*
 * The signed link to a recording, which needs no login. Pure.
 *
 * Source: mango-api.md section 7. GET <base>/queries/recording/link/{id}/{action}/{key}/{expires}/{sign} with
 * sign = sha256(key + expires + id + salt). Traps: `expires` is signed as it is written, in unix seconds; the id is signed
 * as it is and percent-encoded in the path; the link shows the key, never the salt; it must be allowed in the MANGO
 * account; its answer is a 302 to a one-shot address that must not be kept.
 */
#ifndef COMMON_MANGO_RECORDING_H
#define COMMON_MANGO_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/str.h"

struct recording {       /* borrowed */
    struct str base_url; /* "https://app.mango-office.ru/vpbx" */
    struct str api_key;
    struct str api_salt;
    struct str id;   /* recording_id */
    int64_t expires; /* unix seconds */
    bool download;   /* a file to keep, else played in the browser */
};

/* Terminated, the caller's (free()). The same bytes for the same recording. NULL: an empty part, expires not
 * behind 1970, longer than LIMIT_URL, or no memory. */
char *recording_link(const struct recording *r) MUST_CHECK;

#endif

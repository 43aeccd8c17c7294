/*
 * What the settings page's server reads out of request headers. Pure.
 */
#ifndef INGEST_ADMIN_HEADERS_H
#define INGEST_ADMIN_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/str.h"

/* True if Origin ("https://host[:port]") names the host that Host does; a scheme's own port may be left out. secure: the
 * request came over TLS, so must the page have. */
bool headers_same_origin(struct str origin, struct str host, bool secure);

/* What a browser tells of where a request comes from (Sec-Fetch-Site): false if from elsewhere. Absent is true. */
bool headers_own_site(struct str sec_fetch_site);

/* True for application/json, with or without parameters. */
bool headers_is_json(struct str content_type);

/* True if the comma list (Accept-Encoding, If-None-Match) holds that entry, whatever its case, and not with ";q=0". */
bool headers_lists(struct str list, const char *entry);

/* HTTP Basic: user and password lie in room, which holds `size` bytes. False: another scheme, or malformed. */
bool headers_basic(struct str authorization, char *room, size_t size, struct str *user,
                   struct str *password) MUST_CHECK;

/* The last entry of a comma list without blanks around it: what the nearest proxy said. */
struct str headers_last(struct str list);

#endif

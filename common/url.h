/*
 * URLs we may call (design.md section 5, outbound addresses). Pure. Strict on purpose: what two
 * parsers could read differently (users, '\', '#', escapes in the host) is no URL here.
 */
#ifndef COMMON_URL_H
#define COMMON_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct url {         /* borrowed from the text */
    bool https;      /* else http */
    struct str host; /* a name, an IPv4 address, or an IPv6 address in its brackets */
    uint16_t port;   /* 443 or 80 if none was given */
    struct str rest; /* path and query; "" or from '/' or '?' on */
};

/* Absolute http or https URL (scheme in lower case), printable ASCII, at most LIMIT_URL bytes, without
 * user and fragment. False leaves *out undefined. */
bool url_parse(struct str text, struct url *out);

/* True if the URL's host, or host and port, is in OUTBOUND_ALLOW: a comma list of `host` or
 * `host:port`, case ignored, spaces around entries ignored, IPv6 addresses in brackets; an entry may
 * be written like a URL, of which scheme and path say nothing here. Such a host
 * may be called over http, on any port if none is named, and at a private address. */
bool url_named(struct str url, struct str outbound_allow);

/* The `host` or `host:port` of one entry of that list. Borrows. */
struct str url_authority(struct str entry);

/* True if it may be called: https on port 443 to *.megaplan.ru or app.mango-office.ru, or url_named. */
bool url_allowed(struct str url, struct str outbound_allow);

#endif

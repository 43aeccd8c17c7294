/*
 * IP addresses and lists of networks: INGEST_ALLOW_FROM, INGEST_TRUSTED_PROXIES, X-Forwarded-For
 * (design.md 6.2). Pure.
 */
#ifndef INGEST_CIDR_H
#define INGEST_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define CIDR_ADDRESS_TEXT 46 /* longest text of an address and its terminator */

struct cidr_address {
    uint8_t bytes[16]; /* an IPv4 address as ::ffff:a.b.c.d */
};

struct cidr_network {
    struct cidr_address address;
    unsigned bits; /* of the 128 */
};

struct cidr_list {
    struct cidr_network *networks; /* owned */
    size_t n;
};

/* "192.0.2.1", "2001:db8::1", also as "[2001:db8::1]" and with ":port" behind; false otherwise. */
bool cidr_address_parse(struct str text, struct cidr_address *out);
void cidr_address_text(const struct cidr_address *a, char out[CIDR_ADDRESS_TEXT]);

/* Who is counted as one: who has an IPv6 address has its whole /64. */
struct cidr_address cidr_household(const struct cidr_address *a);

/* A comma list of addresses and networks ("10.0.0.0/8, 2001:db8::/32"); empty gives no network.
 * ERR_CONFIG quotes the wrong entry. */
enum err cidr_list_parse(struct str text, struct cidr_list *out, struct error *e) MUST_CHECK;
void cidr_list_done(struct cidr_list *l);
bool cidr_list_has(const struct cidr_list *l, const struct cidr_address *a);

/* Lines of X-Forwarded-For that are looked at: every proxy of a chain may add one of its own. */
#define CIDR_HOP_LINES 8

/* Who sent the request: the peer, unless it is a trusted proxy; then the last address of the n lines
 * `forwarded` (of X-Forwarded-For, in their order) that is none, or the first if all are. What stands
 * before a text that is no address is not believed. */
struct cidr_address cidr_client(const struct cidr_address *peer, const struct str *forwarded,
                                size_t n, const struct cidr_list *trusted);

#endif

/*
 * Which IP addresses are out in the world. Pure.
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>

/* True for a unicast address of the public internet, IPv4 or IPv6 in text form (no brackets, no
 * scope). Private, loopback, link-local, shared (CGNAT), unique local, multicast, documentation and
 * reserved ranges are not (IANA's special-purpose registries, RFC 6890), nor is what cannot be read.
 * An IPv4 address inside an IPv6 one (mapped, NAT64) counts as what it is inside. */
bool address_public(const char *ip);

#endif

/*
 * Who sent webhooks that were not signed rightly, and how many within a minute (design.md 6.3): only
 * those answers turn from 401 to 429, a signed webhook is taken from anywhere. Pure: time is handed in.
 */
#ifndef INGEST_UNAUTHORIZED_H
#define INGEST_UNAUTHORIZED_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/cidr.h"

struct unauthorized;

/* A table of fixed size: 4096 addresses (IPv6: /64 networks), the oldest of four gives way. */
struct unauthorized *unauthorized_new(void) MUST_CHECK;
void unauthorized_free(struct unauthorized *u);
/* Counts one; true if it is over LIMIT_UNAUTHORIZED_PER_MINUTE in the minute that began with the
 * address's first. now_ms: any clock that does not jump back. */
bool unauthorized_is_over(struct unauthorized *u, const struct cidr_address *from, int64_t now_ms);

#endif

/*
 * What is left on the account's PBX (behaviour.md G17), and where it is topped up. The admin thread only.
 */
#ifndef INGEST_ADMIN_BALANCE_H
#define INGEST_ADMIN_BALANCE_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct balance;

struct balance *balance_new(const struct admin_parts *parts) MUST_CHECK;
void balance_free(struct balance *b); /* NULL is fine */
const struct api_route *balance_routes(struct balance *b, size_t *n);

#endif

/*
 * The account's employees as Megaplan tells them, extensions as MANGO does, and which may be whose. Both are read at once;
 * what one side does not tell is missing, or is the list before, with a warning that names it. The admin thread only.
 */
#ifndef INGEST_ADMIN_STAFF_H
#define INGEST_ADMIN_STAFF_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct staff;

struct staff *staff_new(const struct admin_parts *parts) MUST_CHECK;
void staff_free(struct staff *e); /* NULL is fine */
const struct api_route *staff_routes(struct staff *e, size_t *n);

#endif

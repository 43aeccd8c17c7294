/*
 * doctor's checks from the settings page (common/doctor/doctor.h). The admin thread only.
 */
#ifndef INGEST_ADMIN_CHECKS_H
#define INGEST_ADMIN_CHECKS_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct checks;

struct checks *checks_new(const struct admin_parts *parts) MUST_CHECK;
void checks_free(struct checks *k); /* NULL is fine */
const struct api_route *checks_routes(struct checks *k, size_t *n);

#endif

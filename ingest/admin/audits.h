/*
 * Who changed what in an account, from the topic `outcomes` (common/audit.h writes it). The admin thread only.
 *
 *   GET .../audit?limit=100&days=30 --> {"rows":[{"at","who","what","field","before","after"}],"more"} newest first
 *
 * `more`: there are older ones within those days, or what was written in them is too much to be read.
 */
#ifndef INGEST_ADMIN_AUDITS_H
#define INGEST_ADMIN_AUDITS_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct audits;

struct audits *audits_new(const struct admin_parts *parts) MUST_CHECK;
void audits_free(struct audits *a); /* NULL is fine */
const struct api_route *audits_routes(struct audits *a, size_t *n);

#endif

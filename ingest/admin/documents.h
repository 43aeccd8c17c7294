/*
 * The accounts' settings documents by the page's API: listed, shown without secrets, written, removed, and who changed
 * what. The admin thread only.
 *
 *   PUT, DELETE --> queue --one at a time--> refused: 412, 422
 *                                        --> settings: acknowledged --> audit --> read back here --> 200, 201, 204
 *
 * Writes are answered when Kafka has the document and its audit record and this process follows it, so that a GET
 * afterwards shows it. If-Match is compared with the newest document this process has read: of two administrators at
 * two ingests within those milliseconds the later one wins, and the audit tells both.
 */
#ifndef INGEST_ADMIN_DOCUMENTS_H
#define INGEST_ADMIN_DOCUMENTS_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct documents;

struct documents *documents_new(const struct admin_parts *parts) MUST_CHECK;
void documents_free(struct documents *d); /* NULL is fine */
const struct api_route *documents_routes(struct documents *d, size_t *n);

/* The account's document was read. */
void documents_changed(struct documents *d, const char *account);

#endif

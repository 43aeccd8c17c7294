/*
 * One call's story (`GET .../story`), read from the topics when it is asked for; also of a call that is not in
 * today's list. The admin thread only.
 */
#ifndef INGEST_ADMIN_EXPLAIN_H
#define INGEST_ADMIN_EXPLAIN_H

#include "ingest/admin/api.h"
#include "ingest/admin/calls.h"

struct explain;

struct explain *explain_new(const struct admin_parts *parts, const struct calls *calls);
void explain_free(struct explain *x); /* NULL is fine */
/* GET .../story?entry_id= */
void explain_get(struct explain *x, struct api_call *call);

#endif

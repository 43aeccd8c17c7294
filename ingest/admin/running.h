/*
 * What the page shows of the running system, as one part: today's calls, stories, dead letters, health, the event
 * stream. Follows events, outcomes, dead and facts, and gives them out. The admin thread only.
 *
 *   follow --events, outcomes--> calls --changed--> live <--known-- health <--facts-- follow
 *          --dead--------------> dead  --changed-->            explain <--scan-- Kafka
 */
#ifndef INGEST_ADMIN_RUNNING_H
#define INGEST_ADMIN_RUNNING_H

#include <stddef.h>

#include "ingest/admin/api.h"

struct running;

struct running *running_new(const struct admin_parts *parts);
void running_free(struct running *r); /* NULL is fine */
const struct api_route *running_routes(struct running *r, size_t *n);
/* Kafka has answered; blocks for two seconds at most. */
void running_found(struct running *r);
/* An account's settings have changed. */
void running_changed(struct running *r, const char *account);

#endif

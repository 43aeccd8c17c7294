/*
 * The dead letters by the page: `GET .../dead`, and `POST .../dead` sends them again. All of `dead` is followed
 * (running.h); sending again is an act, audited in `outcomes`. The admin thread only.
 */
#ifndef INGEST_ADMIN_DEAD_H
#define INGEST_ADMIN_DEAD_H

#include <stddef.h>

#include "common/kafka/client.h"
#include "ingest/admin/api.h"
#include "ingest/admin/calls.h"

struct dead;

struct dead_events {
    void (*changed)(void *arg, struct str account); /* its count; may come often */
    void *arg;
};

/* calls: is told of dead events. */
struct dead *dead_new(const struct admin_parts *parts, struct calls *calls,
                      const struct dead_events *events);
void dead_free(struct dead *d); /* after the producer has ended; NULL is fine */
/* GET .../dead?limit= and POST .../dead {"ids":["0/12"]} */
void dead_get(const struct dead *d, struct api_call *call);
void dead_post(struct dead *d, struct api_call *call);
/* A message of `dead`. */
void dead_take(struct dead *d, const struct kafka_message *m);
/* Letters that stand: of an account, or of all (STR_NONE). */
size_t dead_count(const struct dead *d, struct str account);

#endif

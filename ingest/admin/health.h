/*
 * How the system is (`GET /api/health`): Kafka, what the workers have not read yet, what is left of the accounts' hours,
 * dead letters, the last webhook, the spool. Kafka is asked at most every two seconds. The admin thread only.
 *
 *   wanted --> commits and ends --> the oldest unread messages (scan) --> answered, told
 *
 * Commits and ends are six questions, each of which blocks 0.7 s at most; after one that is not answered none is asked.
 */
#ifndef INGEST_ADMIN_HEALTH_H
#define INGEST_ADMIN_HEALTH_H

#include <stddef.h>

#include "common/kafka/client.h"
#include "ingest/admin/api.h"
#include "ingest/admin/calls.h"
#include "ingest/admin/dead.h"

struct health;
struct follow;

struct health_events {
    /* What was asked for is there, as JSON text. */
    void (*known)(void *arg, struct str json);
    void *arg;
};

struct health *health_new(const struct admin_parts *parts, const struct calls *calls,
                          const struct dead *dead, const struct health_events *events);
void health_free(struct health *h); /* NULL is fine */
/* GET /api/health */
void health_get(struct health *h, struct api_call *c);
/* Kafka is there. */
void health_ask(struct health *h, const struct follow *follow);
/* A message of `facts`: of the accounts' budgets the newest ones are kept. */
void health_take(struct health *h, const struct kafka_message *m);
/* Finds out anew; `known` follows, now or later. */
void health_refresh(struct health *h);

#endif

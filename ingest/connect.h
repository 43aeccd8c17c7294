/*
 * The first contact with Kafka, which blocks: on a thread of its own, again and again until Kafka
 * answers, so that the loop goes on answering (503) meanwhile. Outcomes are told on the loop's thread.
 */
#ifndef INGEST_CONNECT_H
#define INGEST_CONNECT_H

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct connect;

struct connect_events {
    void (*found)(void *arg, const struct kafka_layout *layout); /* once; the topics are there */
    void (*refused)(void *arg, const struct error *why);         /* once; ERR_CONFIG, we gave up */
};

/* config: the caller's, unchanged until connect_free. */
enum err connect_new(struct loop *l, const struct config *config,
                     const struct connect_events *events, void *arg, struct connect **out,
                     struct error *e) MUST_CHECK;
/* Ends the thread; takes as long as a try under way (2 s at most). NULL is fine. */
void connect_free(struct connect *c);

#endif

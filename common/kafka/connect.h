/*
 * A role's first contact with Kafka, which blocks: on a thread of its own, again and again until Kafka
 * answers, so that the loop goes on turning (health, signals, webhooks answered 503) meanwhile. Outcomes
 * are told on the loop's thread. Tools, which do not wait, call kafka_topics_ensure themselves.
 */
#ifndef COMMON_KAFKA_CONNECT_H
#define COMMON_KAFKA_CONNECT_H

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct connect;

struct connect_events {
    void (*found)(void *arg, const struct kafka_layout *layout); /* once; the topics are there */
    /* Once; waiting does not help: ERR_CONFIG, or ERR_TEMPORARY of a broker that forgot. */
    void (*refused)(void *arg, const struct error *why);
};

/* config: the caller's, unchanged until connect_free. */
enum err connect_new(struct loop *l, const struct config *config,
                     const struct connect_events *events, void *arg, struct connect **out,
                     struct error *e) MUST_CHECK;
/* Ends the thread; takes as long as a try under way (8 s, half of SHUTDOWN_TIMEOUT_S at most). NULL is fine. */
void connect_free(struct connect *c);

#endif

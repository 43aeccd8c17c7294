/*
 * Where accepted webhooks go: a port, with Kafka behind it, and a null twin for measuring all the
 * rest (tests/bench). On the loop's thread only.
 */
#ifndef INGEST_PUBLISH_H
#define INGEST_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/kafka/producer.h"
#include "common/str.h"
#include "ingest/meters.h"

struct publish_webhook {
    struct str account, kind;
    struct str key;      /* of `events` */
    struct str value;    /* the field `json`, byte for byte */
    int64_t received_ms; /* unix; 0: now */
};

enum publish_end {
    PUBLISH_STORED,  /* acknowledged by all replicas */
    PUBLISH_SPOOLED, /* on this machine's disk, for Kafka later */
    PUBLISH_MAYBE,   /* neither, but Kafka may have it */
    PUBLISH_FAILED,  /* neither */
    PUBLISH_REFUSED, /* Kafka will never take it: too large for its topic */
};

/* Never after publish's end; may come before send returns. */
typedef void publish_done(void *arg, enum publish_end end);

struct publish {
    void *self;
    /* Copies what it keeps; done is called once, if and only if it returns ERR_OK. ERR_TEMPORARY:
     * not taken now. */
    enum err (*send)(void *self, const struct publish_webhook *w, publish_done *done, void *arg,
                     struct error *e);
    /* Forgets what is under way: none of it goes out any more, but what has left already. Its outcomes come soon, as
     * PUBLISH_MAYBE. NULL: nothing can be under way. */
    void (*drop)(void *self);
};

/* Into `events` of Kafka, with the headers of common/event.h. What is not acknowledged is counted. */
struct publish_kafka;
struct publish_kafka *publish_kafka_new(struct producer *p, struct meters *m);
void publish_kafka_free(struct publish_kafka *k);
struct publish publish_kafka_port(struct publish_kafka *k);

/* Says at once that it is stored. */
struct publish publish_null_port(void);

#endif

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

struct publish_webhook {
    struct str account, kind;
    struct str key;   /* of `events` */
    struct str value; /* the field `json`, byte for byte */
};

/* stored: acknowledged by all replicas. maybe: not acknowledged, but may be stored. Never after
 * publish's end; may come before send returns. */
typedef void publish_done(void *arg, bool stored, bool maybe);

struct publish {
    void *self;
    /* Copies what it keeps; done is called once, if and only if it returns ERR_OK. ERR_TEMPORARY:
     * not taken now. */
    enum err (*send)(void *self, const struct publish_webhook *w, publish_done *done, void *arg,
                     struct error *e);
};

/* Into `events` of Kafka, with the headers of common/event.h. */
struct publish_kafka;
struct publish_kafka *publish_kafka_new(struct producer *p);
void publish_kafka_free(struct publish_kafka *k);
struct publish publish_kafka_port(struct publish_kafka *k);

/* Says at once that it is stored. */
struct publish publish_null_port(void);

#endif

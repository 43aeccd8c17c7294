/*
 * Idempotent producer, acks=all, with a delivery report for every record. Reports come through a file
 * descriptor into the loop; no thread of ours besides the loop's touches it.
 *
 * A record that Kafka does not acknowledge within its time ends as not delivered; `maybe` then says
 * that it may be in the log all the same. A fatal error of librdkafka 2.0.2 (after "possibly persisted") makes
 * the client anew inside; records in flight end with maybe = true.
 */
#ifndef COMMON_KAFKA_PRODUCER_H
#define COMMON_KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct producer;

struct producer_report {
    bool delivered;
    bool maybe; /* not delivered as far as we know, but may be in the log */
    int32_t partition;
    int64_t offset;  /* if delivered */
    const char *why; /* if not */
};

typedef void producer_done(void *arg, const struct producer_report *report);

struct producer_record {
    enum kafka_topic topic;
    int32_t partition;     /* explicit, see kafka_partition */
    struct str key, value; /* copied */
    bool tombstone;        /* null value */
    const struct kafka_header *headers;
    size_t nheaders;
    producer_done *done; /* may be NULL: only counted and logged if it fails */
    void *arg;
};

/* timeout_ms: how long a record may wait for Kafka (message.timeout.ms). */
enum err producer_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                      int64_t timeout_ms, struct producer **out, struct error *e) MUST_CHECK;
/* Flushes up to timeout_ms, reports what is left as not delivered, frees. */
void producer_free(struct producer *p, int64_t timeout_ms);
/* The partition design.md section 2 says for this topic and key. */
int32_t producer_partition(const struct producer *p, enum kafka_topic topic, struct str key);
/* Hands the record over; `done` is never called before this returns. ERR_TEMPORARY: queue full. */
enum err producer_send(struct producer *p, const struct producer_record *r,
                       struct error *e) MUST_CHECK;
/* Self-fence: drops queue and in flight (their reports come, maybe = true) and makes the client anew. */
void producer_purge(struct producer *p);
/* Records without a report yet. */
size_t producer_waiting(const struct producer *p);
/* Sends one record to a topic and waits for its report, so that the first real one is not 500 ms late
 * (kafka-and-http.md 2.3): warms the connections of the partitions' leaders. Does not block; true once warm. */
bool producer_is_warm(const struct producer *p);

#endif

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
    bool
        refused; /* not delivered, and never will be: the topic does not take records, or batches, like this */
    int32_t partition;
    int64_t offset;  /* if delivered */
    const char *why; /* if not */
};

typedef void producer_done(void *arg, const struct producer_report *report);

struct producer_record {
    enum kafka_topic topic;
    int32_t partition;     /* explicit, see producer_partition */
    struct str key, value; /* copied */
    bool tombstone;        /* null value */
    const struct kafka_header *headers;
    size_t nheaders;
    producer_done *done; /* may be NULL: only counted and logged if it fails */
    void *arg;
};

/* timeout_ms: how long a record may wait for Kafka. Then its report says not delivered, maybe = true, to the ms; the
 * record itself may still go out until librdkafka notices, which takes up to some seconds more. c must outlive
 * it. */
enum err producer_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                      int64_t timeout_ms, struct producer **out, struct error *e) MUST_CHECK;
/* Flushes up to timeout_ms, reports what is left as not delivered, frees. Not from a report. */
void producer_free(struct producer *p, int64_t timeout_ms);
/* For many records at once (ingest): while many requests are in flight, or one of the same partition, new
 * records are gathered by partition and handed on together, so that a request carries many of them (the
 * window is told in gather.h); a lone record goes out at once, one of jobs.now and facts before others. Off at first:
 * every record goes out at once. */
void producer_gather(struct producer *p, bool on);
/* The partition design.md section 2 says for this topic and key. */
int32_t producer_partition(const struct producer *p, enum kafka_topic topic, struct str key);
/* Hands the record over; `done` is called once, later, on the loop's thread, never before this returns, and
 * may send in its turn. ERR_TEMPORARY: queue full or no client; ERR_INPUT: over LIMIT_RECORD_BYTES. After an
 * error `done` is not called. */
enum err producer_send(struct producer *p, const struct producer_record *r,
                       struct error *e) MUST_CHECK;
/* Self-fence: drops queue and in flight (their reports come in the next turn, maybe = true) and makes the
 * client anew. */
void producer_purge(struct producer *p);
/* Records without a report yet. */
size_t producer_waiting(const struct producer *p);
/* The first call sends a tombstone with the key "_canary" to `settings` (readers skip keys that begin with '_');
 * true once Kafka has acknowledged one. Until then the first real record may be late by the time of connecting.
 * Call it again, about every second, until it is true. Does not block. */
bool producer_is_warm(struct producer *p);

#endif

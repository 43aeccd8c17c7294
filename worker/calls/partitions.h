/*
 * The partitions of `events` that this process owns, from their assignment to their end: what their streams
 * ask of the outside, and what the role asks of them all. On the loop's thread.
 */
#ifndef WORKER_CALLS_PARTITIONS_H
#define WORKER_CALLS_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/accounts.h"
#include "common/config.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/loop.h"
#include "worker/calls/counts.h"

struct partitions;

/* What they stand on; all borrowed, and outlives them. */
struct partitions_base {
    struct loop *loop;
    const struct config *config;
    const struct kafka_layout *layout;
    struct counts *counts;
    struct producer *producer;
    const struct accounts *accounts;
};

struct partitions *partitions_new(const struct partitions_base *base);
/* NULL is fine. After the consumer's end, which gives them up. */
void partitions_free(struct partitions *p);
/* The member of the group that brings them; `arg` of its events is p. Before the first assignment. */
void partitions_read_from(struct partitions *p, struct consumer *k);
extern const struct consumer_events partitions_events;

/* Each turn of the loop: commits what has become final, lets messages flow; begins anew if a record was not
 * delivered. */
void partitions_turn(struct partitions *p);
/* Some times a second: the wall clock closes calls, but only where there is certainly nothing left to read. */
void partitions_tick(struct partitions *p);
/* Once a second: lags and open calls into the metrics; memory of a backlog is given back. */
void partitions_gauges(struct partitions *p);
/* Self-fence: what this process believes may be nobody's truth any more. Drops all, purges the producer, joins
 * anew. reason: for the counter of rebalances. */
void partitions_begin_anew(struct partitions *p, const char *reason);
/* No message is run any more. */
void partitions_stop(struct partitions *p);

/* Silent folding is over everywhere. */
bool partitions_restored(const struct partitions *p);
/* Nothing is on its way to Kafka. */
bool partitions_acknowledged(const struct partitions *p);

#endif

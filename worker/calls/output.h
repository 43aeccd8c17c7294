/*
 * What a partition of `events` says: jobs, outcomes and dead letters as Kafka records, and how far they
 * are acknowledged. On the loop's thread; records go out through a port, so that tests need no Kafka.
 */
#ifndef WORKER_CALLS_OUTPUT_H
#define WORKER_CALLS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/kafka/producer.h"
#include "worker/calls/progress.h"
#include "worker/calls/rules.h"

struct output;

struct output_port {
    /* As producer_send and producer_partition. */
    enum err (*send)(void *arg, const struct producer_record *r, struct error *e);
    int32_t (*place)(void *arg, enum kafka_topic topic, struct str key);
    /* A record was not taken or not delivered: what was decided has to be decided anew. */
    void (*failed)(void *arg, enum kafka_topic topic, const char *why);
    void *arg;
    const char *topic_prefix; /* in front of topic names; NULL: none */
};

struct output *output_new(const struct output_port *port);
/* Reports of what is still in flight come to nobody. */
void output_free(struct output *o);

/* at: unix ms, now. topic: KAFKA_JOBS_NOW, KAFKA_JOBS or KAFKA_JOBS_BULK. */
void output_job(struct output *o, enum kafka_topic topic, const struct job *job);
void output_decision(struct output *o, int64_t at, const struct rule_call *c,
                     const struct rule_decision *d, const char *result);
/* An event that no rule uses: an outcome under the event's own key. */
void output_ignored(struct output *o, int64_t at, const struct kafka_message *m,
                    const char *reason);
/* The event itself with its reason, Kafka Connect's headers added. partitions: how many `dead` has. Of one
 * so large that with them it would be over LIMIT_RECORD_BYTES the beginning is kept, and the header
 * x-cut-from-bytes tells how long its value was. */
void output_dead(struct output *o, int64_t at, const struct kafka_message *m, int32_t partitions,
                 const struct error *e);

/* Everything before this point has been handed over. */
void output_reach(struct output *o, const struct progress_point *point);
/* The newest point that is acknowledged, once. */
bool output_take(struct output *o, struct progress_point *point);
size_t output_waiting(const struct output *o);

#endif

/*
 * All partitions that this process owns: given and taken away, restored, paused while too much is held,
 * measured; what their shards ask of the outside; the self-fence's drop. Knows nothing of how jobs are
 * carried out. On the loop's thread.
 */
#ifndef WORKER_CRM_OWNED_H
#define WORKER_CRM_OWNED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/accounts.h"
#include "common/config.h"
#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "common/loop.h"
#include "common/product_metrics.h"
#include "worker/crm/executor.h"

struct owned;

struct owned_base { /* all outlive it */
    struct loop *loop;
    const struct config *config;
    struct executor *executor;
    struct producer *producer;
    const struct kafka_layout *layout;
    const struct product_metrics *numbers;
};

/* The topics whose partitions are owned, each number of all of them by one process. */
extern const enum kafka_topic owned_topics[];
extern const size_t owned_ntopics;
extern const struct consumer_events owned_events; /* their arg is the owned */

struct owned *owned_new(const struct owned_base *base);
void owned_free(struct owned *o); /* NULL is fine */
/* Whose partitions they are, and whose settings count; NULL before the group is joined and after it is left. */
void owned_read_from(struct owned *o, struct consumer *k, struct accounts *a);

/* Of the executor's port: a message is finished; a partition's notes have to be committed; and now. */
void owned_finished(struct owned *o, enum kafka_topic topic, int32_t partition, int64_t offset);
void owned_note(struct owned *o, enum kafka_topic topic, int32_t partition);
void owned_send_notes(struct owned *o);
/* An account's settings changed: what they switch on is seen to, if its partition is ours. */
void owned_settings(struct owned *o, const char *account);
/* Joins anew if somebody else owns what we own, goes on with partitions that have room. Each turn of the loop. */
void owned_turn(struct owned *o);
/* Some times a second: ends a revocation that was held, asks the broker again for what it refused. */
void owned_tick(struct owned *o);
/* Each second: marks, ageing, lag, held work. */
void owned_measure(struct owned *o);
/* The self-fence: everything is dropped and purged, requests that run are left, the group is joined anew. */
void owned_fence(struct owned *o);
/* No more jobs are read and no request is begun; facts are read on, since what runs ends by them. */
void owned_stop(struct owned *o);
/* The group is left next, in order: what is taken away then waits for nothing. */
void owned_leave(struct owned *o);
/* Forgets all partitions and their work. */
void owned_drop(struct owned *o);
/* The facts of all partitions are read. */
bool owned_restored(const struct owned *o);

#endif

/*
 * Stands in front of a stream: decides when a message may touch our own code (worker/poison.h), by what
 * stands in the commit's metadata. Knows nothing of calls. On the loop's thread; the outside comes through
 * a port, so that tests need no Kafka.
 *
 *   BEGINNING --"run:" acknowledged--> OPEN: messages go through at once
 *                       |                ^
 *                       | after crashes  | got through
 *                       v                |
 *                     CAREFUL --name--> NAMING --acknowledged--> RUNNING --> CAREFUL or, with the next name
 *                       | ^                                                  ready, NAMING
 *                       | `-- TAKING_BACK: nothing to read, so nothing may be named
 *                       `---> BURYING: the dead letter is on its way
 *
 * Messages wait in here meanwhile. While one partition has something named, nothing of any other partition
 * runs in this process: the name tells what ended it.
 */
#ifndef WORKER_CALLS_GUARD_H
#define WORKER_CALLS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/kafka/consumer.h"
#include "worker/calls/stream.h"

struct guard;

/* Of a process: who has something named, and who wants to run next. NULL: nobody. */
struct guard_turn {
    const struct guard *holder, *next;
};

struct guard_port {
    struct stream_port stream;
    /* Sends the partition's commit at once; guard_committed comes with the answer, once. */
    void (*commit_now)(void *arg, int32_t partition);
    /* One past the partition's newest message, as far as it is known. */
    int64_t (*high)(void *arg, int32_t partition);
    struct guard_turn *turn;
    uint32_t who; /* this process: a random number */
    void *arg;
};

/* The partition as it was assigned; asks for its first commit. */
struct guard *guard_new(const struct guard_port *port, const struct consumer_partition *c);
void guard_free(struct guard *g);
/* Before guard_free, if the partition is given up in order. */
void guard_end(struct guard *g);
const struct stream *guard_stream(const struct guard *g);
void guard_message(struct guard *g, const struct kafka_message *m);
/* As stream_at_end. */
void guard_at_end(struct guard *g, int64_t now);
/* The broker's answer to commit_now. */
void guard_committed(struct guard *g, bool ok);
/* Each turn of the loop. stopping: no message is run any more. */
void guard_turn(struct guard *g, bool stopping);
/* Some times a second: what the broker refused is asked anew. */
void guard_tick(struct guard *g);
/* More messages are wanted. */
bool guard_wants(const struct guard *g);

#endif

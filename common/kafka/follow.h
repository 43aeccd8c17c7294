/*
 * Follows several topics without a group, each from a time on or from its beginning: what the settings page
 * shows of the running system. One client for all of them; on the loop's thread only.
 */
#ifndef COMMON_KAFKA_FOLLOW_H
#define COMMON_KAFKA_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct follow;

struct follow_topic {
    enum kafka_topic topic;
    int64_t from_ms; /* unix ms by the messages' own timestamps; 0: the beginning */
};

struct follow_options {
    const struct follow_topic *topics; /* borrowed for the call */
    size_t ntopics;
    /* In the order of each partition. Where Kafka cannot find a time (the devbroker) older messages come, too. */
    void (*message)(void *arg, const struct kafka_message *m);
    /* The end of every partition was reached. Once; may be NULL. */
    void (*caught_up)(void *arg);
    void *arg;
};

/* Blocks 2 s at most. c must outlive it. ERR_TEMPORARY: Kafka did not answer. */
enum err follow_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                    const struct follow_options *o, struct follow **out,
                    struct error *e) MUST_CHECK;
/* Not from a callback. NULL is fine. */
void follow_free(struct follow *f);
bool follow_caught_up(const struct follow *f);
/* Broker heard within 10 s. */
bool follow_connected(const struct follow *f);

#endif

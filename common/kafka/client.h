/*
 * What all Kafka clients of a process share: brokers, extra properties, topic names, the limits that
 * librdkafka 2.0.2 needs (kafka-and-http.md 2.2, B.4). librdkafka stays inside common/kafka/.
 */
#ifndef COMMON_KAFKA_CLIENT_H
#define COMMON_KAFKA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/err.h"
#include "common/str.h"

enum kafka_topic {
    KAFKA_EVENTS,
    KAFKA_JOBS_NOW,
    KAFKA_JOBS,
    KAFKA_JOBS_BULK,
    KAFKA_FACTS,
    KAFKA_OUTCOMES,
    KAFKA_SETTINGS,
    KAFKA_DEAD,
    KAFKA_TOPICS,
};

struct kafka_header {
    const char *name;
    struct str value;
};

/* A message read; everything borrowed for the callback. */
struct kafka_message {
    enum kafka_topic topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp; /* broker's or producer's, unix ms; -1 unknown */
    struct str key;    /* empty if none */
    struct str value;
    bool tombstone; /* the value is null */
    const struct kafka_header *headers;
    size_t nheaders;
};

/* Name without prefix: "jobs.now". */
const char *kafka_topic_name(enum kafka_topic t);
/* Name with the prefix of this installation: "mangoplan.jobs.now". The caller's (free()). */
char *kafka_topic_full(const struct config *c, enum kafka_topic t) MUST_CHECK;
/* Last header of that name, or STR_NONE. */
struct str kafka_header_get(const struct kafka_message *m, const char *name);

#endif

/*
 * Inside common/kafka/ only: records that wait until the producer's flight has landed. Owns copies.
 */
#ifndef COMMON_KAFKA_GATHER_H
#define COMMON_KAFKA_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "common/kafka/producer.h"

struct rd_kafka_headers_s;

struct gather_record {
    void *opaque; /* the producer's own */
    enum kafka_topic topic;
    int32_t partition;
    bool tombstone;
    struct str key, value;
    struct rd_kafka_headers_s *headers; /* owned; NULL if none, or handed on */
};

struct gather {
    struct gather_record *list;
    size_t n, room;
    char *bytes; /* keys and values, one behind the other */
    size_t used, bytes_room;
};

void gather_done(struct gather *g);
/* Appends a copy of key and value; takes over headers. */
void gather_add(struct gather *g, const struct gather_record *r);
/* Sorted by topic and partition, so that one partition's records follow each other, each in its order. */
void gather_sort(struct gather *g);
/* Empty again, memory kept. Headers left are freed. */
void gather_reset(struct gather *g);

#endif

/*
 * Inside common/kafka/ only: what we need of librdkafka's statistics. Pure.
 */
#ifndef COMMON_KAFKA_STATS_H
#define COMMON_KAFKA_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct stats_partition {
    struct str topic; /* full name */
    int32_t partition;
    int64_t high;     /* one past the last message as far as fetches told; -1 unknown */
    int64_t heard_us; /* CLOCK_MONOTONIC us when its leader last sent a byte; 0 never */
};

/* Reads one document of statistics (librdkafka STATISTICS.md). Calls fn for each partition that is being
 * fetched; names are borrowed. Returns when any broker was last heard (as above), 0 never, also if the text is none. */
int64_t stats_read(struct str json, void (*fn)(void *arg, const struct stats_partition *p),
                   void *arg);

#endif

/*
 * The partitioner of Kafka's Java client: murmur2 with its seed, sign bit cleared. Pure.
 */
#ifndef COMMON_MURMUR2_H
#define COMMON_MURMUR2_H

#include <stdint.h>

#include "common/str.h"

/* Same value as org.apache.kafka.common.utils.Utils.murmur2. */
uint32_t murmur2_hash(struct str key);
/* toPositive(murmur2(key)) % count; count > 0. */
int32_t murmur2_partition(struct str key, int32_t count);

#endif

/*
 * murmur2 as org.apache.kafka.common.utils.Utils has it. Pure; from any thread.
 */
#include "common/murmur2.h"

#include <stddef.h>

#define SEED 0x9747b28cu
#define M 0x5bd1e995u
#define R 24

static uint32_t byte_at(struct str s, size_t i)
{
    return (unsigned char)s.ptr[i];
}

/* Little-endian on any machine. */
static uint32_t word_at(struct str s, size_t i)
{
    return byte_at(s, i) | byte_at(s, i + 1) << 8 | byte_at(s, i + 2) << 16 |
           byte_at(s, i + 3) << 24;
}

static uint32_t mix_tail(uint32_t h, struct str key, size_t at)
{
    size_t left = key.len - at;

    if (left == 0)
        return h;
    for (size_t i = left; i-- > 0;)
        h ^= byte_at(key, at + i) << (8 * i);
    return h * M;
}

uint32_t murmur2_hash(struct str key)
{
    uint32_t h = SEED ^ (uint32_t)key.len;
    uint32_t k;
    size_t i;

    for (i = 0; i + 4 <= key.len; i += 4) {
        k = word_at(key, i) * M;
        k ^= k >> R;
        h = h * M ^ k * M;
    }
    h = mix_tail(h, key, i);
    h ^= h >> 13;
    h *= M;
    return h ^ h >> 15;
}

int32_t murmur2_partition(struct str key, int32_t count)
{
    return (int32_t)(murmur2_hash(key) & 0x7fffffff) % count;
}

/*
 * How far a consumer group has come: its committed offsets with their metadata, and the partitions' ends. Reads
 * only, and is no member of the group. On one thread; its questions block.
 */
#ifndef COMMON_KAFKA_LAG_H
#define COMMON_KAFKA_LAG_H

#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"

struct lag;

struct lag_group {
    const char *name; /* without prefix; also the worker's role */
    size_t ntopics;
    enum kafka_topic topics[3];
};

#define LAG_GROUPS 2
extern const struct lag_group lag_groups[LAG_GROUPS]; /* of the workers, and what they read */

#define LAG_NONE (-1001) /* no committed offset */

struct lag_place {
    enum kafka_topic topic;
    int32_t partition;
    int64_t committed; /* LAG_NONE if none */
    char *metadata;    /* of the commit, "" if none; terminated */
    int64_t low, high; /* first offset there is, one past the last */
};

/* group: without prefix, "calls". c must outlive it. */
enum err lag_open(const struct config *c, const struct kafka_layout *layout, const char *group,
                  const enum kafka_topic *topics, size_t ntopics, struct lag **out,
                  struct error *e) MUST_CHECK;
/* NULL is fine. */
void lag_close(struct lag *l);
/* All partitions of its topics; blocks up to timeout_ms for each of three questions. The list stands until the next
 * question. */
enum err lag_read(struct lag *l, int timeout_ms, const struct lag_place **list, size_t *n,
                  struct error *e) MUST_CHECK;

#endif

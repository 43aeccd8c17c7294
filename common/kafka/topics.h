/*
 * Makes the topics that are missing and checks the partition counts (design.md section 2, `_layout`).
 * Lists all topics first: asking the devbroker for a named one would create it. Blocking; at start only.
 */
#ifndef COMMON_KAFKA_TOPICS_H
#define COMMON_KAFKA_TOPICS_H

#include <stdbool.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"

struct kafka_layout {
    int32_t partitions[KAFKA_TOPICS]; /* by topic */
    bool devbroker;                   /* our in-memory broker, whose fetches are not woken */
    bool forgot;                      /* it has dropped settings: another try will not help */
};

/* Connects (waits up to timeout_ms for a broker, ERR_TEMPORARY then), creates what is missing with the
 * configured counts, replication, retention and compaction, waits until it is visible; never alters an existing
 * topic. Reads `_layout`, writes it at the very first start. ERR_CONFIG with the remedy if a real count
 * differs from it or jobs.now, jobs, jobs.bulk, facts differ from each other (exit 3). A broker whose
 * `settings` begins above offset 0 without being compacted by us has forgotten: ERR_TEMPORARY "the broker forgot" (exit 4)
 * only for the devbroker's way of trimming (low watermark above 0). */
enum err kafka_topics_ensure(const struct config *c, int64_t timeout_ms, struct kafka_layout *out,
                             struct error *e) MUST_CHECK;
/* The counts as they are now, 0 for a topic that is missing or has a partition without a leader. Changes nothing. Blocks up
 * to timeout_ms and a second; ERR_TEMPORARY: no broker answers. */
enum err kafka_topics_look(const struct config *c, int64_t timeout_ms, struct kafka_layout *out,
                           struct error *e) MUST_CHECK;
/* The counts with which the installation began (`_layout`), 0 where it says nothing: all of them at a first start. real: what
 * kafka_topics_look found, with the topic `settings`. Changes nothing; blocks up to timeout_ms and a second. */
enum err kafka_topics_first(const struct config *c, const struct kafka_layout *real,
                            int64_t timeout_ms, struct kafka_layout *out,
                            struct error *e) MUST_CHECK;

#endif

/*
 * A member of a consumer group on the loop: eager range assignor, dynamic member, session 10 s,
 * heartbeat 3 s, explicit commits with metadata, never automatic ones.
 *
 *   joining -> assigned(list) -> [role reads commits, says where each partition starts] -> messages
 *           -> revoked(list, lost) -> joining ...
 *
 * The role gets the assignment, calls consumer_start for each partition when it knows its offset
 * (at once or later), and messages flow. Everything of a revoked partition ends in `revoked`: before it returns,
 * commits for it are still accepted unless lost.
 */
#ifndef COMMON_KAFKA_CONSUMER_H
#define COMMON_KAFKA_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/loop.h"

#define CONSUMER_BEGINNING (-2)
#define CONSUMER_END (-1)
#define CONSUMER_NONE (-1001) /* no committed offset */

struct consumer;

struct consumer_partition {
    enum kafka_topic topic;
    int32_t partition;
    int64_t committed;    /* CONSUMER_NONE if none */
    const char *metadata; /* of the commit, "" if none; borrowed during the callback */
    int64_t low, high;    /* watermarks when assigned: first offset there is, one past the last */
};

struct consumer_events {
    /* New partitions (n may be 0), with their commits and watermarks (read with retries; until they are known this
     * call waits, not the loop). */
    void (*assigned)(void *arg, const struct consumer_partition *list, size_t n);
    /* They are taken away; no message of them comes any more (but see consumer_hold_revoke). lost: already somebody else's, or given up by
     * consumer_rejoin; nothing may be committed. Else commits made in here are sent, 1 s at most, before the partitions
     * are given up, and consumer_hold_revoke in here delays the giving up. Called only after `assigned`. */
    void (*revoked)(void *arg, const struct consumer_partition *list, size_t n, bool lost);
    void (*message)(void *arg, const struct kafka_message *m);
};

struct consumer_options {
    const char *group; /* without prefix: "calls" */
    const enum kafka_topic *topics;
    size_t ntopics;
    const struct consumer_events *events;
    void *arg;
    bool near; /* fetches 8 MiB ahead instead of 64: for who takes less than 8 MiB a second */
};

/* c must outlive it. */
enum err consumer_new(struct loop *l, const struct config *c,
                      const struct consumer_options *options, struct consumer **out,
                      struct error *e) MUST_CHECK;
/* Calls `revoked` (a hold is not heard any more), commits, leaves the group, closes. At most about timeout_ms. Not
 * from a callback. */
void consumer_free(struct consumer *k, int64_t timeout_ms);

/* In `revoked` (not lost): keep the partitions until consumer_release_revoke, 5 s at most, to let running
 * work end and commit it. The group waits meanwhile. Messages of the topic `kept` still come, if work needs them
 * for its end; KAFKA_TOPICS: of none. */
void consumer_hold_revoke(struct consumer *k, enum kafka_topic kept);
/* Sends the commits and gives the partitions up. Nothing if none are held. */
void consumer_release_revoke(struct consumer *k);

/* Begins delivery of an assigned partition at that offset (or CONSUMER_BEGINNING / _END); in `assigned` or
 * later. An offset that is not there any more is logged and becomes the beginning. Starting anew moves the
 * position. */
enum err consumer_start(struct consumer *k, enum kafka_topic t, int32_t partition, int64_t offset,
                        struct error *e) MUST_CHECK;
/* Stops and goes on with delivery without losing messages; own state, never resumes twice (librdkafka
 * 2.0.2 would rewind). What was fetched already comes again after a resume, in order, none twice, none missing. */
void consumer_pause(struct consumer *k, enum kafka_topic t, int32_t partition);
void consumer_resume(struct consumer *k, enum kafka_topic t, int32_t partition);
/* Next commit of that partition: offset = first message not done; metadata text under
 * LIMIT_COMMIT_METADATA (copied; NULL = ""). Gathered and sent asynchronously every 100 ms and before a revoke
 * or the end; the newest call wins. Ignored for a partition that is not
 * assigned. */
void consumer_commit(struct consumer *k, enum kafka_topic t, int32_t partition, int64_t offset,
                     const char *metadata);
/* Sends pending commits now; `done(arg, ok)` when the broker answered (may be NULL). */
void consumer_commit_now(struct consumer *k, void (*done)(void *arg, bool ok), void *arg);
/* True while librdkafka's statistics (every second) show our position at the partition's end and its
 * leader heard within the last 5 s (design.md section 3 "Time"). */
bool consumer_at_end(const struct consumer *k, enum kafka_topic t, int32_t partition);
/* How long ago its leader was heard, by the newest statistics, ms; negative: never. */
int64_t consumer_heard_ms(const struct consumer *k, enum kafka_topic t, int32_t partition);
/* Last known end of the partition (one past the newest message). */
int64_t consumer_high(const struct consumer *k, enum kafka_topic t, int32_t partition);
/* Self-fence or a stranger's mark: drops the assignment without committing (revoked with lost = true),
 * leaves the group, joins anew. */
void consumer_rejoin(struct consumer *k);
/* Joined its group (also with no partition). */
bool consumer_joined(const struct consumer *k);
/* A broker was heard within 10 s. */
bool consumer_connected(const struct consumer *k);
/* Number of assignments so far (kafka_rebalances_total). */
int64_t consumer_rebalances(const struct consumer *k);
/* Offsets that were not there any more, so far (a trimmed range). */
int64_t consumer_trimmed(const struct consumer *k);

#endif

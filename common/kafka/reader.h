/*
 * Inside common/kafka/ only: fetches partitions from explicit offsets, without a group.
 *
 * Each partition starts, pauses and ends on its own. Pausing is stopping and starting again at the position,
 * so librdkafka's own pause and seek, which rewind in 2.0.2, are not used; and whatever librdkafka hands over,
 * only the next offsets in rising order get through: nothing twice, nothing after a stop.
 */
#ifndef COMMON_KAFKA_READER_H
#define COMMON_KAFKA_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/loop.h"

struct reader;

#define READER_BEGINNING (-2)
#define READER_END (-1)
#define READER_UNKNOWN (-1001)

struct reader_events {
    void (*message)(void *arg, const struct kafka_message *m);
    /* The position is the partition's end (again and again); may be NULL. */
    void (*end)(void *arg, enum kafka_topic t, int32_t partition);
};

/* Messages of jobs.now are delivered before those of facts, those before all others, and jobs.bulk last, whatever was
 * fetched first; and after some ms the loop has its turn.
 *
 * How much is fetched ahead: of jobs.now, of facts, of jobs.bulk, and of the other topics' partitions together, for they
 * share a queue. librdkafka 2.0.2 rests a second when it is full, so it should take what is read in about a second. */
enum reader_ahead {
    READER_FAR,  /* 64 MiB */
    READER_NEAR, /* 8 MiB, in pieces of 1 MiB */
};

/* devbroker: its fetches are not woken by new messages, so they may wait 10 ms only. c must outlive it.
 * Waits 0.9 s at most for a broker. */
enum err reader_new(struct loop *l, const struct config *c, bool devbroker, enum reader_ahead ahead,
                    const struct reader_events *events, void *arg, struct reader **out,
                    struct error *e) MUST_CHECK;
/* Not from a callback. */
void reader_free(struct reader *r, int64_t timeout_ms);

/* Delivers from that offset on (or READER_BEGINNING, READER_END). An offset that is not there any more is
 * logged and becomes the beginning. Starting anew is fine. */
enum err reader_start(struct reader *r, enum kafka_topic t, int32_t partition, int64_t offset,
                      struct error *e) MUST_CHECK;
void reader_stop(struct reader *r, enum kafka_topic t, int32_t partition);
void reader_stop_all(struct reader *r, enum kafka_topic but); /* KAFKA_TOPICS: all of them */
void reader_pause(struct reader *r, enum kafka_topic t, int32_t partition);
void reader_resume(struct reader *r, enum kafka_topic t, int32_t partition);

/* The statistics say: at the end, leader heard within 5 s. */
bool reader_at_end(const struct reader *r, enum kafka_topic t, int32_t partition);
/* How long ago its leader was heard, by the newest statistics; negative: never. */
int64_t reader_heard_ms(const struct reader *r, enum kafka_topic t, int32_t partition);
/* Newest known end; READER_UNKNOWN before the first fetch or while stopped. */
int64_t reader_high(const struct reader *r, enum kafka_topic t, int32_t partition);
/* First and one past the last offset of n partitions; blocks timeout_ms at most. */
enum err reader_watermarks(struct reader *r, const enum kafka_topic *topics,
                           const int32_t *partitions, size_t n, int timeout_ms, bool high,
                           int64_t *out, struct error *e) MUST_CHECK;
/* The first offset of that time or later, unix ms by the messages' own timestamps; READER_END where there is none. The
 * devbroker does not know: READER_BEGINNING. Blocks timeout_ms at most. */
enum err reader_offsets_at(struct reader *r, const enum kafka_topic *topics,
                           const int32_t *partitions, size_t n, int timeout_ms, int64_t unix_ms,
                           int64_t *out, struct error *e) MUST_CHECK;
/* A broker was heard within 10 s. */
bool reader_connected(const struct reader *r);
/* Offsets that were not there any more, so far. */
int64_t reader_trimmed(const struct reader *r);

#endif

/*
 * Inside common/kafka/ only: records that wait their turn, one lane for each partition. Owns copies.
 *
 *   send -> lane is idle and the window open: at once
 *        -> else gathered; while the window is open the lane that has waited longest goes, as one batch
 *
 *   window:  open --8 requests in flight--> closed --2 left--> open
 *
 * What somebody waits for while a phone rings (jobs.now, and facts, by which intents are read back) has a line of its
 * own, which is first and knows no window: it waits for a request of its own partition only.
 *
 * librdkafka sends a request for each partition, and a broker answers those of a connection one after the
 * other. So it pays to have few requests in flight and to let each take along all that its partition has
 * gathered meanwhile; and to send several of them together, since every hand-over wakes threads. The two
 * that are left keep the broker busy until the next ones come (tests/bench/RESULTS.md).
 */
#ifndef COMMON_KAFKA_GATHER_H
#define COMMON_KAFKA_GATHER_H

#include <stdbool.h>
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

struct gather_batch { /* records of one partition, in their order */
    struct gather_record *list;
    size_t n, room;
    char *bytes; /* keys and values, one behind the other */
    size_t used, bytes_room;
};

struct gather_lane {
    struct gather_lane *next; /* in the line */
    int64_t since;            /* boot ms: when it got into the line */
    size_t flying;            /* records that librdkafka has not reported */
    struct gather_batch batch;
};

struct gather_line { /* of lanes that have gathered, oldest first */
    struct gather_lane *first, **last;
};

struct gather {
    struct kafka_layout layout;
    struct gather_lane *lanes[KAFKA_TOPICS];
    struct gather_line urgent, others;
    size_t requests; /* lanes with something in flight */
    bool closed;     /* the window */
};

void gather_init(struct gather *g, const struct kafka_layout *layout);
void gather_done(struct gather *g);
/* True if a record of that partition may go to librdkafka at once. */
bool gather_is_open(const struct gather *g, enum kafka_topic topic, int32_t partition);
/* Appends a copy of key and value; takes over headers. now: boot ms. */
void gather_add(struct gather *g, const struct gather_record *r, int64_t now);
/* A record of that partition was handed to librdkafka / was reported or not taken. */
void gather_went(struct gather *g, enum kafka_topic topic, int32_t partition);
void gather_landed(struct gather *g, enum kafka_topic topic, int32_t partition);
/* Takes the batch whose turn it is: while the window is open, of an idle lane; or of any lane that got into
 * the line at `before` or earlier (INT64_MIN: none). False if there is none. The caller's: gather_give_back. */
bool gather_next(struct gather *g, int64_t before, struct gather_batch *out);
/* Frees headers left in it; its memory is used again. */
void gather_give_back(struct gather *g, enum kafka_topic topic, int32_t partition,
                      struct gather_batch *batch);
/* When the one that has waited longest got into its line; INT64_MAX: nothing is gathered. */
int64_t gather_since(const struct gather *g);
/* Forgets all records and what is in flight. */
void gather_reset(struct gather *g);

#endif

/*
 * One partition of `events` in the hands of its owner (design.md section 3):
 *
 *   assigned -> stream_new -> messages: SILENT up to the sent mark, then LIVE -> revoked: stream_free
 *
 * Silent: folds from the committed offset and says nothing, since its predecessor did. Live: what is
 * decided goes out, and the mark follows what Kafka has acknowledged. On the loop's thread; the outside
 * comes through a port, so that tests need no Kafka.
 */
#ifndef WORKER_CALLS_STREAM_H
#define WORKER_CALLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/kafka/consumer.h"
#include "worker/calls/book.h"
#include "worker/calls/counts.h"
#include "worker/calls/output.h"
#include "worker/poison.h"

struct stream;

struct stream_port {
    struct output_port output;
    struct counts *counts;
    int32_t dead_partitions;
    struct book_times times;
    int64_t (*now)(void *arg); /* wall clock, unix ms */
    const struct settings *(*settings)(void *arg, struct str account);
    const struct tz *(*tz)(void *arg, const struct settings *s);
    /* As consumer_commit; and whether messages of the partition are wanted. */
    void (*commit)(void *arg, int32_t partition, int64_t offset, const char *metadata);
    void (*flow)(void *arg, int32_t partition, bool on);
    void *arg; /* of all of these */
};

/* The partition as it was assigned, with its commit. */
struct stream *stream_new(const struct stream_port *port, const struct consumer_partition *c);
void stream_free(struct stream *s);
/* The offset to begin at. */
int64_t stream_start(const struct stream *s);
void stream_message(struct stream *s, const struct kafka_message *m);
/* The position is at the partition's end, and the wall clock says it is now (unix ms): timers fire. */
void stream_at_end(struct stream *s, int64_t now);
/* One timer at a time: the first offset of the call whose timer fires next before m is read (NULL: at the
 * partition's end, the wall clock says it is now), -1 if none is left; and its firing. */
int64_t stream_due(const struct stream *s, const struct kafka_message *m, int64_t now);
void stream_fire(struct stream *s, const struct kafka_message *m, int64_t now);
/* Careful: the timers that end the silence fire with the next message or at the end, where they are named. */
void stream_careful(struct stream *s, bool on);
/* Instead of stream_message, none of its words being read: the message goes to `dead`, silent or not, as
 * one that ended the process; or it has gone there before. */
void stream_bury(struct stream *s, const struct kafka_message *m);
void stream_pass(struct stream *s, const struct kafka_message *m);
/* The part of the metadata that is the caller's, and the commit of it all as it stands. */
struct poison_notes *stream_notes(struct stream *s);
void stream_commit(struct stream *s);
/* Commits what has become final, lets messages flow again. Each turn of the loop. */
void stream_turn(struct stream *s);
/* Silent folding is over. */
bool stream_restored(const struct stream *s);
/* Too many records wait for their acknowledgement: no messages are wanted. */
bool stream_paused(const struct stream *s);
/* Records not acknowledged yet. */
size_t stream_waiting(const struct stream *s);
const struct book *stream_book(const struct stream *s);
/* The next offset to be read; received-at of the newest message read, unix ms (0 none). */
int64_t stream_position(const struct stream *s);
int64_t stream_received(const struct stream *s);

#endif

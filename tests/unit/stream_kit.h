/*
 * The world around a partition of `events` for the tests of worker/calls' output, stream and guard: the
 * records that went out and their acknowledgements, commits, flow, clock, settings. All in memory and moved
 * on by the test, nothing happens by itself. Knows nothing of what the rules decide. One thread.
 */
#ifndef TESTS_UNIT_STREAM_KIT_H
#define TESTS_UNIT_STREAM_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/text.h"
#include "tests/unit/calls_kit.h"
#include "worker/calls/stream.h"

#define STREAM_KIT_PARTITIONS 4
/* More records without stream_kit_forget fail the test. */
#define STREAM_KIT_RECORDS 5000
/* The partition of stream_kit_begin. */
#define STREAM_KIT_PARTITION 3

struct stream_kit_record {
    enum kafka_topic topic;
    int32_t partition;
    char *key, *value, *headers; /* headers: "name=value;" of each, in their order */
    size_t nheaders;
    int64_t at; /* when it was sent, unix ms */
    producer_done *done;
    void *arg;
};

struct stream_kit_part {
    bool assigned; /* else a commit or a word about its flow fails the test */
    /* The newest commit, how many there were. */
    int64_t offset;
    char text[LIMIT_COMMIT_METADATA];
    size_t commits;
    int paused;   /* 1: no messages are wanted */
    size_t flows; /* how often something was said about that */
};

/* What a test sees and sets. Zeroed, but for the clock, which begins at KIT_MS(100). */
struct stream_kit {
    struct stream_kit_record *sent;
    size_t n;
    struct stream_kit_part parts[STREAM_KIT_PARTITIONS];
    int64_t now; /* wall clock, unix ms */
    /* Of the account acme, of kill as well, of no other; NULL until the first port is made: kit_settings. */
    struct settings *settings;
    struct metrics *registry;
    /* Nothing comes out any more: records are refused, commits are lost. Asking for the settings of the
     * account kill sets it: deciding about a call of that account ends the process. */
    bool cut;
    bool may_fail; /* else a record that fails, not being cut, fails the test */
    int failures;
};
extern struct stream_kit stream_kit;

/* A record goes to the partition that is its key's length. */
struct output_port stream_kit_output(void);
/* No time zone, two partitions of dead letters. Notes that the partition is assigned. */
struct stream_port stream_kit_port(int32_t partition);
/* stream_free. Of a log from low to before high. */
struct stream *stream_kit_begin(int64_t committed, const char *metadata, int64_t low, int64_t high);

/* The report of record i comes, once: delivered, or "timed out". */
void stream_kit_ack(size_t i, bool delivered);
/* All that have none yet are delivered, the oldest first. */
void stream_kit_ack_all(void);
/* The records are gone, with what has not been reported of them. */
void stream_kit_forget(void);
/* All that the kit holds, the settings too. Only for tests that begin anew in one process. */
void stream_kit_free(void);

/* A message of `events` in short. */
struct stream_kit_event {
    int32_t partition;
    int64_t offset;
    const char *kind; /* "": no headers at all */
    const char *key, *json;
    const char *origin;  /* NULL: no such header */
    int64_t received_at; /* unix ms */
    /* Filled in by stream_kit_message. */
    char at[TEXT_TIME_SIZE];
    struct kafka_header headers[3];
};
/* Borrows from e. */
struct kafka_message stream_kit_message(struct stream_kit_event *e);
/* Live, received `second` seconds after KIT_T0; and of any moment (unix ms) and origin. */
void stream_kit_feed(struct stream *s, int64_t offset, const char *kind, const char *key,
                     const char *json, int64_t second);
void stream_kit_feed_at(struct stream *s, int64_t offset, const char *kind, const char *key,
                        const char *json, int64_t received_at, const char *origin);

/* A call e1 that is answered 5 s after KIT_T0 and ends after 60 s. */
#define CONNECTED                                                                 \
    "{\"entry_id\":\"e1\",\"call_id\":\"c1\",\"seq\":2,\"timestamp\":1399906981," \
    "\"call_state\":\"Connected\",\"location\":\"abonent\",\"from\":{\"number\":" \
    "\"79991231212\"},\"to\":{\"extension\":\"101\",\"line_number\":\"78001234567\"}}"
#define ENDED                                                                                 \
    "{\"entry_id\":\"e1\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"},\"to\":" \
    "{\"extension\":\"101\",\"number\":\"sip:x\"},\"line_number\":\"78001234567\","           \
    "\"create_time\":1399906976,\"talk_time\":1399906981,\"end_time\":1399907036}"

#endif

/*
 * Inside common/kafka/ only: one librdkafka client and how it reports into the loop.
 *
 * librdkafka's threads write to an eventfd when one of the handle's queues gets its first entry; the
 * loop then calls `ready`, which drains them. Log lines of librdkafka go to common/log from its threads;
 * nothing else of ours runs there.
 */
#ifndef COMMON_KAFKA_HANDLE_H
#define COMMON_KAFKA_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/loop.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_headers_s;

/* A property that we set ourselves. */
struct handle_property {
    const char *name, *value;
};

/* A configuration with the brokers, our defaults for librdkafka 2.0.2, `own` (n entries) and then
 * KAFKA_PROPERTIES, which wins: props.h refuses what may not be changed. log_cb is set, callbacks are the caller's.
 * ERR_CONFIG names the property. *out is the caller's. */
enum err handle_conf(const struct config *c, const struct handle_property *own, size_t n,
                     struct rd_kafka_conf_s **out, struct error *e) MUST_CHECK;
/* Makes the client; eats conf, also when it fails. ERR_CONFIG with librdkafka's text. */
enum err handle_new(bool consumer, struct rd_kafka_conf_s *conf, struct rd_kafka_s **out,
                    struct error *e) MUST_CHECK;
/* Opens all topics. In librdkafka 2.0.2 producing by a topic's name asks for no leader: the first message to
 * each topic waits for the next scan, up to 1 s. Opened topics ask at once: measured, the first record of
 * each topic takes 0.1 to 0.4 ms then, as the later ones do; only connecting is left (under 1 ms here). */
void handle_topics_open(struct rd_kafka_s *rk, const struct config *c,
                        struct rd_kafka_topic_s *topics[KAFKA_TOPICS]);
/* Waits until the leaders of the opened topics are known, timeout_ms at most. Fetching that begins before
 * waits 500 ms for its next try. */
void handle_wait_topics(struct rd_kafka_s *rk, int timeout_ms);
void handle_topics_close(struct rd_kafka_topic_s *topics[KAFKA_TOPICS]);
/* The topic of a librdkafka topic name, or KAFKA_TOPICS. */
enum kafka_topic handle_topic_of(const struct config *c, const char *name);
/* What goes into a topic; key and value are copied. */
struct handle_record {
    struct rd_kafka_topic_s *topic;
    int32_t partition;
    struct str key, value;
    bool tombstone;
    struct rd_kafka_headers_s *headers; /* taken over unless it fails; may be NULL */
    void *opaque;                       /* of the delivery report */
};
/* 0 or librdkafka's error (rd_kafka_resp_err_t). */
int handle_produce(struct rd_kafka_s *rk, const struct handle_record *r);
/* Ends the client on a thread of its own, since rd_kafka_destroy may wait for name resolution. Waits for
 * that timeout_ms (0 = not at all). No queue may report to a file descriptor any more. */
void handle_destroy(struct rd_kafka_s *rk, int64_t timeout_ms);
/* Our in-memory broker (its fetches are not woken by new messages), as far as is known now. */
bool handle_is_devbroker(struct rd_kafka_s *rk);

/* Up to HANDLE_PUMP_QUEUES queues that wake the loop through one file descriptor. Zeroed before pump_open. */
#define HANDLE_PUMP_QUEUES 5
struct handle_pump {
    struct loop *loop;
    int fd; /* -1 closed */
    struct rd_kafka_queue_s *queues[HANDLE_PUMP_QUEUES];
    void (*ready)(void *arg);
    void *arg;
};
/* Takes the queues over (they are destroyed in close; the second may be NULL). */
enum err handle_pump_open(struct handle_pump *p, struct loop *l, struct rd_kafka_queue_s *first,
                          struct rd_kafka_queue_s *second, void (*ready)(void *arg), void *arg,
                          struct error *e) MUST_CHECK;
/* One more queue, which is taken over; at most HANDLE_PUMP_QUEUES in all. */
void handle_pump_add(struct handle_pump *p, struct rd_kafka_queue_s *queue);
void handle_pump_close(struct handle_pump *p);
/* Calls `ready` again in the next turn: more may be left than was drained. */
void handle_pump_again(struct handle_pump *p);

#endif

/*
 * Inside common/kafka/ only: what a member of a group still has to commit, and the sending of it.
 * One request at a time; of a partition's commits that wait the newest wins.
 */
#ifndef COMMON_KAFKA_COMMITS_H
#define COMMON_KAFKA_COMMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/kafka/client.h"
#include "common/loop.h"

struct commits;
struct rd_kafka_s;
struct rd_kafka_queue_s;

/* replies: where librdkafka reports; the caller serves it by commits_serve and keeps it. c must outlive it. */
struct commits *commits_new(struct loop *l, const struct config *c, struct rd_kafka_s *rk,
                            struct rd_kafka_queue_s *replies);
/* After the last commits_serve: the queue is gone then. */
void commits_free(struct commits *x);
/* metadata is copied; cut at LIMIT_COMMIT_METADATA never: a longer one is not committed (logged). */
void commits_set(struct commits *x, enum kafka_topic t, int32_t partition, int64_t offset,
                 const char *metadata);
/* Sends what waits; done after the broker answered for all of it, false if it refused. */
void commits_now(struct commits *x, void (*done)(void *arg, bool ok), void *arg);
/* Sends all and waits for the answer, timeout_ms at most; no second try. (The devbroker refuses commits while
 * its group rebalances; Apache Kafka takes them.) */
void commits_flush(struct commits *x, int64_t timeout_ms);
/* Forgets what was not sent, and the answers to what was; waiting `done`s get false. */
void commits_drop(struct commits *x);
/* Calls back for answers that are there. */
void commits_serve(struct commits *x, int timeout_ms);

#endif

/*
 * One partition number that this worker owns: jobs.now, jobs, jobs.bulk and facts of the same number
 * (design.md section 3 "Mark"). Made on assignment, dropped on revocation, fence or a stranger's mark.
 *
 *   MARKING: our mark is on its way, facts are read from their beginning; so are the notes on poison of its
 *      |     job partitions (worker/poison.h): `run:` in each commit, before the first message is taken
 *      | own mark read, notes acknowledged
 *      v
 *   WORKING: the job partitions are read from their commits; facts are read on, for ever
 *      | a stranger's mark read: somebody else owns it, or a late mark of a past assignment
 *      v
 *   STOPPED: all work is dropped; the role leaves the group and joins anew
 */
#ifndef WORKER_CRM_SHARD_H
#define WORKER_CRM_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/kafka/consumer.h"
#include "common/kafka/producer.h"
#include "worker/crm/executor.h"

struct shard;

struct shard_port { /* what it asks of the outside */
    void *arg;
    int64_t (*boot)(void *arg);
    int64_t (*wall)(void *arg);
    enum err (*produce)(void *arg, const struct producer_record *r, struct error *e);
    enum err (*start)(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                      struct error *e);
    void (*commit)(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                   const char *metadata);
    uint32_t who; /* this process: a random number */
};

/* mark: 32 hex, drawn anew for each assignment. port and x outlive it. */
struct shard *shard_new(const struct shard_port *port, struct executor *x, int32_t partition,
                        const char *mark);
void shard_free(struct shard *s); /* drops all its work; NULL is fine */
/* One of its four topic partitions was assigned; jobs are read when all is restored. */
void shard_assigned(struct shard *s, const struct consumer_partition *p);
/* All of the assignment is there: the mark goes out and facts are read. Commits its notes; the caller sends
 * them at once and says when the broker has them (shard_noted). */
void shard_begin(struct shard *s);
void shard_noted(struct shard *s);
/* The partition is given up in order, before shard_free: commits notes that say so. */
void shard_end(struct shard *s);
/* Commits what a job partition's notes say now (port of the executor). */
void shard_note(struct shard *s, enum kafka_topic topic);
void shard_message(struct shard *s, const struct kafka_message *m);
/* A message of a job topic is finished (port of the executor). */
void shard_finished(struct shard *s, enum kafka_topic topic, int64_t offset);
/* About every second: a mark that was not delivered goes out again, old facts are deleted, slowly. */
void shard_tick(struct shard *s);

bool shard_restored(const struct shard *s);
bool shard_stopped(const struct shard *s); /* by a stranger's mark, or it cannot be read */
struct owner *shard_owner(struct shard *s);
/* How long restoring took, ms; 0 = not restored yet. */
int64_t shard_restore_ms(const struct shard *s);
/* Next offset of a topic to be read, for the lag; -1 unknown. received: of the newest message, unix ms. */
int64_t shard_position(const struct shard *s, enum kafka_topic topic, int64_t *received);

#endif

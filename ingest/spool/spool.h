/*
 * Keeps webhooks on this machine's disk while Kafka does not acknowledge them, and brings them to Kafka, in
 * their order, when it does again (design.md section 3). A port like Kafka's (ingest/publish.h), to which it goes on.
 * On the loop's thread only, but for the numbers; the disk's work is done by a thread of its own (clerk.h).
 */
#ifndef INGEST_SPOOL_SPOOL_H
#define INGEST_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "ingest/publish.h"

struct spool;

struct spool_options {
    struct loop *loop;
    const char *path; /* INGEST_SPOOL, not empty */
    int64_t ack_ms;   /* KAFKA_ACK_TIMEOUT_MS: then a webhook goes to the file */
    /* The file was found damaged and begun anew, or the disk did not take all: settings have to be kept again. */
    void (*settings_wanted)(void *arg);
    void *arg;
};

/* ERR_CONFIG names INGEST_SPOOL. Webhooks go to the file until spool_publish_to. Before threads start. */
enum err spool_new(const struct spool_options *o, struct spool **out, struct error *e) MUST_CHECK;
/* After Kafka's port has reported everything. Stores what waits. NULL is fine. */
void spool_free(struct spool *s);

/* Where webhooks are handed to: each is PUBLISH_STORED, PUBLISH_SPOOLED or, when the disk does not take it,
 * PUBLISH_FAILED. */
struct publish spool_port(struct spool *s);
/* Kafka is there. The port must not give up by itself sooner than some minutes. Once. */
void spool_publish_to(struct spool *s, struct publish kafka);
/* False: Kafka does not acknowledge, or is not there yet. */
bool spool_is_kafka_well(const struct spool *s);

/* The settings that were kept last, as they stand in the topic. Before the loop runs. */
enum err spool_each_settings(struct spool *s,
                             void (*fn)(void *arg, struct str account, struct str document),
                             void *arg, struct error *e) MUST_CHECK;
/* Keeps a document; STR_NONE: the account is removed. Written soon. */
void spool_keep_settings(struct spool *s, struct str account, struct str document);
/* Around keeping all: what is not kept between the two is forgotten. */
void spool_settings_begin(struct spool *s);
void spool_settings_end(struct spool *s);

/* Any thread. Webhooks in the file; the oldest one's receipt, unix ms, 0 = none; whether the disk took the last one. */
int64_t spool_messages(const struct spool *s);
int64_t spool_oldest_ms(const struct spool *s);
bool spool_is_writable(const struct spool *s);

#endif

/*
 * Follows a whole topic from its beginning without a group: `settings` in every process, any topic in
 * the tools. Reports each message in the partition's order and when the state at the start was read.
 */
#ifndef COMMON_KAFKA_TABLE_H
#define COMMON_KAFKA_TABLE_H

#include <stdbool.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct table;

struct table_events {
    void (*message)(void *arg, const struct kafka_message *m);
    /* Everything that was there at the start has been reported. Once. May be NULL. */
    void (*restored)(void *arg);
};

/* c must outlive it. */
enum err table_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                   enum kafka_topic topic, const struct table_events *events, void *arg,
                   struct table **out, struct error *e) MUST_CHECK;
/* Not from a callback. */
void table_free(struct table *t);
bool table_restored(const struct table *t);
/* Broker heard within 10 s. */
bool table_connected(const struct table *t);

#endif

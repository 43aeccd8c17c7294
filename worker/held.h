/*
 * Messages that wait for their turn, copied, first come first out. Knows nothing of what they say.
 */
#ifndef WORKER_HELD_H
#define WORKER_HELD_H

#include <stddef.h>

#include "common/kafka/client.h"

struct held;

struct held *held_new(void);
void held_free(struct held *h);
void held_push(struct held *h, const struct kafka_message *m);
/* The first and the last one, NULL without any; held_pop drops the first. */
const struct kafka_message *held_first(const struct held *h);
const struct kafka_message *held_last(const struct held *h);
void held_pop(struct held *h);
size_t held_count(const struct held *h);
size_t held_bytes(const struct held *h);

#endif

/*
 * A dead letter with all that it holds (`worker dead show`). Pure.
 */
#ifndef COMMON_DEAD_SHOW_H
#define COMMON_DEAD_SHOW_H

#include <stdbool.h>

#include "common/jval.h"
#include "common/kafka/client.h"
#include "common/str.h"

/* The row of the contract (design.md 6.1) of a letter, then "headers" (an object), "key" and "value" (texts; the value as it
 * is, or null for a tombstone). show: numbers in full; else masked, in the key and inside the value, too. NULL: m is a
 * note. prefix: TOPIC_PREFIX. */
struct jval *dead_show(const struct kafka_message *m, struct str prefix, bool show) MUST_CHECK;

#endif

/*
 * One call's story (B8): rows by time from the messages of `events`, `outcomes` and `dead`, and a summary. Fed with all
 * messages of the partitions in which the call lies, it takes its own. Pure.
 *
 * A row (design.md 6.1): "at" of an event is its arrival, so that what it caused stands behind it; what MANGO
 * says of the time is in its details. "what": an event's state or kind, the result of a decision or outcome, the
 * operation of a request.
 */
#ifndef COMMON_STORY_STORY_H
#define COMMON_STORY_STORY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/forgotten.h"
#include "common/jval.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/str.h"

struct story;

/* Where a call's messages lie: its events, its outcomes, the letters of its events, and those of its jobs. Each place once.
 */
#define STORY_PLACES 4

struct story_place {
    enum kafka_topic topic;
    int32_t partition;
};

size_t story_places(const struct kafka_layout *layout, struct str account, struct str entry,
                    struct story_place out[STORY_PLACES]);

/* prefix: TOPIC_PREFIX. show: numbers in full. All copied. */
struct story *story_new(struct str account, struct str entry, struct str prefix,
                        bool show) MUST_CHECK;
void story_free(struct story *s); /* NULL is fine */
/* What an event row's details have as "state" (the story's own, NULL: nothing): asked for each message of `events` of the
 * call, in the order they are fed. */
void story_states(struct story *s, struct jval *(*state)(void *arg, const struct kafka_message *m),
                  void *arg);
void story_take(struct story *s, const struct kafka_message *m);
/* No message of this call was among them. */
bool story_empty(const struct story *s);
/* One of its numbers was forgotten after it took place. */
bool story_forgotten(const struct story *s, const struct forgotten *f);
/* There were over LIMIT_STORY_ROWS: later ones are missing. */
bool story_cut(const struct story *s);
/* An array by time; the caller's. Once. */
struct jval *story_rows(struct story *s) MUST_CHECK;
struct jval *story_summary(struct story *s) MUST_CHECK;

#endif

/*
 * One message as one row of a story (story.h). Pure.
 */
#ifndef COMMON_STORY_ROW_H
#define COMMON_STORY_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/dead/letter.h"
#include "common/jval.h"
#include "common/kafka/client.h"

struct story_row {
    int64_t at;         /* unix ms */
    struct jval *value; /* the caller's; NULL: nothing to show */
};

/* show: numbers in full. What cannot be read has a row all the same. state: for its details, taken over; NULL: none. */
struct story_row story_row_event(const struct kafka_message *m, bool show,
                                 struct jval *state) MUST_CHECK;
/* Value NULL if it cannot be read. */
struct story_row story_row_outcome(const struct kafka_message *m, bool show) MUST_CHECK;
struct story_row story_row_letter(const struct dead_letter *l, bool show) MUST_CHECK;
/* The note that a letter was sent again; job: its job's id, or STR_NONE. */
struct story_row story_row_note(const struct kafka_message *m, struct str job) MUST_CHECK;

#endif

/*
 * The dead letters that stand: fed with all of `dead`, letters and notes, it keeps those without a note. Pure.
 */
#ifndef COMMON_DEAD_SHELF_H
#define COMMON_DEAD_SHELF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/dead/letter.h"

struct dead_shelf;

/* prefix: TOPIC_PREFIX, copied. max: letters kept; the oldest are forgotten beyond it. */
struct dead_shelf *dead_shelf_new(struct str prefix, size_t max) MUST_CHECK;
void dead_shelf_free(struct dead_shelf *s); /* NULL is fine */

/* In the order of each partition. The letter or note's letter, or NULL: nothing has changed (a letter twice, a note of a
 * letter that is not there). A noted letter lives until the next call. */
const struct dead_letter *dead_shelf_take(struct dead_shelf *s, const struct kafka_message *m,
                                          enum dead_message *what);
/* The same without waiting for the note: it was sent again here. The letter, or NULL; lives until the next call. */
const struct dead_letter *dead_shelf_noted(struct dead_shelf *s, struct dead_id id);
const struct dead_letter *dead_shelf_find(const struct dead_shelf *s, struct dead_id id);
size_t dead_shelf_count(const struct dead_shelf *s);
/* Older ones were forgotten. */
bool dead_shelf_forgot(const struct dead_shelf *s);
/* Newest first, until fn says false. */
void dead_shelf_each(const struct dead_shelf *s, bool (*fn)(void *arg, const struct dead_letter *l),
                     void *arg);

/* Who sends one again claims it first, so that nobody else of this process does; released when that failed. False: it is
 * not there, or claimed. */
bool dead_shelf_claim(struct dead_shelf *s, struct dead_id id);
void dead_shelf_release(struct dead_shelf *s, struct dead_id id);

#endif

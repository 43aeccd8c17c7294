/*
 * The calls of the last 24 hours of all accounts, in a line each: fed with `events` and `outcomes` as they come
 * (running.h), at most LIMIT_CALLS_LISTED, the oldest go first. Serves `GET .../calls`. The admin thread only.
 */
#ifndef INGEST_ADMIN_CALLS_H
#define INGEST_ADMIN_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "common/kafka/client.h"
#include "common/story/brief.h"
#include "ingest/admin/api.h"

struct calls;

#define CALLS_DAY_MS INT64_C(86400000)

struct calls_events {
    /* It looks different now; gathered over a fifth of a second, not before calls_caught_up. */
    void (*changed)(void *arg, struct str account, const struct story_brief *b);
    void *arg;
};

struct calls *calls_new(const struct admin_parts *parts, const struct calls_events *events);
void calls_free(struct calls *c); /* NULL is fine */

/* GET .../calls?limit=&before= (a call's `at`). */
void calls_get(const struct calls *c, struct api_call *call);

/* A message of events or outcomes. */
void calls_take(struct calls *c, const struct kafka_message *m);
/* An event of that call became a dead letter (1) at that time (unix ms), or was sent again (-1). It may be heard of before the
 * call itself: topics come in any order. */
void calls_dead(struct calls *c, struct str account, struct str entry, int64_t at, int more);
/* From now on changes are told. */
void calls_caught_up(struct calls *c);

/* The row of the API: with the account and the employee's name. */
struct jval *calls_row(const struct calls *c, struct str account, const struct story_brief *b,
                       bool show) MUST_CHECK;
/* Where its first message of that topic lies; SCAN_BEGINNING if it is not known. */
int64_t calls_first_offset(const struct calls *c, struct str account, struct str entry,
                           enum kafka_topic topic);
/* When the newest webhook came, unix ms; 0: none that is known. */
int64_t calls_last_webhook(const struct calls *c);

/* Extensions that are neither an employee's nor a group's in the account's settings, of the last day's calls: with the
 * number of calls and the newest one's time (unix ms), in no order. Test calls do not count. */
void calls_unmapped(const struct calls *c, struct str account,
                    void (*fn)(void *arg, struct str extension, int64_t calls, int64_t last_at),
                    void *arg);

#endif

/*
 * Where a number left its traces: fed with the messages of all topics, twice, it tells which calls were its own, what there
 * is of them in each topic, which facts and dead letters stand, and what of it all is not over yet. Pure.
 *
 *   traces_find (every message: which calls) --> traces_count (every message again: what there is) --> the rest
 *
 * A message names the number if the number stands in its key or value as a run of digits, however it is written in front
 * (+7, 8, 7 or nothing). A call is the number's if one of its messages names it.
 */
#ifndef WORKER_TOOLS_FORGET_TRACES_H
#define WORKER_TOOLS_FORGET_TRACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dead/letter.h"
#include "common/fact.h"
#include "common/kafka/client.h"
#include "common/phone.h"

struct forget_traces;

struct forget_count { /* of a topic: messages that name the number or a call of its */
    int64_t n;
    int64_t oldest, newest; /* unix ms by Kafka's own time; 0: none */
};

/* How far the groups have come: what lies behind it may be read again by a worker. Asked before traces_find. */
struct forget_reach {
    /* One past what the group that reads that topic will never read again; of events, jobs.now, jobs, jobs.bulk. */
    int64_t (*below)(void *arg, enum kafka_topic topic, int32_t partition);
    void *arg;
    int64_t now;     /* unix ms */
    int64_t idle_ms; /* without an event for so long a call is over (CALL_IDLE_CLOSE_S) */
};

/* account, prefix (TOPIC_PREFIX): copied. */
struct forget_traces *forget_traces_new(struct str account, const struct phone *number,
                                        struct str prefix) MUST_CHECK;
void forget_traces_free(struct forget_traces *t); /* NULL is fine */

void forget_traces_find(struct forget_traces *t, const struct kafka_message *m);
/* In the order of each partition. */
void forget_traces_count(struct forget_traces *t, const struct kafka_message *m);

size_t forget_traces_calls(const struct forget_traces *t);
struct forget_count forget_traces_of(const struct forget_traces *t, enum kafka_topic topic);
/* The newest message of its events, unix ms; 0: none. */
int64_t forget_traces_newest(const struct forget_traces *t);

/* What is not over: a call that still goes on, a job that waits, a request whose end nobody knows. visit: what it is
 * ("call", "job", "request") and whose. Returns how many. */
size_t forget_traces_open(const struct forget_traces *t, const struct forget_reach *reach,
                          void (*visit)(void *arg, const char *what, struct str entry), void *arg);
/* The facts that stand, in the order of deletion. now: it may go; else its call or job may still be read again, by a worker
 * that takes over, and the fact is what keeps that from being done twice. */
void forget_traces_facts(const struct forget_traces *t, const struct forget_reach *reach,
                         void (*visit)(void *arg, struct str key, bool now), void *arg);
/* The dead letters that stand. entry: "" if unknown. */
void forget_traces_letters(const struct forget_traces *t,
                           void (*visit)(void *arg, struct dead_id id, struct str entry),
                           void *arg);
/* The clients that facts and outcomes name: Megaplan ids. */
void forget_traces_clients(const struct forget_traces *t,
                           void (*visit)(void *arg, struct str client), void *arg);

#endif

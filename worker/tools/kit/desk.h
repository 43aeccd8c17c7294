/*
 * What a tool that works on the topics needs: a loop that signals end, the topics' layout, the accounts' settings, a
 * reader and a producer. One thread; a tool turns the loop while it waits.
 *
 *   desk_open (topics, settings read to their end) --> desk_turn_until ... --> desk_close
 *   SIGINT, SIGTERM: desk_stopped from then on; the second one ends the process at once
 */
#ifndef WORKER_TOOLS_KIT_DESK_H
#define WORKER_TOOLS_KIT_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/accounts.h"
#include "common/config.h"
#include "common/err.h"
#include "common/kafka/producer.h"
#include "common/kafka/scan.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct desk;

enum desk_wants { /* bits */
    DESK_ACCOUNTS = 1,
    DESK_SCANNER = 2,
    DESK_PRODUCER = 4,
    DESK_AS_IT_IS =
        8, /* no topic is made and no count refused: what is missing has no partitions, and no messages, and
                         there is no scanner then */
    DESK_LONG =
        16, /* it reads for a long while, and nobody waits: it has what CPU is left over, and little fetched ahead */
};

/* The process goes behind what is live on this machine (nice 10; DESK_LONG: SCHED_IDLE).
 * Connects, makes missing topics, reads the settings if they are wanted. ERR_TEMPORARY: Kafka is out of reach, or the broker
 * forgot, or a signal asked to stop; ERR_CONFIG: the topics are not as they were. c must outlive it. */
enum err desk_open(const struct config *c, unsigned wants, struct desk **out,
                   struct error *e) MUST_CHECK;
/* Waits a second at most for what is still to be delivered. NULL is fine. */
void desk_close(struct desk *d);

struct loop *desk_loop(const struct desk *d);
const struct kafka_layout *desk_layout(const struct desk *d);
/* NULL if it was not wanted. */
struct accounts *desk_accounts(const struct desk *d);
struct scanner *desk_scanner(const struct desk *d);
struct producer *desk_producer(const struct desk *d);

/* A signal asked to stop. */
bool desk_stopped(const struct desk *d);
/* One turn of the loop that waits at most ms. */
enum err desk_turn(struct desk *d, int64_t ms, struct error *e) MUST_CHECK;
/* Turns the loop until *done. ms: how long at most, 0 for ever. ERR_TEMPORARY "what: ...": a signal came first, or the
 * time went by. */
enum err desk_turn_until(struct desk *d, const bool *done, int64_t ms, const char *what,
                         struct error *e) MUST_CHECK;
/* Sends a record (its done and arg are used here) and waits until Kafka has it. ERR_TEMPORARY: it does not take it. */
enum err desk_send(struct desk *d, const struct producer_record *r, struct error *e) MUST_CHECK;
/* The same, to the partition that the record names. */
enum err desk_send_to(struct desk *d, const struct producer_record *r, struct error *e) MUST_CHECK;

/* For audits and notes: who runs this, as far as the system tells: "worker NAME (root)". The caller's (free()). */
char *desk_runner(const char *tool) MUST_CHECK;

#endif

/*
 * One partition number that this worker owns, as the executor sees it: the facts read so far and how
 * far that is, and its messages on their way in. Made and moved on by the shard (shard.h); dropped as a whole.
 */
#ifndef WORKER_CRM_OWNER_H
#define WORKER_CRM_OWNER_H

#include <stddef.h>
#include <stdint.h>

#include "common/kafka/topics.h"
#include "worker/crm/facts.h"
#include "worker/crm/gate.h"

struct account;
struct errand;
struct held;
struct owner;
struct work;

struct intake { /* of one topic; for step.c */
    struct gate_place place;
    struct gate_step step; /* taking the first of those held */
    struct held *held;     /* messages whose turn has not come; NULL: never any */
    struct owner *owner;
};

struct owner {
    int32_t partition;
    struct facts *facts;
    int64_t facts_next;     /* offset behind the newest fact that was read */
    struct work *works;     /* all work of this partition */
    size_t held;            /* how many of those, and of messages that wait to be taken */
    struct errand *errands; /* of those, what no message asks for (errands.h) */
    struct work *awaiting, *last_awaiting; /* wait for a record to be read back, by its offset */
    struct account *remembering, *last_remembering; /* wait for their budget's, the same */
    struct intake intakes[KAFKA_TOPICS];
};

#endif

/*
 * One partition number that this worker owns, as the executor sees it: the facts read so far and how
 * far that is. Made and moved on by the shard (shard.h); dropped as a whole.
 */
#ifndef WORKER_CRM_OWNER_H
#define WORKER_CRM_OWNER_H

#include <stddef.h>
#include <stdint.h>

#include "worker/crm/facts.h"

struct work;

struct owner {
    int32_t partition;
    struct facts *facts;
    int64_t facts_next;    /* offset behind the newest fact that was read */
    struct work *works;    /* all work of this partition */
    size_t held;           /* how many of those */
    struct work *awaiting; /* those that wait for a record to be read back */
    size_t memories;       /* records of budgets that wait for the same */
};

#endif

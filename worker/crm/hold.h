/*
 * When a partition waits because too many jobs are held (CRM_HOLD_JOBS). Pure.
 *
 * Bulk work stops at half of what may be held and jobs at nine tenths, so that a replay never keeps live
 * jobs out. And only a partition that holds its share of it waits: an account's outage is not its neighbours'. So
 * at most twice CRM_HOLD_JOBS are held, and what only makes sense while it rings: that never waits here, and is not
 * held for longer than its deadline.
 */
#ifndef WORKER_CRM_HOLD_H
#define WORKER_CRM_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/kafka/topics.h"

struct hold {
    size_t limit;      /* CRM_HOLD_JOBS */
    size_t partitions; /* owned numbers, 1 or more */
    size_t all, here;  /* jobs held, in all and of this partition number */
};

/* No more of this topic for now. */
bool hold_is_full(const struct hold *h, enum kafka_topic topic);
/* There is room again: a tenth less than full. */
bool hold_has_room(const struct hold *h, enum kafka_topic topic);

#endif

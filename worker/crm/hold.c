/*
 * Ceilings of held jobs. Pure.
 */
#include "worker/crm/hold.h"

static double ceiling(const struct hold *h, enum kafka_topic topic)
{
    double part = topic == KAFKA_JOBS_BULK ? 0.5 : 0.9;
    double limit = part * (double)h->limit;
    return limit > 1.0 ? limit : 1.0;
}

bool hold_is_full(const struct hold *h, enum kafka_topic topic)
{
    double limit = ceiling(h, topic);
    if (topic == KAFKA_JOBS_NOW)
        return false;
    return (double)h->all >= limit && (double)h->here >= limit / (double)h->partitions;
}

bool hold_has_room(const struct hold *h, enum kafka_topic topic)
{
    double limit = 0.9 * ceiling(h, topic);
    if (topic == KAFKA_JOBS_NOW)
        return true;
    return (double)h->all <= limit || (double)h->here <= limit / (double)h->partitions;
}

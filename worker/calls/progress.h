/*
 * How far everything decided in a partition is acknowledged: records are handed over in order, Kafka
 * acknowledges them in any order, and a point of the partition is reached when all records handed over
 * before it are acknowledged (design.md section 3: jobs before the mark). Pure.
 */
#ifndef WORKER_CALLS_PROGRESS_H
#define WORKER_CALLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

struct progress_point {
    int64_t offset; /* first event not decided yet */
    int64_t time;   /* stream time, unix ms */
    int64_t low;    /* first event of the oldest call open or remembered */
};

struct progress *progress_new(void);
void progress_free(struct progress *p);
/* A record was handed over; its number, for progress_ack. */
int64_t progress_send(struct progress *p);
void progress_ack(struct progress *p, int64_t number);
/* All that is to be sent up to this point has been handed over. Points only go forward. */
void progress_reach(struct progress *p, const struct progress_point *point);
/* The newest point that is acknowledged; false if it was taken before. */
bool progress_take(struct progress *p, struct progress_point *point);
/* Records handed over and not acknowledged. */
size_t progress_waiting(const struct progress *p);

#endif

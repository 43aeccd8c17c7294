/*
 * What ingest counts (design.md 6.6), with the series of the hot path kept at hand. On the loop's
 * thread only.
 */
#ifndef INGEST_METERS_H
#define INGEST_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/metrics.h"
#include "common/str.h"

enum meters_result {
    METERS_STORED,
    METERS_SPOOLED,
    METERS_UNSIGNED,
    METERS_BAD_FORM,
    METERS_TOO_LARGE,
    METERS_REFUSED,
    METERS_RESULTS
};

struct meters;

/* registry: the caller's, outlives it. per_account: METRICS_PER_ACCOUNT. */
struct meters *meters_new(struct metrics *registry, bool per_account) MUST_CHECK;
void meters_free(struct meters *m);
/* A webhook was answered after `us`. Kinds that MANGO does not document count as "other". account: empty if it is
 * not known. now_ms: the loop's time. */
void meters_webhook(struct meters *m, struct str kind, enum meters_result result,
                    struct str account, int64_t us, int64_t now_ms);
/* When the newest webhook was kept, in the loop's time; 0: none was. */
int64_t meters_last_ms(const struct meters *m);
/* Kafka did not acknowledge a webhook. */
void meters_produce_error(struct meters *m);
/* Webhooks in the spool, and how long ago the oldest was received. */
void meters_spool(struct meters *m, int64_t messages, int64_t oldest_ms);
/* Gauges of time, once a second. oldest_ms: how long the oldest webhook has waited, 0 = none waits. */
void meters_tick(struct meters *m, int64_t now_ms, int64_t oldest_ms);

#endif

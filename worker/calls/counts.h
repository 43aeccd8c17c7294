/*
 * The metrics of `worker calls` (design.md 6.6), by what happened. Labels are held to a few values
 * here. On the loop's thread.
 */
#ifndef WORKER_CALLS_COUNTS_H
#define WORKER_CALLS_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/product_metrics.h"
#include "worker/calls/rules.h"

struct counts;

struct counts *counts_new(struct metrics *registry, bool per_account);
void counts_free(struct counts *n);

/* result: "new" "repeat" "late" "invalid" "ignored", static. kind is cut to the known ones and "other". */
void counts_folded(struct counts *n, struct str kind, const char *result);
/* A decision; when the call closes also the call. Its rule, its closed_by and outcome are static. */
void counts_decided(struct counts *n, const struct rule_call *c, const struct rule_decision *d,
                    const char *outcome);
void counts_dead(struct counts *n, const char *account, const char *reason);
void counts_undelivered(struct counts *n, const char *topic);
void counts_rebalanced(struct counts *n, const char *reason);
void counts_restored(struct counts *n, int32_t partition, double seconds);
void counts_lag(struct counts *n, int32_t partition, int64_t messages, double seconds);
void counts_open(struct counts *n, size_t calls, double oldest_seconds);

#endif

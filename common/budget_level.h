/*
 * The hour's bucket of an account's requests (design.md section 4), and what its owner remembers of it: the state fact
 * account/state/budget, {"at":unix ms,"level":tokens,"v":1}, written and explained by worker/crm/budget_memory.h.
 * Here because the page shows the level, too. Pure.
 */
#ifndef COMMON_BUDGET_LEVEL_H
#define COMMON_BUDGET_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

#define BUDGET_LEVEL_NAME "budget" /* account/state/budget */
#define BUDGET_LEVEL_SHARE 0.95    /* of the account's numbers that worker crm has */
#define BUDGET_LEVEL_BURST 100.0   /* the most tokens an hour's bucket holds */

struct budget_level_bucket {
    double max, per_ms; /* tokens; tokens that come back a ms */
};

/* per_hour: the account's setting, 1 or more. */
struct budget_level_bucket budget_level_bucket(int64_t per_hour);
/* False, and nothing set, if the value cannot be read. */
bool budget_level_read(struct str value, int64_t *at, double *level);
/* Tokens at `wall` (unix ms) by that value; what cannot be read counts as an empty bucket at `wall`. */
double budget_level_at(struct str value, int64_t per_hour, int64_t wall);

#endif

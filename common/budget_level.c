/*
 * Arithmetic of the hour's bucket. Pure.
 */
#include "common/budget_level.h"

#include "common/jval.h"

#define HOUR_MS 3600000.0

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

struct budget_level_bucket budget_level_bucket(int64_t per_hour)
{
    double hour = (double)per_hour * BUDGET_LEVEL_SHARE;
    double max = most(1.0, least(BUDGET_LEVEL_BURST, hour / 10.0));
    /* an hour of one request still needs a trickle */
    return (struct budget_level_bucket){max, most(hour - max, 0.5) / HOUR_MS};
}

bool budget_level_read(struct str value, int64_t *at, double *level)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    int64_t when;
    double tokens;
    if (jval_parse(value, &v, &ignored) || jval_check_version(v, &ignored) ||
        !jval_int(jval_get(v, "at"), &when) || !jval_real(jval_get(v, "level"), &tokens) ||
        when < 0 || when >= INT64_MAX / 4 || tokens < 0)
        return false;
    *at = when;
    *level = tokens;
    return true;
}

double budget_level_at(struct str value, int64_t per_hour, int64_t wall)
{
    struct budget_level_bucket bucket = budget_level_bucket(per_hour);
    int64_t at = wall;
    double level = 0;
    (void)budget_level_read(value, &at, &level);
    double passed = wall > at ? (double)(wall - at) : 0.0;
    return least(bucket.max, level + passed * bucket.per_ms);
}

/*
 * All of what is asked for must hold. Pure.
 */
#include "common/dead/filter.h"

#include <string.h>
#include <strings.h>

static bool is_of_reason(const char *reason, const struct dead_letter *l)
{
    return strcasecmp(reason, l->fault) == 0 || strcasestr(l->reason, reason) != NULL;
}

bool dead_filter_takes(const struct dead_filter *f, const struct dead_letter *l)
{
    return (!f->account || strcmp(f->account, l->account) == 0) &&
           (!f->reason || is_of_reason(f->reason, l)) && (!f->from_ms || l->at >= f->from_ms) &&
           (!f->to_ms || l->at <= f->to_ms);
}

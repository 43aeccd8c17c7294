/*
 * Which dead letters are meant: by account, reason and time. Pure.
 */
#ifndef COMMON_DEAD_FILTER_H
#define COMMON_DEAD_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/dead/letter.h"

struct dead_filter {     /* borrowed */
    const char *account; /* NULL: of all */
    const char *
        reason; /* its code ("rejected"), or a part of its reason, ASCII in either case; NULL: any */
    int64_t from_ms, to_ms; /* it became one then, both ends included; unix ms; 0: no such end */
};

bool dead_filter_takes(const struct dead_filter *f, const struct dead_letter *l);

#endif

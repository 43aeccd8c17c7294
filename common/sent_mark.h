/*
 * The part "sent:<offset>:<stream time>" of a commit's metadata in `events` (design.md section 3): how far everything
 * decided is acknowledged, while the committed offset trails behind. Written by worker calls; who shows its lag
 * reads it, too. Pure.
 */
#ifndef COMMON_SENT_MARK_H
#define COMMON_SENT_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct sent_mark {
    int64_t offset; /* the first one not decided yet */
    int64_t time;   /* stream time, unix ms */
};

/* One part of the metadata. False, and *out untouched, if it is another one. */
bool sent_mark_read(struct str part, struct sent_mark *out);
/* The whole metadata, parts separated by spaces. False if there is none in it. */
bool sent_mark_find(struct str metadata, struct sent_mark *out);

#endif

/*
 * The commit metadata of a partition that a worker reads (design.md section 3): space-separated parts.
 * "sent:<offset>:<stream time>" says how far everything decided is acknowledged (`events` only);
 * "catch:<offset>" up to where the partition catches up after its commit was lost; the notes on poison are
 * those of worker/poison.h. What another version added is carried on untouched. Pure.
 */
#ifndef WORKER_MARK_H
#define WORKER_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/str.h"
#include "worker/poison.h"

struct mark {
    bool there;       /* a sent: part */
    int64_t offset;   /* first offset not decided yet; 0 without one */
    int64_t time;     /* stream time when it was written, unix ms */
    int64_t catch_up; /* offsets below it: catching up; 0 none */
    struct poison_notes poison;
    char others[LIMIT_COMMIT_METADATA / 2]; /* unknown parts, terminated */
};

/* Parts that cannot be read are carried on like unknown ones; what does not fit is dropped. */
void mark_parse(struct str metadata, struct mark *out);
/* Terminated; always fits. As for `events`, and without the sent: part. */
void mark_write(const struct mark *m, char out[LIMIT_COMMIT_METADATA]);
void mark_write_unsent(const struct mark *m, char out[LIMIT_COMMIT_METADATA]);

#endif

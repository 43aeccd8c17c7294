/*
 * Links to a call's recordings (behaviour.md G13, mango-api.md section 7): signed, valid record_link_days
 * from when the recording was made. `recordLinks` replaces, so every update sends all: those in facts, and
 * those of the record jobs that wait behind a work in its lane, which thereby ride with its request.
 */
#ifndef WORKER_CRM_LINKS_H
#define WORKER_CRM_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/crm/executor.h"

#define LINKS_MAX 64 /* of one call; more are left out */

struct links {
    char **list; /* owned, as its texts */
    size_t count, room;
};

/* The link of a `record` job, the caller's (free()). NULL: the account is unknown or the job names no
 * recording. */
char *links_of_job(const struct executor *x, const struct work *w) MUST_CHECK;
/* That one alone. links_done afterwards. */
void links_own(const struct executor *x, const struct work *w, struct links *out);
/* All links known of the work's call. links_done afterwards. */
void links_gather(const struct executor *x, struct work *w, struct links *out);
void links_done(struct links *l);
bool links_have(const char *const *list, size_t n, const char *link);

#endif

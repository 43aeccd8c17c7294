/*
 * Outcomes: what was decided and done, with the reason; food for explain (design.md section 2). Pure.
 */
#ifndef COMMON_OUTCOME_H
#define COMMON_OUTCOME_H

#include <stdint.h>

#include "common/jval.h"
#include "common/str.h"

struct outcome {        /* everything borrowed; NULL = absent */
    int64_t at;         /* unix ms */
    const char *what;   /* "decision" "request" "outcome" "event" */
    const char *job;    /* job id */
    const char *kind;   /* job kind */
    const char *rule;   /* "G3" */
    const char *result; /* done present none unsupported dropped ignored dead ... */
    const char *reason;
    const char *employee;       /* Megaplan id */
    const struct jval *details; /* object or NULL */
    struct {
        const char *method, *path; /* path without query; NULL = no request */
        int status, tries;
        int64_t ms;
    } http;
};

/* The message value, added to a buffer, which fails if `details` has. */
void outcome_write(const struct outcome *o, struct buf *out);
/* The same: terminated, the caller's (free()). */
char *outcome_encode(const struct outcome *o) MUST_CHECK;

#endif

/*
 * Facts: what was begun and what came of it (design.md section 3), the compacted topic `facts`.
 * Keys account/<job id>/intent|done|given-up, account/state/<name>; owner marks under "_mark".
 * Values hold only what came of the job, compact with sorted keys: equal facts are equal bytes.
 * Who and when are headers. Codec; pure.
 */
#ifndef COMMON_FACT_H
#define COMMON_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/job.h"
#include "common/str.h"

#define FACT_MARK_KEY "_mark"
#define FACT_MARK_HEX 32
/* Header names */
#define FACT_HEADER_MARK "mark" /* 32 hex: the owner mark it was written under */
#define FACT_HEADER_AT "at"     /* RFC 3339 */
#define FACT_HEADER_JOB "job"   /* topic/partition/offset of the job, for ageing out */

enum fact_type { FACT_INTENT, FACT_DONE, FACT_GIVEN_UP, FACT_STATE, FACT_MARK };

struct fact_key {
    enum fact_type type;
    struct str account; /* empty for a mark */
    struct str name;    /* job id, or the state's name */
};

/* Borrows from key. ERR_INPUT if it is none of the forms. */
enum err fact_key_parse(struct str key, struct fact_key *out, struct error *e) MUST_CHECK;
/* The caller's (free()). For FACT_MARK account and name are ignored. */
char *fact_key_make(enum fact_type type, struct str account, struct str name) MUST_CHECK;

/* What came of a job (intent: what is about to be created). Fields not of a kind are empty. */
struct fact {
    enum job_kind kind;
    char *entry_id;
    char *number; /* digits, NULL if none */
    char *object; /* done: Megaplan id of the client, task, CallInfo; NULL if none */
    bool made;    /* done: this job created it (false: it was there) */
    char *
        responsible; /* done of client, responsible: what we set; intent of responsible: the value */
    char *none;      /* done without an object: why there was nothing to do */
};

/* The value: terminated, the caller's (free()). `object` is written under the kind's own word:
 * "client", "task", "call". */
char *fact_encode(enum fact_type type, const struct fact *f) MUST_CHECK;
enum err fact_decode(struct str value, struct fact **out, struct error *e) MUST_CHECK;
void fact_free(struct fact *f);

#endif

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

enum fact_type {
    FACT_INTENT,
    FACT_DONE,
    FACT_GIVEN_UP,
    FACT_STATE,
    FACT_MARK
};

struct fact_key {
    enum fact_type type;
    struct str account; /* empty for a mark */
    struct str name;    /* job id, or the state's name, which has no ':' (a job id always has) */
};

/* Borrows from key. ERR_INPUT if it is none of the forms. */
enum err fact_key_parse(struct str key, struct fact_key *out, struct error *e) MUST_CHECK;
/* The caller's (free()). For FACT_MARK account and name are ignored. */
char *fact_key_make(enum fact_type type, struct str account, struct str name) MUST_CHECK;

/* What came of a job (intent: what is about to be). Fields not of a kind are NULL, 0 or false. A fact
 * that was decoded or copied is one block of memory; one that is built by hand only lends its texts. */
struct fact {
    enum job_kind kind;
    enum job_verdict verdict; /* of the closing the job belongs to */
    bool summarized;          /* ... which had a summary */
    bool made;                /* done: this job created the object (false: it was there) */
    bool company;             /* the client is a company (ContractorCompany), no person */
    int64_t at; /* unix s, 0 = absent. task: when its missed call ended; talked: when the
                                 talk began; call: when it ended */
    char *entry_id;
    char *number; /* digits */
    char *object; /* done: Megaplan id of the client, task, CallInfo */
    char *
        client; /* call, popup, record, task, talked, link, twin: Megaplan id of the client they belong to;
                     NULL where the object itself is a client */
    /* done of client, responsible: what we set; intent of responsible: the value */
    char *responsible;
    char *none; /* done without an object: why there was nothing to do; given-up: why */
    char *data; /* JSON text of an object. visitor: the answer; client: what is still to be filled:
                   "tracking":true, "source_line":"..." */
    char **links; /* to recordings. call: those it was saved with; record: its own one */
    size_t nlinks;
};

/* The value: terminated, the caller's (free()). `object` and `made` are written of a done only, `none`
 * never of an intent, all else of any type; data that is no JSON object is left out. `object` stands
 * under the kind's own word: "client" (client, responsible, fill, visitor, route), "twin", "task" (task,
 * talked, alert), "field" (field), "call" (the rest). */
char *fact_encode(enum fact_type type, const struct fact *f) MUST_CHECK;
/* Unknown fields are passed over. ERR_INPUT with the field's name, ERR_INTERNAL without memory. */
enum err fact_decode(struct str value, struct fact **out, struct error *e) MUST_CHECK;
/* The client it names: `object` of the kinds whose object is one, else `client`; or NULL. */
const char *fact_client(const struct fact *f);
/* A deep copy; NULL without memory. */
struct fact *fact_copy(const struct fact *f) MUST_CHECK;
/* Whether they say the same, member by member. Of decoded facts. */
bool fact_same(const struct fact *a, const struct fact *b);
void fact_free(struct fact *f); /* of fact_decode, fact_copy; NULL is fine */

/* An owner mark's value, {"mark":"<32 hex>","v":1}: terminated, the caller's (free()). */
char *fact_mark_encode(const char *mark) MUST_CHECK;
/* The mark, terminated. ERR_INPUT if it is none. */
enum err fact_mark_decode(struct str value, char out[FACT_MARK_HEX + 1],
                          struct error *e) MUST_CHECK;

#endif

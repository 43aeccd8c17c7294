/*
 * What an account's budget remembers over restarts and from owner to owner (design.md section 4): the
 * state fact account/state/budget, {"at":unix ms,"level":tokens of the hour's bucket,"v":1}.
 *
 *      a token is wanted          acknowledged            spent, or half a second is over
 *   NOTHING ----------> WRITING ---------------> GRANTED ---------------------------------> NOTHING
 *                          ^                        |
 *                          +--- a third is left ----+     (both hold until the newer one is acknowledged)
 *
 * "What could have been spent unseen" is not guessed when it is read but taken off before it is spent:
 * a record grants tokens that it counts as spent already, and nothing is spent but what an acknowledged
 * one grants, for BUDGET_MEMORY_MS. So whoever reads the newest record never believes in more than
 * there is, whenever its writer died and however slow Kafka was, and what is lost with a killed worker
 * is what it was granted and had not spent: the few that it was about to. (To take off rate x 5 s when
 * it is read, as an account of 5 a second and 1000 an hour fills in 105 s, would cost more than all
 * that comes between two restarts.)
 *
 * What the bucket gets meanwhile counts from `at`, unless it would have run over: then `at` lies in the
 * future by so much. A level under zero cannot be written either: `at` lies in the future instead. All
 * that was granted is spent by at + BUDGET_MEMORY_MS, so the second's window of a new owner begins as
 * if all of it had been used then. While the bucket is not full it is written every four seconds; full
 * and quiet for two, its record is deleted: no memory is a full bucket.
 *
 * Half a second is the least: a grant lasts four times as long as Kafka last took to acknowledge one, up to
 * eight seconds, else it were over before it could be spent. `at` then lies so much further in the future.
 *
 * Two machines' clocks meet here: a reader whose clock is behind counts no time as passed, one that is
 * ahead by s seconds believes in s seconds' tokens more, a bucket at most; BUDGET_MEMORY_SKEW_MS of it
 * is allowed for by the window. Pure; times are CLOCK_BOOTTIME ms but for `wall`, unix ms.
 */
#ifndef WORKER_CRM_BUDGET_MEMORY_H
#define WORKER_CRM_BUDGET_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"
#include "worker/crm/budget.h"

#define BUDGET_MEMORY_NAME BUDGET_LEVEL_NAME
#define BUDGET_MEMORY_MS 500
#define BUDGET_MEMORY_MAX_MS 8000
#define BUDGET_MEMORY_SKEW_MS 250
#define BUDGET_MEMORY_EVERY_MS 4000
#define BUDGET_MEMORY_QUIET_MS 2000
#define BUDGET_MEMORY_SIZE 96

struct budget_grant {
    double tokens; /* not spent yet */
    double size;   /* when it was new */
    int64_t until;
};

struct budget_memory {
    struct budget_grant granted;  /* by what Kafka has */
    struct budget_grant asked;    /* by the record on its way */
    bool writing;                 /* there is one */
    bool wanted, urgent;          /* a grant is; for one who may use the reserve */
    bool stands, clears;          /* a record stands in the log; the one on its way deletes it */
    int64_t written_at, spent_at; /* of the newest record, and token */
    int64_t span;                 /* what the next grant lasts, ms */
    int64_t again_at;             /* no record before */
};

/* Takes over what the former owner wrote: value is the fact's, STR_NONE if there is none. What cannot be
 * read is an empty bucket. b: just made, full. */
void budget_memory_restore(struct budget_memory *m, struct budget *b, struct str value,
                           int64_t wall, int64_t now);
/* Whether a token may be spent unseen; if not, what is wanted is noted: a record is due. */
bool budget_memory_covers(struct budget_memory *m, int64_t now, bool urgent);
void budget_memory_spent(struct budget_memory *m, const struct budget *b, int64_t now);
void budget_memory_returned(struct budget_memory *m);

struct budget_record {
    bool tombstone;
    char value[BUDGET_MEMORY_SIZE]; /* terminated; if no tombstone */
};

/* No more is spent: the owner goes, in order. True if the newest record counts tokens as spent that were not; the one
 * to be written then grants nothing. */
bool budget_memory_ends(struct budget_memory *m);

/* Whether a record is to be written now. */
bool budget_memory_due(const struct budget_memory *m, const struct budget *b, int64_t now);
/* What it says; it counts as on its way until budget_memory_written. */
void budget_memory_write(struct budget_memory *m, const struct budget *b, int64_t wall, int64_t now,
                         struct budget_record *out);
/* Its end. Not ok: Kafka may have it all the same. */
void budget_memory_written(struct budget_memory *m, bool ok, int64_t now);

#endif

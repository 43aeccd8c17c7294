/*
 * A batch's own state, for the files it is made of: batch.c, batch_end.c.
 */
#ifndef WORKER_CRM_BATCH_STATE_H
#define WORKER_CRM_BATCH_STATE_H

#include "worker/crm/account.h"
#include "worker/crm/batch.h"

struct ride {
    struct work *work; /* NULL: told its end, or gone */
    bool ready;
    char *url, *body;
    int64_t leave_by; /* boot ms, 0 = no limit */
    int64_t ends_at;  /* boot ms: its end is unknown then */
};

struct batch {
    struct executor *executor;
    struct account *account;
    struct agenda_entry timer; /* gathering: when it leaves; away: whose time is over first */
    struct http_transfer *transfer;
    struct ride rides[BATCH_MAX]; /* away: in the order of the calls */
    size_t n, ready;
    size_t bytes;
    int64_t sent_at;
    bool keeps; /* a token whose request has not left */
    bool ahead; /* of urgent ones */
    bool away, telling;
};

/* Takes the work out of it; NULL if it is gone. */
struct work *batch_take(struct batch *b, size_t i);
bool batch_is_empty(const struct batch *b);
/* Nothing of it happened: all begin anew. alone: and go alone from then on. */
void batch_anew(struct batch *b, bool alone);
/* Its first byte is about to leave; arg: the batch, here and below. */
void batch_left(void *arg);
/* Nobody is in it any more; what it has of a token or a transfer goes back. */
void batch_free(struct batch *b);

/* --- batch_end.c --- */

/* Its HTTP request's end; b is freed. */
void batch_end_answered(void *arg, const struct http_answer *answer);
/* It is away: the whole waits for the one that may wait the longest; the others' time may be over before. */
void batch_end_watch(struct batch *b);
/* Somebody's time is over; b may be freed. */
void batch_end_overdue(struct batch *b, int64_t now);

#endif

/*
 * One account as the executor serves it: what its service (service.h) needs of the world. Its budget's memory
 * goes to `facts` and counts when it was read back, as an intent does; its access token is asked for; what
 * an operator has to see of it is told. Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_ACCOUNT_H
#define WORKER_CRM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/sha256.h"
#include "worker/crm/alert_account.h"
#include "worker/crm/executor.h"
#include "worker/crm/pbx.h"
#include "worker/crm/service.h"
#include "worker/crm/tally.h"

struct employees;
struct fields;
struct reconcile_round;

#define ACCOUNT_HELD_LONG_MS 600000 /* behaviour.md B13: jobs held over ten minutes are told */

struct account_record; /* of its memory, on its way */

struct account {
    struct service service; /* first, so that a service's address is its account's */
    struct executor *executor;
    struct owner *owner; /* of its partition; NULL: nobody here */
    struct account_record *record;
    struct account *prev_remembering, *next_remembering; /* of the owner's */
    struct http_transfer *signin;                        /* the login that runs */
    bool signin_left;
    struct tally_gauges gauges;
    struct pbx pbx; /* its MANGO, account_pbx.h */
    struct work *first_pbx[PBX_METHODS],
        *last_pbx[PBX_METHODS]; /* who waits for it, first come first */
    struct agenda_entry pbx_wake;
    bool told_pbx;               /* that it is out of order */
    char pbx_of[SHA256_HEX];     /* its credentials */
    struct employees *employees; /* employees.h; NULL: not asked yet */
    struct fields *fields;       /* names of extra fields (fields.h); NULL: not asked yet */
    bool told_held;
    struct alert_account alerts;
    bool left_due;          /* work that facts say is due was left: it was switched off, or gone */
    int64_t no_batch_until; /* boot ms (batch.h) */
    unsigned unclear_batches;          /* in a row, while others were answered */
    int64_t unclear_batch_at;          /* boot ms of the last one's end */
    struct reconcile_round *reconcile; /* reconcile.h; NULL: not yet */
    size_t missing;                    /* calls that its last round found missing */
    struct account *next;              /* of all */
};

/* The account of that name under this owner; made, and its budget taken over, at first. */
struct account *account_get(struct executor *x, struct owner *o, const char *name);
/* NULL: no job of it has come yet. */
struct account *account_find(const struct executor *x, const char *name);
/* Nobody here owns its partition any more. What runs is left. */
void account_drop(struct executor *x, const struct owner *o);
void account_free_all(struct executor *x);
/* No request is begun any more: what was granted and not spent is written down, so that the next owner has it. */
void account_give_up_all(struct executor *x);
/* The owner's facts were read up to o->facts_next. */
void account_read(struct executor *x, struct owner *o);
/* Its settings have changed, or are gone: what is known of its credentials is forgotten if they are others. */
void account_settings(struct executor *x, struct account *a);
/* After each asking for admission, and about every second: writes the memory, logs in, if it is time. */
void account_serve(struct executor *x, struct account *a);
/* The breaker was opened or told again, w: by the answer to its request; NULL: by a login. Told once. */
void account_refused(struct executor *x, struct account *a, struct work *w, const char *why);
void account_unclear(struct executor *x, struct account *a, struct work *w, const char *why);
/* An outcome of the account, of no call: log, page and explain show it. Waits for nothing. */
void account_tell(struct executor *x, const struct account *a, const char *result,
                  const char *reason);
/* Its gauges were just counted: tells of jobs that are held too long, once until they go on. */
void account_watch(struct executor *x, struct account *a);
/* A request with a token of it is about to leave (service_left), or never will (service_return, no probe):
 * whoever could not know when the next one may, knows now. */
void account_left(struct executor *x, struct account *a);
void account_unused(struct executor *x, struct account *a);
/* Its work is offered again now. */
void account_wake(struct executor *x, struct account *a);

#endif

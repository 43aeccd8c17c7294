/*
 * The executor's own state, for the files it is made of: executor.c, request.c, record.c, finish.c.
 */
#ifndef WORKER_CRM_EXECUTOR_STATE_H
#define WORKER_CRM_EXECUTOR_STATE_H

#include "common/limits.h"
#include "worker/crm/account.h"
#include "worker/crm/agenda.h"
#include "worker/crm/attempt.h"
#include "worker/crm/executor.h"
#include "worker/crm/gate.h"
#include "worker/crm/lanes.h"
#include "worker/crm/service.h"
#include "worker/crm/tally.h"

struct counting {                           /* gauges.h */
    struct owner *owners[LIMIT_PARTITIONS]; /* NULL: it has gone */
    size_t n, at;
    struct work *next;
    bool under_way;
};

struct executor {
    const struct port *port;
    struct executor_options options;
    struct lanes *lanes;
    struct agenda works;                   /* work->timer */
    struct agenda services;                /* service->wake */
    struct agenda batches;                 /* batch->timer */
    struct agenda pbxs;                    /* account->pbx_wake */
    struct account *accounts;              /* all of them, a list */
    struct account_entry *account_entries; /* the same by name, account.c */
    size_t held, awaited;
    size_t places, writing; /* of those that are not urgent; writing: intents on their way */
    size_t ahead;           /* places of the urgent */
    bool stopping;
    struct gate gate;
    bool goes;        /* a GO step waits in the gate */
    bool noted_badly; /* the broker refused what the gate wrote */
    struct tally *tally;
    struct counting counting;
    struct attempt_memory attempts;
    struct { /* reconcile.h */
        size_t running;
        struct reconcile_round *next;
    } reconciling;
};

#endif

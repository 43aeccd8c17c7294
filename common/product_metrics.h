/*
 * Mangoplan's own metrics (design.md 6.6): every name, type, label and help in one table. Roles take
 * families from it by enum; nobody else spells a name.
 *
 * Families that tell accounts apart get `account` as their last label, but only with
 * METRICS_PER_ACCOUNT=1: give the account as the last value to metrics_get always; it is ignored
 * where the label is not there.
 */
#ifndef COMMON_PRODUCT_METRICS_H
#define COMMON_PRODUCT_METRICS_H

#include <stdbool.h>

#include "common/metrics.h"

/* After each: its label values in order. [account]: the account comes last. */
enum product_metric {
    PM_BUILD_INFO,             /* version, role */
    PM_WEBHOOKS,               /* kind, result, [account] */
    PM_WEBHOOK_DURATION,       /* result */
    PM_WEBHOOK_OLDEST_WAITING, /* */
    PM_SPOOL_MESSAGES,         /* */
    PM_SPOOL_OLDEST,           /* */
    PM_LAST_WEBHOOK,           /* [account]; seconds since */
    PM_KAFKA_PRODUCE_ERRORS,   /* topic */
    PM_KAFKA_REBALANCES,       /* reason */
    PM_CONSUMER_LAG_MESSAGES,  /* topic, partition */
    PM_CONSUMER_LAG_SECONDS,   /* topic, partition */
    PM_RESTORE_SECONDS,        /* topic, partition */
    PM_EVENTS_FOLDED,          /* kind, result: new, repeat, late, invalid */
    PM_CALLS,                  /* direction, kind, closed_by, [account] */
    PM_CALLS_OPEN,             /* */
    PM_CALLS_OLDEST_OPEN,      /* */
    PM_DECISIONS,              /* rule, outcome, [account] */
    PM_JOBS,                   /* kind, origin, result, [account] */
    PM_JOB_DURATION,           /* kind, origin, result, [account] */
    PM_JOBS_HELD,              /* cause: outage, budget, order; [account] */
    PM_JOBS_OLDEST_HELD,       /* cause, [account] */
    PM_UNKNOWN_OUTCOMES,       /* kind, found: yes, no */
    PM_TWINS,                  /* kind, found */
    PM_API_REQUESTS, /* api: megaplan, mango; operation, status: 2xx .. 5xx, none; [account] */
    PM_API_REQUEST_DURATION, /* api, operation, status, [account] */
    PM_API_BUDGET_TOKENS,    /* api, priority, [account] */
    PM_API_BUDGET_WAIT,      /* api, priority, [account] */
    PM_ROUTE,                /* result: done, late, no_client, limited, failed; [account] */
    PM_ROUTE_LATENCY,        /* result, [account] */
    PM_POPUP,                /* result, [account] */
    PM_POPUP_LATENCY,        /* result, [account] */
    PM_DEAD,                 /* topic, reason, [account] */
    PM_RECONCILE_MISSING,    /* api, [account] */
    PM_CLOCK_SKEW,           /* api, [account] */
    PM_BREAKER_OPEN,         /* api, [account]; 0 or 1 */
    PRODUCT_METRICS          /* how many there are */
};

/* What a role has of them. Holds no memory; the registry stays the caller's. */
struct product_metrics {
    struct metrics *registry;
    bool per_account;
};

/* Defines all families of the role ("ingest", "calls", "crm") and sets build_info. */
void product_metrics_init(struct product_metrics *p, struct metrics *registry, const char *role,
                          bool per_account);
/* Defined on the spot if it is not the role's. For metrics_get; keep it where it is used often. */
struct metrics_family *product_metrics_family(const struct product_metrics *p,
                                              enum product_metric which);

#endif

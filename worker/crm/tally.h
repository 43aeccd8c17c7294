/*
 * The numbers of the executor (design.md 6.6): one function for each thing that can happen.
 */
#ifndef WORKER_CRM_TALLY_H
#define WORKER_CRM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/product_metrics.h"

enum tally_cause { /* why work waits */
    TALLY_OUTAGE,
    TALLY_BUDGET,
    TALLY_ORDER,
    TALLY_CAUSES
};

struct tally_gauges { /* of one account, or of all */
    size_t held[TALLY_CAUSES];
    int64_t oldest_ms[TALLY_CAUSES];
    bool open;     /* the breaker */
    double tokens; /* of the hour's bucket, the least */
};

struct tally;

/* metrics NULL: nothing is counted. */
struct tally *tally_new(const struct product_metrics *metrics);
void tally_free(struct tally *t);
/* Whether gauges are wanted for each account. */
bool tally_by_account(const struct tally *t);

/* A job ended. seconds: from the event's reception, negative = unknown. */
void tally_job(struct tally *t, const char *account, const char *kind, const char *origin,
               const char *result, double seconds);
/* A request ended. status 0: no answer. */
void tally_request(struct tally *t, const char *account, const char *operation, int status,
                   double seconds);
void tally_waited(struct tally *t, const char *account, const char *priority, double seconds);
void tally_dead(struct tally *t, const char *account, const char *topic, const char *reason);
void tally_undelivered(struct tally *t, const char *topic);
void tally_unknown(struct tally *t, const char *kind, bool found);
void tally_twin(struct tally *t, const char *kind, bool found);
void tally_gauges(struct tally *t, const char *account, const struct tally_gauges *g);

#endif

/*
 * The numbers of the executor (design.md 6.6): one function for each thing that can happen.
 */
#ifndef WORKER_CRM_TALLY_H
#define WORKER_CRM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"
#include "common/job.h"
#include "common/product_metrics.h"

enum tally_cause { /* why work waits */
    TALLY_OUTAGE,
    TALLY_BUDGET,
    TALLY_ORDER,
    TALLY_CAUSES
};

enum tally_api {
    TALLY_MEGAPLAN,
    TALLY_MANGO,
};

struct tally_gauges { /* of one account, or of all */
    size_t held[TALLY_CAUSES];
    int64_t oldest_ms[TALLY_CAUSES];
    bool open;         /* the breaker */
    double tokens;     /* of the hour's bucket, the least */
    bool pbx_open;     /* MANGO's breaker */
    double pbx_tokens; /* requests it takes at once, the least */
    size_t missing;    /* calls that the last reconciling found missing */
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
/* A request to that API ended at wall_ms (unix ms). Its Date header, if any, tells the other side's clock. */
void tally_request(struct tally *t, const char *account, enum tally_api api, const char *operation,
                   const struct http_answer *answer, int64_t wall_ms);
/* A job that only makes sense while it rings ended; kind route or popup, others are not counted. seconds:
 * from the event's reception, negative = unknown. */
void tally_ringing(struct tally *t, const char *account, enum job_kind kind, const char *result,
                   double seconds);
void tally_waited(struct tally *t, const char *account, enum tally_api api, const char *priority,
                  double seconds);
void tally_dead(struct tally *t, const char *account, const char *topic, const char *reason);
void tally_undelivered(struct tally *t, const char *topic);
void tally_unknown(struct tally *t, const char *kind, bool found);
void tally_twin(struct tally *t, const char *kind, bool found);
void tally_gauges(struct tally *t, const char *account, const struct tally_gauges *g);

#endif

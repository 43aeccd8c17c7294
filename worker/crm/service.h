/*
 * An account's Megaplan as a service: its budget, and its breaker.
 *
 *   CLOSED --(401, 402, account-wide 403, wrong address)--> OPEN --(time of a probe)--> PROBING
 *      ^                                                     ^                             |
 *      |                                                     +------ refused again --------+
 *      +------------------------- any answer that is no refusal --------------------------+
 *
 * While open nothing is asked but one probe at a time, at growing delays; jobs are held, none fails by
 * it. New settings of the account close it: credentials may have been mended. Pure; times are CLOCK_BOOTTIME ms.
 */
#ifndef WORKER_CRM_SERVICE_H
#define WORKER_CRM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "worker/crm/agenda.h"
#include "worker/crm/budget.h"

#define SERVICE_REASON 256

struct service {
    char *account;
    struct budget budget;
    int64_t per_second, per_hour; /* the budget is made for these; 0 = none yet */
    bool open, probing;
    char reason[SERVICE_REASON]; /* why it is open */
    unsigned refusals;           /* in a row */
    int64_t probe_at;
    unsigned limited;         /* 429 in a row */
    int64_t last_good;        /* boot ms of the newest answer that was no failure; 0 = none */
    struct agenda_entry wake; /* when to offer its work again */
};

void service_init(struct service *s, const char *account);
void service_done(struct service *s);
/* Takes over the settings' limits. */
void service_limits(struct service *s, const struct settings *settings, int64_t now);
/* True: a request may leave now, and its token is taken; while open it is the probe. False: *until is
 * when to ask again (AGENDA_NEVER while a probe runs). */
bool service_admit(struct service *s, int64_t now, bool urgent, int64_t *until);
/* The request was never made: the token is back; if it was the probe, that is over without result. */
void service_return(struct service *s, bool probe, int64_t now);
/* What a request showed. good: the service works (also a refusal of one record). */
void service_good(struct service *s, int64_t now);
/* The service refuses us. True if the breaker opened just now, false if it was open. */
bool service_refused(struct service *s, const char *reason, int64_t now, int64_t retry_max_ms,
                     uint32_t random);
/* Neither good nor refused: time-out, 5xx, no connection. A probe goes on at the next time. */
void service_unclear(struct service *s, int64_t now, int64_t retry_max_ms, uint32_t random);
/* 429: nothing leaves for Retry-After seconds, or a growing while without one (-1) or with 0. */
void service_slow_down(struct service *s, int64_t retry_after_s, int64_t now, uint32_t random);
/* New settings: closed, limits anew. */
void service_reset(struct service *s);

#endif

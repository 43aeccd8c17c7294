/*
 * An account's Megaplan as a service: its budget, its access token, and its breaker.
 *
 *   CLOSED --(402, account-wide 403, wrong address, rejected credentials)--> OPEN --(time)--> PROBING
 *      |                                                                      ^ ^                |
 *      +--(SERVICE_UNCLEAR failures that may pass in a row, no answer between)+ +-- neither -----+
 *      ^                                                                                         |
 *      +----------------------- any answer that is no refusal ----------------------------------+
 *
 * While open nothing is asked but one probe at a time, at growing delays; jobs are held, none fails by
 * it, and its time is nobody's failure (the 72 h). Failures that may pass hold only their own number, so
 * each number has its own delays: hundreds of them would ask a Megaplan that is down several times a
 * second for ever. Many of them with no answer between are no fault of a record. When it closes, the
 * budget's window lets no herd through. New settings of the account close it: credentials may have
 * been mended. Pure; times are CLOCK_BOOTTIME ms.
 */
#ifndef WORKER_CRM_SERVICE_H
#define WORKER_CRM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/megaplan/signin.h"
#include "common/settings.h"
#include "worker/crm/agenda.h"
#include "worker/crm/budget.h"
#include "worker/crm/budget_memory.h"

#define SERVICE_REASON 256
#define SERVICE_UNCLEAR 16 /* so many in a row are an outage */

struct service {
    char *account;
    struct budget budget;
    struct budget_memory memory;
    bool remembers;       /* nothing is spent but what the memory grants */
    char *remembered;     /* what the former owner wrote, until limits are known; NULL = none */
    int64_t wall_at_zero; /* unix ms of boot 0 */
    struct signin signin;
    bool followed;                /* it has the credentials of the settings */
    bool wants_signin;            /* somebody was held up for want of a token */
    int64_t per_second, per_hour; /* the budget is made for these; 0 = none yet */
    bool open, probing;
    char reason[SERVICE_REASON]; /* why it is open */
    unsigned refusals;           /* in a row */
    unsigned unclear;            /* failures that may pass, in a row */
    int64_t probe_at;
    unsigned limited;         /* 429 in a row */
    int64_t last_good;        /* boot ms of the newest answer that was no failure; 0 = none */
    struct agenda_entry wake; /* when to offer its work again */
};

void service_init(struct service *s, const char *account);
void service_done(struct service *s);
/* Another owner's before: its budget goes on from memory, the value of account/state/budget (STR_NONE:
 * none), and is remembered from now on. */
void service_own(struct service *s, struct str memory, int64_t wall, int64_t now);
/* Takes over the settings' limits and, when they are new, credentials. Before all that follows. */
void service_limits(struct service *s, const struct settings *settings, int64_t now);
/* True: a request may leave now, and its token is taken and kept; while open it is the probe. False: *until
 * is when to ask again (AGENDA_NEVER: when a probe or a login has ended). */
bool service_admit(struct service *s, int64_t now, bool urgent, int64_t *until);
/* The same for the request that gets an access token, of which there is none. */
bool service_admit_signin(struct service *s, int64_t now, int64_t *until);
/* The request left: its place in the second's window counts from now. Once for each token. */
void service_left(struct service *s, int64_t now);
/* The request was never made: the token is back; if it was the probe, that is over without result. */
void service_return(struct service *s, bool probe, int64_t now);
/* The probe is over without result: another one may go at once. */
void service_unprobe(struct service *s, int64_t now);
/* What a request showed. good: the service works (also a refusal of one record). */
void service_good(struct service *s, int64_t now);
/* The service refuses us. True if the breaker opened just now, false if it was open. */
bool service_refused(struct service *s, const char *reason, int64_t now, int64_t retry_max_ms,
                     uint32_t random);
/* Neither good nor refused: time-out, 5xx, no connection. probe: it was the probe, and the next one waits.
 * True if the breaker opened just now. */
bool service_unclear(struct service *s, bool probe, const char *why, int64_t now,
                     int64_t retry_max_ms, uint32_t random);
/* 429: nothing leaves for Retry-After seconds, or a growing while without one (-1) or with 0. */
void service_slow_down(struct service *s, int64_t retry_after_s, int64_t now, uint32_t random);
/* Whether jobs are held by it and not by its budget. */
bool service_is_out(const struct service *s);
/* New settings: closed, limits and credentials anew. */
void service_reset(struct service *s);

#endif

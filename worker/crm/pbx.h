/*
 * What an account's MANGO lets us ask, and whether it does at all (design.md section 4; mango-api.md sections 1.4.1 and
 * 1.4.2): windows of a second for all methods together and of two for routing, and a breaker of two minutes after a
 * request that it called invalid (3xxx) or refused unread (401), for another one would block the API. Pure; times are
 * CLOCK_BOOTTIME ms.
 *
 *   CLOSED --(invalid, blocked)--> OPEN --(two minutes)--> TRYING --(good)--> CLOSED
 *                                   ^----(invalid, blocked)---'  one request at a time
 *
 * A window holds when requests ended: however long one was on its way, it arrived before that, so what leaves a window
 * later arrives a window later. A token is kept from its admission until its request ends. Of ten requests a second
 * nine are this worker's: the settings page and doctor may make one in ten seconds each.
 *
 * The call history waits for what rings: it takes no token that leaves less than half of a second's for others, and
 * tries a MANGO that was out of order only when nobody else has for two minutes more.
 */
#ifndef WORKER_CRM_PBX_H
#define WORKER_CRM_PBX_H

#include <stdbool.h>
#include <stdint.h>

#define PBX_PER_SECOND 9
#define PBX_SECOND_MS 1010
#define PBX_ROUTE_MS 2010
#define PBX_HISTORY_MS 2010           /* stats/request */
#define PBX_RESULT_MS 5010            /* stats/result */
#define PBX_LOOK_BACK_MS PBX_ROUTE_MS /* what ended longer ago counts for nothing */
#define PBX_OPEN_MS 121000            /* two minutes, by MANGO's clock too */
#define PBX_REASON 256

enum pbx_method {
    PBX_ROUTE,
    PBX_VISITOR,
    PBX_HISTORY, /* stats/request */
    PBX_RESULT,  /* stats/result */
    PBX_METHODS
};

/* All kept at once, and as many that ended: no more of those can matter. */
#define PBX_TIMES (2 * PBX_PER_SECOND)

struct pbx {
    int64_t all[PBX_TIMES]; /* when the latest requests ended, in no order */
    int64_t
        last[PBX_METHODS];  /* when the latest request of a method with a window of its own ended */
    bool kept[PBX_METHODS]; /* one of it has not ended */
    int64_t open_until;
    int64_t slow_until;
    bool trying;      /* since it was opened nothing worked */
    bool worked;      /* something did, and it was not opened since */
    unsigned limited; /* 429 in a row */
    char reason[PBX_REASON];
};

void pbx_init(struct pbx *p);
/* True: a request may leave; its token is taken and kept. False: *until is when to ask again. */
bool pbx_admit(struct pbx *p, enum pbx_method m, int64_t now, int64_t *until);
/* The request of a kept token ended now, however; or was never made. */
void pbx_ended(struct pbx *p, enum pbx_method m, int64_t now);
void pbx_return(struct pbx *p, enum pbx_method m);
/* Somebody else may send one until that time; it counts, whatever becomes of those that are on their way. */
void pbx_seen(struct pbx *p, enum pbx_method m, int64_t until);
/* MANGO called a request invalid, or refuses all: nothing leaves for two minutes. True if it was closed so far. */
bool pbx_refused(struct pbx *p, const char *reason, int64_t now);
/* 429: nothing leaves for Retry-After seconds, or a growing while without one (-1). */
void pbx_slow_down(struct pbx *p, int64_t retry_after_s, int64_t now);
/* Nothing leaves until then: what is remembered of an earlier refusal. */
void pbx_close(struct pbx *p, const char *reason, int64_t until);
/* It works. */
void pbx_good(struct pbx *p);
bool pbx_is_out(const struct pbx *p, int64_t now);
const char *pbx_reason(const struct pbx *p); /* why it is out, or was */
/* Other credentials: closed. */
void pbx_reset(struct pbx *p);
/* Requests that may leave at once. */
int pbx_level(const struct pbx *p, int64_t now);

#endif

/*
 * What the settings page and doctor may ask of an account's Megaplan and MANGO beside its owner, worker crm (design.md
 * section 4, B11): 1 % of Megaplan's requests per hour, one request to MANGO in ten seconds, one at a time of both; and
 * when they may not at all: Retry-After, and two minutes without MANGO after a request that it called invalid or refused
 * unread, since one more would block its API, the routing of calls included (mango-api.md section 1). Each process has a
 * share of its own. Pure; times are CLOCK_BOOTTIME ms.
 *
 * Megaplan's is a bucket of half the share, filled with the other half in an hour and a minute: no hour sees more than
 * the share, also where requests take up to a minute to arrive, and a new installation can ask its first questions at
 * once. Of less than two requests an hour there is one at a time. MANGO's ten seconds begin when a request has ended:
 * it arrived before that.
 */
#ifndef COMMON_SHARE_H
#define COMMON_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_OF_HOUR 0.01
#define SHARE_BURST_MAX 100.0
#define SHARE_HOUR_MS 3660000.0
#define SHARE_MANGO_MS 10000
#define SHARE_CLOSED_MS 121000 /* two minutes, by MANGO's clock too */
#define SHARE_SLOW_MS 10000    /* a 429 without Retry-After */

enum share_api {
    SHARE_MEGAPLAN,
    SHARE_MANGO,
    SHARE_APIS
};

struct share {
    double tokens, most, rate; /* Megaplan's: what is left, the most of it, tokens a ms */
    int64_t at;                /* when tokens was true */
    int64_t until[SHARE_APIS]; /* nothing leaves before */
    int64_t mango_at;          /* MANGO's next one */
    int64_t closed_until;      /* MANGO called a request invalid */
    bool busy;                 /* a request is on its way */
};

/* Full. per_hour: the account's requests_per_hour, 1 or more. */
void share_init(struct share *s, int64_t per_hour, int64_t now);
/* New settings; what is left stays, cut to the new ceiling. */
void share_change(struct share *s, int64_t per_hour, int64_t now);
/* Ms until a request may leave, if no other one does; 0 = now. What is on its way is not looked at. */
int64_t share_wait(const struct share *s, enum share_api api, int64_t now);
/* Takes the place of a request; false: share_wait is not 0, or one is on its way. */
bool share_take(struct share *s, enum share_api api, int64_t now);
/* It has ended. left: a byte of it may have left; else its place is given back. */
void share_ended(struct share *s, enum share_api api, bool left, int64_t now);
/* 429: retry_after_s as http.h tells it, -1 = none. */
void share_slow_down(struct share *s, enum share_api api, int64_t retry_after_s, int64_t now);
/* MANGO called a request invalid (3xxx), or refuses all (401). */
void share_close(struct share *s, int64_t now);
/* Ms for which MANGO is still closed; 0 = it is not. */
int64_t share_closed(const struct share *s, int64_t now);

#endif

/*
 * What an account's Megaplan lets us ask (design.md section 4, B11): a rate per second, and a bucket
 * for the hour of b = min(100, hour/10) that fills with (hour - b)/3600 a second, so that no hour has
 * more than `hour`. The last tenth of the bucket is for what only makes sense while it rings. This
 * worker has 95 % of both. Retry-After is obeyed on top. Pure; times are CLOCK_BOOTTIME ms.
 *
 * The rate per second. Up to BUDGET_WINDOW a second each request's time is remembered, and a further one
 * leaves when fewer than the account's number lie in the window behind it (a second and a twentieth): the
 * three requests of a new client follow each other at once, yet no second has too many. A token may be
 * kept for a while before its request leaves (the intent comes first): its place in the window is taken
 * until then and counts from then. Larger rates are a bucket with room for 5 % of a second.
 *
 * budget_memory.h: how much of it is left is remembered over restarts.
 */
#ifndef WORKER_CRM_BUDGET_H
#define WORKER_CRM_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/budget_level.h"

#define BUDGET_SHARE BUDGET_LEVEL_SHARE
#define BUDGET_BURST_MAX BUDGET_LEVEL_BURST
#define BUDGET_WINDOW 64      /* rates per second up to this one are kept exactly */
#define BUDGET_WINDOW_MS 1053 /* a second / BUDGET_SHARE */

struct budget {
    int64_t taken[BUDGET_WINDOW]; /* when, in no order */
    int64_t window;               /* how many of them count; 0 = the bucket of the next line */
    double second, second_max, second_rate; /* tokens, the most of them, tokens a ms */
    double hour, hour_max, hour_rate;
    double reserve;     /* of hour: not for ordinary requests */
    int64_t at;         /* when both levels were true */
    int64_t held_until; /* nothing leaves before; 0 = free */
};

/* Full buckets. per_second and per_hour: the account's settings, 1 or more. */
void budget_init(struct budget *b, int64_t per_second, int64_t per_hour, int64_t now);
/* New settings; what is in the buckets stays, cut to the new ceilings. */
void budget_change(struct budget *b, int64_t per_second, int64_t per_hour, int64_t now);
/* Takes a token if there is one. urgent: may use the reserve. */
bool budget_take(struct budget *b, int64_t now, bool urgent);
/* The token that was just taken is kept: its request has not left yet. */
void budget_keep(struct budget *b);
/* The request of a kept token leaves now. */
void budget_left(struct budget *b, int64_t now);
/* Gives a token back that no request was made with; a kept one if there are any. */
void budget_give_back(struct budget *b);
/* So many tokens of the hour are left, and the last one may have been used at `last`: whose budget it
 * was before is not known any better. last <= now. */
void budget_begin(struct budget *b, double hour, int64_t last, int64_t now);
/* How many more requests may leave from `now` to `now + ms` if all want to, as far as seconds go. */
double budget_burst(const struct budget *b, int64_t now, int64_t ms);
/* When the next token will be there, if nobody else takes it; now or earlier = at once. */
int64_t budget_ready_at(const struct budget *b, int64_t now, bool urgent);
/* Nothing leaves before `until` (429, Retry-After); an earlier time than one that stands is ignored. */
void budget_hold(struct budget *b, int64_t until);
/* Ms that one token takes to come when both buckets are empty. */
int64_t budget_token_ms(const struct budget *b);
/* Tokens of the hour's bucket at `now`. */
double budget_level(const struct budget *b, int64_t now);

#endif

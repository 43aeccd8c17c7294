/*
 * A bucket, a distance and stop signs. Pure: time is handed in.
 */
#include "common/share.h"

#define ALMOST 1e-9 /* floating sums end a hair under one */
#define RETRY_AFTER_MOST_S 3600

static double least(double a, double b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void set_limits(struct share *s, int64_t per_hour)
{
    double share = (double)per_hour * SHARE_OF_HOUR;
    s->most = least(SHARE_BURST_MAX, share / 2.0);
    s->rate = (share - s->most) / SHARE_HOUR_MS;
    if (share < 2.0) { /* one, and the next one when an hour has gone by, or more */
        s->most = 1.0;
        s->rate = least(1.0, share) / SHARE_HOUR_MS;
    }
}

static double level(const struct share *s, int64_t now)
{
    double passed = now > s->at ? (double)(now - s->at) : 0.0;
    return least(s->most, s->tokens + passed * s->rate);
}

void share_init(struct share *s, int64_t per_hour, int64_t now)
{
    *s = (struct share){.at = now};
    set_limits(s, per_hour);
    s->tokens = s->most;
}

void share_change(struct share *s, int64_t per_hour, int64_t now)
{
    s->tokens = level(s, now);
    s->at = now;
    set_limits(s, per_hour);
    s->tokens = least(s->tokens, s->most);
}

static int64_t ready_at(const struct share *s, enum share_api api, int64_t now)
{
    int64_t at = later(now, s->until[api]);
    if (api == SHARE_MANGO)
        return later(at, later(s->mango_at, s->closed_until));
    double missing = 1.0 - ALMOST - level(s, now);
    if (missing <= 0.0)
        return at;
    return later(at, now + (int64_t)(missing / s->rate) + 1);
}

int64_t share_wait(const struct share *s, enum share_api api, int64_t now)
{
    return ready_at(s, api, now) - now;
}

bool share_take(struct share *s, enum share_api api, int64_t now)
{
    if (s->busy || share_wait(s, api, now) > 0)
        return false;
    s->busy = true;
    if (api == SHARE_MEGAPLAN) {
        s->tokens = level(s, now) - 1.0;
        s->at = now;
    }
    return true;
}

void share_ended(struct share *s, enum share_api api, bool left, int64_t now)
{
    s->busy = false;
    if (left && api == SHARE_MANGO)
        s->mango_at = now + SHARE_MANGO_MS;
    if (!left && api == SHARE_MEGAPLAN)
        s->tokens = least(s->most, s->tokens + 1.0);
}

void share_slow_down(struct share *s, enum share_api api, int64_t retry_after_s, int64_t now)
{
    int64_t ms = SHARE_SLOW_MS;
    if (retry_after_s > 0)
        ms = 1000 *
             (retry_after_s < RETRY_AFTER_MOST_S ? retry_after_s : (int64_t)RETRY_AFTER_MOST_S);
    s->until[api] = later(s->until[api], now + ms);
}

void share_close(struct share *s, int64_t now)
{
    s->closed_until = later(s->closed_until, now + SHARE_CLOSED_MS);
}

int64_t share_closed(const struct share *s, int64_t now)
{
    return s->closed_until > now ? s->closed_until - now : 0;
}

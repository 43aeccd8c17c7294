/*
 * MANGO's limits. Pure: memory only.
 */
#include "worker/crm/pbx.h"

#include <stdio.h>

#define NEVER (INT64_MIN / 2)
#define KEPT (INT64_MAX / 2) /* taken, and its request has not ended */
#define RETRY_AFTER_MAX_S 3600
#define SLOW_MS 1000
#define SLOW_MAX_MS 10000

/* Of a method alone; 0: it has none. */
static const int64_t windows[PBX_METHODS] = {
    [PBX_ROUTE] = PBX_ROUTE_MS,
    [PBX_HISTORY] = PBX_HISTORY_MS,
    [PBX_RESULT] = PBX_RESULT_MS,
};

static bool can_wait(enum pbx_method m)
{
    return m == PBX_HISTORY || m == PBX_RESULT;
}

void pbx_init(struct pbx *p)
{
    *p = (struct pbx){.open_until = NEVER, .slow_until = NEVER};
    for (int i = 0; i < PBX_TIMES; i++)
        p->all[i] = NEVER;
    for (size_t m = 0; m < PBX_METHODS; m++)
        p->last[m] = NEVER;
}

static int oldest(const struct pbx *p)
{
    int at = 0;
    for (int i = 1; i < PBX_TIMES; i++)
        if (p->all[i] < p->all[at])
            at = i;
    return at;
}

static int kept(const struct pbx *p)
{
    for (int i = 0; i < PBX_TIMES; i++)
        if (p->all[i] == KEPT)
            return i;
    return -1;
}

/* The time of the PBX_PER_SECONDth latest: once it leaves the window, there is room. Until then they all are in it. */
static int64_t decisive(const struct pbx *p)
{
    int64_t latest[PBX_PER_SECOND];
    for (int i = 0; i < PBX_PER_SECOND; i++)
        latest[i] = NEVER;
    for (int i = 0; i < PBX_TIMES; i++) {
        int64_t at = p->all[i];
        for (int place = 0; place < PBX_PER_SECOND; place++)
            if (at > latest[place]) {
                int64_t pushed = latest[place];
                latest[place] = at;
                at = pushed;
            }
    }
    return latest[PBX_PER_SECOND - 1];
}

/* From then on the window has room; of a kept token nobody knows when, so it is asked for again soon. */
static int64_t free_at(int64_t ended, int64_t window, int64_t now)
{
    return ended == KEPT ? now + window / 2 : ended + window;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t ready_at(const struct pbx *p, enum pbx_method m, int64_t now)
{
    int64_t at = later(p->open_until, p->slow_until);
    if (p->trying && kept(p) >= 0)
        at = later(at, free_at(KEPT, PBX_SECOND_MS, now));
    at = later(at, free_at(decisive(p), PBX_SECOND_MS, now));
    if (windows[m])
        at = later(at, free_at(p->kept[m] ? KEPT : p->last[m], windows[m], now));
    if (!can_wait(m))
        return at;
    if (p->trying)
        at = later(at, p->open_until + PBX_OPEN_MS);
    return at <= now && pbx_level(p, now) <= PBX_PER_SECOND / 2 ? now + PBX_SECOND_MS / 2 : at;
}

bool pbx_admit(struct pbx *p, enum pbx_method m, int64_t now, int64_t *until)
{
    *until = ready_at(p, m, now);
    if (*until > now)
        return false;
    p->all[oldest(p)] = KEPT;
    p->kept[m] = windows[m] > 0;
    return true;
}

static void settle(struct pbx *p, enum pbx_method m, int64_t at)
{
    int i = kept(p);
    if (i >= 0)
        p->all[i] = at;
    p->kept[m] = false;
    p->last[m] = later(p->last[m], at);
}

void pbx_ended(struct pbx *p, enum pbx_method m, int64_t now)
{
    settle(p, m, now);
}

void pbx_return(struct pbx *p, enum pbx_method m)
{
    settle(p, m, NEVER);
}

void pbx_seen(struct pbx *p, enum pbx_method m, int64_t until)
{
    int i = oldest(p);
    p->all[i] = later(p->all[i], until);
    p->last[m] = later(p->last[m], until);
}

void pbx_close(struct pbx *p, const char *reason, int64_t until)
{
    p->open_until = later(p->open_until, until);
    p->trying = true;
    p->worked = false;
    snprintf(p->reason, sizeof p->reason, "%s", reason);
}

bool pbx_refused(struct pbx *p, const char *reason, int64_t now)
{
    bool opens = !pbx_is_out(p, now);
    pbx_close(p, reason, now + PBX_OPEN_MS);
    return opens;
}

void pbx_slow_down(struct pbx *p, int64_t retry_after_s, int64_t now)
{
    int64_t ms = SLOW_MS << (p->limited < 4 ? p->limited : 4);
    p->limited++;
    if (ms > SLOW_MAX_MS)
        ms = SLOW_MAX_MS;
    if (retry_after_s > 0)
        ms = (retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S) * 1000;
    p->slow_until = later(p->slow_until, now + ms);
}

void pbx_good(struct pbx *p)
{
    p->trying = false;
    p->worked = true;
    p->limited = 0;
}

bool pbx_is_out(const struct pbx *p, int64_t now)
{
    return now < p->open_until;
}

const char *pbx_reason(const struct pbx *p)
{
    return p->reason;
}

void pbx_reset(struct pbx *p)
{
    p->open_until = NEVER;
    p->trying = false;
    p->worked = false;
    p->limited = 0;
}

int pbx_level(const struct pbx *p, int64_t now)
{
    int in_window = 0;
    for (int i = 0; i < PBX_TIMES; i++)
        in_window += p->all[i] == KEPT || p->all[i] + PBX_SECOND_MS > now;
    if (later(p->open_until, p->slow_until) > now || in_window > PBX_PER_SECOND)
        return 0;
    return PBX_PER_SECOND - in_window;
}

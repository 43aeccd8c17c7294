/*
 * A window for the second, a bucket for the hour and a stop sign. Pure: time is handed in.
 */
#include "worker/crm/budget.h"

#include "common/budget_level.h"

#define WINDOW_MS BUDGET_WINDOW_MS
#define NEVER (INT64_MIN / 2)
#define KEPT (INT64_MAX / 2) /* taken, and its request has not left */
#define SECOND_MS 1000.0
/* Floating sums of thirds and tenths end a hair under one. */
#define ALMOST 1e-9

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

/* What was taken before is not sorted into a window of another size: all of it counts as the newest. */
static void set_window(struct budget *b, int64_t per_second)
{
    int64_t window = per_second <= BUDGET_WINDOW ? per_second : 0, newest = NEVER;
    if (window == b->window)
        return;
    if (b->window == 0 && b->second < b->second_max)
        newest = b->at;
    for (int64_t i = 0; i < b->window; i++)
        if (b->taken[i] > newest)
            newest = b->taken[i];
    for (int64_t i = 0; i < window; i++)
        b->taken[i] = newest;
    b->window = window;
}

static void set_limits(struct budget *b, int64_t per_second, int64_t per_hour)
{
    set_window(b, per_second);
    double second = (double)per_second;
    b->second_max = most(1.0, second * (1.0 - BUDGET_SHARE));
    b->second_rate = second * BUDGET_SHARE / SECOND_MS;
    struct budget_level_bucket hour = budget_level_bucket(per_hour);
    b->hour_max = hour.max;
    b->hour_rate = hour.per_ms;
    b->reserve = least(b->hour_max / 10.0, b->hour_max - 1.0);
}

static double passed(const struct budget *b, int64_t now)
{
    return now > b->at ? (double)(now - b->at) : 0.0;
}

static double second_at(const struct budget *b, int64_t now)
{
    return least(b->second_max, b->second + passed(b, now) * b->second_rate);
}

double budget_level(const struct budget *b, int64_t now)
{
    return least(b->hour_max, b->hour + passed(b, now) * b->hour_rate);
}

static void fill(struct budget *b, int64_t now)
{
    b->second = second_at(b, now);
    b->hour = budget_level(b, now);
    b->at = now;
}

void budget_init(struct budget *b, int64_t per_second, int64_t per_hour, int64_t now)
{
    *b = (struct budget){.at = now};
    set_limits(b, per_second, per_hour);
    b->second = b->second_max;
    b->hour = b->hour_max;
}

void budget_change(struct budget *b, int64_t per_second, int64_t per_hour, int64_t now)
{
    fill(b, now);
    set_limits(b, per_second, per_hour);
    fill(b, now);
}

/* The oldest time of the window. */
static int64_t oldest(const struct budget *b)
{
    int64_t at = 0;
    for (int64_t i = 1; i < b->window; i++)
        if (b->taken[i] < b->taken[at])
            at = i;
    return at;
}

static bool second_has_room(const struct budget *b, int64_t now)
{
    if (b->window == 0)
        return b->second >= 1.0 - ALMOST;
    return b->taken[oldest(b)] + WINDOW_MS <= now;
}

static void note_second(struct budget *b, int64_t now)
{
    if (b->window == 0)
        b->second -= 1.0;
    else
        b->taken[oldest(b)] = now;
}

static int64_t find_kept(const struct budget *b)
{
    for (int64_t i = 0; i < b->window; i++)
        if (b->taken[i] == KEPT)
            return i;
    return -1;
}

void budget_keep(struct budget *b)
{
    for (int64_t i = 0; i < b->window; i++) {
        if (b->taken[i] != b->at)
            continue;
        b->taken[i] = KEPT;
        return;
    }
}

void budget_left(struct budget *b, int64_t now)
{
    int64_t kept = find_kept(b);
    if (kept >= 0)
        b->taken[kept] = now;
}

/* Else the oldest that still counts is taken for the one that comes back: the others stay as late as they are. */
static void forget_one(struct budget *b)
{
    int64_t found = find_kept(b);
    bool kept = found >= 0;
    for (int64_t i = 0; !kept && i < b->window; i++)
        if (b->taken[i] + WINDOW_MS > b->at && (found < 0 || b->taken[i] < b->taken[found]))
            found = i;
    if (found >= 0)
        b->taken[found] = NEVER;
}

static double hour_needed(const struct budget *b, bool urgent)
{
    return (urgent ? 1.0 : 1.0 + b->reserve) - ALMOST;
}

bool budget_take(struct budget *b, int64_t now, bool urgent)
{
    if (now < b->held_until)
        return false;
    fill(b, now);
    if (!second_has_room(b, now) || b->hour < hour_needed(b, urgent))
        return false;
    note_second(b, now);
    b->hour -= 1.0;
    return true;
}

void budget_give_back(struct budget *b)
{
    forget_one(b);
    b->second = least(b->second_max, b->second + 1.0);
    b->hour = least(b->hour_max, b->hour + 1.0);
}

static int64_t wait_for(double level, double needed, double rate)
{
    if (level >= needed)
        return 0;
    double ms = (needed - level) / rate;
    int64_t whole = (int64_t)ms;
    return (double)whole < ms ? whole + 1 : whole;
}

static int64_t wait_for_second(const struct budget *b, int64_t now)
{
    if (b->window == 0)
        return wait_for(second_at(b, now), 1.0 - ALMOST, b->second_rate);
    int64_t at = b->taken[oldest(b)] + WINDOW_MS;
    return at > now ? at - now : 0;
}

int64_t budget_ready_at(const struct budget *b, int64_t now, bool urgent)
{
    int64_t second = wait_for_second(b, now);
    int64_t hour = wait_for(budget_level(b, now), hour_needed(b, urgent), b->hour_rate);
    int64_t at = now + (second > hour ? second : hour);
    return at > b->held_until ? at : b->held_until;
}

void budget_hold(struct budget *b, int64_t until)
{
    if (until > b->held_until)
        b->held_until = until;
}

int64_t budget_token_ms(const struct budget *b)
{
    double rate = least(b->second_rate, b->hour_rate);
    return (int64_t)(1.0 / rate) + 1;
}

void budget_begin(struct budget *b, double hour, int64_t last, int64_t now)
{
    fill(b, now);
    b->hour = most(0.0, least(b->hour_max, hour));
    for (int64_t i = 0; i < b->window; i++)
        b->taken[i] = last;
    if (last + WINDOW_MS > now)
        b->second = 0.0;
}

double budget_burst(const struct budget *b, int64_t now, int64_t ms)
{
    if (b->window == 0)
        return second_at(b, now) + b->second_rate * (double)ms;
    double n = 0;
    for (int64_t i = 0; i < b->window; i++)
        n += b->taken[i] + WINDOW_MS <= now + ms;
    return n;
}

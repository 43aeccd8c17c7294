/*
 * MANGO's limits: a simulated MANGO counts in true windows and must never see too many, whatever the way takes.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "worker/crm/pbx.h"

#define WAY_MS 40
#define SEEN_MAX 20000

static struct pbx p;

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct seen {
    int64_t at[SEEN_MAX];
    size_t n;
};

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The most arrivals of any window [t, t + ms). */
static size_t most_in(struct seen *s, int64_t ms)
{
    size_t most = 0, from = 0;
    qsort(s->at, s->n, sizeof *s->at, by_time);
    for (size_t i = 0; i < s->n; i++) {
        while (s->at[from] + ms <= s->at[i])
            from++;
        if (i - from + 1 > most)
            most = i - from + 1;
    }
    return most;
}

START_TEST(never_too_many_whatever_the_way_takes)
{
    for (uint32_t round = 1; round <= 20; round++) {
        static struct seen all, routes;
        uint32_t seed = round;
        int64_t now = 0, until;
        size_t wanted = 0;
        all.n = routes.n = 0;
        pbx_init(&p);
        while (all.n < 3000) {
            enum pbx_method m = dice(&seed) % 3 == 0 ? PBX_ROUTE : PBX_VISITOR;
            wanted++;
            if (!pbx_admit(&p, m, now, &until)) {
                ck_assert_int_gt(until, now);
                now += dice(&seed) % 200;
                continue;
            }
            now += dice(&seed) % 30; /* until it leaves */
            if (dice(&seed) % 10 == 0) {
                pbx_return(&p, m);
                continue;
            }
            int64_t arrives = now + dice(&seed) % WAY_MS;
            now = arrives + dice(&seed) % WAY_MS;
            pbx_ended(&p, m, now);
            all.at[all.n++] = arrives;
            if (m == PBX_ROUTE)
                routes.at[routes.n++] = arrives;
        }
        ck_assert_uint_le(most_in(&all, 1000), PBX_PER_SECOND);
        ck_assert_uint_le(most_in(&routes, 2000), 1);
        ck_assert_uint_gt(routes.n, 0);
        ck_assert_uint_gt(wanted, all.n);
    }
}
END_TEST

START_TEST(all_that_is_allowed_is_used)
{
    int64_t now = 0, until = 0;
    size_t sent = 0;
    pbx_init(&p);
    while (now < 60000) {
        if (pbx_admit(&p, PBX_VISITOR, now, &until)) {
            pbx_ended(&p, PBX_VISITOR, now);
            sent++;
        } else {
            now = until;
        }
    }
    ck_assert_uint_ge(sent, 60 * PBX_PER_SECOND * 95 / 100);
}
END_TEST

START_TEST(routes_do_not_stop_queries)
{
    int64_t until = 0;
    pbx_init(&p);
    ck_assert(pbx_admit(&p, PBX_ROUTE, 0, &until));
    ck_assert(!pbx_admit(&p, PBX_ROUTE, 0, &until)); /* its request has not ended */
    pbx_ended(&p, PBX_ROUTE, 10);
    ck_assert(!pbx_admit(&p, PBX_ROUTE, 2000, &until));
    ck_assert_int_eq(until, 10 + PBX_ROUTE_MS);
    ck_assert(pbx_admit(&p, PBX_VISITOR, 10, &until));
    ck_assert(pbx_admit(&p, PBX_ROUTE, 10 + PBX_ROUTE_MS, &until));
    pbx_return(&p, PBX_ROUTE);
    ck_assert(pbx_admit(&p, PBX_ROUTE, 10 + PBX_ROUTE_MS, &until));
}
END_TEST

START_TEST(a_refusal_closes_it_for_two_minutes)
{
    int64_t until = 0;
    pbx_init(&p);
    ck_assert(!pbx_is_out(&p, 0));
    ck_assert(pbx_refused(&p, "3102", 1000));
    ck_assert(!pbx_refused(&p, "401", 1000));
    ck_assert(pbx_is_out(&p, 1000 + 120000));
    ck_assert_str_eq(pbx_reason(&p), "401");
    ck_assert_int_eq(pbx_level(&p, 1000), 0);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 1000, &until));
    ck_assert_int_eq(until, 1000 + PBX_OPEN_MS);
    ck_assert(pbx_admit(&p, PBX_VISITOR, until, &until));
    ck_assert(pbx_refused(&p, "again", 200000));
    pbx_reset(&p);
    ck_assert(!pbx_is_out(&p, 200000));
    ck_assert_int_eq(pbx_level(&p, 200000), PBX_PER_SECOND - 1);
}
END_TEST

START_TEST(too_many_requests_slow_down)
{
    int64_t until = 0;
    pbx_init(&p);
    pbx_slow_down(&p, 7, 0);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 0, &until));
    ck_assert_int_eq(until, 7000);
    pbx_slow_down(&p, -1, 10000);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 10000, &until));
    ck_assert_int_eq(until, 12000); /* the second in a row */
    for (int i = 0; i < 20; i++)
        pbx_slow_down(&p, 0, 20000);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 20000, &until));
    ck_assert_int_eq(until, 30000);
    pbx_good(&p);
    pbx_slow_down(&p, -1, 40000);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 40000, &until));
    ck_assert_int_eq(until, 41000);
    pbx_slow_down(&p, 1000000, 50000);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 50000, &until));
    ck_assert_int_eq(until, 50000 + 3600000);
}
END_TEST

START_TEST(what_another_owner_may_send_counts)
{
    int64_t until = 0;
    pbx_init(&p);
    pbx_seen(&p, PBX_ROUTE, 5000);
    ck_assert(!pbx_admit(&p, PBX_ROUTE, 0, &until));
    ck_assert_int_eq(until, 5000 + PBX_ROUTE_MS);
    for (int i = 0; i < PBX_PER_SECOND - 1; i++) {
        ck_assert(pbx_admit(&p, PBX_VISITOR, 0, &until));
        pbx_ended(&p, PBX_VISITOR, 0);
    }
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 0, &until));
}
END_TEST

int main(void)
{
    return UNIT_RUN("pbx", never_too_many_whatever_the_way_takes, all_that_is_allowed_is_used,
                    routes_do_not_stop_queries, a_refusal_closes_it_for_two_minutes,
                    too_many_requests_slow_down, what_another_owner_may_send_counts);
}

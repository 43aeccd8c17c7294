/*
 * MANGO's limits: a simulated MANGO counts in true windows and must never see too many, whatever the way takes.
 */
#include "tests/unit/unit.h"

#include "worker/crm/pbx.h"

#define WAY_MS 40
#define HEARD_MAX 500

static struct pbx p;

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A MANGO that hears everything: ours in the order of admission, and what other owners may send, from when on it is
 * known. */
struct heard {
    enum pbx_method method;
    int64_t known_at, arrives;
};

struct flight {
    enum pbx_method method;
    int64_t ends; /* or is given up, if it never arrives */
    int64_t arrives;
};

struct story {
    uint32_t seed;
    int64_t now;
    struct heard heard[HEARD_MAX];
    size_t nheard, nroutes, nothers;
    struct flight flights[PBX_PER_SECOND];
    size_t nflights, most;
};

static int64_t throw_to(struct story *s, uint32_t n)
{
    return (int64_t)(dice(&s->seed) % n);
}

/* From here to there; often none at all. */
static int64_t way(struct story *s)
{
    return throw_to(s, 2) == 0 ? 0 : throw_to(s, WAY_MS);
}

static struct heard *hear(struct story *s, enum pbx_method m, int64_t arrives)
{
    struct heard *h = &s->heard[s->nheard++];
    *h = (struct heard){.method = m, .known_at = s->now, .arrives = arrives};
    return h;
}

/* Before `last`, and with it in a window that begins with `first`. */
static size_t in_window(const struct story *s, const struct heard *first, const struct heard *last,
                        bool routes)
{
    size_t n = 0;
    for (const struct heard *h = s->heard; h <= last; h++)
        n += (!routes || h->method == PBX_ROUTE) && h->arrives >= first->arrives &&
             h->arrives < first->arrives + (routes ? 2000 : 1000);
    return n;
}

/* With all that was known when it was admitted, it makes no window too full. */
static void check_heard(const struct story *s, const struct heard *own)
{
    for (const struct heard *h = s->heard; h <= own; h++) {
        if (h->arrives > own->arrives)
            continue;
        if (h->arrives + 1000 > own->arrives)
            ck_assert_uint_le(in_window(s, h, own, false), PBX_PER_SECOND);
        if (own->method == PBX_ROUTE && h->method == PBX_ROUTE && h->arrives + 2000 > own->arrives)
            ck_assert_uint_le(in_window(s, h, own, true), 1);
    }
}

static void admitted(struct story *s, enum pbx_method m)
{
    struct flight *f = &s->flights[s->nflights++];
    f->method = m;
    f->arrives = s->now + way(s) + way(s);
    f->ends = f->arrives + (throw_to(s, 8) == 0 ? throw_to(s, 3000) : way(s));
    if (throw_to(s, 10) == 0) {
        f->arrives = -1;
        return;
    }
    check_heard(s, hear(s, m, f->arrives));
    s->nroutes += m == PBX_ROUTE;
}

static void end_flights(struct story *s)
{
    for (size_t i = 0; i < s->nflights;) {
        struct flight *f = &s->flights[i];
        if (f->ends > s->now) {
            i++;
            continue;
        }
        if (f->arrives < 0)
            pbx_return(&p, f->method);
        else
            pbx_ended(&p, f->method, f->ends);
        *f = s->flights[--s->nflights];
    }
}

static enum pbx_method any_method(struct story *s)
{
    return throw_to(s, 5) == 0 ? PBX_ROUTE : PBX_VISITOR;
}

static void another_owner(struct story *s)
{
    enum pbx_method m = any_method(s);
    int64_t until = s->now + throw_to(s, 5000) - 1000;
    pbx_seen(&p, m, until);
    hear(s, m, until - (throw_to(s, 2) == 0 ? 0 : throw_to(s, 500)));
    s->nothers++;
}

/* It comes again when it was told to, or whenever it likes. */
static void refused(struct story *s, int64_t until)
{
    ck_assert_int_gt(until, s->now);
    if (throw_to(s, 4) == 0)
        s->now = until;
}

static void check_story(struct story *s)
{
    while (s->nheard < HEARD_MAX - 1) {
        int64_t until;
        enum pbx_method m = any_method(s);
        end_flights(s);
        if (throw_to(s, 120) == 0)
            another_owner(s);
        else if (pbx_admit(&p, m, s->now, &until))
            admitted(s, m);
        else
            refused(s, until);
        s->most = s->nflights > s->most ? s->nflights : s->most;
        s->now += throw_to(s, 12) == 0 ? throw_to(s, 300) : 0;
    }
}

/* Several on their way at once, some never made, some without an end long after they arrived; and other owners'. */
START_TEST(never_too_many_whatever_the_way_takes)
{
    static struct story s;
    size_t routes = 0, others = 0, most = 0;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        s = (struct story){.seed = seed, .now = 10000};
        pbx_init(&p);
        check_story(&s);
        routes += s.nroutes;
        others += s.nothers;
        most = s.most > most ? s.most : most;
    }
    ck_assert_uint_gt(routes, 200);
    ck_assert_uint_gt(others, 100);
    ck_assert_uint_eq(most, PBX_PER_SECOND);
}
END_TEST

/* Its request has not ended, or is never made: what somebody else may send counts all the same. */
START_TEST(what_another_owner_may_send_outlives_a_kept_token)
{
    int64_t until = 0;
    pbx_init(&p);
    ck_assert(pbx_admit(&p, PBX_ROUTE, 0, &until));
    pbx_seen(&p, PBX_ROUTE, 5000);
    pbx_ended(&p, PBX_ROUTE, 100);
    ck_assert(!pbx_admit(&p, PBX_ROUTE, 100 + PBX_ROUTE_MS, &until));
    ck_assert_int_eq(until, 5000 + PBX_ROUTE_MS);
    pbx_init(&p);
    for (int i = 0; i < PBX_PER_SECOND; i++)
        ck_assert(pbx_admit(&p, PBX_VISITOR, 0, &until));
    for (int i = 0; i < PBX_PER_SECOND; i++)
        pbx_seen(&p, PBX_VISITOR, 5000 + i);
    pbx_seen(&p, PBX_VISITOR, 10); /* says less than what is known already */
    for (int i = 0; i < PBX_PER_SECOND; i++)
        pbx_return(&p, PBX_VISITOR);
    ck_assert_int_eq(pbx_level(&p, 5000), 0);
    ck_assert(!pbx_admit(&p, PBX_VISITOR, 5000, &until));
    ck_assert_int_eq(until, 5000 + PBX_SECOND_MS);
    ck_assert(pbx_admit(&p, PBX_VISITOR, until, &until));
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

START_TEST(then_one_at_a_time_until_it_works)
{
    int64_t now = PBX_OPEN_MS, until = 0;
    pbx_init(&p);
    pbx_close(&p, "before the restart", now);
    ck_assert(pbx_admit(&p, PBX_VISITOR, now, &until));
    ck_assert(!pbx_admit(&p, PBX_ROUTE, now, &until));
    ck_assert_int_gt(until, now);
    pbx_ended(&p, PBX_VISITOR, ++now); /* how, nobody knows */
    ck_assert(pbx_admit(&p, PBX_ROUTE, now, &until));
    ck_assert(!pbx_admit(&p, PBX_VISITOR, now, &until));
    pbx_good(&p);
    ck_assert(pbx_admit(&p, PBX_VISITOR, now, &until));
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

/* Of a second's tokens it takes none that leaves less than half for others. */
START_TEST(the_call_history_leaves_room_for_what_rings)
{
    int64_t until = 0;
    pbx_init(&p);
    ck_assert(pbx_admit(&p, PBX_HISTORY, 0, &until));
    pbx_ended(&p, PBX_HISTORY, 0);
    ck_assert(!pbx_admit(&p, PBX_HISTORY, 2000, &until));
    ck_assert_int_eq(until, PBX_HISTORY_MS);
    ck_assert(pbx_admit(&p, PBX_RESULT, 2000, &until));
    pbx_ended(&p, PBX_RESULT, 2000);
    ck_assert(!pbx_admit(&p, PBX_RESULT, 7000, &until));
    ck_assert_int_eq(until, 2000 + PBX_RESULT_MS);
    for (int i = 0; i < 4; i++)
        ck_assert(pbx_admit(&p, PBX_VISITOR, 20000, &until));
    ck_assert(pbx_admit(&p, PBX_HISTORY, 20000, &until));
    ck_assert(!pbx_admit(&p, PBX_RESULT, 20000, &until));
    ck_assert_int_gt(until, 20000);
    for (int i = 0; i < 4; i++)
        ck_assert(pbx_admit(&p, i ? PBX_VISITOR : PBX_ROUTE, 20000, &until));
}
END_TEST

START_TEST(the_call_history_is_not_the_first_to_try)
{
    int64_t until = 0;
    pbx_init(&p);
    (void)pbx_refused(&p, "3102", 0);
    ck_assert(!pbx_admit(&p, PBX_HISTORY, PBX_OPEN_MS, &until));
    ck_assert_int_eq(until, 2LL * PBX_OPEN_MS);
    ck_assert(pbx_admit(&p, PBX_VISITOR, PBX_OPEN_MS, &until));
    pbx_ended(&p, PBX_VISITOR, PBX_OPEN_MS);
    pbx_good(&p);
    ck_assert(pbx_admit(&p, PBX_HISTORY, PBX_OPEN_MS, &until));
}
END_TEST

int main(void)
{
    return UNIT_RUN("pbx", never_too_many_whatever_the_way_takes,
                    what_another_owner_may_send_outlives_a_kept_token, all_that_is_allowed_is_used,
                    routes_do_not_stop_queries, a_refusal_closes_it_for_two_minutes,
                    then_one_at_a_time_until_it_works, too_many_requests_slow_down,
                    what_another_owner_may_send_counts, the_call_history_leaves_room_for_what_rings,
                    the_call_history_is_not_the_first_to_try);
}

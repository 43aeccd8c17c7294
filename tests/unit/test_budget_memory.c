/*
 * What a budget remembers over restarts: never more than there is, hardly ever less.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/budget_memory.h"

#define WALL 1700000000000LL
#define HOUR 3600000

static struct budget b;
static struct budget_memory m;
static struct budget_record record;

static void begin(int64_t per_second, int64_t per_hour, const char *value, int64_t now)
{
    budget_init(&b, per_second, per_hour, now);
    budget_memory_restore(&m, &b, str_of(value), WALL + now, now);
}

static void grant(int64_t now)
{
    ck_assert(!budget_memory_covers(&m, now, false));
    ck_assert(budget_memory_due(&m, &b, now));
    budget_memory_write(&m, &b, WALL + now, now, &record);
    ck_assert(!budget_memory_due(&m, &b, now));
    ck_assert(!budget_memory_covers(&m, now, false));
    budget_memory_written(&m, true, now);
    m.wanted = false;
}

static void spend(int64_t now)
{
    ck_assert(budget_memory_covers(&m, now, false));
    ck_assert(budget_take(&b, now, false));
    budget_memory_spent(&m, &b, now);
}

START_TEST(nothing_is_spent_unwritten)
{
    begin(5, 1000, "", 1000);
    ck_assert(!budget_memory_due(&m, &b, 1000));
    grant(1000);
    /* 95 tokens, five of them granted; it would run over, so what comes meanwhile does not count */
    ck_assert_str_eq(record.value, "{\"at\":1700000001500,\"level\":90.000,\"v\":1}");
    for (int i = 0; i < 5; i++)
        spend(1001);
    ck_assert(!budget_memory_covers(&m, 1002, false));
}
END_TEST

/* Given up in order: the next owner has what was not spent, and nothing is spent meanwhile. */
START_TEST(nothing_is_lost_in_an_orderly_end)
{
    begin(5, 1000, "", 1000);
    ck_assert(!budget_memory_ends(&m)); /* no record says less than there is */
    grant(1000);
    spend(1001);
    spend(1001);
    m.wanted = true;
    ck_assert(budget_memory_ends(&m));
    budget_memory_write(&m, &b, WALL + 1002, 1002, &record);
    ck_assert_str_eq(record.value, "{\"at\":1700000001002,\"level\":93.000,\"v\":1}");
    ck_assert(!budget_memory_covers(&m, 1003, true));
    ck_assert(!budget_memory_ends(&m)); /* it is on its way */
    budget_memory_written(&m, true, 1004);
    ck_assert(!budget_memory_covers(&m, 1005, true));
    ck_assert(!budget_memory_ends(&m));
    grant(1005);
    for (int i = 0; i < 5 && budget_memory_covers(&m, 1006, false); i++)
        budget_memory_spent(&m, &b, 1006);
    ck_assert(!budget_memory_ends(&m)); /* all of it is spent */
}
END_TEST

START_TEST(a_grant_ends_with_its_time)
{
    begin(5, 1000, "", 1000);
    grant(1000);
    spend(1001);
    ck_assert(budget_memory_covers(&m, 1499, false));
    ck_assert(!budget_memory_covers(&m, 1500, false));
}
END_TEST

/* The old grant goes on while a new one is on its way; what both allow counts. */
START_TEST(grants_overlap)
{
    begin(50, 1000000, "", 0);
    grant(0);
    ck_assert_double_eq(m.granted.tokens, 50);
    for (int i = 0; i < 33; i++)
        spend(1);
    ck_assert(!budget_memory_due(&m, &b, 1));
    spend(1);
    ck_assert(budget_memory_due(&m, &b, 1)); /* a third is left */
    budget_memory_write(&m, &b, WALL + 1, 1, &record);
    ck_assert_double_eq(m.asked.tokens, 16); /* what the second has */
    spend(2);
    ck_assert_double_eq(m.granted.tokens, 15);
    ck_assert(
        !budget_memory_covers(&m, 500, false)); /* the old one is over, the new one not there */
    budget_memory_written(&m, true, 500);
    ck_assert(budget_memory_covers(&m, 500, false));
    ck_assert_double_eq(m.granted.tokens, 15);
    ck_assert(!budget_memory_covers(&m, 501, false));
}
END_TEST

START_TEST(what_kafka_did_not_take_counts_all_the_same)
{
    begin(50, 1000000, "", 0);
    grant(0);
    spend(10);
    m.wanted = true;
    budget_memory_write(&m, &b, WALL + 20, 20, &record);
    budget_memory_written(&m, false, 30);
    ck_assert_double_eq(m.granted.tokens, 49);
    ck_assert_int_eq(m.granted.until, 500);
    ck_assert(!budget_memory_due(&m, &b, 129));
    ck_assert(budget_memory_due(&m, &b, 130));
    budget_memory_returned(&m);
    ck_assert_double_eq(m.granted.tokens, 50);
}
END_TEST

START_TEST(it_is_written_while_it_is_spent)
{
    begin(5, 1000, "", 0);
    grant(0);
    spend(10);
    ck_assert(!budget_memory_due(&m, &b, 3999));
    ck_assert(budget_memory_due(&m, &b, 4000)); /* four were granted for nothing: they come back */
    budget_memory_write(&m, &b, WALL + 4000, 4000, &record);
    ck_assert_str_eq(record.value, "{\"at\":1700000004000,\"level\":94.947,\"v\":1}");
    budget_memory_written(&m, true, 4001);
    ck_assert(!budget_memory_covers(&m, 4001, false));
    m.wanted = false;
    ck_assert(!budget_memory_due(&m, &b, 5999)); /* full, but only just quiet */
    ck_assert(budget_memory_due(&m, &b, 6000));
    budget_memory_write(&m, &b, WALL + 6000, 6000, &record);
    ck_assert(record.tombstone);
    budget_memory_written(&m, true, 6001);
    ck_assert(!budget_memory_due(&m, &b, 100000)); /* full, and said so */
}
END_TEST

START_TEST(the_reserve_is_granted_to_the_urgent)
{
    begin(50, 1000, "{\"at\":1700000000000,\"level\":5.5,\"v\":1}", 0);
    ck_assert(!budget_memory_covers(&m, 2000, false));
    ck_assert(!budget_memory_due(&m, &b, 2000));
    ck_assert(!budget_memory_covers(&m, 2000, true));
    ck_assert(budget_memory_due(&m, &b, 2000));
    budget_memory_write(&m, &b, WALL + 2000, 2000, &record);
    ck_assert_double_eq(m.asked.tokens, 6);
}
END_TEST

static double restored(const char *value, int64_t now)
{
    begin(5, 1000, value, now);
    return budget_level(&b, now);
}

START_TEST(restoring)
{
    static const struct {
        const char *value;
        int64_t now;
        double level;
    } cases[] = {
        {"", 0, 95},
        {"{\"at\":1700000000000,\"level\":10,\"v\":1}", 0, 10},
        {"{\"at\":1700000000000,\"level\":10.5,\"v\":1}", 100000, 10.5 + 23.75},
        {"{\"at\":1700000000000,\"level\":10,\"v\":1}", HOUR, 95}, /* full, and no more */
        {"{\"at\":1700000090000,\"level\":10,\"v\":1}", 1000, 10}, /* its clock is ahead */
        {"{\"at\":1700000000000,\"level\":1000,\"v\":1}", 0, 95},
        {"{\"at\":1700000000000,\"level\":-1,\"v\":1}", 0, 0}, /* none of ours: nothing is there */
        {"{\"at\":1700000000000,\"level\":7,\"v\":2}", 0, 0},
        {"{\"at\":\"x\",\"level\":7,\"v\":1}", 0, 0},
        {"{\"at\":9223372036854775807,\"level\":7,\"v\":1}", 0, 0},
        {"x", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = restored(cases[i].value, cases[i].now);
        ck_assert_msg(got > cases[i].level - 0.01 && got < cases[i].level + 0.01, "case %zu: %f", i,
                      got);
    }
}
END_TEST

START_TEST(a_new_owner_begins_its_second_as_just_used)
{
    begin(5, 1000, "{\"at\":1700000001000,\"level\":50,\"v\":1}", 2000);
    ck_assert_int_eq(budget_ready_at(&b, 2000, true), 1000 + 750 + BUDGET_WINDOW_MS);
    begin(5, 1000, "{\"at\":1700000001000,\"level\":50,\"v\":1}", 1100);
    ck_assert_int_eq(budget_ready_at(&b, 1100, true), 1100 + BUDGET_WINDOW_MS);
    begin(5, 1000, "{\"at\":1700000001000,\"level\":50,\"v\":1}", 9000);
    ck_assert_int_eq(budget_ready_at(&b, 9000, true), 9000);
    begin(1000, 10000000, "{\"at\":1700000001000,\"level\":50,\"v\":1}", 2000);
    ck_assert(!budget_take(&b, 2000, true));
    begin(1000, 10000000, "{\"at\":1700000001000,\"level\":50,\"v\":1}", 9000);
    ck_assert(budget_take(&b, 9000, true));
}
END_TEST

/* An hour and more of work without end under an owner that is killed or asked to go every half minute. A
 * Megaplan counts each second and hour; what an owner that is never killed would have had is the measure. */

struct life {
    int64_t per_second, per_hour, until;
    int64_t slow; /* ms that Kafka takes at least */
    uint64_t chance;
    char log[BUDGET_MEMORY_SIZE], flying[BUDGET_MEMORY_SIZE];
    int64_t lands_at; /* the record on its way; -1 none */
    struct budget ideal;
    int64_t used, issued;
    uint16_t *counts; /* requests by ms */
};

static int64_t chance(struct life *l, int64_t n)
{
    l->chance = l->chance * 6364136223846793005U + 1442695040888963407U;
    return (int64_t)((l->chance >> 33) % (uint64_t)n);
}

static void land(struct life *l, int64_t now, bool heard)
{
    if (l->lands_at < 0 || now < l->lands_at)
        return;
    memcpy(l->log, l->flying, sizeof l->log);
    l->lands_at = -1;
    if (heard)
        budget_memory_written(&m, true, now);
}

static void remember(struct life *l, int64_t now)
{
    if (!budget_memory_due(&m, &b, now))
        return;
    budget_memory_write(&m, &b, WALL + now, now, &record);
    snprintf(l->flying, sizeof l->flying, "%s", record.tombstone ? "" : record.value);
    l->lands_at = now + l->slow + chance(l, 15);
}

static void work(struct life *l, int64_t now)
{
    while (budget_ready_at(&b, now, false) <= now) {
        if (!budget_memory_covers(&m, now, false))
            break;
        if (!budget_take(&b, now, false))
            ck_abort_msg("there is a token, and it cannot be taken");
        budget_memory_spent(&m, &b, now);
        l->counts[now]++;
        l->used++;
    }
    remember(l, now);
}

static int64_t next(const struct life *l, int64_t now, int64_t end)
{
    int64_t at = l->lands_at > now ? l->lands_at : end;
    int64_t ready = budget_ready_at(&b, now, false);
    if (ready <= now) /* it waits for its record */
        ready = at;
    int64_t ideal = budget_ready_at(&l->ideal, now, false);
    at = ready < at ? ready : at;
    at = ideal < at ? ideal : at;
    return at > now ? (at < end ? at : end) : now + 1;
}

/* One owner from `now` on; when the next one begins. */
static int64_t own(struct life *l, int64_t now)
{
    bool killed = chance(l, 2) == 0;
    int64_t end = now + 25000 + chance(l, 10000);
    begin(l->per_second, l->per_hour, l->log, now);
    while (now < end) {
        land(l, now, true);
        work(l, now);
        while (budget_take(&l->ideal, now, false))
            l->issued++;
        now = next(l, now, end);
    }
    /* a session's end is awaited, a leave is not */
    now += killed ? 10000 + chance(l, 3000) : 200 + chance(l, 3000);
    if (killed && chance(l, 2) == 0)
        l->lands_at = -1; /* it never left */
    land(l, now, false);
    return now;
}

static void live(int64_t per_second, int64_t per_hour, int64_t slow, double share)
{
    struct life l = {.per_second = per_second,
                     .per_hour = per_hour,
                     .slow = slow,
                     .until = HOUR + 600000,
                     .chance = (uint64_t)per_second,
                     .lands_at = -1};
    l.counts = calloc((size_t)l.until + 60000, sizeof *l.counts);
    budget_init(&l.ideal, per_second, per_hour, 0);
    for (int64_t now = 0; now < l.until;)
        now = own(&l, now);
    int64_t second = 0, hour = 0;
    for (int64_t at = 0; at < l.until; at++) {
        second += l.counts[at] - (at >= 1000 ? l.counts[at - 1000] : 0);
        hour += l.counts[at] - (at >= HOUR ? l.counts[at - HOUR] : 0);
        if (second > per_second || hour > per_hour)
            ck_abort_msg("%d/s %d/h: %d in a second, %d in an hour", (int)per_second, (int)per_hour,
                         (int)second, (int)hour);
    }
    free(l.counts);
    ck_assert_msg((double)l.used >= share * (double)l.issued, "%d/s %d/h: %d of %d used",
                  (int)per_second, (int)per_hour, (int)l.used, (int)l.issued);
}

START_TEST(a_small_account_over_restarts)
{
    live(5, 1000, 2, 0.98);
}
END_TEST

START_TEST(a_middle_account_over_restarts)
{
    live(20, 100000, 2, 0.98);
}
END_TEST

START_TEST(the_largest_account_over_restarts)
{
    live(10000, 10000000, 2, 0.98);
}
END_TEST

/* Longer than half a second: the first grant is over when it comes, those that follow last. */
START_TEST(a_slow_kafka_holds_up_nobody)
{
    live(5, 1000, 100, 0.96);
    live(20, 100000, 600, 0.94);
    live(5, 1000, 1500, 0.88);
}
END_TEST

int main(void)
{
    return UNIT_RUN("budget_memory", nothing_is_spent_unwritten, nothing_is_lost_in_an_orderly_end,
                    a_grant_ends_with_its_time, grants_overlap,
                    what_kafka_did_not_take_counts_all_the_same, it_is_written_while_it_is_spent,
                    the_reserve_is_granted_to_the_urgent, restoring,
                    a_new_owner_begins_its_second_as_just_used, a_small_account_over_restarts,
                    a_middle_account_over_restarts, the_largest_account_over_restarts,
                    a_slow_kafka_holds_up_nobody);
}

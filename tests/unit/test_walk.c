/*
 * Random walks: two workers share a partition, are killed, frozen, lose it and get it again, their
 * requests are lost, answered late, refused; and in the end each number has one client and each job its
 * done fact. Left out is what the protocol leaves out: a request that lands over a minute late.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/world.h"

#define JOBS 6
#define NUMBERS 3
#define WALKS 150

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static const char *const numbers[NUMBERS] = {"79990000001", "79990000002", "+4930123456"};

struct walk {
    struct world *world;
    struct world_member *owner;  /* who has the partition; NULL = nobody */
    struct world_member *zombie; /* frozen, and does not know that it was replaced */
    bool committed[JOBS];        /* finished and acknowledged */
};

/* Jobs in the order of their topic, from the first unfinished one on, come again to a new owner. */
static void feed(struct walk *k)
{
    bool behind[2] = {false, false};
    for (int i = 0; i < JOBS; i++) {
        int bulk = i % 3 == 2;
        behind[bulk] |= !k->committed[i];
        if (!behind[bulk])
            continue;
        char entry[16];
        snprintf(entry, sizeof entry, "E%d", i / 2); /* every second one is a repetition */
        world_job(k->owner, bulk ? KAFKA_JOBS_BULK : KAFKA_JOBS, i, entry,
                  i / 2 == 2 ? "4930123456" : numbers[(i / 2) % 2]);
    }
}

static void own(struct walk *k, struct world_member *m)
{
    if (m)
        world_rejoin(m);
    else
        m = world_join(k->world);
    k->owner = m;
    feed(k);
}

static void collect(struct walk *k)
{
    for (int i = 0; k->owner && i < JOBS; i++)
        k->committed[i] |= world_finished(k->owner, i);
}

static void strike(struct walk *k)
{
    struct world *w = k->world;
    collect(k);
    switch (roll(8)) {
    case 0: /* killed */
        world_kill(k->owner);
        own(k, NULL);
        break;
    case 1: /* revoked and assigned again */
        world_lose(k->owner);
        own(k, k->owner);
        break;
    case 2: /* frozen, replaced; thaws, fences itself or reads the other's mark */
        if (k->zombie)
            break;
        k->zombie = k->owner;
        k->zombie->frozen = true;
        own(k, NULL);
        break;
    case 3:
        if (!k->zombie)
            break;
        k->zombie->frozen = false;
        if (roll(2)) /* the fence comes first in life; the mark alone has to hold too */
            world_lose(k->zombie);
        world_turn(k->zombie);
        world_kill(k->zombie);
        k->zombie = NULL;
        break;
    default: {
        static const enum world_fault faults[] = {WORLD_ANSWER_LOST,  WORLD_REQUEST_LOST,
                                                  WORLD_NOT_SENT,     WORLD_STATUS,
                                                  WORLD_STATUS_AFTER, WORLD_HANGS};
        static const int statuses[] = {500, 503, 429, 401};
        w->fault = faults[roll(6)];
        w->fault_path = roll(2) ? "POST" : NULL;
        w->faults = 1 + (int)roll(2);
        w->status = w->fault == WORLD_STATUS_AFTER ? 500 : statuses[roll(4)];
        w->retry_after_s = -1;
    }
    }
}

/* Requests that nobody hears any more land within 15 s. */
static void spread_landings(struct world *w)
{
    for (size_t i = 0; i < w->nflights; i++)
        if (w->flights[i]->lands_at == w->flights[i]->sent_at)
            w->flights[i]->lands_at += 1 + (int64_t)roll(15000);
}

static void pass(struct walk *k, int64_t ms)
{
    for (int64_t end = k->world->now + ms; k->world->now < end;) {
        world_pass(k->world, k->world->step_ms, &k->owner, 1);
        spread_landings(k->world);
    }
}

START_TEST(one_client_per_number)
{
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    for (uint32_t n = 0; n < WALKS; n++) {
        seed = (uint32_t)_i * 100003u + n * 7919u + 1;
        struct walk k = {.world = world_new()};
        struct world *w = k.world;
        w->settings.megaplan.requests_per_hour = 10000000;
        w->index_lags = roll(2);
        w->careful = n % 2;
        w->step_ms = 100;
        own(&k, NULL);
        for (int strikes = 0; strikes < 8; strikes++) {
            pass(&k, roll(4) ? roll(2000) : roll(90000));
            strike(&k);
        }
        w->faults = 0;
        pass(&k, 600000);
        if (k.zombie) {
            k.zombie->frozen = false;
            world_turn(k.zombie);
            world_kill(k.zombie);
        }
        pass(&k, 300000);
        collect(&k);
        for (int i = 0; i < JOBS; i++)
            ck_assert_msg(k.committed[i], "walk %d/%u: job %d is not finished", _i, n, i);
        ck_assert_msg(world_clients_of(w, numbers[0]) == 1 && world_clients_of(w, numbers[1]) == 1,
                      "walk %d/%u: %zu and %zu clients", _i, n, world_clients_of(w, numbers[0]),
                      world_clients_of(w, numbers[1]));
        ck_assert_msg(w->nclients == NUMBERS, "walk %d/%u: %zu clients", _i, n, w->nclients);
        ck_assert_uint_eq(w->ndead, 0);
        ck_assert_ptr_nonnull(world_fact_of(w, "acme/E0:client/done"));
        world_kill(k.owner);
        world_free(w);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("walk", one_client_per_number);
}

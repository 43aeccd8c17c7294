/*
 * For tests of requests that ride in one.
 */
#include "tests/unit/batch_kit.h"

#include <stdio.h>
#include <string.h>

struct crm_kit *batch_kit_new(void)
{
    struct crm_kit *k = crm_kit_new();
    k->w->step_ms = 10;
    k->w->settings.megaplan.bulk = true;
    return k;
}

void batch_kit_entry(int i, char entry[24], char number[24])
{
    snprintf(entry, 24, "E%d", i);
    snprintf(number, 24, "7999%07d", i);
}

void batch_kit_jobs(struct crm_kit *k, enum kafka_topic topic, int from, int to)
{
    for (int i = from; i < to; i++) {
        char entry[24], number[24];
        batch_kit_entry(i, entry, number);
        world_job(k->m, topic, i, entry, number);
    }
}

struct account *batch_kit_account(const struct crm_kit *k)
{
    return account_find(k->m->executor, WORLD_ACCOUNT);
}

size_t batch_kit_count(const struct crm_kit *k, const char *operation)
{
    size_t n = 0;
    for (size_t i = 0; i < k->w->requests && i < WORLD_MAX; i++)
        n += strcmp(k->w->operations[i], operation) == 0;
    return n;
}

void batch_kit_answered(struct crm_kit *k, size_t requests)
{
    for (int i = 0; i < 500 && (k->w->requests < requests || k->w->nflights); i++)
        crm_kit_pass(k, 10);
    ck_assert_uint_eq(k->w->requests, requests);
}

void batch_kit_twins(struct crm_kit *k)
{
    k->w->step_ms = 1000;
    crm_kit_pass(k, 700000);
    k->w->step_ms = 10;
}

void batch_kit_all_made(const struct crm_kit *k, int n)
{
    ck_assert_uint_eq(k->w->nclients, (size_t)n);
    for (int i = 0; i < n; i++) {
        char entry[24], number[24];
        batch_kit_entry(i, entry, number);
        ck_assert_uint_eq(world_clients_of(k->w, number), 1);
        ck_assert_msg(world_finished(k->m, i), "job %d", i);
    }
    ck_assert_uint_eq(executor_held(k->m->executor), 0);
    ck_assert_uint_eq(executor_running(k->m->executor), 0);
}

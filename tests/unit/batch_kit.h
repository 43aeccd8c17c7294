/*
 * For tests of requests that ride in one (worker/crm/batch.h), over crm_kit.h: an account with bulk, and new
 * numbers, each of which is looked up, searched for and made, all in step.
 */
#ifndef TESTS_UNIT_BATCH_KIT_H
#define TESTS_UNIT_BATCH_KIT_H

#include "tests/unit/crm_kit.h"

#include "worker/crm/batch.h"
#include "worker/crm/executor_state.h"

/* Ten ms a step. */
struct crm_kit *batch_kit_new(void);
/* Entry and number of job i. */
void batch_kit_entry(int i, char entry[24], char number[24]);
void batch_kit_jobs(struct crm_kit *k, enum kafka_topic topic, int from, int to);
struct account *batch_kit_account(const struct crm_kit *k);
/* Requests of that operation: "POST /bulk". */
size_t batch_kit_count(const struct crm_kit *k, const char *operation);
/* On to the moment at which so many requests were answered, and no more were sent. */
void batch_kit_answered(struct crm_kit *k, size_t requests);
/* What was made again after an unknown end is looked at ten minutes later: on until then. */
void batch_kit_twins(struct crm_kit *k);
/* Exactly one client of each number, each job is finished, nothing is in hand. */
void batch_kit_all_made(const struct crm_kit *k, int n);

#endif

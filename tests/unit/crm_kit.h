/*
 * For tests of crm's kinds of jobs over world.h: one or two members, their jobs, the clock.
 */
#ifndef TESTS_UNIT_CRM_KIT_H
#define TESTS_UNIT_CRM_KIT_H

#include "tests/unit/unit.h"

#include "tests/unit/world.h"

#define CRM_KIT_NOW 1399907988 /* unix s when the world begins */

struct crm_kit {
    struct world *w;
    struct world_member *m, *other; /* NULL: none */
};

struct crm_kit *crm_kit_new(void);
void crm_kit_free(struct crm_kit *k);
/* Time passes for all members. */
void crm_kit_pass(struct crm_kit *k, int64_t ms);
/* To the next requests whose address has `path` in it. */
void crm_kit_fail(struct crm_kit *k, const char *path, enum world_fault fault, int times);
/* The same, answered with that status. */
void crm_kit_refuse(struct crm_kit *k, const char *path, int status, int times);
/* They are answered well, but by nothing that names what was changed, in one way of CRM_KIT_UNSAID: not done at first,
 * not done twice, always done. */
#define CRM_KIT_UNSAID 3
void crm_kit_unsaid(struct crm_kit *k, const char *path, size_t way);
/* k->m is killed, another member takes over. */
void crm_kit_kill(struct crm_kit *k);

/* A job for k->m on `jobs`, its data as JSON (an object). number may be NULL. */
void crm_kit_job(struct crm_kit *k, enum job_kind kind, int64_t offset, const char *id,
                 const char *number, enum job_verdict verdict, const char *data);
/* ENTRY:task of a missed call that ended `ago` seconds before the world began, from a summary or not. */
void crm_kit_task(struct crm_kit *k, int64_t offset, const char *entry, const char *number,
                  int64_t ago, const char *more);
/* ENTRY:talked of a talk that began `ago` seconds before the world began. */
void crm_kit_talked(struct crm_kit *k, int64_t offset, const char *entry, const char *number,
                    int64_t ago, const char *more);
/* A fact is read, as if k->m had written it. */
void crm_kit_fact(struct crm_kit *k, const char *key, const char *value);

/* The status of a task, "" if it is gone. */
const char *crm_kit_status(const struct crm_kit *k, size_t task);
void crm_kit_set_status(struct crm_kit *k, size_t task, const char *status);
size_t crm_kit_open(const struct crm_kit *k); /* tasks that are open */
/* Employee responsibles of a client, "a,b". Valid until the next call. */
const char *crm_kit_responsibles(const struct crm_kit *k, size_t client);
void crm_kit_set_responsibles(struct crm_kit *k, size_t client, const char *ids);

#endif

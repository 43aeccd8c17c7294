/*
 * For tests of crm's kinds of jobs over world.h.
 */
#include "tests/unit/crm_kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/world_megaplan.h"

struct crm_kit *crm_kit_new(void)
{
    struct error e = ERROR_NONE;
    struct crm_kit *k = mem_alloc(1, sizeof *k);
    ck_assert(!log_start("error", "test", &e));
    k->w = world_new();
    k->m = world_join(k->w);
    return k;
}

void crm_kit_free(struct crm_kit *k)
{
    if (k->m)
        world_kill(k->m);
    if (k->other)
        world_kill(k->other);
    world_free(k->w);
    free(k);
}

void crm_kit_pass(struct crm_kit *k, int64_t ms)
{
    struct world_member *all[2];
    size_t n = 0;
    if (k->m)
        all[n++] = k->m;
    if (k->other)
        all[n++] = k->other;
    world_pass(k->w, ms, all, n);
}

void crm_kit_fail(struct crm_kit *k, const char *path, enum world_fault fault, int times)
{
    k->w->fault_path = path;
    k->w->fault = fault;
    k->w->faults = times;
    k->w->retry_after_s = -1;
}

void crm_kit_refuse(struct crm_kit *k, const char *path, int status, int times)
{
    crm_kit_fail(k, path, WORLD_STATUS, times);
    k->w->status = status;
}

void crm_kit_unsaid(struct crm_kit *k, const char *path, size_t way)
{
    static const int times[CRM_KIT_UNSAID] = {1, 2, -1};
    crm_kit_fail(k, path, times[way] > 0 ? WORLD_IDLE : WORLD_EMPTY_LIST, times[way]);
}

void crm_kit_kill(struct crm_kit *k)
{
    world_kill(k->m);
    k->m = world_join(k->w);
}

/* jobs */

void crm_kit_job(struct crm_kit *k, enum job_kind kind, int64_t offset, const char *id,
                 const char *number, enum job_verdict verdict, const char *data)
{
    struct error e = ERROR_NONE;
    struct jval *object = NULL;
    ck_assert_msg(!jval_parse(str_of(data), &object, &e), "%s: %s", data, e.text);
    char *job_id CLEANUP(mem_free_text) = mem_copy(str_of(id));
    char *account CLEANUP(mem_free_text) = mem_copy(STR(WORLD_ACCOUNT));
    char *entry CLEANUP(mem_free_text) = mem_copy((struct str){id, strcspn(id, ":")});
    char *digits CLEANUP(mem_free_text) = number ? mem_copy(str_of(number)) : NULL;
    const struct job j = {.id = job_id,
                          .kind = kind,
                          .account = account,
                          .entry_id = entry,
                          .number = digits,
                          .verdict = verdict,
                          .data = object};
    char *key CLEANUP(mem_free_text) = job_key(&j);
    char *value CLEANUP(mem_free_text) = job_encode(&j);
    world_job_json(k->m, KAFKA_JOBS, offset, key, value);
    jval_free(object);
}

void crm_kit_task(struct crm_kit *k, int64_t offset, const char *entry, const char *number,
                  int64_t ago, const char *more)
{
    int64_t ended_at = CRM_KIT_NOW - ago;
    char *id CLEANUP(mem_free_text) = mem_format("%s:task", entry);
    char *data CLEANUP(mem_free_text) =
        mem_format("{\"title\":\"Перезвонить: {client}\",\"phone\":\"+%s\",\"ended_at\":%" PRId64
                   ",\"due_at\":%" PRId64 ",\"line\":\"74951234567\"%s%s}",
                   number, ended_at, ended_at + 3600, *more ? "," : "", more);
    crm_kit_job(k, JOB_TASK, offset, id, number, JOB_MISSED_DIRECT, data);
}

void crm_kit_talked(struct crm_kit *k, int64_t offset, const char *entry, const char *number,
                    int64_t ago, const char *more)
{
    int64_t talked_at = CRM_KIT_NOW - ago;
    char *id CLEANUP(mem_free_text) = mem_format("%s:talked", entry);
    char *data CLEANUP(mem_free_text) =
        mem_format("{\"direction\":\"out\",\"talked_at\":%" PRId64 ",\"ended_at\":%" PRId64 "%s%s}",
                   talked_at, talked_at + 5, *more ? "," : "", more);
    crm_kit_job(k, JOB_TALKED, offset, id, number, JOB_TALKED_TO, data);
}

void crm_kit_fact(struct crm_kit *k, const char *key, const char *value)
{
    struct world_fact *f = &k->w->facts[k->w->nfacts++];
    *f = (struct world_fact){.key = mem_copy(str_of(key)), .value = mem_copy(str_of(value))};
    f->job = mem_copy(STR_NONE);
    memcpy(f->mark, k->m->mark, sizeof f->mark);
}

/* what stands in Megaplan */

const char *crm_kit_status(const struct crm_kit *k, size_t task)
{
    ck_assert_uint_lt(task, k->w->ntasks);
    struct str status = jval_get_text(k->w->tasks[task].values, "status");
    return k->w->tasks[task].gone ? "" : status.ptr;
}

void crm_kit_set_status(struct crm_kit *k, size_t task, const char *status)
{
    struct jval *values = jval_new_object();
    jval_put_text(values, "status", str_of(status));
    world_change(&k->w->tasks[task], values);
    jval_free(values);
}

size_t crm_kit_open(const struct crm_kit *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->w->ntasks; i++)
        n += strcmp(crm_kit_status(k, i), "assigned") == 0;
    return n;
}

const char *crm_kit_responsibles(const struct crm_kit *k, size_t client)
{
    static char text[200];
    const struct jval *links = jval_get(k->w->clients[client].values, "responsibles");
    text[0] = '\0';
    for (size_t i = 0; i < jval_size(links); i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%.*s", n ? "," : "",
                 STR_ARG(jval_get_text(jval_at(links, i), "id")));
    }
    return text;
}

void crm_kit_set_responsibles(struct crm_kit *k, size_t client, const char *ids)
{
    struct jval *values = jval_new_object();
    struct jval *links = jval_new_array();
    while (*ids) {
        char id[24];
        size_t n = strcspn(ids, ",");
        snprintf(id, sizeof id, "%.*s", (int)n, ids);
        jval_append(links, world_link("Employee", id));
        ids += n + (ids[n] != '\0');
    }
    jval_put(values, "responsibles", links);
    world_change(&k->w->clients[client], values);
    jval_free(values);
}

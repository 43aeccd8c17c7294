/*
 * One job in hand: its memory.
 */
#include "worker/crm/work.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/look.h"
#include "worker/crm/task_close.h"
#include "worker/crm/who.h"

static void copy_headers(struct work_raw *raw, const struct kafka_message *m)
{
    raw->nheaders = m->nheaders;
    raw->headers = m->nheaders ? mem_alloc(m->nheaders, sizeof *raw->headers) : NULL;
    for (size_t i = 0; i < m->nheaders; i++) {
        struct str name = str_of(m->headers[i].name);
        struct str value = m->headers[i].value;
        char *block = mem_alloc(name.len + value.len + 2, 1);
        memcpy(block, name.ptr, name.len);
        if (value.len)
            memcpy(block + name.len + 1, value.ptr, value.len);
        raw->headers[i] = (struct kafka_header){block, {block + name.len + 1, value.len}};
    }
}

struct work *work_new(struct job *j, const struct kafka_message *m)
{
    struct work *w = mem_alloc(1, sizeof *w);
    w->job = j;
    w->topic = m->topic;
    w->offset = m->offset;
    w->urgent = m->topic == KAFKA_JOBS_NOW;
    w->raw.key = mem_copy(m->key);
    w->raw.key_len = m->key.len;
    w->raw.value = mem_copy(m->value);
    w->raw.value_len = m->value.len;
    copy_headers(&w->raw, m);
    return w;
}

void work_free(struct work *w)
{
    if (!w)
        return;
    if (w->ops && w->ops->done)
        w->ops->done(w);
    look_free(w->look);
    who_free(w->who);
    task_close_free(w->closing);
    employee_list_done(&w->staff);
    for (size_t i = 0; i < w->raw.nheaders; i++)
        free((char *)(uintptr_t)w->raw.headers[i].name); /* the block is ours */
    free(w->raw.headers);
    free(w->raw.key);
    free(w->raw.value);
    free(w->ending.fact_value);
    free(w->ending.result);
    free(w->ending.reason);
    free(w->ending.employee);
    free(w->ending.details);
    job_free(w->job);
    free(w);
}

struct job *work_unreadable(const struct kafka_message *m)
{
    struct job *j = mem_alloc(1, sizeof *j);
    long slash = str_find(m->key, '/');
    struct str account = slash > 0 ? (struct str){m->key.ptr, (size_t)slash} : STR("-");
    struct str rest = slash > 0 ? str_from(m->key, (size_t)slash + 1) : STR_NONE;
    j->kind = JOB_KINDS;
    j->id = mem_copy(STR("-"));
    j->account = mem_copy(account);
    j->entry_id = mem_copy(rest.len ? rest : STR("-"));
    j->origin = mem_copy(kafka_header_get(m, "origin"));
    return j;
}

struct str work_account(const struct work *w)
{
    return str_of(w->job->account);
}

struct str work_text(const struct work *w, const char *field)
{
    return jval_get_text(w->job->data, field);
}

int64_t work_int(const struct work *w, const char *field, int64_t absent)
{
    int64_t n = 0;
    return jval_int(jval_get(w->job->data, field), &n) ? n : absent;
}

bool work_summarized(const struct work *w)
{
    return str_is(work_text(w, "closed_by"), "summary");
}

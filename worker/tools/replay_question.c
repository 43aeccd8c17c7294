/*
 * What is known of the client, the call and the task, each asked for once.
 */
#include "worker/tools/replay_question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mango/recording.h"
#include "common/megaplan/callinfo.h"
#include "common/megaplan/lookup.h"
#include "common/megaplan/marker.h"
#include "common/megaplan/task.h"
#include "common/mem.h"

#define TASK_PAGES_MAX 50
#define BEFORE_MS INT64_C(3600000) /* the clocks of MANGO and Megaplan differ by less */
#define TYPE_SIZE 16
#define UNCLEAR_SIZE 280

enum stage {
    STAGE_ROUTE,
    STAGE_SEARCH,
    STAGE_FETCH,
    STAGE_CALL,
    STAGE_TASKS,
    STAGE_OVER,
};

enum known {
    KNOWN_NOT, /* not asked yet */
    KNOWN_THERE,
    KNOWN_MISSING,
    KNOWN_UNCLEAR,
};

struct wanted {
    struct job *job;
    bool linked; /* a recording: the call has its link */
};

struct client {
    enum known known;
    struct lookup lookup;
    char country_code[8];
    bool routed, searched;
    char fetching[LOOKUP_ID];
    struct replay_client is;
    char unclear[UNCLEAR_SIZE];
};

struct call {
    enum known known;
    bool finished, has_client;
    char type[TYPE_SIZE];
    char unclear[UNCLEAR_SIZE];
};

struct task {
    enum known known;
    struct task_page page;
    unsigned pages;
    char unclear[UNCLEAR_SIZE];
};

struct replay_question {
    struct wanted *all;
    size_t n;
    enum stage stage;
    struct client client;
    struct call call;
    struct task task;
};

struct replay_question *replay_question_new(void)
{
    return mem_alloc(1, sizeof(struct replay_question));
}

void replay_question_free(struct replay_question *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n; i++)
        job_free(q->all[i].job);
    free(q->all);
    lookup_done(&q->client.lookup);
    free(q);
}

void replay_question_add(struct replay_question *q, struct job *job)
{
    q->all = mem_resize(q->all, q->n + 1, sizeof *q->all);
    q->all[q->n++] = (struct wanted){.job = job};
}

/* ---- what the jobs want ---- */

static bool is_saved(const struct job *j)
{
    bool saved = false;
    return jval_bool(jval_get(j->data, "saved"), &saved) && saved;
}

static const struct job *job_of(const struct replay_question *q, enum job_kind kind)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->all[i].job && q->all[i].job->kind == kind)
            return q->all[i].job;
    return NULL;
}

static const struct job *any_job(const struct replay_question *q)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->all[i].job)
            return q->all[i].job;
    return NULL;
}

static const char *number_of(const struct replay_question *q)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->all[i].job && q->all[i].job->number)
            return q->all[i].job->number;
    return NULL;
}

const char *replay_question_number(const struct replay_question *q)
{
    const char *number = number_of(q);
    return number ? number : "";
}

void replay_question_know(struct replay_question *q, const struct replay_client *c)
{
    if (!c->there && !c->searched && job_of(q, JOB_CLIENT))
        return;
    q->client.known = c->there ? KNOWN_THERE : KNOWN_MISSING;
    q->client.is = *c;
}

bool replay_question_client(const struct replay_question *q, struct replay_client *out)
{
    *out = q->client.is;
    return q->client.known == KNOWN_THERE || q->client.known == KNOWN_MISSING;
}

static bool wants_client(const struct replay_question *q)
{
    const struct job *call = job_of(q, JOB_CALL);
    return job_of(q, JOB_CLIENT) || job_of(q, JOB_TASK) || job_of(q, JOB_RESPONSIBLE) ||
           (call && is_saved(call) && call->number && q->call.known == KNOWN_THERE &&
            !q->call.has_client);
}

static bool wants_call(const struct replay_question *q)
{
    const struct job *client = job_of(q, JOB_CLIENT), *call = job_of(q, JOB_CALL);
    if ((client && q->client.known != KNOWN_THERE) || (call && !is_saved(call)))
        return false; /* it will go, or is never there, whatever the answer */
    return client || call || job_of(q, JOB_RECORD);
}

/* ---- the next question ---- */

static size_t unknown_count(const struct lookup *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->candidates[i].fit == LOOKUP_UNKNOWN;
    return n;
}

static void found(struct client *c, const struct lookup_candidate *row)
{
    c->known = KNOWN_THERE;
    c->is.there = true;
    c->is.company = row->company;
    memcpy(c->is.id, row->id, sizeof c->is.id);
    if (row->says_responsibles && row->nresponsibles == 1)
        memcpy(c->is.responsible, row->responsibles[0].id, sizeof c->is.responsible);
}

/* As worker crm does it (worker/crm/who.c). STAGE_OVER: it is known. */
static enum stage next_of_client(struct client *c, const char *number, bool to_create)
{
    struct lookup *l = &c->lookup;
    if (!l->number.digits[0] && (!number || !phone_from_pbx(str_of(number), &l->number))) {
        c->known = KNOWN_MISSING;
        return STAGE_OVER;
    }
    if (!c->routed)
        return STAGE_ROUTE;
    if (lookup_incomplete(l))
        return STAGE_SEARCH;
    const struct lookup_candidate *unknown = lookup_unknown(l);
    if (unknown && (c->searched || unknown_count(l) == 1)) {
        memcpy(c->fetching, unknown->id, sizeof c->fetching);
        return STAGE_FETCH;
    }
    const struct lookup_candidate *client = unknown ? NULL : lookup_client(l);
    if (!client && !c->searched && (to_create || unknown))
        return STAGE_SEARCH;
    c->known = KNOWN_MISSING;
    c->is.searched = c->searched;
    if (client)
        found(c, client);
    return STAGE_OVER;
}

bool replay_question_next(struct replay_question *q)
{
    q->stage = STAGE_OVER;
    if (q->client.known == KNOWN_NOT && wants_client(q))
        q->stage = next_of_client(&q->client, number_of(q), job_of(q, JOB_CLIENT) != NULL);
    if (q->stage == STAGE_OVER && q->call.known == KNOWN_NOT && wants_call(q))
        q->stage = STAGE_CALL;
    if (q->stage == STAGE_OVER && q->task.known == KNOWN_NOT && job_of(q, JOB_TASK) &&
        q->client.known == KNOWN_THERE)
        q->stage = STAGE_TASKS;
    return q->stage != STAGE_OVER;
}

enum answer_about replay_question_about(const struct replay_question *q)
{
    return q->stage == STAGE_ROUTE || q->stage == STAGE_SEARCH ? ANSWER_ABOUT_ACCOUNT
                                                               : ANSWER_ABOUT_RECORD;
}

char *replay_question_url(const struct replay_question *q, const struct settings *s)
{
    struct str base = str_of(s->megaplan.base_url);
    const struct client *c = &q->client;
    switch (q->stage) {
    case STAGE_ROUTE:
        return lookup_route_url(base, &c->lookup.number);
    case STAGE_SEARCH:
        return lookup_search_url(base, &c->lookup);
    case STAGE_FETCH:
        return lookup_fetch_url(base, str_of(c->fetching));
    case STAGE_CALL:
        return callinfo_find_url(base, str_of(any_job(q)->entry_id));
    case STAGE_TASKS:
        return task_list_url(base, str_of(c->is.id), c->is.company,
                             str_of(q->task.page.place.last));
    case STAGE_OVER:
        break;
    }
    return NULL;
}

/* ---- answers ---- */

void replay_question_unanswered(struct replay_question *q, const char *why)
{
    bool of_call = q->stage == STAGE_CALL, of_task = q->stage == STAGE_TASKS;
    *(of_call ? &q->call.known : of_task ? &q->task.known : &q->client.known) = KNOWN_UNCLEAR;
    char *text = of_call ? q->call.unclear : of_task ? q->task.unclear : q->client.unclear;
    snprintf(text, UNCLEAR_SIZE, "%s", why);
}

/* False: it says nothing. */
static bool take_client(struct replay_question *q, const struct settings *s, const struct answer *a)
{
    struct client *c = &q->client;
    bool ok = a->kind == ANSWER_OK;
    snprintf(c->country_code, sizeof c->country_code, "%s", s->country_code);
    c->lookup.country_code = str_of(c->country_code);
    if (q->stage == STAGE_ROUTE)
        return c->routed = ok && lookup_read_route(&c->lookup, a);
    if (q->stage == STAGE_SEARCH) {
        if (!ok || !lookup_read_search(&c->lookup, a))
            return false;
        c->searched = !lookup_incomplete(&c->lookup);
        return true;
    }
    if (!ok && a->status == 404)
        lookup_gone(&c->lookup, str_of(c->fetching));
    else if (!ok || !lookup_read_fetch(&c->lookup, str_of(c->fetching), a))
        return false;
    return true;
}

/* Its link without what it is signed with: how long it is valid is a setting. */
static bool has_link(const struct callinfo_row *row, const struct job *j, const struct settings *s)
{
    const struct recording r = {.base_url = str_of(s->mango.base_url),
                                .api_key = str_of(s->mango.api_key),
                                .api_salt = str_of(s->mango.api_salt),
                                .id = jval_get_text(j->data, "recording_id"),
                                .expires = 1};
    char *link CLEANUP(mem_free_text) = recording_link(&r);
    struct str beginning = str_of(link);
    for (int parts = 0; parts < 2 && beginning.len; parts++)
        beginning.len = (size_t)str_rfind(beginning, '/');
    return beginning.len && callinfo_row_links(row, beginning);
}

/* How "no such call" looks is not said: 404, null or []. */
static bool is_no_call(const struct answer *a)
{
    enum jval_type type = a->kind == ANSWER_OK ? jval_type(a->data) : JVAL_NONE;
    return (a->kind == ANSWER_RECORD && a->status == 404) || type == JVAL_NULL ||
           (type == JVAL_ARRAY && jval_size(a->data) == 0);
}

static bool take_call(struct replay_question *q, const struct settings *s, const struct answer *a)
{
    struct call *c = &q->call;
    struct callinfo_row row;
    if (is_no_call(a)) {
        c->known = KNOWN_MISSING;
        return true;
    }
    if (a->kind != ANSWER_OK || !callinfo_read_row(a, str_of(any_job(q)->entry_id), &row))
        return false;
    *c = (struct call){.known = KNOWN_THERE,
                       .finished = str_is(row.state, "finished"),
                       .has_client = row.has_client};
    snprintf(c->type, sizeof c->type, "%.*s", STR_ARG(row.type));
    for (size_t i = 0; i < q->n; i++) {
        const struct job *j = q->all[i].job;
        q->all[i].linked = j && j->kind == JOB_RECORD && has_link(&row, j, s);
    }
    return true;
}

static bool take_tasks(struct replay_question *q, const struct answer *a)
{
    struct task *t = &q->task;
    const struct job *j = job_of(q, JOB_TASK);
    char *marker CLEANUP(mem_free_text) = marker_make(str_of(j->entry_id));
    int64_t ended_at = 0;
    (void)jval_int(jval_get(j->data, "ended_at"), &ended_at);
    const struct task_search wanted = {.marker = str_of(marker),
                                       .since = ended_at * 1000 - BEFORE_MS};
    if (a->kind != ANSWER_OK || !task_read_page(a, &wanted, &t->page))
        return false;
    if (t->page.found[0])
        t->known = KNOWN_THERE;
    else if (!t->page.place.more)
        t->known = KNOWN_MISSING;
    return t->known != KNOWN_NOT || ++t->pages < TASK_PAGES_MAX;
}

void replay_question_take(struct replay_question *q, const struct settings *s,
                          const struct answer *a)
{
    bool says = q->stage == STAGE_CALL    ? take_call(q, s, a)
                : q->stage == STAGE_TASKS ? take_tasks(q, a)
                                          : take_client(q, s, a);
    if (!says)
        replay_question_unanswered(
            q, a->kind == ANSWER_OK ? "the answer is of another shape than documented" : a->text);
}

/* ---- what it comes to ---- */

/* NULL: it is there; else what is missing. */

static const char *of_client(const struct replay_question *q)
{
    const struct client *c = &q->client;
    if (c->known == KNOWN_UNCLEAR)
        return c->unclear;
    if (c->known != KNOWN_THERE)
        return "no client carries the number";
    if (q->call.known == KNOWN_UNCLEAR)
        return q->call.unclear;
    return q->call.known == KNOWN_THERE && !q->call.has_client ? "the saved call has no client"
                                                               : NULL;
}

static const char *of_call(const struct replay_question *q, const struct job *j)
{
    const struct call *c = &q->call;
    if (!is_saved(j))
        return "nothing shows there of a call that is not saved";
    if (c->known == KNOWN_UNCLEAR)
        return c->unclear;
    if (c->known != KNOWN_THERE)
        return c->known == KNOWN_MISSING ? "no such call is there" : "not asked for";
    if (!c->finished)
        return "the call is there, and not finished";
    if (!str_is(jval_get_text(j->data, "type"), c->type))
        return "the call is there as one of another type";
    if (c->has_client || !j->number || q->client.known == KNOWN_MISSING)
        return NULL;
    return q->client.known == KNOWN_UNCLEAR ? q->client.unclear : "the saved call has no client";
}

static const char *of_record(const struct replay_question *q, const struct wanted *w)
{
    const struct call *c = &q->call;
    if (c->known == KNOWN_UNCLEAR)
        return c->unclear;
    if (c->known != KNOWN_THERE)
        return c->known == KNOWN_MISSING ? "no such call is there" : "not asked for";
    return w->linked ? NULL : "the call is there without this recording";
}

static const char *of_task(const struct replay_question *q)
{
    if (q->client.known != KNOWN_THERE)
        return of_client(q);
    if (q->task.known == KNOWN_UNCLEAR)
        return q->task.unclear;
    return q->task.known == KNOWN_THERE ? NULL : "the client has no such task";
}

static const char *of_responsible(const struct replay_question *q, const struct job *j)
{
    if (q->client.known != KNOWN_THERE)
        return of_client(q);
    if (str_is(jval_get_text(j->data, "responsible"), q->client.is.responsible))
        return NULL;
    return "the client has another responsible, or it does not tell";
}

static const char *alone(const struct replay_question *q, const struct wanted *w)
{
    if (!w->job)
        return "it cannot be read";
    switch (w->job->kind) {
    case JOB_CLIENT:
        return of_client(q);
    case JOB_CALL:
        return of_call(q, w->job);
    case JOB_RECORD:
        return of_record(q, w);
    case JOB_TASK:
        return of_task(q);
    case JOB_RESPONSIBLE:
        return of_responsible(q, w->job);
    default:
        return "not asked: only what the workers remember tells";
    }
}

static bool goes_together(enum job_kind kind)
{
    return kind == JOB_CLIENT || kind == JOB_CALL || kind == JOB_RECORD;
}

static const char *missing(const struct replay_question *q, const struct wanted *w)
{
    const char *why = alone(q, w);
    if (why || w->job->kind == JOB_CLIENT || !goes_together(w->job->kind))
        return why;
    for (size_t i = 0; i < q->n; i++)
        if (q->all[i].job && goes_together(q->all[i].job->kind) && alone(q, &q->all[i]))
            return "it goes along with what is missing of the call";
    return NULL;
}

bool replay_question_has(const struct replay_question *q, size_t i, char why[REPLAY_QUESTION_WHY])
{
    const struct wanted *w = &q->all[i];
    const char *gap = missing(q, w);
    if (gap)
        snprintf(why, REPLAY_QUESTION_WHY, "%s", gap);
    else if (w->job->kind == JOB_CLIENT)
        snprintf(why, REPLAY_QUESTION_WHY, "Megaplan has it: client %s carries the number",
                 q->client.is.id);
    else if (w->job->kind == JOB_TASK)
        snprintf(why, REPLAY_QUESTION_WHY, "Megaplan has it: task %s", q->task.page.found);
    else
        snprintf(why, REPLAY_QUESTION_WHY, "Megaplan has it");
    return !gap;
}

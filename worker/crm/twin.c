/*
 * Ten minutes later: two objects with one marker, or of one number?
 *
 *   judge --10 min--> page, page ... --> one: nothing to tell
 *                                    --> more: alarm (metric, log, outcome)
 */
#include "worker/crm/twin.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/look.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"

#define TWIN_AFTER_MS (10 * 60 * 1000)

struct twin {
    struct look *look;
    bool waited;
};

static void alarm_of(struct executor *x, struct work *w, size_t n)
{
    struct twin *t = w->kind;
    char *reason CLEANUP(mem_free_text) =
        mem_format("%zu clients of one call stand in Megaplan: contractorHuman/%s is one of them, "
                   "merge them there",
                   n, t->look->page.marked[0] ? t->look->page.marked : t->look->page.numbered);
    log_fail("twins", LOG_STR("account", work_account(w)), LOG_TEXT("entry_id", w->job->entry_id),
             LOG_TEXT("job", w->job->id), LOG_TEXT("reason", reason));
    const struct outcome o = {.at = x->port->wall(x->port->world),
                              .what = "outcome",
                              .job = w->job->id,
                              .kind = job_kind_name(w->job->kind),
                              .rule = w->job->rule,
                              .result = "twin",
                              .reason = reason};
    record_outcome(x, w, &o, NULL);
}

static void counted(struct executor *x, struct work *w)
{
    const struct contractor_page *p = &((struct twin *)w->kind)->look->page;
    size_t n = p->nmarked > p->nnumbered ? p->nmarked : p->nnumbered;
    tally_twin(x->tally, job_kind_name(w->job->kind), n > 1);
    if (n > 1)
        alarm_of(x, w, n);
    executor_end(x, w);
}

static void taken(struct executor *x, struct work *w, const struct answer *a)
{
    struct twin *t = w->kind;
    const struct settings *s = executor_settings_of(x, w);
    if (!s || !look_count(t->look, a, s))
        executor_rest(x, w, executor_now(x) + x->options.retry_max_ms);
    else if (t->look->page.more)
        executor_judge(x, w);
    else
        counted(x, w);
}

static bool refused(struct executor *x, struct work *w, const struct request_end *end)
{
    (void)end;
    executor_end(x, w);
    return true;
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    (void)x;
    r->url = look_url(((struct twin *)w->kind)->look, s);
    return true;
}

static const struct act page_act = {.operation = "client.twins",
                                    .method = "GET",
                                    .path = "/contractorHuman",
                                    .build = build,
                                    .good = taken,
                                    .refused = refused};

static void judge(struct executor *x, struct work *w)
{
    struct twin *t = w->kind;
    if (!t->waited) {
        t->waited = true;
        executor_rest(x, w, executor_now(x) + TWIN_AFTER_MS);
        return;
    }
    act_want(x, w, &page_act);
}

static void done(struct work *w)
{
    struct twin *t = w->kind;
    look_free(t->look);
    free(t);
    w->kind = NULL;
}

static char *copied(const char *text)
{
    return text ? mem_copy(str_of(text)) : NULL;
}

void twin_expect(struct executor *x, const struct work *w, int64_t since)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    const struct fact intent = {
        .kind = w->job->kind, .entry_id = w->job->entry_id, .number = w->job->number};
    const struct kafka_message none = {.topic = w->topic};
    struct job *j = mem_alloc(1, sizeof *j);
    j->kind = w->job->kind;
    j->id = mem_format("%s:twin", w->job->id);
    j->account = copied(w->job->account);
    j->entry_id = copied(w->job->entry_id);
    j->number = copied(w->job->number);
    j->rule = copied(w->job->rule);
    struct twin *t = mem_alloc(1, sizeof *t);
    t->look = look_new(str_of(w->job->id), &intent, since, executor_now(x));
    struct work *check = work_new(j, &none);
    check->kind = t;
    executor_add(x, w->owner, check, &ops);
}

/*
 * Ten minutes later: two objects with one marker, or of one number?
 *
 *   judge --10 min after its intent--> page, page ... --> one: nothing to tell
 *                                                     --> more: alarm (metric, log, outcome)
 */
#include "worker/crm/twin.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/look.h"
#include "worker/crm/record.h"

#define TWIN_AFTER_MS (10 * 60 * 1000)

void twin_expect(struct executor *x, const struct work *w, const char *client, bool company)
{
    const struct fact intent = {.kind = JOB_TWIN,
                                .entry_id = w->job->entry_id,
                                .number = w->job->number,
                                .client = (char *)(uintptr_t)client,
                                .company = company,
                                .at = w->since / 1000};
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_INTENT, &intent);
    char *id CLEANUP(mem_free_text) =
        mem_format("%s:%s", w->job->entry_id, client ? KNOWN_TWIN_TASK : KNOWN_TWIN_CLIENT);
    record_aside(x, w, FACT_INTENT, str_of(id), value);
}

static const struct facts_entry *entry_of(const struct work *w)
{
    const struct facts_entry *e = facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    return e && e->said ? e : NULL;
}

static const char *kind_of(const struct look *l)
{
    return job_kind_name(look_intent(l)->kind);
}

static void end(struct executor *x, struct work *w, const char *result, const char *why)
{
    struct fact f = {.kind = JOB_TWIN,
                     .entry_id = w->job->entry_id,
                     .number = w->job->number,
                     .none = (char *)(uintptr_t)why};
    finish_done(x, w, &f, result, why, NULL);
}

static void counted(struct executor *x, struct work *w)
{
    struct look *l = w->kind;
    size_t n = look_counted(l);
    bool made;
    tally_twin(x->tally, kind_of(l), n > 1);
    if (n <= 1) {
        end(x, w, "none", "one stands there");
        return;
    }
    char *reason CLEANUP(mem_free_text) =
        mem_format("%zu objects (%s) of one call stand in Megaplan: %s is one of them, merge them "
                   "there",
                   n, kind_of(l), look_found(l, &made));
    log_fail("twins", LOG_STR("account", work_account(w)), LOG_TEXT("entry_id", w->job->entry_id),
             LOG_TEXT("job", w->job->id), LOG_TEXT("reason", reason));
    end(x, w, "twin", reason);
}

static void taken(struct executor *x, struct work *w, const struct answer *a)
{
    struct look *l = w->kind;
    const struct settings *s = executor_settings_of(x, w);
    if (s && !look_count(l, a, s))
        act_unclear(x, w, "the list cannot be read back to the request");
    else if (!s || look_has_more(l))
        executor_judge(x, w);
    else
        counted(x, w);
}

static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    end(x, w, "none", e->why);
    return true;
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    (void)x;
    r->operation = "twin.look";
    r->path = look_path(w->kind);
    r->url = look_url(w->kind, s);
    return true;
}

static const struct act page_act = {
    .method = "GET", .build = build, .good = taken, .refused = refused};

/* Looks back to the first request that may have made it. */
static struct look *look_of(const struct executor *x, const struct work *w,
                            const struct facts_entry *e)
{
    struct fact target = *e->said;
    target.kind = e->said->client ? JOB_TASK : JOB_CLIENT;
    return look_new(str_of(w->job->id), &target, e->said->at * 1000, executor_now(x));
}

static void judge(struct executor *x, struct work *w)
{
    const struct facts_entry *e = entry_of(w);
    if (!e) {
        executor_end(x, w);
        return;
    }
    int64_t wait = e->written_at + TWIN_AFTER_MS - x->port->wall(x->port->world);
    if (wait > 0) {
        executor_rest(x, w, executor_now(x) + wait);
        return;
    }
    if (!w->kind)
        w->kind = look_of(x, w, e);
    act_want(x, w, &page_act);
}

static void done(struct work *w)
{
    look_free(w->kind);
    w->kind = NULL;
}

const struct work_ops *twin_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    return &ops;
}

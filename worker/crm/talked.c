/*
 * A talk.
 *
 *   judge --> facts know an open task of a missed call that ended before the talk,
 *             or one of this very call: closed (task_close.h), one after the other
 *         --> none, or no more: done fact
 *
 * Which tasks these are facts alone say, by MANGO's times; without one no request is made.
 */
#include "worker/crm/talked.h"

#include <stdlib.h>

#include "common/jval.h"
#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/task_close.h"

struct talked {
    struct jval *closed; /* ids of tasks that are closed now */
    char *closing;
};

static struct talked *state_of(struct work *w)
{
    struct talked *t = w->kind;
    if (t)
        return t;
    w->kind = t = mem_alloc(1, sizeof *t);
    t->closed = jval_new_array();
    return t;
}

static void done(struct work *w)
{
    struct talked *t = w->kind;
    if (!t)
        return;
    jval_free(t->closed);
    free(t->closing);
    free(t);
    w->kind = NULL;
}

/* which tasks */

static int64_t talked_at(const struct work *w)
{
    return work_int(w, "talked_at", 0);
}

static bool is_closed(const struct talked *t, const char *id)
{
    struct str one;
    for (size_t i = 0; i < jval_size(t->closed); i++)
        if (jval_text(jval_at(t->closed, i), &one) && str_is(one, id))
            return true;
    return false;
}

struct oldest {
    const struct work *work;
    const struct facts_entry *task;
};

static bool take_oldest(void *arg, const struct facts_entry *e)
{
    struct oldest *o = arg;
    const struct fact *f = e->said;
    /* The talk's verdict stands; so a task of its own call is one that another verdict made. */
    bool own = str_is(str_of(f->entry_id), o->work->job->entry_id);
    int64_t at = known_task_at(o->work->owner->facts, work_account(o->work), f);
    if ((own || at <= talked_at(o->work)) && !is_closed(o->work->kind, f->object) &&
        (!o->task || e->order < o->task->order))
        o->task = e;
    return true;
}

static bool knows_client(const struct work *w, struct known_client *out)
{
    *out = (struct known_client){0};
    return known_client(w->owner->facts, work_account(w), str_of(w->job->number), out);
}

/* The oldest task that is still to be closed, or NULL. */
static const char *task_of(const struct work *w)
{
    struct oldest o = {w, NULL};
    struct known_client client;
    knows_client(w, &client);
    known_open_tasks(w->owner->facts, work_account(w), str_of(w->job->number), str_of(client.id),
                     str_of(w->job->entry_id), take_oldest, &o);
    return o.task ? o.task->said->object : NULL;
}

/* ends */

static char *details_of(struct work *w, const struct known_client *client)
{
    struct talked *t = state_of(w);
    struct jval *details = jval_new_object();
    if (client->id)
        jval_put_text(details, "client", str_of(client->id));
    if (jval_size(t->closed))
        jval_put(details, "tasks", jval_copy(t->closed));
    return jval_dump_free(details, false);
}

static void end(struct executor *x, struct work *w)
{
    static const char none[] = "no task to call back is open";
    bool closed = jval_size(state_of(w)->closed) > 0;
    struct known_client client;
    knows_client(w, &client);
    const struct fact f = {.kind = JOB_TALKED,
                           .entry_id = w->job->entry_id,
                           .number = w->job->number,
                           .client = (char *)(uintptr_t)client.id,
                           .company = client.company,
                           .at = talked_at(w),
                           .verdict = w->job->verdict,
                           .summarized = work_summarized(w)};
    finish_done(x, w, &f, closed ? "done" : "none",
                closed ? "the client was talked to: nobody has to call back" : none,
                details_of(w, &client));
}

static void closed(struct executor *x, struct work *w, enum task_close_end how)
{
    struct talked *t = state_of(w);
    if (how == TASK_CLOSE_REFUSED) {
        task_close_again(x, w);
        return;
    }
    w->refusals = 0;
    jval_append(t->closed, jval_new_text(str_of(t->closing)));
    executor_judge(x, w);
}

/* the kind */

static void judge(struct executor *x, struct work *w)
{
    struct talked *t = state_of(w);
    if (talked_at(w) <= 0) {
        finish_dead(x, w, ERR_INPUT, "the job lacks talked_at", 0);
        return;
    }
    const char *task = task_of(w);
    if (!task) {
        end(x, w);
        return;
    }
    free(t->closing);
    t->closing = mem_copy(str_of(task));
    task_close(x, w, str_of(t->closing), closed);
}

const struct work_ops *talked_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    return &ops;
}

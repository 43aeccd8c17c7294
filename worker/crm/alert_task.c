/*
 * Making and closing the task of an alert. A refusal that stays gives it up, like any work that no message asked for: it is
 * told by log, and no dead letter. What it is about stands in the work's id, the rest in the account's alert state.
 */
#include "worker/crm/alert_task.h"

#include <inttypes.h>

#include "common/megaplan/task.h"
#include "common/mem.h"
#include "worker/crm/account.h"
#include "worker/crm/act.h"
#include "worker/crm/alert_look.h"
#include "worker/crm/errands.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/task_close.h"

#define PREFIX "alert-"
#define CLOSED ":closed"

static const struct alert_state_row *row_of(const struct account *a, enum alert_cause c)
{
    return &a->alerts.state.rows[c];
}

/* The caller's (free()). */
static char *entry_of(const struct account *a, enum alert_cause c)
{
    return mem_format(PREFIX "%s-%" PRId64, alert_code(c), row_of(a, c)->opened);
}

static char *id_of(const char *entry, bool closes)
{
    return mem_format("%s:%s%s", entry, job_kind_name(JOB_ALERT), closes ? CLOSED : "");
}

/* The alert that the work is about. False: it is one no more. */
static bool alert_of(const struct work *w, enum alert_cause *out)
{
    struct str rest = str_of(w->job->entry_id);
    if (!str_starts(rest, STR(PREFIX)))
        return false;
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++) {
        char *entry CLEANUP(mem_free_text) = entry_of(w->account, c);
        if (str_is(rest, entry)) {
            *out = c;
            return true;
        }
    }
    return false;
}

static bool closes(const struct work *w)
{
    return str_ends(str_of(w->job->id), STR(CLOSED));
}

/* ---- ends ---- */

static struct fact fact_of(struct work *w)
{
    return (struct fact){.kind = JOB_ALERT, .entry_id = w->job->entry_id};
}

static void end(struct executor *x, struct work *w, const char *task, const char *why)
{
    struct fact f = fact_of(w);
    struct jval *details = jval_new_object();
    jval_put_text(details, "task", str_of(task));
    f.object = (char *)(uintptr_t)task;
    f.made = !closes(w);
    finish_done(x, w, &f, "done", why, jval_dump_free(details, false));
}

/* ---- it is made ---- */

static bool is_wanted(const struct executor *x, const struct work *w)
{
    const struct settings *s = executor_settings_of(x, w);
    enum alert_cause c;
    return s && s->alert_responsible && alert_of(w, &c) &&
           alert_state_task(&w->account->alerts.state, c) == ALERT_STATE_TASK_MAKE;
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    struct str title, text;
    enum alert_cause c;
    (void)x;
    if (!s->alert_responsible || !alert_of(w, &c) || !alert_task(c, &title, &text))
        return false;
    const struct task_new n = {.title = title,
                               .responsible = str_of(s->alert_responsible),
                               .entry_id = str_of(w->job->entry_id),
                               .text = text};
    r->url = task_create_url(str_of(s->megaplan.base_url));
    r->body = task_create_body(&n);
    return r->body != NULL;
}

static void created(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!task_read_id(a, id))
        act_unclear(x, w, "the answer does not say what was created");
    else
        end(x, w, id, "an alert is open");
}

static const struct act create_act = {.operation = "alert.create",
                                      .method = "POST",
                                      .path = "/task",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .looked_for = true,
                                      .fresh = is_wanted,
                                      .build = build,
                                      .intent = fact_of,
                                      .good = created};

static void found(struct executor *x, struct work *w, const char *task, bool made)
{
    (void)made;
    end(x, w, task, "found after a request whose end was unknown");
}

/* ---- it is closed ---- */

/* Two owners may end it, one by closing it: what they write is the same. */
static void closed(struct executor *x, struct work *w, enum task_close_end how)
{
    enum alert_cause c;
    const char *task = alert_of(w, &c) ? row_of(w->account, c)->task : "";
    if (how == TASK_CLOSE_REFUSED)
        task_close_again(x, w);
    else
        end(x, w, task, how == TASK_CLOSE_CLOSED ? "the alert is over" : "somebody closed it");
}

static void judge_task(struct executor *x, struct work *w)
{
    enum alert_cause c;
    bool ours = alert_of(w, &c);
    if (ours && closes(w) && row_of(w->account, c)->task[0])
        task_close(x, w, str_of(row_of(w->account, c)->task), closed);
    else if (ours && !closes(w) && is_wanted(x, w))
        act_want(x, w, &create_act);
    else
        finish_without(x, w, "none", "the alert is over");
}

static void judge(struct executor *x, struct work *w)
{
    if (alert_look_is(w))
        alert_look_judge(x, w);
    else
        judge_task(x, w);
}

/* A look is not repeated: the next one comes. */
static bool failed(struct executor *x, struct work *w, const char *why)
{
    (void)why;
    if (!alert_look_is(w))
        return false;
    executor_end(x, w);
    return true;
}

const struct work_ops *alert_task_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .failed = failed, .found = found};
    return &ops;
}

/* ---- what is due ---- */

static const struct facts_entry *known(const struct account *a, const char *id)
{
    return facts_find(a->owner->facts, str_of(a->service.account), str_of(id));
}

static bool has_ended(const struct facts_entry *e)
{
    return e && (e->done || e->given_up);
}

static void begin(struct executor *x, struct account *a, const char *entry, const char *id)
{
    executor_add(x, a->owner, JOB_ALERT, str_of(a->service.account), str_of(entry), id, NULL, NULL);
}

static bool make(struct executor *x, struct account *a, enum alert_cause c, bool wanted)
{
    struct str title, text;
    char *entry CLEANUP(mem_free_text) = entry_of(a, c);
    char *id CLEANUP(mem_free_text) = id_of(entry, false);
    const struct facts_entry *e = known(a, id);
    if (has_ended(e)) {
        alert_state_tasked(&a->alerts.state, c, e->done && e->said->object ? e->said->object : "");
        return true;
    }
    if (wanted && alert_task(c, &title, &text))
        begin(x, a, entry, id);
    return false;
}

static bool close_it(struct executor *x, struct account *a, enum alert_cause c)
{
    char *entry CLEANUP(mem_free_text) = entry_of(a, c);
    char *id CLEANUP(mem_free_text) = id_of(entry, true);
    if (!has_ended(known(a, id))) {
        begin(x, a, entry, id);
        return false;
    }
    alert_state_task_closed(&a->alerts.state, c);
    return true;
}

bool alert_task_is_made(const struct account *a, enum alert_cause c)
{
    const struct alert_state_row *r = row_of(a, c);
    if (!r->opened || r->tasked)
        return false;
    char *entry CLEANUP(mem_free_text) = entry_of(a, c);
    char *id CLEANUP(mem_free_text) = id_of(entry, false);
    const struct facts_entry *e = known(a, id);
    return (e && e->intent && !has_ended(e)) ||
           errands_has(a->owner, str_of(a->service.account), str_of(id));
}

bool alert_task_visit(struct executor *x, struct account *a, enum alert_cause c, bool wanted)
{
    bool is_made = alert_task_is_made(a, c); /* its end has to be known, wanted or not */
    switch (alert_state_task(&a->alerts.state, c)) {
    case ALERT_STATE_TASK_CLOSE:
        return close_it(x, a, c);
    case ALERT_STATE_TASK_MAKE:
        return make(x, a, c, wanted || is_made);
    default:
        return row_of(a, c)->opened && !row_of(a, c)->tasked && make(x, a, c, is_made);
    }
}

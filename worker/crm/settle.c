/*
 * Settling: ageing, looking, and what is written about what was found.
 */
#include "worker/crm/settle.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/known.h"
#include "worker/crm/look.h"
#include "worker/crm/record.h"
#include "worker/crm/task_close.h"

static void look_again(struct executor *x, struct work *w);

static void end_look(struct work *w)
{
    look_free(w->look);
    w->look = NULL;
}

/* Its done fact has been read back, or Kafka did not take it and it is settled anew. */
static void told(struct executor *x, struct work *w, bool ok)
{
    if (ok)
        executor_judge(x, w);
    else
        request_retry(x, w, "Kafka did not take what was found", 0);
}

/* The done fact of the job that was looked for, the same bytes that its own worker would write. */
static void write_found(struct executor *x, struct work *w, const char *object, bool made)
{
    struct fact done = *look_intent(w->look);
    done.object = (char *)(uintptr_t)object;
    done.made = made;
    if (!made)
        done.responsible = done.data = NULL;
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_DONE, &done);
    char *id CLEANUP(mem_free_text) = mem_copy(str_of(look_id(w->look)));
    end_look(w);
    w->act = NULL;
    record_fact_of(x, w, FACT_DONE, str_of(id), value, told);
}

/* A task was found whose client was talked to since: who closes the tasks of a talk has not seen it. */
static bool is_overtaken(const struct work *w)
{
    const struct fact *task = look_intent(w->look);
    int64_t talk = look_found_open(w->look)
                       ? known_last_talk(w->owner->facts, work_account(w), str_of(task->number),
                                         str_of(task->client))
                       : 0;
    return talk && talk >= task->at;
}

static void closed(struct executor *x, struct work *w, enum task_close_end how)
{
    bool made = false;
    char *object CLEANUP(mem_free_text) = mem_copy(str_of(look_found(w->look, &made)));
    if (how == TASK_CLOSE_REFUSED) /* no reason to hold up this job and all that come */
        log_warn("a task whose client was talked to cannot be closed",
                 LOG_STR("account", work_account(w)), LOG_TEXT("job", look_id(w->look)),
                 LOG_TEXT("err", task_close_why(w)));
    write_found(x, w, object, made);
}

static void found(struct executor *x, struct work *w)
{
    bool made = false;
    char *object CLEANUP(mem_free_text) = mem_copy(str_of(look_found(w->look, &made)));
    tally_unknown(x->tally, job_kind_name(look_intent(w->look)->kind), true);
    if (!w->look_own) {
        if (is_overtaken(w))
            task_close(x, w, str_of(object), closed);
        else
            write_found(x, w, object, made);
        return;
    }
    end_look(w);
    w->act = NULL;
    w->ops->found(x, w, object, made);
}

static void not_done(struct executor *x, struct work *w)
{
    tally_unknown(x->tally, job_kind_name(look_intent(w->look)->kind), false);
    facts_settle(w->owner->facts, work_account(w), str_of(look_id(w->look)));
    w->repeated = true;
    end_look(w);
    executor_judge(x, w);
}

static void step(struct executor *x, struct work *w, enum look_step next)
{
    switch (next) {
    case LOOK_MORE:
        look_again(x, w);
        break;
    case LOOK_WAIT:
        executor_rest(x, w, look_at(w->look));
        break;
    case LOOK_FOUND:
        found(x, w);
        break;
    case LOOK_NOT_DONE:
        not_done(x, w);
        break;
    default:
        request_retry(x, w, "the list cannot be read back to the request", 0);
    }
}

static void looked(struct executor *x, struct work *w, const struct answer *a)
{
    const struct settings *s = executor_settings_of(x, w);
    w->failures = 0;
    if (s)
        step(x, w, look_take(w->look, a, s));
    else
        look_again(x, w);
}

/* What the path names is not there (yet). */
static bool refused(struct executor *x, struct work *w, const struct request_end *end)
{
    if (end->status != 404)
        return false;
    step(x, w, look_missing(w->look));
    return true;
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    (void)x;
    r->operation = look_operation(w->look);
    r->path = look_path(w->look);
    r->url = look_url(w->look, s);
    return true;
}

static const struct act list_act = {
    .method = "GET", .midway = true, .build = build, .good = looked, .again = look_again};
static const struct act record_act = {.method = "GET",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .midway = true,
                                      .build = build,
                                      .good = looked,
                                      .refused = refused,
                                      .again = look_again};

static const struct act *act_of(const struct work *w)
{
    return look_about(w->look) == ANSWER_ABOUT_RECORD ? &record_act : &list_act;
}

static void look_again(struct executor *x, struct work *w)
{
    if (executor_settings_of(x, w))
        act_want(x, w, act_of(w));
    else /* the account is gone: what is to be said of that, judging says */
        executor_judge(x, w);
}

static void begin(struct executor *x, struct work *w, struct str id, const struct fact *intent,
                  int64_t written_at, bool own)
{
    w->look_own = own;
    if (w->since == 0 || written_at < w->since)
        w->since = written_at;
    w->look = look_new(id, intent, written_at, executor_now(x));
    w->act = act_of(w);
    executor_rest(x, w, look_at(w->look));
}

/* True: it is waited for or looked for. */
static bool settle(struct executor *x, struct work *w, const struct facts_entry *b)
{
    int64_t aged_at = b->read_at + SETTLE_AGEING_MS;
    if (executor_now(x) < aged_at) {
        executor_rest(x, w, aged_at);
        return true;
    }
    if (look_is_for(b->said)) {
        begin(x, w, str_of(b->id), b->said, b->written_at, false);
        return true;
    }
    facts_settle(w->owner->facts, work_account(w), str_of(b->id));
    return false;
}

bool settle_first(struct executor *x, struct work *w)
{
    const struct facts_entry *b;
    do
        b = facts_blocker(w->owner->facts, work_account(w), str_of(w->job->id), w->job->kind,
                          str_of(w->job->number), str_of(w->job->entry_id));
    while (b && !settle(x, w, b));
    return b != NULL;
}

void settle_own(struct executor *x, struct work *w)
{
    const struct fact intent = w->act->intent(w);
    begin(x, w, str_of(w->job->id), &intent, w->intent_wall, true);
}

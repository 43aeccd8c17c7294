/*
 * In front of every kind's judging.
 */
#include "worker/crm/prelude.h"

#include "common/mem.h"
#include "worker/crm/attempt.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/settle.h"

/* Whether this very job is over already. True: it has ended. */
static bool is_over(struct executor *x, struct work *w)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    if (own && own->done)
        finish_outcome(x, w, "present", "this job was done before");
    else if (own && own->given_up && !w->forced)
        finish_outcome(x, w, "dropped", "this job was given up before");
    else
        return false;
    return true;
}

static bool lacks_account(struct executor *x, struct work *w)
{
    const struct settings *s = executor_settings_of(x, w);
    bool gone = !s || !s->enabled;
    if (gone && w->offset < 0) { /* no job of a message: nothing to tell */
        w->account->left_due = true;
        executor_end(x, w);
    } else if (!s)
        finish_dead(x, w, ERR_CONFIG, "account disabled", 0);
    else if (!s->enabled)
        finish_outcome(x, w, "ignored", "the account is switched off");
    else
        return false;
    return true;
}

/* Whatever it was for, its time has gone. What a pop-up has begun, the saving of its call settles. */
static bool is_late(struct executor *x, struct work *w)
{
    static const char why[] = "its deadline has passed";
    if (!w->deadline || executor_now(x) < w->deadline)
        return false;
    if (w->tries)
        attempt_ends_late(x, w);
    else if (w->job->kind == JOB_POPUP)
        finish_outcome(x, w, "late", why);
    else
        finish_without(x, w, "late", why);
    return true;
}

/* Another owner may have sent what must not be sent twice. */
static bool was_begun(struct executor *x, struct work *w)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    bool once = w->job->kind == JOB_ROUTE || w->job->kind == JOB_VISITOR;
    if (!once || !own || !own->intent || own->own || own->given_up)
        return false;
    finish_given_up(x, w, "failed", "another worker began it, and how that ended is unknown");
    return true;
}

/* The call was found to be another one: what this job wants, nobody wants any more. */
static bool is_overruled(struct executor *x, struct work *w)
{
    const struct job *j = w->job;
    struct known_verdict stands = {0};
    if (known_judge_verdict(w->owner->facts, work_account(w), str_of(j->entry_id), j->verdict,
                            work_summarized(w)) != KNOWN_VERDICT_DROPPED)
        return false;
    (void)known_verdict(w->owner->facts, work_account(w), str_of(j->entry_id), &stands);
    char *why CLEANUP(mem_free_text) =
        mem_format("the call was %s by another closing, which stands; this job says %s",
                   job_verdict_name(stands.verdict), job_verdict_name(j->verdict));
    finish_outcome(x, w, "dropped", why);
    return true;
}

/* The client that this call's client job trusted without a request turned out to be gone: that job is
 * carried out anew, and this one behind it. */
static bool client_comes_anew(struct executor *x, struct work *w)
{
    struct jval *data CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    const struct fact *trusted =
        known_due_anew(w->owner->facts, work_account(w), str_of(w->job->entry_id));
    bool waits = w->job->kind == JOB_CALL || w->job->kind == JOB_TASK;
    if (!waits || !trusted || jval_parse(str_of(trusted->data), &data, &e) ||
        !jval_get(data, KNOWN_TRUSTED))
        return false;
    char *id CLEANUP(mem_free_text) = mem_format("%s" KNOWN_ANEW, w->job->entry_id);
    executor_add(x, w->owner, JOB_CLIENT, work_account(w), str_of(w->job->entry_id), id,
                 trusted->number, jval_get(data, KNOWN_TRUSTED));
    executor_queue_again(x, w);
    return true;
}

bool prelude_passes(struct executor *x, struct work *w)
{
    return !is_over(x, w) && !lacks_account(x, w) && !is_late(x, w) && !was_begun(x, w) &&
           (w->tries || !settle_first(x, w)) && !is_overruled(x, w) && !client_comes_anew(x, w);
}

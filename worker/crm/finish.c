/*
 * How a job ends: the steps of finish.h, each begun when the one before has been acknowledged.
 */
#include "worker/crm/finish.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/attempt.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/record.h"

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = mem_copy(str_of(text));
}

/* A step's record is acknowledged: the next one. Else the same again, a little later. */
static void stepped(struct executor *x, struct work *w, bool ok)
{
    if (!ok) {
        w->failures++;
        executor_rest(x, w,
                      executor_now(x) + backoff_ms(w->failures, x->options.retry_max_ms,
                                                   x->port->random(x->port->world)));
        return;
    }
    w->failures = 0;
    w->ending.step++;
    finish_go_on(x, w);
}

static void count(struct executor *x, const struct work *w)
{
    const struct job *j = w->job;
    int64_t since = j->received_at > 0 ? x->port->wall(x->port->world) - j->received_at : -1000;
    tally_job(x->tally, j->account, job_kind_name(j->kind),
              j->origin && *j->origin ? j->origin : "live", w->ending.result,
              (double)since / 1000.0);
    if (!w->tries)
        tally_ringing(x->tally, j->account, j->kind, w->ending.result, (double)since / 1000.0);
    if (w->ending.dead)
        tally_dead(x->tally, j->account, kafka_topic_name(w->topic), w->ending.error_kind);
}

static void write_outcome(struct executor *x, struct work *w)
{
    struct jval *details = NULL;
    if (w->ending.details) {
        struct error ignored = ERROR_NONE;
        if (jval_parse(str_of(w->ending.details), &details, &ignored))
            details = NULL;
    }
    const struct outcome o = {.at = x->port->wall(x->port->world),
                              .what = "outcome",
                              .job = w->job->id,
                              .kind = job_kind_name(w->job->kind),
                              .rule = w->job->rule,
                              .result = w->ending.result,
                              .reason = w->ending.reason,
                              .employee = w->ending.employee,
                              .details = details};
    lanes_leave(x->lanes, &w->lane);
    record_outcome(x, w, &o, stepped);
    jval_free(details);
}

void finish_go_on(struct executor *x, struct work *w)
{
    struct work_ending *end = &w->ending;
    if (end->step == FINISH_DEAD && !end->dead)
        end->step = FINISH_FACT;
    if (end->step == FINISH_FACT && !end->fact)
        end->step = FINISH_OUTCOME;
    switch (end->step) {
    case FINISH_DEAD:
        record_dead(x, w, stepped);
        return;
    case FINISH_FACT:
        record_fact(x, w, end->fact_type, end->fact_value, stepped);
        return;
    case FINISH_OUTCOME:
        write_outcome(x, w);
        return;
    default:
        count(x, w);
        executor_end(x, w);
    }
}

static void tell_alerts(struct executor *x, const struct work *w)
{
    struct str job = str_of(w->job->id);
    if (!w->account || !w->account->owner)
        return;
    if (w->ending.dead)
        alert_account_died(x, w->account, job);
    else if (w->ending.fact && w->ending.fact_type == FACT_DONE)
        alert_account_done(w->account, job);
}

static void begin(struct executor *x, struct work *w, const char *result, const char *reason)
{
    struct work_ending *end = &w->ending;
    set_text(&end->result, result);
    set_text(&end->reason, reason);
    if (w->tries)
        attempt_leaves_nothing(x, w);
    end->step = FINISH_DEAD;
    w->failures = 0;
    agenda_drop(&x->works, &w->timer); /* a deadline that still comes must not write it once more */
    executor_hold_place(x, w, false);
    tell_alerts(x, w);
    if (end->dead)
        log_warn("a job is a dead letter", LOG_STR("account", work_account(w)),
                 LOG_TEXT("entry_id", w->job->entry_id), LOG_TEXT("job", w->job->id),
                 LOG_TEXT("rule", w->job->rule), LOG_INT("http_status", end->status),
                 LOG_TEXT("err", reason));
    else
        log_info("a job ended", LOG_STR("account", work_account(w)),
                 LOG_TEXT("entry_id", w->job->entry_id), LOG_TEXT("job", w->job->id),
                 LOG_TEXT("rule", w->job->rule), LOG_TEXT("result", result));
    finish_go_on(x, w);
}

void finish_employee(struct work *w, const char *employee)
{
    if (*employee)
        set_text(&w->ending.employee, employee);
}

void finish_done(struct executor *x, struct work *w, const struct fact *f, const char *result,
                 const char *reason, char *details)
{
    w->ending.fact = true;
    w->ending.fact_type = FACT_DONE;
    free(w->ending.fact_value);
    w->ending.fact_value = fact_encode(FACT_DONE, f);
    free(w->ending.details);
    w->ending.details = details;
    if (f->responsible)
        set_text(&w->ending.employee, f->responsible);
    begin(x, w, result, reason);
}

void finish_outcome(struct executor *x, struct work *w, const char *result, const char *reason)
{
    begin(x, w, result, reason);
}

static void write_given_up(struct work *w, const char *reason)
{
    const struct fact f = {.kind = w->job->kind,
                           .entry_id = w->job->entry_id,
                           .number = w->job->number,
                           .none = (char *)(uintptr_t)reason};
    /* What could not even be read has no id to give up. */
    w->ending.fact = w->job->kind < JOB_KINDS;
    w->ending.fact_type = FACT_GIVEN_UP;
    free(w->ending.fact_value);
    w->ending.fact_value = w->ending.fact ? fact_encode(FACT_GIVEN_UP, &f) : NULL;
}

void finish_given_up(struct executor *x, struct work *w, const char *result, const char *reason)
{
    write_given_up(w, reason);
    begin(x, w, result, reason);
}

void finish_without(struct executor *x, struct work *w, const char *result, const char *reason)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    if (own && own->intent)
        finish_given_up(x, w, result, reason);
    else
        finish_outcome(x, w, result, reason);
}

static void give_up(struct executor *x, struct work *w, const char *kind, const char *reason,
                    int status)
{
    w->ending.dead = w->offset >= 0; /* what no message asked for has nothing to be sent again */
    write_given_up(w, reason);
    w->ending.status = status;
    w->ending.error_kind = kind;
    begin(x, w, w->ending.dead ? "dead" : "given-up", reason);
}

void finish_dead(struct executor *x, struct work *w, enum err kind, const char *reason, int status)
{
    give_up(x, w, error_kind_name(kind), reason, status);
}

void finish_poison(struct executor *x, struct work *w)
{
    give_up(x, w, "poison", "it ended the process three times", 0);
}

/*
 * On whom a call is saved, and what is saved of it.
 */
#include "worker/calls/rules_call.h"

#include "common/mem.h"
#include "worker/calls/rules_job.h"
#include "worker/calls/rules_person.h"

/* Whose the call is, or why nobody's. */
struct choice {
    const struct settings_employee *employee;
    const char *why;
};

static struct choice choose(const struct settings_employee *a, const struct settings_employee *b,
                            const char *chosen, const char *nobody)
{
    const struct settings_employee *who = a ? a : b;
    return (struct choice){who, who ? chosen : nobody};
}

/* B15: such a call is saved only if an employee took part in it. */
static bool took_no_part(const struct rule_call *c)
{
    const struct view *v = c->view;
    return rules_excluded(c) != NULL && v->first_given.employee == NULL &&
           v->summarized.employee == NULL;
}

static struct choice choose_missed(const struct rule_call *c)
{
    struct rules_person who = rules_person_missed(c);
    if (took_no_part(c))
        return (struct choice){NULL, "no employee of the settings took part (B15)"};
    return (struct choice){who.employee, who.why};
}

static struct choice choose_employee(const struct rule_call *c)
{
    const struct view *v = c->view;
    if (v->answered)
        return choose(v->last_handled.employee, v->summarized.employee,
                      "the last employee who handled it", JOB_WHY_NOBODY_TALKED);
    if (v->direction == CALL_EVENT_OUTGOING)
        return choose(v->caller.employee, v->summarized.employee, "the employee who called",
                      JOB_WHY_NOBODY_CALLED);
    return choose_missed(c);
}

static const char *call_type(const struct view *v)
{
    if (v->direction == CALL_EVENT_INCOMING)
        return v->answered ? "in" : "miss";
    return v->answered ? "out" : "fail";
}

static void put_numbers(const struct rule_call *c, struct job *job)
{
    bool incoming = c->view->direction == CALL_EVENT_INCOMING;
    struct str number = str_of(c->view->number.digits);
    if (number.len > 0)
        jval_put_text(job->data, incoming ? "from" : "to", number);
    rules_job_put_line(c, job, incoming ? "to" : "from");
    rules_job_put_line(c, job, "line");
}

static void put_data(const struct rule_call *c, const struct choice *who, struct job *job)
{
    const struct view *v = c->view;
    struct jval *data = job->data;
    int64_t came = c->cause.received_at / 1000;
    jval_put_text(data, "type", str_of(call_type(v)));
    jval_put_text(data, "direction", v->direction == CALL_EVENT_INCOMING ? STR("in") : STR("out"));
    put_numbers(c, job);
    if (who->employee != NULL)
        jval_put_text(data, "employee", str_of(who->employee->megaplan_id));
    jval_put_int(data, "started_at", v->started ? v->started : came);
    jval_put_int(data, "ended_at", v->ended ? v->ended : came);
    jval_put_int(data, "talk_seconds", v->talk_seconds);
    jval_put_bool(data, "saved", who->employee != NULL);
    if (who->employee == NULL)
        jval_put_text(data, "why", str_of(who->why));
}

bool rules_call_save(const struct rule_call *c, struct rule_decision *out)
{
    if (c->when == RULE_AFTER && !c->first_summary)
        return false;
    struct choice who = choose_employee(c);
    struct job *job = rules_job_new(c, JOB_CALL, c->closed_by);
    put_data(c, &who, job);
    char *reason = mem_format("%s: %s", who.employee ? "saved" : "not saved", who.why);
    rules_job_decide(c, out, "G15", job, reason, who.employee);
    return true;
}

/*
 * On whom a call is saved, and what is saved of it.
 */
#include "worker/calls/rules_call.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/calls/rules_job.h"

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

static const struct settings_employee *by_id(const struct rule_call *c, const char *id, bool on)
{
    return id != NULL && on ? settings_employee_by_id(c->settings, id) : NULL;
}

static struct choice choose_missed(const struct rule_call *c)
{
    const struct view *v = c->view;
    const struct settings *s = c->settings;
    bool in = s->create_client.incoming, missed = s->create_client.missed;
    switch (v->verdict) {
    case JOB_MISSED_MENU:
        return choose(by_id(c, s->missed_in_ivr_responsible, in), NULL,
                      "missed in the menu: missed_in_ivr_responsible",
                      "missed in the menu, and missed_in_ivr_responsible is not in force");
    case JOB_MISSED_GROUP:
        return choose(
            by_id(c, s->missed_in_group_responsible, in || missed),
            v->first_given.employee ? v->first_given.employee : v->summarized.employee,
            "missed in a group: missed_in_group_responsible, or the first it was given to",
            "missed in a group, given to no employee of the settings");
    default:
        return choose(v->last_missed.employee, v->summarized.employee,
                      "the last employee who missed it", "missed by no employee of the settings");
    }
}

static struct choice choose_employee(const struct rule_call *c)
{
    const struct view *v = c->view;
    if (v->answered)
        return choose(v->last_handled.employee, v->summarized.employee,
                      "the last employee who handled it",
                      "no employee of the settings took part (G2)");
    if (v->direction == CALL_EVENT_OUTGOING)
        return choose(v->caller.employee, v->summarized.employee, "the employee who called",
                      "no employee of the settings called (G2)");
    return choose_missed(c);
}

static const char *call_type(const struct view *v)
{
    if (v->direction == CALL_EVENT_INCOMING)
        return v->answered ? "in" : "miss";
    return v->answered ? "out" : "fail";
}

static void put_numbers(const struct rule_call *c, struct jval *data)
{
    bool incoming = c->view->direction == CALL_EVENT_INCOMING;
    struct str number = str_of(c->view->number.digits);
    char *line = rules_job_line(c);
    if (number.len > 0)
        jval_put_text(data, incoming ? "from" : "to", number);
    if (line[0] != '\0') {
        jval_put_text(data, incoming ? "to" : "from", str_of(line));
        jval_put_text(data, "line", str_of(line));
    }
    free(line);
}

static void put_data(const struct rule_call *c, const struct choice *who, struct jval *data)
{
    const struct view *v = c->view;
    jval_put_text(data, "type", str_of(call_type(v)));
    jval_put_text(data, "direction", v->direction == CALL_EVENT_INCOMING ? STR("in") : STR("out"));
    put_numbers(c, data);
    if (who->employee != NULL)
        jval_put_text(data, "employee", str_of(who->employee->megaplan_id));
    jval_put_int(data, "started_at", v->started);
    jval_put_int(data, "ended_at", v->ended);
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
    put_data(c, &who, job->data);
    char *reason = mem_format("%s: %s", who.employee ? "saved" : "not saved", who.why);
    rules_job_decide(out, "G15", job, reason, who.employee);
    return true;
}

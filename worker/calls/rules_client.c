/*
 * Which client a call makes, and whose it is.
 */
#include "worker/calls/rules_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/calls/rules_job.h"

/* "Новый (16:30 05.03.2018, входящий вызов)": local time of the call's earliest known event; if none
 * tells its time, when it came. */
static char *client_name(const struct rule_call *c, const char *what)
{
    struct tz_time t;
    tz_local(c->tz, c->view->earliest ? c->view->earliest : c->cause.received_at / 1000, &t);
    return mem_format("Новый (%02d:%02d %02d.%02d.%04" PRId64 ", %s)", t.hour, t.minute, t.day,
                      t.month, t.year, what);
}

/* All that Megaplan needs to make the client in one request. */
static struct job *client_job(const struct rule_call *c, const struct view_person *who,
                              const char *what)
{
    struct job *job = rules_job_new(c, JOB_CLIENT, NULL);
    char phone[PHONE_TEXT_MAX];
    char *name = client_name(c, what), *line = rules_job_line(c);
    phone_write(&c->view->number, c->settings->phone_format, phone);
    jval_put_text(job->data, "name", str_of(name));
    jval_put_text(job->data, "phone", str_of(phone));
    jval_put_text(job->data, "responsible", str_of(who->employee->megaplan_id));
    jval_put_text(job->data, "employee", str_of(who->employee->name));
    jval_put_text(job->data, "extension", who->extension);
    if (line[0] != '\0')
        jval_put_text(job->data, "line", str_of(line));
    jval_put_text(job->data, "direction", STR("in"));
    free(name);
    free(line);
    return job;
}

/* Who handled it first; when the call closes on a summary that no leg explains, who the summary says
 * has answered. */
static const struct view_person *first_employee(const struct rule_call *c)
{
    const struct view *v = c->view;
    if (v->first_handled.employee != NULL)
        return &v->first_handled;
    if (c->when == RULE_CLOSING && c->fold->summary.there && v->answered &&
        v->summarized.employee != NULL)
        return &v->summarized;
    return NULL;
}

static bool nothing(struct rule_decision *out, const char *rule, const char *reason)
{
    rules_job_decide(out, rule, NULL, mem_copy(str_of(reason)), NULL);
    return true;
}

/* Why an answered call makes no client is told once, when it closes. */
static bool no_client(const struct rule_call *c, struct rule_decision *out, const char *rule,
                      const char *reason)
{
    if (c->when != RULE_CLOSING || !c->view->answered)
        return false;
    return nothing(out, rule, reason);
}

bool rules_client_answered(const struct rule_call *c, struct rule_decision *out)
{
    const struct view_person *who = first_employee(c);
    if (c->view->direction != CALL_EVENT_INCOMING || c->memory->client)
        return false;
    if (!c->settings->create_client.incoming)
        return no_client(c, out, "G3", "create_client.incoming is off");
    if (who == NULL)
        return no_client(c, out, "G2", "no employee of the settings handled the call");
    const char *refusal = rules_no_client(c);
    if (refusal != NULL)
        return no_client(c, out, "B15", refusal);
    struct job *job = client_job(c, who, "входящий вызов");
    char *reason = mem_format("first employee %.*s (%s) handled an incoming call from %s%s",
                              STR_ARG(who->extension), who->employee->name, c->view->number.digits,
                              who->stands_in ? " for an unmapped extension" : "");
    rules_job_decide(out, "G3", job, reason, who->employee);
    return true;
}

bool rules_client_first_employee(const struct rule_call *c, struct rule_decision *out)
{
    const struct view_person *who = &c->view->first_handled;
    char cause[24];
    if (!c->memory->client || who->employee == NULL || c->view->direction != CALL_EVENT_INCOMING ||
        str_is(who->extension, c->memory->extension) ||
        strcmp(who->employee->megaplan_id, c->memory->responsible) == 0)
        return false;
    (void)snprintf(cause, sizeof cause, "%" PRId64, c->cause.offset);
    struct job *job = rules_job_new(c, JOB_RESPONSIBLE, cause);
    jval_put_text(job->data, "responsible", str_of(who->employee->megaplan_id));
    jval_put_text(job->data, "employee", str_of(who->employee->name));
    jval_put_text(job->data, "extension", who->extension);
    char *reason =
        mem_format("a later event shows that employee %.*s (%s) was the first to handle the call",
                   STR_ARG(who->extension), who->employee->name);
    rules_job_decide(out, "G3", job, reason, who->employee);
    return true;
}

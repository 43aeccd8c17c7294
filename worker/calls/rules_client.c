/*
 * One client at most per call: the first rule that fires is remembered, the others are silent then. Why a
 * call makes none is told once, when it closes.
 */
#include "worker/calls/rules_client.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "worker/calls/rules_job.h"
#include "worker/calls/rules_person.h"

/* "Новый (16:30 05.03.2018, входящий вызов)": local time of when the call began. */
static char *client_name(const struct rule_call *c, const char *what)
{
    struct tz_time t;
    tz_local(c->tz, rules_job_began(c), &t);
    return mem_format("Новый (%02d:%02d %02d.%02d.%04" PRId64 ", %s)", t.hour, t.minute, t.day,
                      t.month, t.year, what);
}

static bool is_incoming(const struct rule_call *c)
{
    return c->view->direction == CALL_EVENT_INCOMING;
}

/* G12: an incoming call to a dynamic number. */
static bool is_tracked(const struct rule_call *c)
{
    return c->settings->call_tracking && is_incoming(c) && c->view->dynamic;
}

/* Whose a new client is, and why. */
struct owner {
    const char *rule;
    const char *named; /* in the client's name */
    const struct settings_employee *employee;
    struct str extension;
    enum rule_client by;
};

/* All that Megaplan needs to make the client in one request. The reason is taken over. */
static bool make(const struct rule_call *c, struct rule_decision *out, const struct owner *o,
                 char *reason)
{
    struct job *job = rules_job_new(c, JOB_CLIENT, NULL);
    char phone[PHONE_TEXT_MAX];
    char *name = client_name(c, o->named);
    bool line = is_incoming(c) && c->settings->source_field && c->view->line.len > 0;
    phone_write(&c->view->number, c->settings->phone_format, phone);
    jval_put_text(job->data, "name", str_of(name));
    jval_put_text(job->data, "phone", str_of(phone));
    rules_job_put_responsible(job, o->employee, o->extension);
    rules_job_put_line(c, job, "line");
    if (line)
        rules_job_put_line(c, job, "source_line");
    if (is_tracked(c))
        jval_put_bool(job->data, "tracking", true);
    jval_put_text(job->data, "direction", is_incoming(c) ? STR("in") : STR("out"));
    free(name);
    rules_job_decide(c, out, o->rule, job, reason, o->employee);
    out->memory.client = (uint8_t)o->by;
    out->memory.line = line;
    return true;
}

static const char *stand_in(const struct person *who)
{
    return who->stands_in ? " for an unmapped extension (B1)" : "";
}

/* Told once. */
static bool none(const struct rule_call *c, struct rule_decision *out, const char *rule,
                 const char *reason)
{
    return c->when == RULE_CLOSING && rules_job_none(c, out, rule, reason);
}

/* ---- G3 ---- */

/* Who handled it first; when the call closes on a summary that no leg explains, who the summary says
 * has answered. */
static const struct person *first_employee(const struct rule_call *c)
{
    const struct view *v = c->view;
    if (v->first_handled.employee != NULL)
        return &v->first_handled;
    if (c->when == RULE_CLOSING && c->fold->summary.there && v->answered &&
        v->summarized.employee != NULL)
        return &v->summarized;
    return NULL;
}

bool rules_client_answered(const struct rule_call *c, struct rule_decision *out)
{
    const struct person *who = first_employee(c);
    if (!is_incoming(c) || c->memory->client != RULE_NO_CLIENT ||
        (who == NULL && !c->view->answered))
        return false;
    if (!c->settings->create_client.incoming)
        return c->view->answered && none(c, out, "G3", "create_client.incoming is off");
    if (who == NULL)
        return none(c, out, "G2", "no employee of the settings handled the call");
    const char *refusal = rules_no_client(c);
    if (refusal != NULL)
        return none(c, out, rules_refused_by(c, "G3"), refusal);
    const struct owner o = {"G3", "входящий вызов", who->employee, who->extension,
                            RULE_CLIENT_HANDLED};
    return make(c, out, &o,
                mem_format("first employee %.*s (%s) handled an incoming call from %s%s",
                           STR_ARG(who->extension), who->employee->name, c->view->number.digits,
                           stand_in(who)));
}

/* ---- G5 ---- */

/* Why nobody has dialled the outside number; NULL: somebody has. When the call closes a summary tells it
 * where legs are lost. */
static const char *not_dialled(const struct rule_call *c)
{
    const struct view *v = c->view;
    if (v->dialled || v->connected)
        return NULL;
    if (c->when != RULE_CLOSING || !c->fold->summary.there)
        return "no leg towards the outside number";
    if (v->callback && !v->picked_up && !v->answered)
        return "a callback that its employee never picked up dialled nobody";
    return NULL;
}

bool rules_client_outgoing(const struct rule_call *c, struct rule_decision *out)
{
    const struct view *v = c->view;
    const struct person *who = v->caller.employee ? &v->caller : &v->summarized;
    if (v->direction != CALL_EVENT_OUTGOING || c->memory->client != RULE_NO_CLIENT)
        return false;
    if (!c->settings->create_client.outgoing)
        return none(c, out, "G5", "create_client.outgoing is off");
    const char *refusal = not_dialled(c);
    if (refusal != NULL)
        return none(c, out, "G5", refusal);
    if (who->employee == NULL || (who == &v->summarized && c->when != RULE_CLOSING))
        return none(c, out, "G2", "no employee of the settings called");
    refusal = rules_no_client(c);
    if (refusal != NULL)
        return none(c, out, rules_refused_by(c, "G5"), refusal);
    const struct owner o = {"G5", "исходящий вызов", who->employee, who->extension,
                            RULE_CLIENT_CALLED};
    return make(c, out, &o,
                mem_format("employee %.*s (%s) called %s%s", STR_ARG(who->extension),
                           who->employee->name, v->number.digits, stand_in(who)));
}

/* ---- G4, G10, G11 ---- */

static bool missed(const struct rule_call *c, struct rule_decision *out, const char *rule)
{
    struct rules_person who = rules_person_missed(c);
    if (who.employee == NULL)
        return none(c, out, rule, who.why);
    const char *refusal = rules_no_client(c);
    if (refusal != NULL)
        return none(c, out, rules_refused_by(c, rule), refusal);
    const struct owner o = {rule, "пропущенный вызов", who.employee, who.extension,
                            RULE_CLIENT_MISSED};
    return make(c, out, &o,
                mem_format("missed call from %s: %s (%s)", c->view->number.digits, who.why,
                           who.employee->name));
}

static bool no_client_yet(const struct rule_call *c)
{
    return is_incoming(c) && c->memory->client == RULE_NO_CLIENT;
}

bool rules_client_missed(const struct rule_call *c, struct rule_decision *out)
{
    enum job_verdict v = c->view->verdict;
    if (!no_client_yet(c) || (v != JOB_MISSED_DIRECT && v != JOB_MISSED_GROUP) ||
        (v == JOB_MISSED_GROUP && rules_person_group_named(c->settings)))
        return false;
    if (!c->settings->create_client.missed)
        return none(c, out, "G4", "create_client.missed is off");
    return missed(c, out, "G4");
}

bool rules_client_missed_in_ivr(const struct rule_call *c, struct rule_decision *out)
{
    return no_client_yet(c) && c->view->verdict == JOB_MISSED_MENU && missed(c, out, "G10");
}

bool rules_client_missed_in_group(const struct rule_call *c, struct rule_decision *out)
{
    return no_client_yet(c) && c->view->verdict == JOB_MISSED_GROUP &&
           rules_person_group_named(c->settings) && missed(c, out, "G11");
}

/* ---- G8 ---- */

bool rules_client_fill_line(const struct rule_call *c, struct rule_decision *out)
{
    if (c->memory->client == RULE_NO_CLIENT || c->memory->line || !is_incoming(c) ||
        !c->settings->source_field || c->view->line.len == 0)
        return false;
    struct job *job = rules_job_new(c, JOB_FILL, "line");
    rules_job_put_line(c, job, "source_line");
    rules_job_decide(c, out, "G8", job,
                     mem_format("a later event brought the line %.*s that the call came in on",
                                STR_ARG(c->view->line)),
                     NULL);
    out->memory.line = true;
    return true;
}

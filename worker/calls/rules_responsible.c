/*
 * Each rule names whom the client should belong to as the call is known now; if that is not whom it was
 * given to, a job corrects it.
 */
#include "worker/calls/rules_responsible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "worker/calls/rules_job.h"
#include "worker/calls/rules_person.h"

/* The same employee still, or the same extension under settings that changed meanwhile. */
static bool is_given(const struct rule_memory *m, const struct settings_employee *who,
                     struct str extension)
{
    return strcmp(who->megaplan_id, m->responsible) == 0 ||
           (extension.len > 0 && str_is(extension, m->extension));
}

static bool correct(const struct rule_call *c, struct rule_decision *out, const char *rule,
                    const struct settings_employee *who, struct str extension, const char *why)
{
    char cause[24];
    if (who == NULL || is_given(c->memory, who, extension))
        return false;
    if (c->when == RULE_AFTER && c->first_summary)
        return false; /* a summary after the end corrects the saved call, nothing else */
    (void)snprintf(cause, sizeof cause, "%" PRId64, c->cause.offset);
    struct job *job = rules_job_new(c, JOB_RESPONSIBLE, cause);
    rules_job_put_responsible(job, who, extension);
    rules_job_decide(c, out, rule, job,
                     mem_format("employee %.*s (%s): %s", STR_ARG(extension), who->name, why), who);
    return true;
}

/* The client belongs to who handled the call; that of a missed call does not, whatever its legs say. */
static bool is_of_talk(const struct rule_call *c)
{
    return c->memory->client != RULE_NO_CLIENT &&
           (c->memory->client != RULE_CLIENT_MISSED || c->view->answered);
}

static bool follows(const struct rule_call *c)
{
    return c->settings->responsible_follows_transfer && c->view->last_handled.employee != NULL;
}

bool rules_responsible_follows(const struct rule_call *c, struct rule_decision *out)
{
    const struct person *who = &c->view->last_handled;
    return is_of_talk(c) && follows(c) &&
           correct(c, out, "G9", who->employee, who->extension,
                   "the last who handled the call; the responsible follows a transfer");
}

bool rules_responsible_first(const struct rule_call *c, struct rule_decision *out)
{
    const struct person *who = &c->view->first_handled;
    return is_of_talk(c) && !follows(c) && c->view->direction == CALL_EVENT_INCOMING &&
           correct(c, out, "G3", who->employee, who->extension,
                   "a later event shows that this one was the first to handle the call");
}

bool rules_responsible_caller(const struct rule_call *c, struct rule_decision *out)
{
    const struct person *who = &c->view->caller;
    return is_of_talk(c) && !follows(c) && c->view->direction == CALL_EVENT_OUTGOING &&
           correct(c, out, "G5", who->employee, who->extension,
                   "a later event shows that this one called");
}

bool rules_responsible_missed(const struct rule_call *c, struct rule_decision *out)
{
    if (c->memory->client != RULE_CLIENT_MISSED || c->when != RULE_AFTER || c->view->answered ||
        c->view->direction != CALL_EVENT_INCOMING)
        return false;
    struct rules_person who = rules_person_missed(c);
    return correct(c, out, who.rule, who.employee, who.extension,
                   "a later event shows that this one stands for the missed call");
}

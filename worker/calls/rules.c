/*
 * The table in the order of precedence, the guards in front of it, and what all rules share. Each line is
 * one function of its own: a rule goes when its line goes.
 */
#include "worker/calls/rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/calls/rules_call.h"
#include "worker/calls/rules_client.h"
#include "worker/calls/rules_record.h"
#include "worker/calls/rules_responsible.h"
#include "worker/calls/rules_ringing.h"
#include "worker/calls/rules_task.h"

const struct rule rules_table[] = {
    {"G7", "an incoming call in the menu is routed to its client's responsible", RULE_LIVE,
     rules_ringing_route},
    {"G7", "what MANGO answered to that is kept", RULE_BESIDE, rules_ringing_routed},
    {"G12", "the visitor of a dynamic number is asked at the first event that shows it", RULE_LIVE,
     rules_ringing_visitor},
    {"G14", "the pop-up begins at the first mapped ring and follows the call", RULE_LIVE,
     rules_ringing_popup},
    {"G3", "client at once when an employee handles a new number's call", RULE_LIVE | RULE_CLOSING,
     rules_client_answered},
    {"G5", "client at the first leg towards a new outside number", RULE_LIVE | RULE_CLOSING,
     rules_client_outgoing},
    {"G10", "client of a call missed in the menu", RULE_CLOSING, rules_client_missed_in_ivr},
    {"G11", "client of a call missed in a group, of the named responsible", RULE_CLOSING,
     rules_client_missed_in_group},
    {"G4", "client of a missed call, direct or in a group", RULE_CLOSING, rules_client_missed},
    {"G9", "the responsible follows a transfer", RULE_LIVE | RULE_CLOSING | RULE_AFTER,
     rules_responsible_follows},
    {"G3", "the responsible is the first who handled the call, also if that shows late",
     RULE_LIVE | RULE_CLOSING | RULE_AFTER, rules_responsible_first},
    {"G5", "the responsible is who called, also if that shows late",
     RULE_LIVE | RULE_CLOSING | RULE_AFTER, rules_responsible_caller},
    {"G4", "the responsible of a missed call is corrected, if that shows late", RULE_AFTER,
     rules_responsible_missed},
    {"G8", "the client's line is filled in, if it shows late",
     RULE_LIVE | RULE_CLOSING | RULE_AFTER, rules_client_fill_line},
    {"B2", "a missed call makes a task", RULE_CLOSING, rules_task_missed},
    {"B3", "a talk closes the tasks of the number", RULE_CLOSING | RULE_AFTER, rules_task_talked},
    {"G15", "every call is saved once, on one employee", RULE_CLOSING | RULE_AFTER,
     rules_call_save},
    {"G13", "a recording joins its call", RULE_BESIDE, rules_record_added},
    {NULL, NULL, 0, NULL},
};

/* An account that is gone or switched off decides nothing (G1; design.md 6.3). */
static const char *no_account(const struct rule_call *c)
{
    if (c->settings == NULL)
        return "the account is unknown or removed";
    return c->settings->enabled ? NULL : "the account is switched off";
}

/* design.md section 3: an old straggler is harmless. */
static const char *all_late(const struct rule_call *c)
{
    if (c->fold->fresh || c->fold->summary.there)
        return NULL;
    return "every event of the call came over an hour late and there is no summary";
}

static const char *internal_call(const struct rule_call *c)
{
    if (c->view->direction == CALL_EVENT_INTERNAL)
        return "an internal call is never saved and causes nothing";
    if (c->view->direction == CALL_EVENT_UNTOLD ||
        (c->view->unsure && c->when == RULE_LIVE)) /* another leg or the summary may still tell */
        return "nothing tells the call's direction";
    return NULL;
}

static const char *foreign_line(const struct rule_call *c)
{
    if (c->settings->nlines == 0 || c->command.len > 0) /* what our own command came to is ours */
        return NULL;
    for (size_t i = 0; i < c->settings->nlines; i++) {
        if (view_same_line(c->view->line, str_of(c->settings->lines[i])))
            return NULL;
    }
    if (c->view->line.len > 0)
        return "the call's line is not among the account's lines";
    if (c->when ==
        RULE_BESIDE) /* the call may still become known; crm gives no call's recording away */
        return NULL;
    return "the call's line is not known, and only some lines are joined";
}

#define RULE_CALL (RULE_LIVE | RULE_CLOSING | RULE_AFTER)

const struct rule_guard rules_guards[] = {
    {"G1", RULE_CALL | RULE_BESIDE, no_account},
    {"late", RULE_CALL, all_late},
    {"G15", RULE_CALL, internal_call},
    {"B15", RULE_CALL | RULE_BESIDE, foreign_line},
    {NULL, 0, NULL},
};

static bool is_ignored(const struct rule_call *c)
{
    for (size_t i = 0; i < c->settings->nignore_numbers; i++) {
        if (phone_matches(&c->view->number, str_of(c->settings->ignore_numbers[i])))
            return true;
    }
    return false;
}

static bool is_own_line(const struct rule_call *c)
{
    struct str number = str_of(c->view->number.digits);
    for (size_t i = 0; i < c->settings->nlines; i++) {
        if (view_same_line(number, str_of(c->settings->lines[i])))
            return true;
    }
    return view_same_line(number, c->view->line);
}

const char *rules_excluded(const struct rule_call *c)
{
    if (c->view->number.digits[0] == '\0')
        return NULL;
    if (is_ignored(c))
        return "the number is among ignore_numbers";
    if (is_own_line(c))
        return "the number is a line of the account";
    if (settings_employee_of_number(c->settings, &c->view->number) != NULL)
        return "the number is an employee's";
    return NULL;
}

const char *rules_no_client(const struct rule_call *c)
{
    if (c->view->number_raw.len == 0)
        return "the number is hidden or unknown";
    if (c->view->number.digits[0] == '\0')
        return "the number is no client's number (sip, or under 5 digits)";
    return rules_excluded(c);
}

const char *rules_refused_by(const struct rule_call *c, const char *asked)
{
    return rules_excluded(c) != NULL ? "B15" : asked;
}

static void keep(char **place, struct str text)
{
    char *old = *place;
    *place = mem_copy(text);
    free(old);
}

void rules_remember(struct rule_memory *m, const struct rule_decision *d)
{
    char *responsible = m->responsible, *extension = m->extension;
    *m = d->memory;
    m->responsible = responsible;
    m->extension = extension;
    if (d->job == NULL || (d->job->kind != JOB_CLIENT && d->job->kind != JOB_RESPONSIBLE))
        return;
    keep(&m->responsible, str_of(d->employee));
    keep(&m->extension, jval_get_text(d->job->data, "extension"));
}

void rules_forget(struct rule_memory *m)
{
    free(m->responsible);
    free(m->extension);
    *m = (struct rule_memory){0};
}

void rules_drop(struct rule_decision *d)
{
    job_free(d->job);
    free(d->reason);
    *d = (struct rule_decision){0};
}

/*
 * The table, what all rules share, and the guards in front of them. The rules of clients stand in
 * rules_client.c, those of saving the call in rules_call.c.
 */
#include "worker/calls/rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/calls/rules_call.h"
#include "worker/calls/rules_client.h"

const struct rule rules_table[] = {
    {"G3", "client at once when an employee handles a new number's call", RULE_LIVE | RULE_CLOSING,
     rules_client_answered},
    {"G3", "its responsible is the first who handled the call, also if that shows late",
     RULE_LIVE | RULE_CLOSING | RULE_AFTER, rules_client_first_employee},
    {"G15", "every call is saved once, on one employee", RULE_CLOSING | RULE_AFTER,
     rules_call_save},
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
    if (c->settings->nlines == 0)
        return NULL;
    for (size_t i = 0; i < c->settings->nlines; i++) {
        if (view_same_line(c->view->line, str_of(c->settings->lines[i])))
            return NULL;
    }
    return c->view->line.len ? "the call's line is not among the account's lines"
                             : "the call's line is not known, and only some lines are joined";
}

const char *rules_guard(const struct rule_call *c, const char **reason)
{
    static const struct {
        const char *id;
        const char *(*stops)(const struct rule_call *c);
    } guards[] = {
        {"G1", no_account}, {"late", all_late}, {"G15", internal_call}, {"B15", foreign_line}};
    for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++) {
        *reason = guards[i].stops(c);
        if (*reason != NULL)
            return guards[i].id;
    }
    return NULL;
}

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

const char *rules_no_client(const struct rule_call *c)
{
    if (c->view->number_raw.len == 0)
        return "the number is hidden or unknown";
    if (c->view->number.digits[0] == '\0')
        return "the number is no client's number (sip, or under 5 digits)";
    if (is_ignored(c))
        return "the number is among ignore_numbers";
    if (is_own_line(c))
        return "the number is a line of the account";
    if (settings_employee_of_number(c->settings, &c->view->number) != NULL)
        return "the number is an employee's";
    return NULL;
}

static void keep(char **place, const char *text)
{
    free(*place);
    *place = mem_copy(str_of(text));
}

void rules_remember(struct rule_memory *m, const struct rule_decision *d)
{
    if (d->job == NULL || (d->job->kind != JOB_CLIENT && d->job->kind != JOB_RESPONSIBLE))
        return;
    m->client = true;
    keep(&m->responsible, d->employee);
    struct str extension = jval_get_text(d->job->data, "extension");
    free(m->extension);
    m->extension = mem_copy(extension);
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

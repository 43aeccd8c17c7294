/*
 * Late is never an error here: the call goes on without.
 */
#include "worker/calls/rules_ringing.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/worktime.h"
#include "worker/calls/ringing.h"
#include "worker/calls/rules_job.h"

/* Seconds, behaviour.md "When rules meet time". */
#define ROUTE_AGE_S 10
#define POPUP_AGE_S 30
#define VISITOR_AGE_S 600

static bool is_live_incoming(const struct rule_call *c)
{
    return c->view->direction == CALL_EVENT_INCOMING && rules_job_is_live(c);
}

static bool is_over(const struct rule_call *c, int64_t seconds)
{
    return c->cause.now > rules_job_deadline(c, seconds);
}

/* ---- G7 ---- */

static const char *no_route(const struct rule_call *c)
{
    int64_t at = rules_job_began(c);
    if (!c->settings->route_off_hours && !worktime_is_open(&c->settings->working_hours, c->tz, at))
        return "outside working hours, and route_off_hours is off (B16)";
    return rules_no_client(c);
}

static void route(const struct rule_call *c, struct rule_decision *out, struct str leg)
{
    struct job *job = rules_job_new(c, JOB_ROUTE, NULL);
    job->deadline = rules_job_deadline(c, ROUTE_AGE_S);
    jval_put_text(job->data, "call_id", leg);
    rules_job_put_line(c, job, "line");
    rules_job_decide(c, out, "G7", job,
                     mem_format("a call from %s is in the menu", c->view->number.digits), NULL);
}

bool rules_ringing_route(const struct rule_call *c, struct rule_decision *out)
{
    struct str leg = ringing_menu_leg(c->fold);
    if (!c->settings->route_to_responsible || c->memory->route || leg.len == 0 ||
        !is_live_incoming(c) || c->fold->summary.there)
        return false;
    const char *refusal = no_route(c);
    bool late = refusal == NULL && is_over(c, ROUTE_AGE_S); /* a younger event may come */
    if (late && c->memory->route_late)
        return false;
    if (late || refusal != NULL)
        (void)rules_job_none(c, out, late ? "G7" : rules_refused_by(c, "G7"),
                             late ? "the event is older than 10 s" : refusal);
    else
        route(c, out, leg);
    out->memory.route = !late;
    out->memory.route_late = late;
    return true;
}

bool rules_ringing_routed(const struct rule_call *c, struct rule_decision *out)
{
    if (!str_is(c->command, "route"))
        return false;
    rules_job_decide(c, out, "G7", NULL,
                     mem_format("MANGO answered the route command with %" PRId64, c->result), NULL);
    out->result = c->result == 1000 ? "done" : "refused";
    return true;
}

/* ---- G12, B4 ---- */

bool rules_ringing_visitor(const struct rule_call *c, struct rule_decision *out)
{
    if (!c->settings->call_tracking || c->memory->visitor || c->view->dct_number.len == 0 ||
        !is_live_incoming(c))
        return false;
    const char *refusal = rules_no_client(c);
    if (refusal == NULL && is_over(c, VISITOR_AGE_S))
        refusal = "the event is older than 10 minutes";
    if (refusal != NULL) {
        (void)rules_job_none(c, out, rules_refused_by(c, "G12"), refusal);
    } else {
        struct job *job = rules_job_new(c, JOB_VISITOR, NULL);
        job->deadline = rules_job_deadline(c, VISITOR_AGE_S);
        jval_put_text(job->data, "dct_number", c->view->dct_number);
        rules_job_decide(
            c, out, "G12", job,
            mem_format("a call to the dynamic number %.*s", STR_ARG(c->view->dct_number)), NULL);
    }
    out->memory.visitor = true;
    return true;
}

/* ---- G14 ---- */

static const char *const state_names[] = {"", "calling", "talking", "hold"};

/* Never 0: a leg's call_id is a text. */
static uint32_t shown_mark(const struct ringing_shown *shown)
{
    return (uint32_t)shown->leg << 2 | (uint32_t)shown->state;
}

#define PLACES (sizeof(((struct rule_memory *)NULL)->popups) / sizeof(uint32_t))

/* Of what was shown, among what the call remembers; else the first free place; PLACES if there is none. */
static size_t shown_place(const struct rule_memory *m, const struct ringing_shown *shown)
{
    size_t i = 0;
    while (i < PLACES && m->popups[i] != 0 && m->popups[i] != shown_mark(shown))
        i++;
    return i;
}

/* What has no place left counts as shown: its id is longer than it must be, and still its own. */
static bool was_shown(const struct rule_memory *m, const struct ringing_shown *shown)
{
    size_t place = shown_place(m, shown);
    return place == PLACES || m->popups[place] != 0;
}

/* An id ends in its cause: the leg and its state, and the event, if that was shown before (of whomever). */
static struct job *popup_job(const struct rule_call *c, const struct ringing_shown *shown)
{
    const char *state = state_names[shown->state];
    struct str leg = fold_text(c->fold, shown->leg);
    char *cause = was_shown(c->memory, shown)
                      ? mem_format("%.*s:%s:%" PRId64, STR_ARG(leg), state, c->cause.offset)
                      : mem_format("%.*s:%s", STR_ARG(leg), state);
    struct job *job = rules_job_new(c, JOB_POPUP, cause);
    job->deadline = rules_job_deadline(c, POPUP_AGE_S);
    jval_put_text(job->data, "state", str_of(state));
    jval_put_text(job->data, "employee", str_of(shown->who.employee->megaplan_id));
    jval_put_text(job->data, "extension", shown->who.extension);
    if (c->view->number.digits[0] != '\0')
        jval_put_text(job->data, "from", str_of(c->view->number.digits));
    rules_job_put_line(c, job, "line");
    jval_put_int(job->data, "started_at", rules_job_began(c));
    free(cause);
    return job;
}

static uint16_t place_of(const struct rule_call *c, const struct ringing_shown *shown)
{
    return (uint16_t)(shown->who.employee - c->settings->employees);
}

static bool is_shown(const struct rule_call *c, const struct ringing_shown *now)
{
    const struct rule_memory *m = c->memory;
    return now->state == RINGING_NOTHING ||
           (m->popup_state == now->state && m->popup_leg == now->leg &&
            m->popup_who == place_of(c, now));
}

/* Taken for shown all the same: a new owner, who folds late, goes on from what its predecessor showed. */
static void remember(const struct rule_call *c, struct rule_memory *m,
                     const struct ringing_shown *now)
{
    size_t place = shown_place(m, now);
    if (place < PLACES)
        m->popups[place] = shown_mark(now);
    m->popup_state = (uint8_t)now->state;
    m->popup_leg = now->leg;
    m->popup_who = place_of(c, now);
}

static void show(const struct rule_call *c, struct rule_decision *out,
                 const struct ringing_shown *now)
{
    rules_job_decide(c, out, "G14", popup_job(c, now),
                     mem_format("the call is at employee %.*s (%s): %s",
                                STR_ARG(now->who.extension), now->who.employee->name,
                                state_names[now->state]),
                     now->who.employee);
}

bool rules_ringing_popup(const struct rule_call *c, struct rule_decision *out)
{
    if (!c->settings->popups || !is_live_incoming(c) || c->fold->summary.there ||
        rules_excluded(c) != NULL)
        return false;
    struct ringing_shown now = ringing_popup(c->view, c->fold, c->settings, c->memory->popup_leg);
    bool late = is_over(c, POPUP_AGE_S);
    if (is_shown(c, &now))
        return false;
    if (late && c->memory->popup_late)
        *out = (struct rule_decision){.rule = "G14", .quiet = true, .memory = *c->memory};
    else if (late)
        (void)rules_job_none(c, out, "G14", "the event is older than 30 s");
    else
        show(c, out, &now);
    remember(c, &out->memory, &now);
    out->memory.popup_late = late;
    return true;
}

/*
 * Jobs that make sense only while it rings: routes, visitors, pop-ups.
 */
#include "tests/stories/check.h"

#include <string.h>

static void check_one(struct check *c, enum job_kind kind, enum may may, int delivery)
{
    const struct seen_job *j = NULL;
    const char *what = job_kind_name(kind);
    int n = check_count(c, kind, &j);
    if (may == MUST_NOT ? n > 0 : n > 1 || (n == 0 && may == MUST))
        check_differs(c, what, "%d times", n);
    else if (n == 1 && may == MUST && delivery != EXPECT_NONE && j->delivery != delivery)
        check_differs(c, what, "at delivery %d, must be at %d", j->delivery, delivery);
    if (n > 0 && j->deadline <= j->at)
        check_differs(c, what, "its deadline is over");
}

static void check_route(struct check *c)
{
    const struct seen_job *j = NULL;
    check_one(c, JOB_ROUTE, c->x->route, c->x->route_delivery);
    if (check_count(c, JOB_ROUTE, &j) != 1)
        return;
    if (!str_is(play_text(j, "call_id"), c->s->legs[0].id))
        check_differs(c, "route", "of leg %.*s", STR_ARG(play_text(j, "call_id")));
}

/* ---- pop-ups (G14) ---- */

struct shown {
    int leg; /* NOBODY: none yet */
    enum state state;
};

struct ring {
    struct check *c;
    struct shown shown;
    bool ended[STORY_LEGS];
    int next; /* job not looked at yet */
};

static bool shows_calls(const struct story *s)
{
    const struct company *co = &s->company;
    return co->enabled && co->popups && s->direction == INCOMING && s->caller != CALLER_EMPLOYEE &&
           s->caller != CALLER_LINE && s->caller != CALLER_IGNORED &&
           (!co->lines_set || co->joined[s->line]);
}

static const char *word(enum state state)
{
    return state == CONNECTED ? "talking" : state == ON_HOLD ? "hold" : "calling";
}

static bool is_popup(const struct ring *r, const struct seen_job *j, int leg, enum state state)
{
    const struct story *s = r->c->s;
    size_t id = strlen(s->legs[leg].id), at = strlen(":popup:");
    return strncmp(j->id + at, s->legs[leg].id, id) == 0 && j->id[at + id] == ':' &&
           str_is(play_text(j, "state"), word(state)) &&
           check_employee(r->c, play_text(j, "employee")) ==
               story_person(&s->company, s->legs[leg].seat);
}

/* The pop-up job of this delivery, or NULL. */
static const struct seen_job *popup_of(struct ring *r, int delivery)
{
    const struct play *p = r->c->p;
    for (; r->next < r->c->njobs; r->next++) {
        if (p->jobs[r->next].kind != JOB_POPUP)
            continue;
        if (p->jobs[r->next].delivery == delivery)
            return &p->jobs[r->next++];
        if (p->jobs[r->next].delivery > delivery)
            break;
    }
    return NULL;
}

/* What the pop-up must show after the beat; false: no change is due. */
static bool change(const struct ring *r, const struct beat *b, struct shown *out)
{
    const struct story *s = r->c->s;
    bool free_to_move = r->shown.leg == NOBODY || r->ended[r->shown.leg];
    *out = (struct shown){b->leg, b->state};
    if (b->kind != LEG || !story_with_client(s, b) ||
        story_person(&s->company, s->legs[b->leg].seat) == NOBODY || b->state == DISCONNECTED)
        return false;
    if (r->shown.leg == b->leg && r->shown.state == b->state)
        return false;
    return b->state == CONNECTED || (b->state == ON_HOLD && r->shown.leg == b->leg) ||
           (b->state == APPEARED && free_to_move);
}

/* When the leg that is shown has ended while others ring, or a leg rings that the client is not on yet,
 * the pop-up may move there or wait for the next ring. */
static void may_change(struct ring *r, const struct seen_job *j)
{
    bool ok = false;
    for (int leg = 0; j != NULL && leg < r->c->s->nlegs && !ok; leg++) {
        if (!r->ended[leg] && is_popup(r, j, leg, APPEARED)) {
            r->shown = (struct shown){leg, APPEARED};
            ok = true;
        }
    }
    if (j != NULL && !ok)
        check_differs(r->c, "popup", "%s must not be", j->id);
}

static void after(struct ring *r, int delivery)
{
    const struct story *s = r->c->s;
    const struct beat *b = &s->beats[r->c->d->list[delivery].beat];
    struct shown must;
    bool due = change(r, b, &must);
    const struct seen_job *j = popup_of(r, delivery);
    if (b->kind == LEG && b->state == DISCONNECTED)
        r->ended[b->leg] = true;
    bool free_to_move = r->shown.leg == NOBODY || r->ended[r->shown.leg];
    if (due && (j == NULL || !is_popup(r, j, must.leg, must.state)))
        check_differs(r->c, "popup", "at delivery %d is %s, must be %s %s", delivery,
                      j ? j->id : "missing", s->legs[must.leg].id, word(must.state));
    if (due)
        r->shown = must;
    else if (j != NULL && b->kind == LEG && free_to_move)
        may_change(r, j);
    else if (j != NULL)
        check_differs(r->c, "popup", "%s must not be", j->id);
}

/* In order and complete: every change is due at its moment. */
static void check_popups(struct check *c)
{
    struct ring r = {.c = c, .shown = {NOBODY, APPEARED}};
    for (int i = 0; i < c->d->n; i++)
        after(&r, i);
}

static bool is_true(const struct ring *r, const struct seen_job *j)
{
    for (int leg = 0; leg < r->c->s->nlegs; leg++) {
        for (enum state state = APPEARED; state <= ON_HOLD; state++) {
            if (is_popup(r, j, leg, state))
                return true;
        }
    }
    return false;
}

/* What was disturbed, or does not tell whether its line is joined, may come too late for a pop-up or leave out states; but what is shown is true. */
static void check_popups_are_true(struct check *c)
{
    for (int i = 0; i < c->njobs; i++) {
        const struct seen_job *j = &c->p->jobs[i];
        struct ring r = {.c = c};
        bool ok = false;
        if (j->kind != JOB_POPUP)
            continue;
        if (j->delivery >= 0) {
            const struct delivery *d = &c->d->list[j->delivery];
            const struct beat *b = &c->s->beats[d->beat];
            ok = d->received_at - (b->kind == SUMMARY ? c->s->end : b->at) * 1000 <= 30000;
        }
        if (!ok || !is_true(&r, j))
            check_differs(c, "popup", "%s is not true, or too late", j->id);
    }
}

void check_early(struct check *c)
{
    const struct seen_job *j = NULL;
    check_route(c);
    if (c->p->results != c->x->results)
        check_differs(c, "route", "%d results are kept of %d", c->p->results, c->x->results);
    check_one(c, JOB_VISITOR, c->x->visitor, c->x->visitor_delivery);
    if (!shows_calls(c->s)) {
        if (check_count(c, JOB_POPUP, &j) > 0)
            check_differs(c, "popup", "must not be");
    } else if (c->d->how == 0 && !(c->s->company.lines_set && c->style->no_lines)) {
        check_popups(c);
    } else {
        check_popups_are_true(c);
    }
}

/*
 * Legs and their order, the direction, who had what part in them, how it ended: behaviour.md "Words".
 */
#include "tests/unit/reading_call.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

bool reading_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_leg(const struct kit_event *e)
{
    return strchr("ACHD", e->state) != NULL;
}

static bool in_scheme(const struct kit_event *e)
{
    return e->where == 'i' || e->where == 'q';
}

/* ---- legs ---- */

static struct reading_leg *leg_of(struct reading_call *c, const char *id)
{
    for (size_t i = 0; i < c->nlegs; i++) {
        if (reading_same(c->legs[i].id, id))
            return &c->legs[i];
    }
    struct reading_leg *new = &c->legs[c->nlegs++];
    ck_assert_uint_le(c->nlegs, COUNT(c->legs));
    *new = (struct reading_leg){.id = id, .first = INT64_MAX};
    return new;
}

static int by_seq(const void *a, const void *b)
{
    const struct kit_event *const *x = a, *const *y = b;
    return (*x)->seq - (*y)->seq;
}

static int by_time(const void *a, const void *b)
{
    const struct reading_leg *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* "callback_initiator or a task_id, or a command_id without taken_from while no leg of the call is in ivr
 * or queue"; a callback's second leg carries the same marks and is taken from the first, or goes out. */
static bool rings_employee_first(const struct reading_call *c, const struct reading_leg *l)
{
    bool marked = false;
    if (c->summary != NULL && c->summary->direction == 1)
        return false; /* the only authority on direction */
    for (size_t i = 0; i < l->n; i++) {
        const struct kit_event *e = l->events[i];
        if (e->taken != NULL || (e->from_ext != NULL && e->to_ext == NULL))
            return false;
        marked = marked || e->initiator || e->task || (e->command && !c->scheme);
    }
    return marked;
}

static void read_legs(struct reading_call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct kit_event *e = c->events[i];
        if (e->state == 'S')
            c->summary = e;
        if (!is_leg(e))
            continue;
        struct reading_leg *l = leg_of(c, e->call);
        l->events[l->n++] = e;
        l->first = e->at < l->first ? e->at : l->first;
        c->scheme = c->scheme || in_scheme(e);
    }
    qsort(c->legs, c->nlegs, sizeof *c->legs, by_time);
    for (size_t i = 0; i < c->nlegs; i++) {
        struct reading_leg *l = &c->legs[i];
        qsort(l->events, l->n, sizeof *l->events, by_seq);
        l->inverted = rings_employee_first(c, l);
    }
}

/* ---- direction ---- */

static bool is_taken(const struct reading_leg *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->events[i]->taken != NULL)
            return true;
    }
    return false;
}

static int leg_direction(const struct reading_leg *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct kit_event *e = l->events[i];
        if (e->from_ext == NULL)
            return 1;
        if (e->to_ext == NULL && !in_scheme(e))
            return 2;
    }
    return 0;
}

/* A leg that a route or a transfer made "changes no direction", so it tells only if no other one does. */
static int find_direction(const struct reading_call *c)
{
    int found = c->nlegs ? 0 : -1;
    if (c->summary != NULL)
        return c->summary->direction;
    for (size_t i = 0; i < c->nlegs; i++) {
        const struct reading_leg *l = &c->legs[i];
        for (size_t j = 0; j < l->n; j++) {
            if (l->inverted || l->events[j]->initiator || l->events[j]->task)
                return 2;
        }
    }
    for (int taken = 0; taken <= 1 && found <= 0; taken++) {
        for (size_t i = 0; i < c->nlegs && found <= 0; i++) {
            if (is_taken(&c->legs[i]) == taken && leg_direction(&c->legs[i]) > 0)
                found = leg_direction(&c->legs[i]);
        }
    }
    return found;
}

/* ---- people ---- */

static bool is_group(const struct reading_call *c, const char *extension)
{
    for (size_t i = 0; i < c->s->ngroups; i++) {
        if (reading_same(c->s->groups[i], extension))
            return true;
    }
    return false;
}

const struct settings_employee *reading_of_number(const struct reading_call *c, const char *number)
{
    for (size_t i = 0; i < c->s->nemployees; i++) {
        for (size_t j = 0; j < c->s->employees[i].nnumbers; j++) {
            if (reading_same(c->s->employees[i].numbers[j].digits, number))
                return &c->s->employees[i];
        }
    }
    return NULL;
}

static const struct settings_employee *of_extension(const struct reading_call *c,
                                                    const char *extension)
{
    for (size_t i = 0; i < c->s->nemployees; i++) {
        for (size_t j = 0; j < c->s->employees[i].nextensions; j++) {
            if (reading_same(c->s->employees[i].extensions[j], extension))
                return &c->s->employees[i];
        }
    }
    return NULL;
}

const struct settings_employee *reading_by_id(const struct reading_call *c, const char *id)
{
    for (size_t i = 0; i < c->s->nemployees; i++) {
        if (reading_same(c->s->employees[i].megaplan_id, id))
            return &c->s->employees[i];
    }
    return NULL;
}

/* "a leg to or from any is theirs"; B1 for an extension that nobody has, but never for a group's. */
static const struct settings_employee *employee_in_leg(const struct reading_call *c,
                                                       const char *extension, const char *number)
{
    const struct settings_employee *e = NULL;
    if (is_group(c, extension))
        return NULL;
    e = of_extension(c, extension);
    if (e == NULL)
        e = reading_of_number(c, number);
    return e != NULL || extension == NULL ? e : reading_by_id(c, c->s->unmapped_employee);
}

/* An outgoing leg that an employee dials on a phone of their own. */
static bool from_own_phone(const struct reading_call *c, const struct kit_event *e)
{
    return c->direction == 2 && e->from_ext == NULL && e->to_ext == NULL && e->to != NULL &&
           !in_scheme(e) && reading_of_number(c, e->from) != NULL;
}

/* Who of the company is in talk with the client in this event; false if nobody is. */
static bool with_client(const struct reading_call *c, const struct reading_leg *l,
                        const struct kit_event *e, struct reading_part *who)
{
    *who = (struct reading_part){.first = l->first};
    if (e->state != 'C' || in_scheme(e) || l->inverted || c->direction <= 0)
        return false;
    if (from_own_phone(c, e)) {
        who->employee = reading_of_number(c, e->from);
        who->extension = e->from;
        return true;
    }
    if (e->from_ext == NULL) { /* the client, also after a transfer */
        who->employee = employee_in_leg(c, e->to_ext, e->to);
        who->extension = e->to_ext;
        return e->to_ext != NULL || who->employee != NULL || e->where == 'a';
    }
    if (c->direction != 2 || (e->to_ext != NULL && !reading_same(e->to, c->number)))
        return false; /* two employees */
    who->employee = employee_in_leg(c, e->from_ext, e->from);
    who->extension = e->from_ext;
    return true;
}

bool reading_has_handled(const struct reading_call *c, const struct settings_employee *employee)
{
    for (size_t i = 0; i < c->nhandled; i++) {
        if (c->handled[i].employee == employee)
            return true;
    }
    return false;
}

static void read_handled(struct reading_call *c)
{
    for (size_t i = 0; i < c->nlegs; i++) {
        for (size_t j = 0; j < c->legs[i].n; j++) {
            struct reading_part who;
            if (!with_client(c, &c->legs[i], c->legs[i].events[j], &who))
                continue;
            c->connected = true;
            int64_t at = c->legs[i].events[j]->at;
            c->talked_at = c->talked_at == 0 || at < c->talked_at ? at : c->talked_at;
            if (who.employee != NULL)
                c->handled[c->nhandled++] = who;
        }
    }
}

static void read_rings(struct reading_call *c)
{
    for (size_t i = 0; i < c->nlegs && c->direction == 1; i++) {
        const struct reading_leg *l = &c->legs[i];
        for (size_t j = 0; j < l->n; j++) {
            const struct settings_employee *e =
                in_scheme(l->events[j])
                    ? NULL
                    : employee_in_leg(c, l->events[j]->to_ext, l->events[j]->to);
            if (e == NULL)
                continue;
            c->rang[c->nrang++] = (struct reading_part){e, l->events[j]->to_ext, l->first};
            break;
        }
    }
}

static void read_caller(struct reading_call *c)
{
    for (size_t i = 0; i < c->nlegs && c->direction == 2; i++) {
        const struct reading_leg *l = &c->legs[i];
        for (size_t j = 0; j < l->n; j++) {
            const struct kit_event *e = l->events[j];
            const char *ext = l->inverted ? e->to_ext : e->from_ext;
            const struct settings_employee *who =
                ext || from_own_phone(c, e) ? employee_in_leg(c, ext, l->inverted ? e->to : e->from)
                                            : NULL;
            c->callback = c->callback || l->inverted;
            c->picked_up = c->picked_up || (l->inverted && e->state == 'C');
            c->dialled = c->dialled || from_own_phone(c, e) ||
                         (!l->inverted && e->from_ext != NULL &&
                          (e->to_ext == NULL || reading_same(e->to, c->number)));
            if (who != NULL && c->caller.employee == NULL)
                c->caller = (struct reading_part){who, ext, l->first};
        }
    }
    c->dialled = c->dialled || c->connected;
}

const struct settings_employee *reading_first_of(const struct reading_call *c,
                                                 const struct reading_part *list, size_t n)
{
    const char *wins = c->summary ? c->summary->to_ext : NULL;
    for (size_t i = 0; i < n && list[i].first == list[0].first; i++) {
        if (reading_same(list[i].extension, wins))
            return list[i].employee;
    }
    return n ? list[0].employee : NULL;
}

const struct settings_employee *reading_last_of(const struct reading_call *c,
                                                const struct reading_part *list, size_t n)
{
    const char *wins = c->summary ? c->summary->to_ext : NULL;
    for (size_t i = n; i > 0 && list[i - 1].first == list[n - 1].first; i--) {
        if (reading_same(list[i - 1].extension, wins))
            return list[i - 1].employee;
    }
    return n ? list[n - 1].employee : NULL;
}

/* ---- number, line, times, how it ended ---- */

static const char *event_number(const struct reading_call *c, const struct reading_leg *l,
                                const struct kit_event *e)
{
    if (c->direction == 1)
        return e->from_ext == NULL ? e->from : NULL;
    if (l->inverted)
        return e->from;
    if (from_own_phone(c, e))
        return e->to;
    return e->from_ext != NULL && e->to_ext == NULL && !in_scheme(e) ? e->to : NULL;
}

static void read_outside(struct reading_call *c)
{
    for (size_t i = 0; i < c->nlegs; i++) {
        for (size_t j = 0; j < c->legs[i].n; j++) {
            const struct kit_event *e = c->legs[i].events[j];
            if (c->number == NULL && c->direction > 0)
                c->number = event_number(c, &c->legs[i], e);
            if (c->line == NULL)
                c->line = e->line;
        }
    }
    if (c->summary != NULL && c->number == NULL && c->direction > 0)
        c->number = c->direction == 1 ? c->summary->from : c->summary->to;
    if (c->summary != NULL && c->line == NULL)
        c->line = c->summary->line;
}

static enum job_verdict kind_by_summary(const struct reading_call *c)
{
    const struct kit_event *s = c->summary;
    if (s == NULL || (s->to_ext == NULL && s->to == NULL))
        return JOB_MISSED_MENU;
    if (is_group(c, s->to_ext) || s->to == NULL || (s->reason >= 1160 && s->reason <= 1164))
        return JOB_MISSED_GROUP;
    return JOB_MISSED_DIRECT;
}

static enum job_verdict kind_of(const struct reading_call *c)
{
    bool group = false, left = false;
    if (c->direction > 0 && c->answered)
        return JOB_TALKED_TO;
    if (c->direction != 1)
        return JOB_VERDICT_NONE;
    for (size_t i = 0; i < c->n; i++) {
        const struct kit_event *e = c->events[i];
        group = group || (is_leg(e) && (e->where == 'q' || e->group != NULL));
        left = left || (is_leg(e) && (e->where == 'a' || (e->where == 0 && e->to_ext != NULL)));
    }
    if (group)
        return JOB_MISSED_GROUP;
    return left ? JOB_MISSED_DIRECT : kind_by_summary(c);
}

static bool in_a_leg(const struct reading_call *c, const char *extension)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct kit_event *e = c->events[i];
        if (is_leg(e) && extension != NULL &&
            (reading_same(e->to_ext, extension) || reading_same(e->from_ext, extension)))
            return true;
    }
    return false;
}

/* Nobody stands in for an extension that is in no leg (B1). */
static const struct settings_employee *in_summary(const struct reading_call *c,
                                                  const char *extension, const char *number)
{
    const struct settings_employee *e = is_group(c, extension) ? NULL : of_extension(c, extension);
    if (e == NULL && !is_group(c, extension))
        e = reading_of_number(c, number);
    return e != NULL || is_group(c, extension) || !in_a_leg(c, extension)
               ? e
               : reading_by_id(c, c->s->unmapped_employee);
}

static void read_end(struct reading_call *c)
{
    const struct kit_event *s = c->summary;
    int64_t last_end = 0;
    c->started = s ? s->at : INT64_MAX;
    for (size_t i = 0; i < c->n; i++) {
        const struct kit_event *e = c->events[i];
        if (!is_leg(e))
            continue;
        c->started = s == NULL && e->at < c->started ? e->at : c->started;
        c->ended = e->at > c->ended ? e->at : c->ended;
        last_end = e->state == 'D' && e->at > last_end ? e->at : last_end;
    }
    c->answered = s ? s->talk > 0 : c->connected;
    if (s != NULL) {
        c->ended = s->end;
        c->talked_at = s->talk;
        c->talk_seconds = s->talk ? s->end - s->talk : 0;
    } else if (c->connected && last_end > c->talked_at) {
        c->talk_seconds = last_end - c->talked_at;
    }
    c->kind = kind_of(c);
    if (s != NULL && c->direction > 0)
        c->summarized = c->direction == 2 ? in_summary(c, s->from_ext, s->from)
                                          : in_summary(c, s->to_ext, s->to);
}

void reading_call_make(struct reading_call *c, const struct kit_event *const *events, size_t n,
                       const struct settings *s)
{
    *c = (struct reading_call){.s = s, .events = events, .n = n};
    read_legs(c);
    c->direction = find_direction(c);
    read_outside(c);
    read_handled(c);
    read_rings(c);
    read_caller(c);
    read_end(c);
}

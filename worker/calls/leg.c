/*
 * The rules that tell a leg's meaning, each a line of the manual or of behaviour.md.
 */
#include "worker/calls/leg.h"

#include "worker/calls/person.h"

bool leg_has(const struct fold_leg *leg, enum fold_text which)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].texts[which] != 0)
            return true;
    }
    return false;
}

bool leg_is_at(const struct fold_leg *leg, enum call_event_location where)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].location == where)
            return true;
    }
    return false;
}

bool leg_has_state(const struct fold_leg *leg, enum call_event_state state)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].state == state)
            return true;
    }
    return false;
}

bool leg_at_people(const struct fold_event *ev)
{
    return ev->location != CALL_EVENT_IVR && ev->location != CALL_EVENT_QUEUE;
}

bool leg_goes_out(const struct fold_event *ev)
{
    return ev->texts[FOLD_FROM_EXTENSION] != 0 && ev->texts[FOLD_TO_EXTENSION] == 0 &&
           leg_at_people(ev);
}

bool leg_any_scheme(const struct fold *f)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        if (leg_is_at(&f->legs[i], CALL_EVENT_IVR) || leg_is_at(&f->legs[i], CALL_EVENT_QUEUE))
            return true;
    }
    return false;
}

bool leg_any_extension(const struct fold *f, struct str extension)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        for (size_t j = 0; j < f->legs[i].n; j++) {
            const struct fold_event *ev = &f->legs[i].events[j];
            if (extension.len > 0 &&
                (str_eq(fold_text(f, ev->texts[FOLD_TO_EXTENSION]), extension) ||
                 str_eq(fold_text(f, ev->texts[FOLD_FROM_EXTENSION]), extension)))
                return true;
        }
    }
    return false;
}

static bool any_goes_out(const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg_goes_out(&leg->events[i]))
            return true;
    }
    return false;
}

bool leg_is_inverted(const struct fold_leg *leg, bool scheme)
{
    if (leg_has(leg, FOLD_TAKEN_FROM) || any_goes_out(leg))
        return false;
    return leg_has(leg, FOLD_INITIATOR) || leg_has(leg, FOLD_TASK) ||
           (leg_has(leg, FOLD_COMMAND) && !scheme);
}

static bool is_own(const struct fold *f, const struct settings *s, const struct fold_event *ev,
                   enum fold_text which)
{
    return ev->texts[which] != 0 && person_of_number(s, fold_text(f, ev->texts[which])) != NULL;
}

static enum call_event_direction told_by(const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].texts[FOLD_FROM_EXTENSION] == 0)
            return CALL_EVENT_INCOMING;
        if (leg_goes_out(&leg->events[i]))
            return CALL_EVENT_OUTGOING;
    }
    return CALL_EVENT_INTERNAL;
}

/* To or from an employee's own number (B14): a call of theirs, or a word between two of them in
 * whatever call. */
static bool is_between_own(const struct fold *f, const struct settings *s,
                           const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        const struct fold_event *ev = &leg->events[i];
        if (leg_at_people(ev) && (leg_goes_out(ev) ? is_own(f, s, ev, FOLD_TO_NUMBER)
                                                   : is_own(f, s, ev, FOLD_FROM_NUMBER)))
            return true;
    }
    return false;
}

static bool is_callback(const struct fold *f, bool scheme)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        const struct fold_leg *leg = &f->legs[i];
        if (leg_has(leg, FOLD_INITIATOR) || leg_has(leg, FOLD_TASK) || leg_is_inverted(leg, scheme))
            return true;
    }
    return false;
}

/* A leg that a transfer or a route has made shows the client as its caller in outgoing calls too, and one
 * to or from an employee's own number may be a word between two of them: both tell only where no other
 * leg does, and not for certain. */
enum call_event_direction leg_direction(const struct fold *f, const struct settings *s, bool scheme,
                                        bool *unsure)
{
    enum call_event_direction doubtful = f->nlegs ? CALL_EVENT_INTERNAL : CALL_EVENT_UNTOLD;
    *unsure = false;
    if (f->summary.there && f->summary.direction != CALL_EVENT_UNTOLD)
        return (enum call_event_direction)f->summary.direction;
    if (is_callback(f, scheme))
        return CALL_EVENT_OUTGOING;
    for (size_t i = 0; i < f->nlegs; i++) {
        const struct fold_leg *leg = &f->legs[i];
        enum call_event_direction told = told_by(leg);
        if (told == CALL_EVENT_INTERNAL)
            continue;
        if ((told == CALL_EVENT_OUTGOING || !leg_has(leg, FOLD_TAKEN_FROM)) &&
            !is_between_own(f, s, leg)) {
            *unsure = false;
            return told;
        }
        if (!*unsure)
            doubtful = told;
        *unsure = true;
    }
    return doubtful;
}

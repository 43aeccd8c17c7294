/*
 * Reads the sorted legs once from the first to the last. The rules that tell a leg's meaning stand in
 * behaviour.md "Words" and mango-api.md section 2.
 */
#include "worker/calls/view.h"

#include <string.h>

/* More employees than this never talk in one call. */
#define HANDLERS_MAX 64

/* What the readers share. */
struct reading {
    const struct fold *f;
    const struct settings *s;
    struct view *v;
    struct str preferred; /* the summary's to.extension, which wins a tie of times */
    bool menu;            /* a leg is in ivr or queue */
    bool inverted;        /* the leg being read is */
    int64_t talk_from, talk_to;
    bool in_queue, left_menu;
    const struct settings_employee *handlers[HANDLERS_MAX]; /* each once */
    size_t nhandlers;
};

static struct str text(const struct reading *r, const struct fold_event *ev, enum fold_text which)
{
    return fold_text(r->f, ev->texts[which]);
}

static bool has(const struct fold_leg *leg, enum fold_text which)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].texts[which] != 0)
            return true;
    }
    return false;
}

static bool has_location(const struct fold_leg *leg, enum call_event_location where)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].location == where)
            return true;
    }
    return false;
}

/* From an employee's extension to somebody who has none. */
static bool goes_out(const struct fold_event *ev)
{
    return ev->texts[FOLD_FROM_EXTENSION] != 0 && ev->texts[FOLD_TO_EXTENSION] == 0 &&
           ev->location != CALL_EVENT_IVR && ev->location != CALL_EVENT_QUEUE;
}

static bool leg_goes_out(const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (goes_out(&leg->events[i]))
            return true;
    }
    return false;
}

/* A callback's first leg: it rings the employee first, so its two sides are exchanged. The second leg
 * carries the same marks, but is taken from the first, or goes out as any other. */
static bool is_inverted(const struct reading *r, const struct fold_leg *leg)
{
    if (has(leg, FOLD_TAKEN_FROM) || leg_goes_out(leg))
        return false;
    return has(leg, FOLD_INITIATOR) || has(leg, FOLD_TASK) || (has(leg, FOLD_COMMAND) && !r->menu);
}

static enum call_event_direction leg_direction(const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].texts[FOLD_FROM_EXTENSION] == 0)
            return CALL_EVENT_INCOMING;
        if (goes_out(&leg->events[i]))
            return CALL_EVENT_OUTGOING;
    }
    return CALL_EVENT_INTERNAL;
}

/* A leg that a transfer or a route has made shows the client as its caller in outgoing calls too: by
 * itself, while the leg it was taken from is unknown, it does not tell for certain. */
static bool is_orphan(const struct reading *r, const struct fold_leg *leg)
{
    for (size_t i = 0; i < leg->n; i++) {
        uint16_t from = leg->events[i].texts[FOLD_TAKEN_FROM];
        for (size_t j = 0; from != 0 && j < r->f->nlegs; j++) {
            if (r->f->legs[j].call_id == from)
                return false;
        }
    }
    return has(leg, FOLD_TAKEN_FROM);
}

static enum call_event_direction direction_of(const struct reading *r)
{
    const struct fold *f = r->f;
    enum call_event_direction found = f->nlegs ? CALL_EVENT_INTERNAL : CALL_EVENT_UNTOLD;
    if (f->summary.there && f->summary.direction != CALL_EVENT_UNTOLD)
        return (enum call_event_direction)f->summary.direction;
    for (size_t i = 0; i < f->nlegs; i++) {
        const struct fold_leg *leg = &f->legs[i];
        if (has(leg, FOLD_INITIATOR) || has(leg, FOLD_TASK) || is_inverted(r, leg))
            return CALL_EVENT_OUTGOING;
        if (found == CALL_EVENT_INTERNAL || r->v->unsure) {
            enum call_event_direction told = leg_direction(leg);
            if (told == CALL_EVENT_INTERNAL)
                continue;
            found = told;
            r->v->unsure = told == CALL_EVENT_INCOMING && is_orphan(r, leg);
        }
    }
    return found;
}

static bool is_group(const struct settings *s, struct str extension)
{
    for (size_t i = 0; i < s->ngroups; i++) {
        if (str_is(extension, s->groups[i]))
            return true;
    }
    return false;
}

/* Whose extension, or own number (B14), it is. stand_in: the extension is in a leg (B1). */
static struct view_person person(const struct settings *s, struct str extension, struct str number,
                                 bool stand_in)
{
    struct view_person p = {.extension = extension, .at = INT64_MAX};
    struct phone phone;
    if (extension.len == 0) {
        p.extension = number;
        if (phone_from_pbx(number, &phone))
            p.employee = settings_employee_of_number(s, &phone);
        return p;
    }
    if (is_group(s, extension))
        return p;
    p.employee = settings_employee_of(s, extension);
    if (p.employee == NULL && stand_in && s->unmapped_employee != NULL) {
        p.employee = settings_employee_by_id(s, s->unmapped_employee);
        p.stands_in = p.employee != NULL;
    }
    return p;
}

/* Legs come in their order, so a later one takes over unless the tie is the summary's. */
static void take_last(const struct reading *r, struct view_person *who, struct view_person new)
{
    if (new.employee == NULL)
        return;
    if (who->employee != NULL && who->at == new.at &&str_eq(who->extension, r->preferred))
        return;
    *who = new;
}

static void take_first(const struct reading *r, struct view_person *who, struct view_person new)
{
    if (new.employee == NULL)
        return;
    if (who->employee != NULL && (who->at < new.at || !str_eq(new.extension, r->preferred) ||
                                  str_eq(who->extension, r->preferred)))
        return;
    *who = new;
}

/* The outside party of an event, if this leg shows one. */
static struct str outside_number(const struct reading *r, const struct fold_event *ev)
{
    if (r->v->direction == CALL_EVENT_OUTGOING && r->inverted)
        return text(r, ev, FOLD_FROM_NUMBER);
    if (r->v->direction == CALL_EVENT_OUTGOING && goes_out(ev))
        return text(r, ev, FOLD_TO_NUMBER);
    if (r->v->direction == CALL_EVENT_INCOMING && ev->texts[FOLD_FROM_EXTENSION] == 0)
        return text(r, ev, FOLD_FROM_NUMBER);
    return STR_NONE;
}

/* Who talks with the client in this event; false: nobody does. */
static bool talks(const struct reading *r, const struct fold_leg *leg, const struct fold_event *ev,
                  struct view_person *who)
{
    if (ev->state != CALL_EVENT_CONNECTED || ev->location == CALL_EVENT_IVR ||
        ev->location == CALL_EVENT_QUEUE || r->inverted)
        return false;
    struct str from = text(r, ev, FOLD_FROM_EXTENSION), to = text(r, ev, FOLD_TO_EXTENSION);
    if (from.len == 0)
        *who = person(r->s, to, text(r, ev, FOLD_TO_NUMBER), true);
    else if (r->v->direction == CALL_EVENT_OUTGOING &&
             (to.len == 0 || str_eq(text(r, ev, FOLD_TO_NUMBER), r->v->number_raw)))
        *who = person(r->s, from, STR_NONE, true);
    else
        return false; /* two employees: a consultation */
    who->at = leg->first_at;
    return to.len > 0 || from.len > 0 || who->employee != NULL;
}

static bool has_handled(const struct reading *r, const struct settings_employee *employee)
{
    for (size_t i = 0; i < r->nhandlers; i++) {
        if (r->handlers[i] == employee)
            return true;
    }
    return false;
}

static void read_talk(struct reading *r, const struct fold_leg *leg, const struct fold_event *ev)
{
    struct view_person who;
    if (!talks(r, leg, ev, &who))
        return;
    r->v->connected = true;
    if (r->talk_from == 0 || (ev->at > 0 && ev->at < r->talk_from))
        r->talk_from = ev->at;
    if (who.employee == NULL)
        r->v->handled_unmapped = true;
    else if (!has_handled(r, who.employee) && r->nhandlers < HANDLERS_MAX)
        r->handlers[r->nhandlers++] = who.employee;
    take_first(r, &r->v->first_handled, who);
    take_last(r, &r->v->last_handled, who);
}

static void read_times(struct reading *r, const struct fold_event *ev)
{
    struct view *v = r->v;
    if (ev->at == 0)
        return;
    if (v->earliest == 0 || ev->at < v->earliest)
        v->earliest = ev->at;
    if (ev->at > v->ended)
        v->ended = ev->at;
    if (ev->state == CALL_EVENT_DISCONNECTED && ev->at > r->talk_to)
        r->talk_to = ev->at;
}

static void read_event(struct reading *r, const struct fold_leg *leg, const struct fold_event *ev)
{
    struct view *v = r->v;
    if (v->number_raw.len == 0)
        v->number_raw = outside_number(r, ev);
    if (v->line.len == 0)
        v->line = text(r, ev, FOLD_LINE);
    if (ev->location == CALL_EVENT_QUEUE || ev->texts[FOLD_GROUP] != 0)
        r->in_queue = true;
    if (ev->location == CALL_EVENT_ABONENT ||
        (ev->location == CALL_EVENT_NOWHERE && ev->texts[FOLD_TO_EXTENSION] != 0))
        r->left_menu = true;
    read_times(r, ev);
    read_talk(r, leg, ev);
}

static void read_caller(struct reading *r, const struct fold_leg *leg)
{
    struct view_person who = {0};
    for (size_t i = 0; i < leg->n && who.employee == NULL; i++) {
        const struct fold_event *ev = &leg->events[i];
        if (r->inverted)
            who = person(r->s, text(r, ev, FOLD_TO_EXTENSION), STR_NONE, true);
        else if (ev->texts[FOLD_FROM_EXTENSION] != 0)
            who = person(r->s, text(r, ev, FOLD_FROM_EXTENSION), STR_NONE, true);
    }
    who.at = leg->first_at;
    take_first(r, &r->v->caller, who);
}

/* Where the leg rang, if at a mapped employee's. */
static struct view_person rang_at(const struct reading *r, const struct fold_leg *leg)
{
    struct view_person who = {0};
    for (size_t i = 0; i < leg->n && who.employee == NULL; i++) {
        const struct fold_event *ev = &leg->events[i];
        if (ev->location != CALL_EVENT_IVR && ev->location != CALL_EVENT_QUEUE)
            who = person(r->s, text(r, ev, FOLD_TO_EXTENSION), text(r, ev, FOLD_TO_NUMBER), true);
    }
    who.at = leg->first_at;
    return who;
}

/* Who handled the call on any leg has not missed it, so all legs must have been read before. */
static void read_rings(struct reading *r)
{
    for (size_t i = 0; i < r->f->nlegs; i++) {
        struct view_person who = rang_at(r, &r->f->legs[i]);
        take_first(r, &r->v->first_given, who);
        if (!has_handled(r, who.employee))
            take_last(r, &r->v->last_missed, who);
    }
}

static void read_legs(struct reading *r)
{
    for (size_t i = 0; i < r->f->nlegs; i++) {
        const struct fold_leg *leg = &r->f->legs[i];
        r->inverted = is_inverted(r, leg);
        for (size_t j = 0; j < leg->n; j++)
            read_event(r, leg, &leg->events[j]);
        if (r->v->direction == CALL_EVENT_OUTGOING)
            read_caller(r, leg);
    }
    if (r->v->direction == CALL_EVENT_INCOMING)
        read_rings(r);
}

static void read_summary(struct reading *r)
{
    const struct fold_summary *sum = &r->f->summary;
    struct view *v = r->v;
    bool outgoing = v->direction == CALL_EVENT_OUTGOING;
    if (!sum->there)
        return;
    struct str extension =
        fold_text(r->f, sum->texts[outgoing ? FOLD_FROM_EXTENSION : FOLD_TO_EXTENSION]);
    if (v->number_raw.len == 0 && v->direction != CALL_EVENT_INTERNAL)
        v->number_raw = fold_text(r->f, sum->texts[outgoing ? FOLD_TO_NUMBER : FOLD_FROM_NUMBER]);
    if (v->line.len == 0)
        v->line = fold_text(r->f, sum->texts[FOLD_LINE]);
    if (extension.len > 0)
        v->summarized = person(r->s, extension, STR_NONE, false);
    if (sum->create_time > 0 && (v->earliest == 0 || sum->create_time < v->earliest))
        v->earliest = sum->create_time;
}

/* A summary alone tells the kind of a missed call by where it was sent. */
static enum job_verdict summary_kind(const struct reading *r)
{
    const struct fold_summary *sum = &r->f->summary;
    struct str extension = fold_text(r->f, sum->texts[FOLD_TO_EXTENSION]);
    if (extension.len == 0 && sum->texts[FOLD_TO_NUMBER] == 0)
        return JOB_MISSED_MENU;
    if (is_group(r->s, extension) || sum->texts[FOLD_TO_NUMBER] == 0 ||
        (sum->reason >= 1160 && sum->reason <= 1164))
        return JOB_MISSED_GROUP;
    return JOB_MISSED_DIRECT;
}

static enum job_verdict verdict_of(const struct reading *r)
{
    if (r->v->direction == CALL_EVENT_INTERNAL)
        return JOB_VERDICT_NONE;
    if (r->v->answered)
        return JOB_TALKED_TO;
    if (r->v->direction != CALL_EVENT_INCOMING)
        return JOB_VERDICT_NONE;
    if (r->in_queue)
        return JOB_MISSED_GROUP;
    if (r->left_menu)
        return JOB_MISSED_DIRECT;
    return r->f->summary.there ? summary_kind(r) : JOB_MISSED_MENU;
}

static void read_end(struct reading *r)
{
    const struct fold_summary *sum = &r->f->summary;
    struct view *v = r->v;
    v->answered = sum->there ? sum->talk_time > 0 : v->connected;
    v->verdict = verdict_of(r);
    v->started = sum->create_time > 0 ? sum->create_time : v->earliest;
    if (sum->end_time > 0)
        v->ended = sum->end_time;
    if (v->ended < v->started)
        v->ended = v->started;
    if (sum->there && sum->talk_time > 0 && sum->end_time > sum->talk_time)
        v->talk_seconds = sum->end_time - sum->talk_time;
    else if (!sum->there && r->talk_from > 0 && r->talk_to > r->talk_from)
        v->talk_seconds = r->talk_to - r->talk_from;
}

void view_make(struct view *out, const struct fold *f, const struct settings *s)
{
    struct reading r = {.f = f, .s = s, .v = out};
    memset(out, 0, sizeof *out);
    if (f->summary.there)
        r.preferred = fold_text(f, f->summary.texts[FOLD_TO_EXTENSION]);
    for (size_t i = 0; i < f->nlegs; i++)
        r.menu = r.menu || has_location(&f->legs[i], CALL_EVENT_IVR) ||
                 has_location(&f->legs[i], CALL_EVENT_QUEUE);
    out->direction = direction_of(&r);
    read_legs(&r);
    read_summary(&r);
    (void)phone_from_pbx(out->number_raw, &out->number);
    read_end(&r);
}

static bool next_digit(struct str s, size_t *at, char *digit)
{
    for (; *at < s.len; (*at)++) {
        if (s.ptr[*at] >= '0' && s.ptr[*at] <= '9') {
            *digit = s.ptr[(*at)++];
            return true;
        }
    }
    return false;
}

bool view_same_line(struct str a, struct str b)
{
    size_t i = 0, j = 0;
    char x = 0, y = 0;
    if (str_eq(a, b))
        return true;
    if (str_starts(a, STR("sip:")) || str_starts(b, STR("sip:")) || a.len == 0 || b.len == 0)
        return false;
    for (size_t same = 0;; same++) {
        bool more_a = next_digit(a, &i, &x), more_b = next_digit(b, &j, &y);
        if (!more_a || !more_b)
            return more_a == more_b && same > 0;
        if (x != y)
            return false;
    }
}

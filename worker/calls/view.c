/*
 * Reads the sorted legs from the first to the last: once for the parties, once for who talked, once for
 * who missed it. The rules that tell a leg's meaning stand in leg.c.
 */
#include "worker/calls/view.h"

#include <string.h>

#include "worker/calls/leg.h"

/* More employees than this never talk in one call. */
#define HANDLERS_MAX 64

/* What the readers share. */
struct reading {
    const struct fold *f;
    const struct settings *s;
    struct view *v;
    struct str preferred; /* the summary's to.extension, which wins a tie of times */
    bool scheme;          /* a leg is in ivr or queue */
    int64_t talk_from, talk_to;
    bool in_queue, left_menu;
    bool number_is_own; /* the outside number found so far is an employee's */
    const struct settings_employee *handlers[HANDLERS_MAX]; /* each once */
    size_t nhandlers;
};

static struct str text(const struct fold *f, const struct fold_event *ev, enum fold_text which)
{
    return fold_text(f, ev->texts[which]);
}

/* The summary is the only authority on direction: an incoming call has no callback's first leg. */
static bool is_inverted(const struct reading *r, const struct fold_leg *leg)
{
    return r->v->direction != CALL_EVENT_INCOMING && leg_is_inverted(leg, r->scheme);
}

/* ---- the parties ---- */

/* An employee, by extension or own number, calls the outside number in this event: not a colleague's
 * own number (B14), unless the summary says that it is the one. */
static bool is_dialling(const struct view *v, const struct fold *f, const struct settings *s,
                        const struct fold_event *ev)
{
    struct str to = text(f, ev, FOLD_TO_NUMBER);
    if (v->direction != CALL_EVENT_OUTGOING || !leg_at_people(ev))
        return false;
    bool outside = to.len > 0 && str_eq(to, v->number_raw);
    if (!outside && (ev->texts[FOLD_TO_EXTENSION] != 0 || person_of_number(s, to) != NULL))
        return false;
    if (ev->texts[FOLD_FROM_EXTENSION] != 0)
        return true;
    return ev->texts[FOLD_TO_EXTENSION] == 0 && to.len > 0 &&
           person_of_number(s, text(f, ev, FOLD_FROM_NUMBER)) != NULL;
}

bool view_with_client(const struct view *v, const struct fold *f, const struct settings *s,
                      const struct fold_event *ev, struct person *who)
{
    struct str from = text(f, ev, FOLD_FROM_EXTENSION), to = text(f, ev, FOLD_TO_EXTENSION);
    if (!leg_at_people(ev))
        return false;
    if (is_dialling(v, f, s, ev)) {
        *who = person_find(s, from, text(f, ev, FOLD_FROM_NUMBER), true);
        return true;
    }
    if (from.len > 0)
        return false; /* two employees: a consultation */
    struct str number = text(f, ev, FOLD_FROM_NUMBER);
    if (!str_eq(number, v->number_raw) && person_of_number(s, number) != NULL)
        return false; /* the same, from an own number (B14) */
    *who = person_find(s, to, text(f, ev, FOLD_TO_NUMBER), true);
    return to.len > 0 || who->employee != NULL || ev->location == CALL_EVENT_ABONENT;
}

/* The outside party of an event, if this leg shows one. */
static struct str outside_number(const struct reading *r, const struct fold_event *ev,
                                 bool inverted)
{
    if (inverted)
        return text(r->f, ev, FOLD_FROM_NUMBER);
    if (is_dialling(r->v, r->f, r->s, ev) ||
        (r->v->direction == CALL_EVENT_OUTGOING && leg_goes_out(ev)))
        return text(r->f, ev, FOLD_TO_NUMBER);
    if (r->v->direction == CALL_EVENT_INCOMING && ev->texts[FOLD_FROM_EXTENSION] == 0)
        return text(r->f, ev, FOLD_FROM_NUMBER);
    return STR_NONE;
}

/* An employee's own number is the outside one only if the first leg says so and no leg says better:
 * between two employees it stands for who asks a colleague, or is asked (B14). */
static void read_number(struct reading *r, const struct fold_event *ev, bool inverted,
                        bool first_leg)
{
    struct view *v = r->v;
    if (v->number_raw.len > 0 && !r->number_is_own)
        return;
    struct str number = outside_number(r, ev, inverted);
    bool own = person_of_number(r->s, number) != NULL;
    if (number.len == 0 || (own && (!first_leg || v->number_raw.len > 0)))
        return;
    v->number_raw = number;
    r->number_is_own = own;
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

/* An extension, or an employee's own number (B14). */
static bool rings_somebody(const struct reading *r, const struct fold_event *ev)
{
    return ev->texts[FOLD_TO_EXTENSION] != 0 ||
           person_of_number(r->s, text(r->f, ev, FOLD_TO_NUMBER)) != NULL;
}

static void read_event(struct reading *r, const struct fold_event *ev, bool inverted,
                       bool first_leg)
{
    struct view *v = r->v;
    read_number(r, ev, inverted, first_leg);
    if (v->line.len == 0)
        v->line = text(r->f, ev, FOLD_LINE);
    v->dynamic = v->dynamic || ev->dct_type == 1;
    if (v->dct_number.len == 0 && ev->dct_type == 1)
        v->dct_number = text(r->f, ev, FOLD_DCT_NUMBER);
    if (ev->location == CALL_EVENT_QUEUE || ev->texts[FOLD_GROUP] != 0)
        r->in_queue = true;
    if (ev->location == CALL_EVENT_ABONENT ||
        (ev->location == CALL_EVENT_NOWHERE && rings_somebody(r, ev)))
        r->left_menu = true;
    if (inverted) {
        v->callback = true;
        v->picked_up = v->picked_up || ev->state == CALL_EVENT_CONNECTED;
    }
    read_times(r, ev);
}

static void read_parties(struct reading *r)
{
    for (size_t i = 0; i < r->f->nlegs; i++) {
        const struct fold_leg *leg = &r->f->legs[i];
        bool inverted = is_inverted(r, leg);
        for (size_t j = 0; j < leg->n; j++)
            read_event(r, &leg->events[j], inverted, i == 0);
    }
}

/* ---- who ---- */

/* Legs come in their order, so a later one takes over unless the tie is the summary's. */
static void take_last(const struct reading *r, struct person *who, struct person next)
{
    if (next.employee == NULL)
        return;
    if (who->employee != NULL && who->at == next.at && str_eq(who->extension, r->preferred))
        return;
    *who = next;
}

static void take_first(const struct reading *r, struct person *who, struct person next)
{
    if (next.employee == NULL)
        return;
    if (who->employee != NULL && (who->at < next.at || !str_eq(next.extension, r->preferred) ||
                                  str_eq(who->extension, r->preferred)))
        return;
    *who = next;
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
    struct person who;
    if (ev->state != CALL_EVENT_CONNECTED || !view_with_client(r->v, r->f, r->s, ev, &who))
        return;
    who.at = leg->first_at;
    r->v->connected = true;
    if (r->talk_from == 0 || (ev->at > 0 && ev->at < r->talk_from))
        r->talk_from = ev->at;
    if (who.employee != NULL && !has_handled(r, who.employee) && r->nhandlers < HANDLERS_MAX)
        r->handlers[r->nhandlers++] = who.employee;
    take_first(r, &r->v->first_handled, who);
    take_last(r, &r->v->last_handled, who);
}

/* Who calls in this leg: the side that has the employee. */
static void read_caller(struct reading *r, const struct fold_leg *leg, bool inverted)
{
    struct person who = {0};
    for (size_t i = 0; i < leg->n && who.employee == NULL; i++) {
        const struct fold_event *ev = &leg->events[i];
        if (inverted) {
            who = person_find(r->s, text(r->f, ev, FOLD_TO_EXTENSION),
                              text(r->f, ev, FOLD_TO_NUMBER), true);
        } else if (is_dialling(r->v, r->f, r->s, ev)) {
            who = person_find(r->s, text(r->f, ev, FOLD_FROM_EXTENSION),
                              text(r->f, ev, FOLD_FROM_NUMBER), true);
            r->v->dialled = true;
        }
    }
    who.at = leg->first_at;
    take_first(r, &r->v->caller, who);
}

/* Where the leg rang, if at a mapped employee's. */
static struct person rang_at(const struct reading *r, const struct fold_leg *leg)
{
    struct person who = {0};
    for (size_t i = 0; i < leg->n && who.employee == NULL; i++) {
        const struct fold_event *ev = &leg->events[i];
        if (leg_at_people(ev))
            who = person_find(r->s, text(r->f, ev, FOLD_TO_EXTENSION),
                              text(r->f, ev, FOLD_TO_NUMBER), true);
    }
    who.at = leg->first_at;
    return who;
}

/* Who handled the call on any leg has not missed it, so all legs must have been read before. */
static void read_rings(struct reading *r)
{
    for (size_t i = 0; i < r->f->nlegs; i++) {
        struct person who = rang_at(r, &r->f->legs[i]);
        take_first(r, &r->v->first_given, who);
        if (!has_handled(r, who.employee))
            take_last(r, &r->v->last_missed, who);
    }
}

static void read_people(struct reading *r)
{
    for (size_t i = 0; i < r->f->nlegs; i++) {
        const struct fold_leg *leg = &r->f->legs[i];
        bool inverted = is_inverted(r, leg);
        for (size_t j = 0; j < leg->n && !inverted; j++)
            read_talk(r, leg, &leg->events[j]);
        if (r->v->direction == CALL_EVENT_OUTGOING)
            read_caller(r, leg, inverted);
    }
    if (r->v->direction == CALL_EVENT_INCOMING)
        read_rings(r);
}

/* ---- the end ---- */

static void read_summary(struct reading *r)
{
    const struct fold_summary *sum = &r->f->summary;
    struct view *v = r->v;
    bool outgoing = v->direction == CALL_EVENT_OUTGOING;
    if (!sum->there)
        return;
    struct str extension =
        fold_text(r->f, sum->texts[outgoing ? FOLD_FROM_EXTENSION : FOLD_TO_EXTENSION]);
    struct str number = fold_text(r->f, sum->texts[outgoing ? FOLD_FROM_NUMBER : FOLD_TO_NUMBER]);
    if ((v->number_raw.len == 0 || r->number_is_own) && v->direction != CALL_EVENT_INTERNAL)
        v->number_raw = fold_text(r->f, sum->texts[outgoing ? FOLD_TO_NUMBER : FOLD_FROM_NUMBER]);
    if (v->line.len == 0)
        v->line = fold_text(r->f, sum->texts[FOLD_LINE]);
    v->dynamic = v->dynamic || sum->dct_type == 1;
    if (v->dct_number.len == 0 && sum->dct_type == 1)
        v->dct_number = fold_text(r->f, sum->texts[FOLD_DCT_NUMBER]);
    v->summarized = person_find(r->s, extension, number, leg_any_extension(r->f, extension));
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
    if (person_is_group(r->s, extension) || sum->texts[FOLD_TO_NUMBER] == 0 ||
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
    v->talked_at = sum->there ? sum->talk_time : r->talk_from;
    if (sum->there && sum->talk_time > 0 && sum->end_time > sum->talk_time)
        v->talk_seconds = sum->end_time - sum->talk_time;
    else if (!sum->there && r->talk_from > 0 && r->talk_to > r->talk_from)
        v->talk_seconds = r->talk_to - r->talk_from;
}

void view_make(struct view *out, const struct fold *f, const struct settings *s)
{
    struct reading r = {.f = f, .s = s, .v = out, .scheme = leg_any_scheme(f)};
    memset(out, 0, sizeof *out);
    if (f->summary.there)
        r.preferred = fold_text(f, f->summary.texts[FOLD_TO_EXTENSION]);
    out->direction = leg_direction(f, s, r.scheme, &out->unsure);
    read_parties(&r);
    read_summary(&r);
    read_people(&r);
    (void)phone_from_pbx(out->number_raw, &out->number);
    out->unsure = out->unsure && !out->dynamic; /* only who calls in dials a dynamic number */
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

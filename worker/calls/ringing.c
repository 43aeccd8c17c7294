/*
 * Reads the last event of each leg.
 */
#include "worker/calls/ringing.h"

#include "worker/calls/leg.h"

struct str ringing_menu_leg(const struct fold *f)
{
    struct str found = STR_NONE;
    for (size_t i = 0; i < f->nlegs; i++) {
        const struct fold_leg *leg = &f->legs[i];
        if (!leg_is_at(leg, CALL_EVENT_IVR) || leg_is_at(leg, CALL_EVENT_QUEUE) ||
            leg_is_at(leg, CALL_EVENT_ABONENT))
            return STR_NONE; /* a queue, or somebody's phone */
        if (!leg_has_state(leg, CALL_EVENT_DISCONNECTED))
            found = fold_text(f, leg->call_id);
    }
    return found;
}

static enum ringing_state state_of(const struct fold_event *ev)
{
    switch (ev->state) {
    case CALL_EVENT_APPEARED:
        return RINGING_CALLING;
    case CALL_EVENT_CONNECTED:
        return RINGING_TALKING;
    case CALL_EVENT_ON_HOLD:
        return RINGING_HOLD;
    default:
        return RINGING_NOTHING;
    }
}

struct reading {
    const struct view *v;
    const struct fold *f;
    const struct settings *s;
    uint16_t shown;
    int64_t silent_at; /* what rang before rings no more: its own end may come late, or never */
};

/* MANGO's seconds of two legs that belong together may differ by this. */
#define TOGETHER_S 1

/* Codes of mango-api.md section 8. A group gives all its phones up together (1111) and tells that one by one;
 * what rings on all the same is shown when it is answered. Of a leg that was a talk 118x tells a transfer,
 * which rings anew. */
static bool ends_all_rings(const struct fold_event *end, bool talked)
{
    if (end->reason >= 1160 && end->reason <= 1164) /* the group has failed */
        return true;
    if (!leg_at_people(end))
        return false;
    if (end->reason == 1110) /* the caller hung up, who is no colleague */
        return end->texts[FOLD_FROM_EXTENSION] == 0;
    return !talked && (end->reason == 1111 || (end->reason >= 1180 && end->reason <= 1183));
}

/* From when on nothing rings that rang before, as far as this leg tells, MANGO's unix s; 0: it does not. */
static int64_t silent_at(const struct reading *r, const struct fold_leg *leg)
{
    bool talked = leg_has_state(leg, CALL_EVENT_CONNECTED);
    struct person who;
    int64_t latest = 0;
    for (size_t i = 0; i < leg->n; i++) {
        const struct fold_event *ev = &leg->events[i];
        int64_t at = 0;
        if (ev->state == CALL_EVENT_CONNECTED && view_with_client(r->v, r->f, r->s, ev, &who))
            at = ev->at;
        else if (ev->state == CALL_EVENT_DISCONNECTED && ends_all_rings(ev, talked))
            at = ev->at - TOGETHER_S;
        if (at > latest)
            latest = at;
    }
    return latest;
}

/* Of the ring that is shown only its own end counts. */
static bool rings_no_more(const struct reading *r, const struct fold_leg *leg)
{
    const struct fold_event *last = &leg->events[leg->n - 1];
    return last->state == CALL_EVENT_APPEARED && last->at > 0 && last->at < r->silent_at &&
           leg->call_id != r->shown;
}

/* What the leg shows of the client and a mapped employee now. */
static struct ringing_shown read_leg(const struct reading *r, const struct fold_leg *leg)
{
    const struct fold_event *last = &leg->events[leg->n - 1];
    struct ringing_shown shown = {.state = state_of(last), .leg = leg->call_id};
    if (leg_has_state(leg, CALL_EVENT_DISCONNECTED) || rings_no_more(r, leg) ||
        !view_with_client(r->v, r->f, r->s, last, &shown.who) || shown.who.employee == NULL)
        return (struct ringing_shown){.state = RINGING_NOTHING};
    return shown;
}

/* Talk before hold before ring. */
static int weight(enum ringing_state state)
{
    return state == RINGING_TALKING ? 3 : state == RINGING_HOLD ? 2 : state == RINGING_CALLING;
}

static bool takes_over(const struct ringing_shown *new, const struct ringing_shown *old,
                       uint16_t shown)
{
    if (weight(new->state) != weight(old->state) || new->state == RINGING_NOTHING)
        return weight(new->state) > weight(old->state);
    return new->state == RINGING_CALLING ? new->leg == shown : true;
}

struct ringing_shown ringing_popup(const struct view *v, const struct fold *f,
                                   const struct settings *s, uint16_t shown)
{
    struct ringing_shown best = {.state = RINGING_NOTHING};
    struct reading r = {v, f, s, shown, 0};
    for (size_t i = 0; i < f->nlegs; i++) {
        int64_t at = silent_at(&r, &f->legs[i]);
        if (at > r.silent_at)
            r.silent_at = at;
    }
    for (size_t i = 0; i < f->nlegs; i++) {
        struct ringing_shown now = read_leg(&r, &f->legs[i]);
        if (takes_over(&now, &best, shown))
            best = now;
    }
    return best;
}

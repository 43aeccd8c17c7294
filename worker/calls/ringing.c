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

/* "By a command, taken over, a new operator" (mango-api.md section 8): the call is at somebody else's. */
static bool is_taken_away(const struct fold_event *ev)
{
    return ev->state == CALL_EVENT_DISCONNECTED && ev->reason >= 1180 && ev->reason <= 1183;
}

/* When the call was last picked up, as far as this leg tells, MANGO's unix s; 0: it does not. Of a leg that
 * was a talk its end tells a transfer, which rings anew. */
static int64_t picked_up_at(const struct view *v, const struct fold *f, const struct settings *s,
                            const struct fold_leg *leg)
{
    bool talked = leg_has_state(leg, CALL_EVENT_CONNECTED);
    struct person who;
    int64_t at = 0;
    for (size_t i = 0; i < leg->n; i++) {
        const struct fold_event *ev = &leg->events[i];
        bool picked_up =
            talked ? ev->state == CALL_EVENT_CONNECTED && view_with_client(v, f, s, ev, &who)
                   : is_taken_away(ev);
        if (picked_up && ev->at > at)
            at = ev->at;
    }
    return at;
}

struct reading {
    const struct view *v;
    const struct fold *f;
    const struct settings *s;
    int64_t
        picked_up_at; /* what rang before rings no more, though its end may be told late, or never */
};

/* What the leg shows of the client and a mapped employee now. */
static struct ringing_shown read_leg(const struct reading *r, const struct fold_leg *leg)
{
    const struct fold_event *last = &leg->events[leg->n - 1];
    struct ringing_shown shown = {.state = state_of(last), .leg = leg->call_id};
    bool over = leg_has_state(leg, CALL_EVENT_DISCONNECTED) ||
                (shown.state == RINGING_CALLING && last->at > 0 && last->at < r->picked_up_at);
    if (over || !view_with_client(r->v, r->f, r->s, last, &shown.who) || shown.who.employee == NULL)
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
    struct reading r = {v, f, s, 0};
    for (size_t i = 0; i < f->nlegs; i++) {
        int64_t at = picked_up_at(v, f, s, &f->legs[i]);
        if (at > r.picked_up_at)
            r.picked_up_at = at;
    }
    for (size_t i = 0; i < f->nlegs; i++) {
        struct ringing_shown now = read_leg(&r, &f->legs[i]);
        if (takes_over(&now, &best, shown))
            best = now;
    }
    return best;
}

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

/* What the leg shows of the client and a mapped employee now. */
static struct ringing_shown read_leg(const struct view *v, const struct fold *f,
                                     const struct settings *s, const struct fold_leg *leg)
{
    const struct fold_event *last = &leg->events[leg->n - 1];
    struct ringing_shown shown = {.state = state_of(last), .leg = leg->call_id};
    if (leg_has_state(leg, CALL_EVENT_DISCONNECTED) ||
        !view_with_client(v, f, s, last, &shown.who) || shown.who.employee == NULL)
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
    for (size_t i = 0; i < f->nlegs; i++) {
        struct ringing_shown now = read_leg(v, f, s, &f->legs[i]);
        if (takes_over(&now, &best, shown))
            best = now;
    }
    return best;
}

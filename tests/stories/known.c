/*
 * Reads the story through the notifications that came in. Written from behaviour.md, "Words".
 */
#include "tests/stories/known.h"

#include <string.h>

struct order {
    int leg;
    int64_t first_at;
};

bool known_single(people p)
{
    return p != 0 && (p & (p - 1)) == 0;
}

static bool saw(const struct known *k, const struct story *s, int leg, enum state state,
                bool with_client)
{
    for (int i = 0; i < s->nbeats; i++) {
        const struct beat *b = &s->beats[i];
        if (k->seen[i] && b->kind == LEG && b->leg == leg && b->state == state &&
            (!with_client || story_with_client(s, b)))
            return true;
    }
    return false;
}

static bool saw_leg(const struct known *k, const struct story *s, int leg)
{
    for (int i = 0; i < s->nbeats; i++) {
        if (k->seen[i] && s->beats[i].kind == LEG && s->beats[i].leg == leg)
            return true;
    }
    return false;
}

bool known_ended(const struct known *k, const struct story *s)
{
    bool any = false;
    for (int i = 0; i < s->nlegs; i++) {
        if (!saw_leg(k, s, i))
            continue;
        if (!saw(k, s, i, DISCONNECTED, false))
            return false;
        any = true;
    }
    return any;
}

/* ---- times, number, line ---- */

static void earlier(int64_t *t, int64_t at)
{
    if (*t == 0 || at < *t)
        *t = at;
}

static void times(struct known *k, const struct story *s)
{
    k->first_at = k->last_at = k->first_any = k->talk_at = k->ended_at = 0;
    for (int i = 0; i < s->nbeats; i++) {
        const struct beat *b = &s->beats[i];
        int64_t at = b->kind == SUMMARY ? s->begin : b->at;
        if (!k->seen[i])
            continue;
        earlier(&k->first_any, at);
        if (b->kind != LEG && b->kind != SUMMARY)
            continue;
        earlier(&k->first_at, at);
        if (b->at > k->last_at)
            k->last_at = b->at;
        if (b->kind == LEG && b->state == CONNECTED && story_with_client(s, b))
            earlier(&k->talk_at, b->at);
    }
    if (k->summary) {
        k->talk_at = s->talk;
        k->ended_at = s->end;
    }
}

/* Whether a notification of the leg bears the outside number. */
static bool bears_number(const struct story *s, const struct beat *b)
{
    return b->kind == SUMMARY ||
           (b->kind == LEG && (s->legs[b->leg].place != INSIDE || b->with_client));
}

static void facts(struct known *k, const struct story *s, const struct style *style)
{
    const struct company *c = &s->company;
    k->summary = k->legs = k->number = k->line = k->dynamic = false;
    for (int i = 0; i < s->nbeats; i++) {
        const struct beat *b = &s->beats[i];
        if (!k->seen[i])
            continue;
        k->summary = k->summary || b->kind == SUMMARY;
        k->legs = k->legs || b->kind == LEG;
        k->number = k->number || bears_number(s, b);
        k->line = k->line || render_tells_line(s, style, i);
        k->dynamic = k->dynamic || (s->dct_type == 1 && render_tells_dct(s, style, i));
    }
    k->joined = !c->lines_set ? YES : !k->line ? UNSURE : c->joined[s->line] ? YES : NO;
}

/* ---- direction ---- */

/* Without the summary the legs say it. The first leg always tells the truth; a leg between two seats,
 * or one on which the client comes back from a transfer, may belong to a call of any direction. */
static void direct(struct known *k, const struct story *s)
{
    k->direction = s->direction;
    k->direction_sure = k->summary;
    if (k->summary)
        return;
    for (int i = 0; i < s->nlegs; i++) {
        enum place p = s->legs[i].place;
        bool telling = i == 0 || p == OUTSIDE || p == MENU || p == QUEUE ||
                       (p == PERSON && s->legs[i].taken_from == NOBODY);
        if (saw_leg(k, s, i) && telling)
            k->direction_sure = true;
    }
    if (s->caller == CALLER_EMPLOYEE) /* looks like a call between two of theirs */
        k->direction_sure = false;
}

/* ---- who ---- */

/* behaviour.md "leg": by the time of the first event, then by call_id; the summary's to.extension wins a tie. */
static bool before(const struct known *k, const struct story *s, const struct order *a,
                   const struct order *b)
{
    const struct leg *x = &s->legs[a->leg], *y = &s->legs[b->leg];
    if (a->first_at != b->first_at)
        return a->first_at < b->first_at;
    bool extension = s->to_seat != NOBODY && s->company.seats[s->to_seat].extension[0];
    if (k->summary && extension && s->direction == INCOMING && x->seat != y->seat) {
        if (x->seat == s->to_seat)
            return true;
        if (y->seat == s->to_seat)
            return false;
    }
    return strcmp(x->id, y->id) < 0;
}

static int sort_legs(const struct known *k, const struct story *s, struct order *out)
{
    int n = 0;
    for (int leg = 0; leg < s->nlegs; leg++) {
        struct order o = {leg, 0};
        for (int i = 0; i < s->nbeats; i++) {
            if (k->seen[i] && s->beats[i].kind == LEG && s->beats[i].leg == leg)
                earlier(&o.first_at, s->beats[i].at);
        }
        if (o.first_at == 0)
            continue;
        int at = n++;
        for (; at > 0 && before(k, s, &o, &out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = o;
    }
    return n;
}

static bool connectable(const struct leg *l)
{
    return l->place == PERSON || l->place == OUTSIDE || l->place == INSIDE;
}

/* A Connected with the client says it; a hold with the client lets one think so. */
static enum sure handled(const struct known *k, const struct story *s, int leg)
{
    if (!connectable(&s->legs[leg]))
        return NO;
    if (saw(k, s, leg, CONNECTED, true))
        return YES;
    return saw(k, s, leg, ON_HOLD, true) ? UNSURE : NO;
}

/* An Appeared says that it rang for the client; another event of the leg, or a ring for a colleague who
 * sends the client on, lets one think so. */
static enum sure rang(const struct known *k, const struct story *s, int leg)
{
    enum place p = s->legs[leg].place;
    if (p != PERSON && p != INSIDE)
        return NO;
    return saw(k, s, leg, APPEARED, true) ? YES : UNSURE;
}

typedef enum sure (*judge)(const struct known *k, const struct story *s, int leg);

/* Whom the first (step 1) or last (step -1) of the legs of that kind belongs to; only who is an
 * employee counts. */
static people whose(const struct known *k, const struct story *s, const struct order *legs, int n,
                    int step, judge is)
{
    people found = 0;
    for (int i = step > 0 ? 0 : n - 1; i >= 0 && i < n; i += step) {
        enum sure sure = is(k, s, legs[i].leg);
        int who = story_person(&s->company, s->legs[legs[i].leg].seat);
        if (sure == NO || who == NOBODY)
            continue;
        found |= people_of(who);
        if (sure == YES)
            return found;
    }
    return found | PEOPLE_NOBODY;
}

/* The leg while it was between the two seats, before the client was handed over. */
static bool saw_asking(const struct known *k, const struct story *s, int leg)
{
    for (int i = 0; i < s->nbeats; i++) {
        const struct beat *b = &s->beats[i];
        if (k->seen[i] && b->kind == LEG && b->leg == leg && !b->with_client)
            return true;
    }
    return false;
}

static bool in_known_leg(const struct known *k, const struct story *s, int seat)
{
    for (int i = 0; i < s->nlegs; i++) {
        if (s->legs[i].seat == seat && saw_leg(k, s, i))
            return true;
        if (s->legs[i].from_seat == seat && saw_asking(k, s, i))
            return true;
    }
    return false;
}

/* The employee that the summary names. Nobody stands in for an extension that is in no leg. */
static int named(const struct known *k, const struct story *s, int seat)
{
    if (!k->summary || seat == NOBODY)
        return NOBODY;
    if (s->company.seats[seat].employee != NOBODY || in_known_leg(k, s, seat))
        return story_person(&s->company, seat);
    return NOBODY;
}

/* Nobody is known to have handled it: the summary alone says who. Somebody is, but the summary names
 * another whose Connected is missing: nobody can tell who was first or last, so both will do. */
static void summary_handled(struct known *k, const struct story *s, bool any)
{
    int seat = s->direction == OUTGOING ? s->caller_seat : s->to_seat;
    people p = people_of(named(k, s, seat));
    if (!k->summary || s->talk == 0)
        return;
    if (!any) {
        k->first_handled = k->last_handled = p;
    } else if (k->first_handled & PEOPLE_NOBODY) { /* by nobody of theirs, or by a hold only */
        k->first_handled |= p;
        k->last_handled |= p;
    } else if (s->direction == INCOMING && p != PEOPLE_NOBODY) {
        bool there = false;
        for (int i = 0; i < s->nlegs; i++)
            there = there || (s->legs[i].seat == seat && handled(k, s, i) == YES);
        if (!there) {
            k->first_handled |= p;
            k->last_handled |= p;
        }
    }
}

/* The same for who missed it: the summary names the first. */
static void summary_missed(struct known *k, const struct story *s)
{
    people p = people_of(named(k, s, s->to_seat));
    if (!k->summary || s->talk > 0 || s->to_seat == NOBODY || in_known_leg(k, s, s->to_seat) ||
        p == PEOPLE_NOBODY)
        return;
    if (k->last_missed == PEOPLE_NOBODY)
        k->last_missed = p;
    if (!k->legs)
        k->first_missed = p;
    else
        k->first_missed |= p;
}

static void who(struct known *k, const struct story *s)
{
    struct order legs[STORY_LEGS];
    int n = sort_legs(k, s, legs);
    bool any = false;
    k->caller = people_of(named(k, s, s->caller_seat));
    for (int i = 0; i < n; i++) {
        enum place p = s->legs[legs[i].leg].place;
        enum sure h = handled(k, s, legs[i].leg);
        any = any || h != NO;
        if (p == OUTSIDE || p == INVERTED || (p == INSIDE && s->direction == INTERNAL))
            k->caller = people_of(story_person(&s->company, s->caller_seat));
    }
    k->first_handled = whose(k, s, legs, n, 1, handled);
    k->last_handled = whose(k, s, legs, n, -1, handled);
    k->first_missed = whose(k, s, legs, n, 1, rang);
    k->last_missed = whose(k, s, legs, n, -1, rang);
    summary_handled(k, s, any);
    summary_missed(k, s);
    k->answered = k->summary ? s->talk > 0 : any;
    k->answered_sure = k->summary || !any || k->talk_at > 0 ? YES : UNSURE;
}

/* ---- how it was missed, whether it was dialled ---- */

static enum missed kind_of(const struct known *k, const struct story *s)
{
    bool person = false;
    for (int i = 0; i < s->nlegs; i++) {
        if (!saw_leg(k, s, i))
            continue;
        if (s->legs[i].place == QUEUE || s->legs[i].group != NOBODY)
            return MISSED_GROUP;
        person = person || s->legs[i].place == PERSON || s->legs[i].place == INSIDE;
    }
    if (person)
        return MISSED_DIRECT;
    if (!k->summary || (s->to_seat == NOBODY && s->to_group == NOBODY))
        return MISSED_MENU;
    int reason = s->beats[s->summary].reason;
    if (s->to_seat == NOBODY || (reason >= 1160 && reason <= 1164))
        return MISSED_GROUP;
    return MISSED_DIRECT;
}

/* A callback is dialled at its second leg. If that is lost, a pick-up of the first lets one think so. */
static enum sure dialled(const struct known *k, const struct story *s)
{
    bool first = false;
    for (int i = 0; i < s->nlegs; i++) {
        if (s->legs[i].place == OUTSIDE && saw_leg(k, s, i))
            return YES;
        first = first || (s->legs[i].place == INVERTED && saw_leg(k, s, i));
    }
    if (!k->summary)
        return first && saw(k, s, 0, CONNECTED, false) ? UNSURE : NO;
    if (s->talk > 0 || !first) /* from the summary alone nobody sees that it was a callback */
        return YES;
    return s->picked_up ? UNSURE : NO;
}

void known_fill(struct known *k, const struct story *s, const struct style *style)
{
    facts(k, s, style);
    times(k, s);
    direct(k, s);
    who(k, s);
    k->kind = kind_of(k, s);
    k->dialled = dialled(k, s);
}

/*
 * Goes through what came in, as a careful reader of behaviour.md would, and notes what must follow.
 */
#include "tests/stories/expect.h"

#include <string.h>

#define SETTLE 5000
#define ENDED 600000
#define IDLE 14400000
#define REMEMBER 3600000
#define LATE 3600 /* s */

struct reader {
    const struct story *s;
    const struct company *c;
    const struct style *style;
    const struct deliveries *d;
    struct expect *out;
    struct known k;
    bool open, closed, summary_is_late;
    people missed_client; /* at the closing */
    enum missed missed_kind;
    int64_t told_at; /* the last leg or summary came in */
    int64_t due, last_at, ended_at, summary_at, closed_at;
};

static bool off_hours(const struct reader *r)
{
    return !company_works(r->c, r->k.first_at);
}

static bool can_be_client(const struct reader *r)
{
    return r->s->digits[0] != 0 && r->k.number;
}

/* B16: outside the hours its responsible replaces the person of a missed call. */
static people instead(const struct reader *r, people p)
{
    return off_hours(r) && r->c->off_hours != NOBODY ? people_of(r->c->off_hours) : p;
}

/* G10 and G11 under their switches. */
static int ivr_person(const struct reader *r)
{
    return r->c->incoming ? r->c->ivr : NOBODY;
}

static int group_person(const struct reader *r)
{
    return r->c->incoming || r->c->missed ? r->c->group : NOBODY;
}

/* B15: a call of such a number is saved if an employee took part. */
static bool excluded(const struct reader *r)
{
    enum caller c = r->s->caller;
    return c == CALLER_EMPLOYEE || c == CALLER_LINE || c == CALLER_IGNORED;
}

/* On whom a missed call is saved (G15). */
static people missed_by(const struct reader *r)
{
    const struct known *k = &r->k;
    /* Whether an employee who calls from their own mobile takes part is not said. */
    if (excluded(r) && k->last_missed == PEOPLE_NOBODY)
        return PEOPLE_NOBODY;
    if (k->kind == MISSED_MENU)
        return ivr_person(r) == NOBODY ? PEOPLE_NOBODY : instead(r, people_of(ivr_person(r)));
    if (k->kind == MISSED_DIRECT)
        return instead(r, k->last_missed);
    return instead(r, group_person(r) != NOBODY ? people_of(group_person(r)) : k->first_missed);
}

static people missed_person(const struct reader *r)
{
    people unsure = excluded(r) ? r->k.last_missed & PEOPLE_NOBODY : 0;
    return missed_by(r) | unsure;
}

/* Who becomes responsible of a client of a missed call (G4, G10, G11). */
static people missed_client(const struct reader *r)
{
    bool group = r->k.kind == MISSED_GROUP && group_person(r) != NOBODY;
    if (r->k.kind == MISSED_MENU || group || r->c->missed)
        return missed_person(r);
    return PEOPLE_NOBODY;
}

/* ---- clients ---- */

static void client(struct reader *r, enum may may, int delivery, bool *how)
{
    struct expect *x = r->out;
    if (x->client == MUST || may == MUST_NOT)
        return;
    if (x->client == MUST_NOT) {
        x->began[0] = r->k.first_at;
        x->began[1] = r->k.first_any;
        x->line_then = r->k.line;
        x->dynamic_then = r->k.dynamic;
        x->client_delivery = may == MUST ? delivery : EXPECT_NONE;
    } else { /* what was possible before is certain now */
        x->client_delivery = EXPECT_NONE;
    }
    x->client = may;
    *how = true;
}

/* How sure it is that one of the people is an employee. */
static enum may somebody(people p)
{
    return p == PEOPLE_NOBODY ? MUST_NOT : p & PEOPLE_NOBODY ? MAY : MUST;
}

static enum may least(enum may a, enum may b)
{
    return a < b ? a : b;
}

static enum may sureness(enum sure s)
{
    return s == YES ? MUST : s == NO ? MUST_NOT : MAY;
}

/* A leg shows an employee in a talk with the client. */
static bool talks(const struct reader *r)
{
    for (int i = 0; i < r->s->nbeats; i++) {
        const struct beat *b = &r->s->beats[i];
        if (r->k.seen[i] && b->kind == LEG && story_with_client(r->s, b) &&
            (b->state == CONNECTED || b->state == ON_HOLD) &&
            story_person(r->c, r->s->legs[b->leg].seat) != NOBODY)
            return true;
    }
    return false;
}

/* A leg shows the client at its other end: the call was dialled, though the leg out is not known. */
static bool shows_client(const struct reader *r)
{
    for (int i = 0; i < r->s->nbeats; i++) {
        if (r->k.seen[i] && r->s->beats[i].kind == LEG && story_with_client(r->s, &r->s->beats[i]))
            return true;
    }
    return false;
}

/* G3 and G5 act while people talk: at the notification that first shows it. */
static void live_client(struct reader *r, int delivery)
{
    const struct known *k = &r->k;
    enum may may = sureness(k->joined);
    bool outside = false;
    if (!can_be_client(r) || (k->direction_sure && k->direction == INTERNAL) ||
        (!k->fresh && !k->summary))
        return;
    if (!k->fresh) /* "with its summary every leg counts": at once, or when the call closes */
        may = least(may, MAY);
    if (!k->direction_sure) /* until the first leg or the summary comes, it may look like any call */
        may = least(may, MAY);
    for (int i = 0; i < r->s->nbeats; i++)
        outside = outside || (k->seen[i] && r->s->beats[i].kind == LEG &&
                              r->s->legs[r->s->beats[i].leg].place == OUTSIDE);
    if (k->direction == OUTGOING && r->c->outgoing && (outside || shows_client(r)))
        client(r, least(outside ? may : least(may, MAY), somebody(k->caller)), delivery,
               &r->out->client_out);
    if (!k->legs || (k->summary && !k->talk_at))
        return;
    if (talks(r) && r->c->incoming && (k->direction == INCOMING || !k->direction_sure))
        client(r, least(may, k->direction == INCOMING ? somebody(k->first_handled) : MAY), delivery,
               &r->out->client_in);
}

static void missed_calls_client(struct reader *r, enum may may)
{
    r->missed_client = missed_client(r);
    r->missed_kind = r->k.kind;
    client(r, least(may, somebody(r->missed_client)), EXPECT_TIMER, &r->out->client_miss);
}

static void closing_client(struct reader *r)
{
    const struct known *k = &r->k;
    enum may may = least(sureness(k->joined), k->direction_sure ? MUST : MAY);
    if (!can_be_client(r) || k->direction == INTERNAL)
        return;
    if (k->direction == OUTGOING) {
        if (r->c->outgoing)
            client(r, least(least(may, sureness(k->dialled)), somebody(k->caller)), EXPECT_TIMER,
                   &r->out->client_out);
    } else if (k->answered) {
        if (k->answered_sure == UNSURE) { /* a hold, but no Connected: a talk or not */
            may = least(may, MAY);
            missed_calls_client(r, may);
        }
        if (r->c->incoming)
            client(r, least(may, somebody(k->first_handled)), EXPECT_TIMER, &r->out->client_in);
    } else {
        missed_calls_client(r, may);
    }
}

/* They talked after all, or it was missed elsewhere: "a late event shows better", but a late summary
 * corrects "nothing else" than the saved call. So both may stand. */
static people missed_in_the_end(const struct reader *r)
{
    if (r->k.answered)
        return r->missed_client | missed_person(r) | r->k.first_handled | r->k.last_handled;
    return r->k.kind == r->missed_kind ? missed_client(r) : r->missed_client | missed_person(r);
}

/* Whose the client is in the end: G9, and what late notifications show better. */
static void responsible(struct reader *r)
{
    const struct known *k = &r->k;
    struct expect *x = r->out;
    people p = 0;
    if (x->client_in)
        p |= r->c->follows_transfer ? k->last_handled : k->first_handled;
    if (x->client_out) {
        people last = k->last_handled;
        p |= r->c->follows_transfer && last != PEOPLE_NOBODY ? last : k->caller;
        if (r->c->follows_transfer && last & PEOPLE_NOBODY)
            p |= k->caller;
    }
    if (x->client_miss)
        p |= missed_in_the_end(r);
    if (x->client_miss && r->summary_is_late) {
        struct reader without = *r;
        without.k.seen[r->s->summary] = false;
        known_fill(&without.k, r->s, r->style);
        p |= missed_in_the_end(&without);
    }
    x->responsible = p & ~PEOPLE_NOBODY;
}

/* ---- closings ---- */

static void task(struct reader *r, struct closing *c)
{
    bool missed = !c->answered || r->k.answered_sure == UNSURE;
    if (!r->c->task || c->direction != INCOMING || !missed || !can_be_client(r))
        return;
    c->task = least(sureness(r->k.joined), c->opaque ? MAY : MUST);
    if (c->at - r->k.ended_at * 1000 > INT64_C(86400000) && r->k.ended_at)
        c->task = MUST_NOT;
    c->off_hours = c->fallback = PEOPLE_NOBODY;
    if (off_hours(r) && r->c->off_hours != NOBODY)
        c->off_hours = people_of(r->c->off_hours);
    else
        c->fallback = missed_person(r);
    /* G4's person stands in whether or not G4 makes clients */
    if (!known_single(c->fallback))
        c->fallback |= PEOPLE_NOBODY;
}

static struct closing *closing(struct reader *r, const char *how, int64_t at, int delivery)
{
    const struct known *k = &r->k;
    struct closing *c = &r->out->closings[r->out->nclosings++];
    *c = (struct closing){.how = how, .at = at, .delivery = delivery};
    /* Whether a second word of one recording puts the end of silence off, is all the same. */
    c->at_least = strcmp(how, "idle") == 0 ? r->told_at + IDLE : at;
    c->opaque = !k->direction_sure || k->joined == UNSURE || k->answered_sure == UNSURE;
    c->call = k->joined == NO || k->direction == INTERNAL || c->opaque ? MAY : MUST;
    c->direction = k->direction;
    c->answered = k->answered;
    c->kind = k->kind;
    c->started_at = k->first_at;
    c->ended_at = k->ended_at;
    c->talk_seconds = !k->answered ? 0 : k->summary ? r->s->end - r->s->talk : -1;
    if (k->direction == OUTGOING)
        c->employee = k->answered ? k->last_handled : k->caller;
    else
        c->employee = k->answered ? k->last_handled : missed_person(r);
    if (k->joined == NO || k->direction == INTERNAL)
        c->employee = PEOPLE_NOBODY;
    else if (k->answered && can_be_client(r))
        c->talked = c->opaque ? MAY : MUST;
    return c;
}

static bool joined(const struct reader *r)
{
    return r->k.joined != NO && r->k.direction != INTERNAL;
}

static void close_call(struct reader *r)
{
    const char *how = r->summary_at ? "summary" : r->ended_at ? "ended" : "idle";
    r->open = false;
    r->closed = true;
    r->closed_at = r->due;
    if (!r->k.fresh && r->k.legs && !r->k.summary) { /* design.md section 3 */
        r->out->undecided = true;
        return;
    }
    /* An outgoing call's transferred leg alone looks like an incoming call; what is decided then is
     * wrong by no fault of the rules. */
    if (!r->k.direction_sure)
        r->out->opaque = true;
    struct closing *c = closing(r, how, r->due, EXPECT_TIMER);
    if (!joined(r))
        return;
    task(r, c);
    closing_client(r);
}

/* A summary after the call was closed without one: corrects the saved call, and tells that they
 * talked; makes no client and no task. */
static void late_summary(struct reader *r, int64_t at, int delivery)
{
    struct closing *c = closing(r, "summary", at, delivery);
    r->summary_is_late = true;
    if (r->out->undecided) { /* it is decided now */
        r->out->undecided = false;
        if (joined(r)) {
            task(r, c);
            closing_client(r);
            r->out->client_delivery = EXPECT_NONE;
        }
    }
}

/* ---- early jobs ---- */

static int64_t age(const struct reader *r, int i)
{
    const struct delivery *d = &r->d->list[i];
    const struct beat *b = &r->s->beats[d->beat];
    int64_t told = b->kind == SUMMARY ? r->s->end : b->at;
    int64_t ms = d->received_at - told * 1000;
    return ms > 0 ? ms : 0;
}

/* G12, B4: at the first notification that shows the dynamic number. */
static void visitor(struct reader *r, int i, bool shows)
{
    struct expect *x = r->out;
    if (!r->c->tracking || !shows || x->visitor != MUST_NOT || !can_be_client(r) ||
        r->k.direction != INCOMING || r->k.joined == NO)
        return;
    x->visitor = MAY;
    x->visitor_delivery = i;
    if (age(r, i) <= 600000 && r->k.joined == YES && r->k.direction_sure && r->open &&
        (r->k.fresh || r->k.summary))
        x->visitor = MUST;
    else if (age(r, i) > 600000)
        x->visitor = MUST_NOT, x->visitor_delivery = EXPECT_NONE;
}

static bool route_hours(const struct reader *r)
{
    return r->c->route_off_hours || !off_hours(r);
}

/* G7: while all that came in shows the call in the menu. */
static void route(struct reader *r, int i)
{
    const struct known *k = &r->k;
    struct expect *x = r->out;
    bool menu = false;
    if (!r->c->route || x->route != MUST_NOT || !can_be_client(r) || k->summary ||
        !route_hours(r) || age(r, i) > 10000 || k->joined == NO)
        return;
    for (int b = 0; b < r->s->nbeats; b++) {
        const struct beat *e = &r->s->beats[b];
        if (!k->seen[b] || e->kind != LEG)
            continue;
        if (r->s->legs[e->leg].place != MENU || e->state == DISCONNECTED)
            return;
        menu = true;
    }
    const struct beat *now = &r->s->beats[r->d->list[i].beat];
    if (!menu)
        return;
    /* A tone pressed in the menu shows it too, but is not what the rule waits for. */
    x->route = k->joined == YES && now->kind == LEG ? MUST : MAY;
    x->route_delivery = now->kind == LEG ? i : EXPECT_NONE;
}

static void record(struct reader *r, const struct beat *b)
{
    bool unknown = (!r->open && !r->closed) || r->out->forgotten_at;
    enum may may = unknown ? (r->c->lines_set ? MAY : MUST) : sureness(r->k.joined);
    bool done =
        b->kind == RECORD_ADDED || (b->kind == RECORDING && strcmp(b->progress, "Completed") == 0 &&
                                    (b->completion == 1000 || b->completion == 0) &&
                                    (b->recipient == NULL || strcmp(b->recipient, "Mail") != 0));
    if (r->out->forgotten_at) /* a late leg that opens the call anew may make it look internal */
        may = least(may, MAY);
    if (r->s->direction == INTERNAL) /* nobody knows it before a leg or the summary is there */
        may = unknown || !r->k.direction_sure ? MAY : MUST_NOT;
    if (done && r->c->records && may > r->out->records[b->recording])
        r->out->records[b->recording] = may;
}

/* ---- the course of it ---- */

static void set_due(struct reader *r)
{
    if (r->summary_at)
        r->due = r->summary_at + SETTLE;
    else if (r->ended_at)
        r->due = r->ended_at + ENDED;
    else
        r->due = r->last_at + IDLE;
}

static bool opens(const struct beat *b)
{
    return b->kind == SUMMARY || (b->kind == LEG && b->state != ON_HOLD);
}

static void pass_time(struct reader *r, int64_t now)
{
    if (r->open && r->due <= now)
        close_call(r);
    if (r->closed && r->closed_at + REMEMBER <= now && !r->out->forgotten_at)
        r->out->forgotten_at = r->closed_at + REMEMBER;
}

/* What comes when the call is forgotten: a leg told over an hour late decides nothing, a recording is
 * still taken; with a summary, or a leg told in time, it is a call by itself. */
static void take_in_again(struct reader *r, int i)
{
    const struct delivery *d = &r->d->list[i];
    const struct beat *b = &r->s->beats[d->beat];
    if (b->kind == SUMMARY || (b->kind == LEG && d->received_at / 1000 - b->at <= LATE))
        r->out->anew = true;
}

static void take_in(struct reader *r, int i)
{
    const struct delivery *d = &r->d->list[i];
    const struct beat *b = &r->s->beats[d->beat];
    bool had_dynamic = r->k.dynamic, had_summary = r->k.summary;
    bool was_fresh = r->k.fresh;
    r->k.seen[d->beat] = true;
    if (b->kind == LEG && d->received_at / 1000 - b->at <= LATE)
        r->k.fresh = true;
    known_fill(&r->k, r->s, r->style);
    r->last_at = d->received_at;
    if (b->kind == LEG || b->kind == SUMMARY)
        r->told_at = d->received_at;
    if (r->k.summary && !had_summary)
        r->summary_at = d->received_at;
    if (!known_ended(&r->k, r->s))
        r->ended_at = 0;
    else if (b->kind == LEG && b->state == DISCONNECTED) /* the last leg's */
        r->ended_at = d->received_at;
    if (r->open) {
        set_due(r);
        if (joined(r)) {
            live_client(r, i);
            route(r, i);
        }
    } else if (r->k.summary && !had_summary) {
        late_summary(r, d->received_at, i);
    } else if (r->out->undecided && r->k.fresh && !was_fresh) {
        r->out->opaque = true; /* one in time after all: whether it decides now is not said */
    }
    visitor(r, i, r->k.dynamic && !had_dynamic);
}

void expect_make(const struct story *s, const struct style *style, const struct deliveries *d,
                 struct expect *out)
{
    struct reader r = {.s = s, .c = &s->company, .style = style, .d = d, .out = out};
    *out = (struct expect){.client_delivery = EXPECT_NONE,
                           .route_delivery = EXPECT_NONE,
                           .visitor_delivery = EXPECT_NONE};
    for (int i = 0; i < d->n && s->company.enabled; i++) { /* switched off: nothing at all */
        const struct beat *b = &s->beats[d->list[i].beat];
        pass_time(&r, d->list[i].received_at);
        if (b->kind == RESULT) {
            out->results++;
            continue;
        }
        if (b->kind == RECORDING || b->kind == RECORD_ADDED)
            record(&r, b);
        if (out->forgotten_at)
            take_in_again(&r, i);
        if (r.k.seen[d->list[i].beat] || out->forgotten_at)
            continue;
        if (!r.open && !r.closed) {
            if (!opens(b))
                continue;
            r.open = true;
        }
        take_in(&r, i);
    }
    if (r.open)
        close_call(&r);
    out->line_after = r.k.line;
    if (r.open || r.closed)
        responsible(&r);
    out->silent = (r.open || r.closed) && !joined(&r);
    out->exact = !out->anew && !out->opaque && out->client != MAY && out->route != MAY &&
                 out->visitor != MAY && (out->client == MUST_NOT || known_single(out->responsible));
    for (int i = 0; i < out->nclosings; i++)
        out->exact =
            out->exact && !out->closings[i].opaque && known_single(out->closings[i].employee);
}

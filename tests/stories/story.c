/*
 * Tells stories: each function is a phase of a call's course and moves the clock on.
 */
#include "tests/stories/story.h"

#include <stdio.h>
#include <string.h>

struct teller {
    struct story *s;
    struct dice d;
    int64_t t; /* the clock */
};

#define YEAR_2026 INT64_C(1767225600)

int story_person(const struct company *c, int seat)
{
    if (seat == NOBODY)
        return NOBODY;
    return c->seats[seat].employee != NOBODY ? c->seats[seat].employee : c->unmapped;
}

bool story_with_client(const struct story *s, const struct beat *b)
{
    enum place p = s->legs[b->leg].place;
    return p == PERSON || p == OUTSIDE || (p == INSIDE && b->with_client);
}

/* ---- the smallest steps ---- */

static int add_leg(struct teller *w, enum place place, int seat)
{
    struct story *s = w->s;
    struct leg *l = &s->legs[s->nlegs];
    *l = (struct leg){
        .place = place, .seat = seat, .from_seat = NOBODY, .group = NOBODY, .taken_from = NOBODY};
    (void)snprintf(l->id, sizeof l->id, "%d:%02x:%d", dice_between(&w->d, 100, 999),
                   dice_to(&w->d, 256), s->nlegs + 1);
    return s->nlegs++;
}

static struct beat *add_beat(struct teller *w, enum kind kind, int leg)
{
    struct story *s = w->s;
    struct beat *b = &s->beats[s->nbeats++];
    *b = (struct beat){.kind = kind, .leg = leg, .at = w->t, .recording = NOBODY};
    return b;
}

static struct beat *now(struct teller *w, int leg, enum state state)
{
    struct beat *b = add_beat(w, LEG, leg);
    b->state = state;
    b->seq = ++w->s->legs[leg].seq;
    b->with_client = w->s->legs[leg].with_client;
    if (state == DISCONNECTED)
        b->reason = 1100;
    return b;
}

static void pass(struct teller *w, int from, int to)
{
    w->t += dice_between(&w->d, from, to);
}

static void answered(struct teller *w, int seat)
{
    struct story *s = w->s;
    if (s->talk == 0)
        s->talk = w->t;
    if (s->first_handled == NOBODY)
        s->first_handled = seat;
    s->last_handled = seat;
}

static void rung(struct story *s, int seat)
{
    if (s->first_rung == NOBODY)
        s->first_rung = seat;
    s->last_rung = seat;
}

static void record(struct teller *w, int leg)
{
    static const char *const recipients[] = {"Cloud", "Mail", "CloudAndMail", NULL};
    static const int completions[] = {1000, 1000, 1000, 0, 4002};
    int recording = w->s->nrecordings++;
    const char *recipient = recipients[dice_to(&w->d, 4)];
    for (int i = 0; i < 2; i++) {
        struct beat *b = add_beat(w, RECORDING, leg);
        b->recording = recording;
        b->seq = i + 1;
        b->progress = i ? "Completed" : "Started";
        b->recipient = recipient;
        b->completion = i ? completions[dice_to(&w->d, 5)] : 0;
    }
    if (dice_in(&w->d, 40)) {
        w->t += 1;
        add_beat(w, RECORD_ADDED, leg)->recording = recording;
    }
}

/* ---- talk and transfers ---- */

static void hang_up(struct teller *w, int leg, int reason)
{
    now(w, leg, DISCONNECTED)->reason = reason;
    w->s->end = w->t;
    if (w->s->nrecordings < 3 && dice_in(&w->d, 25))
        record(w, leg);
}

static int other_seat(struct teller *w, int seat)
{
    int n = w->s->company.nseats;
    return n < 2 ? NOBODY : (seat + dice_between(&w->d, 1, n - 1)) % n;
}

/* From now on the other side of the leg is the client. */
static struct beat *client_now(struct teller *w, int leg, int from, enum state state)
{
    w->s->legs[leg].with_client = true;
    w->s->legs[leg].taken_from = from;
    return now(w, leg, state);
}

static int inside(struct teller *w, int from, int to)
{
    int leg = add_leg(w, INSIDE, to);
    w->s->legs[leg].from_seat = from;
    return leg;
}

/* Who is at leg asks another one first, then hands over (or comes back). Gives the leg the client is on. */
static int consult(struct teller *w, int leg, int seat, int to)
{
    now(w, leg, ON_HOLD);
    pass(w, 1, 5);
    int second = inside(w, seat, to);
    now(w, second, APPEARED)->transfer = "consultative";
    pass(w, 1, 15);
    bool picked_up = dice_in(&w->d, 75);
    if (picked_up) {
        now(w, second, CONNECTED)->transfer = "consultative";
        pass(w, 2, 30);
    }
    if (!picked_up || dice_in(&w->d, 20)) { /* comes back to the client */
        now(w, second, DISCONNECTED)->transfer = "consultative";
        now(w, leg, CONNECTED);
        return leg;
    }
    now(w, leg, DISCONNECTED)->reason = 1100;
    client_now(w, second, leg, CONNECTED)->transfer = dice_in(&w->d, 50) ? "blind" : "consultative";
    answered(w, to);
    return second;
}

/* The client rings back at who sent them on. NOBODY: they hung up. */
static int come_back(struct teller *w, int leg, int seat)
{
    int third = add_leg(w, PERSON, seat);
    w->s->legs[third].taken_from = leg;
    now(w, third, APPEARED)->transfer = "return_blind";
    pass(w, 2, 20);
    if (dice_in(&w->d, 30)) {
        hang_up(w, third, 1110);
        return NOBODY;
    }
    now(w, third, CONNECTED)->transfer = "return_blind";
    answered(w, seat);
    return third;
}

/* Who is at leg sends the client on without asking. */
static int blind(struct teller *w, int leg, int seat, int to)
{
    int second = inside(w, seat, to);
    now(w, second, APPEARED)->transfer = "blind";
    now(w, leg, DISCONNECTED)->reason = 1181;
    client_now(w, second, leg, APPEARED)->transfer = "blind";
    pass(w, 2, 20);
    if (dice_in(&w->d, 65)) {
        client_now(w, second, leg, CONNECTED)->transfer = "blind";
        answered(w, to);
        return second;
    }
    struct beat *b = now(w, second, DISCONNECTED);
    b->transfer = "blind";
    b->reason = 1111;
    if (dice_in(&w->d, 40)) {
        w->s->end = w->t;
        return NOBODY;
    }
    return come_back(w, second, seat);
}

static void hold(struct teller *w, int leg)
{
    now(w, leg, ON_HOLD);
    pass(w, 2, 40);
    now(w, leg, CONNECTED);
}

/* From the answer on leg to the end. */
static void talk(struct teller *w, int leg)
{
    struct story *s = w->s;
    for (int turn = dice_in(&w->d, 55) ? 0 : dice_between(&w->d, 1, 3); turn > 0; turn--) {
        int seat = s->last_handled, to = other_seat(w, seat), what = dice_to(&w->d, 3);
        pass(w, 2, 60);
        if (what == 0 || to == NOBODY)
            hold(w, leg);
        else if (what == 1 && s->legs[leg].place != INSIDE)
            leg = consult(w, leg, seat, to);
        else if (what == 2)
            leg = blind(w, leg, seat, to);
        if (leg == NOBODY)
            return;
    }
    pass(w, 2, 300);
    hang_up(w, leg, dice_in(&w->d, 50) ? 1110 : 1120);
}

/* ---- incoming ---- */

static bool off_schedule(struct teller *w, int seat, int group)
{
    struct story *s = w->s;
    if (w->s->first_rung != NOBODY || !dice_in(&w->d, 5))
        return false;
    s->unscheduled = true;
    s->left_menu = true;
    s->grouped = s->grouped || group != NOBODY;
    s->to_seat = seat;
    rung(s, seat);
    pass(w, 3, 30);
    if (dice_in(&w->d, 60)) {
        answered(w, seat);
        pass(w, 3, 200);
    }
    s->end = w->t;
    return true;
}

static int draw_seats(struct teller *w, int *seats, int want)
{
    int n = w->s->company.nseats, at = dice_to(&w->d, n);
    if (want > n)
        want = n;
    for (int i = 0; i < want; i++)
        seats[i] = (at + i) % n;
    return want;
}

enum ring_end {
    NO_ANSWER,
    TALKED,
    HUNG_UP
};

static void stop_ringing(struct teller *w, const int *legs, int n, int but, int reason)
{
    for (int i = 0; i < n; i++) {
        if (i != but)
            now(w, legs[i], DISCONNECTED)->reason = reason;
    }
}

/* Rings n seats at once. */
static enum ring_end ring(struct teller *w, const int *seats, int n, int group, int percent)
{
    struct story *s = w->s;
    int legs[5];
    s->left_menu = true;
    for (int i = 0; i < n; i++) {
        legs[i] = add_leg(w, PERSON, seats[i]);
        s->legs[legs[i]].group = group;
        now(w, legs[i], APPEARED);
        rung(s, seats[i]);
        if (i + 1 < n && dice_in(&w->d, 20))
            w->t += 1;
    }
    pass(w, 1, 25);
    if (dice_in(&w->d, percent)) {
        int who = dice_to(&w->d, n);
        now(w, legs[who], CONNECTED);
        answered(w, seats[who]);
        stop_ringing(w, legs, n, who, 1183);
        talk(w, legs[who]);
        return TALKED;
    }
    bool hung_up = dice_in(&w->d, 50);
    stop_ringing(w, legs, n, -1, hung_up ? 1110 : 1111);
    s->end = w->t;
    return hung_up ? HUNG_UP : NO_ANSWER;
}

static void to_group(struct teller *w)
{
    struct story *s = w->s;
    int seats[5], group = dice_to(&w->d, 2), queue = NOBODY;
    s->left_menu = s->grouped = true;
    s->to_group = group;
    if (dice_in(&w->d, 60)) {
        queue = add_leg(w, QUEUE, NOBODY);
        s->legs[queue].group = group;
        now(w, queue, APPEARED);
        pass(w, 0, 20);
        now(w, queue, DISCONNECTED)->reason = 1110;
        s->end = w->t;
        if (dice_in(&w->d, 15)) /* the caller did not wait */
            return;
    }
    for (int round = dice_between(&w->d, 1, 2); round > 0; round--) {
        int n = draw_seats(w, seats, dice_between(&w->d, 1, 5));
        if (n == 1 && off_schedule(w, seats[0], group))
            return;
        if (ring(w, seats, n, group, 55) != NO_ANSWER)
            return;
        pass(w, 1, 2);
    }
    s->end = w->t;
}

static void to_people(struct teller *w)
{
    int at = dice_to(&w->d, w->s->company.nseats);
    for (int round = dice_between(&w->d, 1, 3); round > 0; round--) {
        if (off_schedule(w, at, NOBODY) || ring(w, &at, 1, NOBODY, 55) != NO_ANSWER)
            return;
        pass(w, 1, 2);
        at = (at + 1) % w->s->company.nseats;
    }
    w->s->end = w->t;
}

/* Our command took the call out of the menu. */
static void routed(struct teller *w, int menu)
{
    struct story *s = w->s;
    int seat = dice_to(&w->d, s->company.nseats);
    int leg = add_leg(w, PERSON, seat);
    s->legs[leg].command = true;
    s->legs[leg].taken_from = menu;
    s->left_menu = true;
    now(w, leg, APPEARED);
    add_beat(w, RESULT, leg);
    rung(s, seat);
    pass(w, 1, 25);
    if (dice_in(&w->d, 65)) {
        now(w, leg, CONNECTED);
        answered(w, seat);
        talk(w, leg);
    } else {
        hang_up(w, leg, 1110);
    }
}

static void incoming(struct teller *w)
{
    struct story *s = w->s;
    if (dice_in(&w->d, 65)) {
        int menu = add_leg(w, MENU, NOBODY), after;
        now(w, menu, APPEARED);
        if (dice_in(&w->d, 15))
            now(w, menu, CONNECTED);
        for (int i = dice_to(&w->d, 3); i > 0; i--) {
            pass(w, 1, 6);
            add_beat(w, DTMF, menu)->seq = i;
        }
        pass(w, 0, 8);
        after = dice_to(&w->d, 100);
        now(w, menu, DISCONNECTED);
        s->end = w->t;
        if (after < 18)
            return;
        w->t += dice_to(&w->d, 2);
        if (after < 30) {
            routed(w, menu);
            return;
        }
    }
    if (dice_in(&w->d, 45))
        to_group(w);
    else
        to_people(w);
}

/* ---- outgoing and internal ---- */

static void dial(struct teller *w, int leg, int seat)
{
    now(w, leg, APPEARED);
    pass(w, 1, 25);
    if (dice_in(&w->d, 65)) {
        now(w, leg, CONNECTED);
        answered(w, seat);
        talk(w, leg);
    } else {
        hang_up(w, leg, dice_in(&w->d, 50) ? 1111 : 1121);
    }
}

/* Employees call from extensions. */
static int calling_seat(struct teller *w)
{
    int seat;
    do
        seat = dice_to(&w->d, w->s->company.nseats);
    while (w->s->company.seats[seat].extension[0] == 0);
    return seat;
}

static void callback(struct teller *w, int seat)
{
    static const char *const initiators[] = {"CC",
                                             "API",
                                             "WEB",
                                             "ObDial",
                                             "CallbackWidget",
                                             "MissGroupCallCallback",
                                             "СС",
                                             "MissInIvrCallCallback"};
    struct story *s = w->s;
    int first = add_leg(w, INVERTED, seat), how = dice_to(&w->d, 3);
    s->callback = true;
    s->legs[first].initiator = how == 0 ? initiators[dice_to(&w->d, 8)] : NULL;
    s->legs[first].task = how == 1;
    s->legs[first].command = how == 2;
    now(w, first, APPEARED);
    pass(w, 1, 20);
    if (!dice_in(&w->d, 70)) {
        hang_up(w, first, 1111);
        return;
    }
    s->picked_up = true;
    now(w, first, CONNECTED);
    pass(w, 1, 3);
    int second = add_leg(w, OUTSIDE, seat);
    s->legs[second].taken_from = first;
    s->legs[second].command = how == 2;
    s->legs[second].initiator = dice_in(&w->d, 50) ? s->legs[first].initiator : NULL;
    bool handed_over = dice_in(&w->d, 50);
    if (handed_over)
        now(w, first, DISCONNECTED)->reason = 1000;
    dial(w, second, seat);
    if (!handed_over)
        now(w, first, DISCONNECTED)->reason = 1000;
}

static void outgoing(struct teller *w)
{
    struct story *s = w->s;
    s->caller_seat = calling_seat(w);
    if (dice_in(&w->d, 40))
        callback(w, s->caller_seat);
    else if (dice_in(&w->d, 4)) { /* off by schedule */
        s->unscheduled = true;
        pass(w, 2, 20);
        if (dice_in(&w->d, 60)) {
            answered(w, s->caller_seat);
            pass(w, 2, 100);
        }
        s->end = w->t;
    } else
        dial(w, add_leg(w, OUTSIDE, s->caller_seat), s->caller_seat);
}

static void internal(struct teller *w)
{
    struct story *s = w->s;
    s->caller_seat = calling_seat(w);
    s->to_seat = calling_seat(w); /* a call to a mobile is an outgoing one */
    int leg = inside(w, s->caller_seat, s->to_seat);
    now(w, leg, APPEARED);
    pass(w, 1, 20);
    if (dice_in(&w->d, 70)) {
        now(w, leg, CONNECTED);
        s->talk = w->t;
        pass(w, 2, 100);
    }
    now(w, leg, DISCONNECTED);
    s->end = w->t;
}

/* ---- the whole ---- */

static const struct {
    const char *form;
    bool tail;   /* ends in digits of chance */
    bool client; /* can be a client's */
} callers[] = {
    [CALLER_MOBILE] = {"7903", true, true},
    [CALLER_TRUNK] = {"8903", true, true},
    [CALLER_FOREIGN] = {"49151", true, true},
    [CALLER_SIP] = {"sip:user@example.org", false, false},
    [CALLER_HIDDEN] = {"", false, false},
    [CALLER_SHORT] = {"0911", false, false},
    [CALLER_EMPLOYEE] = {"79250000017", false, false},
    [CALLER_LINE] = {"74953333357", false, false},
    [CALLER_IGNORED] = {"7904", true, false},
};

static void draw_number(struct teller *w)
{
    struct story *s = w->s;
    int tail = dice_to(&w->d, 10000000);
    if (dice_in(&w->d, 70))
        s->caller = CALLER_MOBILE;
    else
        s->caller = (enum caller)dice_between(&w->d, CALLER_TRUNK, CALLER_IGNORED);
    if (s->caller == CALLER_HIDDEN && s->direction != INCOMING)
        s->caller = CALLER_FOREIGN; /* who calls knows what they dial */
    (void)snprintf(s->number, sizeof s->number, "%s", callers[s->caller].form);
    if (callers[s->caller].tail)
        (void)snprintf(s->number, sizeof s->number, "%s%07d", callers[s->caller].form, tail);
    if (callers[s->caller].client)
        (void)snprintf(s->digits, sizeof s->digits, "%s", s->number);
    if (s->caller == CALLER_TRUNK)
        s->digits[0] = '7';
}

/* An employee's mobile or a line is only special if the company has it. */
static void check_number(struct story *s)
{
    struct company *c = &s->company;
    bool theirs = s->caller == CALLER_LINE && c->lines_set;
    for (int i = 0; i < c->nseats && s->caller == CALLER_EMPLOYEE; i++) {
        if (strcmp(c->seats[i].mobile, s->number) == 0) {
            c->seats[i] = c->seats[--c->nseats]; /* nobody rings the phone that calls */
            theirs = true;
        }
    }
    if ((s->caller == CALLER_LINE || s->caller == CALLER_EMPLOYEE) && !theirs) {
        s->caller = CALLER_MOBILE;
        (void)snprintf(s->number, sizeof s->number, "79030000000");
        (void)snprintf(s->digits, sizeof s->digits, "79030000000");
    }
}

static void sum_up(struct teller *w)
{
    struct story *s = w->s;
    if (s->direction == INCOMING && s->talk > 0)
        s->to_seat = dice_in(&w->d, 50) ? s->first_handled : s->last_handled;
    else if (s->direction == INCOMING && s->first_rung != NOBODY && !s->unscheduled)
        s->to_seat = s->grouped && dice_in(&w->d, 40) ? NOBODY : s->first_rung;
    w->t += dice_to(&w->d, 2);
    s->summary = s->nbeats;
    add_beat(w, SUMMARY, NOBODY)->reason =
        s->talk == 0 && s->grouped && dice_in(&w->d, 50) ? dice_between(&w->d, 1160, 1164) : 1100;
}

void story_make(struct story *s, uint64_t seed)
{
    struct teller w = {.s = s, .d = {seed}};
    *s = (struct story){.seed = seed};
    s->first_handled = s->last_handled = s->first_rung = s->last_rung = s->caller_seat = NOBODY;
    s->to_seat = s->to_group = NOBODY;
    w.t = s->begin = YEAR_2026 + (int64_t)(dice_throw(&w.d) % (364 * 86400));
    company_make(&s->company, &w.d, s->begin);
    int kind = dice_to(&w.d, 100);
    s->direction = kind < 65 ? INCOMING : kind < 95 ? OUTGOING : INTERNAL;
    s->line = dice_to(&w.d, 3);
    draw_number(&w);
    check_number(s);
    s->dct_type = s->direction == INCOMING && dice_in(&w.d, 40) ? dice_between(&w.d, 1, 2) : 0;
    if (s->direction == INCOMING)
        incoming(&w);
    else if (s->direction == OUTGOING)
        outgoing(&w);
    else
        internal(&w);
    if (w.t < s->end)
        w.t = s->end;
    sum_up(&w);
}

void story_done(struct story *s)
{
    company_done(&s->company);
}

/*
 * Legs to calls: sorted by call and time first, then read from the first to the last.
 */
#include "common/reconcile/history.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define ROUNDED_S 2 /* times of two legs that belong together differ by so much */

/* ---- order ---- */

static int by_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By everything a leg tells, times first. 0: the same line twice. */
static int by_time(const struct history_query_leg *a, const struct history_query_leg *b)
{
    const int64_t times[][2] = {{a->start, b->start},
                                {a->create, b->create},
                                {a->answer, b->answer},
                                {a->finish, b->finish},
                                {(int64_t)a->location, (int64_t)b->location},
                                {a->disconnect_reason, b->disconnect_reason}};
    const struct str texts[][2] = {
        {a->from_extension, b->from_extension}, {a->from_number, b->from_number},
        {a->to_extension, b->to_extension},     {a->to_number, b->to_number},
        {a->line_number, b->line_number},       {a->records, b->records}};
    int c = 0;
    for (size_t i = 0; c == 0 && i < sizeof times / sizeof *times; i++)
        c = by_int(times[i][0], times[i][1]);
    for (size_t i = 0; c == 0 && i < sizeof texts / sizeof *texts; i++)
        c = str_cmp(texts[i][0], texts[i][1]);
    return c;
}

static int by_call(const void *x, const void *y)
{
    const struct history_query_leg *a = ((const struct history_leg *)x)->told,
                                   *b = ((const struct history_leg *)y)->told;
    int c = str_cmp(a->entry_id, b->entry_id);
    return c ? c : by_time(a, b);
}

static int by_begin(const void *x, const void *y)
{
    const struct history_call *a = x, *b = y;
    int c = by_int(a->began, b->began);
    return c ? c : str_cmp(a->entry_id, b->entry_id);
}

/* ---- a leg ---- */

static bool from_outside(const struct history_query_leg *leg)
{
    return leg->from_extension.len == 0;
}

enum call_event_location history_location(const struct history_query_leg *leg)
{
    if (leg->location != CALL_EVENT_NOWHERE)
        return leg->location;
    if (leg->to_extension.len)
        return CALL_EVENT_ABONENT;
    return leg->to_number.len == 0 || str_eq(leg->to_number, leg->line_number) ? CALL_EVENT_IVR
                                                                               : CALL_EVENT_ABONENT;
}

static bool at_people(const struct history_query_leg *leg)
{
    return history_location(leg) == CALL_EVENT_ABONENT;
}

bool history_goes_out(const struct history_query_leg *leg)
{
    return !from_outside(leg) && leg->to_extension.len == 0 && leg->to_number.len > 0 &&
           at_people(leg);
}

static bool between_employees(const struct history_query_leg *leg)
{
    return !from_outside(leg) && leg->to_extension.len > 0 && at_people(leg);
}

int64_t history_talked_at(const struct history_call *c, const struct history_leg *leg)
{
    const struct history_query_leg *told = leg->told;
    if (leg->callback || !at_people(told))
        return 0;
    if (leg->put_through_at)
        return leg->put_through_at;
    bool with_client = c->direction == CALL_EVENT_INTERNAL ||
                       (c->direction == CALL_EVENT_INCOMING && from_outside(told)) ||
                       (c->direction == CALL_EVENT_OUTGOING && !between_employees(told));
    return with_client ? told->answer : 0;
}

/* ---- direction ---- */

/* The first leg with an outsider; nlegs: there is none. */
static size_t first_outside(const struct history_call *c)
{
    size_t i = 0;
    while (i < c->nlegs && !from_outside(c->legs[i].told) && !history_goes_out(c->legs[i].told))
        i++;
    return i;
}

/* The employee who was rung in that leg calls its caller in a later one. */
static bool is_callback(const struct history_call *c, size_t i)
{
    const struct history_query_leg *first = c->legs[i].told;
    if (!from_outside(first) || first->to_extension.len == 0 || first->from_number.len == 0 ||
        !at_people(first))
        return false;
    for (size_t j = i + 1; j < c->nlegs; j++) {
        const struct history_query_leg *leg = c->legs[j].told;
        if (history_goes_out(leg) && str_eq(leg->from_extension, first->to_extension) &&
            str_eq(leg->to_number, first->from_number))
            return true;
    }
    return false;
}

static void read_direction(struct history_call *c, struct history_leg *legs)
{
    size_t i = first_outside(c);
    c->direction = CALL_EVENT_INTERNAL;
    if (i == c->nlegs)
        return;
    legs[i].callback = is_callback(c, i);
    bool out = legs[i].callback || history_goes_out(legs[i].told);
    c->direction = out ? CALL_EVENT_OUTGOING : CALL_EVENT_INCOMING;
    for (size_t j = i; j < c->nlegs && c->number.len == 0; j++) {
        const struct history_query_leg *leg = legs[j].told;
        if (from_outside(leg))
            c->number = leg->from_number;
        else if (history_goes_out(leg))
            c->number = leg->to_number;
    }
}

/* ---- who was put through ---- */

/* Who has the client in a leg that was answered. */
static struct str has_client(const struct history_call *c, const struct history_leg *leg)
{
    if (history_talked_at(c, leg) == 0)
        return STR_NONE;
    return history_goes_out(leg->told) ? leg->told->from_extension : leg->told->to_extension;
}

/* The client's leg of the employee who asks a colleague in this one, if that is over while this one goes on. */
static void put_through(const struct history_call *c, struct history_leg *legs, size_t j)
{
    const struct history_query_leg *asks = legs[j].told;
    if (!between_employees(asks) || asks->answer == 0 || c->direction == CALL_EVENT_INTERNAL)
        return;
    for (size_t i = 0; i < j; i++) {
        const struct history_query_leg *with = legs[i].told;
        if (!str_eq(has_client(c, &legs[i]), asks->from_extension) || with->finish == 0 ||
            with->finish + ROUNDED_S < asks->start ||
            (asks->finish && asks->finish <= with->finish))
            continue;
        legs[j].put_through_at = with->finish > asks->answer ? with->finish : asks->answer;
        legs[j].put_through_from = i;
    }
}

/* ---- calls ---- */

static void read_times(struct history_call *c)
{
    bool goes_on = false;
    for (size_t i = 0; i < c->nlegs; i++) {
        const struct history_query_leg *leg = c->legs[i].told;
        int64_t began = leg->create && leg->create < leg->start ? leg->create : leg->start;
        int64_t talked = history_talked_at(c, &c->legs[i]);
        if (i == 0 || began < c->began)
            c->began = began;
        if (leg->finish > c->ended)
            c->ended = leg->finish;
        if (talked && (c->talked_at == 0 || talked < c->talked_at))
            c->talked_at = talked;
        goes_on = goes_on || leg->finish == 0;
    }
    if (goes_on)
        c->ended = 0;
}

static void read_call(struct history_call *c, struct history_leg *legs)
{
    read_direction(c, legs);
    for (size_t j = 1; j < c->nlegs; j++)
        put_through(c, legs, j);
    read_times(c);
}

/* Sorted legs, each once; how many are left. */
static size_t take_legs(const struct history_query_leg *legs, size_t n, struct history_leg *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct history_leg){.told = &legs[i]};
    qsort(out, n, sizeof *out, by_call);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || by_call(&out[i], &out[kept - 1]) != 0)
            out[kept++] = out[i];
    return kept;
}

enum err history_build(const struct history_query_leg *legs, size_t n, struct history *out,
                       struct error *e)
{
    *out = (struct history){.count = 0};
    out->legs = mem_try_alloc(n + 1, sizeof *out->legs);
    out->calls = mem_try_alloc(n + 1, sizeof *out->calls);
    if (!out->legs || !out->calls) {
        history_done(out);
        return error_set(e, ERR_INTERNAL, "no memory for the call history");
    }
    n = take_legs(legs, n, out->legs);
    for (size_t i = 0, last; i < n; i = last) {
        struct history_call *c = &out->calls[out->count++];
        *c = (struct history_call){.entry_id = out->legs[i].told->entry_id, .legs = &out->legs[i]};
        for (last = i; last < n && str_eq(out->legs[last].told->entry_id, c->entry_id); last++)
            c->nlegs++;
        read_call(c, &out->legs[i]);
    }
    qsort(out->calls, out->count, sizeof *out->calls, by_begin);
    return ERR_OK;
}

void history_done(struct history *h)
{
    free(h->calls);
    free(h->legs);
    *h = (struct history){.count = 0};
}

const struct history_call *history_find(const struct history *h, struct str entry_id)
{
    for (size_t i = 0; i < h->count; i++)
        if (str_eq(h->calls[i].entry_id, entry_id))
            return &h->calls[i];
    return NULL;
}

const char *history_direction(const struct history_call *c)
{
    static const char *const names[] = {"internal", "incoming", "outgoing"};
    return names[c->direction];
}

/* ---- recordings ---- */

static bool is_told_before(const struct history_call *c, size_t leg, struct str id)
{
    for (size_t i = 0; i < leg; i++) {
        struct str rest = c->legs[i].told->records, other;
        while (history_query_record(&rest, &other))
            if (str_eq(other, id))
                return true;
    }
    return false;
}

bool history_record(const struct history_call *c, size_t n, struct str *id, int64_t *at)
{
    for (size_t i = 0; i < c->nlegs; i++) {
        const struct history_query_leg *leg = c->legs[i].told;
        struct str rest = leg->records;
        while (history_query_record(&rest, id)) {
            *at = leg->finish ? leg->finish : leg->start;
            if (!is_told_before(c, i, *id) && n-- == 0)
                return true;
        }
    }
    return false;
}

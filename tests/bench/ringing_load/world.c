/*
 * Calls and what they are called. No I/O.
 */
#include "tests/bench/ringing_load/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"

#define ENTRY_END "zMTIzNDU2Nzg5MDEyMzQ1Njc="
#define DIGITS 7 /* of a call's place in its texts */

int world_total(const struct world *w)
{
    return w->accounts[WORLD_MENU] + w->accounts[WORLD_RING] + w->accounts[WORLD_CROWD];
}

int world_first(const struct world *w, enum world_group g)
{
    int first = 0;
    for (int i = 0; i < (int)g; i++)
        first += w->accounts[i];
    return first;
}

static enum world_group group_of(const struct world *w, int account)
{
    return account < world_first(w, WORLD_RING)    ? WORLD_MENU
           : account < world_first(w, WORLD_CROWD) ? WORLD_RING
                                                   : WORLD_CROWD;
}

void world_problem(struct world *w, const char *format, ...)
{
    char text[sizeof w->problems->text];
    va_list args;
    size_t i = 0;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    while (i < w->nproblems && strcmp(w->problems[i].text, text) != 0)
        i++;
    if (i == w->nproblems && i == sizeof w->problems / sizeof *w->problems)
        i--; /* no room: counted with the last */
    else if (i == w->nproblems)
        memcpy(w->problems[w->nproblems++].text, text, sizeof text);
    w->problems[i].times++;
}

int64_t world_below(struct world *w, int64_t n)
{
    w->dice ^= w->dice << 13;
    w->dice ^= w->dice >> 7;
    w->dice ^= w->dice << 17;
    return (int64_t)((w->dice * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % n;
}

struct world_call *world_call_new(struct world *w, int account, bool regular)
{
    int number = regular ? (int)world_below(w, WORLD_REGULARS) : w->numbers[account];
    if (w->ncalls == WORLD_CALLS || number >= WORLD_NUMBERS) {
        world_problem(w, "the bench has no room for more calls");
        return NULL;
    }
    w->numbers[account] += !regular;
    struct world_call *c = &w->calls[w->ncalls++];
    c->world = w;
    c->account = account;
    c->group = group_of(w, account);
    c->regular = regular;
    c->beside = w->beside[account];
    c->place = (int64_t)account * WORLD_NUMBERS + number;
    return c;
}

int64_t world_index(const struct world_call *c)
{
    return c - c->world->calls;
}

/* ---- finding ---- */

static struct world_call *call_at(struct world *w, struct str digits)
{
    int64_t i = 0;
    return num_parse(digits, 0, (int64_t)w->ncalls - 1, &i) ? &w->calls[i] : NULL;
}

struct world_call *world_call_of_entry(struct world *w, struct str entry_id)
{
    if (entry_id.len != DIGITS + sizeof ENTRY_END - 1 || !str_ends(entry_id, STR(ENTRY_END)))
        return NULL;
    return call_at(w, (struct str){entry_id.ptr, DIGITS});
}

static struct world_call *newest_of(struct world *w, struct str place)
{
    int64_t i = 0;
    if (!num_parse(place, 0, (int64_t)world_total(w) * WORLD_NUMBERS - 1, &i) || w->newest[i] < 0)
        return NULL;
    return &w->calls[w->newest[i]];
}

struct world_call *world_call_of_id(struct world *w, struct str client_id)
{
    return client_id.len == 10 ? newest_of(w, str_from(client_id, 1)) : NULL;
}

struct world_call *world_call_of_number(struct world *w, struct str number)
{
    return number.len == 11 ? newest_of(w, str_from(number, 2)) : NULL;
}

struct world_call *world_call_of_dct(struct world *w, struct str dct_number)
{
    return dct_number.len == 4 + DIGITS ? call_at(w, str_from(dct_number, 4)) : NULL;
}

/* ---- texts ---- */

void world_account(int account, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "ring%d", account);
}

void world_key(int account, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "key-ring%d", account);
}

void world_entry(const struct world_call *c, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "%0*" PRId64 ENTRY_END, DIGITS, world_index(c));
}

void world_leg(const struct world_call *c, int leg, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "MToxMDA4Njk0OTo0Mjc6%0*" PRId64 "OjE2Mz%02dMQ==", DIGITS,
                   world_index(c), leg);
}

void world_number(const struct world_call *c, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "79%09" PRId64, c->place);
}

void world_client_id(const struct world_call *c, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "1%09" PRId64, c->place);
}

/* Longer than the 64 bytes that a phone shows. */
void world_client_name(const struct world_call *c, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "%09" PRId64 " Рога и копыта, общество с ответственностью",
                   c->place);
}

void world_dct(const struct world_call *c, char out[WORLD_TEXT])
{
    (void)snprintf(out, WORLD_TEXT, "7800%0*" PRId64, DIGITS, world_index(c));
}

int world_employee(const struct world_call *c)
{
    return (int)(c->place % WORLD_EMPLOYEES);
}

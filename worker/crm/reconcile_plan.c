/*
 * Pieces of time, and when they are due. Pure: memory only.
 */
#include "worker/crm/reconcile_plan.h"

#include "common/jval.h"

#define UNTIL "until"
#define DONE_AT "done_at"
#define INVALID_AT "invalid_at"

static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t number_of(const struct jval *state, const char *key)
{
    int64_t n = 0;
    return jval_int(jval_get(state, key), &n) && n > 0 ? n : 0;
}

void reconcile_plan_recall(struct str value, struct reconcile_memory *out)
{
    struct jval *state CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    *out = (struct reconcile_memory){0};
    if (!value.len || jval_parse(value, &state, &ignored))
        return;
    out->until = number_of(state, UNTIL);
    out->done_at = number_of(state, DONE_AT);
    out->invalid_at = number_of(state, INVALID_AT);
}

char *reconcile_plan_remember(const struct reconcile_memory *m)
{
    struct jval *state = jval_new_object();
    jval_put_int(state, DONE_AT, m->done_at);
    if (m->invalid_at)
        jval_put_int(state, INVALID_AT, m->invalid_at);
    jval_put_int(state, UNTIL, m->until);
    jval_put_int(state, "v", 1);
    return jval_dump_free(state, true);
}

/* pieces */

bool reconcile_plan_piece(const struct reconcile_memory *m, int64_t now_s, int64_t largest,
                          struct reconcile_piece *out)
{
    int64_t overlap = at_most(RECONCILE_OVERLAP_S, largest);
    int64_t last = now_s - RECONCILE_REST_S, earliest = now_s - RECONCILE_LONGEST_S + overlap;
    int64_t begin = m->until ? at_least(m->until, earliest) : now_s - RECONCILE_FIRST_S;
    if (begin >= last)
        return false;
    out->begin = begin;
    out->end = at_most(begin + largest, last);
    out->from = begin - overlap;
    out->to = at_most(out->end + overlap, now_s);
    return true;
}

bool reconcile_plan_halve(int64_t *largest)
{
    if (*largest / 2 < RECONCILE_SMALLEST_S)
        return false;
    *largest /= 2;
    return true;
}

/* times */

/* Some part of it. */
static int64_t part_of(int64_t ms, uint32_t random)
{
    return ms > 0 ? (int64_t)(random % (uint64_t)ms) : 0;
}

int64_t reconcile_plan_due(const struct reconcile_memory *m, int64_t every_s, uint32_t random,
                           int64_t now_ms)
{
    int64_t every = every_s * 1000, tenth = every / 10;
    int64_t soon = now_ms + part_of(at_most(tenth, RECONCILE_AGAIN_MS), random);
    int64_t done_at = at_most(m->done_at, now_ms); /* another machine's clock */
    int64_t at = done_at ? done_at + every - tenth + part_of(2 * tenth, random) : soon;
    if (m->invalid_at)
        at = at_least(at, at_most(m->invalid_at, now_ms) + RECONCILE_INVALID_MS);
    return at_least(at, soon);
}

int64_t reconcile_plan_again(unsigned failed, int64_t every_s, uint32_t random, int64_t now_ms)
{
    int64_t ms = RECONCILE_AGAIN_MS;
    for (unsigned i = 1; i < failed && ms < every_s * 1000; i++)
        ms *= 2;
    ms = at_most(ms, every_s * 1000);
    return now_ms + ms - part_of(ms / 5, random);
}

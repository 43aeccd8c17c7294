/*
 * Rows are a choice of calls and a time between two moments of each.
 */
#include "tests/bench/ringing_load/figures.h"

#include <math.h>
#include <stdlib.h>

#include "common/mem.h"

enum which {
    ALL,
    REGULAR, /* facts remember the caller */
    NEW,
    BESIDE, /* in the partition of the backlog */
};

enum what {
    BETWEEN, /* two moments */
    FLOOR,   /* the job could be read, and Megaplan's time for its questions */
};

static const struct row {
    const char *name;
    enum world_group group;
    enum which which;
    enum what what;
    enum world_moment from, to;
} rows[] = {
    {"route", WORLD_MENU, ALL, BETWEEN, WORLD_SENT, WORLD_COMMAND},
    {"route_regular", WORLD_MENU, REGULAR, BETWEEN, WORLD_SENT, WORLD_COMMAND},
    {"route_new", WORLD_MENU, NEW, BETWEEN, WORLD_SENT, WORLD_COMMAND},
    {"route_beside", WORLD_MENU, BESIDE, BETWEEN, WORLD_SENT, WORLD_COMMAND},
    {"route_floor", WORLD_MENU, ALL, FLOOR, WORLD_SENT, WORLD_JOB},
    {"route_acked", WORLD_MENU, ALL, BETWEEN, WORLD_SENT, WORLD_ACKED},
    {"route_job", WORLD_MENU, ALL, BETWEEN, WORLD_SENT, WORLD_JOB},
    {"route_asks", WORLD_MENU, ALL, BETWEEN, WORLD_JOB, WORLD_ASKED},
    {"route_megaplan", WORLD_MENU, ALL, BETWEEN, WORLD_ASKED, WORLD_TOLD},
    {"route_command", WORLD_MENU, ALL, BETWEEN, WORLD_TOLD, WORLD_COMMAND},
    {"popup", WORLD_RING, ALL, BETWEEN, WORLD_SENT, WORLD_POPUP},
    {"popup_shown", WORLD_RING, ALL, BETWEEN, WORLD_SENT, WORLD_SHOWN},
    {"popup_regular", WORLD_RING, REGULAR, BETWEEN, WORLD_SENT, WORLD_POPUP},
    {"popup_new", WORLD_RING, NEW, BETWEEN, WORLD_SENT, WORLD_POPUP},
    {"popup_beside", WORLD_RING, BESIDE, BETWEEN, WORLD_SENT, WORLD_POPUP},
    {"popup_floor", WORLD_RING, ALL, FLOOR, WORLD_SENT, WORLD_JOB},
    {"popup_acked", WORLD_RING, ALL, BETWEEN, WORLD_SENT, WORLD_ACKED},
    {"popup_job", WORLD_RING, ALL, BETWEEN, WORLD_SENT, WORLD_JOB},
    {"popup_routed", WORLD_MENU, ALL, BETWEEN, WORLD_RANG, WORLD_POPUP},
    {"visitor", WORLD_MENU, ALL, BETWEEN, WORLD_SENT, WORLD_VISIT},
    {"visitor_beside", WORLD_MENU, BESIDE, BETWEEN, WORLD_SENT, WORLD_VISIT},
    {"visitor_floor", WORLD_MENU, ALL, BETWEEN, WORLD_SENT, WORLD_JOB_VISITOR},
};

static bool is_chosen(const struct world_call *c, const struct row *r, int phase)
{
    if (c->phase != phase || c->group != r->group)
        return false;
    switch (r->which) {
    case REGULAR:
        return c->regular;
    case NEW:
        return !c->regular;
    case BESIDE:
        return c->beside;
    case ALL:
        break;
    }
    return true;
}

/* A remembered caller's card is one question, for a route; another caller's are two, for a pop-up too. */
static int64_t megaplan_us(const struct world_call *c)
{
    int questions = c->group == WORLD_MENU ? 1 + !c->regular : 2 * !c->regular;
    return questions * c->world->latency_us;
}

/* ms; negative: it never came. */
static double time_of(const struct world_call *c, const struct row *r)
{
    int64_t from = c->at[r->from], to = c->at[r->to];
    if (from <= 0 || to <= 0)
        return NAN;
    return (double)(to - from + (r->what == FLOOR ? megaplan_us(c) : 0)) / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Nearest rank. */
static double percentile(const double *sorted, size_t n, int p)
{
    size_t rank = (n * (size_t)p + 99) / 100;
    return sorted[rank ? rank - 1 : 0];
}

static struct jval *row_of(const struct world *w, int phase, const struct row *r)
{
    double *times = mem_alloc(w->ncalls + 1, sizeof *times);
    struct jval *out = jval_new_object();
    int64_t of = 0;
    size_t n = 0;
    for (size_t i = 0; i < w->ncalls; i++) {
        if (!is_chosen(&w->calls[i], r, phase))
            continue;
        of++;
        times[n] = time_of(&w->calls[i], r);
        n += isnan(times[n]) ? 0 : 1;
    }
    qsort(times, n, sizeof *times, by_size);
    jval_put_int(out, "of", of);
    jval_put_int(out, "n", (int64_t)n);
    if (n) {
        jval_put(out, "p50", jval_new_real(percentile(times, n, 50)));
        jval_put(out, "p95", jval_new_real(percentile(times, n, 95)));
        jval_put(out, "p99", jval_new_real(percentile(times, n, 99)));
        jval_put(out, "max", jval_new_real(times[n - 1]));
    }
    free(times);
    return out;
}

struct jval *figures_of(const struct world *w, int phase)
{
    struct jval *out = jval_new_object();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        jval_put(out, rows[i].name, row_of(w, phase, &rows[i]));
    return out;
}

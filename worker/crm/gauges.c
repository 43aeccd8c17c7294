/*
 * Counting what is held. Loop's thread only. New work is put in front of what is counted, so it counts next time.
 */
#include "worker/crm/gauges.h"

#include "worker/crm/executor_state.h"

#define AT_ONCE 1000 /* works a turn: well under a millisecond, none of them in the cache */

static bool waits(const struct work *w, int64_t now, enum tally_cause *cause)
{
    if (w->in_pbx)
        *cause = pbx_is_out(&w->account->pbx, now) ? TALLY_OUTAGE : TALLY_BUDGET;
    else if (w->lane.state == LANES_BEHIND)
        *cause = TALLY_ORDER;
    else if (w->lane.state == LANES_WANTING)
        *cause = service_is_out(w->service) ? TALLY_OUTAGE : TALLY_BUDGET;
    else
        return false;
    return true;
}

static void add_gauges(struct tally_gauges *sum, const struct tally_gauges *g)
{
    for (int c = 0; c < TALLY_CAUSES; c++) {
        sum->held[c] += g->held[c];
        if (g->oldest_ms[c] > sum->oldest_ms[c])
            sum->oldest_ms[c] = g->oldest_ms[c];
    }
    sum->open |= g->open;
    sum->pbx_open |= g->pbx_open;
    sum->missing += g->missing;
    if (g->tokens < sum->tokens)
        sum->tokens = g->tokens;
    if (g->pbx_tokens < sum->pbx_tokens)
        sum->pbx_tokens = g->pbx_tokens;
}

static void gauge_work(struct work *w, int64_t now)
{
    enum tally_cause cause;
    if (!waits(w, now, &cause))
        return;
    struct tally_gauges *g = &w->account->gauges;
    g->held[cause]++;
    if (now - w->taken_at > g->oldest_ms[cause])
        g->oldest_ms[cause] = now - w->taken_at;
}

static void set_gauges(struct executor *x)
{
    struct tally_gauges sum = {.tokens = BUDGET_BURST_MAX, .pbx_tokens = PBX_PER_SECOND};
    int64_t now = executor_now(x);
    for (struct account *a = x->accounts; a; a = a->next) {
        bool known = a->service.per_second > 0;
        account_serve(x, a);
        account_watch(x, a);
        alert_account_watch(x, a);
        a->gauges.open = a->service.open;
        a->gauges.tokens = known ? budget_level(&a->service.budget, now) : BUDGET_BURST_MAX;
        a->gauges.pbx_open = pbx_is_out(&a->pbx, now);
        a->gauges.pbx_tokens = pbx_level(&a->pbx, now);
        a->gauges.missing = a->missing;
        add_gauges(&sum, &a->gauges);
        if (tally_by_account(x->tally))
            tally_gauges(x->tally, a->service.account, &a->gauges);
    }
    if (!tally_by_account(x->tally))
        tally_gauges(x->tally, "", &sum);
}

/* The next one to be counted; NULL: all are. */
static struct work *next_of(struct counting *c)
{
    while (!c->next && c->at < c->n) {
        const struct owner *o = c->owners[c->at++];
        c->next = o ? o->works : NULL;
    }
    struct work *w = c->next;
    c->next = w ? w->next : NULL;
    return w;
}

bool gauges_go_on(struct executor *x)
{
    struct counting *c = &x->counting;
    int64_t now = executor_now(x);
    for (size_t i = 0; c->under_way && i < AT_ONCE; i++) {
        struct work *w = next_of(c);
        if (w) {
            gauge_work(w, now);
            continue;
        }
        c->under_way = false;
        set_gauges(x);
    }
    return c->under_way;
}

void gauges_measure(struct executor *x, struct owner *const *owners, size_t n)
{
    struct counting *c = &x->counting;
    if (c->under_way)
        return;
    *c = (struct counting){.under_way = true, .n = n};
    for (size_t i = 0; i < n; i++)
        c->owners[i] = owners[i];
    for (struct account *a = x->accounts; a; a = a->next)
        a->gauges = (struct tally_gauges){0};
    (void)gauges_go_on(x);
}

void gauges_forget(struct executor *x, const struct work *w)
{
    if (x->counting.next == w)
        x->counting.next = w->next;
}

void gauges_leave(struct executor *x, const struct owner *o)
{
    for (size_t i = 0; i < x->counting.n; i++)
        if (x->counting.owners[i] == o)
            x->counting.owners[i] = NULL;
}

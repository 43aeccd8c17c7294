/*
 * The states of the header, and the queues.
 */
#include "worker/crm/gate.h"

bool gate_open(const struct gate *g)
{
    return g->careful == 0 && g->count == 0 && g->state == GATE_FREE;
}

/* places */

void gate_enter(struct gate *g, struct gate_place *p)
{
    p->careful = p->notes && poison_careful(p->notes);
    g->careful += p->careful;
}

void gate_calm(struct gate *g, struct gate_place *p)
{
    if (!p->careful || poison_careful(p->notes))
        return;
    p->careful = false;
    g->careful--;
}

void gate_leave(struct gate *g, struct gate_place *p)
{
    g->careful -= p->careful;
    p->careful = false;
    if (g->before == p)
        g->before = NULL;
    if (g->place != p)
        return;
    g->place = NULL;
    g->chosen = NULL;
    g->state = GATE_FREE;
}

/* the queues */

static struct gate_queue *queue_of(struct gate *g, const struct gate_step *s)
{
    return &g->queues[s->urgent ? 0 : 1][s->with_name];
}

static bool has_name(const struct gate_step *s)
{
    return s->place && s->place->careful;
}

static void enter(struct gate *g, struct gate_step *s)
{
    s->with_name = has_name(s);
    s->queued = true;
    g->count++;
}

void gate_push(struct gate *g, struct gate_step *s)
{
    enter(g, s);
    struct gate_queue *q = queue_of(g, s);
    s->next = NULL;
    s->prev = q->last;
    *(q->last ? &q->last->next : &q->first) = s;
    q->last = s;
}

void gate_push_first(struct gate *g, struct gate_step *s)
{
    enter(g, s);
    struct gate_queue *q = queue_of(g, s);
    s->prev = NULL;
    s->next = q->first;
    *(q->first ? &q->first->prev : &q->last) = s;
    q->first = s;
}

void gate_drop(struct gate *g, struct gate_step *s)
{
    if (!s->queued)
        return;
    struct gate_queue *q = queue_of(g, s);
    *(s->prev ? &s->prev->next : &q->first) = s->next;
    *(s->next ? &s->next->prev : &q->last) = s->prev;
    s->prev = s->next = NULL;
    s->queued = false;
    g->count--;
    if (g->chosen == s)
        g->chosen = NULL;
}

/* The next one without a name, or one that has lost it since it came, its partition being careful no more. */
static struct gate_step *next_without(const struct gate *g)
{
    for (size_t i = 0; i < 2; i++) {
        struct gate_step *with = g->queues[i][1].first;
        if (g->queues[i][0].first)
            return g->queues[i][0].first;
        if (with && !has_name(with))
            return with;
    }
    return NULL;
}

static struct gate_step *next_with(const struct gate *g)
{
    struct gate_step *urgent = g->queues[0][1].first;
    return urgent ? urgent : g->queues[1][1].first;
}

/* turns */

static enum gate_turn run(struct gate *g, struct gate_step *s, struct gate_step **out)
{
    gate_drop(g, s);
    *out = s;
    return GATE_RUNS;
}

static void unname(struct gate *g)
{
    if (g->place)
        g->place->notes->name = (struct poison_name){0};
}

static enum gate_turn name(struct gate *g, struct gate_step *s)
{
    unname(g);
    g->before = g->place == s->place ? NULL : g->place;
    g->place = s->place;
    g->offset = s->offset;
    g->chosen = s;
    g->place->notes->name = (struct poison_name){POISON_NAMES_MESSAGE, s->offset, 1};
    g->state = GATE_NAMING;
    return GATE_WRITES;
}

static enum gate_turn take_back(struct gate *g)
{
    unname(g);
    g->state = GATE_TAKING_BACK;
    return GATE_WRITES;
}

/* What was named runs, whoever has come meanwhile: else those without a name would never let it. */
static enum gate_turn next_named(struct gate *g, struct gate_step **out)
{
    struct gate_step *s = g->chosen;
    if (s)
        return run(g, s, out);
    s = next_with(g);
    if (!s || next_without(g))
        return take_back(g);
    return s->place == g->place && s->offset == g->offset ? run(g, s, out) : name(g, s);
}

enum gate_turn gate_next(struct gate *g, struct gate_step **out)
{
    if (g->state == GATE_NAMED)
        return next_named(g, out);
    if (g->state != GATE_FREE)
        return GATE_WAITS;
    struct gate_step *s = next_without(g);
    if (s)
        return run(g, s, out);
    s = next_with(g);
    return s ? name(g, s) : GATE_WAITS;
}

bool gate_written(struct gate *g, bool ok)
{
    if (g->state != GATE_NAMING && g->state != GATE_TAKING_BACK)
        return false;
    if (!ok)
        return true;
    g->before = NULL;
    g->state = g->state == GATE_NAMING ? GATE_NAMED : GATE_FREE;
    if (g->state == GATE_FREE)
        g->place = NULL;
    return false;
}

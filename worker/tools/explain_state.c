/*
 * The fold of worker calls, told after each event. Decides nothing. Pure.
 */
#include "worker/tools/explain_state.h"

#include <stdlib.h>

#include "common/event.h"
#include "common/mango/call_event.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/calls/fold.h"
#include "worker/calls/view.h"

#define NAMES 16 /* of one list; a call may have a thousand legs */

struct explain_state {
    struct fold fold;
};

struct explain_state *explain_state_new(void)
{
    struct explain_state *x = mem_alloc(1, sizeof *x);
    fold_init(&x->fold);
    return x;
}

void explain_state_free(struct explain_state *x)
{
    if (!x)
        return;
    fold_done(&x->fold);
    free(x);
}

static void put_or_null(struct jval *row, const char *key, const char *text)
{
    jval_put(row, key, text ? jval_new_text(str_of(text)) : jval_new_null());
}

static const char *kind_of(const struct view *v, bool over)
{
    const char *kind = job_verdict_name(v->verdict);
    bool talked = v->verdict == JOB_TALKED_TO;
    return kind && (talked || over) ? kind : NULL;
}

static void put_view(struct jval *row, const struct fold *f, const struct settings *s, bool over)
{
    static const char *const directions[] = {"internal", "incoming", "outgoing"};
    struct view v;
    if (!s)
        return;
    view_make(&v, f, s);
    put_or_null(row, "direction",
                v.direction == CALL_EVENT_UNTOLD ? NULL : directions[v.direction]);
    put_or_null(row, "kind", kind_of(&v, over));
    jval_put_bool(row, "connected", v.connected);
}

/* What the legs are doing now. */
struct doing {
    bool menu, queue;
    struct jval *lists[3]; /* by enum call_event_state: Appeared, Connected, OnHold */
};

static void read_leg(struct doing *d, const struct fold *f, const struct fold_leg *leg)
{
    const struct fold_event *last = &leg->events[leg->n - 1];
    struct str to = fold_text(f, last->texts[FOLD_TO_EXTENSION]);
    struct str from = fold_text(f, last->texts[FOLD_FROM_EXTENSION]);
    if (last->state == CALL_EVENT_DISCONNECTED)
        return;
    d->menu = d->menu || last->location == CALL_EVENT_IVR;
    d->queue = d->queue || last->location == CALL_EVENT_QUEUE;
    if (last->location == CALL_EVENT_IVR || last->location == CALL_EVENT_QUEUE)
        return;
    struct jval *list = d->lists[last->state];
    if (jval_size(list) < NAMES && (to.len || from.len)) {
        struct jval *name = jval_new_text(to.len ? to : from);
        if (name)
            jval_append(list, name);
    }
}

static void put_legs(struct jval *row, const struct fold *f)
{
    struct doing d = {.lists = {jval_new_array(), jval_new_array(), jval_new_array()}};
    for (size_t i = 0; i < f->nlegs; i++)
        read_leg(&d, f, &f->legs[i]);
    jval_put_int(row, "legs", f->nlegs);
    jval_put_bool(row, "menu", d.menu);
    jval_put_bool(row, "queue", d.queue);
    jval_put(row, "ringing", d.lists[CALL_EVENT_APPEARED]);
    jval_put(row, "talking", d.lists[CALL_EVENT_CONNECTED]);
    jval_put(row, "held", d.lists[CALL_EVENT_ON_HOLD]);
}

static struct jval *state_of(const struct fold *f, const struct settings *s,
                             enum fold_result result)
{
    static const char *const counted[] = {"new", "repeat", "full"};
    bool over = f->summary.there || fold_disconnected(f);
    struct jval *row = jval_new_object();
    jval_put_text(row, "counted", str_of(counted[result]));
    put_view(row, f, s, over);
    jval_put_bool(row, "summary", f->summary.there);
    put_legs(row, f);
    jval_put_bool(row, "over", over);
    return row;
}

struct jval *explain_state_take(struct explain_state *x, const struct settings *s,
                                const struct kafka_message *m)
{
    struct call_event ev;
    struct error ignored = ERROR_NONE;
    int64_t at = m->timestamp;
    struct jval *row = NULL;
    (void)text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &at);
    if (call_event_parse(kafka_header_get(m, EVENT_KIND), m->value, &ev, &ignored))
        return NULL;
    if (ev.kind == CALL_EVENT_LEG || ev.kind == CALL_EVENT_SUMMARY)
        row = state_of(&x->fold, s, fold_add(&x->fold, &ev, at));
    call_event_done(&ev);
    return row;
}

/*
 * Missing calls, event by event. Loop's thread only.
 */
#include "worker/crm/reconcile_heal.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/reconcile/history_events.h"
#include "worker/crm/reconcile_send.h"

struct reconcile_heal {
    struct executor *x;
    const char *account;
    const struct reconcile_calls *calls;
    struct reconcile_send *sending; /* NULL: nothing is on its way */
    size_t next_call, next_event;   /* to be sent */
    bool summaries;                 /* ... else all the others, first */
    bool failed;
};

struct reconcile_heal *reconcile_heal_new(struct executor *x, const char *account,
                                          const struct reconcile_calls *c)
{
    struct reconcile_heal *h = mem_alloc(1, sizeof *h);
    *h = (struct reconcile_heal){.x = x, .account = account, .calls = c};
    return h;
}

void reconcile_heal_free(struct reconcile_heal *h)
{
    if (!h)
        return;
    reconcile_send_forget(h->sending);
    free(h);
}

static void on_sent(void *arg, bool ok)
{
    struct reconcile_heal *h = arg;
    h->sending = NULL;
    h->failed = !ok;
}

/* The next one to be sent; NULL: all are handed over. */
static const struct history_call *next_event(struct reconcile_heal *h, size_t *nth)
{
    for (; h->next_call < reconcile_calls_missing(h->calls); h->next_call++, h->next_event = 0) {
        const struct history_call *call = reconcile_calls_at(h->calls, h->next_call);
        size_t last = history_events_count(call) - 1;
        if (h->summaries && h->next_event < last)
            h->next_event = last;
        *nth = h->next_event++;
        if (*nth < last + h->summaries)
            return call;
    }
    return NULL;
}

static void send_one(struct reconcile_heal *h, const struct history_call *call, size_t nth)
{
    struct history_event e;
    if (!history_events_write(call, nth, &e))
        mem_out();
    reconcile_send_event(h->sending, str_of(h->account), call->entry_id, e.kind, str_of(e.json));
    free(e.json);
}

static void send_some(struct reconcile_heal *h)
{
    const struct history_call *call;
    size_t nth = 0;
    h->sending = reconcile_send_new(h->x, on_sent, h);
    while (!reconcile_send_is_full(h->sending) && (call = next_event(h, &nth)))
        send_one(h, call, nth);
    reconcile_send_end(h->sending);
}

enum reconcile_heal_state reconcile_heal_turn(struct reconcile_heal *h)
{
    if (h->failed)
        return RECONCILE_HEAL_FAILED;
    if (h->sending)
        return RECONCILE_HEAL_GOES_ON;
    if (h->next_call < reconcile_calls_missing(h->calls)) {
        send_some(h);
    } else if (!h->summaries) {
        h->summaries = true;
        h->next_call = h->next_event = 0;
    } else {
        return RECONCILE_HEAL_DONE;
    }
    return RECONCILE_HEAL_GOES_ON;
}

/*
 * Batches: who rides, and when one leaves.
 */
#include <stdlib.h>

#include "common/megaplan/bulk.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/batch_state.h"
#include "worker/crm/executor_state.h"

void batch_free(struct batch *b)
{
    struct executor *x = b->executor;
    agenda_drop(&x->batches, &b->timer);
    if (b->transfer)
        x->port->cancel(x->port->world, b->transfer);
    if (b->keeps)
        account_unused(x, b->account);
    for (size_t i = 0; i < b->n; i++) {
        free(b->rides[i].url);
        free(b->rides[i].body);
    }
    free(b);
}

struct work *batch_take(struct batch *b, size_t i)
{
    struct work *w = b->rides[i].work;
    b->rides[i].work = NULL;
    if (w)
        w->batch = NULL;
    return w;
}

bool batch_is_empty(const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->rides[i].work)
            return false;
    return true;
}

static struct ride *ride_of(const struct work *w)
{
    struct ride *r = w->batch->rides;
    while (r->work != w)
        r++;
    return r;
}

/* who rides */

static bool may_gather(const struct executor *x, const struct work *w, const struct settings *s)
{
    const struct service *service = w->service;
    int64_t now = executor_now(x);
    if (!s->megaplan.bulk || service->open || w->goes_alone || now < w->account->no_batch_until)
        return false;
    return !w->urgent || budget_ready_at(&service->budget, now, true) > now;
}

static size_t gather(struct executor *x, struct work *w, struct work *who[BATCH_MAX])
{
    size_t n = 0;
    struct lanes_entry *next = lanes_beside(&w->lane, NULL);
    who[n++] = w;
    while (next && n < BATCH_MAX && !executor_is_full(x, w->ahead)) {
        struct work *other = WORK_OF(lane, next);
        next = lanes_beside(&w->lane, next);
        if (other->goes_alone || lanes_is_urgent(&other->lane) != w->ahead)
            continue;
        executor_begin(x, other);
        who[n++] = other;
    }
    return n;
}

void batch_go(struct executor *x, struct work *w, const struct settings *s)
{
    struct work *who[BATCH_MAX] = {w};
    size_t n = may_gather(x, w, s) ? gather(x, w, who) : 1;
    if (n > 1) {
        struct batch *b = mem_alloc(1, sizeof *b);
        *b = (struct batch){
            .executor = x, .account = w->account, .n = n, .keeps = true, .ahead = w->ahead};
        w->keeps = false; /* the token is the batch's */
        for (size_t i = 0; i < n; i++) {
            b->rides[i].work = who[i];
            who[i]->batch = b;
        }
    }
    for (size_t i = 0; i < n; i++)
        act_go(x, who[i]);
}

/* gathering */

static void leave_at(struct batch *b, int64_t at)
{
    if (!b->timer.slot || at < b->timer.at)
        agenda_set(&b->executor->batches, &b->timer, at);
}

void batch_put(struct executor *x, struct work *w, const struct request *r)
{
    struct batch *b = w->batch;
    struct ride *ride = ride_of(w);
    int64_t now = executor_now(x);
    b->bytes += strlen(r->url) + (r->body ? strlen(r->body) : 0);
    if (b->bytes > BATCH_BYTES) {
        free(r->url);
        free(r->body);
        batch_forget(x, w);
        w->goes_alone = true;
        act_anew(x, w);
        return;
    }
    ride->ready = true;
    ride->url = r->url;
    ride->body = r->body;
    ride->leave_by = r->leave_by;
    ride->ends_at = now + request_timeout(x, w, r);
    b->ready++;
    leave_at(b, b->ready == b->n ? now : now + BATCH_WAIT_MS);
    if (r->leave_by)
        leave_at(b, r->leave_by - BATCH_MARGIN_MS);
}

static void remove_ride(struct batch *b, struct ride *r)
{
    b->ready -= r->ready;
    free(r->url);
    free(r->body);
    b->n--;
    memmove(r, r + 1, (size_t)(b->rides + b->n - r) * sizeof *r); /* in order */
    b->rides[b->n] = (struct ride){.work = NULL};
}

void batch_forget(struct executor *x, struct work *w)
{
    struct batch *b = w->batch;
    struct ride *r = ride_of(w);
    (void)batch_take(b, (size_t)(r - b->rides));
    if (b->away) {
        if (!b->telling && batch_is_empty(b))
            batch_free(b);
        return;
    }
    remove_ride(b, r);
    if (b->n == 0)
        batch_free(b);
    else if (b->ready == b->n)
        leave_at(b, executor_now(x));
}

/* leaving */

void batch_anew(struct batch *b, bool alone)
{
    b->away = b->telling = true;
    for (size_t i = 0; i < b->n; i++) {
        struct work *w = batch_take(b, i);
        if (!w)
            continue;
        w->goes_alone |= alone;
        act_anew(b->executor, w);
    }
}

void batch_left(void *arg)
{
    struct batch *b = arg;
    if (b->keeps)
        account_left(b->executor, b->account);
    b->keeps = false;
}

static char *write_calls(const struct batch *b, struct str base_url)
{
    struct bulk_call calls[BATCH_MAX];
    for (size_t i = 0; i < b->n; i++) {
        const struct ride *r = &b->rides[i];
        calls[i] = (struct bulk_call){r->work->request.method, r->url, r->body};
    }
    return bulk_body(base_url, calls, b->n);
}

static enum err send_it(struct batch *b, const char *url, const char *body, struct error *e)
{
    struct http_request h = {.method = "POST",
                             .url = url,
                             .body = str_of(body),
                             .ahead = b->ahead,
                             .left = batch_left,
                             .done = batch_end_answered,
                             .arg = b};
    int64_t ends_at = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct ride *r = &b->rides[i];
        if (r->leave_by && (!h.leave_by || r->leave_by < h.leave_by))
            h.leave_by = r->leave_by;
        if (r->ends_at > ends_at)
            ends_at = r->ends_at;
    }
    b->sent_at = executor_now(b->executor);
    h.timeout_ms = ends_at > b->sent_at ? ends_at - b->sent_at : 1;
    return request_hand(b->executor, &b->account->service, &h, &b->transfer, e);
}

static void went(struct batch *b)
{
    b->away = true;
    for (size_t i = 0; i < b->n; i++) {
        struct work *w = b->rides[i].work;
        w->requests++;
        w->token = b->account->service.signin.token;
    }
    batch_end_watch(b);
}

static void unsent(struct batch *b, enum err bad, const struct error *e)
{
    b->away = b->telling = true;
    for (size_t i = 0; i < b->n; i++) {
        struct work *w = batch_take(b, i);
        if (w)
            request_unsent(b->executor, w, bad, e);
    }
    batch_free(b);
}

static void leave_together(struct batch *b)
{
    struct executor *x = b->executor;
    struct service *service = &b->account->service;
    struct error e = ERROR_NONE;
    const struct settings *s = x->port->settings(x->port->world, service->account);
    bool may = s && signin_token(&service->signin);
    char *url CLEANUP(mem_free_text) = may ? bulk_url(str_of(s->megaplan.base_url)) : NULL;
    char *body CLEANUP(mem_free_text) = may ? write_calls(b, str_of(s->megaplan.base_url)) : NULL;
    if (!url || !body) { /* settings have changed since, or one of them cannot be written down */
        batch_anew(b, may);
        batch_free(b);
        return;
    }
    enum err bad = send_it(b, url, body, &e);
    if (bad)
        unsent(b, bad, &e);
    else
        went(b);
}

static void leave_alone(struct batch *b)
{
    struct ride *ride = &b->rides[0];
    struct work *w = batch_take(b, 0);
    struct request r = {.operation = w->request.operation,
                        .method = w->request.method,
                        .path = w->request.path,
                        .url = ride->url,
                        .body = ride->body,
                        .leave_by = ride->leave_by,
                        .timeout_ms = ride->ends_at - executor_now(b->executor)};
    struct executor *x = b->executor;
    w->keeps = b->keeps;
    b->keeps = false;
    *ride = (struct ride){.work = NULL};
    batch_free(b);
    request_send(x, w, &r);
}

static void leave(struct batch *b)
{
    if (b->ready == 0) /* whoever was ready is gone */
        return;
    for (size_t i = b->n; i > 0; i--)
        if (!b->rides[i - 1].ready) { /* has no token any more, which request_send finds */
            struct work *w = batch_take(b, i - 1);
            w->goes_alone = true;
            remove_ride(b, &b->rides[i - 1]);
        }
    if (b->n == 1)
        leave_alone(b);
    else
        leave_together(b);
}

void batch_run(struct executor *x, int64_t now)
{
    struct agenda_entry *e;
    while ((e = agenda_due(&x->batches, now))) {
        struct batch *b = (struct batch *)(void *)((char *)e - offsetof(struct batch, timer));
        if (b->away)
            batch_end_overdue(b, now);
        else
            leave(b);
    }
}

void batch_reset(struct account *a)
{
    a->no_batch_until = 0;
    a->unclear_batches = 0;
    a->unclear_batch_at = 0;
}

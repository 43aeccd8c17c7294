/*
 * Batches: whose end is which, and what the end of the whole says of batches.
 */
#include "common/log.h"
#include "common/megaplan/bulk.h"
#include "worker/crm/act.h"
#include "worker/crm/batch_state.h"
#include "worker/crm/executor_state.h"

#define OPERATION "bulk" /* for metrics */

/* No batches of the account until then; AGENDA_NEVER: until its settings change. */
static void stop_batches(const struct batch *b, int64_t until, const char *why, int status)
{
    struct account *a = b->account;
    bool told = executor_now(b->executor) < a->no_batch_until;
    if (until > a->no_batch_until)
        a->no_batch_until = until;
    a->unclear_batches = 0;
    if (!told)
        log_warn(until == AGENDA_NEVER
                     ? "no more several requests in one until the account's settings change"
                     : "no more several requests in one for an hour",
                 LOG_TEXT("account", a->service.account), LOG_INT("http_status", status),
                 LOG_TEXT("err", why));
}

/* Where nothing was answered since the last one it is no fault of batches. */
static void count_unclear(struct batch *b, const char *why, int status)
{
    struct account *a = b->account;
    int64_t now = executor_now(b->executor);
    if (a->unclear_batches == 0 || a->service.last_good > a->unclear_batch_at)
        a->unclear_batches++;
    a->unclear_batch_at = now;
    if (a->unclear_batches >= BATCH_UNCLEAR)
        stop_batches(b, now + BATCH_REST_MS, why, status);
}

static void tell(struct batch *b, size_t i, const struct http_answer *answer, bool echoes)
{
    struct work *w = batch_take(b, i);
    if (!w)
        return;
    w->echoes = echoes;
    act_answered(b->executor, w, answer);
}

/* The end of the whole is the end of each. */
static void tell_all(struct batch *b, const struct http_answer *answer, bool alone)
{
    bool told = false;
    for (size_t i = 0; i < b->n; i++) {
        struct work *w = b->rides[i].work;
        if (!w)
            continue;
        w->goes_alone |= alone;
        tell(b, i, answer, told);
        told = true;
    }
}

static void tell_unknown(struct batch *b, size_t i, const char *why, bool echoes)
{
    const struct http_answer unknown = {.end = HTTP_UNKNOWN,
                                        .retry_after_s = -1,
                                        .ms = executor_now(b->executor) - b->sent_at,
                                        .sent_boot_ms = b->sent_at,
                                        .why = why};
    if (b->rides[i].work)
        b->rides[i].work->goes_alone = true;
    tell(b, i, &unknown, echoes);
}

static size_t count_status(const struct bulk_end *ends, size_t n, int status)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += ends[i].status == status;
    return found;
}

/* Each its own; what is said of the service more than once is told once. */
static void tell_each(struct batch *b, const struct http_answer *answer,
                      const struct bulk_end *ends)
{
    bool limited = false, unknown = false;
    for (size_t i = 0; i < b->n; i++) {
        struct http_answer one = *answer;
        if (ends[i].status == 0) {
            tell_unknown(b, i, "the answer to several requests does not say how this one ended",
                         unknown);
            unknown = true;
            continue;
        }
        one.status = ends[i].status;
        one.body = str_of(ends[i].body);
        tell(b, i, &one, limited && one.status == 429);
        limited |= one.status == 429;
    }
}

static void take_apart(struct batch *b, const struct http_answer *answer, const struct answer *a)
{
    struct bulk_end ends[BATCH_MAX];
    if (!bulk_read(a, ends, b->n) || count_status(ends, b->n, 0) == b->n)
        stop_batches(b, AGENDA_NEVER, "the answer cannot be read", a->status);
    else if (count_status(ends, b->n, 429) > 0)
        stop_batches(b, AGENDA_NEVER, "each request in it counts against the limit", a->status);
    b->account->unclear_batches = 0;
    tell_each(b, answer, ends);
    bulk_ends_done(ends, b->n);
}

/* 401, 402 and redirects speak of the account, whatever was asked. */
static bool is_refused(const struct answer *a)
{
    return a->kind == ANSWER_RECORD ||
           (a->kind == ANSWER_OUTAGE && (a->status == 403 || a->status == 404));
}

static void read_answer(struct batch *b, const struct http_answer *answer)
{
    const struct answer_source source = {answer->status, answer->body, answer->too_large,
                                         ANSWER_ABOUT_ACCOUNT};
    struct answer a;
    answer_read(&source, &a);
    if (a.kind == ANSWER_OK)
        take_apart(b, answer, &a);
    else if (a.kind == ANSWER_LIMITED || is_refused(&a))
        stop_batches(b, AGENDA_NEVER, a.text, a.status);
    else if (a.kind == ANSWER_TEMPORARY)
        count_unclear(b, a.text, a.status);
    bool refused = is_refused(&a), unclear = a.kind == ANSWER_TEMPORARY;
    answer_done(&a);
    if (refused)
        batch_anew(b, false);
    else
        tell_all(b, answer, unclear); /* nobody is left of one that was taken apart */
}

void batch_end_answered(void *arg, const struct http_answer *answer)
{
    struct batch *b = arg;
    struct executor *x = b->executor;
    bool has_status = answer->end == HTTP_ANSWERED || (answer->too_large && answer->status);
    b->transfer = NULL;
    b->telling = true;
    if (answer->end != HTTP_NOT_SENT)
        batch_left(b); /* else its token comes back */
    tally_request(x->tally, b->account->service.account, TALLY_MEGAPLAN, OPERATION, answer,
                  x->port->wall(x->port->world));
    if (has_status) {
        read_answer(b, answer);
    } else {
        if (answer->end == HTTP_UNKNOWN)
            count_unclear(b, answer->why, 0);
        tell_all(b, answer, answer->end == HTTP_UNKNOWN);
    }
    batch_free(b);
}

void batch_end_watch(struct batch *b)
{
    int64_t first = AGENDA_NEVER, last = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct ride *r = &b->rides[i];
        if (r->ends_at > last)
            last = r->ends_at;
        if (r->work && r->ends_at < first)
            first = r->ends_at;
    }
    if (first < last)
        agenda_set(&b->executor->batches, &b->timer, first);
}

void batch_end_overdue(struct batch *b, int64_t now)
{
    bool told = false;
    b->telling = true;
    for (size_t i = 0; i < b->n; i++)
        if (b->rides[i].work && b->rides[i].ends_at <= now) {
            tell_unknown(b, i, "timed out", told);
            told = true;
        }
    b->telling = false;
    if (batch_is_empty(b))
        batch_free(b);
    else
        batch_end_watch(b);
}

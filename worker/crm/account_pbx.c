/*
 * Requests to MANGO.
 */
#include "worker/crm/account_pbx.h"

#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mango/mango_answer.h"
#include "common/mango/signed.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/reconcile.h"
#include "worker/crm/record.h"
#include "worker/crm/step.h"

#define BUSY_MS 50
#define ANSWER_MS 5000       /* how long MANGO's answers are waited for */
#define CLOCKS_APART_MS 2000 /* of two owners, at most */

/* the queue */

static void enqueue(struct work *w)
{
    struct account *a = w->account;
    enum pbx_method m = w->act->limit;
    w->in_pbx = true;
    w->next_pbx = NULL;
    w->prev_pbx = a->last_pbx[m];
    *(w->prev_pbx ? &w->prev_pbx->next_pbx : &a->first_pbx[m]) = w;
    a->last_pbx[m] = w;
}

void account_pbx_forget(struct work *w)
{
    struct account *a = w->account;
    if (!w->in_pbx)
        return;
    enum pbx_method m = w->act->limit;
    *(w->prev_pbx ? &w->prev_pbx->next_pbx : &a->first_pbx[m]) = w->next_pbx;
    *(w->next_pbx ? &w->next_pbx->prev_pbx : &a->last_pbx[m]) = w->prev_pbx;
    w->prev_pbx = w->next_pbx = NULL;
    w->in_pbx = false;
}

/* Its turn would come too late. */
static void end_without(struct executor *x, struct work *w)
{
    struct account *a = w->account;
    bool out = pbx_is_out(&a->pbx, executor_now(x));
    account_pbx_forget(w);
    finish_without(x, w, out ? "failed" : "limited",
                   out ? pbx_reason(&a->pbx)
                       : "MANGO takes no more requests in time, or has not answered the last one");
}

static void leave_queue(struct executor *x, struct work *w)
{
    account_pbx_forget(w);
    agenda_drop(&x->works, &w->timer);
    if (w->lane.state == LANES_RESTING)
        lanes_run(x->lanes, &w->lane);
}

static void go(struct executor *x, struct work *w)
{
    leave_queue(x, w);
    tally_waited(x->tally, w->job->account, TALLY_MANGO, "now",
                 (double)(executor_now(x) - w->wanted_at) / 1000.0);
    w->keeps = true;
    executor_hold_place(x, w, true);
    step_do(x, w, STEP_GO);
}

/* Its account was switched off, or has gone, while it waited. True: it is judged anew. */
static bool lost_account(struct executor *x, struct work *w)
{
    const struct settings *s = executor_settings_of(x, w);
    if (s && s->enabled)
        return false;
    leave_queue(x, w);
    step_do(x, w, STEP_JUDGE);
    return true;
}

static void serve(struct executor *x, struct account *a, enum pbx_method m)
{
    int64_t until = 0;
    struct work *w;
    while ((w = a->first_pbx[m])) {
        int64_t now = executor_now(x);
        if (x->stopping || step_goes(x)) { /* a little later */
            agenda_set(&x->pbxs, &a->pbx_wake, now + BUSY_MS);
            return;
        }
        if (lost_account(x, w))
            continue;
        if (pbx_admit(&a->pbx, m, now, &until)) {
            go(x, w);
        } else if (w->deadline && until >= w->deadline) {
            end_without(x, w);
        } else {
            if (!a->pbx_wake.slot || until < a->pbx_wake.at)
                agenda_set(&x->pbxs, &a->pbx_wake, until);
            return;
        }
    }
}

static void serve_all(struct executor *x, struct account *a)
{
    for (int m = 0; m < PBX_METHODS; m++)
        serve(x, a, (enum pbx_method)m);
}

void account_pbx_run(struct executor *x, int64_t now)
{
    struct agenda_entry *e;
    while ((e = agenda_due(&x->pbxs, now)))
        serve_all(x, (struct account *)(void *)((char *)e - offsetof(struct account, pbx_wake)));
}

static void wake(struct executor *x, struct account *a)
{
    agenda_set(&x->pbxs, &a->pbx_wake, executor_now(x));
}

void account_pbx_want(struct executor *x, struct work *w)
{
    work_fold_data(w);
    executor_hold_place(x, w, false);
    w->wanted_at = executor_now(x);
    lanes_rest(x->lanes, &w->lane); /* Megaplan's requests, bulk too, go on meanwhile */
    enqueue(w);
    if (w->deadline)
        agenda_set(&x->works, &w->timer, w->deadline);
    wake(x, w->account);
}

/* sending */

/* While one has no answer others wait for their window: not longer than it makes sense. */
static int64_t patience(const struct executor *x, const struct work *w, const struct request *r)
{
    int64_t ms = request_timeout(x, w, r), left = w->deadline - executor_now(x);
    if (ms > ANSWER_MS)
        ms = ANSWER_MS;
    return w->deadline && left < ms ? (left > 1 ? left : 1) : ms;
}

/* h: all but headers and body. */
static enum err send_signed(const struct executor *x, const struct settings *s, const char *json,
                            struct http_request *h, struct http_transfer **out, struct error *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    char *body = signed_body(str_of(s->mango.api_key), str_of(s->mango.api_salt), str_of(json));
    if (!h->url || !body) {
        free(body);
        return error_set(e, ERR_INPUT, "the request's address or body could not be built");
    }
    h->headers = headers;
    h->body = str_of(body);
    h->tls12 = true;
    enum err bad = x->port->send(x->port->world, h, out, e);
    secret_free(body);
    return bad;
}

static enum err send_it(struct executor *x, struct work *w, const struct settings *s,
                        const struct request *r, struct error *e)
{
    struct http_request h = {.method = r->method,
                             .url = r->url,
                             .timeout_ms = patience(x, w, r),
                             .leave_by = r->leave_by,
                             .max_body = LIMIT_ANSWER_BYTES,
                             .ahead = true,
                             .done = request_ended,
                             .arg = w};
    return send_signed(x, s, r->body, &h, &w->transfer, e);
}

void account_pbx_send(struct executor *x, struct work *w, const struct request *r)
{
    struct error e = ERROR_NONE;
    const struct settings *s = executor_settings_of(x, w);
    w->executor = x;
    w->request.operation = r->operation;
    w->request.method = r->method;
    w->request.path = r->path;
    w->transfer = NULL;
    enum err bad = s ? send_it(x, w, s, r, &e) : error_set(&e, ERR_CONFIG, "account disabled");
    free(r->url);
    free(r->body);
    if (!bad) {
        w->requests++;
        return;
    }
    account_pbx_return(x, w);
    finish_given_up(x, w, "failed", e.text);
}

void account_pbx_ended(struct executor *x, struct work *w)
{
    if (w->keeps)
        pbx_ended(&w->account->pbx, w->act->limit, executor_now(x));
    w->keeps = false;
    wake(x, w->account);
}

void account_pbx_return(struct executor *x, struct work *w)
{
    if (w->keeps)
        pbx_return(&w->account->pbx, w->act->limit);
    w->keeps = false;
    wake(x, w->account);
}

/* ends */

void account_pbx_read(const struct http_answer *answer, struct request_end *out)
{
    static const enum request_verdict verdicts[] = {
        [MANGO_DONE] = REQUEST_GOOD,       [MANGO_REFUSED] = REQUEST_REFUSED,
        [MANGO_INVALID] = REQUEST_REFUSED, /* the same again would be invalid again */
        [MANGO_BLOCKED] = REQUEST_HELD,    [MANGO_LIMITED] = REQUEST_HELD,
        [MANGO_TEMPORARY] = REQUEST_LATER,
    };
    static const enum answer_kind kinds[] = {
        [MANGO_DONE] = ANSWER_OK,         [MANGO_REFUSED] = ANSWER_RECORD,
        [MANGO_INVALID] = ANSWER_RECORD,  [MANGO_BLOCKED] = ANSWER_OUTAGE,
        [MANGO_LIMITED] = ANSWER_LIMITED, [MANGO_TEMPORARY] = ANSWER_TEMPORARY,
    };
    struct mango_answer got;
    mango_answer_read(answer->status, answer->body, answer->too_large, &got);
    out->verdict = verdicts[got.kind];
    out->status = got.status;
    out->code = got.code;
    out->invalid = got.kind == MANGO_INVALID;
    out->answer = (struct answer){
        .kind = kinds[got.kind], .status = answer->status, .data = got.root, .root = got.root};
    snprintf(out->answer.text, sizeof out->answer.text, "%s", got.text);
}

/* memory */

#define STATE "mango"
#define OPEN_UNTIL "open_until"

/* One invalid request more would block the API, whoever sends it. open_until: unix ms, 0 = it is forgotten. */
static void remember(struct executor *x, struct account *a, int64_t open_until)
{
    struct jval *state = jval_new_object();
    jval_put_int(state, OPEN_UNTIL, open_until);
    jval_put_int(state, "v", 1);
    char *value CLEANUP(mem_free_text) = jval_dump_free(state, true);
    if (a->owner)
        record_state(x, a->owner, str_of(a->service.account), STR(STATE), value);
}

static void note_credentials(const struct executor *x, struct account *a)
{
    const struct settings *s = x->port->settings(x->port->world, a->service.account);
    if (!s)
        return;
    const struct str parts[] = {str_of(s->mango.base_url), STR("\n"), str_of(s->mango.api_key),
                                STR("\n"), str_of(s->mango.api_salt)};
    sha256_hex(parts, sizeof parts / sizeof *parts, a->pbx_of);
}

void account_pbx_own(struct executor *x, struct account *a)
{
    struct jval *state CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    struct str value = facts_state(a->owner->facts, str_of(a->service.account), STR(STATE));
    int64_t until = 0;
    note_credentials(x, a);
    if (!value.len || jval_parse(value, &state, &ignored) ||
        !jval_int(jval_get(state, OPEN_UNTIL), &until))
        return;
    int64_t ahead = until - x->port->wall(x->port->world);
    if (ahead > PBX_OPEN_MS)
        ahead = PBX_OPEN_MS;
    if (ahead > 0)
        pbx_close(&a->pbx, "MANGO refused a request a moment ago", executor_now(x) + ahead);
}

void account_pbx_settings(struct executor *x, struct account *a)
{
    char before[SHA256_HEX];
    memcpy(before, a->pbx_of, sizeof before);
    note_credentials(x, a);
    if (memcmp(before, a->pbx_of, sizeof before) == 0)
        return;
    pbx_reset(&a->pbx);
    reconcile_settings(x, a);
    a->told_pbx = false;
    if (a->owner && facts_state(a->owner->facts, str_of(a->service.account), STR(STATE)).len)
        remember(x, a, 0);
    wake(x, a);
}

static void refuse(struct executor *x, struct account *a, const char *why)
{
    (void)pbx_refused(&a->pbx, why, executor_now(x));
    remember(x, a, x->port->wall(x->port->world) + PBX_OPEN_MS);
}

/* Told once, until it works again. w: whose request it was; NULL: no work's. */
static void tell_out(struct executor *x, struct account *a, struct work *w, const char *why)
{
    if (a->told_pbx)
        return;
    a->told_pbx = true;
    log_fail("MANGO refuses the account's requests; none is made for two minutes",
             LOG_TEXT("account", a->service.account), LOG_TEXT("job", w ? w->job->id : ""),
             LOG_TEXT("err", why));
    if (w)
        record_held(x, w, why);
    else
        account_tell(x, a, "held", why);
}

void account_pbx_tell(struct executor *x, struct work *w, const struct http_answer *answer,
                      const struct request_end *end)
{
    struct account *a = w->account;
    int64_t now = executor_now(x);
    bool blocked = end->verdict == REQUEST_HELD && end->status == 401;
    if (end->invalid || blocked)
        refuse(x, a, end->why);
    else if (end->verdict == REQUEST_HELD)
        pbx_slow_down(&a->pbx, answer->retry_after_s, now);
    else if (answer->end == HTTP_ANSWERED && end->verdict != REQUEST_UNKNOWN &&
             end->verdict != REQUEST_LATER) {
        pbx_good(&a->pbx);
        a->told_pbx = false;
    }
    if (end->invalid || blocked)
        tell_out(x, a, w, end->why);
    wake(x, a);
}

/* Bytes leave within five seconds of the intent's handing over. */
void account_pbx_seen(struct executor *x, struct account *a, enum pbx_method m, int64_t written_at)
{
    int64_t ahead =
        written_at + EXECUTOR_INTENT_LIVES_MS + CLOCKS_APART_MS - x->port->wall(x->port->world);
    if (ahead > EXECUTOR_INTENT_LIVES_MS)
        ahead = EXECUTOR_INTENT_LIVES_MS;
    if (ahead > -PBX_LOOK_BACK_MS)
        pbx_seen(&a->pbx, m, executor_now(x) + ahead);
}

/* requests that are no work's */

static bool somebody_waits(const struct account *a)
{
    for (size_t m = 0; m < PBX_METHODS; m++)
        if (a->first_pbx[m])
            return true;
    return false;
}

bool account_pbx_may(struct executor *x, struct account *a, enum pbx_method m)
{
    int64_t until = 0;
    return !x->stopping && !somebody_waits(a) && pbx_admit(&a->pbx, m, executor_now(x), &until);
}

enum err account_pbx_ask(struct executor *x, const struct account *a,
                         const struct account_pbx_question *q, struct http_transfer **out,
                         struct error *e)
{
    const struct settings *s = x->port->settings(x->port->world, a->service.account);
    if (!s)
        return error_set(e, ERR_CONFIG, "account disabled");
    char *url CLEANUP(mem_free_text) = signed_url(str_of(s->mango.base_url), q->method);
    struct http_request h = {.method = "POST",
                             .url = url,
                             .timeout_ms = x->options.request_timeout_ms,
                             .max_body = q->max_body,
                             .done = q->done,
                             .arg = q->arg};
    return send_signed(x, s, q->json, &h, out, e);
}

void account_pbx_asked(struct executor *x, struct account *a, enum pbx_method m,
                       const struct http_answer *answer)
{
    wake(x, a);
    if (!answer) {
        pbx_return(&a->pbx, m);
        return;
    }
    pbx_ended(&a->pbx, m, executor_now(x));
    tally_request(x->tally, a->service.account, TALLY_MANGO,
                  m == PBX_HISTORY ? "stats.request" : "stats.result", answer,
                  x->port->wall(x->port->world));
}

void account_pbx_heard(struct executor *x, struct account *a, enum mango_answer_kind kind,
                       const char *text)
{
    if (kind == MANGO_INVALID || kind == MANGO_BLOCKED) {
        refuse(x, a, text);
        tell_out(x, a, NULL, text);
    } else if (kind == MANGO_DONE) {
        pbx_good(&a->pbx);
        a->told_pbx = false;
    }
    wake(x, a);
}

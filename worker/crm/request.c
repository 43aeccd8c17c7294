/*
 * Requests to Megaplan and what their ends mean.
 */
#include "worker/crm/request.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/secret.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/account_signin.h"
#include "worker/crm/act.h"
#include "worker/crm/batch.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"
#include "worker/crm/step.h"

static void offer_again(struct executor *x, struct service *s)
{
    agenda_set(&x->services, &s->wake, executor_now(x));
}

static struct account *account_of(const struct work *w)
{
    return w->account;
}

/* The access token it was admitted with is over since: another request's 401; or its batch has left. */
static bool came_too_late(struct executor *x, struct work *w, const struct request *r)
{
    if (signin_token(&w->service->signin) && (w->keeps || w->batch))
        return false;
    free(r->url);
    free(r->body);
    executor_return_token(x, w);
    act_anew(x, w);
    return true;
}

static bool is_mango(const struct work *w)
{
    return w->act->api == ACT_MANGO;
}

void request_left(void *arg)
{
    struct work *w = arg;
    if (w->keeps)
        account_left(w->executor, w->account);
    w->keeps = false;
}

void request_ended(void *arg, const struct http_answer *answer)
{
    struct work *w = arg;
    w->transfer = NULL;
    if (answer->end == HTTP_NOT_SENT && w->keeps)
        executor_drop_token(w->executor, w);
    else if (is_mango(w))
        account_pbx_ended(w->executor, w);
    else
        request_left(w); /* unless it is known to have left before */
    step_answer(w->executor, w, answer);
}

enum err request_hand(struct executor *x, const struct service *s, struct http_request *h,
                      struct http_transfer **out, struct error *e)
{
    char *authorization = mem_format("Authorization: Bearer %s", signin_token(&s->signin));
    const char *const headers[] = {authorization, "Accept: application/json",
                                   h->body.len ? "Content-Type: application/json" : NULL, NULL};
    h->headers = headers;
    h->max_body = LIMIT_ANSWER_BYTES;
    enum err bad = x->port->send(x->port->world, h, out, e);
    h->headers = NULL;
    secret_wipe(authorization, strlen(authorization));
    free(authorization);
    return bad;
}

/* A question ends when its work has to go on without. */
static bool is_question(const struct work *w)
{
    return w->ask_by && w->act && !w->act->intent && !w->look;
}

int64_t request_timeout(const struct executor *x, const struct work *w, const struct request *r)
{
    int64_t ms = x->options.request_timeout_ms;
    if (r->timeout_ms > 0 && r->timeout_ms < ms)
        ms = r->timeout_ms;
    int64_t left = w->ask_by - executor_now(x);
    if (!is_question(w) || left >= ms)
        return ms;
    return left > 1 ? left : 1;
}

static enum err send_it(struct executor *x, struct work *w, const struct request *r,
                        struct error *e)
{
    if (!r->url)
        return error_set(e, ERR_INPUT, "the request's address or body could not be built");
    struct http_request h = {.method = r->method,
                             .url = r->url,
                             .body = str_of(r->body),
                             .timeout_ms = request_timeout(x, w, r),
                             .leave_by = r->leave_by,
                             .ahead = w->ahead,
                             .left = request_left,
                             .done = request_ended,
                             .arg = w};
    w->token = w->service->signin.token;
    return request_hand(x, w->service, &h, &w->transfer, e);
}

void request_unsent(struct executor *x, struct work *w, enum err bad, const struct error *e)
{
    if (bad == ERR_TEMPORARY) {
        executor_return_token(x, w);
        request_retry(x, w, e->text, 0);
        return;
    }
    if (executor_settings_of(x, w))
        account_refused(x, account_of(w), w, e->text);
    executor_return_token(x, w);
    act_anew(x, w);
}

void request_send(struct executor *x, struct work *w, const struct request *r)
{
    struct error e = ERROR_NONE;
    const struct settings *settings = executor_settings_of(x, w);
    w->executor = x;
    if (settings && came_too_late(x, w, r))
        return;
    w->request.operation = r->operation;
    w->request.method = r->method;
    w->request.path = r->path;
    w->transfer = NULL;
    if (settings && w->batch && r->url) {
        batch_put(x, w, r);
        return;
    }
    enum err bad = settings ? send_it(x, w, r, &e) : ERR_CONFIG;
    free(r->url);
    free(r->body);
    if (bad)
        request_unsent(x, w, bad, &e);
    else
        w->requests++;
}

/* ends */

static void tell_request(struct executor *x, struct work *w, const struct http_answer *answer,
                         const struct request_end *end)
{
    int status = answer->end == HTTP_ANSWERED ? answer->status : 0;
    tally_request(x->tally, w->job->account, is_mango(w) ? TALLY_MANGO : TALLY_MEGAPLAN,
                  w->request.operation, answer, x->port->wall(x->port->world));
    const struct outcome o = {.at = x->port->wall(x->port->world),
                              .what = "request",
                              .job = w->job->id,
                              .kind = job_kind_name(w->job->kind),
                              .rule = w->job->rule,
                              .result = w->request.operation,
                              .reason = end->why,
                              .http = {.method = w->request.method,
                                       .path = w->request.path,
                                       .status = status,
                                       .tries = (int)w->requests,
                                       .ms = answer->ms}};
    record_outcome(x, w, &o, NULL);
}

static void read_megaplan(const struct act *a, const struct http_answer *answer,
                          struct request_end *out)
{
    static const enum request_verdict verdicts[] = {
        [ANSWER_OK] = REQUEST_GOOD,         [ANSWER_OUTAGE] = REQUEST_HELD,
        [ANSWER_RECORD] = REQUEST_REFUSED,  [ANSWER_LIMITED] = REQUEST_HELD,
        [ANSWER_TEMPORARY] = REQUEST_LATER,
    };
    const struct answer_source source = {answer->status, answer->body, answer->too_large, a->about};
    answer_read(&source, &out->answer);
    out->status = out->answer.status;
    out->verdict = verdicts[out->answer.kind];
}

static void tell_service(struct executor *x, struct work *w, const struct http_answer *answer,
                         const struct request_end *end)
{
    struct service *s = w->service;
    int64_t now = executor_now(x);
    uint32_t random = x->port->random(x->port->world);
    bool probed = s->probing;
    if (end->verdict == REQUEST_GOOD || end->verdict == REQUEST_REFUSED) {
        service_good(s, now);
        signin_proven(&s->signin, w->token);
    } else if (end->answer.kind == ANSWER_LIMITED)
        service_slow_down(s, answer->retry_after_s, now, random);
    else if (end->verdict == REQUEST_HELD && end->status == 401)
        account_signin_expired(x, account_of(w), w, end->why);
    else if (end->verdict == REQUEST_HELD)
        account_refused(x, account_of(w), w, end->why);
    else
        account_unclear(x, account_of(w), w, end->why);
    w->probe = false;
    if (probed)
        offer_again(x, s);
}

/* We did not wait: that says nothing of the service, unless it was to try it. */
static bool was_cut(const struct executor *x, const struct work *w,
                    const struct http_answer *answer)
{
    return is_question(w) && !w->probe && answer->end != HTTP_ANSWERED &&
           executor_now(x) >= w->ask_by;
}

void request_read(struct executor *x, struct work *w, const struct http_answer *answer,
                  struct request_end *out)
{
    bool answered = answer->end == HTTP_ANSWERED || (answer->too_large && answer->status);
    *out = (struct request_end){
        .verdict = REQUEST_LATER, .why = answer->why, .answer.kind = ANSWER_TEMPORARY};
    if (answered && is_mango(w))
        account_pbx_read(answer, out);
    else if (answered)
        read_megaplan(w->act, answer, out);
    if (answered)
        out->why = out->verdict == REQUEST_GOOD ? NULL : out->answer.text;
    bool matters = w->act->looked_for || w->act->unknown;
    if (matters && out->verdict == REQUEST_LATER && answer->end != HTTP_NOT_SENT)
        out->verdict = REQUEST_UNKNOWN;
    if (out->verdict != REQUEST_GOOD)
        log_info("a request failed", LOG_STR("account", work_account(w)),
                 LOG_TEXT("entry_id", w->job->entry_id), LOG_TEXT("job", w->job->id),
                 LOG_TEXT("operation", w->request.operation), LOG_INT("http_status", out->status),
                 LOG_INT("ms", answer->ms), LOG_TEXT("err", out->why));
    tell_request(x, w, answer, out);
    if (is_mango(w))
        account_pbx_tell(x, w, answer, out);
    else if (!w->echoes && !was_cut(x, w, answer))
        tell_service(x, w, answer, out);
    w->echoes = false;
}

void request_end_done(struct request_end *end)
{
    answer_done(&end->answer);
}

/* retries */

void request_retry(struct executor *x, struct work *w, const char *why, int status)
{
    int64_t now = executor_now(x);
    int64_t delay =
        backoff_ms(++w->failures, x->options.retry_max_ms, x->port->random(x->port->world));
    /* While nobody gets through it is an outage of the service, and no fault of this record. */
    if (w->service->last_good > w->failed_at && w->failed_at)
        w->failing_ms += now - w->failed_at;
    w->failed_at = now;
    if (w->failing_ms >= EXECUTOR_HORIZON_MS) {
        finish_dead(x, w, ERR_TEMPORARY, why ? why : "no answer for 72 hours", status);
        return;
    }
    executor_rest(x, w, now + delay);
}

/* It goes on without, or it is over: sent again from `dead` it would come too late. */
static void refused_while_it_rings(struct executor *x, struct work *w, const char *why)
{
    w->refusals = 0;
    if (w->look || !w->ops->failed || !w->ops->failed(x, w, why))
        finish_without(x, w, "failed", why);
}

void request_refused(struct executor *x, struct work *w, const struct request_end *end)
{
    if (++w->refusals >= EXECUTOR_RECORD_TRIES && w->urgent) {
        refused_while_it_rings(x, w, end->why);
        return;
    }
    if (w->refusals >= EXECUTOR_RECORD_TRIES) {
        finish_dead(x, w, ERR_REJECTED, end->why, end->status);
        return;
    }
    executor_rest(x, w,
                  executor_now(x) + backoff_ms(w->refusals, x->options.retry_max_ms,
                                               x->port->random(x->port->world)));
}

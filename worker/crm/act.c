/*
 * One request of a kind of job on its way: the intent, the sending, what the end means.
 */
#include "worker/crm/act.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/attempt.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"
#include "worker/crm/settle.h"

#define DOUBTED_MS 2000

void act_want(struct executor *x, struct work *w, const struct act *a)
{
    w->act = a;
    if (attempt_stops(x, w))
        return;
    w->phase = WORK_WANTS;
    if (a->api == ACT_MANGO)
        account_pbx_want(x, w);
    else
        executor_want(x, w, a->midway);
}

/* Its own intent, if it wrote one, is known not to have led to anything. */
static void settle_intent(const struct work *w)
{
    if (w->act && w->act->intent)
        facts_settle(w->owner->facts, work_account(w), str_of(w->job->id));
}

static void again(struct executor *x, struct work *w)
{
    const struct act *a = w->act;
    w->phase = WORK_QUIET;
    if (a && a->again)
        a->again(x, w);
    else
        executor_judge(x, w);
}

void act_anew(struct executor *x, struct work *w)
{
    settle_intent(w);
    again(x, w);
}

/* A failure that may pass; nothing of it happened, or it does not matter. */
static void later(struct executor *x, struct work *w, const char *why, int status)
{
    w->phase = WORK_QUIET;
    bool own = !w->look; /* who looks for something goes on looking */
    if (!own || !w->ops->failed || !w->ops->failed(x, w, why))
        request_retry(x, w, why, status);
}

/* sending */

static void send_now(struct executor *x, struct work *w)
{
    const struct act *a = w->act;
    struct request r = {.operation = a->operation, .method = a->method, .path = a->path};
    if (a->intent) {
        r.leave_by = executor_woken(w, w->intent_at + EXECUTOR_INTENT_LIVES_MS);
        r.timeout_ms = w->intent_at + EXECUTOR_CREATE_LIVES_MS - executor_now(x);
    }
    if (!a->build(x, w, executor_settings_of(x, w), &r)) {
        free(r.url);
        free(r.body);
        executor_return_token(x, w);
        finish_dead(x, w, ERR_INPUT, "the request cannot be written down: a text is too long", 0);
        return;
    }
    work_fold_data(w);
    w->phase = WORK_ASKS;
    if (a->api == ACT_MANGO)
        account_pbx_send(x, w, &r);
    else
        request_send(x, w, &r);
}

static void written(struct executor *x, struct work *w, bool ok)
{
    agenda_drop(&x->works, &w->timer);
    executor_writes(x, w, false);
    bool late = executor_now(x) >= w->intent_at + EXECUTOR_INTENT_LIVES_MS;
    bool alone = !ok || !w->act->alone || w->act->alone(x, w);
    if (ok && !late && alone && executor_settings_of(x, w)) {
        send_now(x, w);
        return;
    }
    executor_return_token(x, w);
    if (!alone) {
        act_anew(x, w);
        return;
    }
    settle_intent(w);
    later(x, w, ok ? "the intent came too late" : "Kafka did not take the intent", 0);
}

/* Everything is known and the token is taken: the intent, and then nothing but the request. */
static void write_intent(struct executor *x, struct work *w)
{
    const struct fact intent = w->act->intent(w);
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_INTENT, &intent);
    w->phase = WORK_WRITES;
    executor_writes(x, w, true);
    w->intent_at = executor_now(x);
    w->intent_wall = x->port->wall(x->port->world);
    agenda_set(&x->works, &w->timer, executor_woken(w, w->intent_at + EXECUTOR_INTENT_LIVES_MS));
    record_fact(x, w, FACT_INTENT, value, written);
}

void act_go(struct executor *x, struct work *w)
{
    const struct act *a = w->act;
    agenda_drop(&x->works, &w->timer);
    if (a->fresh && !a->fresh(x, w)) {
        executor_return_token(x, w);
        again(x, w);
    } else if (a->intent) {
        write_intent(x, w);
    } else {
        send_now(x, w);
    }
}

/* ends */

static void unknown(struct executor *x, struct work *w, const char *why)
{
    if (w->act->unknown)
        w->act->unknown(x, w, why);
    else
        settle_own(x, w);
}

void act_give_up(struct executor *x, struct work *w, const char *why)
{
    finish_given_up(x, w, "failed", why);
}

static void refused(struct executor *x, struct work *w, const struct request_end *end)
{
    settle_intent(w);
    if (w->act->refused && w->act->refused(x, w, end))
        return;
    request_refused(x, w, end);
}

void act_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    const struct act *a = w->act;
    struct request_end got;
    w->phase = WORK_QUIET;
    request_read(x, w, answer, &got);
    switch (got.verdict) {
    case REQUEST_GOOD:
        a->good(x, w, &got.answer);
        break;
    case REQUEST_UNKNOWN:
        unknown(x, w, got.why ? got.why : "no answer");
        break;
    case REQUEST_REFUSED:
        refused(x, w, &got);
        break;
    case REQUEST_HELD:
        settle_intent(w);
        again(x, w);
        break;
    default:
        settle_intent(w);
        later(x, w, got.why ? got.why : "no answer", got.status);
    }
    request_end_done(&got);
}

void act_unclear(struct executor *x, struct work *w, const char *why)
{
    if (w->act->unknown || w->act->looked_for)
        unknown(x, w, why);
    else
        later(x, w, why, 0);
}

bool act_doubted(struct executor *x, struct work *w)
{
    if (++w->doubts >= EXECUTOR_RECORD_TRIES)
        return false;
    executor_rest(x, w, executor_now(x) + (int64_t)w->doubts * DOUBTED_MS);
    return true;
}

void act_due(struct executor *x, struct work *w)
{
    if (w->phase == WORK_WRITES) { /* handed over 5 s ago and not read back: it will not be used */
        record_forget(x, w);
        written(x, w, false);
        return;
    }
    again(x, w);
}

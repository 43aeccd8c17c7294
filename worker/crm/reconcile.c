/*
 * Rounds of reconciling.
 */
#include "worker/crm/reconcile.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/reconcile_calls.h"
#include "worker/crm/reconcile_heal.h"
#include "worker/crm/reconcile_plan.h"
#include "worker/crm/record.h"

#define TAKEN_OVER_MS 6000  /* so long a former owner's last request may count at MANGO's */
#define PATIENCE_MS 60000   /* a request waits for its turn */
#define NOT_READY_MS 120000 /* MANGO makes the history ready */
#define KEYS 3              /* asked for: MANGO keeps what is ready a minute at least */
#define FAILURES_TOLD 3     /* in a row */

enum step {
    RESTS,
    ASKS,
    POLLS,
    COMPARES,
    LOOKS,
    HEALS,
};

struct reconcile_round {
    struct executor *x;
    struct account *account;
    struct reconcile_memory memory;
    struct reconcile_seen *seen;
    int64_t due;     /* boot ms */
    int64_t largest; /* s */
    unsigned failed; /* in a row */
    enum step step;
    int64_t give_up_at; /* boot ms: the step ends */
    int64_t began;      /* unix s: the round */
    struct reconcile_piece piece;
    unsigned keys;
    struct http_transfer *transfer; /* of ASKS, POLLS; NULL: it waits for its turn */
    char key[HISTORY_QUERY_KEY + 1];
    struct reconcile_calls *calls;
    void *looking;
    struct reconcile_heal *healing;
    size_t pbx, known, healed; /* of the round, so far */
};

static int64_t now_of(const struct reconcile_round *r)
{
    return executor_now(r->x);
}

static const char *name_of(const struct reconcile_round *r)
{
    return r->account->service.account;
}

static void enter(struct reconcile_round *r, enum step step, int64_t patience_ms)
{
    r->step = step;
    r->give_up_at = now_of(r) + patience_ms;
}

/* What a step had in hand. */
static void drop(struct reconcile_round *r)
{
    struct executor *x = r->x;
    if (r->transfer) {
        x->port->cancel(x->port->world, r->transfer);
        /* it may have left: counts as sent */
        pbx_ended(&r->account->pbx, r->step == ASKS ? PBX_HISTORY : PBX_RESULT, now_of(r));
    }
    r->transfer = NULL;
    if (r->looking)
        x->port->look_end(x->port->world, r->looking);
    r->looking = NULL;
    reconcile_heal_free(r->healing);
    r->healing = NULL;
    reconcile_calls_free(r->calls);
    r->calls = NULL;
}

/* memory */

static int64_t wall(const struct reconcile_round *r)
{
    return r->x->port->wall(r->x->port->world);
}

static void remember(struct reconcile_round *r)
{
    char *value CLEANUP(mem_free_text) = reconcile_plan_remember(&r->memory);
    record_state(r->x, r->account->owner, str_of(name_of(r)), STR(RECONCILE_NAME), value);
}

static void set_due(struct reconcile_round *r, int64_t at)
{
    r->due = now_of(r) + at - wall(r);
}

static uint32_t any(const struct reconcile_round *r)
{
    return r->x->port->random(r->x->port->world);
}

/* Asks for the next piece of what there was when the round began. False: there is none. */
static bool next_piece(struct reconcile_round *r)
{
    if (!reconcile_plan_piece(&r->memory, r->began, r->largest, &r->piece))
        return false;
    enter(r, ASKS, PATIENCE_MS);
    return true;
}

/* ends */

static void rest(struct reconcile_round *r)
{
    drop(r);
    r->step = RESTS;
    r->x->reconciling.running--;
}

/* What its pieces came to that are done. */
static void tell(struct reconcile_round *r)
{
    if (!r->healed)
        return;
    char *text CLEANUP(mem_free_text) =
        mem_format("MANGO %zu, known %zu, healed %zu", r->pbx, r->pbx - r->healed, r->healed);
    log_info("calls that were missing are handled now", LOG_TEXT("account", name_of(r)),
             LOG_INT("count", r->healed), LOG_TEXT("reason", text));
    account_tell(r->x, r->account, "reconciled", text);
}

static void end_well(struct reconcile_round *r)
{
    int64_t every = r->x->options.reconcile_every_s;
    tell(r);
    log_debug("reconciled", LOG_TEXT("account", name_of(r)), LOG_INT("count", r->pbx));
    r->account->missing = r->healed;
    alert_account_reconciled(r->account, r->pbx, r->healed);
    r->failed = 0;
    r->largest = RECONCILE_PIECE_S;
    r->memory.done_at = wall(r);
    r->memory.invalid_at = 0;
    remember(r);
    set_due(r, reconcile_plan_due(&r->memory, every, any(r), wall(r)));
    rest(r);
}

static void fail(struct reconcile_round *r, const char *why)
{
    int64_t every = r->x->options.reconcile_every_s;
    r->failed++;
    log_warn("the call history was not compared; it is tried again later",
             LOG_TEXT("account", name_of(r)), LOG_TEXT("err", why));
    tell(r);
    if (r->failed == FAILURES_TOLD)
        account_tell(r->x, r->account, "failed", why);
    set_due(r, reconcile_plan_again(r->failed, every, any(r), wall(r)));
    rest(r);
}

/* The same request would be invalid again, and one more blocks the API, for what rings too. */
static void fail_for_long(struct reconcile_round *r, const char *why)
{
    int64_t every = r->x->options.reconcile_every_s;
    log_fail(
        "MANGO calls the request for the call history invalid; it is not asked again for a day",
        LOG_TEXT("account", name_of(r)), LOG_TEXT("err", why));
    tell(r);
    account_tell(r->x, r->account, "failed", why);
    r->memory.invalid_at = wall(r);
    remember(r);
    set_due(r, reconcile_plan_due(&r->memory, every, any(r), wall(r)));
    rest(r);
}

static void end_piece(struct reconcile_round *r)
{
    r->pbx += reconcile_calls_told(r->calls);
    r->healed += reconcile_calls_missing(r->calls);
    drop(r);
    r->memory.until = r->piece.end;
    reconcile_seen_forget(r->seen, r->memory.until - RECONCILE_OVERLAP_S);
    r->keys = 0;
    if (next_piece(r))
        remember(r);
    else
        end_well(r);
}

/* requests */

static void ask(struct reconcile_round *r, enum pbx_method m, const char *method, const char *json,
                void (*done)(void *arg, const struct http_answer *answer))
{
    struct error e = ERROR_NONE;
    const struct account_pbx_question q = {.limit = m,
                                           .method = method,
                                           .json = json,
                                           .max_body = LIMIT_ANSWER_BYTES,
                                           .done = done,
                                           .arg = r};
    if (!json)
        (void)error_set(&e, ERR_INPUT, "the request would be invalid");
    if (json && !account_pbx_ask(r->x, r->account, &q, &r->transfer, &e))
        return;
    account_pbx_asked(r->x, r->account, m, NULL);
    fail(r, e.text);
}

static bool ended(struct reconcile_round *r, enum pbx_method m, const struct http_answer *answer)
{
    r->transfer = NULL;
    account_pbx_asked(r->x, r->account, m, answer->end == HTTP_NOT_SENT ? NULL : answer);
    return answer->end == HTTP_ANSWERED || answer->too_large;
}

static void refused(struct reconcile_round *r, const struct reconcile_answer *told)
{
    account_pbx_heard(r->x, r->account, told->kind, told->why);
    if (told->kind == MANGO_INVALID)
        fail_for_long(r, told->why);
    else
        fail(r, told->why);
}

static void smaller(struct reconcile_round *r)
{
    if (!reconcile_plan_halve(&r->largest)) {
        fail(r, "the call history of the shortest time is too large");
        return;
    }
    (void)next_piece(r);
}

static void on_key(void *arg, const struct http_answer *answer)
{
    struct reconcile_round *r = arg;
    const struct reconcile_said said = {answer->status, answer->body, answer->too_large};
    struct reconcile_answer told;
    if (!ended(r, PBX_HISTORY, answer)) {
        fail(r, answer->why);
        return;
    }
    reconcile_calls_read_key(&said, &told, r->key);
    if (told.told != RECONCILE_READY) {
        refused(r, &told);
        return;
    }
    account_pbx_heard(r->x, r->account, MANGO_DONE, "");
    enter(r, POLLS, NOT_READY_MS);
}

/* Its key is gone: MANGO keeps a history some minutes only. */
static void ask_anew(struct reconcile_round *r)
{
    if (r->keys >= KEYS)
        fail(r, "MANGO does not keep the call history that it was asked for");
    else
        (void)next_piece(r);
}

static void on_history(void *arg, const struct http_answer *answer)
{
    struct reconcile_round *r = arg;
    const struct reconcile_said said = {answer->status, answer->body, answer->too_large};
    const struct reconcile_span span = {.began_before = r->piece.end,
                                        .ended_before = wall(r) / 1000 - RECONCILE_REST_S};
    struct reconcile_answer told;
    if (!ended(r, PBX_RESULT, answer))
        return; /* polled again, until that takes too long */
    reconcile_calls_read(&said, span, &told, &r->calls);
    switch (told.told) {
    case RECONCILE_READY:
        account_pbx_heard(r->x, r->account, MANGO_DONE, "");
        if (reconcile_calls_unreadable(r->calls))
            log_warn("lines of the call history are none that we know; they are passed over",
                     LOG_TEXT("account", name_of(r)),
                     LOG_INT("count", reconcile_calls_unreadable(r->calls)));
        r->step = COMPARES;
        break;
    case RECONCILE_NOT_YET:
        break;
    case RECONCILE_UNKNOWN:
        ask_anew(r);
        break;
    case RECONCILE_TOO_LARGE:
        smaller(r);
        break;
    case RECONCILE_FAILED:
        if (told.kind != MANGO_TEMPORARY)
            refused(r, &told);
        break;
    }
}

static void want(struct reconcile_round *r)
{
    bool asks = r->step == ASKS;
    enum pbx_method m = asks ? PBX_HISTORY : PBX_RESULT;
    if (r->transfer)
        return;
    if (now_of(r) >= r->give_up_at) {
        fail(r, asks ? "MANGO takes no requests" : "MANGO has not made the call history ready");
        return;
    }
    if (!account_pbx_may(r->x, r->account, m))
        return;
    char *json CLEANUP(mem_free_text) = asks ? history_query_request(r->piece.from, r->piece.to)
                                             : history_query_result(str_of(r->key));
    r->keys += asks;
    ask(r, m, asks ? HISTORY_QUERY_REQUEST : HISTORY_QUERY_RESULT, json,
        asks ? on_key : on_history);
}

/* what is missing */

static void on_looked(void *arg, const char *why)
{
    struct reconcile_round *r = arg;
    r->looking = NULL;
    if (why) {
        fail(r, why);
        return;
    }
    (void)reconcile_calls_looked(r->calls, r->seen);
    r->healing = reconcile_heal_new(r->x, name_of(r), r->calls);
    r->step = HEALS;
}

static void compare(struct reconcile_round *r)
{
    const struct port *port = r->x->port;
    struct reconcile_known *suspects = reconcile_calls_compare(
        r->calls, r->account->owner->facts, r->seen,
        port->forgotten ? port->forgotten(port->world) : NULL, str_of(name_of(r)));
    if (!suspects) {
        end_piece(r);
        return;
    }
    r->step = LOOKS;
    r->looking = r->x->port->look(r->x->port->world, suspects, on_looked, r);
    if (!r->looking)
        fail(r, "events could not be read");
}

/* healing */

static void heal(struct reconcile_round *r)
{
    switch (reconcile_heal_turn(r->healing)) {
    case RECONCILE_HEAL_GOES_ON:
        break;
    case RECONCILE_HEAL_DONE:
        end_piece(r);
        break;
    case RECONCILE_HEAL_FAILED:
        fail(r, "Kafka did not take the events of the missing calls");
        break;
    }
}

/* turns */

static void go_on(struct reconcile_round *r)
{
    switch (r->step) {
    case ASKS:
    case POLLS:
        want(r);
        break;
    case COMPARES:
        compare(r);
        break;
    case HEALS:
        heal(r);
        break;
    case RESTS:
    case LOOKS:
        break;
    }
}

static struct reconcile_round *round_of(struct executor *x, struct account *a)
{
    if (a->reconcile)
        return a->reconcile;
    struct reconcile_round *r = mem_alloc(1, sizeof *r);
    struct str value =
        facts_state(a->owner->facts, str_of(a->service.account), STR(RECONCILE_NAME));
    *r = (struct reconcile_round){
        .x = x, .account = a, .largest = RECONCILE_PIECE_S, .seen = reconcile_seen_new()};
    reconcile_plan_recall(value, &r->memory);
    set_due(r, reconcile_plan_due(&r->memory, x->options.reconcile_every_s, any(r), wall(r)) +
                   TAKEN_OVER_MS);
    a->reconcile = r;
    return r;
}

void reconcile_visit(struct executor *x, struct owner *o, const struct settings *s)
{
    if (!x->options.reconcile_every_s || x->stopping)
        return;
    struct account *a = account_get(x, o, s->account);
    struct reconcile_round *r = round_of(x, a), *next = x->reconciling.next;
    if (!s->enabled) {
        if (r->step != RESTS)
            rest(r);
        return;
    }
    if (r->step != RESTS)
        go_on(r);
    else if (r->due <= now_of(r) && !pbx_is_out(&a->pbx, now_of(r)) &&
             (!next || r->due < next->due))
        x->reconciling.next = r;
}

void reconcile_begin(struct executor *x)
{
    struct reconcile_round *r = x->reconciling.next;
    x->reconciling.next = NULL;
    if (!r || x->reconciling.running >= RECONCILE_AT_ONCE)
        return;
    x->reconciling.running++;
    r->pbx = r->healed = 0;
    r->keys = 0;
    r->began = wall(r) / 1000;
    if (next_piece(r))
        go_on(r);
    else
        end_well(r);
}

void reconcile_settings(struct executor *x, struct account *a)
{
    struct reconcile_round *r = a->reconcile;
    if (!r || !r->memory.invalid_at)
        return;
    r->memory.invalid_at = 0;
    remember(r);
    set_due(r, reconcile_plan_due(&r->memory, x->options.reconcile_every_s, any(r), wall(r)));
}

void reconcile_leave(struct executor *x, struct account *a)
{
    struct reconcile_round *r = a->reconcile;
    if (!r)
        return;
    if (r->step != RESTS)
        rest(r);
    if (x->reconciling.next == r)
        x->reconciling.next = NULL;
    reconcile_seen_free(r->seen);
    free(r);
    a->reconcile = NULL;
    a->missing = 0;
}

/*
 * Order, places, times: which work may act, and what happens when it is over. See executor.h for the
 * picture. Loop's thread only.
 */
#include "worker/crm/executor.h"

#include <stdlib.h>

#include "common/event.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/act.h"
#include "worker/crm/attempt.h"
#include "worker/crm/batch.h"
#include "worker/crm/due.h"
#include "worker/crm/enter.h"
#include "worker/crm/errands.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/finish.h"
#include "worker/crm/gauges.h"
#include "worker/crm/kinds.h"
#include "worker/crm/prelude.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"
#include "worker/crm/step.h"

#define TURN_MS 4 /* what is urgent looks in so often */

struct executor *executor_new(const struct port *port, const struct executor_options *options)
{
    struct executor *x = mem_alloc(1, sizeof *x);
    x->port = port;
    x->options = *options;
    x->lanes = lanes_new();
    x->tally = tally_new(options->metrics);
    return x;
}

void executor_free(struct executor *x)
{
    if (!x)
        return;
    account_free_all(x);
    agenda_done(&x->works);
    agenda_done(&x->services);
    agenda_done(&x->batches);
    agenda_done(&x->pbxs);
    lanes_free(x->lanes);
    tally_free(x->tally);
    free(x);
}

size_t executor_held(const struct executor *x)
{
    return x->held;
}

size_t executor_running(const struct executor *x)
{
    return x->places + x->ahead;
}

size_t executor_waiting(const struct executor *x)
{
    return x->awaited;
}

int64_t executor_now(const struct executor *x)
{
    return x->port->boot(x->port->world);
}

const struct settings *executor_settings_of(const struct executor *x, const struct work *w)
{
    return x->port->settings(x->port->world, w->job->account);
}

/* work */

static void adopt(struct executor *x, struct owner *o, struct work *w)
{
    w->owner = o;
    w->account = account_get(x, o, w->job->account);
    w->service = &w->account->service;
    w->taken_at = executor_now(x);
    w->timer.urgent = w->urgent;
    w->prev = NULL;
    w->next = o->works;
    if (o->works)
        o->works->prev = w;
    o->works = w;
    o->held++;
    x->held++;
}

static void disown(struct executor *x, struct work *w)
{
    *(w->prev ? &w->prev->next : &w->owner->works) = w->next;
    if (w->next)
        w->next->prev = w->prev;
    gauges_forget(x, w);
    errands_remove(w);
    record_forget(x, w);
    step_forget(x, w);
    agenda_drop(&x->works, &w->timer);
    if (w->transfer)
        x->port->cancel(x->port->world, w->transfer);
    w->transfer = NULL;
    if (w->batch)
        batch_forget(x, w);
    if (w->keeps)
        executor_drop_token(x, w);
    account_pbx_forget(w);
    executor_hold_place(x, w, false);
    lanes_leave(x->lanes, &w->lane);
    w->owner->held--;
    x->held--;
    work_free(w);
}

void executor_end(struct executor *x, struct work *w)
{
    enum kafka_topic topic = w->topic;
    int32_t partition = w->owner->partition;
    int64_t offset = w->offset;
    if (w->buried)
        step_buried(x, w->owner, topic, offset);
    disown(x, w);
    if (offset >= 0)
        x->port->finished(x->port->world, topic, partition, offset);
}

void executor_drop(struct executor *x, struct owner *o)
{
    while (o->works)
        disown(x, o->works);
    gauges_leave(x, o);
    step_leave(x, o);
    account_drop(x, o);
}

static size_t *places_of(struct executor *x, const struct work *w)
{
    return w->ahead ? &x->ahead : &x->places;
}

void executor_hold_place(struct executor *x, struct work *w, bool hold)
{
    if (w->place == hold)
        return;
    w->place = hold;
    if (hold) {
        w->ahead = lanes_is_urgent(&w->lane);
        *places_of(x, w) += 1;
        return;
    }
    executor_writes(x, w, false);
    *places_of(x, w) -= 1;
    if (w->service->probing && w->probe) { /* it went away without an answer */
        service_unprobe(w->service, executor_now(x));
        agenda_set(&x->services, &w->service->wake, w->service->probe_at);
    }
    w->probe = false;
}

void executor_writes(struct executor *x, struct work *w, bool writes)
{
    if (w->writing == writes)
        return;
    w->writing = writes;
    if (w->ahead)
        return;
    if (writes)
        x->writing++;
    else
        x->writing--;
}

void executor_take(struct executor *x, struct owner *o, const struct kafka_message *m)
{
    step_take(x, o, m);
}

/* In boot ms; 0: it has none. */
static int64_t deadline_of(const struct executor *x, const struct job *j)
{
    int64_t at = j->deadline, latest = j->received_at + x->options.route_deadline_ms;
    if (j->kind == JOB_ROUTE && (at == 0 || at > latest))
        at = latest;
    return at ? executor_now(x) + (at - x->port->wall(x->port->world)) : 0;
}

void executor_decode(struct executor *x, struct owner *o, const struct kafka_message *m)
{
    struct error e = ERROR_NONE;
    struct job *j = NULL;
    int64_t received_at = 0;
    if (!text_parse_time(kafka_header_get(m, "received-at"), &received_at))
        received_at = 0;
    const struct job_message message = {m->key, m->value, kafka_header_get(m, "origin"),
                                        received_at};
    struct str data = STR_NONE;
    bool bad = job_read(&message, &j, &data, &e);
    struct work *w = work_new(bad ? work_unreadable(m) : j, m, bad ? STR_NONE : data);
    w->forced = kafka_header_get(m, "x-sent-again").len > 0;
    w->tries = str_is(message.origin, EVENT_TEST);
    adopt(x, o, w);
    if (bad) {
        finish_dead(x, w, e.kind, e.text, 0);
        return;
    }
    w->ops = kinds_of(w->job->kind);
    w->deadline = w->tries ? attempt_deadline(x) : deadline_of(x, w->job);
    enter_lanes(x, w);
    enter_wake_heads(x, w);
}

void executor_bury(struct executor *x, struct owner *o, const struct kafka_message *m,
                   struct job *j)
{
    struct work *w = work_new(j, m, STR_NONE);
    w->buried = true;
    adopt(x, o, w);
    finish_poison(x, w);
}

void executor_add(struct executor *x, struct owner *o, enum job_kind kind, struct str account,
                  struct str entry, const char *id, const char *number, const struct jval *data)
{
    const struct kafka_message none = {.topic = kind == JOB_STAFF ? KAFKA_JOBS_NOW : KAFKA_JOBS,
                                       .offset = -1};
    if (errands_has(o, account, str_of(id)))
        return;
    struct job *j = mem_alloc(1, sizeof *j);
    j->kind = kind;
    j->id = mem_copy(str_of(id));
    j->account = mem_copy(account);
    j->entry_id = mem_copy(entry);
    j->number = number ? mem_copy(str_of(number)) : NULL;
    j->data = data ? jval_copy(data) : jval_new_object();
    struct work *w = work_new(j, &none, STR_NONE);
    w->ops = kinds_of(kind);
    adopt(x, o, w);
    errands_add(w);
    enter_lanes(x, w);
}

void executor_queue_again(struct executor *x, struct work *w)
{
    executor_hold_place(x, w, false);
    lanes_leave(x->lanes, &w->lane);
    enter_lanes(x, w);
}

/* what work asks for */

void executor_judge(struct executor *x, struct work *w)
{
    w->act = NULL;
    w->phase = WORK_QUIET;
    if (prelude_passes(x, w))
        w->ops->judge(x, w);
}

void executor_want(struct executor *x, struct work *w, bool midway)
{
    work_fold_data(w);
    executor_hold_place(x, w, false);
    w->wanted_at = executor_now(x);
    lanes_want(x->lanes, &w->lane, midway);
    if (executor_woken(w, AGENDA_NEVER) != AGENDA_NEVER)
        agenda_set(&x->works, &w->timer, executor_woken(w, AGENDA_NEVER));
}

void executor_rest(struct executor *x, struct work *w, int64_t at)
{
    work_fold_data(w);
    executor_hold_place(x, w, false);
    if (w->lane.state == LANES_RUNNING || w->lane.state == LANES_WANTING)
        lanes_rest(x->lanes, &w->lane);
    agenda_set(&x->works, &w->timer, executor_woken(w, at));
}

int64_t executor_woken(const struct work *w, int64_t at)
{
    int64_t now = executor_now(w->account->executor);
    if (w->look || w->ending.step != FINISH_NOTHING)
        return at;
    if (w->ask_by > now && w->ask_by < at)
        at = w->ask_by;
    return w->deadline && w->deadline < at ? w->deadline : at;
}

void executor_step_aside(struct executor *x, struct work *w, int64_t at)
{
    lanes_leave(x->lanes, &w->lane);
    executor_rest(x, w, at);
}

void executor_return_token(struct executor *x, struct work *w)
{
    if (w->act && w->act->api == ACT_MANGO) {
        account_pbx_return(x, w);
        return;
    }
    if (w->batch)
        batch_forget(x, w);
    else if (w->keeps) /* a batch that left without it took the token along */
        service_return(w->service, w->probe, executor_now(x));
    w->probe = w->keeps = false;
    agenda_set(&x->services, &w->service->wake, executor_now(x));
}

void executor_drop_token(struct executor *x, struct work *w)
{
    if (w->act && w->act->api == ACT_MANGO)
        account_pbx_return(x, w);
    else
        account_unused(x, w->account);
    w->keeps = false;
}

/* turns */

void executor_due(struct executor *x, struct work *w)
{
    if (w->ending.step != FINISH_NOTHING) {
        if (!w->awaited) /* else its record is on its way */
            finish_go_on(x, w);
        return;
    }
    if (w->lane.state == LANES_OUT) { /* it stepped aside */
        enter_lanes(x, w);
        return;
    }
    if (w->lane.state == LANES_RESTING || w->lane.state == LANES_WANTING)
        lanes_run(x->lanes, &w->lane);
    account_pbx_forget(w);
    act_due(x, w);
}

static void wake_services(struct executor *x, int64_t now)
{
    struct agenda_entry *e;
    while ((e = agenda_due(&x->services, now))) {
        struct service *s = (struct service *)(void *)((char *)e - offsetof(struct service, wake));
        lanes_unblock(x->lanes, str_of(s->account));
    }
}

/* While this turn is not over; then only what is urgent goes on, the rest in the next one. */
static bool in_time(const struct executor *x, int64_t until)
{
    return executor_now(x) < until;
}

static void do_due(struct executor *x, int64_t now, int64_t until)
{
    struct agenda_entry *e;
    while ((e = in_time(x, until) ? agenda_due(&x->works, now) : agenda_due_urgent(&x->works, now)))
        step_do(x, WORK_OF(timer, e), STEP_DUE);
}

static void judge_fresh(struct executor *x, int64_t until)
{
    struct lanes_entry *e;
    while ((e = in_time(x, until) ? lanes_fresh(x->lanes) : lanes_fresh_urgent(x->lanes)))
        step_do(x, WORK_OF(lane, e), STEP_JUDGE);
}

bool executor_is_full(const struct executor *x, bool urgent)
{
    size_t most = x->options.concurrency;
    if (urgent)
        return x->ahead >= EXECUTOR_AHEAD;
    return x->places - x->writing >= most || x->places >= most + most / 4;
}

void executor_begin(struct executor *x, struct work *w)
{
    lanes_take(x->lanes, &w->lane);
    executor_hold_place(x, w, true);
    tally_waited(x->tally, w->job->account, TALLY_MEGAPLAN,
                 w->urgent ? "now" : job_kind_name(w->job->kind),
                 (double)(executor_now(x) - w->wanted_at) / 1000.0);
}

/* Whoever's turn it is, if there is a place for it. */
static struct lanes_entry *next_to_go(const struct executor *x, int64_t until)
{
    if (x->stopping || step_goes(x))
        return NULL;
    struct lanes_entry *urgent = executor_is_full(x, true) ? NULL : lanes_best_urgent(x->lanes);
    if (urgent || executor_is_full(x, false) || !in_time(x, until))
        return urgent;
    struct lanes_entry *e = lanes_best(x->lanes);
    return e && lanes_is_urgent(e) ? NULL : e;
}

/* One request more, if somebody may. */
static bool go_one(struct executor *x, int64_t now, int64_t turn_ends)
{
    struct lanes_entry *e = next_to_go(x, turn_ends);
    if (!e)
        return false;
    struct work *w = WORK_OF(lane, e);
    struct service *s = w->service;
    const struct settings *settings = executor_settings_of(x, w);
    if (!settings || !settings->enabled) {
        lanes_take(x->lanes, e);
        step_do(x, w, STEP_JUDGE);
        return true;
    }
    service_limits(s, settings, now);
    int64_t until = 0;
    bool may = service_admit(s, now, lanes_is_urgent(e), &until);
    if (!may) {
        lanes_block(x->lanes, e);
        agenda_set(&x->services, &s->wake, until);
    }
    account_serve(x, w->account);
    if (!may)
        return true;
    w->keeps = true;
    executor_begin(x, w);
    w->probe = s->probing;
    if (gate_open(&x->gate))
        batch_go(x, w, settings);
    else /* alone: what a batch does, it does of several messages at once */
        step_do(x, w, STEP_GO);
    return true;
}

static int64_t next_turn(const struct executor *x)
{
    const struct agenda *agendas[] = {&x->works, &x->services, &x->batches, &x->pbxs};
    int64_t next = AGENDA_NEVER;
    for (size_t i = 0; i < sizeof agendas / sizeof *agendas; i++)
        if (agenda_next(agendas[i]) < next)
            next = agenda_next(agendas[i]);
    return next;
}

int64_t executor_run(struct executor *x)
{
    int64_t now = executor_now(x), until = now + TURN_MS;
    do_due(x, now, now + TURN_MS / 2);
    wake_services(x, now);
    do {
        do {
            batch_run(x, now);
            judge_fresh(x, until);
            account_pbx_run(x, now);
        } while (go_one(x, now, until));
    } while (step_turn(x) && in_time(x, until));
    bool counting = gauges_go_on(x);
    return counting || !in_time(x, until) ? now : next_turn(x);
}

void executor_restored(struct executor *x, struct owner *o)
{
    due_restored(x, o);
}

void executor_switches(struct executor *x, struct owner *o, const char *account)
{
    fields_check(x, o, str_of(account));
    alert_account_switches(x, o, account);
}

void executor_read(struct executor *x, struct owner *o, struct str account, struct str id)
{
    account_read(x, o);
    record_read(x, o);
    if (str_starts(id, STR(FIELDS_PREFIX)))
        fields_read(x, o, account, id);
    else if (id.len)
        due_read(x, o, account, id);
}

void executor_settings(struct executor *x, const char *account)
{
    struct account *a = account_find(x, account);
    if (!a)
        return;
    account_settings(x, a);
    const struct settings *s = x->port->settings(x->port->world, account);
    if (!a->left_due || !a->owner || !s || !s->enabled)
        return;
    a->left_due = false;
    due_switched_on(x, a->owner, str_of(account));
}

void executor_stop(struct executor *x, bool stopped)
{
    x->stopping = stopped;
}

void executor_give_up(struct executor *x)
{
    executor_stop(x, true);
    account_give_up_all(x);
}

void executor_measure(struct executor *x, struct owner *const *owners, size_t n)
{
    gauges_measure(x, owners, n);
}

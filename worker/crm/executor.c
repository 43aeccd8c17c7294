/*
 * Order, places, times: which work may act, and what happens when it is over. See executor.h for the
 * picture. Loop's thread only.
 */
#include "worker/crm/executor.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/crm/act.h"
#include "worker/crm/batch.h"
#include "worker/crm/due.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/finish.h"
#include "worker/crm/kinds.h"
#include "worker/crm/prelude.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"
#include "worker/crm/step.h"

#define LANE_NAME 160
#define RECORDINGS_TOGETHER_MS 300 /* those of one call come one upon the other */

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
    record_forget(x, w);
    step_forget(x, w);
    agenda_drop(&x->works, &w->timer);
    if (w->transfer)
        x->port->cancel(x->port->world, w->transfer);
    w->transfer = NULL;
    if (w->batch)
        batch_forget(x, w);
    if (w->keeps)
        account_unused(x, w->account);
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

/* By its kind; but no other topic's is as urgent as those of jobs.now. */
static int level_of(const struct work *w)
{
    _Static_assert((int)JOB_CLIENT == LANES_URGENT, "what rings is urgent");
    int level = w->topic == KAFKA_JOBS_BULK ? LANES_BULK : (int)w->job->kind;
    if ((level < LANES_URGENT) == w->urgent)
        return level;
    return w->urgent ? LANES_URGENT - 1 : LANES_URGENT;
}

/* What waits ten minutes to look once more holds nobody up: it has no lane. */
static void enter(struct executor *x, struct work *w)
{
    char names[LANES_PER_WORK][LANE_NAME];
    struct str lanes[LANES_PER_WORK];
    size_t n = 0;
    const char *space = w->urgent ? "now" : "job";
    if (w->job->kind == JOB_TWIN) {
        lanes_enter(x->lanes, &w->lane, work_account(w), lanes, 0, level_of(w));
        return;
    }
    if (w->job->number && *w->job->number) {
        snprintf(names[n], LANE_NAME, "%s/n/%s", space, w->job->number);
        lanes[n] = str_of(names[n]);
        n++;
    }
    snprintf(names[n], LANE_NAME, "%s/e/%s", space, w->job->entry_id);
    lanes[n] = str_of(names[n]);
    n++;
    lanes_enter(x->lanes, &w->lane, work_account(w), lanes, n, level_of(w));
}

/* A call that rests in the hope of recordings need not wait any longer than for another one. */
static void wake_head(struct executor *x, struct work *w)
{
    int64_t soon = executor_now(x) + RECORDINGS_TOGETHER_MS;
    for (size_t i = 0; w->job->kind == JOB_RECORD && i < w->lane.nslots; i++) {
        struct work *head = WORK_OF(lane, lanes_head(&w->lane.slots[i]));
        bool rests = head->lane.state == LANES_RESTING && head->phase == WORK_QUIET && !head->act;
        if (head->job->kind == JOB_CALL && rests && head->timer.at > soon)
            agenda_set(&x->works, &head->timer, soon);
    }
}

void executor_take(struct executor *x, struct owner *o, const struct kafka_message *m)
{
    step_take(x, o, m);
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
    adopt(x, o, w);
    if (bad) {
        finish_dead(x, w, e.kind, e.text, 0);
        return;
    }
    w->ops = kinds_of(w->job->kind);
    if (!w->ops) {
        finish_outcome(x, w, "unsupported", "this kind of job is not carried out yet");
        return;
    }
    enter(x, w);
    wake_head(x, w);
}

void executor_bury(struct executor *x, struct owner *o, const struct kafka_message *m,
                   struct job *j)
{
    struct work *w = work_new(j, m, STR_NONE);
    w->buried = true;
    adopt(x, o, w);
    finish_poison(x, w);
}

static bool is_in_hand(const struct owner *o, struct str account, const char *id)
{
    for (const struct work *w = o->works; w; w = w->next)
        if (w->offset < 0 && str_is(str_of(w->job->id), id) && str_eq(work_account(w), account))
            return true;
    return false;
}

void executor_add(struct executor *x, struct owner *o, enum job_kind kind, struct str account,
                  struct str entry, const char *id, const char *number, const struct jval *data)
{
    const struct kafka_message none = {.topic = KAFKA_JOBS, .offset = -1};
    if (is_in_hand(o, account, id))
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
    enter(x, w);
}

void executor_queue_again(struct executor *x, struct work *w)
{
    executor_hold_place(x, w, false);
    lanes_leave(x->lanes, &w->lane);
    enter(x, w);
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
}

void executor_rest(struct executor *x, struct work *w, int64_t at)
{
    work_fold_data(w);
    executor_hold_place(x, w, false);
    if (w->lane.state == LANES_RUNNING || w->lane.state == LANES_WANTING)
        lanes_rest(x->lanes, &w->lane);
    agenda_set(&x->works, &w->timer, at);
}

void executor_step_aside(struct executor *x, struct work *w, int64_t at)
{
    lanes_leave(x->lanes, &w->lane);
    executor_rest(x, w, at);
}

void executor_return_token(struct executor *x, struct work *w)
{
    if (w->batch)
        batch_forget(x, w);
    else if (w->keeps) /* a batch that left without it took the token along */
        service_return(w->service, w->probe, executor_now(x));
    w->probe = w->keeps = false;
    agenda_set(&x->services, &w->service->wake, executor_now(x));
}

/* turns */

void executor_due(struct executor *x, struct work *w)
{
    if (w->ending.step != FINISH_NOTHING) {
        finish_go_on(x, w);
        return;
    }
    if (w->lane.state == LANES_OUT) { /* it stepped aside */
        enter(x, w);
        return;
    }
    if (w->lane.state == LANES_RESTING)
        lanes_run(x->lanes, &w->lane);
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

static void judge_fresh(struct executor *x)
{
    struct lanes_entry *e;
    while ((e = lanes_fresh(x->lanes)))
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
    tally_waited(x->tally, w->job->account, w->urgent ? "now" : job_kind_name(w->job->kind),
                 (double)(executor_now(x) - w->wanted_at) / 1000.0);
}

/* Whoever's turn it is, if there is a place for it. */
static struct lanes_entry *next_to_go(const struct executor *x)
{
    if (x->stopping || step_goes(x))
        return NULL;
    struct lanes_entry *urgent = executor_is_full(x, true) ? NULL : lanes_best_urgent(x->lanes);
    if (urgent || executor_is_full(x, false))
        return urgent;
    struct lanes_entry *e = lanes_best(x->lanes);
    return e && lanes_is_urgent(e) ? NULL : e;
}

/* One request more, if somebody may. */
static bool go_one(struct executor *x, int64_t now)
{
    struct lanes_entry *e = next_to_go(x);
    if (!e)
        return false;
    struct work *w = WORK_OF(lane, e);
    struct service *s = w->service;
    const struct settings *settings = executor_settings_of(x, w);
    if (!settings) {
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
    const struct agenda *agendas[] = {&x->works, &x->services, &x->batches};
    int64_t next = AGENDA_NEVER;
    for (size_t i = 0; i < sizeof agendas / sizeof *agendas; i++)
        if (agenda_next(agendas[i]) < next)
            next = agenda_next(agendas[i]);
    return next;
}

int64_t executor_run(struct executor *x)
{
    struct agenda_entry *e;
    int64_t now = executor_now(x);
    while ((e = agenda_due(&x->works, now)))
        step_do(x, WORK_OF(timer, e), STEP_DUE);
    wake_services(x, now);
    do {
        do {
            batch_run(x, now);
            judge_fresh(x);
        } while (go_one(x, now));
    } while (step_turn(x));
    return next_turn(x);
}

void executor_restored(struct executor *x, struct owner *o)
{
    due_restored(x, o);
}

void executor_switches(struct executor *x, struct owner *o, const char *account)
{
    fields_check(x, o, str_of(account));
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

/* gauges */

static bool waits(const struct work *w, enum tally_cause *cause)
{
    if (w->lane.state == LANES_BEHIND)
        *cause = TALLY_ORDER;
    else if (w->lane.state == LANES_WANTING)
        *cause = service_is_out(w->service) ? TALLY_OUTAGE : TALLY_BUDGET;
    else
        return false;
    return true;
}

static void add_gauges(struct tally_gauges *sum, const struct tally_gauges *g)
{
    for (int c = 0; c < TALLY_CAUSES; c++) {
        sum->held[c] += g->held[c];
        if (g->oldest_ms[c] > sum->oldest_ms[c])
            sum->oldest_ms[c] = g->oldest_ms[c];
    }
    sum->open |= g->open;
    if (g->tokens < sum->tokens)
        sum->tokens = g->tokens;
}

static void gauge_work(struct work *w, int64_t now)
{
    enum tally_cause cause;
    if (!waits(w, &cause))
        return;
    struct tally_gauges *g = &w->account->gauges;
    g->held[cause]++;
    if (now - w->taken_at > g->oldest_ms[cause])
        g->oldest_ms[cause] = now - w->taken_at;
}

void executor_measure(struct executor *x, struct owner *const *owners, size_t n)
{
    struct tally_gauges sum = {.tokens = BUDGET_BURST_MAX};
    int64_t now = executor_now(x);
    for (struct account *a = x->accounts; a; a = a->next) {
        bool known = a->service.per_second > 0;
        a->gauges = (struct tally_gauges){.open = a->service.open,
                                          .tokens = known ? budget_level(&a->service.budget, now)
                                                          : BUDGET_BURST_MAX};
    }
    for (size_t i = 0; i < n; i++)
        for (struct work *w = owners[i]->works; w; w = w->next)
            gauge_work(w, now);
    for (struct account *a = x->accounts; a; a = a->next) {
        account_serve(x, a);
        account_watch(x, a);
        add_gauges(&sum, &a->gauges);
        if (tally_by_account(x->tally))
            tally_gauges(x->tally, a->service.account, &a->gauges);
    }
    if (!tally_by_account(x->tally))
        tally_gauges(x->tally, "", &sum);
}

/*
 * Accounts: their memory on its way to Kafka and back, and what is told of them. Loop's thread only.
 */
#include "worker/crm/account.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/fact.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/outcome.h"
#include "common/text.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/account_signin.h"
#include "worker/crm/batch.h"
#include "worker/crm/employees.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/reconcile.h"
#include "worker/crm/record.h"

struct account_record {
    struct executor *x;
    struct account *account; /* NULL: nobody waits */
    int64_t offset;          /* -1: not delivered yet */
};

struct account_entry {
    struct account account; /* first */
    UT_hash_handle hh;
};

void account_wake(struct executor *x, struct account *a)
{
    agenda_set(&x->services, &a->service.wake, executor_now(x));
}

void account_left(struct executor *x, struct account *a)
{
    service_left(&a->service, executor_now(x));
    account_wake(x, a);
}

void account_unused(struct executor *x, struct account *a)
{
    service_return(&a->service, false, executor_now(x));
    account_wake(x, a);
}

/* owners */

/* By their offsets, as in record.c. */
static void await_reading(struct account *a)
{
    struct owner *o = a->owner;
    struct account *before = o->last_remembering;
    while (before && before->record->offset > a->record->offset)
        before = before->prev_remembering;
    a->prev_remembering = before;
    a->next_remembering = before ? before->next_remembering : o->remembering;
    *(before ? &before->next_remembering : &o->remembering) = a;
    *(a->next_remembering ? &a->next_remembering->prev_remembering : &o->last_remembering) = a;
}

static void stop_awaiting(struct account *a)
{
    struct owner *o = a->owner;
    struct account *before = a->prev_remembering, *after = a->next_remembering;
    *(before ? &before->next_remembering : &o->remembering) = after;
    *(after ? &after->prev_remembering : &o->last_remembering) = before;
    a->prev_remembering = a->next_remembering = NULL;
}

static void forget_record(struct account *a)
{
    if (!a->record)
        return;
    if (a->record->offset >= 0) {
        stop_awaiting(a);
        free(a->record); /* its report has come: nobody else frees it */
    } else {
        a->record->account = NULL;
    }
    a->record = NULL;
}

static void own(struct executor *x, struct account *a, struct owner *o)
{
    a->owner = o;
    service_own(&a->service,
                facts_state(o->facts, str_of(a->service.account), STR(BUDGET_MEMORY_NAME)),
                x->port->wall(x->port->world), executor_now(x));
    account_pbx_own(x, a);
    alert_account_own(x, a);
}

struct account *account_find(const struct executor *x, const char *name)
{
    struct account_entry *found = NULL;
    HASH_FIND_STR(x->account_entries, name, found);
    return found ? &found->account : NULL;
}

static struct account *make(struct executor *x, const char *name)
{
    struct account_entry *entry = mem_alloc(1, sizeof *entry);
    struct account *a = &entry->account;
    a->executor = x;
    service_init(&a->service, name);
    pbx_init(&a->pbx);
    HASH_ADD_KEYPTR(hh, x->account_entries, a->service.account, strlen(name), entry);
    a->next = x->accounts;
    x->accounts = a;
    return a;
}

struct account *account_get(struct executor *x, struct owner *o, const char *name)
{
    struct account *a = account_find(x, name);
    if (!a)
        a = make(x, name);
    if (a->owner != o)
        own(x, a, o);
    return a;
}

static void leave(struct executor *x, struct account *a)
{
    account_signin_stop(x, a);
    alert_account_leave(x, a);
    forget_record(a);
    reconcile_leave(x, a);
    a->owner = NULL;
    a->told_held = false;
}

/* What Megaplan said; whoever owns the account meanwhile may change it. */
static void forget(struct account *a)
{
    employees_free(a->employees);
    fields_free(a->fields);
    a->employees = NULL;
    a->fields = NULL;
}

void account_drop(struct executor *x, const struct owner *o)
{
    for (struct account *a = x->accounts; a; a = a->next)
        if (a->owner == o) {
            leave(x, a);
            forget(a);
        }
}

void account_free_all(struct executor *x)
{
    struct account_entry *entry, *next;
    HASH_ITER(hh, x->account_entries, entry, next) {
        struct account *a = &entry->account;
        leave(x, a);
        HASH_DEL(x->account_entries, entry);
        agenda_drop(&x->services, &a->service.wake);
        agenda_drop(&x->pbxs, &a->pbx_wake);
        service_done(&a->service);
        forget(a);
        free(entry);
    }
    x->accounts = NULL;
}

void account_settings(struct executor *x, struct account *a)
{
    account_signin_stop(x, a);
    service_reset(&a->service);
    account_pbx_settings(x, a);
    batch_reset(a);
    forget(a); /* it may be another Megaplan now */
    if (!x->port->settings(x->port->world, a->service.account)) {
        signin_done(&a->service.signin);
        reconcile_leave(x, a);
    }
    account_wake(x, a);
}

/* memory */

static void written(struct account *a, bool ok)
{
    struct executor *x = a->executor;
    free(a->record);
    a->record = NULL;
    budget_memory_written(&a->service.memory, ok, executor_now(x));
    if (ok)
        account_wake(x, a);
}

static void reported(void *arg, const struct producer_report *report)
{
    struct account_record *r = arg;
    if (!report->delivered)
        tally_undelivered(r->x->tally, kafka_topic_name(KAFKA_FACTS));
    if (!r->account) {
        free(r);
        return;
    }
    struct owner *o = r->account->owner;
    if (!report->delivered || o->facts_next > report->offset) {
        written(r->account, report->delivered);
        return;
    }
    r->offset = report->offset;
    await_reading(r->account);
}

/* Until it has been read back another owner's mark may stand before it, and that owner begins without it. */
void account_read(struct executor *x, struct owner *o)
{
    struct account *a;
    (void)x;
    while ((a = o->remembering) && o->facts_next > a->record->offset) {
        stop_awaiting(a);
        written(a, true);
    }
}

static void remember(struct executor *x, struct account *a)
{
    struct budget_record memory;
    struct error e = ERROR_NONE;
    char at[TEXT_TIME_SIZE];
    int64_t wall = x->port->wall(x->port->world);
    budget_memory_write(&a->service.memory, &a->service.budget, wall, executor_now(x), &memory);
    text_time(wall, at);
    char *key CLEANUP(mem_free_text) =
        fact_key_make(FACT_STATE, str_of(a->service.account), STR(BUDGET_MEMORY_NAME));
    const struct kafka_header headers[] = {
        {FACT_HEADER_MARK, facts_mark(a->owner->facts)},
        {FACT_HEADER_AT, str_of(at)},
    };
    a->record = mem_alloc(1, sizeof *a->record);
    *a->record = (struct account_record){x, a, -1};
    const struct producer_record r = {.topic = KAFKA_FACTS,
                                      .partition = a->owner->partition,
                                      .key = str_of(key),
                                      .value = memory.tombstone ? STR_NONE : str_of(memory.value),
                                      .tombstone = memory.tombstone,
                                      .headers = headers,
                                      .nheaders = 2,
                                      .done = reported,
                                      .arg = a->record};
    if (x->port->produce(x->port->world, &r, &e)) {
        log_warn("the budget's level was not taken by the producer",
                 LOG_TEXT("account", a->service.account), LOG_ERROR(&e));
        written(a, false);
    }
}

void account_give_up_all(struct executor *x)
{
    for (struct account *a = x->accounts; a; a = a->next)
        if (a->owner && a->service.per_second && budget_memory_ends(&a->service.memory))
            remember(x, a);
}

void account_serve(struct executor *x, struct account *a)
{
    struct service *s = &a->service;
    if (!a->owner || s->per_second == 0)
        return;
    account_signin(x, a);
    if (budget_memory_due(&s->memory, &s->budget, executor_now(x)))
        remember(x, a);
}

/* what is told */

void account_tell(struct executor *x, const struct account *a, const char *result,
                  const char *reason)
{
    struct error e = ERROR_NONE;
    const struct outcome o = {
        .at = x->port->wall(x->port->world), .what = "outcome", .result = result, .reason = reason};
    char at[TEXT_TIME_SIZE];
    text_time(o.at, at);
    char *key CLEANUP(mem_free_text) = mem_format("%s/-", a->service.account);
    char *value CLEANUP(mem_free_text) = outcome_encode(&o);
    const struct kafka_header headers[] = {
        {"kind", str_of(o.what)},
        {"account", str_of(a->service.account)},
        {"at", str_of(at)},
    };
    const struct producer_record r = {
        .topic = KAFKA_OUTCOMES,
        .partition = murmur2_partition(str_of(key), x->options.outcome_partitions),
        .key = str_of(key),
        .value = str_of(value),
        .headers = headers,
        .nheaders = 3};
    if (x->port->produce(x->port->world, &r, &e))
        log_warn("an outcome was not taken by the producer",
                 LOG_TEXT("account", a->service.account), LOG_ERROR(&e));
}

/* The breaker has opened: told once, by log, metric (tally_gauges) and outcome. */
static void tell_opened(struct executor *x, struct account *a, struct work *w, const char *why)
{
    log_fail("Megaplan is out of order for the account; its jobs are held",
             LOG_TEXT("account", a->service.account), LOG_TEXT("job", w ? w->job->id : ""),
             LOG_TEXT("err", why));
    if (!w) {
        account_tell(x, a, "held", why);
        return;
    }
    record_held(x, w, why);
}

void account_refused(struct executor *x, struct account *a, struct work *w, const char *why)
{
    bool opened = service_refused(&a->service, why, executor_now(x), x->options.retry_max_ms,
                                  x->port->random(x->port->world));
    account_wake(x, a);
    if (opened)
        tell_opened(x, a, w, why);
}

void account_unclear(struct executor *x, struct account *a, struct work *w, const char *why)
{
    bool opened = service_unclear(&a->service, w ? w->probe : true, why, executor_now(x),
                                  x->options.retry_max_ms, x->port->random(x->port->world));
    if (opened)
        tell_opened(x, a, w, why);
}

void account_watch(struct executor *x, struct account *a)
{
    int64_t oldest = a->gauges.oldest_ms[TALLY_OUTAGE];
    if (a->gauges.oldest_ms[TALLY_BUDGET] > oldest)
        oldest = a->gauges.oldest_ms[TALLY_BUDGET];
    if (oldest < ACCOUNT_HELD_LONG_MS) {
        a->told_held = false;
        return;
    }
    if (a->told_held)
        return;
    a->told_held = true;
    const char *why = a->service.open ? a->service.reason : "the account's request budget is spent";
    log_fail("jobs are held for over ten minutes", LOG_TEXT("account", a->service.account),
             LOG_INT("count", a->gauges.held[TALLY_OUTAGE] + a->gauges.held[TALLY_BUDGET]),
             LOG_INT("ms", oldest), LOG_TEXT("err", why));
    account_tell(x, a, "held", "jobs are held for over ten minutes");
}

/*
 * What the facts say is due.
 */
#include "worker/crm/due.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/account_pbx.h"
#include "worker/crm/enter.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/known.h"

struct question { /* about one owner's facts */
    struct executor *x;
    struct owner *owner;
    struct str account;
    struct str only; /* that account's; empty: all */
};

static void add(const struct question *q, struct str entry, enum job_kind kind, const char *rest,
                const char *number)
{
    char *id CLEANUP(mem_free_text) =
        mem_format("%.*s:%s%s", STR_ARG(entry), job_kind_name(kind), rest);
    executor_add(q->x, q->owner, kind, q->account, entry, id, number, NULL);
}

/* The number of a job that facts know, which names its lane. */
static const char *number_of(const struct question *q, struct str entry, enum job_kind kind)
{
    char *id CLEANUP(mem_free_text) = mem_format("%.*s:%s", STR_ARG(entry), job_kind_name(kind));
    const struct facts_entry *e = facts_find(q->owner->facts, q->account, str_of(id));
    return e && e->said ? e->said->number : NULL;
}

static void ask_entry(const struct question *q, struct str entry)
{
    const struct facts *f = q->owner->facts;
    struct known_call call;
    if (known_due_fill(f, q->account, entry))
        add(q, entry, JOB_FILL, "", number_of(q, entry, JOB_CLIENT));
    if (known_due_line(f, q->account, entry))
        add(q, entry, JOB_FILL, ":line", number_of(q, entry, JOB_CLIENT));
    if (known_due_link(f, q->account, entry) && known_call(f, q->account, entry, &call))
        add(q, entry, JOB_LINK, "", call.number);
    if (known_due_twin(f, q->account, entry, KNOWN_TWIN_CLIENT))
        add(q, entry, JOB_TWIN, "", number_of(q, entry, JOB_TWIN));
    if (known_due_twin(f, q->account, entry, KNOWN_TWIN_TASK))
        add(q, entry, JOB_TWIN, ":task", number_of(q, entry, JOB_TWIN));
}

static void visit_restored(void *arg, struct str account, struct str entry)
{
    struct question *q = arg;
    if (q->only.len && !str_eq(q->only, account))
        return;
    q->account = account;
    ask_entry(q, entry);
}

/* What a former owner may have sent MANGO a moment ago counts against its limits. */
static void count_sent(const struct question *q, struct str entry, enum job_kind kind,
                       enum pbx_method m)
{
    char *id CLEANUP(mem_free_text) = mem_format("%.*s:%s", STR_ARG(entry), job_kind_name(kind));
    const struct facts_entry *e = facts_find(q->owner->facts, q->account, str_of(id));
    if (!e || !e->intent || e->own)
        return;
    char *name CLEANUP(mem_free_text) = mem_copy(q->account);
    account_pbx_seen(q->x, account_get(q->x, q->owner, name), m, e->written_at);
}

static void visit_first(void *arg, struct str account, struct str entry)
{
    struct question *q = arg;
    visit_restored(arg, account, entry);
    count_sent(q, entry, JOB_ROUTE, PBX_ROUTE);
    count_sent(q, entry, JOB_VISITOR, PBX_VISITOR);
}

void due_restored(struct executor *x, struct owner *o)
{
    struct question q = {.x = x, .owner = o};
    facts_due(o->facts, visit_first, &q);
}

void due_switched_on(struct executor *x, struct owner *o, struct str account)
{
    struct question q = {.x = x, .owner = o, .only = account};
    facts_due(o->facts, visit_restored, &q);
}

static void visit_call(void *arg, struct str entry)
{
    ask_entry(arg, entry);
}

void due_read(struct executor *x, struct owner *o, struct str account, struct str id)
{
    struct question q = {.x = x, .owner = o, .account = account};
    const struct facts_entry *e = facts_find(o->facts, account, id);
    if (!e || !e->said || !e->said->entry_id)
        return;
    ask_entry(&q, str_of(e->said->entry_id));
    if (e->said->kind == JOB_VISITOR && (e->done || e->given_up)) {
        char *lane CLEANUP(mem_free_text) = mem_format("job/e/%s", e->said->entry_id);
        enter_hurry(x, account, lane, JOB_CLIENT);
    }
    if (e->done && e->said->kind == JOB_CLIENT && e->said->number) /* its calls may wait for it */
        known_due_links(o->facts, account, str_of(e->said->number), visit_call, &q);
}

/*
 * The view of one facts partition. Pure: memory only; fed by the shard that reads the partition.
 */
#include "worker/crm/facts.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"
#include "worker/crm/facts_job.h"

/* Jobs stand in the order of their newest records, but for writers' clocks that differ: behind so many
 * young ones no old ones are looked for. */
#define YOUNG_IN_A_ROW 1000

struct state {
    char *key; /* account/name */
    char *value;
    UT_hash_handle hh;
};

struct facts {
    char mark[FACT_MARK_HEX + 1];
    bool restored;
    int64_t order;
    struct facts_jobs jobs;
    struct state *states;
};

/* The key of a state that is looked for: account/name, nearly always short. */
struct key {
    char room[192];
    char *text;
    size_t len;
};

static void key_make(struct key *k, struct str account, struct str name)
{
    k->len = account.len + 1 + name.len;
    k->text = k->len < sizeof k->room ? k->room : mem_alloc(k->len + 1, 1);
    memcpy(k->text, account.ptr ? account.ptr : "", account.len);
    k->text[account.len] = '/';
    memcpy(k->text + account.len + 1, name.ptr ? name.ptr : "", name.len);
    k->text[k->len] = '\0';
}

static void key_done(struct key *k)
{
    if (k->text != k->room)
        free(k->text);
}

/* records */

/* What a correction of the responsible began and did not tell of: we may have set it (G9). */
static void note_begun(struct facts_job *j, const struct fact *intent, const struct fact *done)
{
    if (!intent || intent->kind != JOB_RESPONSIBLE || !intent->responsible ||
        str_eq(str_of(intent->responsible), str_of(done->responsible)))
        return;
    free((char *)(uintptr_t)j->shown.begun);
    j->shown.begun = mem_copy(str_of(intent->responsible));
}

static void apply_intent(struct facts *f, struct facts_job *j, const struct facts_record *r,
                         struct fact *what)
{
    j->shown.intent = true;
    j->shown.own = str_is(r->mark, f->mark);
    j->shown.settled = false;
    j->shown.read_at = r->now;
    j->shown.written_at = r->at;
    if (j->shown.done) {
        note_begun(j, what, j->shown.said);
        fact_free(what);
    } else {
        facts_job_say(&f->jobs, j, what);
    }
}

static enum facts_change apply_done(struct facts *f, struct facts_job *j, struct fact *what)
{
    if (j->shown.done) {
        bool same = fact_same(j->shown.said, what);
        fact_free(what);
        return same ? FACTS_NOTED : FACTS_CONFLICT;
    }
    note_begun(j, j->shown.said, what);
    facts_job_say(&f->jobs, j, what);
    j->shown.done = true;
    j->shown.forgotten = false;
    j->shown.order = ++f->order;
    return FACTS_NOTED;
}

static void apply_given_up(struct facts_job *j, struct fact *what)
{
    j->shown.given_up = true;
    j->shown.settled = true; /* what was begun so far: a job sent again may begin anew */
    fact_free(what);
}

static void apply_tombstone(struct facts *f, const struct fact_key *key)
{
    struct facts_job *j = facts_job_find(&f->jobs, key->account, key->name);
    if (!j)
        return;
    struct facts_entry *s = &j->shown;
    if (key->type == FACT_INTENT) {
        s->intent = false;
        if (!s->done)
            facts_job_say(&f->jobs, j, NULL);
    } else if (key->type == FACT_DONE) {
        s->done = false;
        s->order = 0;
        facts_job_say(&f->jobs, j, NULL);
    } else {
        s->given_up = false;
    }
    if (!s->intent && !s->done && !s->given_up)
        facts_job_drop(&f->jobs, j);
}

static void apply_state(struct facts *f, const struct fact_key *key, const struct facts_record *r)
{
    struct key name CLEANUP(key_done);
    struct state *s = NULL;
    key_make(&name, key->account, key->name);
    HASH_FIND(hh, f->states, name.text, name.len, s);
    if (!s && !r->tombstone) {
        s = mem_alloc(1, sizeof *s);
        s->key = mem_copy((struct str){name.text, name.len});
        HASH_ADD_KEYPTR(hh, f->states, s->key, strlen(s->key), s);
    }
    if (!s)
        return;
    free(s->value);
    s->value = r->tombstone ? NULL : mem_copy(r->value);
}

static enum facts_change apply_mark(struct facts *f, const struct facts_record *r)
{
    if (str_is(r->mark, f->mark)) {
        f->restored = true;
        return FACTS_OWN_MARK;
    }
    return f->restored ? FACTS_STRANGER : FACTS_OLD_MARK;
}

enum err facts_apply(struct facts *f, const struct facts_record *r, enum facts_change *change,
                     struct error *e)
{
    struct fact_key key;
    enum err bad = fact_key_parse(r->key, &key, e);
    if (bad)
        return bad;
    *change = FACTS_NOTED;
    if (key.type == FACT_MARK) {
        *change = r->tombstone ? FACTS_NOTED : apply_mark(f, r);
    } else if (key.type == FACT_STATE) {
        apply_state(f, &key, r);
    } else if (r->tombstone) {
        apply_tombstone(f, &key);
    } else {
        struct fact *what = NULL;
        bad = fact_decode(r->value, &what, e);
        if (bad)
            return bad;
        struct facts_job *j = facts_job_get(&f->jobs, key.account, key.name, r->job);
        facts_job_touch(&f->jobs, j, r->at, r->job);
        if (!j->shown.first)
            j->shown.first = ++f->order;
        if (key.type == FACT_INTENT)
            apply_intent(f, j, r, what);
        else if (key.type == FACT_DONE)
            *change = apply_done(f, j, what);
        else
            apply_given_up(j, what);
    }
    return ERR_OK;
}

struct facts *facts_new(struct str mark)
{
    struct facts *f = mem_alloc(1, sizeof *f);
    facts_job_start(&f->jobs);
    size_t n = mark.len < FACT_MARK_HEX ? mark.len : FACT_MARK_HEX;
    memcpy(f->mark, mark.ptr, n);
    return f;
}

void facts_free(struct facts *f)
{
    if (!f)
        return;
    struct state *s, *next_state;
    HASH_ITER(hh, f->states, s, next_state) {
        HASH_DEL(f->states, s);
        free(s->key);
        free(s->value);
        free(s);
    }
    facts_job_done(&f->jobs);
    free(f);
}

struct str facts_mark(const struct facts *f)
{
    return str_of(f->mark);
}

/* questions */

const struct facts_entry *facts_find(const struct facts *f, struct str account, struct str id)
{
    struct facts_job *j = facts_job_find(&f->jobs, account, id);
    return j ? &j->shown : NULL;
}

static void walk(const struct facts *f, enum facts_shelf s, struct str account, struct str name,
                 bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    struct facts_job *newest = facts_job_newest(&f->jobs, s, account, name), *j = NULL;
    while ((j = facts_job_next(s, newest, j)))
        if (!visit(arg, &j->shown))
            return;
}

void facts_of_entry(const struct facts *f, struct str account, struct str entry_id,
                    bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(f, FACTS_BY_ENTRY, account, entry_id, visit, arg);
}

void facts_of_number(const struct facts *f, struct str account, struct str number,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(f, FACTS_BY_NUMBER, account, number, visit, arg);
}

void facts_of_client(const struct facts *f, struct str account, struct str client,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(f, FACTS_BY_CLIENT, account, client, visit, arg);
}

struct due {
    void (*visit)(void *arg, struct str account, struct str entry_id);
    void *arg;
};

static void visit_entry(void *arg, const struct shelf_place *newest)
{
    const struct due *d = arg;
    const struct facts_job *j = facts_job_at(FACTS_BY_ENTRY, newest);
    d->visit(d->arg, facts_job_account(j), str_of(j->shown.said->entry_id));
}

void facts_due(const struct facts *f,
               void (*visit)(void *arg, struct str account, struct str entry_id), void *arg)
{
    struct due d = {visit, arg};
    shelf_each(&f->jobs.shelves[FACTS_BY_ENTRY], visit_entry, &d);
}

static bool unsettled(const struct facts_entry *e)
{
    return e->intent && e->said && !e->own && !e->settled && !e->done && e->said->kind != JOB_TWIN;
}

/* Whether an intent of kind `begun` concerns a job of kind `judged` with the same number. */
static bool concerns_number(enum job_kind begun, enum job_kind judged)
{
    if (judged == JOB_TALKED)
        return begun == JOB_CLIENT || begun == JOB_TASK;
    return (begun == JOB_CLIENT || begun == JOB_TASK) && begun == judged;
}

/* ... with the same call. */
static bool concerns_entry(enum job_kind begun, enum job_kind judged)
{
    if (begun == JOB_RESPONSIBLE)
        return judged == JOB_RESPONSIBLE;
    if (judged == JOB_RECORD) /* whether the saving has its link, the call's result says */
        return begun == JOB_CALL;
    return (begun == JOB_POPUP || begun == JOB_CALL) && (judged == JOB_POPUP || judged == JOB_CALL);
}

struct blocker {
    enum job_kind kind; /* of the job that is judged */
    bool (*concerns)(enum job_kind begun, enum job_kind judged);
    const struct facts_entry *found;
};

static bool find_blocker(void *arg, const struct facts_entry *e)
{
    struct blocker *b = arg;
    if (unsettled(e) && b->concerns(e->said->kind, b->kind))
        b->found = e;
    return !b->found;
}

const struct facts_entry *facts_blocker(const struct facts *f, struct str account, struct str id,
                                        enum job_kind kind, struct str number, struct str entry_id)
{
    const struct facts_entry *own = facts_find(f, account, id);
    struct blocker b = {.kind = kind, .concerns = concerns_number};
    if (own && unsettled(own))
        return own;
    facts_of_number(f, account, number, find_blocker, &b);
    b.concerns = concerns_entry;
    if (!b.found)
        facts_of_entry(f, account, entry_id, find_blocker, &b);
    return b.found;
}

const struct facts_entry *facts_begun_at(const struct facts *f, struct str account,
                                         struct str place)
{
    for (const struct facts_job *j = f->jobs.newest; j; j = j->older) {
        const struct facts_entry *e = &j->shown;
        if (e->intent && e->said && !e->done && !e->given_up && str_is(place, j->job) &&
            str_eq(facts_job_account(j), account))
            return e;
    }
    return NULL;
}

void facts_settle(struct facts *f, struct str account, struct str id)
{
    struct facts_job *j = facts_job_find(&f->jobs, account, id);
    if (j)
        j->shown.settled = true;
}

void facts_forget(struct facts *f, struct str account, struct str number)
{
    struct facts_job *newest = facts_job_newest(&f->jobs, FACTS_BY_NUMBER, account, number);
    struct facts_job *j = NULL;
    while ((j = facts_job_next(FACTS_BY_NUMBER, newest, j)))
        j->shown.forgotten = true;
}

struct str facts_state(const struct facts *f, struct str account, struct str name)
{
    struct key key CLEANUP(key_done);
    struct state *s = NULL;
    key_make(&key, account, name);
    HASH_FIND(hh, f->states, key.text, key.len, s);
    return s ? str_of(s->value) : STR_NONE;
}

static bool may_go(const struct facts *f, const struct facts_job *j, const struct facts_ageing *a)
{
    const struct facts_entry *e = &j->shown;
    /* What rings and came too late may leave an intent alone (a pop-up to the saving of its call), not for ever. */
    bool over = e->done || e->given_up || (e->said && e->said->kind <= JOB_POPUP);
    if (!over || j->at >= a->before || !a->below(a->arg, str_of(j->job)))
        return false;
    return j->at < a->before_kept || !a->keep || !a->keep(f, facts_job_account(j), e);
}

void facts_age(const struct facts *f, const struct facts_ageing *a)
{
    size_t visited = 0, young = 0;
    for (const struct facts_job *j = f->jobs.oldest; j; j = j->newer) {
        young = j->at >= a->before ? young + 1 : 0;
        if (visited >= a->limit || young > YOUNG_IN_A_ROW)
            return;
        if (!may_go(f, j, a))
            continue;
        visited++;
        /* In the order of deletion an intent never stands there without its result. */
        if (j->shown.intent)
            a->visit(a->arg, facts_job_account(j), str_of(j->shown.id), FACT_INTENT);
        if (j->shown.given_up)
            a->visit(a->arg, facts_job_account(j), str_of(j->shown.id), FACT_GIVEN_UP);
        if (j->shown.done)
            a->visit(a->arg, facts_job_account(j), str_of(j->shown.id), FACT_DONE);
    }
}

size_t facts_count(const struct facts *f)
{
    return f->jobs.count;
}

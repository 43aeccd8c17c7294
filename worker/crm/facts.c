/*
 * The view of one facts partition. Pure: memory only; fed by the shard that reads the partition.
 */
#include "worker/crm/facts.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"

struct job_facts {
    struct facts_entry shown;
    char *key; /* account/job id */
    size_t account_len;
    struct fact *intent, *done;
    bool has[FACT_MARK]; /* records in the topic, by type */
    bool forgotten;      /* the client it names is gone */
    int64_t at;          /* newest record, unix ms */
    int64_t order;       /* of the done fact */
    char *job;           /* topic/partition/offset, "" unknown */
    UT_hash_handle hh;
};

struct bucket { /* jobs of one number or one call */
    char *key;
    struct job_facts **jobs;
    size_t count, room;
    UT_hash_handle hh;
};

struct state {
    char *key; /* account/name */
    char *value;
    UT_hash_handle hh;
};

struct facts {
    char mark[FACT_MARK_HEX + 1];
    bool restored;
    int64_t order;
    struct job_facts *jobs;
    struct bucket *numbers, *entries;
    struct state *states;
};

/* keys */

static char *joined(struct str account, struct str rest)
{
    return mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(rest));
}

static struct job_facts *find(const struct facts *f, struct str account, struct str id)
{
    char *key CLEANUP(mem_free_text) = joined(account, id);
    struct job_facts *j = NULL;
    HASH_FIND_STR(f->jobs, key, j);
    return j;
}

static struct bucket *bucket_find(struct bucket *all, struct str account, struct str name)
{
    char *key CLEANUP(mem_free_text) = joined(account, name);
    struct bucket *b = NULL;
    HASH_FIND_STR(all, key, b);
    return b;
}

static struct str account_of(const struct job_facts *j)
{
    return (struct str){j->key, j->account_len};
}

/* buckets */

static void bucket_add(struct bucket **all, struct str account, const char *name,
                       struct job_facts *j)
{
    if (!name || !*name)
        return;
    struct bucket *b = bucket_find(*all, account, str_of(name));
    if (!b) {
        b = mem_alloc(1, sizeof *b);
        b->key = joined(account, str_of(name));
        HASH_ADD_KEYPTR(hh, *all, b->key, strlen(b->key), b);
    }
    for (size_t i = 0; i < b->count; i++)
        if (b->jobs[i] == j)
            return;
    if (b->count == b->room) {
        b->room = b->room ? b->room * 2 : 2;
        b->jobs = mem_resize(b->jobs, b->room, sizeof(struct job_facts *));
    }
    b->jobs[b->count++] = j;
}

static void bucket_free(struct bucket **all, struct bucket *b)
{
    HASH_DEL(*all, b);
    free(b->key);
    free(b->jobs);
    free(b);
}

static void bucket_remove(struct bucket **all, struct str account, const char *name,
                          const struct job_facts *j)
{
    struct bucket *b = name ? bucket_find(*all, account, str_of(name)) : NULL;
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++) {
        if (b->jobs[i] != j)
            continue;
        memmove(&b->jobs[i], &b->jobs[i + 1], (b->count - i - 1) * sizeof(struct job_facts *));
        b->count--;
        break;
    }
    if (b->count == 0)
        bucket_free(all, b);
}

/* jobs */

static const struct fact *said(const struct job_facts *j)
{
    return j->done ? j->done : j->intent;
}

static void link_job(struct facts *f, struct job_facts *j, const struct fact *what)
{
    bucket_add(&f->numbers, account_of(j), what->number, j);
    bucket_add(&f->entries, account_of(j), what->entry_id, j);
}

static void unlink_fact(struct facts *f, struct job_facts *j, struct fact **what)
{
    if (!*what)
        return;
    bucket_remove(&f->numbers, account_of(j), (*what)->number, j);
    bucket_remove(&f->entries, account_of(j), (*what)->entry_id, j);
    fact_free(*what);
    *what = NULL;
}

static struct job_facts *get(struct facts *f, struct str account, struct str id)
{
    struct job_facts *j = find(f, account, id);
    if (j)
        return j;
    j = mem_alloc(1, sizeof *j);
    j->key = joined(account, id);
    j->account_len = account.len;
    j->shown.id = j->key + account.len + 1;
    j->job = mem_copy(STR_NONE);
    HASH_ADD_KEYPTR(hh, f->jobs, j->key, strlen(j->key), j);
    return j;
}

static void drop(struct facts *f, struct job_facts *j)
{
    unlink_fact(f, j, &j->intent);
    unlink_fact(f, j, &j->done);
    HASH_DEL(f->jobs, j);
    free(j->key);
    free(j->job);
    free(j);
}

static void refresh(struct facts *f, struct job_facts *j)
{
    if (!j->has[FACT_INTENT] && !j->has[FACT_DONE] && !j->has[FACT_GIVEN_UP]) {
        drop(f, j);
        return;
    }
    if (said(j))
        link_job(f, j, said(j));
    j->shown.said = said(j);
    j->shown.done = j->has[FACT_DONE];
    j->shown.given_up = j->has[FACT_GIVEN_UP];
    j->shown.intent = j->has[FACT_INTENT];
}

static bool same_text(const char *a, const char *b)
{
    return str_eq(str_of(a), str_of(b));
}

static bool same_fact(const struct fact *a, const struct fact *b)
{
    return a->kind == b->kind && a->made == b->made && same_text(a->entry_id, b->entry_id) &&
           same_text(a->number, b->number) && same_text(a->object, b->object) &&
           same_text(a->responsible, b->responsible) && same_text(a->none, b->none);
}

/* records */

static void note_record(struct job_facts *j, const struct facts_record *r)
{
    if (r->at > j->at)
        j->at = r->at;
    if (r->job.len && !*j->job) { /* the first one's: a result may be written by another job */
        free(j->job);
        j->job = mem_copy(r->job);
    }
}

static void apply_intent(struct facts *f, struct job_facts *j, const struct facts_record *r,
                         struct fact *what)
{
    unlink_fact(f, j, &j->intent);
    j->intent = what;
    j->has[FACT_INTENT] = true;
    j->shown.own = str_is(r->mark, f->mark);
    j->shown.settled = false;
    j->shown.read_at = r->now;
    j->shown.written_at = r->at;
}

static enum facts_change apply_done(struct facts *f, struct job_facts *j, struct fact *what)
{
    if (j->done) {
        bool same = same_fact(j->done, what);
        fact_free(what);
        return same ? FACTS_NOTED : FACTS_CONFLICT;
    }
    unlink_fact(f, j, &j->intent);
    j->done = what;
    j->has[FACT_DONE] = true;
    j->forgotten = false;
    j->order = ++f->order;
    return FACTS_NOTED;
}

static void apply_tombstone(struct facts *f, const struct fact_key *key)
{
    struct job_facts *j = find(f, key->account, key->name);
    if (!j)
        return;
    j->has[key->type] = false;
    if (key->type == FACT_INTENT)
        unlink_fact(f, j, &j->intent);
    if (key->type == FACT_DONE)
        unlink_fact(f, j, &j->done);
    refresh(f, j);
}

static void apply_state(struct facts *f, const struct fact_key *key, const struct facts_record *r)
{
    char *name CLEANUP(mem_free_text) = joined(key->account, key->name);
    struct state *s = NULL;
    HASH_FIND_STR(f->states, name, s);
    if (!s && !r->tombstone) {
        s = mem_alloc(1, sizeof *s);
        s->key = mem_copy(str_of(name));
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
        struct job_facts *j = get(f, key.account, key.name);
        note_record(j, r);
        if (key.type == FACT_INTENT) {
            apply_intent(f, j, r, what);
        } else if (key.type == FACT_DONE) {
            *change = apply_done(f, j, what);
        } else {
            j->has[FACT_GIVEN_UP] = true;
            j->shown.settled = true; /* what was begun so far: a job sent again may begin anew */
            fact_free(what);
        }
        refresh(f, j);
    }
    return ERR_OK;
}

struct facts *facts_new(struct str mark)
{
    struct facts *f = mem_alloc(1, sizeof *f);
    size_t n = mark.len < FACT_MARK_HEX ? mark.len : FACT_MARK_HEX;
    memcpy(f->mark, mark.ptr, n);
    return f;
}

void facts_free(struct facts *f)
{
    if (!f)
        return;
    struct job_facts *j, *next;
    HASH_ITER(hh, f->jobs, j, next) {
        drop(f, j);
    }
    struct state *s, *next_state;
    HASH_ITER(hh, f->states, s, next_state) {
        HASH_DEL(f->states, s);
        free(s->key);
        free(s->value);
        free(s);
    }
    free(f);
}

struct str facts_mark(const struct facts *f)
{
    return str_of(f->mark);
}

/* questions */

const struct facts_entry *facts_find(const struct facts *f, struct str account, struct str id)
{
    struct job_facts *j = find(f, account, id);
    return j ? &j->shown : NULL;
}

static bool unsettled(const struct job_facts *j)
{
    const struct facts_entry *s = &j->shown;
    return j->intent && !s->own && !s->settled && !s->done;
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
    return (begun == JOB_POPUP || begun == JOB_CALL) && (judged == JOB_POPUP || judged == JOB_CALL);
}

static const struct facts_entry *blocker_in(const struct bucket *b, enum job_kind kind,
                                            bool (*concerns)(enum job_kind, enum job_kind))
{
    for (size_t i = 0; b && i < b->count; i++)
        if (unsettled(b->jobs[i]) && concerns(said(b->jobs[i])->kind, kind))
            return &b->jobs[i]->shown;
    return NULL;
}

const struct facts_entry *facts_blocker(const struct facts *f, struct str account, struct str id,
                                        enum job_kind kind, struct str number, struct str entry_id)
{
    const struct job_facts *own = find(f, account, id);
    if (own && unsettled(own))
        return &own->shown;
    const struct facts_entry *found = NULL;
    if (number.len)
        found = blocker_in(bucket_find(f->numbers, account, number), kind, concerns_number);
    if (!found)
        found = blocker_in(bucket_find(f->entries, account, entry_id), kind, concerns_entry);
    return found;
}

void facts_settle(struct facts *f, struct str account, struct str id)
{
    struct job_facts *j = find(f, account, id);
    if (j)
        j->shown.settled = true;
}

static bool names_client(const struct job_facts *j)
{
    return j->done && j->done->kind == JOB_CLIENT && j->done->object && !j->forgotten;
}

const char *facts_client(const struct facts *f, struct str account, struct str number)
{
    const struct bucket *b = bucket_find(f->numbers, account, number);
    const struct job_facts *newest = NULL;
    for (size_t i = 0; b && i < b->count; i++)
        if (names_client(b->jobs[i]) && (!newest || b->jobs[i]->order > newest->order))
            newest = b->jobs[i];
    return newest ? newest->done->object : NULL;
}

void facts_forget(struct facts *f, struct str account, struct str number)
{
    const struct bucket *b = bucket_find(f->numbers, account, number);
    for (size_t i = 0; b && i < b->count; i++)
        b->jobs[i]->forgotten = true;
}

struct str facts_state(const struct facts *f, struct str account, struct str name)
{
    char *key CLEANUP(mem_free_text) = joined(account, name);
    struct state *s = NULL;
    HASH_FIND_STR(f->states, key, s);
    return s ? str_of(s->value) : STR_NONE;
}

void facts_age(const struct facts *f, const struct facts_ageing *a)
{
    /* In the order of deletion an intent never stands there without its result. */
    static const enum fact_type order[] = {FACT_INTENT, FACT_GIVEN_UP, FACT_DONE};
    size_t visited = 0;
    struct job_facts *j, *next;
    HASH_ITER(hh, f->jobs, j, next) {
        if (visited >= a->limit)
            return;
        bool finished = j->shown.done || j->shown.given_up;
        if (!finished || j->at >= a->before || !a->below(a->arg, str_of(j->job)))
            continue;
        visited++;
        for (size_t i = 0; i < sizeof order / sizeof *order; i++)
            if (j->has[order[i]])
                a->visit(a->arg, account_of(j), str_of(j->shown.id), order[i]);
    }
}

size_t facts_count(const struct facts *f)
{
    return HASH_COUNT(f->jobs);
}

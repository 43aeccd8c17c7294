/*
 * The view of one facts partition. Pure: memory only; fed by the shard that reads the partition.
 */
#include "worker/crm/facts.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"

/* By what jobs are found besides their id. */
enum shelf {
    OF_NUMBER,
    OF_ENTRY,
    OF_CLIENT,
    SHELVES
};

struct job_facts {
    struct facts_entry shown;
    struct job_facts *next[SHELVES]; /* of the same bucket */
    int64_t at;                      /* newest record, unix ms */
    char *job; /* topic/partition/offset, behind the key in text or of its own; "" unknown */
    size_t account_len;
    UT_hash_handle hh;
    char text[]; /* account/job id */
};

struct bucket { /* jobs of one number, call or client: the oldest one first */
    struct job_facts *head, *tail;
    UT_hash_handle hh;
    char key[]; /* account/name */
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
    struct bucket *shelves[SHELVES];
    struct state *states;
};

/* keys */

/* A key that is looked for: account/name, nearly always short. */
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

static struct job_facts *find(const struct facts *f, struct str account, struct str id)
{
    struct key k CLEANUP(key_done);
    struct job_facts *j = NULL;
    key_make(&k, account, id);
    HASH_FIND(hh, f->jobs, k.text, k.len, j);
    return j;
}

static struct str account_of(const struct job_facts *j)
{
    return (struct str){j->text, j->account_len};
}

/* shelves */

static struct bucket *bucket_find(const struct facts *f, enum shelf s, struct str account,
                                  struct str name)
{
    if (name.len == 0)
        return NULL;
    struct key k CLEANUP(key_done);
    struct bucket *b = NULL;
    key_make(&k, account, name);
    HASH_FIND(hh, f->shelves[s], k.text, k.len, b);
    return b;
}

static struct bucket *bucket_new(struct facts *f, enum shelf s, struct str account, struct str name)
{
    struct key k CLEANUP(key_done);
    key_make(&k, account, name);
    struct bucket *b = mem_alloc(1, sizeof *b + k.len + 1);
    memcpy(b->key, k.text, k.len + 1);
    HASH_ADD_KEYPTR(hh, f->shelves[s], b->key, k.len, b);
    return b;
}

static void shelve(struct facts *f, enum shelf s, struct job_facts *j, const char *name)
{
    if (!name || !*name)
        return;
    struct bucket *b = bucket_find(f, s, account_of(j), str_of(name));
    if (!b)
        b = bucket_new(f, s, account_of(j), str_of(name));
    j->next[s] = NULL;
    *(b->tail ? &b->tail->next[s] : &b->head) = j;
    b->tail = j;
}

/* The oldest ones go first, so what is looked for stands in front. */
static void unshelve(struct facts *f, enum shelf s, struct job_facts *j, const char *name)
{
    struct bucket *b = bucket_find(f, s, account_of(j), str_of(name));
    struct job_facts *before = NULL;
    if (!b)
        return;
    for (struct job_facts *at = b->head; at != j; at = at->next[s])
        before = at;
    *(before ? &before->next[s] : &b->head) = j->next[s];
    if (b->tail == j)
        b->tail = before;
    if (b->head)
        return;
    HASH_DEL(f->shelves[s], b);
    free(b);
}

static const char *name_on(enum shelf s, const struct fact *what)
{
    if (!what)
        return NULL;
    return s == OF_NUMBER ? what->number : s == OF_ENTRY ? what->entry_id : fact_client(what);
}

/* jobs */

/* Takes over `what` (NULL: nothing is known any more) instead of what it said before. */
static void say(struct facts *f, struct job_facts *j, struct fact *what)
{
    struct fact *old = (struct fact *)(uintptr_t)j->shown.said;
    for (enum shelf s = 0; s < SHELVES; s++) {
        const char *was = name_on(s, old), *is = name_on(s, what);
        if (str_eq(str_of(was), str_of(is)))
            continue;
        unshelve(f, s, j, was);
        shelve(f, s, j, is);
    }
    j->shown.said = what;
    fact_free(old);
}

static struct job_facts *get(struct facts *f, struct str account, struct str id, struct str job)
{
    struct job_facts *j = find(f, account, id);
    if (j)
        return j;
    size_t len = account.len + 1 + id.len;
    j = mem_alloc(1, sizeof *j + len + 1 + job.len + 1);
    memcpy(j->text, account.ptr, account.len);
    j->text[account.len] = '/';
    memcpy(j->text + account.len + 1, id.ptr, id.len);
    j->job = j->text + len + 1;
    if (job.len)
        memcpy(j->job, job.ptr, job.len);
    j->account_len = account.len;
    j->shown.id = j->text + account.len + 1;
    j->shown.first = ++f->order;
    HASH_ADD_KEYPTR(hh, f->jobs, j->text, len, j);
    return j;
}

static bool job_is_apart(const struct job_facts *j)
{
    return j->job != j->shown.id + strlen(j->shown.id) + 1;
}

static void drop(struct facts *f, struct job_facts *j)
{
    say(f, j, NULL);
    HASH_DEL(f->jobs, j);
    if (job_is_apart(j))
        free(j->job);
    free((char *)(uintptr_t)j->shown.begun);
    free(j);
}

/* records */

static void note_record(struct job_facts *j, const struct facts_record *r)
{
    if (r->at > j->at)
        j->at = r->at;
    if (r->job.len && !*j->job) /* the first one's: a result may be written by another job */
        j->job = mem_copy(r->job);
}

/* What a correction of the responsible began and did not tell of: we may have set it (G9). */
static void note_begun(struct job_facts *j, const struct fact *intent, const struct fact *done)
{
    if (!intent || intent->kind != JOB_RESPONSIBLE || !intent->responsible ||
        str_eq(str_of(intent->responsible), str_of(done->responsible)))
        return;
    free((char *)(uintptr_t)j->shown.begun);
    j->shown.begun = mem_copy(str_of(intent->responsible));
}

static void apply_intent(struct facts *f, struct job_facts *j, const struct facts_record *r,
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
        say(f, j, what);
    }
}

static enum facts_change apply_done(struct facts *f, struct job_facts *j, struct fact *what)
{
    if (j->shown.done) {
        bool same = fact_same(j->shown.said, what);
        fact_free(what);
        return same ? FACTS_NOTED : FACTS_CONFLICT;
    }
    note_begun(j, j->shown.said, what);
    say(f, j, what);
    j->shown.done = true;
    j->shown.forgotten = false;
    j->shown.order = ++f->order;
    return FACTS_NOTED;
}

static void apply_given_up(struct job_facts *j, struct fact *what)
{
    j->shown.given_up = true;
    j->shown.settled = true; /* what was begun so far: a job sent again may begin anew */
    fact_free(what);
}

static void apply_tombstone(struct facts *f, const struct fact_key *key)
{
    struct job_facts *j = find(f, key->account, key->name);
    if (!j)
        return;
    struct facts_entry *s = &j->shown;
    if (key->type == FACT_INTENT) {
        s->intent = false;
        if (!s->done)
            say(f, j, NULL);
    } else if (key->type == FACT_DONE) {
        s->done = false;
        s->order = 0;
        say(f, j, NULL);
    } else {
        s->given_up = false;
    }
    if (!s->intent && !s->done && !s->given_up)
        drop(f, j);
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
        struct job_facts *j = get(f, key.account, key.name, r->job);
        note_record(j, r);
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

static void walk(const struct bucket *b, enum shelf s,
                 bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    for (const struct job_facts *j = b ? b->head : NULL; j; j = j->next[s])
        if (!visit(arg, &j->shown))
            return;
}

void facts_of_entry(const struct facts *f, struct str account, struct str entry_id,
                    bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(bucket_find(f, OF_ENTRY, account, entry_id), OF_ENTRY, visit, arg);
}

void facts_of_number(const struct facts *f, struct str account, struct str number,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(bucket_find(f, OF_NUMBER, account, number), OF_NUMBER, visit, arg);
}

void facts_of_client(const struct facts *f, struct str account, struct str client,
                     bool (*visit)(void *arg, const struct facts_entry *e), void *arg)
{
    walk(bucket_find(f, OF_CLIENT, account, client), OF_CLIENT, visit, arg);
}

void facts_due(const struct facts *f,
               void (*visit)(void *arg, struct str account, struct str entry_id), void *arg)
{
    const struct bucket *b, *next;
    HASH_ITER(hh, f->shelves[OF_ENTRY], b, next) {
        visit(arg, account_of(b->head), str_of(b->key + b->head->account_len + 1));
    }
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
    return (begun == JOB_POPUP || begun == JOB_CALL) && (judged == JOB_POPUP || judged == JOB_CALL);
}

static const struct facts_entry *blocker_in(const struct facts *f, enum shelf s, struct str account,
                                            struct str name, enum job_kind kind)
{
    const struct bucket *b = bucket_find(f, s, account, name);
    for (const struct job_facts *j = b ? b->head : NULL; j; j = j->next[s])
        if (unsettled(&j->shown) && (s == OF_NUMBER ? concerns_number(j->shown.said->kind, kind)
                                                    : concerns_entry(j->shown.said->kind, kind)))
            return &j->shown;
    return NULL;
}

const struct facts_entry *facts_blocker(const struct facts *f, struct str account, struct str id,
                                        enum job_kind kind, struct str number, struct str entry_id)
{
    const struct facts_entry *found = facts_find(f, account, id);
    if (found && unsettled(found))
        return found;
    found = blocker_in(f, OF_NUMBER, account, number, kind);
    return found ? found : blocker_in(f, OF_ENTRY, account, entry_id, kind);
}

void facts_settle(struct facts *f, struct str account, struct str id)
{
    struct job_facts *j = find(f, account, id);
    if (j)
        j->shown.settled = true;
}

void facts_forget(struct facts *f, struct str account, struct str number)
{
    struct bucket *b = bucket_find(f, OF_NUMBER, account, number);
    for (struct job_facts *j = b ? b->head : NULL; j; j = j->next[OF_NUMBER])
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

static bool may_go(const struct facts *f, const struct job_facts *j, const struct facts_ageing *a)
{
    const struct facts_entry *e = &j->shown;
    if ((!e->done && !e->given_up) || j->at >= a->before || !a->below(a->arg, str_of(j->job)))
        return false;
    return j->at < a->before_kept || !a->keep || !a->keep(f, account_of(j), e);
}

void facts_age(const struct facts *f, const struct facts_ageing *a)
{
    size_t visited = 0;
    struct job_facts *j, *next;
    HASH_ITER(hh, f->jobs, j, next) {
        if (visited >= a->limit)
            return;
        if (!may_go(f, j, a))
            continue;
        visited++;
        /* In the order of deletion an intent never stands there without its result. */
        if (j->shown.intent)
            a->visit(a->arg, account_of(j), str_of(j->shown.id), FACT_INTENT);
        if (j->shown.given_up)
            a->visit(a->arg, account_of(j), str_of(j->shown.id), FACT_GIVEN_UP);
        if (j->shown.done)
            a->visit(a->arg, account_of(j), str_of(j->shown.id), FACT_DONE);
    }
}

size_t facts_count(const struct facts *f)
{
    return HASH_COUNT(f->jobs);
}

/*
 * One book per partition and, beside it, the calls whose jobs are being gathered, in the order of their newest event.
 */
#include "worker/tools/replay_fold.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mem.h"
#include "worker/calls/notice.h"

/* uthash ends the process when memory is out; so does mem.h, with a log line. */
#define uthash_malloc(size) mem_alloc(1, (size))
#define uthash_free(p, size) free(p)
#define uthash_fatal(text) mem_out()
#include <uthash.h>
#include <utlist.h>

#define SECOND INT64_C(1000)

struct gathered {
    UT_hash_handle hh; /* by key */
    struct gathered *prev, *next;
    struct replay_call call;
    size_t room;
    bool opened, closed;
    size_t account_len;
    char key[]; /* account '\0' entry_id '\0' */
};

struct part {
    struct replay_fold *fold;
    struct book *book;
    struct gathered *table, *list; /* list: by newest event */
};

struct replay_fold {
    struct replay_fold_options options;
    struct part *parts;
    int64_t events;
    int64_t received; /* of the message being taken */
};

static bool lies_inside(const struct replay_fold *f, const struct gathered *g)
{
    return g->call.first_at >= f->options.from_ms && g->call.first_at <= f->options.to_ms;
}

/* ---- gathering ---- */

static struct gathered *find(struct part *p, struct str account, struct str entry)
{
    struct gathered *g = NULL;
    char key[LIMIT_ACCOUNT_NAME + LIMIT_ENTRY_ID + 2];
    size_t len = account.len + 1 + entry.len;
    if (len >= sizeof key)
        return NULL;
    memcpy(key, account.ptr, account.len);
    key[account.len] = '\0';
    if (entry.len)
        memcpy(key + account.len + 1, entry.ptr, entry.len);
    HASH_FIND(hh, p->table, key, len, g);
    return g;
}

static struct gathered *add(struct part *p, const struct event_key *key, int64_t at)
{
    size_t len = key->account.len + 1 + key->rest.len;
    struct gathered *g = mem_alloc(1, sizeof *g + len + 1);
    memcpy(g->key, key->account.ptr, key->account.len);
    if (key->rest.len)
        memcpy(g->key + key->account.len + 1, key->rest.ptr, key->rest.len);
    g->account_len = key->account.len;
    g->call = (struct replay_call){
        .account = g->key, .entry_id = g->key + key->account.len + 1, .first_at = at};
    HASH_ADD(hh, p->table, key[0], len, g);
    DL_APPEND(p->list, g);
    return g;
}

static void forget_job(struct replay_job *j)
{
    free(j->id);
    free(j->why);
    free(j->key);
    free(j->value);
}

static void forget(struct part *p, struct gathered *g)
{
    HASH_DEL(p->table, g);
    DL_DELETE(p->list, g);
    for (size_t i = 0; i < g->call.njobs; i++)
        forget_job(&g->call.jobs[i]);
    free(g->call.jobs);
    free(g->call.number);
    free(g);
}

static void tell(struct part *p, struct gathered *g)
{
    const struct replay_fold *f = p->fold;
    g->call.open = g->opened && !g->closed;
    if (lies_inside(f, g)) {
        p->fold->events += g->call.events;
        f->options.call(f->options.arg, &g->call);
    }
    forget(p, g);
}

/* Those to which nothing more can belong. */
static void tell_old(struct part *p)
{
    const struct book_times *t = &p->fold->options.times;
    int64_t wait = (t->remember + t->settle + t->ended_close) * SECOND, now = book_now(p->book);
    for (struct gathered *g = p->list, *next; g; g = next) {
        next = g->next;
        int64_t over = g->opened && !g->closed ? t->idle_close * SECOND : 0;
        if (now - g->call.last_at <= wait)
            return;
        if (now - g->call.last_at > wait + over)
            tell(p, g);
    }
}

/* ---- decisions ---- */

static bool rings(enum job_kind kind)
{
    return kind == JOB_ROUTE || kind == JOB_VISITOR || kind == JOB_POPUP;
}

static struct replay_job *new_job(struct gathered *g)
{
    if (g->call.njobs == g->room) {
        g->room = g->room ? g->room * 2 : 4;
        g->call.jobs = mem_resize(g->call.jobs, g->room, sizeof *g->call.jobs);
    }
    struct replay_job *j = &g->call.jobs[g->call.njobs++];
    *j = (struct replay_job){.id = NULL};
    return j;
}

static void on_decided(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct part *p = arg;
    struct gathered *g = find(p, c->account, c->entry_id);
    if (!g)
        return;
    bool closes = c->when == RULE_CLOSING;
    g->closed |= closes;
    if (d->job && !rings(d->job->kind)) {
        struct replay_job *j = new_job(g);
        j->id = mem_copy(str_of(d->job->id));
        j->why = mem_copy(str_of(d->reason));
        j->rule = d->rule;
        j->kind = d->job->kind;
        j->at = book_now(p->book);
        j->received_at = d->job->received_at;
        j->key = job_key(d->job);
        j->value = job_encode(d->job);
        if (d->job->number && !g->call.number)
            g->call.number = mem_copy(str_of(d->job->number));
    } else if (d->stopped && closes && !(c->settings && c->settings->enabled)) {
        struct replay_job *j = new_job(g);
        j->why = mem_copy(str_of(d->reason));
        j->rule = d->rule;
        j->at = book_now(p->book);
    }
}

static const struct settings *settings_of(void *arg, struct str account)
{
    const struct replay_fold_options *o = &((const struct part *)arg)->fold->options;
    return o->settings(o->arg, account);
}

static const struct tz *tz_of(void *arg, const struct settings *s)
{
    const struct replay_fold_options *o = &((const struct part *)arg)->fold->options;
    return o->tz(o->arg, s);
}

static int64_t now_of(void *arg)
{
    return ((const struct part *)arg)->fold->options.now;
}

/* ---- messages ---- */

struct replay_fold *replay_fold_new(const struct replay_fold_options *o)
{
    struct replay_fold *f = mem_alloc(1, sizeof *f);
    f->options = *o;
    f->parts = mem_alloc((size_t)o->partitions, sizeof *f->parts);
    for (int32_t i = 0; i < o->partitions; i++) {
        struct part *p = &f->parts[i];
        const struct book_world world = {settings_of, tz_of, now_of, on_decided, p};
        p->fold = f;
        p->book = book_new(i, &o->times, &world);
    }
    return f;
}

void replay_fold_free(struct replay_fold *f)
{
    if (!f)
        return;
    for (int32_t i = 0; i < f->options.partitions; i++) {
        struct part *p = &f->parts[i];
        while (p->list)
            forget(p, p->list);
        book_free(p->book);
    }
    free(f->parts);
    free(f);
}

int64_t replay_fold_lead(const struct book_times *times)
{
    return (times->idle_close + times->remember) * SECOND;
}

static bool is_wanted(const struct replay_fold_options *o, const struct kafka_message *m,
                      struct event_key *key)
{
    struct error ignored = ERROR_NONE;
    return event_key_split(m->key, key, &ignored) == ERR_OK &&
           key->account.len <= LIMIT_ACCOUNT_NAME && key->rest.len <= LIMIT_ENTRY_ID &&
           (!o->account.len || str_eq(o->account, key->account)) &&
           (!o->entry.len || str_eq(o->entry, key->rest)) &&
           strcmp(notice_origin(m), EVENT_TEST) != 0;
}

static struct gathered *gather(struct part *p, const struct event_key *key)
{
    int64_t at = p->fold->received;
    struct gathered *g = find(p, key->account, key->rest);
    if (!g)
        g = add(p, key, at);
    g->call.events++;
    g->call.last_at = at > g->call.last_at ? at : g->call.last_at;
    if (g->next) { /* it is not the newest yet */
        DL_DELETE(p->list, g);
        DL_APPEND(p->list, g);
    }
    return g;
}

static void fold(struct part *p, const struct kafka_message *m, const struct event_key *key)
{
    struct call_event ev;
    struct event_key own;
    struct error e = ERROR_NONE;
    int64_t received = p->fold->received;
    if (notice_read(m, received, &own, &ev, &e)) {
        struct gathered *g = gather(p, key);
        struct replay_job *j = new_job(g);
        j->why = mem_copy(str_of(e.text));
        j->at = received;
        if (str_is(key->rest, "-")) /* of no call: each stands for itself */
            tell(p, g);
        return;
    }
    const struct book_input in = {.event = &ev,
                                  .account = key->account,
                                  .offset = m->offset,
                                  .received_at = received,
                                  .origin = "replay"};
    if (ev.kind != CALL_EVENT_OTHER) {
        struct gathered *g = gather(p, key);
        g->opened |= book_event(p->book, &in) == BOOK_NEW;
    }
    call_event_done(&ev);
}

void replay_fold_take(struct replay_fold *f, const struct kafka_message *m)
{
    struct part *p = &f->parts[m->partition];
    struct event_key key;
    f->received = notice_received(m, f->options.now);
    book_time(p->book, f->received);
    if (is_wanted(&f->options, m, &key))
        fold(p, m, &key);
    tell_old(p);
}

void replay_fold_end(struct replay_fold *f)
{
    for (int32_t i = 0; i < f->options.partitions; i++) {
        struct part *p = &f->parts[i];
        book_time(p->book, f->options.now);
        while (p->list)
            tell(p, p->list);
    }
}

int64_t replay_fold_events(const struct replay_fold *f)
{
    return f->events;
}

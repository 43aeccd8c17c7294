/*
 * An account's calls in the order of their time, one asked about at a time.
 */
#include "worker/tools/replay_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/doctor/outside.h"
#include "common/mem.h"
#include "worker/tools/kit/progress.h"
#include "worker/tools/replay_question.h"

/* uthash ends the process when memory is out; so does mem.h, with a log line. */
#define uthash_malloc(size) mem_alloc(1, (size))
#define uthash_free(p, size) free(p)
#define uthash_fatal(text) mem_out()
#include <uthash.h>

#define DOING "asking Megaplan about calls"
#define CONNECT_MS 5000
#define TURN_MS 100
#define PATIENCE_MS INT64_C(31622400000) /* for the share: whoever does not want to wait stops it */
#define AGAIN_MS 1000                    /* after no answer, or none to be understood */
#define FAILURES 3                       /* of them, one behind the other */
#define REFUSALS 20                      /* "slow down", one behind the other */

struct asked_call {
    struct replay_sent *jobs;
    size_t n;
};

struct asked_number {
    UT_hash_handle hh;
    struct replay_client client;
    char number[]; /* digits */
};

struct asked_account {
    UT_hash_handle hh; /* by name */
    struct replay_ask *owner;
    char *name;
    struct asked_call *calls;
    size_t n, room;
    size_t at; /* those before it are told */
    struct replay_question *question;
    struct asked_number *numbers; /* a table: whose they are */
    unsigned failures, refusals;
    bool away;
    struct loop_timer again;
};

struct replay_ask {
    struct asked_account *accounts; /* a table */
    size_t calls, told_calls;
    size_t under_way; /* accounts */
    struct desk *desk;
    struct outside *outside;
    struct progress progress;
    void (*word)(void *arg, struct replay_sent *job, bool has);
    void *arg;
};

/* ---- what is to be asked about ---- */

struct replay_ask *replay_ask_new(void)
{
    return mem_alloc(1, sizeof(struct replay_ask));
}

static void free_account(struct asked_account *a)
{
    struct asked_number *n, *next;
    HASH_ITER(hh, a->numbers, n, next) {
        HASH_DEL(a->numbers, n);
        free(n);
    }
    for (size_t i = a->at; i < a->n; i++)
        for (size_t k = 0; k < a->calls[i].n; k++)
            replay_send_forget(&a->calls[i].jobs[k]);
    for (size_t i = 0; i < a->n; i++)
        free(a->calls[i].jobs);
    replay_question_free(a->question);
    free(a->calls);
    free(a->name);
    free(a);
}

void replay_ask_free(struct replay_ask *a)
{
    if (!a)
        return;
    struct asked_account *of, *next;
    HASH_ITER(hh, a->accounts, of, next) {
        HASH_DEL(a->accounts, of);
        free_account(of);
    }
    free(a);
}

static struct asked_account *account_of(struct replay_ask *a, const char *name)
{
    struct asked_account *of = NULL;
    HASH_FIND_STR(a->accounts, name, of);
    if (of)
        return of;
    of = mem_alloc(1, sizeof *of);
    of->owner = a;
    of->name = mem_copy(str_of(name));
    HASH_ADD_KEYPTR(hh, a->accounts, of->name, strlen(of->name), of);
    return of;
}

static struct asked_call *call_of(struct asked_account *a, const char *entry_id)
{
    if (a->n && strcmp(a->calls[a->n - 1].jobs[0].entry_id, entry_id) == 0)
        return &a->calls[a->n - 1];
    if (a->n == a->room) {
        a->room = a->room ? 2 * a->room : 16;
        a->calls = mem_resize(a->calls, a->room, sizeof *a->calls);
    }
    a->calls[a->n] = (struct asked_call){.n = 0};
    a->owner->calls++;
    return &a->calls[a->n++];
}

void replay_ask_add(struct replay_ask *a, const struct replay_sent *job)
{
    struct asked_call *c = call_of(account_of(a, job->account), job->entry_id);
    c->jobs = mem_resize(c->jobs, c->n + 1, sizeof *c->jobs);
    c->jobs[c->n++] = *job;
}

size_t replay_ask_calls(const struct replay_ask *a)
{
    return a->calls;
}

int64_t replay_ask_left(const struct replay_ask *a)
{
    int64_t left = -1;
    for (const struct asked_account *of = a->accounts; of; of = of->hh.next)
        if (of->at < of->n && (left < 0 || of->calls[of->at].jobs[0].first_at < left))
            left = of->calls[of->at].jobs[0].first_at;
    return left;
}

/* ---- one call ---- */

static const struct settings *settings_of(void *arg, const char *account)
{
    const struct replay_ask *a = arg;
    return accounts_get(desk_accounts(a->desk), str_of(account));
}

/* A number's other calls need not ask for its client again. */
static void know_client(struct asked_account *a)
{
    const char *number = replay_question_number(a->question);
    struct asked_number *n = NULL;
    HASH_FIND_STR(a->numbers, number, n);
    if (n)
        replay_question_know(a->question, &n->client);
}

static void keep_client(struct asked_account *a)
{
    const char *number = replay_question_number(a->question);
    struct asked_number *n = NULL;
    struct replay_client client;
    if (!*number || !replay_question_client(a->question, &client))
        return;
    HASH_FIND_STR(a->numbers, number, n);
    if (!n) {
        n = mem_alloc(1, sizeof *n + strlen(number) + 1);
        memcpy(n->number, number, strlen(number) + 1);
        HASH_ADD_KEYPTR(hh, a->numbers, n->number, strlen(number), n);
    }
    n->client = client;
}

static void begin_call(struct asked_account *a)
{
    const struct asked_call *c = &a->calls[a->at];
    a->question = replay_question_new();
    for (size_t i = 0; i < c->n; i++) {
        struct job *job = NULL;
        struct error ignored = ERROR_NONE;
        if (job_decode(str_of(c->jobs[i].key), str_of(c->jobs[i].value), c->jobs[i].received_at,
                       STR("replay"), &job, &ignored))
            job = NULL;
        replay_question_add(a->question, job);
    }
    know_client(a);
}

static void add_why(struct replay_sent *j, bool has, const char *why)
{
    char *old = j->why;
    j->why = has ? mem_copy(str_of(why)) : mem_format("%s; Megaplan: %s", old, why);
    free(old);
}

static void end_call(struct asked_account *a)
{
    struct replay_ask *owner = a->owner;
    struct asked_call *c = &a->calls[a->at++];
    for (size_t i = 0; i < c->n; i++) {
        char why[REPLAY_QUESTION_WHY];
        bool has = !a->away && replay_question_has(a->question, i, why);
        if (!a->away)
            add_why(&c->jobs[i], has, why);
        owner->word(owner->arg, &c->jobs[i], has);
    }
    keep_client(a);
    replay_question_free(a->question);
    a->question = NULL;
    progress_at(&owner->progress, (int64_t)++owner->told_calls);
}

/* ---- questions ---- */

static void go_on(struct asked_account *a);

static char *url_of(void *arg, const struct settings *s)
{
    return replay_question_url(((struct asked_account *)arg)->question, s);
}

static void give_up(struct asked_account *a, const char *why)
{
    struct replay_ask *owner = a->owner;
    progress_end(&owner->progress);
    fprintf(stderr,
            "worker replay: %s: its Megaplan cannot be asked, its rows are as without --ask: %s\n",
            a->name, why);
    progress_begin(&owner->progress, DOING, (int64_t)owner->calls);
    a->away = true;
}

/* False: once more, later. */
static bool take_failure(struct asked_account *a, const struct outside_answer *answer)
{
    bool later = answer->end == OUTSIDE_UNREACHABLE || answer->end == OUTSIDE_UNCLEAR;
    if (answer->end == OUTSIDE_SOON && ++a->refusals < REFUSALS)
        return true; /* the share knows until when to wait */
    if (later && ++a->failures < FAILURES) {
        loop_timer_after(&a->again, AGAIN_MS);
        return false;
    }
    give_up(a, answer->text);
    return true;
}

static void told(void *arg, const struct outside_answer *answer, const struct answer *said)
{
    struct asked_account *a = arg;
    const struct settings *s = settings_of(a->owner, a->name);
    if (said && s) {
        a->failures = a->refusals = 0;
        replay_question_take(a->question, s, said);
    } else if (!take_failure(a, answer)) {
        return;
    }
    go_on(a);
}

static void ask(struct asked_account *a)
{
    const struct outside_question q = {
        .url = url_of, .about = replay_question_about(a->question), .told = told, .arg = a};
    outside_changed(a->owner->outside, a->name);
    outside_question(a->owner->outside, a->name, &q, PATIENCE_MS);
}

/* An address that cannot be built is no fault of Megaplan's. */
static bool can_be_asked(struct asked_account *a)
{
    const struct settings *s = settings_of(a->owner, a->name);
    char *url CLEANUP(mem_free_text) = s ? replay_question_url(a->question, s) : NULL;
    if (s && !url)
        replay_question_unanswered(a->question, "it cannot be asked for");
    return !s || url;
}

/* Up to the next question, or the account's end. */
static void go_on(struct asked_account *a)
{
    while (a->at < a->n) {
        if (!a->question)
            begin_call(a);
        while (!a->away && replay_question_next(a->question)) {
            if (can_be_asked(a)) {
                ask(a);
                return;
            }
        }
        end_call(a);
    }
    a->owner->under_way--;
}

static void on_time(void *arg)
{
    ask(arg);
}

/* ---- all ---- */

static int by_time(const void *x, const void *y)
{
    const struct asked_call *a = x, *b = y;
    if (a->jobs[0].first_at != b->jobs[0].first_at)
        return a->jobs[0].first_at < b->jobs[0].first_at ? -1 : 1;
    return strcmp(a->jobs[0].entry_id, b->jobs[0].entry_id);
}

static enum err turn_to_end(struct replay_ask *a, struct error *e)
{
    enum err err = ERR_OK;
    for (struct asked_account *of = a->accounts; of; of = of->hh.next) {
        qsort(of->calls, of->n, sizeof *of->calls, by_time);
        loop_timer_init(&of->again, desk_loop(a->desk), on_time, of);
        a->under_way++;
        go_on(of);
    }
    while (!err && a->under_way && !desk_stopped(a->desk)) {
        err = desk_turn(a->desk, TURN_MS, e);
        progress_at(&a->progress, (int64_t)a->told_calls);
    }
    for (struct asked_account *of = a->accounts; of; of = of->hh.next)
        loop_timer_stop(&of->again);
    return err;
}

enum err replay_ask_run(struct replay_ask *a, struct desk *d, const struct config *c,
                        void (*word)(void *arg, struct replay_sent *job, bool has), void *arg,
                        struct error *e)
{
    const struct http_options options = {.outbound_allow = c->outbound_allow,
                                         .ca_file = c->ca_file,
                                         .connect_timeout_ms = CONNECT_MS};
    struct http *http = NULL;
    enum err err = http_new(desk_loop(d), &options, &http, e);
    if (err)
        return err;
    a->desk = d;
    a->word = word;
    a->arg = arg;
    a->outside = outside_new(&(const struct outside_options){
        .loop = desk_loop(d), .http = http, .settings = settings_of, .arg = a});
    progress_begin(&a->progress, DOING, (int64_t)a->calls);
    err = turn_to_end(a, e);
    progress_end(&a->progress);
    outside_free(a->outside);
    http_free(http);
    return err;
}

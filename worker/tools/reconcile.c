/*
 * worker reconcile: MANGO's call history of a span against what the topics have, account by account; what is missing is told
 * anew, as events. How the history is fetched reconcile_ask and reconcile_past know, what calls and events are
 * common/reconcile. One thread.
 *
 *   history --> known? (events, outcomes) --> plan --> events of the missing calls --> rows --> the next account
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/reconcile/known_scan.h"
#include "common/text.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/progress.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/reconcile_heal.h"
#include "worker/tools/reconcile_past.h"
#include "worker/tools/tools.h"

#define CONNECT_MS 5000
#define REASON 512
/* A call of which something was heard may still be told to its end: so long its summary may be under way. One of which
 * nothing was heard is lost, but its only event may have left just now. */
#define REST_HEARD_S (15LL * 60)
#define REST_S 15LL

struct totals {
    size_t pbx, known, saved, missing, fetched, unsaved, refused;
};

struct run {
    const struct config *config;
    const struct args *args;
    struct desk *desk;
    struct http *http;
    int64_t from, to; /* unix s */
    char **accounts;
    size_t naccounts, failed;
    bool stopped, declined;
    int64_t resume; /* unix s; 0: there is nothing left to do */
    struct totals all;
};

enum finding {
    PRESENT,
    MISSING,
    UNSAVED,
    LEFT_ALONE,
};

struct one { /* a call */
    const struct history_call *call;
    enum finding finding;
    bool refused; /* missing, and will not be fetched */
    bool fetched;
    const char *reason; /* borrowed; NULL: none */
};

struct account { /* being done */
    struct run *run;
    const char *name;
    struct reconcile_past past;
    struct reconcile_known *known;
    struct one *ones; /* as past.calls */
    struct totals n;
    size_t left_alone;
};

/* ---- what a call is ---- */

static bool is_over(const struct history_call *c, int64_t rest_s)
{
    return c->ended && c->ended + rest_s <= clock_wall_ms() / 1000;
}

static void judge_missing(struct account *a, struct one *o, bool heard)
{
    const struct forgotten *f = accounts_forgotten(desk_accounts(a->run->desk));
    o->finding = MISSING;
    o->reason = heard ? "its end was never heard" : "never heard of";
    if (!forgotten_has(f, str_of(a->name), o->call->number, o->call->began * 1000))
        return;
    o->finding = UNSAVED;
    o->refused = true;
    o->reason = "forgotten";
}

static void judge_known(struct one *o, const struct reconcile_known_call *k)
{
    o->finding = k->saving == RECONCILE_UNSAVED ? UNSAVED : PRESENT;
    o->reason = k->reason;
    if (!k->ended)
        o->reason = "its end may still come";
    else if (!o->reason)
        o->reason = k->saving == RECONCILE_UNDECIDED ? "not decided yet" : NULL;
}

static void judge(struct account *a, struct one *o)
{
    struct reconcile_known_call k = {.heard = false};
    (void)reconcile_known_find(a->known, o->call->entry_id, &k);
    if (k.ended || (k.heard && !is_over(o->call, REST_HEARD_S)))
        judge_known(o, &k);
    else if (k.heard || is_over(o->call, REST_S))
        judge_missing(a, o, k.heard);
    else
        o->finding = LEFT_ALONE;
    if (o->finding == LEFT_ALONE) {
        a->left_alone++;
        return;
    }
    bool missing = o->finding == MISSING || o->refused;
    a->n.pbx++;
    a->n.known += !missing;
    a->n.missing += missing && !o->refused;
    a->n.refused += o->refused;
    a->n.unsaved += o->finding == UNSAVED;
    a->n.saved += o->finding == PRESENT && k.saving == RECONCILE_SAVED;
}

/* ---- rows ---- */

static const char *action_of(const struct one *o)
{
    static const char *const names[] = {"present", "missing", "unsaved", ""};
    return o->fetched ? "fetched" : names[o->finding];
}

static void print_row(const struct account *a, const struct one *o, const char *at)
{
    char reason[REASON];
    struct jval *row = jval_new_object();
    phone_mask_in(str_of(o->reason), reason, sizeof reason);
    jval_put_text_clean(row, "entry_id", o->call->entry_id);
    jval_put_text(row, "started_at", str_of(at));
    jval_put_text(row, "direction", str_of(history_direction(o->call)));
    jval_put_text(row, "action", str_of(action_of(o)));
    jval_put(row, "reason", *reason ? jval_new_text(str_of(reason)) : jval_new_null());
    jval_put_text(row, "account", str_of(a->name));
    rows_print(row);
}

/* For people what is there is not worth a line. */
static void print_one(const struct account *a, const struct one *o)
{
    char at[TEXT_TIME_SIZE];
    text_time(o->call->began * 1000, at);
    if (o->finding == LEFT_ALONE)
        return;
    if (a->run->args->json)
        print_row(a, o, at);
    else if (o->finding == MISSING || o->refused)
        printf("%-8s %s  %-8s  call %.*s  %s\n", action_of(o), at, history_direction(o->call),
               STR_ARG(o->call->entry_id), o->reason);
}

static void print_counts(const char *who, const struct totals *n, bool dry)
{
    char pbx[ROWS_COUNT_SIZE], known[ROWS_COUNT_SIZE], some[ROWS_COUNT_SIZE],
        refused[ROWS_COUNT_SIZE];
    printf("%s: MANGO %s, known %s, %s %s, refused %s", who, rows_count((int64_t)n->pbx, pbx),
           rows_count((int64_t)n->known, known), dry ? "missing" : "healed",
           rows_count((int64_t)(dry ? n->missing : n->fetched), some),
           rows_count((int64_t)n->refused, refused));
    printf(" (saved %s, ", rows_count((int64_t)n->saved, some));
    printf("not saved by rule %s)\n", rows_count((int64_t)n->unsaved, some));
}

static void print_summary(const struct run *r)
{
    struct jval *n = jval_new_object(), *row = jval_new_object();
    jval_put_int(n, "pbx", (int64_t)r->all.pbx);
    jval_put_int(n, "known", (int64_t)r->all.known);
    jval_put_int(n, "saved", (int64_t)r->all.saved);
    jval_put_int(n, "fetched", (int64_t)r->all.fetched);
    jval_put_int(n, "unsaved_by_rule", (int64_t)r->all.unsaved);
    jval_put_int(n, "missing", (int64_t)(r->all.missing - r->all.fetched));
    jval_put_int(n, "accounts_failed", (int64_t)r->failed);
    jval_put(row, "summary", n);
    rows_print(row);
}

static void print_resume(const struct run *r)
{
    char at[TEXT_TIME_SIZE];
    text_time(r->resume * 1000, at);
    if (!r->args->json) {
        printf("resume: --from %s\n", at);
        return;
    }
    struct jval *row = jval_new_object();
    jval_put_text(row, "resume", str_of(at));
    rows_print(row);
}

/* ---- an account ---- */

struct looking {
    bool done;
    struct error *e;
};

static void on_looked(void *arg, const char *why)
{
    struct looking *l = arg;
    l->done = true;
    if (why)
        (void)error_set(l->e, ERR_TEMPORARY, "reading what is known: %s", why);
}

static enum err look(struct account *a, struct error *e)
{
    struct desk *d = a->run->desk;
    struct looking l = {.e = e};
    a->known = reconcile_known_new(str_of(a->name));
    for (size_t i = 0; i < a->past.count; i++)
        reconcile_known_add(a->known, a->past.calls[i]->entry_id, a->past.calls[i]->began);
    if (a->past.count == 0)
        return ERR_OK;
    struct reconcile_known_scan *scan =
        reconcile_known_scan_begin(desk_scanner(d), desk_layout(d), a->known, true, on_looked, &l);
    if (!scan)
        return error_set(e, ERR_INTERNAL, "too much is being read");
    enum err err = desk_turn_until(d, &l.done, 0, "reading what is known", e);
    if (!l.done)
        reconcile_known_scan_end(scan);
    return err ? err : e->kind;
}

static void judge_all(struct account *a)
{
    a->ones = mem_alloc(a->past.count + 1, sizeof *a->ones);
    for (size_t i = 0; i < a->past.count; i++) {
        a->ones[i].call = a->past.calls[i];
        judge(a, &a->ones[i]);
    }
}

static void say_notes(const struct account *a)
{
    if (a->past.unreadable)
        plan_say("reconcile", "%s: %zu lines of the call history cannot be read and are left out",
                 a->name, a->past.unreadable);
    if (a->left_alone)
        plan_say("reconcile", "%s: %zu calls are hardly over and are left alone", a->name,
                 a->left_alone);
}

/* The next missing calls, at most as many as are sent at once; *i: behind them. */
static size_t next_missing(struct account *a, size_t *i, struct one **out)
{
    size_t n = 0;
    for (; *i < a->past.count && n < RECONCILE_HEAL_AT_ONCE; ++*i)
        if (a->ones[*i].finding == MISSING)
            out[n++] = &a->ones[*i];
    return n;
}

static enum err heal(struct account *a, struct error *e)
{
    struct run *r = a->run;
    struct one *some[RECONCILE_HEAL_AT_ONCE];
    const struct history_call *calls[RECONCILE_HEAL_AT_ONCE];
    size_t i = 0, n;
    struct progress p;
    progress_begin(&p, "telling missing calls anew", (int64_t)a->n.missing);
    while (!e->kind && (n = next_missing(a, &i, some))) {
        for (size_t k = 0; k < n; k++)
            calls[k] = some[k]->call;
        if (desk_stopped(r->desk))
            r->stopped = true;
        if (r->stopped || reconcile_heal(r->desk, a->name, calls, n, e)) {
            r->resume = calls[0]->began;
            break;
        }
        for (size_t k = 0; k < n; k++)
            some[k]->fetched = true;
        a->n.fetched += n;
        progress_at(&p, (int64_t)a->n.fetched);
    }
    progress_end(&p);
    return e->kind;
}

/* ERR_OK too where there is nothing to do, or not enough agreement. */
static enum err heal_if_wanted(struct account *a, struct error *e)
{
    struct run *r = a->run;
    if (r->args->dry_run || a->n.missing == 0)
        return ERR_OK;
    plan_say("reconcile",
             "%s: %zu of %zu calls are missing; they are told anew, and handled in jobs.bulk",
             a->name, a->n.missing, a->n.pbx);
    if (plan_agreed("reconcile", r->args, a->n.missing))
        return heal(a, e);
    r->declined = true;
    return ERR_OK;
}

static void add(struct totals *to, const struct totals *n)
{
    to->pbx += n->pbx;
    to->known += n->known;
    to->saved += n->saved;
    to->missing += n->missing;
    to->fetched += n->fetched;
    to->unsaved += n->unsaved;
    to->refused += n->refused;
}

static void conclude_account(struct account *a)
{
    for (size_t i = 0; i < a->past.count; i++)
        print_one(a, &a->ones[i]);
    if (!a->run->args->json)
        print_counts(a->name, &a->n, a->run->args->dry_run);
    add(&a->run->all, &a->n);
}

/* ERR_REJECTED: this account's MANGO; any other error ends all. */
static enum err fetch(struct account *a, struct error *e)
{
    struct run *r = a->run;
    const struct settings *s = accounts_get(desk_accounts(r->desk), str_of(a->name));
    if (!s)
        return error_set(e, ERR_REJECTED, "it was removed meanwhile");
    struct reconcile_ask *ask = reconcile_ask_new(r->desk, r->http, s);
    enum err err = reconcile_past_fetch(ask, r->from, r->to, clock_wall_ms() / 1000, &a->past, e);
    reconcile_ask_free(ask);
    return err;
}

static enum err do_account(struct run *r, const char *name, struct error *e)
{
    struct account a = {.run = r, .name = name};
    enum err err;
    if (!(err = fetch(&a, e)) && !(err = look(&a, e))) {
        judge_all(&a);
        say_notes(&a);
        err = heal_if_wanted(&a, e);
        conclude_account(&a);
    }
    free(a.ones);
    reconcile_known_free(a.known);
    reconcile_past_done(&a.past);
    return err;
}

/* ---- all accounts ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_account(void *arg, const struct settings *s)
{
    struct run *r = arg;
    if (r->args->account ? strcmp(r->args->account, s->account) != 0 : !s->enabled)
        return;
    if (!s->enabled)
        return;
    r->accounts = mem_resize(r->accounts, r->naccounts + 1, sizeof(char *));
    r->accounts[r->naccounts++] = mem_copy(str_of(s->account));
}

static enum err take_accounts(struct run *r, struct error *e)
{
    accounts_each(desk_accounts(r->desk), take_account, r);
    if (r->naccounts)
        qsort(r->accounts, r->naccounts, sizeof(char *), by_name);
    if (r->args->account && !r->naccounts)
        return error_set(e, ERR_CONFIG, "there is no account %s that is switched on",
                         r->args->account);
    return ERR_OK;
}

/* Where to go on: of one account its first call that is not told, of several the beginning, since those behind the one
 * that was stopped have not been looked at. What failed before anything was told has nothing to go on with. */
static void set_resume(struct run *r, enum err err)
{
    bool midway = r->stopped || (err && (r->resume || r->all.fetched));
    if (midway && (!r->resume || r->naccounts > 1))
        r->resume = r->from;
}

/* An account whose MANGO fails is told, and the others go on. A signal, and Kafka, end all. */
static enum err do_all(struct run *r, struct error *e)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < r->naccounts && !r->stopped && !r->declined && !err; i++) {
        err = do_account(r, r->accounts[i], e);
        if (err == ERR_REJECTED) {
            plan_say("reconcile", "%s: %s", r->accounts[i], e->text);
            r->failed++;
            err = ERR_OK;
            *e = ERROR_NONE;
        } else if (err && desk_stopped(r->desk)) {
            r->stopped = true;
            err = ERR_OK;
            *e = ERROR_NONE;
        }
        set_resume(r, err);
    }
    return err;
}

static int exit_code(const struct run *r)
{
    if (!rows_written("reconcile"))
        return TOOLS_INTERNAL;
    if (r->declined)
        return TOOLS_USAGE;
    if (r->failed && r->failed == r->naccounts)
        return TOOLS_OUTSIDE;
    if (r->failed || r->stopped)
        return TOOLS_PARTLY;
    return r->all.missing > r->all.fetched ? TOOLS_FOUND : TOOLS_DONE;
}

static int conclude(const struct run *r, enum err err, const struct error *e)
{
    int code = err ? tools_complain("reconcile", e) : TOOLS_DONE;
    if (err && !r->all.fetched && !r->resume)
        return code;
    if (r->args->json)
        print_summary(r);
    else if (r->naccounts != 1)
        print_counts("all accounts", &r->all, r->args->dry_run);
    if (r->resume)
        print_resume(r);
    return err ? TOOLS_PARTLY : exit_code(r);
}

static const char *misused(const struct args *a)
{
    int64_t now = clock_wall_ms();
    if (!a->from_ms)
        return "since when? --from says it";
    if (a->from_ms >= a->to_ms)
        return "--from must be before --to";
    if (a->from_ms >= now)
        return "--from is not over yet";
    if ((a->to_ms < now ? a->to_ms : now) - a->from_ms > RECONCILE_PAST_LONGEST_S * 1000)
        return "MANGO's call history is asked for a month at most: give --to, and do it month by "
               "month";
    return NULL;
}

static enum err open_all(struct run *r, struct error *e)
{
    const struct http_options http = {.outbound_allow = r->config->outbound_allow,
                                      .ca_file = r->config->ca_file,
                                      .connect_timeout_ms = CONNECT_MS};
    unsigned wants = DESK_ACCOUNTS | DESK_SCANNER | DESK_LONG;
    if (!r->args->dry_run)
        wants |= DESK_PRODUCER;
    enum err err = desk_open(r->config, wants, &r->desk, e);
    if (!err)
        err = http_new(desk_loop(r->desk), &http, &r->http, e);
    return err ? err : take_accounts(r, e);
}

int tools_reconcile(const struct config *c, const struct args *a)
{
    struct run r = {.config = c, .args = a};
    struct error e = ERROR_NONE;
    const char *why = misused(a);
    if (why)
        return tools_misused("reconcile", why);
    int64_t now = clock_wall_ms();
    r.from = a->from_ms / 1000;
    r.to = ((a->to_ms < now ? a->to_ms : now) + 999) / 1000;
    enum err err = open_all(&r, &e);
    int code = err ? tools_complain("reconcile", &e) : TOOLS_DONE;
    if (!err) {
        err = do_all(&r, &e);
        code = conclude(&r, err, &e);
    }
    if (r.http)
        http_free(r.http);
    desk_close(r.desk);
    for (size_t i = 0; i < r.naccounts; i++)
        free(r.accounts[i]);
    free(r.accounts);
    return code;
}

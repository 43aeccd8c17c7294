/*
 * Who wants to know what of an account, and what is known. Must not know how it is asked (outside_ask.c). On the loop's
 * thread.
 */
#include "common/doctor/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/doctor/outside_state.h"
#include "common/mem.h"

#define FAILED_KEPT_MS 10000
#define NEVER INT64_MAX

static int64_t now_of(const struct outside_account *a)
{
    return loop_now(a->owner->o.loop);
}

static const struct settings *settings_of(const struct outside_account *a)
{
    const struct outside_options *o = &a->owner->o;
    return o->settings(o->arg, a->name);
}

enum share_api outside_api(enum outside_what what)
{
    return what == OUTSIDE_USERS || what == OUTSIDE_BALANCE ? SHARE_MANGO : SHARE_MEGAPLAN;
}

const char *outside_end_name(enum outside_end end)
{
    static const char *const names[] = {"good",    "soon",        "closed", "auth",
                                        "refused", "unreachable", "unclear"};
    return names[end];
}

/* ---- who waits ---- */

static void tell(struct outside_waiter *w, const struct outside_answer *answer)
{
    w->done(w->arg, answer);
    free(w);
}

static void tell_all(struct outside_reading *r, const struct outside_answer *answer)
{
    struct outside_waiter *w = r->first;
    r->first = NULL;
    r->last = &r->first;
    while (w) {
        struct outside_waiter *next = w->next;
        tell(w, answer);
        w = next;
    }
}

void outside_settle(struct outside_account *a, enum outside_what what, enum outside_end end,
                    int status, const char *text)
{
    struct outside_reading *r = &a->readings[what];
    int64_t now = now_of(a);
    snprintf(r->text, sizeof r->text, "%s", text);
    r->answer = (struct outside_answer){.end = end,
                                        .status = status,
                                        .wait_ms = share_wait(&a->share, outside_api(what), now),
                                        .read_at = a->known_at[what],
                                        .kept = r->answer.kept && end == OUTSIDE_GOOD,
                                        .text = r->text};
    r->fresh_until = now + (end == OUTSIDE_GOOD ? OUTSIDE_KEPT_MS : FAILED_KEPT_MS);
    if (end == OUTSIDE_SOON || end == OUTSIDE_CLOSED || what == OUTSIDE_QUESTION)
        r->fresh_until = 0; /* the share says when; the next question is another one */
    tell_all(r, &r->answer);
}

/* Those who would have to wait for longer than they want to. */
static void tell_impatient(struct outside_account *a, enum outside_what what, int64_t now,
                           int64_t ready)
{
    struct outside_reading *r = &a->readings[what];
    struct outside_waiter *late = NULL;
    struct outside_waiter **at = &r->first;
    while (*at) {
        struct outside_waiter *w = *at;
        if (w->until >= ready) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = late;
        late = w;
    }
    r->last = at;
    const struct outside_answer soon = {
        .end = OUTSIDE_SOON,
        .wait_ms = ready - now,
        .read_at = a->known_at[what],
        .text = "the settings page may ask only so much of what the account's requests allow"};
    while (late) {
        struct outside_waiter *w = late;
        late = w->next;
        tell(w, &soon);
    }
}

/* ---- what comes next ---- */

static bool is_fresh(const struct outside_reading *r, int64_t now)
{
    return now < r->fresh_until;
}

static void tell_known(struct outside_account *a, int64_t now)
{
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++) {
        struct outside_reading *r = &a->readings[what];
        if (r->first && is_fresh(r, now))
            tell_all(r, &r->answer);
    }
}

static void tell_unknown(struct outside_account *a)
{
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++)
        if (a->readings[what].first)
            outside_settle(a, what, OUTSIDE_REFUSED, 0, "there is no such account");
}

/* True: a request was begun for it. *next: when it is to be looked at again. */
static bool try_one(struct outside_account *a, const struct settings *s, enum outside_what what,
                    int64_t now, int64_t *next)
{
    enum share_api api = outside_api(what);
    if (api == SHARE_MANGO && share_closed(&a->share, now)) {
        outside_settle(
            a, what, OUTSIDE_CLOSED, 0,
            "MANGO called a request invalid or refused all; it is left alone for two minutes");
        return false;
    }
    int64_t wait = share_wait(&a->share, api, now);
    int64_t login = outside_ask_wait(a, what, now);
    wait = wait > login ? wait : login;
    if (wait == 0)
        return outside_ask(a, s, what);
    tell_impatient(a, what, now, now + wait);
    if (a->readings[what].first && now + wait < *next)
        *next = now + wait;
    return false;
}

void outside_go_on(struct outside_account *a)
{
    int64_t now = now_of(a), next = NEVER;
    const struct settings *s = settings_of(a);
    if (!s) {
        tell_unknown(a);
        return;
    }
    tell_known(a, now);
    if (a->transfer)
        return;
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++)
        if (a->readings[what].first && try_one(a, s, what, now, &next))
            return;
    if (next != NEVER)
        loop_timer_set(&a->timer, next);
}

static void on_time(void *arg)
{
    outside_go_on(arg);
}

/* ---- credentials ---- */

static void megaplan_of(const struct settings *s, char out[SHA256_HEX])
{
    const struct str zero = {"", 1};
    const struct str pieces[] = {
        str_of(s->megaplan.base_url), zero, str_of(s->megaplan.token),   zero,
        str_of(s->megaplan.login),    zero, str_of(s->megaplan.password)};
    sha256_hex(pieces, sizeof pieces / sizeof *pieces, out);
}

static void mango_of(const struct settings *s, char out[SHA256_HEX])
{
    const struct str zero = {"", 1};
    const struct str pieces[] = {str_of(s->mango.base_url), zero, str_of(s->mango.api_key), zero,
                                 str_of(s->mango.api_salt)};
    sha256_hex(pieces, sizeof pieces / sizeof *pieces, out);
}

static void drop(struct outside_account *a, enum outside_what what)
{
    if (what == OUTSIDE_EMPLOYEES) {
        employee_list_done(&a->employees);
        employee_list_done(&a->pages);
    }
    if (what == OUTSIDE_USERS)
        users_query_done(&a->users);
    a->known_at[what] = 0;
    a->readings[what].fresh_until = 0;
}

void outside_forget(struct outside_account *a, enum share_api api)
{
    if (a->transfer && outside_api(a->asking) == api) {
        http_cancel(a->transfer);
        a->transfer = NULL;
        share_ended(&a->share, api, true, now_of(a));
        if (a->logging_in)
            signin_unasked(&a->signin);
        a->logging_in = false;
    }
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++)
        if (outside_api(what) == api)
            drop(a, what);
    a->has_skew[api] = false;
}

/* The share stays: it is the account's, whatever its settings are. */
static void follow(struct outside_account *a)
{
    char of[SHARE_APIS][SHA256_HEX] = {{0}};
    const struct settings *s = settings_of(a);
    if (s) {
        megaplan_of(s, of[SHARE_MEGAPLAN]);
        mango_of(s, of[SHARE_MANGO]);
        share_change(&a->share, s->megaplan.requests_per_hour, now_of(a));
    }
    for (enum share_api api = 0; api < SHARE_APIS; api++) {
        if (memcmp(of[api], a->of[api], SHA256_HEX) != 0)
            outside_forget(a, api);
        memcpy(a->of[api], of[api], SHA256_HEX);
    }
    if (s)
        signin_follow(&a->signin, s);
    else
        signin_done(&a->signin);
}

/* ---- accounts ---- */

static struct outside_account *find(const struct outside *o, const char *name)
{
    for (struct outside_account *a = o->first; a; a = a->next)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}

static struct outside_account *make(struct outside *o, const char *name)
{
    struct outside_account *a = mem_alloc(1, sizeof *a);
    const struct settings *s = o->o.settings(o->o.arg, name);
    a->owner = o;
    a->name = mem_copy(str_of(name));
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++)
        a->readings[what].last = &a->readings[what].first;
    loop_timer_init(&a->timer, o->o.loop, on_time, a);
    share_init(&a->share, s ? s->megaplan.requests_per_hour : 1, loop_now(o->o.loop));
    follow(a);
    a->next = o->first;
    o->first = a;
    return a;
}

void outside_read(struct outside *o, const char *account, enum outside_what what,
                  int64_t patience_ms, outside_done *done, void *arg)
{
    struct outside_account *a = find(o, account);
    struct outside_waiter *w = mem_alloc(1, sizeof *w);
    if (!a)
        a = make(o, account);
    struct outside_reading *r = &a->readings[what];
    *w = (struct outside_waiter){
        .done = done, .arg = arg, .until = loop_now(o->o.loop) + patience_ms};
    *r->last = w;
    r->last = &w->next;
    loop_timer_after(&a->timer, 0);
}

static void told(void *arg, const struct outside_answer *answer)
{
    const struct outside_account *a = arg;
    const struct outside_question q = a->question; /* the next one takes its place */
    q.told(q.arg, answer, answer->end == OUTSIDE_GOOD ? a->said : NULL);
}

void outside_question(struct outside *o, const char *account, const struct outside_question *q,
                      int64_t patience_ms)
{
    struct outside_account *a = find(o, account);
    if (!a)
        a = make(o, account);
    a->question = *q;
    outside_read(o, account, OUTSIDE_QUESTION, patience_ms, told, a);
}

void outside_changed(struct outside *o, const char *account)
{
    struct outside_account *a = find(o, account);
    if (!a)
        return;
    follow(a);
    loop_timer_after(&a->timer, 0);
}

/* ---- what is known ---- */

static const struct outside_account *knows(const struct outside *o, const char *account,
                                           enum outside_what what)
{
    const struct outside_account *a = find(o, account);
    return a && a->known_at[what] ? a : NULL;
}

const struct employee_list *outside_employees(const struct outside *o, const char *account)
{
    const struct outside_account *a = knows(o, account, OUTSIDE_EMPLOYEES);
    return a ? &a->employees : NULL;
}

const struct users_query_list *outside_users(const struct outside *o, const char *account)
{
    const struct outside_account *a = knows(o, account, OUTSIDE_USERS);
    return a ? &a->users : NULL;
}

const struct balance_query *outside_balance(const struct outside *o, const char *account)
{
    const struct outside_account *a = knows(o, account, OUTSIDE_BALANCE);
    return a ? &a->balance : NULL;
}

const struct field_names *outside_fields(const struct outside *o, const char *account)
{
    const struct outside_account *a = knows(o, account, OUTSIDE_FIELDS);
    return a ? &a->fields : NULL;
}

const struct callinfo_list *outside_calls(const struct outside *o, const char *account)
{
    const struct outside_account *a = knows(o, account, OUTSIDE_CALLS);
    return a ? &a->calls : NULL;
}

bool outside_skew(const struct outside *o, const char *account, enum share_api api, int64_t *ms)
{
    const struct outside_account *a = find(o, account);
    if (!a || !a->has_skew[api])
        return false;
    *ms = a->skew_ms[api];
    return true;
}

/* ---- start and end ---- */

struct outside *outside_new(const struct outside_options *o)
{
    struct outside *made = mem_alloc(1, sizeof *made);
    made->o = *o;
    return made;
}

static void account_free(struct outside_account *a)
{
    loop_timer_stop(&a->timer);
    outside_forget(a, SHARE_MEGAPLAN);
    outside_forget(a, SHARE_MANGO);
    signin_done(&a->signin);
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++) {
        for (struct outside_waiter *w = a->readings[what].first, *next; w; w = next) {
            next = w->next;
            free(w);
        }
    }
    free(a->name);
    free(a);
}

void outside_free(struct outside *o)
{
    if (!o)
        return;
    for (struct outside_account *a = o->first, *next; a; a = next) {
        next = a->next;
        account_free(a);
    }
    free(o);
}

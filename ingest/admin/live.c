/*
 * Who listens, and to what. The admin thread only.
 */
#include "ingest/admin/live.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/mem.h"

#define DEAD_MS 200
#define HEALTH_MS 10000

struct listener {
    struct live *live;
    struct api_stream *stream;
    char *account; /* NULL: all */
    bool show;
    bool dead_changed;
    struct listener *next;
};

struct live {
    const struct admin_parts *parts;
    struct live_sources from;
    struct listener *listeners;
    struct loop_timer dead, health;
};

static void on_closed(void *arg)
{
    struct listener *s = arg;
    struct listener **at = &s->live->listeners;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    free(s->account);
    free(s);
}

static bool hears(const struct listener *s, struct str account)
{
    return !s->account || str_is(account, s->account);
}

static void send(const struct listener *s, const char *event, struct jval *v)
{
    char *text = jval_dump_free(v, false);
    api_stream_send(s->stream, event, str_of(text));
    free(text);
}

void live_call(struct live *l, struct str account, const struct story_brief *b)
{
    for (const struct listener *s = l->listeners, *next; s; s = next) {
        next = s->next; /* who is cut off is gone */
        if (hears(s, account))
            send(s, "call", l->from.row(l->from.arg, account, b, s->show));
    }
}

/* ---- dead letters ---- */

static void tell_dead(const struct listener *s)
{
    const struct live *l = s->live;
    struct jval *v = jval_new_object();
    size_t n = l->from.dead(l->from.arg, s->account ? str_of(s->account) : STR_NONE);
    jval_put_int(v, "count", (int64_t)n);
    send(s, "dead", v);
}

static void on_dead(void *arg)
{
    struct live *l = arg;
    for (struct listener *s = l->listeners, *next; s; s = next) {
        next = s->next; /* who is cut off is gone */
        if (!s->dead_changed)
            continue;
        s->dead_changed = false;
        tell_dead(s);
    }
}

void live_dead(struct live *l, struct str account)
{
    for (struct listener *s = l->listeners; s; s = s->next)
        s->dead_changed = s->dead_changed || hears(s, account);
    if (l->listeners && !l->dead.slot)
        loop_timer_after(&l->dead, DEAD_MS);
}

/* ---- health, settings ---- */

static void on_health(void *arg)
{
    struct live *l = arg;
    if (!l->listeners)
        return;
    l->from.ask_health(l->from.arg);
    loop_timer_after(&l->health, HEALTH_MS);
}

void live_health(struct live *l, struct str json)
{
    for (const struct listener *s = l->listeners, *next; s; s = next) {
        next = s->next; /* who is cut off is gone */
        api_stream_send(s->stream, "health", json);
    }
}

void live_settings(struct live *l, struct str account)
{
    for (const struct listener *s = l->listeners, *next; s; s = next) {
        next = s->next; /* who is cut off is gone */
        if (!hears(s, account))
            continue;
        struct jval *v = jval_new_object();
        jval_put_text(v, "account", account);
        send(s, "settings", v);
    }
}

/* ---- streams ---- */

void live_get(struct live *l, struct api_call *c)
{
    struct str account = api_query(c, "account");
    if (account.ptr && !accounts_get(l->parts->accounts, account)) {
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
        return;
    }
    struct listener *s = mem_alloc(1, sizeof *s);
    *s = (struct listener){.live = l, .show = api_shows(c)};
    s->account = account.ptr ? mem_copy(account) : NULL;
    s->stream = api_stream(c, on_closed, s);
    if (!s->stream) { /* it has gone meanwhile, or wants the headers alone */
        free(s->account);
        free(s);
        return;
    }
    s->next = l->listeners;
    l->listeners = s;
    tell_dead(s);
    loop_timer_after(&l->health, 0);
}

struct live *live_new(const struct admin_parts *parts, const struct live_sources *from)
{
    struct live *l = mem_alloc(1, sizeof *l);
    l->parts = parts;
    l->from = *from;
    loop_timer_init(&l->dead, parts->loop, on_dead, l);
    loop_timer_init(&l->health, parts->loop, on_health, l);
    return l;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    loop_timer_stop(&l->dead);
    loop_timer_stop(&l->health);
    for (struct listener *s = l->listeners, *next; s; s = next) {
        next = s->next;
        free(s->account);
        free(s);
    }
    free(l);
}

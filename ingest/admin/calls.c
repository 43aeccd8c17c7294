/*
 * The index of calls. Must not know what a call means: common/story does. The admin thread only.
 */
#include "ingest/admin/calls.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "common/accounts.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/kafka/scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/text.h"

#define TELL_MS 200
#define TELL_AT_ONCE 200 /* the others later: streams are bounded */
#define SWEEP_MS 60000
#define LIMIT_DEFAULT 100
#define LIMIT_MOST 500

struct entry {
    char *key; /* account/entry_id, as in the topics */
    struct str account;
    struct story_brief brief;
    int64_t seen;                       /* its newest message, unix ms */
    int64_t first_event, first_outcome; /* offsets; SCAN_BEGINNING: not known */
    bool dirty;
    struct entry *next_dirty, *prev_dirty;
    UT_hash_handle hh;
};

struct calls {
    const struct admin_parts *parts;
    struct calls_events events;
    struct entry *all, *dirty;
    bool caught_up;
    int64_t last_webhook;
    struct loop_timer tell, sweep;
};

/* ---- the index ---- */

static void drop(struct calls *c, struct entry *e)
{
    HASH_DEL(c->all, e);
    if (e->dirty)
        DL_DELETE2(c->dirty, e, prev_dirty, next_dirty);
    story_brief_done(&e->brief);
    free(e->key);
    free(e);
}

static struct entry *find(const struct calls *c, struct str key)
{
    struct entry *e;
    HASH_FIND(hh, c->all, key.ptr, key.len, e);
    return e;
}

static struct entry *find_call(const struct calls *c, struct str account, struct str entry)
{
    char *key CLEANUP(mem_free_text) = mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(entry));
    return find(c, str_of(key));
}

static struct entry *add(struct calls *c, struct str key, const struct event_key *parts)
{
    struct entry *e = mem_alloc(1, sizeof *e);
    e->key = mem_copy(key);
    e->account = (struct str){e->key, parts->account.len};
    e->first_event = e->first_outcome = SCAN_BEGINNING;
    story_brief_init(&e->brief, parts->rest);
    HASH_ADD_KEYPTR(hh, c->all, e->key, key.len, e);
    return e;
}

static int oldest_first(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    return x->seen < y->seen ? -1 : x->seen > y->seen;
}

/* Now and then, so that not every call beyond the ceiling costs a search. */
static void make_room(struct calls *c)
{
    size_t n = HASH_COUNT(c->all), i = 0;
    if (n <= LIMIT_CALLS_LISTED + LIMIT_CALLS_LISTED / 8)
        return;
    struct entry **list = mem_alloc(n, sizeof(struct entry *));
    for (struct entry *e = c->all; e; e = e->hh.next)
        list[i++] = e;
    qsort(list, n, sizeof(struct entry *), oldest_first);
    for (i = 0; n - i > LIMIT_CALLS_LISTED; i++)
        drop(c, list[i]);
    free(list);
}

static void on_sweep(void *arg)
{
    struct calls *c = arg;
    int64_t since = clock_wall_ms() - CALLS_DAY_MS;
    for (struct entry *e = c->all, *next; e; e = next) {
        next = e->hh.next;
        if (e->seen < since)
            drop(c, e);
    }
    loop_timer_after(&c->sweep, SWEEP_MS);
}

/* ---- messages ---- */

static void changed(struct calls *c, struct entry *e)
{
    if (!c->caught_up || e->dirty)
        return;
    e->dirty = true;
    DL_APPEND2(c->dirty, e, prev_dirty, next_dirty);
    if (!c->tell.slot)
        loop_timer_after(&c->tell, TELL_MS);
}

/* Whoever was forgotten is shown to nobody; who that is, the topic `settings` tells. */
static bool is_shown(const struct calls *c, const struct entry *e)
{
    return e->brief.known && accounts_restored(c->parts->accounts) &&
           !story_brief_forgotten(&e->brief, accounts_forgotten(c->parts->accounts), e->account);
}

static void on_tell(void *arg)
{
    struct calls *c = arg;
    for (int i = 0; c->dirty && i < TELL_AT_ONCE; i++) {
        struct entry *e = c->dirty;
        DL_DELETE2(c->dirty, e, prev_dirty, next_dirty);
        e->dirty = false;
        if (is_shown(c, e))
            c->events.changed(c->events.arg, e->account, &e->brief);
    }
    if (c->dirty)
        loop_timer_after(&c->tell, TELL_MS);
}

static void note_place(struct entry *e, const struct kafka_message *m)
{
    int64_t *first = m->topic == KAFKA_EVENTS ? &e->first_event : &e->first_outcome;
    if (*first == SCAN_BEGINNING || m->offset < *first)
        *first = m->offset;
    if (m->timestamp > e->seen)
        e->seen = m->timestamp;
}

static void note_webhook(struct calls *c, const struct kafka_message *m)
{
    int64_t at;
    if (m->topic == KAFKA_EVENTS && str_is(kafka_header_get(m, EVENT_ORIGIN), EVENT_LIVE) &&
        text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &at) && at > c->last_webhook)
        c->last_webhook = at;
}

void calls_take(struct calls *c, const struct kafka_message *m)
{
    struct event_key key;
    note_webhook(c, m);
    if (event_key_split(m->key, &key, NULL) || key.rest.len == 0 || str_is(key.rest, "-") ||
        m->key.len > LIMIT_ACCOUNT_NAME + LIMIT_ENTRY_ID + 1 ||
        m->timestamp < clock_wall_ms() - CALLS_DAY_MS)
        return;
    struct entry *e = find(c, m->key);
    bool is_new = e == NULL;
    if (is_new)
        e = add(c, m->key, &key);
    bool differs = story_brief_take(&e->brief, m);
    if (is_new && !e->brief.known) {
        drop(c, e);
        return;
    }
    note_place(e, m);
    if (differs)
        changed(c, e);
    if (is_new)
        make_room(c);
}

void calls_dead(struct calls *c, struct str account, struct str entry, int64_t at, int more)
{
    char *key CLEANUP(mem_free_text) = mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(entry));
    struct entry *e = find(c, str_of(key));
    bool is_new = e == NULL;
    if (is_new && (more < 0 || at < clock_wall_ms() - CALLS_DAY_MS))
        return;
    if (is_new) {
        e = add(c, str_of(key), &(const struct event_key){.account = account, .rest = entry});
        e->seen = at;
    }
    story_brief_dead(&e->brief, more);
    changed(c, e);
    if (is_new)
        make_room(c);
}

void calls_caught_up(struct calls *c)
{
    c->caught_up = true;
}

/* ---- what is asked ---- */

struct jval *calls_row(const struct calls *c, struct str account, const struct story_brief *b,
                       bool show)
{
    struct jval *row = story_brief_row(b, show);
    const struct settings *s = accounts_get(c->parts->accounts, account);
    const struct settings_employee *who =
        s && b->employee ? settings_employee_by_id(s, b->employee) : NULL;
    jval_put_text(row, "account", account);
    story_put(row, "employee_name", str_of(who ? who->name : NULL));
    return row;
}

int64_t calls_first_offset(const struct calls *c, struct str account, struct str entry,
                           enum kafka_topic topic)
{
    const struct entry *e = find_call(c, account, entry);
    if (!e)
        return SCAN_BEGINNING;
    return topic == KAFKA_EVENTS ? e->first_event : e->first_outcome;
}

int64_t calls_last_webhook(const struct calls *c)
{
    return c->last_webhook;
}

static int newest_first(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    if (x->brief.at != y->brief.at)
        return x->brief.at < y->brief.at ? 1 : -1;
    return strcmp(x->key, y->key);
}

/* The account's calls before that moment, newest first; the caller's (free()). */
static struct entry **list_of(const struct calls *c, struct str account, int64_t before, size_t *n)
{
    struct entry **list = mem_alloc(HASH_COUNT(c->all) + 1, sizeof(struct entry *));
    *n = 0;
    for (struct entry *e = c->all; e; e = e->hh.next)
        if (e->brief.at < before && str_eq(e->account, account) && is_shown(c, e))
            list[(*n)++] = e;
    if (*n)
        qsort(list, *n, sizeof(struct entry *), newest_first);
    return list;
}

static struct jval *page_of(const struct calls *c, struct entry *const *list, size_t n,
                            size_t limit, bool show)
{
    struct jval *rows = jval_new_array(), *out = jval_new_object();
    size_t i = 0;
    /* Those of one moment come together, since the next page begins before it. */
    for (; i < n && (i < limit || list[i]->brief.at == list[i - 1]->brief.at); i++)
        jval_append(rows, calls_row(c, list[i]->account, &list[i]->brief, show));
    jval_put(out, "calls", rows);
    jval_put_bool(out, "more", i < n);
    return out;
}

void calls_get(const struct calls *c, struct api_call *call)
{
    struct str account = api_param(call, "a"), before = api_query(call, "before");
    int64_t limit, moment = INT64_MAX;
    size_t n;
    if (!accounts_get(c->parts->accounts, account)) {
        api_refuse(call, 404, "unknown_account", "", "there is no such account");
        return;
    }
    if (!api_query_number(call, "limit", 1, LIMIT_MOST, LIMIT_DEFAULT, &limit))
        return;
    if (before.ptr && !text_parse_time(before, &moment)) {
        api_refuse(call, 422, "invalid", "before", "before: no time as 2026-11-22T15:11:00.123Z");
        return;
    }
    struct entry **list = list_of(c, account, moment, &n);
    struct jval *page = page_of(c, list, n, (size_t)limit, api_shows(call));
    free(list);
    api_reply(call, 200, page);
}

/* ---- extensions nobody has ---- */

struct extension {
    char *name;
    int64_t calls, last;
    UT_hash_handle hh;
};

static bool is_mapped(const struct settings *s, struct str extension)
{
    for (size_t i = 0; i < s->ngroups; i++)
        if (str_is(extension, s->groups[i]))
            return true;
    return settings_employee_of(s, extension) != NULL;
}

static void count_extension(struct extension **all, const char *name, int64_t at)
{
    struct extension *x;
    HASH_FIND_STR(*all, name, x);
    if (!x) {
        x = mem_alloc(1, sizeof *x);
        x->name = mem_copy(str_of(name));
        HASH_ADD_KEYPTR(hh, *all, x->name, strlen(x->name), x);
    }
    x->calls++;
    if (at > x->last)
        x->last = at;
}

void calls_unmapped(const struct calls *c, struct str account,
                    void (*fn)(void *arg, struct str extension, int64_t calls, int64_t last_at),
                    void *arg)
{
    const struct settings *s = accounts_get(c->parts->accounts, account);
    struct extension *all = NULL;
    for (const struct entry *e = s ? c->all : NULL; e; e = e->hh.next) {
        if (!str_eq(e->account, account) || e->brief.test)
            continue;
        for (size_t i = 0; i < e->brief.nextensions; i++)
            if (!is_mapped(s, str_of(e->brief.extensions[i])))
                count_extension(&all, e->brief.extensions[i], e->brief.at);
    }
    for (struct extension *x = all, *next; x; x = next) {
        next = x->hh.next;
        HASH_DEL(all, x);
        fn(arg, str_of(x->name), x->calls, x->last);
        free(x->name);
        free(x);
    }
}

/* ---- start and end ---- */

struct calls *calls_new(const struct admin_parts *parts, const struct calls_events *events)
{
    struct calls *c = mem_alloc(1, sizeof *c);
    c->parts = parts;
    c->events = *events;
    loop_timer_init(&c->tell, parts->loop, on_tell, c);
    loop_timer_init(&c->sweep, parts->loop, on_sweep, c);
    loop_timer_after(&c->sweep, SWEEP_MS);
    return c;
}

void calls_free(struct calls *c)
{
    if (!c)
        return;
    loop_timer_stop(&c->tell);
    loop_timer_stop(&c->sweep);
    while (c->all)
        drop(c, c->all);
    free(c);
}

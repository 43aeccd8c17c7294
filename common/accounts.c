/*
 * Follows the topic `settings` and keeps every account's valid settings, found by account and by MANGO's
 * API key. On the loop's thread only; knows nothing of what the settings mean.
 */
#include "common/accounts.h"

#include <stdio.h>
#include <stdlib.h>

#include <uthash.h>

#include "common/kafka/table.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/tz_file.h"

struct entry {
    char *account;
    char *document; /* as it is stored, if they are kept */
    struct settings *settings;
    int64_t revision; /* -1: recalled */
    bool by_key;      /* found by its API key; else another account has the same one */
    UT_hash_handle hh, hh_key;
};

struct refused {
    char *account;
    char why[LIMIT_ERROR_TEXT];
    UT_hash_handle hh;
};

/* Replaced settings live until the next turn: somebody may still hold them. */
struct grave {
    struct grave *next;
    struct settings *settings;
    char *document;
};

struct accounts {
    struct loop *loop;
    const struct config *config;
    struct accounts_options o;
    struct table *table; /* NULL: not followed yet */
    struct entry *by_account, *by_key;
    struct refused *refused;
    struct grave *graves;
    struct loop_timer bury;
    struct settings_rules rules;
    struct forgotten *forgotten;
};

static struct entry *find(const struct accounts *a, struct str account)
{
    struct entry *x = NULL;
    if (account.len > 0)
        HASH_FIND(hh, a->by_account, account.ptr, account.len, x);
    return x;
}

static struct entry *find_key(const struct accounts *a, struct str key)
{
    struct entry *x = NULL;
    if (key.len > 0)
        HASH_FIND(hh_key, a->by_key, key.ptr, key.len, x);
    return x;
}

static void index_key(struct accounts *a, struct entry *x)
{
    struct str key = str_of(x->settings->mango.api_key);
    struct entry *other = find_key(a, key);
    x->by_key = other == NULL;
    if (x->by_key)
        HASH_ADD_KEYPTR(hh_key, a->by_key, key.ptr, key.len, x);
    else
        log_warn("two accounts have the same MANGO API key: the first one gets its webhooks",
                 LOG_TEXT("account", x->account), LOG_TEXT("first", other->account));
}

/* Forgets where the settings are found; another account that waits for the same API key gets it. */
static void unindex_key(struct accounts *a, struct entry *x)
{
    if (!x->by_key)
        return;
    HASH_DELETE(hh_key, a->by_key, x);
    x->by_key = false;
    for (struct entry *o = a->by_account; o; o = o->hh.next)
        if (o != x && !o->by_key && !find_key(a, str_of(o->settings->mango.api_key)))
            index_key(a, o);
}

static void bury(struct accounts *a, struct entry *x)
{
    struct grave *g = mem_alloc(1, sizeof(*g));
    *g = (struct grave){a->graves, x->settings, x->document};
    a->graves = g;
    loop_timer_after(&a->bury, 0);
}

static void on_bury(void *arg)
{
    struct accounts *a = arg;
    while (a->graves) {
        struct grave *g = a->graves;
        a->graves = g->next;
        settings_free(g->settings);
        free(g->document);
        free(g);
    }
}

static void put(struct accounts *a, struct str account, struct str document, struct settings *s,
                int64_t revision)
{
    struct entry *x = find(a, account);
    if (x) {
        unindex_key(a, x);
        bury(a, x);
    } else {
        x = mem_alloc(1, sizeof(*x));
        x->account = mem_copy(account);
        HASH_ADD_KEYPTR(hh, a->by_account, x->account, account.len, x);
    }
    x->settings = s;
    x->document = a->o.documents ? mem_copy(document) : NULL;
    x->revision = revision;
    index_key(a, x);
}

static void drop(struct accounts *a, struct entry *x)
{
    unindex_key(a, x);
    HASH_DELETE(hh, a->by_account, x);
    bury(a, x);
    free(x->account);
    free(x);
}

/* NULL: refused, the one before stays. */
static struct settings *read_document(const struct accounts *a, struct str account,
                                      struct str document, struct error *e)
{
    struct settings *s = NULL;
    if (settings_parse(document, &a->rules, &a->config->secret, &s, e))
        return NULL;
    if (str_is(account, s->account))
        return s;
    (void)!error_set(e, ERR_INPUT, "account: is \"%s\" under another key", s->account);
    settings_free(s);
    return NULL;
}

static struct refused *find_refused(const struct accounts *a, struct str account)
{
    struct refused *x = NULL;
    if (account.len > 0)
        HASH_FIND(hh, a->refused, account.ptr, account.len, x);
    return x;
}

static void forget_refused(struct accounts *a, struct refused *x)
{
    if (!x)
        return;
    HASH_DEL(a->refused, x);
    free(x->account);
    free(x);
}

static void note_refused(struct accounts *a, struct str account, const char *why)
{
    struct refused *x = find_refused(a, account);
    if (!x) {
        x = mem_alloc(1, sizeof(*x));
        x->account = mem_copy(account);
        HASH_ADD_KEYPTR(hh, a->refused, x->account, account.len, x);
    }
    snprintf(x->why, sizeof(x->why), "%s", why);
}

static bool take(struct accounts *a, const struct kafka_message *m)
{
    struct error e = ERROR_NONE;
    struct settings *s = read_document(a, m->key, m->value, &e);
    struct entry *before = find(a, m->key);
    if (s) {
        forget_refused(a, find_refused(a, m->key));
        put(a, m->key, m->value, s, m->offset);
    } else {
        if (before && before->revision < 0)
            before->revision = m->offset; /* the recalled one stands in for it */
        note_refused(a, m->key, e.text);
        log_fail("settings are not taken", LOG_STR("account", m->key),
                 LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("partition", m->partition),
                 LOG_INT("offset", m->offset), LOG_ERROR(&e));
    }
    return s != NULL;
}

static void tell_changed(const struct accounts *a, struct str account)
{
    if (!a->o.changed)
        return;
    char *name CLEANUP(mem_free_text) = mem_copy(account);
    a->o.changed(a->o.arg, name);
}

/* What stands between the documents. */
static void take_other(struct accounts *a, const struct kafka_message *m)
{
    struct error e = ERROR_NONE;
    if (forgotten_apply(a->forgotten, m->key, m->value, m->tombstone, &e))
        log_fail("a record of forgotten numbers is not taken",
                 LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("partition", m->partition),
                 LOG_INT("offset", m->offset), LOG_ERROR(&e));
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct accounts *a = arg;
    if (m->key.len && m->key.ptr[0] == '_')
        take_other(a, m);
    if (m->key.len == 0 || m->key.len > LIMIT_ACCOUNT_NAME || m->key.ptr[0] == '_')
        return;
    struct entry *x = find(a, m->key);
    if (m->tombstone)
        forget_refused(a, find_refused(a, m->key));
    if (m->tombstone && !x)
        return;
    if (m->tombstone)
        drop(a, x);
    else if (!take(a, m))
        return;
    tell_changed(a, m->key);
}

/* What the topic does not know any more was removed meanwhile. */
static void drop_recalled(struct accounts *a)
{
    for (struct entry *x = a->by_account, *next; x; x = next) {
        next = x->hh.next;
        if (x->revision >= 0)
            continue;
        char *account CLEANUP(mem_free_text) = mem_copy(str_of(x->account));
        drop(a, x);
        tell_changed(a, str_of(account));
    }
}

static void on_restored(void *arg)
{
    struct accounts *a = arg;
    drop_recalled(a);
    log_info("settings read", LOG_INT("accounts", HASH_COUNT(a->by_account)));
    if (a->o.restored)
        a->o.restored(a->o.arg);
}

struct accounts *accounts_new(struct loop *l, const struct config *c,
                              const struct accounts_options *o)
{
    struct accounts *a = mem_alloc(1, sizeof(*a));
    a->loop = l;
    a->config = c;
    a->o = *o;
    a->rules = (struct settings_rules){str_of(c->outbound_allow), tz_file_known};
    a->forgotten = forgotten_new(&c->secret);
    loop_timer_init(&a->bury, l, on_bury, a);
    return a;
}

bool accounts_recall(struct accounts *a, struct str account, struct str document)
{
    struct error e = ERROR_NONE;
    struct settings *s = read_document(a, account, document, &e);
    if (s)
        put(a, account, document, s, -1);
    else
        log_warn("settings that were kept are not taken", LOG_STR("account", account),
                 LOG_ERROR(&e));
    return s != NULL;
}

enum err accounts_follow(struct accounts *a, const struct kafka_layout *layout, struct error *e)
{
    static const struct table_events events = {on_message, on_restored};
    return table_new(a->loop, a->config, layout, KAFKA_SETTINGS, &events, a, &a->table, e);
}

void accounts_free(struct accounts *a)
{
    if (!a)
        return;
    if (a->table)
        table_free(a->table);
    struct entry *x = a->by_account; /* the entries stay linked when their tables go */
    HASH_CLEAR(hh_key, a->by_key);
    HASH_CLEAR(hh, a->by_account);
    while (x) {
        struct entry *next = x->hh.next;
        settings_free(x->settings);
        free(x->document);
        free(x->account);
        free(x);
        x = next;
    }
    while (a->refused)
        forget_refused(a, a->refused);
    loop_timer_stop(&a->bury);
    on_bury(a);
    forgotten_free(a->forgotten);
    free(a);
}

bool accounts_restored(const struct accounts *a)
{
    return a->table && table_restored(a->table);
}

bool accounts_known(const struct accounts *a)
{
    return accounts_restored(a) || a->by_account;
}

bool accounts_connected(const struct accounts *a)
{
    return a->table && table_connected(a->table);
}

size_t accounts_count(const struct accounts *a)
{
    return HASH_COUNT(a->by_account);
}

const struct settings *accounts_get(const struct accounts *a, struct str account)
{
    const struct entry *x = find(a, account);
    return x ? x->settings : NULL;
}

int64_t accounts_revision(const struct accounts *a, struct str account)
{
    const struct entry *x = find(a, account);
    return x ? x->revision : -1;
}

struct str accounts_document(const struct accounts *a, struct str account)
{
    const struct entry *x = find(a, account);
    return x && x->document ? str_of(x->document) : STR_NONE;
}

const struct settings *accounts_by_key(const struct accounts *a, struct str mango_api_key)
{
    const struct entry *x = find_key(a, mango_api_key);
    return x ? x->settings : NULL;
}

const char *accounts_refused(const struct accounts *a, struct str account)
{
    const struct refused *x = find_refused(a, account);
    return x ? x->why : NULL;
}

void accounts_each_refused(const struct accounts *a,
                           void (*fn)(void *arg, const char *account, const char *why), void *arg)
{
    for (const struct refused *x = a->refused, *next; x; x = next) {
        next = x->hh.next;
        fn(arg, x->account, x->why);
    }
}

void accounts_each(const struct accounts *a, void (*fn)(void *arg, const struct settings *s),
                   void *arg)
{
    for (const struct entry *x = a->by_account; x; x = x->hh.next)
        fn(arg, x->settings);
}

const struct forgotten *accounts_forgotten(const struct accounts *a)
{
    return a->forgotten;
}

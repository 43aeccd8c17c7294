/*
 * Follows the topic `settings` and keeps every account's valid settings, found by account and by MANGO's
 * API key. On the loop's thread only; knows nothing of what the settings mean.
 */
#include "common/accounts.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/kafka/table.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/tz_file.h"

struct entry {
    char *account;
    struct settings *settings;
    int64_t revision;
    bool by_key; /* found by its API key; else another account has the same one */
    UT_hash_handle hh, hh_key;
};

/* Replaced settings live until the next turn: somebody may still hold them. */
struct grave {
    struct grave *next;
    struct settings *settings;
};

struct accounts {
    const struct config *config;
    struct table *table;
    struct entry *by_account, *by_key;
    struct grave *graves;
    struct loop_timer bury;
    struct settings_rules rules;
    void (*changed)(void *arg, const char *account);
    void (*restored)(void *arg);
    void *arg;
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

static void bury(struct accounts *a, struct settings *s)
{
    struct grave *g = mem_alloc(1, sizeof(*g));
    *g = (struct grave){a->graves, s};
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
        free(g);
    }
}

static void put(struct accounts *a, struct str account, struct settings *s, int64_t revision)
{
    struct entry *x = find(a, account);
    if (x) {
        unindex_key(a, x);
        bury(a, x->settings);
    } else {
        x = mem_alloc(1, sizeof(*x));
        x->account = mem_copy(account);
        HASH_ADD_KEYPTR(hh, a->by_account, x->account, account.len, x);
    }
    x->settings = s;
    x->revision = revision;
    index_key(a, x);
}

static void drop(struct accounts *a, struct entry *x)
{
    unindex_key(a, x);
    HASH_DELETE(hh, a->by_account, x);
    bury(a, x->settings);
    free(x->account);
    free(x);
}

/* Takes a document, unless it is refused: then the one before stays. */
static bool take(struct accounts *a, const struct kafka_message *m)
{
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    enum err err = settings_parse(m->value, &a->rules, &a->config->secret, &s, &e);
    if (err == ERR_OK && !str_is(m->key, s->account))
        err = error_set(&e, ERR_INPUT, "account: is \"%s\" under another key", s->account);
    if (err != ERR_OK) {
        log_fail("settings are not taken", LOG_STR("account", m->key),
                 LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("partition", m->partition),
                 LOG_INT("offset", m->offset), LOG_ERROR(&e));
        settings_free(s);
        return false;
    }
    put(a, m->key, s, m->offset);
    return true;
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct accounts *a = arg;
    if (m->key.len == 0 || m->key.len > LIMIT_ACCOUNT_NAME || m->key.ptr[0] == '_')
        return;
    struct entry *x = find(a, m->key);
    if (m->tombstone && !x)
        return;
    if (m->tombstone)
        drop(a, x);
    else if (!take(a, m))
        return;
    if (a->changed) {
        char *account = mem_copy(m->key);
        a->changed(a->arg, account);
        free(account);
    }
}

static void on_restored(void *arg)
{
    struct accounts *a = arg;
    log_info("settings read", LOG_INT("accounts", HASH_COUNT(a->by_account)));
    if (a->restored)
        a->restored(a->arg);
}

enum err accounts_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                      void (*changed)(void *arg, const char *account), void (*restored)(void *arg),
                      void *arg, struct accounts **out, struct error *e)
{
    static const struct table_events events = {on_message, on_restored};
    struct accounts *a = mem_alloc(1, sizeof(*a));
    a->config = c;
    a->rules = (struct settings_rules){str_of(c->outbound_allow), tz_file_known};
    a->changed = changed;
    a->restored = restored;
    a->arg = arg;
    loop_timer_init(&a->bury, l, on_bury, a);
    enum err err = table_new(l, c, layout, KAFKA_SETTINGS, &events, a, &a->table, e);
    if (err != ERR_OK) {
        free(a);
        return err;
    }
    *out = a;
    return ERR_OK;
}

void accounts_free(struct accounts *a)
{
    if (!a)
        return;
    table_free(a->table);
    struct entry *x = a->by_account; /* the entries stay linked when their tables go */
    HASH_CLEAR(hh_key, a->by_key);
    HASH_CLEAR(hh, a->by_account);
    while (x) {
        struct entry *next = x->hh.next;
        settings_free(x->settings);
        free(x->account);
        free(x);
        x = next;
    }
    loop_timer_stop(&a->bury);
    on_bury(a);
    free(a);
}

bool accounts_restored(const struct accounts *a)
{
    return table_restored(a->table);
}

bool accounts_connected(const struct accounts *a)
{
    return table_connected(a->table);
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

const struct settings *accounts_by_key(const struct accounts *a, struct str mango_api_key)
{
    const struct entry *x = find_key(a, mango_api_key);
    return x ? x->settings : NULL;
}

void accounts_each(const struct accounts *a, void (*fn)(void *arg, const struct settings *s),
                   void *arg)
{
    for (const struct entry *x = a->by_account; x; x = x->hh.next)
        fn(arg, x->settings);
}

/*
 * A hash table of calls by entry_id.
 */
#include "common/reconcile/known.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "common/event.h"
#include "common/jval.h"
#include "common/mem.h"

struct known {
    char *entry_id;
    int64_t began;
    bool heard, ended;
    enum reconcile_saving saving;
    char *reason;
    UT_hash_handle hh;
};

struct reconcile_known {
    char *account;
    struct known *calls;
    struct known **list; /* the same; owned by the table */
    size_t count, room;
    int64_t since;
};

struct reconcile_known *reconcile_known_new(struct str account)
{
    struct reconcile_known *k = mem_alloc(1, sizeof *k);
    k->account = mem_copy(account);
    return k;
}

void reconcile_known_free(struct reconcile_known *k)
{
    if (!k)
        return;
    HASH_CLEAR(hh, k->calls);
    for (size_t i = 0; i < k->count; i++) {
        free(k->list[i]->entry_id);
        free(k->list[i]->reason);
        free(k->list[i]);
    }
    free(k->list);
    free(k->account);
    free(k);
}

static struct known *find(const struct reconcile_known *k, struct str entry_id)
{
    struct known *c = NULL;
    if (entry_id.len)
        HASH_FIND(hh, k->calls, entry_id.ptr, entry_id.len, c);
    return c;
}

void reconcile_known_add(struct reconcile_known *k, struct str entry_id, int64_t began)
{
    if (entry_id.len == 0 || find(k, entry_id))
        return;
    if (k->count == k->room) {
        k->room = k->room ? k->room * 2 : 64;
        k->list = mem_resize(k->list, k->room, sizeof(struct known *));
    }
    struct known *c = mem_alloc(1, sizeof *c);
    c->entry_id = mem_copy(entry_id);
    c->began = began;
    k->list[k->count++] = c;
    HASH_ADD_KEYPTR(hh, k->calls, c->entry_id, entry_id.len, c);
    if (k->since == 0 || began < k->since)
        k->since = began;
}

/* ---- what is read ---- */

static void take_event(struct known *c, const struct kafka_message *m)
{
    c->heard = true;
    c->ended = c->ended || str_is(kafka_header_get(m, EVENT_KIND), "summary");
}

static void decide(struct known *c, enum reconcile_saving saving, struct str reason)
{
    if (c->saving == RECONCILE_SAVED && saving != RECONCILE_SAVED)
        return;
    c->saving = saving;
    if (reason.len == 0)
        return;
    free(c->reason);
    c->reason = mem_copy(reason);
}

/* Of a job that came to its end. What was done stands, whatever becomes of a later job of another cause. */
static void take_end(struct known *c, struct str result, struct str reason)
{
    bool open = c->saving == RECONCILE_UNDECIDED || c->saving == RECONCILE_DECIDED;
    if (str_is(result, "done") || (open && str_is(result, "present")))
        decide(c, RECONCILE_SAVED, reason);
    else if (str_is(result, "none") || str_is(result, "dead") || str_is(result, "unsupported") ||
             (open && str_is(result, "dropped")))
        decide(c, RECONCILE_UNSAVED, reason);
}

/* What the closing of a call said of it: a job of its saving follows, or nothing does. */
static void take_decision(struct known *c, struct str result, struct str reason)
{
    if (c->saving == RECONCILE_UNDECIDED)
        decide(c, str_is(result, "sent") ? RECONCILE_DECIDED : RECONCILE_UNSAVED, reason);
}

static void take_outcome(struct known *c, const struct kafka_message *m)
{
    struct jval *o CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (jval_parse(m->value, &o, &ignored))
        return;
    struct str what = jval_get_text(o, "what"), result = jval_get_text(o, "result"),
               reason = jval_get_text(o, "reason");
    bool of_call = str_is(jval_get_text(o, "kind"), "call"), decision = str_is(what, "decision");
    bool closing = jval_get_text(jval_get(o, "details"), "closed_by").len > 0;
    if (decision && closing)
        take_decision(c, result, reason);
    else if (of_call && str_is(what, "outcome"))
        take_end(c, result, reason);
}

void reconcile_known_take(struct reconcile_known *k, const struct kafka_message *m)
{
    struct event_key key;
    struct error ignored = ERROR_NONE;
    if (event_key_split(m->key, &key, &ignored) || !str_is(key.account, k->account))
        return;
    struct known *c = find(k, key.rest);
    if (c && m->topic == KAFKA_EVENTS)
        take_event(c, m);
    else if (c && m->topic == KAFKA_OUTCOMES && !m->tombstone)
        take_outcome(c, m);
}

/* ---- what is known ---- */

size_t reconcile_known_count(const struct reconcile_known *k)
{
    return k->count;
}

struct str reconcile_known_account(const struct reconcile_known *k)
{
    return str_of(k->account);
}

int64_t reconcile_known_since(const struct reconcile_known *k)
{
    return k->since;
}

static void tell(const struct known *c, struct reconcile_known_call *out)
{
    *out = (struct reconcile_known_call){str_of(c->entry_id), c->began, c->heard, c->ended,
                                         c->saving,           c->reason};
}

void reconcile_known_at(const struct reconcile_known *k, size_t i, struct reconcile_known_call *out)
{
    tell(k->list[i], out);
}

bool reconcile_known_find(const struct reconcile_known *k, struct str entry_id,
                          struct reconcile_known_call *out)
{
    const struct known *c = find(k, entry_id);
    if (c)
        tell(c, out);
    return c != NULL;
}

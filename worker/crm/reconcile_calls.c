/*
 * The calls of a piece of the history. Pure: memory only.
 */
#include "worker/crm/reconcile_calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "worker/crm/known.h"

struct reconcile_calls {
    char *csv; /* all texts of legs and history are in it */
    struct history_query_legs legs;
    struct history history;
    struct reconcile_span span;
    size_t told;
    struct reconcile_known *suspects; /* NULL: none, or not compared */
    const struct history_call **missing;
    size_t nmissing;
};

/* answers */

static void say(struct reconcile_answer *out, enum reconcile_told told, enum mango_answer_kind kind,
                const char *why)
{
    out->told = told;
    out->kind = kind;
    struct str cut = text_cut(str_of(why), sizeof out->why - 1);
    snprintf(out->why, sizeof out->why, "%.*s", STR_ARG(cut));
}

void reconcile_calls_read_key(const struct reconcile_said *said, struct reconcile_answer *out,
                              char *key)
{
    struct mango_answer got;
    mango_answer_read(said->status, said->body, said->too_large, &got);
    if (got.kind != MANGO_DONE)
        say(out, RECONCILE_FAILED, got.kind, got.text);
    else if (history_query_key(got.root, key))
        say(out, RECONCILE_READY, MANGO_DONE, "");
    else
        say(out, RECONCILE_FAILED, MANGO_TEMPORARY, "MANGO's answer has no key");
    mango_answer_done(&got);
}

static bool is_in_span(const struct reconcile_calls *c, const struct history_call *call)
{
    return call->ended && call->ended < c->span.ended_before && call->began < c->span.began_before;
}

static enum err build(struct reconcile_calls *c, struct error *e)
{
    if (history_query_read(str_of(c->csv), &c->legs, e) ||
        history_build(c->legs.all, c->legs.count, &c->history, e))
        return e->kind;
    for (size_t i = 0; i < c->history.count; i++)
        c->told += is_in_span(c, &c->history.calls[i]);
    return ERR_OK;
}

static void read_history(const struct reconcile_said *said, struct reconcile_span span,
                         struct reconcile_answer *out, struct reconcile_calls **calls)
{
    struct error e = ERROR_NONE;
    struct reconcile_calls *c = mem_alloc(1, sizeof *c);
    c->csv = mem_copy(said->body);
    c->span = span;
    if (build(c, &e)) {
        say(out, RECONCILE_FAILED, MANGO_REFUSED, e.text);
        reconcile_calls_free(c);
        return;
    }
    say(out, RECONCILE_READY, MANGO_DONE, "");
    *calls = c;
}

void reconcile_calls_read(const struct reconcile_said *said, struct reconcile_span span,
                          struct reconcile_answer *out, struct reconcile_calls **calls)
{
    static const enum reconcile_told told[] = {
        [HISTORY_QUERY_READY] = RECONCILE_READY,
        [HISTORY_QUERY_NOT_YET] = RECONCILE_NOT_YET,
        [HISTORY_QUERY_UNKNOWN] = RECONCILE_UNKNOWN,
        [HISTORY_QUERY_TOO_LARGE] = RECONCILE_TOO_LARGE,
        [HISTORY_QUERY_REFUSED] = RECONCILE_FAILED,
    };
    struct history_query_answer got;
    *calls = NULL;
    int status =
        said->too_large ? 200 : said->status; /* of what is over the ceiling there is none */
    history_query_state(status, said->body, said->too_large, &got);
    say(out, told[got.state], got.kind, got.text);
    if (got.state == HISTORY_QUERY_READY)
        read_history(said, span, out, calls);
}

void reconcile_calls_free(struct reconcile_calls *c)
{
    if (!c)
        return;
    free(c->missing);
    reconcile_known_free(c->suspects);
    history_done(&c->history);
    history_query_done(&c->legs);
    free(c->csv);
    free(c);
}

size_t reconcile_calls_told(const struct reconcile_calls *c)
{
    return c->told;
}

size_t reconcile_calls_unreadable(const struct reconcile_calls *c)
{
    return c->legs.unreadable;
}

/* what is known */

static bool facts_know(const struct facts *f, struct str account, struct str entry_id)
{
    struct known_call known;
    return (known_call(f, account, entry_id, &known) && known.begun) ||
           known_call_given_up(f, account, entry_id);
}

struct reconcile_known *reconcile_calls_compare(struct reconcile_calls *c, const struct facts *f,
                                                const struct reconcile_seen *seen,
                                                const struct forgotten *forgotten,
                                                struct str account)
{
    for (size_t i = 0; i < c->history.count; i++) {
        const struct history_call *call = &c->history.calls[i];
        if (!is_in_span(c, call) || facts_know(f, account, call->entry_id) ||
            reconcile_seen_has(seen, call->entry_id) ||
            forgotten_has(forgotten, account, call->number, call->began * 1000))
            continue;
        if (!c->suspects)
            c->suspects = reconcile_known_new(account);
        reconcile_known_add(c->suspects, call->entry_id, call->began);
    }
    return c->suspects;
}

size_t reconcile_calls_looked(struct reconcile_calls *c, struct reconcile_seen *seen)
{
    size_t n = reconcile_known_count(c->suspects);
    c->missing = mem_alloc(n, sizeof *c->missing);
    for (size_t i = 0; i < n; i++) {
        struct reconcile_known_call call;
        reconcile_known_at(c->suspects, i, &call);
        if (call.ended)
            reconcile_seen_add(seen, call.entry_id, call.began);
        else
            c->missing[c->nmissing++] = history_find(&c->history, call.entry_id);
    }
    return c->nmissing;
}

size_t reconcile_calls_missing(const struct reconcile_calls *c)
{
    return c->nmissing;
}

const struct history_call *reconcile_calls_at(const struct reconcile_calls *c, size_t i)
{
    return c->missing[i];
}

/*
 * The balance. The admin thread only.
 */
#include "ingest/admin/balance.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/accounts.h"
#include "common/doctor/doctor.h"
#include "common/jout.h"
#include "common/mem.h"

#define ANSWER_BYTES 512

struct balance {
    const struct admin_parts *parts;
    struct ask *first; /* under way */
};

struct ask {
    struct ask *next, *prev;
    struct balance *owner;
    struct api_call *call;
    char *account;
};

static void ask_free(struct ask *k)
{
    free(k->account);
    free(k);
}

static void ask_end(struct ask *k)
{
    if (k->next)
        k->next->prev = k->prev;
    *(k->prev ? &k->prev->next : &k->owner->first) = k->next;
    ask_free(k);
}

static struct ask *ask_new(struct balance *b, struct api_call *c, struct str account)
{
    struct ask *k = mem_alloc(1, sizeof *k);
    *k = (struct ask){.next = b->first, .owner = b, .call = c, .account = mem_copy(account)};
    if (k->next)
        k->next->prev = k;
    b->first = k;
    return k;
}

/* As it was told: 15 digits give any decimal number back that has no more. */
static void reply(struct api_call *c, const struct balance_query *b)
{
    struct buf json CLEANUP(buf_done) = BUF_INIT(ANSWER_BYTES);
    jout_open(&json);
    jout_key(&json, "balance");
    buf_addf(&json, "%.15g", b->balance);
    jout_text(&json, "currency", str_of(b->currency));
    jout_text(&json, "top_up_url", STR(BALANCE_QUERY_TOP_UP));
    jout_close(&json);
    api_reply_text(c, 200, buf_str(&json));
}

static void got(void *arg, const struct outside_answer *a)
{
    struct ask *k = arg;
    const struct balance_query *b = outside_balance(k->owner->parts->outside, k->account);
    if (a->end == OUTSIDE_GOOD && b)
        reply(k->call, b);
    else if (a->end == OUTSIDE_SOON || a->end == OUTSIDE_CLOSED)
        api_refuse_soon(k->call, a->wait_ms, a->text);
    else
        api_refuse(k->call, 502, "outside", "", "%s", a->text);
    ask_end(k);
}

static void get(void *part, struct api_call *c)
{
    struct balance *b = part;
    struct str account = api_param(c, "a");
    if (!accounts_get(b->parts->accounts, account)) {
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
        return;
    }
    struct ask *k = ask_new(b, c, account);
    outside_read(b->parts->outside, k->account, OUTSIDE_BALANCE, 0, got, k);
}

const struct api_route *balance_routes(struct balance *b, size_t *n)
{
    static const struct api_route routes[] = {{"GET", "/api/accounts/{a}/balance", get, 0}};
    (void)b;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

struct balance *balance_new(const struct admin_parts *parts)
{
    struct balance *b = mem_alloc(1, sizeof *b);
    b->parts = parts;
    return b;
}

void balance_free(struct balance *b)
{
    if (!b)
        return;
    for (struct ask *k = b->first, *next; k; k = next) {
        next = k->next;
        ask_free(k);
    }
    free(b);
}

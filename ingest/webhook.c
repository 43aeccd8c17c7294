/*
 * From request to answer. Must not know libmicrohttpd, Kafka or settings documents, only their ports.
 * The loop's thread.
 */
#include "ingest/webhook.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mango/sign.h"
#include "common/mem.h"
#include "ingest/accept.h"
#include "ingest/form.h"
#include "ingest/unauthorized.h"

#define ANSWER_MS 4800 /* the contract says 5 s */
#define TICK_MS 1000

/* A webhook handed over, in the order of handing over; in the free list after its report. */
struct waiting {
    struct waiting *next, *prev;
    struct webhook *owner;
    struct server_request *request; /* NULL: answered already, only the report is missing */
    struct str kind;                /* of the request's path */
    int64_t since;                  /* boot ms */
    size_t account_len;
    char account[LIMIT_ACCOUNT_NAME];
};

struct webhook {
    struct webhook_options o;
    struct server_app app;
    struct publish port;
    struct unauthorized *unauthorized;
    struct waiting *first, *last, *free; /* first has waited longest */
    struct loop_timer late, tick;
    bool failing;
    char scratch[LIMIT_WEBHOOK_BODY]; /* decoded form of the request at hand */
};

/* ---- answers ---- */

static void account_for(struct webhook *w, const struct server_request *r, struct str kind,
                        enum meters_result result, struct str account)
{
    meters_webhook(w->o.meters, kind, result, account, clock_mono_us() - r->began_us,
                   loop_now(w->o.loop));
}

static struct str kind_of(const struct webhook *w, const struct server_request *r)
{
    struct str kind;
    if (accept_path(r->method, r->path, str_of(w->o.base_path), &kind) == ACCEPT_NOT_FOUND)
        return STR_NONE;
    return kind;
}

static struct cidr_address client_of(const struct webhook *w, const struct server_request *r)
{
    return cidr_client(&r->peer, r->forwarded, r->nforwarded, w->o.trusted);
}

static void tell_refused(const struct webhook *w, const struct server_request *r, int status,
                         const char *why)
{
    char address[CIDR_ADDRESS_TEXT];
    struct cidr_address client = client_of(w, r);
    cidr_address_text(&client, address);
    log_warn("webhook refused", LOG_STR("event", kind_of(w, r)), LOG_INT("http_status", status),
             LOG_TEXT("address", address), LOG_TEXT("err", why));
}

static enum meters_result result_of(int status)
{
    switch (status) {
    case 400:
        return METERS_BAD_FORM;
    case 401:
    case 429:
        return METERS_UNSIGNED;
    case 413:
        return METERS_TOO_LARGE;
    default:
        return METERS_REFUSED;
    }
}

static void refuse(struct webhook *w, struct server_request *r, int status, const char *why)
{
    tell_refused(w, r, status, why);
    account_for(w, r, kind_of(w, r), result_of(status), STR_NONE);
    server_answer(r, status);
}

static void on_refused(void *arg, const struct server_request *r, int status)
{
    struct webhook *w = arg;
    tell_refused(w, r, status, status == 413 ? "body over 256 KiB" : "ambiguous request");
    account_for(w, r, kind_of(w, r), result_of(status), STR_NONE);
}

/* ---- webhooks that wait for their report ---- */

static struct waiting *wait_for(struct webhook *w, struct server_request *r, struct str kind,
                                struct str account)
{
    struct waiting *x = w->free;
    if (x)
        w->free = x->next;
    else
        x = mem_alloc(1, sizeof *x);
    *x = (struct waiting){
        .prev = w->last, .owner = w, .request = r, .kind = kind, .since = loop_now(w->o.loop)};
    x->account_len = account.len < sizeof x->account ? account.len : sizeof x->account;
    memcpy(x->account, account.ptr, x->account_len);
    *(w->last ? &w->last->next : &w->first) = x;
    w->last = x;
    r->user = x;
    if (!w->late.slot)
        loop_timer_set(&w->late, x->since + ANSWER_MS);
    return x;
}

/* Out of the line of those that wait; the report may still come. */
static void leave(struct waiting *x)
{
    struct webhook *w = x->owner;
    *(x->prev ? &x->prev->next : &w->first) = x->next;
    *(x->next ? &x->next->prev : &w->last) = x->prev;
    x->request->user = NULL;
    x->request = NULL;
}

static void finish(struct waiting *x, enum meters_result result, const char *why)
{
    int status = result == METERS_REFUSED ? 503 : 200;
    struct server_request *r = x->request;
    struct str account = {x->account, x->account_len};
    leave(x);
    if (status != 200)
        log_warn("webhook not stored", LOG_STR("event", x->kind), LOG_STR("account", account),
                 LOG_INT("http_status", status), LOG_TEXT("err", why));
    account_for(x->owner, r, x->kind, result, account);
    server_answer(r, status);
}

static void on_report(void *arg, enum publish_end end)
{
    static const enum meters_result results[] = {[PUBLISH_STORED] = METERS_STORED,
                                                 [PUBLISH_SPOOLED] = METERS_SPOOLED,
                                                 [PUBLISH_MAYBE] = METERS_REFUSED,
                                                 [PUBLISH_FAILED] = METERS_REFUSED,
                                                 [PUBLISH_REFUSED] = METERS_REFUSED};
    struct waiting *x = arg;
    struct webhook *w = x->owner;
    w->failing = end != PUBLISH_STORED;
    if (x->request) {
        finish(x, results[end],
               end == PUBLISH_MAYBE     ? "not acknowledged in time, but Kafka may have it"
               : end == PUBLISH_REFUSED ? "Kafka refuses it"
                                        : "not acknowledged in time");
    }
    x->next = w->free;
    w->free = x;
}

static void on_late(void *arg)
{
    struct webhook *w = arg;
    int64_t now = loop_now(w->o.loop);
    while (w->first && w->first->since + ANSWER_MS <= now) {
        w->failing = true;
        finish(w->first, METERS_REFUSED, "not kept in time");
    }
    if (w->first)
        loop_timer_set(&w->late, w->first->since + ANSWER_MS);
}

static void on_cut(void *arg, struct server_request *r)
{
    (void)arg;
    if (r->user)
        leave(r->user);
}

/* ---- requests ---- */

static int on_head(void *arg, struct server_request *r)
{
    struct webhook *w = arg;
    struct str kind;
    int status = 0;
    switch (accept_path(r->method, r->path, str_of(w->o.base_path), &kind)) {
    case ACCEPT_NOT_FOUND:
        status = 404;
        break;
    case ACCEPT_METHOD:
        status = 405;
        break;
    case ACCEPT_WEBHOOK:
    case ACCEPT_PING:
        if (w->o.allow->n) {
            struct cidr_address client = client_of(w, r);
            status = cidr_list_has(w->o.allow, &client) ? 0 : 403;
        }
        break;
    }
    if (status) {
        tell_refused(w, r, status, status == 403 ? "not in INGEST_ALLOW_FROM" : "no webhook");
        account_for(w, r, kind_of(w, r), METERS_REFUSED, STR_NONE);
    }
    return status;
}

static void refuse_unsigned(struct webhook *w, struct server_request *r)
{
    struct cidr_address client = client_of(w, r);
    bool over = unauthorized_is_over(w->unauthorized, &client, loop_now(w->o.loop));
    refuse(w, r, over ? 429 : 401, "unknown key or wrong signature");
}

static void keep(struct webhook *w, struct server_request *r, struct str account, struct str json)
{
    struct error e = ERROR_NONE;
    struct str kind = kind_of(w, r);
    struct accept_key key;
    if (!w->port.send) {
        refuse(w, r, 503, "Kafka is not connected yet");
        return;
    }
    accept_key(account, kind, json, &key);
    struct waiting *x = wait_for(w, r, kind, account);
    const struct publish_webhook p = {
        .account = account, .kind = kind, .key = {key.bytes, key.len}, .value = json};
    if (w->port.send(w->port.self, &p, on_report, x, &e) == ERR_OK)
        return;
    finish(x, METERS_REFUSED, e.text);
    x->next = w->free;
    w->free = x;
}

static void on_body(void *arg, struct server_request *r, struct str body)
{
    /* As long as MANGO's own: an unknown key takes as long as a wrong signature. */
    static const struct str nobodys_salt = {"0123456789abcdef0123456789abcdef", 32};
    struct webhook *w = arg;
    struct error e = ERROR_NONE;
    struct form f;
    struct str account = STR_NONE, salt = nobodys_salt, kind;
    if (!form_is_type(r->content_type)) {
        refuse(w, r, 400, "not a form");
        return;
    }
    if (form_parse(body, w->scratch, &f, &e)) {
        refuse(w, r, 400, e.text);
        return;
    }
    enum webhook_lookup found = w->o.find(w->o.find_arg, f.api_key, &account, &salt);
    bool same = sign_matches(f.api_key, f.json, salt, f.sign);
    if (found == WEBHOOK_NOT_YET)
        refuse(w, r, 503, "settings are not read yet");
    else if (found == WEBHOOK_UNKNOWN || !same)
        refuse_unsigned(w, r);
    else if (accept_path(r->method, r->path, str_of(w->o.base_path), &kind) == ACCEPT_PING)
        server_answer(r, 200);
    else
        keep(w, r, account, f.json);
}

/* ---- start and end ---- */

static void on_tick(void *arg)
{
    struct webhook *w = arg;
    int64_t now = loop_now(w->o.loop);
    meters_tick(w->o.meters, now, w->first ? now - w->first->since : 0);
    loop_timer_after(&w->tick, TICK_MS);
}

struct webhook *webhook_new(const struct webhook_options *o)
{
    struct webhook *w = mem_alloc(1, sizeof *w);
    w->o = *o;
    w->app = (struct server_app){
        .arg = w, .head = on_head, .body = on_body, .cut = on_cut, .refused = on_refused};
    w->unauthorized = unauthorized_new();
    loop_timer_init(&w->late, o->loop, on_late, w);
    loop_timer_init(&w->tick, o->loop, on_tick, w);
    loop_timer_after(&w->tick, TICK_MS);
    return w;
}

void webhook_free(struct webhook *w)
{
    if (!w)
        return;
    loop_timer_stop(&w->late);
    loop_timer_stop(&w->tick);
    for (struct waiting *x; (x = w->free) != NULL; free(x))
        w->free = x->next;
    unauthorized_free(w->unauthorized);
    free(w);
}

void webhook_publish_to(struct webhook *w, struct publish port)
{
    w->port = port;
}

const struct server_app *webhook_app(const struct webhook *w)
{
    return &w->app;
}

bool webhook_is_failing(const struct webhook *w)
{
    return w->failing;
}

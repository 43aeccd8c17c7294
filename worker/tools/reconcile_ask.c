/*
 * Requests for the call history, one after the other.
 */
#include "worker/tools/reconcile_ask.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/mango/history_query.h"
#include "common/mango/mango_answer.h"
#include "common/mango/signed.h"
#include "common/mem.h"
#include "common/secret.h"

#define TIMEOUT_MS 60000
#define REQUEST_EVERY_MS (HISTORY_QUERY_REQUEST_MS + 100)
#define RESULT_EVERY_MS (HISTORY_QUERY_RESULT_MS + 100)
#define RESULT_FIRST_MS 1000 /* a short history is ready by then */
#define NOT_READY_MS 300000  /* MANGO makes it */
#define SLOW_DOWN_MS 10000   /* a 429 that does not say for how long */
#define SLOWEST_MS 60000     /* one that says so is not heeded for longer: it is asked anew */
#define AGAIN_MS 3000        /* after an answer that cannot be understood */
#define TRIES 4              /* of one request */
#define KEYS 3               /* MANGO keeps what is ready a minute at least */
#define TURN_MS 200

struct reconcile_ask {
    struct desk *desk;
    struct http *http;
    char *base_url, *api_key, *api_salt;
    int64_t asked_at, polled_at; /* boot ms; 0: never */
};

struct reconcile_ask *reconcile_ask_new(struct desk *d, struct http *http, const struct settings *s)
{
    struct reconcile_ask *a = mem_alloc(1, sizeof *a);
    *a = (struct reconcile_ask){.desk = d,
                                .http = http,
                                .base_url = mem_copy(str_of(s->mango.base_url)),
                                .api_key = mem_copy(str_of(s->mango.api_key)),
                                .api_salt = mem_copy(str_of(s->mango.api_salt))};
    return a;
}

void reconcile_ask_free(struct reconcile_ask *a)
{
    if (!a)
        return;
    free(a->base_url);
    secret_free(a->api_key);
    secret_free(a->api_salt);
    free(a);
}

/* ---- one request ---- */

struct got {
    bool done;
    enum http_end end;
    int status;
    bool too_large;
    char *body, *why;
    int64_t retry_after_s;
};

static void got_done(struct got *g)
{
    free(g->body);
    free(g->why);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct got *g = arg;
    *g = (struct got){.done = true,
                      .end = answer->end,
                      .status = answer->status,
                      .too_large = answer->too_large,
                      .body = mem_copy(answer->body),
                      .why = mem_copy(str_of(answer->why)),
                      .retry_after_s = answer->retry_after_s};
}

static enum err stopped(struct error *e)
{
    return error_set(e, ERR_TEMPORARY, "stopped");
}

static enum err wait_until(struct reconcile_ask *a, int64_t boot_ms, struct error *e)
{
    enum err err = ERR_OK;
    int64_t now;
    while (!err && !desk_stopped(a->desk) && (now = clock_boot_ms()) < boot_ms)
        err = desk_turn(a->desk, boot_ms - now < TURN_MS ? boot_ms - now : TURN_MS, e);
    if (!err && desk_stopped(a->desk))
        return stopped(e);
    return err;
}

static enum err post(struct reconcile_ask *a, const char *method, const char *json, struct got *g,
                     struct error *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    char *url CLEANUP(mem_free_text) = signed_url(str_of(a->base_url), method);
    char *body = json ? signed_body(str_of(a->api_key), str_of(a->api_salt), str_of(json)) : NULL;
    const struct http_request r = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = str_of(body),
                                   .timeout_ms = TIMEOUT_MS,
                                   .max_body = LIMIT_ANSWER_BYTES,
                                   .tls12 = true,
                                   .done = on_answer,
                                   .arg = g};
    struct http_transfer *t = NULL;
    *g = (struct got){.done = false};
    if (!url || !body)
        (void)error_set(e, ERR_REJECTED, "the request would be invalid, and is not made");
    else if (http_send(a->http, &r, &t, e))
        e->kind = ERR_REJECTED;
    secret_free(body);
    if (e->kind)
        return e->kind;
    enum err err = ERR_OK;
    while (!err && !g->done && !desk_stopped(a->desk))
        err = desk_turn(a->desk, TURN_MS, e);
    if (!g->done)
        http_cancel(t);
    if (!err && !g->done)
        err = stopped(e);
    return err;
}

/* Whether it is worth another try, and when. A refusal is not. */
static bool may_retry(enum mango_answer_kind kind, const struct got *g, int64_t *at)
{
    int64_t ms = AGAIN_MS;
    if (kind != MANGO_LIMITED && kind != MANGO_TEMPORARY)
        return false;
    if (kind == MANGO_LIMITED)
        ms = g->retry_after_s > 0 ? g->retry_after_s * 1000 : SLOW_DOWN_MS;
    *at = clock_boot_ms() + (ms < SLOWEST_MS ? ms : SLOWEST_MS);
    return true;
}

static enum err refused(enum mango_answer_kind kind, const char *text, struct error *e)
{
    const char *then = kind == MANGO_INVALID ? " (another such request would block its API)"
                       : kind == MANGO_BLOCKED
                           ? " (after invalid requests it refuses all for two minutes)"
                           : "";
    return error_set(e, ERR_REJECTED, "%s%s", text, then);
}

/* ---- the key ---- */

/* ERR_OK and no key: once more, at *at. */
static enum err read_key(const struct got *g, char *key, int64_t *at, bool last, struct error *e)
{
    struct mango_answer answer;
    enum err err = ERR_OK;
    if (g->end != HTTP_ANSWERED) {
        *at = clock_boot_ms() + AGAIN_MS;
        return last ? error_set(e, ERR_REJECTED, "MANGO: %s", g->why) : ERR_OK;
    }
    mango_answer_read(g->status, str_of(g->body), g->too_large, &answer);
    if (answer.kind != MANGO_DONE) {
        if (!may_retry(answer.kind, g, at) || last)
            err = refused(answer.kind, answer.text, e);
    } else if (!history_query_key(answer.root, key)) {
        err = error_set(e, ERR_REJECTED, "MANGO: its answer has no key for the call history");
    }
    mango_answer_done(&answer);
    return err;
}

static enum err ask_key(struct reconcile_ask *a, const char *json, char *key, struct error *e)
{
    int64_t at = a->asked_at ? a->asked_at + REQUEST_EVERY_MS : 0;
    key[0] = '\0';
    for (int i = 1; !key[0]; i++) {
        struct got g;
        enum err err = wait_until(a, at, e);
        if (!err)
            err = post(a, HISTORY_QUERY_REQUEST, json, &g, e);
        a->asked_at = clock_boot_ms();
        if (err)
            return err;
        err = read_key(&g, key, &at, i == TRIES, e);
        got_done(&g);
        if (err)
            return err;
    }
    return ERR_OK;
}

/* ---- the history ---- */

enum polled {
    POLLED_READY,
    POLLED_AGAIN,
    POLLED_UNKNOWN,
    POLLED_FAILED,
};

static enum polled read_history(const struct got *g, int *failures, int64_t *at, struct error *e)
{
    struct history_query_answer told;
    int64_t later = 0;
    if (g->end != HTTP_ANSWERED && !g->too_large) {
        if (++*failures < TRIES)
            return POLLED_AGAIN;
        (void)error_set(e, ERR_REJECTED, "MANGO: %s", g->why);
        return POLLED_FAILED;
    }
    history_query_state(g->too_large && !g->status ? 200 : g->status, str_of(g->body), g->too_large,
                        &told);
    switch (told.state) {
    case HISTORY_QUERY_READY:
        return POLLED_READY;
    case HISTORY_QUERY_NOT_YET:
        return POLLED_AGAIN;
    case HISTORY_QUERY_UNKNOWN:
        return POLLED_UNKNOWN;
    case HISTORY_QUERY_TOO_LARGE:
        (void)error_set(e, ERR_INPUT, "MANGO: the call history is too large");
        return POLLED_FAILED;
    case HISTORY_QUERY_REFUSED:
        break;
    }
    if (may_retry(told.kind, g, &later) && ++*failures < TRIES) {
        *at = later > *at ? later : *at;
        return POLLED_AGAIN;
    }
    (void)refused(told.kind, told.text, e);
    return POLLED_FAILED;
}

/* ERR_OK and no csv: MANGO does not know the key any more. */
static enum err poll(struct reconcile_ask *a, const char *key, char **csv, struct error *e)
{
    char *json CLEANUP(mem_free_text) = history_query_result(str_of(key));
    int64_t end = clock_boot_ms() + NOT_READY_MS, at = a->asked_at + RESULT_FIRST_MS;
    int failures = 0;
    if (a->polled_at && at < a->polled_at + RESULT_EVERY_MS)
        at = a->polled_at + RESULT_EVERY_MS;
    while (at < end) {
        struct got g;
        enum err err = wait_until(a, at, e);
        if (!err)
            err = post(a, HISTORY_QUERY_RESULT, json, &g, e);
        a->polled_at = clock_boot_ms();
        if (err)
            return err;
        at = a->polled_at + RESULT_EVERY_MS;
        enum polled p = read_history(&g, &failures, &at, e);
        if (p == POLLED_READY) {
            *csv = g.body;
            g.body = NULL;
        }
        got_done(&g);
        if (p != POLLED_AGAIN)
            return e->kind;
    }
    return error_set(e, ERR_REJECTED, "MANGO has not made the call history ready");
}

enum err reconcile_ask_history(struct reconcile_ask *a, int64_t from, int64_t to, char **csv,
                               struct error *e)
{
    char *json CLEANUP(mem_free_text) = history_query_request(from, to);
    char key[HISTORY_QUERY_KEY + 1];
    *csv = NULL;
    for (int i = 0; i < KEYS && !*csv; i++) {
        enum err err = ask_key(a, json, key, e);
        if (!err)
            err = poll(a, key, csv, e);
        if (err)
            return err;
    }
    return *csv ? ERR_OK
                : error_set(e, ERR_REJECTED,
                            "MANGO does not keep the call history it was asked for");
}

/*
 * What the tests of the HTTP client share: a loop, a client, a server, and what became of each request.
 */
#ifndef TESTS_UNIT_HTTP_WORLD_H
#define TESTS_UNIT_HTTP_WORLD_H

#include "common/http.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/unit/peer.h"
#include "tests/unit/unit.h"

#define MOST 256

struct world;

struct got { /* one request and what came of it */
    struct world *world;
    struct http_transfer *transfer;
    struct got *cancels; /* inside its callback */
    const char *sends;   /* inside its callback: the path of one more request */
    int calls, left;
    enum http_end end;
    int status;
    bool too_large;
    int64_t ms, retry_after_s, date_ms, sent_at;
    char type[64], body[4096], why[400];
    size_t body_len;
};

struct world {
    struct loop *loop;
    struct http *http;
    struct peer peer;
    struct error e;
    struct got got[MOST];
    size_t ngot;
};

static inline void start_trusting(struct world *w, long connections, const char *allow,
                                  const char *ca_file)
{
    static const char *const resolve[] = {"acme.megaplan.ru:443:127.0.0.1", NULL};
    memset(w, 0, sizeof *w);
    signal(SIGPIPE, SIG_IGN);
    peer_start(&w->peer);
    struct http_options o = {.outbound_allow = allow,
                             .ca_file = ca_file,
                             .connect_timeout_ms = 300,
                             .connections = connections,
                             .resolve = resolve};
    ck_assert_int_eq(loop_new(&w->loop, &w->e), ERR_OK);
    ck_assert_int_eq(http_new(w->loop, &o, &w->http, &w->e), ERR_OK);
}

static inline void start(struct world *w, long connections, const char *allow)
{
    start_trusting(w, connections, allow, "");
}

static inline void end(struct world *w)
{
    ck_assert_uint_eq(http_running(w->http), 0);
    http_free(w->http);
    loop_free(w->loop);
    peer_stop(&w->peer);
}

static inline struct got *request(struct world *w, const char *path);

static inline void done(void *arg, const struct http_answer *a)
{
    struct got *g = arg;
    g->calls++;
    g->end = a->end;
    g->status = a->status;
    g->too_large = a->too_large;
    g->ms = a->ms;
    g->retry_after_s = a->retry_after_s;
    g->date_ms = a->date_ms;
    g->sent_at = a->sent_boot_ms;
    g->body_len = a->body.len;
    snprintf(g->body, sizeof g->body, "%.*s", STR_ARG(a->body));
    snprintf(g->type, sizeof g->type, "%.*s", STR_ARG(a->content_type));
    snprintf(g->why, sizeof g->why, "%s", a->why);
    http_cancel(g->transfer); /* its own: nothing happens */
    if (g->cancels)
        http_cancel(g->cancels->transfer);
    if (g->sends)
        (void)request(g->world, g->sends);
}

static inline void left(void *arg)
{
    struct got *g = arg;
    ck_assert_int_eq(g->calls, 0);
    g->left++;
}

static inline enum err send_as(struct got *g, struct http_request *r)
{
    r->left = left;
    r->done = done;
    r->arg = g;
    return http_send(g->world->http, r, &g->transfer, &g->world->e);
}

static inline struct got *next(struct world *w)
{
    ck_assert_uint_lt(w->ngot, MOST);
    w->got[w->ngot].world = w;
    return &w->got[w->ngot++];
}

static inline char *url_of(const struct world *w, const char *path, char url[600])
{
    snprintf(url, 600, "http://127.0.0.1:%d%s", w->peer.port, path);
    return url;
}

static inline struct http_request get(const char *url)
{
    return (struct http_request){.method = "GET", .url = url, .timeout_ms = 5000, .max_body = 1000};
}

static inline struct got *request(struct world *w, const char *path)
{
    char url[600];
    struct got *g = next(w);
    struct http_request r = get(url_of(w, path, url));
    ck_assert_msg(send_as(g, &r) == ERR_OK, "%s", w->e.text);
    ck_assert_int_eq(g->calls, 0);
    return g;
}

static inline void turn_for(struct world *w, int64_t ms)
{
    for (int64_t until = clock_boot_ms() + ms; clock_boot_ms() < until;)
        ck_assert_int_eq(loop_turn(w->loop, 5, &w->e), ERR_OK);
}

/* Until nothing runs; each request called back once. */
static inline void finish(struct world *w)
{
    for (int64_t until = clock_boot_ms() + 10000; http_running(w->http) > 0;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        ck_assert_int_eq(loop_turn(w->loop, 50, &w->e), ERR_OK);
    }
}

#define TURN_UNTIL_CALLED(g)                                                      \
    for (int64_t until_ = clock_boot_ms() + 10000; (g)->calls == 0;) {            \
        ck_assert_int_lt(clock_boot_ms(), until_);                                \
        ck_assert_int_eq(loop_turn((g)->world->loop, 5, &(g)->world->e), ERR_OK); \
    }

/* The server has closed all its connections, and the client has seen it. */
static inline void await_closed(struct world *w)
{
    for (int64_t until = clock_boot_ms() + 10000; w->peer.open > 0;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        turn_for(w, 1);
    }
    turn_for(w, 20);
}

static inline void ck_end(const struct got *g, enum http_end expected, const char *why)
{
    ck_assert_msg(g->calls == 1 && g->end == expected && strstr(g->why, why),
                  "called %d times, end %d, status %d: %s", g->calls, (int)g->end, g->status,
                  g->why);
    if (expected != HTTP_ANSWERED) {
        ck_assert_str_ne(g->why, "");
        ck_assert_uint_eq(g->body_len, 0);
    }
    ck_assert_int_eq(g->left, g->sent_at != 0);
    if (expected == HTTP_NOT_SENT)
        ck_assert_int_eq(g->sent_at, 0);
    else
        ck_assert_int_gt(g->sent_at, 0);
}

/* Begins the path of an answer of the test's own (peer.h). */
#define OK "/raw?HTTP/1.1%20200%20OK%0D%0A"

#endif

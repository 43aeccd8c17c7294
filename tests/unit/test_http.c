/*
 * The HTTP client against a server on 127.0.0.1: what is told about a request must be right whatever
 * happens to it, since a create is repeated or looked for by it.
 */
#include "common/http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/peer.h"
#include "tests/unit/unit.h"

#define MOST 256
#define LONG (1200u * 1024)

struct world;

struct got { /* one request and what came of it */
    struct world *world;
    struct http_transfer *transfer;
    struct got *cancels; /* inside its callback */
    const char *sends;   /* inside its callback: the path of one more request */
    int calls;
    enum http_end end;
    int status;
    bool too_large;
    int64_t ms, retry_after_s, sent_at;
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

static void start(struct world *w, long connections, const char *allow)
{
    static const char *const resolve[] = {"acme.megaplan.ru:443:127.0.0.1", NULL};
    memset(w, 0, sizeof *w);
    signal(SIGPIPE, SIG_IGN);
    peer_start(&w->peer);
    struct http_options o = {.outbound_allow = allow,
                             .ca_file = "",
                             .connect_timeout_ms = 300,
                             .connections_per_host = connections,
                             .resolve = resolve};
    ck_assert_int_eq(loop_new(&w->loop, &w->e), ERR_OK);
    ck_assert_int_eq(http_new(w->loop, &o, &w->http, &w->e), ERR_OK);
}

static void end(struct world *w)
{
    ck_assert_uint_eq(http_running(w->http), 0);
    http_free(w->http);
    loop_free(w->loop);
    peer_stop(&w->peer);
}

static struct got *request(struct world *w, const char *path);

static void done(void *arg, const struct http_answer *a)
{
    struct got *g = arg;
    g->calls++;
    g->end = a->end;
    g->status = a->status;
    g->too_large = a->too_large;
    g->ms = a->ms;
    g->retry_after_s = a->retry_after_s;
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

static enum err send_as(struct got *g, struct http_request *r)
{
    r->done = done;
    r->arg = g;
    return http_send(g->world->http, r, &g->transfer, &g->world->e);
}

static struct got *next(struct world *w)
{
    ck_assert_uint_lt(w->ngot, MOST);
    w->got[w->ngot].world = w;
    return &w->got[w->ngot++];
}

static char *url_of(const struct world *w, const char *path, char url[600])
{
    snprintf(url, 600, "http://127.0.0.1:%d%s", w->peer.port, path);
    return url;
}

static struct http_request get(const char *url)
{
    return (struct http_request){.method = "GET", .url = url, .timeout_ms = 5000, .max_body = 1000};
}

static struct got *request(struct world *w, const char *path)
{
    char url[600];
    struct got *g = next(w);
    struct http_request r = get(url_of(w, path, url));
    ck_assert_msg(send_as(g, &r) == ERR_OK, "%s", w->e.text);
    ck_assert_int_eq(g->calls, 0);
    return g;
}

static void turn_for(struct world *w, int64_t ms)
{
    for (int64_t until = clock_boot_ms() + ms; clock_boot_ms() < until;)
        ck_assert_int_eq(loop_turn(w->loop, 5, &w->e), ERR_OK);
}

/* Until nothing runs; each request called back once. */
static void finish(struct world *w)
{
    for (int64_t until = clock_boot_ms() + 10000; http_running(w->http) > 0;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        ck_assert_int_eq(loop_turn(w->loop, 50, &w->e), ERR_OK);
    }
}

/* The server has closed all its connections, and the client has seen it. */
static void await_closed(struct world *w)
{
    for (int64_t until = clock_boot_ms() + 10000; w->peer.open > 0;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        turn_for(w, 1);
    }
    turn_for(w, 20);
}

static void ck_end(const struct got *g, enum http_end expected, const char *why)
{
    ck_assert_msg(g->calls == 1 && g->end == expected && strstr(g->why, why),
                  "called %d times, end %d, status %d: %s", g->calls, (int)g->end, g->status,
                  g->why);
    if (expected != HTTP_ANSWERED) {
        ck_assert_str_ne(g->why, "");
        ck_assert_uint_eq(g->body_len, 0);
    }
    if (expected == HTTP_NOT_SENT)
        ck_assert_int_eq(g->sent_at, 0);
    else
        ck_assert_int_gt(g->sent_at, 0);
}

START_TEST(answered)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *g = request(&w, "/ok");
    ck_assert_uint_eq(http_running(w.http), 1);
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    ck_assert_int_eq(g->status, 200);
    ck_assert_str_eq(g->body, "fine");
    ck_assert_str_eq(g->type, "text/plain");
    ck_assert_int_eq(g->retry_after_s, -1);
    ck_assert_int_lt(g->ms, 3000);
    request(&w, "/ok");
    finish(&w);
    ck_assert_int_eq(w.peer.connections, 1); /* kept alive */
    end(&w);
}
END_TEST

START_TEST(what_is_sent)
{
    struct world w;
    char url[600];
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    start(&w, 4, "127.0.0.1");
    static const char *const headers[] = {"Authorization: Bearer abc",
                                          "Content-Type: application/json", NULL};
    struct http_request r = get(url_of(&w, "/echo/../a?b=%7B", url));
    r.method = "POST";
    r.headers = headers;
    r.body = (struct str){"{\"a\":\0 1}", 9};
    r.max_body = 4000;
    struct got *g = next(&w);
    ck_assert_int_eq(send_as(g, &r), ERR_OK);
    memset(url, 0, sizeof url); /* all was copied */
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    ck_assert_ptr_nonnull(strstr(g->body, "POST /echo/../a?b=%7B HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(g->body, "\r\nAuthorization: Bearer abc\r\n"));
    ck_assert_ptr_nonnull(strstr(g->body, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(g->body, "\r\nContent-Length: 9\r\n"));
    ck_assert_ptr_nonnull(strstr(g->body, "\r\nUser-Agent: mangoplan/" MANGOPLAN_VERSION "\r\n"));
    ck_assert_ptr_null(strcasestr(g->body, "Expect:"));
    ck_assert_ptr_null(strcasestr(g->body, "Accept-Encoding:"));
    ck_assert_uint_gt(g->body_len, 9);
    end(&w);
}
END_TEST

/* A long body would make libcurl ask "Expect: 100-continue" and wait a second. */
START_TEST(a_long_body_goes_at_once)
{
    struct world w;
    char url[600], *body = calloc(1, LONG);
    start(&w, 4, "127.0.0.1");
    struct http_request r = get(url_of(&w, "/ok", url));
    r.method = "POST";
    r.body = (struct str){memset(body, 'y', LONG), LONG};
    struct got *g = next(&w);
    ck_assert_int_eq(send_as(g, &r), ERR_OK);
    free(body);
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    ck_assert_int_lt(g->ms, 900);
    end(&w);
}
END_TEST

START_TEST(refused_before_sending)
{
    static const char *const urls[] = {"",
                                       "127.0.0.1",
                                       "http://127.0.0.2/",
                                       "http://acme.megaplan.ru/",
                                       "ftp://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "http://u:p@127.0.0.1/",
                                       "http://127.0.0.1/a b"};
    static const char *const split[] = {"X: a\r\nY: b", NULL};
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *g = next(&w);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct http_request r = get(urls[i]);
        ck_assert_msg(send_as(g, &r) == ERR_INPUT, "%s", urls[i]);
    }
    struct http_request r = get("http://127.0.0.1/");
    r.method = "DELETE";
    ck_assert_int_eq(send_as(g, &r), ERR_INPUT);
    r = get("http://127.0.0.1/");
    r.headers = split;
    ck_assert_int_eq(send_as(g, &r), ERR_INPUT);
    ck_assert_ptr_null(strstr(w.e.text, "X:"));
    turn_for(&w, 20);
    ck_assert_int_eq(g->calls, 0);
    end(&w);
}
END_TEST

START_TEST(not_sent)
{
    struct world w;
    char url[600];
    start(&w, 4, "127.0.0.1,a..b");
    struct got *name = next(&w), *tls = next(&w), *address = next(&w), *refused = next(&w);
    struct http_request r = get("http://a..b/");
    ck_assert_int_eq(send_as(name, &r), ERR_OK);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", w.peer.port);
    r = get(url);
    ck_assert_int_eq(send_as(tls, &r), ERR_OK);
    r = get("https://acme.megaplan.ru/"); /* an allowed name that leads inside */
    ck_assert_int_eq(send_as(address, &r), ERR_OK);
    finish(&w);
    peer_stop(&w.peer);
    close(w.peer.listening);
    r = get(url_of(&w, "/ok", url));
    ck_assert_int_eq(send_as(refused, &r), ERR_OK);
    finish(&w);
    ck_end(name, HTTP_NOT_SENT, "resolve");
    ck_end(tls, HTTP_NOT_SENT, "SSL");
    ck_end(address, HTTP_NOT_SENT, "private address");
    ck_end(refused, HTTP_NOT_SENT, "onnect");
    ck_assert_int_eq(w.peer.requests, 0);
    end(&w);
}
END_TEST

/* A listener whose queue is full answers nobody. Returns its port. */
static int deaf(int fds[8])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fds[0], (struct sockaddr *)&a, len) | listen(fds[0], 0), 0);
    ck_assert_int_eq(getsockname(fds[0], (struct sockaddr *)&a, &len), 0);
    for (size_t i = 1; i < 8; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&a, len);
    }
    return ntohs(a.sin_port);
}

START_TEST(not_connected_in_time)
{
    struct world w;
    char url[600];
    int fds[8];
    start(&w, 4, "127.0.0.1");
    struct got *connect_time = next(&w), *whole_time = next(&w), *leave_time = next(&w);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", deaf(fds));
    struct http_request r = get(url);
    ck_assert_int_eq(send_as(connect_time, &r), ERR_OK); /* 300 ms */
    r.timeout_ms = 100;
    ck_assert_int_eq(send_as(whole_time, &r), ERR_OK);
    r.timeout_ms = 5000;
    r.leave_by = clock_boot_ms() + 150;
    ck_assert_int_eq(send_as(leave_time, &r), ERR_OK);
    finish(&w);
    ck_end(connect_time, HTTP_NOT_SENT, "");
    ck_end(whole_time, HTTP_NOT_SENT, "");
    ck_end(leave_time, HTTP_NOT_SENT, "");
    ck_assert_int_ge(connect_time->ms, 290);
    ck_assert_int_le(connect_time->ms, 2000);
    ck_assert_int_ge(whole_time->ms, 99);
    ck_assert_int_lt(whole_time->ms, 290);
    ck_assert_int_ge(leave_time->ms, 149);
    ck_assert_int_lt(leave_time->ms, 290);
    end(&w);
}
END_TEST

static int64_t frozen;

static int64_t frozen_clock(void)
{
    return frozen;
}

/* The process slept between connecting and sending; the timer of leave_by had no chance. */
START_TEST(too_late_to_leave)
{
    struct world w;
    char url[600];
    start(&w, 4, "127.0.0.1");
    frozen = clock_boot_ms();
    loop_use_clock(w.loop, frozen_clock);
    struct got *g = next(&w);
    struct http_request r = get(url_of(&w, "/ok", url));
    r.leave_by = frozen + 30;
    ck_assert_int_eq(send_as(g, &r), ERR_OK);
    usleep(50000);
    finish(&w);
    ck_end(g, HTTP_NOT_SENT, "too late");
    turn_for(&w, 50);
    ck_assert_int_eq(w.peer.requests, 0);
    end(&w);
}
END_TEST

/* Waiting for one of the host's connections is not being sent. */
START_TEST(timed_out_in_the_queue)
{
    struct world w;
    char url[600];
    start(&w, 1, "127.0.0.1");
    struct got *first = next(&w), *second = next(&w);
    struct http_request r = get(url_of(&w, "/hang", url));
    r.timeout_ms = 300;
    ck_assert_int_eq(send_as(first, &r), ERR_OK);
    r.timeout_ms = 100;
    ck_assert_int_eq(send_as(second, &r), ERR_OK);
    finish(&w);
    ck_end(second, HTTP_NOT_SENT, "timed out");
    ck_end(first, HTTP_UNKNOWN, "timed out");
    ck_assert_int_ge(first->ms, 299);
    ck_assert_int_eq(w.peer.requests, 1);
    end(&w);
}
END_TEST

/* libcurl would send the second one again on a new connection. */
static void drop_second(const char *method, struct str body)
{
    struct world w;
    char url[600];
    start(&w, 4, "127.0.0.1");
    struct got *g = request(&w, "/ok");
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    g = next(&w);
    struct http_request r = get(url_of(&w, "/drop", url));
    r.method = method;
    r.body = body;
    ck_assert_int_eq(send_as(g, &r), ERR_OK);
    finish(&w);
    ck_end(g, HTTP_UNKNOWN, "not sent again");
    turn_for(&w, 100);
    ck_assert_int_eq(w.peer.requests, 2);
    end(&w);
}

START_TEST(a_get_is_never_sent_twice)
{
    drop_second("GET", STR_NONE);
}
END_TEST

START_TEST(a_post_is_never_sent_twice)
{
    drop_second("POST", STR("name=x"));
}
END_TEST

/* A kept connection that died meanwhile costs nothing but a new one. */
START_TEST(a_dead_connection_is_replaced)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *g = request(&w, "/bye");
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    await_closed(&w);
    g = request(&w, "/ok");
    finish(&w);
    ck_end(g, HTTP_ANSWERED, "");
    ck_assert_int_eq(w.peer.connections, 2);
    ck_assert_int_eq(w.peer.requests, 2);
    end(&w);
}
END_TEST

#define OK "/raw?HTTP/1.1%20200%20OK%0D%0A"

START_TEST(cut_answers)
{
    static const char *const cases[] = {
        "/drop",
        "/raw?",
        "/raw?HTTP/1.1",
        "/raw?HTTP/1.1%20200%20OK",
        OK,
        OK "Content-Type:%20a",
        OK "Content-Length:%204%0D%0A",
        OK "Content-Length:%204%0D%0A%0D%0A",
        OK "Content-Length:%204%0D%0A%0D%0Aabc",
        OK "Transfer-Encoding:%20chunked%0D%0A%0D%0A",
        OK "Transfer-Encoding:%20chunked%0D%0A%0D%0A4%0D%0Aabcd%0D%0A",
        OK "Transfer-Encoding:%20chunked%0D%0A%0D%0A4%0D%0Aab",
        OK "Transfer-Encoding:%20chunked%0D%0A%0D%0Azz%0D%0A",
        OK "Content-Length:%20many%0D%0A%0D%0Aabc",
        "/raw?HTTP/1.1%20100%20Continue%0D%0A%0D%0A",
        "/raw?HTTP/1.1%20103%20Early%0D%0ALink:%20a%0D%0A%0D%0A",
        "/raw?HTTP/1.1%20103%20Early%0D%0A%0D%0AHTTP/1.1%20200%20OK%0D%0A",
        "/raw?hello%0D%0A%0D%0A",
        "/raw?%16%03%01",
    };
    struct world w;
    start(&w, 4, "127.0.0.1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct got *g = request(&w, cases[i]);
        finish(&w);
        ck_assert_msg(g->calls == 1 && g->end == HTTP_UNKNOWN && g->status == 0 && g->why[0],
                      "%s: end %d, status %d", cases[i], (int)g->end, g->status);
        ck_assert_int_eq(w.peer.requests, (int)i + 1);
    }
    end(&w);
}
END_TEST

START_TEST(whole_answers)
{
    static const struct {
        const char *path;
        int status;
        const char *body;
        int64_t retry_after;
    } cases[] = {
        {OK "Content-Length:%204%0D%0A%0D%0Aabcd", 200, "abcd", -1},
        {OK "Transfer-Encoding:%20chunked%0D%0A%0D%0A4%0D%0Aabcd%0D%0A0%0D%0A%0D%0A", 200, "abcd",
         -1},
        {OK "%0D%0Auntiltheend", 200, "untiltheend", -1},
        {"/raw?HTTP/1.1%20103%20Early%0D%0A%0D%0AHTTP/1.1%20201%20Made%0D%0AContent-Length:%200%0D%0A%0D%0A",
         201, "", -1},
        {"/raw?HTTP/1.1%20204%20None%0D%0A%0D%0A", 204, "", -1},
        {"/raw?HTTP/1.1%20302%20There%0D%0ALocation:%20/ok%0D%0AContent-Length:%200%0D%0A%0D%0A",
         302, "", -1},
        {"/raw?HTTP/1.1%20429%20Slow%0D%0Aretry-after:%2012%0D%0AContent-Length:%200%0D%0A%0D%0A",
         429, "", 12},
        {"/raw?HTTP/1.1%20503%20No%0D%0ARetry-After:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT%0D%0A"
         "Content-Length:%202%0D%0A%0D%0Ano",
         503, "no", 0},
        {"/raw?HTTP/1.1%20500%20No%0D%0ARetry-After:%20soon%0D%0AContent-Length:%200%0D%0A%0D%0A",
         500, "", -1},
    };
    struct world w;
    start(&w, 4, "127.0.0.1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct got *g = request(&w, cases[i].path);
        finish(&w);
        ck_end(g, HTTP_ANSWERED, "");
        ck_assert_int_eq(g->status, cases[i].status);
        ck_assert_str_eq(g->body, cases[i].body);
        ck_assert_int_eq(g->retry_after_s, cases[i].retry_after);
        await_closed(&w);
        ck_assert_int_eq(w.peer.requests, (int)i + 1); /* no redirect is followed */
    }
    end(&w);
}
END_TEST

START_TEST(answers_have_a_ceiling)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *fits = request(&w, "/size?1000"), *over = request(&w, "/size?1001"),
               *far = request(&w, "/size?3000000");
    finish(&w);
    ck_end(fits, HTTP_ANSWERED, "");
    ck_assert_uint_eq(fits->body_len, 1000);
    ck_end(over, HTTP_UNKNOWN, "over 1000 bytes");
    ck_end(far, HTTP_UNKNOWN, "over 1000 bytes");
    ck_assert(over->too_large && far->too_large && !fits->too_large);
    ck_assert_int_eq(over->status, 200);
    end(&w);
}
END_TEST

START_TEST(many_at_once)
{
    struct world w;
    char path[40], line[80];
    start(&w, 20, "127.0.0.1");
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof path, "/echo?number-%d-", i);
        request(&w, path);
    }
    ck_assert_uint_eq(http_running(w.http), 200);
    finish(&w);
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "GET /echo?number-%d- HTTP/1.1\r\n", i);
        ck_end(&w.got[i], HTTP_ANSWERED, "");
        ck_assert_int_eq(strncmp(w.got[i].body, line, strlen(line)), 0);
    }
    ck_assert_int_eq(w.peer.requests, 200);
    ck_assert_int_le(w.peer.most, 20);
    end(&w);
}
END_TEST

START_TEST(many_broken_at_once)
{
    static const char *const paths[] = {"/ok", "/drop", "/bye",
                                        OK "Content-Length:%209%0D%0A%0D%0Aa"};
    struct world w;
    int ends[3] = {0};
    start(&w, 8, "127.0.0.1");
    for (size_t i = 0; i < 200; i++)
        request(&w, paths[i % 4]);
    finish(&w);
    for (size_t i = 0; i < 200; i++) {
        ck_assert_int_eq(w.got[i].calls, 1);
        ends[w.got[i].end]++;
        if (i % 2 == 1)
            ck_assert_int_ne(w.got[i].end, HTTP_ANSWERED);
    }
    /* /bye may take a neighbour along that was sent on its connection, never one that is not told */
    ck_assert_int_le(w.peer.requests, 200);
    ck_assert_int_ge(ends[HTTP_UNKNOWN], 100);
    ck_assert_int_eq(ends[HTTP_NOT_SENT], 0);
    end(&w);
}
END_TEST

START_TEST(cancelled)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *one = request(&w, "/ok"), *two = request(&w, "/hang"), *three = request(&w, "/ok");
    one->cancels = two;
    one->sends = "/echo?again";
    http_cancel(three->transfer); /* before it began */
    finish(&w);
    ck_end(one, HTTP_ANSWERED, "");
    ck_assert_int_eq(two->calls, 0);
    ck_assert_int_eq(three->calls, 0);
    ck_assert_uint_eq(w.ngot, 4);
    ck_end(&w.got[3], HTTP_ANSWERED, "");
    end(&w);
}
END_TEST

/* Both answers are there in one turn; the first callback cancels the second. */
START_TEST(cancelled_with_its_answer_there)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *a = request(&w, "/ok"), *b = request(&w, "/ok");
    finish(&w);
    a->calls = b->calls = 0;
    struct got *c = request(&w, "/ok?c"), *d = request(&w, "/ok?d");
    c->cancels = d;
    d->cancels = c;
    ck_assert_int_eq(loop_turn(w.loop, 100, &w.e), ERR_OK); /* both are sent */
    usleep(30000);
    finish(&w);
    turn_for(&w, 20);
    ck_assert_int_eq(c->calls + d->calls, 1);
    end(&w);
}
END_TEST

START_TEST(freed_while_running)
{
    struct world w;
    start(&w, 2, "127.0.0.1,a..b");
    for (int i = 0; i < 10; i++)
        request(&w, i % 2 ? "/hang" : "/ok");
    struct http_request r = get("http://a..b/");
    struct got *g = next(&w);
    ck_assert_int_eq(send_as(g, &r), ERR_OK);
    ck_assert_int_eq(loop_turn(w.loop, 10, &w.e), ERR_OK);
    int before = 0, after = 0;
    for (size_t i = 0; i < w.ngot; i++)
        before += w.got[i].calls;
    http_free(w.http);
    http_free(NULL);
    turn_for(&w, 50);
    for (size_t i = 0; i < w.ngot; i++)
        after += w.got[i].calls;
    ck_assert_int_eq(before, after);
    loop_free(w.loop);
    peer_stop(&w.peer);
}
END_TEST

int main(void)
{
    return UNIT_RUN("http", answered, what_is_sent, a_long_body_goes_at_once,
                    refused_before_sending, not_sent, not_connected_in_time, too_late_to_leave,
                    timed_out_in_the_queue, a_get_is_never_sent_twice, a_post_is_never_sent_twice,
                    a_dead_connection_is_replaced, cut_answers, whole_answers,
                    answers_have_a_ceiling, many_at_once, many_broken_at_once, cancelled,
                    cancelled_with_its_answer_there, freed_while_running);
}

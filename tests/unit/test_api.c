/*
 * The page's API on a real port, with a part made for it: what parts see, what they answer and when, streams and what
 * ends them. Signing in is tests/integration/test_admin.py's.
 */
#include "ingest/admin/api.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/num.h"
#include "ingest/admin/api_state.h"
#include "tests/unit/unit.h"

#define ANSWER 8192
#define TURNS 400 /* of 5 ms: longest wait for anything */

struct part {
    struct loop *loop;
    struct api_call *later;
    struct api_stream *stream;
    int closed;
    int calls;
};

struct world {
    struct loop *loop;
    struct config config;
    struct cidr_list trusted;
    struct api *api;
    struct server *server;
    struct part part;
    bool kafka;
    char cookie[SESSION_TEXT], token[SESSION_TOKEN_TEXT];
};

/* ---- the part ---- */

static void echo(void *arg, struct api_call *c)
{
    struct part *p = arg;
    struct jval *v = jval_new_object();
    int64_t n;
    p->calls++;
    if (!api_query_number(c, "n", 1, 9, 5, &n)) {
        jval_free(v);
        return;
    }
    jval_put_text(v, "a", api_param(c, "a"));
    jval_put_int(v, "n", n);
    jval_put_bool(v, "shows", api_shows(c));
    jval_put_text(v, "who", str_of(api_who(c)));
    jval_put_text(v, "body", api_body(c));
    jval_put_text(v, "header", api_header(c, "x-own"));
    api_set_header(c, "ETag", STR("\"1\""));
    api_reply(c, 201, v);
}

static void take_object(void *arg, struct api_call *c)
{
    struct part *p = arg;
    struct jval *v CLEANUP(jval_cleanup) = api_body_object(c);
    p->calls++;
    if (v)
        api_reply(c, 204, NULL);
}

static void later(void *arg, struct api_call *c)
{
    struct part *p = arg;
    p->later = c;
}

static void soon(void *arg, struct api_call *c)
{
    (void)arg;
    api_refuse_soon(c, 1001, "wait a little");
}

static void on_closed(void *arg)
{
    struct part *p = arg;
    p->stream = NULL;
    p->closed++;
}

static void stream(void *arg, struct api_call *c)
{
    struct part *p = arg;
    p->stream = api_stream(c, on_closed, p);
}

static const struct api_route routes[] = {
    {"GET", "/api/echo/{a}", echo, API_WITHOUT_KAFKA},
    {"PUT", "/api/echo/{a}", echo, API_WITHOUT_KAFKA},
    {"POST", "/api/object", take_object, API_WITHOUT_KAFKA},
    {"GET", "/api/later", later, API_WITHOUT_KAFKA},
    {"GET", "/api/soon", soon, API_WITHOUT_KAFKA | API_OPEN},
    {"GET", "/api/stream", stream, API_WITHOUT_KAFKA},
    {"GET", "/api/kafka", soon, 0},
};

/* ---- the world ---- */

static bool is_ready(void *arg)
{
    const struct world *w = arg;
    return w->kafka;
}

static void sign_in(struct world *w)
{
    static const uint8_t id[SESSION_ID_BYTES] = {1};
    struct session s;
    session_begin(&s, id, clock_wall_ms());
    session_write(&w->api->keys, &s, w->cookie);
    session_token(&w->api->keys, &s, w->token);
}

static void start(struct world *w)
{
    char key[] = "SECRET_KEY=5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
    char password[] = "ADMIN_PASSWORD=correct-horse-battery";
    char *const environment[] = {key, password, NULL};
    struct error e = ERROR_NONE;
    *w = (struct world){0};
    ck_assert_int_eq(config_load(CONFIG_INGEST, environment, &w->config, &e), ERR_OK);
    ck_assert_int_eq(log_start("error", "test", &e), ERR_OK);
    ck_assert_int_eq(loop_new(&w->loop, &e), ERR_OK);
    const struct api_options options = {
        .loop = w->loop, .config = &w->config, .trusted = &w->trusted, .ready = is_ready, .arg = w};
    w->api = api_new(&options);
    w->part.loop = w->loop;
    api_add(w->api, routes, COUNT(routes), &w->part);
    const struct server_options server = {.loop = w->loop,
                                          .listen = "127.0.0.1:0",
                                          .body_max = 2 * LIMIT_SETTINGS_BYTES,
                                          .app = api_app(w->api),
                                          .patient = true};
    ck_assert_int_eq(server_new(&server, &w->server, &e), ERR_OK);
    sign_in(w);
}

static void end(struct world *w)
{
    server_free(w->server);
    api_free(w->api);
    loop_free(w->loop);
    config_done(&w->config);
}

static void turn(struct world *w)
{
    struct error e = ERROR_NONE;
    ck_assert_int_eq(loop_turn(w->loop, 5, &e), ERR_OK);
}

static int ask(struct world *w, const char *line, const char *headers, const char *body)
{
    const char *colon = strrchr(server_address(w->server), ':');
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct buf b CLEANUP(buf_done) = BUF_INIT(4 * LIMIT_SETTINGS_BYTES);
    int64_t port;
    ck_assert(num_parse(str_of(colon + 1), 1, 65535, &port));
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    buf_addf(&b,
             "%s HTTP/1.1\r\nHost: page\r\nCookie: mangoplan_session=%s\r\nX-CSRF-Token: %s\r\n%s",
             line, w->cookie, w->token, headers);
    if (body)
        buf_addf(&b, "Content-Length: %zu\r\n", strlen(body));
    buf_addf(&b, "\r\n%s", body ? body : "");
    for (size_t sent = 0; sent < b.len;) {
        ssize_t n = send(fd, b.data + sent, b.len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        if (n <= 0)
            turn(w);
    }
    return fd;
}

/* Reads on until the text stands in what came; false if it did not come, or the connection was closed before. */
static bool comes(struct world *w, int fd, char got[ANSWER], const char *text)
{
    for (int i = 0; i < TURNS && !strstr(got, text); i++) {
        size_t len = strlen(got);
        ssize_t n = recv(fd, got + len, ANSWER - 1 - len, MSG_DONTWAIT);
        got[len + (n > 0 ? (size_t)n : 0)] = '\0';
        if (n == 0)
            break;
        turn(w);
    }
    return strstr(got, text) != NULL;
}

static void check(struct world *w, const char *line, const char *headers, const char *body,
                  const char *status, const char *has)
{
    char got[ANSWER] = "";
    int fd = ask(w, line, headers, body);
    ck_assert_msg(comes(w, fd, got, "\r\n\r\n"), "%s: %s", line, got);
    ck_assert_msg(strncmp(got + 9, status, 3) == 0, "%s: %s", line, got);
    ck_assert_msg(comes(w, fd, got, has), "%s: %s, not %s", line, got, has);
    close(fd);
}

#define JSON "Content-Type: application/json\r\n"

START_TEST(what_parts_see)
{
    struct world w;
    start(&w);
    check(&w, "GET /api/echo/acme", "", NULL, "201",
          "{\"a\":\"acme\",\"n\":5,\"shows\":false,\"who\":\"admin@127.0.0.1\",\"body\":\"\","
          "\"header\":\"\"}");
    check(&w, "GET /api/echo/acme?n=9&show=1", "X-Own: yes\r\n", NULL, "201",
          "\"n\":9,\"shows\":true,\"who\":\"admin@127.0.0.1\",\"body\":\"\",\"header\":\"yes\"}");
    check(&w, "GET /api/echo/acme", "", NULL, "201", "\r\nETag: \"1\"\r\n");
    check(&w, "PUT /api/echo/acme", JSON, "{\"x\": 1}", "201", "\"body\":\"{\\\"x\\\": 1}\"");
    check(&w, "GET /api/echo/acme", "Authorization: Basic eMOpCjpjb3JyZWN0LWhvcnNlLWJhdHRlcnk=\r\n",
          NULL, "201", "\"who\":\"x\xc3\xa9 @127.0.0.1\""); /* a line feed is a blank */
    ck_assert_int_eq(w.part.calls, 5);
    end(&w);
}
END_TEST

START_TEST(what_is_refused_never_gets_to_a_part)
{
    struct world w;
    static char large[LIMIT_SETTINGS_BYTES + 2];
    start(&w);
    memset(large, ' ', sizeof large - 1);
    check(&w, "GET /api/echo/Acme", "", NULL, "404", "\"unknown_account\"");
    check(&w, "PUT /api/echo/Acme", JSON, "{}", "422", "\"field\":\"account\"");
    check(&w, "GET /api/echo/acme?show=2", "", NULL, "422", "\"field\":\"show\"");
    check(&w, "GET /api/echo/acme?x=%zz", "", NULL, "422", "\"field\":\"x\"");
    check(&w, "POST /api/echo/acme", "", NULL, "405", "\r\nAllow: GET, HEAD, PUT\r\n");
    check(&w, "PUT /api/echo/acme", "", "{}", "415", "\"media_type\"");
    check(&w, "PUT /api/echo/acme", JSON, large, "413", "\"too_large\"");
    check(&w, "PUT /api/echo/acme", JSON "Origin: http://other\r\n", "{}", "403", "\"origin\"");
    w.token[0] ^= 1;
    check(&w, "PUT /api/echo/acme", JSON, "{}", "403", "\"csrf\"");
    w.cookie[0] ^= 1;
    check(&w, "GET /api/echo/acme", "", NULL, "401", "\"unauthorized\"");
    ck_assert_int_eq(w.part.calls, 0);
    end(&w);
}
END_TEST

START_TEST(refusals_of_parts)
{
    struct world w;
    start(&w);
    check(&w, "GET /api/echo/acme?n=10", "", NULL, "422",
          "{\"error\":\"invalid\",\"field\":\"n\",\"message\":\"not a whole number from 1 to 9\"}");
    check(&w, "GET /api/echo/acme?n=", "", NULL, "422", "\"field\":\"n\"");
    check(&w, "POST /api/object", JSON, "{\"a\":1,\"a\":2}", "400", "\"bad_json\"");
    check(&w, "POST /api/object", JSON, "[1]", "400", "\"bad_json\"");
    check(&w, "POST /api/object", "", NULL, "400", "\"bad_json\"");
    check(&w, "POST /api/object", JSON, "{}", "204", "\r\n\r\n");
    check(&w, "GET /api/soon", "", NULL, "429", "\r\nRetry-After: 2\r\n");
    check(&w, "GET /api/soon", "", NULL, "429", "\"retry_after_s\":2}");
    check(&w, "GET /api/kafka", "", NULL, "503", "\"kafka\"");
    w.kafka = true;
    check(&w, "GET /api/kafka", "", NULL, "429", "\"too_soon\"");
    end(&w);
}
END_TEST

START_TEST(answers_later_or_to_nobody)
{
    struct world w;
    char got[ANSWER] = "";
    start(&w);
    int fd = ask(&w, "GET /api/later", "", NULL);
    while (!w.part.later)
        turn(&w);
    api_reply_text(w.part.later, 200, STR("[1]"));
    ck_assert(comes(&w, fd, got, "[1]"));
    close(fd);
    w.part.later = NULL;
    fd = ask(&w, "GET /api/later", "", NULL);
    while (!w.part.later)
        turn(&w);
    close(fd);
    turn(&w); /* the client has gone */
    api_refuse(w.part.later, 503, "kafka", "", "nobody hears it");
    turn(&w);
    w.part.later = NULL;
    fd = ask(&w, "GET /api/later", "", NULL); /* and one that is not answered before the end */
    while (!w.part.later)
        turn(&w);
    end(&w);
    close(fd);
}
END_TEST

static int open_stream(struct world *w, char got[ANSWER])
{
    int fd = ask(w, "GET /api/stream", "", NULL);
    got[0] = '\0';
    ck_assert(comes(w, fd, got, "\r\nContent-Type: text/event-stream\r\n"));
    ck_assert(comes(w, fd, got, ":\n\n"));
    ck_assert_ptr_nonnull(w->part.stream);
    return fd;
}

/* Nothing stands between its headers and the next answer on that connection. */
START_TEST(head_of_a_stream)
{
    struct world w;
    char got[ANSWER] = "";
    start(&w);
    int fd = ask(&w, "HEAD /api/stream", "", NULL);
    ck_assert(comes(&w, fd, got, "\r\n\r\n"));
    ck_assert_ptr_nonnull(strstr(got, "\r\nContent-Type: text/event-stream\r\n"));
    ck_assert_ptr_null(w.part.stream);
    static const char next[] = "GET /api/nothing HTTP/1.1\r\nHost: page\r\n\r\n";
    ck_assert_int_eq(send(fd, next, sizeof next - 1, MSG_NOSIGNAL), sizeof next - 1);
    ck_assert(comes(&w, fd, got, "HTTP/1.1 404 "));
    ck_assert_ptr_nonnull(strstr(got, "\r\n\r\nHTTP/1.1 404 "));
    ck_assert_ptr_null(strstr(got, "\r\n\r\n0\r\n"));
    ck_assert_int_eq(w.part.closed, 0);
    close(fd);
    end(&w);
}
END_TEST

START_TEST(streams)
{
    struct world w;
    char got[ANSWER];
    start(&w);
    int fd = open_stream(&w, got);
    ck_assert_ptr_nonnull(strstr(got, "\r\nCache-Control: no-store\r\n"));
    ck_assert_ptr_null(strstr(got, "Set-Cookie"));
    api_stream_send(w.part.stream, "call", STR("{\"x\":1}"));
    ck_assert(comes(&w, fd, got, "event: call\ndata: {\"x\":1}\n\n"));
    api_stream_end(w.part.stream);
    ck_assert_int_eq(w.part.closed, 1);
    ck_assert(comes(&w, fd, got, "\r\n0\r\n\r\n"));
    close(fd);
    fd = open_stream(&w, got);
    close(fd); /* the client goes: the next who writes hears of it */
    for (int i = 0; w.part.stream && i < TURNS; i++) {
        api_stream_send(w.part.stream, "call", STR("{}"));
        turn(&w);
    }
    ck_assert_int_eq(w.part.closed, 2);
    fd = open_stream(&w, got);
    end(&w); /* the server goes */
    ck_assert_int_eq(w.part.closed, 3);
    close(fd);
}
END_TEST

/* Whoever signs out sees no more. */
START_TEST(streams_end_with_their_session)
{
    struct world w;
    char got[ANSWER];
    start(&w);
    int fd = open_stream(&w, got);
    struct session other = {.id = {9}};
    api_stream_end_of(w.api, &other);
    ck_assert_int_eq(w.part.closed, 0);
    check(&w, "DELETE /api/session", "", NULL, "204", "Max-Age=0");
    ck_assert_int_eq(w.part.closed, 1);
    close(fd);
    check(&w, "GET /api/stream", "", NULL, "401", "\"unauthorized\"");
    end(&w);
}
END_TEST

START_TEST(the_oldest_stream_ends_for_a_new_one)
{
    struct world w;
    char got[ANSWER];
    int fds[LIMIT_PAGE_STREAMS + 1];
    start(&w);
    for (int i = 0; i < LIMIT_PAGE_STREAMS; i++)
        fds[i] = open_stream(&w, got);
    ck_assert_int_eq(w.part.closed, 0);
    fds[LIMIT_PAGE_STREAMS] = ask(&w, "GET /api/stream", "", NULL);
    for (int i = 0; w.part.closed == 0 && i < TURNS; i++)
        turn(&w);
    ck_assert_int_eq(w.part.closed, 1);
    end(&w);
    ck_assert_int_eq(w.part.closed, LIMIT_PAGE_STREAMS + 1);
    for (int i = 0; i <= LIMIT_PAGE_STREAMS; i++)
        close(fds[i]);
}
END_TEST

int main(void)
{
    return UNIT_RUN("api", what_parts_see, what_is_refused_never_gets_to_a_part, refusals_of_parts,
                    answers_later_or_to_nobody, head_of_a_stream, streams,
                    streams_end_with_their_session, the_oldest_stream_ends_for_a_new_one);
}

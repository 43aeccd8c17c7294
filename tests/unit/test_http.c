/*
 * The HTTP client against a server on 127.0.0.1: what is sent, what comes back, many at once, the end.
 */
#include "common/http.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/http_world.h"

#define LONG (1200u * 1024)

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

START_TEST(a_delete_with_a_body_and_without)
{
    struct world w;
    char url[600];
    start(&w, 4, "127.0.0.1");
    struct http_request r = get(url_of(&w, "/echo/9", url));
    r.method = "DELETE";
    r.max_body = 4000;
    struct got *bare = next(&w), *full = next(&w);
    ck_assert_int_eq(send_as(bare, &r), ERR_OK);
    finish(&w);
    r.body = STR("{\"a\":1}");
    ck_assert_int_eq(send_as(full, &r), ERR_OK);
    finish(&w);
    ck_end(bare, HTTP_ANSWERED, "");
    ck_assert_ptr_nonnull(strstr(bare->body, "DELETE /echo/9 HTTP/1.1\r\n"));
    ck_assert_ptr_null(strcasestr(bare->body, "Content-Length"));
    ck_end(full, HTTP_ANSWERED, "");
    ck_assert_ptr_nonnull(strstr(full->body, "DELETE /echo/9 HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(full->body, "\r\nContent-Length: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(full->body, "\r\n\r\n{\"a\":1}"));
    end(&w);
}
END_TEST

/* A handle that has served a request serves the next one, and nothing of the former is left in it. */
START_TEST(nothing_is_left_of_a_request)
{
    struct world w;
    char url[600];
    start(&w, 1, "127.0.0.1");
    static const char *const headers[] = {"X-First: 1", NULL};
    for (int i = 0; i < 3; i++) {
        struct http_request r = get(url_of(&w, "/echo/posted", url));
        r.method = "POST";
        r.headers = headers;
        r.body = STR("posted");
        r.max_body = 4000;
        ck_assert_int_eq(send_as(next(&w), &r), ERR_OK);
        finish(&w);
        http_cancel(request(&w, "/hang")->transfer);
        struct http_request gone = get(url_of(&w, "/echo/gone", url));
        gone.method = "DELETE";
        ck_assert_int_eq(send_as(next(&w), &gone), ERR_OK);
        finish(&w);
        struct http_request plain = get(url_of(&w, "/echo/got", url));
        plain.max_body = 4000;
        struct got *g = next(&w);
        ck_assert_int_eq(send_as(g, &plain), ERR_OK);
        finish(&w);
        ck_end(g, HTTP_ANSWERED, "");
        ck_assert_ptr_nonnull(strstr(g->body, "GET /echo/got HTTP/1.1\r\n"));
        ck_assert_ptr_null(strstr(g->body, "posted"));
        ck_assert_ptr_null(strstr(g->body, "X-First"));
        ck_assert_ptr_null(strcasestr(g->body, "Content-"));
    }
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

START_TEST(their_clock_is_told)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *dated =
        request(&w, OK "Date:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT%0D%0A%0D%0A");
    struct got *wrong = request(&w, OK "Date:%20today%0D%0A%0D%0A");
    finish(&w);
    ck_end(dated, HTTP_ANSWERED, "");
    ck_assert_int_eq(dated->date_ms, 784111777000);
    ck_assert_int_eq(wrong->date_ms, -1);
    end(&w);
}
END_TEST

/* Our own public address is anybody's, but no way into the network behind us. */
START_TEST(anywhere_but_not_at_a_private_address)
{
    struct world w;
    char url[600];
    start(&w, 4, "");
    struct http_request r = get(url_of(&w, "/ok", url));
    struct got *refused = next(&w), *private = next(&w);
    ck_assert_int_eq(send_as(refused, &r), ERR_INPUT);
    w.e = ERROR_NONE;
    r.anywhere = true;
    ck_assert_int_eq(send_as(private, &r), ERR_OK);
    finish(&w);
    ck_end(private, HTTP_NOT_SENT, "private address");
    ck_assert_int_eq(w.peer.connections, 0);
    r.url = "ftp://127.0.0.1/";
    ck_assert_int_eq(send_as(refused, &r), ERR_INPUT);
    end(&w);

    start(&w, 4, "127.0.0.1");
    r.url = url_of(&w, "/ok", url);
    struct got *named = next(&w);
    ck_assert_int_eq(send_as(named, &r), ERR_OK);
    finish(&w);
    ck_end(named, HTTP_ANSWERED, "");
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
    r.method = "PUT";
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
    return UNIT_RUN("http", answered, what_is_sent, nothing_is_left_of_a_request,
                    a_delete_with_a_body_and_without, a_long_body_goes_at_once,
                    refused_before_sending, their_clock_is_told,
                    anywhere_but_not_at_a_private_address, whole_answers, answers_have_a_ceiling,
                    many_at_once, many_broken_at_once, cancelled, cancelled_with_its_answer_there,
                    freed_while_running);
}

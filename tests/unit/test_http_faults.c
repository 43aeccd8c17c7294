/*
 * The HTTP client when things go wrong: what is told about a request must be right whatever happens to
 * it, since a create is repeated or looked for by it.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/http_world.h"

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
    ck_assert_int_lt(whole_time->ms, connect_time->ms);
    ck_assert_int_ge(leave_time->ms, 149);
    ck_assert_int_lt(leave_time->ms, connect_time->ms);
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

/* What goes ahead passes those that wait for hanging requests, and takes none of their places. */
START_TEST(ahead_of_all_that_hang)
{
    struct world w;
    char hang[600], ok[600];
    struct got *hangs[2], *waits[3], *gone, *ahead;
    start(&w, 2, "127.0.0.1");
    struct http_request r = get(url_of(&w, "/hang", hang));
    r.timeout_ms = 300;
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(send_as(hangs[i] = next(&w), &r), ERR_OK);
    for (size_t i = 0; i < 3; i++)
        waits[i] = request(&w, "/ok");
    gone = request(&w, "/ok");
    r = get(url_of(&w, "/ok", ok));
    r.ahead = true;
    ck_assert_int_eq(send_as(ahead = next(&w), &r), ERR_OK);
    http_cancel(gone->transfer);
    TURN_UNTIL_CALLED(ahead);
    ck_end(ahead, HTTP_ANSWERED, "");
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(waits[i]->calls, 0);
    ck_assert_int_eq(hangs[0]->calls + hangs[1]->calls, 0);
    finish(&w);
    for (size_t i = 0; i < 3; i++)
        ck_end(waits[i], HTTP_ANSWERED, "");
    ck_assert_int_eq(gone->calls, 0);
    ck_assert_int_eq(w.peer.requests, 2 + 3 + 1);
    end(&w);
}
END_TEST

/* At no moment more than may be, also while some give up in the line. */
START_TEST(no_more_at_once_than_may_be)
{
    struct world w;
    char url[600];
    start(&w, 3, "127.0.0.1");
    struct http_request r = get(url_of(&w, "/hang", url));
    for (int i = 0; i < 20; i++) {
        r.timeout_ms = 50 + 10 * (i % 7);
        ck_assert_int_eq(send_as(next(&w), &r), ERR_OK);
    }
    finish(&w);
    for (size_t i = 0; i < 20; i++)
        ck_assert_int_eq(w.got[i].calls, 1);
    ck_assert_int_ge(w.peer.requests, 3);
    ck_assert_int_le(w.peer.most, 3 + 3); /* the server may hear late of those that ended */
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

START_TEST(headers_have_a_ceiling)
{
    struct world w;
    start(&w, 4, "127.0.0.1");
    struct got *g = request(&w, "/flood");
    finish(&w);
    ck_end(g, HTTP_UNKNOWN, "headers are too long");
    end(&w);
}
END_TEST

int main(void)
{
    return UNIT_RUN("http_faults", not_sent, not_connected_in_time, too_late_to_leave,
                    timed_out_in_the_queue, ahead_of_all_that_hang, no_more_at_once_than_may_be,
                    a_get_is_never_sent_twice, a_post_is_never_sent_twice,
                    a_dead_connection_is_replaced, cut_answers, headers_have_a_ceiling);
}

/*
 * The ops port over a real socket on 127.0.0.1: pages, their states, refusals.
 */
#include "common/ops.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/num.h"
#include "tests/unit/unit.h"

struct world {
    struct loop *loop;
    struct metrics *metrics;
    struct ops_check checks[3];
    struct ops *ops;
    struct error e;
    char answer[65536];
};

static int64_t late; /* how far the loop's clock is behind */

static int64_t slow_clock(void)
{
    return clock_boot_ms() - late;
}

static void start(struct world *w)
{
    memset(w, 0, sizeof *w);
    late = 0;
    ck_assert_int_eq(loop_new(&w->loop, &w->e), ERR_OK);
    w->metrics = metrics_new();
    w->checks[0].name = "kafka";
    w->checks[1].name = "settings";
    w->checks[2].name = "group";
    struct ops_options o = {"127.0.0.1:0", w->loop, w->metrics, w->checks, 3};
    ck_assert_int_eq(ops_start(&o, &w->ops, &w->e), ERR_OK);
}

static void end(struct world *w)
{
    ops_stop(w->ops);
    metrics_free(w->metrics);
    loop_free(w->loop);
}

static int connected(const struct world *w)
{
    int64_t port;
    const char *address = ops_address(w->ops);
    ck_assert(num_parse(str_of(strrchr(address, ':') + 1), 1, 65535, &port));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* The whole answer is left in w->answer. Returns the status, 0 if there was none. */
static int ask(struct world *w, const char *method, const char *path)
{
    char request[400];
    int fd = connected(w),
        n = snprintf(request, sizeof request,
                     "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     method, path, *method == 'P' ? 3 : 0, *method == 'P' ? "a=b" : "");
    ck_assert_int_eq(write(fd, request, (size_t)n), n);
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, w->answer + len, sizeof w->answer - 1 - len)) > 0)
        len += (size_t)got;
    w->answer[len] = 0;
    close(fd);
    int64_t status = 0;
    if (len > 12)
        (void)num_parse((struct str){w->answer + 9, 3}, 100, 599, &status);
    return (int)status;
}

static void ck_body(const struct world *w, const char *body)
{
    const char *at = strstr(w->answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(at);
    ck_assert_str_eq(at + 4, body);
}

START_TEST(health)
{
    struct world w;
    start(&w);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    ck_assert_ptr_nonnull(strstr(w.answer, "Content-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(w.answer, "\r\n\r\n{\"status\":\"ok\",\"last_turn_ms\":"));
    late = 29000;
    loop_use_clock(w.loop, slow_clock);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    late = 30000;
    loop_use_clock(w.loop, slow_clock);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 503);
    ck_assert_ptr_nonnull(strstr(w.answer, "{\"status\":\"fail\",\"last_turn_ms\":3"));
    end(&w);
}
END_TEST

START_TEST(health_of_another_loop)
{
    struct world w;
    struct loop *also;
    start(&w);
    ck_assert_int_eq(loop_new(&also, &w.e), ERR_OK);
    ops_watch(w.ops, also);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    late = 30000;
    loop_use_clock(also, slow_clock);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 503);
    end(&w);
    loop_free(also);
}
END_TEST

START_TEST(readiness_is_the_worst_check)
{
    static const struct {
        int kafka, settings, group, status;
        const char *body;
    } cases[] = {
        {OPS_OK, OPS_OK, OPS_OK, 200,
         "{\"status\":\"ok\",\"checks\":{\"kafka\":\"ok\",\"settings\":\"ok\",\"group\":\"ok\"}}\n"},
        {OPS_DEGRADED, OPS_OK, OPS_OK, 200,
         "{\"status\":\"degraded\",\"checks\":{\"kafka\":\"degraded\",\"settings\":\"ok\",\"group\":"
         "\"ok\"}}\n"},
        {OPS_DEGRADED, OPS_FAIL, OPS_OK, 503,
         "{\"status\":\"fail\",\"checks\":{\"kafka\":\"degraded\",\"settings\":\"fail\",\"group\":"
         "\"ok\"}}\n"},
        {OPS_OK, OPS_OK, 77, 503,
         "{\"status\":\"fail\",\"checks\":{\"kafka\":\"ok\",\"settings\":\"ok\",\"group\":\"fail\"}}"
         "\n"},
    };
    struct world w;
    start(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        w.checks[0].status = cases[i].kafka;
        w.checks[1].status = cases[i].settings;
        w.checks[2].status = cases[i].group;
        ck_assert_int_eq(ask(&w, "GET", "/readyz"), cases[i].status);
        ck_body(&w, cases[i].body);
    }
    end(&w);
}
END_TEST

START_TEST(metrics_page)
{
    struct world w;
    start(&w);
    ck_assert_int_eq(ask(&w, "GET", "/metrics"), 200);
    ck_body(&w, "");
    metrics_set(metrics_get(metrics_define(w.metrics, METRICS_GAUGE, "x", "X.", NULL, NULL)), 5);
    ck_assert_int_eq(ask(&w, "GET", "/metrics?x=y"), 200);
    ck_body(&w, "# HELP mangoplan_x X.\n# TYPE mangoplan_x gauge\nmangoplan_x 5\n");
    ck_assert_ptr_nonnull(strstr(w.answer, "Content-Type: text/plain; version=0.0.4"));
    ck_assert_int_eq(ask(&w, "HEAD", "/metrics"), 200);
    ck_body(&w, "");
    end(&w);
}
END_TEST

START_TEST(refusals)
{
    struct world w;
    start(&w);
    ck_assert_int_eq(ask(&w, "GET", "/"), 404);
    ck_assert_int_eq(ask(&w, "GET", "/healthz/"), 404);
    ck_assert_int_eq(ask(&w, "GET", "/%68ealth"), 404);
    ck_assert_int_eq(ask(&w, "POST", "/nothing"), 404);
    ck_assert_int_eq(ask(&w, "POST", "/metrics"), 405);
    ck_assert_ptr_nonnull(strstr(w.answer, "Allow: GET, HEAD\r\n"));
    ck_assert_int_eq(ask(&w, "DELETE", "/metrics"), 405);
    end(&w);
}
END_TEST

/* Idle connections up to the ceiling do not stop the server for those that are in. */
START_TEST(connections_have_a_ceiling)
{
    struct world w;
    int fds[LIMIT_OPS_CONNECTIONS - 1];
    start(&w);
    for (size_t i = 0; i < LIMIT_OPS_CONNECTIONS - 1; i++)
        fds[i] = connected(&w);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    for (size_t i = 0; i < LIMIT_OPS_CONNECTIONS - 1; i++)
        close(fds[i]);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    end(&w);
}
END_TEST

/* With as many connections as it takes the server listens no more: its end must not wait for theirs. */
START_TEST(ends_at_once_when_full)
{
    struct world w;
    int fds[LIMIT_OPS_CONNECTIONS];
    start(&w);
    ck_assert_int_eq(ask(&w, "GET", "/healthz"), 200);
    for (size_t i = 0; i < LIMIT_OPS_CONNECTIONS; i++)
        fds[i] = connected(&w);
    /* until its thread has them all; too short makes the test easier, never wrong */
    usleep(100000);
    int64_t begun = clock_mono_ms();
    ops_stop(w.ops);
    ck_assert_int_lt(clock_mono_ms() - begun, 3000);
    for (size_t i = 0; i < LIMIT_OPS_CONNECTIONS; i++)
        close(fds[i]);
    w.ops = NULL;
    end(&w);
}
END_TEST

START_TEST(addresses)
{
    static const char *const wrong[] = {"",
                                        "9101",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:70000",
                                        "127.0.0.1:http",
                                        "no such host.:1",
                                        "127.0.0.1:-1"};
    struct world w;
    struct ops *second = NULL;
    start(&w);
    ck_assert_int_eq(strncmp(ops_address(w.ops), "127.0.0.1:", 10), 0);
    ck_assert_str_ne(ops_address(w.ops), "127.0.0.1:0");
    struct ops_options o = {ops_address(w.ops), w.loop, w.metrics, w.checks, 3};
    ck_assert_int_eq(ops_start(&o, &second, &w.e), ERR_CONFIG); /* taken */
    ck_assert_ptr_nonnull(strstr(w.e.text, "OPS_LISTEN"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        w.e = ERROR_NONE;
        o.listen = wrong[i];
        ck_assert_msg(ops_start(&o, &second, &w.e) == ERR_CONFIG, "%s", wrong[i]);
    }
    o.listen = "[::1]:0";
    w.e = ERROR_NONE;
    if (ops_start(&o, &second, &w.e) == ERR_OK) { /* a machine may have no IPv6 */
        ck_assert_int_eq(strncmp(ops_address(second), "[::1]:", 6), 0);
        ops_stop(second);
    }
    o.listen = ":0";
    w.e = ERROR_NONE;
    ck_assert_int_eq(ops_start(&o, &second, &w.e), ERR_OK);
    ck_assert_int_eq(strncmp(ops_address(second), "0.0.0.0:", 8), 0);
    ops_stop(second);
    ops_stop(NULL);
    end(&w);
}
END_TEST

int main(void)
{
    return UNIT_RUN("ops", health, health_of_another_loop, readiness_is_the_worst_check,
                    metrics_page, refusals, connections_have_a_ceiling, ends_at_once_when_full,
                    addresses);
}

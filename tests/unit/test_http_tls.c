/*
 * The HTTP client over TLS: whom it trusts, and which version it speaks with whom. MANGO supports TLS 1.2 only
 * (mango-api.md section 1), so a request may be capped at it.
 */
#include "tests/unit/http_world.h"

#include "tests/unit/tls_peer.h"

static struct tls_peer server;
static struct world w;

static void begin(enum tls_peer_version oldest, enum tls_peer_version newest)
{
    tls_peer_start(&server, oldest, newest);
    start_trusting(&w, 4, "127.0.0.1,localhost", server.ca_file);
}

static void stop(void)
{
    end(&w);
    tls_peer_stop(&server);
}

static struct got *ask_of(const char *host, const char *path, bool tls12)
{
    char url[600];
    struct got *g = next(&w);
    snprintf(url, sizeof url, "https://%s:%d%s", host, server.port, path);
    struct http_request r = get(url);
    r.tls12 = tls12;
    ck_assert_msg(send_as(g, &r) == ERR_OK, "%s", w.e.text);
    finish(&w);
    return g;
}

static struct got *ask(const char *path, bool tls12)
{
    return ask_of("127.0.0.1", path, tls12);
}

static void spoken(const struct got *g, const char *version)
{
    ck_end(g, HTTP_ANSWERED, "");
    ck_assert_int_eq(g->status, 200);
    ck_assert_str_eq(g->body, version);
}

START_TEST(who_speaks_only_1_2_is_understood)
{
    begin(TLS_PEER_1_2, TLS_PEER_1_2);
    spoken(ask("/bye", true), "TLSv1.2");
    spoken(ask("/bye", false), "TLSv1.2");
    stop();
}
END_TEST

START_TEST(who_speaks_only_1_3_is_refused_under_the_cap)
{
    begin(TLS_PEER_1_3, TLS_PEER_1_3);
    ck_end(ask("/ok", true), HTTP_NOT_SENT, "SSL");
    ck_assert_int_eq(server.connections, 1);
    ck_assert_int_eq(server.requests, 0);
    spoken(ask("/ok", false), "TLSv1.3");
    /* its connection is kept, and not for capped ones */
    ck_end(ask("/ok", true), HTTP_NOT_SENT, "SSL");
    ck_assert_int_eq(server.requests, 1);
    stop();
}
END_TEST

/* A kept connection is for those of its cap only; the handles, which are used again, forget theirs. */
START_TEST(connections_of_two_caps_are_not_mixed_up)
{
    begin(TLS_PEER_1_2, TLS_PEER_1_3);
    for (int i = 0; i < 4; i++) {
        spoken(ask("/ok", false), "TLSv1.3");
        spoken(ask("/ok", true), "TLSv1.2");
    }
    ck_assert_int_eq(server.requests, 8);
    ck_assert_int_eq(server.connections, 2);
    stop();
}
END_TEST

/* Nor is what a server gave to begin again with. */
START_TEST(sessions_of_two_caps_are_not_mixed_up)
{
    begin(TLS_PEER_1_2, TLS_PEER_1_3);
    for (int i = 0; i < 4; i++) {
        spoken(ask("/bye", i % 2 == 0), i % 2 == 0 ? "TLSv1.2" : "TLSv1.3");
        spoken(ask("/bye", i % 2 != 0), i % 2 != 0 ? "TLSv1.2" : "TLSv1.3");
    }
    ck_assert_int_eq(server.connections, 8);
    stop();
}
END_TEST

START_TEST(older_than_1_2_is_never_spoken)
{
    begin(TLS_PEER_1_1, TLS_PEER_1_1);
    ck_end(ask("/ok", true), HTTP_NOT_SENT, "SSL");
    ck_end(ask("/ok", false), HTTP_NOT_SENT, "SSL");
    ck_assert_int_eq(server.connections, 2);
    ck_assert_int_eq(server.requests, 0);
    stop();
}
END_TEST

START_TEST(who_is_known_to_no_authority_is_not_trusted)
{
    tls_peer_start(&server, TLS_PEER_1_2, TLS_PEER_1_3);
    start(&w, 4, "127.0.0.1");
    ck_end(ask("/ok", false), HTTP_NOT_SENT, "SSL");
    ck_end(ask("/ok", true), HTTP_NOT_SENT, "SSL");
    ck_assert_int_eq(server.connections, 2);
    ck_assert_int_eq(server.requests, 0);
    stop();
}
END_TEST

START_TEST(a_certificate_of_another_host_is_not_trusted)
{
    begin(TLS_PEER_1_2, TLS_PEER_1_3);
    ck_end(ask_of("localhost", "/ok", true), HTTP_NOT_SENT, "SSL");
    ck_end(ask_of("localhost", "/ok", false), HTTP_NOT_SENT, "SSL");
    ck_assert_int_eq(server.requests, 0);
    spoken(ask("/ok", true), "TLSv1.2");
    stop();
}
END_TEST

int main(void)
{
    return UNIT_RUN("http_tls", who_speaks_only_1_2_is_understood,
                    who_speaks_only_1_3_is_refused_under_the_cap,
                    connections_of_two_caps_are_not_mixed_up, sessions_of_two_caps_are_not_mixed_up,
                    older_than_1_2_is_never_spoken, who_is_known_to_no_authority_is_not_trusted,
                    a_certificate_of_another_host_is_not_trusted);
}

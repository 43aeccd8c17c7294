/*
 * An HTTP server for benches: whole requests over connections that stay, answered after a given time. Bodies by
 * Content-Length only; one request at a time on a connection, as libcurl sends them. The loop's thread.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_SERVER_H
#define TESTS_BENCH_RINGING_LOAD_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/listen.h"
#include "common/loop.h"
#include "common/str.h"

struct server;
struct server_peer; /* who asks */

struct server_request {
    struct str method, target, body; /* valid during the call */
    int64_t at;                      /* CLOCK_MONOTONIC us: its first byte was read */
    struct server_peer *peer;
};

/* Called for each request; it answers in there, or never. */
typedef void server_handler(void *arg, const struct server_request *r);

enum err server_new(struct loop *l, server_handler *handler, void *arg,
                    char address[LISTEN_ADDRESS_TEXT], struct server **out,
                    struct error *e) MUST_CHECK;
/* The body (JSON, copied) leaves that long after the request's first byte; *sent becomes the time (us) when it did. sent
 * may be NULL, else it outlives the server. */
void server_answer(struct server_peer *p, int64_t after_us, int status, struct str body,
                   int64_t *sent);
/* The longest that an answer was late, us, since the last call. */
int64_t server_late(struct server *s);
/* Answers that could not be written whole, requests that could not be read. */
int64_t server_broken(const struct server *s);

#endif

/*
 * The HTTP side of ingest, driven by the process's loop: everything happens on its thread, inside
 * loop_run. Knows requests and answers, nothing of webhooks. The only door to libmicrohttpd, so that
 * another server can take its place.
 *
 * A request:  begin --(head says a status, or ambiguous)--> answered
 *             begin --(head says 0)--> reading --body whole--> waiting --server_answer--> answered
 *
 * Refused here, before or without asking the application: ambiguous requests (Host, Content-Length or
 * Transfer-Encoding more than once, both of the latter, an unknown transfer encoding, no Host in
 * HTTP/1.1, header names that are no tokens) with 400 and a closed connection; bodies over the limit
 * with 413 (after head had its say); requests that are not whole within 10 s by closing.
 */
#ifndef INGEST_SERVER_H
#define INGEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"
#include "ingest/cidr.h"

struct server;

/* A request under way. Texts live until it is answered. */
struct server_request {
    struct str method;
    struct str path; /* as it came, percent-encoded, without the query */
    struct str content_type;
    struct str forwarded[CIDR_HOP_LINES]; /* X-Forwarded-For */
    size_t nforwarded;
    struct cidr_address peer;
    int64_t began_us; /* CLOCK_MONOTONIC, when its headers were whole */
    void *user;       /* the application's; NULL at first */
};

struct server_app {
    void *arg;
    /* Headers are whole. 0: read the body. Else the status to answer (the body is read and thrown
     * away first if it is small, so that the answer arrives). Statuses: server.c's table. */
    int (*head)(void *arg, struct server_request *r);
    /* The body is whole; borrowed for the call. server_answer has to follow, now or later. */
    void (*body)(void *arg, struct server_request *r, struct str body);
    /* The request ends before server_answer: do not call it any more. The client went away, or the
     * server ends. */
    void (*cut)(void *arg, struct server_request *r);
    /* The server itself refuses with this status (400, 413). */
    void (*refused)(void *arg, const struct server_request *r, int status);
};

/* Binds and listens on "host:port" ("[::1]:0", ":8080" = any address; port 0 = any). ERR_CONFIG:
 * address wrong or taken. app lives as long as the server; its arg may be used at once. Raises the process's
 * limit of file descriptors to what its connections want, and warns if it may not. */
enum err server_new(struct loop *l, const char *listen, size_t body_max,
                    const struct server_app *app, struct server **out, struct error *e) MUST_CHECK;
/* "127.0.0.1:41234" */
const char *server_address(const struct server *s);
/* Answers; r is gone for the caller. status 200, 400, 401, 403, 404, 405, 413, 429 or 503. */
void server_answer(struct server_request *r, int status);
/* Takes no more connections; what is open is still served, its answers close it. */
void server_quiesce(struct server *s);
/* Requests that have begun and are not answered. */
size_t server_busy(const struct server *s);
/* Closes everything. NULL is fine. */
void server_free(struct server *s);

#endif

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
 *
 * An answer is a status alone (server_answer), one with headers and a body, or a stream without an end.
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
struct tls;

/* A request under way. Texts live until it is answered. */
struct server_request {
    struct str method;
    struct str path;  /* as it came, percent-encoded, without the query */
    struct str query; /* as it came, without the "?"; empty if there is none, or not `patient` */
    struct str content_type;
    struct str forwarded[CIDR_HOP_LINES]; /* X-Forwarded-For */
    size_t nforwarded;
    struct cidr_address peer;
    bool tls;         /* it came over TLS to us */
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

struct server_field { /* of an answer */
    const char *name;
    struct str value; /* no line breaks */
};

struct server_options {
    struct loop *loop;
    const char *listen; /* "host:port", "[::1]:0", ":8080" = any address; port 0 = any */
    size_t body_max;
    const struct server_app *app; /* lives as long as the server; its arg may be used at once */
    struct tls *tls;              /* NULL = plain HTTP. The caller's, outlives the server */
    /* For people instead of webhooks: heads of 32 KiB instead of 6, queries, answers that take seconds, at most
     * LIMIT_PAGE_CONNECTIONS. */
    bool patient;
    const struct server_field
        *fields; /* of the answers that are a status alone; live as long as the server */
    size_t nfields;
};

/* Binds and listens. ERR_CONFIG: address wrong or taken. Without `patient` it raises the process's limit of file
 * descriptors to what its connections want, and warns if it may not. */
enum err server_new(const struct server_options *o, struct server **out,
                    struct error *e) MUST_CHECK;
/* "127.0.0.1:41234" */
const char *server_address(const struct server *s);
/* Answers; r is gone for the caller. status 200, 400, 401, 403, 404, 405, 413, 429 or 503. */
void server_answer(struct server_request *r, int status);
/* --- for who answers with more than a status --- */

/* The last header of that name, whatever its case; STR_NONE if there is none. In head and body only. */
struct str server_header(const struct server_request *r, const char *name);

struct server_reply {                  /* everything copied but a body that stays */
    int status;                        /* 200 to 599 */
    const struct server_field *fields; /* Content-Length and Connection are the server's */
    size_t nfields;
    struct str body;
    bool stays; /* the body lives as long as the process */
};

/* As server_answer. */
void server_reply(struct server_request *r, const struct server_reply *reply);

/* An answer without an end (status 200), written piece by piece. closed: the client has gone, or the server ends; the
 * stream must not be used any more. Not called after server_stream_end. */
struct server_stream;
struct server_stream *server_stream(struct server_request *r, const struct server_field *fields,
                                    size_t nfields, void (*closed)(void *arg), void *arg);
/* A client that does not read is cut off (closed, later) when LIMIT_STREAM_BYTES wait for it. */
void server_stream_write(struct server_stream *s, struct str bytes);
void server_stream_end(struct server_stream *s);

/* Takes no more connections; what is open is still served, its answers close it. */
void server_quiesce(struct server *s);
/* Requests that have begun and are not answered. */
size_t server_busy(const struct server *s);
/* Closes everything. NULL is fine. */
void server_free(struct server *s);

#endif

/*
 * Inside ingest/server/ only: a server, its connections, and who of the three files does what.
 *
 *   daemon.c: libmicrohttpd and its connections   request.c: from a head to its body   reply.c: answers
 */
#ifndef INGEST_SERVER_STATE_H
#define INGEST_SERVER_STATE_H

#include "common/buf.h"
#include "common/listen.h"
#include "common/loop.h"
#include "ingest/server.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

enum server_stage {
    SERVER_IDLE,
    SERVER_READING,
    SERVER_DRAINING,
    SERVER_WAITING,
    SERVER_ANSWERING,
    SERVER_STREAMING,
};

#define SERVER_STATUSES 9

/* A connection and its request (libmicrohttpd takes one after the other). */
struct server_connection {
    struct server_request request; /* first: a request is its connection */
    struct server *server;
    struct server_connection *next, *prev;
    struct MHD_Connection *mhd;
    struct tls_certificate *certificate; /* over TLS */
    int fd;
    enum server_stage stage;
    bool held, suspended, close, served;
    int status;                 /* to answer; 0 = not known yet */
    struct MHD_Response *reply; /* the answer if it is no fixed one */
    struct server_stream *stream;
    int64_t since;   /* boot ms: connected, answered, or headers whole */
    uint64_t length; /* of the body, or HEAD_CHUNKED */
    uint64_t drained;
    struct buf body; /* if it comes in pieces */
    char *query;     /* owned */
};

struct server {
    struct server_options o;
    struct MHD_Daemon *daemon;
    struct MHD_Response *keep[SERVER_STATUSES], *close[SERVER_STATUSES];
    struct loop_timer again, tick;
    struct server_connection *connections;
    size_t nconnections, busy, buffered;
    size_t held; /* requests that wait without being suspended */
    bool resumed, stopping;
    int epoll_fd;
    char address[LISTEN_ADDRESS_TEXT];
};

/* --- daemon.c --- */

void server_set_stage(struct server_connection *c, enum server_stage stage);
/* The body's memory is given back. */
void server_release_body(struct server_connection *c);
/* Its socket is shut down; libmicrohttpd closes it then. */
void server_shut(struct server_connection *c);

/* --- request.c: what libmicrohttpd tells of a request. False: it closes the connection --- */

struct server_line {
    const char *method, *path, *version;
};

/* Its headers are whole. */
bool server_take(struct server_connection *c, const struct server_line *line);
/* A piece of its body, taken whole; empty: it is at its end, or was resumed. */
bool server_take_body(struct server_connection *c, struct str piece);
/* It is over; well: answered in full. */
void server_completed(struct server_connection *c, bool well);

/* --- reply.c --- */

/* The answers that are nothing but a status, made once. */
void server_make_fixed(struct server *s);
void server_free_fixed(struct server *s);
struct MHD_Response *server_fixed(const struct server_connection *c);
/* A connection ends, or its request does. */
void server_stream_close(struct server_connection *c);

#endif

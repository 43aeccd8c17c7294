/*
 * The header lines of a request, as far as they decide where it ends and who sent it. Pure: a parser
 * that never sees a socket. libmicrohttpd 0.9.75 takes requests that two readers could understand
 * differently (kafka-and-http.md 1.5); here they are told.
 */
#ifndef INGEST_HEAD_H
#define INGEST_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"
#include "ingest/cidr.h"

#define HEAD_CHUNKED UINT64_MAX

struct head {
    struct str content_type;              /* borrowed from the lines, as are the next */
    struct str forwarded[CIDR_HOP_LINES]; /* X-Forwarded-For: as many lines as fit, the last ones */
    size_t nforwarded;
    struct str transfer; /* Transfer-Encoding */
    uint64_t length;     /* Content-Length; 0 = none */
    unsigned hosts, lengths, transfers, types;
    bool expects; /* Expect: the client waits before it sends the body */
    bool bad;     /* a name that is no token, a length that is no number */
};

/* Start with a zeroed struct; then every line. */
void head_add(struct head *h, struct str name, struct str value);
/* True if two readers could take it for different requests, or it is none: Host, Content-Length,
 * Transfer-Encoding or Content-Type more than once, length and transfer encoding together, a transfer
 * encoding that is not just "chunked", no Host in HTTP/1.1, or bad. http10: it says HTTP/1.0. */
bool head_is_ambiguous(const struct head *h, bool http10);
/* Bytes of the body, or HEAD_CHUNKED. */
uint64_t head_length(const struct head *h);

#endif

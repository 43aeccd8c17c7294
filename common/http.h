/*
 * HTTP client on the loop: libcurl's multi interface through its socket callbacks. HTTP/1.1
 * keep-alive, TLS verified, no redirects, bounded answers, names resolved off the loop.
 *
 * Exactly-once needs two things (design.md section 3), both checked in libcurl's pre-request
 * callback: bytes leave before `leave_by` or not at all, and a transfer passes it once, since libcurl
 * silently sends again, POST too, when a reused connection dies. A second pass aborts the transfer and
 * that is an *unknown* outcome. The same callback checks the connected address: private ranges are
 * refused (not even connected to) unless the host is named in OUTBOUND_ALLOW.
 *
 * An answer without length and chunks ends with its connection, so a cut one looks whole, over TLS
 * too (libcurl ignores a missing close_notify): parsers treat a body that they cannot read, an empty
 * one included, as an unknown outcome. SIGPIPE must be ignored (loop_on_signal
 * does that).
 */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"

struct http;
struct http_transfer;

struct http_options {
    const char *outbound_allow; /* OUTBOUND_ALLOW, "" = only the vendors' */
    const char *ca_file;        /* "" = the system's */
    int64_t connect_timeout_ms;
    long connections_per_host; /* 0 = no limit */
    long connections; /* requests at once, of all hosts; what is over waits. 0 = no limit */
    const char *const
        *resolve; /* tests: "host:port:address" instead of DNS, NULL-terminated; NULL = none */
};

enum http_end {
    HTTP_ANSWERED, /* status and body are there */
    HTTP_NOT_SENT, /* no byte of the request left: known not to have happened */
    HTTP_UNKNOWN,  /* bytes may have left, no whole answer: it may have happened */
};

struct http_answer { /* borrowed during the callback */
    enum http_end end;
    int status;      /* HTTP_ANSWERED only */
    struct str body; /* at most max_body; longer is HTTP_UNKNOWN with too_large and its beginning */
    struct str content_type;
    int64_t retry_after_s; /* -1 = none; both forms of the header */
    int64_t
        date_ms; /* the other side's clock by its Date header, whole seconds, unix ms; -1 = none */
    int64_t ms;  /* from http_send to the end */
    int64_t sent_boot_ms; /* when the pre-request callback passed, 0 = never */
    bool too_large;
    const char *why; /* for the log when not answered; no secrets */
};

struct http_request {           /* copied by http_send */
    const char *method;         /* "GET" "POST" "DELETE" */
    const char *url;            /* without credentials; checked against the allow list */
    const char *const *headers; /* "Name: value", NULL-terminated list; may be NULL */
    struct str body;            /* not with GET; a DELETE has one or none */
    int64_t timeout_ms;         /* the whole, from http_send */
    int64_t leave_by;           /* boot ms; 0 = no limit */
    size_t max_body;
    bool ahead; /* is not among `connections`: waits for nobody */
    bool tls12; /* no newer TLS than 1.2: the other side supports none */
    bool
        anywhere; /* any host, on any port, also by http: our own PUBLIC_URL; at a private address all the same only if
                      OUTBOUND_ALLOW names it */
    void (*left)(void *arg); /* its first byte is about to leave; calls nothing here; may be NULL */
    void (*done)(void *arg, const struct http_answer *answer); /* exactly once unless cancelled */
    void *arg;
};

enum err http_new(struct loop *l, const struct http_options *options, struct http **out,
                  struct error *e) MUST_CHECK;
/* Ends what runs without calling back. Not from inside a `done`. */
void http_free(struct http *h);
/* ERR_INPUT: malformed or not allowed URL (common/url.h), another method, a line break in a header. Never calls back
 * before it has returned. The transfer is
 * valid until `done` was called. */
enum err http_send(struct http *h, const struct http_request *r, struct http_transfer **out,
                   struct error *e) MUST_CHECK;
/* Forgets it: no callback; what was sent may still be executed by the other side. Fine inside any
 * `done`, its own included (nothing happens then). */
void http_cancel(struct http_transfer *t);
size_t http_running(const struct http *h);

#endif

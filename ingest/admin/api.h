/*
 * The settings page's API as its parts see it: requests that have passed the door (session or password,
 * origin, token; api.c) and their one answer. Knows nothing of what the parts do. The admin thread only.
 *
 *   server --> door: who is it, may it --> route --> part's handler --now or later--> api_reply | api_refuse
 */
#ifndef INGEST_ADMIN_API_H
#define INGEST_ADMIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/http.h"
#include "common/jval.h"
#include "common/kafka/producer.h"
#include "common/kafka/topics.h"
#include "common/loop.h"
#include "common/str.h"
#include "ingest/vitals.h"

struct accounts;
struct scanner;
struct outside;
struct evidence;

/* One of an account's extensions that are nobody's, of the last day's calls: how many, and when the newest one was (unix ms). */
typedef void admin_unmapped_row(void *arg, struct str extension, int64_t calls, int64_t last_at);

/* Who counts them: set by the part that does, in no order. each NULL: nobody does, so there are none. */
struct admin_unmapped {
    void (*each)(void *source, struct str account, admin_unmapped_row *row, void *arg);
    void *source;
};

/* What the parts work with. They live as long as the admin side; layout, producer and scanner are NULL until Kafka
 * has answered for the first time, accounts are empty until then. */
struct admin_parts {
    struct loop *loop;
    const struct config *config;
    struct http *http;
    const struct kafka_layout *layout;
    struct accounts *accounts; /* with their documents (accounts_document) */
    struct producer *producer;
    struct scanner
        *scanner; /* common/kafka/scan.h: all parts' bounded reads, one after the other */
    struct outside *outside; /* common/doctor/outside.h: the accounts' Megaplan and MANGO */
    struct admin_unmapped *unmapped;
    struct evidence *evidence;   /* common/doctor/evidence.h: what the workers met */
    const struct vitals *vitals; /* what the webhooks' thread tells; never NULL */
};

struct api_call;

/* Ends the call exactly once, now or later, by api_reply, api_refuse or api_stream. */
typedef void api_handler(void *part, struct api_call *c);

enum api_flags {
    API_OPEN = 1, /* without a session */
    API_WITHOUT_KAFKA =
        2 /* also before Kafka has answered; the others are refused 503 until then */
};

struct api_route {
    const char *method;  /* "GET" "PUT" "POST" "DELETE" */
    const char *pattern; /* "/api/accounts/{a}/employees"; {x} is one segment, not empty */
    api_handler *handler;
    unsigned flags;
};

/* The segment of that name in the pattern, decoded; never empty; "a" is an account's name, be there one or not. Valid until the call ends. */
struct str api_param(const struct api_call *c, const char *name);
/* The parameter of the query, decoded; STR_NONE if absent (ptr NULL). Valid until the call ends. */
struct str api_query(const struct api_call *c, const char *name);
/* A whole number of the query within a range, or `preset` if absent. False: the call was refused. */
bool api_query_number(struct api_call *c, const char *name, int64_t min, int64_t max,
                      int64_t preset, int64_t *out) MUST_CHECK;
/* A header of the request, STR_NONE if absent. Valid until the handler returns. */
struct str api_header(const struct api_call *c, const char *name);
/* The body as it came; empty without one. Valid until the call ends. */
struct str api_body(const struct api_call *c);
/* The body parsed, an object; NULL: the call was refused 400. The caller's (jval_free). */
struct jval *api_body_object(struct api_call *c) MUST_CHECK;
/* True if the object has no member but that one, if any; else the call was refused 422 with the first other's name. */
bool api_body_only(struct api_call *c, const struct jval *object, const char *name) MUST_CHECK;
/* Who asks, for the audit: the user name of HTTP Basic, or "admin"; with the address he comes from, "admin@192.0.2.1". */
const char *api_who(const struct api_call *c);
/* Whether numbers are to be shown in full (?show=1). */
bool api_shows(const struct api_call *c);

/* A header of the answer, before it; name is kept by pointer, value copied. */
void api_set_header(struct api_call *c, const char *name, struct str value);
/* body: taken over; NULL: none (204). */
void api_reply(struct api_call *c, int status, struct jval *body);
/* The same with JSON text that is there already; copied. */
void api_reply_text(struct api_call *c, int status, struct str json);
/* {"error","field","message"}. The codes: ingest/README.md; field "" if none. */
void api_refuse(struct api_call *c, int status, const char *code, const char *field,
                const char *format, ...) PRINTF_LIKE(5, 6);
/* 429 too_soon with Retry-After; ms is rounded up to seconds. */
void api_refuse_soon(struct api_call *c, int64_t ms, const char *why);

/* An event stream (text/event-stream) instead of an answer; a comment keeps it alive every 15 s. closed: the client has
 * gone, the session or the server ends: the stream must not be used any more. NULL: the client has gone already (never
 * inside the handler), or wanted the headers alone (HEAD); closed is not called. */
struct api_stream;
struct api_stream *api_stream(struct api_call *c, void (*closed)(void *arg), void *arg);
/* "event: name\ndata: json\n\n"; a client that lags by more than LIMIT_STREAM_BYTES is cut off, later. */
void api_stream_send(struct api_stream *s, const char *event, struct str json);
/* closed is called. */
void api_stream_end(struct api_stream *s);

#endif

/*
 * Requests to Megaplan: sending one, what its end means for the service and for the work, retries.
 */
#ifndef WORKER_CRM_REQUEST_H
#define WORKER_CRM_REQUEST_H

#include "common/megaplan/answer.h"
#include "worker/crm/executor.h"

struct request {
    const char *operation; /* for metrics: "lookup.route"; kept by pointer */
    const char *method;    /* "GET" or "POST"; kept by pointer */
    const char *path;      /* for the outcome: "/callRoute"; kept by pointer */
    char *url;             /* taken over and freed; NULL: it could not be built */
    char *body;            /* JSON; taken over and freed; NULL = none */
    int64_t leave_by;      /* boot ms; 0 = no limit */
    int64_t timeout_ms;    /* 0 = CRM_REQUEST_TIMEOUT_MS */
};

/* Sends with the account's token. act_answered follows once (step.h); an address that may not be called
 * or an account without a token opens the breaker instead, and its turn comes again later. */
void request_send(struct executor *x, struct work *w, const struct request *r);

/* Ms from now that the work's request may take; a question no longer than the work can wait (ask_by). */
int64_t request_timeout(const struct executor *x, const struct work *w, const struct request *r);
/* For http_request: its first byte leaves, and it ended; arg: the work. */
void request_left(void *arg);
void request_ended(void *arg, const struct http_answer *answer);
/* Hands h over with the account's token and headers; there has to be a token. Errors as http_send. */
enum err request_hand(struct executor *x, const struct service *s, struct http_request *h,
                      struct http_transfer **out, struct error *e) MUST_CHECK;
/* That refused it: the work begins anew, its token is back. */
void request_unsent(struct executor *x, struct work *w, enum err bad, const struct error *e);

enum request_verdict {
    REQUEST_GOOD,    /* the answer's data is there */
    REQUEST_REFUSED, /* the record is refused: the caller may know better, else request_refused */
    REQUEST_UNKNOWN, /* it may have been done; only for requests that create */
    REQUEST_LATER,   /* temporary: request_retry, or what the caller does instead */
    REQUEST_HELD,    /* the service is out of order or slows us down: the caller wants anew */
};

struct request_end {
    enum request_verdict verdict;
    struct answer answer; /* of MANGO: kind, data, text */
    const char *why;      /* not GOOD: for people; lives as long as this and the http_answer */
    int status;
    int code;     /* MANGO's result, mango-api.md section 8; 0 = none */
    bool invalid; /* MANGO calls the request itself bad (3xxx) */
};

/* Reads the end of the request that w->act is, tells the service and the outcomes about it; request_end_done
 * afterwards. */
void request_read(struct executor *x, struct work *w, const struct http_answer *answer,
                  struct request_end *out);
void request_end_done(struct request_end *end);

/* A failure that will pass: rests with growing delays and comes back by act_due; `dead` after 72 h in which
 * the service worked for others. */
void request_retry(struct executor *x, struct work *w, const char *why, int status);
/* The record was refused: again later by act_due, `dead` at the third time; what rings goes on without then, or ends as
 * `failed`. */
void request_refused(struct executor *x, struct work *w, const struct request_end *end);

#endif

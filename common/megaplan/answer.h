/*
 * What an answer of Megaplan means. Pure.
 *
 * Source: megaplan-api.md 1.5 and 1.6, design.md section 3 "Failures". Traps: a refusal may come with
 * HTTP 200 and its truth in meta.status; meta.pagination may be [] instead of an object; error
 * traces reach megabytes; proxies answer with HTML pages, also with 200; HTTP 400 may be OAuth's
 * shape without an envelope.
 */
#ifndef COMMON_MEGAPLAN_ANSWER_H
#define COMMON_MEGAPLAN_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/jval.h"
#include "common/str.h"

#define ANSWER_TEXT 256
#define ANSWER_FIELD 64

enum answer_kind {
    ANSWER_OK,     /* done; data is there */
    ANSWER_OUTAGE, /* the service refuses the account: credentials, payment, rights, wrong address */
    ANSWER_RECORD,    /* this record is refused: it will not heal by waiting */
    ANSWER_LIMITED,   /* 429: not done, slow down */
    ANSWER_TEMPORARY, /* 5xx, or nothing that can be understood: it *may* have been done */
};

enum answer_about {       /* what the request was about, which decides what 403 and 404 mean */
    ANSWER_ABOUT_ACCOUNT, /* a list, a search, a create: no record that could be missing */
    ANSWER_ABOUT_RECORD,  /* a path that names one entity */
};

struct answer_source { /* borrowed */
    int status;        /* HTTP's */
    struct str body;
    bool too_large; /* the body was over the ceiling, body is what there is of it or nothing */
    enum answer_about about;
};

struct answer {
    enum answer_kind kind;
    int status;              /* the one that counts: meta.status of an HTTP 2xx, else HTTP's */
    const struct jval *data; /* ANSWER_OK: not NULL; lives with root */
    const struct jval *pagination; /* the object, or NULL */
    char text[ANSWER_TEXT];        /* not ANSWER_OK: why, for people; no secrets */
    char field[ANSWER_FIELD];      /* the first error's field, "" if none */
    struct jval *root;
};

/* Never fails: what cannot be read is ANSWER_TEMPORARY. answer_done afterwards. */
void answer_read(const struct answer_source *source, struct answer *out);
void answer_done(struct answer *a);
/* True if the errors name this field, in `field` or as a word of a message. */
bool answer_names(const struct answer *a, const char *field);
/* pagination.hasMoreNext; `rows` of `limit` asked for decide when there is no pagination object. */
bool answer_has_more(const struct answer *a, size_t rows, size_t limit);

#endif

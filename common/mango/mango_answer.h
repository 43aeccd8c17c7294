/*
 * What an answer of MANGO's API means. Pure.
 *
 * Source: mango-api.md sections 1, 5 and 8. Traps: commands may answer nothing but 200, which means accepted; a code
 * stands in `result` or in `code`, as a number or a text, with HTTP 200 or 4xx; over the limit is HTTP 429 or
 * "status":429 with code 0, so such a status counts as HTTP's; the block after invalid requests is 401; an unknown code
 * means what its class does, and one of no class is no success.
 */
#ifndef COMMON_MANGO_MANGO_ANSWER_H
#define COMMON_MANGO_MANGO_ANSWER_H

#include <stdbool.h>

#include "common/jval.h"
#include "common/str.h"

#define MANGO_ANSWER_TEXT 256

enum mango_answer_kind {
    MANGO_DONE,      /* 1xxx, or no code: accepted; of a query the data is there */
    MANGO_REFUSED,   /* 2xxx, 4xxx, a code of no class, HTTP 4xx: this cannot be done */
    MANGO_INVALID,   /* 3xxx: the request itself is bad; another one of those blocks the API */
    MANGO_BLOCKED,   /* 401: nothing was done, and nothing will be for two minutes */
    MANGO_LIMITED,   /* 429: not done, slow down */
    MANGO_TEMPORARY, /* 5xxx, HTTP 5xx, nothing that can be understood: it may have been done */
};

struct mango_answer {
    enum mango_answer_kind kind;
    int status;                   /* HTTP's, or the error's that the body tells with HTTP 2xx */
    int code;                     /* 0 = none */
    char text[MANGO_ANSWER_TEXT]; /* not DONE: why, for people; no secrets */
    struct jval *root;            /* the body, or NULL */
};

/* status: HTTP's. too_large: the body was over the ceiling. Never fails; mango_answer_done afterwards. */
void mango_answer_read(int status, struct str body, bool too_large, struct mango_answer *out);
void mango_answer_done(struct mango_answer *a);

#endif

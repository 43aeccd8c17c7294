/*
 * Whose number is it? The client of a work's number: remembered from facts, else asked of Megaplan
 * (behaviour.md "Words", G16; design.md 6.5). An error of a lookup is never "nobody".
 *
 *   remembered --no--> ROUTE --> (FETCH)* --> found
 *                        | nobody
 *                        +--> to create: SEARCH --> (FETCH)* --> found, or nobody
 *                        +--> else: nobody
 */
#ifndef WORKER_CRM_WHO_H
#define WORKER_CRM_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/megaplan/lookup.h"
#include "worker/crm/executor.h"

struct who {
    struct lookup lookup;
    bool searched, complete;
    char country_code[8]; /* of the account when it was asked */
    char fetching[LOOKUP_ID];
    int64_t began_at; /* boot ms of the first request's sending; 0 = none sent */
};

enum who_answer {
    WHO_ASKING, /* a request is wanted: judged anew when more is known; the work is taken over */
    WHO_FOUND,
    WHO_NOBODY,
};

struct who_client {
    char id[LOOKUP_ID];
    bool company;
    bool remembered; /* from facts: no request was made for it */
};

/* to_create: "nobody" needs the search too. An answer of lookups holds as long as it is fresh. */
enum who_answer who_of(struct executor *x, struct work *w, bool to_create, struct who_client *out);
/* Whether "nobody" is fresh enough to create a client by it. */
bool who_is_fresh(const struct executor *x, const struct work *w);
/* What the lookups read of that client; NULL: nothing, it is remembered. Valid until the work goes on. */
const struct lookup_candidate *who_row(const struct work *w, const char *id);
/* The remembered client is gone: asked anew. */
void who_forget(struct work *w);
void who_free(struct who *q); /* NULL is fine */

#endif

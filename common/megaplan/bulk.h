/*
 * Several requests in one. Pure.
 *
 * Source: megaplan-api.md 1.10. Traps: a call's url is "the part after the domain" and its body is JSON as a text; a path
 * prefix of base_url is the way to Megaplan and no part of its own addresses; answers keep the order, each has its
 * own status and a failed one stops nothing; what an answer looks like is not documented: one client reads the
 * envelope {"meta":{"status"},"data"}, others may find {"status","body"}; whether a bulk counts once against the limits
 * is not known; an end nobody knows is one of every call in it.
 */
#ifndef COMMON_MEGAPLAN_BULK_H
#define COMMON_MEGAPLAN_BULK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/megaplan/answer.h"
#include "common/str.h"

struct bulk_call {      /* borrowed */
    const char *method; /* GET, POST, DELETE */
    const char *url;    /* absolute, by query_url of the same base_url */
    const char *body;   /* JSON; NULL = none */
};

/* POST bulk. As query_url. */
char *bulk_url(struct str base_url) MUST_CHECK;
/* NULL: no calls, a url that is not under base_url, a text that is not UTF-8, or no memory. */
char *bulk_body(struct str base_url, const struct bulk_call *calls, size_t n) MUST_CHECK;

struct bulk_end { /* of one call, as if it had been sent alone */
    int status;   /* HTTP's; 0 = unknown: it may have happened */
    char *body;   /* JSON, terminated, owned; NULL if unknown or none was given */
};

/* Fills the ends of the n calls that were sent, zeroed where the answer does not say how they ended: of fewer answers
 * the rest. False, and all unknown: this is no bulk's answer. bulk_ends_done afterwards in any case. */
bool bulk_read(const struct answer *a, struct bulk_end *ends, size_t n) MUST_CHECK;
void bulk_ends_done(struct bulk_end *ends, size_t n);

#endif

/*
 * The list of calls in Megaplan, to find those that stand there twice. Pure.
 *
 * Source: megaplan-api.md 4.2 and 4.3. When the vendor's own application is still active beside this product, each call is
 * saved by both. Nothing in a CallInfo says who made it, and GET /callInfo takes neither a filter nor a provider, so two are
 * held to be one call if they have the same providerId, or if outside party and direction are the same and they
 * go on at the same time. Traps: the other side writes numbers its own way, so their last ten digits count; its clock
 * and its idea of a call's beginning differ by some seconds; a call may lack its end.
 */
#ifndef COMMON_MEGAPLAN_CALLINFO_LIST_H
#define COMMON_MEGAPLAN_CALLINFO_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/megaplan/answer.h"
#include "common/str.h"

#define CALLINFO_LIST_ROWS 100 /* asked for, and looked at */
#define CALLINFO_LIST_TWICE 2  /* so many stand there twice: one pair of calls may be a chance */

struct callinfo_list {
    size_t calls; /* that say who and when; at most CALLINFO_LIST_ROWS */
    size_t twice; /* of those: later ones that are the same call as one before */
};

/* GET /callInfo, the newest by id first. As query_url. */
char *callinfo_list_url(struct str base_url) MUST_CHECK;
/* False: the answer is no list. */
bool callinfo_list_read(const struct answer *a, struct callinfo_list *out) MUST_CHECK;

#endif

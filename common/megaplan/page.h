/*
 * A page of a list, row by row. Pure.
 *
 * Source: megaplan-api.md 1.5 and 1.7. Traps: a page begins behind a link with the exact content type and may begin
 * with that link's row once more ("starting from / after"), which must not count twice; a row without an id can be no
 * beginning of a next page; pagination may be missing, then a full page means that there may be more.
 */
#ifndef COMMON_MEGAPLAN_PAGE_H
#define COMMON_MEGAPLAN_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"

#define PAGE_ROWS 100          /* asked for; the default of the official sample */
#define PAGE_ANY_AGE INT64_MIN /* for `since` */

struct page_place {       /* where a list stands; zeroed before the first page, kept over pages */
    char last[LOOKUP_ID]; /* the page's last row: the next page begins behind it */
    bool more;            /* there is a next page, and this one ended not before `since` */
};

struct page_reader {
    int64_t
        since; /* unix ms: a row whose timeCreated is before it ends a newest-first list, unread */
    void (*row)(void *arg, const struct jval *row,
                const char id[LOOKUP_ID]); /* each new row with an id */
    void *arg;
};

/* {"limit","fields"} and, behind a row, "pageAfter"; for query_url. type: of that row. */
struct jval *page_query(const char *const *fields, size_t n, const char *type, struct str after);
/* Takes a page in. False, and nothing read: the answer is no list. */
bool page_read(const struct answer *a, const struct page_reader *r,
               struct page_place *place) MUST_CHECK;

#endif

/*
 * Looking for what a request may have made (design.md section 3 "Looking", "Settling"), at 2, 5, 15 and
 * 45 s; only then it did not happen. The state of one looking; pure but for memory: who sends the requests
 * is its owner's business (settle.h).
 *
 * Clients: the newest-first list, page by page back to a minute before the intent, by marker, then by
 * number.
 */
#ifndef WORKER_CRM_LOOK_H
#define WORKER_CRM_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fact.h"
#include "common/megaplan/contractor.h"
#include "common/settings.h"

#define LOOK_TIMES 4
#define LOOK_BACK_MS 60000
#define LOOK_PAGES_MAX 50

struct look {
    char *id;            /* of the job whose request is looked for */
    struct fact *intent; /* what it wrote before */
    char *marker;
    struct phone phone;
    int64_t since;   /* unix ms */
    int64_t base_at; /* boot ms: the times count from here */
    unsigned done;   /* looks that ended without finding */
    unsigned pages;  /* of the look that runs */
    struct contractor_page page;
};

enum look_step {
    LOOK_MORE,     /* ask for look_url now: the next page */
    LOOK_WAIT,     /* nothing yet: look again at look_at */
    LOOK_FOUND,    /* look_found says what */
    LOOK_NOT_DONE, /* looked often enough: it did not happen */
    LOOK_BROKEN,   /* the answer is no list, or the list does not end: this look does not count */
};

/* id: the job's; intent: what it wrote, copied; written_at: unix ms, now: boot ms. look_free. NULL: nobody
 * can look for that kind of thing. */
struct look *look_new(struct str id, const struct fact *intent, int64_t written_at, int64_t now);
void look_free(struct look *l); /* NULL is fine */
/* When the next look is due (boot ms). */
int64_t look_at(const struct look *l);
/* What the next request is, for metrics and outcomes; static texts. */
const char *look_operation(const struct look *l);
const char *look_path(const struct look *l);
/* The next page's address; as query_url. */
char *look_url(const struct look *l, const struct settings *s) MUST_CHECK;
enum look_step look_take(struct look *l, const struct answer *a, const struct settings *s);
/* Takes a page in only to count what carries marker or number; page.more says whether there is a next
 * one. False: no list, or one that does not end. */
bool look_count(struct look *l, const struct answer *a, const struct settings *s) MUST_CHECK;
/* LOOK_FOUND: the id, and whether it carries the marker (it was made by that request). */
const char *look_found(const struct look *l, bool *made);

#endif

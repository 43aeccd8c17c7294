/*
 * Looking for what a request may have made (design.md section 3 "Looking", "Settling"), at 2, 5, 15 and
 * 45 s; only then it did not happen. The state of one looking; pure but for memory: who sends the requests
 * is its owner's business (settle.h).
 *
 *   client         the newest-first list, page by page back to a minute before the intent, by marker,
 *                  then by number
 *   task           the tasks of the client it was made for, newest first, by marker
 *   alert          all tasks, newest first, by marker
 *   call, popup    the CallInfo of that providerId
 *   field          the list of fields, by label
 */
#ifndef WORKER_CRM_LOOK_H
#define WORKER_CRM_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fact.h"
#include "common/megaplan/answer.h"
#include "common/megaplan/contractor.h"
#include "common/settings.h"

#define LOOK_TIMES 4
#define LOOK_BACK_MS 60000
#define LOOK_PAGES_MAX 50

struct look;

enum look_step {
    LOOK_MORE,     /* ask for look_url now: the next page */
    LOOK_WAIT,     /* nothing yet: look again at look_at */
    LOOK_FOUND,    /* look_found says what */
    LOOK_NOT_DONE, /* looked often enough: it did not happen */
    LOOK_BROKEN,   /* the answer is no list, or the list does not end: this look does not count */
};

/* Whether what such an intent announces can be looked for. A value that is set (responsible) need not be:
 * who wants to set it reads what stands there. */
bool look_is_for(const struct fact *intent);
/* id: the job's; intent: what it wrote, look_is_for it, copied; written_at: unix ms, now: boot ms.
 * look_free. */
struct look *look_new(struct str id, const struct fact *intent, int64_t written_at, int64_t now);
void look_free(struct look *l); /* NULL is fine */
const char *look_id(const struct look *l);
const struct fact *look_intent(const struct look *l);
/* When the next look is due (boot ms). */
int64_t look_at(const struct look *l);
/* What the next request is, for metrics and outcomes; static texts. */
const char *look_operation(const struct look *l);
const char *look_path(const struct look *l);
/* Whether its path names one record, so that a 404 is about that. */
enum answer_about look_about(const struct look *l);
/* The next page's address; as query_url. */
char *look_url(const struct look *l, const struct settings *s) MUST_CHECK;
enum look_step look_take(struct look *l, const struct answer *a, const struct settings *s);
/* The answer was 404: this look found nothing. LOOK_WAIT or LOOK_NOT_DONE. */
enum look_step look_missing(struct look *l);
/* LOOK_FOUND: the id, and whether the request that is looked for made it (false: it only has the number). */
const char *look_found(const struct look *l, bool *made);
/* LOOK_FOUND: it is a task, and open. */
bool look_found_open(const struct look *l);

/* Only to count what carries marker or number: takes a page in; look_has_more says whether there is a next
 * one. False: no list, or one that does not end. */
bool look_count(struct look *l, const struct answer *a, const struct settings *s) MUST_CHECK;
bool look_has_more(const struct look *l);
size_t look_counted(const struct look *l);

#endif

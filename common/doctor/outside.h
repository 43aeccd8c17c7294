/*
 * What the settings page and doctor know of an account's Megaplan and MANGO: asked for when somebody wants to know, within
 * the share (common/share.h), one request at a time, kept for a minute. It only reads. On the loop's thread.
 *
 *   outside_read --> kept, not a minute old ------------------------------------------> done
 *                --> waits: the share, another request of the account --patience over--> done: SOON
 *                --> [login] --> request --> page ... -------------------------------> done
 *
 * An empty or halved list never replaces a good one (design.md section 5): the answer says `kept` then.
 */
#ifndef COMMON_DOCTOR_OUTSIDE_H
#define COMMON_DOCTOR_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/http.h"
#include "common/loop.h"
#include "common/mango/balance_query.h"
#include "common/mango/users_query.h"
#include "common/megaplan/callinfo_list.h"
#include "common/megaplan/employee.h"
#include "common/megaplan/field.h"
#include "common/settings.h"
#include "common/share.h"

#define OUTSIDE_KEPT_MS 60000
#define OUTSIDE_TEXT 320

enum outside_what {
    OUTSIDE_EMPLOYEES, /* Megaplan: all of them, page by page */
    OUTSIDE_CLIENTS,   /* Megaplan: whether contractors may be read */
    OUTSIDE_TELEPHONY, /* Megaplan: whether its telephony API answers: a call that cannot be there is looked for */
    OUTSIDE_FIELDS,   /* Megaplan: clients' extra fields */
    OUTSIDE_CALLS,    /* Megaplan: its newest calls */
    OUTSIDE_QUESTION, /* Megaplan: whatever outside_question's caller wants to know */
    OUTSIDE_USERS,    /* MANGO: its employees with their extensions */
    OUTSIDE_BALANCE,  /* MANGO */
    OUTSIDE_WHATS
};

enum outside_end {
    OUTSIDE_GOOD,
    OUTSIDE_SOON,        /* the share is used up, or they asked us to wait (429): wait_ms */
    OUTSIDE_CLOSED,      /* MANGO called a request invalid less than two minutes ago: wait_ms */
    OUTSIDE_AUTH,        /* credentials are refused */
    OUTSIDE_REFUSED,     /* address, rights, payment */
    OUTSIDE_UNREACHABLE, /* no answer */
    OUTSIDE_UNCLEAR,     /* none that can be understood, or 5xx */
};

struct outside_answer {
    enum outside_end end;
    int status;       /* MANGO's code, else HTTP's status; 0 = none */
    int64_t wait_ms;  /* SOON, CLOSED: until it makes sense to ask again */
    int64_t read_at;  /* unix ms; of what is known, 0 = nothing */
    bool kept;        /* GOOD, but the list came empty or halved: the one before stands */
    const char *text; /* not GOOD: why, for people; no secrets. Borrowed for the call */
};

typedef void outside_done(void *arg, const struct outside_answer *a);

struct outside;

struct outside_options {
    struct loop *loop;
    struct http *http;
    /* The account's settings or NULL, valid for the moment. */
    const struct settings *(*settings)(void *arg, const char *account);
    void *arg;
};

struct outside *outside_new(const struct outside_options *o) MUST_CHECK;
/* Nobody who waits is called any more. NULL is fine. */
void outside_free(struct outside *o);
/* Never calls back before it has returned; then once, unless outside_free comes first. patience_ms: how long it may wait
 * for the share; what is on its way is always waited for. */
void outside_read(struct outside *o, const char *account, enum outside_what what,
                  int64_t patience_ms, outside_done *done, void *arg);
/* A question of the caller's own, within the same share: what is answered is told, not kept. */
struct outside_question {
    /* The GET's address, as query_url, when it is sent; it may be built once more after a login. */
    char *(*url)(void *arg, const struct settings *s);
    enum answer_about about; /* of the request */
    /* said: of GOOD, an answer that is ANSWER_OK, or ANSWER_RECORD: a refusal of this request alone; else NULL.
     * Borrowed. It may put the next question. */
    void (*told)(void *arg, const struct outside_answer *a, const struct answer *said);
    void *arg;
};
/* As outside_read, one at a time for an account. */
void outside_question(struct outside *o, const char *account, const struct outside_question *q,
                      int64_t patience_ms);
/* The settings may be others: what was read with other credentials or from elsewhere is dropped. */
void outside_changed(struct outside *o, const char *account);

/* The latest good ones, or NULL; valid until the loop's next turn. */
const struct employee_list *outside_employees(const struct outside *o, const char *account);
const struct users_query_list *outside_users(const struct outside *o, const char *account);
const struct balance_query *outside_balance(const struct outside *o, const char *account);
const struct field_names *outside_fields(const struct outside *o, const char *account);
const struct callinfo_list *outside_calls(const struct outside *o, const char *account);
/* How far their clock is ahead of ours by the latest answer, ms, to about a second; false: not known. */
bool outside_skew(const struct outside *o, const char *account, enum share_api api, int64_t *ms);
enum share_api outside_api(enum outside_what what);
const char *outside_end_name(enum outside_end end); /* "good" "soon" "closed" "auth" ... */

#endif

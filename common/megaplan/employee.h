/*
 * The employees of a Megaplan, and who of them works. Pure.
 *
 * Source: megaplan-api.md 2.6, 1.7. Traps: the list's `filter` and `q` are accepted and ignored, `department` and `status`
 * are 422: all pages are read and told apart here; `status` is staff or freelancer, not fired; isWorking and canLogin are
 * absent unless asked for; within one answer a repeated employee is a bare link; ids are text; contactInfo mixes
 * addresses, phones and e-mails (2.1).
 */
#ifndef COMMON_MEGAPLAN_EMPLOYEE_H
#define COMMON_MEGAPLAN_EMPLOYEE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"
#include "common/megaplan/page.h"
#include "common/str.h"

#define EMPLOYEE_NAME 128
#define EMPLOYEE_EMAIL 128
#define EMPLOYEE_POSITION 128

struct employee {
    char id[LOOKUP_ID];
    char name[EMPLOYEE_NAME];   /* UTF-8, cut at a character; "" unknown */
    bool working;               /* not fired, not being fired, not blocked */
    bool dismissed;             /* isWorking says no */
    char email[EMPLOYEE_EMAIL]; /* the main one, else the first; "" unknown, or not asked for */
    char position[EMPLOYEE_POSITION]; /* the same; cut at a character */
};

struct employee_list {    /* the caller's; zeroed before the first page */
    struct employee *all; /* sorted by id, each once */
    size_t count, room;
    struct page_place place; /* more: the list is not whole yet */
};

/* GET employee {"limit","fields"}, the page behind the employee `after` ("" = the first). As query_url. */
char *employee_list_url(struct str base_url, struct str after) MUST_CHECK;
/* The same with position and e-mail. */
char *employee_cards_url(struct str base_url, struct str after) MUST_CHECK;
/* Takes a page in. False: the answer is no list, or no memory, or over LIMIT_EMPLOYEES; the list stays as it was
 * before the page, or is not whole. */
bool employee_read_page(const struct answer *a, struct employee_list *list) MUST_CHECK;
/* NULL: not in the list. */
const struct employee *employee_find(const struct employee_list *list, struct str id);
/* In the list, and working. */
bool employee_works(const struct employee_list *list, struct str id);
void employee_list_done(struct employee_list *list); /* zeroed again */

/* Whether an Employee's row, perhaps a nested one, tells that he works (*working) or does not: a "no" of isWorking,
 * canLogin or fireInProgress is enough, for a "yes" the first two are needed. False: it tells neither. */
bool employee_says(const struct jval *row, bool *working);

#endif

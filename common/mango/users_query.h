/*
 * config/users/request: the PBX's employees, their extensions and numbers. Pure.
 *
 * Source: mango-api.md section 5 (method, shape), section 9 trap 1 (an extension is a number or a text). Traps: who has no
 * extension is listed, too; numbers are the employee's devices: phones and `sip:` addresses; anything may be null; a list
 * without anybody may be an empty object, as PHP writes it; an answer without `users` is none.
 */
#ifndef COMMON_MANGO_USERS_QUERY_H
#define COMMON_MANGO_USERS_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/jval.h"
#include "common/str.h"

#define USERS_QUERY_METHOD "config/users/request"
#define USERS_QUERY_JSON "{}" /* all of them */
#define USERS_QUERY_NAME 128
#define USERS_QUERY_EMAIL 128
#define USERS_QUERY_EXTENSION 32
#define USERS_QUERY_NUMBER 64
#define USERS_QUERY_NUMBERS 8 /* of one user; what comes behind is left out */

struct users_query_user { /* all terminated UTF-8, "" unknown; names are cut at a character */
    char extension[USERS_QUERY_EXTENSION];
    char name[USERS_QUERY_NAME];
    char email[USERS_QUERY_EMAIL];
    char numbers[USERS_QUERY_NUMBERS][USERS_QUERY_NUMBER]; /* as they came; none that is too long */
    size_t nnumbers;
};

struct users_query_list {         /* users_query_done afterwards */
    struct users_query_user *all; /* who has an extension, in its order (users_query_compare) */
    size_t count;
    size_t without; /* who has none */
};

/* False: the answer is of another shape, over LIMIT_EMPLOYEES, or no memory; *out is empty then. An extension that is
 * listed twice stands there twice. answer may be NULL. */
bool users_query_read(const struct jval *answer, struct users_query_list *out) MUST_CHECK;
void users_query_done(struct users_query_list *list); /* zeroed again */
/* The first of that extension; NULL: there is none. */
const struct users_query_user *users_query_find(const struct users_query_list *list,
                                                struct str extension);
/* Orders extensions: shorter ones first, then by bytes: 99 before 100. <0, 0, >0. */
int users_query_compare(struct str a, struct str b);

#endif

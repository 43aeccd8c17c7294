/*
 * A new client, and looking for one that may have been made. Pure.
 *
 * Source: megaplan-api.md 3.2 and 2.2 (create), 1.7 (lists), 1.8 (values); design.md section 3
 * "Looking", behaviour.md G3-G6. Traps: whether userCreated may be set is not documented, an account
 * may answer 422 naming it; `name` is null in the answer right after creation; `description` and
 * `timeCreated` are absent from list rows unless asked for; a page begins behind a link with the exact
 * content type, so only /contractorHuman can be paged, and may begin with that link's row once more
 * ("starting from / after"), which must not count twice; sortBy's key is fieldName; at most 100 rows come.
 */
#ifndef COMMON_MEGAPLAN_CONTRACTOR_H
#define COMMON_MEGAPLAN_CONTRACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"
#include "common/phone.h"
#include "common/str.h"

struct contractor_new { /* what is known of a client to be; borrowed */
    struct str name; /* goes into firstName: "Новый (16:30 05.03.2018, входящий вызов)" */
    struct str phone;       /* as the card gets it (G6) */
    struct str responsible; /* Megaplan employee id */
    struct str employee;    /* that employee's name, "" if unknown */
    struct str entry_id;    /* for the marker */
    bool no_creator; /* the account refuses userCreated: the description names the employee */
};

/* POST contractorHuman: the address, and the body. Terminated, the caller's (free()). NULL as in
 * query_url; the body also for text that is not UTF-8. */
char *contractor_create_url(struct str base_url) MUST_CHECK;
char *contractor_create_body(const struct contractor_new *c) MUST_CHECK;
/* The id of what was created. False: the answer does not say it (it was done all the same). */
bool contractor_read_created(const struct answer *a, char out[LOOKUP_ID]) MUST_CHECK;
/* True if the answer refuses userCreated, and nothing else is known to be wrong. */
bool contractor_refuses_creator(const struct answer *a);

/* "MANGO <entry_id>", the marker that every created client carries. The caller's (free()). NULL
 * without memory. */
char *contractor_marker(struct str entry_id) MUST_CHECK;

/* GET contractorHuman, the newest first, the page behind the client `after` ("" = the first). */
char *contractor_list_url(struct str base_url, struct str after) MUST_CHECK;

struct contractor_search { /* what is looked for */
    struct str marker;
    struct phone number;
    struct str country_code;
    int64_t since; /* unix ms: rows created before are not looked at, and end the looking */
};

struct contractor_page {    /* what a page showed; zeroed before the first page, kept over pages */
    char marked[LOOKUP_ID]; /* smallest id that carries the marker, deleted or not, "" none */
    char numbered[LOOKUP_ID];  /* smallest id of the not deleted with the number, "" none */
    size_t nmarked, nnumbered; /* how many not deleted ones do */
    char last[LOOKUP_ID];      /* the page's last row: the next page begins behind it */
    bool more;                 /* there is a next page, and this one ended not before `since` */
};

/* Takes a page in. False: the answer is no list. */
bool contractor_read_page(const struct answer *a, const struct contractor_search *s,
                          struct contractor_page *out) MUST_CHECK;

#endif

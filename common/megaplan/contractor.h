/*
 * A new client, looking for one that may have been made, what stands on a card, and changing it. Pure.
 *
 * Source: megaplan-api.md 3.2 and 2.2 (create), 3.3 and 1.9 (update), 2.5 (responsibles), 2.8 (extra fields), 1.7
 * (lists), 1.8 (values); design.md section 3 "Looking", behaviour.md G3-G9, G12. Traps: whether userCreated may be set is not documented, an account
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
#include "common/megaplan/page.h"
#include "common/phone.h"
#include "common/str.h"

struct contractor_field { /* an extra field; borrowed */
    struct str name;      /* the system's, field.h */
    struct str value;     /* bytes that are no UTF-8 become U+FFFD */
};

struct contractor_new { /* what is known of a client to be; borrowed */
    struct str name; /* goes into firstName: "Новый (16:30 05.03.2018, входящий вызов)" */
    struct str phone;       /* as the card gets it (G6) */
    struct str responsible; /* Megaplan employee id */
    struct str employee;    /* that employee's name, "" if unknown */
    struct str entry_id;    /* for the marker */
    bool no_creator; /* the account refuses userCreated: the description names the employee */
    const struct contractor_field *fields;
    size_t nfields;
};

/* POST contractorHuman: the address, and the body. Terminated, the caller's (free()). NULL as in
 * query_url; the body also for text that is not UTF-8. */
char *contractor_create_url(struct str base_url) MUST_CHECK;
char *contractor_create_body(const struct contractor_new *c) MUST_CHECK;
/* The id of what was created. False: the answer does not say it (it was done all the same). */
bool contractor_read_created(const struct answer *a, char out[LOOKUP_ID]) MUST_CHECK;
/* True if the answer refuses userCreated, and nothing else is known to be wrong. */
bool contractor_refuses_creator(const struct answer *a);

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
    struct page_place place;
};

/* Takes a page in. False: the answer is no list. */
bool contractor_read_page(const struct answer *a, const struct contractor_search *s,
                          struct contractor_page *out) MUST_CHECK;

/* GET contractorHuman|Company/{id} {"fields":[responsibles, contactInfo, isDropped and the n names]}: about a record. */
char *contractor_read_url(struct str base_url, struct str id, bool company,
                          const char *const *names, size_t n) MUST_CHECK;
/* The Employee members of a row's `responsibles`, in order, at most max of them: clients and groups are passed over.
 * False, and *n 0: the row does not tell its responsibles. */
bool contractor_read_responsibles(const struct jval *row, struct contractor_responsible *out,
                                  size_t max, size_t *n) MUST_CHECK;
/* Nothing stands in the field: absent, null, an empty list, a text of spaces or none. */
bool contractor_field_empty(const struct jval *row, const char *name);
/* The row says that the client was deleted. */
bool contractor_is_dropped(const struct jval *row);

/* POST contractorHuman|Company/{id}: about a record. The bodies have contentType and id. */
char *contractor_update_url(struct str base_url, struct str id, bool company) MUST_CHECK;
char *contractor_responsible_body(struct str id, bool company, struct str responsible) MUST_CHECK;
/* NULL also for no fields at all. */
char *contractor_fields_body(struct str id, bool company, const struct contractor_field *fields,
                             size_t n) MUST_CHECK;
/* DELETE contractorHuman|Company/{id}/responsibles/Employee/{responsible}: where an update added the new one. */
char *contractor_drop_responsible_url(struct str base_url, struct str id, bool company,
                                      struct str responsible) MUST_CHECK;

#endif

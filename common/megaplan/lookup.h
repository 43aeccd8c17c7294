/*
 * Who carries a phone number: the searches and the reading of their rows. Pure.
 *
 * Source: megaplan-api.md 3.1 A and C, 4.5, 2.1; design.md 6.5; behaviour.md "Words" (the client of a
 * number: the smallest id of the not-deleted contractors that carry it). Traps: the server matches
 * loosely, so every row is measured by the digits of its phones; callRoute gives employees too, and
 * mostly bare links; a repeated entity is a bare link; isDropped is absent unless asked for; ids are
 * text, and 999 comes before 1000; the full-text index of a fresh account is empty; callRoute takes
 * no `fields`, an unknown key is 422; the generic list /contractor cannot be paged (1.7), so a search of more rows
 * than a page is made anew over /contractorHuman and /contractorCompany, which can.
 */
#ifndef COMMON_MEGAPLAN_LOOKUP_H
#define COMMON_MEGAPLAN_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/megaplan/answer.h"
#include "common/phone.h"
#include "common/str.h"

#define LOOKUP_ID 24
#define LOOKUP_MAX 100 /* candidates of one number; of more the smallest ids are kept */
#define LOOKUP_RESPONSIBLES 8
#define LOOKUP_NAME 129
#define LOOKUP_PAGES 100 /* of one search; a longer one never becomes complete */

enum lookup_fit {
    LOOKUP_UNKNOWN, /* a bare link, or a row that does not say enough: to be fetched */
    LOOKUP_CLIENT,  /* not deleted, carries the number */
    LOOKUP_NO,      /* deleted, gone, or another number */
};

struct contractor_responsible { /* read by contractor_read_responsibles */
    char id[LOOKUP_ID];         /* of an Employee */
    bool says_working;          /* the answer tells whether he works and may log in */
    bool working;               /* valid if it does */
};

struct lookup_candidate {
    char id[LOOKUP_ID];
    enum lookup_fit fit;
    bool company;           /* a ContractorCompany, else a ContractorHuman */
    char name[LOOKUP_NAME]; /* UTF-8, cut at a character; "" unknown */
    bool says_responsibles; /* a row told them; else the two below are empty */
    size_t nresponsibles;
    struct contractor_responsible
        responsibles[LOOKUP_RESPONSIBLES]; /* the first employees, in order */
};

enum lookup_list { /* what the next search asks */
    LOOKUP_LIST_ALL,
    LOOKUP_LIST_HUMANS,
    LOOKUP_LIST_COMPANIES,
    LOOKUP_LIST_ENDED,
    LOOKUP_LIST_STUCK, /* there are more, and no way to ask for them */
};

struct lookup { /* zeroed but for number and country_code; lookup_done afterwards */
    struct phone number;
    struct str country_code;             /* of the account; borrowed */
    struct lookup_candidate *candidates; /* owned; at most LOOKUP_MAX */
    size_t count, room;
    size_t overflow; /* candidates beyond LOOKUP_MAX that may fit */
    enum lookup_list list;
    size_t pages;         /* of searches that were read */
    char last[LOOKUP_ID]; /* the row behind which the next page begins */
};

/* Frees the candidates and zeroes it all. Without memory for one more the process ends. */
void lookup_done(struct lookup *l);

/* GET callRoute {"phone"}; the number as digits. As query_url. */
char *lookup_route_url(struct str base_url, const struct phone *number) MUST_CHECK;
/* The next search: GET contractor {"q","limit","fields"}; while lookup_incomplete says so the next page of
 * contractorHuman and then contractorCompany. NULL also if the list is stuck. */
char *lookup_search_url(struct str base_url, const struct lookup *l) MUST_CHECK;
/* GET contractor/{id} {"fields"}: one candidate. */
char *lookup_fetch_url(struct str base_url, struct str id) MUST_CHECK;

/* Take the rows of an ANSWER_OK into the candidates. False: the answer is none of that request (no
 * `users`, no array): it says nothing, so the lookup has failed. */
bool lookup_read_route(struct lookup *l, const struct answer *a) MUST_CHECK;
bool lookup_read_search(struct lookup *l, const struct answer *a) MUST_CHECK;
/* True if a search began and did not come to its end: neither "nobody" nor "the smallest id" can be said yet. The
 * next search follows; if it has no address (lookup_search_url), the lookup has failed. */
bool lookup_incomplete(const struct lookup *l);
/* The fetched candidate. False: not an entity. */
bool lookup_read_fetch(struct lookup *l, struct str id, const struct answer *a) MUST_CHECK;
/* The candidate does not exist any more (404). */
void lookup_gone(struct lookup *l, struct str id);

/* A candidate that has to be fetched, or NULL. */
const struct lookup_candidate *lookup_unknown(const struct lookup *l);
/* The client of the number: the smallest id, or NULL if no candidate fits. */
const struct lookup_candidate *lookup_client(const struct lookup *l);
/* Clients of the number but that one. */
size_t lookup_others(const struct lookup *l);

/* For whoever reads rows of contractors: true if a phone of its contactInfo is the number. */
bool lookup_carries(const struct jval *row, const struct phone *number, struct str country_code);
/* Orders ids: by number, other texts behind them by bytes. <0, 0, >0. */
int lookup_compare_ids(struct str a, struct str b);
/* The id of a row or link: text or number. False if there is none or it is too long. */
bool lookup_read_id(const struct jval *row, char out[LOOKUP_ID]);

#endif

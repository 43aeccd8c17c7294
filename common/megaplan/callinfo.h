/*
 * A call in Megaplan: one CallInfo from the first ring to the saved call. Pure.
 *
 * Source: megaplan-api.md 4.2 and 4.3, design.md 6.5. Traps: no property is required and nothing is unique, so
 * POST /callInfo makes a second one for the same providerId; /callInfo/history takes and gives an array; whether it
 * upserts is not said, while /callInfo/provider changes the latest and never makes one (404); recordLinks replaces, so
 * every change sends all links or none; the format of numbers is not said, the official example has digits with the
 * country code; no property for a duration: it is timeTo - timeFrom; whether Megaplan finds the client itself is not
 * known, so both sides are sent; GET /callInfo/provider takes providerId and nothing else.
 */
#ifndef COMMON_MEGAPLAN_CALLINFO_H
#define COMMON_MEGAPLAN_CALLINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"
#include "common/str.h"

struct callinfo {                    /* borrowed; what is empty or 0 is left out of the body */
    struct str provider_id;          /* entry_id */
    struct str type;                 /* in, out, miss, fail */
    struct str state;                /* calling, talking, hold, finished */
    struct str from_phone, to_phone; /* digits */
    int64_t time_from, time_to;      /* unix seconds */
    int offset_s;                    /* the account's, for both times */
    struct str employee;             /* Megaplan ids */
    struct str client;
    bool company; /* the client is a ContractorCompany */
    bool
        incoming; /* the client in fromUser and the employee in toUser; outgoing the other way round */
    const char *const *links; /* all recordings known */
    size_t nlinks;
};

/* Addresses and bodies: terminated, the caller's (free()). NULL as in query_url; a body also for text
 * that is not UTF-8. */

/* POST /callInfo/provider: changes the latest call of this providerId; 404 if there is none. */
char *callinfo_provider_url(struct str base_url) MUST_CHECK;
/* POST /callInfo: creates, and shows it to its employee (the pop-up). */
char *callinfo_create_url(struct str base_url) MUST_CHECK;
/* The body of both: one CallInfo. */
char *callinfo_body(const struct callinfo *c) MUST_CHECK;
/* POST /callInfo/history: creates a finished call (or updates it, where the account upserts), shows nothing. */
char *callinfo_history_url(struct str base_url) MUST_CHECK;
/* An array of this one. */
char *callinfo_history_body(const struct callinfo *c) MUST_CHECK;
/* GET /callInfo/provider {"providerId"}: about a record, 404 if there is none. */
char *callinfo_find_url(struct str base_url, struct str provider_id) MUST_CHECK;
/* For POST /callInfo/provider: nothing but the recordings changes. */
char *callinfo_links_body(struct str provider_id, const char *const *links, size_t n) MUST_CHECK;
/* POST /callInfo/{id}/setContractor: gives a saved call its client. The body is the client's link. */
char *callinfo_contractor_url(struct str base_url, struct str id) MUST_CHECK;
char *callinfo_contractor_body(struct str client, bool company) MUST_CHECK;

/* The id of the call an answer is about: an object, or of the array that /history answers its one row; of several
 * the one with this providerId, of several such the latest. False: the answer does not say it (it may have been
 * done all the same), or it is another call's. */
bool callinfo_read_id(const struct answer *a, struct str provider_id,
                      char out[LOOKUP_ID]) MUST_CHECK;

struct callinfo_row { /* what stands in Megaplan; borrowed from the answer */
    struct str type, state;
    bool has_client; /* a contractor is on one of its sides */
    const struct jval *links;
};

/* The same call. False: as callinfo_read_id. */
bool callinfo_read_row(const struct answer *a, struct str provider_id,
                       struct callinfo_row *out) MUST_CHECK;
/* A link of it begins so. */
bool callinfo_row_links(const struct callinfo_row *row, struct str beginning);

#endif

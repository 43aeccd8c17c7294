/*
 * What this process knows of an account besides its facts: the service it is a customer of, and what it has
 * learnt of its Megaplan and may ask again at any time. Made when the first job of it comes.
 */
#ifndef WORKER_CRM_ACCOUNT_H
#define WORKER_CRM_ACCOUNT_H

#include <uthash.h>

#include "worker/crm/service.h"
#include "worker/crm/tally.h"

struct fields;

struct account {
    struct service service; /* first, so that a service's address is its account's */
    struct tally_gauges gauges;
    struct fields *fields; /* names of extra fields (fields.h); NULL: not asked yet */
    UT_hash_handle hh;
};

#endif

/*
 * The login of an account: its request, and what the answer means (signin.h has the states). It takes a
 * token of the budget and no place of CRM_CONCURRENCY; there is never more than one. Loop's thread only.
 */
#ifndef WORKER_CRM_ACCOUNT_SIGNIN_H
#define WORKER_CRM_ACCOUNT_SIGNIN_H

#include "worker/crm/account.h"

/* Begins one if somebody was held up for want of a token, none runs, and it may. */
void account_signin(struct executor *x, struct account *a);
/* Takes back the one that runs. */
void account_signin_stop(struct executor *x, struct account *a);
/* A request was answered 401: the token it went with is over, or the credentials are rejected. */
void account_signin_expired(struct executor *x, struct account *a, struct work *w, const char *why);

#endif

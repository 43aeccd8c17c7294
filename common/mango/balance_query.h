/*
 * account/balance: what is left on the PBX's account. Pure.
 *
 * Source: mango-api.md section 5. Traps: the balance may be a number or a text (section 9, trap 1), and may be negative;
 * it is passed on as it is told, never through a calculation.
 */
#ifndef COMMON_MANGO_BALANCE_QUERY_H
#define COMMON_MANGO_BALANCE_QUERY_H

#include <stdbool.h>

#include "common/jval.h"

#define BALANCE_QUERY_METHOD "account/balance"
#define BALANCE_QUERY_JSON "{}"
#define BALANCE_QUERY_CURRENCY 8
/* MANGO OFFICE's personal account, where a PBX's account is topped up: its public address of login; a deep link is not
 * documented. */
#define BALANCE_QUERY_TOP_UP "https://lk.mango-office.ru/"

struct balance_query {
    double balance;                        /* in currency */
    char currency[BALANCE_QUERY_CURRENCY]; /* "RUB"; "" not told */
};

/* False: the answer is of another shape, or the balance is no number. answer may be NULL. */
bool balance_query_read(const struct jval *answer, struct balance_query *out) MUST_CHECK;

#endif

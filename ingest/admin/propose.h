/*
 * Which extension of the PBX may be whose: by e-mail, then by name, and only where nobody else can be meant. Pure.
 *
 * Names are compared as sets of words: case, the order of words, ё and е, hyphens and dots do not count; of two words
 * or more all of the shorter one's must stand in the longer one's, since one side often has the patronymic. E-mails are
 * compared without case. Whoever fits several, or is fitted by several, is proposed to nobody.
 */
#ifndef INGEST_ADMIN_PROPOSE_H
#define INGEST_ADMIN_PROPOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/str.h"

struct propose_party { /* an employee of Megaplan, or an extension */
    struct str name, email;
    bool mapped; /* has somebody already: counts for what is unambiguous, is not proposed */
};

struct propose_pair {
    size_t employee, extension; /* indices */
    bool by_email;              /* else by name */
};

/* The pairs by employee, each employee and extension once; *n of them. The caller's (free()); never NULL. */
struct propose_pair *propose_pairs(const struct propose_party *employees, size_t nemployees,
                                   const struct propose_party *extensions, size_t nextensions,
                                   size_t *n) MUST_CHECK;

#endif

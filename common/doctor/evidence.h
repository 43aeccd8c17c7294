/*
 * What the workers met in the last 24 hours, account by account, by the outcomes and dead letters they wrote: what
 * cannot be found out by reading alone (may calls be saved? do routes come in time?) has been tried there. Counted by
 * the hour; a process that follows the topics keeps it for as long as it likes. Pure.
 */
#ifndef COMMON_DOCTOR_EVIDENCE_H
#define COMMON_DOCTOR_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/kafka/client.h"

#define EVIDENCE_HOURS 24
#define EVIDENCE_TEXT 160

enum evidence_sign {
    EVIDENCE_ROUTED,       /* a call in the menu went to its client's responsible */
    EVIDENCE_ROUTE_LATE,   /* ... had left the menu, or Megaplan answered too late */
    EVIDENCE_ROUTE_LIMIT,  /* ... MANGO's one route in two seconds was used up */
    EVIDENCE_ROUTE_FAILED, /* ... MANGO refused */
    EVIDENCE_SAVED,        /* a call is in Megaplan */
    EVIDENCE_NO_RECORD,    /* Megaplan refused the link to a recording */
    EVIDENCE_DEAD,         /* a job or an event became a dead letter */
    EVIDENCE_SIGNS
};

struct evidence;

struct evidence *evidence_new(void) MUST_CHECK;
void evidence_free(struct evidence *e); /* NULL is fine */
/* A message of `outcomes` or `dead`; others, those of no use here and those over a day old are passed over. now: unix ms. */
void evidence_take(struct evidence *e, const struct kafka_message *m, int64_t now);
/* Of the last 24 hours, to an hour. */
int64_t evidence_count(const struct evidence *e, const char *account, enum evidence_sign s,
                       int64_t now);
/* The most in one of those hours. */
int64_t evidence_busiest(const struct evidence *e, const char *account, enum evidence_sign s,
                         int64_t now);
/* The reason of the latest one, numbers masked, cut where a character ends; "" if there is none. Valid until the next
 * message. */
const char *evidence_reason(const struct evidence *e, const char *account, enum evidence_sign s);

#endif

/*
 * What was known of a call after each of its events: the events folded in the order they lie in Kafka, as worker calls folds
 * them, under the account's settings of today. Pure.
 */
#ifndef WORKER_TOOLS_EXPLAIN_STATE_H
#define WORKER_TOOLS_EXPLAIN_STATE_H

#include "common/jval.h"
#include "common/kafka/client.h"
#include "common/settings.h"

struct explain_state;

struct explain_state *explain_state_new(void) MUST_CHECK;
void explain_state_free(struct explain_state *x); /* NULL is fine */
/* One message of `events` of the call. The state behind it, the caller's; NULL: it is none of its legs or its summary. s: NULL
 * if nobody knows the account any more: then direction, kind and connected are left out.
 *
 * {"counted":"new|repeat|full","direction","kind" (null until it shows),"connected","summary","legs",
 *  "menu","queue" (false or true), "ringing":[extension],"talking":[...],"held":[...],"over"} */
struct jval *explain_state_take(struct explain_state *x, const struct settings *s,
                                const struct kafka_message *m) MUST_CHECK;
#endif

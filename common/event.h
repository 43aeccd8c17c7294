/*
 * What stands in the headers of a message of the topic `events`, and its key. Pure.
 */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

/* Header names (values are text) */
#define EVENT_KIND "kind"     /* call, summary, recording, record/added, result/route ... */
#define EVENT_ORIGIN "origin" /* live, replay, reconcile, test */
#define EVENT_ACCOUNT "account"
#define EVENT_RECEIVED_AT "received-at" /* RFC 3339 UTC with ms */

#define EVENT_LIVE "live"
/* A call that is only tried: decided as a live one, and nothing of it is done. Its entry_id begins as no call's of MANGO
 * does, so that it can never be taken for one. */
#define EVENT_TEST "test"
#define EVENT_TEST_ENTRY "test~"

struct event_key {
    struct str account;
    struct str rest; /* entry_id, number, job id ...: everything behind the first '/' */
};

/* Splits a key at its first '/'. ERR_INPUT without one or with an empty account. Borrows. */
enum err event_key_split(struct str key, struct event_key *out, struct error *e) MUST_CHECK;

#endif

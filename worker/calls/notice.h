/*
 * What a message of `events` says: when it came, where from, which notification of which call it is. Knows
 * nothing of calls as a whole.
 */
#ifndef WORKER_CALLS_NOTICE_H
#define WORKER_CALLS_NOTICE_H

#include <stdint.h>

#include "common/attr.h"
#include "common/event.h"
#include "common/kafka/client.h"
#include "common/mango/call_event.h"

/* What the message is about (ev: call_event_done), or ERR_INPUT with why nobody can tell; ERR_INTERNAL
 * without memory. received: unix ms, of notice_received. */
enum err notice_read(const struct kafka_message *m, int64_t received, struct event_key *key,
                     struct call_event *ev, struct error *e) MUST_CHECK;
/* EVENT_LIVE, "replay" or "reconcile"; static. */
const char *notice_origin(const struct kafka_message *m);
/* Unix ms; of a message without it, or from far ahead, now (unix ms). */
int64_t notice_received(const struct kafka_message *m, int64_t now);

#endif

/*
 * Posts webhooks to ingest as MANGO does: in parallel, over connections that stay, as many as it takes. The loop's
 * thread.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_SENDER_H
#define TESTS_BENCH_RINGING_LOAD_SENDER_H

#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"

struct sender;

/* address: HOST:PORT, the host an IPv4 address. */
enum err sender_new(struct loop *l, struct str address, struct sender **out,
                    struct error *e) MUST_CHECK;
/* Opens connections ahead, as a PBX in use has them. */
void sender_open(struct sender *s, int connections);
/* json: signed here. *sent: when it was written, *acked: when its 200 was read, us of CLOCK_MONOTONIC; each may be NULL,
 * else it outlives the sender. */
void sender_post(struct sender *s, const char *path, struct str key, struct str salt,
                 struct str json, int64_t *sent, int64_t *acked);
/* Webhooks that were not answered 200, or not sent. */
int64_t sender_wrong(const struct sender *s);

#endif

/*
 * Bounded reading of named partitions, from an offset or a time up to the end as it was when the scan began: one
 * call's story, one dead letter. A scanner is one client; its scans run one after the other, on the loop's
 * thread only.
 *
 *   scan_begin --later--> message* --> done          scan_cancel: neither comes any more
 */
#ifndef COMMON_KAFKA_SCAN_H
#define COMMON_KAFKA_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/loop.h"

struct scanner;
struct scan;

#define SCAN_BEGINNING (-2)
#define SCAN_END (-1)

struct scan_place {
    enum kafka_topic topic;
    int32_t partition;
    int64_t from;  /* offset, or SCAN_BEGINNING */
    int64_t until; /* one past the last; SCAN_END: the end as it is when the scan begins */
};

struct scan_result {
    bool cut;        /* a ceiling was reached: there is more */
    const char *why; /* it failed, what was read is not all; NULL: it did not. Borrowed */
    int64_t messages, bytes;
};

struct scan_options {
    const struct scan_place *places; /* copied; no partition twice */
    size_t n;
    int64_t
        from_ms; /* unix ms by the messages' own timestamps, in place of every `from`; 0: none. Where
                        Kafka cannot find a time (the devbroker) older messages come, too */
    int64_t each; /* at most so many of each place, and no `cut` for it; 0: no such ceiling */
    int64_t max_messages, max_bytes; /* of the whole; 0: LIMIT_SCAN_MESSAGES, LIMIT_SCAN_BYTES */
    void (*message)(void *arg, const struct kafka_message *m); /* may cancel the scan */
    void (*done)(void *arg,
                 const struct scan_result *r); /* once; the scan is gone, another may begin */
    void *arg;
};

/* far: fetches 64 MiB ahead instead of 8, for tools that read a lot. Blocks 0.9 s at most. c must outlive it. */
enum err scan_open(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                   bool far, struct scanner **out, struct error *e) MUST_CHECK;
/* Its scans are cancelled. Not from a callback. NULL is fine. */
void scan_close(struct scanner *s);
/* Calls back later, never before it has returned. Finding out where the places end blocks up to 2 s, in a turn of its own.
 * NULL: LIMIT_SCANS wait already. */
struct scan *scan_begin(struct scanner *r, const struct scan_options *o) MUST_CHECK;
/* Scans that run or wait. */
size_t scan_waiting(const struct scanner *r);
/* Fine inside its own `message`, not after its `done`. NULL is fine. */
void scan_cancel(struct scan *s);

#endif

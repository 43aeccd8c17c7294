/*
 * What the tests of worker/calls/guard share: a guard in the world of stream_kit.h, and the broker's answers
 * to the commits it asks for. One thread.
 */
#ifndef TESTS_UNIT_GUARD_KIT_H
#define TESTS_UNIT_GUARD_KIT_H

#include "tests/unit/stream_kit.h"
#include "worker/calls/guard.h"

/* Zeroed, but for who. */
struct guard_kit {
    uint32_t who; /* the process: 7 */
    int64_t high; /* one past the newest message, of every partition */
    struct guard_turn turn;
    struct {
        bool asked; /* for a commit that is to be sent at once */
        /* The commit that stands at the broker. */
        int64_t committed;
        char stands[LIMIT_COMMIT_METADATA];
    } parts[STREAM_KIT_PARTITIONS];
};
extern struct guard_kit guard_kit;

/* guard_free. */
struct guard *guard_kit_begin(int32_t partition, int64_t committed, const char *metadata);
/* The broker answers what it was asked for, else the test fails; and the loop turns. */
void guard_kit_answer(struct guard *g, int32_t partition, bool ok);
/* Fails unless the newest commit's metadata is this; whether it has this in it. */
void guard_kit_check(int32_t partition, const char *metadata);
bool guard_kit_notes(int32_t partition, const char *text);
/* Received `second` seconds after KIT_T0, no origin. */
void guard_kit_feed(struct guard *g, int32_t partition, int64_t offset, const char *kind,
                    const char *key, const char *json, int64_t second);
/* One that is said about at once, and nothing else: an outcome. */
void guard_kit_plain(struct guard *g, int32_t partition, int64_t offset);

/* The summary of a call that nobody answered. */
#define MISSED(entry)                                                                       \
    "{\"entry_id\":\"" entry "\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"" \
    "},\"to\":{\"extension\":\"101\"},\"create_time\":1399906976,\"end_time\":1399907036}"

#endif

/*
 * A guard in the world of stream_kit.h.
 */
#include "tests/unit/guard_kit.h"

#include <string.h>

#include "tests/unit/unit.h"

struct guard_kit guard_kit = {.who = 7};

static void commit_now(void *arg, int32_t partition)
{
    struct guard_kit *k = arg;
    k->parts[partition].asked = true;
}

static int64_t high(void *arg, int32_t partition)
{
    (void)partition;
    return ((struct guard_kit *)arg)->high;
}

struct guard *guard_kit_begin(int32_t partition, int64_t committed, const char *metadata)
{
    const struct guard_port port = {
        .stream = stream_kit_port(partition),
        .commit_now = commit_now,
        .high = high,
        .turn = &guard_kit.turn,
        .who = guard_kit.who,
        .arg = &guard_kit,
    };
    const struct consumer_partition p = {KAFKA_EVENTS, partition, committed,
                                         metadata,     0,         guard_kit.high};
    return guard_new(&port, &p);
}

void guard_kit_answer(struct guard *g, int32_t partition, bool ok)
{
    const struct stream_kit_part *p = &stream_kit.parts[partition];
    ck_assert(guard_kit.parts[partition].asked);
    guard_kit.parts[partition].asked = false;
    if (ok) {
        guard_kit.parts[partition].committed = p->offset;
        memcpy(guard_kit.parts[partition].stands, p->text, sizeof p->text);
    }
    guard_committed(g, ok);
    guard_turn(g, false);
}

void guard_kit_check(int32_t partition, const char *metadata)
{
    ck_assert_str_eq(stream_kit.parts[partition].text, metadata);
}

bool guard_kit_notes(int32_t partition, const char *text)
{
    return strstr(stream_kit.parts[partition].text, text) != NULL;
}

void guard_kit_feed(struct guard *g, int32_t partition, int64_t offset, const char *kind,
                    const char *key, const char *json, int64_t second)
{
    struct stream_kit_event e = {.partition = partition,
                                 .offset = offset,
                                 .kind = kind,
                                 .key = key,
                                 .json = json,
                                 .received_at = KIT_MS(second)};
    const struct kafka_message m = stream_kit_message(&e);
    guard_message(g, &m);
}

void guard_kit_plain(struct guard *g, int32_t partition, int64_t offset)
{
    guard_kit_feed(g, partition, offset, "sms", "acme/-", "{}", 5);
}

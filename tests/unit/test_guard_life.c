/*
 * What is named, and what becomes of it: the closings of calls under their own names, the condemned message
 * and its letter, in the end whole lives with a message that kills.
 */
#include "worker/calls/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/guard_kit.h"
#include "tests/unit/unit.h"

/* Where messages stand alone, the closing that a message brings about is named by its call. */
START_TEST(a_closing_has_its_own_name)
{
    guard_kit.high = 12;
    struct guard *g = guard_kit_begin(0, 10, "run:2:1399907000000:8 hunt:11:12:1");
    guard_kit_feed(g, 0, 10, "summary", "acme/e1", MISSED("e1"), 10);
    guard_kit_feed(g, 0, 11, "sms", "acme/-", "{}", 40);
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:10:0 run:3:1399907000000:7 try:10:1 hunt:11:12:1");
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:10:0 run:3:1399907000000:7 close:10 hunt:11:12:1");
    size_t said = stream_kit.n;
    guard_kit_answer(g, 0, true);
    ck_assert_uint_gt(stream_kit.n, said);
    guard_kit_check(0, "sent:11:1399906986000 run:0:0:7 try:11 hunt:11:12:1");
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:11:1399906986000 run:0:0:7");
    guard_free(g);
}
END_TEST

/* Careful, and two calls are read that nobody answered: the run note, the names and their end stand. */
static struct guard *begin_with_two(const char *notes)
{
    struct guard *g = guard_kit_begin(0, 10, notes);
    guard_kit_feed(g, 0, 10, "summary", "acme/e1", MISSED("e1"), 10);
    guard_kit_feed(g, 0, 11, "summary", "acme/e2", MISSED("e2"), 10);
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true);
    return g;
}

START_TEST(closings_at_the_end_are_named)
{
    guard_kit.high = 12;
    struct guard *g = begin_with_two("run:1:1399907000000:8");
    size_t said = stream_kit.n;
    guard_at_end(g, KIT_MS(40));
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7 try:12:0 hunt:10:13:2");
    guard_kit_answer(g, 0, true);
    ck_assert_uint_gt(stream_kit.n, said);
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7");
    guard_free(g);
    /* one by one, after such a name ended the process; a message that comes meanwhile changes nothing */
    g = begin_with_two("run:2:1399907000000:8 try:12:0");
    guard_at_end(g, KIT_MS(40));
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7 close:10 hunt:12:13:1");
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7 close:11 hunt:12:13:1");
    said = stream_kit.n;
    guard_kit_feed(g, 0, 12, "sms", "acme/-", "{}", 12);
    guard_kit_answer(g, 0, true);
    ck_assert_uint_gt(stream_kit.n, said);
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7 try:12 hunt:12:13:1");
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:12:1399906986000 run:0:0:7");
    guard_free(g);
}
END_TEST

/* The timers that fire up to the predecessor's mark are silent, and named all the same. */
START_TEST(silent_closings_are_named)
{
    guard_kit.high = 11;
    char notes[200];
    (void)snprintf(notes, sizeof notes, "sent:11:%" PRId64 " run:2:1399907000000:8 hunt:10:12:1",
                   KIT_MS(40));
    struct guard *g = guard_kit_begin(0, 10, notes);
    guard_kit_feed(g, 0, 10, "summary", "acme/e1", MISSED("e1"), 10);
    guard_kit_answer(g, 0, true);
    ck_assert(guard_kit_notes(0, " try:10 "));
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true);
    ck_assert(!stream_restored(guard_stream(g)));
    guard_at_end(g, KIT_MS(50));
    ck_assert(guard_kit_notes(0, " close:10 "));
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true);
    guard_at_end(g, KIT_MS(51));
    ck_assert(stream_restored(guard_stream(g)));
    ck_assert_uint_eq(stream_kit.n, 0);
    ck_assert(!guard_kit_notes(0, "hunt"));
    guard_free(g);
}
END_TEST

START_TEST(the_condemned_is_buried_unread)
{
    char notes[200];
    guard_kit.high = 13;
    (void)snprintf(notes, sizeof notes,
                   "sent:13:%" PRId64 " run:2:1399907000000:8 try:11 hunt:11:12:1 blame:11:2",
                   KIT_MS(40));
    struct guard *g = guard_kit_begin(0, 10, notes); /* silent, and yet it goes to dead */
    guard_kit_feed(g, 0, 10, "summary", "acme/e2", MISSED("e2"), 10);
    guard_kit_feed(g, 0, 11, "summary", "kill/e1", MISSED("e1"), 10);
    guard_kit_plain(g, 0, 12);
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true); /* the block before it */
    guard_kit_answer(g, 0, true); /* taken back */
    ck_assert_uint_eq(stream_kit.n, 1);
    ck_assert_int_eq(stream_kit.sent[0].topic, KAFKA_DEAD);
    ck_assert_str_eq(stream_kit.sent[0].key, "kill/e1");
    guard_turn(g, false);
    ck_assert(!guard_kit.parts[0].asked); /* the letter is on its way */
    ck_assert(!guard_kit_notes(0, "try"));
    stream_kit_ack_all();
    guard_turn(g, false);
    ck_assert(guard_kit_notes(0, "skip:11"));
    ck_assert(!guard_kit_notes(0, "hunt"));
    guard_kit_answer(g, 0, true);
    ck_assert(stream_restored(guard_stream(g)));
    guard_end(g);
    guard_free(g);
    /* an open call holds the commit: whoever comes next passes over it, until the call is forgotten */
    ck_assert_int_eq(stream_kit.parts[0].offset, 10);
    g = guard_kit_begin(0, 10, stream_kit.parts[0].text);
    guard_kit_feed(g, 0, 10, "summary", "acme/e2", MISSED("e2"), 10);
    guard_kit_feed(g, 0, 11, "summary", "kill/e1", MISSED("e1"), 10);
    guard_kit_answer(g, 0, true);
    guard_kit_plain(g, 0, 12);
    guard_kit_plain(g, 0, 13);
    ck_assert(!stream_kit.cut);
    ck_assert_uint_eq(stream_kit.n, 2);
    stream_kit_ack_all();
    guard_turn(g, false);
    ck_assert(guard_kit_notes(0, "skip:11"));
    guard_at_end(g, KIT_MS(4000));
    stream_kit_ack_all();
    guard_turn(g, false);
    ck_assert_int_eq(stream_kit.parts[0].offset, 14);
    ck_assert(!guard_kit_notes(0, "skip"));
    guard_free(g);
}
END_TEST

START_TEST(a_letter_that_arrived_is_noted_at_the_end)
{
    guard_kit.high = 12;
    struct guard *g =
        guard_kit_begin(0, 10, "run:2:1399907000000:8 try:10 hunt:10:11:1 blame:10:2");
    guard_kit_feed(g, 0, 10, "call", "kill/e1", "{", 10);
    guard_kit_answer(g, 0, true);
    guard_end(g);
    ck_assert(guard_kit_notes(0, "blame:10:3")); /* not known yet */
    stream_kit_ack_all();
    guard_end(g);
    ck_assert(guard_kit_notes(0, "sent:11"));
    ck_assert(!guard_kit_notes(0, "blame"));
    guard_free(g);
}
END_TEST

static void deliver(struct guard *g, int64_t offset, const int64_t *bad)
{
    if (offset == bad[0] || offset == bad[1])
        guard_kit_feed(g, 0, offset, "summary", "kill/e1", MISSED("e1"), offset);
    else
        guard_kit_plain(g, 0, offset);
}

/* Until it dies or has nothing to do; answers come when they please. */
static bool live(int64_t n, const int64_t *bad)
{
    char notes[LIMIT_COMMIT_METADATA];
    (void)snprintf(notes, sizeof notes, "%s", guard_kit.parts[0].stands);
    stream_kit.cut = false;
    guard_kit.turn.holder = NULL;
    guard_kit.parts[0].asked = false;
    struct guard *g = guard_kit_begin(0, guard_kit.parts[0].committed, notes);
    int64_t next = stream_start(guard_stream(g));
    for (int idle = 0; idle < 50 && !stream_kit.cut; idle++) {
        if (next < n && rand() % 2 == 0)
            deliver(g, next++, bad);
        if (!stream_kit.cut && guard_kit.parts[0].asked && rand() % 2 == 0)
            guard_kit_answer(g, 0, rand() % 4 > 0);
        if (!stream_kit.cut && rand() % 2 == 0)
            stream_kit_ack_all();
        guard_turn(g, false);
        guard_tick(g);
        if (!stream_kit.cut && next == n && rand() % 2 == 0)
            guard_at_end(g, KIT_MS(n));
        if (next < n || guard_kit.parts[0].asked)
            idle = 0;
    }
    bool well = !stream_kit.cut;
    guard_free(g);
    stream_kit_ack_all(); /* comes to nobody */
    return well;
}

START_TEST(lives_end_and_the_guilty_are_found)
{
    for (unsigned seed = 0; seed < 300; seed++) {
        int64_t n = 1 + seed % 23;
        srand(seed);
        int64_t bad[2] = {rand() % n, rand() % (2 * n)};
        int guilty = 1 + (bad[1] < n && bad[1] != bad[0]), ends = 0;
        stream_kit_forget();
        guard_kit.high = n;
        guard_kit.parts[0].committed = 0;
        guard_kit.parts[0].stands[0] = '\0';
        for (guard_kit.who = 1; !live(n, bad); guard_kit.who++)
            ck_assert_int_le(++ends, guilty * 20);
        ck_assert_int_gt(ends, 3);
        int dead = 0;
        for (size_t i = 0; i < stream_kit.n; i++)
            if (stream_kit.sent[i].topic == KAFKA_DEAD) {
                ck_assert_str_eq(stream_kit.sent[i].key, "kill/e1");
                dead++;
            }
        ck_assert_int_eq(dead, guilty);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("guard_life", a_closing_has_its_own_name, closings_at_the_end_are_named,
                    silent_closings_are_named, the_condemned_is_buried_unread,
                    a_letter_that_arrived_is_noted_at_the_end, lives_end_and_the_guilty_are_found);
}

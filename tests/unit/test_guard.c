/*
 * When a message may touch our own code: behind which word of the broker, in which block, and never while
 * somebody else's name stands.
 */
#include "worker/calls/guard.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/guard_kit.h"
#include "tests/unit/unit.h"

START_TEST(nothing_runs_before_the_run_note_stands)
{
    guard_kit.high = 13;
    struct guard *g = guard_kit_begin(0, 10, "");
    guard_kit_check(0, "sent:10:0 run:0:0:7");
    guard_kit_plain(g, 0, 10);
    guard_at_end(g, stream_kit.now);
    guard_turn(g, false);
    ck_assert_uint_eq(stream_kit.n, 0);
    guard_kit_answer(g, 0, false);
    guard_kit_plain(g, 0, 11);
    ck_assert_uint_eq(stream_kit.n, 0);
    ck_assert(!guard_kit.parts[0].asked);
    guard_tick(g);
    guard_turn(g, true); /* stopping: nothing new */
    guard_kit_answer(g, 0, true);
    ck_assert_uint_eq(stream_kit.n, 2);
    guard_kit_plain(g, 0, 12);
    ck_assert_uint_eq(stream_kit.n, 3);
    guard_committed(g, true); /* nobody asked */
    guard_end(g);
    guard_kit_check(0, "sent:10:0");
    stream_kit_ack_all();
    guard_end(g);
    guard_kit_check(0, "sent:13:1399906981000");
    guard_free(g);
    guard_free(NULL);
}
END_TEST

START_TEST(careful_by_blocks_and_out_again)
{
    guard_kit.high = 14;
    struct guard *g = guard_kit_begin(0, 10, "run:1:1399907000000:8");
    guard_kit_check(0, "sent:10:0 run:2:1399907000000:7 hunt:10:15:4");
    guard_kit_plain(g, 0, 10);
    guard_kit_plain(g, 0, 11);
    guard_kit_plain(g, 0, 12);
    guard_kit_answer(g, 0, true);
    ck_assert(!guard_kit.parts[0].asked); /* the block is not all there */
    guard_kit_plain(g, 0, 13);
    guard_turn(g, false);
    guard_kit_check(0, "sent:10:0 run:2:1399907000000:7 try:10:4 hunt:10:15:4");
    ck_assert_uint_eq(stream_kit.n, 0);
    guard_kit_answer(g, 0, false);
    ck_assert_uint_eq(stream_kit.n, 0);
    guard_tick(g);
    guard_kit_answer(g, 0, true);
    ck_assert_uint_eq(stream_kit.n, 4);
    guard_kit_check(0, "sent:10:0 run:2:1399907000000:7 hunt:10:15:4"); /* before the wait */
    stream_kit_ack_all();
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:14:1399906981000 run:0:0:7 hunt:10:15:4");
    guard_at_end(g, stream_kit.now);
    guard_kit_check(0, "sent:14:1399906981000 run:0:0:7");
    guard_kit_plain(g, 0, 14);
    ck_assert_uint_eq(stream_kit.n, 5);
    guard_free(g);
}
END_TEST

START_TEST(the_next_block_follows_without_a_pause)
{
    guard_kit.high = 14;
    struct guard *g = guard_kit_begin(0, 10, "run:2:1399907000000:8 hunt:10:13:2");
    for (int64_t i = 10; i < 14; i++)
        guard_kit_plain(g, 0, i);
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:10:0 run:3:1399907000000:7 try:10:2 hunt:10:13:2");
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:10:0 run:3:1399907000000:7 try:12:1 hunt:10:13:2");
    ck_assert_uint_eq(stream_kit.n, 2);
    guard_kit_answer(g, 0, true);
    guard_kit_check(0, "sent:10:0 run:0:0:7");
    ck_assert_uint_eq(stream_kit.n, 3);
    guard_kit_answer(g, 0, true);
    ck_assert_uint_eq(stream_kit.n, 4);
    guard_free(g);
}
END_TEST

/* A partition that is not careful, its messages and its timers, waits while another's name stands. */
START_TEST(one_name_at_a_time)
{
    guard_kit.high = 14;
    struct guard *g = guard_kit_begin(0, 10, "run:1:1399907000000:8");
    struct guard *other = guard_kit_begin(1, 20, "");
    guard_kit_answer(g, 0, true);
    guard_kit_answer(other, 1, true);
    guard_kit_feed(other, 1, 20, "summary", "acme/e1", MISSED("e1"), 10);
    size_t said = stream_kit.n;
    for (int64_t i = 10; i < 14; i++)
        guard_kit_plain(g, 0, i);
    guard_turn(g, false);
    guard_kit_plain(other, 1, 21);
    guard_at_end(other, KIT_MS(30));
    guard_turn(other, false);
    ck_assert_uint_eq(stream_kit.n, said);
    guard_kit_answer(g, 0, true); /* runs, takes back */
    guard_turn(other, false);
    ck_assert_uint_eq(stream_kit.n, said + 4);
    guard_kit_answer(g, 0, true); /* taken back */
    guard_turn(other, false);
    ck_assert_uint_gt(stream_kit.n, said + 5); /* the message, then its timer */
    guard_free(other);
    /* timers wait in the same way, and have their turn */
    other = guard_kit_begin(1, 20, "");
    guard_kit_answer(other, 1, true);
    guard_kit_feed(other, 1, 20, "summary", "acme/e1", MISSED("e1"), 10);
    guard_kit_plain(g, 0, 14);
    guard_turn(g, false);
    said = stream_kit.n;
    guard_at_end(other, KIT_MS(30));
    guard_turn(other, false);
    ck_assert_uint_eq(stream_kit.n, said);
    guard_kit_answer(g, 0, true);
    guard_kit_answer(g, 0, true);
    guard_turn(other, false);
    ck_assert_uint_gt(stream_kit.n, said + 1);
    guard_free(g);
    guard_free(other);
}
END_TEST

/* A long backlog that is named block by block lets others in between the blocks, each in its turn. */
START_TEST(a_backlog_shares_its_turn)
{
    guard_kit.high = 14;
    struct guard *g = guard_kit_begin(0, 10, "run:2:1399907000000:8 hunt:10:20:1");
    struct guard *other = guard_kit_begin(1, 10, "run:2:1399907000000:8 hunt:10:20:1");
    guard_kit_answer(g, 0, true);
    guard_kit_answer(other, 1, true);
    for (int64_t i = 10; i < 14; i++) {
        guard_kit_plain(g, 0, i);
        guard_kit_plain(other, 1, i);
    }
    for (size_t i = 0; i < 6; i++) {
        struct guard *runs = i % 2 ? other : g, *waits = i % 2 ? g : other;
        int32_t partition = i % 2 ? 1 : 0;
        guard_turn(runs, false);
        guard_turn(waits, false);
        ck_assert(guard_kit_notes(partition, "try:"));
        ck_assert(!guard_kit_notes(1 - partition, "try:"));
        guard_kit_answer(runs, partition, true);
        ck_assert_uint_eq(stream_kit.n, i + 1);
        guard_kit_answer(runs, partition, true);
    }
    guard_free(other);
    guard_turn(g, false);
    ck_assert(guard_kit_notes(0, "try:"));
    guard_free(g);
}
END_TEST

START_TEST(a_careful_one_waits_for_the_name_too)
{
    guard_kit.high = 11;
    struct guard *g = guard_kit_begin(0, 10, "run:1:1399907000000:8");
    struct guard *other = guard_kit_begin(1, 10, "run:1:1399907000000:8");
    guard_kit_plain(g, 0, 10);
    guard_kit_plain(other, 1, 10);
    guard_kit_answer(g, 0, true);
    guard_kit_answer(other, 1, true);
    ck_assert(guard_kit.parts[0].asked);
    ck_assert(!guard_kit.parts[1].asked);
    guard_free(g); /* revoked, the name goes with it */
    guard_turn(other, false);
    ck_assert(guard_kit.parts[1].asked);
    guard_kit_answer(other, 1, true);
    ck_assert_uint_eq(stream_kit.n, 1);
    guard_free(other);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    guard_kit.high = 10000;
    struct guard *g = guard_kit_begin(0, 0, "run:1:1399907000000:8");
    guard_kit_answer(g, 0, true);
    for (int64_t i = 0; i < 2000; i++) {
        ck_assert(guard_wants(g));
        guard_kit_plain(g, 0, i);
    }
    ck_assert(!guard_wants(g));
    ck_assert_int_eq(stream_kit.parts[0].paused, 1);
    guard_turn(g, false);
    ck_assert(guard_kit_notes(0, "try:0:1000"));
    guard_kit_answer(g, 0, true);
    ck_assert_int_eq(stream_kit.parts[0].paused, 0);
    guard_free(g);
    char *big = mem_alloc(1, 1000001);
    memset(big, 'x', 1000000);
    g = guard_kit_begin(0, 0, "run:1:1399907000000:8");
    guard_kit_answer(g, 0, true);
    for (int64_t i = 0; i < 9; i++)
        guard_kit_feed(g, 0, i, "sms", "acme/-", big, 5);
    ck_assert(!guard_wants(g));
    guard_turn(g, false);
    ck_assert(guard_kit_notes(0, "try:0:9 ")); /* no more come */
    free(big);
    guard_free(g);
}
END_TEST

int main(void)
{
    return UNIT_RUN("guard", nothing_runs_before_the_run_note_stands,
                    careful_by_blocks_and_out_again, the_next_block_follows_without_a_pause,
                    one_name_at_a_time, a_backlog_shares_its_turn,
                    a_careful_one_waits_for_the_name_too, what_waits_is_bounded);
}

/*
 * When a message may touch our own code: behind which word of the broker, under which name, and never while
 * somebody else's name stands. In the end whole lives with a message that kills.
 */
#include "worker/calls/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"

#define SENT_MAX 5000
#define ME 7
#define PARTITIONS 2

struct sent {
    enum kafka_topic topic;
    char *key;
    producer_done *done;
    void *arg;
};

/* The outside: records, and of each partition the commit that waits and the one that stands. */
static struct {
    struct sent sent[SENT_MAX];
    size_t n;
    int64_t now, high;
    struct settings *settings;
    struct {
        int64_t offset, committed;
        char text[LIMIT_COMMIT_METADATA], stands[LIMIT_COMMIT_METADATA];
        bool asked;
        int paused;
    } parts[PARTITIONS];
    struct guard_turn turn;
    struct metrics *registry;
    struct counts *counts;
    bool dead; /* the process: nothing of it comes out any more */
} world;

static enum err fake_send(void *arg, const struct producer_record *r, struct error *e)
{
    (void)arg;
    ck_assert_uint_lt(world.n, SENT_MAX);
    if (world.dead)
        return error_set(e, ERR_TEMPORARY, "nobody sends any more");
    world.sent[world.n++] = (struct sent){r->topic, mem_copy(r->key), r->done, r->arg};
    return ERR_OK;
}

static void fake_failed(void *arg, enum kafka_topic topic, const char *why)
{
    (void)arg;
    (void)topic;
    ck_assert_msg(world.dead, "%s", why);
}

static int64_t fake_now(void *arg)
{
    (void)arg;
    return world.now;
}

/* Deciding about a call of the account `kill` ends the process. */
static const struct settings *fake_settings(void *arg, struct str account)
{
    (void)arg;
    if (str_is(account, "kill"))
        world.dead = true;
    return world.settings;
}

static void fake_commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    (void)arg;
    if (world.dead)
        return;
    world.parts[partition].offset = offset;
    (void)snprintf(world.parts[partition].text, LIMIT_COMMIT_METADATA, "%s", metadata);
}

static void fake_commit_now(void *arg, int32_t partition)
{
    (void)arg;
    world.parts[partition].asked = true;
}

static void fake_flow(void *arg, int32_t partition, bool on)
{
    (void)arg;
    world.parts[partition].paused += on ? -1 : 1;
}

static int64_t fake_high(void *arg, int32_t partition)
{
    (void)arg;
    (void)partition;
    return world.high;
}

static struct guard *begin(int32_t partition, uint32_t who, int64_t committed, const char *metadata)
{
    if (world.registry == NULL) {
        world.registry = metrics_new();
        world.counts = counts_new(world.registry, false);
        world.settings = kit_settings(NULL);
        world.now = KIT_MS(100);
    }
    const struct guard_port port = {
        .stream = {.output = {fake_send, kit_one_place, fake_failed, NULL, NULL},
                   .counts = world.counts,
                   .dead_partitions = 2,
                   .times = {5, 600, 14400, 3600},
                   .now = fake_now,
                   .settings = fake_settings,
                   .tz = kit_no_tz,
                   .commit = fake_commit,
                   .flow = fake_flow},
        .commit_now = fake_commit_now,
        .high = fake_high,
        .turn = &world.turn,
        .who = who,
    };
    const struct consumer_partition p = {KAFKA_EVENTS, partition, committed,
                                         metadata,     0,         world.high};
    return guard_new(&port, &p);
}

/* The broker answers, and the loop turns. */
static void answer(struct guard *g, int32_t partition, bool ok)
{
    ck_assert(world.parts[partition].asked);
    world.parts[partition].asked = false;
    if (ok) {
        world.parts[partition].committed = world.parts[partition].offset;
        memcpy(world.parts[partition].stands, world.parts[partition].text, LIMIT_COMMIT_METADATA);
    }
    guard_committed(g, ok);
    guard_turn(g, false);
}

static void acknowledge(void)
{
    const struct producer_report report = {.delivered = true, .offset = 1};
    for (size_t i = 0; i < world.n; i++)
        if (world.sent[i].done != NULL) {
            producer_done *done = world.sent[i].done;
            world.sent[i].done = NULL;
            done(world.sent[i].arg, &report);
        }
}

static void message(struct guard *g, int32_t partition, int64_t offset, const char *kind,
                    const char *key, const char *json, int64_t second)
{
    char at[TEXT_TIME_SIZE];
    text_time(KIT_MS(second), at);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(kind)},
                                           {EVENT_RECEIVED_AT, str_of(at)}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .partition = partition,
                                    .offset = offset,
                                    .key = str_of(key),
                                    .value = str_of(json),
                                    .headers = headers,
                                    .nheaders = 2};
    guard_message(g, &m);
}

/* One that is said about at once, and nothing else: an outcome. */
static void plain(struct guard *g, int32_t partition, int64_t offset)
{
    message(g, partition, offset, "sms", "acme/-", "{}", 5);
}

#define SUMMARY(entry)                                                                      \
    "{\"entry_id\":\"" entry "\",\"call_direction\":1,\"from\":{\"number\":\"79991231212\"" \
    "},\"to\":{\"extension\":\"101\"},\"create_time\":1399906976,\"end_time\":1399907036}"

static void check(int32_t partition, const char *text)
{
    ck_assert_str_eq(world.parts[partition].text, text);
}

START_TEST(nothing_runs_before_the_run_note_stands)
{
    world.high = 13;
    struct guard *g = begin(0, ME, 10, "");
    check(0, "sent:10:0 run:0:0:7");
    plain(g, 0, 10);
    guard_at_end(g, world.now);
    guard_turn(g, false);
    ck_assert_uint_eq(world.n, 0);
    answer(g, 0, false);
    plain(g, 0, 11);
    ck_assert_uint_eq(world.n, 0);
    ck_assert(!world.parts[0].asked);
    guard_tick(g);
    guard_turn(g, true); /* stopping: nothing new */
    answer(g, 0, true);
    ck_assert_uint_eq(world.n, 2);
    plain(g, 0, 12);
    ck_assert_uint_eq(world.n, 3);
    guard_committed(g, true); /* nobody asked */
    guard_end(g);
    check(0, "sent:10:0");
    acknowledge();
    guard_end(g);
    check(0, "sent:13:1399906981000");
    guard_free(g);
    guard_free(NULL);
}
END_TEST

START_TEST(careful_by_blocks_and_out_again)
{
    world.high = 14;
    struct guard *g = begin(0, ME, 10, "run:1:1399907000000:8");
    check(0, "sent:10:0 run:2:1399907000000:7 hunt:10:15:4");
    plain(g, 0, 10);
    plain(g, 0, 11);
    plain(g, 0, 12);
    answer(g, 0, true);
    ck_assert(!world.parts[0].asked); /* the block is not all there */
    plain(g, 0, 13);
    guard_turn(g, false);
    check(0, "sent:10:0 run:2:1399907000000:7 try:10:4 hunt:10:15:4");
    ck_assert_uint_eq(world.n, 0);
    answer(g, 0, false);
    ck_assert_uint_eq(world.n, 0);
    guard_tick(g);
    answer(g, 0, true);
    ck_assert_uint_eq(world.n, 4);
    check(0, "sent:10:0 run:2:1399907000000:7 hunt:10:15:4"); /* before the wait */
    acknowledge();
    answer(g, 0, true);
    check(0, "sent:14:1399906981000 run:0:0:7 hunt:10:15:4");
    guard_at_end(g, world.now);
    check(0, "sent:14:1399906981000 run:0:0:7");
    plain(g, 0, 14);
    ck_assert_uint_eq(world.n, 5);
    guard_free(g);
}
END_TEST

START_TEST(the_next_block_follows_without_a_pause)
{
    world.high = 14;
    struct guard *g = begin(0, ME, 10, "run:2:1399907000000:8 hunt:10:13:2");
    for (int64_t i = 10; i < 14; i++)
        plain(g, 0, i);
    answer(g, 0, true);
    check(0, "sent:10:0 run:3:1399907000000:7 try:10:2 hunt:10:13:2");
    answer(g, 0, true);
    check(0, "sent:10:0 run:3:1399907000000:7 try:12:1 hunt:10:13:2");
    ck_assert_uint_eq(world.n, 2);
    answer(g, 0, true);
    check(0, "sent:10:0 run:0:0:7");
    ck_assert_uint_eq(world.n, 3);
    answer(g, 0, true);
    ck_assert_uint_eq(world.n, 4);
    guard_free(g);
}
END_TEST

/* A partition that is not careful, its messages and its timers, waits while another's name stands. */
START_TEST(one_name_at_a_time)
{
    world.high = 14;
    struct guard *g = begin(0, ME, 10, "run:1:1399907000000:8");
    struct guard *other = begin(1, ME, 20, "");
    answer(g, 0, true);
    answer(other, 1, true);
    message(other, 1, 20, "summary", "acme/e1", SUMMARY("e1"), 10);
    size_t said = world.n;
    for (int64_t i = 10; i < 14; i++)
        plain(g, 0, i);
    guard_turn(g, false);
    plain(other, 1, 21);
    guard_at_end(other, KIT_MS(30));
    guard_turn(other, false);
    ck_assert_uint_eq(world.n, said);
    answer(g, 0, true); /* runs, takes back */
    guard_turn(other, false);
    ck_assert_uint_eq(world.n, said + 4);
    answer(g, 0, true); /* taken back */
    guard_turn(other, false);
    ck_assert_uint_gt(world.n, said + 5); /* the message, then its timer */
    guard_free(other);
    /* timers wait in the same way, and have their turn */
    other = begin(1, ME, 20, "");
    answer(other, 1, true);
    message(other, 1, 20, "summary", "acme/e1", SUMMARY("e1"), 10);
    plain(g, 0, 14);
    guard_turn(g, false);
    said = world.n;
    guard_at_end(other, KIT_MS(30));
    guard_turn(other, false);
    ck_assert_uint_eq(world.n, said);
    answer(g, 0, true);
    answer(g, 0, true);
    guard_turn(other, false);
    ck_assert_uint_gt(world.n, said + 1);
    guard_free(g);
    guard_free(other);
}
END_TEST

/* A long backlog that is named block by block lets others in between the blocks, each in its turn. */
START_TEST(a_backlog_shares_its_turn)
{
    world.high = 14;
    struct guard *g = begin(0, ME, 10, "run:2:1399907000000:8 hunt:10:20:1");
    struct guard *other = begin(1, ME, 10, "run:2:1399907000000:8 hunt:10:20:1");
    answer(g, 0, true);
    answer(other, 1, true);
    for (int64_t i = 10; i < 14; i++) {
        plain(g, 0, i);
        plain(other, 1, i);
    }
    for (size_t i = 0; i < 6; i++) {
        struct guard *runs = i % 2 ? other : g, *waits = i % 2 ? g : other;
        int32_t partition = i % 2 ? 1 : 0;
        guard_turn(runs, false);
        guard_turn(waits, false);
        ck_assert_ptr_nonnull(strstr(world.parts[partition].text, "try:"));
        ck_assert_ptr_null(strstr(world.parts[1 - partition].text, "try:"));
        answer(runs, partition, true);
        ck_assert_uint_eq(world.n, i + 1);
        answer(runs, partition, true);
    }
    guard_free(other);
    guard_turn(g, false);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "try:"));
    guard_free(g);
}
END_TEST

START_TEST(a_careful_one_waits_for_the_name_too)
{
    world.high = 11;
    struct guard *g = begin(0, ME, 10, "run:1:1399907000000:8");
    struct guard *other = begin(1, ME, 10, "run:1:1399907000000:8");
    plain(g, 0, 10);
    plain(other, 1, 10);
    answer(g, 0, true);
    answer(other, 1, true);
    ck_assert(world.parts[0].asked);
    ck_assert(!world.parts[1].asked);
    guard_free(g); /* revoked, the name goes with it */
    guard_turn(other, false);
    ck_assert(world.parts[1].asked);
    answer(other, 1, true);
    ck_assert_uint_eq(world.n, 1);
    guard_free(other);
}
END_TEST

/* Where messages stand alone, the closing that a message brings about is named by its call. */
START_TEST(a_closing_has_its_own_name)
{
    world.high = 12;
    struct guard *g = begin(0, ME, 10, "run:2:1399907000000:8 hunt:11:12:1");
    message(g, 0, 10, "summary", "acme/e1", SUMMARY("e1"), 10);
    message(g, 0, 11, "sms", "acme/-", "{}", 40);
    answer(g, 0, true);
    check(0, "sent:10:0 run:3:1399907000000:7 try:10:1 hunt:11:12:1");
    answer(g, 0, true);
    check(0, "sent:10:0 run:3:1399907000000:7 close:10 hunt:11:12:1");
    size_t said = world.n;
    answer(g, 0, true);
    ck_assert_uint_gt(world.n, said);
    check(0, "sent:11:1399906986000 run:0:0:7 try:11 hunt:11:12:1");
    answer(g, 0, true);
    check(0, "sent:11:1399906986000 run:0:0:7");
    guard_free(g);
}
END_TEST

START_TEST(closings_at_the_end_are_named)
{
    world.high = 12;
    struct guard *g = begin(0, ME, 10, "run:1:1399907000000:8");
    message(g, 0, 10, "summary", "acme/e1", SUMMARY("e1"), 10);
    message(g, 0, 11, "summary", "acme/e2", SUMMARY("e2"), 10);
    answer(g, 0, true);
    answer(g, 0, true);
    answer(g, 0, true);
    size_t said = world.n;
    guard_at_end(g, KIT_MS(40));
    check(0, "sent:12:1399906986000 run:0:0:7 try:12:0 hunt:10:13:2");
    answer(g, 0, true);
    ck_assert_uint_gt(world.n, said);
    check(0, "sent:12:1399906986000 run:0:0:7");
    guard_free(g);
    /* one by one, after such a name ended the process; a message that comes meanwhile changes nothing */
    g = begin(0, ME, 10, "run:2:1399907000000:8 try:12:0");
    message(g, 0, 10, "summary", "acme/e1", SUMMARY("e1"), 10);
    message(g, 0, 11, "summary", "acme/e2", SUMMARY("e2"), 10);
    answer(g, 0, true);
    answer(g, 0, true);
    answer(g, 0, true);
    guard_at_end(g, KIT_MS(40));
    check(0, "sent:12:1399906986000 run:0:0:7 close:10 hunt:12:13:1");
    answer(g, 0, true);
    check(0, "sent:12:1399906986000 run:0:0:7 close:11 hunt:12:13:1");
    said = world.n;
    message(g, 0, 12, "sms", "acme/-", "{}", 12);
    answer(g, 0, true);
    ck_assert_uint_gt(world.n, said);
    check(0, "sent:12:1399906986000 run:0:0:7 try:12 hunt:12:13:1");
    answer(g, 0, true);
    check(0, "sent:12:1399906986000 run:0:0:7");
    guard_free(g);
}
END_TEST

/* The timers that fire up to the predecessor's mark are silent, and named all the same. */
START_TEST(silent_closings_are_named)
{
    world.high = 11;
    char notes[200];
    (void)snprintf(notes, sizeof notes, "sent:11:%" PRId64 " run:2:1399907000000:8 hunt:10:12:1",
                   KIT_MS(40));
    struct guard *g = begin(0, ME, 10, notes);
    message(g, 0, 10, "summary", "acme/e1", SUMMARY("e1"), 10);
    answer(g, 0, true);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, " try:10 "));
    answer(g, 0, true);
    answer(g, 0, true);
    ck_assert(!stream_restored(guard_stream(g)));
    guard_at_end(g, KIT_MS(50));
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, " close:10 "));
    answer(g, 0, true);
    answer(g, 0, true);
    guard_at_end(g, KIT_MS(51));
    ck_assert(stream_restored(guard_stream(g)));
    ck_assert_uint_eq(world.n, 0);
    ck_assert_ptr_null(strstr(world.parts[0].text, "hunt"));
    guard_free(g);
}
END_TEST

START_TEST(the_condemned_is_buried_unread)
{
    char notes[200];
    world.high = 13;
    (void)snprintf(notes, sizeof notes,
                   "sent:13:%" PRId64 " run:2:1399907000000:8 try:11 hunt:11:12:1 blame:11:2",
                   KIT_MS(40));
    struct guard *g = begin(0, ME, 10, notes); /* silent, and yet it goes to dead */
    message(g, 0, 10, "summary", "acme/e2", SUMMARY("e2"), 10);
    message(g, 0, 11, "summary", "kill/e1", SUMMARY("e1"), 10);
    plain(g, 0, 12);
    answer(g, 0, true);
    answer(g, 0, true); /* the block before it */
    answer(g, 0, true); /* taken back */
    ck_assert_uint_eq(world.n, 1);
    ck_assert_int_eq(world.sent[0].topic, KAFKA_DEAD);
    ck_assert_str_eq(world.sent[0].key, "kill/e1");
    guard_turn(g, false);
    ck_assert(!world.parts[0].asked); /* the letter is on its way */
    ck_assert_ptr_null(strstr(world.parts[0].text, "try"));
    acknowledge();
    guard_turn(g, false);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "skip:11"));
    ck_assert_ptr_null(strstr(world.parts[0].text, "hunt"));
    answer(g, 0, true);
    ck_assert(stream_restored(guard_stream(g)));
    guard_end(g);
    guard_free(g);
    /* an open call holds the commit: whoever comes next passes over it, until the call is forgotten */
    ck_assert_int_eq(world.parts[0].offset, 10);
    g = begin(0, ME, 10, world.parts[0].text);
    message(g, 0, 10, "summary", "acme/e2", SUMMARY("e2"), 10);
    message(g, 0, 11, "summary", "kill/e1", SUMMARY("e1"), 10);
    answer(g, 0, true);
    plain(g, 0, 12);
    plain(g, 0, 13);
    ck_assert(!world.dead);
    ck_assert_uint_eq(world.n, 2);
    acknowledge();
    guard_turn(g, false);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "skip:11"));
    guard_at_end(g, KIT_MS(4000));
    acknowledge();
    guard_turn(g, false);
    ck_assert_int_eq(world.parts[0].offset, 14);
    ck_assert_ptr_null(strstr(world.parts[0].text, "skip"));
    guard_free(g);
}
END_TEST

START_TEST(a_letter_that_arrived_is_noted_at_the_end)
{
    world.high = 12;
    struct guard *g = begin(0, ME, 10, "run:2:1399907000000:8 try:10 hunt:10:11:1 blame:10:2");
    message(g, 0, 10, "call", "kill/e1", "{", 10);
    answer(g, 0, true);
    guard_end(g);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "blame:10:3")); /* not known yet */
    acknowledge();
    guard_end(g);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "sent:11"));
    ck_assert_ptr_null(strstr(world.parts[0].text, "blame"));
    guard_free(g);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    world.high = 10000;
    struct guard *g = begin(0, ME, 0, "run:1:1399907000000:8");
    answer(g, 0, true);
    for (int64_t i = 0; i < 2000; i++) {
        ck_assert(guard_wants(g));
        plain(g, 0, i);
    }
    ck_assert(!guard_wants(g));
    ck_assert_int_eq(world.parts[0].paused, 1);
    guard_turn(g, false);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "try:0:1000"));
    answer(g, 0, true);
    ck_assert_int_eq(world.parts[0].paused, 0);
    guard_free(g);
    char *big = mem_alloc(1, 1000001);
    memset(big, 'x', 1000000);
    g = begin(0, ME, 0, "run:1:1399907000000:8");
    answer(g, 0, true);
    for (int64_t i = 0; i < 9; i++)
        message(g, 0, i, "sms", "acme/-", big, 5);
    ck_assert(!guard_wants(g));
    guard_turn(g, false);
    ck_assert_ptr_nonnull(strstr(world.parts[0].text, "try:0:9 ")); /* no more come */
    free(big);
    guard_free(g);
}
END_TEST

/* ---- whole lives ---- */

static void deliver(struct guard *g, int64_t offset, const int64_t *bad)
{
    if (offset == bad[0] || offset == bad[1])
        message(g, 0, offset, "summary", "kill/e1", SUMMARY("e1"), offset);
    else
        plain(g, 0, offset);
}

/* Until it dies or has nothing to do; answers come when they please. */
static bool live(uint32_t who, int64_t n, const int64_t *bad)
{
    char notes[LIMIT_COMMIT_METADATA];
    (void)snprintf(notes, sizeof notes, "%s", world.parts[0].stands);
    world.dead = false;
    world.turn.holder = NULL;
    world.parts[0].asked = false;
    struct guard *g = begin(0, who, world.parts[0].committed, notes);
    int64_t next = stream_start(guard_stream(g));
    for (int idle = 0; idle < 50 && !world.dead; idle++) {
        if (next < n && rand() % 2 == 0)
            deliver(g, next++, bad);
        if (!world.dead && world.parts[0].asked && rand() % 2 == 0)
            answer(g, 0, rand() % 4 > 0);
        if (!world.dead && rand() % 2 == 0)
            acknowledge();
        guard_turn(g, false);
        guard_tick(g);
        if (!world.dead && next == n && rand() % 2 == 0)
            guard_at_end(g, KIT_MS(n));
        if (next < n || world.parts[0].asked)
            idle = 0;
    }
    bool well = !world.dead;
    guard_free(g);
    acknowledge(); /* comes to nobody */
    return well;
}

START_TEST(lives_end_and_the_guilty_are_found)
{
    for (unsigned seed = 0; seed < 300; seed++) {
        int64_t n = 1 + seed % 23;
        srand(seed);
        int64_t bad[2] = {rand() % n, rand() % (2 * n)};
        int guilty = 1 + (bad[1] < n && bad[1] != bad[0]), ends = 0;
        uint32_t who = 1;
        while (world.n > 0)
            free(world.sent[--world.n].key);
        world.high = n;
        world.parts[0].committed = 0;
        world.parts[0].stands[0] = '\0';
        while (!live(who++, n, bad))
            ck_assert_int_le(++ends, guilty * 20);
        ck_assert_int_gt(ends, 3);
        int dead = 0;
        for (size_t i = 0; i < world.n; i++)
            if (world.sent[i].topic == KAFKA_DEAD) {
                ck_assert_str_eq(world.sent[i].key, "kill/e1");
                dead++;
            }
        ck_assert_int_eq(dead, guilty);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("guard", nothing_runs_before_the_run_note_stands,
                    careful_by_blocks_and_out_again, the_next_block_follows_without_a_pause,
                    one_name_at_a_time, a_backlog_shares_its_turn,
                    a_careful_one_waits_for_the_name_too, a_closing_has_its_own_name,
                    closings_at_the_end_are_named, silent_closings_are_named,
                    the_condemned_is_buried_unread, a_letter_that_arrived_is_noted_at_the_end,
                    what_waits_is_bounded, lives_end_and_the_guilty_are_found);
}

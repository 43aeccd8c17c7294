/*
 * Commit metadata: read, written, carried on.
 */
#include "worker/mark.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct mark m;
static char out[LIMIT_COMMIT_METADATA];

static void round_trip(const char *in, const char *want)
{
    mark_parse(str_of(in), &m);
    mark_write(&m, out);
    ck_assert_str_eq(out, want);
}

START_TEST(reads)
{
    mark_parse(STR("sent:1234:1520256600123"), &m);
    ck_assert(m.there);
    ck_assert_int_eq(m.offset, 1234);
    ck_assert_int_eq(m.time, 1520256600123);
    ck_assert_int_eq(m.catch_up, 0);
    mark_parse(STR(""), &m);
    ck_assert(!m.there);
    ck_assert_int_eq(m.offset, 0);
    mark_parse(STR("catch:77 sent:5:6"), &m);
    ck_assert(m.there);
    ck_assert_int_eq(m.catch_up, 77);
}
END_TEST

START_TEST(carries_on)
{
    round_trip("sent:5:6", "sent:5:6");
    round_trip("run:2:99 sent:5:6 try:8", "sent:5:6 run:2:99:0 try:8");
    round_trip("new:1 skip:7,9 sent:5:6 catch:4 hunt:1:2:3 old",
               "sent:5:6 catch:4 hunt:1:2:3 skip:7,9 new:1 old");
    round_trip("sent:5:6 run:x skip:1,", "sent:5:6 run:x skip:1,");
    round_trip("sent:5:6 catch:9", "sent:5:6 catch:9");
    round_trip("  sent:5:6  ", "sent:5:6");
    round_trip("sent:x:6", "sent:0:0 sent:x:6");
    round_trip("sent:5", "sent:0:0 sent:5");
    round_trip("sent:-5:6", "sent:0:0 sent:-5:6");
    round_trip("catch:-1", "sent:0:0 catch:-1");
}
END_TEST

/* The other partitions have nothing to say of what was sent. */
START_TEST(unsent)
{
    mark_parse(STR(""), &m);
    mark_write_unsent(&m, out);
    ck_assert_str_eq(out, "");
    mark_parse(STR("new:1 run:1:2:3 catch:9 skip:4"), &m);
    mark_write_unsent(&m, out);
    ck_assert_str_eq(out, "catch:9 run:1:2:3 skip:4 new:1");
    mark_parse(STR("new:1"), &m);
    mark_write_unsent(&m, out);
    ck_assert_str_eq(out, "new:1");
}
END_TEST

START_TEST(always_fits)
{
    static char in[LIMIT_COMMIT_METADATA * 2];
    memset(in, 'x', sizeof in - 1);
    in[1000] = ' ';
    in[1500] = ' ';
    mark_parse(str_of(in), &m);
    ck_assert_uint_eq(strlen(m.others), 1500);
    m = (struct mark){.there = true, .offset = INT64_MAX, .time = INT64_MAX, .catch_up = INT64_MAX};
    memset(m.others, 'x', sizeof m.others - 1);
    m.poison = (struct poison_notes){.running = true,
                                     .who = UINT32_MAX,
                                     .ends = INT64_MAX,
                                     .first = INT64_MAX,
                                     .hunt = {INT64_MAX, INT64_MAX, INT64_MAX},
                                     .name = {POISON_NAMES_BLOCK, INT64_MAX, INT64_MAX},
                                     .suspects = {{INT64_MAX, INT64_MAX},
                                                  {INT64_MAX, INT64_MAX},
                                                  {INT64_MAX, INT64_MAX},
                                                  {INT64_MAX, INT64_MAX}},
                                     .nsuspects = POISON_SUSPECTS,
                                     .nskips = POISON_SKIPS};
    for (size_t i = 0; i < POISON_SKIPS; i++)
        m.poison.skips[i] = INT64_MAX;
    mark_write(&m, out);
    ck_assert_uint_lt(strlen(out), LIMIT_COMMIT_METADATA - 1);
    ck_assert_str_eq(out + strlen(out) - 3, "xxx");
}
END_TEST

int main(void)
{
    return UNIT_RUN("mark", reads, carries_on, unsent, always_fits);
}

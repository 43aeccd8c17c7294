/* The low watermark, by hand and against a model that keeps a plain list. */
#include <stdlib.h>

#include "common/offsets.h"
#include "tests/unit/unit.h"

START_TEST(watermark_follows_the_oldest)
{
    struct offsets *o = offsets_new(10);

    ck_assert_int_eq(offsets_low(o), 10);
    offsets_begin(o, 10);
    offsets_begin(o, 11);
    offsets_begin(o, 15); /* compaction took 12 to 14 */
    ck_assert_int_eq(offsets_low(o), 10);
    ck_assert_uint_eq(offsets_open(o), 3);
    offsets_done(o, 11);
    offsets_done(o, 11);
    offsets_done(o, 12);
    offsets_done(o, 99);
    ck_assert_int_eq(offsets_low(o), 10);
    ck_assert_uint_eq(offsets_open(o), 2);
    offsets_done(o, 10);
    ck_assert_int_eq(offsets_low(o), 15);
    offsets_begin(o, 15); /* again: nothing */
    offsets_begin(o, 13);
    ck_assert_uint_eq(offsets_open(o), 1);
    offsets_done(o, 15);
    ck_assert_int_eq(offsets_low(o), 16);
    ck_assert_uint_eq(offsets_open(o), 0);
    offsets_done(o, 15);
    offsets_begin(o, 1000000000000);
    ck_assert_int_eq(offsets_low(o), 1000000000000);
    offsets_free(o);
    offsets_free(NULL);
}
END_TEST

#define MOST 400

struct model {
    int64_t open[MOST];
    size_t n;
    int64_t next;
};

static int64_t model_low(const struct model *m)
{
    int64_t low = m->next;

    for (size_t i = 0; i < m->n; i++)
        if (m->open[i] < low)
            low = m->open[i];
    return low;
}

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* gaps: one offset in so many is followed by a gap; 0: none */
static void compare(uint32_t seed, uint32_t gaps)
{
    struct offsets *o = offsets_new(0);
    struct model m = {.n = 0, .next = 0};

    for (int step = 0; step < 3000; step++) {
        if (m.n < MOST && draw(&seed) % 16 < 8 + seed % 2) {
            int64_t offset = m.next + (gaps && draw(&seed) % gaps == 0 ? draw(&seed) % 5000 : 0);
            offsets_begin(o, offset);
            m.open[m.n++] = offset;
            m.next = offset + 1;
        } else if (m.n) {
            size_t i = draw(&seed) % m.n;
            offsets_done(o, m.open[i]);
            m.open[i] = m.open[--m.n];
        }
        offsets_done(o, m.next + 3);
        /* Check's own assertions write a file each time: only when they are going to fail */
        if (offsets_low(o) != model_low(&m) || offsets_open(o) != m.n)
            ck_abort_msg("seed %u, gaps %u, step %d", seed, gaps, step);
    }
    offsets_free(o);
}

START_TEST(same_as_a_plain_list)
{
    for (uint32_t seed = 1; seed <= 10; seed++) {
        compare(seed, 0);
        compare(seed, 2);
        compare(seed, 50);
    }
}
END_TEST

START_TEST(many_are_quick)
{
    struct offsets *o = offsets_new(0);

    for (int64_t i = 0; i < 300000; i++)
        offsets_begin(o, i);
    for (int64_t i = 299999; i >= 0; i--)
        offsets_done(o, i);
    ck_assert_int_eq(offsets_low(o), 300000);
    offsets_free(o);
}
END_TEST

int main(void)
{
    return UNIT_RUN("offsets", watermark_follows_the_oldest, same_as_a_plain_list, many_are_quick);
}

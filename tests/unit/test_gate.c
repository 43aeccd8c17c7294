/*
 * Who runs next while partitions are careful: what is named, when it is acknowledged, when it is taken back.
 */
#include "worker/crm/gate.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct gate g;
static struct poison_notes notes[2];
static struct gate_place careful[2], calm;
static struct gate_step steps[8];

static void setup(void)
{
    memset(&g, 0, sizeof g);
    memset(notes, 0, sizeof notes);
    memset(steps, 0, sizeof steps);
    calm = (struct gate_place){0};
    for (size_t i = 0; i < 2; i++) {
        ck_assert(poison_read(STR("hunt:0:100:1"), &notes[i]));
        careful[i] = (struct gate_place){KAFKA_JOBS, (int32_t)i, &notes[i], false};
        gate_enter(&g, &careful[i]);
    }
    gate_enter(&g, &calm);
}

static struct gate_step *push(size_t i, struct gate_place *p, int64_t offset)
{
    steps[i].place = p;
    steps[i].offset = offset;
    gate_push(&g, &steps[i]);
    return &steps[i];
}

/* What comes next must be this; named: its offset stands in its partition's notes. */
static void runs(const struct gate_step *s)
{
    struct gate_step *out = NULL;
    ck_assert_int_eq(gate_next(&g, &out), GATE_RUNS);
    ck_assert_ptr_eq(out, s);
    ck_assert(!s->queued);
    for (size_t i = 0; i < 2; i++) {
        bool stands = s->place == &careful[i] && careful[i].careful;
        ck_assert_int_eq(notes[i].name.kind, stands ? POISON_NAMES_MESSAGE : POISON_NAMES_NOTHING);
        if (stands)
            ck_assert_int_eq(notes[i].name.offset, s->offset);
    }
}

static void writes(void)
{
    struct gate_step *out = NULL;
    ck_assert_int_eq(gate_next(&g, &out), GATE_WRITES);
    ck_assert_int_eq(gate_next(&g, &out), GATE_WAITS);
    ck_assert(!gate_open(&g));
}

static void written(void)
{
    ck_assert(!gate_written(&g, true));
}

static void waits(void)
{
    struct gate_step *out = NULL;
    ck_assert_int_eq(gate_next(&g, &out), GATE_WAITS);
}

START_TEST(normal_times)
{
    memset(&g, 0, sizeof g);
    ck_assert(gate_open(&g));
    calm = (struct gate_place){0};
    gate_enter(&g, &calm);
    gate_calm(&g, &calm);
    ck_assert(gate_open(&g));
    waits();
    gate_leave(&g, &calm);
    ck_assert(!gate_written(&g, true));
    gate_drop(&g, &steps[0]);
    ck_assert(gate_open(&g));
}
END_TEST

START_TEST(a_name_stands_only_while_it_runs)
{
    setup();
    ck_assert(!gate_open(&g));
    struct gate_step *a = push(0, &careful[0], 7);
    writes();
    ck_assert_int_eq(notes[0].name.offset, 7);
    ck_assert_ptr_eq(g.place, &careful[0]);
    written();
    runs(a);
    writes(); /* nothing is next: taken back */
    ck_assert_int_eq(notes[0].name.kind, POISON_NAMES_NOTHING);
    ck_assert_ptr_eq(g.place, &careful[0]);
    push(1, &careful[0], 7);
    waits();
    written();
    ck_assert_int_eq(g.state, GATE_FREE);
    writes();
}
END_TEST

START_TEST(the_next_is_named_instead)
{
    setup();
    struct gate_step *a = push(0, &careful[0], 7), *b = push(1, &careful[0], 8),
                     *c = push(2, &careful[1], 8), *d = push(3, &careful[1], 8);
    writes();
    written();
    runs(a);
    writes();
    ck_assert_ptr_null(g.before);
    written();
    runs(b);
    writes();
    ck_assert_ptr_eq(g.before, &careful[0]); /* its notes say so in the same commit */
    ck_assert_ptr_eq(g.place, &careful[1]);
    written();
    runs(c);
    runs(d); /* the same message */
    writes();
}
END_TEST

START_TEST(what_has_no_name_runs_while_none_stands)
{
    setup();
    struct gate_step *a = push(0, &careful[0], 7), *b = push(1, &calm, 1), *c = push(2, NULL, -1);
    runs(b);
    runs(c);
    writes();
    b = push(3, &calm, 2);
    waits();
    struct gate_step *d = push(4, &careful[0], 9);
    written();
    runs(a); /* what was named first, or it never would */
    writes();
    ck_assert_int_eq(g.state, GATE_TAKING_BACK);
    written();
    runs(b);
    writes();
    written();
    runs(d);
}
END_TEST

START_TEST(urgent_and_first)
{
    setup();
    struct gate_step *a = push(0, &careful[0], 1);
    steps[1] = (struct gate_step){.place = &careful[0], .offset = 2};
    gate_push_first(&g, &steps[1]);
    steps[2] = (struct gate_step){.place = &careful[1], .offset = 3, .urgent = true};
    gate_push(&g, &steps[2]);
    steps[3] = (struct gate_step){.place = &calm, .urgent = true};
    struct gate_step *b = push(4, &calm, 1);
    gate_push_first(&g, &steps[3]);
    runs(&steps[3]);
    runs(b);
    for (size_t i = 0; i < 3; i++) {
        struct gate_step *const order[] = {&steps[2], &steps[1], a};
        writes();
        written();
        runs(order[i]);
    }
}
END_TEST

START_TEST(what_the_broker_refuses)
{
    setup();
    struct gate_step *a = push(0, &careful[0], 7);
    writes();
    ck_assert(gate_written(&g, false));
    waits();
    ck_assert_int_eq(notes[0].name.offset, 7);
    written();
    runs(a);
    ck_assert(!gate_written(&g, false)); /* nobody asked */
    writes();
    ck_assert(gate_written(&g, false));
    written();
    waits();
}
END_TEST

START_TEST(what_was_named_goes_away)
{
    setup();
    push(0, &careful[0], 7);
    struct gate_step *b = push(1, &careful[1], 8);
    writes();
    gate_drop(&g, &steps[0]);
    gate_drop(&g, &steps[0]);
    written();
    writes(); /* the next */
    gate_leave(&g, &careful[0]);
    ck_assert_ptr_null(g.before);
    written();
    runs(b);
    gate_leave(&g, &careful[1]); /* with its name */
    ck_assert(gate_open(&g));
    ck_assert(!gate_written(&g, true));
}
END_TEST

START_TEST(careful_no_more)
{
    setup();
    struct gate_step *a = push(0, &careful[0], 7), *b = push(1, &careful[0], 8);
    writes();
    written();
    runs(a);
    ck_assert(poison_through(&notes[0], 100));
    gate_calm(&g, &careful[0]);
    gate_calm(&g, &careful[0]);
    writes(); /* what stands is taken back first */
    written();
    runs(b);
    gate_calm(&g, &careful[1]); /* still is */
    ck_assert(!gate_open(&g));
    ck_assert(poison_through(&notes[1], 100));
    gate_calm(&g, &careful[1]);
    ck_assert(gate_open(&g));
}
END_TEST

int main(void)
{
    return UNIT_RUN("gate", normal_times, a_name_stands_only_while_it_runs,
                    the_next_is_named_instead, what_has_no_name_runs_while_none_stands,
                    urgent_and_first, what_the_broker_refuses, what_was_named_goes_away,
                    careful_no_more);
}

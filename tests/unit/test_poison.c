/*
 * What is named, halved, condemned and passed over; and random lives of processes that die where they must:
 * in the end exactly what kills is in `dead`, everything else is done, after a bounded number of ends.
 */
#include "worker/poison.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ME 7
#define OTHER 8

static struct poison_notes notes;
static char out[POISON_TEXT];

static const char *text(void)
{
    poison_write(&notes, out);
    return out;
}

static void parse(const char *parts)
{
    struct str rest = str_of(parts);
    memset(&notes, 0, sizeof notes);
    while (rest.len > 0) {
        long space = str_find(rest, ' ');
        struct str part = {rest.ptr, space < 0 ? rest.len : (size_t)space};
        ck_assert(poison_read(part, &notes));
        rest = str_from(rest, part.len + 1);
    }
}

static void begin_as(uint32_t who, int64_t now, int64_t start, int64_t high)
{
    const struct poison_assigned a = {who, now, start, high, POISON_BLOCK};
    poison_begin(&notes, &a);
}

static const char *begun(const char *before, int64_t now)
{
    parse(before);
    begin_as(ME, now, 10, 5000);
    return text();
}

START_TEST(texts)
{
    static const char *const good[] = {
        "",
        "run:0:0:0",
        "run:2:99:4294967295 try:5:10 hunt:1:20:3 blame:4:2 skip:7",
        "run:2:99:1 try:5 skip:7,8,9223372036854775807",
        "run:2:99:1 close:5",
    };
    static const char *const bad[] = {
        "run",       "run:",     "run:1",      "run:1:2:3:4", "run:1:2:4294967296",
        "run:x:1:2", "try:",     "try:1:2:3",  "try:-1",      "close:1:2",
        "close:",    "hunt:1:2", "hunt:1:2:0", "blame:1",     "blame:x:1",
        "skip:",     "skip:1,",  "skip:x",     "sent:1:2",    "tryst:1",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        parse(good[i]);
        ck_assert_str_eq(text(), good[i]);
    }
    parse("");
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!poison_read(str_of(bad[i]), &notes), "%s", bad[i]);
    ck_assert_str_eq(text(), "");
    parse("run:1:2");
    ck_assert_str_eq(text(), "run:1:2:0");
}
END_TEST

START_TEST(too_many_to_skip_is_no_skip)
{
    char many[POISON_SKIPS * 2 + 10] = "skip:1";
    for (size_t i = 1; i < POISON_SKIPS; i++)
        memcpy(many + strlen(many), ",1", 3);
    ck_assert(poison_read(str_of(many), &notes));
    memcpy(many + strlen(many), ",1", 3);
    ck_assert(!poison_read(str_of(many), &notes));
    ck_assert_uint_eq(notes.nskips, POISON_SKIPS);
    ck_assert(!poison_buried(&notes, 5));
}
END_TEST

/* What a new owner makes of its predecessor's notes. */
START_TEST(beginnings)
{
    static const struct {
        const char *before;
        int64_t now;
        const char *after;
    } cases[] = {
        {"", 1000, "run:0:0:7"},
        {"skip:5", 1000, "run:0:0:7 skip:5"},
        /* unclean ends are counted while they are within ten minutes of the first */
        {"run:0:0:8", 1000, "run:1:1000:7"},
        {"run:1:1000:8", 601000, "run:2:1000:7 hunt:10:5001:1000"},
        {"run:1:1000:8", 601001, "run:1:601001:7"},
        {"run:1:1000:8", 999, "run:1:999:7"}, /* another clock */
        {"run:1:1000:0", 2000, "run:2:1000:7 hunt:10:5001:1000"},
        /* this very process did not end */
        {"run:1:1000:7", 2000, "run:1:1000:7"},
        {"run:1:1000:7 try:20:100", 2000, "run:1:1000:7"},
        {"run:2:1000:7 try:20 hunt:20:21:1 blame:20:2", 2000,
         "run:2:1000:7 hunt:20:21:1 blame:20:2"},
        /* nothing named: nobody to blame */
        {"run:2:1000:8 hunt:20:40:10", 2000, "run:3:1000:7 hunt:20:40:10"},
        /* a block is halved */
        {"run:2:1000:8 try:1000:1000 hunt:10:5001:1000", 2000, "run:3:1000:7 hunt:1000:2000:500"},
        {"run:2:1000:8 try:20:3 hunt:20:40:10 blame:9:1", 2000, "run:3:1000:7 hunt:20:23:1"},
        {"run:2:1000:8 try:20:1 hunt:20:40:10", 2000, "run:3:1000:7 hunt:20:21:1"},
        {"run:2:1000:8 try:4999:0 hunt:10:5001:1000", 2000, "run:3:1000:7 hunt:4999:5000:1"},
        /* alone */
        {"run:2:1000:8 try:20 hunt:20:23:1", 2000, "run:3:1000:7 hunt:20:21:1 blame:20:1"},
        {"run:2:1000:8 try:20 hunt:20:21:1 blame:20:1", 2000,
         "run:3:1000:7 hunt:20:21:1 blame:20:2"},
        {"run:2:1000:8 try:21 hunt:20:23:1 blame:20:2", 2000,
         "run:3:1000:7 hunt:21:22:1 blame:21:1"},
        /* a closing is hunted where its timer fires */
        {"run:2:1000:8 close:12 hunt:20:23:1", 2000, "run:3:1000:7 hunt:20:23:1 blame:12:1"},
        /* what was named long ago is blamed all the same */
        {"run:1:1000:8 try:20 hunt:20:21:1 blame:20:2", 9000000,
         "run:1:9000000:7 hunt:20:21:1 blame:20:3"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(begun(cases[i].before, cases[i].now), cases[i].after);
}
END_TEST

START_TEST(few_messages_make_a_small_block)
{
    parse("run:1:1000:8");
    begin_as(ME, 2000, 10, 14);
    ck_assert_str_eq(text(), "run:2:1000:7 hunt:10:15:4");
    parse("run:1:1000:8");
    begin_as(ME, 2000, 10, 10);
    ck_assert_str_eq(text(), "run:2:1000:7 hunt:10:11:1");
}
END_TEST

START_TEST(ends_and_progress)
{
    parse("run:1:1000:7 try:20 hunt:20:23:1 blame:20:2 skip:12");
    poison_progress(&notes);
    ck_assert_str_eq(text(), "run:0:0:7 try:20 hunt:20:23:1 blame:20:2 skip:12");
    poison_end(&notes);
    ck_assert_str_eq(text(), "hunt:20:23:1 blame:20:2 skip:12");
    ck_assert(poison_careful(&notes));
    ck_assert(!poison_through(&notes, 22));
    ck_assert(poison_through(&notes, 23));
    ck_assert_str_eq(text(), "skip:12");
    ck_assert(!poison_careful(&notes));
    ck_assert(!poison_through(&notes, 24));
    poison_prune(&notes, 12);
    ck_assert(poison_skips(&notes, 12));
    poison_prune(&notes, 13);
    ck_assert(!poison_skips(&notes, 12));
    parse("blame:20:3 skip:12");
    ck_assert(poison_buried(&notes, 20));
    ck_assert_str_eq(text(), "skip:12,20");
}
END_TEST

/* In no order: who is to blame may be named in turns, and whoever was blamed first is not forgotten. */
START_TEST(several_suspects)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"run:1:1000:8", "run:2:2000:7 hunt:10:19:1"},
        {"run:2:1000:8 try:12 hunt:10:19:1", "run:3:1000:7 hunt:12:13:1 blame:12:1"},
        {"run:2:1000:8 try:15 hunt:12:13:1 blame:12:2",
         "run:3:1000:7 hunt:15:16:1 blame:12:2 blame:15:1"},
        {"run:2:1000:8 try:12 hunt:15:16:1 blame:12:2 blame:15:1",
         "run:3:1000:7 hunt:12:13:1 blame:12:3 blame:15:1"},
        /* too many: whoever was there at the fewest ends is let go */
        {"run:2:1000:8 try:9 hunt:1:2:1 blame:1:2 blame:2:1 blame:3:1 blame:4:2",
         "run:3:1000:7 hunt:9:10:1 blame:1:2 blame:3:1 blame:4:2 blame:9:1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        parse(cases[i].before);
        const struct poison_assigned a = {ME, i ? 3000 : 2000, 10, 18, 1};
        if (i == 0)
            notes.first = 2000;
        poison_begin(&notes, &a);
        ck_assert_str_eq(text(), cases[i].after);
    }
    parse("hunt:1:2:1 blame:1:3 blame:2:2 blame:3:3");
    ck_assert(poison_condemned(&notes, 1) && poison_condemned(&notes, 3));
    ck_assert(!poison_condemned(&notes, 2) && !poison_condemned(&notes, 4));
    ck_assert(poison_buried(&notes, 1));
    ck_assert_str_eq(text(), "hunt:1:2:1 blame:2:2 blame:3:3 skip:1");
    ck_assert(poison_through(&notes, 2));
    ck_assert_str_eq(text(), "skip:1");
}
END_TEST

START_TEST(steps)
{
    enum {
        NONE = POISON_NONE
    };
    static const struct {
        const char *notes;
        struct poison_view view; /* block position first end complete at_end due */
        enum poison_step step;
        struct poison_name name;
    } cases[] = {
        /* whole blocks before the hunt, up to it, then its own */
        {"hunt:5000:5100:50", {1000, 1, 1, 1001, 0, 0, NONE}, POISON_RUN, {1, 1, 1000}},
        {"hunt:5000:5100:50", {1000, 1, 1, 1000, 0, 0, NONE}, POISON_WAIT, {0}},
        {"hunt:5000:5100:50", {1000, 1, 1, 1000, 1, 0, NONE}, POISON_RUN, {1, 1, 999}},
        {"hunt:500:600:50", {1000, 1, 1, 1001, 0, 0, NONE}, POISON_RUN, {1, 1, 499}},
        {"hunt:500:600:50", {1000, 500, 500, 1001, 0, 0, NONE}, POISON_RUN, {1, 500, 50}},
        {"hunt:500:600:50", {1000, 580, 580, 1001, 0, 0, NONE}, POISON_RUN, {1, 580, 20}},
        {"hunt:500:600:50", {1000, 600, 600, 1600, 0, 0, NONE}, POISON_RUN, {1, 600, 1000}},
        /* a block holds its timers */
        {"hunt:500:600:50", {1000, 500, 500, 1001, 0, 0, 400}, POISON_RUN, {1, 500, 50}},
        /* ends before what is not to be run */
        {"hunt:1:600:50 skip:9,20", {1000, 10, 10, 90, 0, 0, NONE}, POISON_RUN, {1, 10, 10}},
        {"hunt:1:600:50 blame:20:3", {1000, 10, 10, 90, 0, 0, NONE}, POISON_RUN, {1, 10, 10}},
        {"hunt:1:600:50 blame:20:2", {1000, 10, 10, 90, 0, 0, NONE}, POISON_RUN, {1, 10, 50}},
        {"hunt:1:600:50 skip:20", {1000, 20, 20, 90, 0, 0, NONE}, POISON_PASS, {0}},
        {"hunt:1:600:50 blame:20:3", {1000, 20, 20, 90, 0, 0, NONE}, POISON_BURY, {0}},
        /* alone: timers apart */
        {"hunt:20:23:1", {1000, 20, 20, 90, 0, 0, NONE}, POISON_RUN, {2, 20, 1}},
        {"hunt:20:23:1", {1000, 20, 20, 90, 0, 0, 12}, POISON_RUN, {3, 12, 0}},
        {"hunt:20:23:1", {1000, 19, 19, 90, 0, 0, 12}, POISON_RUN, {1, 19, 1}},
        {"hunt:20:23:1", {1000, 23, 23, 90, 1, 0, 12}, POISON_RUN, {1, 23, 67}},
        /* nothing at hand */
        {"hunt:20:23:1", {1000, 20, NONE, NONE, 0, 0, NONE}, POISON_WAIT, {0}},
        {"hunt:20:23:1", {1000, 20, NONE, NONE, 1, 1, NONE}, POISON_DONE, {0}},
        {"hunt:20:23:1", {1000, 20, NONE, NONE, 1, 1, 12}, POISON_RUN, {3, 12, 0}},
        {"hunt:10:23:9", {1000, 20, NONE, NONE, 1, 1, 12}, POISON_RUN, {1, 20, 0}},
        /* who names all alone */
        {"hunt:20:23:1", {1, 10, 10, 11, 0, 0, NONE}, POISON_RUN, {1, 10, 1}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct poison_name name;
        parse(cases[i].notes);
        ck_assert_int_eq(poison_next(&notes, &cases[i].view, &name), cases[i].step);
        ck_assert_msg(name.kind == cases[i].name.kind && name.offset == cases[i].name.offset &&
                          name.count == cases[i].name.count,
                      "case %zu: %d %ld %ld", i, (int)name.kind, (long)name.offset,
                      (long)name.count);
    }
}
END_TEST

START_TEST(what_a_name_gets_through)
{
    ck_assert_int_eq(poison_after(&(struct poison_name){POISON_NAMES_BLOCK, 5, 10}, 5), 15);
    ck_assert_int_eq(poison_after(&(struct poison_name){POISON_NAMES_BLOCK, 5, 0}, 5), 6);
    ck_assert_int_eq(poison_after(&(struct poison_name){POISON_NAMES_MESSAGE, 5, 1}, 5), 6);
    ck_assert_int_eq(poison_after(&(struct poison_name){POISON_NAMES_CLOSING, 5, 0}, 9), -1);
    ck_assert_int_eq(poison_after(&(struct poison_name){POISON_NAMES_NOTHING, 0, 0}, 9), -1);
}
END_TEST

/* ---- random lives ---- */

#define MESSAGES 6000
#define CALLS 4

/* The log, what stands at the broker, and what became of it. */
static struct {
    int64_t n;
    bool bad[MESSAGES]; /* reading it ends the process */
    struct {
        int64_t events[3], at; /* closing it, before message `at` (n: at the end), ends it */
    } calls[CALLS];
    size_t ncalls;
    char text[POISON_TEXT];
    int64_t sent, committed;
    int dead[MESSAGES];
    bool done[MESSAGES];
    int ends, kills;
    int64_t lag; /* the committed offset is so far behind */
    int killing; /* one in so many moments without a name is a kill; 0 none */
} sim;

/* One process. */
static struct {
    int64_t position, before;
    bool closed[CALLS];
} life;

static bool killed(void)
{
    if (sim.killing == 0 || rand() % sim.killing != 0)
        return false;
    sim.kills++;
    return true;
}

static void commit(void)
{
    poison_prune(&notes, sim.committed);
    poison_write(&notes, sim.text);
}

/* What is done so far is acknowledged, perhaps. */
static void acknowledge(void)
{
    if (life.position > sim.sent && rand() % 3 > 0) {
        sim.sent = life.position;
        if (sim.sent - sim.lag > sim.committed)
            sim.committed = sim.sent - sim.lag;
    }
    if (sim.sent > life.before)
        poison_progress(&notes);
    commit();
}

/* The call whose closing comes before the message at the position; the first event it still has. */
static int64_t due(size_t *call)
{
    for (size_t i = 0; i < sim.ncalls; i++) {
        if (sim.calls[i].at != life.position || life.closed[i])
            continue;
        for (size_t k = 0; k < COUNT(sim.calls[i].events); k++)
            if (!poison_skips(&notes, sim.calls[i].events[k])) {
                *call = i;
                return sim.calls[i].events[k];
            }
    }
    return POISON_NONE;
}

/* False: it ended the process. Closing a bad call always does. */
static bool run_message(void)
{
    size_t call;
    if (due(&call) != POISON_NONE || sim.bad[life.position])
        return false;
    sim.done[life.position++] = true;
    return true;
}

static bool run_name(const struct poison_name *name)
{
    if (name->kind == POISON_NAMES_CLOSING || name->count == 0)
        return false;
    for (int64_t i = 0; i < name->count; i++)
        if (!run_message())
            return false;
    return true;
}

static struct poison_view look(int64_t at_hand)
{
    size_t call;
    bool any = life.position < sim.n;
    int64_t end = life.position + at_hand < sim.n ? life.position + at_hand : sim.n;
    return (struct poison_view){POISON_BLOCK, life.position, any ? life.position : POISON_NONE,
                                end,          end == sim.n,  !any,
                                due(&call)};
}

static void bury(void)
{
    sim.dead[life.position]++;
    (void)poison_buried(&notes, life.position);
    life.position++;
    poison_through(&notes, life.position);
}

enum fate {
    DIED,
    GOES_ON,
    FINISHED
};

static enum fate careful(void)
{
    struct poison_name name;
    struct poison_view v = look(POISON_BLOCK + rand() % 1000);
    switch (poison_next(&notes, &v, &name)) {
    case POISON_RUN:
        notes.name = name;
        commit();
        if (!run_name(&name))
            return DIED;
        int64_t after = poison_after(&name, life.position);
        if (after != POISON_NONE)
            poison_through(&notes, after);
        break;
    case POISON_BURY:
        if (killed()) /* before it was sent */
            return DIED;
        bury();
        break;
    case POISON_PASS:
        life.position++;
        poison_through(&notes, life.position);
        break;
    case POISON_DONE:
        poison_through(&notes, life.position + 1);
        return FINISHED;
    case POISON_WAIT:
        ck_abort_msg("there is something to do");
    }
    notes.name = (struct poison_name){0}; /* taken back */
    acknowledge();
    return killed() ? DIED : GOES_ON;
}

static enum fate bold(void)
{
    size_t call;
    if (life.position == sim.n)
        return due(&call) == POISON_NONE ? FINISHED : DIED;
    if (poison_skips(&notes, life.position))
        life.position++;
    else if (!run_message())
        return DIED;
    if (rand() % 50 == 0)
        acknowledge();
    return rand() % 100 == 0 && killed() ? DIED : GOES_ON;
}

static enum fate live(uint32_t who, int64_t now)
{
    enum fate fate;
    memset(&life, 0, sizeof life);
    parse(sim.text);
    life.position = sim.committed;
    life.before = sim.sent;
    begin_as(who, now, sim.committed, sim.n);
    commit();
    do
        fate = poison_careful(&notes) ? careful() : bold();
    while (fate == GOES_ON);
    if (fate == FINISHED && !poison_careful(&notes)) {
        sim.sent = sim.n;
        poison_end(&notes);
        commit();
    }
    return fate;
}

/* Returns how many messages must be in `dead`. */
static int make_world(unsigned seed, int64_t n, int nbad, size_t ncalls)
{
    int64_t order[MESSAGES] = {0};
    memset(&sim, 0, sizeof sim);
    srand(seed);
    sim.n = n;
    sim.lag = rand() % n;
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t k = rand() % (i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    for (int i = 0; i < nbad; i++)
        sim.bad[order[i]] = true;
    sim.ncalls = ncalls;
    for (size_t c = 0; c < ncalls; c++) {
        int64_t *e = sim.calls[c].events, last = 0;
        for (size_t k = 0; k < 3; k++) {
            e[k] = order[(size_t)nbad + 3 * c + k];
            last = e[k] > last ? e[k] : last;
        }
        sim.calls[c].at = last + 1 + rand() % (n - last);
        sim.lag = n; /* an open call holds the committed offset */
    }
    return nbad + 3 * (int)ncalls;
}

static bool must_die(int64_t offset)
{
    for (size_t c = 0; c < sim.ncalls; c++)
        for (size_t k = 0; k < 3; k++)
            if (sim.calls[c].events[k] == offset)
                return true;
    return sim.bad[offset];
}

static void live_on(int guilty)
{
    int64_t now = 1000000;
    int most = guilty * (2 + 11 + 1 + 3) + 3;
    uint32_t who = 1;
    while (live(who, now) != FINISHED) {
        sim.ends++;
        who += 1;
        now += 15000;
        ck_assert_int_le(sim.ends - sim.kills, most);
    }
    for (int64_t i = 0; i < sim.n; i++) {
        ck_assert_msg(sim.dead[i] == must_die(i), "%ld is in dead %d times", (long)i, sim.dead[i]);
        ck_assert_msg(sim.done[i] || must_die(i), "%ld is not done", (long)i);
    }
    ck_assert_int_eq(sim.sent, sim.n);
}

START_TEST(messages_that_kill_are_found)
{
    for (unsigned seed = 0; seed < 150; seed++)
        live_on(make_world(seed, 1 + seed * 37, seed % 5 == 0, 0));
    for (unsigned seed = 0; seed < 100; seed++)
        live_on(make_world(seed, 100 + seed * 50, (int)(seed % 8), 0));
}
END_TEST

START_TEST(two_at_the_borders)
{
    for (int64_t n = 1; n < 9; n++)
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                make_world((unsigned)n, n, 0, 0);
                sim.bad[a] = sim.bad[b] = true;
                live_on(a == b ? 1 : 2);
            }
}
END_TEST

/* Not the message that moves the time, nor one of another call. */
START_TEST(closings_that_kill_cost_their_call)
{
    for (unsigned seed = 0; seed < 60; seed++)
        live_on(make_world(seed, 60 + seed * 97, (int)(seed % 3), 1 + seed % CALLS));
}
END_TEST

/* Whoever kills the process while nothing is named harms nobody, in whatever mode. */
START_TEST(kills_by_hand_harm_nobody)
{
    for (unsigned seed = 0; seed < 100; seed++) {
        int guilty = make_world(seed, 100 + seed * 40, (int)(seed % 3), seed % 2);
        sim.killing = 20;
        live_on(guilty);
    }
}
END_TEST

/* Nor does a kill or two while a message stands alone: once it gets through, all is forgotten. */
START_TEST(a_bad_moment_is_forgiven)
{
    parse("run:2:1000:8 try:20 hunt:20:21:1 blame:20:1");
    begin_as(ME, 2000, 10, 30);
    struct poison_view v = {POISON_BLOCK, 20, 20, 30, true, false, POISON_NONE};
    struct poison_name name;
    ck_assert_int_eq(poison_next(&notes, &v, &name), POISON_RUN);
    ck_assert_int_eq(name.kind, POISON_NAMES_MESSAGE);
    ck_assert(poison_through(&notes, poison_after(&name, 20)));
    ck_assert_str_eq(text(), "run:0:0:7");
}
END_TEST

int main(void)
{
    return UNIT_RUN("poison", texts, too_many_to_skip_is_no_skip, beginnings,
                    few_messages_make_a_small_block, ends_and_progress, several_suspects, steps,
                    what_a_name_gets_through, messages_that_kill_are_found, two_at_the_borders,
                    closings_that_kill_cost_their_call, kills_by_hand_harm_nobody,
                    a_bad_moment_is_forgiven);
}

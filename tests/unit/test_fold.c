/*
 * The fold gives the same call in every order of arrival and with every event twice: all orders of the
 * manual's own sequences; ceilings; what claims one place twice.
 */
#include "worker/calls/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"
#include "worker/calls/view.h"

#define EVENTS_MAX 8

struct sequence {
    struct call_event events[EVENTS_MAX];
    size_t n;
    char *want;
    int runs;
};

static char *fold_all(struct sequence *q, const size_t *order, size_t n, int times)
{
    struct fold f;
    struct buf b = BUF_INIT(100000);
    fold_init(&f);
    for (int round = 0; round < times; round++) {
        for (size_t i = 0; i < n; i++) {
            enum fold_result r = fold_add(&f, &q->events[order[i]], KIT_MS(40));
            ck_assert_int_eq(r, round == 0 ? FOLD_NEW : FOLD_REPEAT);
        }
    }
    kit_dump(&f, &b);
    fold_done(&f);
    return buf_take(&b);
}

static void same(void *arg, const size_t *order, size_t n)
{
    struct sequence *q = arg;
    char *got = fold_all(q, order, n, 2);
    if (q->want == NULL) {
        q->want = got;
        return;
    }
    ck_assert_str_eq(got, q->want);
    free(got);
    q->runs++;
}

/* The manual's sequence, as it prints it, with one of its summaries. */
static int every_order(const char *name, size_t summary)
{
    struct sequence q = {0};
    const struct kit_vendor *list = kit_vendor(name);
    for (; list->kind != NULL; list++) {
        enum call_event_kind kind = call_event_kind_of(str_of(list->kind));
        if (kind == CALL_EVENT_OTHER || kind == CALL_EVENT_RESULT)
            continue;
        ck_assert(call_event_parse(str_of(list->kind), str_of(list->json), &q.events[q.n++],
                                   NULL) == ERR_OK);
    }
    ck_assert(call_event_parse(STR("summary"), str_of(kit_vendor("summaries")[summary].json),
                               &q.events[q.n++], NULL) == ERR_OK);
    kit_orders(q.n, same, &q);
    for (size_t i = 0; i < q.n; i++)
        call_event_done(&q.events[i]);
    free(q.want);
    return q.runs;
}

START_TEST(documentation_in_every_order)
{
    ck_assert_int_eq(every_order("route", 0), 719);
    ck_assert_int_eq(every_order("outgoing", 2), 23);
    ck_assert_int_eq(every_order("callback", 3), 719);
    ck_assert_int_eq(every_order("notification", 1), 5);
}
END_TEST

static enum fold_result add(struct fold *f, struct kit_event k)
{
    struct call_event ev = kit_make(&k, "e");
    return fold_add(f, &ev, KIT_MS(k.at));
}

/* One seq, two contents: whatever comes first, the same one stays. */
START_TEST(one_place_claimed_twice)
{
    const struct kit_event rivals[] = {
        {'A', "c", 1, .at = 5, .where = 'a', .to_ext = "101"},
        {'A', "c", 1, .at = 5, .where = 'a', .to_ext = "102"},
        {'C', "c", 1, .at = 5, .where = 'a'},
        {'A', "c", 1, .at = 4, .where = 'q'},
        {'A', "c", 1, .at = 4, .where = 'q', .reason = 7},
    };
    char *want = NULL;
    for (size_t i = 0; i < 5; i++) {
        struct fold f;
        struct buf b = BUF_INIT(1000);
        fold_init(&f);
        for (size_t j = 0; j < 5; j++)
            (void)add(&f, rivals[(i + j * 2) % 5]);
        ck_assert_int_eq(f.nevents, 1);
        kit_dump(&f, &b);
        if (want != NULL)
            ck_assert_str_eq(b.data, want);
        free(want);
        want = buf_take(&b);
        fold_done(&f);
    }
    ck_assert_ptr_nonnull(strstr(want, "0 2 0 0")); /* Appeared in the queue, reason 0 */
    free(want);
}
END_TEST

/* Without a seq time and state tell events apart. */
START_TEST(no_seq)
{
    struct fold f;
    fold_init(&f);
    ck_assert_int_eq(add(&f, (struct kit_event){'C', "c", 0, .at = 3, .where = 'a'}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'A', "c", 0, .at = 3, .where = 'a'}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'A', "c", 0, .at = 1, .where = 'a'}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'A', "c", 0, .at = 3, .where = 'a'}), FOLD_REPEAT);
    ck_assert_int_eq(f.nlegs, 1);
    ck_assert_int_eq(f.legs[0].n, 3);
    ck_assert_int_eq(f.legs[0].events[0].at, KIT_T0 + 1);
    ck_assert_int_eq(f.legs[0].events[2].state, CALL_EVENT_CONNECTED);
    fold_done(&f);
}
END_TEST

START_TEST(legs_by_time_then_id)
{
    struct fold f;
    fold_init(&f);
    (void)add(&f, (struct kit_event){'C', "b", 2, .at = 9});
    (void)add(&f, (struct kit_event){'A', "a", 1, .at = 7});
    (void)add(&f, (struct kit_event){'A', "c", 1, .at = 7});
    ck_assert(str_is(fold_text(&f, f.legs[0].call_id), "a"));
    ck_assert(str_is(fold_text(&f, f.legs[2].call_id), "b"));
    (void)add(&f, (struct kit_event){'A', "b", 1, .at = 6}); /* the first event comes late */
    ck_assert(str_is(fold_text(&f, f.legs[0].call_id), "b"));
    ck_assert_int_eq(f.legs[0].first_at, KIT_T0 + 6);
    ck_assert(!fold_disconnected(&f));
    (void)add(&f, (struct kit_event){'D', "a", 2, .at = 9});
    (void)add(&f, (struct kit_event){'D', "b", 3, .at = 9});
    ck_assert(!fold_disconnected(&f));
    (void)add(&f, (struct kit_event){'D', "c", 3, .at = 9});
    ck_assert(fold_disconnected(&f));
    fold_done(&f);
    ck_assert(!fold_disconnected(&f));
}
END_TEST

START_TEST(late_is_over_an_hour)
{
    struct fold f;
    struct kit_event k = {'A', "c", 1, .at = 0};
    struct call_event ev = kit_make(&k, "e");
    fold_init(&f);
    (void)fold_add(&f, &ev, KIT_MS(3601));
    ck_assert(!f.fresh);
    (void)fold_add(&f, &ev, KIT_MS(3600)); /* a repetition in time counts */
    ck_assert(f.fresh);
    fold_done(&f);
    ev.timestamp = 0; /* nothing says that it is old */
    (void)fold_add(&f, &ev, KIT_MS(3601));
    ck_assert(f.fresh);
    fold_done(&f);
}
END_TEST

START_TEST(two_summaries)
{
    const struct kit_event early = {'S', NULL, 0, .at = 0, .direction = 1, .end = 10};
    const struct kit_event late = {'S', NULL, 0, .at = 0, .direction = 1, .talk = 5, .end = 12};
    const struct kit_event twins[] = {
        {'S', NULL, 0, .at = 0, .direction = 1, .talk = 5, .end = 12, .from = "7"},
        {'S', NULL, 0, .at = 0, .direction = 2, .talk = 5, .end = 12},
        {'S', NULL, 0, .at = 1, .direction = 2, .talk = 5, .end = 12},
        {'S', NULL, 0, .at = 1, .direction = 2, .talk = 6, .end = 12},
        {'S', NULL, 0, .at = 1, .direction = 2, .talk = 6, .end = 12, .reason = 3},
    };
    struct fold f;
    fold_init(&f);
    ck_assert_int_eq(add(&f, early), FOLD_NEW);
    ck_assert_int_eq(add(&f, late), FOLD_NEW);
    ck_assert_int_eq(add(&f, early), FOLD_REPEAT);
    for (size_t i = 0; i < sizeof(twins) / sizeof(*twins); i++) {
        ck_assert_int_eq(add(&f, twins[i]), FOLD_NEW);
        ck_assert_int_eq(add(&f, late), FOLD_REPEAT);
    }
    ck_assert_int_eq(f.summary.reason, 3);
    fold_done(&f);
}
END_TEST

START_TEST(recordings_once)
{
    struct fold f;
    fold_init(&f);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "b"}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "a"}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "c"}), FOLD_NEW);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "b"}), FOLD_REPEAT);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .at = 0}), FOLD_NEW);
    ck_assert(str_is(fold_text(&f, f.recordings[0]), "a"));
    struct call_event dtmf = {.kind = CALL_EVENT_DTMF};
    ck_assert_int_eq(fold_add(&f, &dtmf, 0), FOLD_NEW);
    ck_assert(fold_size(&f) > 0);
    fold_done(&f);
}
END_TEST

static int add_until_full(struct fold *f, bool new_leg, bool new_text)
{
    char call[16], text[120];
    for (int i = 1; i < 100000; i++) {
        (void)snprintf(call, sizeof call, "c%d", new_leg ? i : 0);
        (void)snprintf(text, sizeof text, "%0100d", new_text ? i : 0);
        struct kit_event k = {'A', call, i, .at = 1, .from = text};
        if (add(f, k) == FOLD_FULL)
            return i - 1;
    }
    return -1;
}

START_TEST(ceilings)
{
    struct fold f;
    fold_init(&f);
    ck_assert_int_eq(add_until_full(&f, true, false), LIMIT_LEGS_PER_CALL);
    fold_done(&f);
    ck_assert_int_eq(add_until_full(&f, false, false), LIMIT_EVENTS_PER_CALL);
    fold_done(&f);
    struct kit_event k = {'A', "c", 1, .at = 1};
    struct call_event ev = kit_make(&k, "e");
    ev.dct_type = 1000;
    ev.disconnect_reason = 100000;
    ck_assert_int_eq(fold_add(&f, &ev, 0), FOLD_NEW);
    ck_assert_int_eq(f.legs[0].events[0].dct_type, UINT8_MAX);
    ck_assert_int_eq(f.legs[0].events[0].reason, UINT16_MAX);
    fold_done(&f);
}
END_TEST

/* A call that went round and round still has its end told. */
START_TEST(texts_have_a_ceiling)
{
    struct fold f;
    char text[120];
    fold_init(&f);
    int n = add_until_full(&f, false, true);
    ck_assert_int_gt(n, 560);
    ck_assert_int_lt(n, 620);
    (void)snprintf(text, sizeof text, "%0101d", 5);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = text}), FOLD_FULL);
    struct kit_event sum = {'S', NULL, 0, .at = 1, .direction = 1, .from = text, .line = "7495"};
    ck_assert_int_eq(add(&f, sum), FOLD_NEW);
    ck_assert(str_is(fold_text(&f, f.summary.texts[FOLD_LINE]), "7495"));
    int more = 0; /* summaries have a ceiling, too */
    for (enum fold_result r = FOLD_NEW; r == FOLD_NEW; more++) {
        (void)snprintf(text, sizeof text, "%0101d", 6 + more);
        sum.at++;
        r = add(&f, sum);
        ck_assert(r != FOLD_REPEAT);
    }
    ck_assert_int_gt(more, 20);
    ck_assert_int_lt(more, 60);
    fold_done(&f);
}
END_TEST

/* An event that goes to `dead` leaves no trace; one that is known already is no such event. */
START_TEST(full_changes_nothing)
{
    struct buf before = BUF_INIT(4 * 1024 * 1024), after = BUF_INIT(4 * 1024 * 1024);
    struct fold f;
    char text[120];
    fold_init(&f);
    (void)snprintf(text, sizeof text, "%0100d", 0);
    ck_assert_int_eq(add_until_full(&f, false, false), LIMIT_EVENTS_PER_CALL);
    f.fresh = false;
    uint16_t used = f.pool_used;
    kit_dump(&f, &before);
    struct kit_event k = {'A', "new", 1, .at = 0, .from = "5", .to = "6"};
    ck_assert_int_eq(add(&f, k), FOLD_FULL);
    k.call = "c0";
    k.seq = LIMIT_EVENTS_PER_CALL + 1;
    ck_assert_int_eq(add(&f, k), FOLD_FULL);
    ck_assert(!f.fresh);
    ck_assert_uint_eq(f.pool_used, used);
    k = (struct kit_event){'A', "c0", 1, .at = 1, .from = text, .to = "of a repetition"};
    ck_assert_int_eq(add(&f, k), FOLD_REPEAT);
    ck_assert_uint_eq(f.pool_used, used);
    kit_dump(&f, &after);
    ck_assert_str_eq(before.data, after.data);
    buf_done(&before);
    buf_done(&after);
    fold_done(&f);
}
END_TEST

START_TEST(recordings_have_a_ceiling)
{
    struct fold f;
    char text[16];
    fold_init(&f);
    for (int i = 0; i < 1024; i++) {
        (void)snprintf(text, sizeof text, "r%d", i);
        ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = text}), FOLD_NEW);
    }
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "r5"}), FOLD_REPEAT);
    ck_assert_int_eq(add(&f, (struct kit_event){'R', NULL, 0, .from = "one more"}), FOLD_FULL);
    fold_done(&f);
}
END_TEST

/* Of this process alone: others on the machine do not count. */
static int64_t cpu_ms(void)
{
    return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* A call at its ceiling, all of it on one leg, is read anew after each event. */
START_TEST(a_full_leg_is_read_quickly)
{
    struct fold f;
    struct view v;
    struct settings *s = kit_settings(NULL);
    fold_init(&f);
    for (int i = 1; i <= LIMIT_EVENTS_PER_CALL; i++) {
        struct kit_event k = {
            'C', "c", i, .at = 1, .where = 'a', .from = "79991231212", .to_ext = "101"};
        ck_assert_int_eq(add(&f, k), FOLD_NEW);
    }
    int64_t begun = cpu_ms();
    for (int i = 0; i < 50; i++)
        view_make(&v, &f, s);
    ck_assert_int_lt(cpu_ms() - begun, 1000);
    ck_assert(v.first_handled.employee != NULL);
    fold_done(&f);
    settings_free(s);
}
END_TEST

/* A call that goes round and round in a group of many phones; kit_settings maps 101. */
START_TEST(six_hundred_legs_are_read_quickly)
{
    struct fold f;
    struct view v;
    struct settings *s = kit_settings(NULL);
    char call[24], ext[16];
    fold_init(&f);
    for (int i = 0; i < 600; i++) {
        (void)snprintf(call, sizeof call, "MToxMDA1%d==", i);
        (void)snprintf(ext, sizeof ext, "%d", i == 599 ? 101 : 2000 + i);
        struct kit_event k = {'A',          call, 1, .at = i, .where = 'a', .from = "79991231212",
                              .to_ext = ext};
        ck_assert_int_eq(add(&f, k), FOLD_NEW);
        k.state = 'D';
        k.seq = 2;
        ck_assert_int_eq(add(&f, k), FOLD_NEW);
    }
    int64_t begun = cpu_ms();
    for (int i = 0; i < 50; i++)
        view_make(&v, &f, s);
    ck_assert_int_lt(cpu_ms() - begun, 1000);
    ck_assert(v.last_missed.employee != NULL);
    fold_done(&f);
    settings_free(s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("fold", documentation_in_every_order, one_place_claimed_twice, no_seq,
                    legs_by_time_then_id, late_is_over_an_hour, two_summaries, recordings_once,
                    ceilings, texts_have_a_ceiling, full_changes_nothing, recordings_have_a_ceiling,
                    a_full_leg_is_read_quickly, six_hundred_legs_are_read_quickly);
}

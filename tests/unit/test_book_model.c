/*
 * What a crash, a frozen worker or settings that change at a crash do to the decisions: nothing. The
 * enumerations are those of the protocol's model: four shapes of calls, every place of a crash, every
 * straggler; what stands in Megaplan in the end is compared, as crm makes it stand.
 *
 * Which test fails when a sentence of design.md section 3 "calls has no state topic" is taken away:
 *   offset, the hour it is held     book, here, stream, stream_model
 *   silence up to the mark          stream, stream_model, guard
 *   jobs before the mark            progress, stream, stream_model
 *   what opens a call               book; a recording of an unknown call: book_model_late
 *   late events add or correct      book_model_late, orders
 *   all an hour late                fold, rules, book
 *   time, then timers, then fold    book, stream; not without the partition's end: integration, decisions
 *   5 s, 10 min, 4 h                book
 *   verdict, `call` always          rules_call, rules_client, rules_task, here
 *   ids end in their cause          book_model_late, rules_responsible
 *   no commit, lost, trimmed        stream, mark
 *   self-fence                      loop, here; integration: fence, kafka (purge), kafka_consumer (rejoin)
 */
#include "worker/calls/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/model.h"
#include "tests/unit/unit.h"

/* One crash: what was acknowledged by then, and what the next owner thinks of it. */
struct crash {
    size_t acked, at; /* messages */
    bool talkative;   /* the next owner says everything anew */
    const struct settings *next;
};

/* Runs to the crash, then anew from the committed offset, silently up to what was acknowledged. True: Y was
 * closed by then. */
static bool run_with_crash(const struct model_log *l, const struct settings *s,
                           const struct crash *c, struct model_run *r)
{
    model_owner(r, s);
    model_feed(r, l->list, 0, c->acked);
    int64_t low = book_low(r->book, (int64_t)c->acked), time = book_fired(r->book);
    model_feed(r, l->list, c->acked, c->at);
    bool closed = r->y.state.call.told;
    model_owner(r, c->next ? c->next : s);
    r->silent = !c->talkative;
    model_feed(r, l->list, (size_t)low, c->acked);
    book_time(r->book, time);
    r->silent = false;
    model_feed(r, l->list, c->acked, l->n);
    model_end(r);
    return closed;
}

static void name_log(const struct model_log *l, const struct crash *c, char out[160])
{
    (void)snprintf(out, 160,
                   "shape %zu, X before event %zu for %" PRId64
                   " s, event %zu once more after %" PRId64 " s, crash after %zu of %zu, %zu acked",
                   l->shape, l->at, l->span, l->extra, l->delay, c->at, l->n, c->acked);
}

/* Every crash of one log: nothing is missing, nothing is there that the call in order would not have
 * made, and it is as without a crash. */
static int crash_everywhere(const struct model_log *l, const struct settings *s, int *wrong)
{
    struct model_run alone = {0}, whole = {0};
    int runs = 0;
    model_in_order(&alone, s, l->y, l->ny);
    model_in_order(&whole, s, l->list, l->n);
    for (size_t at = 0; at <= l->n; at++) {
        struct model_run got = {0};
        const struct crash c = {.acked = at, .at = at};
        char what[160];
        (void)run_with_crash(l, s, &c, &got);
        bool right = model_same(&whole, &got) && model_same_x(&whole, &got) &&
                     model_same(&alone, &got) && !model_extra(&got, &alone) &&
                     !model_extra(&alone, &got);
        if (!right && (*wrong)++ == 0) {
            name_log(l, &c, what);
            model_tell(what, &alone, &got);
        }
        model_done(&got);
        runs++;
    }
    model_done(&alone);
    model_done(&whole);
    return runs;
}

/* Every `step`th log, beginning with `first`. */
static int crash_logs(unsigned switches, size_t first, size_t step)
{
    struct settings *s = model_settings(switches);
    struct model_log l;
    int runs = 0, wrong = 0;
    for (size_t i = first; model_log_number(i, &l); i += step)
        runs += crash_everywhere(&l, s, &wrong);
    settings_free(s);
    ck_assert_msg(wrong == 0, "switches %u: %d of %d runs", switches, wrong, runs);
    return runs;
}

START_TEST(a_crash_after_every_event)
{
    ck_assert_int_eq(crash_logs(MODEL_PLAIN, 0, 1), 9248);
}
END_TEST

START_TEST(a_crash_after_every_event_with_clients)
{
    ck_assert_int_eq(crash_logs(MODEL_PLAIN | MODEL_INCOMING, 0, 1), 9248);
}
END_TEST

START_TEST(crashes_under_all_settings)
{
    int runs = 0;
    for (unsigned on = 0; on <= MODEL_ALL; on++)
        runs += crash_logs(on, on % 47, 47);
    ck_assert_int_eq(runs, 6299);
}
END_TEST

/* What was decided but not acknowledged is decided again, to the same ids and contents. */
START_TEST(a_crash_before_the_acknowledgement)
{
    struct settings *s = model_settings(MODEL_PLAIN | MODEL_INCOMING);
    struct model_log l;
    int runs = 0;
    for (size_t i = 0; model_log_number(i, &l); i += 11) {
        struct model_run whole = {0};
        model_in_order(&whole, s, l.list, l.n);
        for (size_t at = 0; at <= l.n; at++) {
            for (size_t acked = 0; acked <= at; acked++, runs++) {
                struct model_run got = {0};
                const struct crash c = {.acked = acked, .at = at};
                (void)run_with_crash(&l, s, &c, &got);
                if (!model_same(&whole, &got) || !model_same_x(&whole, &got))
                    model_tell("unacknowledged", &whole, &got);
                ck_assert(model_same(&whole, &got) && model_same_x(&whole, &got));
                model_done(&got);
            }
        }
        model_done(&whole);
    }
    settings_free(s);
    ck_assert_int_eq(runs, 4647);
}
END_TEST

/* ---- settings that change while nobody reads ---- */

/* Without the crash, but with the settings of after it from there on. */
static void change_in_order(const struct model_log *l, const struct settings *s,
                            const struct crash *c, struct model_run *r)
{
    model_owner(r, s);
    model_feed(r, l->list, 0, c->at);
    r->settings = c->next;
    model_feed(r, l->list, c->at, l->n);
    model_end(r);
}

/* Of a call that is still open, the next owner takes all that its settings would have said up to the mark for
 * said: a client of G3, switched on in the midst of the call, is not made (but by a summary two hours later,
 * which knows nothing of it); all else is as without a crash. */
static bool change_is_right(const struct model_run *whole, const struct model_run *got, bool closed)
{
    struct ledger_state want = ledger_final(&whole->y), is = ledger_final(&got->y);
    if (!closed && strcmp(want.client.rule, "G3") == 0)
        want.client = is.client;
    return ledger_same(&want, &is);
}

static int change_everywhere(const struct model_log *l, const struct settings *s,
                             const struct settings *next)
{
    int runs = 0;
    for (size_t at = 0; at <= l->n; at++, runs++) {
        struct model_run got = {0}, whole = {0};
        const struct crash c = {.acked = at, .at = at, .next = next};
        char what[160];
        bool closed = run_with_crash(l, s, &c, &got);
        change_in_order(l, s, &c, &whole);
        if (!change_is_right(&whole, &got, closed)) {
            name_log(l, &c, what);
            model_tell(what, &whole, &got);
            ck_abort_msg("%s", what);
        }
        model_done(&got);
        model_done(&whole);
    }
    return runs;
}

START_TEST(settings_changed_at_a_crash)
{
    static const unsigned changes[][2] = {{MODEL_PLAIN, MODEL_PLAIN | MODEL_INCOMING | MODEL_IVR},
                                          {MODEL_PLAIN | MODEL_INCOMING | MODEL_IVR, MODEL_PLAIN},
                                          {MODEL_PLAIN | MODEL_INCOMING, MODEL_INCOMING},
                                          {0, MODEL_ALL},
                                          {MODEL_ALL, 0}};
    int runs = 0;
    for (size_t c = 0; c < COUNT(changes); c++) {
        struct settings *s = model_settings(changes[c][0]);
        struct settings *next = model_settings(changes[c][1]);
        struct model_log l;
        for (size_t i = c; model_log_number(i, &l); i += 5)
            runs += change_everywhere(&l, s, next);
        settings_free(s);
        settings_free(next);
    }
    ck_assert_int_eq(runs, 9248);
}
END_TEST

/* An owner that says everything anew says things the first one did not: the settings are others by now. */
START_TEST(silence_is_needed)
{
    struct settings *s = model_settings(MODEL_PLAIN);
    struct settings *next = model_settings(MODEL_PLAIN | MODEL_INCOMING | MODEL_IVR);
    struct model_log l;
    int wrong = 0;
    for (size_t i = 0; model_log_number(i, &l); i += 20) {
        struct model_run got = {0}, whole = {0};
        const struct crash c = {.acked = l.n, .at = l.n, .talkative = true, .next = next};
        (void)run_with_crash(&l, s, &c, &got);
        model_in_order(&whole, s, l.list, l.n);
        wrong += !model_same(&whole, &got);
        model_done(&got);
        model_done(&whole);
    }
    settings_free(s);
    settings_free(next);
    ck_assert_int_gt(wrong, 0);
}
END_TEST

/* ---- a frozen worker ---- */

/* It wakes after a day, and what it has not read is still there. Fenced, it begins anew; unfenced, its timers
 * would fire first. Returns how many runs end otherwise than in order. */
static int freeze(unsigned switches, bool fenced, int *runs)
{
    struct settings *s = model_settings(switches);
    int wrong = 0;
    for (size_t shape = 0; shape < MODEL_SHAPES; shape++) {
        struct model_log l = {.shape = shape};
        l.n = l.ny = book_kit_shape(shape, l.list);
        for (size_t at = 1; at < l.n; at++, ++*runs) {
            struct model_run want = {0}, got = {0};
            model_in_order(&want, s, l.list, l.n);
            if (fenced) {
                (void)run_with_crash(&l, s, &(struct crash){.acked = at, .at = at}, &got);
            } else {
                model_owner(&got, s);
                model_feed(&got, l.list, 0, at);
                model_end(&got);
                model_feed(&got, l.list, at, l.n);
            }
            wrong += !model_same(&want, &got);
            model_done(&want);
            model_done(&got);
        }
    }
    settings_free(s);
    return wrong;
}

START_TEST(a_frozen_worker)
{
    int runs = 0, unfenced = 0;
    for (unsigned on = 0; on <= MODEL_ALL; on++) {
        ck_assert_int_eq(freeze(on, true, &runs), 0);
        unfenced += freeze(on, false, &runs);
    }
    ck_assert_int_eq(runs, 2 * 32 * 18);
    ck_assert_int_gt(unfenced, 0); /* these runs can tell */
}
END_TEST

int main(void)
{
    return UNIT_RUN("book_model", a_crash_after_every_event, a_crash_after_every_event_with_clients,
                    crashes_under_all_settings, a_crash_before_the_acknowledgement,
                    settings_changed_at_a_crash, silence_is_needed, a_frozen_worker);
}

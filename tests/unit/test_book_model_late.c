/*
 * What a late event, a repetition or another order of arrival does to the decisions: a repetition nothing,
 * an order nothing, a late event no more than to add or to correct. The enumerations are those of the
 * protocol's model (test_book_model.c has its crashes).
 */
#include "worker/calls/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/model.h"
#include "tests/unit/unit.h"

/* ---- events after the closing ---- */

struct straggler {
    size_t shape, late; /* late: an event of the shape; the one after its last: a recording */
    int64_t delay;      /* seconds after the last event */
    bool repeat;        /* it has come in its time, too */
};

/* The shape's events, and a recording. */
static size_t shape_with_recording(size_t shape, struct message *log)
{
    size_t n = book_kit_shape(shape, log);
    log[n] = (struct message){{'R', NULL, 0, .at = 62, .from = "rec"}, "Y", log[n - 1].at + 1};
    return n;
}

/* The call without the event it lacks, closed if its summary has come; then the event. */
static void straggle(const struct straggler *st, const struct settings *s, struct model_run *before,
                     struct model_run *got)
{
    struct message log[LOG_MAX];
    size_t n = shape_with_recording(st->shape, log);
    int64_t end = log[n - 1].at;
    model_owner(before, s);
    model_owner(got, s);
    for (size_t i = 0; i < n; i++) {
        if (!st->repeat && i == st->late)
            continue;
        model_feed_one(before, &log[i], (int64_t)i);
        model_feed_one(got, &log[i], (int64_t)i);
    }
    model_end(before);
    if (book_due(got->book) <= KIT_MS(end + 6))
        book_time(got->book, KIT_MS(end + 6));
    log[st->late].at = end + st->delay;
    model_feed_one(got, &log[st->late], 99);
    model_end(got);
}

static bool straggler_number(size_t i, struct straggler *st)
{
    static const int64_t delays[] = {8, 900, 7200};
    for (size_t shape = 0; shape < MODEL_SHAPES; shape++) {
        struct message log[LOG_MAX];
        size_t n = book_kit_shape(shape, log), count = 3 * (2 * n + 1);
        if (i >= count) {
            i -= count;
            continue;
        }
        *st = (struct straggler){shape, i / 3 % (n + 1), delays[i % 3], i / 3 <= n};
        if (!st->repeat)
            st->late = i / 3 - n - 1;
        return true;
    }
    return false;
}

/* What must stand: after a repetition or a recording all as in order. A leg's event corrects whose the client is
 * while the call is remembered, a summary the saved call; what the closing made without it stays. Of a call that
 * is forgotten a summary knows its own employee only (101 in the shapes, or nobody of the settings). */
static struct ledger_state expected(const struct straggler *st, const struct model_run *want,
                                    const struct model_run *before)
{
    struct message log[LOG_MAX];
    size_t n = book_kit_shape(st->shape, log);
    struct ledger_state in_order = ledger_final(&want->y), s = ledger_final(&before->y);
    bool closed = st->delay > 600, forgotten = st->delay > 3600;
    if (st->repeat || st->late >= n || (st->late == n - 1 && !closed))
        return in_order;
    if (st->late == n - 1) {
        s.call = in_order.call;
        if (forgotten && s.call.saved)
            LEDGER_PUT(s.call.employee, STR("1000005"));
    } else if (!forgotten) {
        memcpy(s.client.responsible, in_order.client.responsible, LEDGER_TEXT);
    }
    return s;
}

static bool straggler_is_right(const struct straggler *st, const struct settings *s)
{
    struct message log[LOG_MAX];
    struct model_run want = {0}, before = {0}, got = {0};
    char what[160];
    size_t n = shape_with_recording(st->shape, log);
    model_in_order(&want, s, log, n + (st->late == n));
    straggle(st, s, &before, &got);
    struct ledger_state should = expected(st, &want, &before), is = ledger_final(&got.y);
    bool right = ledger_same(&should, &is) && !model_extra(&got, &want);
    if (!right) {
        (void)snprintf(what, sizeof what, "shape %zu, event %zu %s, %" PRId64 " s late", st->shape,
                       st->late, st->repeat ? "once more" : "at last", st->delay);
        model_tell(what, &want, &got);
    }
    model_done(&want);
    model_done(&before);
    model_done(&got);
    return right;
}

START_TEST(late_and_repeated_events)
{
    int runs = 0, wrong = 0;
    for (unsigned on = 0; on <= MODEL_ALL; on++) {
        struct settings *s = model_settings(on);
        struct straggler st;
        for (size_t i = 0; straggler_number(i, &st); i++, runs++)
            wrong += !straggler_is_right(&st, s);
        settings_free(s);
    }
    ck_assert_msg(wrong == 0, "%d of %d runs", wrong, runs);
    ck_assert_int_eq(runs, 32 * 144);
}
END_TEST

/* ---- orders of arrival ---- */

struct ordering {
    struct message log[LOG_MAX];
    const struct settings *settings;
    struct model_run want;
    int runs;
};

/* All arrive within 4 s, so that nothing closes in between. */
static void any_order(void *arg, const size_t *order, size_t n)
{
    struct ordering *o = arg;
    struct model_run got = {0};
    struct message log[LOG_MAX];
    for (size_t i = 0; i < n; i++) {
        log[i] = o->log[order[i]];
        log[i].at = 61 + (i < 3 ? (int64_t)i : 3);
    }
    model_in_order(&got, o->settings, log, n);
    if (!model_same(&o->want, &got)) {
        model_tell("another order", &o->want, &got);
        ck_abort_msg("run %d", o->runs);
    }
    model_done(&got);
    o->runs++;
}

START_TEST(every_order)
{
    struct ordering o = {.runs = 0};
    for (unsigned on = MODEL_PLAIN; on <= (MODEL_PLAIN | MODEL_INCOMING); on++) {
        struct settings *s = model_settings(on);
        o.settings = s;
        for (size_t shape = 0; shape < MODEL_SHAPES; shape++) {
            size_t n = book_kit_shape(shape, o.log);
            model_in_order(&o.want, s, o.log, n);
            kit_orders(n, any_order, &o);
            model_done(&o.want);
        }
        settings_free(s);
    }
    ck_assert_int_eq(o.runs, 2 * (720 + 120 + 5040 + 24));
}
END_TEST

/* ---- the responsible goes to and fro ---- */

/* Two legs that overlap, in two ways, and a transfer there and back; nobody sends their end. */
static const struct message to_and_fro[][6] = {
    {{LEG('A', "1", 1, 0, "101"), "Y", 0},
     {LEG('A', "2", 1, 1, "102"), "Y", 1},
     {LEG('C', "2", 2, 3, "102"), "Y", 3},
     {LEG('C', "1", 2, 9, "101"), "Y", 9}},
    {{LEG('A', "1", 1, 0, "101"), "Y", 0},
     {LEG('A', "2", 1, 1, "102"), "Y", 1},
     {LEG('C', "1", 2, 3, "101"), "Y", 3},
     {LEG('C', "2", 2, 9, "102"), "Y", 9}},
    {{LEG('A', "1", 1, 0, "101"), "Y", 0},
     {LEG('C', "1", 2, 4, "101"), "Y", 4},
     {LEG('A', "2", 1, 5, "102"), "Y", 5},
     {LEG('C', "2", 2, 8, "102"), "Y", 8},
     {LEG('A', "3", 1, 9, "101"), "Y", 9},
     {LEG('C', "3", 2, 12, "101"), "Y", 12}},
};

static void any_way(void *arg, const size_t *order, size_t n)
{
    struct ordering *o = arg;
    struct model_run got = {0};
    struct message log[LOG_MAX];
    for (size_t i = 0; i < n; i++)
        log[i] = o->log[order[i]];
    for (size_t i = 0; i < n; i++)
        log[i].at = 20;
    model_in_order(&got, o->settings, log, n);
    ck_assert(got.y.state.client.made);
    if (strcmp(got.y.state.client.responsible, o->want.y.state.client.responsible) != 0) {
        model_tell("to and fro", &o->want, &got);
        ck_abort_msg("run %d", o->runs);
    }
    model_done(&got);
    o->runs++;
}

/* A job id ends in its cause: by the leg's name instead of the event's offset, the second correction back to
 * the first employee would be taken for a repetition. */
START_TEST(the_responsible_to_and_fro)
{
    struct ordering o = {.runs = 0};
    for (unsigned follow = 0; follow <= MODEL_FOLLOW; follow += MODEL_FOLLOW) {
        struct settings *s = model_settings(MODEL_INCOMING | MODEL_MISSED | MODEL_TASK | follow);
        o.settings = s;
        for (size_t shape = 0; shape < COUNT(to_and_fro); shape++) {
            static const size_t in_order[] = {0, 1, 2, 3, 4, 5};
            size_t n = to_and_fro[shape][4].entry ? 6 : 4;
            memcpy(o.log, to_and_fro[shape], sizeof to_and_fro[shape]);
            model_in_order(&o.want, s, o.log, n);
            any_way(&o, in_order, n);
            kit_orders(n, any_way, &o);
            model_done(&o.want);
        }
        settings_free(s);
    }
    ck_assert_int_eq(o.runs, 1542);
}
END_TEST

int main(void)
{
    return UNIT_RUN("book_model_late", late_and_repeated_events, every_order,
                    the_responsible_to_and_fro);
}

/*
 * What a crash, a late event, a repetition or another order changes in the decisions: nothing. The
 * enumerations follow the model of the protocol: four shapes of calls, every place of a crash, every
 * straggler, every order of arrival.
 */
#include "worker/calls/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/book_kit.h"
#include "tests/unit/unit.h"

static const char *const variants[] = {
    NULL, "\"lines\":[]",
    "\"create_client\":{\"incoming\":true},\"missed_in_ivr_responsible\":\"1000005\","
    "\"unmapped_employee\":\"1000007\""};

/* ---- crashes ---- */

/* Y, and X that is open from before or inside Y for a long time, so that it holds the offset; and
 * perhaps one event of Y once more, late. */
static size_t crash_log(size_t shape, size_t at, int64_t span, size_t extra, int64_t delay,
                        struct message *out)
{
    struct message y[LOG_MAX];
    size_t ny = book_kit_shape(shape, y), n = 0;
    size_t before = at < ny ? at : ny;
    struct message x = {LEG('A', "x", 1, 0, "101"), "X", before ? y[before - 1].at : 0};
    struct message end = {SUM(1, "101", 0), "X", y[ny - 1].at + span};
    for (size_t i = 0; i < ny; i++) {
        if (i == at)
            out[n++] = x;
        out[n++] = y[i];
    }
    if (at >= ny)
        out[n++] = x;
    struct message late = extra < ny ? y[extra] : x;
    late.at = y[ny - 1].at + delay;
    if (extra < ny && late.at <= end.at)
        out[n++] = late;
    out[n++] = end;
    if (extra < ny && late.at > end.at)
        out[n++] = late;
    return n;
}

/* Runs to `crash`, then anew from the committed offset, silently up to what was acknowledged. */
static void run_with_crash(const struct message *log, size_t n, size_t acked, size_t crash,
                           struct record *r)
{
    struct book *b = book_kit_new(r);
    book_kit_feed_all(b, log, 0, acked);
    int64_t low = book_low(b, (int64_t)acked), time = book_now(b);
    book_kit_feed_all(b, log, acked, crash);
    book_free(b);
    b = book_kit_new(r);
    r->silent = true;
    book_kit_feed_all(b, log, (size_t)low, acked);
    book_time(b, time);
    r->silent = false;
    book_kit_feed_all(b, log, acked, n);
    book_time(b, KIT_MS(1000000));
    book_free(b);
}

/* The same job id among the first n lines. */
static bool has_id(const struct record *r, size_t n, const char *line)
{
    size_t len = (size_t)(strchr(line, ' ') - line);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(r->lines[i], line, len + 1) == 0)
            return true;
    }
    return false;
}

/* Jobs of a closing end in its verdict. */
static const char *verdict_of(const char *line)
{
    const char *last = strrchr(line, ' ');
    return strncmp(line, "Y:", 2) == 0 ? last + 1 : "";
}

/* A late event of a call that was closed and is forgotten by now opens it anew, silently, when it is
 * folded from an offset behind the call's first event. What that closes with is no summary's, and crm
 * drops it: the first of equal ids wins, and the first verdict stands (design.md section 3 "Verdict").
 * So do we here. */
static void drop_second_verdicts(struct record *r)
{
    size_t kept = 0;
    char first[80] = "";
    for (size_t i = 0; i < r->n; i++) {
        const char *line = r->lines[i], *verdict = verdict_of(line);
        bool summary = strncmp(line, "Y:call:summary", 14) == 0;
        bool again = has_id(r, kept, line) || (strncmp(line, "Y none", 6) == 0 && *first);
        if (again || (!summary && *first && *verdict && strcmp(first, verdict) != 0) ||
            (!summary && strncmp(line, "Y:call:", 7) == 0 && *first))
            continue;
        if (strncmp(line, "Y:call:", 7) == 0 && !*first)
            (void)snprintf(first, sizeof first, "%s", verdict);
        memmove(r->lines[kept++], r->lines[i], sizeof *r->lines);
    }
    r->n = kept;
}

static void same_lines(const struct record *a, const struct record *b, const char *what)
{
    size_t last = b->n > a->n ? b->n - 1 : 0;
    ck_assert_msg(a->n == b->n, "%s: %zu and %zu decisions (%s)", what, a->n, b->n, b->lines[last]);
    for (size_t i = 0; i < a->n; i++)
        ck_assert_msg(strcmp(a->lines[i], b->lines[i]) == 0, "%s: %s, not %s", what, b->lines[i],
                      a->lines[i]);
}

static bool has_line(const struct record *r, const char *line)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->lines[i], line) == 0)
            return true;
    }
    return false;
}

static int crash_everywhere(size_t shape, size_t at, int64_t span, size_t extra, int64_t delay)
{
    struct message log[LOG_MAX];
    size_t n = crash_log(shape, at, span, extra, delay, log);
    struct record want = {.n = 0};
    char what[80];
    int runs = 0;
    struct book *b = book_kit_new(&want);
    book_kit_feed_all(b, log, 0, n);
    book_time(b, KIT_MS(1000000));
    book_free(b);
    drop_second_verdicts(&want);
    for (size_t crash = 0; crash <= n; crash++) {
        struct record got = {.n = 0};
        (void)snprintf(what, sizeof what, "shape %zu, X at %zu, crash %zu of %zu, extra %zu", shape,
                       at, crash, n, extra);
        run_with_crash(log, n, crash, crash, &got);
        drop_second_verdicts(&got);
        same_lines(&want, &got, what);
        runs++;
    }
    return runs;
}

START_TEST(crash_after_every_event)
{
    int runs = 0;
    for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
        book_kit_settings = kit_settings(variants[v]);
        for (size_t shape = 0; shape < 4; shape++) {
            for (size_t at = 0; at <= 7; at++) {
                for (size_t extra = 0; extra <= 7; extra++) {
                    static const int64_t delays[] = {9, 2000, 7200};
                    int64_t span = (extra + at + v) % 2 ? 3000 : 10800;
                    runs += crash_everywhere(shape, at, span, extra, delays[(extra + at / 2) % 3]);
                }
            }
        }
        settings_free(book_kit_settings);
    }
    ck_assert_int_gt(runs, 5000);
}
END_TEST

/* What was decided but not acknowledged is decided again, to the same ids and contents. */
START_TEST(crash_before_the_acknowledgement)
{
    book_kit_settings = kit_settings(NULL);
    for (size_t shape = 0; shape < 4; shape++) {
        struct message log[LOG_MAX];
        size_t n = crash_log(shape, 2, 3000, 1, 9, log);
        struct record want = {.n = 0};
        struct book *b = book_kit_new(&want);
        book_kit_feed_all(b, log, 0, n);
        book_time(b, KIT_MS(1000000));
        book_free(b);
        for (size_t crash = 0; crash <= n; crash++) {
            for (size_t acked = 0; acked <= crash; acked++) {
                struct record got = {.n = 0};
                run_with_crash(log, n, acked, crash, &got);
                for (size_t i = 0; i < got.n; i++)
                    ck_assert_msg(has_line(&want, got.lines[i]), "extra: %s", got.lines[i]);
                for (size_t i = 0; i < want.n; i++)
                    ck_assert_msg(has_line(&got, want.lines[i]), "missing: %s", want.lines[i]);
            }
        }
    }
}
END_TEST

/* ---- stragglers ---- */

/* The responsible after all jobs: the client's, then the last correction. */
static const char *owner(const struct record *r)
{
    const char *found = "";
    for (size_t i = 0; i < r->n; i++) {
        if (strncmp(r->lines[i], "Y:client ", 9) == 0 && !*found)
            found = strchr(r->lines[i], ' ');
        if (strncmp(r->lines[i], "Y:responsible:", 14) == 0)
            found = strchr(r->lines[i], ' ');
    }
    return found;
}

/* Every event once more, or for the first time, after the call has closed. */
static void straggle(size_t shape, size_t late, bool repeat, int64_t delay,
                     const struct record *want)
{
    struct message log[LOG_MAX];
    struct record got = {.n = 0};
    size_t n = book_kit_shape(shape, log);
    struct book *b = book_kit_new(&got);
    for (size_t i = 0; i < n; i++) {
        if (repeat || i != late)
            (void)book_kit_feed(b, &log[i], (int64_t)i);
    }
    book_time(b, KIT_MS(log[n - 1].at + 6));
    struct message again = log[late];
    again.at = log[n - 1].at + delay;
    (void)book_kit_feed(b, &again, 99);
    book_time(b, KIT_MS(100000));
    book_free(b);
    if (repeat) {
        for (size_t i = 0; i < got.n; i++)
            ck_assert_msg(has_id(want, want->n, got.lines[i]) ||
                              strncmp(got.lines[i], "Y none", 6) == 0,
                          "shape %zu, repeated event %zu after %" PRId64 ": %s", shape, late, delay,
                          got.lines[i]);
        return;
    }
    /* a client is never added after the closing, and the owner is right if the event came in time */
    int clients = 0;
    for (size_t i = 0; i < got.n; i++)
        clients += strncmp(got.lines[i], "Y:client ", 9) == 0;
    ck_assert(clients <= 1 || delay > 3600); /* forgotten: the same id again */
    if (delay < 3600 && *owner(&got) && *owner(want))
        ck_assert(strncmp(owner(&got), owner(want), 8) == 0); /* " 1000005", verdict or not */
}

START_TEST(late_and_repeated_events)
{
    for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
        book_kit_settings = kit_settings(variants[v]);
        for (size_t shape = 0; shape < 4; shape++) {
            struct message log[LOG_MAX];
            struct record want = {.n = 0};
            size_t n = book_kit_shape(shape, log);
            struct book *b = book_kit_new(&want);
            book_kit_feed_all(b, log, 0, n);
            book_time(b, KIT_MS(100000));
            book_free(b);
            for (size_t late = 0; late < n; late++) {
                static const int64_t delays[] = {8, 900, 7200};
                for (size_t d = 0; d < 3; d++) {
                    straggle(shape, late, true, delays[d], &want);
                    straggle(shape, late, false, delays[d], &want);
                }
            }
        }
        settings_free(book_kit_settings);
    }
}
END_TEST

/* ---- orders ---- */

struct ordering {
    struct message log[LOG_MAX];
    char owner[80], saved[80];
};

static void any_order(void *arg, const size_t *order, size_t n)
{
    struct ordering *o = arg;
    struct record got = {.n = 0};
    struct book *b = book_kit_new(&got);
    for (size_t i = 0; i < n; i++) {
        struct message m = o->log[order[i]];
        m.at = 61 + (i < 4 ? (int64_t)i : 4);
        (void)book_kit_feed(b, &m, (int64_t)i);
    }
    book_time(b, KIT_MS(100000));
    book_free(b);
    if (o->saved[0] == '\0') {
        (void)snprintf(o->owner, sizeof o->owner, "%s", owner(&got));
        (void)snprintf(o->saved, sizeof o->saved, "%s", got.lines[got.n - 1]);
    }
    ck_assert(strncmp(o->owner, owner(&got), 8) == 0);
    ck_assert_msg(has_line(&got, o->saved), "%s", got.lines[got.n - 1]);
}

/* The final owner and the saved call are the same in every order of arrival. */
START_TEST(every_order)
{
    book_kit_settings = kit_settings(NULL);
    for (size_t shape = 0; shape < 4; shape++) {
        struct ordering o = {.saved = ""};
        size_t n = book_kit_shape(shape, o.log);
        kit_orders(n, any_order, &o);
        ck_assert_int_eq(o.saved[0], 'Y');
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("book_model", crash_after_every_event, crash_before_the_acknowledgement,
                    late_and_repeated_events, every_order);
}

/*
 * Crashes of a whole partition without Kafka: messages in, records out, acknowledgements that lag, commits
 * with their marks. After a crash at any message the next owner goes on from the last commit, and what
 * stands in Megaplan in the end is as without the crash. The logs are those of the protocol's model.
 */
#include "worker/calls/stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/model.h"
#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

/* More records of one owner are a fault of the test. */
#define RECORDS 64

static const struct stream_kit_part *const part = &stream_kit.parts[STREAM_KIT_PARTITION];

/* One life after the other: how many records are acknowledged, and what became of the jobs. */
struct partition {
    size_t nacked;
    struct ledger y;
};

/* Owner and crash: how many records are not acknowledged yet, and whether they are lost with it. */
struct accident {
    size_t at, lag;
    bool lost;
};

static struct stream *assign(int64_t high)
{
    return stream_kit_begin(part->offset, part->text, 0, high);
}

/* ---- messages ---- */

static void write_leg(const struct kit_event *k, const char *entry, char *out, size_t size)
{
    const char *state = k->state == 'A'   ? "Appeared"
                        : k->state == 'C' ? "Connected"
                                          : "Disconnected";
    (void)snprintf(out, size,
                   "{\"entry_id\":\"%s\",\"call_id\":\"%s\",\"seq\":%d,\"timestamp\":%" PRId64
                   ",\"call_state\":\"%s\",\"location\":\"%s\",\"from\":{\"number\":\"%s\"},"
                   "\"to\":{\"extension\":\"%s\"}}",
                   entry, k->call, k->seq, KIT_T0 + k->at, state,
                   k->where == 'i' ? "ivr" : "abonent", k->from, k->to_ext ? k->to_ext : "");
}

static void write_summary(const struct kit_event *k, const char *entry, char *out, size_t size)
{
    (void)snprintf(out, size,
                   "{\"entry_id\":\"%s\",\"call_direction\":1,\"from\":{\"number\":\"%s\"},\"to\":"
                   "{\"extension\":\"%s\",\"number\":\"%s\"},\"create_time\":%" PRId64
                   ",\"talk_time\":%" PRId64 ",\"end_time\":%" PRId64 "}",
                   entry, k->from, k->to_ext, k->to, KIT_T0 + k->at, k->talk ? KIT_T0 + k->talk : 0,
                   KIT_T0 + k->end);
}

static void deliver(struct stream *s, const struct message *m, int64_t offset)
{
    char value[512], key[16];
    bool summary = m->event.state == 'S';
    (summary ? write_summary : write_leg)(&m->event, m->entry, value, sizeof value);
    (void)snprintf(key, sizeof key, "acme/%s", m->entry);
    stream_kit.now = KIT_MS(m->at);
    bool silent = !stream_restored(s);
    size_t before = stream_kit.n;
    stream_kit_feed(s, offset, summary ? "summary" : "call", key, value, m->at);
    ck_assert(!silent || stream_restored(s) || stream_kit.n == before);
    ck_assert_uint_le(stream_kit.n, RECORDS);
}

/* All but the newest `lag` records are acknowledged, the newest of them first. */
static void acknowledge(struct partition *p, struct stream *s, size_t lag)
{
    size_t end = stream_kit.n > lag ? stream_kit.n - lag : 0;
    for (size_t i = end; i > p->nacked; i--) {
        stream_kit_ack(i - 1, true);
        stream_turn(s);
    }
    p->nacked = end > p->nacked ? end : p->nacked;
    stream_turn(s);
}

static void take_job(struct partition *p, const struct stream_kit_record *r, bool lost)
{
    struct job *job = NULL;
    struct error e = ERROR_NONE;
    ck_assert_int_ne(r->topic, KAFKA_DEAD);
    if (r->topic == KAFKA_OUTCOMES)
        return;
    ck_assert_int_eq(job_decode(str_of(r->key), str_of(r->value), r->at, STR("live"), &job, &e),
                     ERR_OK);
    if (!lost && str_is(str_of(job->entry_id), "Y"))
        (void)ledger_add(&p->y, job);
    job_free(job);
}

/* The owner is gone: what it has sent stands in Kafka, or what is not acknowledged does not. */
static void take_jobs(struct partition *p, bool lost)
{
    for (size_t i = 0; i < stream_kit.n; i++) {
        take_job(p, &stream_kit.sent[i], i >= p->nacked && lost);
        stream_kit_ack(i, false);
    }
    stream_kit_forget();
    p->nacked = 0;
}

/* ---- runs ---- */

static void finish(struct partition *p, struct stream *s)
{
    for (int64_t due; (due = book_due(stream_book(s))) < KIT_MS(1000000);) {
        stream_kit.now = due;
        stream_at_end(s, due);
    }
    acknowledge(p, s, 0);
}

static void run(struct partition *p, const struct model_log *l, const struct accident *a)
{
    struct stream *s = assign(0);
    for (size_t i = 0; i < a->at; i++) {
        deliver(s, &l->list[i], (int64_t)i);
        acknowledge(p, s, a->lag);
    }
    stream_free(s);
    take_jobs(p, a->lost);
    s = assign((int64_t)a->at);
    for (int64_t i = stream_start(s); i < (int64_t)l->n; i++) {
        deliver(s, &l->list[i], i);
        acknowledge(p, s, a->lag);
    }
    finish(p, s);
    stream_free(s);
    take_jobs(p, false);
    ck_assert_int_eq(part->offset, (int64_t)l->n); /* nothing is open or remembered */
    ck_assert_uint_eq(part->flows, 0);
}

static void crash(const struct model_log *l, const struct accident *a)
{
    struct partition p = {0};
    struct model_run want = {0}, got = {0};
    stream_kit.now = 0;
    stream_kit.parts[STREAM_KIT_PARTITION] = (struct stream_kit_part){0};
    model_in_order(&want, stream_kit.settings, l->list, l->n);
    run(&p, l, a);
    got.y = p.y;
    if (!model_same(&want, &got)) {
        model_tell("after a crash", &want, &got);
        ck_abort_msg(
            "shape %zu, X before %zu, event %zu once more, crash after %zu of %zu, lag %zu",
            l->shape, l->at, l->extra, a->at, l->n, a->lag);
    }
    model_done(&want);
    model_done(&got);
}

static int crash_everywhere(size_t first, size_t step, size_t lag, bool lost)
{
    struct model_log l;
    int runs = 0;
    stream_kit.settings = model_settings(MODEL_ALL & ~(unsigned)MODEL_IVR);
    for (size_t i = first; model_log_number(i, &l); i += step) {
        for (size_t at = 0; at <= l.n; at++, runs++)
            crash(&l, &(struct accident){at, lag, lost});
    }
    stream_kit_free();
    return runs;
}

START_TEST(all_acknowledged)
{
    ck_assert_int_eq(crash_everywhere(0, 7, 0, true), 1327);
}
END_TEST

START_TEST(unacknowledged_records_are_lost)
{
    ck_assert_int_eq(crash_everywhere(1, 11, 1, true), 848);
    ck_assert_int_eq(crash_everywhere(2, 11, 4, true), 846);
}
END_TEST

START_TEST(unacknowledged_records_are_there)
{
    ck_assert_int_eq(crash_everywhere(3, 11, 4, false), 847);
}
END_TEST

int main(void)
{
    return UNIT_RUN("stream_model", all_acknowledged, unacknowledged_records_are_lost,
                    unacknowledged_records_are_there);
}

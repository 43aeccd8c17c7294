/*
 * Crashes of a whole partition without Kafka: messages in, records out, acknowledgements that lag, commits
 * with their marks. After a crash at any message the next owner goes on from the last commit, and what
 * stands in Megaplan in the end is as without the crash. The logs are those of the protocol's model.
 */
#include "worker/calls/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/text.h"
#include "tests/unit/model.h"
#include "tests/unit/unit.h"

#define RECORDS 64

struct record_sent {
    struct job *job; /* NULL: an outcome */
    producer_done *done;
    void *arg;
};

/* Kafka, seen by one owner, and what became of the jobs. */
struct partition {
    const struct settings *settings;
    struct counts *counts;
    struct record_sent sent[RECORDS];
    size_t nsent, nacked;
    int64_t now, committed;
    char metadata[LIMIT_COMMIT_METADATA];
    struct ledger y;
};

/* Owner and crash: how many records are not acknowledged yet, and whether they are lost with it. */
struct accident {
    size_t at, lag;
    bool lost;
};

/* ---- the outside ---- */

static enum err fake_send(void *arg, const struct producer_record *r, struct error *e)
{
    struct partition *p = arg;
    struct job *job = NULL;
    ck_assert_uint_lt(p->nsent, RECORDS);
    ck_assert_int_ne(r->topic, KAFKA_DEAD);
    if (r->topic != KAFKA_OUTCOMES)
        ck_assert_int_eq(job_decode(r->key, r->value, p->now, STR("live"), &job, e), ERR_OK);
    p->sent[p->nsent++] = (struct record_sent){job, r->done, r->arg};
    return ERR_OK;
}

static void fake_failed(void *arg, enum kafka_topic topic, const char *why)
{
    (void)arg;
    ck_abort_msg("%s: %s", kafka_topic_name(topic), why);
}

static int64_t fake_now(void *arg)
{
    return ((struct partition *)arg)->now;
}

static const struct settings *fake_settings(void *arg, struct str account)
{
    (void)account;
    return ((struct partition *)arg)->settings;
}

static void fake_commit(void *arg, int32_t partition, int64_t offset, const char *metadata)
{
    struct partition *p = arg;
    (void)partition;
    p->committed = offset;
    (void)snprintf(p->metadata, sizeof p->metadata, "%s", metadata);
}

static void fake_flow(void *arg, int32_t partition, bool on)
{
    (void)arg;
    ck_abort_msg("partition %d: flow %d", partition, on);
}

static struct stream *assign(struct partition *p, int64_t high)
{
    const struct stream_port port = {
        .output = {fake_send, kit_one_place, fake_failed, p, NULL},
        .counts = p->counts,
        .dead_partitions = 1,
        .times = {5, 600, 14400, 3600},
        .now = fake_now,
        .settings = fake_settings,
        .tz = kit_no_tz,
        .commit = fake_commit,
        .flow = fake_flow,
        .arg = p,
    };
    const struct consumer_partition as = {KAFKA_EVENTS, 3, p->committed, p->metadata, 0, high};
    return stream_new(&port, &as);
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

static void deliver(struct partition *p, struct stream *s, const struct message *m, int64_t offset)
{
    char value[512], key[16], at[TEXT_TIME_SIZE];
    bool summary = m->event.state == 'S';
    (summary ? write_summary : write_leg)(&m->event, m->entry, value, sizeof value);
    (void)snprintf(key, sizeof key, "acme/%s", m->entry);
    p->now = KIT_MS(m->at);
    text_time(p->now, at);
    const struct kafka_header headers[] = {{EVENT_KIND, summary ? STR("summary") : STR("call")},
                                           {EVENT_ORIGIN, STR("live")},
                                           {EVENT_RECEIVED_AT, str_of(at)}};
    const struct kafka_message message = {.topic = KAFKA_EVENTS,
                                          .partition = 3,
                                          .offset = offset,
                                          .timestamp = -1,
                                          .key = str_of(key),
                                          .value = str_of(value),
                                          .headers = headers,
                                          .nheaders = 3};
    bool silent = !stream_restored(s);
    size_t before = p->nsent;
    stream_message(s, &message);
    ck_assert(!silent || stream_restored(s) || p->nsent == before);
}

/* All but the newest `lag` records are acknowledged, the newest of them first. */
static void acknowledge(struct partition *p, struct stream *s, size_t lag)
{
    const struct producer_report report = {.delivered = true, .offset = 1};
    size_t end = p->nsent > lag ? p->nsent - lag : 0;
    for (size_t i = end; i > p->nacked; i--) {
        p->sent[i - 1].done(p->sent[i - 1].arg, &report);
        stream_turn(s);
    }
    p->nacked = end > p->nacked ? end : p->nacked;
    stream_turn(s);
}

/* The owner is gone: what it has sent stands in Kafka, or what is not acknowledged does not. */
static void take_jobs(struct partition *p, bool lost)
{
    for (size_t i = 0; i < p->nsent; i++) {
        struct record_sent *r = &p->sent[i];
        if (r->job != NULL && str_is(str_of(r->job->entry_id), "Y") && (i < p->nacked || !lost))
            (void)ledger_add(&p->y, r->job);
        job_free(r->job);
        if (i >= p->nacked)
            r->done(r->arg, &(struct producer_report){.why = "gone"});
    }
    p->nsent = p->nacked = 0;
}

/* ---- runs ---- */

static void finish(struct partition *p, struct stream *s)
{
    for (int64_t due; (due = book_due(stream_book(s))) < KIT_MS(1000000);) {
        p->now = due;
        stream_at_end(s, due);
    }
    acknowledge(p, s, 0);
}

static void run(struct partition *p, const struct model_log *l, const struct accident *a)
{
    struct stream *s = assign(p, 0);
    for (size_t i = 0; i < a->at; i++) {
        deliver(p, s, &l->list[i], (int64_t)i);
        acknowledge(p, s, a->lag);
    }
    stream_free(s);
    take_jobs(p, a->lost);
    s = assign(p, (int64_t)a->at);
    for (int64_t i = stream_start(s); i < (int64_t)l->n; i++) {
        deliver(p, s, &l->list[i], i);
        acknowledge(p, s, a->lag);
    }
    finish(p, s);
    stream_free(s);
    take_jobs(p, false);
    ck_assert_int_eq(p->committed, (int64_t)l->n); /* nothing is open or remembered */
}

static void crash(const struct model_log *l, const struct settings *settings, struct counts *counts,
                  const struct accident *a)
{
    struct partition p = {.settings = settings, .counts = counts};
    struct model_run want = {0}, got = {0};
    model_in_order(&want, settings, l->list, l->n);
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
    struct settings *s = model_settings(MODEL_ALL & ~(unsigned)MODEL_IVR);
    struct metrics *registry = metrics_new();
    struct counts *counts = counts_new(registry, false);
    struct model_log l;
    int runs = 0;
    for (size_t i = first; model_log_number(i, &l); i += step) {
        for (size_t at = 0; at <= l.n; at++, runs++)
            crash(&l, s, counts, &(struct accident){at, lag, lost});
    }
    counts_free(counts);
    metrics_free(registry);
    settings_free(s);
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

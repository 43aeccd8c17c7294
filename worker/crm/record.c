/*
 * Facts, outcomes and dead letters on their way to Kafka and back.
 *
 *   handed over --> report: not delivered ---------------------------> then(not ok)
 *        |
 *        +--> report: delivered --> (fact: read back?) --yes--------> then(ok)
 *                                        |
 *                                        no --> awaiting, record_read --> then(ok)
 *
 * A work may go away at any time; what is on its way then finds nobody (awaited->work is NULL).
 */
#include "worker/crm/record.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/text.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/step.h"

#define HEADERS_MAX (LIMIT_HEADERS + 16)

struct awaited {
    struct executor *x;
    struct work *work; /* NULL: gone */
    const char *topic;
    bool read_back;
    int64_t offset; /* once delivered */
    bool told, ok;  /* its end has come, the work does not know yet */
    void (*then)(struct executor *x, struct work *w, bool ok);
};

/* Reports come in the order of their offsets, but for a producer that was made anew: behind the last. */
static void await_reading(struct work *w)
{
    struct owner *o = w->owner;
    struct work *before = o->last_awaiting;
    while (before && before->awaited->offset > w->awaited->offset)
        before = before->prev_awaiting;
    w->prev_awaiting = before;
    w->next_awaiting = before ? before->next_awaiting : o->awaiting;
    *(before ? &before->next_awaiting : &o->awaiting) = w;
    *(w->next_awaiting ? &w->next_awaiting->prev_awaiting : &o->last_awaiting) = w;
}

static bool is_awaiting(const struct work *w)
{
    return w->prev_awaiting || (w->owner && w->owner->awaiting == w);
}

static void stop_awaiting(struct work *w)
{
    struct owner *o = w->owner;
    if (!is_awaiting(w))
        return;
    *(w->prev_awaiting ? &w->prev_awaiting->next_awaiting : &o->awaiting) = w->next_awaiting;
    *(w->next_awaiting ? &w->next_awaiting->prev_awaiting : &o->last_awaiting) = w->prev_awaiting;
    w->prev_awaiting = w->next_awaiting = NULL;
}

static void end(struct awaited *a)
{
    a->x->awaited--;
    free(a);
}

static void tell(struct awaited *a, bool ok)
{
    a->told = true;
    a->ok = ok;
    if (a->work)
        step_do(a->x, a->work, STEP_TOLD);
    else
        end(a);
}

void record_told(struct executor *x, struct work *w)
{
    struct awaited *a = w->awaited;
    void (*then)(struct executor *, struct work *, bool) = a->then;
    bool ok = a->ok;
    end(a);
    w->awaited = NULL;
    then(x, w, ok);
}

static void reported(void *arg, const struct producer_report *report)
{
    struct awaited *a = arg;
    if (!report->delivered)
        tally_undelivered(a->x->tally, a->topic);
    if (!a->work || !report->delivered) {
        tell(a, false);
        return;
    }
    a->offset = report->offset;
    if (!a->read_back || a->work->owner->facts_next > a->offset)
        tell(a, true);
    else
        await_reading(a->work);
}

void record_read(struct executor *x, struct owner *o)
{
    struct work *w;
    (void)x;
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was told is off the list
    while ((w = o->awaiting) && o->facts_next > w->awaited->offset) {
        stop_awaiting(w);
        tell(w->awaited, true); /* which may change the list */
    }
}

void record_forget(struct executor *x, struct work *w)
{
    struct awaited *a = w->awaited;
    (void)x;
    if (!a)
        return;
    w->awaited = NULL;
    a->work = NULL;
    if (is_awaiting(w) || a->told) { /* its report has come: nobody else frees it */
        stop_awaiting(w);
        end(a);
    }
}

/* Hands a record over for the work; then NULL: nobody waits. */
static void hand_over(struct executor *x, struct work *w, struct producer_record *r, bool read_back,
                      void (*then)(struct executor *x, struct work *w, bool ok))
{
    struct error e = ERROR_NONE;
    struct awaited *a = NULL;
    if (then) {
        a = mem_alloc(1, sizeof *a);
        *a = (struct awaited){.x = x,
                              .work = w,
                              .topic = kafka_topic_name(r->topic),
                              .read_back = read_back,
                              .then = then};
        r->done = reported;
        r->arg = a;
    }
    if (!x->port->produce(x->port->world, r, &e)) {
        if (a) {
            w->awaited = a;
            x->awaited++;
        }
        return;
    }
    log_warn("a record was not taken by the producer", LOG_STR("account", work_account(w)),
             LOG_TEXT("topic", kafka_topic_name(r->topic)), LOG_ERROR(&e));
    free(a);
    if (then)
        then(x, w, false);
}

static void send_fact(struct executor *x, const struct work *w, enum fact_type type,
                      struct str name, const char *value,
                      void (*then)(struct executor *x, struct work *w, bool ok))
{
    char *key CLEANUP(mem_free_text) = fact_key_make(type, work_account(w), name);
    char *job CLEANUP(mem_free_text) = mem_format(
        "%s/%" PRId32 "/%" PRId64, kafka_topic_name(w->topic), w->owner->partition, w->offset);
    char at[TEXT_TIME_SIZE];
    text_time(x->port->wall(x->port->world), at);
    const struct kafka_header headers[] = {
        {FACT_HEADER_MARK, facts_mark(w->owner->facts)},
        {FACT_HEADER_AT, str_of(at)},
        {FACT_HEADER_JOB, str_of(job)},
    };
    struct producer_record r = {.topic = KAFKA_FACTS,
                                .partition = w->owner->partition,
                                .key = str_of(key),
                                .value = str_of(value),
                                .headers = headers,
                                .nheaders = w->offset >= 0 ? 3 : 2};
    hand_over(x, (struct work *)(uintptr_t)w, &r, true, then);
}

void record_fact(struct executor *x, struct work *w, enum fact_type type, const char *value,
                 void (*then)(struct executor *x, struct work *w, bool ok))
{
    send_fact(x, w, type, str_of(w->job->id), value, then);
}

void record_fact_of(struct executor *x, struct work *w, enum fact_type type, struct str id,
                    const char *value, void (*then)(struct executor *x, struct work *w, bool ok))
{
    send_fact(x, w, type, id, value, then);
}

void record_aside(struct executor *x, const struct work *w, enum fact_type type, struct str name,
                  const char *value)
{
    send_fact(x, w, type, name, value, NULL);
}

void record_state(struct executor *x, const struct owner *o, struct str account, struct str name,
                  const char *value)
{
    char *key CLEANUP(mem_free_text) = fact_key_make(FACT_STATE, account, name);
    char at[TEXT_TIME_SIZE];
    struct error e = ERROR_NONE;
    text_time(x->port->wall(x->port->world), at);
    const struct kafka_header headers[] = {{FACT_HEADER_MARK, facts_mark(o->facts)},
                                           {FACT_HEADER_AT, str_of(at)}};
    const struct producer_record r = {.topic = KAFKA_FACTS,
                                      .partition = o->partition,
                                      .key = str_of(key),
                                      .value = str_of(value),
                                      .headers = headers,
                                      .nheaders = 2};
    if (x->port->produce(x->port->world, &r, &e))
        log_warn("a state was not taken by the producer", LOG_STR("account", account),
                 LOG_STR("name", name), LOG_ERROR(&e));
}

void record_outcome(struct executor *x, struct work *w, const struct outcome *o,
                    void (*then)(struct executor *x, struct work *w, bool ok))
{
    char *key CLEANUP(mem_free_text) = mem_format("%s/%s", w->job->account, w->job->entry_id);
    char *value CLEANUP(mem_free_text) = outcome_encode(o);
    char at[TEXT_TIME_SIZE];
    text_time(o->at, at);
    const struct kafka_header headers[] = {
        {"kind", str_of(o->what)},
        {"account", work_account(w)},
        {"at", str_of(at)},
    };
    struct producer_record r = {.topic = KAFKA_OUTCOMES,
                                .partition =
                                    murmur2_partition(str_of(key), x->options.outcome_partitions),
                                .key = str_of(key),
                                .value = str_of(value),
                                .headers = headers,
                                .nheaders = sizeof headers / sizeof *headers};
    hand_over(x, w, &r, false, then);
}

void record_held(struct executor *x, struct work *w, const char *why)
{
    const struct outcome o = {.at = x->port->wall(x->port->world),
                              .what = "outcome",
                              .job = w->job->id,
                              .kind = job_kind_name(w->job->kind),
                              .rule = w->job->rule,
                              .result = "held",
                              .reason = why};
    record_outcome(x, w, &o, NULL);
}

void record_dead(struct executor *x, struct work *w,
                 void (*then)(struct executor *x, struct work *w, bool ok))
{
    struct kafka_header headers[HEADERS_MAX];
    size_t n = 0;
    for (; n < w->raw.nheaders && n < LIMIT_HEADERS; n++)
        headers[n] = w->raw.headers[n];
    char at[TEXT_TIME_SIZE];
    text_time(x->port->wall(x->port->world), at);
    char *topic CLEANUP(mem_free_text) = mem_format(
        "%s%s", x->options.topic_prefix ? x->options.topic_prefix : "", kafka_topic_name(w->topic));
    char *partition CLEANUP(mem_free_text) = mem_format("%" PRId32, w->owner->partition);
    char *offset CLEANUP(mem_free_text) = mem_format("%" PRId64, w->offset);
    char *attempts CLEANUP(mem_free_text) = mem_format("%u", w->requests);
    char *status CLEANUP(mem_free_text) = mem_format("%d", w->ending.status);
    const struct kafka_header added[] = {
        {"__connect.errors.topic", str_of(topic)},
        {"__connect.errors.partition", str_of(partition)},
        {"__connect.errors.offset", str_of(offset)},
        {"__connect.errors.stage", STR("crm")},
        {"__connect.errors.exception.class.name", str_of(w->ending.error_kind)},
        {"__connect.errors.exception.message", str_of(w->ending.reason)},
        {"x-at", str_of(at)},
        {"x-attempts", str_of(attempts)},
        {"x-http-status", str_of(status)},
    };
    for (size_t i = 0; i < sizeof added / sizeof *added; i++)
        if (i + 1 < sizeof added / sizeof *added || w->ending.status)
            headers[n++] = added[i];
    struct producer_record r = {.topic = KAFKA_DEAD,
                                .partition = w->owner->partition % x->options.dead_partitions,
                                .key = w->raw.key,
                                .value = w->raw.value,
                                .headers = headers,
                                .nheaders = n};
    hand_over(x, w, &r, false, then);
}

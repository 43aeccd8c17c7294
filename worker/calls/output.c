/*
 * Builds records and follows each to its delivery report by a ticket, which outlives the output if Kafka
 * is slow.
 */
#include "worker/calls/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/outcome.h"
#include "common/text.h"

/* Kafka Connect's names for what went wrong. */
#define DEAD_PREFIX "__connect.errors."
#define DEAD_HEADERS 9
/* What is kept of a message that with its reason is no record any more: its beginning. */
#define CUT_HEADER 512
#define CUT_KEY 512
#define CUT_VALUE (LIMIT_RECORD_BYTES - 64 * 1024)

struct ticket {
    struct output *owner; /* NULL: gone */
    struct ticket *prev, *next;
    int64_t number;
    enum kafka_topic topic;
};

struct output {
    struct output_port port;
    struct progress *progress;
    struct ticket *tickets;
    struct buf key, value; /* of the record being written */
};

struct output *output_new(const struct output_port *port)
{
    struct output *o = mem_alloc(1, sizeof *o);
    o->port = *port;
    o->progress = progress_new();
    o->key = BUF_INIT(LIMIT_RECORD_BYTES);
    o->value = BUF_INIT(LIMIT_JSON_BYTES);
    return o;
}

void output_free(struct output *o)
{
    if (o == NULL)
        return;
    for (struct ticket *t = o->tickets; t != NULL; t = t->next)
        t->owner = NULL;
    progress_free(o->progress);
    buf_done(&o->key);
    buf_done(&o->value);
    free(o);
}

static void drop_ticket(struct ticket *t)
{
    struct output *o = t->owner;
    if (o != NULL) {
        if (t->prev != NULL)
            t->prev->next = t->next;
        else
            o->tickets = t->next;
        if (t->next != NULL)
            t->next->prev = t->prev;
    }
    free(t);
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct ticket *t = arg;
    struct output *o = t->owner;
    enum kafka_topic topic = t->topic;
    if (o != NULL && report->delivered)
        progress_ack(o->progress, t->number);
    drop_ticket(t);
    if (o != NULL && !report->delivered)
        o->port.failed(o->port.arg, topic, report->why);
}

static struct ticket *new_ticket(struct output *o, enum kafka_topic topic)
{
    struct ticket *t = mem_alloc(1, sizeof *t);
    *t = (struct ticket){o, NULL, o->tickets, progress_send(o->progress), topic};
    if (o->tickets != NULL)
        o->tickets->prev = t;
    o->tickets = t;
    return t;
}

/* A record that is not taken is never acknowledged, so no mark passes it. */
static void send(struct output *o, struct producer_record *r)
{
    struct error e = ERROR_NONE;
    struct ticket *t = new_ticket(o, r->topic);
    r->done = on_report;
    r->arg = t;
    if (o->port.send(o->port.arg, r, &e) == ERR_OK)
        return;
    drop_ticket(t);
    o->port.failed(o->port.arg, r->topic, e.text);
}

static struct str write_key(struct output *o, struct str account, struct str rest)
{
    buf_reset(&o->key);
    buf_add_str(&o->key, account);
    buf_add_char(&o->key, '/');
    buf_add_str(&o->key, rest);
    if (o->key.failed)
        mem_out();
    return buf_str(&o->key);
}

static struct str value_written(struct output *o)
{
    if (o->value.failed)
        mem_out();
    return buf_str(&o->value);
}

void output_job(struct output *o, enum kafka_topic topic, const struct job *job)
{
    char received[TEXT_TIME_SIZE];
    struct str account = str_of(job->account);
    char *key = job_key(job);
    buf_reset(&o->value);
    job_write(job, &o->value);
    text_time(job->received_at, received);
    const struct kafka_header headers[] = {
        {EVENT_KIND, str_of(job_kind_name(job->kind))},
        {EVENT_ORIGIN, str_of(job->origin)},
        {EVENT_ACCOUNT, account},
        {EVENT_RECEIVED_AT, str_of(received)},
    };
    struct producer_record r = {.topic = topic,
                                .partition = o->port.place(o->port.arg, topic, str_of(key)),
                                .key = str_of(key),
                                .value = value_written(o),
                                .headers = headers,
                                .nheaders = sizeof(headers) / sizeof(*headers)};
    send(o, &r);
    free(key);
}

static void send_outcome(struct output *o, struct str account, struct str key,
                         const struct outcome *outcome)
{
    char at[TEXT_TIME_SIZE];
    buf_reset(&o->value);
    outcome_write(outcome, &o->value);
    text_time(outcome->at, at);
    const struct kafka_header headers[] = {
        {EVENT_KIND, str_of(outcome->what)}, {EVENT_ACCOUNT, account}, {"at", str_of(at)}};
    struct producer_record r = {.topic = KAFKA_OUTCOMES,
                                .partition = o->port.place(o->port.arg, KAFKA_OUTCOMES, key),
                                .key = key,
                                .value = value_written(o),
                                .headers = headers,
                                .nheaders = sizeof(headers) / sizeof(*headers)};
    send(o, &r);
}

/* What the closing of a call says of it, for who shows calls without folding them: every closing has exactly one such
 * decision, its saving or what stopped it. No outside number. */
static struct jval *closing_details(const struct rule_call *c, const struct rule_decision *d)
{
    static const char *const directions[] = {"internal", "incoming", "outgoing"};
    enum call_event_direction direction = c->view->direction;
    bool saving = d->job && d->job->kind == JOB_CALL;
    if (!saving && !(d->stopped && c->when == RULE_CLOSING))
        return NULL;
    const char *kind = job_verdict_name(c->view->verdict);
    if (!kind)
        kind = direction == CALL_EVENT_OUTGOING ? "fail" : "none";
    struct jval *details = jval_new_object();
    jval_put_text(details, "closed_by", str_of(c->closed_by ? c->closed_by : "summary"));
    jval_put_text(details, "direction",
                  direction == CALL_EVENT_UNTOLD ? STR("unknown") : str_of(directions[direction]));
    jval_put_text(details, "kind", str_of(kind));
    if (c->view->line.len)
        jval_put_text_clean(details, "line", c->view->line);
    jval_put_int(details, "talk_seconds", c->view->talk_seconds);
    return details;
}

void output_decision(struct output *o, int64_t at, const struct rule_call *c,
                     const struct rule_decision *d, const char *result)
{
    struct jval *details = closing_details(c, d);
    const struct outcome outcome = {.at = at,
                                    .what = "decision",
                                    .job = d->job ? d->job->id : NULL,
                                    .kind = d->job ? job_kind_name(d->job->kind) : NULL,
                                    .rule = d->rule,
                                    .result = result,
                                    .reason = d->reason,
                                    .employee = d->employee,
                                    .details = details};
    send_outcome(o, c->account, write_key(o, c->account, c->entry_id), &outcome);
    jval_free(details);
}

void output_ignored(struct output *o, int64_t at, const struct kafka_message *m, const char *reason)
{
    struct event_key key = {STR_NONE, STR_NONE};
    const struct outcome outcome = {
        .at = at, .what = "outcome", .result = "ignored", .reason = reason};
    (void)!event_key_split(m->key, &key, NULL);
    send_outcome(o, key.account, m->key, &outcome);
}

/* Others than ingest may write records as large as the broker takes, with no room for a reason. */
static bool is_large(const struct kafka_message *m)
{
    size_t bytes = m->key.len + m->value.len;
    for (size_t i = 0; i < m->nheaders; i++)
        bytes += strlen(m->headers[i].name) + m->headers[i].value.len;
    return bytes > CUT_VALUE;
}

static size_t keep_headers(const struct kafka_message *m, bool large,
                           struct kafka_header out[LIMIT_HEADERS])
{
    size_t n = 0;
    for (size_t i = 0; i < m->nheaders && n < LIMIT_HEADERS; i++) {
        const struct kafka_header *h = &m->headers[i];
        if (!large || strlen(h->name) + h->value.len <= CUT_HEADER)
            out[n++] = *h;
    }
    return n;
}

static struct str cut(struct str s, bool large, size_t max)
{
    if (large && s.len > max)
        s.len = max;
    return s;
}

void output_dead(struct output *o, int64_t at, const struct kafka_message *m, int32_t partitions,
                 const struct error *e)
{
    char time[TEXT_TIME_SIZE], partition[16], offset[24], bytes[24];
    struct kafka_header headers[LIMIT_HEADERS + DEAD_HEADERS];
    bool large = is_large(m);
    size_t n = keep_headers(m, large, headers), nadded = large ? DEAD_HEADERS : DEAD_HEADERS - 1;
    text_time(at, time);
    (void)snprintf(partition, sizeof partition, "%" PRId32, m->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, m->offset);
    (void)snprintf(bytes, sizeof bytes, "%zu", m->value.len);
    const char *prefix = o->port.topic_prefix ? o->port.topic_prefix : "";
    char *topic CLEANUP(mem_free_text) = mem_format("%s%s", prefix, kafka_topic_name(m->topic));
    const struct kafka_header added[DEAD_HEADERS] = {
        {DEAD_PREFIX "topic", str_of(topic)},
        {DEAD_PREFIX "partition", str_of(partition)},
        {DEAD_PREFIX "offset", str_of(offset)},
        {DEAD_PREFIX "stage", STR("calls")},
        {DEAD_PREFIX "exception.class.name", str_of(error_kind_name(e->kind))},
        {DEAD_PREFIX "exception.message", str_of(e->text)},
        {"x-at", str_of(time)},
        {"x-attempts", STR("1")},
        {"x-cut-from-bytes", str_of(bytes)},
    };
    memcpy(headers + n, added, nadded * sizeof *added);
    struct producer_record r = {.topic = KAFKA_DEAD,
                                .partition = m->partition % partitions,
                                .key = cut(m->key, large, CUT_KEY),
                                .value = cut(m->value, large, CUT_VALUE - CUT_KEY),
                                .tombstone = m->tombstone,
                                .headers = headers,
                                .nheaders = n + nadded};
    send(o, &r);
}

void output_reach(struct output *o, const struct progress_point *point)
{
    progress_reach(o->progress, point);
}

bool output_take(struct output *o, struct progress_point *point)
{
    return progress_take(o->progress, point);
}

size_t output_waiting(const struct output *o)
{
    return progress_waiting(o->progress);
}

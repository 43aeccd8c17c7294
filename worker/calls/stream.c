/*
 * Reads messages of a partition one by one: what cannot be read goes to `dead`, what no rule uses becomes
 * an outcome, calls go into the book.
 */
#include "worker/calls/stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/calls/notice.h"
#include "worker/mark.h"

#define HOUR_MS INT64_C(3600000)
/* Facts of older jobs are gone: events as old are left to replay (design.md section 3). */
#define TOO_OLD_MS (7 * 24 * HOUR_MS)
/* Records without an acknowledgement: the partition waits above, goes on below. */
#define WAITING_HIGH 2000
#define WAITING_LOW 500

struct stream {
    struct stream_port port;
    int32_t partition;
    struct book *book;
    struct output *output;
    struct mark mark; /* as it was committed last */
    int64_t start;    /* the first offset to read */
    int64_t low;      /* the offset committed last */
    int64_t before;   /* decided by predecessors: below it */
    int64_t next;     /* the offset after the last one read */
    int64_t received; /* of the last message, unix ms */
    bool silent;      /* below mark.offset */
    bool careful;     /* silence ends with the next message */
    bool paused;
    bool too_old; /* an event was passed over, which is logged once */
};

/* ---- decisions ---- */

static const struct settings *settings_of(void *arg, struct str account)
{
    const struct stream *s = arg;
    return s->port.settings(s->port.arg, account);
}

static const struct tz *tz_of(void *arg, const struct settings *settings)
{
    const struct stream *s = arg;
    return s->port.tz(s->port.arg, settings);
}

static int64_t now_of(void *arg)
{
    const struct stream *s = arg;
    return s->port.now(s->port.arg);
}

/* Live jobs go to `jobs`; those of replay, and of old calls while the partition catches up after its
 * commit was lost, to jobs.bulk. */
static enum kafka_topic topic_of(const struct stream *s, const struct rule_cause *cause,
                                 enum job_kind kind)
{
    int64_t now = s->port.now(s->port.arg);
    bool old = now - cause->received_at > HOUR_MS ||
               (cause->event_at > 0 && now - cause->event_at * 1000 > HOUR_MS);
    if (kind == JOB_ROUTE || kind == JOB_VISITOR || kind == JOB_POPUP)
        return KAFKA_JOBS_NOW;
    bool past = strcmp(cause->origin, EVENT_LIVE) != 0 && strcmp(cause->origin, EVENT_TEST) != 0;
    if (past || (cause->offset < s->mark.catch_up && old))
        return KAFKA_JOBS_BULK;
    return KAFKA_JOBS;
}

static void on_decided(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct stream *s = arg;
    const char *result = d->result                    ? d->result
                         : d->job                     ? "sent"
                         : d->stopped && !c->settings ? "ignored"
                                                      : "none";
    if (s->silent && !(c->when == RULE_CLOSING && book_due(s->book) > s->mark.time))
        return; /* said by the predecessor; but not what was due later than it says */
    if (d->stopped && c->settings && !c->settings->enabled)
        result = "ignored";
    if (d->job != NULL)
        output_job(s->output, topic_of(s, &c->cause, d->job->kind), d->job);
    output_decision(s->output, s->port.now(s->port.arg), c, d, result);
    counts_decided(s->port.counts, c, d, result);
}

/* ---- beginning ---- */

/* Where to begin, and how far the predecessor's decisions are known to be acknowledged. */
static void read_commit(struct stream *s, const struct consumer_partition *c)
{
    mark_parse(str_of(c->metadata), &s->mark);
    s->start = c->committed;
    if (c->committed >= c->low && c->committed <= c->high)
        return;
    s->start = c->low;
    s->mark.catch_up = c->high;
    if (c->committed < 0) {
        s->mark.there = false;
        if (c->high > c->low)
            log_warn("no committed offset: a first start, or it was lost; what is there is read",
                     LOG_TEXT("topic", "events"), LOG_INT("partition", c->partition),
                     LOG_INT("low", c->low), LOG_INT("high", c->high));
        return;
    }
    log_warn("events were trimmed before they were read; what is missing is left to reconcile",
             LOG_TEXT("topic", "events"), LOG_INT("partition", c->partition),
             LOG_INT("offset", c->committed), LOG_INT("low", c->low), LOG_INT("high", c->high),
             LOG_INT("count", c->low > c->committed ? c->low - c->committed : 0));
    if (c->committed <= c->high)
        return;
    s->mark.there = false; /* another log than the one that was read */
    s->mark.time = 0;
    memset(&s->mark.poison, 0, sizeof s->mark.poison);
}

struct stream *stream_new(const struct stream_port *port, const struct consumer_partition *c)
{
    struct stream *s = mem_alloc(1, sizeof *s);
    const struct book_world world = {settings_of, tz_of, now_of, on_decided, s};
    s->port = *port;
    s->partition = c->partition;
    s->book = book_new(c->partition, &port->times, &world);
    s->output = output_new(&port->output);
    read_commit(s, c);
    s->next = s->start;
    s->silent = s->mark.there && s->mark.offset > s->start;
    if (!s->mark.there)
        s->mark.offset = s->start;
    s->low = s->start;
    s->before = s->mark.offset;
    return s;
}

void stream_free(struct stream *s)
{
    if (s == NULL)
        return;
    book_free(s->book);
    output_free(s->output);
    free(s);
}

int64_t stream_start(const struct stream *s)
{
    return s->start;
}

/* The predecessor's timers fired up to the mark's time; from here on everything is said. */
static void end_silence(struct stream *s)
{
    if (!s->silent)
        return;
    book_time(s->book, s->mark.time);
    s->silent = false;
}

/* ---- messages ---- */

static void reach(struct stream *s)
{
    if (s->silent)
        return;
    const struct progress_point point = {s->next, book_fired(s->book), book_low(s->book, s->next)};
    output_reach(s->output, &point);
}

static void dead(struct stream *s, const struct kafka_message *m, const struct error *e,
                 const char *reason)
{
    char account[LIMIT_ACCOUNT_NAME + 1] = "";
    struct event_key key;
    if (event_key_split(m->key, &key, NULL) == ERR_OK && key.account.len < sizeof account)
        memcpy(account, key.account.ptr, key.account.len);
    output_dead(s->output, s->port.now(s->port.arg), m, s->port.dead_partitions, e);
    counts_dead(s->port.counts, account, reason);
    log_warn("an event cannot be read", LOG_TEXT("account", account), LOG_TEXT("topic", "events"),
             LOG_INT("partition", m->partition), LOG_INT("offset", m->offset), LOG_ERROR(e));
}

/* Silently nothing goes to dead: the predecessor has done it. */
static void unreadable(struct stream *s, const struct kafka_message *m, const struct error *e)
{
    if (!s->silent)
        dead(s, m, e, error_kind_name(e->kind));
}

static void ignored(struct stream *s, const struct kafka_message *m, const char *reason)
{
    if (!s->silent)
        output_ignored(s->output, s->port.now(s->port.arg), m, reason);
}

/* Returns the word for the counter. */
static const char *fold(struct stream *s, const struct kafka_message *m,
                        const struct event_key *key, const struct call_event *ev)
{
    struct error e = ERROR_NONE;
    const struct book_input in = {.event = ev,
                                  .account = key->account,
                                  .offset = m->offset,
                                  .received_at = s->received,
                                  .origin = notice_origin(m)};
    switch (book_event(s->book, &in)) {
    case BOOK_NEW:
        return "new";
    case BOOK_BESIDE:
        return "new";
    case BOOK_REPEAT:
        return "repeat";
    case BOOK_LATE:
        return "late";
    case BOOK_STRANGER:
        ignored(s, m, "belongs to no call that is known");
        return "late";
    case BOOK_FULL:
        break;
    }
    (void)error_set(&e, ERR_INPUT, "the call has more events than a call can have");
    unreadable(s, m, &e);
    return "invalid";
}

static const char *take(struct stream *s, const struct kafka_message *m)
{
    struct call_event ev;
    struct event_key key;
    struct error e = ERROR_NONE;
    const char *result = "ignored";
    if (notice_read(m, s->received, &key, &ev, &e) != ERR_OK) {
        if (e.kind == ERR_INTERNAL)
            mem_out();
        unreadable(s, m, &e);
        return "invalid";
    }
    if (ev.kind == CALL_EVENT_OTHER)
        ignored(s, m, "no rule uses this kind of notification");
    else
        result = fold(s, m, &key, &ev);
    call_event_done(&ev);
    return result;
}

/* Catching up after its commit was lost the log is read from its beginning, however old; also by the
 * owners to come, until that is over. What a predecessor folded is folded again. */
static bool too_old(struct stream *s, int64_t offset)
{
    if (s->silent || offset >= s->mark.catch_up ||
        s->port.now(s->port.arg) - s->received <= TOO_OLD_MS)
        return false;
    if (!s->too_old)
        log_warn("events over 7 days old are passed over, left to replay",
                 LOG_TEXT("topic", "events"), LOG_INT("partition", s->partition),
                 LOG_INT("offset", offset));
    s->too_old = true;
    return true;
}

void stream_message(struct stream *s, const struct kafka_message *m)
{
    if (s->silent && m->offset >= s->mark.offset)
        end_silence(s);
    s->received = notice_received(m, s->port.now(s->port.arg));
    s->next = m->offset + 1;
    const char *result = "late";
    if (!too_old(s, m->offset)) {
        book_time(s->book, s->received);
        result = take(s, m);
    }
    if (!s->silent)
        counts_folded(s->port.counts, kafka_header_get(m, EVENT_KIND), result);
    if (s->silent && !s->careful && s->next >= s->mark.offset)
        end_silence(s);
    reach(s);
    if (!s->paused && output_waiting(s->output) >= WAITING_HIGH) {
        s->paused = true;
        s->port.flow(s->port.arg, s->partition, false);
    }
}

void stream_at_end(struct stream *s, int64_t now)
{
    end_silence(s);
    if (book_due(s->book) > now)
        return;
    book_time(s->book, now);
    reach(s);
}

/* ---- what must not be read as it is ---- */

/* The silence ends before this message, or here, at the end. */
static bool silence_ends(const struct stream *s, const struct kafka_message *m)
{
    return s->silent && (m == NULL || m->offset >= s->mark.offset);
}

int64_t stream_due(const struct stream *s, const struct kafka_message *m, int64_t now)
{
    int64_t at = m ? notice_received(m, s->port.now(s->port.arg)) : now, due = book_due(s->book);
    if (at < book_now(s->book))
        at = book_now(s->book);
    return due <= at || (silence_ends(s, m) && due <= s->mark.time) ? book_due_call(s->book) : -1;
}

void stream_fire(struct stream *s, const struct kafka_message *m, int64_t now)
{
    if (silence_ends(s, m)) {
        if (book_step(s->book, s->mark.time))
            return;
        s->silent = false;
    }
    (void)book_step(s->book, m ? notice_received(m, s->port.now(s->port.arg)) : now);
    if (m == NULL && stream_due(s, m, now) < 0)
        reach(s);
}

void stream_careful(struct stream *s, bool on)
{
    s->careful = on;
}

void stream_pass(struct stream *s, const struct kafka_message *m)
{
    s->next = m->offset + 1;
    reach(s);
}

void stream_bury(struct stream *s, const struct kafka_message *m)
{
    struct error e = ERROR_NONE;
    (void)error_set(&e, ERR_INTERNAL,
                    "reading it, or closing the call that begins with it, ended the "
                    "process three times");
    dead(s, m, &e, "poison");
    stream_pass(s, m);
}

/* ---- commits ---- */

struct poison_notes *stream_notes(struct stream *s)
{
    return &s->mark.poison;
}

void stream_commit(struct stream *s)
{
    char metadata[LIMIT_COMMIT_METADATA];
    mark_write(&s->mark, metadata);
    s->port.commit(s->port.arg, s->partition, s->low, metadata);
}

void stream_turn(struct stream *s)
{
    struct progress_point point;
    if (s->paused && output_waiting(s->output) <= WAITING_LOW) {
        s->paused = false;
        s->port.flow(s->port.arg, s->partition, true);
    }
    if (!output_take(s->output, &point))
        return;
    s->mark.there = true;
    s->mark.offset = point.offset;
    s->mark.time = point.time;
    if (point.low >= s->mark.catch_up)
        s->mark.catch_up = 0;
    s->low = point.low;
    if (point.offset > s->before)
        poison_progress(&s->mark.poison);
    poison_prune(&s->mark.poison, s->low);
    stream_commit(s);
}

bool stream_paused(const struct stream *s)
{
    return s->paused;
}

bool stream_restored(const struct stream *s)
{
    return !s->silent;
}

size_t stream_waiting(const struct stream *s)
{
    return output_waiting(s->output);
}

const struct book *stream_book(const struct stream *s)
{
    return s->book;
}

int64_t stream_position(const struct stream *s)
{
    return s->next;
}

int64_t stream_received(const struct stream *s)
{
    return s->received;
}

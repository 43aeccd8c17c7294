/*
 * One partition number that this worker owns. Loop's thread only.
 */
#include "worker/crm/shard.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/event.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/offsets.h"
#include "common/text.h"
#include "worker/crm/known.h"
#include "worker/crm/step.h"
#include "worker/mark.h"

#define DAY_MS (24LL * 3600 * 1000)
#define FACTS_LIVE_MS (7 * DAY_MS) /* design.md section 3: older jobs have no facts any more */
#define OPEN_TASKS_LIVE_MS (100 * DAY_MS)
#define AGE_EVERY_MS 60000
#define AGE_AT_ONCE 200 /* jobs a minute: slow on purpose, nothing waits for it */
#define MARK_AGAIN_MS 1000

struct stream {                  /* one of the job topics */
    bool assigned, passing_over; /* the latter: no commit, old messages are passed over */
    struct mark mark;    /* of its commit; catch: what is passed over ends there at the latest */
    int64_t start, high; /* the first to read, one past the last there was */
    struct offsets *offsets;
    int64_t committed; /* what we asked for last */
    int64_t next, received;
    int64_t passed_over;
};

enum state {
    ASSIGNED,
    MARKING,
    WORKING,
    STOPPED
};

struct shard {
    struct owner owner;
    const struct shard_port *port;
    struct executor *executor;
    enum state state;
    char mark[FACT_MARK_HEX + 1];
    struct stream streams[KAFKA_TOPICS];
    bool facts_assigned;
    int64_t began_at, restored_at; /* boot ms */
    bool marked, noted;            /* our mark was read; our notes are acknowledged */
    int64_t mark_at; /* boot ms: when to send the mark (again); 0 = on its way or there */
    int64_t age_at;
    struct mark_report *report;
};

struct mark_report { /* outlives the shard if it has to */
    struct shard *shard;
};

static const enum kafka_topic job_topics[] = {KAFKA_JOBS_NOW, KAFKA_JOBS, KAFKA_JOBS_BULK};
#define JOB_TOPICS (sizeof job_topics / sizeof *job_topics)

struct shard *shard_new(const struct shard_port *port, struct executor *x, int32_t partition,
                        const char *mark)
{
    struct shard *s = mem_alloc(1, sizeof *s);
    s->port = port;
    s->executor = x;
    s->owner.partition = partition;
    s->owner.facts = facts_new(str_of(mark));
    memcpy(s->mark, mark, FACT_MARK_HEX);
    s->began_at = port->boot(port->arg);
    return s;
}

void shard_free(struct shard *s)
{
    if (!s)
        return;
    executor_drop(s->executor, &s->owner);
    if (s->report)
        s->report->shard = NULL;
    for (size_t i = 0; i < KAFKA_TOPICS; i++)
        offsets_free(s->streams[i].offsets);
    facts_free(s->owner.facts);
    free(s);
}

struct owner *shard_owner(struct shard *s)
{
    return &s->owner;
}

bool shard_restored(const struct shard *s)
{
    return s->state == WORKING;
}

bool shard_stopped(const struct shard *s)
{
    return s->state == STOPPED;
}

int64_t shard_restore_ms(const struct shard *s)
{
    return s->restored_at ? s->restored_at - s->began_at : 0;
}

int64_t shard_position(const struct shard *s, enum kafka_topic topic, int64_t *received)
{
    *received = s->streams[topic].received;
    return s->streams[topic].offsets ? s->streams[topic].next : -1;
}

/* assignment */

void shard_assigned(struct shard *s, const struct consumer_partition *p)
{
    if (p->topic == KAFKA_FACTS) {
        s->facts_assigned = true;
        return;
    }
    struct stream *t = &s->streams[p->topic];
    bool none = p->committed == CONSUMER_NONE;
    t->assigned = true;
    mark_parse(str_of(p->metadata), &t->mark);
    if (none)
        t->mark = (struct mark){.catch_up = p->high};
    if (p->committed > p->high) /* another log than the one that was read */
        t->mark = (struct mark){0};
    t->passing_over = none || t->mark.catch_up > 0;
    t->start = none ? p->low : p->committed;
    t->high = p->high;
    t->committed = p->committed;
    if (!none && p->committed < p->low)
        log_warn("messages were deleted before they were read; they are left to reconcile",
                 LOG_TEXT("topic", kafka_topic_name(p->topic)), LOG_INT("partition", p->partition),
                 LOG_INT("offset", p->committed), LOG_INT("count", p->low - p->committed));
    if (none && p->high > p->low)
        log_warn("no committed offset: a first start, or it was lost; what is there is read",
                 LOG_TEXT("topic", kafka_topic_name(p->topic)), LOG_INT("partition", p->partition),
                 LOG_INT("low", p->low), LOG_INT("high", p->high));
    if (t->start < p->low)
        t->start = p->low;
}

static void commit(struct shard *s, enum kafka_topic topic, int64_t offset)
{
    struct stream *t = &s->streams[topic];
    char metadata[LIMIT_COMMIT_METADATA];
    t->committed = offset;
    poison_prune(&t->mark.poison, offset);
    mark_write_unsent(&t->mark, metadata);
    s->port->commit(s->port->arg, topic, s->owner.partition, offset, metadata);
}

static int64_t low_of(const struct stream *t)
{
    return t->offsets ? offsets_low(t->offsets) : t->start;
}

void shard_note(struct shard *s, enum kafka_topic topic)
{
    if (s->streams[topic].assigned && s->state != ASSIGNED && s->state != STOPPED)
        commit(s, topic, low_of(&s->streams[topic]));
}

static void stop(struct shard *s, const char *why)
{
    log_warn(why, LOG_INT("partition", s->owner.partition));
    s->state = STOPPED;
    executor_drop(s->executor, &s->owner);
}

static void mark_reported(void *arg, const struct producer_report *report)
{
    struct mark_report *r = arg;
    struct shard *s = r->shard;
    free(r);
    if (!s)
        return;
    s->report = NULL;
    if (!report->delivered && s->state == MARKING)
        s->mark_at = s->port->boot(s->port->arg) + MARK_AGAIN_MS;
}

/* The same mark again is no stranger's, however often it comes. */
static void send_mark(struct shard *s)
{
    char *value CLEANUP(mem_free_text) = fact_mark_encode(s->mark);
    char at[TEXT_TIME_SIZE];
    struct error e = ERROR_NONE;
    text_time(s->port->wall(s->port->arg), at);
    const struct kafka_header headers[] = {{FACT_HEADER_MARK, str_of(s->mark)},
                                           {FACT_HEADER_AT, str_of(at)}};
    s->report = mem_alloc(1, sizeof *s->report);
    s->report->shard = s;
    const struct producer_record r = {.topic = KAFKA_FACTS,
                                      .partition = s->owner.partition,
                                      .key = STR(FACT_MARK_KEY),
                                      .value = str_of(value),
                                      .headers = headers,
                                      .nheaders = 2,
                                      .done = mark_reported,
                                      .arg = s->report};
    s->mark_at = 0;
    if (!s->port->produce(s->port->arg, &r, &e))
        return;
    free(s->report);
    s->report = NULL;
    s->mark_at = s->port->boot(s->port->arg) + MARK_AGAIN_MS;
}

/* Messages are named one by one, in no order; there are no timers behind the last one. */
static void begin_notes(struct shard *s, enum kafka_topic topic)
{
    struct stream *t = &s->streams[topic];
    struct poison_notes *n = &t->mark.poison;
    const struct poison_assigned assigned = {.who = s->port->who,
                                             .now = s->port->wall(s->port->arg),
                                             .start = t->start,
                                             .high = t->high - 1,
                                             .block = 1};
    poison_begin(n, &assigned);
    (void)poison_through(n, t->start); /* nothing is there */
    if (poison_careful(n))
        log_warn("careful mode: the process ended again and again without progress; messages are "
                 "named before they are read",
                 LOG_TEXT("topic", kafka_topic_name(topic)),
                 LOG_INT("partition", s->owner.partition), LOG_INT("ends", n->ends),
                 LOG_INT("from", n->hunt.from), LOG_INT("until", n->hunt.until));
    step_enter(s->executor, &s->owner, topic, n);
    commit(s, topic, t->start);
}

void shard_begin(struct shard *s)
{
    struct error e = ERROR_NONE;
    if (s->state != ASSIGNED)
        return;
    s->state = MARKING;
    if (!s->facts_assigned) {
        stop(s, "jobs were assigned without the facts of their partition");
        return;
    }
    if (s->port->start(s->port->arg, KAFKA_FACTS, s->owner.partition, CONSUMER_BEGINNING, &e)) {
        stop(s, e.text);
        return;
    }
    for (size_t i = 0; i < JOB_TOPICS; i++)
        if (s->streams[job_topics[i]].assigned)
            begin_notes(s, job_topics[i]);
    send_mark(s);
}

static void begin_work(struct shard *s)
{
    struct error e = ERROR_NONE;
    if (s->state != MARKING || !s->marked || !s->noted)
        return;
    s->state = WORKING;
    s->restored_at = s->port->boot(s->port->arg);
    executor_restored(s->executor, &s->owner);
    log_info("restored", LOG_INT("partition", s->owner.partition),
             LOG_INT("ms", shard_restore_ms(s)), LOG_INT("count", facts_count(s->owner.facts)));
    for (size_t i = 0; i < JOB_TOPICS; i++) {
        struct stream *t = &s->streams[job_topics[i]];
        if (!t->assigned)
            continue;
        t->offsets = offsets_new(t->start);
        t->next = t->start;
        if (s->port->start(s->port->arg, job_topics[i], s->owner.partition, t->start, &e)) {
            stop(s, e.text);
            return;
        }
    }
}

void shard_noted(struct shard *s)
{
    s->noted = true;
    begin_work(s);
}

/* messages */

static void tell_read(struct shard *s, struct str key, bool noted)
{
    struct fact_key k = {.type = FACT_MARK};
    struct error ignored = ERROR_NONE;
    if (s->state != WORKING || !noted || fact_key_parse(key, &k, &ignored) || k.type == FACT_MARK)
        k.account = k.name = STR_NONE;
    executor_read(s->executor, &s->owner, k.account, k.name);
}

static void take_fact(struct shard *s, const struct kafka_message *m)
{
    struct error e = ERROR_NONE;
    enum facts_change change = FACTS_NOTED;
    struct facts_record r = {.key = m->key,
                             .value = m->value,
                             .tombstone = m->tombstone,
                             .mark = kafka_header_get(m, FACT_HEADER_MARK),
                             .job = kafka_header_get(m, FACT_HEADER_JOB),
                             .now = s->port->boot(s->port->arg)};
    if (!text_parse_time(kafka_header_get(m, FACT_HEADER_AT), &r.at))
        r.at = m->timestamp > 0 ? m->timestamp : 0;
    if (facts_apply(s->owner.facts, &r, &change, &e))
        log_warn("a fact cannot be read", LOG_INT("partition", m->partition),
                 LOG_INT("offset", m->offset), LOG_ERROR(&e));
    s->owner.facts_next = m->offset + 1;
    if (change == FACTS_CONFLICT)
        log_fail("a done fact was overwritten with another value; the first one stands",
                 LOG_STR("job", m->key), LOG_INT("partition", m->partition),
                 LOG_INT("offset", m->offset));
    if (change == FACTS_STRANGER)
        stop(s, "a stranger's mark: the partition is somebody else's; joining anew");
    else if (change == FACTS_OWN_MARK && s->state == MARKING) {
        s->marked = true;
        begin_work(s);
    } else
        tell_read(s, m->key, change == FACTS_NOTED);
}

/* Without a commit everything over 7 days old is passed over. */
static bool is_too_old(const struct shard *s, struct stream *t, const struct kafka_message *m)
{
    if (!t->passing_over)
        return false;
    bool old = t->received > 0 && t->received < s->port->wall(s->port->arg) - FACTS_LIVE_MS;
    if (old && m->offset < t->mark.catch_up) {
        t->passed_over++;
        return true;
    }
    t->passing_over = false;
    t->mark.catch_up = 0;
    if (t->passed_over)
        log_warn(
            "no committed offset: jobs over 7 days old were passed over; replay can repeat them",
            LOG_TEXT("topic", kafka_topic_name(m->topic)), LOG_INT("partition", m->partition),
            LOG_INT("count", t->passed_over));
    return false;
}

static void take_job(struct shard *s, const struct kafka_message *m)
{
    struct stream *t = &s->streams[m->topic];
    if (s->state != WORKING || !t->offsets)
        return;
    if (!text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &t->received))
        t->received = m->timestamp > 0 ? m->timestamp : 0;
    t->next = m->offset + 1;
    offsets_begin(t->offsets, m->offset);
    if (m->tombstone || is_too_old(s, t, m))
        shard_finished(s, m->topic, m->offset);
    else
        executor_take(s->executor, &s->owner, m);
}

void shard_message(struct shard *s, const struct kafka_message *m)
{
    if (s->state == STOPPED)
        return;
    if (m->topic == KAFKA_FACTS)
        take_fact(s, m);
    else
        take_job(s, m);
}

/* Everything below the offset is over. */
static void got_through(struct shard *s, enum kafka_topic topic, int64_t offset)
{
    if (!poison_through(&s->streams[topic].mark.poison, offset))
        return;
    step_calm(s->executor, &s->owner, topic);
    log_info("careful mode ends", LOG_TEXT("topic", kafka_topic_name(topic)),
             LOG_INT("partition", s->owner.partition), LOG_INT("offset", offset));
}

void shard_finished(struct shard *s, enum kafka_topic topic, int64_t offset)
{
    struct stream *t = &s->streams[topic];
    if (!t->offsets)
        return;
    offsets_done(t->offsets, offset);
    int64_t low = offsets_low(t->offsets);
    if (low == t->committed)
        return;
    if (low > t->start)
        poison_progress(&t->mark.poison);
    got_through(s, topic, low);
    commit(s, topic, low);
}

/* ageing */

/* "jobs/3/1234": true if it is one of ours below the committed offset. */
static bool is_below(void *arg, struct str job)
{
    const struct shard *s = arg;
    long end = str_rfind(job, '/');
    long begin = str_find(job, '/');
    int64_t offset = 0;
    if (begin < 0 || begin == end ||
        !num_parse(str_from(job, (size_t)end + 1), 0, INT64_MAX, &offset))
        return true; /* written by something that is no message */
    struct str name = {job.ptr, (size_t)begin};
    for (size_t i = 0; i < JOB_TOPICS; i++)
        if (str_is(name, kafka_topic_name(job_topics[i])))
            return offset < s->streams[job_topics[i]].committed;
    return false;
}

static void delete_fact(void *arg, struct str account, struct str id, enum fact_type type)
{
    const struct shard *s = arg;
    char *key CLEANUP(mem_free_text) = fact_key_make(type, account, id);
    struct error e = ERROR_NONE;
    const struct kafka_header mark = {FACT_HEADER_MARK, str_of(s->mark)};
    const struct producer_record r = {.topic = KAFKA_FACTS,
                                      .partition = s->owner.partition,
                                      .key = str_of(key),
                                      .tombstone = true,
                                      .headers = &mark,
                                      .nheaders = 1};
    if (s->port->produce(s->port->arg, &r, &e))
        log_debug("an old fact was not deleted", LOG_ERROR(&e));
}

/* What is held for hours is no reason to be careful for hours: two ends that were farther apart than this
 * would not have made careful. */
static void calm_down(struct shard *s, int64_t now)
{
    for (size_t i = 0; i < JOB_TOPICS; i++) {
        struct stream *t = &s->streams[job_topics[i]];
        if (!poison_careful(&t->mark.poison) || now - s->restored_at <= POISON_WITHIN_MS)
            continue;
        got_through(s, job_topics[i], INT64_MAX);
        commit(s, job_topics[i], low_of(t));
    }
}

void shard_end(struct shard *s)
{
    for (size_t i = 0; i < JOB_TOPICS && s->state != STOPPED; i++) {
        struct stream *t = &s->streams[job_topics[i]];
        if (!t->assigned || s->state == ASSIGNED)
            continue;
        poison_end(&t->mark.poison);
        commit(s, job_topics[i], low_of(t));
    }
}

void shard_tick(struct shard *s)
{
    int64_t now = s->port->boot(s->port->arg);
    if (s->state == WORKING)
        calm_down(s, now);
    if (s->state == MARKING && s->mark_at && now >= s->mark_at)
        send_mark(s);
    if (s->state != WORKING || now < s->age_at)
        return;
    s->age_at = now + AGE_EVERY_MS;
    int64_t wall = s->port->wall(s->port->arg);
    const struct facts_ageing a = {.before = wall - FACTS_LIVE_MS,
                                   .before_kept = wall - OPEN_TASKS_LIVE_MS,
                                   .limit = AGE_AT_ONCE,
                                   .below = is_below,
                                   .keep = known_task_is_open,
                                   .visit = delete_fact,
                                   .arg = s};
    facts_age(s->owner.facts, &a);
}

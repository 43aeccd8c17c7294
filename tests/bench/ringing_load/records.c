/*
 * One producer, one table. One thread.
 */
#include "tests/bench/ringing_load/records.h"

#include "common/clock.h"
#include "common/event.h"
#include "common/kafka/producer.h"
#include "common/kafka/table.h"
#include "common/mem.h"

enum {
    START_MS = 20000
};

struct records {
    struct world *world;
    struct kafka_layout layout;
    struct producer *producer;
    struct table *table;
    int64_t failed;
};

/* The first job of a kind counts: a pop-up's later ones change what is shown. */
static void note(int64_t *moment, int64_t now)
{
    if (!*moment)
        *moment = now;
}

/* By its mark: no text of a job has a quotation mark without a backslash. */
static struct str entry_of(struct str job)
{
    static const char mark[] = "\"entry_id\":\"";
    const char *at = job.len ? memmem(job.ptr, job.len, mark, sizeof mark - 1) : NULL;
    if (!at)
        return STR_NONE;
    struct str rest = str_from(job, (size_t)(at - job.ptr) + sizeof mark - 1);
    long end = str_find(rest, '"');
    return (struct str){rest.ptr, end < 0 ? 0 : (size_t)end};
}

static void on_job(void *arg, const struct kafka_message *m)
{
    struct records *r = arg;
    struct str kind = kafka_header_get(m, EVENT_KIND);
    struct world_call *c = world_call_of_entry(r->world, entry_of(m->value));
    int64_t now = clock_mono_us();
    if (!c)
        return;
    if (str_is(kind, "visitor"))
        note(&c->at[WORLD_JOB_VISITOR], now);
    else if (str_is(kind, c->group == WORLD_RING ? "popup" : "route"))
        note(&c->at[WORLD_JOB], now);
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct records *r = arg;
    r->failed += !report->delivered;
}

enum err records_new(struct world *w, const struct config *c, struct records **out, struct error *e)
{
    static const struct table_events events = {.message = on_job};
    struct records *r = mem_alloc(1, sizeof *r);
    r->world = w;
    *out = r;
    if (kafka_topics_ensure(c, START_MS, &r->layout, e) ||
        producer_new(w->loop, c, &r->layout, START_MS, &r->producer, e))
        return e->kind;
    return table_new(w->loop, c, &r->layout, KAFKA_JOBS_NOW, &events, r, &r->table, e);
}

enum err records_settings(struct records *r, struct str account, struct str document,
                          struct error *e)
{
    const struct producer_record record = {
        .topic = KAFKA_SETTINGS,
        .partition = producer_partition(r->producer, KAFKA_SETTINGS, account),
        .key = account,
        .value = document,
        .done = on_report,
        .arg = r};
    return producer_send(r->producer, &record, e);
}

int64_t records_waiting(const struct records *r)
{
    return r->failed ? -r->failed : (int64_t)producer_waiting(r->producer);
}

int32_t records_partition(const struct records *r, struct str account)
{
    char *key CLEANUP(mem_free_text) = mem_format("%.*s/x", STR_ARG(account));
    return producer_partition(r->producer, KAFKA_JOBS_NOW, str_of(key));
}

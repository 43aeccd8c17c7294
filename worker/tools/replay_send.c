/*
 * A list that is sorted once, a window of records under way, and tokens for the rate.
 */
#include "worker/tools/replay_send.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/event.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/tools/kit/progress.h"

#define WINDOW 1000 /* under way */
#define RATE_MOST \
    10000 /* a second: what is live shares Kafka and crm's reader with us, and crm holds so many at once that more would only wait there */
#define TURN_MS 20

struct item {
    struct replay_send *owner;
    struct replay_sent job;
    size_t number; /* as it was added: equal times stay in order */
    bool told;
};

struct replay_send {
    struct item *items;
    size_t n, room, next, under_way;
    bool failed;
    void (*told)(void *arg, const struct replay_sent *job);
    void *arg;
};

void replay_send_forget(struct replay_sent *job)
{
    free(job->account);
    free(job->entry_id);
    free(job->id);
    free(job->why);
    free(job->key);
    free(job->value);
}

struct replay_send *replay_send_new(void)
{
    return mem_alloc(1, sizeof(struct replay_send));
}

void replay_send_free(struct replay_send *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        replay_send_forget(&s->items[i].job);
    free(s->items);
    free(s);
}

void replay_send_add(struct replay_send *s, const struct replay_sent *job)
{
    if (s->n == s->room) {
        s->room = s->room ? s->room * 2 : 256;
        s->items = mem_resize(s->items, s->room, sizeof *s->items);
    }
    s->items[s->n] = (struct item){s, *job, s->n, false};
    s->n++;
}

size_t replay_send_count(const struct replay_send *s)
{
    return s->n;
}

static int by_time(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->job.at != y->job.at)
        return x->job.at < y->job.at ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct item *i = arg;
    struct replay_send *s = i->owner;
    s->under_way--;
    if (!report->delivered) {
        s->failed = true;
        return;
    }
    i->told = true;
    s->told(s->arg, &i->job);
}

static enum err send(struct replay_send *s, struct desk *d, struct error *e)
{
    struct item *i = &s->items[s->next];
    char received[TEXT_TIME_SIZE];
    text_time(i->job.received_at, received);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(job_kind_name(i->job.kind))},
                                           {EVENT_ORIGIN, STR("replay")},
                                           {EVENT_ACCOUNT, str_of(i->job.account)},
                                           {EVENT_RECEIVED_AT, str_of(received)}};
    const struct producer_record r = {
        .topic = KAFKA_JOBS_BULK,
        .partition = producer_partition(desk_producer(d), KAFKA_JOBS_BULK, str_of(i->job.key)),
        .key = str_of(i->job.key),
        .value = str_of(i->job.value),
        .headers = headers,
        .nheaders = sizeof headers / sizeof *headers,
        .done = on_report,
        .arg = i};
    enum err err = producer_send(desk_producer(d), &r, e);
    if (!err) {
        s->next++;
        s->under_way++;
    }
    return err;
}

/* How many may have been sent so long after the beginning. */
static size_t allowed(int64_t rate, int64_t ms)
{
    int64_t per_second = rate > 0 && rate < RATE_MOST ? rate : RATE_MOST;
    return (size_t)(per_second * ms / 1000) + 1;
}

enum err replay_send_run(struct replay_send *s, struct desk *d, int64_t rate,
                         void (*told)(void *arg, const struct replay_sent *job), void *arg,
                         struct error *e)
{
    struct progress progress;
    int64_t began = clock_boot_ms();
    enum err err = ERR_OK;
    s->told = told;
    s->arg = arg;
    if (s->n > 1)
        qsort(s->items, s->n, sizeof *s->items, by_time);
    progress_begin(&progress, "sending", (int64_t)s->n);
    while (!err && !s->failed && (s->under_way || (s->next < s->n && !desk_stopped(d)))) {
        size_t most = allowed(rate, clock_boot_ms() - began);
        while (!err && !desk_stopped(d) && s->next < s->n && s->next < most &&
               s->under_way < WINDOW)
            err = send(s, d, e);
        if (!err)
            err = desk_turn(d, TURN_MS, e);
        progress_at(&progress, (int64_t)s->next);
    }
    progress_end(&progress);
    return s->failed ? error_set(e, ERR_TEMPORARY, "Kafka did not take a job") : err;
}

int64_t replay_send_left(const struct replay_send *s)
{
    int64_t left = -1;
    for (size_t i = 0; i < s->n; i++)
        if (!s->items[i].told && (left < 0 || s->items[i].job.first_at < left))
            left = s->items[i].job.first_at;
    return left;
}

/*
 * Two rounds over the calls: all but the summaries, then those.
 */
#include "worker/tools/reconcile_heal.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/event.h"
#include "common/mem.h"
#include "common/reconcile/history_events.h"
#include "common/text.h"

#define TURN_MS 100

struct sending {
    struct desk *desk;
    const char *account;
    size_t waiting, lost;
};

static void on_report(void *arg, const struct producer_report *report)
{
    struct sending *s = arg;
    s->waiting--;
    s->lost += !report->delivered;
}

static enum err send_event(struct sending *s, const struct history_call *c, size_t n,
                           struct error *e)
{
    struct history_event ev;
    char at[TEXT_TIME_SIZE];
    if (!history_events_write(c, n, &ev))
        return error_set(e, ERR_INTERNAL, "a call cannot be told");
    text_time(clock_wall_ms(), at);
    char *key CLEANUP(mem_free_text) = mem_format("%s/%.*s", s->account, STR_ARG(c->entry_id));
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(ev.kind)},
                                           {EVENT_ORIGIN, STR(HISTORY_EVENTS_ORIGIN)},
                                           {EVENT_ACCOUNT, str_of(s->account)},
                                           {EVENT_RECEIVED_AT, str_of(at)}};
    struct producer *p = desk_producer(s->desk);
    const struct producer_record r = {.topic = KAFKA_EVENTS,
                                      .partition = producer_partition(p, KAFKA_EVENTS, str_of(key)),
                                      .key = str_of(key),
                                      .value = str_of(ev.json),
                                      .headers = headers,
                                      .nheaders = sizeof headers / sizeof *headers,
                                      .done = on_report,
                                      .arg = s};
    enum err err = producer_send(p, &r, e);
    s->waiting += !err;
    free(ev.json);
    return err;
}

/* The reports come in any case, within the producer's time; they must not find this frame gone. */
static enum err await(struct sending *s, enum err err, struct error *e)
{
    struct error ignored = ERROR_NONE;
    while (s->waiting)
        if (desk_turn(s->desk, TURN_MS, &ignored))
            ignored = ERROR_NONE;
    if (!err && s->lost)
        err = error_set(e, ERR_TEMPORARY, "Kafka did not take the events of missing calls");
    return err;
}

enum err reconcile_heal(struct desk *d, const char *account,
                        const struct history_call *const *calls, size_t n, struct error *e)
{
    struct sending s = {.desk = d, .account = account};
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        size_t last = history_events_count(calls[i]) - 1;
        for (size_t k = 0; k < last && !err; k++)
            err = send_event(&s, calls[i], k, e);
    }
    if ((err = await(&s, err, e)))
        return err;
    for (size_t i = 0; i < n && !err; i++)
        err = send_event(&s, calls[i], history_events_count(calls[i]) - 1, e);
    return await(&s, err, e);
}

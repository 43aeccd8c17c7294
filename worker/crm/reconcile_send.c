/*
 * Events of calls that were missing, with their acknowledgements. Loop's thread only.
 */
#include "worker/crm/reconcile_send.h"

#include <stdlib.h>

#include "common/event.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/reconcile/history_events.h"
#include "common/text.h"
#include "worker/crm/executor_state.h"

struct reconcile_send {
    struct executor *x;
    void (*done)(void *arg, bool ok); /* NULL: nobody wants to know */
    void *arg;
    size_t waiting;
    bool failed, ended;
};

struct reconcile_send *reconcile_send_new(struct executor *x, void (*done)(void *arg, bool ok),
                                          void *arg)
{
    struct reconcile_send *s = mem_alloc(1, sizeof *s);
    *s = (struct reconcile_send){.x = x, .done = done, .arg = arg};
    return s;
}

static void end_if_over(struct reconcile_send *s)
{
    if (s->waiting || !s->ended)
        return;
    void (*done)(void *, bool) = s->done;
    void *arg = s->arg;
    bool ok = !s->failed;
    free(s);
    if (done)
        done(arg, ok);
}

static void reported(void *arg, const struct producer_report *report)
{
    struct reconcile_send *s = arg;
    s->waiting--;
    if (!report->delivered) {
        s->failed = true;
        tally_undelivered(s->x->tally, kafka_topic_name(KAFKA_EVENTS));
    }
    end_if_over(s);
}

void reconcile_send_event(struct reconcile_send *s, struct str account, struct str entry_id,
                          const char *kind, struct str json)
{
    struct error e = ERROR_NONE;
    const struct port *port = s->x->port;
    char at[TEXT_TIME_SIZE];
    text_time(port->wall(port->world), at);
    char *key CLEANUP(mem_free_text) = mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(entry_id));
    const struct kafka_header headers[] = {
        {EVENT_KIND, str_of(kind)},
        {EVENT_ORIGIN, STR(HISTORY_EVENTS_ORIGIN)},
        {EVENT_ACCOUNT, account},
        {EVENT_RECEIVED_AT, str_of(at)},
    };
    const struct producer_record r = {
        .topic = KAFKA_EVENTS,
        .partition = murmur2_partition(str_of(key), s->x->options.event_partitions),
        .key = str_of(key),
        .value = json,
        .headers = headers,
        .nheaders = sizeof headers / sizeof *headers,
        .done = reported,
        .arg = s};
    if (!port->produce(port->world, &r, &e)) {
        s->waiting++;
        return;
    }
    s->failed = true;
    log_warn("an event of a missing call was not taken by the producer",
             LOG_STR("account", account), LOG_STR("entry_id", entry_id), LOG_ERROR(&e));
}

bool reconcile_send_is_full(const struct reconcile_send *s)
{
    return s->failed || s->waiting >= RECONCILE_SEND_AT_ONCE;
}

void reconcile_send_end(struct reconcile_send *s)
{
    s->ended = true;
    end_if_over(s);
}

void reconcile_send_forget(struct reconcile_send *s)
{
    if (!s)
        return;
    s->done = NULL;
    s->ended = true;
    end_if_over(s);
}

/*
 * Headers and key first, then the notification's JSON.
 */
#include "worker/calls/notice.h"

#include "common/limits.h"
#include "common/text.h"

/* Clocks of our machines may differ by so much. */
#define AHEAD_MS INT64_C(86400000)

enum err notice_read(const struct kafka_message *m, int64_t received, struct event_key *key,
                     struct call_event *ev, struct error *e)
{
    struct str kind = kafka_header_get(m, EVENT_KIND);
    if (event_key_split(m->key, key, e) != ERR_OK)
        return e->kind;
    if (key->account.len > LIMIT_ACCOUNT_NAME || key->rest.len > LIMIT_ENTRY_ID)
        return error_set(e, ERR_INPUT, "the key's %s is too long",
                         key->rest.len > LIMIT_ENTRY_ID ? "entry_id" : "account");
    if (kind.len == 0)
        return error_set(e, ERR_INPUT, "no header kind");
    if (call_event_parse(kind, m->value, ev, e) != ERR_OK)
        return e->kind;
    if (ev->kind == CALL_EVENT_OTHER)
        return ERR_OK;
    if (!str_eq(ev->entry_id, key->rest))
        (void)error_set(e, ERR_INPUT, "entry_id is not the key's");
    else if (str_is(kafka_header_get(m, EVENT_ORIGIN), EVENT_TEST) &&
             !str_starts(ev->entry_id, STR(EVENT_TEST_ENTRY)))
        (void)error_set(e, ERR_INPUT, "entry_id: a test call's begins with " EVENT_TEST_ENTRY);
    else if (call_event_check_times(ev, received, e) == ERR_OK)
        return ERR_OK;
    call_event_done(ev);
    return e->kind;
}

const char *notice_origin(const struct kafka_message *m)
{
    struct str origin = kafka_header_get(m, EVENT_ORIGIN);
    if (origin.len == 0 || str_is(origin, EVENT_LIVE))
        return EVENT_LIVE;
    if (str_is(origin, EVENT_TEST))
        return EVENT_TEST;
    return str_is(origin, "reconcile") ? "reconcile" : "replay";
}

/* A message from far ahead would close every call of the partition, and none after: its writer's clock
 * is wrong, ours is taken. */
int64_t notice_received(const struct kafka_message *m, int64_t now)
{
    int64_t at;
    if (!text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &at) || at <= 0)
        at = m->timestamp;
    return at > 0 && at <= now + AHEAD_MS ? at : now;
}

/*
 * Asks Kafka for the partitions in which a call lies, and common/story for what they say. The admin thread only.
 */
#include "ingest/admin/explain.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/kafka/scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/story/story.h"

#define MOST_MESSAGES 1000000 /* of all partitions; beyond: "cut" */
#define MOST_BYTES (INT64_C(1) << 30)

struct request {
    struct explain *owner;
    struct api_call *call;
    struct story *story;
    struct request *next;
};

struct explain {
    const struct admin_parts *parts;
    const struct calls *calls;
    struct request *requests;
};

static void request_free(struct request *r)
{
    story_free(r->story);
    free(r);
}

static void forget(struct request *r)
{
    struct request **at = &r->owner->requests;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    request_free(r);
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct request *r = arg;
    story_take(r->story, m);
}

static void answer(struct request *r, bool cut)
{
    struct jval *out = jval_new_object();
    jval_put(out, "rows", story_rows(r->story));
    jval_put(out, "summary", story_summary(r->story));
    jval_put_bool(out, "cut", cut || story_cut(r->story));
    api_reply(r->call, 200, out);
}

static void on_done(void *arg, const struct scan_result *result)
{
    struct request *r = arg;
    if (result->why)
        api_refuse(r->call, 503, "kafka", "", "the story cannot be read: %s", result->why);
    else if (story_empty(r->story) ||
             story_forgotten(r->story, accounts_forgotten(r->owner->parts->accounts)))
        api_refuse(r->call, 404, "not_found", "", "nothing is known of such a call");
    else
        answer(r, result->cut);
    forget(r);
}

static struct scan *begin(struct explain *x, struct request *r, struct str account,
                          struct str entry)
{
    struct story_place lies[STORY_PLACES];
    struct scan_place places[STORY_PLACES];
    size_t n = story_places(x->parts->layout, account, entry, lies);
    for (size_t i = 0; i < n; i++) {
        enum kafka_topic t = lies[i].topic;
        places[i] = (struct scan_place){
            t, lies[i].partition,
            t == KAFKA_DEAD ? SCAN_BEGINNING : calls_first_offset(x->calls, account, entry, t),
            SCAN_END};
    }
    const struct scan_options o = {.places = places,
                                   .n = n,
                                   .max_messages = MOST_MESSAGES,
                                   .max_bytes = MOST_BYTES,
                                   .message = on_message,
                                   .done = on_done,
                                   .arg = r};
    return scan_begin(x->parts->scanner, &o);
}

void explain_get(struct explain *x, struct api_call *call)
{
    struct str account = api_param(call, "a"), entry = api_query(call, "entry_id");
    if (!accounts_get(x->parts->accounts, account)) {
        api_refuse(call, 404, "unknown_account", "", "there is no such account");
        return;
    }
    if (entry.len == 0 || entry.len > LIMIT_ENTRY_ID) {
        api_refuse(call, 422, "invalid", "entry_id", "entry_id: 1 to %d bytes", LIMIT_ENTRY_ID);
        return;
    }
    if (!accounts_restored(x->parts->accounts)) { /* they tell who was forgotten */
        api_refuse_soon(call, 1000, "the settings are being read");
        return;
    }
    struct request *r = mem_alloc(1, sizeof *r);
    *r = (struct request){.owner = x, .call = call};
    r->story = story_new(account, entry, str_of(x->parts->config->topic_prefix), api_shows(call));
    r->next = x->requests;
    x->requests = r;
    if (!begin(x, r, account, entry)) {
        api_refuse_soon(call, 1000, "other stories are being read");
        forget(r);
    }
}

struct explain *explain_new(const struct admin_parts *parts, const struct calls *calls)
{
    struct explain *x = mem_alloc(1, sizeof *x);
    x->parts = parts;
    x->calls = calls;
    return x;
}

void explain_free(struct explain *x)
{
    if (!x)
        return;
    for (struct request *r = x->requests, *next; r; r = next) {
        next = r->next;
        request_free(r);
    }
    free(x);
}

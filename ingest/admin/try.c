/*
 * Test calls under way. Must not know what workers make of them. The admin thread only.
 */
#include "ingest/admin/try.h"

#include <stdlib.h>
#include <string.h>

#include "common/accounts.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/text.h"
#include "ingest/admin/try_call.h"

struct
try {
    const struct admin_parts *parts;
    struct running *running;
};

struct running {
    struct running *next;
    struct try *owner;
    struct api_call *call; /* NULL: it is answered */
    char *account;
    char *key;
    char entry[TRY_CALL_ENTRY];
    struct try_call made;
    size_t sent;
    size_t waiting; /* for reports */
    int64_t begun;  /* boot ms */
    bool over;      /* what is not sent is not sent any more */
    struct loop_timer timer;
};

/* ---- life ---- */

static void free_running(struct running *r)
{
    loop_timer_stop(&r->timer);
    try_call_done(&r->made);
    free(r->account);
    free(r->key);
    free(r);
}

static void drop(struct running *r)
{
    struct running **place = &r->owner->running;
    while (*place != r)
        place = &(*place)->next;
    *place = r->next;
    free_running(r);
}

static struct running *find(const struct try *t, struct str account)
{
    for (struct running *r = t->running; r; r = r->next) {
        if (str_is(account, r->account))
            return r;
    }
    return NULL;
}

/* ---- sending ---- */

/* It cannot go on. Whoever asked for it hears it, if the answer is not out yet. */
static void fail(struct running *r, const char *why)
{
    if (r->call)
        api_refuse(r->call, 503, "kafka", "", "Kafka did not take it: %s", why);
    else if (!r->over)
        log_fail("a test call lacks notifications", LOG_TEXT("account", r->account),
                 LOG_TEXT("entry_id", r->entry), LOG_TEXT("err", why));
    r->call = NULL;
    r->over = true;
    loop_timer_after(&r->timer, 0);
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct running *r = arg;
    r->waiting--;
    if (!report->delivered) {
        fail(r, report->why ? report->why : "no answer");
        return;
    }
    if (!r->call)
        return;
    struct jval *answer = jval_new_object();
    jval_put_text(answer, "entry_id", str_of(r->entry));
    api_reply(r->call, 202, answer);
    r->call = NULL;
}

static enum err send(struct running *r, const struct try_call_event *ev, struct error *e)
{
    struct producer *p = r->owner->parts->producer;
    char now[TEXT_TIME_SIZE];
    text_time(clock_wall_ms(), now);
    const struct kafka_header headers[] = {
        {EVENT_KIND, str_of(ev->kind)},
        {EVENT_ORIGIN, STR(EVENT_TEST)},
        {EVENT_ACCOUNT, str_of(r->account)},
        {EVENT_RECEIVED_AT, str_of(now)},
    };
    const struct producer_record record = {
        .topic = KAFKA_EVENTS,
        .partition = producer_partition(p, KAFKA_EVENTS, str_of(r->key)),
        .key = str_of(r->key),
        .value = str_of(ev->json),
        .headers = headers,
        .nheaders = sizeof headers / sizeof *headers,
        .done = on_report,
        .arg = r,
    };
    if (producer_send(p, &record, e))
        return e->kind;
    r->waiting++;
    return ERR_OK;
}

static void on_time(void *arg)
{
    struct running *r = arg;
    struct error e = ERROR_NONE;
    int64_t gone = loop_now(r->timer.loop) - r->begun;
    for (; !r->over && r->sent < r->made.n && r->made.events[r->sent].after_ms <= gone; r->sent++) {
        if (send(r, &r->made.events[r->sent], &e))
            fail(r, e.text);
    }
    if (!r->over && r->sent < r->made.n)
        loop_timer_set(&r->timer, r->begun + r->made.events[r->sent].after_ms);
    else if (r->waiting > 0)
        loop_timer_after(&r->timer, 100);
    else if (!r->over && gone < TRY_RUNS_MS)
        loop_timer_set(&r->timer, r->begun + TRY_RUNS_MS);
    else
        drop(r);
}

/* ---- what is asked for ---- */

/* The account, if a call of it may be tried now. */
static const struct settings *may_try(const struct try *t, struct api_call *c)
{
    struct str account = api_param(c, "a");
    const struct settings *s = accounts_get(t->parts->accounts, account);
    const struct running *r = find(t, account);
    if (!s) {
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
        return NULL;
    }
    if (!s->enabled) {
        api_refuse(
            c, 409, "disabled", "enabled",
            "the account is switched off: its calls are kept, and nothing is done with them");
        return NULL;
    }
    if (r) {
        api_refuse_soon(c, r->begun + TRY_RUNS_MS - loop_now(t->parts->loop),
                        "a test call of this account is under way");
        return NULL;
    }
    return s;
}

static bool read_wish(struct api_call *c, const struct settings *s, struct try_call_wish *wish)
{
    struct error e = ERROR_NONE;
    struct str field = STR_NONE;
    struct jval *body CLEANUP(jval_cleanup) = api_body_object(c);
    if (!body)
        return false;
    if (try_call_read(body, s, wish, &field, &e) == ERR_OK)
        return true;
    char *name CLEANUP(mem_free_text) = mem_copy(field);
    api_refuse(c, 422, "invalid", name, "%s", e.text);
    return false;
}

static void begin(struct try *t, struct api_call *c, const struct try_call_wish *wish)
{
    uint8_t random[TRY_CALL_RANDOM];
    struct running *r = mem_alloc(1, sizeof *r);
    r->owner = t;
    r->call = c;
    r->account = mem_copy(api_param(c, "a"));
    secret_random(random, sizeof random);
    try_call_entry(random, r->entry);
    r->key = mem_format("%s/%s", r->account, r->entry);
    r->begun = loop_now(t->parts->loop);
    try_call_make(wish, r->entry, clock_wall_ms(), &r->made);
    r->next = t->running;
    t->running = r;
    log_info("a test call", LOG_TEXT("account", r->account), LOG_TEXT("entry_id", r->entry),
             LOG_TEXT("who", api_who(c)));
    loop_timer_init(&r->timer, t->parts->loop, on_time, r);
    on_time(r);
}

static void post(void *part, struct api_call *c)
{
    struct try *t = part;
    struct try_call_wish wish;
    const struct settings *s = may_try(t, c);
    if (s && read_wish(c, s, &wish))
        begin(t, c, &wish);
}

/* ---- start and end ---- */

static const struct api_route routes[] = {
    {"POST", "/api/accounts/{a}/test-call", post, 0},
};

const struct api_route *try_routes(struct try *t, size_t *n)
{
    (void)t;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

struct try *try_new(const struct admin_parts *parts)
{
    struct try *t = mem_alloc(1, sizeof *t);
    t->parts = parts;
    return t;
}

void try_free(struct try *t)
{
    if (!t)
        return;
    while (t->running) {
        struct running *r = t->running;
        t->running = r->next;
        free_running(r);
    }
    free(t);
}

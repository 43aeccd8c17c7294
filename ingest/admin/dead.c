/*
 * Lists and sends; what a letter is, common/dead knows. The admin thread only.
 *
 *   POST: ids --claimed--> dead_again --> those sent: audited --> answered
 *                               those refused: released, they stand as before
 */
#include "ingest/admin/dead.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/audit.h"
#include "common/clock.h"
#include "common/dead/again.h"
#include "common/dead/shelf.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 500

struct request {
    struct dead *owner;
    struct api_call *call;
    char *account, *who;
    struct jval *sent, *refused;
    struct dead_again *again; /* NULL: it has ended */
    struct request *next;
};

struct dead {
    const struct admin_parts *parts;
    struct calls *calls;
    struct dead_events events;
    struct dead_shelf *shelf;
    struct request *requests;
};

/* It has come (1) or goes (-1). l may be NULL: it had done so before. */
static void tell(struct dead *d, const struct dead_letter *l, int more)
{
    if (!l)
        return;
    if (l->topic == KAFKA_EVENTS && *l->entry_id)
        calls_dead(d->calls, str_of(l->account), str_of(l->entry_id), l->at, more);
    d->events.changed(d->events.arg, str_of(l->account));
}

void dead_take(struct dead *d, const struct kafka_message *m)
{
    enum dead_message what;
    const struct dead_letter *l = dead_shelf_take(d->shelf, m, &what);
    tell(d, l, what == DEAD_NOTE ? -1 : 1);
}

struct count {
    struct str account;
    size_t n;
};

static bool count_one(void *arg, const struct dead_letter *l)
{
    struct count *c = arg;
    c->n += str_is(c->account, l->account);
    return true;
}

size_t dead_count(const struct dead *d, struct str account)
{
    struct count c = {account, 0};
    if (!account.ptr)
        return dead_shelf_count(d->shelf);
    dead_shelf_each(d->shelf, count_one, &c);
    return c.n;
}

/* False: the call was refused. */
static bool is_known(const struct dead *d, struct api_call *call)
{
    if (accounts_get(d->parts->accounts, api_param(call, "a")))
        return true;
    api_refuse(call, 404, "unknown_account", "", "there is no such account");
    return false;
}

/* ---- the list ---- */

struct page {
    struct str account;
    struct jval *rows;
    size_t limit;
    bool show, more;
};

static bool add_row(void *arg, const struct dead_letter *l)
{
    struct page *p = arg;
    if (!str_is(p->account, l->account))
        return true;
    p->more = jval_size(p->rows) == p->limit;
    if (!p->more)
        jval_append(p->rows, dead_letter_row(l, p->show));
    return !p->more;
}

void dead_get(const struct dead *d, struct api_call *call)
{
    int64_t limit;
    if (!is_known(d, call) ||
        !api_query_number(call, "limit", 1, LIMIT_MOST, LIMIT_DEFAULT, &limit))
        return;
    struct page page = {api_param(call, "a"), jval_new_array(), (size_t)limit, api_shows(call),
                        false};
    dead_shelf_each(d->shelf, add_row, &page);
    struct jval *out = jval_new_object();
    jval_put(out, "rows", page.rows);
    jval_put_bool(out, "more", page.more || dead_shelf_forgot(d->shelf));
    api_reply(call, 200, out);
}

/* ---- sending again ---- */

static void request_free(struct request *r)
{
    free(r->account);
    free(r->who);
    jval_free(r->sent);
    jval_free(r->refused);
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

static void refuse(struct request *r, struct str id, const char *why)
{
    struct jval *row = jval_new_object();
    jval_put_text(row, "id", id);
    jval_put_text_clean(row, "reason", str_of(why));
    jval_append(r->refused, row);
}

static void answer(struct request *r)
{
    struct jval *out = jval_new_object();
    jval_put(out, "sent", r->sent);
    jval_put(out, "refused", r->refused);
    r->sent = r->refused = NULL;
    api_reply(r->call, 200, out);
    forget(r);
}

static void on_audited(void *arg, const struct producer_report *report)
{
    struct request *r = arg;
    if (!report->delivered)
        log_fail("letters were sent again without an audit record", LOG_TEXT("account", r->account),
                 LOG_TEXT("err", report->why));
    answer(r);
}

static void audit(struct request *r)
{
    struct error e = ERROR_NONE;
    struct audit_record record;
    struct producer *producer = r->owner->parts->producer;
    dead_again_audit(r->account, r->who, r->sent, clock_wall_ms(), &record);
    record.record.partition = producer_partition(producer, KAFKA_OUTCOMES, record.record.key);
    record.record.done = on_audited;
    record.record.arg = r;
    if (producer_send(producer, &record.record, &e))
        on_audited(r, &(const struct producer_report){.why = e.text});
    audit_record_done(&record);
}

static void on_sent(void *arg, const struct dead_again_result *list, size_t n)
{
    struct request *r = arg;
    r->again = NULL;
    for (size_t i = 0; i < n; i++) {
        char id[DEAD_ID_SIZE];
        dead_id_write(list[i].id, id);
        if (list[i].why) {
            dead_shelf_release(r->owner->shelf, list[i].id);
            refuse(r, str_of(id), list[i].why);
        } else {
            jval_append(r->sent, jval_new_text(str_of(id)));
            tell(r->owner, dead_shelf_noted(r->owner->shelf, list[i].id), -1);
        }
    }
    if (jval_size(r->sent))
        audit(r);
    else
        answer(r);
}

/* The ids of the body; 0: the call was refused. */
static size_t read_ids(struct api_call *call, const struct jval *body,
                       struct dead_id out[LIMIT_DEAD_AT_ONCE])
{
    const struct jval *ids = jval_get(body, "ids");
    size_t n = jval_size(ids);
    if (jval_type(ids) != JVAL_ARRAY || n == 0 || n > LIMIT_DEAD_AT_ONCE) {
        api_refuse(call, 422, "invalid", "ids", "ids: a list of 1 to %d", LIMIT_DEAD_AT_ONCE);
        return 0;
    }
    if (!api_body_only(call, body, "ids"))
        return 0;
    for (size_t i = 0; i < n; i++) {
        struct str text = STR_NONE;
        char path[32];
        if (jval_text(jval_at(ids, i), &text) && dead_id_parse(text, &out[i]))
            continue;
        (void)snprintf(path, sizeof path, "ids[%zu]", i);
        api_refuse(call, 422, "invalid", path, "%s: no id as 0/12", path);
        return 0;
    }
    return n;
}

/* Those that stand, are this account's and are not on their way, in front; returns how many. */
static size_t claim(struct request *r, struct dead_id *ids, size_t n)
{
    size_t claimed = 0;
    for (size_t i = 0; i < n; i++) {
        char id[DEAD_ID_SIZE];
        const struct dead_letter *l = dead_shelf_find(r->owner->shelf, ids[i]);
        dead_id_write(ids[i], id);
        if (!l || !str_is(str_of(l->account), r->account))
            refuse(r, str_of(id), "there is no such dead letter any more");
        else if (!dead_shelf_claim(r->owner->shelf, ids[i]))
            refuse(r, str_of(id), "it is being sent again");
        else
            ids[claimed++] = ids[i];
    }
    return claimed;
}

void dead_post(struct dead *d, struct api_call *call)
{
    struct dead_id ids[LIMIT_DEAD_AT_ONCE];
    if (!is_known(d, call))
        return;
    struct jval *body CLEANUP(jval_cleanup) = api_body_object(call);
    size_t n = body ? read_ids(call, body, ids) : 0;
    if (n == 0)
        return;
    struct request *r = mem_alloc(1, sizeof *r);
    *r = (struct request){.owner = d,
                          .call = call,
                          .account = mem_copy(api_param(call, "a")),
                          .who = mem_copy(str_of(api_who(call))),
                          .sent = jval_new_array(),
                          .refused = jval_new_array()};
    r->next = d->requests;
    d->requests = r;
    n = claim(r, ids, n);
    if (n == 0) {
        answer(r);
        return;
    }
    r->again = dead_again(
        &(const struct dead_again_options){.loop = d->parts->loop,
                                           .scanner = d->parts->scanner,
                                           .producer = d->parts->producer,
                                           .layout = d->parts->layout,
                                           .prefix = str_of(d->parts->config->topic_prefix),
                                           .who = str_of(r->who),
                                           .ids = ids,
                                           .n = n,
                                           .done = on_sent,
                                           .arg = r});
}

/* ---- start and end ---- */

struct dead *dead_new(const struct admin_parts *parts, struct calls *calls,
                      const struct dead_events *events)
{
    struct dead *d = mem_alloc(1, sizeof *d);
    d->parts = parts;
    d->calls = calls;
    d->events = *events;
    d->shelf = dead_shelf_new(str_of(parts->config->topic_prefix), LIMIT_DEAD_LISTED);
    return d;
}

void dead_free(struct dead *d)
{
    if (!d)
        return;
    for (struct request *r = d->requests, *next; r; r = next) {
        next = r->next;
        dead_again_free(r->again);
        request_free(r);
    }
    dead_shelf_free(d->shelf);
    free(d);
}

/*
 * Documents in and out. Must not know HTTP beyond api.h, nor what settings mean. The admin thread only.
 */
#include "ingest/admin/documents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/accounts.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/settings/diff.h"
#include "common/tz_file.h"
#include "ingest/admin/doubts.h"

#define READ_BACK_MS 3000 /* a document that Kafka has is read here by then */
#define LOOK_MS 5
#define ETAG_BYTES 24

/* A write that waits, or is under way. */
struct write {
    struct write *next;
    struct documents *owner;
    struct api_call *call;
    char *account;
    char *if_match; /* NULL: whatever is there */
    bool if_none;   /* only if nothing is there */
    bool removes;
    char *stored;         /* what is written; NULL: removal */
    struct jval *changes; /* for the audit */
    bool creates;
    int64_t offset; /* of the record */
    int64_t until;  /* boot ms: it is read back by then */
};

struct documents {
    const struct admin_parts *parts;
    struct settings_rules rules;
    struct write *first, **last; /* the first one is under way */
    struct loop_timer look;
    struct doubts *doubts;
};

/* ---- reading ---- */

static void etag_of(int64_t revision, char out[ETAG_BYTES])
{
    snprintf(out, ETAG_BYTES, "\"%" PRId64 "\"", revision);
}

static void add_row(void *arg, const struct settings *s)
{
    struct jval *row = jval_new_object();
    jval_put_text(row, "account", str_of(s->account));
    jval_put_bool(row, "enabled", s->enabled);
    jval_append(arg, row);
}

static int by_account(const void *a, const void *b)
{
    const struct jval *const *x = a, *const *y = b;
    return str_cmp(jval_get_text(*x, "account"), jval_get_text(*y, "account"));
}

static struct jval *sorted(const struct jval *rows)
{
    size_t n = jval_size(rows);
    const struct jval **list = mem_alloc(n + 1, sizeof *list);
    struct jval *out = jval_new_array();
    for (size_t i = 0; i < n; i++)
        list[i] = jval_at(rows, i);
    qsort(list, n, sizeof *list, by_account);
    for (size_t i = 0; i < n; i++)
        jval_append(out, jval_copy(list[i]));
    free(list);
    return out;
}

static void list(void *part, struct api_call *c)
{
    const struct documents *d = part;
    struct jval *rows CLEANUP(jval_cleanup) = jval_new_array();
    accounts_each(d->parts->accounts, add_row, rows);
    api_reply(c, 200, sorted(rows));
}

static void refuse_unknown(struct api_call *c)
{
    api_refuse(c, 404, "unknown_account", "", "there is no such account");
}

/* The document as it may be seen, with its ETag. */
static void show(const struct documents *d, struct api_call *c, struct str account, int status)
{
    struct str stored = accounts_document(d->parts->accounts, account);
    char *shown CLEANUP(mem_free_text) = NULL;
    char etag[ETAG_BYTES];
    struct error e = ERROR_NONE;
    if (!stored.ptr) {
        refuse_unknown(c);
        return;
    }
    if (settings_hide(stored, &shown, &e)) {
        api_refuse(c, 503, "kafka", "", "the stored document cannot be read: %s", e.text);
        return;
    }
    etag_of(accounts_revision(d->parts->accounts, account), etag);
    api_set_header(c, "ETag", str_of(etag));
    api_reply_text(c, status, str_of(shown));
}

static void get(void *part, struct api_call *c)
{
    show(part, c, api_param(c, "a"), 200);
}

/* ---- the queue of writes ---- */

static void write_free(struct write *w)
{
    free(w->account);
    free(w->if_match);
    free(w->stored);
    jval_free(w->changes);
    free(w);
}

static void begin(struct write *w);

/* The first one has been answered: the next. */
static void end(struct write *w)
{
    struct documents *d = w->owner;
    d->first = w->next;
    if (!d->first)
        d->last = &d->first;
    write_free(w);
    if (d->first)
        begin(d->first);
}

/* "*", or an ETag as etag_of writes it: whoever sends another wants something that would not be done. */
static bool is_condition(struct str s)
{
    if (!s.ptr || str_is(s, "*"))
        return true;
    if (s.len < 3 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"')
        return false;
    for (size_t i = 1; i < s.len - 1; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return true;
}

static bool refuse_conditions(struct api_call *c, struct str match, struct str none)
{
    const char *wrong = NULL;
    if (!is_condition(match))
        wrong = "If-Match";
    else if (none.ptr && !str_is(none, "*"))
        wrong = "If-None-Match";
    if (wrong)
        api_refuse(c, 422, "invalid", wrong, "only * and an ETag of ours can be met");
    return wrong != NULL;
}

static void enqueue(struct documents *d, struct api_call *c, bool removes)
{
    struct str match = api_header(c, "If-Match"), none = api_header(c, "If-None-Match");
    if (refuse_conditions(c, match, none))
        return;
    struct write *w = mem_alloc(1, sizeof *w);
    bool idle = !d->first;
    *w = (struct write){.owner = d,
                        .call = c,
                        .account = mem_copy(api_param(c, "a")),
                        .if_match = match.ptr && !str_is(match, "*") ? mem_copy(match) : NULL,
                        .if_none = str_is(none, "*"),
                        .removes = removes};
    *d->last = w;
    d->last = &w->next;
    if (idle)
        begin(w);
}

static void put(void *part, struct api_call *c)
{
    enqueue(part, c, false);
}

static void rm(void *part, struct api_call *c)
{
    enqueue(part, c, true);
}

/* ---- what is refused ---- */

/* "path: why", as common/settings.h refuses. */
static void refuse_field(struct api_call *c, const struct error *e)
{
    const char *colon = strstr(e->text, ": ");
    size_t n = colon ? (size_t)(colon - e->text) : 0;
    char *field CLEANUP(mem_free_text) = mem_copy((struct str){e->text, n});
    if (strcmp(field, "document") == 0)
        field[0] = '\0';
    api_refuse(c, 422, "invalid", field, "%s", colon ? colon + 2 : e->text);
}

static bool refuse_other(const struct write *w)
{
    const struct accounts *a = w->owner->parts->accounts;
    int64_t revision = accounts_revision(a, str_of(w->account));
    char etag[ETAG_BYTES];
    etag_of(revision, etag);
    bool other = (w->if_none && revision >= 0) ||
                 (w->if_match && (revision < 0 || strcmp(w->if_match, etag) != 0));
    if (other)
        api_refuse(w->call, 412, "conflict", "", "somebody else has changed it meanwhile");
    return other;
}

/* One key belongs to one account (behaviour.md G1). */
static bool refuse_key(const struct write *w, const struct jval *doc)
{
    struct str key = jval_get_text(jval_get(doc, "mango"), "api_key");
    const struct settings *other = accounts_by_key(w->owner->parts->accounts, key);
    if (!other || strcmp(other->account, w->account) == 0)
        return false;
    api_refuse(w->call, 422, "invalid", "mango.api_key", "already used by account %s",
               other->account);
    return true;
}

static bool refuse_document(struct write *w)
{
    struct error e = ERROR_NONE;
    const struct admin_parts *p = w->owner->parts;
    struct str before = accounts_document(p->accounts, str_of(w->account));
    struct jval *doc CLEANUP(jval_cleanup) = api_body_object(w->call);
    if (!doc)
        return true;
    if (jval_get(doc, "account") && !str_is(jval_get_text(doc, "account"), w->account)) {
        api_refuse(w->call, 422, "invalid", "account", "it is not the account of the address");
        return true;
    }
    if (settings_seal(api_body(w->call), before, &w->owner->rules, &p->config->secret, &w->stored,
                      &e)) {
        refuse_field(w->call, &e);
        return true;
    }
    return refuse_key(w, doc);
}

/* ---- writing ---- */

static void finish(struct write *w)
{
    if (w->removes)
        api_reply(w->call, 204, NULL);
    else
        show(w->owner, w->call, str_of(w->account), w->creates ? 201 : 200);
    end(w);
}

/* The follower has come by the record. */
static bool is_read_back(const struct write *w)
{
    int64_t revision = accounts_revision(w->owner->parts->accounts, str_of(w->account));
    return w->removes ? revision < 0 || revision > w->offset : revision >= w->offset;
}

static void on_look(void *arg)
{
    struct documents *d = arg;
    struct write *w = d->first;
    if (is_read_back(w)) {
        finish(w);
    } else if (loop_now(d->parts->loop) < w->until) {
        loop_timer_after(&d->look, LOOK_MS);
    } else {
        api_refuse(w->call, 503, "kafka", "", "it is stored, but was not read back in time");
        end(w);
    }
}

static void await_read_back(struct write *w)
{
    w->until = loop_now(w->owner->parts->loop) + READ_BACK_MS;
    loop_timer_after(&w->owner->look, 0);
}

static void on_audited(void *arg, const struct producer_report *report)
{
    struct write *w = arg;
    if (!report->delivered)
        log_fail("a change of settings has no audit record", LOG_TEXT("account", w->account),
                 LOG_TEXT("who", api_who(w->call)), LOG_TEXT("err", report->why));
    await_read_back(w);
}

static void send_audit(struct write *w)
{
    struct error e = ERROR_NONE;
    struct jval *changes = w->changes;
    w->changes = NULL;
    if (doubts_audit(w->owner->parts, w->account, api_who(w->call), w->removes, changes, on_audited,
                     w, &e))
        on_audited(w, &(const struct producer_report){.why = e.text});
}

static void refuse_kafka(struct write *w, bool maybe, const char *why)
{
    if (maybe) {
        doubts_add(w->owner->doubts, w->account, api_who(w->call), w->stored, w->changes);
        w->changes = NULL;
    }
    api_refuse(w->call, 503, "kafka", "", "Kafka did not take it%s: %s",
               maybe ? " in time, but may have it" : "", why);
    end(w);
}

static void on_stored(void *arg, const struct producer_report *report)
{
    struct write *w = arg;
    if (!report->delivered) {
        refuse_kafka(w, report->maybe, report->why ? report->why : "no answer");
        return;
    }
    w->offset = report->offset;
    log_info(w->removes ? "settings removed" : "settings stored", LOG_TEXT("event", "settings"),
             LOG_TEXT("account", w->account), LOG_TEXT("who", api_who(w->call)));
    send_audit(w);
}

static void send(struct write *w)
{
    const struct admin_parts *p = w->owner->parts;
    struct error e = ERROR_NONE;
    struct str key = str_of(w->account);
    struct producer_record r = {.topic = KAFKA_SETTINGS,
                                .partition = producer_partition(p->producer, KAFKA_SETTINGS, key),
                                .key = key,
                                .value = w->stored ? str_of(w->stored) : STR_NONE,
                                .tombstone = w->removes,
                                .done = on_stored,
                                .arg = w};
    doubts_forget(w->owner->doubts, w->account, w->stored);
    if (producer_send(p->producer, &r, &e))
        refuse_kafka(w, false, e.text);
}

static void begin(struct write *w)
{
    const struct accounts *a = w->owner->parts->accounts;
    struct str before = accounts_document(a, str_of(w->account));
    bool refused = refuse_other(w) || (!w->removes && refuse_document(w));
    if (!refused && w->removes && !before.ptr) {
        refuse_unknown(w->call);
        refused = true;
    }
    if (refused) {
        end(w);
        return;
    }
    w->creates = !before.ptr;
    w->changes = settings_diff(before, w->stored ? str_of(w->stored) : STR_NONE);
    send(w);
}

/* ---- start and end ---- */

void documents_changed(struct documents *d, const char *account)
{
    doubts_changed(d->doubts, account);
}

static const struct api_route routes[] = {
    {"GET", "/api/accounts", list, 0},
    {"GET", "/api/accounts/{a}", get, 0},
    {"PUT", "/api/accounts/{a}", put, 0},
    {"DELETE", "/api/accounts/{a}", rm, 0},
};

const struct api_route *documents_routes(struct documents *d, size_t *n)
{
    (void)d;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

struct documents *documents_new(const struct admin_parts *parts)
{
    struct documents *d = mem_alloc(1, sizeof *d);
    d->parts = parts;
    d->rules = (struct settings_rules){str_of(parts->config->outbound_allow), tz_file_known};
    d->last = &d->first;
    d->doubts = doubts_new(parts);
    loop_timer_init(&d->look, parts->loop, on_look, d);
    return d;
}

void documents_free(struct documents *d)
{
    if (!d)
        return;
    loop_timer_stop(&d->look);
    while (d->first) {
        struct write *w = d->first;
        d->first = w->next;
        write_free(w);
    }
    doubts_free(d->doubts);
    free(d);
}

/*
 * Audit records, one row for each field that was changed. Must not know HTTP beyond api.h. The admin thread only.
 */
#include "ingest/admin/audits.h"

#include <stdlib.h>

#include "common/audit.h"
#include "common/clock.h"
#include "common/kafka/scan.h"
#include "common/mem.h"
#include "common/murmur2.h"

#define ROWS 100 /* unless asked for another number */
#define ROWS_MOST 1000
#define DAYS 30
#define DAYS_MOST 3650
#define DAY_MS INT64_C(86400000)

/* A request while its records are read. */
struct reading {
    struct reading *next, *prev;
    struct audits *owner;
    struct api_call *call;
    struct scan *scan;
    char *key;          /* account/- */
    struct jval **rows; /* the newest ones, a ring */
    size_t limit, n, at;
    bool more;
};

struct audits {
    const struct admin_parts *parts;
    struct reading *readings;
};

struct audits *audits_new(const struct admin_parts *parts)
{
    struct audits *a = mem_alloc(1, sizeof *a);
    a->parts = parts;
    return a;
}

static void reading_free(struct reading *r)
{
    if (r->next)
        r->next->prev = r->prev;
    *(r->prev ? &r->prev->next : &r->owner->readings) = r->next;
    for (size_t i = 0; i < r->limit; i++)
        jval_free(r->rows[i]);
    free(r->rows);
    free(r->key);
    free(r);
}

void audits_free(struct audits *a)
{
    if (!a)
        return;
    while (a->readings) {
        scan_cancel(a->readings->scan);
        reading_free(a->readings);
    }
    free(a);
}

/* ---- records ---- */

static void add_row(struct reading *r, struct jval *row)
{
    r->more |= r->rows[r->at] != NULL;
    jval_free(r->rows[r->at]);
    r->rows[r->at] = row;
    r->at = (r->at + 1) % r->limit;
    r->n += r->n < r->limit;
}

static void copy_member(struct jval *to, const struct jval *from, const char *key)
{
    const struct jval *v = jval_get(from, key);
    jval_put(to, key, v ? jval_copy(v) : jval_new_null());
}

static struct jval *new_row(const struct jval *record, const struct jval *change)
{
    struct jval *row = jval_new_object();
    struct str who = jval_get_text(jval_get(record, "details"), "who");
    jval_put_text(row, "at", jval_get_text(record, "at"));
    jval_put_text(row, "who", who.ptr ? who : jval_get_text(record, "reason"));
    jval_put_text(row, "what", jval_get_text(record, "result"));
    copy_member(row, change, "field");
    copy_member(row, change, "before");
    copy_member(row, change, "after");
    return row;
}

/* What was done without a change of fields is a row, too; its ids stand where a field would. */
static void add_record(struct reading *r, const struct jval *record)
{
    const struct jval *details = jval_get(record, "details");
    const struct jval *changes = jval_get(details, "changes");
    const struct jval *ids = jval_get(details, "ids");
    for (size_t i = 0; i < jval_size(changes); i++)
        add_row(r, new_row(record, jval_at(changes, i)));
    if (jval_size(changes))
        return;
    struct jval *row = new_row(record, NULL);
    if (ids)
        jval_put(row, "after", jval_copy(ids));
    add_row(r, row);
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct reading *r = arg;
    struct jval *record CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    if (!str_is(m->key, r->key) || jval_parse(m->value, &record, &e))
        return;
    if (str_is(jval_get_text(record, "kind"), AUDIT_KIND))
        add_record(r, record);
}

static struct jval *newest_first(const struct reading *r)
{
    struct jval *rows = jval_new_array();
    for (size_t i = 1; i <= r->n; i++)
        jval_append(rows, jval_copy(r->rows[(r->at + r->limit - i) % r->limit]));
    return rows;
}

static void on_done(void *arg, const struct scan_result *result)
{
    struct reading *r = arg;
    struct api_call *call = r->call;
    struct jval *body = jval_new_object();
    jval_put(body, "rows", newest_first(r));
    jval_put_bool(body, "more", r->more || result->cut);
    reading_free(r);
    if (!result->why) {
        api_reply(call, 200, body);
        return;
    }
    jval_free(body);
    api_refuse(call, 503, "kafka", "", "the audit could not be read: %s", result->why);
}

/* ---- requests ---- */

static void begin(struct audits *a, struct api_call *c, int64_t limit, int64_t days)
{
    struct reading *r = mem_alloc(1, sizeof *r);
    r->owner = a;
    r->call = c;
    r->limit = (size_t)limit;
    r->rows = mem_alloc(r->limit, sizeof *r->rows);
    r->key = mem_format("%.*s/-", STR_ARG(api_param(c, "a")));
    r->next = a->readings;
    if (r->next)
        r->next->prev = r;
    a->readings = r;
    const struct scan_place place = {
        KAFKA_OUTCOMES,
        murmur2_partition(str_of(r->key), a->parts->layout->partitions[KAFKA_OUTCOMES]),
        SCAN_BEGINNING, SCAN_END};
    const struct scan_options options = {.places = &place,
                                         .n = 1,
                                         .from_ms = clock_wall_ms() - days * DAY_MS,
                                         .message = on_message,
                                         .done = on_done,
                                         .arg = r};
    r->scan = scan_begin(a->parts->scanner, &options);
    if (!r->scan) {
        reading_free(r);
        api_refuse_soon(c, 1000, "too many readers");
    }
}

static void get(void *part, struct api_call *c)
{
    int64_t limit, days;
    if (api_query_number(c, "limit", 1, ROWS_MOST, ROWS, &limit) &&
        api_query_number(c, "days", 1, DAYS_MOST, DAYS, &days))
        begin(part, c, limit, days);
}

const struct api_route *audits_routes(struct audits *a, size_t *n)
{
    static const struct api_route routes[] = {{"GET", "/api/accounts/{a}/audit", get, 0}};
    (void)a;
    *n = 1;
    return routes;
}

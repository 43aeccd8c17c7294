/*
 * Audit records, one row for each field that was changed. Must not know HTTP beyond api.h. The admin thread only.
 *
 * A topic is read forwards, and the newest rows are wanted of a partition that holds everybody's outcomes: so the last days
 * are read first, and more of them only while rows are missing. What is too much to be read never hides what is newer.
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
#define FIRST_DAYS 2
#define MORE_DAYS 4           /* times as many with each step */
#define MOST_MESSAGES 1000000 /* of one step */
#define MOST_BYTES (INT64_C(1) << 30)

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
    int64_t now, days, step; /* unix ms; asked for; of them those that are being read */
    struct jval *found;      /* of the steps before; NULL: this is the first */
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

static void empty(struct reading *r)
{
    for (size_t i = 0; i < r->limit; i++) {
        jval_free(r->rows[i]);
        r->rows[i] = NULL;
    }
    r->n = r->at = 0;
    r->more = false;
}

static void reading_free(struct reading *r)
{
    empty(r);
    jval_free(r->found);
    free(r->rows);
    free(r->key);
    free(r);
}

static void reading_end(struct reading *r)
{
    if (r->next)
        r->next->prev = r->prev;
    *(r->prev ? &r->prev->next : &r->owner->readings) = r->next;
    reading_free(r);
}

void audits_free(struct audits *a)
{
    if (!a)
        return;
    for (struct reading *r = a->readings, *next; r; r = next) {
        next = r->next;
        scan_cancel(r->scan);
        reading_free(r);
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

static void answer(struct reading *r, bool more)
{
    struct api_call *call = r->call;
    struct jval *body = jval_new_object();
    jval_put(body, "rows", r->found);
    jval_put_bool(body, "more", more);
    r->found = NULL;
    reading_end(r);
    api_reply(call, 200, body);
}

static void read_step(struct reading *r);

static void on_done(void *arg, const struct scan_result *result)
{
    struct reading *r = arg;
    if (result->why) {
        api_refuse(r->call, 503, "kafka", "", "the audit could not be read: %s", result->why);
        reading_end(r);
        return;
    }
    if (result->cut && r->found) { /* these are not the newest: those of the step before are */
        answer(r, true);
        return;
    }
    jval_free(r->found);
    r->found = newest_first(r);
    if (result->cut || r->more || r->step == r->days)
        answer(r, result->cut || r->more);
    else
        read_step(r);
}

/* ---- requests ---- */

/* The first days, or more than those before. */
static void read_step(struct reading *r)
{
    struct audits *a = r->owner;
    int64_t step = r->step ? r->step * MORE_DAYS : FIRST_DAYS;
    r->step = step < r->days ? step : r->days;
    empty(r);
    const struct scan_place place = {
        KAFKA_OUTCOMES,
        murmur2_partition(str_of(r->key), a->parts->layout->partitions[KAFKA_OUTCOMES]),
        SCAN_BEGINNING, SCAN_END};
    const struct scan_options options = {.places = &place,
                                         .n = 1,
                                         .from_ms = r->now - r->step * DAY_MS,
                                         .max_messages = MOST_MESSAGES,
                                         .max_bytes = MOST_BYTES,
                                         .message = on_message,
                                         .done = on_done,
                                         .arg = r};
    r->scan = scan_begin(a->parts->scanner, &options);
    if (r->scan)
        return;
    api_refuse_soon(r->call, 1000, "too many readers");
    reading_end(r);
}

static void begin(struct audits *a, struct api_call *c, int64_t limit, int64_t days)
{
    struct reading *r = mem_alloc(1, sizeof *r);
    r->owner = a;
    r->call = c;
    r->limit = (size_t)limit;
    r->rows = mem_alloc(r->limit, sizeof *r->rows);
    r->key = mem_format("%.*s/-", STR_ARG(api_param(c, "a")));
    r->now = clock_wall_ms();
    r->days = days;
    r->next = a->readings;
    if (r->next)
        r->next->prev = r;
    a->readings = r;
    read_step(r);
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

/*
 * How far back the audit is read, with a scanner and an API of our own: the newest rows are never hidden by what is too
 * much to be read.
 */
#include "ingest/admin/audits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/audit.h"
#include "common/clock.h"
#include "common/kafka/scan.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#define DAY_MS INT64_C(86400000)
#define SCANS 16

struct api_call {
    int64_t limit, days;
    int status; /* 0: not answered */
    char *body;
};

static struct {
    int days[SCANS]; /* how far back each went */
    struct scan_options last;
    int n;
    bool full; /* no scan may begin */
} scans;

/* ---- the API ---- */

struct str api_param(const struct api_call *c, const char *name)
{
    (void)c;
    ck_assert_str_eq(name, "a");
    return STR("acme");
}

bool api_query_number(struct api_call *c, const char *name, int64_t min, int64_t max,
                      int64_t preset, int64_t *out)
{
    (void)min;
    (void)max;
    (void)preset;
    *out = strcmp(name, "limit") == 0 ? c->limit : c->days;
    return true;
}

void api_reply(struct api_call *c, int status, struct jval *body)
{
    ck_assert_int_eq(c->status, 0);
    c->status = status;
    c->body = jval_dump_free(body, false);
}

void api_refuse(struct api_call *c, int status, const char *code, const char *field,
                const char *format, ...)
{
    (void)code;
    (void)field;
    (void)format;
    ck_assert_int_eq(c->status, 0);
    c->status = status;
}

void api_refuse_soon(struct api_call *c, int64_t ms, const char *why)
{
    (void)ms;
    (void)why;
    ck_assert_int_eq(c->status, 0);
    c->status = 429;
}

/* ---- the scanner ---- */

struct scan *scan_begin(struct scanner *r, const struct scan_options *o)
{
    (void)r;
    if (scans.full)
        return NULL;
    ck_assert_int_lt(scans.n, SCANS);
    ck_assert_int_eq(o->places[0].topic, KAFKA_OUTCOMES);
    scans.last = *o;
    scans.days[scans.n++] = (int)((clock_wall_ms() - o->from_ms + DAY_MS / 2) / DAY_MS);
    return (struct scan *)(void *)&scans;
}

void scan_cancel(struct scan *s)
{
    ck_assert_ptr_eq(s, &scans);
}

/* A record comes: somebody did it. */
static void comes(const char *who)
{
    struct audit_record record;
    audit_record(&(const struct audit){.account = "acme", .who = who, .what = "settings stored"},
                 &record);
    const struct kafka_message m = {
        .topic = KAFKA_OUTCOMES, .key = str_of(record.key), .value = str_of(record.value)};
    scans.last.message(scans.last.arg, &m);
    audit_record_done(&record);
}

static void ends(bool cut, const char *why)
{
    const struct scan_result result = {.cut = cut, .why = why};
    scans.last.done(scans.last.arg, &result);
}

/* ---- a request ---- */

static struct kafka_layout layout = {.partitions = {[KAFKA_OUTCOMES] = 4}};
static const struct admin_parts parts = {.layout = &layout};

static void ask(struct audits *a, struct api_call *c)
{
    size_t n;
    const struct api_route *routes = audits_routes(a, &n);
    ck_assert_uint_eq(n, 1);
    routes[0].handler(a, c);
}

/* The answer's rows, by who did it, and whether there are more. */
static void check_answer(struct api_call *c, const char *who, bool more)
{
    struct jval *body CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    char all[100] = "";
    ck_assert_int_eq(c->status, 200);
    ck_assert_int_eq(jval_parse(str_of(c->body), &body, &e), ERR_OK);
    const struct jval *rows = jval_get(body, "rows");
    for (size_t i = 0; i < jval_size(rows); i++) {
        size_t len = strlen(all);
        snprintf(all + len, sizeof all - len, "%.*s ",
                 STR_ARG(jval_get_text(jval_at(rows, i), "who")));
    }
    ck_assert_str_eq(all, who);
    ck_assert_msg(strstr(c->body, more ? "\"more\":true" : "\"more\":false") != NULL, "%s",
                  c->body);
    free(c->body);
    *c = (struct api_call){.limit = c->limit, .days = c->days};
    scans.n = 0;
}

START_TEST(goes_back_step_by_step)
{
    struct audits *a = audits_new(&parts);
    struct api_call c = {.limit = 3, .days = 30};
    ask(a, &c);
    comes("c");
    ends(false, NULL);
    comes("b");
    comes("c");
    ends(false, NULL);
    comes("b");
    comes("c");
    ck_assert_int_eq(c.status, 0);
    ends(false, NULL);
    ck_assert_int_eq(scans.n, 3);
    ck_assert_int_eq(scans.days[0], 2);
    ck_assert_int_eq(scans.days[1], 8);
    ck_assert_int_eq(scans.days[2], 30);
    check_answer(&c, "c b ", false);
    c.days = 1;
    ask(a, &c);
    ends(false, NULL);
    ck_assert_int_eq(scans.days[0], 1);
    check_answer(&c, "", false);
    audits_free(a);
}
END_TEST

START_TEST(no_further_than_it_must)
{
    struct audits *a = audits_new(&parts);
    struct api_call c = {.limit = 2, .days = 30};
    ask(a, &c);
    comes("a");
    comes("b");
    comes("c");
    ends(false, NULL);
    ck_assert_int_eq(scans.n, 1);
    check_answer(&c, "c b ", true);
    audits_free(a);
}
END_TEST

START_TEST(too_much_hides_nothing_newer)
{
    struct audits *a = audits_new(&parts);
    struct api_call c = {.limit = 5, .days = 30};
    ask(a, &c);
    comes("new");
    ends(false, NULL);
    comes("old");
    ends(true, NULL); /* before it came to the new one */
    check_answer(&c, "new ", true);
    ask(a, &c);
    comes("old");
    ends(true, NULL); /* all that can be had */
    check_answer(&c, "old ", true);
    audits_free(a);
}
END_TEST

START_TEST(what_fails)
{
    struct audits *a = audits_new(&parts);
    struct api_call c = {.limit = 5, .days = 30}, d = c, f = c;
    ask(a, &c);
    comes("new");
    ends(false, "Kafka is gone");
    ck_assert_int_eq(c.status, 503);
    ask(a, &d);
    comes("new");
    scans.full = true;
    ends(false, NULL);
    ck_assert_int_eq(d.status, 429);
    scans.full = false;
    ask(a, &f); /* not answered before the end */
    comes("new");
    ends(false, NULL);
    comes("new");
    audits_free(a);
    ck_assert_int_eq(f.status, 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("audits", goes_back_step_by_step, no_further_than_it_must,
                    too_much_hides_nothing_newer, what_fails);
}

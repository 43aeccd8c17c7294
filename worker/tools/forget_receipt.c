/*
 * Rows, and the same in words.
 */
#include "worker/tools/forget_receipt.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/jval.h"
#include "common/text.h"
#include "worker/tools/kit/rows.h"

#define DAY_MS INT64_C(86400000)
/* Kafka deletes a segment when all of it is too old, and begins a new one after a week at the latest (log.roll.hours). */
#define ROLL_MS (7 * DAY_MS)

struct line {
    const char *where, *what;
    int64_t count, until, oldest, newest; /* times: unix ms, 0 none */
};

static void put_time(struct jval *row, const char *key, int64_t at)
{
    char text[TEXT_TIME_SIZE];
    text_time(at, text);
    jval_put(row, key, at ? jval_new_text(str_of(text)) : jval_new_null());
}

static void print_json(const struct line *l)
{
    struct jval *row = jval_new_object();
    jval_put_text(row, "where", str_of(l->where));
    jval_put_text(row, "what", str_of(l->what));
    jval_put_int(row, "count", l->count);
    put_time(row, "until", l->until);
    put_time(row, "oldest", l->oldest);
    put_time(row, "newest", l->newest);
    rows_print(row);
}

static void print_text(const struct line *l)
{
    char count[ROWS_COUNT_SIZE], until[TEXT_TIME_SIZE];
    printf("%-9s %6s  %s", l->where, rows_count(l->count, count), l->what);
    text_time(l->until, until);
    if (l->until)
        printf(", until %.10s at the latest", until);
    putchar('\n');
}

static void print(const struct forget_receipt *r, const struct line *l)
{
    if (r->json)
        print_json(l);
    else
        print_text(l);
}

void forget_receipt_erased(struct forget_receipt *r, const char *where, const char *what,
                           int64_t count)
{
    r->erased += count;
    print(r, &(const struct line){.where = where, .what = what, .count = count});
}

void forget_receipt_waits(struct forget_receipt *r, const char *where, const char *what,
                          int64_t count)
{
    r->waiting += count;
    print(r, &(const struct line){.where = where, .what = what, .count = count});
}

void forget_receipt_open(struct forget_receipt *r, const char *what, struct str entry)
{
    char text[256];
    (void)snprintf(text, sizeof text, "a %s that is not over: %.*s", what, STR_ARG(entry));
    r->open++;
    print(r, &(const struct line){.where = "open", .what = text, .count = 1});
}

void forget_receipt_topic(struct forget_receipt *r, enum kafka_topic t,
                          const struct forget_count *c)
{
    int64_t kept = t == KAFKA_JOBS_NOW ? DAY_MS : r->retention_ms;
    r->remaining += c->n;
    print(r, &(const struct line){
                 .where = kafka_topic_name(t),
                 .what = c->n ? "remain; nobody is shown them, the topic's retention removes them"
                              : "nothing there",
                 .count = c->n,
                 .until = c->n ? c->newest + kept + ROLL_MS : 0,
                 .oldest = c->oldest,
                 .newest = c->newest});
}

void forget_receipt_stays(struct forget_receipt *r, const char *where, const char *what,
                          int64_t count)
{
    print(r, &(const struct line){.where = where, .what = what, .count = count});
}

static void end_json(const struct forget_receipt *r, const struct forget_end *end)
{
    struct jval *row = jval_new_object(), *s = jval_new_object();
    jval_put_text(s, "account", str_of(end->account));
    put_time(s, "forgotten_at", end->at);
    jval_put_bool(s, "already", end->already);
    jval_put_int(s, "erased", r->erased);
    jval_put_int(s, "remaining", r->remaining);
    jval_put_int(s, "waiting", r->waiting);
    jval_put_int(s, "open", r->open);
    jval_put(row, "summary", s);
    rows_print(row);
}

void forget_receipt_end(const struct forget_receipt *r, const struct forget_end *end)
{
    char at[TEXT_TIME_SIZE];
    text_time(end->at, at);
    if (r->json)
        end_json(r, end);
    else if (r->open)
        printf("%s of %s: nothing was erased; run it again when that is over\n", end->masked,
               end->account);
    else if (r->dry)
        printf("%s of %s: nothing was changed\n", end->masked, end->account);
    else if (end->already)
        printf("%s of %s: forgotten already, as of %s\n", end->masked, end->account, at);
    else
        printf("%s of %s: forgotten as of %s\n", end->masked, end->account, at);
    if (!r->json && r->waiting)
        printf("run it again when what waits can go\n");
}

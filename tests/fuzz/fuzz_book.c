/*
 * Fuzzes the way of a call from its notifications to its jobs, with every rule switched on: bytes choose
 * what comes next (time, or a notification, field by field from lists of likely and of broken values).
 * Checked: one closing per call, job ids are unique as their cause demands, every job can be read back,
 * nothing is left over in the end, and the same story a second time decides the same.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mango/call_event.h"
#include "worker/calls/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1767607200) /* a Monday, 10:00 UTC */
#define EVENTS_MAX 200
#define IDS_MAX 512
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* As JSON: plain, all that confuses keys and ids, the longest. */
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
static const char *const entries[] = {"e", "\\u042f/:~ \\\"\\n\\u0001:client", X32 X32 X32 X32};

/* The one call of a story. */
struct life {
    char *ids[IDS_MAX];
    size_t nids;
    int closings; /* of which one may be put off */
    int put_off;  /* closed for being late only */
    int saved, clients;
    bool open;
};

struct story {
    size_t settings, entry; /* which */
    const uint8_t *p, *end;
    struct book *book;
    struct life life;
    int64_t now; /* unix ms, of the stream */
    int64_t lag; /* ms that the wall clock is ahead */
    uint64_t hash;
    int64_t offset;
};

/* ---- the bytes ---- */

static unsigned next(struct story *s)
{
    return s->p < s->end ? *s->p++ : 0;
}

static const char *pick(struct story *s, const char *const *list, size_t n)
{
    return list[next(s) % n];
}

#define PICK(s, ...)                              \
    pick((s), (const char *const[]){__VA_ARGS__}, \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void put(struct buf *b, const char *key, const char *value)
{
    if (value[0] != '\0')
        buf_addf(b, ",\"%s\":%s", key, value);
}

static void put_time(struct story *s, struct buf *b, const char *key)
{
    static const int64_t around[] = {0, -1, -2, -5, -30, -60, -3500, -3700, -90000, 1, 60, 86000};
    unsigned n = next(s);
    if (n >= 250)
        put(b, key, PICK(s, "", "0", "-1", "\"x\"", "1767607200000", "253402300799"));
    else
        buf_addf(b, ",\"%s\":%" PRId64, key, s->now / 1000 + around[n % COUNT(around)]);
}

static void put_parties(struct story *s, struct buf *b)
{
    put(b, "from",
        PICK(s, "{\"number\":\"79991231212\"}", "{\"extension\":\"101\"}", "{\"extension\":102}",
             "", "{\"number\":\"79991231212\",\"taken_from_call_id\":\"a\"}",
             "{\"number\":\"79991231212\",\"taken_from_call_id\":\"b\"}",
             "{\"extension\":\"101\",\"taken_from_call_id\":\"a\"}", "{\"number\":\"79161112233\"}",
             "{\"number\":\"sip:x@y\"}", "{\"number\":\"123\"}", "{\"number\":\"88001112233\"}",
             "{\"extension\":\"999\",\"number\":\"sip:999@x\"}", "{\"extension\":\"300\"}", "[]",
             "7"));
    put(b, "to",
        PICK(s, "{\"extension\":\"101\"}",
             "{\"extension\":\"102\",\"line_number\":\"78001234567\"}",
             "{\"number\":\"79991231212\"}", "{\"extension\":\"103\",\"acd_group\":\"300\"}", "{}",
             "", "{\"extension\":\"999\"}", "{\"extension\":\"300\"}",
             "{\"line_number\":\"sip:l@x\"}", "{\"number\":\"79161112233\"}",
             "{\"extension\":\"101\",\"number\":\"sip:101@x\"}",
             "{\"extension\":\"102\",\"number\":\"79991231212\"}", "{\"acd_group\":301}", "[1]"));
}

static void make_leg(struct story *s, struct buf *b)
{
    put(b, "call_id",
        PICK(s, "\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"\"", "\"" X32 X32 X32 "y\"",
             "\":/~\\u0001\""));
    put(b, "seq", PICK(s, "1", "2", "3", "4", "5", "\"6\"", "0", "", "2147483647", "{}"));
    put(b, "call_state",
        PICK(s, "\"Appeared\"", "\"Connected\"", "\"OnHold\"", "\"Disconnected\"", "\"Appeared\"",
             "\"Connected\"", "\"Gone\""));
    put(b, "location", PICK(s, "\"abonent\"", "\"ivr\"", "\"queue\"", "", "\"moon\""));
    put_time(s, b, "timestamp");
    put_parties(s, b);
    unsigned more = next(s);
    if (more & 1)
        put(b, "command_id", PICK(s, "\"e~1\"", "\"c1\"", "{}"));
    if (more & 2)
        put(b, "callback_initiator", PICK(s, "\"API\"", "\"CC\""));
    if (more & 4)
        put(b, "task_id", PICK(s, "17", "0"));
    if (more & 8)
        put(b, "transfer", PICK(s, "\"blind\"", "\"consultative\"", "\"return_blind\""));
    if (more & 16)
        put(b, "disconnect_reason", PICK(s, "1110", "\"1162\"", "99999999"));
    if (more & 32)
        put(b, "dct",
            PICK(s, "{\"type\":1,\"number\":\"78121234567\"}", "{\"type\":2}", "{\"type\":1}",
                 "{\"type\":300,\"number\":5}"));
}

static void make_summary(struct story *s, struct buf *b)
{
    put(b, "call_direction", PICK(s, "1", "2", "0", "", "\"1\"", "3"));
    put_parties(s, b);
    put(b, "line_number", PICK(s, "", "\"78001234567\"", "\"79991231212\""));
    put_time(s, b, "create_time");
    put_time(s, b, "forward_time");
    if (next(s) & 1)
        put_time(s, b, "talk_time");
    put_time(s, b, "end_time");
    put(b, "disconnect_reason", PICK(s, "", "1110", "1161"));
    put(b, "dct", PICK(s, "", "{\"type\":1,\"number\":\"78121234567\"}"));
}

static void make_beside(struct story *s, struct buf *b)
{
    put(b, "recording_id", PICK(s, "\"r1\"", "\"r2\"", "\"r3\"", "\"\"", "\"/\\u042f:\\n=\""));
    put(b, "recording_state", PICK(s, "\"Completed\"", "\"Started\"", "\"Continued\"", ""));
    put(b, "completion_code", PICK(s, "1000", "", "4002"));
    put(b, "recipient", PICK(s, "\"Cloud\"", "\"Mail\"", "\"CloudAndMail\"", ""));
    put(b, "dtmf", PICK(s, "\"1\"", "12"));
    put(b, "result", PICK(s, "1000", "4101", "\"x\""));
    put_time(s, b, "timestamp");
}

/* ---- what is decided ---- */

static void mix(struct story *s, const char *text)
{
    for (; text && *text; text++)
        s->hash = (s->hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
}

static void forget_ids(struct life *l)
{
    for (size_t i = 0; i < l->nids; i++)
        free(l->ids[i]);
    *l = (struct life){0};
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);
    return n >= m && strcmp(text + n - m, tail) == 0;
}

/* Equal ids are one job for crm. A recording of a call that nobody knows may repeat its own. */
static void check_id(struct life *l, const struct job *job, bool beside)
{
    for (size_t i = 0; i < l->nids && !beside; i++) {
        if (strcmp(l->ids[i], job->id) == 0)
            abort();
    }
    if (l->nids == IDS_MAX)
        return;
    l->ids[l->nids++] = strdup(job->id);
    if (job->kind == JOB_CLIENT && ++l->clients > 1)
        abort();
    /* a second one corrects a call that closed without its summary */
    if (job->kind == JOB_CALL && ++l->saved > 1 &&
        (l->saved > 2 || !ends_with(job->id, ":summary")))
        abort();
}

static void check_reads_back(struct story *s, const struct job *job)
{
    struct error e = ERROR_NONE;
    struct job *again = NULL;
    char *key = job_key(job), *value = job_encode(job);
    if (job_decode(str_of(key), str_of(value), job->received_at, str_of(job->origin), &again, &e) !=
            ERR_OK ||
        strcmp(again->id, job->id) != 0 || again->kind != job->kind ||
        again->verdict != job->verdict || strcmp(again->entry_id, job->entry_id) != 0 ||
        strncmp(job->id, job->entry_id, strlen(job->entry_id)) != 0 ||
        strcmp(job->account, "acme") != 0)
        abort();
    mix(s, key);
    mix(s, value);
    job_free(again);
    free(key);
    free(value);
}

static void decided(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct story *s = arg;
    struct life *l = &s->life;
    mix(s, d->rule);
    mix(s, d->reason);
    if (d->job == NULL && (d->reason == NULL || d->reason[0] == '\0'))
        abort();
    if (c->when == RULE_CLOSING && (d->stopped || (d->job && d->job->kind == JOB_CALL))) {
        l->closings++;
        l->put_off += d->stopped && strcmp(d->rule, "late") == 0;
    }
    if (d->job == NULL)
        return;
    check_id(l, d->job, c->when == RULE_BESIDE);
    check_reads_back(s, d->job);
}

/* After each step: a call that is closed has had its closing, once; an open one has none. */
static void check_life(struct story *s)
{
    struct life *l = &s->life;
    if (book_calls(s->book) == 0) {
        forget_ids(l);
        return;
    }
    l->open = book_open(s->book) == 1;
    if (l->open ? l->closings != 0
                : l->closings < 1 || l->closings - l->put_off > 1 || l->put_off > 1)
        abort();
}

/* ---- the story ---- */

static bool any_zone(const char *name)
{
    return name[0] != '\0';
}

#define SETTINGS(more)                                                                                  \
    "{\"version\":1,\"account\":\"acme\",\"enabled\":true,\"timezone\":\"UTC\",\"country_code\":\"7\"," \
    "\"mango\":{\"api_key\":\"k\",\"api_salt\":\"s\"},"                                                 \
    "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"t\"},"                         \
    "\"employees\":[{\"megaplan_id\":\"1000005\",\"name\":\"A\",\"extension\":\"101\"},"                \
    "{\"megaplan_id\":\"1000006\",\"name\":\"B\",\"extension\":\"102\"},"                               \
    "{\"megaplan_id\":\"1000007\",\"name\":\"C\",\"extension\":\"103\","                                \
    "\"numbers\":[\"79161112233\"]}],\"groups\":[\"300\"],"                                             \
    "\"create_client\":{\"incoming\":true,\"missed\":true,\"outgoing\":true},"                          \
    "\"route_to_responsible\":true,\"source_field\":true,\"call_tracking\":true,"                       \
    "\"call_records\":true,\"popups\":true,\"missed_call_task\":{\"enabled\":true}" more "}"

static const struct settings *settings_of(void *arg, struct str account)
{
    static const struct secret_keys keys;
    static const char *const documents[] = {
        SETTINGS(",\"responsible_follows_transfer\":true,\"unmapped_employee\":\"1000007\","
                 "\"missed_in_ivr_responsible\":\"1000005\",\"missed_in_group_responsible\":"
                 "\"1000006\",\"off_hours_responsible\":\"1000007\",\"working_hours\":{\"days\":"
                 "\"mon-fri\",\"from\":\"09:00\",\"to\":\"10:01\"}"),
        SETTINGS(",\"ignore_numbers\":[\"8800*\"]"),
        SETTINGS(",\"lines\":[\"78001234567\"],\"route_off_hours\":false"),
    };
    static struct settings *made[COUNT(documents)];
    const struct settings_rules rules = {.timezone_known = any_zone};
    size_t which = ((const struct story *)arg)->settings % COUNT(documents);
    (void)account;
    if (made[which] == NULL &&
        settings_parse(str_of(documents[which]), &rules, &keys, &made[which], NULL) != ERR_OK)
        abort();
    return made[which];
}

static const struct tz *tz_of(void *arg, const struct settings *settings)
{
    (void)arg;
    (void)settings;
    return NULL;
}

static int64_t wall_clock(void *arg)
{
    const struct story *s = arg;
    return s->now + s->lag;
}

static void pass_time(struct story *s)
{
    static const int64_t seconds[] = {1, 2, 5, 6, 61, 600, 601, 3601, 14401};
    s->now += seconds[next(s) % COUNT(seconds)] * 1000;
    s->lag = next(s) % 3 * 4000;
    book_time(s->book, s->now);
}

static void notify(struct story *s)
{
    struct buf json = BUF_INIT(8192);
    struct call_event ev;
    const char *kind = PICK(s, "call", "call", "call", "call", "summary", "recording",
                            "record/added", "dtmf", "result/route", "result/callback");
    const struct book_input in = {.event = &ev,
                                  .account = STR("acme"),
                                  .offset = s->offset++,
                                  .received_at = s->now,
                                  .origin = PICK(s, "live", "live", "live", "replay", "reconcile")};
    bool result = str_starts(str_of(kind), STR("result"));
    buf_addf(&json, "{\"%s\":\"%s", result ? "command_id" : "entry_id", entries[s->entry]);
    buf_addf(&json, result ? "~1\"" : "\"");
    if (strcmp(kind, "call") == 0)
        make_leg(s, &json);
    else if (strcmp(kind, "summary") == 0)
        make_summary(s, &json);
    else
        make_beside(s, &json);
    buf_add_char(&json, '}');
    if (call_event_parse(str_of(kind), (struct str){json.data, json.len}, &ev, NULL) == ERR_OK) {
        if (call_event_check_times(&ev, s->now, NULL) == ERR_OK) {
            mix(s, "event");
            s->hash += (uint64_t)book_event(s->book, &in);
        }
        call_event_done(&ev);
    }
    buf_done(&json);
}

static uint64_t tell(const uint8_t *data, size_t size)
{
    static const struct book_times times = {5, 600, 14400, 3600};
    struct story s = {.p = data, .end = data + size, .now = NOW * 1000, .offset = 1};
    const struct book_world world = {settings_of, tz_of, wall_clock, decided, &s};
    s.settings = next(&s);
    s.entry = s.settings / 16 % COUNT(entries);
    s.book = book_new(3, &times, &world);
    for (int i = 0; i < EVENTS_MAX && s.p < s.end; i++) {
        if (next(&s) % 4 == 0)
            pass_time(&s);
        else
            notify(&s);
        check_life(&s);
    }
    book_time(s.book, s.now + 14400 * 1000);
    check_life(&s);
    book_time(s.book, s.now + (14400 + 3600) * 1000);
    if (book_calls(s.book) != 0 || book_open(s.book) != 0 || book_low(s.book, 7) != 7 ||
        book_due(s.book) != INT64_MAX || book_size(s.book) != 0)
        abort();
    forget_ids(&s.life);
    book_free(s.book);
    return s.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (tell(data, size) != tell(data, size))
        abort();
    return 0;
}

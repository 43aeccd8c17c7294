/*
 * Puts the numbers together. Must not know what the workers do, but for what they commit. The admin thread only.
 */
#include "ingest/admin/health.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "common/accounts.h"
#include "common/budget_level.h"
#include "common/clock.h"
#include "common/fact.h"
#include "common/kafka/follow.h"
#include "common/kafka/lag.h"
#include "common/kafka/scan.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sent_mark.h"
#include "common/settings.h"

#define FRESH_MS 2000
#define ASK_MS 700 /* for each question to Kafka */
#define WAITING 32 /* calls for one answer */

enum {
    ROWS = 4 /* a group and a topic */
};

struct row {
    const char *group;
    enum kafka_topic topic;
    int64_t messages, oldest; /* oldest: unix ms; 0: none, or unknown */
};

struct budget {
    char *account, *value; /* the fact's */
    UT_hash_handle hh;
};

struct health {
    const struct admin_parts *parts;
    const struct calls *calls;
    const struct dead *dead;
    struct health_events events;
    const struct follow *follow;
    struct lag *lag[LAG_GROUPS];
    struct row rows[ROWS];
    size_t nrows;
    struct budget *budgets;
    bool asking, well, answered; /* answered: Kafka has told a lag before */
    int64_t fresh_until;         /* boot ms */
    struct api_call *waiting[WAITING];
    size_t nwaiting;
};

/* ---- budgets ---- */

static void forget_budget(struct health *h, struct budget *b)
{
    HASH_DEL(h->budgets, b);
    free(b->account);
    free(b->value);
    free(b);
}

void health_take(struct health *h, const struct kafka_message *m)
{
    struct fact_key key;
    struct budget *b;
    if (fact_key_parse(m->key, &key, NULL) || key.type != FACT_STATE ||
        !str_is(key.name, BUDGET_LEVEL_NAME) || key.account.len > LIMIT_ACCOUNT_NAME)
        return;
    HASH_FIND(hh, h->budgets, key.account.ptr, key.account.len, b);
    if (b && (m->tombstone || m->value.len == 0)) {
        forget_budget(h, b);
    } else if (b) {
        free(b->value);
        b->value = mem_copy(m->value);
    } else if (m->value.len) {
        b = mem_alloc(1, sizeof *b);
        b->account = mem_copy(key.account);
        b->value = mem_copy(m->value);
        HASH_ADD_KEYPTR(hh, h->budgets, b->account, key.account.len, b);
    }
}

struct budgets {
    const struct health *health;
    struct jval *list;
};

static double tenths(double n)
{
    return (double)(int64_t)(n * 10) / 10;
}

/* No record is a full bucket. */
static void add_budget(void *arg, const struct settings *s)
{
    struct budgets *to = arg;
    struct budget *b;
    int64_t hour = s->megaplan.requests_per_hour;
    HASH_FIND_STR(to->health->budgets, s->account, b);
    double max = budget_level_bucket(hour).max;
    struct jval *row = jval_new_object();
    jval_put_text(row, "account", str_of(s->account));
    jval_put(
        row, "tokens",
        jval_new_real(tenths(b ? budget_level_at(str_of(b->value), hour, clock_wall_ms()) : max)));
    jval_put(row, "max", jval_new_real(tenths(max)));
    jval_put_int(row, "per_hour", hour);
    jval_append(to->list, row);
}

/* ---- the answer ---- */

static struct jval *lag_rows(const struct health *h)
{
    struct jval *list = jval_new_array();
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < h->nrows; i++) {
        const struct row *r = &h->rows[i];
        struct jval *row = jval_new_object();
        int64_t seconds =
            r->messages && r->oldest && now > r->oldest ? (now - r->oldest) / 1000 : 0;
        jval_put_text(row, "group", str_of(r->group));
        jval_put_text(row, "topic", str_of(kafka_topic_name(r->topic)));
        jval_put_int(row, "messages", r->messages);
        jval_put(row, "seconds",
                 r->messages == 0 || r->oldest ? jval_new_int(seconds) : jval_new_null());
        jval_append(list, row);
    }
    return list;
}

static struct jval *spool_of(const struct vitals *v)
{
    int64_t oldest = atomic_load(&v->spool_oldest_ms), now = clock_wall_ms();
    if (!v->spool)
        return jval_new_null();
    struct jval *out = jval_new_object();
    jval_put_int(out, "messages", atomic_load(&v->spool_messages));
    jval_put_int(out, "oldest_s", oldest && now > oldest ? (now - oldest) / 1000 : 0);
    return out;
}

/* Of any ingest by what stands in Kafka, and of this one, which may have it in its spool; negative: none is known. */
static int64_t last_webhook_ms(const struct health *h)
{
    int64_t at = calls_last_webhook(h->calls), own = atomic_load(&h->parts->vitals->last_webhook);
    int64_t age = at ? clock_wall_ms() - at : INT64_MAX;
    if (own && clock_boot_ms() - own < age)
        age = clock_boot_ms() - own;
    return age == INT64_MAX ? -1 : age > 0 ? age : 0;
}

static struct jval *answer_of(const struct health *h)
{
    struct jval *out = jval_new_object();
    struct budgets budgets = {h, jval_new_array()};
    int64_t webhook = last_webhook_ms(h);
    accounts_each(h->parts->accounts, add_budget, &budgets);
    jval_put_text(out, "kafka", h->well ? STR("ok") : STR("fail"));
    jval_put(out, "spool", spool_of(h->parts->vitals));
    jval_put(out, "lag", lag_rows(h));
    jval_put(out, "budget", budgets.list);
    jval_put_int(out, "dead", (int64_t)dead_count(h->dead, STR_NONE));
    jval_put(out, "last_webhook_s", webhook >= 0 ? jval_new_int(webhook / 1000) : jval_new_null());
    return out;
}

static void finish(struct health *h)
{
    size_t n = h->nwaiting;
    h->asking = false;
    h->nwaiting = 0;
    char *text CLEANUP(mem_free_text) = jval_dump_free(answer_of(h), false);
    for (size_t i = 0; i < n; i++)
        api_reply_text(h->waiting[i], 200, str_of(text));
    h->events.known(h->events.arg, str_of(text));
}

/* ---- lag ---- */

static struct row *row_of(struct health *h, enum kafka_topic t)
{
    for (size_t i = 0; i < h->nrows; i++)
        if (h->rows[i].topic == t)
            return &h->rows[i];
    return NULL;
}

static void on_oldest(void *arg, const struct kafka_message *m)
{
    struct health *h = arg;
    struct row *r = row_of(h, m->topic);
    if (r && m->timestamp > 0 && (r->oldest == 0 || m->timestamp < r->oldest))
        r->oldest = m->timestamp;
}

static void on_oldest_read(void *arg, const struct scan_result *result)
{
    (void)result; /* what failed has no seconds */
    finish(arg);
}

/* The first message that is not done: a worker calls commits behind what it has done, its mark says how far that is. */
static int64_t position(const struct lag_place *p)
{
    struct sent_mark mark;
    int64_t at = p->committed > p->low ? p->committed : p->low;
    if (p->topic == KAFKA_EVENTS && sent_mark_find(str_of(p->metadata), &mark) && mark.offset > at)
        at = mark.offset;
    return at < p->high ? at : p->high;
}

struct unread {
    struct scan_place *list;
    size_t n;
};

static void add_lag(struct health *h, const struct lag_place *list, size_t n, struct unread *unread)
{
    unread->list = mem_resize(unread->list, unread->n + n + 1, sizeof *unread->list);
    for (size_t i = 0; i < n; i++) {
        int64_t at = position(&list[i]);
        struct row *r = row_of(h, list[i].topic);
        r->messages += list[i].high - at;
        if (at < list[i].high)
            unread->list[unread->n++] =
                (struct scan_place){list[i].topic, list[i].partition, at, list[i].high};
    }
}

/* False: Kafka did not answer. */
static bool ask_group(struct health *h, size_t g, struct unread *unread)
{
    struct error e = ERROR_NONE;
    const struct lag_place *list;
    size_t n;
    if (!h->lag[g] && lag_open(h->parts->config, h->parts->layout, lag_groups[g].name,
                               lag_groups[g].topics, lag_groups[g].ntopics, &h->lag[g], &e)) {
        log_warn("a group's lag cannot be asked for", LOG_ERROR(&e));
        return false;
    }
    if (lag_read(h->lag[g], ASK_MS, &list, &n, &e)) {
        log_info("a group's lag is not known", LOG_ERROR(&e));
        return false;
    }
    for (size_t t = 0; t < lag_groups[g].ntopics; t++) {
        struct row *r = &h->rows[h->nrows++]; /* the same one each time */
        r->group = lag_groups[g].name;
        r->topic = lag_groups[g].topics[t];
        r->messages = 0;
    }
    add_lag(h, list, n, unread);
    return true;
}

static struct scan *ask_oldest(struct health *h, const struct unread *unread)
{
    if (unread->n == 0 ||
        scan_waiting(h->parts->scanner) > 0) /* a long story: what was known stands */
        return NULL;
    for (size_t i = 0; i < h->nrows; i++)
        h->rows[i].oldest = 0;
    return scan_begin(h->parts->scanner, &(const struct scan_options){.places = unread->list,
                                                                      .n = unread->n,
                                                                      .each = 1,
                                                                      .message = on_oldest,
                                                                      .done = on_oldest_read,
                                                                      .arg = h});
}

static void ask(struct health *h)
{
    struct unread unread = {NULL, 0};
    struct scan *scan = NULL;
    h->asking = true;
    h->nrows = 0;
    h->well = h->follow && follow_connected(h->follow);
    bool told = h->well;
    for (size_t g = 0; told && g < LAG_GROUPS; g++)
        told = ask_group(h, g, &unread);
    h->well = told || (h->well && !h->answered); /* the first answer takes longer */
    h->answered = h->answered || told;
    if (told)
        scan = ask_oldest(h, &unread);
    free(unread.list);
    h->fresh_until = clock_boot_ms() + FRESH_MS;
    if (!scan)
        finish(h);
}

void health_refresh(struct health *h)
{
    if (h->asking)
        return;
    if (clock_boot_ms() < h->fresh_until)
        finish(h);
    else
        ask(h);
}

void health_get(struct health *h, struct api_call *c)
{
    if (!h->asking && clock_boot_ms() < h->fresh_until) {
        api_reply(c, 200, answer_of(h));
        return;
    }
    if (h->nwaiting == WAITING) {
        api_refuse_soon(c, 1000, "others are asking");
        return;
    }
    h->waiting[h->nwaiting++] = c;
    health_refresh(h);
}

/* ---- start and end ---- */

void health_ask(struct health *h, const struct follow *follow)
{
    h->follow = follow;
}

struct health *health_new(const struct admin_parts *parts, const struct calls *calls,
                          const struct dead *dead, const struct health_events *events)
{
    struct health *h = mem_alloc(1, sizeof *h);
    h->parts = parts;
    h->calls = calls;
    h->dead = dead;
    h->events = *events;
    return h;
}

void health_free(struct health *h)
{
    if (!h)
        return;
    for (size_t g = 0; g < LAG_GROUPS; g++)
        lag_close(h->lag[g]);
    while (h->budgets)
        forget_budget(h, h->budgets);
    free(h);
}

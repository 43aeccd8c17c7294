/*
 * Reads the topic `settings` to its end and writes to it, turning a loop of its own. One thread.
 */
#include "worker/tools/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/kafka/producer.h"
#include "common/kafka/table.h"
#include "common/kafka/topics.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/outcome.h"
#include "common/text.h"

#define CONNECT_MS 10000
#define READ_MS 60000
#define WRITE_MS 15000

struct store {
    struct loop *loop;
    struct table *table;
    struct producer *producer;
    struct store_document *documents; /* sorted by account */
    size_t n;
    bool restored, stopped;
    bool reported, delivered; /* of the record that is being written */
};

/* Where the account is or belongs. */
static size_t place_of(const struct store *s, struct str account, bool *found)
{
    size_t low = 0, high = s->n;

    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(str_of(s->documents[middle].account), account);
        if (c == 0) {
            *found = true;
            return middle;
        }
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop(struct store *s, size_t i)
{
    free(s->documents[i].account);
    free(s->documents[i].json);
    s->n--;
    memmove(&s->documents[i], &s->documents[i + 1], (s->n - i) * sizeof(s->documents[0]));
}

/* json.ptr NULL: removes. */
static void keep(struct store *s, struct str account, struct str json)
{
    bool found;
    size_t i = place_of(s, account, &found);

    if (found)
        drop(s, i);
    if (!json.ptr)
        return;
    s->documents = mem_resize(s->documents, s->n + 1, sizeof(s->documents[0]));
    memmove(&s->documents[i + 1], &s->documents[i], (s->n - i) * sizeof(s->documents[0]));
    s->documents[i] = (struct store_document){mem_copy(account), mem_copy(json)};
    s->n++;
}

static void on_message(void *arg, const struct kafka_message *m)
{
    if (str_starts(m->key, STR("_"))) /* _layout: not an account */
        return;
    keep(arg, m->key, m->tombstone ? STR_NONE : (m->value.ptr ? m->value : STR("")));
}

static void on_restored(void *arg)
{
    ((struct store *)arg)->restored = true;
}

static void on_signal(void *arg, int signal)
{
    (void)signal;
    ((struct store *)arg)->stopped = true;
}

/* Turns the loop until *done, a signal, or so many ms went by. */
static enum err turn_until(struct store *s, const bool *done, int64_t ms, const char *what,
                           struct error *e)
{
    int64_t end = clock_boot_ms() + ms;
    enum err err = ERR_OK;

    while (!err && !*done && !s->stopped && clock_boot_ms() < end)
        err = loop_turn(s->loop, 100, e);
    if (err || *done)
        return err;
    return error_set(e, ERR_TEMPORARY,
                     s->stopped ? "%s: stopped" : "%s: Kafka did not answer in time", what);
}

static enum err read_all(struct store *s, const struct config *c, const struct kafka_layout *layout,
                         struct error *e)
{
    static const struct table_events events = {on_message, on_restored};
    enum err err = table_new(s->loop, c, layout, KAFKA_SETTINGS, &events, s, &s->table, e);

    return err ? err : turn_until(s, &s->restored, READ_MS, "reading the settings", e);
}

enum err store_open(const struct config *c, struct store **out, struct error *e)
{
    struct store *s = mem_alloc(1, sizeof(*s));
    struct kafka_layout layout;
    enum err err;

    if ((err = kafka_topics_ensure(c, CONNECT_MS, &layout, e)) || (err = loop_new(&s->loop, e)) ||
        (err = loop_on_signal(s->loop, on_signal, s, e)) || (err = read_all(s, c, &layout, e)) ||
        (err = producer_new(s->loop, c, &layout, WRITE_MS, &s->producer, e))) {
        store_close(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->producer)
        producer_free(s->producer, 1000);
    if (s->table)
        table_free(s->table);
    if (s->loop)
        loop_free(s->loop);
    while (s->n)
        drop(s, s->n - 1);
    free(s->documents);
    free(s);
}

const struct store_document *store_documents(const struct store *s, size_t *n)
{
    *n = s->n;
    return s->documents;
}

const char *store_get(const struct store *s, const char *account)
{
    bool found;
    size_t i = place_of(s, str_of(account), &found);

    return found ? s->documents[i].json : NULL;
}

static void on_report(void *arg, const struct producer_report *report)
{
    struct store *s = arg;

    s->reported = true;
    s->delivered = report->delivered;
}

static enum err send(struct store *s, struct producer_record *r, struct error *e)
{
    enum err err;

    s->reported = s->delivered = false;
    r->partition = producer_partition(s->producer, r->topic, r->key);
    r->done = on_report;
    r->arg = s;
    err = producer_send(s->producer, r, e);
    while (!err && !s->reported)
        err = loop_turn(s->loop, 100, e);
    if (!err && !s->delivered)
        err = error_set(e, ERR_TEMPORARY, "Kafka did not take it");
    return err;
}

static enum err audit(struct store *s, const char *account, const char *result, struct error *e)
{
    struct outcome o = {.at = clock_wall_ms(),
                        .what = "outcome",
                        .kind = "settings",
                        .result = result,
                        .reason = "worker settings"};
    char *key CLEANUP(mem_free_text) = mem_format("%s/-", account);
    char *value CLEANUP(mem_free_text) = outcome_encode(&o);
    char at[TEXT_TIME_SIZE];
    struct kafka_header headers[] = {
        {"kind", STR("outcome")}, {"account", str_of(account)}, {"at", str_of(at)}};
    struct producer_record r = {.topic = KAFKA_OUTCOMES,
                                .key = str_of(key),
                                .value = str_of(value),
                                .headers = headers,
                                .nheaders = sizeof(headers) / sizeof(headers[0])};

    text_time(o.at, at);
    headers[2].value = str_of(at);
    return send(s, &r, e);
}

enum err store_put(struct store *s, const char *account, const char *json, const char *result,
                   struct error *e)
{
    struct producer_record r = {
        .topic = KAFKA_SETTINGS, .key = str_of(account), .value = str_of(json), .tombstone = !json};
    enum err err = send(s, &r, e);

    if (err)
        return err;
    keep(s, str_of(account), json ? str_of(json) : STR_NONE);
    return audit(s, account, result, e);
}

/*
 * Reads the topic `settings` to its end and writes to it. One thread.
 */
#include "worker/tools/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/audit.h"
#include "common/clock.h"
#include "common/forgotten.h"
#include "common/jval.h"
#include "common/kafka/table.h"
#include "common/mem.h"
#include "common/settings/diff.h"
#include "worker/tools/kit/desk.h"

#define READ_MS 60000

struct list {
    struct store_document *documents; /* sorted by account */
    size_t n;
};

struct store {
    struct desk *desk;
    struct table *table;
    struct list documents, keys, numbers;
    bool restored;
};

/* Where the account is or belongs. */
static size_t place_of(const struct list *s, struct str account, bool *found)
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

static void drop(struct list *s, size_t i)
{
    free(s->documents[i].account);
    free(s->documents[i].json);
    s->n--;
    memmove(&s->documents[i], &s->documents[i + 1], (s->n - i) * sizeof(s->documents[0]));
}

/* json.ptr NULL: removes. */
static void keep(struct list *s, struct str account, struct str json)
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

static void clear(struct list *s)
{
    while (s->n)
        drop(s, s->n - 1);
    free(s->documents);
}

/* NULL: _layout, which is this installation's own. */
static struct list *list_of(struct store *s, struct str key)
{
    if (str_starts(key, STR(FORGOTTEN_KEYS)))
        return &s->keys;
    if (str_starts(key, STR(FORGOTTEN_NUMBERS)))
        return &s->numbers;
    return str_starts(key, STR("_")) ? NULL : &s->documents;
}

static void on_message(void *arg, const struct kafka_message *m)
{
    struct store *s = arg;
    struct str value = m->tombstone ? STR_NONE : (m->value.ptr ? m->value : STR(""));
    struct list *of = list_of(s, m->key);
    if (of)
        keep(of, m->key, value);
}

static void on_restored(void *arg)
{
    ((struct store *)arg)->restored = true;
}

static enum err read_all(struct store *s, const struct config *c, struct error *e)
{
    static const struct table_events events = {on_message, on_restored};
    enum err err = table_new(desk_loop(s->desk), c, desk_layout(s->desk), KAFKA_SETTINGS, &events,
                             s, &s->table, e);

    return err ? err : desk_turn_until(s->desk, &s->restored, READ_MS, "reading the settings", e);
}

enum err store_open(const struct config *c, struct store **out, struct error *e)
{
    struct store *s = mem_alloc(1, sizeof(*s));
    enum err err;

    if ((err = desk_open(c, DESK_PRODUCER, &s->desk, e)) || (err = read_all(s, c, e))) {
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
    if (s->table)
        table_free(s->table);
    desk_close(s->desk);
    clear(&s->documents);
    clear(&s->keys);
    clear(&s->numbers);
    free(s);
}

const struct store_document *store_documents(const struct store *s, size_t *n)
{
    *n = s->documents.n;
    return s->documents.documents;
}

const struct store_document *store_keys(const struct store *s, size_t *n)
{
    *n = s->keys.n;
    return s->keys.documents;
}

const struct store_document *store_numbers(const struct store *s, size_t *n)
{
    *n = s->numbers.n;
    return s->numbers.documents;
}

const char *store_get(const struct store *s, const char *account)
{
    bool found;
    size_t i = place_of(&s->documents, str_of(account), &found);

    return found ? s->documents.documents[i].json : NULL;
}

static enum err audit(struct store *s, const char *account, const char *what, struct jval *changes,
                      struct error *e)
{
    struct jval *details = jval_new_object();
    char *who CLEANUP(mem_free_text) = desk_runner("settings");
    struct audit_record record;

    jval_put(details, "changes", changes ? changes : jval_new_array());
    audit_record(&(const struct audit){.account = account,
                                       .who = who,
                                       .what = what,
                                       .details = details,
                                       .at = clock_wall_ms()},
                 &record);
    enum err err = desk_send(s->desk, &record.record, e);
    audit_record_done(&record);
    return err;
}

enum err store_put_forgotten(struct store *s, const char *key, const char *value, struct error *e)
{
    struct producer_record r = {
        .topic = KAFKA_SETTINGS, .key = str_of(key), .value = str_of(value)};
    enum err err = desk_send(s->desk, &r, e);
    if (!err)
        keep(list_of(s, str_of(key)), str_of(key), str_of(value));
    return err;
}

enum err store_put(struct store *s, const char *account, const char *json, const char *result,
                   struct error *e)
{
    struct producer_record r = {
        .topic = KAFKA_SETTINGS, .key = str_of(account), .value = str_of(json), .tombstone = !json};
    struct jval *changes = settings_diff(str_of(store_get(s, account)), str_of(json));
    enum err err = desk_send(s->desk, &r, e);

    if (err) {
        jval_free(changes);
        return err;
    }
    keep(&s->documents, str_of(account), json ? str_of(json) : STR_NONE);
    return audit(s, account, result, changes, e);
}

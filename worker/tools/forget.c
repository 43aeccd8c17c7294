/*
 * worker forget: erases a person. What traces a number left, forget_traces.h knows. One thread.
 *
 *   read all topics twice --> something not over? say so, do nothing
 *                         --> the hash into `settings` (from then on page and tools skip the number)
 *                         --> tombstones for facts, notes for dead letters, the spool's rows --> receipt
 *
 * Whoever dies in between begins anew with the next run: each step is found done, or done again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/audit.h"
#include "common/clock.h"
#include "common/forgotten.h"
#include "common/kafka/lag.h"
#include "common/mem.h"
#include "common/settings.h"
#include "worker/tools/forget_key.h"
#include "worker/tools/forget_receipt.h"
#include "worker/tools/forget_spool.h"
#include "worker/tools/forget_traces.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/kit/sweep.h"
#include "worker/tools/tools.h"

#define LAG_MS 5000
#define KEY_MS 15000
#define DAY_MS INT64_C(86400000)

struct record { /* to be written */
    char *key;
    struct dead_id letter;
};

struct records {
    struct record *list;
    size_t n;
};

struct run {
    const struct config *config;
    const struct args *args;
    struct desk *desk;
    struct phone phone;
    char masked[PHONE_MAX];
    struct forget_traces *traces;
    struct forget_reach reach;
    int64_t *below[KAFKA_TOPICS]; /* by partition; what of a group is committed */
    struct records facts, letters;
    int64_t waiting; /* facts that cannot go yet */
    int64_t at;      /* when the number was forgotten; 0: it was not */
    struct forget_receipt receipt;
};

static const struct forgotten *forgotten_of(const struct run *r)
{
    return accounts_forgotten(desk_accounts(r->desk));
}

/* ---- reading ---- */

static int64_t below(void *arg, enum kafka_topic topic, int32_t partition)
{
    const struct run *r = arg;
    return r->below[topic] && partition < desk_layout(r->desk)->partitions[topic]
               ? r->below[topic][partition]
               : 0;
}

/* What is committed of these topics by that group; nothing counts as the beginning. */
static enum err read_group(struct run *r, const char *group, const enum kafka_topic *topics,
                           size_t n, struct error *e)
{
    const struct lag_place *list;
    struct lag *lag = NULL;
    size_t found = 0;
    enum err err = lag_open(r->config, desk_layout(r->desk), group, topics, n, &lag, e);
    if (!err)
        err = lag_read(lag, LAG_MS, &list, &found, e);
    for (size_t i = 0; i < n; i++)
        r->below[topics[i]] =
            mem_alloc((size_t)desk_layout(r->desk)->partitions[topics[i]], sizeof(int64_t));
    for (size_t i = 0; !err && i < found; i++)
        if (list[i].committed > 0)
            r->below[list[i].topic][list[i].partition] = list[i].committed;
    lag_close(lag);
    return err;
}

static enum err read_groups(struct run *r, struct error *e)
{
    enum err err = ERR_OK;
    for (size_t g = 0; g < LAG_GROUPS && !err; g++)
        err = read_group(r, lag_groups[g].name, lag_groups[g].topics, lag_groups[g].ntopics, e);
    r->reach = (struct forget_reach){.below = below,
                                     .arg = r,
                                     .now = clock_wall_ms(),
                                     .idle_ms = r->config->call_idle_close_s * 1000};
    return err;
}

static void on_find(void *arg, const struct kafka_message *m)
{
    forget_traces_find(arg, m);
}

static void on_count(void *arg, const struct kafka_message *m)
{
    forget_traces_count(arg, m);
}

/* However large the topic is. */
static enum err read_topic(struct run *r, enum kafka_topic t,
                           void (*message)(void *arg, const struct kafka_message *m),
                           struct error *e)
{
    int32_t n = desk_layout(r->desk)->partitions[t];
    struct scan_place *places = mem_alloc((size_t)n, sizeof *places);
    for (int32_t i = 0; i < n; i++)
        places[i] = (struct scan_place){t, i, SCAN_BEGINNING, SCAN_END};
    const struct scan_options o = {.places = places,
                                   .n = (size_t)n,
                                   .max_messages = INT64_MAX,
                                   .max_bytes = INT64_MAX,
                                   .message = message,
                                   .arg = r->traces};
    enum err err = sweep_read(r->desk, &o, "reading the topics", NULL, e);
    free(places);
    return err;
}

static enum err read_traces(struct run *r, struct error *e)
{
    enum err err = ERR_OK;
    for (enum kafka_topic t = 0; !err && t < KAFKA_TOPICS; t++)
        if (t != KAFKA_SETTINGS)
            err = read_topic(r, t, on_find, e);
    for (enum kafka_topic t = 0; !err && t < KAFKA_TOPICS; t++)
        if (t != KAFKA_SETTINGS)
            err = read_topic(r, t, on_count, e);
    return err;
}

/* ---- what is to be done ---- */

static void add(struct records *all, char *key, struct dead_id letter)
{
    all->list = mem_resize(all->list, all->n + 1, sizeof *all->list);
    all->list[all->n++] = (struct record){key, letter};
}

static void free_records(struct records *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->list[i].key);
    free(all->list);
}

static void plan_fact(void *arg, struct str key, bool now)
{
    struct run *r = arg;
    if (now)
        add(&r->facts, mem_copy(key), (struct dead_id){0, 0});
    else
        r->waiting++;
}

static void plan_letter(void *arg, struct dead_id id, struct str entry)
{
    struct run *r = arg;
    add(&r->letters, mem_format("%s/%.*s", r->args->account, STR_ARG(entry.len ? entry : STR("-"))),
        id);
}

static void tell_open(void *arg, const char *what, struct str entry)
{
    struct run *r = arg;
    forget_receipt_open(&r->receipt, what, entry);
}

/* Something is there that was not when the number was forgotten. */
static bool is_new(const struct run *r)
{
    return r->at == 0 || forget_traces_newest(r->traces) > r->at || r->letters.n > 0;
}

/* ---- doing it ---- */

static enum err make_key(struct run *r, struct error *e)
{
    char *key CLEANUP(mem_free_text) = NULL;
    char *value CLEANUP(mem_free_text) = NULL;
    enum err err;
    forget_key_new(&r->config->secret, &key, &value);
    const struct producer_record record = {
        .topic = KAFKA_SETTINGS, .key = str_of(key), .value = str_of(value)};
    err = desk_send(r->desk, &record, e);
    for (int64_t end = clock_boot_ms() + KEY_MS; !err;) {
        char *made CLEANUP(mem_free_text) = forgotten_record_key(
            forgotten_of(r), str_of(r->args->account), str_of(r->phone.digits));
        if (made)
            return ERR_OK;
        if (desk_stopped(r->desk) || clock_boot_ms() > end)
            return error_set(e, ERR_TEMPORARY, "the new key did not come back from Kafka");
        err = desk_turn(r->desk, 100, e);
    }
    return err;
}

static enum err write_hash(struct run *r, struct error *e)
{
    struct str account = str_of(r->args->account), digits = str_of(r->phone.digits);
    char *key = forgotten_record_key(forgotten_of(r), account, digits);
    enum err err = key ? ERR_OK : make_key(r, e);
    if (err)
        return err;
    if (!key)
        key = forgotten_record_key(forgotten_of(r), account, digits);
    r->at = clock_wall_ms();
    char *value CLEANUP(mem_free_text) = forgotten_record_value(r->at);
    const struct producer_record record = {
        .topic = KAFKA_SETTINGS, .key = str_of(key), .value = str_of(value)};
    err = desk_send(r->desk, &record, e);
    free(key);
    return err;
}

/* Who did it, not of whom. */
static enum err audit(struct run *r, struct error *e)
{
    char *who CLEANUP(mem_free_text) = desk_runner("forget");
    struct audit_record record;
    audit_record(&(const struct audit){.account = r->args->account,
                                       .who = who,
                                       .what = "a number forgotten",
                                       .details = jval_new_object(),
                                       .at = r->at},
                 &record);
    enum err err = desk_send(r->desk, &record.record, e);
    audit_record_done(&record);
    return err;
}

static enum err erase_facts(struct run *r, struct error *e)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < r->facts.n; i++)
        err = desk_send(r->desk,
                        &(const struct producer_record){.topic = KAFKA_FACTS,
                                                        .key = str_of(r->facts.list[i].key),
                                                        .tombstone = true},
                        e);
    return err;
}

static enum err put_away(struct run *r, struct error *e)
{
    char *who CLEANUP(mem_free_text) = desk_runner("forget");
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < r->letters.n; i++) {
        struct dead_record note;
        dead_letter_note_forgotten(r->letters.list[i].letter, str_of(r->letters.list[i].key),
                                   str_of(who), clock_wall_ms(), &note);
        err = desk_send_to(r->desk,
                           &(const struct producer_record){.topic = KAFKA_DEAD,
                                                           .partition = note.partition,
                                                           .key = note.key,
                                                           .tombstone = true,
                                                           .headers = note.headers,
                                                           .nheaders = note.nheaders},
                           e);
    }
    return err;
}

static enum err erase(struct run *r, struct error *e)
{
    enum err err = ERR_OK;
    if (is_new(r) && !(err = write_hash(r, e)))
        err = audit(r, e);
    if (!err)
        err = erase_facts(r, e);
    return err ? err : put_away(r, e);
}

/* ---- the receipt ---- */

static void tell_client(void *arg, struct str client)
{
    struct run *r = arg;
    char text[160];
    (void)snprintf(text, sizeof text, "client %.*s: the card is Megaplan's own, delete it there",
                   STR_ARG(client));
    forget_receipt_stays(&r->receipt, "megaplan", text, 1);
}

static void tell_spool(struct run *r)
{
    struct error e = ERROR_NONE;
    char text[LIMIT_ERROR_TEXT + 256];
    int64_t n = 0;
    switch (forget_spool(r->config->ingest_spool, r->args->account, &r->phone, r->receipt.dry, &n,
                         &e)) {
    case FORGET_SPOOL_DONE:
        forget_receipt_erased(&r->receipt, "spool", r->receipt.dry ? "would be erased" : "erased",
                              n);
        break;
    case FORGET_SPOOL_NONE:
        forget_receipt_stays(&r->receipt, "spool",
                             "no file here; run this where ingest keeps its own, or see there", 0);
        break;
    default:
        (void)snprintf(text, sizeof text,
                       "ingest has it open (what waits there goes to Kafka by itself; what Kafka "
                       "refused stays: run this while ingest is stopped): %s",
                       e.text);
        forget_receipt_stays(&r->receipt, "spool", text, 0);
    }
}

static void tell(struct run *r)
{
    struct forget_receipt *to = &r->receipt;
    const char *erased = to->dry
                             ? "would be erased; Kafka's next compaction takes them off the disk"
                             : "erased; Kafka's next compaction takes them off the disk, an "
                               "hour from now at the earliest";
    forget_receipt_erased(to, "facts", erased, (int64_t)r->facts.n);
    if (r->waiting)
        forget_receipt_waits(to, "facts",
                             "cannot go yet: their call or job is so young that a worker may read "
                             "it again; they go by themselves after 7 days",
                             r->waiting);
    forget_receipt_erased(to, "dead", to->dry ? "would be put away" : "put away for good",
                          (int64_t)r->letters.n);
    tell_spool(r);
    for (enum kafka_topic t = 0; t < KAFKA_TOPICS; t++) {
        const struct forget_count c = forget_traces_of(r->traces, t);
        if (t != KAFKA_SETTINGS && t != KAFKA_FACTS)
            forget_receipt_topic(to, t, &c);
    }
    forget_receipt_stays(to, "settings", "a keyed hash of the number, by which it is skipped", 1);
    forget_traces_clients(r->traces, tell_client, r);
    forget_receipt_stays(to, "mango", "the call history is MANGO's own", 0);
}

/* ---- the tool ---- */

static int end(struct run *r, bool already)
{
    forget_receipt_end(&r->receipt,
                       &(const struct forget_end){r->args->account, r->masked, r->at, already});
    if (!rows_written("forget"))
        return TOOLS_INTERNAL;
    if (r->receipt.open)
        return TOOLS_FOUND;
    return r->receipt.waiting ? TOOLS_PARTLY : TOOLS_DONE;
}

static int complain(const struct error *e)
{
    return tools_complain("forget", e);
}

static int go(struct run *r)
{
    struct error e = ERROR_NONE;
    if (read_groups(r, &e) || read_traces(r, &e))
        return complain(&e);
    if (forget_traces_open(r->traces, &r->reach, tell_open, r))
        return end(r, r->at > 0);
    forget_traces_facts(r->traces, &r->reach, plan_fact, r);
    forget_traces_letters(r->traces, plan_letter, r);
    bool already = !is_new(r);
    plan_say("forget", "%s of %s: %zu calls, %zu facts and %zu dead letters%s", r->masked,
             r->args->account, forget_traces_calls(r->traces), r->facts.n, r->letters.n,
             r->receipt.dry ? "" : "; erasing");
    if (!r->receipt.dry && !plan_agreed("forget", r->args, r->facts.n + r->letters.n))
        return TOOLS_USAGE;
    if (!r->receipt.dry && erase(r, &e))
        return complain(&e);
    tell(r);
    return end(r, already);
}

static int open_and_go(struct run *r)
{
    struct error e = ERROR_NONE;
    if (desk_open(r->config, DESK_ACCOUNTS | DESK_SCANNER | DESK_PRODUCER | DESK_LONG, &r->desk,
                  &e))
        return complain(&e);
    struct str account = str_of(r->args->account);
    const struct settings *s = accounts_get(desk_accounts(r->desk), account);
    if (!s)
        plan_say("forget", "no such account now: what the topics still hold of it");
    if (!phone_from_card(str_of(r->args->phone), str_of(s ? s->country_code : "7"), &r->phone))
        return tools_misused("forget", "--phone is no number of 5 to 31 digits");
    phone_mask(str_of(r->phone.digits), r->masked);
    r->at = forgotten_at(forgotten_of(r), account, str_of(r->phone.digits));
    r->traces = forget_traces_new(account, &r->phone, str_of(r->config->topic_prefix));
    return go(r);
}

int tools_forget(const struct config *c, const struct args *a)
{
    struct run r = {.config = c,
                    .args = a,
                    .receipt = {.json = a->json,
                                .dry = a->dry_run,
                                .retention_ms = c->topic_retention_days * DAY_MS}};
    if (!a->account || !a->phone)
        return tools_misused("forget", "--account and --phone say who is to be forgotten");
    int code = open_and_go(&r);
    forget_traces_free(r.traces);
    free_records(&r.facts);
    free_records(&r.letters);
    for (enum kafka_topic t = 0; t < KAFKA_TOPICS; t++)
        free(r.below[t]);
    desk_close(r.desk);
    return code;
}

/*
 * Kafka, spool and settings put together, in both lives: before Kafka is there and with it. Must not know
 * HTTP. The loop's thread.
 */
#include "ingest/storage.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/spool/spool.h"

/* With a spool it is the spool that gives up waiting; librdkafka itself must not drop an older record and send a younger
 * one. */
#define PATIENCE_MS 300000

struct storage {
    struct loop *loop;
    const struct config *config;
    struct meters *meters;
    struct spool *spool; /* NULL: none */
    struct accounts *accounts;
    struct producer *producer;
    struct publish_kafka *publish;
    struct vitals vitals;
};

/* ---- copies of the settings ---- */

static void on_changed(void *arg, const char *account)
{
    const struct storage *s = arg;
    struct str name = str_of(account);
    if (s->spool && accounts_restored(s->accounts))
        spool_keep_settings(s->spool, name, accounts_document(s->accounts, name));
}

static void keep_one(void *arg, const struct settings *of)
{
    on_changed(arg, of->account);
}

static void keep_all(void *arg)
{
    struct storage *s = arg;
    if (!s->spool || !accounts_restored(s->accounts))
        return;
    spool_settings_begin(s->spool);
    accounts_each(s->accounts, keep_one, s);
    spool_settings_end(s->spool);
}

static void recall(void *arg, struct str account, struct str document)
{
    const struct storage *s = arg;
    (void)accounts_recall(s->accounts, account, document);
}

/* ---- begin ---- */

static enum err open_spool(struct storage *s, struct error *e)
{
    const struct spool_options o = {.loop = s->loop,
                                    .path = s->config->ingest_spool,
                                    .ack_ms = s->config->kafka_ack_timeout_ms,
                                    .settings_wanted = keep_all,
                                    .arg = s};
    if (!o.path[0])
        return ERR_OK;
    if (spool_new(&o, &s->spool, e) || spool_each_settings(s->spool, recall, s, e))
        return e->kind;
    log_info("spool opened", LOG_TEXT("file", o.path),
             LOG_INT("messages", spool_messages(s->spool)),
             LOG_INT("accounts", accounts_count(s->accounts)));
    return ERR_OK;
}

enum err storage_new(struct loop *l, const struct config *config, struct meters *meters,
                     struct storage **out, struct error *e)
{
    struct storage *s = mem_alloc(1, sizeof *s);
    const struct accounts_options o = {.changed = on_changed,
                                       .restored = keep_all,
                                       .arg = s,
                                       .documents = config->ingest_spool[0] != '\0'};
    s->loop = l;
    s->config = config;
    s->meters = meters;
    s->vitals.spool = config->ingest_spool[0] != '\0';
    s->accounts = accounts_new(l, config, &o);
    *out = s;
    return open_spool(s, e);
}

enum err storage_connect(struct storage *s, const struct kafka_layout *layout, struct error *e)
{
    int64_t timeout_ms = s->spool ? PATIENCE_MS : s->config->kafka_ack_timeout_ms;
    if (producer_new(s->loop, s->config, layout, timeout_ms, &s->producer, e) ||
        accounts_follow(s->accounts, layout, e))
        return e->kind;
    producer_gather(s->producer, true);
    s->publish = publish_kafka_new(s->producer, s->meters);
    if (s->spool)
        spool_publish_to(s->spool, publish_kafka_port(s->publish));
    return ERR_OK;
}

/* ---- what others see ---- */

struct publish storage_port(struct storage *s)
{
    if (s->spool)
        return spool_port(s->spool);
    return s->publish ? publish_kafka_port(s->publish) : (struct publish){0};
}

const struct accounts *storage_accounts(const struct storage *s)
{
    return s->accounts;
}

/* Kafka out of reach is bad, but with a spool it is not the end: webhooks of known accounts are kept. */
static enum ops_status kafka_status(const struct storage *s, bool failing)
{
    bool warm = s->producer && producer_is_warm(s->producer);
    bool well = s->spool ? spool_is_kafka_well(s->spool) : !failing;
    if (warm && well && accounts_connected(s->accounts))
        return OPS_OK;
    return s->spool && spool_is_writable(s->spool) ? OPS_DEGRADED : OPS_FAIL;
}

static void show_spool(struct storage *s)
{
    int64_t oldest = s->spool ? spool_oldest_ms(s->spool) : 0;
    int64_t messages = s->spool ? spool_messages(s->spool) : 0;
    meters_spool(s->meters, messages, oldest ? clock_wall_ms() - oldest : 0);
    atomic_store(&s->vitals.last_webhook, meters_last_ms(s->meters));
    atomic_store(&s->vitals.spool_messages, messages);
    atomic_store(&s->vitals.spool_oldest_ms, oldest);
}

const struct vitals *storage_vitals(const struct storage *s)
{
    return &s->vitals;
}

size_t storage_checks(const struct storage *s)
{
    return s->spool ? STORAGE_CHECKS : STORAGE_SPOOL;
}

bool storage_look(struct storage *s, bool failing, struct ops_check checks[STORAGE_CHECKS])
{
    bool known = accounts_known(s->accounts);
    checks[STORAGE_KAFKA].status = kafka_status(s, failing);
    checks[STORAGE_SETTINGS].status = known ? OPS_OK : OPS_FAIL;
    checks[STORAGE_SPOOL].status = !s->spool || spool_is_writable(s->spool) ? OPS_OK : OPS_DEGRADED;
    show_spool(s);
    return s->producer && known;
}

/* ---- end ---- */

void storage_end(struct storage *s, int64_t timeout_ms)
{
    if (!s)
        return;
    accounts_free(s->accounts);
    producer_free(s->producer, timeout_ms);
    spool_free(s->spool);
    publish_kafka_free(s->publish);
}

void storage_free(struct storage *s)
{
    free(s);
}

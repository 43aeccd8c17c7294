/*
 * What ingest has to remember: webhooks go to Kafka or the spool, the accounts' settings come from the
 * topic or from the spool's copies. Puts spool, producer and accounts together. The loop's thread.
 */
#ifndef INGEST_STORAGE_H
#define INGEST_STORAGE_H

#include <stdbool.h>

#include "common/accounts.h"
#include "common/config.h"
#include "common/kafka/topics.h"
#include "common/ops.h"
#include "ingest/meters.h"
#include "ingest/publish.h"
#include "ingest/vitals.h"

struct storage;

enum { /* checks of /readyz; the last one only with a spool */
    STORAGE_KAFKA,
    STORAGE_SETTINGS,
    STORAGE_SPOOL,
    STORAGE_CHECKS
};

/* config and meters outlive it. Recalls the settings that the spool kept. ERR_CONFIG names INGEST_SPOOL. Before threads
 * start. */
enum err storage_new(struct loop *l, const struct config *config, struct meters *meters,
                     struct storage **out, struct error *e) MUST_CHECK;
/* Kafka is there. Once. */
enum err storage_connect(struct storage *s, const struct kafka_layout *layout,
                         struct error *e) MUST_CHECK;
/* Without a spool it takes nothing before storage_connect. */
struct publish storage_port(struct storage *s);
const struct accounts *storage_accounts(const struct storage *s);
/* Sets the checks and the spool's gauges; true once Kafka and settings are what they were waited for. failing: the newest
 * webhook was not stored (without a spool). */
bool storage_look(struct storage *s, bool failing, struct ops_check checks[STORAGE_CHECKS]);
/* For the page; written by storage_look, lives until storage_free. */
const struct vitals *storage_vitals(const struct storage *s);
/* How many checks count. */
size_t storage_checks(const struct storage *s);
/* The settings are followed no more; what is under way goes to Kafka within timeout_ms or to the spool, and is reported.
 * NULL is fine. */
void storage_end(struct storage *s, int64_t timeout_ms);
void storage_free(struct storage *s);

#endif

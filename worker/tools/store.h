/*
 * The topic `settings` as a tool sees it: everything read at the start, then records written and waited
 * for. One thread, its own short loop; blocking.
 */
#ifndef WORKER_TOOLS_STORE_H
#define WORKER_TOOLS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "common/err.h"
#include "common/str.h"

struct store;

struct store_document {
    char *account;
    char *json; /* as it is stored: secrets sealed */
};

/* Connects and reads all documents. ERR_TEMPORARY: Kafka is out of reach or the broker forgot;
 * ERR_CONFIG: the topics are not as they were; or a signal asked to stop (ERR_TEMPORARY). */
enum err store_open(const struct config *c, struct store **out, struct error *e) MUST_CHECK;
void store_close(struct store *s); /* NULL is fine */

/* The keys that forgotten numbers are hashed with (common/forgotten.h): their keys stand in `account`. Sorted, valid until the
 * next write. */
const struct store_document *store_keys(const struct store *s, size_t *n);
/* The same of the numbers that were forgotten. */
const struct store_document *store_numbers(const struct store *s, size_t *n);
/* Of a key or a number; returns when Kafka has the record; without an audit, since it is no change of an account's. */
enum err store_put_forgotten(struct store *s, const char *key, const char *value,
                             struct error *e) MUST_CHECK;

/* Sorted by account. Valid until the next write. */
const struct store_document *store_documents(const struct store *s, size_t *n);
/* NULL if there is none. */
const char *store_get(const struct store *s, const char *account);

/* Returns when Kafka has the document (json NULL: its removal) and, behind it, the audit record
 * `result` in `outcomes`. ERR_TEMPORARY if Kafka does not take it in time. */
enum err store_put(struct store *s, const char *account, const char *json, const char *result,
                   struct error *e) MUST_CHECK;

#endif

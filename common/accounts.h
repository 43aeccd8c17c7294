/*
 * The accounts of the installation, followed live from the topic `settings`. On the loop's thread only.
 * A document that does not parse or validate never replaces a valid one; it is logged with its field.
 */
#ifndef COMMON_ACCOUNTS_H
#define COMMON_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/kafka/topics.h"
#include "common/loop.h"
#include "common/settings.h"

struct accounts;

/* c must outlive it. changed(account): after a document was taken or removed; may be NULL. restored: once, all read. */
enum err accounts_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                      void (*changed)(void *arg, const char *account), void (*restored)(void *arg),
                      void *arg, struct accounts **out, struct error *e) MUST_CHECK;
void accounts_free(struct accounts *a);
bool accounts_restored(const struct accounts *a);
bool accounts_connected(const struct accounts *a);
size_t accounts_count(const struct accounts *a);
/* NULL if unknown or removed. Valid until the loop's next turn. */
const struct settings *accounts_get(const struct accounts *a, struct str account);
const struct settings *accounts_by_key(const struct accounts *a, struct str mango_api_key);
/* Offset of the account's document, so it changes with every change; -1 if unknown or removed. */
int64_t accounts_revision(const struct accounts *a, struct str account);
/* Every account, in no order; fn may not change settings. */
void accounts_each(const struct accounts *a, void (*fn)(void *arg, const struct settings *s),
                   void *arg);

#endif

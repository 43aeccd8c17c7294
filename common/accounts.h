/*
 * The accounts of the installation, followed live from the topic `settings`. On the loop's thread only.
 * A document that does not parse or validate never replaces a valid one; it is logged with its field.
 *
 * What was kept elsewhere (accounts_recall) stands until the topic is read; then the topic alone counts.
 */
#ifndef COMMON_ACCOUNTS_H
#define COMMON_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/forgotten.h"
#include "common/kafka/topics.h"
#include "common/loop.h"
#include "common/settings.h"

struct accounts;

struct accounts_options { /* all may be NULL */
    /* After a document was taken (also when it is the same) or removed. */
    void (*changed)(void *arg, const char *account);
    /* Once: all is read. */
    void (*restored)(void *arg);
    void *arg;
    bool documents; /* keeps them as they are stored: accounts_document */
};

/* Empty at first. c must outlive it. */
struct accounts *accounts_new(struct loop *l, const struct config *c,
                              const struct accounts_options *o) MUST_CHECK;
/* A document as it is stored, from before; false: it is refused (logged). Not after accounts_follow. */
bool accounts_recall(struct accounts *a, struct str account, struct str document);
/* Follows the topic from its beginning. Once. */
enum err accounts_follow(struct accounts *a, const struct kafka_layout *layout,
                         struct error *e) MUST_CHECK;
void accounts_free(struct accounts *a);
/* The topic was read. */
bool accounts_restored(const struct accounts *a);
/* It was, or something was recalled. */
bool accounts_known(const struct accounts *a);
bool accounts_connected(const struct accounts *a);
size_t accounts_count(const struct accounts *a);
/* NULL if unknown or removed. Valid until the loop's next turn. */
const struct settings *accounts_get(const struct accounts *a, struct str account);
const struct settings *accounts_by_key(const struct accounts *a, struct str mango_api_key);
/* Offset of the account's document, so it changes with every change; -1 if unknown, removed or recalled. */
int64_t accounts_revision(const struct accounts *a, struct str account);
/* The document as it is stored, secrets sealed; STR_NONE if unknown, or documents are not kept. Valid until the loop's next
 * turn. */
struct str accounts_document(const struct accounts *a, struct str account);
/* Who was forgotten, as far as the topic is read. Lives as long as a. */
const struct forgotten *accounts_forgotten(const struct accounts *a);
/* Why the account's newest document in the topic was not taken; NULL: it was, or there is none. The one before, if there
 * is any, counts. Valid until the loop's next turn. */
const char *accounts_refused(const struct accounts *a, struct str account);
/* Every account of which that is so, in no order. */
void accounts_each_refused(const struct accounts *a,
                           void (*fn)(void *arg, const char *account, const char *why), void *arg);
/* Every account, in no order; fn may not change settings. */
void accounts_each(const struct accounts *a, void (*fn)(void *arg, const struct settings *s),
                   void *arg);

#endif

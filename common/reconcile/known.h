/*
 * Which calls of a list are known in the topics, and what became of them: a table that is fed with messages of `events` and
 * `outcomes` in any order (known_scan.h reads them). Pure.
 *
 *   heard    any event of the call stands in `events`
 *   ended    its summary does: nothing is missing. Without one a call that is long over is as good as missing
 *   saved    by its `outcomes`: it stands in Megaplan; or why it does not
 */
#ifndef COMMON_RECONCILE_KNOWN_H
#define COMMON_RECONCILE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/kafka/client.h"
#include "common/str.h"

enum reconcile_saving {
    RECONCILE_UNDECIDED, /* the outcomes say nothing of a saving (yet) */
    RECONCILE_DECIDED,   /* to be saved, or so it was decided; not done yet */
    RECONCILE_SAVED,
    RECONCILE_UNSAVED, /* by a rule, or given up: `reason` */
};

struct reconcile_known_call {
    struct str entry_id; /* borrowed from the table */
    int64_t began;       /* unix s */
    bool heard, ended;
    enum reconcile_saving saving;
    const char *reason; /* borrowed; NULL: none was told */
};

struct reconcile_known;

/* Calls of one account. */
struct reconcile_known *reconcile_known_new(struct str account) MUST_CHECK;
void reconcile_known_free(struct reconcile_known *k); /* NULL is fine */
/* entry_id is copied; a second one of the same is ignored. Not after the first message. */
void reconcile_known_add(struct reconcile_known *k, struct str entry_id, int64_t began);
/* A message of `events` or `outcomes`; those of others are passed over. */
void reconcile_known_take(struct reconcile_known *k, const struct kafka_message *m);

size_t reconcile_known_count(const struct reconcile_known *k);
/* The account they are of. */
struct str reconcile_known_account(const struct reconcile_known *k);
/* When the first of them began, unix s; 0: there are none. */
int64_t reconcile_known_since(const struct reconcile_known *k);
/* In no order; i < count. */
void reconcile_known_at(const struct reconcile_known *k, size_t i,
                        struct reconcile_known_call *out);
/* False: it is not in the list. */
bool reconcile_known_find(const struct reconcile_known *k, struct str entry_id,
                          struct reconcile_known_call *out);

#endif

/*
 * Calls that stood in `events` when they were looked for and of which facts know no saving: internal ones, those of other
 * lines. Each round's history has them again, and to look for them again would read hours of `events` each time. Pure.
 */
#ifndef WORKER_CRM_RECONCILE_SEEN_H
#define WORKER_CRM_RECONCILE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/str.h"

struct reconcile_seen; /* of one account */

struct reconcile_seen *reconcile_seen_new(void) MUST_CHECK;
void reconcile_seen_free(struct reconcile_seen *s); /* NULL is fine */
bool reconcile_seen_has(const struct reconcile_seen *s, struct str entry_id);
/* entry_id is copied. began: unix s. */
void reconcile_seen_add(struct reconcile_seen *s, struct str entry_id, int64_t began);
/* Those that began before that: no history that is asked for from now on has them. */
void reconcile_seen_forget(struct reconcile_seen *s, int64_t before);
size_t reconcile_seen_count(const struct reconcile_seen *s);

#endif

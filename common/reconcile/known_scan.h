/*
 * Feeds a table of calls (known.h) with what `events`, and if wanted `outcomes`, have of them: a scan of the partitions they lie
 * in, from before the first of them began to the end as it is now. On the loop's thread only.
 */
#ifndef COMMON_RECONCILE_KNOWN_SCAN_H
#define COMMON_RECONCILE_KNOWN_SCAN_H

#include <stdbool.h>

#include "common/kafka/scan.h"
#include "common/kafka/topics.h"
#include "common/reconcile/known.h"

struct reconcile_known_scan;

/* done: once, later; why: NULL, or what was not all read: then nothing may be concluded. The scan is gone then. k must
 * outlive it. NULL: too much is being read already. */
struct reconcile_known_scan *reconcile_known_scan_begin(struct scanner *s,
                                                        const struct kafka_layout *layout,
                                                        struct reconcile_known *k, bool outcomes,
                                                        void (*done)(void *arg, const char *why),
                                                        void *arg) MUST_CHECK;
/* done does not come any more. Not after it. NULL is fine. */
void reconcile_known_scan_end(struct reconcile_known_scan *s);

#endif

/*
 * Inside common/kafka/ only: the record `_layout` of `settings`, which keeps the partition counts of the
 * first start (design.md section 2). Pure.
 */
#ifndef COMMON_KAFKA_LAYOUT_H
#define COMMON_KAFKA_LAYOUT_H

#include "common/attr.h"
#include "common/err.h"
#include "common/kafka/topics.h"
#include "common/str.h"

#define LAYOUT_KEY "_layout"

/* {"partitions":{"events":12,...},"v":1}; the caller's (free()). */
char *layout_text(const struct kafka_layout *real) MUST_CHECK;
/* ERR_CONFIG with the remedy if a stored count differs from the real one, or the text is none of ours. Topics that
 * `stored` does not name are new and fit. */
enum err layout_check(struct str stored, const struct kafka_layout *real,
                      struct error *e) MUST_CHECK;
/* The stored counts, 0 for topics that `stored` does not name. ERR_CONFIG: the text is none of ours. */
enum err layout_read(struct str stored, struct kafka_layout *out, struct error *e) MUST_CHECK;
/* ERR_CONFIG unless jobs.now, jobs, jobs.bulk and facts have the same count. */
enum err layout_check_together(const struct kafka_layout *real, struct error *e) MUST_CHECK;

#endif

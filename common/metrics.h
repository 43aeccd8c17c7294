/*
 * Counters, gauges and histograms in Prometheus' text form (design.md 6.6). Values are atomic: any
 * thread may change and read them; families and series are made on the thread that starts the
 * program or owns the loop, under one lock with the writer of the text.
 */
#ifndef COMMON_METRICS_H
#define COMMON_METRICS_H

#include <stdint.h>

#include "common/buf.h"

enum metrics_type {
    METRICS_COUNTER,
    METRICS_GAUGE,
    METRICS_HISTOGRAM
};

struct metrics;        /* a registry */
struct metrics_family; /* a name */
struct metrics_series; /* a name with label values */

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* name without the prefix "mangoplan_"; labels: label names, NULL-terminated (may be NULL; at most 8);
 * the texts and the buckets are kept by pointer. buckets: upper bounds in seconds, ends with 0; NULL = 5 ms .. 60 s. The same
 * name again gives the same. The product's own names: common/product_metrics.h. */
struct metrics_family *metrics_define(struct metrics *m, enum metrics_type type, const char *name,
                                      const char *help, const char *const *labels,
                                      const double *buckets);
/* The series with these label values (const char *, as many as labels or more; copied, cut at
 * LIMIT_LABEL_VALUE), made at first use. At most LIMIT_METRIC_SERIES a family; then the one with all
 * values "other". Keep the result where it is used often. */
struct metrics_series *metrics_get(struct metrics_family *f, ...);
void metrics_add(struct metrics_series *s, double n);
void metrics_set(struct metrics_series *s, double value);
void metrics_observe(struct metrics_series *s, double seconds); /* histograms only */
double metrics_value(const struct metrics_series *s); /* counter, gauge; histogram: count */
/* Adds the exposition format 0.0.4: every family's HELP and TYPE, then its series. */
void metrics_write(struct metrics *m, struct buf *out);

#endif

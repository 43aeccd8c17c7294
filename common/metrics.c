/*
 * The registry of counters, gauges and histograms and its text form. It must not know what is
 * counted. Any thread: values are atomic, lists are behind one lock, nothing is freed before the end.
 */
#include "common/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <uthash.h>

#include "common/mem.h"
#include "common/text.h"

#define PREFIX "mangoplan_"
#define LABELS_MAX 8

struct metrics_series {
    struct metrics_family *family;
    char *labels; /* `a="x",b="y"`, escaped; "" if none; the key */
    UT_hash_handle hh;
    _Atomic double value;       /* counter, gauge; histogram: the sum */
    _Atomic uint64_t buckets[]; /* histogram: observations up to each bound, then those over all */
};

struct metrics_family {
    struct metrics *registry;
    struct metrics_family *next;
    enum metrics_type type;
    const char *name, *help;
    const char *labels[LABELS_MAX];
    size_t nlabels;
    const double *bounds;
    size_t nbounds;
    struct metrics_series *series; /* hash, in order of making */
};

struct metrics {
    pthread_mutex_t lock; /* lists and hashes */
    struct metrics_family *first, **last;
};

static const double default_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                        2.5,   5,    10,    15,   30,  60,   0};

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_alloc(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->last = &m->first;
    return m;
}

static void free_family(struct metrics_family *f)
{
    struct metrics_series *s, *next;
    HASH_ITER(hh, f->series, s, next) {
        HASH_DEL(f->series, s);
        free(s->labels);
        free(s);
    }
    free(f);
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (struct metrics_family *f = m->first, *next; f; f = next) {
        next = f->next;
        free_family(f);
    }
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* ---- families ---- */

static struct metrics_family *family_new(struct metrics *m, enum metrics_type type,
                                         const char *name, const char *help,
                                         const char *const *labels, const double *bounds)
{
    struct metrics_family *f = mem_alloc(1, sizeof *f);
    f->registry = m;
    f->type = type;
    f->name = name;
    f->help = help;
    for (; labels && *labels && f->nlabels < LABELS_MAX; labels++)
        f->labels[f->nlabels++] = *labels;
    f->bounds = bounds ? bounds : default_bounds;
    while (type == METRICS_HISTOGRAM && f->bounds[f->nbounds] > 0)
        f->nbounds++;
    *m->last = f;
    m->last = &f->next;
    return f;
}

struct metrics_family *metrics_define(struct metrics *m, enum metrics_type type, const char *name,
                                      const char *help, const char *const *labels,
                                      const double *buckets)
{
    pthread_mutex_lock(&m->lock);
    struct metrics_family *f = m->first;
    while (f && strcmp(f->name, name) != 0)
        f = f->next;
    if (!f)
        f = family_new(m, type, name, help, labels, buckets);
    pthread_mutex_unlock(&m->lock);
    return f;
}

/* ---- series ---- */

/* What is not UTF-8 loses its bytes over 127: the format knows no other encoding. */
static void add_escaped(struct buf *out, struct str value)
{
    bool utf8 = text_is_utf8(value);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\\' || c == '"')
            buf_add_char(out, '\\');
        if (c == '\n')
            buf_add_str(out, STR("\\n"));
        else
            buf_add_char(out, utf8 || (unsigned char)c < 0x80 ? c : '?');
    }
}

/* values NULL: all are "other". The result is the caller's. */
static char *labels_text(const struct metrics_family *f, const char *const *values)
{
    struct buf out = BUF_INIT(LABELS_MAX * (2 * LIMIT_LABEL_VALUE + 128));
    buf_add_str(&out, STR(""));
    for (size_t i = 0; i < f->nlabels; i++) {
        if (i)
            buf_add_char(&out, ',');
        buf_add_str(&out, str_of(f->labels[i])); /* no format: it is asked for at every request */
        buf_add_str(&out, STR("=\""));
        add_escaped(&out, text_cut(str_of(values ? values[i] : "other"), LIMIT_LABEL_VALUE));
        buf_add_char(&out, '"');
    }
    char *text = buf_take(&out);
    return text ? text : mem_copy(STR_NONE);
}

/* Takes the text over. */
static struct metrics_series *series_of(struct metrics_family *f, char *labels)
{
    struct metrics_series *s;
    HASH_FIND_STR(f->series, labels, s);
    if (s) {
        free(labels);
        return s;
    }
    size_t buckets = f->type == METRICS_HISTOGRAM ? f->nbounds + 1 : 0;
    s = mem_alloc(1, sizeof *s + buckets * sizeof s->buckets[0]);
    s->family = f;
    s->labels = labels;
    HASH_ADD_KEYPTR(hh, f->series, s->labels, strlen(s->labels), s);
    return s;
}

static struct metrics_series *series_or_other(struct metrics_family *f, char *labels)
{
    struct metrics_series *s;
    HASH_FIND_STR(f->series, labels, s);
    if (!s && HASH_COUNT(f->series) >= LIMIT_METRIC_SERIES) {
        free(labels);
        labels = labels_text(f, NULL);
    }
    return series_of(f, labels);
}

struct metrics_series *metrics_get(struct metrics_family *f, ...)
{
    const char *values[LABELS_MAX];
    va_list args;
    va_start(args, f);
    for (size_t i = 0; i < f->nlabels; i++)
        values[i] = va_arg(args, const char *);
    va_end(args);
    char *labels = labels_text(f, values);
    pthread_mutex_lock(&f->registry->lock);
    struct metrics_series *s = series_or_other(f, labels);
    pthread_mutex_unlock(&f->registry->lock);
    return s;
}

/* ---- values ---- */

void metrics_add(struct metrics_series *s, double n)
{
    double old = atomic_load_explicit(&s->value, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&s->value, &old, old + n, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
}

void metrics_set(struct metrics_series *s, double value)
{
    atomic_store_explicit(&s->value, value, memory_order_relaxed);
}

void metrics_observe(struct metrics_series *s, double seconds)
{
    const struct metrics_family *f = s->family;
    size_t i = 0;
    while (i < f->nbounds && !(seconds <= f->bounds[i]))
        i++;
    atomic_fetch_add_explicit(&s->buckets[i], 1, memory_order_relaxed);
    metrics_add(s, seconds);
}

static uint64_t bucket(const struct metrics_series *s, size_t i)
{
    return atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
}

static double own_value(const struct metrics_series *s)
{
    return atomic_load_explicit(&s->value, memory_order_relaxed);
}

double metrics_value(const struct metrics_series *s)
{
    if (s->family->type != METRICS_HISTOGRAM)
        return own_value(s);
    uint64_t count = 0;
    for (size_t i = 0; i <= s->family->nbounds; i++)
        count += bucket(s, i);
    return (double)count;
}

/* ---- text ---- */

static void add_number(struct buf *out, double v)
{
    if (isnan(v))
        buf_add_str(out, STR("NaN"));
    else if (isinf(v))
        buf_add_str(out, v > 0 ? STR("+Inf") : STR("-Inf"));
    else
        buf_addf(out, "%.15g", v);
}

static void add_sample(struct buf *out, const struct metrics_series *s, const char *suffix,
                       double v)
{
    buf_addf(out, PREFIX "%s%s", s->family->name, suffix);
    if (*s->labels)
        buf_addf(out, "{%s}", s->labels);
    buf_add_char(out, ' ');
    add_number(out, v);
    buf_add_char(out, '\n');
}

static void add_bucket(struct buf *out, const struct metrics_series *s, double bound, uint64_t n)
{
    buf_addf(out, PREFIX "%s_bucket{%s%sle=\"", s->family->name, s->labels, *s->labels ? "," : "");
    add_number(out, bound);
    buf_addf(out, "\"} %llu\n", (unsigned long long)n);
}

/* The count is the sum of the buckets as read here, so that the two always agree. */
static void add_histogram(struct buf *out, const struct metrics_series *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= s->family->nbounds; i++) {
        n += bucket(s, i);
        add_bucket(out, s, i < s->family->nbounds ? s->family->bounds[i] : (double)INFINITY, n);
    }
    add_sample(out, s, "_sum", own_value(s));
    add_sample(out, s, "_count", (double)n);
}

static void add_help(struct buf *out, const char *help)
{
    for (; *help; help++) {
        if (*help == '\\' || *help == '\n')
            buf_add_str(out, *help == '\n' ? STR("\\n") : STR("\\\\"));
        else
            buf_add_char(out, *help);
    }
}

static void add_family(struct buf *out, const struct metrics_family *f)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    buf_addf(out, "# HELP " PREFIX "%s ", f->name);
    add_help(out, f->help);
    buf_addf(out, "\n# TYPE " PREFIX "%s %s\n", f->name, types[f->type]);
    for (const struct metrics_series *s = f->series; s; s = s->hh.next) {
        if (f->type == METRICS_HISTOGRAM)
            add_histogram(out, s);
        else
            add_sample(out, s, "", own_value(s));
    }
}

void metrics_write(struct metrics *m, struct buf *out)
{
    pthread_mutex_lock(&m->lock);
    for (const struct metrics_family *f = m->first; f; f = f->next)
        add_family(out, f);
    pthread_mutex_unlock(&m->lock);
}

/*
 * One scan, waited for. Knows nothing of what is read.
 */
#include "worker/tools/kit/sweep.h"

#include "common/limits.h"

struct sweep {
    const struct scan_options *options;
    bool done, cut;
    const char *what;
    struct error *e;
};

static void on_message(void *arg, const struct kafka_message *m)
{
    const struct sweep *s = arg;
    s->options->message(s->options->arg, m);
}

static void on_done(void *arg, const struct scan_result *r)
{
    struct sweep *s = arg;
    s->done = true;
    s->cut = r->cut;
    if (r->why)
        (void)error_set(s->e, ERR_TEMPORARY, "%s: %s", s->what, r->why);
}

enum err sweep_read(struct desk *d, const struct scan_options *o, const char *what, bool *cut,
                    struct error *e)
{
    struct sweep s = {.options = o, .what = what, .e = e};
    struct scan_options own = *o;
    own.message = on_message;
    own.done = on_done;
    own.arg = &s;
    struct scan *scan = scan_begin(desk_scanner(d), &own);
    if (!scan)
        return error_set(e, ERR_INTERNAL, "%s: too much is being read", what);
    enum err err = desk_turn_until(d, &s.done, 0, what, e);
    if (!s.done)
        scan_cancel(scan);
    if (cut)
        *cut = s.cut;
    return err ? err : e->kind;
}

enum err sweep_topic(struct desk *d, enum kafka_topic t,
                     void (*message)(void *arg, const struct kafka_message *m), void *arg,
                     const char *what, bool *cut, struct error *e)
{
    struct scan_place places[LIMIT_PARTITIONS];
    int32_t n = desk_layout(d)->partitions[t];
    for (int32_t i = 0; i < n && i < LIMIT_PARTITIONS; i++)
        places[i] = (struct scan_place){t, i, SCAN_BEGINNING, SCAN_END};
    const struct scan_options o = {
        .places = places, .n = (size_t)n, .message = message, .arg = arg};
    return sweep_read(d, &o, what, cut, e);
}

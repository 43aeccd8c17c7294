/*
 * One scan over the partitions of a list of calls.
 */
#include "common/reconcile/known_scan.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/murmur2.h"

/* Kafka's time of a message is some machine's: so much may its clock be behind MANGO's. */
#define BEHIND_MS INT64_C(3600000)

struct reconcile_known_scan {
    struct reconcile_known *known;
    struct scan *scan;
    void (*done)(void *arg, const char *why);
    void *arg;
};

static void on_message(void *arg, const struct kafka_message *m)
{
    struct reconcile_known_scan *s = arg;
    reconcile_known_take(s->known, m);
}

static void on_done(void *arg, const struct scan_result *r)
{
    struct reconcile_known_scan *s = arg;
    void (*done)(void *, const char *) = s->done;
    void *whose = s->arg;
    free(s);
    done(whose, r->why);
}

/* Each partition of the topic once that a call lies in. */
static size_t places_of(const struct reconcile_known *k, enum kafka_topic topic, int32_t count,
                        struct scan_place *out)
{
    bool there[LIMIT_PARTITIONS] = {false};
    struct str account = reconcile_known_account(k);
    size_t n = 0;
    for (size_t i = 0; i < reconcile_known_count(k); i++) {
        struct reconcile_known_call c;
        reconcile_known_at(k, i, &c);
        char *key CLEANUP(mem_free_text) =
            mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(c.entry_id));
        there[murmur2_partition(str_of(key), count)] = true;
    }
    for (int32_t i = 0; i < count; i++)
        if (there[i])
            out[n++] = (struct scan_place){topic, i, SCAN_BEGINNING, SCAN_END};
    return n;
}

struct reconcile_known_scan *reconcile_known_scan_begin(struct scanner *scanner,
                                                        const struct kafka_layout *layout,
                                                        struct reconcile_known *k, bool outcomes,
                                                        void (*done)(void *arg, const char *why),
                                                        void *arg)
{
    struct scan_place places[2 * LIMIT_PARTITIONS];
    size_t n = places_of(k, KAFKA_EVENTS, layout->partitions[KAFKA_EVENTS], places);
    if (outcomes)
        n += places_of(k, KAFKA_OUTCOMES, layout->partitions[KAFKA_OUTCOMES], &places[n]);
    struct reconcile_known_scan *s = mem_alloc(1, sizeof *s);
    *s = (struct reconcile_known_scan){.known = k, .done = done, .arg = arg};
    int64_t since = reconcile_known_since(k) * 1000 - BEHIND_MS;
    /* However much it is: none of it is kept, and a month of a large installation is more than the usual ceilings. */
    const struct scan_options o = {.places = places,
                                   .n = n,
                                   .from_ms = since > 0 ? since : 0,
                                   .max_messages = INT64_MAX,
                                   .max_bytes = INT64_MAX,
                                   .message = on_message,
                                   .done = on_done,
                                   .arg = s};
    s->scan = scan_begin(scanner, &o);
    if (s->scan)
        return s;
    free(s);
    return NULL;
}

void reconcile_known_scan_end(struct reconcile_known_scan *s)
{
    if (!s)
        return;
    scan_cancel(s->scan);
    free(s);
}

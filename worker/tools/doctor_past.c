/*
 * Reads a day of three topics. Knows nothing of what is found in it.
 */
#include "worker/tools/doctor_past.h"

#include "common/clock.h"
#include "common/limits.h"
#include "worker/tools/kit/sweep.h"

struct past {
    struct evidence *evidence;
    struct strays *strays;
    int64_t now;
};

/* Where Kafka cannot find a time, older ones come too. */
static void take(void *arg, const struct kafka_message *m)
{
    const struct past *p = arg;
    if (m->timestamp < p->now - EVIDENCE_HOURS * INT64_C(3600000))
        return;
    if (m->topic == KAFKA_EVENTS)
        strays_take(p->strays, m);
    else
        evidence_take(p->evidence, m, p->now);
}

enum err doctor_past_read(struct desk *d, struct evidence **evidence, struct strays **strays,
                          struct error *e)
{
    static const enum kafka_topic topics[] = {KAFKA_OUTCOMES, KAFKA_EVENTS, KAFKA_DEAD};
    struct scan_place places[3 * LIMIT_PARTITIONS];
    struct past past = {evidence_new(), strays_new(), clock_wall_ms()};
    size_t n = 0;
    for (size_t t = 0; t < sizeof topics / sizeof *topics; t++)
        for (int32_t i = 0; i < desk_layout(d)->partitions[topics[t]] && i < LIMIT_PARTITIONS; i++)
            places[n++] = (struct scan_place){topics[t], i, SCAN_BEGINNING, SCAN_END};
    const struct scan_options o = {.places = places,
                                   .n = n,
                                   .from_ms = past.now - EVIDENCE_HOURS * INT64_C(3600000),
                                   .message = take,
                                   .arg = &past};
    *evidence = past.evidence;
    *strays = past.strays;
    return n ? sweep_read(d, &o, "reading the last day", NULL, e) : ERR_OK;
}

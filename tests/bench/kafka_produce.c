/*
 * What the producer can do by itself: N senders, each with one record under way, as webhooks that wait for
 * Kafka. Prints rate, latency and CPU of this process per record, with and without gathering.
 *     build/tests/bench/kafka_produce BROKERS [SECONDS [KAFKA_PROPERTIES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"

enum {
    BYTES = 600,
    SAMPLES = 4000000
};

struct bench {
    struct producer *producer;
    int32_t partitions, turn;
    char value[BYTES];
    int64_t end;
    int *latency; /* us */
    size_t n, failed, busy;
};

struct sender {
    struct bench *bench;
    int64_t since;
};

static void on_report(void *arg, const struct producer_report *r);

static void send_next(struct sender *s)
{
    static const struct kafka_header headers[] = {
        {"kind", {"call", 4}},
        {"origin", {"live", 4}},
        {"account", {"acme", 4}},
        {"received-at", {"2026-11-22T15:11:00.123Z", 24}},
    };
    struct bench *b = s->bench;
    struct error e = ERROR_NONE;
    struct producer_record r = {.topic = KAFKA_EVENTS,
                                .partition = b->turn++ % b->partitions,
                                .key = STR("acme/MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="),
                                .value = {b->value, sizeof(b->value)},
                                .headers = headers,
                                .nheaders = 4,
                                .done = on_report,
                                .arg = s};
    s->since = clock_mono_us();
    if (producer_send(b->producer, &r, &e) == ERR_OK)
        b->busy++;
    else
        b->failed++;
}

static void on_report(void *arg, const struct producer_report *r)
{
    struct sender *s = arg;
    struct bench *b = s->bench;
    int64_t now = clock_mono_us();
    b->busy--;
    b->failed += !r->delivered;
    if (b->n < SAMPLES)
        b->latency[b->n++] = (int)(now - s->since);
    if (now < b->end)
        send_next(s);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void run(struct loop *l, struct bench *b, int senders, bool gather, int64_t seconds)
{
    struct error e = ERROR_NONE;
    struct sender *s = mem_alloc((size_t)senders, sizeof(*s));
    producer_gather(b->producer, gather);
    b->n = b->failed = 0;
    double cpu = cpu_us();
    int64_t start = clock_mono_us();
    b->end = start + seconds * 1000000;
    for (int i = 0; i < senders; i++) {
        s[i].bench = b;
        send_next(&s[i]);
    }
    while (b->busy > 0 && loop_turn(l, 1000, &e) == ERR_OK)
        ;
    double took = (double)(clock_mono_us() - start) / 1e6;
    cpu = cpu_us() - cpu;
    qsort(b->latency, b->n, sizeof(int), compare);
    size_t half = b->n / 2, most = b->n * 99 / 100;
    if (b->n > 0)
        printf("%5d %-7s %9.0f/s  p50 %6.3f  p99 %7.3f ms  cpu %5.1f us  failed %zu\n", senders,
               gather ? "gather" : "direct", (double)b->n / took, (double)b->latency[half] / 1000,
               (double)b->latency[most] / 1000, cpu / (double)b->n, b->failed);
    free(s);
}

int main(int argc, char **argv)
{
    static const int counts[] = {1, 8, 16, 64, 200};
    static char none[] = "", prefix[] = "mangoplan.";
    struct error e = ERROR_NONE;
    struct kafka_layout layout;
    struct loop *l;
    struct bench b = {.latency = mem_alloc(SAMPLES, sizeof(int))};
    int64_t seconds = 2;
    if (argc < 2 || (argc > 2 && !num_parse(str_of(argv[2]), 1, 600, &seconds))) {
        fputs("usage: kafka_produce BROKERS [SECONDS [KAFKA_PROPERTIES]]\n", stderr);
        return 2;
    }
    struct config c = {.kafka_brokers = argv[1],
                       .kafka_properties = argc > 3 ? argv[3] : none,
                       .topic_prefix = prefix,
                       .topic_partitions = 12,
                       .topic_replication = -1,
                       .topic_retention_days = 90};
    memset(b.value, 'x', sizeof(b.value));
    if (log_start("warn", "tool", &e) || kafka_topics_ensure(&c, 20000, &layout, &e) ||
        loop_new(&l, &e) || producer_new(l, &c, &layout, 5000, &b.producer, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 4;
    }
    b.partitions = layout.partitions[KAFKA_EVENTS];
    while (!producer_is_warm(b.producer) && loop_turn(l, 100, &e) == ERR_OK)
        ;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        for (int gather = 0; gather < 2; gather++)
            run(l, &b, counts[i], gather, seconds);
    producer_free(b.producer, 1000);
    loop_free(l);
    free(b.latency);
    return 0;
}

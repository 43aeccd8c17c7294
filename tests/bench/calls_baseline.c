/*
 * The floor that bench-calls compares with: librdkafka's consumer and jansson, nothing else. Reads all of
 * a topic, parses every value, throws it away. No code of ours, so that what it costs is theirs.
 *     build/tests/bench/calls_baseline BROKERS TOPIC
 * Prints {"events":N,"us":wall time from the first message to the last,"cpu_us":of the process meanwhile}.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <jansson.h>
#include <librdkafka/rdkafka.h>

enum {
    TIMEOUT_MS = 20000,
    PARTITIONS = 1024
};

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static rd_kafka_t *client_new(const char *brokers)
{
    static const char *const properties[][2] = {
        {"group.id", "calls-baseline"},   {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"}, {"auto.offset.reset", "earliest"},
        {"socket.nagle.disable", "true"},
    };
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        (void)rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof text);
    return rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
}

/* Every partition from its beginning; how many there are. */
static int assign_all(rd_kafka_t *rk, const char *name)
{
    const struct rd_kafka_metadata *md;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    if (rd_kafka_metadata(rk, 0, topic, &md, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (int i = 0; i < md->topics[0].partition_cnt; i++)
            rd_kafka_topic_partition_list_add(list, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_metadata_destroy(md);
    }
    int n = list->cnt;
    (void)rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
    return n;
}

int main(int argc, char **argv)
{
    double cpu = 0, from = 0, to = 0;
    long events = 0, wrong = 0;
    rd_kafka_t *rk = argc == 3 ? client_new(argv[1]) : NULL;
    if (!rk) {
        fputs("usage: calls_baseline BROKERS TOPIC\n", stderr);
        return 2;
    }
    for (int left = assign_all(rk, argv[2]); left > 0;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        if (!m)
            return 4;
        if (from <= 0 && !m->err) {
            from = now_us();
            cpu = cpu_us();
        }
        left -= m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!m->err) {
            json_error_t why;
            json_t *value = json_loadb(m->payload, m->len, 0, &why);
            wrong += !value;
            json_decref(value);
            events++;
            to = now_us();
        }
        rd_kafka_message_destroy(m);
    }
    printf("{\"events\":%ld,\"us\":%.0f,\"cpu_us\":%.0f}\n", events, to - from, cpu_us() - cpu);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return wrong ? 1 : 0;
}

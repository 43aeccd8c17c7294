/*
 * The floor that bench-crm compares with: librdkafka's consumer and libcurl, nothing else. Posts every
 * value of a topic, at most so many at once, over connections and handles that are used again. No order, no facts, no
 * code of ours, so that what it costs is theirs.
 *     build/tests/bench/crm_baseline BROKERS TOPIC URL CONCURRENCY RECORDS
 * Prints {"n":N,"us":wall time from the first request to the last answer,"cpu_us":of the process meanwhile}.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <curl/curl.h>
#include <librdkafka/rdkafka.h>

#include "common/num.h"

enum {
    TIMEOUT_MS = 20000,
    AT_ONCE_MAX = 1024
};

struct slot {
    CURL *easy;
    rd_kafka_message_t *message; /* NULL: free */
};

struct floor {
    rd_kafka_t *rk;
    CURLM *multi;
    struct curl_slist *headers;
    struct slot slots[AT_ONCE_MAX];
    size_t nslots, busy;
    int64_t sent, done, wrong, records;
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

static size_t ignore(char *bytes, size_t size, size_t n, void *arg)
{
    (void)bytes, (void)arg;
    return size * n;
}

static rd_kafka_t *client_new(const char *brokers)
{
    static const char *const properties[][2] = {
        {"group.id", "crm-baseline"},
        {"enable.auto.commit", "false"},
        {"auto.offset.reset", "earliest"},
        {"socket.nagle.disable", "true"},
    };
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        (void)rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof text);
    return rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
}

static void assign_all(rd_kafka_t *rk, const char *name)
{
    const struct rd_kafka_metadata *md;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    if (rd_kafka_metadata(rk, 0, topic, &md, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (int i = 0; i < md->topics[0].partition_cnt; i++)
            rd_kafka_topic_partition_list_add(list, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_metadata_destroy(md);
    }
    (void)rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
}

static void make_slots(struct floor *f, const char *url, size_t n)
{
    f->headers = curl_slist_append(NULL, "Content-Type: application/json");
    f->headers = curl_slist_append(f->headers, "Expect:");
    for (f->nslots = 0; f->nslots < n; f->nslots++) {
        CURL *c = f->slots[f->nslots].easy = curl_easy_init();
        (void)curl_easy_setopt(c, CURLOPT_URL, url);
        (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->headers);
        (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
        (void)curl_easy_setopt(c, CURLOPT_PRIVATE, &f->slots[f->nslots]);
    }
}

static bool begin_one(struct floor *f)
{
    struct slot *s = f->slots;
    rd_kafka_message_t *m = rd_kafka_consumer_poll(f->rk, f->sent ? 0 : TIMEOUT_MS);
    if (!m || m->err) {
        if (m)
            rd_kafka_message_destroy(m);
        return false;
    }
    while (s->message)
        s++;
    s->message = m;
    (void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)m->len);
    (void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, m->payload);
    (void)curl_multi_add_handle(f->multi, s->easy);
    f->sent++;
    f->busy++;
    return true;
}

static void take_ended(struct floor *f)
{
    int left;
    for (CURLMsg *m = curl_multi_info_read(f->multi, &left); m;
         m = curl_multi_info_read(f->multi, &left)) {
        struct slot *s = NULL;
        long status = 0;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&s);
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        f->wrong += m->data.result != CURLE_OK || status != 200;
        (void)curl_multi_remove_handle(f->multi, m->easy_handle);
        rd_kafka_message_destroy(s->message);
        s->message = NULL;
        f->busy--;
        f->done++;
    }
}

static void work(struct floor *f)
{
    while (f->done < f->records) {
        int running;
        while (f->busy < f->nslots && f->sent < f->records && begin_one(f))
            ;
        (void)curl_multi_perform(f->multi, &running);
        take_ended(f);
        if (f->busy == f->nslots || f->sent == f->records)
            (void)curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
        else if (f->busy)
            (void)curl_multi_poll(f->multi, NULL, 0, 1, NULL);
    }
}

int main(int argc, char **argv)
{
    static struct floor f;
    int64_t at_once;
    if (argc != 6 || !num_parse(str_of(argv[4]), 1, AT_ONCE_MAX, &at_once) ||
        !num_parse(str_of(argv[5]), 1, 10000000, &f.records)) {
        fputs("usage: crm_baseline BROKERS TOPIC URL CONCURRENCY RECORDS\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    f.multi = curl_multi_init();
    (void)curl_multi_setopt(f.multi, CURLMOPT_MAXCONNECTS, at_once);
    f.rk = client_new(argv[1]);
    make_slots(&f, argv[3], (size_t)at_once);
    assign_all(f.rk, argv[2]);
    if (!begin_one(&f)) {
        fputs("crm_baseline: nothing to read\n", stderr);
        return 4;
    }
    double from = now_us(), cpu = cpu_us();
    work(&f);
    printf("{\"n\":%lld,\"us\":%.0f,\"cpu_us\":%.0f}\n", (long long)f.done, now_us() - from,
           cpu_us() - cpu);
    return f.wrong ? 1 : 0;
}

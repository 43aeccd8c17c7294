/*
 * Writes jobs into the topics as worker calls does, as fast as Kafka takes them.
 *     build/tests/chaos/pour BROKERS PREFIX PARTITIONS
 * A line of standard input is a record: topic, kind, origin, received-at, key and value, with tabs
 * between; the partition follows from the key. After an empty line, and in the end, all that was read is
 * in Kafka and a line with the number of records so far is printed. The topics are made if they are missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/num.h"

enum {
    FIELDS = 6,
    WAITING = 20000, /* records under way */
};

struct pour {
    struct loop *loop;
    struct producer *producer;
    size_t sent, failed;
};

static void on_report(void *arg, const struct producer_report *r)
{
    struct pour *p = arg;
    p->failed += !r->delivered;
}

static bool find_topic(const char *name, enum kafka_topic *out)
{
    for (int t = 0; t < KAFKA_TOPICS; t++)
        if (strcmp(kafka_topic_name((enum kafka_topic)t), name) == 0) {
            *out = (enum kafka_topic)t;
            return true;
        }
    return false;
}

/* Cuts the line at its tabs. */
static bool split(char *line, char *field[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        field[i] = line;
        line = strchr(line, i + 1 < FIELDS ? '\t' : '\n');
        if (!line)
            return false;
        *line++ = '\0';
    }
    return true;
}

static bool send(struct pour *p, char *line)
{
    struct error e = ERROR_NONE;
    enum kafka_topic topic;
    char *field[FIELDS];
    if (!split(line, field) || !find_topic(field[0], &topic)) {
        fprintf(stderr, "not a record: %s\n", line);
        return false;
    }
    struct str key = str_of(field[4]);
    struct str account = {key.ptr, strcspn(key.ptr, "/")};
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(field[1])},
                                           {EVENT_ORIGIN, str_of(field[2])},
                                           {EVENT_ACCOUNT, account},
                                           {EVENT_RECEIVED_AT, str_of(field[3])}};
    struct producer_record r = {.topic = topic,
                                .partition = producer_partition(p->producer, topic, key),
                                .key = key,
                                .value = str_of(field[5]),
                                .headers = headers,
                                .nheaders = sizeof headers / sizeof *headers,
                                .done = on_report,
                                .arg = p};
    if (producer_send(p->producer, &r, &e) == ERR_OK) {
        p->sent++;
        return true;
    }
    fprintf(stderr, "%s\n", e.text);
    return false;
}

/* Until at most so many records have no report. */
static bool wait(struct pour *p, size_t most)
{
    struct error e = ERROR_NONE;
    while (producer_waiting(p->producer) > most)
        if (loop_turn(p->loop, 100, &e) != ERR_OK)
            return false;
    return p->failed == 0;
}

static bool pour_all(struct pour *p, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    struct error e = ERROR_NONE;
    while (ok && getline(&line, &size, in) > 0) {
        if (strcmp(line, "\n") == 0) {
            ok = wait(p, 0);
            printf("%zu\n", p->sent);
            fflush(stdout);
            continue;
        }
        ok = send(p, line) && wait(p, WAITING) &&
             (p->sent % 64 != 0 || loop_turn(p->loop, 0, &e) == ERR_OK);
    }
    free(line);
    return ok && wait(p, 0);
}

int main(int argc, char **argv)
{
    struct error e = ERROR_NONE;
    struct kafka_layout layout;
    struct pour p = {0};
    int64_t partitions;
    static char none[] = "";
    if (argc != 4 || !num_parse(str_of(argv[3]), 1, 1000, &partitions)) {
        fputs("usage: pour BROKERS PREFIX PARTITIONS\n", stderr);
        return 2;
    }
    struct config c = {.kafka_brokers = argv[1],
                       .kafka_properties = none,
                       .topic_prefix = argv[2],
                       .topic_partitions = partitions,
                       .topic_replication = -1,
                       .topic_retention_days = 90};
    if (log_start("warn", "tool", &e) || kafka_topics_ensure(&c, 20000, &layout, &e) ||
        loop_new(&p.loop, &e) || producer_new(p.loop, &c, &layout, 60000, &p.producer, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 4;
    }
    producer_gather(p.producer, true);
    bool ok = pour_all(&p, stdin);
    producer_free(p.producer, 1000);
    loop_free(p.loop);
    printf("%zu\n", p.sent);
    return ok && p.failed == 0 ? 0 : 1;
}

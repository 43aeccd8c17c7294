/*
 * Writes jobs into `jobs` as worker calls does: of clients nobody knows yet, or of calls to be saved, the
 * accounts in turns, every number and every call but once.
 *     build/tests/bench/crm_load BROKERS PREFIX ACCOUNTS JOBS client|call [PER_SECOND]
 * Accounts bench0, bench1 ...; numbers from 79000000000. The topics are made if they are missing.
 * Prints {"jobs":N,"bytes":N}, bytes of values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/event.h"
#include "common/job.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

enum {
    WAITING = 20000, /* records under way */
    JOBS_MAX = 2000000,
};

struct load {
    struct loop *loop;
    struct producer *producer;
    int64_t accounts, at, rate; /* rate: jobs a second, 0 = as fast as can be */
    bool calls;
    size_t bytes, failed;
};

static void put_client(struct jval *data, const char *number)
{
    char *name = mem_format("Клиент +%s", number);
    jval_put_text(data, "name", str_of(name));
    jval_put_text(data, "phone", str_of(number));
    jval_put_text(data, "responsible", STR("1000005"));
    jval_put_text(data, "employee", STR("Петров Пётр"));
    jval_put_text(data, "extension", STR("101"));
    jval_put_text(data, "direction", STR("in"));
    jval_put_text(data, "line", STR("74951234567"));
    jval_put_bool(data, "tracking", false);
    free(name);
}

static void put_call(struct jval *data, const char *number, int64_t at)
{
    jval_put_text(data, "type", STR("in"));
    jval_put_text(data, "direction", STR("in"));
    jval_put_text(data, "from", str_of(number));
    jval_put_text(data, "line", STR("74951234567"));
    jval_put_text(data, "employee", STR("1000005"));
    jval_put_int(data, "started_at", at / 1000 - 95);
    jval_put_int(data, "ended_at", at / 1000 - 5);
    jval_put_int(data, "talk_seconds", 80);
    jval_put_bool(data, "saved", true);
    jval_put_text(data, "closed_by", STR("summary"));
}

static void on_report(void *arg, const struct producer_report *r)
{
    struct load *l = arg;
    l->failed += !r->delivered;
}

static void produce(struct load *l, const struct job *job)
{
    char *key = job_key(job), *value = job_encode(job);
    char received[TEXT_TIME_SIZE];
    struct error e = ERROR_NONE;
    text_time(job->received_at, received);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(job_kind_name(job->kind))},
                                           {EVENT_ORIGIN, str_of(job->origin)},
                                           {EVENT_ACCOUNT, str_of(job->account)},
                                           {EVENT_RECEIVED_AT, str_of(received)}};
    struct producer_record r = {.topic = KAFKA_JOBS,
                                .partition =
                                    producer_partition(l->producer, KAFKA_JOBS, str_of(key)),
                                .key = str_of(key),
                                .value = str_of(value),
                                .headers = headers,
                                .nheaders = sizeof headers / sizeof *headers,
                                .done = on_report,
                                .arg = l};
    if (producer_send(l->producer, &r, &e) != ERR_OK)
        l->failed++;
    l->bytes += r.value.len;
    free(key);
    free(value);
}

/* Entry ids have 32 characters, as MANGO's; their end tells them apart. */
static void send(struct load *l, int64_t i)
{
    char account[32], entry[64], number[32], id[96], offset[32], origin[] = EVENT_LIVE;
    char rule[] = "G3", reason[] = "answered by 101";
    (void)snprintf(account, sizeof account, "bench%" PRId64, i % l->accounts);
    (void)snprintf(entry, sizeof entry, "%07" PRId64 "zMTIzNDU2Nzg5MDEyMzQ1Njc=", i);
    (void)snprintf(number, sizeof number, "7900%07" PRId64, i);
    (void)snprintf(id, sizeof id, "%s:%s", entry, l->calls ? "call:summary" : "client");
    (void)snprintf(offset, sizeof offset, "events/0/%" PRId64, i);
    struct job job = {.id = id,
                      .kind = l->calls ? JOB_CALL : JOB_CLIENT,
                      .account = account,
                      .entry_id = entry,
                      .number = number,
                      .rule = rule,
                      .reason = reason,
                      .event_at = l->at / 1000 - 5,
                      .received_at = l->at,
                      .origin = origin,
                      .offset = offset,
                      .verdict = l->calls ? JOB_TALKED_TO : JOB_VERDICT_NONE,
                      .data = jval_new_object()};
    if (l->calls)
        put_call(job.data, number, l->at);
    else
        put_client(job.data, number);
    produce(l, &job);
    jval_free(job.data);
}

/* Not before its time. */
static void pace(struct load *l, int64_t i, int64_t begun)
{
    struct error e = ERROR_NONE;
    int64_t ms = 1;
    while (l->rate && ms > 0 && loop_turn(l->loop, ms, &e) == ERR_OK)
        ms = begun + i * 1000 / l->rate - clock_mono_ms();
}

static void send_all(struct load *l, int64_t jobs)
{
    struct error e = ERROR_NONE;
    int64_t begun = clock_mono_ms();
    for (int64_t i = 0; i < jobs; i++) {
        if (i % 64 == 0)
            pace(l, i, begun);
        send(l, i);
        while (producer_waiting(l->producer) >= WAITING && loop_turn(l->loop, 100, &e) == ERR_OK)
            ;
        if (i % 64 == 0 && loop_turn(l->loop, 0, &e) != ERR_OK)
            return;
    }
    while (producer_waiting(l->producer) > 0 && loop_turn(l->loop, 100, &e) == ERR_OK)
        ;
}

int main(int argc, char **argv)
{
    struct error e = ERROR_NONE;
    struct kafka_layout layout;
    struct load l = {.at = clock_wall_ms()};
    int64_t jobs;
    static char none[] = "";
    if (argc < 6 || argc > 7 || !num_parse(str_of(argv[3]), 1, 1000, &l.accounts) ||
        !num_parse(str_of(argv[4]), 1, JOBS_MAX, &jobs) ||
        (argc == 7 && !num_parse(str_of(argv[6]), 1, JOBS_MAX, &l.rate)) ||
        (strcmp(argv[5], "client") != 0 && strcmp(argv[5], "call") != 0)) {
        fputs("usage: crm_load BROKERS PREFIX ACCOUNTS JOBS client|call [PER_SECOND]\n", stderr);
        return 2;
    }
    struct config c = {.kafka_brokers = argv[1],
                       .kafka_properties = none,
                       .topic_prefix = argv[2],
                       .topic_partitions = 12,
                       .topic_replication = -1,
                       .topic_retention_days = 90};
    l.calls = strcmp(argv[5], "call") == 0;
    if (log_start("warn", "tool", &e) || kafka_topics_ensure(&c, 20000, &layout, &e) ||
        loop_new(&l.loop, &e) || producer_new(l.loop, &c, &layout, 60000, &l.producer, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 4;
    }
    producer_gather(l.producer, true);
    send_all(&l, jobs);
    producer_free(l.producer, 1000);
    loop_free(l.loop);
    printf("{\"jobs\":%" PRId64 ",\"bytes\":%zu}\n", jobs - (int64_t)l.failed, l.bytes);
    return l.failed ? 1 : 0;
}

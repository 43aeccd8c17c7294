/*
 * Members of a group against a broker (devbroker; Apache Kafka where KAFKA=1): nothing lost, nothing twice
 * within an assignment, commits with metadata, taking over, joining anew, the statistics.
 * Takes minutes: sessions have to run out.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/kafka/consumer.h"
#include "tests/unit/kafka_env.h"
#include "tests/unit/unit.h"

enum {
    PARTS = 4,
    JOIN_MS = 40000
};

struct member {
    struct consumer *k;
    bool manual; /* the test starts partitions itself */
    bool hold;   /* holds the revoke */
    bool commit_at_revoke;
    int assigned, revoked, lost;
    size_t n;
    struct consumer_partition list[2 * PARTS];
    char metadata[2 * PARTS][64];
    int got[2 * PARTS];      /* messages by partition, over all assignments */
    int64_t next[2 * PARTS]; /* offset expected; -1 any */
    int wrong;               /* out of order, twice, or with a hole */
    int pause_every, seen;
    enum kafka_topic kept; /* read on while the revoke is held */
    bool paused[PARTS];
};

static void on_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct member *m = arg;
    m->assigned++;
    m->n = n;
    for (size_t i = 0; i < n; i++) {
        m->list[i] = list[i];
        snprintf(m->metadata[i], sizeof(m->metadata[i]), "%s", list[i].metadata);
        m->wrong += list[i].low < 0 || list[i].high < list[i].low;
        int64_t from = list[i].committed >= 0 ? list[i].committed : CONSUMER_BEGINNING;
        m->next[list[i].partition] = from >= 0 ? from : 0;
        if (!m->manual)
            ck_assert_int_eq(
                consumer_start(m->k, list[i].topic, list[i].partition, from, &kafka_env.e), ERR_OK);
    }
}

static void on_revoked(void *arg, const struct consumer_partition *list, size_t n, bool lost)
{
    struct member *m = arg;
    m->revoked++;
    m->lost += lost;
    for (size_t i = 0; m->commit_at_revoke && !lost && i < n; i++)
        consumer_commit(m->k, list[i].topic, list[i].partition, m->next[list[i].partition], "r");
    if (m->hold)
        consumer_hold_revoke(m->k, m->kept);
    m->n = 0;
}

static void on_message(void *arg, const struct kafka_message *msg)
{
    struct member *m = arg;
    m->wrong += msg->offset != m->next[msg->partition];
    m->next[msg->partition] = msg->offset + 1;
    m->got[msg->partition]++;
    m->wrong += !str_is(kafka_header_get(msg, "kind"), "call");
    if (m->pause_every && ++m->seen % m->pause_every == 0) {
        m->paused[msg->partition] = true;
        consumer_pause(m->k, msg->topic, msg->partition);
    }
}

static int total(const struct member *m)
{
    int n = 0;
    for (int i = 0; i < PARTS; i++)
        n += m->got[i];
    return n;
}

static const struct consumer_events events = {on_assigned, on_revoked, on_message};
static const enum kafka_topic only_events[] = {KAFKA_EVENTS};

static void join(struct member *m)
{
    struct consumer_options o = {"calls", only_events, 1, &events, m, false};
    ck_assert_msg(consumer_new(kafka_env.loop, &kafka_env.config, &o, &m->k, &kafka_env.e) ==
                      ERR_OK,
                  "%s", kafka_env.e.text);
}

/* n records to each partition of events. */
static void fill(int n)
{
    struct kafka_env_reports r = {0};
    struct producer *p = kafka_env_producer(10000);
    for (int i = 0; i < n * PARTS; i++)
        kafka_env_send(p, KAFKA_EVENTS, i % PARTS, "a/1", STR("{\"x\":1}"), &r);
    TURN_UNTIL(r.delivered == n * PARTS, 10000);
    producer_free(p, 1000);
}

START_TEST(reads_all_commits_and_resumes)
{
    struct member a = {.commit_at_revoke = true}, b = {.manual = true};
    fill(500);
    join(&a);
    ck_assert(!consumer_joined(a.k));
    TURN_UNTIL(a.assigned == 1, JOIN_MS);
    ck_assert(consumer_joined(a.k));
    ck_assert_uint_eq(a.n, PARTS);
    ck_assert_int_eq(a.list[0].committed, CONSUMER_NONE);
    ck_assert_int_eq(a.list[0].high, 500);
    TURN_UNTIL(total(&a) == 500 * PARTS, 10000);
    consumer_commit(a.k, KAFKA_EVENTS, 2, 100, "old");
    consumer_commit(a.k, KAFKA_EVENTS, 2, 123, "sent:7:2026 äöü");
    TURN_UNTIL(consumer_connected(a.k), 5000);
    a.commit_at_revoke = false;
    consumer_free(a.k, 5000);
    ck_assert_int_eq(a.revoked, 1);
    ck_assert_int_eq(a.lost, 0);
    ck_assert_int_eq(a.wrong, 0);

    int64_t start = clock_boot_ms();
    join(&b); /* the first left the group: no session has to run out */
    TURN_UNTIL(b.assigned == 1, JOIN_MS);
    ck_assert_int_lt(clock_boot_ms() - start, kafka_env.broker.devbroker ? 10000 : 3000);
    for (size_t i = 0; i < b.n; i++) {
        bool it = b.list[i].partition == 2;
        ck_assert_int_eq(b.list[i].committed, it ? 123 : CONSUMER_NONE);
        ck_assert_str_eq(b.metadata[i], it ? "sent:7:2026 äöü" : "");
    }
    ck_assert_int_eq(consumer_start(b.k, KAFKA_EVENTS, 2, 123, &kafka_env.e), ERR_OK);
    TURN_UNTIL(b.got[2] == 500 - 123, 5000);
    ck_assert_int_eq(total(&b), 500 - 123); /* the others were not started */
    ck_assert_int_eq(b.wrong, 0);
    ck_assert_int_eq(consumer_start(b.k, KAFKA_JOBS, 2, 0, &kafka_env.e), ERR_INTERNAL);
    consumer_free(b.k, 5000);
}
END_TEST

/* The newest record of every partition was read, and each once; the devbroker refuses the commits of a
 * rebalance, so there what came since the last one comes again. */
static bool read_all(const struct member *a, const struct member *b, int n)
{
    for (int i = 0; i < PARTS; i++)
        if (a->next[i] != n && b->next[i] != n)
            return false;
    int sum = total(a) + total(b);
    ck_assert_int_ge(sum, n * PARTS);
    if (!kafka_env.broker.devbroker)
        ck_assert_int_eq(sum, n * PARTS);
    return true;
}

START_TEST(second_member_takes_half_exactly_once)
{
    struct member a = {.commit_at_revoke = true}, b = {.commit_at_revoke = true};
    fill(2000);
    join(&a);
    TURN_UNTIL(total(&a) > 1000, JOIN_MS);
    join(&b);
    TURN_UNTIL(b.assigned >= 1 && a.assigned >= 2, JOIN_MS);
    TURN_UNTIL(read_all(&a, &b, 2000), JOIN_MS);
    TURN_UNTIL(a.n == PARTS / 2 && b.n == PARTS / 2,
               JOIN_MS); /* a rebalance more may be under way */
    fill(100);
    TURN_UNTIL(read_all(&a, &b, 2100), JOIN_MS);
    consumer_free(a.k, 5000);
    TURN_UNTIL(b.n == PARTS, JOIN_MS);
    fill(100);
    TURN_UNTIL(read_all(&a, &b, 2200), JOIN_MS);
    ck_assert_int_eq(a.wrong + b.wrong, 0);
    ck_assert_int_eq(a.lost + b.lost, 0);
    consumer_free(b.k, 5000);
}
END_TEST

START_TEST(pause_and_resume_lose_nothing)
{
    struct member a = {.pause_every = 37};
    fill(1500);
    join(&a);
    TURN_UNTIL(a.assigned == 1, JOIN_MS);
    int64_t end = clock_boot_ms() + 30000;
    while (total(&a) < 1500 * PARTS && clock_boot_ms() < end) {
        ck_assert_int_eq(loop_turn(kafka_env.loop, 5, &kafka_env.e), ERR_OK);
        for (int i = 0; i < PARTS; i++)
            if (a.paused[i] && rand() % 3 == 0) {
                a.paused[i] = false;
                consumer_resume(a.k, KAFKA_EVENTS, i);
                consumer_resume(a.k, KAFKA_EVENTS, i); /* twice does no harm */
            }
    }
    ck_assert_int_eq(total(&a), 1500 * PARTS);
    ck_assert_int_eq(a.wrong, 0);
    consumer_free(a.k, 5000);
}
END_TEST

START_TEST(rejoin_gives_all_up_and_comes_back)
{
    struct member a = {.commit_at_revoke = true};
    fill(10);
    join(&a);
    TURN_UNTIL(total(&a) == 10 * PARTS, JOIN_MS);
    consumer_commit(a.k, KAFKA_EVENTS, 1, 7, "not to be sent");
    consumer_rejoin(a.k);
    consumer_rejoin(a.k);
    ck_assert_int_eq(a.lost, 1);
    ck_assert(!consumer_joined(a.k));
    consumer_commit(a.k, KAFKA_EVENTS, 1, 8, "nor this");
    TURN_UNTIL(a.assigned == 2, JOIN_MS);
    ck_assert_int_eq(a.revoked, 1);
    for (size_t i = 0; i < a.n; i++)
        ck_assert_int_eq(a.list[i].committed, CONSUMER_NONE);
    TURN_UNTIL(total(&a) == 20 * PARTS, 10000);
    ck_assert_int_eq(a.wrong, 0);
    for (int i = 3; i < 6; i++) { /* and again */
        consumer_rejoin(a.k);
        TURN_UNTIL(a.assigned == i, JOIN_MS);
    }
    ck_assert_int_eq(consumer_rebalances(a.k), 5);
    consumer_free(a.k, 5000);
}
END_TEST

/* All partitions are owned; the member that has none, else -1. */
static int idle_of(const struct member *all)
{
    int idle = -1;
    size_t owned = 0;
    for (int i = 0; i <= PARTS; i++) {
        if (!consumer_joined(all[i].k) || all[i].assigned == 0)
            return -1;
        owned += all[i].n;
        if (all[i].n == 0)
            idle = i;
    }
    return owned == PARTS ? idle : -1;
}

START_TEST(rejoin_without_a_partition)
{
    struct member all[PARTS + 1] = {0};
    fill(1);
    for (int i = 0; i <= PARTS; i++)
        join(&all[i]);
    TURN_UNTIL(idle_of(all) >= 0, JOIN_MS);
    struct member *idle = &all[idle_of(all)];
    int before = idle->assigned;
    consumer_rejoin(idle->k);
    ck_assert(!consumer_joined(idle->k));
    TURN_UNTIL(idle->assigned > before, JOIN_MS);
    for (int i = 0; i <= PARTS; i++)
        consumer_free(all[i].k, 5000);
}
END_TEST

START_TEST(revoke_waits_while_held)
{
    struct member a = {.hold = true, .kept = KAFKA_TOPICS}, b = {.manual = true};
    fill(10);
    join(&a);
    TURN_UNTIL(total(&a) == 10 * PARTS, JOIN_MS);
    join(&b);
    TURN_UNTIL(a.revoked == 1, JOIN_MS);
    ck_assert_int_eq(b.assigned, 0);
    fill(1); /* nobody's yet */
    int64_t until = clock_boot_ms() + 1500;
    TURN_UNTIL(clock_boot_ms() > until, 2000);
    ck_assert_int_eq(b.assigned, 0);
    ck_assert_int_eq(total(&a), 10 * PARTS);
    for (int i = 0; i < PARTS; i++)
        consumer_commit(a.k, KAFKA_EVENTS, i, 9, "late");
    a.hold = false;
    consumer_release_revoke(a.k);
    TURN_UNTIL(a.assigned >= 2 && b.assigned >= 1,
               JOIN_MS); /* a broker may ask to join once more */
    for (size_t i = 0; !kafka_env.broker.devbroker && i < b.n; i++) {
        ck_assert_int_eq(b.list[i].committed, 9);
        ck_assert_str_eq(b.metadata[i], "late");
    }
    consumer_free(a.k, 5000);
    consumer_free(b.k, 5000);
}
END_TEST

START_TEST(a_topic_is_read_on_while_a_revoke_is_held)
{
    struct member a = {.hold = true, .kept = KAFKA_EVENTS}, b = {.manual = true};
    fill(10);
    join(&a);
    TURN_UNTIL(total(&a) == 10 * PARTS, JOIN_MS);
    join(&b);
    TURN_UNTIL(a.revoked == 1, JOIN_MS);
    fill(5);
    TURN_UNTIL(total(&a) == 15 * PARTS, 3000);
    ck_assert_int_eq(a.wrong, 0);
    ck_assert_int_eq(b.assigned, 0);
    a.hold = false;
    consumer_release_revoke(a.k);
    TURN_UNTIL(a.assigned >= 2 && b.assigned >= 1, JOIN_MS);
    consumer_free(a.k, 5000);
    consumer_free(b.k, 5000);
}
END_TEST

START_TEST(offset_gone_is_the_beginning)
{
    struct member a = {.manual = true};
    fill(20);
    join(&a);
    TURN_UNTIL(a.assigned == 1, JOIN_MS);
    ck_assert_int_eq(consumer_start(a.k, KAFKA_EVENTS, 1, 5000, &kafka_env.e), ERR_OK);
    TURN_UNTIL(a.got[1] == 20, 10000);
    ck_assert_int_eq(consumer_trimmed(a.k), 1);
    ck_assert_int_eq(consumer_start(a.k, KAFKA_EVENTS, 2, CONSUMER_END, &kafka_env.e), ERR_OK);
    TURN_UNTIL(consumer_at_end(a.k, KAFKA_EVENTS, 2), 5000);
    ck_assert_int_eq(a.got[2], 0);
    a.next[2] = 20;
    fill(1);
    TURN_UNTIL(a.got[2] == 1, 5000);
    ck_assert_int_eq(a.wrong, 0);
    consumer_free(a.k, 5000);
}
END_TEST

START_TEST(end_is_known_while_the_broker_is_heard)
{
    struct member a = {0};
    fill(20);
    join(&a);
    TURN_UNTIL(a.assigned == 1, JOIN_MS);
    for (int i = 0; i < PARTS; i++)
        TURN_UNTIL(consumer_at_end(a.k, KAFKA_EVENTS, i), 5000);
    ck_assert_int_eq(consumer_high(a.k, KAFKA_EVENTS, 3), 20);
    consumer_pause(a.k, KAFKA_EVENTS, 3);
    ck_assert(!consumer_at_end(a.k, KAFKA_EVENTS, 3));
    broker_freeze(&kafka_env.broker, true);
    int64_t start = clock_boot_ms();
    TURN_UNTIL(!consumer_at_end(a.k, KAFKA_EVENTS, 0), 8000);
    ck_assert_int_gt(clock_boot_ms() - start, 3000);
    ck_assert_int_lt(clock_boot_ms() - start, 6500);
    broker_freeze(&kafka_env.broker, false);
    TURN_UNTIL(consumer_at_end(a.k, KAFKA_EVENTS, 0), 20000);
    consumer_free(a.k, 5000);
}
END_TEST

/* A member in a process of its own that commits what it read and never leaves. */
static pid_t child_member(void)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct member a = {0};
        loop_free(kafka_env.loop);
        if (loop_new(&kafka_env.loop, &kafka_env.e) != ERR_OK)
            _exit(1);
        join(&a);
        TURN_UNTIL(total(&a) == 50 * PARTS, JOIN_MS);
        for (int i = 0; i < PARTS; i++)
            consumer_commit(a.k, KAFKA_EVENTS, i, 40, "try:40");
        TURN_UNTIL(false, 1000 * (write(ready[1], "x", 1) == 1 ? 60 : 0));
        _exit(1);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    usleep(500 * 1000); /* the commit's 100 ms and its way */
    return pid;
}

START_TEST(killed_member_is_taken_over)
{
    struct member b = {0};
    fill(50);
    pid_t pid = child_member();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int64_t start = clock_boot_ms();
    join(&b);
    TURN_UNTIL(b.assigned == 1 && b.n == PARTS, JOIN_MS);
    ck_assert_int_lt(clock_boot_ms() - start, 30000);
    for (size_t i = 0; i < b.n; i++) {
        ck_assert_int_eq(b.list[i].committed, 40);
        ck_assert_str_eq(b.metadata[i], "try:40");
    }
    TURN_UNTIL(total(&b) == 10 * PARTS, 10000);
    ck_assert_int_eq(b.wrong, 0);
    consumer_free(b.k, 5000);
}
END_TEST

/* A backlog that takes long to read: what rings and facts pass what was fetched, and what was not fetched because the
 * room ahead is full. */
struct backlog {
    struct consumer *k;
    int assigned, jobs, wrong;
    int64_t longest_us;
    int64_t sent_us[KAFKA_TOPICS], late_us[KAFKA_TOPICS]; /* 0: not there */
};

static void on_backlog_assigned(void *arg, const struct consumer_partition *list, size_t n)
{
    struct backlog *b = arg;
    b->assigned++;
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(consumer_start(b->k, list[i].topic, list[i].partition, CONSUMER_BEGINNING,
                                        &kafka_env.e),
                         ERR_OK);
}

static void on_backlog_revoked(void *arg, const struct consumer_partition *list, size_t n,
                               bool lost)
{
    (void)arg, (void)list, (void)n, (void)lost;
}

static void on_backlog_message(void *arg, const struct kafka_message *m)
{
    struct backlog *b = arg;
    if (m->topic == KAFKA_JOBS) {
        b->jobs++;
        for (int64_t until = clock_mono_us() + 500; clock_mono_us() < until;)
            continue;
        return;
    }
    b->wrong += b->late_us[m->topic] > 0;
    b->late_us[m->topic] = clock_mono_us() - b->sent_us[m->topic];
}

START_TEST(what_rings_passes_a_backlog)
{
    static const struct consumer_events backlog_events = {on_backlog_assigned, on_backlog_revoked,
                                                          on_backlog_message};
    static const enum kafka_topic topics[] = {KAFKA_JOBS, KAFKA_JOBS_NOW, KAFKA_FACTS};
    enum {
        JOBS = 1200, /* of each partition; in all 15 MiB: more than is fetched ahead */
    };
    static char text[3200];
    struct kafka_env_reports r = {0};
    struct backlog b = {0};
    struct consumer_options o = {"calls", topics, 3, &backlog_events, &b, true};
    memset(text, 'x', sizeof text);
    struct producer *p = kafka_env_producer(10000);
    for (int i = 0; i < JOBS * PARTS; i++)
        kafka_env_send(p, KAFKA_JOBS, i % PARTS, "a/1", (struct str){text, sizeof text}, &r);
    TURN_UNTIL(r.delivered == JOBS * PARTS, 20000);
    ck_assert_int_eq(consumer_new(kafka_env.loop, &kafka_env.config, &o, &b.k, &kafka_env.e),
                     ERR_OK);
    TURN_UNTIL(b.jobs >= 200, JOIN_MS);
    for (int round = 0; round < 3; round++) {
        int before = b.jobs;
        for (int t = KAFKA_JOBS_NOW; t <= KAFKA_FACTS; t++) {
            if (t != KAFKA_JOBS_NOW && t != KAFKA_FACTS)
                continue;
            b.late_us[t] = 0;
            b.sent_us[t] = clock_mono_us();
            kafka_env_send(p, (enum kafka_topic)t, round, "a/1", STR("{}"), &r);
        }
        for (int64_t until = clock_boot_ms() + 10000;
             (!b.late_us[KAFKA_JOBS_NOW] || !b.late_us[KAFKA_FACTS]) && clock_boot_ms() < until;) {
            int64_t start = clock_mono_us();
            ck_assert_int_eq(loop_turn(kafka_env.loop, 0, &kafka_env.e), ERR_OK);
            b.longest_us =
                clock_mono_us() - start > b.longest_us ? clock_mono_us() - start : b.longest_us;
        }
        int jobs = b.jobs;
        printf("of jobs.now %.1f ms, of facts %.1f ms, after %d jobs\n",
               (double)b.late_us[KAFKA_JOBS_NOW] / 1e3, (double)b.late_us[KAFKA_FACTS] / 1e3,
               jobs - before);
        ck_assert_int_lt(jobs, JOBS * PARTS); /* there was a backlog all the time */
        ck_assert_int_gt(b.late_us[KAFKA_JOBS_NOW], 0);
        ck_assert_int_gt(b.late_us[KAFKA_FACTS], 0);
        ck_assert_int_lt(b.late_us[KAFKA_JOBS_NOW], 250000);
        ck_assert_int_lt(b.late_us[KAFKA_FACTS], 250000);
        TURN_UNTIL(b.jobs >= jobs + 300, 5000);
    }
    printf("longest turn %.1f ms\n", (double)b.longest_us / 1e3);
    ck_assert_int_eq(b.wrong, 0);
    consumer_free(b.k, 5000);
    producer_free(p, 1000);
}
END_TEST

int main(void)
{
    return KAFKA_ENV_RUN("kafka_consumer", reads_all_commits_and_resumes,
                         second_member_takes_half_exactly_once, pause_and_resume_lose_nothing,
                         rejoin_gives_all_up_and_comes_back, rejoin_without_a_partition,
                         revoke_waits_while_held, a_topic_is_read_on_while_a_revoke_is_held,
                         offset_gone_is_the_beginning, end_is_known_while_the_broker_is_heard,
                         killed_member_is_taken_over, what_rings_passes_a_backlog);
}

/*
 * One owned partition: the mark, restoring, where jobs start, what may be committed, a stranger's mark,
 * old jobs and old facts.
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/world.h"
#include "worker/crm/shard.h"

#define MINE "11111111111111111111111111111111"
#define THEIRS "22222222222222222222222222222222"
#define DAY_MS (24LL * 3600 * 1000)

static struct world *w;
static struct world_member *m; /* lends its executor and its port */
static struct shard *s;
static struct shard_port port;
static struct producer_record sent[64];
static char keys[64][64];
static size_t nsent;
static bool refuses;
static char log_of[1024];                              /* starts and commits, in order */
static char said[KAFKA_TOPICS][LIMIT_COMMIT_METADATA]; /* by the newest commit */

static int64_t boot(void *arg)
{
    (void)arg;
    return w->now;
}

static int64_t wall(void *arg)
{
    (void)arg;
    return 20 * DAY_MS + w->now;
}

static enum err produce(void *arg, const struct producer_record *r, struct error *e)
{
    (void)arg;
    if (refuses)
        return error_set(e, ERR_TEMPORARY, "full");
    snprintf(keys[nsent], sizeof keys[nsent], "%.*s", STR_ARG(r->key));
    sent[nsent++] = *r;
    return ERR_OK;
}

static void note(const char *what, enum kafka_topic t, int64_t offset)
{
    size_t n = strlen(log_of);
    snprintf(log_of + n, sizeof log_of - n, "%s %s %" PRId64 "; ", what, kafka_topic_name(t),
             offset);
}

static enum err start(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                      struct error *e)
{
    (void)arg;
    (void)e;
    ck_assert_int_eq(partition, 3);
    note("start", t, offset);
    return ERR_OK;
}

static void commit(void *arg, enum kafka_topic t, int32_t partition, int64_t offset,
                   const char *metadata)
{
    (void)arg;
    ck_assert_int_eq(partition, 3);
    snprintf(said[t], sizeof said[t], "%s", metadata);
    note("commit", t, offset);
}

static void finished(void *arg, enum kafka_topic topic, int32_t partition, int64_t offset)
{
    (void)arg;
    (void)partition;
    shard_finished(s, topic, offset);
}

static void setup(void)
{
    struct error e = ERROR_NONE;
    ck_assert(!log_start("error", "test", &e));
    w = world_new();
    m = world_join(w);
    m->port.finished = finished;
    port = (struct shard_port){NULL, boot, wall, produce, start, commit, 7};
    nsent = 0;
    refuses = false;
    log_of[0] = '\0';
    s = shard_new(&port, m->executor, 3, MINE);
}

static void over(void)
{
    shard_free(s);
    world_kill(m);
    world_free(w);
    shard_free(NULL);
}

static void assign(enum kafka_topic t, int64_t committed, int64_t low)
{
    const struct consumer_partition p = {t, 3, committed, "", low, 1000};
    shard_assigned(s, &p);
}

static void message(enum kafka_topic t, int64_t offset, const char *key, const char *value,
                    const char *mark, int64_t at)
{
    char time[TEXT_TIME_SIZE];
    text_time(at, time);
    const struct kafka_header headers[] = {
        {"mark", str_of(mark)}, {"at", str_of(time)}, {"received-at", str_of(time)}};
    const struct kafka_message k = {.topic = t,
                                    .partition = 3,
                                    .offset = offset,
                                    .key = str_of(key),
                                    .value = str_of(value),
                                    .tombstone = !value,
                                    .headers = headers,
                                    .nheaders = 3};
    shard_message(s, &k);
}

static void fact(int64_t offset, const char *key, const char *value, const char *mark)
{
    message(KAFKA_FACTS, offset, key, value, mark, wall(NULL));
}

static void restore(void)
{
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign(KAFKA_JOBS_NOW, 5, 0);
    assign(KAFKA_JOBS, CONSUMER_NONE, 2);
    assign(KAFKA_JOBS_BULK, 3, 7);
    shard_begin(s);
    shard_noted(s);
    log_of[0] = '\0';
    fact(9, "_mark", "{}", MINE);
}

#define DONE \
    "{\"client\":\"1\",\"entry\":\"A\",\"kind\":\"client\",\"made\":true,\"number\":\"79\",\"v\":1}"
#define BAD_JOB "not JSON" /* goes to dead, which needs no Megaplan */

START_TEST(restores_then_works)
{
    setup();
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign(KAFKA_JOBS_NOW, 5, 0);
    assign(KAFKA_JOBS, CONSUMER_NONE, 2);
    assign(KAFKA_JOBS_BULK, 3, 7);
    shard_begin(s);
    shard_begin(s);
    ck_assert_str_eq(log_of,
                     "start facts -2; commit jobs.now 5; commit jobs 2; commit jobs.bulk 7; ");
    shard_noted(s);
    ck_assert(!shard_restored(s));
    log_of[0] = 0;
    ck_assert_uint_eq(nsent, 1);
    ck_assert_str_eq(keys[0], "_mark");
    ck_assert(!shard_restored(s));
    w->now += 40;
    fact(0, "acme/A:client/done", DONE, THEIRS);
    fact(1, "_mark", "{}", THEIRS); /* before our own: says nothing */
    fact(2, "rubbish", "{}", THEIRS);
    ck_assert(!shard_restored(s));
    fact(3, "_mark", "{}", MINE);
    ck_assert(shard_restored(s));
    ck_assert_int_eq(shard_restore_ms(s), 40);
    ck_assert_str_eq(log_of, "start jobs.now 5; start jobs 2; start jobs.bulk 7; ");
    fact(4, "_mark", "{}", MINE); /* sent twice, because its report was late */
    ck_assert(shard_restored(s) && !shard_stopped(s));
    ck_assert_int_eq(shard_owner(s)->facts_next, 5);
    int64_t received = 0;
    ck_assert_int_eq(shard_position(s, KAFKA_JOBS, &received), 2);
    ck_assert_int_eq(shard_position(s, KAFKA_FACTS, &received), -1);
    over();
}
END_TEST

START_TEST(a_mark_that_is_not_delivered_goes_out_again)
{
    setup();
    refuses = true;
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    shard_begin(s);
    ck_assert_uint_eq(nsent, 0);
    refuses = false;
    shard_tick(s);
    ck_assert_uint_eq(nsent, 0);
    w->now += 1000;
    shard_tick(s);
    ck_assert_uint_eq(nsent, 1);
    shard_tick(s);
    ck_assert_uint_eq(nsent, 1);
    const struct producer_report lost = {.maybe = true, .why = "timed out"};
    sent[0].done(sent[0].arg, &lost);
    w->now += 1000;
    shard_tick(s);
    ck_assert_uint_eq(nsent, 2);
    shard_free(s); /* with the report on its way */
    const struct producer_report ok = {.delivered = true};
    sent[1].done(sent[1].arg, &ok);
    s = NULL;
    over();
}
END_TEST

START_TEST(a_strangers_mark_stops_it)
{
    setup();
    restore();
    message(
        KAFKA_JOBS, 2, "acme/79990000001",
        "{\"v\":1,\"id\":\"A:client\",\"kind\":\"client\",\"entry_id\":\"A\",\"number\":"
        "\"79990000001\",\"rule\":\"G3\",\"reason\":\"r\",\"event_at\":1,\"offset\":\"events/3/1\","
        "\"data\":{\"name\":\"n\",\"phone\":\"79990000001\",\"responsible\":\"1\"}}",
        "", wall(NULL));
    ck_assert_uint_eq(executor_held(m->executor), 1);
    fact(10, "_mark", "{}", THEIRS);
    ck_assert(shard_stopped(s));
    ck_assert_uint_eq(executor_held(m->executor), 0);
    message(KAFKA_JOBS, 3, "acme/1", BAD_JOB, "", wall(NULL));
    ck_assert_uint_eq(executor_held(m->executor), 0);
    shard_tick(s);
    over();
}
END_TEST

START_TEST(jobs_without_facts_stop_it)
{
    setup();
    assign(KAFKA_JOBS, 2, 0);
    shard_begin(s);
    ck_assert(shard_stopped(s));
    ck_assert_str_eq(log_of, "");
    over();
}
END_TEST

START_TEST(commits_up_to_the_oldest_unfinished)
{
    setup();
    restore();
    log_of[0] = '\0';
    message(KAFKA_JOBS_NOW, 5, "acme/1", BAD_JOB, "", wall(NULL));
    message(KAFKA_JOBS_NOW, 6, "acme/1", BAD_JOB, "", wall(NULL));
    message(KAFKA_JOBS_NOW, 9, "acme/1", BAD_JOB, "", wall(NULL)); /* compaction left a gap */
    shard_finished(s, KAFKA_JOBS_NOW, 6);
    ck_assert_str_eq(log_of, "");
    shard_finished(s, KAFKA_JOBS_NOW, 5);
    ck_assert_str_eq(log_of, "commit jobs.now 9; ");
    shard_finished(s, KAFKA_JOBS_NOW, 9);
    ck_assert_str_eq(log_of, "commit jobs.now 9; commit jobs.now 10; ");
    message(KAFKA_JOBS_NOW, 11, "acme/1", NULL, "", wall(NULL)); /* a tombstone is nothing to do */
    ck_assert_str_eq(log_of, "commit jobs.now 9; commit jobs.now 10; commit jobs.now 12; ");
    shard_finished(s, KAFKA_FACTS, 11);
    over();
}
END_TEST

START_TEST(without_a_commit_old_jobs_are_passed_over)
{
    setup();
    restore();
    log_of[0] = '\0';
    message(KAFKA_JOBS, 2, "acme/1", BAD_JOB, "", wall(NULL) - 8 * DAY_MS);
    message(KAFKA_JOBS, 3, "acme/1", BAD_JOB, "", wall(NULL) - 8 * DAY_MS);
    ck_assert_uint_eq(executor_held(m->executor), 0);
    ck_assert_str_eq(log_of, "commit jobs 3; commit jobs 4; ");
    message(KAFKA_JOBS, 4, "acme/1", BAD_JOB, "", wall(NULL) - 6 * DAY_MS);
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL) - 8 * DAY_MS); /* only at the start */
    ck_assert_uint_eq(executor_held(m->executor), 2);
    message(KAFKA_JOBS_NOW, 5, "acme/1", BAD_JOB, "",
            wall(NULL) - 8 * DAY_MS); /* it has a commit */
    ck_assert_uint_eq(executor_held(m->executor), 3);
    over();
}
END_TEST

/* --- poison --- */

static void assign_noted(enum kafka_topic t, int64_t committed, int64_t high, const char *metadata)
{
    const struct consumer_partition p = {t, 3, committed, metadata, 0, high};
    shard_assigned(s, &p);
}

static void begin_noted(const char *metadata)
{
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign_noted(KAFKA_JOBS, 5, 8, metadata);
    assign_noted(KAFKA_JOBS_NOW, 5, 5, metadata);
    shard_begin(s);
    shard_noted(s);
    fact(9, "_mark", "{}", MINE);
    ck_assert(shard_restored(s));
}

START_TEST(notes_before_the_first_message)
{
    setup();
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign_noted(KAFKA_JOBS, 5, 8, "");
    shard_begin(s);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    fact(9, "_mark", "{}", MINE);
    ck_assert(!shard_restored(s)); /* not acknowledged yet */
    shard_noted(s);
    ck_assert(shard_restored(s));
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL));
    shard_finished(s, KAFKA_JOBS, 5);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    log_of[0] = '\0';
    shard_note(s, KAFKA_JOBS);
    shard_note(s, KAFKA_JOBS_BULK); /* not ours */
    ck_assert_str_eq(log_of, "commit jobs 6; ");
    shard_end(s);
    ck_assert_str_eq(said[KAFKA_JOBS], "");
    over();
}
END_TEST

START_TEST(ends_without_progress_make_careful)
{
    char before[100];
    setup();
    snprintf(before, sizeof before, "run:1:%" PRId64 ":8", wall(NULL));
    begin_noted(before);
    ck_assert_ptr_nonnull(strstr(said[KAFKA_JOBS], " hunt:5:8:1"));
    ck_assert_ptr_null(strstr(said[KAFKA_JOBS_NOW], "hunt")); /* nothing is there */
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL));
    ck_assert_uint_eq(executor_held(m->executor), 1);
    shard_finished(s, KAFKA_JOBS, 5);
    ck_assert_ptr_nonnull(strstr(said[KAFKA_JOBS], "run:0:0:7 hunt:5:8:1")); /* progress */
    shard_end(s); /* what was hunted stays hunted */
    ck_assert_str_eq(said[KAFKA_JOBS], "hunt:5:8:1");
    over();
}
END_TEST

START_TEST(careful_until_all_is_over)
{
    setup();
    begin_noted("run:0:0:7 hunt:5:7:1 blame:6:2 skip:5,6");
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL));
    executor_run(m->executor); /* passes over it */
    ck_assert_ptr_nonnull(strstr(said[KAFKA_JOBS], "hunt:5:7:1 blame:6:2 skip:6"));
    message(KAFKA_JOBS, 6, "acme/1", BAD_JOB, "", wall(NULL));
    executor_run(m->executor);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    over();
}
END_TEST

START_TEST(careful_no_longer_than_ten_minutes)
{
    setup();
    begin_noted("run:0:0:7 hunt:5:8:1 blame:6:2");
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL));
    w->now += POISON_WITHIN_MS;
    shard_tick(s);
    ck_assert_ptr_nonnull(strstr(said[KAFKA_JOBS], "hunt"));
    w->now++;
    shard_tick(s);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    over();
}
END_TEST

START_TEST(notes_of_another_log_say_nothing)
{
    setup();
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign_noted(KAFKA_JOBS, 9, 8, "run:1:1:8 try:3 skip:9");
    shard_begin(s);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    over();
}
END_TEST

/* A first owner's `run:` is a commit, too: its successor knows that there was none before it. */
START_TEST(without_a_commit_is_remembered)
{
    setup();
    assign(KAFKA_FACTS, CONSUMER_NONE, 0);
    assign_noted(KAFKA_JOBS, CONSUMER_NONE, 8, "");
    shard_begin(s);
    ck_assert_str_eq(said[KAFKA_JOBS], "catch:8 run:0:0:7");
    shard_free(s);
    s = shard_new(&port, m->executor, 3, MINE);
    begin_noted("catch:8 run:0:0:7");
    message(KAFKA_JOBS, 5, "acme/1", BAD_JOB, "", wall(NULL) - 8 * DAY_MS);
    ck_assert_uint_eq(executor_held(m->executor), 0);
    message(KAFKA_JOBS, 8, "acme/1", BAD_JOB, "", wall(NULL) - 8 * DAY_MS); /* came since */
    ck_assert_uint_eq(executor_held(m->executor), 1);
    shard_note(s, KAFKA_JOBS);
    ck_assert_str_eq(said[KAFKA_JOBS], "run:0:0:7");
    over();
}
END_TEST

static void old_fact(int64_t offset, const char *id, const char *job)
{
    char *key CLEANUP(mem_free_text) = mem_format("acme/%s/done", id);
    char at[TEXT_TIME_SIZE];
    text_time(wall(NULL) - 8 * DAY_MS, at);
    const struct kafka_header headers[] = {
        {"mark", STR(THEIRS)}, {"at", str_of(at)}, {"job", str_of(job)}};
    const struct kafka_message k = {.topic = KAFKA_FACTS,
                                    .partition = 3,
                                    .offset = offset,
                                    .key = str_of(key),
                                    .value = STR(DONE),
                                    .headers = headers,
                                    .nheaders = 3};
    shard_message(s, &k);
}

START_TEST(old_facts_below_the_commit_are_deleted)
{
    setup();
    old_fact(0, "A:client", "jobs.now/3/4");
    old_fact(1, "B:client", "jobs.now/3/5");
    old_fact(2, "C:client", "jobs.bulk/3/2");
    old_fact(3, "D:client", "");
    old_fact(4, "E:client", "other/3/1");
    fact(5, "acme/F:client/done", DONE, THEIRS);
    restore();
    const struct producer_report ok = {.delivered = true};
    sent[0].done(sent[0].arg, &ok);
    nsent = 0;
    shard_tick(s);
    ck_assert_uint_eq(nsent, 3);
    ck_assert_str_eq(keys[0], "acme/A:client/done");
    ck_assert_str_eq(keys[1], "acme/C:client/done");
    ck_assert_str_eq(keys[2], "acme/D:client/done");
    ck_assert(sent[0].tombstone);
    shard_tick(s); /* slowly */
    ck_assert_uint_eq(nsent, 3);
    over();
}
END_TEST

int main(void)
{
    return UNIT_RUN("shard", restores_then_works, a_mark_that_is_not_delivered_goes_out_again,
                    a_strangers_mark_stops_it, jobs_without_facts_stop_it,
                    commits_up_to_the_oldest_unfinished, without_a_commit_old_jobs_are_passed_over,
                    old_facts_below_the_commit_are_deleted, notes_before_the_first_message,
                    ends_without_progress_make_careful, careful_until_all_is_over,
                    careful_no_longer_than_ten_minutes, notes_of_another_log_say_nothing,
                    without_a_commit_is_remembered);
}

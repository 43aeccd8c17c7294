/*
 * Which way webhooks go, and in which order they arrive, with a Kafka of our own that answers, keeps silent, loses
 * its answers and refuses as it is told. The file and its thread are real.
 */
#include "ingest/spool/spool.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/num.h"
#include "tests/unit/unit.h"

enum {
    MOST = 20000,
    ACK_MS = 3000,
    FASTER = 20 /* the loop's time than ours */
};

/* A webhook, by its number, which is its value too. */
struct sent {
    int ended; /* how often its outcome was told */
    enum publish_end end;
};

/* What Kafka was handed and has not reported. */
struct flight {
    int number;
    int64_t received_ms;
    publish_done *done;
    void *arg;
};

static struct {
    char path[96];
    struct loop *loop;
    struct spool *spool;
    struct publish port;
    struct sent sent[MOST];
    int nsent;
    struct flight flights[MOST];
    int nflights;
    int log[4 * MOST]; /* the topic */
    int nlog;
    int64_t received[MOST]; /* as the topic has it first, by number */
    bool silent, full;
    int refuses; /* this number */
    bool lossy;  /* some of what is dropped is in the topic all the same */
    int drops;
    int wanted; /* how often settings were */
} t;

static void into_log(const struct flight *f)
{
    t.log[t.nlog++] = f->number;
    if (!t.received[f->number])
        t.received[f->number] = f->received_ms;
}

static void report_first(enum publish_end end)
{
    struct flight f = t.flights[0];
    memmove(t.flights, t.flights + 1, (size_t)--t.nflights * sizeof f);
    if (end == PUBLISH_STORED)
        into_log(&f);
    f.done(f.arg, end);
}

static enum err kafka_send(void *self, const struct publish_webhook *w, publish_done *done,
                           void *arg, struct error *e)
{
    int64_t number = -1;
    (void)self;
    if (t.full)
        return error_set(e, ERR_TEMPORARY, "the queue is full");
    ck_assert_text(w->account, "acme");
    ck_assert_text(w->kind, "call");
    ck_assert(num_parse(w->value, 0, MOST, &number));
    t.flights[t.nflights++] = (struct flight){(int)number, w->received_ms, done, arg};
    return ERR_OK;
}

static void kafka_drop(void *self)
{
    (void)self;
    t.drops++;
    int kept = t.lossy ? t.nflights / 2 : 0;
    for (int i = 0; i < kept; i++)
        into_log(&t.flights[i]);
    while (t.nflights > 0)
        report_first(PUBLISH_MAYBE);
}

static void on_wanted(void *arg)
{
    (void)arg;
    t.wanted++;
    spool_settings_begin(t.spool);
    spool_keep_settings(t.spool, STR("acme"), STR("{2}"));
    spool_settings_end(t.spool);
}

static void open_spool(void)
{
    struct error e = ERROR_NONE;
    const struct spool_options o = {
        .loop = t.loop, .path = t.path, .ack_ms = ACK_MS, .settings_wanted = on_wanted};
    ck_assert_msg(spool_new(&o, &t.spool, &e) == ERR_OK, "%s", e.text);
    t.port = spool_port(t.spool);
}

static void connect_kafka(void)
{
    spool_publish_to(t.spool, (struct publish){NULL, kafka_send, kafka_drop});
}

static int64_t fast_ms(void)
{
    return clock_boot_ms() * FASTER;
}

static void begin(void)
{
    struct error e = ERROR_NONE;
    static char folder[] = "/tmp/mangoplan-spool-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(t.path, sizeof t.path, "%s/spool.db", folder);
    t.refuses = -1;
    ck_assert_int_eq(loop_new(&t.loop, &e), ERR_OK);
    loop_use_clock(t.loop, fast_ms);
    open_spool();
}

static void end(void)
{
    spool_free(t.spool);
    loop_free(t.loop);
    for (int i = 0; i < t.nsent; i++)
        ck_assert_msg(t.sent[i].ended == 1, "webhook %d has %d outcomes", i, t.sent[i].ended);
    char *wal CLEANUP(mem_free_text) = mem_format("%s-wal", t.path);
    unlink(wal);
    unlink(t.path);
    *strrchr(t.path, '/') = '\0';
    rmdir(t.path);
}

/* Kafka answers what it has, then the loop turns. */
static void turn(void)
{
    struct error e = ERROR_NONE;
    for (int left = t.nflights; left > 0 && t.nflights > 0 && !t.silent; left--)
        report_first(t.flights[0].number == t.refuses ? PUBLISH_REFUSED : PUBLISH_STORED);
    if (loop_turn(t.loop, 1, &e) != ERR_OK)
        ck_abort_msg("%s", e.text);
}

#define UNTIL(condition)                                               \
    do {                                                               \
        int64_t until_ = clock_boot_ms() + 20000;                      \
        while (!(condition) && clock_boot_ms() < until_)               \
            turn();                                                    \
        ck_assert_msg((condition), "not within 20 s: %s", #condition); \
    } while (0)

/* No file of this process grows any more, or all may again. Check notes every ck_assert in a file, too, by 4 KiB: in
 * between there is room for some dozens. */
static void fill_disk(void)
{
    struct rlimit none;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &none), 0);
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void free_disk(void)
{
    struct rlimit all;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
    all.rlim_cur = all.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
}

static void on_end(void *arg, enum publish_end how)
{
    struct sent *s = arg;
    s->ended++;
    s->end = how;
}

static int post_with(struct str key)
{
    char value[32];
    struct error e = ERROR_NONE;
    int n = t.nsent++;
    snprintf(value, sizeof value, "%d", n);
    const struct publish_webhook w = {STR("acme"), STR("call"), key, str_of(value), n + 1};
    ck_assert_int_eq(t.port.send(t.port.self, &w, on_end, &t.sent[n], &e), ERR_OK);
    return n;
}

static int post(void)
{
    return post_with(STR("acme/1"));
}

static bool all_ended(void)
{
    for (int i = 0; i < t.nsent; i++) {
        if (t.sent[i].ended == 0)
            return false;
    }
    return true;
}

static bool is_clear(void)
{
    return spool_is_kafka_well(t.spool) && spool_messages(t.spool) == 0 && t.nflights == 0;
}

static int first_place(int number)
{
    for (int i = 0; i < t.nlog; i++) {
        if (t.log[i] == number)
            return i;
    }
    return -1;
}

/* What was answered 200 is in the topic, for the first time in the order of receipt, with its time. */
static void check_log(void)
{
    int before = -1;
    for (int i = 0; i < t.nsent; i++) {
        if (t.sent[i].end != PUBLISH_STORED && t.sent[i].end != PUBLISH_SPOOLED)
            continue;
        int at = first_place(i);
        ck_assert_msg(at >= 0, "webhook %d is missing", i);
        ck_assert_msg(at > before, "webhook %d came too early", i);
        ck_assert_int_eq(t.received[i], i + 1);
        before = at;
    }
}

START_TEST(straight_to_kafka)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    for (int i = 0; i < 50; i++)
        post();
    UNTIL(all_ended());
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(t.sent[i].end, PUBLISH_STORED);
    check_log();
    ck_assert_int_eq(t.nlog, 50);
    end();
}
END_TEST

START_TEST(silence_sends_all_in_flight_to_the_file)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.silent = true;
    for (int i = 0; i < 10; i++)
        post();
    report_first(PUBLISH_STORED);
    int64_t begun = clock_boot_ms();
    UNTIL(all_ended());
    ck_assert_int_lt(clock_boot_ms() - begun, ACK_MS / FASTER + 2000);
    ck_assert_int_eq(t.sent[0].end, PUBLISH_STORED);
    for (int i = 1; i < 10; i++)
        ck_assert_int_eq(t.sent[i].end, PUBLISH_SPOOLED);
    UNTIL(t.drops == 1 && t.nflights == 1); /* the oldest row is tried */
    ck_assert_int_eq(t.flights[0].number, 1);
    ck_assert(!spool_is_kafka_well(t.spool));
    int late = post();
    UNTIL(t.sent[late].ended);
    ck_assert_int_eq(t.sent[late].end, PUBLISH_SPOOLED);
    UNTIL(spool_messages(t.spool) == 10);
    ck_assert_int_eq(spool_oldest_ms(t.spool), 2);
    t.silent = false;
    UNTIL(is_clear());
    check_log();
    ck_assert_int_eq(spool_oldest_ms(t.spool), 0);
    late = post();
    UNTIL(t.sent[late].ended);
    ck_assert_int_eq(t.sent[late].end, PUBLISH_STORED);
    end();
}
END_TEST

START_TEST(a_late_acknowledgement_changes_nothing)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.silent = true;
    for (int i = 0; i < 3; i++)
        post();
    while (t.drops == 0) { /* acknowledged right before the client is given up */
        if (t.sent[0].ended && t.nflights == 3)
            report_first(PUBLISH_STORED);
        turn();
    }
    t.silent = false;
    UNTIL(all_ended() && is_clear());
    check_log();
    end();
}
END_TEST

START_TEST(hands_over_under_load)
{
    begin();
    for (int i = 0; i < 3000; i++) { /* Kafka is not there yet */
        post();
        if (i % 50 == 0)
            turn();
    }
    UNTIL(all_ended() && spool_messages(t.spool) == 3000);
    connect_kafka();
    int64_t until = clock_boot_ms() + 20000;
    while (!is_clear() && t.nsent < MOST - 100 && clock_boot_ms() < until) {
        post();
        turn();
    }
    ck_assert(is_clear());
    int n = post();
    UNTIL(all_ended());
    ck_assert_int_eq(t.sent[n].end, PUBLISH_STORED);
    check_log();
    end();
}
END_TEST

START_TEST(kafka_goes_away_again_while_draining)
{
    begin();
    for (int i = 0; i < 2000; i++)
        post();
    UNTIL(all_ended());
    connect_kafka();
    UNTIL(t.nflights > 100); /* a large batch: a part is acknowledged */
    t.silent = true;
    for (int i = 0; i < 30; i++)
        report_first(PUBLISH_STORED);
    report_first(PUBLISH_FAILED);
    while (t.nflights > 0)
        report_first(PUBLISH_MAYBE);
    UNTIL(t.nflights == 1); /* one row again */
    t.silent = false;
    UNTIL(is_clear());
    check_log();
    end();
}
END_TEST

START_TEST(held_ones_do_not_wait_for_ever)
{
    begin();
    for (int i = 0; i < 100; i++)
        post();
    UNTIL(all_ended());
    connect_kafka();
    UNTIL(t.nflights > 50); /* the last rows: new ones are held */
    t.silent = true;
    int n = post();
    int64_t begun = clock_boot_ms();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_SPOOLED);
    ck_assert_int_lt(clock_boot_ms() - begun, ACK_MS / FASTER + 2000);
    t.silent = false;
    UNTIL(is_clear());
    check_log();
    end();
}
END_TEST

START_TEST(a_new_start_with_a_full_file)
{
    begin();
    for (int i = 0; i < 700; i++)
        post();
    UNTIL(all_ended());
    spool_free(t.spool);
    open_spool();
    ck_assert_int_eq(spool_messages(t.spool), 700);
    for (int i = 0; i < 20; i++)
        post();
    connect_kafka();
    for (int i = 0; i < 20; i++)
        post();
    UNTIL(all_ended() && is_clear());
    check_log();
    end();
}
END_TEST

START_TEST(a_queue_that_is_full)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.full = true;
    int n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_SPOOLED);
    t.full = false;
    UNTIL(is_clear());
    check_log();
    end();
}
END_TEST

START_TEST(refused_for_good)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.refuses = 3;
    for (int i = 0; i < 10; i++)
        post();
    UNTIL(all_ended() && is_clear());
    ck_assert_int_eq(t.sent[3].end, PUBLISH_SPOOLED);
    ck_assert_int_eq(first_place(3), -1);
    for (int i = 0; i < 10; i++)
        ck_assert(i == 3 || first_place(i) >= 0);
    end();
}
END_TEST

START_TEST(a_full_disk)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.silent = true;
    fill_disk();
    int n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_FAILED);
    ck_assert(!spool_is_writable(t.spool));
    t.silent = false; /* Kafka is still tried */
    UNTIL(is_clear());
    n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_STORED);
    free_disk();
    t.silent = true;
    n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_SPOOLED);
    ck_assert(spool_is_writable(t.spool));
    end();
}
END_TEST

static void overwrite_file(void)
{
    static char junk[4096];
    FILE *file = fopen(t.path, "r+");
    ck_assert_ptr_nonnull(file);
    memset(junk, 0xa5, sizeof junk);
    for (long page = 100; page < 1500; page++) {
        fseek(file, page * (long)sizeof junk, SEEK_SET);
        ck_assert_uint_eq(fwrite(junk, 1, sizeof junk, file), sizeof junk);
    }
    fclose(file);
}

static void remove_damaged(void)
{
    glob_t found;
    char *pattern CLEANUP(mem_free_text) = mem_format("%s.damaged-*", t.path);
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

START_TEST(damaged_while_it_is_drained)
{
    static char key[3000];
    begin();
    memset(key, 'k', sizeof key);
    for (int i = 0; i < 4000; i++) { /* more than SQLite keeps in memory */
        post_with((struct str){key, sizeof key});
        if (i % 100 == 0)
            turn();
    }
    UNTIL(all_ended());
    overwrite_file();
    connect_kafka();
    int n, tries = 0;
    do { /* a new file, which is empty soon */
        n = post();
        UNTIL(t.sent[n].ended);
    } while (t.sent[n].end != PUBLISH_STORED && tries++ < 5000);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_STORED);
    ck_assert_int_eq(first_place(3999), -1);
    t.silent = true;
    n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_SPOOLED);
    ck_assert(spool_is_writable(t.spool));
    remove_damaged();
    end();
}
END_TEST

static void move_folder(const char *from, const char *to)
{
    char *a CLEANUP(mem_free_text) = mem_copy(str_of(from));
    char *b CLEANUP(mem_free_text) = mem_copy(str_of(to));
    *strrchr(a, '/') = '\0';
    *strrchr(b, '/') = '\0';
    ck_assert_int_eq(rename(a, b), 0);
}

/* Posts until one goes the way that is awaited. */
static void post_until(enum publish_end way)
{
    int n, tries = 0;
    do {
        n = post();
        UNTIL(t.sent[n].ended);
    } while (t.sent[n].end != way && tries++ < 5000);
    ck_assert_int_eq(t.sent[n].end, way);
}

/* The file is damaged, and no other can be made in its place: only Kafka is left, however often it goes away. */
START_TEST(without_a_disk_kafka_is_tried_again)
{
    static char key[3000];
    begin();
    memset(key, 'k', sizeof key);
    for (int i = 0; i < 4000; i++) { /* more than SQLite keeps in memory */
        post_with((struct str){key, sizeof key});
        if (i % 100 == 0)
            turn();
    }
    UNTIL(all_ended());
    overwrite_file();
    char *away CLEANUP(mem_free_text) = mem_format("/tmp/mangoplan-away-%d/x", (int)getpid());
    move_folder(t.path, away);
    connect_kafka();
    post_until(PUBLISH_STORED);
    for (int i = 0; i < 2; i++) {
        t.silent = true;
        post_until(PUBLISH_FAILED);
        t.silent = false;
        post_until(PUBLISH_STORED);
    }
    move_folder(away, t.path);
    t.silent = true;
    post_until(PUBLISH_SPOOLED);
    ck_assert(spool_is_writable(t.spool));
    remove_damaged();
    end();
}
END_TEST

START_TEST(ended_in_the_middle)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.silent = true;
    for (int i = 0; i < 5; i++)
        post();
    kafka_drop(NULL); /* as the producer does when it is freed */
    spool_free(t.spool);
    ck_assert(all_ended());
    open_spool();
    ck_assert_int_eq(spool_messages(t.spool), 5);
    end();
}
END_TEST

/* Kafka fails, answers late, loses answers, the spool is closed and opened: whatever comes, in whatever order. */
static void random_life(unsigned seed)
{
    unsigned dice = seed * 2654435761u + 1;
    begin();
    t.lossy = true;
    connect_kafka();
    for (int step = 0; step < 1500; step++) {
        dice = dice * 1664525u + 1013904223u;
        unsigned what = (dice >> 8) % 100;
        if (what < 60)
            post();
        else if (what < 63)
            t.silent = !t.silent;
        else if (what < 64)
            t.full = !t.full;
        else if (what < 66 && t.nflights > 0)
            report_first(PUBLISH_STORED);
        else if (what < 67 && t.nflights > 0)
            kafka_drop(NULL);
        else if (what < 68 && !t.silent)
            usleep(2000);
        else if (what == 68) {
            kafka_drop(NULL);
            spool_free(t.spool);
            ck_assert(all_ended());
            open_spool();
            connect_kafka();
        } else
            turn();
    }
    t.silent = t.full = false;
    UNTIL(all_ended() && is_clear());
    check_log();
    end();
}

START_TEST(random_lives)
{
    random_life((unsigned)_i + 1);
}
END_TEST

struct copies {
    char text[128];
};

static void note(void *arg, struct str account, struct str document)
{
    struct copies *c = arg;
    size_t n = strlen(c->text);
    snprintf(c->text + n, sizeof c->text - n, "%.*s=%.*s ", STR_ARG(account), STR_ARG(document));
}

START_TEST(settings_are_kept)
{
    struct error e = ERROR_NONE;
    struct copies c = {""};
    begin();
    spool_keep_settings(t.spool, STR("old"), STR("{0}"));
    spool_keep_settings(t.spool, STR("acme"), STR("{5}"));
    spool_settings_begin(t.spool);
    spool_keep_settings(t.spool, STR("acme"), STR("{1}"));
    spool_keep_settings(t.spool, STR("beta"), STR("{2}"));
    spool_keep_settings(t.spool, STR("beta"), STR_NONE);
    spool_settings_end(t.spool);
    spool_free(t.spool);
    open_spool();
    ck_assert_int_eq(spool_each_settings(t.spool, note, &c, &e), ERR_OK);
    ck_assert_str_eq(c.text, "acme={1} ");
    end();
}
END_TEST

/* They are asked for again until the disk takes them, but not while webhooks want it. */
START_TEST(settings_that_did_not_fit)
{
    struct error e = ERROR_NONE;
    struct copies c = {""};
    begin();
    connect_kafka();
    spool_keep_settings(t.spool, STR("acme"), STR("{1}"));
    UNTIL(is_clear());
    fill_disk();
    spool_keep_settings(t.spool, STR("acme"), STR("{2}"));
    UNTIL(t.wanted > 1);
    bool writable = spool_is_writable(t.spool);
    free_disk();
    ck_assert(!writable);
    UNTIL(spool_is_writable(t.spool));
    int wanted = t.wanted;
    int64_t later = fast_ms() + 25000;
    UNTIL(fast_ms() > later);
    ck_assert_int_eq(t.wanted, wanted);
    spool_free(t.spool);
    open_spool();
    ck_assert_int_eq(spool_each_settings(t.spool, note, &c, &e), ERR_OK);
    ck_assert_str_eq(c.text, "acme={2} ");
    end();
}
END_TEST

START_TEST(settings_wait_for_webhooks)
{
    begin();
    connect_kafka();
    UNTIL(is_clear());
    t.silent = true;
    int n = post();
    UNTIL(t.sent[n].ended);
    ck_assert_int_eq(t.sent[n].end, PUBLISH_SPOOLED);
    fill_disk();
    spool_keep_settings(t.spool, STR("acme"), STR("{1}"));
    int64_t later = fast_ms() + 25000;
    UNTIL(fast_ms() > later);
    ck_assert_int_eq(t.wanted, 0);
    free_disk();
    t.silent = false;
    UNTIL(t.wanted > 0);
    end();
}
END_TEST

/* Waits to be told a path, and must not get what is there. */
static int refused_by_path(int in)
{
    struct error e = ERROR_NONE;
    struct spool *spool = NULL;
    if (read(in, t.path, sizeof t.path) != sizeof t.path || loop_new(&t.loop, &e) != ERR_OK)
        return 2;
    const struct spool_options o = {.loop = t.loop, .path = t.path, .ack_ms = ACK_MS};
    enum err kind = spool_new(&o, &spool, &e);
    return kind == ERR_CONFIG && strstr(e.text, "INGEST_SPOOL") ? 0 : 1;
}

START_TEST(another_process_has_it)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork(); /* as long as there is one thread */
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(refused_by_path(ends[0]));
    begin();
    ck_assert_int_eq(write(ends[1], t.path, sizeof t.path), sizeof t.path);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    end();
}
END_TEST

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    Suite *suite = suite_create("spool");
    TCase *all = tcase_create("spool");
    const TTest *const tests[] = {straight_to_kafka,
                                  silence_sends_all_in_flight_to_the_file,
                                  a_late_acknowledgement_changes_nothing,
                                  hands_over_under_load,
                                  kafka_goes_away_again_while_draining,
                                  held_ones_do_not_wait_for_ever,
                                  a_new_start_with_a_full_file,
                                  a_queue_that_is_full,
                                  refused_for_good,
                                  a_full_disk,
                                  damaged_while_it_is_drained,
                                  without_a_disk_kafka_is_tried_again,
                                  ended_in_the_middle,
                                  settings_are_kept,
                                  settings_that_did_not_fit,
                                  settings_wait_for_webhooks,
                                  another_process_has_it};
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, random_lives, 0, 20);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * The clerk's orders one by one, each waited for: what a disk that is full in between leaves behind. The file and the thread
 * are real.
 */
#include "ingest/spool/clerk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

static struct {
    char folder[64], path[96];
    struct loop *loop;
    struct spool_file *file;
    struct clerk *clerk;
    int finished;
} t;

static void on_finished(struct spool_order *o)
{
    (void)o;
    t.finished++;
}

static void begin(void)
{
    struct error e = ERROR_NONE;
    char *aside = NULL;
    const struct clerk_events events = {0};
    signal(SIGXFSZ, SIG_IGN);
    snprintf(t.folder, sizeof t.folder, "/tmp/mangoplan-clerk-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(t.folder));
    snprintf(t.path, sizeof t.path, "%s/spool.db", t.folder);
    ck_assert_int_eq(loop_new(&t.loop, &e), ERR_OK);
    ck_assert_msg(spool_file_open(t.path, &t.file, &aside, &e) == ERR_OK, "%s", e.text);
    ck_assert_ptr_null(aside);
    ck_assert_msg(clerk_new(t.loop, t.file, &events, &t.clerk, &e) == ERR_OK, "%s", e.text);
}

static void end(void)
{
    clerk_free(t.clerk);
    loop_free(t.loop);
    char *wal CLEANUP(mem_free_text) = mem_format("%s-wal", t.path);
    unlink(wal);
    unlink(t.path);
    rmdir(t.folder);
}

/* Whether the disk took it. While it is full Check's own notes have little room either: no assertion unless it fails. */
static bool gives(enum spool_task task, const char *account, const char *document)
{
    struct error e = ERROR_NONE;
    struct spool_order o = {.task = task, .finished = on_finished};
    int64_t until = clock_boot_ms() + 20000;
    int before = t.finished;
    o.row.account = account ? str_of(account) : STR_NONE;
    o.row.value = document ? str_of(document) : STR_NONE;
    o.row.kind = STR("call");
    o.row.key = STR("acme/1");
    clerk_give(t.clerk, &o);
    while (t.finished == before && clock_boot_ms() < until) {
        if (loop_turn(t.loop, 1, &e) != ERR_OK)
            ck_abort_msg("%s", e.text);
    }
    if (t.finished == before)
        ck_abort_msg("the clerk does not answer");
    return o.done;
}

static void disk_is_full(bool full)
{
    struct rlimit size;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &size), 0);
    size.rlim_cur = full ? 0 : size.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &size), 0);
}

static void note(void *arg, struct str account, struct str document)
{
    char *text = arg;
    size_t n = strlen(text);
    snprintf(text + n, 128 - n, "%.*s=%.*s ", STR_ARG(account), STR_ARG(document));
}

static void stand(const char *expected)
{
    struct error e = ERROR_NONE;
    char text[128] = "";
    ck_assert_int_eq(spool_file_each_settings(t.file, note, text, &e), ERR_OK);
    ck_assert_str_eq(text, expected);
}

/* The documents that stand are old, but better than none: without them a start without Kafka refuses every webhook. */
START_TEST(settings_stay_while_new_ones_do_not_fit)
{
    begin();
    ck_assert(gives(SPOOL_SETTINGS, "acme", "{1}"));
    ck_assert(gives(SPOOL_DOUBT, NULL, NULL));
    disk_is_full(true);
    bool taken = gives(SPOOL_SETTINGS, "acme", "{2}");
    disk_is_full(false);
    ck_assert(!taken);
    ck_assert(gives(SPOOL_CLEAN, NULL, NULL));
    stand("acme={1} ");
    /* the next time they are told all is as ever */
    ck_assert(gives(SPOOL_DOUBT, NULL, NULL));
    ck_assert(gives(SPOOL_SETTINGS, "beta", "{3}"));
    ck_assert(gives(SPOOL_CLEAN, NULL, NULL));
    stand("beta={3} ");
    end();
}
END_TEST

START_TEST(settings_that_could_not_be_doubted)
{
    begin();
    ck_assert(gives(SPOOL_SETTINGS, "gone", "{1}"));
    disk_is_full(true);
    bool doubted = gives(SPOOL_DOUBT, NULL, NULL);
    disk_is_full(false);
    ck_assert(!doubted);
    ck_assert(gives(SPOOL_SETTINGS, "acme", "{2}"));
    ck_assert(gives(SPOOL_CLEAN, NULL, NULL));
    stand("gone={1} acme={2} ");
    end();
}
END_TEST

/* What needs no room tells nothing of a disk. */
START_TEST(a_full_disk_is_not_well_before_it_takes_something)
{
    begin();
    disk_is_full(true);
    bool added = gives(SPOOL_ADD, "acme", "{}");
    bool cleaned = gives(SPOOL_CLEAN, NULL, NULL);
    bool forgot = gives(SPOOL_FORGET, NULL, NULL);
    bool well = clerk_is_well(t.clerk);
    disk_is_full(false);
    ck_assert(!added);
    ck_assert(cleaned && forgot);
    ck_assert(!well);
    ck_assert(gives(SPOOL_ADD, "acme", "{}"));
    ck_assert(clerk_is_well(t.clerk));
    ck_assert_int_eq(clerk_messages(t.clerk), 1);
    end();
}
END_TEST

int main(void)
{
    return UNIT_RUN("clerk", settings_stay_while_new_ones_do_not_fit,
                    settings_that_could_not_be_doubted,
                    a_full_disk_is_not_well_before_it_takes_something);
}

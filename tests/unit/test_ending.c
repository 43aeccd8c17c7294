/*
 * A stop that takes too long, in a child of the test: how it ends, when, and what it says.
 */
#include "common/ending.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/unit.h"

struct child {
    char log[4096];
    int status;
    int64_t ms;
};

/* Runs it in a process whose stderr is read until its end, and waits for that. */
static struct child run(void (*work)(void))
{
    struct child c = {.status = 0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int64_t begun = clock_boot_ms();
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        work();
        exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], c.log + len, sizeof c.log - 1 - len)) > 0)
        len += (size_t)got;
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &c.status, 0), pid);
    c.ms = clock_boot_ms() - begun;
    return c;
}

static void stand_still(void)
{
    for (;;)
        poll(NULL, 0, -1);
}

static void takes_too_long(void)
{
    struct ending *e = NULL;
    ending_begin(&e, 200, 4, "the first");
    ending_step(e, "the second");
    stand_still();
}

START_TEST(ends_what_stands_still)
{
    struct child c = run(takes_too_long);
    ck_assert(WIFEXITED(c.status));
    ck_assert_int_eq(WEXITSTATUS(c.status), 4);
    ck_assert_int_ge(c.ms, 200);
    ck_assert_int_lt(c.ms, 2000);
    ck_assert_ptr_nonnull(strstr(c.log, "\"level\":\"error\""));
    ck_assert_ptr_nonnull(strstr(c.log, "\"waited_for\":\"the second\",\"ms\":200}"));
}
END_TEST

static void is_in_time(void)
{
    struct ending *e = NULL;
    ending_begin(&e, 60000, 4, "the first");
}

START_TEST(leaves_what_ends_in_time_alone)
{
    struct child c = run(is_in_time);
    ck_assert(WIFEXITED(c.status));
    ck_assert_int_eq(WEXITSTATUS(c.status), 0);
    ck_assert_int_lt(c.ms, 30000);
    ck_assert_str_eq(c.log, "");
}
END_TEST

static void stands_at_exit(void)
{
    struct ending *e = NULL;
    atexit(stand_still);
    ending_begin(&e, 200, 1, "the first");
}

START_TEST(counts_what_runs_at_exit)
{
    struct child c = run(stands_at_exit);
    ck_assert(WIFEXITED(c.status));
    ck_assert_int_eq(WEXITSTATUS(c.status), 1);
}
END_TEST

/* Its own stderr: a pipe that is full and has no reader. Every signal is blocked, as a library's thread may. */
static void cannot_log(void)
{
    int ends[2];
    char page[4096] = {0};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        exit(9);
    while (write(ends[1], page, sizeof page) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO);
    struct ending *e = NULL;
    ending_begin(&e, 200, 1, "the first");
    stand_still();
}

START_TEST(ends_without_its_line)
{
    struct child c = run(cannot_log);
    ck_assert(WIFSIGNALED(c.status));
    ck_assert_int_eq(WTERMSIG(c.status), SIGALRM);
    ck_assert_int_ge(c.ms, 1000);
    ck_assert_int_lt(c.ms, 4000);
}
END_TEST

/* After a signal came a failure: the first beginning counts. */
static void begins_twice(void)
{
    struct ending *e = NULL;
    ending_begin(&e, 200, 4, "the first");
    ending_begin(&e, 60000, 3, "the second");
    stand_still();
}

START_TEST(begins_once)
{
    struct child c = run(begins_twice);
    ck_assert(WIFEXITED(c.status));
    ck_assert_int_eq(WEXITSTATUS(c.status), 4);
    ck_assert_int_lt(c.ms, 30000);
    ck_assert_ptr_nonnull(strstr(c.log, "\"waited_for\":\"the second\""));
}
END_TEST

int main(void)
{
    return UNIT_RUN("ending", ends_what_stands_still, leaves_what_ends_in_time_alone,
                    counts_what_runs_at_exit, ends_without_its_line, begins_once);
}

/*
 * Starts and stops a broker as a child process; it ends when its stdin closes, so also when a test dies.
 */
#include "tests/unit/broker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

static void start(struct broker *b, char *const argv[])
{
    static const char key[] = "bootstrap.servers=";
    int to[2], from[2];
    char line[256] = "";
    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    fflush(NULL);
    b->pid = fork();
    ck_assert_int_ge(b->pid, 0);
    if (b->pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        for (int fd = 3; fd < 256; fd++) /* nobody else holds our end of its stdin */
            close(fd);
        execv(argv[0], argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    b->to = fdopen(to[1], "w");
    b->from = fdopen(from[0], "r");
    ck_assert_msg(fgets(line, sizeof(line), b->from) && strncmp(line, key, sizeof(key) - 1) == 0,
                  "%s does not start", argv[0]);
    line[strcspn(line, "\n")] = '\0';
    snprintf(b->address, sizeof(b->address), "%s", line + sizeof(key) - 1);
}

void broker_start_dev(struct broker *b, int partitions)
{
    const char *build = getenv("BUILD");
    char path[512], count[16];
    snprintf(path, sizeof(path), "%s/devbroker", build ? build : "build");
    snprintf(count, sizeof(count), "%d", partitions);
    char *argv[] = {path, (char[]){"--partitions"}, count, NULL};
    *b = (struct broker){.devbroker = true};
    start(b, argv);
}

void broker_start(struct broker *b)
{
    const char *kafka = getenv("KAFKA");
    if (!kafka || strcmp(kafka, "1") != 0) {
        broker_start_dev(b, 4);
        return;
    }
    char *argv[] = {(char[]){"deploy/kafka/run"}, NULL};
    *b = (struct broker){.devbroker = false};
    start(b, argv);
}

void broker_command(struct broker *b, const char *line)
{
    char answer[64] = "";
    fprintf(b->to, "%s\n", line);
    fflush(b->to);
    ck_assert_ptr_nonnull(fgets(answer, sizeof(answer), b->from));
    ck_assert_str_eq(answer, "ok\n");
}

/* SIGSTOP takes a moment to reach every thread. */
static void wait_stopped(pid_t pid)
{
    char path[64], state = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    for (int i = 0; i < 1000 && state != 'T'; i++) {
        FILE *stat = fopen(path, "r");
        if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
            state = 0;
        if (stat)
            fclose(stat);
        usleep(5000);
    }
    ck_assert_int_eq(state, 'T');
}

static void freeze(pid_t pid, bool frozen)
{
    kill(pid, frozen ? SIGSTOP : SIGCONT);
    if (frozen)
        wait_stopped(pid);
}

void broker_freeze(struct broker *b, bool frozen)
{
    char path[64];
    int child;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", b->pid, b->pid);
    FILE *children = fopen(path, "r");
    while (children && fscanf(children, "%d", &child) == 1)
        freeze(child, frozen);
    if (children)
        fclose(children);
    freeze(b->pid, frozen);
}

void broker_stop(struct broker *b)
{
    if (b->pid <= 0)
        return;
    fclose(b->to);
    broker_freeze(b, false);
    kill(b->pid, SIGTERM);
    waitpid(b->pid, NULL, 0);
    fclose(b->from);
    b->pid = 0;
}

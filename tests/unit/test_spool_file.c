/*
 * The spool's file: order, what survives a kill, a full disk, damage, strangers.
 */
#include "ingest/spool/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/mangoplan-spool-XXXXXX";
static char path[64];

/* Every test has a process, and so a file, of its own. */
static void begin(void)
{
    snprintf(path, sizeof path, "%s/%d.db", folder, (int)getpid());
}

static void tear_down(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static struct spool_file *opened(void)
{
    struct error e = ERROR_NONE;
    struct spool_file *f = NULL;
    char *aside = NULL;
    ck_assert_msg(spool_file_open(path, &f, &aside, &e) == ERR_OK, "%s", e.text);
    ck_assert_ptr_null(aside);
    return f;
}

/* ERR_OK, or how it was refused. */
static enum err refusal(const char *word)
{
    struct error e = ERROR_NONE;
    struct spool_file *f = NULL;
    char *aside = NULL;
    enum err kind = spool_file_open(path, &f, &aside, &e);
    if (kind)
        ck_assert_msg(strstr(e.text, word) != NULL, "%s", e.text);
    spool_file_close(f);
    free(aside);
    return kind;
}

/* Rows first .. last in one transaction. */
static enum err add(struct spool_file *f, int64_t first, int64_t last, size_t bytes)
{
    struct error e = ERROR_NONE;
    char *value CLEANUP(mem_free_text) = mem_alloc(1, bytes + 1);
    memset(value, 'x', bytes);
    enum err kind = spool_file_begin(f, &e);
    for (int64_t i = first; kind == ERR_OK && i <= last; i++) {
        char key[32];
        snprintf(key, sizeof key, "acme/%lld", (long long)i);
        const struct spool_row row = {i,           1000 + i,    STR("acme"),
                                      STR("call"), str_of(key), {value, bytes}};
        kind = spool_file_add(f, &row, &e);
    }
    if (kind == ERR_OK)
        kind = spool_file_commit(f, &e);
    return kind;
}

struct seen {
    int64_t n, first, last, stop_after;
    size_t bytes;
};

static bool see(void *arg, const struct spool_row *row)
{
    struct seen *s = arg;
    char key[32];
    if (s->n == s->stop_after && s->stop_after)
        return false;
    snprintf(key, sizeof key, "acme/%lld", (long long)row->seq);
    ck_assert_text(row->key, key);
    ck_assert_text(row->account, "acme");
    ck_assert_text(row->kind, "call");
    ck_assert_int_eq(row->received_ms, 1000 + row->seq);
    ck_assert(s->n == 0 || row->seq > s->last);
    if (s->n++ == 0)
        s->first = row->seq;
    s->last = row->seq;
    s->bytes += row->value.len;
    return true;
}

static struct seen read_from(struct spool_file *f, int64_t after, int64_t stop_after)
{
    struct error e = ERROR_NONE;
    struct seen s = {.stop_after = stop_after};
    ck_assert_int_eq(spool_file_read(f, after, see, &s, &e), ERR_OK);
    return s;
}

static int64_t count(struct spool_file *f, int64_t *last, int64_t *oldest)
{
    struct error e = ERROR_NONE;
    int64_t n = -1;
    ck_assert_int_eq(spool_file_count(f, &n, last, oldest, &e), ERR_OK);
    return n;
}

START_TEST(order_and_reopening)
{
    begin();
    int64_t last, oldest, gone = 0;
    struct error e = ERROR_NONE;
    struct spool_file *f = opened();
    ck_assert_int_eq(count(f, &last, &oldest), 0);
    ck_assert_int_eq(last, 0);
    ck_assert_int_eq(oldest, 0);
    ck_assert_int_eq(add(f, 1, 100, 700), ERR_OK);
    spool_file_close(f);
    f = opened();
    struct seen s = read_from(f, 0, 0);
    ck_assert_int_eq(s.n, 100);
    ck_assert_uint_eq(s.bytes, 70000);
    s = read_from(f, 40, 10);
    ck_assert_int_eq(s.first, 41);
    ck_assert_int_eq(s.last, 50);
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_forget(f, 60, &gone, &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_int_eq(gone, 60);
    ck_assert_int_eq(count(f, &last, &oldest), 40);
    ck_assert_int_eq(last, 100);
    ck_assert_int_eq(oldest, 1061);
    ck_assert_int_eq(read_from(f, 0, 0).first, 61);
    spool_file_close(f);
}
END_TEST

START_TEST(bytes_as_they_came)
{
    begin();
    static const char bytes[] = "{\"a\":\"\0\xff\xfe\"}";
    struct error e = ERROR_NONE;
    struct spool_file *f = opened();
    const struct spool_row row = {7,           1007,          STR("acme"),
                                  STR("call"), STR("acme/7"), {bytes, sizeof bytes - 1}};
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_add(f, &row, &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_uint_eq(read_from(f, 0, 0).bytes, sizeof bytes - 1);
    spool_file_close(f);
}
END_TEST

START_TEST(owner_only)
{
    begin();
    struct stat st;
    struct spool_file *f = opened();
    ck_assert_int_eq(add(f, 1, 1, 10), ERR_OK);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    char *wal CLEANUP(mem_free_text) = mem_format("%s-wal", path);
    ck_assert_int_eq(stat(wal, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    spool_file_close(f);
}
END_TEST

static pid_t child(void (*work)(int out), int *in)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(ends[0]);
        work(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    *in = ends[0];
    return pid;
}

/* Says after each commit how far it is, until it is killed. */
static void write_on(int out)
{
    struct spool_file *f = opened();
    for (int64_t i = 1;; i += 7) {
        if (add(f, i, i + 6, 900) || write(out, &(int64_t){i + 6}, 8) != 8)
            _exit(1);
    }
}

START_TEST(killed_in_the_middle)
{
    begin();
    int64_t said = 0;
    for (int round = 0; round < 5; round++) {
        int in, status;
        pid_t pid = child(write_on, &in);
        for (int i = 0; i < 20 + round * 13; i++)
            ck_assert_int_eq(read(in, &said, 8), 8);
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        for (int64_t more; read(in, &more, 8) == 8;)
            said = more;
        close(in);
        struct spool_file *f = opened();
        struct seen s = read_from(f, 0, 0);
        ck_assert_int_eq(s.first, 1);
        ck_assert_int_ge(s.n, said);
        ck_assert_int_eq(s.n % 7, 0);
        ck_assert_int_eq(s.n, s.last);
        spool_file_close(f);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

static void hold_it(int out)
{
    (void)opened();
    if (write(out, "x", 1) == 1)
        pause();
}

START_TEST(one_process_only)
{
    begin();
    int in;
    char c;
    pid_t pid = child(hold_it, &in);
    ck_assert_int_eq(read(in, &c, 1), 1);
    ck_assert_int_eq(refusal("another process"), ERR_CONFIG);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(in);
    spool_file_close(opened());
}
END_TEST

START_TEST(a_full_disk)
{
    begin();
    struct error e = ERROR_NONE;
    int64_t gone = 0;
    struct spool_file *f = opened();
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit tight = {512 * 1024, 512 * 1024};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int64_t n = 0;
    while (add(f, n + 1, n + 1, 5000) == ERR_OK)
        n++;
    ck_assert_int_gt(n, 20);
    ck_assert_int_lt(n, 200);
    ck_assert_int_eq(add(f, n + 1, n + 1, 5000), ERR_TEMPORARY);
    ck_assert_int_eq(read_from(f, 0, 0).n, n);
    /* what is deleted makes room */
    spool_file_relieve(f);
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_forget(f, n, &gone, &e), ERR_OK);
    ck_assert_msg(spool_file_commit(f, &e) == ERR_OK, "%s", e.text);
    ck_assert_int_eq(gone, n);
    while (spool_file_shrink(f))
        ;
    ck_assert_int_eq(add(f, n + 1, n + 5, 5000), ERR_OK);
    spool_file_close(f);
    f = opened();
    ck_assert_int_eq(read_from(f, 0, 0).n, 5);
    spool_file_close(f);
}
END_TEST

START_TEST(gives_space_back)
{
    begin();
    struct error e = ERROR_NONE;
    struct stat st;
    int64_t gone;
    struct spool_file *f = opened();
    ck_assert_int_eq(add(f, 1, 5000, 3000), ERR_OK);
    while (spool_file_shrink(f))
        ;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_gt(st.st_size, 10000000);
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_forget(f, 5000, &gone, &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert(spool_file_shrink(f)); /* piece by piece */
    while (spool_file_shrink(f))
        ;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_lt(st.st_size, 200000);
    spool_file_close(f);
}
END_TEST

static void overwrite(off_t at, size_t n)
{
    int fd = open(path, O_WRONLY);
    char junk[4096];
    memset(junk, 0xa5, sizeof junk);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, junk, n, at), (ssize_t)n);
    close(fd);
}

static void opens_anew(void)
{
    struct error e = ERROR_NONE;
    struct spool_file *f = NULL;
    struct stat st;
    char *aside CLEANUP(mem_free_text) = NULL;
    ck_assert_msg(spool_file_open(path, &f, &aside, &e) == ERR_OK, "%s", e.text);
    ck_assert_ptr_nonnull(aside);
    ck_assert_int_eq(stat(aside, &st), 0);
    ck_assert_int_eq(read_from(f, 0, 0).n, 0);
    ck_assert_int_eq(add(f, 1, 3, 100), ERR_OK);
    spool_file_close(f);
    spool_file_close(opened());
}

START_TEST(damaged_at_the_start)
{
    begin();
    struct spool_file *f = opened();
    ck_assert_int_eq(add(f, 1, 500, 700), ERR_OK);
    spool_file_close(f);
    overwrite(4096 * 10, 4096); /* a page in the middle */
    opens_anew();
    overwrite(0, 100); /* the header */
    opens_anew();
}
END_TEST

START_TEST(damaged_while_open)
{
    begin();
    struct error e = ERROR_NONE;
    char *aside CLEANUP(mem_free_text) = NULL;
    struct seen s = {0};
    struct spool_file *f = opened();
    ck_assert_int_eq(add(f, 1, 5000, 3000), ERR_OK); /* more than its cache holds */
    while (spool_file_shrink(f))
        ;
    for (off_t page = 20; page < 3000; page++)
        overwrite(page * 4096, 4096);
    ck_assert_int_eq(spool_file_read(f, 0, see, &s, &e), ERR_INPUT);
    e = ERROR_NONE;
    ck_assert_msg(spool_file_renew(f, &aside, &e) == ERR_OK, "%s", e.text);
    ck_assert_int_eq(add(f, 5001, 5003, 100), ERR_OK);
    ck_assert_int_eq(read_from(f, 0, 0).first, 5001);
    spool_file_close(f);
}
END_TEST

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(not_ours)
{
    begin();
    pid_t pid = fork();
    if (pid == 0) {
        execlp("python3", "python3", "-c",
               "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]);"
               "d.execute('create table x(y)'); d.commit()",
               path, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(refusal("another program"), ERR_CONFIG);
    unlink(path);
    write_text(
        "not a database at all, but long enough to be looked at as one, header and everything");
    opens_anew();
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(refusal(path), ERR_CONFIG);
    rmdir(path);
    snprintf(path, sizeof path, "%s/no/such/folder.db", folder);
    ck_assert_int_eq(refusal("No such file"), ERR_CONFIG);
}
END_TEST

START_TEST(a_newer_version)
{
    begin();
    spool_file_close(opened());
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "\0\0\0\x02", 4, 60),
                     4); /* user_version: sqlite.org/fileformat2.html */
    close(fd);
    ck_assert_int_eq(refusal("version 2"), ERR_CONFIG);
}
END_TEST

struct copies {
    char text[256];
};

static void note(void *arg, struct str account, struct str document)
{
    struct copies *c = arg;
    size_t n = strlen(c->text);
    snprintf(c->text + n, sizeof c->text - n, "%.*s=%.*s ", STR_ARG(account), STR_ARG(document));
}

static const char *settings(struct spool_file *f, struct copies *c)
{
    struct error e = ERROR_NONE;
    c->text[0] = '\0';
    ck_assert_int_eq(spool_file_each_settings(f, note, c, &e), ERR_OK);
    return c->text;
}

START_TEST(settings_are_kept)
{
    begin();
    struct error e = ERROR_NONE;
    struct copies c;
    struct spool_file *f = opened();
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_settings(f, STR("acme"), STR("{1}"), &e), ERR_OK);
    ck_assert_int_eq(spool_file_settings(f, STR("beta"), STR("{2}"), &e), ERR_OK);
    ck_assert_int_eq(spool_file_settings(f, STR("acme"), STR("{3}"), &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    spool_file_close(f);
    f = opened();
    ck_assert_str_eq(settings(f, &c), "acme={3} beta={2} ");
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_settings(f, STR("acme"), STR_NONE, &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_str_eq(settings(f, &c), "beta={2} ");
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_doubt_settings(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_settings(f, STR("gamma"), STR("{4}"), &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_str_eq(settings(f, &c), "beta={2} gamma={4} ");
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_drop_doubtful(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_str_eq(settings(f, &c), "gamma={4} ");
    spool_file_close(f);
}
END_TEST

START_TEST(refused_ones_are_set_aside)
{
    begin();
    struct error e = ERROR_NONE;
    int64_t last, oldest;
    struct spool_file *f = opened();
    ck_assert_int_eq(add(f, 1, 3, 10), ERR_OK);
    ck_assert_int_eq(spool_file_begin(f, &e), ERR_OK);
    ck_assert_int_eq(spool_file_park(f, 2, STR("too large"), &e), ERR_OK);
    ck_assert_int_eq(spool_file_commit(f, &e), ERR_OK);
    ck_assert_int_eq(count(f, &last, &oldest), 2);
    ck_assert_int_eq(read_from(f, 1, 0).first, 3);
    spool_file_close(f);
}
END_TEST

int main(void)
{
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int exit_code = UNIT_RUN("spool_file", order_and_reopening, bytes_as_they_came, owner_only,
                             killed_in_the_middle, one_process_only, a_full_disk, gives_space_back,
                             damaged_at_the_start, damaged_while_open, not_ours, a_newer_version,
                             settings_are_kept, refused_ones_are_set_aside);
    tear_down();
    return exit_code;
}

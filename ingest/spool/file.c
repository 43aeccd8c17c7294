/*
 * SQLite, and nothing but SQLite: the only file that knows it. Must not know Kafka or the loop, and does
 * not log. Whoever owns the file calls from one thread at a time.
 */
#include "ingest/spool/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"

#define VERSION 1
#define APPLICATION 0x4d505350          /* "MPSP" */
#define LOCK_MS 2000                    /* for a process that is just ending */
#define CHECKED_BYTES (256LL * 1 << 20) /* larger files are not read through at the start */

#define SHRINK_PAGES "2000"

enum statement {
    BEGIN,
    COMMIT,
    ADD,
    FORGET,
    PARK,
    PARKED, /* deletes what was parked */
    PUT,
    REMOVE,
    DOUBT,
    CLEAR,
    READ,
    SETTINGS,
    COUNT,
    OLDEST,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ADD] = "INSERT INTO webhooks (seq, received_ms, account, kind, key, value) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [FORGET] = "DELETE FROM webhooks WHERE seq <= ?1",
    [PARK] = "INSERT INTO refused (received_ms, account, kind, key, value, why) "
             "SELECT received_ms, account, kind, key, value, ?2 FROM webhooks WHERE seq = ?1",
    [PARKED] = "DELETE FROM webhooks WHERE seq = ?1",
    [PUT] = "INSERT INTO settings (account, document) VALUES (?1, ?2) "
            "ON CONFLICT (account) DO UPDATE SET document = excluded.document, doubtful = 0",
    [REMOVE] = "DELETE FROM settings WHERE account = ?1",
    [DOUBT] = "UPDATE settings SET doubtful = 1",
    [CLEAR] = "DELETE FROM settings WHERE doubtful",
    [READ] = "SELECT seq, received_ms, account, kind, key, value FROM webhooks WHERE seq > ?1 "
             "ORDER BY seq",
    [SETTINGS] = "SELECT account, document FROM settings",
    [COUNT] = "SELECT count(*), ifnull(max(seq), 0) FROM webhooks",
    [OLDEST] = "SELECT received_ms FROM webhooks ORDER BY seq LIMIT 1",
};

/* Without a wal-index in shared memory: the file is one process's. */
static const char settle[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL;"
                             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "PRAGMA secure_delete = FAST; PRAGMA trusted_schema = OFF;"
                             "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
                             "PRAGMA journal_size_limit = 16777216;";

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE webhooks (seq INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,"
    " account TEXT NOT NULL, kind TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL);"
    "CREATE TABLE refused (id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,"
    " account TEXT NOT NULL, kind TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " why TEXT NOT NULL);"
    "CREATE TABLE settings (account TEXT PRIMARY KEY, doubtful INTEGER NOT NULL DEFAULT 0,"
    " document BLOB NOT NULL);"
    "PRAGMA application_id = 1297109840; PRAGMA user_version = 1; COMMIT;";
_Static_assert(APPLICATION == 1297109840 && VERSION == 1, "the schema says both");

struct spool_file {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

/* ---- what SQLite says ---- */

static enum err kind_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_INPUT;
    case SQLITE_NOMEM:
        mem_out();
    default:
        return ERR_TEMPORARY;
    }
}

static enum err failed(struct spool_file *f, const char *doing, struct error *e)
{
    int code = sqlite3_extended_errcode(f->db);
    enum err kind = error_set(e, kind_of(code), "%s: %s", doing, sqlite3_errmsg(f->db));
    if (!sqlite3_get_autocommit(f->db))
        sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
    return kind;
}

static enum err run_sql(struct spool_file *f, const char *text, struct error *e)
{
    return sqlite3_exec(f->db, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK
                                                                    : failed(f, "the spool", e);
}

static void bind_text(sqlite3_stmt *s, int at, struct str text)
{
    sqlite3_bind_text64(s, at, text.len ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_bytes(sqlite3_stmt *s, int at, struct str bytes)
{
    sqlite3_bind_blob64(s, at, bytes.len ? bytes.ptr : "", bytes.len, SQLITE_STATIC);
}

/* Runs one that gives no rows, or whose rows nobody wants. */
static enum err run(struct spool_file *f, enum statement which, const char *doing, struct error *e)
{
    sqlite3_stmt *s = f->statements[which];
    int code = sqlite3_step(s);
    enum err kind = code == SQLITE_DONE || code == SQLITE_ROW ? ERR_OK : failed(f, doing, e);
    sqlite3_reset(s);
    return kind;
}

static struct str column(sqlite3_stmt *s, int at)
{
    const void *bytes = sqlite3_column_blob(s, at);
    return (struct str){bytes, bytes ? (size_t)sqlite3_column_bytes(s, at) : 0};
}

/* ---- opening ---- */

static int64_t number_of(struct spool_file *f, const char *text, struct error *e)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(f->db, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    else
        failed(f, "reading it", e);
    sqlite3_finalize(s);
    return n;
}

/* The file exists from now on, for its owner only, and its name is on the disk. */
static enum err make_file(const char *path, struct error *e)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(e, ERR_CONFIG, "%s: %s", path, strerrordesc_np(errno));
    bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fchmod(fd, 0600) == 0;
    close(fd); /* before SQLite holds its locks, which a close would release */
    if (!file)
        return error_set(e, ERR_CONFIG, "%s: no file of ours", path);
    char *copy CLEANUP(mem_free_text) = mem_copy(str_of(path));
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    return ERR_OK;
}

static enum err check_text(struct spool_file *f, struct error *e)
{
    sqlite3_stmt *s = NULL;
    enum err kind = ERR_OK;
    if (sqlite3_prepare_v2(f->db, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW)
        kind = failed(f, "checking it", e);
    else if (!str_is(column(s, 0), "ok"))
        kind = error_set(e, ERR_INPUT, "damaged: %.*s", STR_ARG(column(s, 0)));
    sqlite3_finalize(s);
    return kind;
}

/* Whose file it is, and whether it is whole. An empty one gets its tables. */
static enum err check(struct spool_file *f, struct error *e)
{
    int64_t pages = number_of(f, "PRAGMA page_count", e);
    int64_t application = number_of(f, "PRAGMA application_id", e);
    int64_t version = number_of(f, "PRAGMA user_version", e);
    int64_t tables = number_of(f, "SELECT count(*) FROM sqlite_master", e);
    if (e->kind)
        return e->kind;
    if (application == 0 && tables == 0)
        return run_sql(f, schema, e);
    if (application != APPLICATION)
        return error_set(e, ERR_CONFIG, "another program's database");
    if (version != VERSION)
        return error_set(e, ERR_CONFIG, "has version %lld, this program knows %d",
                         (long long)version, VERSION);
    return pages * 4096 > CHECKED_BYTES ? ERR_OK : check_text(f, e);
}

static enum err prepare(struct spool_file *f, struct error *e)
{
    for (int i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(f->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &f->statements[i],
                               NULL) != SQLITE_OK)
            return failed(f, "its tables", e);
    }
    return ERR_OK;
}

static void release(struct spool_file *f)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(f->statements[i]);
        f->statements[i] = NULL;
    }
    sqlite3_close(f->db);
    f->db = NULL;
}

/* ERR_INPUT: damaged. */
static enum err attach(struct spool_file *f, struct error *e)
{
    if (make_file(f->path, e))
        return e->kind;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(f->path, &f->db, flags, NULL) != SQLITE_OK)
        return error_set(e, ERR_CONFIG, "%s: %s", f->path, sqlite3_errmsg(f->db));
    sqlite3_busy_timeout(f->db, LOCK_MS);
    if (sqlite3_exec(f->db, settle, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(f->db, "BEGIN IMMEDIATE; COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        int code = sqlite3_errcode(f->db) & 0xff;
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            return error_set(e, ERR_CONFIG, "%s belongs to another process", f->path);
        return failed(f, f->path, e);
    }
    if (check(f, e) || prepare(f, e))
        return error_context(e, "%s", f->path);
    return ERR_OK;
}

static void move(const char *from, const char *to, const char *suffix, struct error *e)
{
    char *a CLEANUP(mem_free_text) = mem_format("%s%s", from, suffix);
    char *b CLEANUP(mem_free_text) = mem_format("%s%s", to, suffix);
    if (rename(a, b) && errno != ENOENT)
        error_set(e, ERR_CONFIG, "%s cannot be moved aside: %s", a, strerrordesc_np(errno));
}

enum err spool_file_renew(struct spool_file *f, char **aside, struct error *e)
{
    char now[TEXT_TIME_SIZE];
    text_time(clock_wall_ms(), now);
    release(f);
    *aside = mem_format("%s.damaged-%s", f->path, now);
    move(f->path, *aside, "-wal", e);
    move(f->path, *aside, "", e);
    if (e->kind || attach(f, e)) {
        release(f);
        e->kind = ERR_CONFIG;
    }
    return e->kind;
}

enum err spool_file_open(const char *path, struct spool_file **out, char **aside, struct error *e)
{
    struct spool_file *f = mem_alloc(1, sizeof *f);
    struct error damage = ERROR_NONE;
    *aside = NULL;
    f->path = mem_copy(str_of(path));
    enum err kind = attach(f, &damage);
    if (kind == ERR_INPUT)
        kind = spool_file_renew(f, aside, e);
    else if (kind)
        error_set(e, ERR_CONFIG, "%s", damage.text);
    if (kind) {
        spool_file_close(f);
        return e->kind;
    }
    *out = f;
    return ERR_OK;
}

void spool_file_close(struct spool_file *f)
{
    if (!f)
        return;
    release(f);
    free(f->path);
    free(f);
}

/* ---- changes ---- */

/* After a renewal that failed the next change tries again. */
static enum err is_there(struct spool_file *f, struct error *e)
{
    if (f->db || attach(f, e) == ERR_OK)
        return ERR_OK;
    release(f);
    if (e->kind != ERR_INPUT)
        e->kind = ERR_TEMPORARY;
    return e->kind;
}

enum err spool_file_begin(struct spool_file *f, struct error *e)
{
    return is_there(f, e) ? e->kind : run(f, BEGIN, "beginning", e);
}

enum err spool_file_commit(struct spool_file *f, struct error *e)
{
    return run(f, COMMIT, "storing", e);
}

enum err spool_file_add(struct spool_file *f, const struct spool_row *row, struct error *e)
{
    sqlite3_stmt *s = f->statements[ADD];
    sqlite3_bind_int64(s, 1, row->seq);
    sqlite3_bind_int64(s, 2, row->received_ms);
    bind_text(s, 3, row->account);
    bind_text(s, 4, row->kind);
    bind_bytes(s, 5, row->key);
    bind_bytes(s, 6, row->value);
    return run(f, ADD, "a webhook", e);
}

enum err spool_file_forget(struct spool_file *f, int64_t upto, int64_t *n, struct error *e)
{
    sqlite3_bind_int64(f->statements[FORGET], 1, upto);
    if (run(f, FORGET, "deleting", e))
        return e->kind;
    *n = sqlite3_changes(f->db);
    return ERR_OK;
}

enum err spool_file_park(struct spool_file *f, int64_t seq, struct str why, struct error *e)
{
    sqlite3_bind_int64(f->statements[PARK], 1, seq);
    bind_text(f->statements[PARK], 2, why);
    sqlite3_bind_int64(f->statements[PARKED], 1, seq);
    if (run(f, PARK, "setting aside", e) || run(f, PARKED, "setting aside", e))
        return e->kind;
    return ERR_OK;
}

enum err spool_file_settings(struct spool_file *f, struct str account, struct str document,
                             struct error *e)
{
    enum statement which = document.len ? PUT : REMOVE;
    bind_text(f->statements[which], 1, account);
    if (document.len)
        bind_bytes(f->statements[which], 2, document);
    return run(f, which, "settings", e);
}

enum err spool_file_doubt_settings(struct spool_file *f, struct error *e)
{
    return run(f, DOUBT, "settings", e);
}

enum err spool_file_drop_doubtful(struct spool_file *f, struct error *e)
{
    return run(f, CLEAR, "settings", e);
}

/* ---- reading ---- */

enum err spool_file_read(struct spool_file *f, int64_t after,
                         bool (*row)(void *arg, const struct spool_row *row), void *arg,
                         struct error *e)
{
    if (is_there(f, e))
        return e->kind;
    sqlite3_stmt *s = f->statements[READ];
    int code;
    sqlite3_bind_int64(s, 1, after);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const struct spool_row r = {.seq = sqlite3_column_int64(s, 0),
                                    .received_ms = sqlite3_column_int64(s, 1),
                                    .account = column(s, 2),
                                    .kind = column(s, 3),
                                    .key = column(s, 4),
                                    .value = column(s, 5)};
        if (!row(arg, &r))
            break;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        failed(f, "reading webhooks", e);
    sqlite3_reset(s);
    return e->kind;
}

enum err spool_file_each_settings(struct spool_file *f,
                                  void (*fn)(void *arg, struct str account, struct str document),
                                  void *arg, struct error *e)
{
    sqlite3_stmt *s = f->statements[SETTINGS];
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        fn(arg, column(s, 0), column(s, 1));
    if (code != SQLITE_DONE)
        failed(f, "reading settings", e);
    sqlite3_reset(s);
    return e->kind;
}

enum err spool_file_oldest(struct spool_file *f, int64_t *oldest_ms, struct error *e)
{
    sqlite3_stmt *s = f->statements[OLDEST];
    int code = sqlite3_step(s);
    *oldest_ms = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        failed(f, "reading webhooks", e);
    sqlite3_reset(s);
    return e->kind;
}

enum err spool_file_count(struct spool_file *f, int64_t *n, int64_t *last, int64_t *oldest_ms,
                          struct error *e)
{
    sqlite3_stmt *s = f->statements[COUNT];
    if (sqlite3_step(s) == SQLITE_ROW) {
        *n = sqlite3_column_int64(s, 0);
        *last = sqlite3_column_int64(s, 1);
    } else {
        failed(f, "counting webhooks", e);
    }
    sqlite3_reset(s);
    return e->kind ? e->kind : spool_file_oldest(f, oldest_ms, e);
}

void spool_file_relieve(struct spool_file *f)
{
    if (f->db)
        sqlite3_exec(f->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

bool spool_file_shrink(struct spool_file *f)
{
    struct error e = ERROR_NONE;
    if (!f->db)
        return false;
    int64_t before = number_of(f, "PRAGMA freelist_count", &e);
    sqlite3_exec(f->db, "PRAGMA incremental_vacuum(" SHRINK_PAGES ")", NULL, NULL, NULL);
    int64_t left = number_of(f, "PRAGMA freelist_count", &e);
    if (!e.kind && left > 0 && left < before)
        return true;
    spool_file_relieve(f);
    return false;
}

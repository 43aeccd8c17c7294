/*
 * SQLite, as ingest/spool/file.c lays the file out. What is deleted is overwritten (secure_delete).
 */
#include "worker/tools/forget_spool.h"

#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/mem.h"

#define BUSY_MS 500
#define LAST 10 /* digits that every way of writing has in common */
#define NAMED " WHERE account = ?1 AND instr(value, CAST(?2 AS BLOB)) > 0"

static const char *const counts[] = {"SELECT count(*) FROM webhooks" NAMED,
                                     "SELECT count(*) FROM refused" NAMED};
static const char *const deletes[] = {"DELETE FROM webhooks" NAMED, "DELETE FROM refused" NAMED};

static bool run(sqlite3 *db, const char *sql, const char *account, const char *digits, bool delete,
                int64_t *n)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(s, 1, account, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, digits, -1, SQLITE_STATIC);
    int code = sqlite3_step(s);
    if (delete)
        *n += code == SQLITE_DONE ? sqlite3_changes(db) : 0;
    else
        *n += code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    bool ok = code == (delete ? SQLITE_DONE : SQLITE_ROW);
    sqlite3_finalize(s);
    return ok;
}

static bool both(sqlite3 *db, const char *account, const char *digits, bool dry, int64_t *n)
{
    bool ok = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    for (size_t i = 0; ok && i < 2; i++)
        ok = run(db, dry ? counts[i] : deletes[i], account, digits, !dry, n);
    return ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

enum forget_spool_end forget_spool(const char *path, const char *account,
                                   const struct phone *number, bool dry, int64_t *n,
                                   struct error *e)
{
    static const char settle[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON;"
                                 "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL";
    size_t len = strlen(number->digits);
    const char *last = len > LAST ? number->digits + len - LAST : number->digits;
    enum forget_spool_end end = FORGET_SPOOL_DONE;
    sqlite3 *db = NULL;
    *n = 0;
    if (!*path || access(path, F_OK) != 0)
        return FORGET_SPOOL_NONE;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK ||
        sqlite3_exec(db, settle, NULL, NULL, NULL) != SQLITE_OK ||
        !both(db, account, last, dry, n)) {
        (void)error_set(e, ERR_TEMPORARY, "%s", db ? sqlite3_errmsg(db) : "no memory");
        end = FORGET_SPOOL_BUSY;
    }
    sqlite3_close(db);
    return end;
}

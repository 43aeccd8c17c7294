/*
 * The spool's file: webhooks in the order of their receipt, what Kafka refuses for good, and the last
 * settings documents. An SQLite database (WAL, every commit on the disk before it returns) that belongs to
 * one process; mode 0600; what is deleted is gone for good once the file was empty and has shrunk. Blocking; one
 * thread at a time.
 */
#ifndef INGEST_SPOOL_FILE_H
#define INGEST_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct spool_row {
    int64_t seq;         /* grows with every webhook */
    int64_t received_ms; /* unix */
    struct str account, kind;
    struct str key;   /* of `events` */
    struct str value; /* byte for byte */
};

struct spool_file;

/* Makes the file if there is none. A damaged one is moved aside (*aside says where to, the caller's, free()) and a new one
 * begun. ERR_CONFIG: cannot be made, belongs to another process, is no spool, is a newer version's. */
enum err spool_file_open(const char *path, struct spool_file **out, char **aside,
                         struct error *e) MUST_CHECK;
void spool_file_close(struct spool_file *f); /* NULL is fine */

/* Changes stand between begin and commit. Whatever fails undoes them all: ERR_TEMPORARY when the disk does not take
 * it; ERR_INPUT when the file turns out to be damaged, then spool_file_renew is what helps. */
enum err spool_file_begin(struct spool_file *f, struct error *e) MUST_CHECK;
enum err spool_file_commit(struct spool_file *f, struct error *e) MUST_CHECK;
enum err spool_file_add(struct spool_file *f, const struct spool_row *row,
                        struct error *e) MUST_CHECK;
/* Deletes the webhooks up to that one, and says how many there were. */
enum err spool_file_forget(struct spool_file *f, int64_t upto, int64_t *n,
                           struct error *e) MUST_CHECK;
/* Puts a webhook where it is kept but never read: Kafka refuses it for good. */
enum err spool_file_park(struct spool_file *f, int64_t seq, struct str why,
                         struct error *e) MUST_CHECK;
/* A settings document as it stands in the topic; STR_NONE: the account is removed. */
enum err spool_file_settings(struct spool_file *f, struct str account, struct str document,
                             struct error *e) MUST_CHECK;
/* All settings are doubtful until they are given again; and those that were not go. (A process that is killed in
 * between still has them.) */
enum err spool_file_doubt_settings(struct spool_file *f, struct error *e) MUST_CHECK;
enum err spool_file_drop_doubtful(struct spool_file *f, struct error *e) MUST_CHECK;

/* The webhooks behind `after`, in order, until `row` (may be told STR that live as long as the call) says false. */
enum err spool_file_read(struct spool_file *f, int64_t after,
                         bool (*row)(void *arg, const struct spool_row *row), void *arg,
                         struct error *e) MUST_CHECK;
enum err spool_file_each_settings(struct spool_file *f,
                                  void (*fn)(void *arg, struct str account, struct str document),
                                  void *arg, struct error *e) MUST_CHECK;
/* How many webhooks; the newest one's number (0: none); when the oldest was received (0: none). */
enum err spool_file_count(struct spool_file *f, int64_t *n, int64_t *last, int64_t *oldest_ms,
                          struct error *e) MUST_CHECK;
enum err spool_file_oldest(struct spool_file *f, int64_t *oldest_ms, struct error *e) MUST_CHECK;
/* After the disk took no more: moves what the log holds into the file proper, which may make room. */
void spool_file_relieve(struct spool_file *f);
/* Gives back some of the disk's space; for a file without webhooks. True: there is more. What fails is left to the next
 * time. */
bool spool_file_shrink(struct spool_file *f);
/* Moves the damaged file aside and begins a new one under its name. ERR_CONFIG: it cannot; nothing can be kept then. */
enum err spool_file_renew(struct spool_file *f, char **aside, struct error *e) MUST_CHECK;

#endif

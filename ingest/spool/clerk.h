/*
 * The clerk: the one thread that touches the spool's file, so that a slow disk never holds up the
 * webhooks' loop. It takes all orders that wait at once and carries them out in one transaction: many
 * webhooks share one wait for the disk. All calls, and all outcomes, are on the loop's thread.
 */
#ifndef INGEST_SPOOL_CLERK_H
#define INGEST_SPOOL_CLERK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop.h"
#include "ingest/spool/file.h"

enum spool_task {
    SPOOL_ADD,      /* the row, which gets its number */
    SPOOL_FORGET,   /* rows up to row.seq: Kafka has them */
    SPOOL_PARK,     /* row.seq: Kafka refuses it; row.value says why */
    SPOOL_SETTINGS, /* of row.account, row.value is the document; without one: removed */
    SPOOL_DOUBT,    /* all settings, until they are given again ... */
    SPOOL_CLEAN, /* ... those that were not go, unless the disk did not take one of those given since */
    SPOOL_READ, /* into `batch`, the rows behind row.seq */
};

#define SPOOL_BATCH_ROWS 256
#define SPOOL_BATCH_BYTES (1024 * 1024)

struct spool_batch {
    size_t
        max; /* rows wanted, at most SPOOL_BATCH_ROWS; there may be fewer, at least one if any is left */
    size_t n;
    bool more;                               /* rows are left behind them */
    struct spool_row rows[SPOOL_BATCH_ROWS]; /* point into bytes */
    char *bytes;                             /* owned */
};

/* In the giver's memory, which the clerk borrows, with all that the row points to, until `finished` is called. */
struct spool_order {
    struct spool_order *next;
    enum spool_task task;
    struct spool_row row;
    struct spool_batch *batch;
    bool done; /* false: the disk did not take it */
    void (*finished)(struct spool_order *o);
};

struct clerk;

struct clerk_events {
    /* The file was damaged and a new one begun: settings have to be given anew. May be NULL. */
    void (*renewed)(void *arg);
    void *arg;
};

/* Takes the file over. */
enum err clerk_new(struct loop *l, struct spool_file *file, const struct clerk_events *events,
                   struct clerk **out, struct error *e) MUST_CHECK;
/* Orders are carried out in the order of giving; a read sees all that was given before it. */
void clerk_give(struct clerk *c, struct spool_order *o);
/* Carries out what waits, calls their `finished`, ends the thread, closes the file. NULL is fine. */
void clerk_free(struct clerk *c);

/* Any thread. Webhooks in the file; when the oldest was received, unix ms, 0 = none; whether the disk took the last
 * change and gave what was last asked for. */
int64_t clerk_messages(const struct clerk *c);
int64_t clerk_oldest_ms(const struct clerk *c);
bool clerk_is_well(const struct clerk *c);

#endif

/*
 * Inside ingest/spool/ only: what the live side (spool.c) and the draining side (drain.c) share.
 */
#ifndef INGEST_SPOOL_STATE_H
#define INGEST_SPOOL_STATE_H

#include "ingest/spool/clerk.h"
#include "ingest/spool/spool.h"

enum spool_way { /* of a new webhook; the picture is in spool.c */
    SPOOL_CLEAR,
    SPOOL_KEEPING,
    SPOOL_HANDING,
};

/* A webhook from its arrival to its outcome; its texts stand behind it in the same memory. */
struct spool_item {
    struct spool_order order; /* first: the clerk gives it back */
    struct spool_item *next, *prev;
    struct spool *owner;
    publish_done *done;
    void *arg;
    int64_t since;  /* boot ms */
    bool under_way; /* Kafka's report is still to come */
    enum {
        SPOOL_FLYING,  /* on its way to Kafka */
        SPOOL_HELD,    /* waits for the last rows of the file to be Kafka's */
        SPOOL_WRITING, /* at the clerk */
        SPOOL_OVER     /* its outcome is told, only the report is missing */
    } place;
};

struct spool_list {
    struct spool_item *first, *last;
};

/* One row of the batch under way. */
struct spool_flight {
    struct spool *owner;
    enum {
        SPOOL_DUE,
        SPOOL_ACKED,
        SPOOL_FAILED,
        SPOOL_REFUSED
    } state;
};

struct spool_drain {
    struct spool_order read; /* first: the clerk gives it back */
    struct spool *owner;
    struct spool_batch batch;
    struct spool_flight flights[SPOOL_BATCH_ROWS];
    size_t due;      /* reports that are missing */
    size_t limit;    /* rows of the next batch */
    int64_t done_to; /* Kafka has the rows up to it */
    int64_t sent_at; /* boot ms, of the batch under way */
    bool reading;
    bool unread; /* the disk fails: what is in the file waits, new webhooks do not wait for it */
    struct loop_timer next, stalled, forget;
};

struct spool {
    struct spool_options o;
    struct spool_file *file; /* the clerk's once there are orders */
    struct clerk *clerk;
    struct publish kafka; /* send is NULL: not there yet */
    enum spool_way way;
    struct spool_list flying, held; /* oldest first */
    size_t writing;                 /* webhooks at the clerk */
    size_t bytes;                   /* of those and of what is held */
    bool well;                      /* Kafka acknowledged what it got last */
    bool closing;
    struct loop_timer late, release, drop, settings;
    struct spool_drain drain;
};

/* ---- drain.c ---- */
void spool_drain_begin(struct spool *s);
void spool_drain_end(struct spool *s);
/* Reads on, if it is time. */
void spool_drain_go(struct spool *s);
/* Kafka failed: with a single row from now on. */
void spool_drain_doubt(struct spool *s);

/* ---- spool.c ---- */
/* New webhooks wait for the last rows; those that wait go to the file after all; or to Kafka, which has all rows. */
void spool_hand_over(struct spool *s);
void spool_keep_on(struct spool *s);
void spool_clear(struct spool *s, const char *why);
/* Everything that is not Kafka's goes to the file. */
void spool_fail_over(struct spool *s, const char *why);

#endif

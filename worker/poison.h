/*
 * Which message ends the process? (design.md section 3 "Poison".) Notes in the commit's metadata of a
 * partition outlive the process; this says what to note before our own code runs on a message, and what
 * the notes of a predecessor mean. Pure: the caller commits, waits for the broker's word and runs.
 *
 *   normal --2 unclean ends in 10 min without progress--> careful --the hunted range got through--> normal
 *
 *   careful: name a block -> (the process ends) -> halve it -> ... -> name a message alone
 *            -> (three ends) -> condemned: to `dead`, passed over ever after
 *
 * Before the hunted range blocks are whole ones. Where messages are named alone, the closing of a call that
 * a message's time brings about has a name of its own, the call's first offset: not the message is to blame.
 * What names nothing blames nobody: such an end costs commits, no more.
 *
 * Blocks are run in their order, so who is to blame stands at the position, and whoever else stood there
 * before got through. Where each is named alone in no order (block 1) several may be to blame in turns: the
 * ends of each are counted apart.
 */
#ifndef WORKER_POISON_H
#define WORKER_POISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define POISON_BLOCK 1000 /* messages named at once in `events` */
#define POISON_ENDS 2     /* unclean ends without progress that make careful */
#define POISON_WITHIN_MS INT64_C(600000)
#define POISON_ALONE 3    /* ends of a message named alone that condemn it */
#define POISON_SKIPS 64   /* condemned messages remembered */
#define POISON_SUSPECTS 4 /* named alone at an end, and remembered */
#define POISON_TEXT 1600  /* room that poison_write needs */
#define POISON_NONE (-1)  /* no offset */

enum poison_kind {
    POISON_NAMES_NOTHING,
    POISON_NAMES_BLOCK,   /* offset and count; count 0: the timers at the partition's end */
    POISON_NAMES_MESSAGE, /* one message, its timers apart */
    POISON_NAMES_CLOSING, /* a timer of the call that begins at offset */
};

struct poison_name {
    enum poison_kind kind;
    int64_t offset, count;
};

/* What stands in the metadata. All zero: nothing. */
struct poison_notes {
    bool running;  /* somebody has the partition, or did not end cleanly */
    uint32_t who;  /* that process, a random number; 0 unknown */
    int64_t ends;  /* unclean ends since there was progress */
    int64_t first; /* when the first of them was seen, unix ms */
    struct {
        int64_t from, until, size; /* offsets from <= x < until in blocks of size; 0 = no hunt */
    } hunt;
    struct poison_name name; /* what runs */
    struct {
        int64_t offset, ends; /* named alone at an end, and how often */
    } suspects[POISON_SUSPECTS];
    size_t nsuspects;
    int64_t skips[POISON_SKIPS]; /* condemned and in `dead`, above the committed offset */
    size_t nskips;
};

struct poison_assigned {
    uint32_t who;        /* this process, drawn anew at each start of a process */
    int64_t now;         /* unix ms */
    int64_t start, high; /* first offset to read; one past the last there is */
    int64_t block;       /* POISON_BLOCK, or 1 to name each alone, in no order */
};

/* The notes of the predecessor become ours: an unclean end is counted and blamed on what was named, unless
 * it is this very process that had the partition (fenced, lost: it did not end). */
void poison_begin(struct poison_notes *n, const struct poison_assigned *a);
/* A clean end: what was hunted stays hunted. */
void poison_end(struct poison_notes *n);
/* Something that no owner had done before is done. */
void poison_progress(struct poison_notes *n);
bool poison_careful(const struct poison_notes *n);

/* What a careful owner sees. */
struct poison_view {
    int64_t block;    /* as at the beginning */
    int64_t position; /* the next offset to be run */
    int64_t first;    /* first message at hand, POISON_NONE without one */
    int64_t end;      /* one past the last message at hand */
    bool complete;    /* there are no more messages for now than those at hand */
    bool at_end;      /* nothing is at hand, nothing is left to read, and timers may fire */
    int64_t due; /* first offset of the call whose timer comes before `first` (or now, at the end);
                         POISON_NONE */
};

enum poison_step {
    POISON_WAIT, /* for messages; nothing must be named meanwhile */
    POISON_PASS, /* pass over the first message: it is in `dead` already */
    POISON_BURY, /* put the first message into `dead`, then poison_buried, nothing being named */
    POISON_RUN, /* commit *name (poison_notes.name), wait for the answer, run it, then poison_through */
    POISON_DONE, /* the end is reached, no timer is due: poison_through(the end + 1) */
};

enum poison_step poison_next(const struct poison_notes *n, const struct poison_view *v,
                             struct poison_name *name);
/* One past what a name that was run got through; POISON_NONE for a closing. position: as in the view. */
int64_t poison_after(const struct poison_name *name, int64_t position);
/* Everything below `offset` got through. True: that ended careful mode. */
bool poison_through(struct poison_notes *n, int64_t offset);
/* It had its chances: to `dead` with it. */
bool poison_condemned(const struct poison_notes *n, int64_t offset);
/* The message is in `dead`. False: too many are, this one will be found anew. */
bool poison_buried(struct poison_notes *n, int64_t offset);
/* The message is in `dead`: pass over it, in careful mode or not. */
bool poison_skips(const struct poison_notes *n, int64_t offset);
/* Forgets what is below the committed offset: nobody reads it again. */
void poison_prune(struct poison_notes *n, int64_t committed);

/*
 * The notes as parts of the metadata, separated by spaces (`hunt` and `blame` only while hunting):
 *   run:ENDS:FIRST:WHO  try:OFFSET:COUNT (a block)  try:OFFSET (alone)  close:OFFSET
 *   hunt:FROM:UNTIL:SIZE  blame:OFFSET:ENDS (each)  skip:OFFSET,OFFSET...
 */
/* False: the part is none of these or cannot be read. */
bool poison_read(struct str part, struct poison_notes *n);
/* Terminated, "" without notes. */
void poison_write(const struct poison_notes *n, char out[POISON_TEXT]);

#endif

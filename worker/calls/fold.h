/*
 * The state of one call, folded from its notifications in any order and with repetitions: the same
 * whatever the order of arrival. It keeps the events of each leg packed and sorted, and decides
 * nothing; worker/calls/view.h reads it. Pure.
 *
 *   struct fold ─┬─ legs, by the time of their first event, then by call_id
 *                │    └─ events, by seq (mango-api.md section 2: they arrive out of order, a seq counts once)
 *                ├─ summary
 *                └─ recordings
 *
 * Texts lie once in a pool of at most 64 KiB, of which 4 are kept for summaries, so that a call of any length hears its
 * end; events refer to them by number. 0 is the absent text.
 */
#ifndef WORKER_CALLS_FOLD_H
#define WORKER_CALLS_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mango/call_event.h"

/* Leg events received later than this after their own timestamp are "late" (design.md section 3). */
#define FOLD_LATE_S 3600

enum fold_text {
    FOLD_FROM_EXTENSION,
    FOLD_FROM_NUMBER,
    FOLD_TAKEN_FROM,
    FOLD_TO_EXTENSION,
    FOLD_TO_NUMBER,
    FOLD_LINE,
    FOLD_GROUP,
    FOLD_COMMAND,
    FOLD_INITIATOR,
    FOLD_TASK,
    FOLD_DCT_NUMBER,
    FOLD_TEXTS,
};

struct fold_event {
    int64_t at; /* MANGO's timestamp, unix s; 0 unknown */
    uint32_t seq;
    uint8_t state, location, dct_type;
    uint16_t reason; /* disconnect_reason */
    uint16_t texts[FOLD_TEXTS];
};

struct fold_leg {
    int64_t first_at; /* smallest known timestamp; INT64_MAX if none is */
    struct fold_event *events;
    uint16_t n;
    uint16_t call_id; /* text */
};

struct fold_summary {
    bool there;
    int8_t direction; /* enum call_event_direction */
    int64_t create_time, forward_time, talk_time, end_time;
    uint16_t reason;
    uint8_t dct_type;
    uint16_t texts[FOLD_TEXTS];
};

struct fold {
    char *pool;
    struct fold_leg *legs;
    uint16_t
        *recordings; /* texts of those that are there to be fetched, in the order of their bytes */
    struct fold_summary summary;
    uint16_t pool_used, nlegs, nrecordings;
    uint16_t nevents;
    bool fresh; /* at least one leg event was received within FOLD_LATE_S of its timestamp */
};

enum fold_result {
    FOLD_NEW,
    FOLD_REPEAT, /* nothing changed, but that a repetition in time makes the call `fresh` */
    FOLD_FULL,   /* over a ceiling of common/limits.h; nothing changed */
};

/* A call of which nothing is known: zeroed memory. */
void fold_init(struct fold *f);
void fold_done(struct fold *f);
/* Takes a notification in. received_at: unix ms. Of two events of a leg with one seq (or without
 * seq, one timestamp and state) the one that sorts first stays, whichever came first. */
enum fold_result fold_add(struct fold *f, const struct call_event *ev, int64_t received_at);
/* The recording that a notification tells of can be fetched: it lies in the cloud store, and is not too
 * short (mango-api.md section 4). */
bool fold_can_fetch(const struct call_event *ev);
/* The text of a number; empty for 0. Valid until the next fold_add. */
struct str fold_text(const struct fold *f, uint16_t text);
/* Every leg known has its Disconnected. False without legs. */
bool fold_disconnected(const struct fold *f);
/* Bytes on the heap. */
size_t fold_size(const struct fold *f);

#endif

/*
 * What is the matter with one account, cause by cause (behaviour.md B13): when an alert opens and when it closes. Pure;
 * times are unix ms, since it outlives its owner (fact account/state/alerts).
 *
 *   WELL --it is so--> STANDS --so for alert_after_minutes--> OPEN --not so for a while--> CLOSED --told, and
 *     ^                  |                                   ^  |                           its task closed--> WELL
 *     +---not so---------+                                   +--+ so again, before that while is over
 *
 * So what comes and goes opens nothing, and what is open and comes and goes closes nothing. Whether a cause is there
 * may be unknown (nothing was asked since we own the account): then nothing changes.
 */
#ifndef WORKER_CRM_ALERT_STATE_H
#define WORKER_CRM_ALERT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/alert.h"
#include "common/err.h"
#include "common/megaplan/lookup.h"
#include "common/str.h"

#define ALERT_STATE_NAME "alerts"
#define ALERT_STATE_HEAL_MS 300000       /* the while, or alert_after_minutes, if that is less */
#define ALERT_STATE_HAPPENED_MS 86400000 /* so long it counts as so after it happened */
#define ALERT_STATE_DEAD 64 /* jobs told apart; with more of them it is over after the day */
#define ALERT_STATE_TELL_MS 86400000 /* so long the receiver is told that it is over */

enum alert_state_input {
    ALERT_STATE_UNKNOWN,
    ALERT_STATE_SO,
    ALERT_STATE_NOT_SO,
};

struct alert_state_row {
    int64_t since;  /* 0: WELL */
    int64_t opened; /* 0: not yet */
    int64_t well;   /* since when it is not so; 0: it is. Kept once it is closed */
    int64_t last;   /* when it happened the last time; 0: never */
    bool closed;
    bool told;            /* to the receiver: that it is open */
    bool told_closed;     /* ... that it is closed */
    bool tasked;          /* its task was made, or there is to be none */
    char task[LOOKUP_ID]; /* "" none, or none any more */
};

enum alert_state_task {
    ALERT_STATE_TASK_NOTHING,
    ALERT_STATE_TASK_MAKE,
    ALERT_STATE_TASK_CLOSE,
};

struct alert_state {
    struct alert_state_row rows[ALERT_CAUSES];
    uint32_t dead[ALERT_STATE_DEAD]; /* hashes of the jobs that are dead letters */
    uint32_t ndead;
    bool dead_more; /* others are, too */
};

/* Time has passed, and this is known now. True: what has to be kept has changed. */
bool alert_state_step(struct alert_state *s, enum alert_cause c, enum alert_state_input in,
                      int64_t now, int64_t after_ms);
/* It happened. True as above; a row that is newer by less than a minute is not worth it. */
bool alert_state_happened(struct alert_state *s, enum alert_cause c, int64_t now);
/* A job became a dead letter: ALERT_DEAD_LETTERS happened. job: its id; empty if it has none that could be read. */
bool alert_state_died(struct alert_state *s, struct str job, int64_t now);
/* A job was done. If it was the last of those that had died, sent again by then, it is as if none had. True as above. */
bool alert_state_revived(struct alert_state *s, struct str job);
/* What a cause that happens counts as now. */
enum alert_state_input alert_state_recent(const struct alert_state *s, enum alert_cause c,
                                          int64_t now);
/* Something is to be told to the receiver: that it is open, or that it is closed. */
bool alert_state_next(const struct alert_state *s, enum alert_cause *c, bool *open);
/* The receiver has it. What has ended meanwhile stays so. */
void alert_state_told(struct alert_state *s, enum alert_cause c, bool open);
/* What is to be done about its task. Nothing is made for what is well again and will be closed soon. */
enum alert_state_task alert_state_task(const struct alert_state *s, enum alert_cause c);
/* Its task was made. id: "" if there is to be none. */
void alert_state_tasked(struct alert_state *s, enum alert_cause c, const char *id);
/* Its task is closed, by whomever. */
void alert_state_task_closed(struct alert_state *s, enum alert_cause c);
/* Everybody knows that it is closed, but for a receiver that has not taken it for ALERT_STATE_TELL_MS: it is WELL, and may
 * come anew. posts: there is a receiver; making: its task is being made. True: what has to be kept has changed. */
bool alert_state_end(struct alert_state *s, enum alert_cause c, bool posts, bool making,
                     int64_t now);
bool alert_state_empty(const struct alert_state *s);
/* There is a task to be closed one day. */
bool alert_state_has_tasks(const struct alert_state *s);

/* The value of the fact; the caller's (free()). */
char *alert_state_write(const struct alert_state *s) MUST_CHECK;
/* From it; what cannot be read counts as nothing. Unknown causes are passed over. */
void alert_state_read(struct alert_state *s, struct str value);

#endif

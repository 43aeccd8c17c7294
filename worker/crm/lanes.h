/*
 * Order (design.md section 4): who may act now. Pure; no time.
 *
 * A lane is a phone number or a call of one account; one piece of work at a time is at its head and
 * may act, the others wait behind it, first come, first served. Work enters all its lanes at once, so
 * two of them never wait for each other. The head of a lane has the best priority of those behind it.
 *
 *              lanes_enter
 *                   |
 *      not head in all lanes --> BEHIND --(those before it left)--+
 *                   |                                             |
 *                   +--------------> FRESH <----------------------+      lanes_fresh gives it out
 *                                      |
 *              +--> WANTING --(lanes_take)--> RUNNING --+                wants a request
 *              |       ^                        |       |
 *              |       +------- lanes_want -----+       +--> lanes_leave
 *              |                                |
 *              +---- lanes_want --- RESTING <---+ lanes_rest             waits for a time
 *
 * Among the wanting: what is urgent comes first, whose ever it is; then accounts take turns; within one the best
 * priority, and within that those that are in the middle of something, then first come. Bulk work is only offered while
 * the account's other work all rests or there is none.
 */
#ifndef WORKER_CRM_LANES_H
#define WORKER_CRM_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

#define LANES_LEVELS 16 /* priorities, 0 the best */
#define LANES_URGENT 3  /* those better than this are urgent: they, and whom they wait behind */
#define LANES_BULK (LANES_LEVELS - 1)
#define LANES_PER_WORK 3

struct lanes;
struct lanes_lane;
struct lanes_account;
struct lanes_entry;

struct lanes_slot { /* a place in a lane */
    struct lanes_lane *lane;
    struct lanes_entry *entry;
    struct lanes_slot *prev, *next;
};

enum lanes_state {
    LANES_OUT,
    LANES_BEHIND,
    LANES_FRESH,
    LANES_WANTING,
    LANES_RUNNING,
    LANES_RESTING
};

struct lanes_entry { /* inside its owner; zeroed at first; nothing here is the owner's business */
    struct lanes_account *account;
    enum lanes_state state;
    int level;   /* the best of its own and of those behind it */
    bool midway; /* goes before others of its level */
    size_t nslots;
    struct lanes_slot slots[LANES_PER_WORK];
    struct lanes_entry *prev, *next; /* in a queue */
    struct lanes_entry *next_raised;
    bool raised;
};

struct lanes *lanes_new(void);
void lanes_free(struct lanes *l); /* entries that are in are forgotten */

/* names: the lanes' names within the account ("n/79991231212"), at most LANES_PER_WORK, all different;
 * none is fine: it waits for nobody. level: 0 .. LANES_BULK. */
void lanes_enter(struct lanes *l, struct lanes_entry *e, struct str account,
                 const struct str *names, size_t n, int level);
/* From any state; the next ones become fresh. */
void lanes_leave(struct lanes *l, struct lanes_entry *e);
/* One that has come to the head of all its lanes, an urgent one first, or NULL; it counts as running now. */
struct lanes_entry *lanes_fresh(struct lanes *l);
struct lanes_entry *lanes_fresh_urgent(struct lanes *l); /* of the urgent only */
/* It wants to act: from RUNNING or RESTING. midway: in the middle of something that gets stale. An account that is
 * passed over is so no more when something urgent of it wants. */
void lanes_want(struct lanes *l, struct lanes_entry *e, bool midway);
/* It waits for a time: from RUNNING or WANTING. */
void lanes_rest(struct lanes *l, struct lanes_entry *e);
/* Its time has come: running, from RESTING. */
void lanes_run(struct lanes *l, struct lanes_entry *e);

/* The one at the head of the slot's lane, which may be its own. */
struct lanes_entry *lanes_head(const struct lanes_slot *s);
/* The one at the head of that lane of the account; NULL: nobody is in it. */
struct lanes_entry *lanes_head_of(const struct lanes *l, struct str account, struct str name);

/* Of level LANES_URGENT - 1 or better: by itself or for who is behind it. */
bool lanes_is_urgent(const struct lanes_entry *e);
/* The best urgent one of the account whose turn it is among those that have any; NULL if there is none. Stays where
 * it is. */
struct lanes_entry *lanes_best_urgent(struct lanes *l);
/* An urgent one, else the best of the account whose turn it is; NULL if nobody may act. Stays where it is. */
struct lanes_entry *lanes_best(struct lanes *l);
/* The next best of e's account behind `after`, NULL: the best; NULL if there is none. Stays where it is. */
struct lanes_entry *lanes_beside(const struct lanes_entry *e, const struct lanes_entry *after);
/* It acts: running now; its account goes behind the others. */
void lanes_take(struct lanes *l, struct lanes_entry *e);
/* The entry's account is passed over (no budget, service out of order) until lanes_unblock. */
void lanes_block(struct lanes *l, struct lanes_entry *e);
void lanes_unblock(struct lanes *l, struct str account);

size_t lanes_count(const struct lanes *l); /* entries that are in, in any state */

#endif

/*
 * What of a call is going on this moment: the leg that is in the menu, the leg a pop-up shows. Pure.
 */
#ifndef WORKER_CALLS_RINGING_H
#define WORKER_CALLS_RINGING_H

#include "worker/calls/view.h"

enum ringing_state {
    RINGING_NOTHING,
    RINGING_CALLING,
    RINGING_TALKING,
    RINGING_HOLD,
};

struct ringing_shown {
    enum ringing_state state;
    uint16_t leg; /* text of the fold: call_id */
    struct person who;
};

/* The call_id of the leg that is in the voice menu; empty if there is none, or the call has left the menu. */
struct str ringing_menu_leg(const struct fold *f);
/* The leg of an incoming call that a pop-up shows: where a mapped employee talks with the client, else holds
 * them, else where it rings; of several talks the last, of several rings the one of `shown` while it rings
 * (a group's ring does not flood), else the first. A ring but that of `shown`
 * is none, though its own end may come later or never, once a later moment is known at which the call was picked up
 * elsewhere, the caller hung up, the group failed or another phone was given up.
 * shown: the leg shown last, 0 none. */
struct ringing_shown ringing_popup(const struct view *v, const struct fold *f,
                                   const struct settings *s, uint16_t shown);

#endif

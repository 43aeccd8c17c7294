/*
 * What a replay does about each job of a call: sends what does not stand, and what goes with it. Pure.
 *
 * Companions: crm remembers what it did for seven days. Of an older call that is saved, a client that is made now, or a
 * recording that is linked now, would not be tied to the saved call; so the job that saves it, and all its
 * recordings, are sent with it. While crm remembers, it drops them as done.
 */
#ifndef WORKER_TOOLS_REPLAY_PLAN_H
#define WORKER_TOOLS_REPLAY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/forgotten.h"
#include "worker/tools/replay_fold.h"
#include "worker/tools/replay_stands.h"

#define REPLAY_YOUNG_MS INT64_C(900000) /* 15 min: live workers are at it */

enum replay_action {
    REPLAY_SEND,
    REPLAY_PRESENT,
    REPLAY_REFUSED,
};

struct replay_plan {
    const struct replay_stands *stands;
    const struct forgotten *forgotten; /* NULL: nobody */
    int64_t now;                       /* unix ms */
    /* One word for each job; of SEND the value already has the visitor's recorded answer. why: borrowed. */
    void (*word)(void *arg, struct replay_call *c, struct replay_job *j, enum replay_action action,
                 const char *why);
    void *arg;
};

/* False: the call is left alone, it is younger than that, or open. */
bool replay_plan_call(const struct replay_plan *p, struct replay_call *c);

#endif

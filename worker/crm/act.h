/*
 * One request of a kind of job, as a table: how it is built, what its answer means. The way of it is the
 * same for all of them:
 *
 *   act_want --> WANTS --(turn, token, place)--> still true? --no--> judged anew
 *                                                  |
 *                          with an intent: WRITES -+--------> ASKS --> good: the kind goes on
 *                            |   handed over,      sent                refused: the kind knows, or again,
 *                            |   read back                                      dead at the third time
 *                            +--> too late, not taken: later           temporary: later, judged anew
 *                                                                      held: judged anew
 *                                                                      unknown: looked for (settle.h)
 *
 * An intent whose request is known not to have happened is settled at once.
 */
#ifndef WORKER_CRM_ACT_H
#define WORKER_CRM_ACT_H

#include <stdbool.h>

#include "common/fact.h"
#include "common/settings.h"
#include "worker/crm/executor.h"
#include "worker/crm/pbx.h"
#include "worker/crm/request.h"

enum act_api {
    ACT_MEGAPLAN,
    ACT_MANGO, /* waits for MANGO's limits and breaker, not for Megaplan's; `build` gives the JSON as the body */
};

struct act {
    const char *operation; /* for metrics: "lookup.route" */
    const char *method;    /* "GET" "POST" "DELETE" */
    const char *path;      /* for the outcome: "/callRoute" */
    enum act_api api;
    enum pbx_method limit; /* ACT_MANGO */
    enum answer_about about;
    bool midway;     /* what it has learnt gets stale: goes before others of its priority */
    bool looked_for; /* it makes something: an end nobody knows is looked for */
    /* Whether it is still to be made when its turn has come; NULL: always. */
    bool (*fresh)(const struct executor *x, const struct work *w);
    /* Whether it may be sent, now that its intent was read back: what others announced before it is known.
     * False: judged anew. NULL: yes. */
    bool (*alone)(const struct executor *x, const struct work *w);
    /* Fills in url and body (texts taken over). False: a text of the job does not fit: `dead`. */
    bool (*build)(struct executor *x, struct work *w, const struct settings *s,
                  struct request *out);
    /* What the intent says (borrowed from the work); NULL: it makes nothing, so it writes none. */
    struct fact (*intent)(struct work *w);
    /* Its data is there. */
    void (*good)(struct executor *x, struct work *w, const struct answer *a);
    /* The record was refused. True: taken care of. NULL: by the general rule. */
    bool (*refused)(struct executor *x, struct work *w, const struct request_end *end);
    /* Its end is unknown; NULL: looked for, or later again. act_give_up: it must not be repeated. */
    void (*unknown)(struct executor *x, struct work *w, const char *why);
    /* When it has to begin anew for whatever reason; NULL: judged anew. */
    void (*again)(struct executor *x, struct work *w);
};

/* The work wants to do this; a is kept by pointer. */
void act_want(struct executor *x, struct work *w, const struct act *a);
/* From `good`: the answer does not say what it promised. Looked for, or later again. */
void act_unclear(struct executor *x, struct work *w, const char *why);
/* From `good` of a change that may be made again: the answer does not name the record, so perhaps nothing was changed.
 * True: the work is taken over and judged anew a little later. False: it was so three times; then it is this Megaplan's
 * way to answer, and the change is believed. */
bool act_doubted(struct executor *x, struct work *w);
/* The job is given up: `failed`, and not a dead letter. */
void act_give_up(struct executor *x, struct work *w, const char *why);
/* It is known that nothing of the request happened: it begins anew at once. */
void act_anew(struct executor *x, struct work *w);

/* --- of the executor --- */

/* Its turn has come: token and place are taken. */
void act_go(struct executor *x, struct work *w);
/* Its request's end. */
void act_answered(struct executor *x, struct work *w, const struct http_answer *answer);
/* The time it rested for has come. */
void act_due(struct executor *x, struct work *w);

#endif

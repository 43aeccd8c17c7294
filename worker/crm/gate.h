/*
 * Which piece of our own code runs next while a partition is careful (worker/poison.h). Pure: the caller
 * runs steps, writes notes and says when the broker has them.
 *
 * A step is one run of our own code on one message: decoding it, judging the job, building a request, reading
 * an answer, hearing that a record is there, its time having come. In normal times no step comes here. While
 * any partition of this process is careful all of them queue up here, first come first run, `jobs.now` first:
 *
 *          steps without a name run
 *             |
 *   +------> FREE --the next one has a name--> NAMING --acknowledged--> NAMED: it runs
 *   |                                            ^                        |    |
 *   |                                            +--the next has another--+    |
 *   +--acknowledged-- TAKING_BACK <--nothing is next, or one without a name----+
 *
 * While a name stands nothing of any other message runs in this process, so it tells what ended it; and it
 * stands only while something runs or is about to: what waits for an answer, a record or a time is no step.
 *
 * Without a name run steps of partitions that are not careful, of jobs that no message asks for (what facts
 * say is due: no message could be put into `dead` for them), and the burying of a condemned message.
 */
#ifndef WORKER_CRM_GATE_H
#define WORKER_CRM_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/kafka/topics.h"
#include "worker/poison.h"

struct gate_place { /* a partition of messages; zeroed at first */
    enum kafka_topic topic;
    int32_t partition;
    struct poison_notes *notes; /* what its commit says; NULL: never careful */
    bool careful;               /* the gate's business */
};

struct gate_step { /* inside its owner; zeroed at first */
    struct gate_step *prev, *next;
    struct gate_place *place; /* NULL: without a name */
    int64_t offset;           /* of its message */
    int what;                 /* the owner's business */
    bool urgent, queued, with_name;
};

struct gate_queue {
    struct gate_step *first, *last;
};

struct gate { /* zeroed at first */
    struct gate_queue queues[2][2];
    struct gate_step *chosen;  /* the one that was named */
    struct gate_place *place;  /* of what is named */
    struct gate_place *before; /* of what was named before, if its notes have to be written too */
    int64_t offset;
    size_t careful, count;
    enum {
        GATE_FREE,
        GATE_NAMING,
        GATE_NAMED,
        GATE_TAKING_BACK
    } state;
};

/* Normal times: steps need not come here. */
bool gate_open(const struct gate *g);
/* A partition is ours; its notes have been begun. */
void gate_enter(struct gate *g, struct gate_place *p);
/* Its notes may be careful no more. */
void gate_calm(struct gate *g, struct gate_place *p);
/* It is ours no more; its steps have been dropped. */
void gate_leave(struct gate *g, struct gate_place *p);

/* place, offset, what and urgent are set; not queued yet. */
void gate_push(struct gate *g, struct gate_step *s);
/* Before the others of its kind. */
void gate_push_first(struct gate *g, struct gate_step *s);
void gate_drop(struct gate *g, struct gate_step *s); /* not queued is fine */

enum gate_turn {
    GATE_WAITS, /* nothing to run, or the broker has to answer first */
    GATE_RUNS,  /* *out, which is off the queue */
    GATE_WRITES /* commit the notes of g->place and g->before (either may be NULL), then gate_written */
};

enum gate_turn gate_next(struct gate *g, struct gate_step **out);
/* The broker's answer. False: it has to be asked again, if this says true. */
bool gate_written(struct gate *g, bool ok);

#endif

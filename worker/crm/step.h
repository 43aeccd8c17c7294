/*
 * Every run of our own code on a job comes through here: at once in normal times, in its turn and named
 * while some partition is careful (gate.h). What comes meanwhile (messages, answers) is kept, copied.
 * Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_STEP_H
#define WORKER_CRM_STEP_H

#include <stdbool.h>

#include "worker/crm/executor.h"

enum step {
    STEP_TAKE,   /* a message is decoded */
    STEP_JUDGE,  /* executor_judge */
    STEP_GO,     /* act_go: token and place are taken */
    STEP_DUE,    /* its time has come */
    STEP_ANSWER, /* act_answered */
    STEP_TOLD    /* record_told */
};

/* Before its first message: the partition's notes on poison, begun; they outlive the owner. While they are
 * careful steps are named in them. */
void step_enter(struct executor *x, struct owner *o, enum kafka_topic topic,
                struct poison_notes *notes);
/* They may be careful no more. */
void step_calm(struct executor *x, struct owner *o, enum kafka_topic topic);
/* The broker's answer to port->send_notes; and, some times a second: what it refused is sent again. */
void step_noted(struct executor *x, bool ok);
void step_note_again(struct executor *x);

/* --- of the executor --- */

/* One of JUDGE, GO, DUE, TOLD. A work has one step at a time: if it waits for one already nothing happens, but that GO
 * takes the place of DUE. */
void step_do(struct executor *x, struct work *w, enum step what);
void step_answer(struct executor *x, struct work *w, const struct http_answer *answer);
/* A message has come. */
void step_take(struct executor *x, struct owner *o, const struct kafka_message *m);
/* Runs one of those that wait, or asks for its name. False: none may run for now. */
bool step_turn(struct executor *x);
/* One that has its token waits: no other is admitted meanwhile. */
bool step_goes(const struct executor *x);
/* The work goes away. */
void step_forget(struct executor *x, struct work *w);
/* A condemned message is in `dead`: it is passed over from now on. */
void step_buried(struct executor *x, struct owner *o, enum kafka_topic topic, int64_t offset);
/* The owner goes away, its works are gone. */
void step_leave(struct executor *x, struct owner *o);

#endif

/*
 * Whether Megaplan itself has what the missing jobs of one call would make, asked for by GETs, one after the other, as
 * worker crm looks. Pure.
 *
 *   client, task, responsible --> whose is the number: callRoute, its bare links; for a client the search, too
 *   client, call, record      --> the CallInfo of the call's providerId: finished, of that type, with its client and links
 *   task                      --> the client's tasks, by marker
 *   talked, fill, a call that is not saved --> not asked: only what the workers remember tells
 *
 * A call goes with its client and its recordings, since crm gives a saved call what comes with its saving: if one of them
 * is missing, neither the call nor a recording counts as there. What cannot be told is not there.
 */
#ifndef WORKER_TOOLS_REPLAY_QUESTION_H
#define WORKER_TOOLS_REPLAY_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/job.h"
#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"
#include "common/settings.h"

#define REPLAY_QUESTION_WHY 320

struct replay_question;

struct replay_question *replay_question_new(void) MUST_CHECK;
void replay_question_free(struct replay_question *q); /* NULL is fine */
/* All of one call, before the first question. job: taken over; NULL: one that cannot be read, which is never there. */
void replay_question_add(struct replay_question *q, struct job *job);

struct replay_client { /* whose a number is */
    bool there;
    bool searched; /* not there: by the search, too, which a new client needs */
    char id[LOOKUP_ID];
    bool company;
    char responsible[LOOKUP_ID]; /* the only one; "" none, several, or not told */
};

/* The calls' number as digits, "" if they have none; static for q. */
const char *replay_question_number(const struct replay_question *q);
/* Known from another call: it is not asked again, unless the search is missing. Before the first question. */
void replay_question_know(struct replay_question *q, const struct replay_client *c);
/* False: it was not asked for, or cannot be told. */
bool replay_question_client(const struct replay_question *q, struct replay_client *out);

/* Settings are those of the account at that moment, and may change between questions. */

/* Whether there is something to ask. */
bool replay_question_next(struct replay_question *q);
enum answer_about replay_question_about(const struct replay_question *q);
/* Its address, as query_url; NULL: it cannot be asked (replay_question_unanswered). */
char *replay_question_url(const struct replay_question *q, const struct settings *s) MUST_CHECK;
/* Its answer: ANSWER_OK or ANSWER_RECORD. */
void replay_question_take(struct replay_question *q, const struct settings *s,
                          const struct answer *a);
/* It stays without one. */
void replay_question_unanswered(struct replay_question *q, const char *why);

/* When there is nothing to ask: whether Megaplan has what job i would make. why: what was found, or is missing. */
bool replay_question_has(const struct replay_question *q, size_t i, char why[REPLAY_QUESTION_WHY]);

#endif

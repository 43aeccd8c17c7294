/*
 * What stands of jobs: which have ended, begun, wait or are dead letters, by what the topics say. A replay sends what
 * does not stand. Jobs are kept as hashes of 128 bits, 32 bytes each; texts only of visitors. Pure.
 *
 *   outcomes (the newest word of a job)   done, present, none, dropped ...        --> STANDS_DONE
 *                                         dead                                    --> STANDS_DEAD
 *                                         ignored (the account was off), would, held --> nothing
 *   facts                                 done --> STANDS_DONE   given-up --> STANDS_DEAD   intent alone --> STANDS_BEGUN
 *   jobs, jobs.bulk, not read yet                                                 --> STANDS_WAITING
 */
#ifndef WORKER_TOOLS_REPLAY_STANDS_H
#define WORKER_TOOLS_REPLAY_STANDS_H

#include <stddef.h>

#include "common/attr.h"
#include "common/kafka/client.h"
#include "common/str.h"

struct replay_stands;

enum stands {
    STANDS_NOT,
    STANDS_DONE,
    STANDS_BEGUN,
    STANDS_WAITING,
    STANDS_DEAD,
};

struct replay_stands *replay_stands_new(void) MUST_CHECK;
void replay_stands_free(struct replay_stands *s); /* NULL is fine */

/* Messages of `outcomes` first, then of `facts`, then of the jobs' topics; each in the order of its partition. What cannot
 * be read, or says nothing of a job, is passed over. */
void replay_stands_outcome(struct replay_stands *s, const struct kafka_message *m);
void replay_stands_fact(struct replay_stands *s, const struct kafka_message *m);
void replay_stands_waiting(struct replay_stands *s, const struct kafka_message *m);
/* Sent just now. */
void replay_stands_sent(struct replay_stands *s, struct str account, struct str id);

enum stands replay_stands_of(const struct replay_stands *s, struct str account, struct str id);
/* For people: "a job that waits is there" ... ; static. */
const char *replay_stands_reason(enum stands s);
/* What MANGO once said of the call's visitor: JSON of an object ("{}": nobody), or NULL: it was never asked or did not
 * answer. Lives until the next message. */
const char *replay_stands_visitor(const struct replay_stands *s, struct str account,
                                  struct str entry_id);
/* Jobs known; for tests. */
size_t replay_stands_count(const struct replay_stands *s);

#endif

/*
 * Jobs on their way to jobs.bulk, in the order of their time, at a rate. On the desk's thread, which turns the loop.
 *
 *   add ... --> run: sent, acknowledged one by one --> all, or until a signal comes
 */
#ifndef WORKER_TOOLS_REPLAY_SEND_H
#define WORKER_TOOLS_REPLAY_SEND_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/job.h"
#include "worker/tools/kit/desk.h"

struct replay_send;

struct replay_sent { /* owned */
    char *account, *entry_id, *id;
    char *why;
    char *key, *value; /* of its record */
    const char *rule;  /* static */
    enum job_kind kind;
    int64_t at;          /* when it was decided, unix ms: the order of sending */
    int64_t first_at;    /* of its call */
    int64_t received_at; /* of its cause */
};

void replay_send_forget(struct replay_sent *job); /* frees its texts */

struct replay_send *replay_send_new(void) MUST_CHECK;
void replay_send_free(struct replay_send *s); /* NULL is fine */
/* Its texts are taken over. */
void replay_send_add(struct replay_send *s, const struct replay_sent *job);
size_t replay_send_count(const struct replay_send *s);
/* Sends at most `rate` a second (0: ten thousand, which is the most: live work comes first), tells each that Kafka has. Returns when all are told, or,
 * after a signal, when those on their way are. ERR_TEMPORARY: Kafka does not take them. Once. */
enum err replay_send_run(struct replay_send *s, struct desk *d, int64_t rate,
                         void (*told)(void *arg, const struct replay_sent *job), void *arg,
                         struct error *e) MUST_CHECK;
/* The beginning of the earliest call that has a job that was not told; -1: all were. */
int64_t replay_send_left(const struct replay_send *s);

#endif

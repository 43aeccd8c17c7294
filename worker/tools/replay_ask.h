/*
 * worker replay --ask: Megaplan itself is asked about each job that is missing, before it is said or sent; what is asked is
 * replay_question's. One request at a time for an account, within what tools may ask (common/doctor/outside.h); accounts
 * at once. On the desk's thread, which turns the loop.
 *
 *   add ... --> run: accounts, each call by call --> a word for each job
 *   an account whose Megaplan does not answer: told once, and nothing more is asked of it
 */
#ifndef WORKER_TOOLS_REPLAY_ASK_H
#define WORKER_TOOLS_REPLAY_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/replay_send.h"

struct replay_ask;

struct replay_ask *replay_ask_new(void) MUST_CHECK;
void replay_ask_free(struct replay_ask *a); /* NULL is fine */
/* Its texts are taken over. Jobs of a call one behind the other. */
void replay_ask_add(struct replay_ask *a, const struct replay_sent *job);
size_t replay_ask_calls(const struct replay_ask *a);
/* A word for each job, whose texts go to who is told: has: Megaplan has it, and `why` of it says what. Else `why` says what
 * is missing there, too, if that is known. Returns when all are told, or a signal came. Once. The desk has accounts. */
enum err replay_ask_run(struct replay_ask *a, struct desk *d, const struct config *c,
                        void (*word)(void *arg, struct replay_sent *job, bool has), void *arg,
                        struct error *e) MUST_CHECK;
/* The beginning of the earliest call that was not told, unix ms; -1: all were. */
int64_t replay_ask_left(const struct replay_ask *a);

#endif

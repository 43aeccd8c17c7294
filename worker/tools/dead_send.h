/*
 * The sending of `worker dead send`: the plan, the letters in the order of their places, what came of each, the audit.
 */
#ifndef WORKER_TOOLS_DEAD_SEND_H
#define WORKER_TOOLS_DEAD_SEND_H

#include <stddef.h>

#include "common/config.h"
#include "common/dead/letter.h"
#include "worker/tools/kit/args.h"
#include "worker/tools/kit/desk.h"

struct dead_send;

/* d has a scanner and a producer. All outlive it. */
struct dead_send *dead_send_new(struct desk *d, const struct config *c,
                                const struct args *a) MUST_CHECK;
void dead_send_free(struct dead_send *s);
/* A letter to be sent; what is needed of it is copied. */
void dead_send_add(struct dead_send *s, const struct dead_letter *l);
/* Says the plan, sends, prints a row for each letter and a summary; returns the exit code. lost: so many were asked for
 * that are not there, which was said already. */
int dead_send_run(struct dead_send *s, size_t lost);

/* A letter's row (dead_letter_row, with "action" or without) as a line for people; frees it. */
void dead_send_line(struct jval *row);

#endif

/*
 * A piece of an account's call history from its MANGO, waited for (mango-api.md sections 1 and 6): asked for, polled until it is
 * ready. One thread; the desk's loop turns meanwhile.
 *
 *   ask --key--> poll --204--> poll ... --200--> the CSV
 *     ^            |
 *     +----404-----+      3xxx, 401: the end, for one more would block the API, for what rings too
 *
 * MANGO's limits are kept for this process alone: where another asks as well, 429 is waited out some times.
 */
#ifndef WORKER_TOOLS_RECONCILE_ASK_H
#define WORKER_TOOLS_RECONCILE_ASK_H

#include <stdint.h>

#include "common/err.h"
#include "common/http.h"
#include "common/settings.h"
#include "worker/tools/kit/desk.h"

struct reconcile_ask;

/* Copies what it needs of s. desk and http must outlive it. */
struct reconcile_ask *reconcile_ask_new(struct desk *d, struct http *http,
                                        const struct settings *s) MUST_CHECK;
void reconcile_ask_free(struct reconcile_ask *a); /* NULL is fine */
/* Legs of [from, to], unix s. *csv: the caller's (free()). ERR_INPUT: too large, a shorter span may do; ERR_REJECTED: MANGO
 * refuses, or is out of reach, and it says why; ERR_TEMPORARY: a signal asked to stop. */
enum err reconcile_ask_history(struct reconcile_ask *a, int64_t from, int64_t to, char **csv,
                               struct error *e) MUST_CHECK;

#endif

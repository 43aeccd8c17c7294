/*
 * Test calls: POST /api/accounts/{a}/test-call. The notifications of a call that nobody makes go into `events` with origin
 * `test`, a moment apart as MANGO's would; what would be done shows among the call's outcomes (worker/README.md "A test
 * call"). The admin thread only.
 *
 *   asked for --> 409 disabled, 422, 429 one of the account runs, 503
 *             --> first notification --acknowledged--> 202 {"entry_id"}
 *                 the others, in 2.5 s --> it closes some seconds later: then the account may try again
 *
 * What is not sent yet when ingest ends is never sent: that call closes without its summary, as any call would.
 */
#ifndef INGEST_ADMIN_TRY_H
#define INGEST_ADMIN_TRY_H

#include <stddef.h>

#include "ingest/admin/api.h"

/* Of an account's test calls one runs at a time: so long, until it has closed (CALL_SETTLE_S after its summary). */
#define TRY_RUNS_MS 8000

struct try;

struct try *try_new(const struct admin_parts *parts) MUST_CHECK;
void try_free(struct try *t); /* after the producer; NULL is fine */
const struct api_route *try_routes(struct try *t, size_t *n);

#endif

/*
 * Several requests of one account under one token (settings megaplan.bulk; design.md section 4; the way of
 * it: common/megaplan/bulk.h). While several works of an account want requests, the one whose turn it is
 * takes others with it:
 *
 *   batch_go --alone--> act_go
 *      |
 *   GATHERS: each goes its usual way (act.h) and puts its request in
 *      |  all are ready, or BATCH_WAIT_MS behind the first; not later than its intent allows
 *      +--> only one is ready: its plain request
 *      |    who is not ready: begins anew, and goes alone
 *      v
 *    AWAY --> each is told its own end (act_answered), as if it had been alone
 *
 * Ends: what the answer says of each. Of the whole: 401, 402, 429, no byte left: that end for each, told to
 * the service once. Time-out, 5xx, an answer that cannot be read: that end, and they go alone from then on.
 * Another refusal (403, 404, 405, 422...) is one of the batch: nothing of it happened, each begins anew.
 *
 * Whether a batch counts once is not documented (megaplan-api.md 1.6): a refusal, a 429 of the whole or in
 * it, or answers that say nothing: no batches until the account's settings change. BATCH_UNCLEAR unclear
 * ends in a row while others are answered: none for BATCH_REST_MS. Told by log once.
 *
 * While a partition is careful (step.h) nobody rides: a batch is several messages' at once.
 *
 * The login and a breaker's probe never ride. jobs.now rides only among itself, and only when there is no
 * second token: what rings waits for nobody.
 *
 * Loop's thread only.
 */
#ifndef WORKER_CRM_BATCH_H
#define WORKER_CRM_BATCH_H

#include "worker/crm/executor.h"
#include "worker/crm/request.h"

#define BATCH_MAX 10
#define BATCH_BYTES (256 * 1024) /* of its calls */
#define BATCH_WAIT_MS 100
#define BATCH_MARGIN_MS 1000 /* it leaves so long before the earliest leave_by */
#define BATCH_UNCLEAR 3
#define BATCH_REST_MS 3600000

struct account;

/* w's turn has come, its token and place are taken: it goes, alone or with others of its account. */
void batch_go(struct executor *x, struct work *w, const struct settings *s);
/* The request of w, which rides: its texts are taken over. act_answered follows, or it begins anew. */
void batch_put(struct executor *x, struct work *w, const struct request *r);
/* w, which rides, makes no request, or is gone. */
void batch_forget(struct executor *x, struct work *w);
/* Sends what is to leave by now, ends what has waited too long. */
void batch_run(struct executor *x, int64_t now);
/* The account's settings changed: it may do it after all. */
void batch_reset(struct account *a);

#endif

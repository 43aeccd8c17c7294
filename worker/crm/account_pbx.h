/*
 * An account's MANGO as the executor serves it: work that wants a command or a query waits here for its limits and
 * its breaker (pbx.h), by priority, first come first served; requests are signed and sent; what an operator has to
 * know is told. It never waits for Megaplan. Entered on the loop's thread only.
 *
 *   act_want --> queue --(account_pbx_run: token)--> act_go --> [intent] --> account_pbx_send --> act_answered
 *                  \--> no token before its deadline: the work ends, `limited` or `failed`
 */
#ifndef WORKER_CRM_ACCOUNT_PBX_H
#define WORKER_CRM_ACCOUNT_PBX_H

#include <stdint.h>

#include "common/mango/mango_answer.h"
#include "worker/crm/account.h"
#include "worker/crm/request.h"

/* The work wants w->act, which is MANGO's; it may be over after this. */
void account_pbx_want(struct executor *x, struct work *w);
/* It wants nothing any more; not waiting is fine. */
void account_pbx_forget(struct work *w);
/* Serves those that may go. */
void account_pbx_run(struct executor *x, int64_t now);
/* Signs r->body (JSON) with the account's key and sends it to r->url. Texts of r are taken over. act_answered follows
 * once; what http_send refuses ends the work as `failed`. */
void account_pbx_send(struct executor *x, struct work *w, const struct request *r);
/* Its request ended; it was never made. */
void account_pbx_ended(struct executor *x, struct work *w);
void account_pbx_return(struct executor *x, struct work *w);
/* What an answer means; out->why is not set. */
void account_pbx_read(const struct http_answer *answer, struct request_end *out);
/* What the end of a request showed of the account's MANGO. */
void account_pbx_tell(struct executor *x, struct work *w, const struct http_answer *answer,
                      const struct request_end *end);
/* The same for a request that is no work's (reconcile.h), when nobody else wants anything. account_pbx_may: it may leave, a
 * token is kept. account_pbx_ask: signs the JSON and sends it, `done` follows once; an error: it does not, and nothing was
 * sent. account_pbx_asked: it ended; answer NULL: it was never made. account_pbx_heard: what its answer showed of MANGO; a
 * 429 is the asker's alone to heed, for what rings has other limits. */
bool account_pbx_may(struct executor *x, struct account *a, enum pbx_method m);
struct account_pbx_question {
    enum pbx_method limit;
    const char *method, *json; /* "stats/request" */
    size_t max_body;
    void (*done)(void *arg, const struct http_answer *answer);
    void *arg;
};
enum err account_pbx_ask(struct executor *x, const struct account *a,
                         const struct account_pbx_question *q, struct http_transfer **out,
                         struct error *e) MUST_CHECK;
void account_pbx_asked(struct executor *x, struct account *a, enum pbx_method m,
                       const struct http_answer *answer);
void account_pbx_heard(struct executor *x, struct account *a, enum mango_answer_kind kind,
                       const char *text);
/* The account has another owner here: a refusal of the last two minutes, which stands in facts (account/state/mango), is
 * obeyed. */
void account_pbx_own(struct executor *x, struct account *a);
/* Its settings may be others: other credentials are tried at once. */
void account_pbx_settings(struct executor *x, struct account *a);
/* A former owner's intent of that method, written then (unix ms), was read: its request may be on its way still. */
void account_pbx_seen(struct executor *x, struct account *a, enum pbx_method m, int64_t written_at);

#endif

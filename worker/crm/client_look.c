/*
 * Looking for a client that may have been created: by this job, when the end of its request is unknown, or
 * by another one of the number, whose worker is gone.
 */
#include "worker/crm/client_state.h"

#include <string.h>

#include "common/fact.h"
#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"

void client_look_for(struct executor *x, struct work *w, const struct look_target *t)
{
    struct client *c = client_state_of(w);
    if (c->since == 0 || t->written_at < c->since)
        c->since = t->written_at;
    look_begin(&c->look, t, executor_now(x));
    c->step = CLIENT_LOOK;
    executor_rest(x, w, look_at(&c->look));
}

void client_look_for_own(struct executor *x, struct work *w)
{
    const struct look_target t = {.id = w->job->id,
                                  .entry_id = w->job->entry_id,
                                  .number = w->job->number,
                                  .responsible = client_state_of(w)->responsible,
                                  .written_at = client_state_of(w)->intent_wall};
    client_look_for(x, w, &t);
}

/* The done fact of the job that was looked for, the same bytes that its own worker would write. */
static void write_found(struct executor *x, struct work *w, const char *client, bool made)
{
    struct look *l = &client_state_of(w)->look;
    const struct fact f = {.kind = JOB_CLIENT,
                           .entry_id = l->entry_id,
                           .number = l->number,
                           .object = (char *)(uintptr_t)client,
                           .made = made,
                           .responsible = made ? l->responsible : NULL};
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_DONE, &f);
    record_aside(x, w, FACT_DONE, str_of(l->id), value);
}

static void look_ended(struct executor *x, struct work *w, bool found)
{
    struct client *c = client_state_of(w);
    tally_unknown(x->tally, job_kind_name(w->job->kind), found);
    facts_settle(w->owner->facts, work_account(w), str_of(c->look.id));
    if (!found) {
        c->repeated = true;
        look_end(&c->look);
        client_judge(x, w);
        return;
    }
    bool made = false;
    char id[LOOKUP_ID];
    memcpy(id, look_found(&c->look, &made), sizeof id);
    bool own = str_is(str_of(c->look.id), w->job->id);
    if (!own)
        write_found(x, w, id, made);
    look_end(&c->look);
    client_end(x, w, id, own && made,
               own ? "found after a request whose end was unknown"
                   : "found: another job of this number had begun it");
}

void client_look_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_state_of(w);
    const struct settings *s = executor_settings_of(x, w);
    struct request_end got;
    request_read(x, w, answer, ANSWER_ABOUT_ACCOUNT, false, &got);
    if (got.verdict == REQUEST_HELD || !s) {
        executor_want(x, w, true);
    } else if (got.verdict == REQUEST_REFUSED) {
        request_refused(x, w, &got);
    } else if (got.verdict != REQUEST_GOOD) {
        request_retry(x, w, got.why, got.status);
    } else {
        w->failures = 0;
        switch (look_take(&c->look, &got.answer, s)) {
        case LOOK_MORE:
            executor_want(x, w, true);
            break;
        case LOOK_WAIT:
            executor_rest(x, w, look_at(&c->look));
            break;
        case LOOK_FOUND:
        case LOOK_NOT_DONE:
            look_ended(x, w, c->look.page.marked[0] || c->look.page.numbered[0]);
            break;
        default:
            request_retry(x, w, "the list of clients cannot be read back to the request",
                          got.status);
        }
    }
    request_end_done(&got);
}

void client_look_ask(struct executor *x, struct work *w, const struct settings *s)
{
    const struct request r = {.operation = "client.look",
                              .method = "GET",
                              .path = "/contractorHuman",
                              .url = look_url(&client_state_of(w)->look, s)};
    request_send(x, w, &r);
}

/*
 * Creating the client: the intent, handed over and read back, and then nothing but the request.
 */
#include "worker/crm/client_state.h"

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"
#include "worker/crm/twin.h"

#define FRESH_MS 15000 /* a lookup older than this, or than three tokens take, is made anew */
#define STATE_USER_CREATED "user-created"

static void judge_anew(struct executor *x, struct work *w, const char *why)
{
    client_state_of(w)->step = CLIENT_JUDGE;
    facts_settle(w->owner->facts, work_account(w), str_of(w->job->id));
    request_retry(x, w, why, 0);
}

static void send_create(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    const struct settings *s = executor_settings_of(x, w);
    c->step = CLIENT_SENT;
    const struct contractor_new client = {.name = client_text(w, "name"),
                                          .phone = client_text(w, "phone"),
                                          .responsible = client_text(w, "responsible"),
                                          .employee = client_text(w, "employee"),
                                          .entry_id = str_of(w->job->entry_id),
                                          .no_creator = c->no_creator};
    char *body = contractor_create_body(&client);
    if (!body) { /* nothing was sent, and the next time it is the same */
        executor_return_token(x, w);
        finish_dead(x, w, ERR_INPUT, "the client cannot be written down: a text is too long", 0);
        return;
    }
    const struct request r = {.operation = "client.create",
                              .method = "POST",
                              .path = "/contractorHuman",
                              .url = contractor_create_url(str_of(s->megaplan.base_url)),
                              .body = body,
                              .leave_by = c->intent_at + EXECUTOR_INTENT_LIVES_MS,
                              .timeout_ms =
                                  c->intent_at + EXECUTOR_CREATE_LIVES_MS - executor_now(x)};
    request_send(x, w, &r);
}

void client_create_written(struct executor *x, struct work *w, bool ok)
{
    struct client *c = client_state_of(w);
    agenda_drop(&x->works, &w->timer);
    bool late = executor_now(x) >= c->intent_at + EXECUTOR_INTENT_LIVES_MS;
    if (ok && !late && executor_settings_of(x, w)) {
        send_create(x, w);
        return;
    }
    executor_return_token(x, w);
    judge_anew(x, w, ok ? "the intent came too late" : "Kafka did not take the intent");
}

bool client_create_is_fresh(const struct executor *x, struct work *w)
{
    int64_t limit = 3 * budget_token_ms(&w->service->budget);
    if (limit < FRESH_MS)
        limit = FRESH_MS;
    return executor_now(x) - client_state_of(w)->looked_up_at <= limit;
}

/* Everything is known and the token is taken: the intent, and then nothing but the request. */
void client_create_begin(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    c->no_creator =
        facts_state(w->owner->facts, work_account(w), STR(STATE_USER_CREATED)).len > 0 ||
        c->no_creator;
    c->step = CLIENT_INTENT;
    c->intent_at = executor_now(x);
    c->intent_wall = x->port->wall(x->port->world);
    const struct fact intent = {.kind = JOB_CLIENT,
                                .entry_id = w->job->entry_id,
                                .number = w->job->number,
                                .responsible = c->responsible};
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_INTENT, &intent);
    agenda_set(&x->works, &w->timer, c->intent_at + EXECUTOR_INTENT_LIVES_MS);
    record_fact(x, w, FACT_INTENT, value, client_create_written);
}

static void without_creator(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    c->no_creator = true;
    log_info("the account does not let us set the creator of a client; the description names him",
             LOG_STR("account", work_account(w)));
    record_aside(x, w, FACT_STATE, STR(STATE_USER_CREATED), "{\"refused\":true,\"v\":1}");
    c->step = CLIENT_CREATE;
    executor_want(x, w, true);
}

static void created(struct executor *x, struct work *w, const char *client)
{
    struct client *c = client_state_of(w);
    if (c->repeated)
        twin_expect(x, w, c->since);
    client_end(x, w, client, true, w->job->reason ? w->job->reason : "created");
}

void client_create_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_state_of(w);
    struct request_end got;
    char id[LOOKUP_ID];
    request_read(x, w, answer, ANSWER_ABOUT_ACCOUNT, true, &got);
    bool unknown = got.verdict == REQUEST_UNKNOWN;
    if (got.verdict == REQUEST_GOOD && !contractor_read_created(&got.answer, id))
        unknown = true;
    if (unknown) {
        client_look_for_own(x, w);
    } else if (got.verdict == REQUEST_GOOD) {
        created(x, w, id);
    } else if (!c->no_creator && contractor_refuses_creator(&got.answer)) {
        without_creator(x, w);
    } else {
        c->step = CLIENT_JUDGE;
        facts_settle(w->owner->facts, work_account(w), str_of(w->job->id));
        if (got.verdict == REQUEST_REFUSED)
            request_refused(x, w, &got);
        else if (got.verdict == REQUEST_HELD)
            client_judge(x, w);
        else
            request_retry(x, w, got.why, got.status);
    }
    request_end_done(&got);
}

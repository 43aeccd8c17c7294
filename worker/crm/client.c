/*
 * The client of a number, step by step.
 *
 *          +---------------------------- judge <---------------------------------------------+
 *          |          |          |          |                                                |
 *       own done   given up   foreign    client known                                        |
 *       or gone       |       intent     from facts     nothing known                        |
 *          |          |          |          |                |                               |
 *       outcome    outcome      AGE       done fact        ROUTE --> (FETCH)* --> found: done fact
 *                            20 s|                           | nobody                        |
 *                                v                         SEARCH -> (FETCH)* --> found: done fact
 *        found: done fact <--- LOOK <-----------+            | nobody, both fresh            |
 *                                |              |          CREATE  (its token)               |
 *                                |              |            v                               |
 *                                |           unknown       INTENT --- too late, not taken -->+
 *                                |              |            | delivered, read back          |
 *                                |              +----------- SENT --- known not done ------->+
 *                                |                           | 2xx                           |
 *                                +-- it did not happen       v                               |
 *                                |                        done fact                          |
 *                                +---------------------------------------------------------->+
 *
 * A failed lookup is never "new". Between the lookups and the create stands nothing but the token.
 */
#include "worker/crm/client.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/client_state.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"

#define AGEING_MS 20000

struct client *client_state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct client));
    return w->kind;
}

struct str client_text(const struct work *w, const char *field)
{
    return jval_get_text(w->job->data, field);
}

/* ends */

static struct fact fact_of(struct work *w, const char *client, bool made)
{
    return (struct fact){.kind = JOB_CLIENT,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .object = (char *)(uintptr_t)client,
                         .made = made,
                         .responsible = made ? client_state_of(w)->responsible : NULL};
}

void client_end(struct executor *x, struct work *w, const char *client, bool made, const char *why)
{
    struct client *c = client_state_of(w);
    struct jval *details = jval_new_object();
    jval_put_text(details, "client", str_of(client));
    if (c->lookup && lookup_others(c->lookup) > 0) {
        struct jval *others = jval_new_array();
        for (size_t i = 0; i < c->lookup->count; i++) {
            const struct lookup_candidate *o = &c->lookup->candidates[i];
            if (o->fit == LOOKUP_CLIENT && !str_eq(str_of(o->id), str_of(client)))
                jval_append(others, jval_new_text(str_of(o->id)));
        }
        jval_put(details, "others", others);
    }
    char *text = jval_dump(details, false);
    jval_free(details);
    const struct fact f = fact_of(w, client, made);
    finish_done(x, w, &f, made ? "done" : "present", why, text);
}

/* the executor's calls */

/* Whether the job is one that can be carried out at all. False: it has ended. */
static bool is_sound(struct executor *x, struct work *w, const struct settings *s)
{
    struct phone p;
    if (!s)
        finish_dead(x, w, ERR_CONFIG, "account disabled", 0);
    else if (!s->enabled)
        finish_outcome(x, w, "ignored", "the account is switched off");
    else if (!phone_from_pbx(str_of(w->job->number), &p) || !client_text(w, "name").len ||
             !client_text(w, "phone").len || !client_text(w, "responsible").len)
        finish_dead(x, w, ERR_INPUT, "the job lacks number, name, phone or responsible", 0);
    else
        return true;
    return false;
}

/* Whether this very job is over already. True: it has ended. */
static bool is_over(struct executor *x, struct work *w)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    if (own && own->done)
        finish_outcome(x, w, "present", "this job was done before");
    else if (own && own->given_up && !w->forced)
        finish_outcome(x, w, "dropped", "this job was given up before");
    else
        return false;
    return true;
}

/* A foreign intent that concerns the number is settled first. True: there is one. */
static bool must_settle(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    const struct facts_entry *b =
        facts_blocker(w->owner->facts, work_account(w), str_of(w->job->id), w->job->kind,
                      str_of(w->job->number), str_of(w->job->entry_id));
    if (!b)
        return false;
    int64_t aged_at = b->read_at + AGEING_MS;
    if (executor_now(x) < aged_at) {
        c->step = CLIENT_AGE;
        executor_rest(x, w, aged_at);
        return true;
    }
    const struct look_target t = {.id = b->id,
                                  .entry_id = b->said->entry_id,
                                  .number = b->said->number,
                                  .responsible = b->said->responsible,
                                  .written_at = b->written_at};
    client_look_for(x, w, &t);
    return true;
}

void client_judge(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    const struct settings *s = executor_settings_of(x, w);
    c->step = CLIENT_JUDGE;
    if (!c->responsible)
        c->responsible = mem_copy(client_text(w, "responsible"));
    look_end(&c->look);
    if (is_over(x, w) || !is_sound(x, w, s) || must_settle(x, w))
        return;
    const char *known = facts_client(w->owner->facts, work_account(w), str_of(w->job->number));
    if (known) {
        char *id CLEANUP(mem_free_text) = mem_copy(str_of(known));
        client_end(x, w, id, false, "the client of this number is known from an earlier job");
        return;
    }
    client_lookup_begin(w, s);
    executor_want(x, w, false);
}

static void go(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    const struct settings *s = executor_settings_of(x, w);
    if (c->step == CLIENT_LOOK) {
        client_look_ask(x, w, s);
        return;
    }
    if (c->step == CLIENT_CREATE && client_create_is_fresh(x, w)) {
        client_create_begin(x, w);
        return;
    }
    /* what it had looked up is stale, or its request could not be made */
    if (c->step != CLIENT_ROUTE && c->step != CLIENT_SEARCH && c->step != CLIENT_FETCH)
        client_lookup_begin(w, s);
    client_lookup_ask(x, w, s);
}

static void answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    enum client_step step = client_state_of(w)->step;
    if (step == CLIENT_SENT)
        client_create_answered(x, w, answer);
    else if (step == CLIENT_LOOK)
        client_look_answered(x, w, answer);
    else
        client_lookup_answered(x, w, answer);
}

static void due(struct executor *x, struct work *w)
{
    struct client *c = client_state_of(w);
    if (c->step == CLIENT_INTENT) { /* handed over 5 s ago and not read back: it will not be used */
        record_forget(x, w);
        client_create_written(x, w, false);
    } else if (c->step == CLIENT_LOOK) {
        executor_want(x, w, true);
    } else {
        client_judge(x, w);
    }
}

static void done(struct work *w)
{
    struct client *c = w->kind;
    if (!c)
        return;
    free(c->lookup);
    free(c->responsible);
    look_end(&c->look);
    free(c);
    w->kind = NULL;
}

const struct work_ops *client_ops(void)
{
    static const struct work_ops ops = {client_judge, go, answered, due, done};
    return &ops;
}

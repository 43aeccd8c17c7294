/*
 * The client of a call that was saved without one.
 */
#include "worker/crm/link.h"

#include "common/megaplan/callinfo.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"

#define REFUSED_MS 5000

/* False: there is nothing to link any more. */
static bool sides(const struct work *w, struct known_call *call, struct known_client *client)
{
    known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), call);
    return call->saved && !call->client &&
           known_client(w->owner->facts, work_account(w), str_of(w->job->number), client);
}

static void end(struct executor *x, struct work *w, const char *result, const char *why)
{
    struct known_call call;
    struct known_client client;
    struct fact f = {.kind = JOB_LINK, .entry_id = w->job->entry_id, .number = w->job->number};
    char *id CLEANUP(mem_free_text) = NULL;
    if (sides(w, &call, &client) && str_is(STR("done"), result)) {
        id = mem_copy(str_of(client.id));
        f.client = id;
        f.company = client.company;
    } else {
        f.none = (char *)(uintptr_t)why;
    }
    finish_done(x, w, &f, result, why, NULL);
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    struct known_call call;
    struct known_client client;
    (void)x;
    if (!sides(w, &call, &client))
        return false;
    r->url = callinfo_contractor_url(str_of(s->megaplan.base_url), str_of(call.object));
    r->body = callinfo_contractor_body(str_of(client.id), client.company);
    return r->body != NULL;
}

static void linked(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (lookup_read_id(a->data, id) || !act_doubted(x, w))
        end(x, w, "done", "saved before its client was known");
}

/* The call may not be visible yet: lists lag. If it, or the client, was deleted by hand that is respected. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (++w->refusals < EXECUTOR_RECORD_TRIES)
        executor_rest(x, w, executor_now(x) + (int64_t)w->refusals * REFUSED_MS);
    else
        end(x, w, "none", e->why);
    return true;
}

static const struct act link_act = {.operation = "call.link",
                                    .method = "POST",
                                    .path = "/callInfo/{id}/setContractor",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build,
                                    .good = linked,
                                    .refused = refused};

static void judge(struct executor *x, struct work *w)
{
    struct known_call call;
    struct known_client client;
    if (sides(w, &call, &client))
        act_want(x, w, &link_act);
    else
        end(x, w, "none", "the call has its client");
}

const struct work_ops *link_ops(void)
{
    static const struct work_ops ops = {.judge = judge};
    return &ops;
}

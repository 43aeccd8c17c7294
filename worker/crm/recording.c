/*
 * A recording's link on its way to the saved call.
 *
 *   judge --> the call is not saved yet, or never will be ----> done fact with the link
 *             (a recording of long ago: Megaplan is asked all the same)
 *         --> it was saved, or updated, with this link -------> done fact
 *         --> it was saved without: PROVIDER with all links --> done fact with those it sent
 *                                    \--> 404, refused: tried again a few times, never `dead`
 */
#include "worker/crm/recording.h"

#include <stdlib.h>

#include "common/megaplan/callinfo.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/links.h"

#define NOT_FOUND_TRIES 4
#define DAY_S 86400
#define REFUSED_MS 5000

struct recording {
    struct links sent;
};

static struct links *links_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct recording));
    return &((struct recording *)w->kind)->sent;
}

static void done(struct work *w)
{
    if (!w->kind)
        return;
    links_done(links_of(w));
    free(w->kind);
    w->kind = NULL;
}

/* links: those that its request carried, its own one among them. */
static void end(struct executor *x, struct work *w, const struct links *links, const char *result,
                const char *why)
{
    const struct fact f = {.kind = JOB_RECORD,
                           .entry_id = w->job->entry_id,
                           .none = (char *)(uintptr_t)why,
                           .links = (char **)(uintptr_t)links->list,
                           .nlinks = links->count};
    finish_done(x, w, &f, result, why, NULL);
}

static void end_alone(struct executor *x, struct work *w, const char *result, const char *why)
{
    struct links own;
    links_own(x, w, &own);
    end(x, w, &own, result, why);
    links_done(&own);
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    struct links *l = links_of(w);
    links_done(l);
    links_gather(x, w, l);
    r->url = callinfo_provider_url(str_of(s->megaplan.base_url));
    r->body = callinfo_links_body(str_of(w->job->entry_id), (const char *const *)l->list, l->count);
    return r->body != NULL;
}

static void sent(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (callinfo_read_id(a, str_of(w->job->entry_id), id) || !act_doubted(x, w))
        end(x, w, links_of(w), "done", "the saved call got it");
}

/* "Not found" may be a list that lags, and any refusal a moment's; one that stays is no failure of ours. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    bool not_found = e->status == 404;
    if (++w->refusals < (not_found ? NOT_FOUND_TRIES : EXECUTOR_RECORD_TRIES))
        executor_rest(x, w, executor_now(x) + (int64_t)w->refusals * REFUSED_MS);
    else if (not_found)
        end_alone(x, w, "none", "the call is not in Megaplan");
    else
        end_alone(x, w, "no_record", e->why);
    return true;
}

static const struct act links_act = {.operation = "record.links",
                                     .method = "POST",
                                     .path = "/callInfo/provider",
                                     .about = ANSWER_ABOUT_RECORD,
                                     .build = build,
                                     .good = sent,
                                     .refused = refused};

struct wanted_link {
    const char *link;
    bool found;
};

static void compare(void *arg, const char *link)
{
    struct wanted_link *l = arg;
    l->found |= str_is(str_of(link), l->link);
}

/* What facts knew of its call may have aged out: Megaplan is asked. Where the call history told of it the saving of
 * its call follows. */
static bool is_old(const struct executor *x, const struct work *w)
{
    if (str_is(str_of(w->job->origin), "reconcile"))
        return false;
    int64_t now_s = x->port->wall(x->port->world) / 1000;
    return !str_is(str_of(w->job->origin), "live") ||
           now_s - work_int(w, "recorded_at", now_s) > DAY_S;
}

/* With the saving, or with another recording's update: its own job has no fact yet. */
static bool was_sent(const struct work *w, const struct known_call *call, const char *link)
{
    struct wanted_link l = {.link = link};
    known_links(w->owner->facts, work_account(w), str_of(w->job->entry_id), compare, &l);
    return l.found || links_have((const char *const *)call->links, call->nlinks, link);
}

static void judge(struct executor *x, struct work *w)
{
    struct known_call call;
    char *link CLEANUP(mem_free_text) = links_of_job(x, w);
    if (!link) {
        finish_dead(x, w, ERR_INPUT, "recording_id: missing", 0);
        return;
    }
    known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), &call);
    if (!call.done && !is_old(x, w))
        end_alone(x, w, "done", "the call gets it with its saving");
    else if (call.done && !call.saved)
        end_alone(x, w, "none", "the call is not saved");
    else if (was_sent(w, &call, link))
        end_alone(x, w, "done", "the call was saved with it");
    else
        act_want(x, w, &links_act);
}

const struct work_ops *recording_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    return &ops;
}

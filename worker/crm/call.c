/*
 * Saving a call (behaviour.md G15, G13): one CallInfo per call, under its entry_id as providerId.
 *
 *   judge --> not to be saved --------------------------------> done fact that says why
 *             (its pop-up, if there was one, is finished by PROVIDER)
 *         --> an answered call's recordings may still come: rests up to 5 s
 *         --> whose number is it? (who.h)
 *         --> nothing of this call is known to stand in Megaplan: HISTORY (its intent) --> done fact
 *         --> else, or after an unknown end: PROVIDER --> it is there, changed ---------> done fact
 *                                             \--> 404: HISTORY
 *
 * A call that was saved without its summary is corrected by PROVIDER alone.
 */
#include "worker/crm/call.h"

#include <stdlib.h>

#include "common/megaplan/callinfo.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/links.h"
#include "worker/crm/who.h"

#define RECORDINGS_MS 5000 /* how long a saving waits for recordings */
#define DAY_S 86400
#define CORRECT_TRIES 3 /* a saved call may not be visible yet: lists lag */

struct call {
    struct who_client client;
    struct links links;
    bool asked_provider; /* it is not there */
    bool no_links;       /* Megaplan refuses recordLinks */
    bool client_refused; /* the client that facts remember was refused once */
};

static struct call *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct call));
    return w->kind;
}

static void done(struct work *w)
{
    struct call *c = w->kind;
    if (!c)
        return;
    links_done(&c->links);
    free(c);
    w->kind = NULL;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    struct call *c = state_of(w);
    return (struct fact){.kind = JOB_CALL,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .client = c->client.id[0] ? c->client.id : NULL,
                         .company = c->client.company,
                         .at = work_int(w, "ended_at", 0),
                         .verdict = w->job->verdict,
                         .summarized = work_summarized(w),
                         .links = c->links.list,
                         .nlinks = c->links.count};
}

static char *details_of(struct work *w, const char *object)
{
    struct call *c = state_of(w);
    struct jval *details = jval_new_object();
    jval_put_text(details, "call", str_of(object));
    if (c->client.id[0])
        jval_put_text(details, "client", str_of(c->client.id));
    jval_put_int(details, "records", (int64_t)c->links.count);
    if (c->no_links)
        jval_put_bool(details, "no_record", true);
    return jval_dump_free(details, false);
}

static void end(struct executor *x, struct work *w, const char *object, bool made, const char *why)
{
    struct fact f = fact_of(w);
    char *employee CLEANUP(mem_free_text) = mem_copy(work_text(w, "employee"));
    f.object = (char *)(uintptr_t)object;
    f.made = made;
    finish_employee(w, employee);
    finish_done(x, w, &f, "done", why, details_of(w, object));
}

static void end_without(struct executor *x, struct work *w, const char *why)
{
    struct fact f = fact_of(w);
    f.client = NULL;
    f.none = (char *)(uintptr_t)why;
    finish_done(x, w, &f, "none", why, NULL);
}

static void end_unsaved(struct executor *x, struct work *w)
{
    char *why CLEANUP(mem_free_text) = mem_copy(work_text(w, "why"));
    if (!w->tries && job_why_is_unmapped(str_of(why)))
        alert_account_happened(x, w->account, ALERT_UNMAPPED);
    end_without(x, w, *why ? why : "not to be saved");
}

/* requests */

static struct callinfo info_of(const struct executor *x, struct work *w, const struct settings *s)
{
    struct call *c = state_of(w);
    int64_t from = work_int(w, "started_at", 0);
    return (struct callinfo){
        .provider_id = str_of(w->job->entry_id),
        .type = work_text(w, "type"),
        .state = STR("finished"),
        .from_phone = work_text(w, "from"),
        .to_phone = work_text(w, "to"),
        .time_from = from,
        .time_to = work_int(w, "ended_at", 0),
        .offset_s = x->port->offset(x->port->world, s->timezone, from),
        .employee = work_text(w, "employee"),
        .client = str_of(c->client.id),
        .company = c->client.company,
        .incoming = str_is(work_text(w, "direction"), "in"),
        .links = (const char *const *)c->links.list,
        .nlinks = c->no_links ? 0 : c->links.count,
    };
}

static bool build_history(struct executor *x, struct work *w, const struct settings *s,
                          struct request *r)
{
    const struct callinfo info = info_of(x, w, s);
    r->url = callinfo_history_url(str_of(s->megaplan.base_url));
    r->body = callinfo_history_body(&info);
    return r->body != NULL;
}

static bool build_provider(struct executor *x, struct work *w, const struct settings *s,
                           struct request *r)
{
    const struct callinfo info = info_of(x, w, s);
    r->url = callinfo_provider_url(str_of(s->megaplan.base_url));
    r->body = callinfo_body(&info);
    return r->body != NULL;
}

static void saved(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!callinfo_read_id(a, str_of(w->job->entry_id), id))
        act_unclear(x, w, "the answer does not say which call was saved");
    else
        end(x, w, id, true, w->job->reason ? w->job->reason : "saved");
}

static void changed(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!callinfo_read_id(a, str_of(w->job->entry_id), id))
        act_unclear(x, w, "the answer does not say which call was changed");
    else if (!work_flag(w, "saved")) /* its pop-up is closed */
        end_unsaved(x, w);
    else
        end(x, w, id, true, "brought up to date");
}

/* What a refusal names is left out or looked up anew, once. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    struct call *c = state_of(w);
    bool names_client = answer_names(&e->answer, "fromUser") ||
                        answer_names(&e->answer, "toUser") || e->status == 404;
    if (!c->no_links && answer_names(&e->answer, "recordLinks"))
        c->no_links = true;
    else if (c->client.remembered && !c->client_refused && names_client) {
        c->client_refused = true;
        who_forget(w);
    } else
        return false;
    executor_judge(x, w);
    return true;
}

/* Not found by its providerId: it is made, unless it was made before and only lags behind. */
static bool provider_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (e->status != 404)
        return refused(x, w, e);
    struct known_call known;
    known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), &known);
    bool was_there = known.saved || known.popup_object;
    if (was_there && ++w->refusals < CORRECT_TRIES) {
        executor_rest(x, w, executor_now(x) + RECORDINGS_MS);
    } else if (known.saved) {
        end_without(x, w, "the saved call is not in Megaplan any more: nothing to correct");
    } else if (!work_flag(w, "saved")) {
        end_unsaved(x, w);
    } else {
        w->refusals = 0;
        state_of(w)->asked_provider = true;
        executor_judge(x, w);
    }
    return true;
}

static const struct act history_act = {.operation = "call.history",
                                       .method = "POST",
                                       .path = "/callInfo/history",
                                       .midway = true,
                                       .looked_for = true,
                                       .build = build_history,
                                       .intent = fact_of,
                                       .good = saved,
                                       .refused = refused};
static const struct act provider_act = {.operation = "call.provider",
                                        .method = "POST",
                                        .path = "/callInfo/provider",
                                        .about = ANSWER_ABOUT_RECORD,
                                        .build = build_provider,
                                        .good = changed,
                                        .refused = provider_refused};

/* judging */

/* Whether something of this call may stand in Megaplan already. */
static bool may_be_there(const struct executor *x, const struct work *w,
                         const struct known_call *known)
{
    int64_t now_s = x->port->wall(x->port->world) / 1000;
    bool live = w->tries || str_is(str_of(w->job->origin), "live");
    return known->begun || known->popup_begun || w->repeated || !live ||
           now_s - work_int(w, "ended_at", 0) > DAY_S;
}

static bool waits_for_recordings(const struct executor *x, struct work *w, const struct settings *s,
                                 const struct known_call *known)
{
    bool answered = work_int(w, "talk_seconds", 0) > 0;
    bool live = str_is(str_of(w->job->origin), "live");
    return answered && live && s->call_records && !known->saved && state_of(w)->links.count == 0 &&
           executor_now(x) < w->taken_at + RECORDINGS_MS;
}

static void save(struct executor *x, struct work *w, const struct known_call *known)
{
    struct call *c = state_of(w);
    bool there = known->saved || (!c->asked_provider && may_be_there(x, w, known));
    act_want(x, w, there ? &provider_act : &history_act);
}

static void judge(struct executor *x, struct work *w)
{
    struct call *c = state_of(w);
    struct known_call known;
    struct phone p;
    known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), &known);
    links_done(&c->links);
    if (!work_flag(w, "saved")) {
        if (known.popup_begun && !known.begun)
            act_want(x, w, &provider_act);
        else
            end_unsaved(x, w);
        return;
    }
    links_gather(x, w, &c->links);
    if (waits_for_recordings(x, w, executor_settings_of(x, w), &known)) {
        executor_rest(x, w, w->taken_at + RECORDINGS_MS);
        return;
    }
    if (phone_from_pbx(str_of(w->job->number), &p) && who_of(x, w, false, &c->client) == WHO_ASKING)
        return;
    save(x, w, &known);
}

static void found(struct executor *x, struct work *w, const char *object, bool made)
{
    (void)made;
    end(x, w, object, true, "found after a request whose end was unknown");
}

const struct work_ops *call_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .found = found, .done = done};
    return &ops;
}

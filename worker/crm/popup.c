/*
 *   judge --> the call is saved, or its saving waits behind; a newer state does --> dropped
 *         --> whose number is it? (who.h) a second at most; without an answer it is shown without the client
 *         --> nothing of this call stands in Megaplan: CREATE, under its intent --> done fact
 *         --> else CHANGE, under an intent too: what may still land, the saving has to wait for --> done fact
 *
 * An unknown end of CREATE is looked for; one of CHANGE is waited for until it cannot land any more. Both keep the
 * lane, so that the call is saved behind them.
 */
#include "worker/crm/popup.h"

#include <stdlib.h>

#include "common/megaplan/callinfo.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/settle.h"
#include "worker/crm/who.h"

#define PATIENCE_MS 1000 /* for who calls */
#define AGAIN_MS 500     /* a CallInfo just made may not be there yet */
#define TRIES 4

struct popup {
    struct who_client client;
    bool asked;          /* whose number it is, as far as it was told in time */
    bool client_refused; /* once */
    int64_t lands_by;    /* boot ms: a change that nobody knows the end of; 0 = none */
    char *why;           /* ... why */
};

static struct popup *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct popup));
    return w->kind;
}

static void done(struct work *w)
{
    struct popup *p = w->kind;
    if (p)
        free(p->why);
    free(p);
    w->kind = NULL;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    struct popup *p = state_of(w);
    return (struct fact){.kind = JOB_POPUP,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .client = p->client.id[0] ? p->client.id : NULL,
                         .company = p->client.company};
}

static char *details_of(struct work *w, const char *object)
{
    const struct popup *p = state_of(w);
    struct jval *details = jval_new_object();
    jval_put_text(details, "call", str_of(object));
    jval_put_text(details, "state", work_text(w, "state"));
    if (p->client.id[0])
        jval_put_text(details, "client", str_of(p->client.id));
    return jval_dump_free(details, false);
}

/* Always as if it had made it: whoever finds it writes the same. */
static void end(struct executor *x, struct work *w, const char *object, const char *why)
{
    struct fact f = fact_of(w);
    char *employee CLEANUP(mem_free_text) = mem_copy(work_text(w, "employee"));
    f.object = (char *)(uintptr_t)object;
    f.made = true;
    finish_employee(w, employee);
    finish_done(x, w, &f, "done", why, details_of(w, object));
}

/* requests */

static char *body_of(const struct executor *x, struct work *w, const struct settings *s)
{
    struct popup *p = state_of(w);
    int64_t from = work_int(w, "started_at", 0);
    const struct callinfo info = {
        .provider_id = str_of(w->job->entry_id),
        .type = STR("in"),
        .state = work_text(w, "state"),
        .from_phone = work_text(w, "from"),
        .to_phone = work_text(w, "line"),
        .time_from = from,
        .offset_s = x->port->offset(x->port->world, s->timezone, from),
        .employee = work_text(w, "employee"),
        .client = str_of(p->client.id),
        .company = p->client.company,
        .incoming = true,
    };
    return callinfo_body(&info);
}

static bool build_create(struct executor *x, struct work *w, const struct settings *s,
                         struct request *r)
{
    r->url = callinfo_create_url(str_of(s->megaplan.base_url));
    r->body = body_of(x, w, s);
    return r->body != NULL;
}

static bool build_change(struct executor *x, struct work *w, const struct settings *s,
                         struct request *r)
{
    r->url = callinfo_provider_url(str_of(s->megaplan.base_url));
    r->body = body_of(x, w, s);
    return r->body != NULL;
}

static void created(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (callinfo_read_id(a, str_of(w->job->entry_id), id))
        end(x, w, id, "shown");
    else
        act_unclear(x, w, "the answer does not say which call was made");
}

static void changed(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (callinfo_read_id(a, str_of(w->job->entry_id), id))
        end(x, w, id, "follows the call");
    else
        act_unclear(x, w, "the answer does not say which call was changed");
}

/* A remembered client who is gone is looked up anew, once; else it is shown without. */
static bool without_client(struct executor *x, struct work *w, const struct request_end *e)
{
    struct popup *p = state_of(w);
    bool names_client = answer_names(&e->answer, "fromUser") || e->status == 404;
    if (!p->client.id[0] || p->client_refused || !names_client)
        return false;
    p->client_refused = true;
    if (p->client.remembered)
        who_forget(w);
    p->client = (struct who_client){0};
    executor_judge(x, w);
    return true;
}

static bool create_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (!without_client(x, w, e))
        finish_without(x, w, "failed", e->why);
    return true;
}

static bool change_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (e->status == 404 && ++w->refusals < TRIES)
        executor_rest(x, w, executor_now(x) + AGAIN_MS);
    else if (e->status == 404 || !without_client(x, w, e))
        finish_without(x, w, "failed", e->why);
    return true;
}

/* It may land as long as its request may live: the saved call must come after it. */
static void change_unknown(struct executor *x, struct work *w, const char *why)
{
    struct popup *p = state_of(w);
    p->lands_by = w->intent_at + SETTLE_AGEING_MS;
    p->why = mem_copy(str_of(why));
    w->deadline = 0;
    w->phase = WORK_QUIET;
    executor_judge(x, w);
}

static const struct act create_act = {.operation = "popup.create",
                                      .method = "POST",
                                      .path = "/callInfo",
                                      .midway = true,
                                      .looked_for = true,
                                      .build = build_create,
                                      .intent = fact_of,
                                      .good = created,
                                      .refused = create_refused};
static const struct act change_act = {.operation = "popup.change",
                                      .method = "POST",
                                      .path = "/callInfo/provider",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .midway = true,
                                      .build = build_change,
                                      .intent = fact_of,
                                      .good = changed,
                                      .refused = change_refused,
                                      .unknown = change_unknown};

/* judging */

/* What comes behind it in its lane makes it pointless. */
static const char *overtaken(const struct work *w)
{
    for (size_t i = 0; i < w->lane.nslots; i++)
        for (const struct lanes_slot *s = w->lane.slots[i].next; s; s = s->next) {
            enum job_kind kind = WORK_OF(lane, s->entry)->job->kind;
            if (kind == JOB_CALL)
                return "the call is being saved";
            if (kind == JOB_POPUP)
                return "a newer state of the call is there";
        }
    return NULL;
}

/* False: it is being asked. */
static bool knows_client(struct executor *x, struct work *w)
{
    struct popup *p = state_of(w);
    struct phone number;
    if (!phone_from_pbx(str_of(w->job->number), &number))
        p->asked = true;
    if (p->asked) {
        w->ask_by = 0;
        return true;
    }
    if (!w->ask_by)
        w->ask_by = w->taken_at + PATIENCE_MS;
    bool in_time = executor_now(x) < w->ask_by && !w->service->open;
    if (in_time && who_of(x, w, false, &p->client) == WHO_ASKING)
        return false;
    p->asked = true;
    w->ask_by = 0;
    return true;
}

static void show(struct executor *x, struct work *w, const struct known_call *known)
{
    act_want(x, w, known->popup_object ? &change_act : &create_act);
}

static void judge(struct executor *x, struct work *w)
{
    struct popup *p = state_of(w);
    struct known_call known;
    if (p->lands_by && executor_now(x) < p->lands_by) {
        executor_rest(x, w, p->lands_by);
        return;
    }
    const char *why = overtaken(w);
    known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), &known);
    if (p->lands_by)
        finish_without(x, w, "failed", p->why);
    else if (known.begun)
        finish_without(x, w, "dropped", "the call is saved");
    else if (known_call_given_up(w->owner->facts, work_account(w), str_of(w->job->entry_id)))
        finish_without(x, w, "dropped", "the call is over, its saving is a dead letter");
    else if (why)
        finish_without(x, w, "dropped", why);
    else if (!work_text(w, "state").len || !work_text(w, "employee").len)
        finish_without(x, w, "failed", "the job lacks state or employee");
    else if (knows_client(x, w))
        show(x, w, &known);
}

/* Who calls could not be asked: it is shown all the same. */
static bool failed(struct executor *x, struct work *w, const char *why)
{
    struct popup *p = state_of(w);
    (void)why;
    if (p->asked)
        return false;
    p->asked = true;
    executor_judge(x, w);
    return true;
}

static void found(struct executor *x, struct work *w, const char *object, bool made)
{
    (void)made;
    end(x, w, object, "found after a request whose end was unknown");
}

const struct work_ops *popup_ops(void)
{
    static const struct work_ops ops = {
        .judge = judge, .failed = failed, .found = found, .done = done};
    return &ops;
}

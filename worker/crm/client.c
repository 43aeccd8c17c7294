/*
 * The client of a number.
 *
 *   judge --> known from facts --------------------------> done fact
 *         --> asked (who.h): somebody carries it ---------> done fact
 *         --> nobody, both lookups fresh --> the create, under its intent --> done fact
 *
 * A failed lookup is never "new". Between the lookups and the create stands nothing but the token, and, once,
 * the names of the extra fields. Everything known by then rides with the create; what is not stands in the
 * fact's data ("tracking", "source_line") and is filled when it is known (due.h).
 */
#include "worker/crm/client.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/megaplan/contractor.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/fill.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/record.h"
#include "worker/crm/twin.h"
#include "worker/crm/who.h"

#define STATE_USER_CREATED "user-created"
#define VISITOR_COMES_MS 300 /* its job may come a little later than the client's */
#define VISITOR_MS 2000      /* how long a create waits for the visitor's data */
#define FIELDS_SOON_MS 1000
#define FIELDS_COME_MS 20000 /* extra fields are made within 10 s, unless Megaplan refuses */

struct client {
    struct fill fill; /* the extra fields of the create */
    char *data;       /* JSON: what is still to be filled; NULL: nothing */
    char *kept;       /* JSON: the job (keep_job); NULL: it is not needed again */
    bool company;     /* who carries the number is one */
    bool no_creator;  /* the account refuses userCreated */
    bool renamed;     /* names of fields were asked for anew once */
};

static struct client *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct client));
    return w->kind;
}

static void done(struct work *w)
{
    struct client *c = w->kind;
    if (!c)
        return;
    fill_done(&c->fill);
    free(c->data);
    free(c->kept);
    free(c);
    w->kind = NULL;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    return (struct fact){.kind = JOB_CLIENT,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .responsible = (char *)(uintptr_t)work_word(w, "responsible"),
                         .data = state_of(w)->data};
}

static char *details_of(const struct work *w, const char *client)
{
    struct jval *details = jval_new_object();
    jval_put_text(details, "client", str_of(client));
    if (w->who && lookup_others(&w->who->lookup) > 0) {
        struct jval *others = jval_new_array();
        for (size_t i = 0; i < w->who->lookup.count; i++) {
            const struct lookup_candidate *o = &w->who->lookup.candidates[i];
            if (o->fit == LOOKUP_CLIENT && !str_eq(str_of(o->id), str_of(client)))
                jval_append(others, jval_new_text(str_of(o->id)));
        }
        jval_put(details, "others", others);
    }
    return jval_dump_free(details, false);
}

/* The number has its client: done fact, outcome. What is still to be filled is nothing of a client that was
 * there before. */
static void end(struct executor *x, struct work *w, const char *client, bool made, const char *why)
{
    struct fact f = fact_of(w);
    f.object = (char *)(uintptr_t)client;
    f.made = made;
    f.company = !made && state_of(w)->company;
    if (!made) {
        f.responsible = NULL;
        f.data = state_of(w)->kept;
    }
    finish_done(x, w, &f, made ? "done" : "present", why, details_of(w, client));
}

/* the create */

static bool refuses_creator(struct work *w)
{
    return facts_state(w->owner->facts, work_account(w), STR(STATE_USER_CREATED)).len > 0 ||
           state_of(w)->no_creator;
}

/* A replayed job brings the answer that was given when the call came: JSON, the caller's (free()); NULL: none. */
static char *recorded_visitor(const struct work *w)
{
    struct jval *data CLEANUP(jval_cleanup) = work_data(w);
    const struct jval *visitor = jval_get(data, "visitor");
    return jval_type(visitor) == JVAL_OBJECT ? jval_dump(visitor, true) : NULL;
}

/* What of the extra fields can be written by now, and what cannot. */
static void collect_fields(struct work *w, const struct settings *s)
{
    struct client *c = state_of(w);
    struct jval *later = jval_new_object();
    const char *answer = NULL;
    char *recorded CLEANUP(mem_free_text) = NULL;
    struct str line = s->source_field ? work_text(w, "source_line") : STR_NONE;
    fill_done(&c->fill);
    fill_add(&c->fill, FIELD_LINE, line);
    if (line.len && !fields_name(w, FIELD_LINE))
        jval_put_text(later, "source_line", line);
    if (s->call_tracking && work_flag(w, "tracking")) {
        bool answered = fill_visitor(w, &answer);
        if (!answered && (recorded = recorded_visitor(w)))
            answer = recorded;
        if (!(answered || recorded) || !fields_name(w, FIELD_ENTRY))
            jval_put_bool(later, "tracking", true);
        fill_add_tracking(&c->fill, answer, str_of(w->job->entry_id));
    }
    fill_name(w, &c->fill);
    free(c->data);
    c->data = jval_size(later) ? jval_dump(later, true) : NULL;
    jval_free(later);
}

static bool wants_fields(const struct work *w, const struct settings *s)
{
    return (s->source_field && work_text(w, "source_line").len) ||
           (s->call_tracking && work_flag(w, "tracking"));
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    struct contractor_field fields[FIELDS];
    (void)x;
    const struct contractor_new client = {.name = work_text(w, "name"),
                                          .phone = work_text(w, "phone"),
                                          .responsible = work_text(w, "responsible"),
                                          .employee = work_text(w, "employee"),
                                          .entry_id = str_of(w->job->entry_id),
                                          .no_creator = refuses_creator(w),
                                          .fields = fields,
                                          .nfields = fill_named(&state_of(w)->fill, fields)};
    r->body = contractor_create_body(&client);
    r->url = contractor_create_url(str_of(s->megaplan.base_url));
    return r->body != NULL;
}

static void made_one(struct executor *x, struct work *w, const char *id, const char *why)
{
    if (w->repeated)
        twin_expect(x, w, NULL, false);
    end(x, w, id, true, why);
}

static void created(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!contractor_read_created(a, id)) {
        act_unclear(x, w, "the answer does not say what was created");
        return;
    }
    made_one(x, w, id, w->job->reason ? w->job->reason : "created");
}

static void without_creator(struct executor *x, struct work *w)
{
    state_of(w)->no_creator = true;
    log_info("the account does not let us set the creator of a client; the description names him",
             LOG_STR("account", work_account(w)));
    record_state(x, w->owner, work_account(w), STR(STATE_USER_CREATED),
                 "{\"refused\":true,\"v\":1}");
}

/* What a refusal names is left out: the creator; a field that is not there any more, once. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    struct client *c = state_of(w);
    if (!refuses_creator(w) && contractor_refuses_creator(&e->answer)) {
        without_creator(x, w);
    } else if (e->status == 422 && c->fill.count && !c->renamed) {
        c->renamed = true;
        fields_forget(w);
    } else {
        return false;
    }
    executor_judge(x, w);
    return true;
}

static const struct act create_act = {.operation = "client.create",
                                      .method = "POST",
                                      .path = "/contractorHuman",
                                      .midway = true,
                                      .looked_for = true,
                                      .fresh = who_is_fresh,
                                      .build = build,
                                      .intent = fact_of,
                                      .good = created,
                                      .refused = refused};

/* the kind */

/* Until when its answer is waited for (boot ms): longer while it is asked for. */
static int64_t visitor_by(const struct executor *x, const struct work *w)
{
    char *lane CLEANUP(mem_free_text) =
        mem_format("now/%s/%s", job_kind_name(JOB_VISITOR), w->job->entry_id);
    bool asked = lanes_head_of(x->lanes, work_account(w), str_of(lane)) != NULL;
    return w->taken_at + (asked ? VISITOR_MS : VISITOR_COMES_MS);
}

/* Its answer is on its way: it rides with the create, if it comes soon. */
static bool waits_for_visitor(const struct executor *x, const struct work *w,
                              const struct settings *s)
{
    const char *answer = NULL;
    char *id CLEANUP(mem_free_text) =
        mem_format("%s:%s", w->job->entry_id, job_kind_name(JOB_VISITOR));
    const struct facts_entry *e = facts_find(w->owner->facts, work_account(w), str_of(id));
    bool over = fill_visitor(w, &answer) || (e && e->given_up);
    return s->call_tracking && work_flag(w, "tracking") && !over &&
           str_is(str_of(w->job->origin), "live") && executor_now(x) < visitor_by(x, w);
}

/* A recorded answer stands in no fact from which the client could be filled later: it rides with the create, or never. */
static bool waits_for_fields(const struct executor *x, const struct work *w,
                             const struct settings *s)
{
    char *recorded CLEANUP(mem_free_text) = recorded_visitor(w);
    return recorded && s->call_tracking && work_flag(w, "tracking") &&
           fields_coming(x, w, FIELD_ENTRY) && executor_now(x) < w->taken_at + FIELDS_COME_MS;
}

static void create(struct executor *x, struct work *w, const struct settings *s)
{
    if (wants_fields(w, s) && !fields_known(x, w))
        return;
    if (waits_for_visitor(x, w, s)) {
        executor_rest(x, w, visitor_by(x, w));
        return;
    }
    collect_fields(w, s);
    act_want(x, w, &create_act);
}

/* Nobody was asked whether the client still stands: if he does not, the job is needed once more (prelude.c). */
static void keep_job(struct work *w)
{
    struct client *c = state_of(w);
    struct jval *kept = jval_new_object();
    jval_put(kept, KNOWN_TRUSTED, work_data(w));
    free(c->kept);
    c->kept = jval_dump_free(kept, true);
}

static void judge(struct executor *x, struct work *w)
{
    struct phone p;
    struct who_client found;
    if (!phone_from_pbx(str_of(w->job->number), &p) || !work_text(w, "name").len ||
        !work_text(w, "phone").len || !work_text(w, "responsible").len) {
        finish_dead(x, w, ERR_INPUT, "the job lacks number, name, phone or responsible", 0);
        return;
    }
    if (waits_for_fields(x, w, executor_settings_of(x, w))) {
        executor_rest(x, w, executor_now(x) + FIELDS_SOON_MS);
        return;
    }
    switch (who_of(x, w, true, &found)) {
    case WHO_FOUND:
        state_of(w)->company = found.company;
        if (found.remembered)
            keep_job(w);
        end(x, w, found.id, false,
            found.remembered ? "the client of this number is known from an earlier job"
                             : "a client with this number is there");
        break;
    case WHO_NOBODY:
        create(x, w, executor_settings_of(x, w));
        break;
    default:
        break;
    }
}

static void found_own(struct executor *x, struct work *w, const char *client, bool made)
{
    static const char why[] = "found after a request whose end was unknown";
    if (made)
        made_one(x, w, client, why);
    else
        end(x, w, client, false, why);
}

const struct work_ops *client_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .found = found_own, .done = done};
    return &ops;
}

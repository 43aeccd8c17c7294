/*
 * One command at most.
 *
 *   judge --> whose number is it? (who.h) --nobody-----------------------------> no_client
 *         --> whose is the client? READ his card, unless the lookup told
 *         --> the first employee of them who has an extension and works:
 *             the card tells, else the list of employees (a minute old at most) --nobody--> no_client
 *         --> Megaplan fails, or has not answered in time: the responsible last seen, from facts
 *         --> COMMAND, under its intent --> done fact; refused: why; an end nobody knows: given up
 *
 * With a responsible to fall back on Megaplan has a second and a half, without one nearly all the time there is.
 */
#include "worker/crm/route.h"

#include <stdlib.h>
#include <string.h>

#include "common/mango/route_command.h"
#include "common/mango/signed.h"
#include "common/megaplan/contractor.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/employees.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/who.h"

#define PATIENCE_MS 1500     /* for Megaplan, where somebody was seen before */
#define COMMAND_MS 300       /* what intent and command take */
#define SEEN_LIVES_S 86400   /* the responsible last seen */
#define STAFF_LIVES_MS 60000 /* what is known of employees */

struct route {
    bool begun; /* ask_by is set */
    bool blind; /* goes on without Megaplan */
    bool card;  /* whose the client is was read: */
    struct who_client client;
    bool forgotten; /* the client that facts remember was gone, once */
    struct contractor_responsible all[LOOKUP_RESPONSIBLES];
    size_t n;
    char name[ROUTE_COMMAND_NAME + 1];
    char responsible[LOOKUP_ID]; /* the one chosen; "" nobody yet */
    char *extension;
    int64_t seen_at; /* unix s: when Megaplan said so */
    char command_id[LIMIT_COMMAND_ID + 1];
    char *json; /* the command */
    char *data; /* of the fact */
};

static struct route *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct route));
    return w->kind;
}

static void done(struct work *w)
{
    struct route *r = w->kind;
    if (!r)
        return;
    free(r->extension);
    free(r->json);
    free(r->data);
    free(r);
    w->kind = NULL;
}

static int64_t wall_s(const struct executor *x)
{
    return x->port->wall(x->port->world) / 1000;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    struct route *r = state_of(w);
    return (struct fact){.kind = JOB_ROUTE,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .company = r->client.company,
                         .responsible = r->responsible,
                         .at = r->seen_at,
                         .data = r->data};
}

static char *details_of(struct work *w, int code)
{
    struct route *r = state_of(w);
    struct jval *details = jval_new_object();
    if (r->client.id[0])
        jval_put_text(details, "client", str_of(r->client.id));
    jval_put_text(details, "to", str_of(r->extension));
    jval_put_text(details, "command_id", str_of(r->command_id));
    if (code)
        jval_put_int(details, "code", code);
    return jval_dump_free(details, false);
}

static void end(struct executor *x, struct work *w, const char *result, const char *why, int code)
{
    struct route *r = state_of(w);
    struct fact f = fact_of(w);
    f.made = strcmp(result, "done") == 0;
    f.object = r->client.id[0] ? r->client.id : NULL;
    f.none = f.made ? NULL : (char *)(uintptr_t)why;
    finish_done(x, w, &f, result, why, details_of(w, code));
}

/* the command */

static bool is_in_menu(const struct executor *x, const struct work *w)
{
    struct known_call call;
    (void)x;
    (void)known_call(w->owner->facts, work_account(w), str_of(w->job->entry_id), &call);
    return !call.begun && !call.popup_begun;
}

static bool build_command(struct executor *x, struct work *w, const struct settings *s,
                          struct request *out)
{
    (void)x;
    out->url = signed_url(str_of(s->mango.base_url), ROUTE_COMMAND_METHOD);
    out->body = mem_copy(str_of(state_of(w)->json));
    return true;
}

static void accepted(struct executor *x, struct work *w, const struct answer *a)
{
    (void)a;
    end(x, w, "done",
        state_of(w)->blind
            ? "to the responsible last seen: Megaplan failed, or did not answer in time"
            : "to the client's responsible",
        0);
}

static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    end(x, w, "failed", e->why, e->code);
    return true;
}

static const struct act command_act = {.operation = "route",
                                       .method = "POST",
                                       .path = "/" ROUTE_COMMAND_METHOD,
                                       .api = ACT_MANGO,
                                       .limit = PBX_ROUTE,
                                       .unknown = act_give_up,
                                       .fresh = is_in_menu,
                                       .alone = is_in_menu,
                                       .build = build_command,
                                       .intent = fact_of,
                                       .good = accepted,
                                       .refused = refused};

/* What MANGO would call invalid never leaves. */
static enum err write_command(const struct executor *x, struct work *w, struct error *e)
{
    struct route *r = state_of(w);
    uint64_t random = (uint64_t)x->port->random(x->port->world) << 32;
    random |= x->port->random(x->port->world);
    struct jval *data = jval_new_object();
    jval_put_text(data, KNOWN_NAME, str_of(r->name));
    r->data = jval_dump_free(data, true);
    if (!route_command_id(str_of(w->job->entry_id), random, r->command_id))
        return error_set(e, ERR_INPUT, "entry_id: leaves no room for a command_id");
    const struct route_command command = {.command_id = str_of(r->command_id),
                                          .call_id = work_text(w, "call_id"),
                                          .to_number = str_of(r->extension),
                                          .display_name = str_of(r->name)};
    return route_command_json(&command, &r->json, e);
}

/* Somebody is chosen. */
static void command(struct executor *x, struct work *w)
{
    struct error e = ERROR_NONE;
    w->ask_by = 0;
    if (!is_in_menu(x, w))
        finish_without(x, w, "late", "the call has left the menu");
    else if (!state_of(w)->json && write_command(x, w, &e))
        finish_without(x, w, "failed", e.text);
    else
        act_want(x, w, &command_act);
}

/* The first that a call can be sent to, or empty: settings allow others. */
static struct str extension_of(const struct settings_employee *e)
{
    for (size_t i = 0; i < e->nextensions; i++) {
        struct str one = str_of(e->extensions[i]);
        size_t digits = strspn(e->extensions[i], "0123456789");
        if (digits == one.len && one.len <= ROUTE_COMMAND_NUMBER)
            return one;
    }
    return STR_NONE;
}

static void choose(struct work *w, const struct settings_employee *e, int64_t seen_at)
{
    struct route *r = state_of(w);
    snprintf(r->responsible, sizeof r->responsible, "%s", e->megaplan_id);
    free(r->extension);
    r->extension = mem_copy(extension_of(e));
    r->seen_at = seen_at;
}

/* Mapped to an extension. */
static const struct settings_employee *mapped(const struct settings *s, const char *id)
{
    const struct settings_employee *e = settings_employee_by_id(s, id);
    return e && extension_of(e).len ? e : NULL;
}

/* the card */

static void take_card(struct executor *x, struct work *w, const struct contractor_responsible *all,
                      size_t n, struct str name)
{
    struct route *r = state_of(w);
    r->card = true;
    r->n = n;
    memcpy(r->all, all, n * sizeof *all);
    r->seen_at = wall_s(x);
    route_command_name(name, r->name);
}

static bool build_read(struct executor *x, struct work *w, const struct settings *s,
                       struct request *out)
{
    static const char *const names[] = {"name"};
    const struct who_client *c = &state_of(w)->client;
    (void)x;
    out->url =
        contractor_read_url(str_of(s->megaplan.base_url), str_of(c->id), c->company, names, 1);
    return true;
}

static bool gone(struct executor *x, struct work *w)
{
    struct route *r = state_of(w);
    if (r->forgotten || !r->client.remembered)
        return false;
    r->forgotten = true;
    who_forget(w);
    executor_judge(x, w);
    return true;
}

static void was_read(struct executor *x, struct work *w, const struct answer *a)
{
    struct contractor_responsible all[LOOKUP_RESPONSIBLES];
    size_t n = 0;
    if (contractor_is_dropped(a->data)) {
        if (!gone(x, w))
            finish_without(x, w, "no_client", "the client was deleted");
        return;
    }
    if (!contractor_read_responsibles(a->data, all, LOOKUP_RESPONSIBLES, &n)) {
        act_unclear(x, w, "the client's card does not tell its responsibles");
        return;
    }
    take_card(x, w, all, n, jval_get_text(a->data, "name"));
    executor_judge(x, w);
}

static bool read_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    return e->status == 404 && gone(x, w);
}

static const struct act read_act = {.operation = "client.read",
                                    .method = "GET",
                                    .path = "/contractorHuman/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .midway = true,
                                    .build = build_read,
                                    .good = was_read,
                                    .refused = read_refused};

/* judging */

/* The first of the responsibles who is mapped and works. True: *out is he, NULL nobody. False: it is asked. */
static bool find(struct executor *x, struct work *w, const struct settings *s,
                 const struct settings_employee **out)
{
    const struct route *r = state_of(w);
    *out = NULL;
    for (size_t i = 0; i < r->n && !*out; i++) {
        const struct contractor_responsible *one = &r->all[i];
        const struct settings_employee *e = mapped(s, one->id);
        if (!e)
            continue;
        employees_told_by_card(w, one->says_working);
        if (!one->says_working && !employees_known(x, w, STAFF_LIVES_MS))
            return false;
        if (one->says_working ? one->working : employees_works(w, one->id))
            *out = e;
    }
    return true;
}

static void by_card(struct executor *x, struct work *w, const struct settings *s)
{
    const struct settings_employee *e = NULL;
    if (!find(x, w, s, &e))
        return;
    if (!e) {
        finish_without(x, w, "no_client",
                       "none of the client's responsibles has an extension and works");
        return;
    }
    choose(w, e, state_of(w)->seen_at);
    command(x, w);
}

static void ask(struct executor *x, struct work *w, const struct settings *s)
{
    struct route *r = state_of(w);
    if (r->card) {
        by_card(x, w, s);
        return;
    }
    enum who_answer who = who_of(x, w, false, &r->client);
    if (who == WHO_ASKING)
        return;
    if (who == WHO_NOBODY) {
        finish_without(x, w, "no_client", "nobody carries the number");
        return;
    }
    const struct lookup_candidate *row = who_row(w, r->client.id);
    if (row && row->says_responsibles) {
        take_card(x, w, row->responsibles, row->nresponsibles, str_of(row->name));
        by_card(x, w, s);
    } else {
        act_want(x, w, &read_act);
    }
}

/* Whom we saw last, if that is not too long ago and he has an extension; or NULL. */
static const struct settings_employee *last_seen(const struct executor *x, const struct work *w,
                                                 const struct settings *s, struct known_seen *seen)
{
    if (!known_seen(w->owner->facts, work_account(w), str_of(w->job->number), seen) ||
        seen->at < wall_s(x) - SEEN_LIVES_S)
        return NULL;
    return mapped(s, seen->responsible);
}

/* Without Megaplan. */
static void by_memory(struct executor *x, struct work *w, const struct settings *s)
{
    struct route *r = state_of(w);
    struct known_seen seen;
    const struct settings_employee *e = last_seen(x, w, s, &seen);
    if (!e) {
        bool out = w->service->open;
        finish_without(
            x, w, out ? "failed" : "late",
            out ? "Megaplan is out of order, and no responsible was seen within a day"
                : "Megaplan failed, or did not answer in time, and no responsible was seen within a day");
        return;
    }
    struct known_client client;
    r->blind = true;
    if (known_client(w->owner->facts, work_account(w), str_of(w->job->number), &client) &&
        strlen(client.id) < sizeof r->client.id) {
        memcpy(r->client.id, client.id, strlen(client.id) + 1);
        r->client.company = client.company;
    }
    char name[sizeof r->name];
    known_seen_name(&seen, name, sizeof name);
    route_command_name(str_of(name), r->name);
    choose(w, e, seen.at);
    command(x, w);
}

static void begin(struct executor *x, struct work *w, const struct settings *s)
{
    struct route *r = state_of(w);
    struct known_seen seen;
    int64_t latest = w->deadline ? w->deadline - COMMAND_MS : w->taken_at + PATIENCE_MS;
    w->ask_by = latest;
    if (last_seen(x, w, s, &seen) && w->taken_at + PATIENCE_MS < latest)
        w->ask_by = w->taken_at + PATIENCE_MS;
    r->begun = true;
    employees_expect(x, w, STAFF_LIVES_MS);
}

static void judge(struct executor *x, struct work *w)
{
    struct route *r = state_of(w);
    const struct settings *s = executor_settings_of(x, w);
    struct phone p;
    if (r->responsible[0]) {
        command(x, w);
        return;
    }
    if (!phone_from_pbx(str_of(w->job->number), &p) || !work_text(w, "call_id").len) {
        finish_without(x, w, "no_client", "the number is hidden, or no client's");
        return;
    }
    if (!r->begun)
        begin(x, w, s);
    if (r->blind || executor_now(x) >= w->ask_by || w->service->open)
        by_memory(x, w, s);
    else
        ask(x, w, s);
}

/* Megaplan fails: whoever was seen before will do. */
static bool failed(struct executor *x, struct work *w, const char *why)
{
    struct route *r = state_of(w);
    const struct settings *s = executor_settings_of(x, w); /* the account may be gone by now */
    struct known_seen seen;
    (void)why;
    if (r->responsible[0] || !s || !last_seen(x, w, s, &seen))
        return false;
    r->blind = true;
    executor_judge(x, w);
    return true;
}

const struct work_ops *route_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .failed = failed, .done = done};
    return &ops;
}

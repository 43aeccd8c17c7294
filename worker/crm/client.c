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

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/look.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"
#include "worker/crm/twin.h"

#define AGEING_MS 20000
#define FRESH_MS 15000 /* a lookup older than this, or than three tokens take, is made anew */
#define STATE_USER_CREATED "user-created"

enum state {
    JUDGE,
    AGE,
    LOOK,
    ROUTE,
    SEARCH,
    FETCH,
    CREATE,
    INTENT,
    SENT
};

struct client {
    enum state state;
    struct lookup *lookup; /* NULL: none begun */
    bool searched;
    char fetching[LOOKUP_ID];
    int64_t looked_up_at; /* boot ms of the first lookup's sending */
    struct look look;
    bool repeated;       /* a request of this number had an unknown end and was found not done */
    int64_t since;       /* unix ms of the first such intent */
    int64_t intent_at;   /* boot ms of handing it over */
    int64_t intent_wall; /* the same, unix ms */
    char *responsible;   /* Megaplan employee id */
    bool no_creator;     /* the create that runs goes without userCreated */
};

static void judge(struct executor *x, struct work *w);

static struct client *client_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct client));
    return w->kind;
}

static struct str text_of(const struct work *w, const char *field)
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
                         .responsible = made ? client_of(w)->responsible : NULL};
}

static void end(struct executor *x, struct work *w, const char *client, bool made, const char *why)
{
    struct client *c = client_of(w);
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

/* lookup */

static void begin_lookup(struct work *w, const struct settings *s)
{
    struct client *c = client_of(w);
    free(c->lookup);
    c->lookup = mem_alloc(1, sizeof *c->lookup);
    if (!phone_from_pbx(str_of(w->job->number), &c->lookup->number))
        c->lookup->number = (struct phone){0};
    c->lookup->country_code = str_of(s->country_code);
    c->searched = false;
    c->looked_up_at = 0;
    c->state = ROUTE;
}

static size_t unknown_count(const struct lookup *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->candidates[i].fit == LOOKUP_UNKNOWN;
    return n;
}

/* What the rows so far leave to be done. */
static void after_lookup(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    const struct lookup_candidate *unknown = lookup_unknown(c->lookup);
    /* One bare link costs one request either way; the search may answer for several at once. */
    if (unknown && (c->searched || unknown_count(c->lookup) == 1)) {
        memcpy(c->fetching, unknown->id, sizeof c->fetching);
        c->state = FETCH;
        executor_want(x, w, true);
        return;
    }
    const struct lookup_candidate *found = unknown ? NULL : lookup_client(c->lookup);
    if (found) {
        char id[LOOKUP_ID];
        memcpy(id, found->id, sizeof id);
        end(x, w, id, false, "a client with this number is there");
        return;
    }
    c->state = c->searched ? CREATE : SEARCH;
    executor_want(x, w, true);
}

static void lookup_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_of(w);
    enum answer_about about = c->state == FETCH ? ANSWER_ABOUT_RECORD : ANSWER_ABOUT_ACCOUNT;
    const struct settings *s = executor_settings_of(x, w);
    struct request_end got;
    request_read(x, w, answer, about, false, &got);
    bool read = false;
    if (!s) {
        judge(x, w);
        goto out;
    }
    c->lookup->country_code = str_of(s->country_code);
    if (got.verdict == REQUEST_GOOD) {
        read = c->state == ROUTE ? lookup_read_route(c->lookup, &got.answer)
               : c->state == SEARCH
                   ? lookup_read_search(c->lookup, &got.answer)
                   : lookup_read_fetch(c->lookup, str_of(c->fetching), &got.answer);
        c->searched |= c->state == SEARCH && read;
    } else if (got.verdict == REQUEST_REFUSED && c->state == FETCH && got.status == 404) {
        lookup_gone(c->lookup, str_of(c->fetching));
        read = true;
    }
    if (read) {
        after_lookup(x, w);
    } else if (got.verdict == REQUEST_HELD) {
        begin_lookup(w, s);
        executor_want(x, w, false);
    } else {
        c->state = JUDGE;
        if (got.verdict == REQUEST_REFUSED)
            request_refused(x, w, &got);
        else
            request_retry(x, w, got.why ? got.why : "the lookup's answer has no rows", got.status);
    }
out:
    request_end_done(&got);
}

static void ask(struct executor *x, struct work *w, const struct settings *s)
{
    struct client *c = client_of(w);
    struct str base = str_of(s->megaplan.base_url);
    struct request r = {.method = "GET"};
    if (c->state == ROUTE) {
        c->looked_up_at = executor_now(x);
        r.operation = "lookup.route";
        r.path = "/callRoute";
        r.url = lookup_route_url(base, &c->lookup->number);
    } else if (c->state == SEARCH) {
        r.operation = "lookup.search";
        r.path = "/contractor";
        r.url = lookup_search_url(base, &c->lookup->number);
    } else {
        r.operation = "lookup.fetch";
        r.path = "/contractor/{id}";
        r.url = lookup_fetch_url(base, str_of(c->fetching));
    }
    request_send(x, w, &r);
}

/* looking */

static void look_for(struct executor *x, struct work *w, const struct look_target *t)
{
    struct client *c = client_of(w);
    if (c->since == 0 || t->written_at < c->since)
        c->since = t->written_at;
    look_begin(&c->look, t, executor_now(x));
    c->state = LOOK;
    executor_rest(x, w, look_at(&c->look));
}

static void look_for_own(struct executor *x, struct work *w)
{
    const struct look_target t = {.id = w->job->id,
                                  .entry_id = w->job->entry_id,
                                  .number = w->job->number,
                                  .responsible = client_of(w)->responsible,
                                  .written_at = client_of(w)->intent_wall};
    look_for(x, w, &t);
}

/* The done fact of the job that was looked for, the same bytes that its own worker would write. */
static void write_found(struct executor *x, struct work *w, const char *client, bool made)
{
    struct look *l = &client_of(w)->look;
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
    struct client *c = client_of(w);
    tally_unknown(x->tally, job_kind_name(w->job->kind), found);
    facts_settle(w->owner->facts, work_account(w), str_of(c->look.id));
    if (!found) {
        c->repeated = true;
        look_end(&c->look);
        judge(x, w);
        return;
    }
    bool made = false;
    char id[LOOKUP_ID];
    memcpy(id, look_found(&c->look, &made), sizeof id);
    bool own = str_is(str_of(c->look.id), w->job->id);
    if (!own)
        write_found(x, w, id, made);
    look_end(&c->look);
    end(x, w, id, own && made,
        own ? "found after a request whose end was unknown"
            : "found: another job of this number had begun it");
}

static void look_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_of(w);
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

/* create */

static void judge_anew(struct executor *x, struct work *w, const char *why)
{
    client_of(w)->state = JUDGE;
    facts_settle(w->owner->facts, work_account(w), str_of(w->job->id));
    request_retry(x, w, why, 0);
}

static void send_create(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    const struct settings *s = executor_settings_of(x, w);
    c->state = SENT;
    const struct contractor_new client = {.name = text_of(w, "name"),
                                          .phone = text_of(w, "phone"),
                                          .responsible = text_of(w, "responsible"),
                                          .employee = text_of(w, "employee"),
                                          .entry_id = str_of(w->job->entry_id),
                                          .no_creator = c->no_creator};
    const struct request r = {.operation = "client.create",
                              .method = "POST",
                              .path = "/contractorHuman",
                              .url = contractor_create_url(str_of(s->megaplan.base_url)),
                              .body = contractor_create_body(&client),
                              .leave_by = c->intent_at + EXECUTOR_INTENT_LIVES_MS,
                              .timeout_ms =
                                  c->intent_at + EXECUTOR_CREATE_LIVES_MS - executor_now(x)};
    request_send(x, w, &r);
}

static void intent_written(struct executor *x, struct work *w, bool ok)
{
    struct client *c = client_of(w);
    agenda_drop(&x->works, &w->timer);
    bool late = executor_now(x) >= c->intent_at + EXECUTOR_INTENT_LIVES_MS;
    if (ok && !late && executor_settings_of(x, w)) {
        send_create(x, w);
        return;
    }
    executor_return_token(x, w);
    judge_anew(x, w, ok ? "the intent came too late" : "Kafka did not take the intent");
}

static bool is_fresh(const struct executor *x, struct work *w)
{
    int64_t limit = 3 * budget_token_ms(&w->service->budget);
    if (limit < FRESH_MS)
        limit = FRESH_MS;
    return executor_now(x) - client_of(w)->looked_up_at <= limit;
}

/* Everything is known and the token is taken: the intent, and then nothing but the request. */
static void create(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    c->no_creator =
        facts_state(w->owner->facts, work_account(w), STR(STATE_USER_CREATED)).len > 0 ||
        c->no_creator;
    c->state = INTENT;
    c->intent_at = executor_now(x);
    c->intent_wall = x->port->wall(x->port->world);
    const struct fact intent = {.kind = JOB_CLIENT,
                                .entry_id = w->job->entry_id,
                                .number = w->job->number,
                                .responsible = c->responsible};
    char *value CLEANUP(mem_free_text) = fact_encode(FACT_INTENT, &intent);
    agenda_set(&x->works, &w->timer, c->intent_at + EXECUTOR_INTENT_LIVES_MS);
    record_fact(x, w, FACT_INTENT, value, intent_written);
}

static void without_creator(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    c->no_creator = true;
    log_info("the account does not let us set the creator of a client; the description names him",
             LOG_STR("account", work_account(w)));
    record_aside(x, w, FACT_STATE, STR(STATE_USER_CREATED), "{\"refused\":true,\"v\":1}");
    c->state = CREATE;
    executor_want(x, w, true);
}

static void created(struct executor *x, struct work *w, const char *client)
{
    struct client *c = client_of(w);
    if (c->repeated)
        twin_expect(x, w, c->since);
    end(x, w, client, true, w->job->reason ? w->job->reason : "created");
}

static void create_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_of(w);
    struct request_end got;
    char id[LOOKUP_ID];
    request_read(x, w, answer, ANSWER_ABOUT_ACCOUNT, true, &got);
    bool unknown = got.verdict == REQUEST_UNKNOWN;
    if (got.verdict == REQUEST_GOOD && !contractor_read_created(&got.answer, id))
        unknown = true;
    if (unknown) {
        look_for_own(x, w);
    } else if (got.verdict == REQUEST_GOOD) {
        created(x, w, id);
    } else if (!c->no_creator && contractor_refuses_creator(&got.answer)) {
        without_creator(x, w);
    } else {
        c->state = JUDGE;
        facts_settle(w->owner->facts, work_account(w), str_of(w->job->id));
        if (got.verdict == REQUEST_REFUSED)
            request_refused(x, w, &got);
        else if (got.verdict == REQUEST_HELD)
            judge(x, w);
        else
            request_retry(x, w, got.why, got.status);
    }
    request_end_done(&got);
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
    else if (!phone_from_pbx(str_of(w->job->number), &p) || !text_of(w, "name").len ||
             !text_of(w, "phone").len || !text_of(w, "responsible").len)
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
    struct client *c = client_of(w);
    const struct facts_entry *b =
        facts_blocker(w->owner->facts, work_account(w), str_of(w->job->id), w->job->kind,
                      str_of(w->job->number), str_of(w->job->entry_id));
    if (!b)
        return false;
    int64_t aged_at = b->read_at + AGEING_MS;
    if (executor_now(x) < aged_at) {
        c->state = AGE;
        executor_rest(x, w, aged_at);
        return true;
    }
    const struct look_target t = {.id = b->id,
                                  .entry_id = b->said->entry_id,
                                  .number = b->said->number,
                                  .responsible = b->said->responsible,
                                  .written_at = b->written_at};
    look_for(x, w, &t);
    return true;
}

static void judge(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    const struct settings *s = executor_settings_of(x, w);
    c->state = JUDGE;
    if (!c->responsible)
        c->responsible = mem_copy(text_of(w, "responsible"));
    look_end(&c->look);
    if (is_over(x, w) || !is_sound(x, w, s) || must_settle(x, w))
        return;
    const char *known = facts_client(w->owner->facts, work_account(w), str_of(w->job->number));
    if (known) {
        char *id CLEANUP(mem_free_text) = mem_copy(str_of(known));
        end(x, w, id, false, "the client of this number is known from an earlier job");
        return;
    }
    begin_lookup(w, s);
    executor_want(x, w, false);
}

static void go(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    const struct settings *s = executor_settings_of(x, w);
    if (c->state == LOOK) {
        const struct request r = {.operation = "client.look",
                                  .method = "GET",
                                  .path = "/contractorHuman",
                                  .url = look_url(&c->look, s)};
        request_send(x, w, &r);
        return;
    }
    if (c->state == CREATE && is_fresh(x, w)) {
        create(x, w);
        return;
    }
    if (c->state != ROUTE && c->state != SEARCH && c->state != FETCH)
        begin_lookup(w, s); /* what it had looked up is stale, or its request could not be made */
    ask(x, w, s);
}

static void answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    enum state state = client_of(w)->state;
    if (state == SENT)
        create_answered(x, w, answer);
    else if (state == LOOK)
        look_answered(x, w, answer);
    else
        lookup_answered(x, w, answer);
}

static void due(struct executor *x, struct work *w)
{
    struct client *c = client_of(w);
    if (c->state == INTENT) { /* handed over 5 s ago and not read back: it will not be used */
        record_forget(x, w);
        intent_written(x, w, false);
    } else if (c->state == LOOK) {
        executor_want(x, w, true);
    } else {
        judge(x, w);
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
    static const struct work_ops ops = {judge, go, answered, due, done};
    return &ops;
}

/*
 * The responsible of a client.
 *
 *   judge --> this call made no client, or it was deleted ---------------------> done fact that says so
 *         --> READ: whose is it? --it is the wanted one's alone ----------------> done fact
 *                                --an employee we never set, or none ----------> done fact: by hand
 *         --> SET, under its intent with the value --the account replaces-------> done fact
 *         --> READ anew --the account appends--> DROP those we set before ------> done fact
 *
 * Megaplan's documents do not say whether an update replaces or appends (megaplan-api.md section 7): that an
 * account replaces is remembered once it was seen. To set a value twice does no harm, so an end nobody knows
 * is no reason to look: judging anew reads what stands.
 */
#include "worker/crm/responsible.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/contractor.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/record.h"
#include "worker/crm/request.h"

#define STATE_REPLACES "responsible-replaces"
#define SHOWN_AFTER_MS 2000 /* a card read right after a write may be an old one */
#define READS_MAX 4

struct responsible {
    bool read; /* what stands on the card: */
    struct contractor_responsible all[LOOKUP_RESPONSIBLES];
    size_t n;
    unsigned unshown;         /* reads since SET that did not show it; 0 also before SET */
    bool set;                 /* SET was answered well */
    char dropping[LOOKUP_ID]; /* "" nobody */
    bool was_gone;            /* DROP answered 404 once */
};

static struct responsible *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct responsible));
    return w->kind;
}

static void done(struct work *w)
{
    free(w->kind);
    w->kind = NULL;
}

static struct str wanted(const struct work *w)
{
    return work_text(w, "responsible");
}

/* The client that this call made, or NULL. Lent by the facts. */
static const char *client_of(const struct work *w)
{
    const struct fact *own =
        known_own_client(w->owner->facts, work_account(w), str_of(w->job->entry_id));
    return own ? own->object : NULL;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    return (struct fact){.kind = JOB_RESPONSIBLE,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .responsible = (char *)(uintptr_t)work_word(w, "responsible"),
                         .verdict = w->job->verdict,
                         .summarized = work_summarized(w)};
}

static char *details_of(const struct work *w)
{
    const char *client = client_of(w);
    struct jval *details = jval_new_object();
    if (client)
        jval_put_text(details, "client", str_of(client));
    return jval_dump_free(details, false);
}

static void end(struct executor *x, struct work *w)
{
    struct fact f = fact_of(w);
    char *client CLEANUP(mem_free_text) = mem_copy(str_of(client_of(w)));
    f.object = client;
    finish_done(x, w, &f, "done", w->job->reason ? w->job->reason : "set", details_of(w));
}

static void end_without(struct executor *x, struct work *w, const char *why)
{
    struct fact f = fact_of(w);
    f.responsible = NULL;
    f.none = (char *)(uintptr_t)why;
    finish_done(x, w, &f, "none", why, details_of(w));
}

/* Answers 404: a user deleted the client. */
static bool gone(struct executor *x, struct work *w, const struct request_end *e)
{
    if (e->status != 404)
        return false;
    end_without(x, w, "the client was deleted");
    return true;
}

/* READ */

static bool build_read(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    r->url =
        contractor_read_url(str_of(s->megaplan.base_url), str_of(client_of(w)), false, NULL, 0);
    return true;
}

static bool take_card(struct responsible *k, const struct jval *row)
{
    k->read = contractor_read_responsibles(row, k->all, LOOKUP_RESPONSIBLES, &k->n);
    return k->read;
}

static void read_card(struct executor *x, struct work *w, const struct answer *a)
{
    if (contractor_is_dropped(a->data))
        end_without(x, w, "the client was deleted");
    else if (!take_card(state_of(w), a->data))
        act_unclear(x, w, "the client's card does not tell its responsibles");
    else
        executor_judge(x, w);
}

static const struct act read_act = {.operation = "client.read",
                                    .method = "GET",
                                    .path = "/contractorHuman/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build_read,
                                    .good = read_card,
                                    .refused = gone};

/* what stands there */

static bool stands(const struct responsible *k, struct str id)
{
    for (size_t i = 0; i < k->n; i++)
        if (str_is(id, k->all[i].id))
            return true;
    return false;
}

struct search {
    const char *id;
    bool found;
};

static bool is_this(void *arg, const char *responsible)
{
    struct search *s = arg;
    s->found = strcmp(s->id, responsible) == 0;
    return !s->found;
}

static bool was_set(const struct work *w, const char *id)
{
    struct search s = {.id = id};
    known_set_responsibles(w->owner->facts, work_account(w), str_of(w->job->entry_id), is_this, &s);
    return s.found;
}

/* Somebody stands there whom we never set, or nobody does. */
static bool changed_by_hand(struct work *w)
{
    const struct responsible *k = state_of(w);
    for (size_t i = 0; i < k->n; i++)
        if (!was_set(w, k->all[i].id))
            return true;
    return k->n == 0;
}

/* SET */

static bool replaces(const struct work *w)
{
    return facts_state(w->owner->facts, work_account(w), STR(STATE_REPLACES)).len > 0;
}

static bool build_set(struct executor *x, struct work *w, const struct settings *s,
                      struct request *r)
{
    struct responsible *k = state_of(w);
    struct str client = str_of(client_of(w));
    (void)x;
    k->read = false; /* whatever its end */
    r->url = contractor_update_url(str_of(s->megaplan.base_url), client, false);
    r->body = contractor_responsible_body(client, false, wanted(w));
    return r->body != NULL;
}

static void was_answered(struct executor *x, struct work *w, const struct answer *a)
{
    struct responsible *k = state_of(w);
    k->set = true;
    k->unshown = 0;
    /* The answer is the card, if it has the field; one that was not changed yet says nothing. */
    if (!take_card(k, a->data) || !stands(k, wanted(w)))
        k->read = false;
    if (!k->read && replaces(w))
        end(x, w);
    else
        executor_judge(x, w);
}

static const struct act set_act = {.operation = "responsible.set",
                                   .method = "POST",
                                   .path = "/contractorHuman/{id}",
                                   .about = ANSWER_ABOUT_RECORD,
                                   .midway = true,
                                   .build = build_set,
                                   .intent = fact_of,
                                   .good = was_answered,
                                   .refused = gone};

/* DROP */

static bool build_drop(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    state_of(w)->read = false; /* unless it is answered well */
    r->url = contractor_drop_responsible_url(str_of(s->megaplan.base_url), str_of(client_of(w)),
                                             false, str_of(state_of(w)->dropping));
    return true;
}

static void dropped(struct executor *x, struct work *w, const struct answer *a)
{
    struct responsible *k = state_of(w);
    size_t kept = 0;
    char id[LOOKUP_ID];
    if (!lookup_read_id(a->data, id) && act_doubted(x, w))
        return; /* the card is read, which tells */
    for (size_t i = 0; i < k->n; i++)
        if (!str_is(str_of(k->dropping), k->all[i].id))
            k->all[kept++] = k->all[i];
    k->n = kept;
    k->read = true;
    executor_judge(x, w);
}

/* He does not stand there any more, or the client is gone: reading tells. If he does, it is a refusal. */
static bool drop_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    struct responsible *k = state_of(w);
    if (e->status != 404 || k->was_gone)
        return false;
    k->was_gone = true;
    executor_judge(x, w);
    return true;
}

static const struct act drop_act = {.operation = "responsible.drop",
                                    .method = "DELETE",
                                    .path = "/contractorHuman/{id}/responsibles/Employee/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .midway = true,
                                    .build = build_drop,
                                    .good = dropped,
                                    .refused = drop_refused};

static void drop_others(struct executor *x, struct work *w)
{
    struct responsible *k = state_of(w);
    for (size_t i = 0; i < k->n; i++)
        if (!str_is(wanted(w), k->all[i].id))
            memcpy(k->dropping, k->all[i].id, LOOKUP_ID);
    act_want(x, w, &drop_act);
}

/* the kind */

/* It was set, and the card does not show it: once more, a little later; then it is no success. */
static void not_shown(struct executor *x, struct work *w)
{
    static const struct request_end end = {
        .why = "Megaplan accepts the new responsible and does not show it"};
    struct responsible *k = state_of(w);
    k->read = false;
    if (++k->unshown < READS_MAX) {
        executor_rest(x, w, executor_now(x) + SHOWN_AFTER_MS);
        return;
    }
    k->set = false;
    request_refused(x, w, &end);
}

static void is_wanted_one(struct executor *x, struct work *w)
{
    const struct responsible *k = state_of(w);
    if (k->set && !k->dropping[0] && !replaces(w))
        record_aside(x, w, FACT_STATE, STR(STATE_REPLACES), "{\"replaces\":true,\"v\":1}");
    end(x, w);
}

static void judge(struct executor *x, struct work *w)
{
    struct responsible *k = state_of(w);
    if (!wanted(w).len)
        finish_dead(x, w, ERR_INPUT, "the job lacks responsible", 0);
    else if (!client_of(w))
        end_without(x, w, "the client was not created by this call");
    else if (!k->read)
        act_want(x, w, &read_act);
    else if (k->n == 1 && stands(k, wanted(w)))
        is_wanted_one(x, w);
    else if (changed_by_hand(w))
        end_without(x, w, "changed by hand, respected");
    else if (k->set && !stands(k, wanted(w)))
        not_shown(x, w);
    else if (stands(k, wanted(w)))
        drop_others(x, w);
    else
        act_want(x, w, &set_act);
}

const struct work_ops *responsible_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    return &ops;
}

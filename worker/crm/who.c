/*
 * Who carries the number: facts, callRoute, what its bare links are, the search.
 */
#include "worker/crm/who.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/known.h"

#define FRESH_MS 15000 /* a lookup older than this, or than three tokens take, is made anew */

void who_free(struct who *q)
{
    if (q)
        lookup_done(&q->lookup);
    free(q);
}

static void begin(struct work *w)
{
    who_free(w->who);
    w->who = mem_alloc(1, sizeof *w->who);
    if (!phone_from_pbx(str_of(w->job->number), &w->who->lookup.number))
        w->who->lookup.number = (struct phone){0};
}

bool who_is_fresh(const struct executor *x, const struct work *w)
{
    int64_t limit = 3 * budget_token_ms(&w->service->budget);
    if (limit < FRESH_MS)
        limit = FRESH_MS;
    return w->who && w->who->began_at && executor_now(x) - w->who->began_at <= limit;
}

void who_forget(struct work *w)
{
    facts_forget(w->owner->facts, work_account(w), str_of(w->job->number));
    who_free(w->who);
    w->who = NULL;
}

const struct lookup_candidate *who_row(const struct work *w, const char *id)
{
    const struct lookup *l = w->who ? &w->who->lookup : NULL;
    for (size_t i = 0; l && i < l->count; i++)
        if (str_is(str_of(l->candidates[i].id), id))
            return &l->candidates[i];
    return NULL;
}

/* requests */

/* The account's country code is read anew for each answer: settings may have changed. */
static struct lookup *lookup_of(const struct executor *x, struct work *w)
{
    const struct settings *s = executor_settings_of(x, w);
    snprintf(w->who->country_code, sizeof w->who->country_code, "%s", s ? s->country_code : "");
    w->who->lookup.country_code = str_of(w->who->country_code);
    return &w->who->lookup;
}

static void read_on(struct executor *x, struct work *w, bool read)
{
    if (read)
        executor_judge(x, w);
    else
        act_unclear(x, w, "the lookup's answer has no rows");
}

static bool build_route(struct executor *x, struct work *w, const struct settings *s,
                        struct request *r)
{
    w->who->began_at = executor_now(x);
    r->url = lookup_route_url(str_of(s->megaplan.base_url), &w->who->lookup.number);
    return true;
}

static void routed(struct executor *x, struct work *w, const struct answer *a)
{
    w->who->complete = lookup_read_route(lookup_of(x, w), a);
    read_on(x, w, w->who->complete);
}

static bool build_search(struct executor *x, struct work *w, const struct settings *s,
                         struct request *r)
{
    (void)x;
    r->url = lookup_search_url(str_of(s->megaplan.base_url), &w->who->lookup);
    return r->url != NULL; /* else the list cannot be read to its end */
}

static void searched(struct executor *x, struct work *w, const struct answer *a)
{
    bool read = lookup_read_search(lookup_of(x, w), a);
    w->who->searched = read && !lookup_incomplete(&w->who->lookup);
    read_on(x, w, read);
}

static bool build_fetch(struct executor *x, struct work *w, const struct settings *s,
                        struct request *r)
{
    (void)x;
    r->url = lookup_fetch_url(str_of(s->megaplan.base_url), str_of(w->who->fetching));
    return true;
}

static void fetched(struct executor *x, struct work *w, const struct answer *a)
{
    read_on(x, w, lookup_read_fetch(lookup_of(x, w), str_of(w->who->fetching), a));
}

static bool fetch_refused(struct executor *x, struct work *w, const struct request_end *end)
{
    if (end->status != 404)
        return false;
    lookup_gone(&w->who->lookup, str_of(w->who->fetching));
    executor_judge(x, w);
    return true;
}

static const struct act route_act = {.operation = "lookup.route",
                                     .method = "GET",
                                     .path = "/callRoute",
                                     .build = build_route,
                                     .good = routed};
static const struct act search_act = {.operation = "lookup.search",
                                      .method = "GET",
                                      .path = "/contractor",
                                      .midway = true,
                                      .fresh = who_is_fresh,
                                      .build = build_search,
                                      .good = searched};
static const struct act fetch_act = {.operation = "lookup.fetch",
                                     .method = "GET",
                                     .path = "/contractor/{id}",
                                     .about = ANSWER_ABOUT_RECORD,
                                     .midway = true,
                                     .fresh = who_is_fresh,
                                     .build = build_fetch,
                                     .good = fetched,
                                     .refused = fetch_refused};

/* what the rows so far say */

static size_t unknown_count(const struct lookup *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->candidates[i].fit == LOOKUP_UNKNOWN;
    return n;
}

static enum who_answer ask(struct executor *x, struct work *w, const struct act *a)
{
    act_want(x, w, a);
    return WHO_ASKING;
}

static enum who_answer look_up(struct executor *x, struct work *w, bool to_create,
                               struct who_client *out)
{
    struct who *q = w->who;
    const struct lookup_candidate *unknown = lookup_unknown(&q->lookup);
    if (lookup_incomplete(
            &q->lookup)) /* more rows than a page: the smallest id may be among them */
        return ask(x, w, &search_act);
    /* One bare link costs one request either way; the search may answer for several at once. */
    if (unknown && (q->searched || unknown_count(&q->lookup) == 1)) {
        memcpy(q->fetching, unknown->id, sizeof q->fetching);
        return ask(x, w, &fetch_act);
    }
    const struct lookup_candidate *found = unknown ? NULL : lookup_client(&q->lookup);
    if (found) {
        memcpy(out->id, found->id, sizeof out->id);
        out->company = found->company;
        return WHO_FOUND;
    }
    if (!q->searched && (to_create || unknown))
        return ask(x, w, &search_act);
    return WHO_NOBODY;
}

enum who_answer who_of(struct executor *x, struct work *w, bool to_create, struct who_client *out)
{
    struct known_client known;
    *out = (struct who_client){0};
    if (known_client(w->owner->facts, work_account(w), str_of(w->job->number), &known) &&
        strlen(known.id) < sizeof out->id) {
        memcpy(out->id, known.id, strlen(known.id) + 1);
        out->company = known.company;
        out->remembered = true;
        return WHO_FOUND;
    }
    if (w->who && !who_is_fresh(x, w)) {
        who_free(w->who);
        w->who = NULL;
    }
    if (!w->who)
        begin(w);
    if (!w->who->complete)
        return ask(x, w, &route_act);
    return look_up(x, w, to_create, out);
}

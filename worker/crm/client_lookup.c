/*
 * Who carries the number: callRoute, what its bare links are, the search. A failed lookup is never "new".
 */
#include "worker/crm/client_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/request.h"

void client_lookup_begin(struct work *w, const struct settings *s)
{
    struct client *c = client_state_of(w);
    free(c->lookup);
    c->lookup = mem_alloc(1, sizeof *c->lookup);
    if (!phone_from_pbx(str_of(w->job->number), &c->lookup->number))
        c->lookup->number = (struct phone){0};
    c->lookup->country_code = str_of(s->country_code);
    c->searched = false;
    c->looked_up_at = 0;
    c->step = CLIENT_ROUTE;
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
    struct client *c = client_state_of(w);
    const struct lookup_candidate *unknown = lookup_unknown(c->lookup);
    /* One bare link costs one request either way; the search may answer for several at once. */
    if (unknown && (c->searched || unknown_count(c->lookup) == 1)) {
        memcpy(c->fetching, unknown->id, sizeof c->fetching);
        c->step = CLIENT_FETCH;
        executor_want(x, w, true);
        return;
    }
    const struct lookup_candidate *found = unknown ? NULL : lookup_client(c->lookup);
    if (found) {
        char id[LOOKUP_ID];
        memcpy(id, found->id, sizeof id);
        client_end(x, w, id, false, "a client with this number is there");
        return;
    }
    c->step = c->searched ? CLIENT_CREATE : CLIENT_SEARCH;
    executor_want(x, w, true);
}

void client_lookup_answered(struct executor *x, struct work *w, const struct http_answer *answer)
{
    struct client *c = client_state_of(w);
    enum answer_about about = c->step == CLIENT_FETCH ? ANSWER_ABOUT_RECORD : ANSWER_ABOUT_ACCOUNT;
    const struct settings *s = executor_settings_of(x, w);
    struct request_end got;
    request_read(x, w, answer, about, false, &got);
    bool read = false;
    if (!s) {
        client_judge(x, w);
        goto out;
    }
    c->lookup->country_code = str_of(s->country_code);
    if (got.verdict == REQUEST_GOOD) {
        read = c->step == CLIENT_ROUTE ? lookup_read_route(c->lookup, &got.answer)
               : c->step == CLIENT_SEARCH
                   ? lookup_read_search(c->lookup, &got.answer)
                   : lookup_read_fetch(c->lookup, str_of(c->fetching), &got.answer);
        c->searched |= c->step == CLIENT_SEARCH && read;
    } else if (got.verdict == REQUEST_REFUSED && c->step == CLIENT_FETCH && got.status == 404) {
        lookup_gone(c->lookup, str_of(c->fetching));
        read = true;
    }
    if (read) {
        after_lookup(x, w);
    } else if (got.verdict == REQUEST_HELD) {
        client_lookup_begin(w, s);
        executor_want(x, w, false);
    } else {
        c->step = CLIENT_JUDGE;
        if (got.verdict == REQUEST_REFUSED)
            request_refused(x, w, &got);
        else
            request_retry(x, w, got.why ? got.why : "the lookup's answer has no rows", got.status);
    }
out:
    request_end_done(&got);
}

void client_lookup_ask(struct executor *x, struct work *w, const struct settings *s)
{
    struct client *c = client_state_of(w);
    struct str base = str_of(s->megaplan.base_url);
    struct request r = {.method = "GET"};
    if (c->step == CLIENT_ROUTE) {
        c->looked_up_at = executor_now(x);
        r.operation = "lookup.route";
        r.path = "/callRoute";
        r.url = lookup_route_url(base, &c->lookup->number);
    } else if (c->step == CLIENT_SEARCH) {
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

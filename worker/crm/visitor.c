/*
 *   judge --> QUERY, under its intent --> done fact with the answer, "nobody" too
 *                                     --> refused, or an end nobody knows: given up; it is not asked again
 *
 * Filling the client's fields with it is the client's job (client.h), or, when it comes later, what facts say is due
 * (due.h).
 */
#include "worker/crm/visitor.h"

#include <stdlib.h>

#include "common/mango/signed.h"
#include "common/mango/visitor_query.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"

static struct fact fact_of(struct work *w)
{
    return (struct fact){
        .kind = JOB_VISITOR, .entry_id = w->job->entry_id, .number = w->job->number};
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *out)
{
    struct error e = ERROR_NONE;
    (void)x;
    out->url = signed_url(str_of(s->mango.base_url), VISITOR_QUERY_METHOD);
    return visitor_query_json(work_text(w, "dct_number"), &out->body, &e) == ERR_OK;
}

static char *details_of(const char *data)
{
    struct jval *details = jval_new_object();
    struct jval *visitor = NULL;
    struct error ignored = ERROR_NONE;
    if (jval_parse(str_of(data), &visitor, &ignored) == ERR_OK)
        jval_put(details, "visitor", visitor);
    return jval_dump_free(details, false);
}

static void answered(struct executor *x, struct work *w, const struct answer *a)
{
    struct fact f = fact_of(w);
    char *data CLEANUP(mem_free_text) = visitor_query_read(a->data);
    if (!data) {
        act_unclear(x, w, "the answer is none of a visitor");
        return;
    }
    bool nobody = str_is(str_of(data), "{}");
    f.data = data;
    finish_done(x, w, &f, "done",
                nobody ? "MANGO knows no visitor" : "what MANGO knows of the visitor",
                details_of(data));
}

static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    finish_given_up(x, w, "failed", e->why);
    return true;
}

static const struct act query_act = {.operation = "visitor",
                                     .method = "POST",
                                     .path = "/" VISITOR_QUERY_METHOD,
                                     .api = ACT_MANGO,
                                     .limit = PBX_VISITOR,
                                     .unknown = act_give_up,
                                     .build = build,
                                     .intent = fact_of,
                                     .good = answered,
                                     .refused = refused};

static void judge(struct executor *x, struct work *w)
{
    char *json CLEANUP(mem_free_text) = NULL;
    struct error e = ERROR_NONE;
    if (visitor_query_json(work_text(w, "dct_number"), &json, &e))
        finish_outcome(x, w, "failed", e.text); /* what MANGO would call invalid never leaves */
    else
        act_want(x, w, &query_act);
}

const struct work_ops *visitor_ops(void)
{
    static const struct work_ops ops = {.judge = judge};
    return &ops;
}

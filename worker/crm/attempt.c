/*
 * Where a test call's job turns back, and what it says then.
 */
#include "worker/crm/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"

int64_t attempt_deadline(const struct executor *x)
{
    return executor_now(x) + ATTEMPT_MS;
}

static bool only_asks(const struct act *a)
{
    return a->api == ACT_MEGAPLAN && !a->intent && strcmp(a->method, "GET") == 0;
}

static struct jval *body_of(const char *text)
{
    struct error ignored = ERROR_NONE;
    struct jval *v = NULL;
    if (!text || jval_parse(str_of(text), &v, &ignored))
        return NULL;
    return v;
}

/* What would have been sent, the outcome's details. False: it cannot be written down. */
static bool describe(struct executor *x, struct work *w)
{
    const struct act *a = w->act;
    struct request r = {.operation = a->operation, .method = a->method, .path = a->path};
    bool built = a->build(x, w, executor_settings_of(x, w), &r);
    struct jval *body = built ? body_of(r.body) : NULL;
    struct jval *details = jval_new_object();
    jval_put_text(details, "api", a->api == ACT_MANGO ? STR("mango") : STR("megaplan"));
    jval_put_text(details, "operation", str_of(a->operation));
    jval_put_text(details, "method", str_of(a->method));
    jval_put_text(details, "path", str_of(a->path));
    if (body)
        jval_put(details, "body", body);
    free(r.url);
    free(r.body);
    work_fold_data(w);
    free(w->ending.details);
    w->ending.details = jval_dump_free(details, false);
    return built;
}

static void remember_client(struct executor *x, const struct work *w)
{
    struct attempt_memory *m = &x->attempts;
    snprintf(m->entries[m->next], ATTEMPT_ENTRY, "%s", w->job->entry_id);
    m->next = (m->next + 1) % ATTEMPT_REMEMBERED;
}

bool attempt_makes_client(const struct executor *x, const struct work *w)
{
    for (size_t i = 0; w->tries && i < ATTEMPT_REMEMBERED; i++) {
        if (strncmp(x->attempts.entries[i], w->job->entry_id, ATTEMPT_ENTRY - 1) == 0)
            return true;
    }
    return false;
}

bool attempt_stops(struct executor *x, struct work *w)
{
    if (!w->tries || only_asks(w->act))
        return false;
    if (!describe(x, w)) {
        finish_outcome(x, w, "failed", "the request cannot be written down: a text is too long");
        return true;
    }
    if (w->job->kind == JOB_CLIENT)
        remember_client(x, w);
    finish_outcome(x, w, "would", "a test call: this is what would be sent");
    return true;
}

void attempt_ends_late(struct executor *x, struct work *w)
{
    finish_outcome(x, w, "failed", "a test call: it was not answered within 30 s");
}

static void replace(char **to, char *text)
{
    free(*to);
    *to = text;
}

void attempt_leaves_nothing(struct executor *x, struct work *w)
{
    struct work_ending *end = &w->ending;
    bool failed = end->dead || strcmp(end->result, "given-up") == 0;
    end->dead = end->fact = false;
    if (failed)
        replace(&end->result, mem_copy(STR("failed")));
    else if (strcmp(end->result, "done") == 0)
        replace(&end->result, mem_copy(STR("would")));
    if (w->job->kind == JOB_CLIENT || !attempt_makes_client(x, w))
        return;
    replace(&end->reason,
            mem_format("%s (before it the call's client would be made)", end->reason));
}

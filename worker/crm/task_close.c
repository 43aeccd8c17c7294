/*
 * Closing one task, and what a refusal means.
 */
#include "worker/crm/task_close.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/megaplan/task.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/request.h"

struct task_close {
    char *id;
    void (*then)(struct executor *x, struct work *w, enum task_close_end end);
    unsigned unsaid; /* answers that do not name the task: reading it tells whether it is closed */
    char why[ANSWER_TEXT]; /* act_done was refused */
    int status;
};

static void want_done(struct executor *x, struct work *w);

void task_close_free(struct task_close *c)
{
    if (!c)
        return;
    free(c->id);
    free(c);
}

/* is it open? */

static bool build_read(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    r->url = task_read_url(str_of(s->megaplan.base_url), str_of(w->closing->id));
    return true;
}

static void read(struct executor *x, struct work *w, const struct answer *a)
{
    struct task_close *c = w->closing;
    bool open = false;
    if (!task_read_open(a, &open))
        act_unclear(x, w, "the task does not say its status");
    else if (open && c->unsaid && c->unsaid < EXECUTOR_RECORD_TRIES && !c->status)
        want_done(x, w);
    else if (open)
        c->then(x, w, TASK_CLOSE_REFUSED);
    else
        c->then(x, w, c->unsaid ? TASK_CLOSE_CLOSED : TASK_CLOSE_BY_HAND);
}

static bool read_refused(struct executor *x, struct work *w, const struct request_end *end)
{
    if (end->status != 404)
        return false;
    w->closing->then(x, w, TASK_CLOSE_BY_HAND);
    return true;
}

static const struct act read_act = {.operation = "task.read",
                                    .method = "GET",
                                    .path = "/task/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .midway = true,
                                    .build = build_read,
                                    .good = read,
                                    .refused = read_refused,
                                    .again = want_done};

/* act_done */

static bool build_done(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    r->url = task_done_url(str_of(s->megaplan.base_url), str_of(w->closing->id));
    r->body = task_done_body();
    return r->body != NULL;
}

static void closed(struct executor *x, struct work *w, const struct answer *a)
{
    struct task_close *c = w->closing;
    char id[LOOKUP_ID];
    if (lookup_read_id(a->data, id)) {
        c->then(x, w, TASK_CLOSE_CLOSED);
        return;
    }
    c->unsaid++;
    c->status = 0;
    (void)snprintf(c->why, sizeof c->why, "the task stays open");
    act_want(x, w, &read_act);
}

static bool done_refused(struct executor *x, struct work *w, const struct request_end *end)
{
    w->closing->status = end->status;
    (void)snprintf(w->closing->why, sizeof w->closing->why, "%s", end->why ? end->why : "refused");
    act_want(x, w, &read_act);
    return true;
}

static const struct act done_act = {.operation = "task.close",
                                    .method = "POST",
                                    .path = "/task/{id}/doAction",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build_done,
                                    .good = closed,
                                    .refused = done_refused,
                                    .again = want_done};

static void want_done(struct executor *x, struct work *w)
{
    if (executor_settings_of(x, w))
        act_want(x, w, &done_act);
    else /* the account is gone: what is to be said of that, judging says */
        executor_judge(x, w);
}

void task_close(struct executor *x, struct work *w, struct str id,
                void (*then)(struct executor *x, struct work *w, enum task_close_end end))
{
    task_close_free(w->closing);
    w->closing = mem_alloc(1, sizeof *w->closing);
    w->closing->id = mem_copy(id);
    w->closing->then = then;
    want_done(x, w);
}

void task_close_again(struct executor *x, struct work *w)
{
    const struct request_end end = {
        .verdict = REQUEST_REFUSED, .why = w->closing->why, .status = w->closing->status};
    request_refused(x, w, &end);
}

const char *task_close_why(const struct work *w)
{
    return w->closing ? w->closing->why : "";
}

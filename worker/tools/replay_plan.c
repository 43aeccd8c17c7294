/*
 * Two passes over a call's jobs: what stands, then what goes along.
 */
#include "worker/tools/replay_plan.h"

#include <stdlib.h>

#include "common/jval.h"
#include "common/mem.h"

#define DAY_MS INT64_C(86400000)
/* crm's facts live seven days, from their writing. */
#define REMEMBERED_MS (6 * DAY_MS)

/* A call that was saved without its summary is saved, however it is found to have ended now: only a summary says more. */
static bool is_saved_otherwise(const struct replay_plan *p, const struct replay_call *c,
                               const struct replay_job *j)
{
    static const char *const ways[] = {"summary", "ended", "idle"};
    if (j->kind != JOB_CALL || str_ends(str_of(j->id), STR(":summary")))
        return false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *id CLEANUP(mem_free_text) = mem_format("%s:call:%s", c->entry_id, ways[i]);
        if (replay_stands_of(p->stands, str_of(c->account), str_of(id)) == STANDS_DONE)
            return true;
    }
    return false;
}

static enum stands stands_of(const struct replay_plan *p, const struct replay_call *c,
                             const struct replay_job *j)
{
    enum stands s = replay_stands_of(p->stands, str_of(c->account), str_of(j->id));
    return s == STANDS_NOT && is_saved_otherwise(p, c, j) ? STANDS_DONE : s;
}

static bool is_missing(const struct replay_plan *p, const struct replay_call *c,
                       const struct replay_job *j)
{
    return j->id && stands_of(p, c, j) == STANDS_NOT;
}

/* The saved call has to be told of what is sent. */
static bool wants_companions(const struct replay_plan *p, const struct replay_call *c)
{
    bool asked = false, saved = false;
    if (p->now - c->last_at < REMEMBERED_MS)
        return false;
    for (size_t i = 0; i < c->njobs; i++) {
        const struct replay_job *j = &c->jobs[i];
        asked |= is_missing(p, c, j) && (j->kind == JOB_CLIENT || j->kind == JOB_RECORD);
        saved |= j->id && j->kind == JOB_CALL && stands_of(p, c, j) == STANDS_DONE;
    }
    return asked && saved;
}

static bool goes_along(const struct replay_job *j, enum stands s)
{
    return s == STANDS_DONE && (j->kind == JOB_CALL || j->kind == JOB_RECORD);
}

/* The client's job with what MANGO said of the visitor when he called: nobody is asked again. */
static void add_visitor(const struct replay_plan *p, const struct replay_call *c,
                        struct replay_job *j)
{
    const char *answer = replay_stands_visitor(p->stands, str_of(c->account), str_of(c->entry_id));
    struct jval *doc CLEANUP(jval_cleanup) = NULL, *visitor = NULL;
    struct error e = ERROR_NONE;
    if (j->kind != JOB_CLIENT || !answer || jval_parse(str_of(j->value), &doc, &e) ||
        jval_parse(str_of(answer), &visitor, &e))
        return;
    struct jval *data = jval_copy(jval_get(doc, "data"));
    jval_put(data, "visitor", visitor);
    jval_put(doc, "data", data);
    char *value = jval_dump(doc, false);
    if (!value)
        mem_out();
    free(j->value);
    j->value = value;
}

static void pass_on(const struct replay_plan *p, struct replay_call *c, struct replay_job *j,
                    const char *why)
{
    add_visitor(p, c, j);
    p->word(p->arg, c, j, REPLAY_SEND, why);
}

static void say(const struct replay_plan *p, struct replay_call *c, struct replay_job *j,
                bool companions)
{
    if (!j->id) {
        p->word(p->arg, c, j, REPLAY_REFUSED, j->why);
        return;
    }
    enum stands s = stands_of(p, c, j);
    if (s == STANDS_NOT)
        pass_on(p, c, j, j->why);
    else if (companions && goes_along(j, s))
        pass_on(p, c, j, "it is older than crm remembers, and is told of what is new of it");
    else
        p->word(p->arg, c, j, s == STANDS_DEAD ? REPLAY_REFUSED : REPLAY_PRESENT,
                replay_stands_reason(s));
}

bool replay_plan_call(const struct replay_plan *p, struct replay_call *c)
{
    if (c->open || p->now - c->last_at < REPLAY_YOUNG_MS)
        return false;
    if (c->number &&
        forgotten_has(p->forgotten, str_of(c->account), str_of(c->number), c->first_at)) {
        struct replay_job none = {.rule = NULL};
        p->word(p->arg, c, &none, REPLAY_REFUSED, "its number was forgotten");
        return true;
    }
    bool companions = wants_companions(p, c);
    for (size_t i = 0; i < c->njobs; i++)
        say(p, c, &c->jobs[i], companions);
    return true;
}

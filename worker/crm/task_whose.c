/*
 * Whose task it becomes: the client's card, and who of its responsibles works.
 */
#include "worker/crm/task_whose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/megaplan/contractor.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/crm/act.h"
#include "worker/crm/employees.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/known.h"
#include "worker/crm/task_state.h"

#define STAFF_LIVES_MS (60LL * 60 * 1000) /* what is known of employees */

/* the client's card */

static bool build_card(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    static const char *const wanted[] = {"name"};
    struct task *t = task_state(w);
    (void)x;
    r->url = contractor_read_url(str_of(s->megaplan.base_url), str_of(t->client.id),
                                 t->client.company, wanted, 1);
    return true;
}

static void take_card(struct task *t, const struct jval *row)
{
    struct str name = text_cut(jval_get_text(row, "name"), TASK_NAME_SIZE - 1);
    (void)snprintf(t->name, sizeof t->name, "%.*s", STR_ARG(name));
    t->read = true;
    if (!contractor_read_responsibles(row, t->responsibles, LOOKUP_RESPONSIBLES, &t->nresponsibles))
        t->nresponsibles = 0;
}

static void carded(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!lookup_read_id(a->data, id)) {
        act_unclear(x, w, "the client's card cannot be read");
        return;
    }
    if (contractor_is_dropped(a->data))
        task_forget_client(w);
    else
        take_card(task_state(w), a->data);
    executor_judge(x, w);
}

static bool card_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (e->status != 404)
        return false;
    task_forget_client(w);
    executor_judge(x, w);
    return true;
}

static const struct act card_act = {.operation = "client.read",
                                    .method = "GET",
                                    .path = "/contractorHuman/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build_card,
                                    .good = carded,
                                    .refused = card_refused};

/* What the lookup that found the client read of it is as good as its card, but for the name. */
static bool take_row(struct work *w)
{
    struct task *t = task_state(w);
    const struct lookup_candidate *row = who_row(w, t->client.id);
    if (!row || !row->says_responsibles)
        return false;
    memcpy(t->responsibles, row->responsibles, sizeof t->responsibles);
    t->nresponsibles = row->nresponsibles;
    return true;
}

/* who of them works */

/* The responsible that this very call gave its client, or NULL: that client was there before. */
static const char *of_own_client(const struct work *w)
{
    const struct task *t = w->kind;
    const struct fact *own =
        known_own_client(w->owner->facts, work_account(w), str_of(w->job->entry_id));
    if (!own || !str_eq(str_of(own->object), str_of(t->client.id)))
        return NULL;
    return known_responsible_wanted(w->owner->facts, work_account(w), str_of(w->job->entry_id));
}

/* Nobody has to be asked whether he works. */
static const char *settled_responsible(struct work *w)
{
    const char *forced = work_word(w, "responsible");
    return forced ? forced : of_own_client(w);
}

enum works {
    WORKS_YES,
    WORKS_NO,
    WORKS_ASKING, /* the work is taken over */
};

static enum works whether(struct executor *x, struct work *w,
                          const struct contractor_responsible *r)
{
    bool works = r->working;
    if (!r->says_working) {
        if (!employees_known(x, w, STAFF_LIVES_MS))
            return WORKS_ASKING;
        works = employees_works(w, r->id);
    }
    return works ? WORKS_YES : WORKS_NO;
}

/* The first of the client's responsibles who works, else the fallback if he does. */
static enum works first_who_works(struct executor *x, struct work *w, const char **out)
{
    struct task *t = task_state(w);
    const char *fallback = work_word(w, "fallback");
    for (size_t i = 0; i < t->nresponsibles; i++) {
        enum works works = whether(x, w, &t->responsibles[i]);
        *out = t->responsibles[i].id;
        if (works != WORKS_NO)
            return works;
    }
    *out = fallback;
    if (!fallback)
        return WORKS_NO;
    if (!employees_known(x, w, STAFF_LIVES_MS))
        return WORKS_ASKING;
    return employees_works(w, fallback) ? WORKS_YES : WORKS_NO;
}

enum task_whose_answer task_whose(struct executor *x, struct work *w, bool named)
{
    struct task *t = task_state(w);
    enum works works = WORKS_YES;
    const char *responsible = settled_responsible(w);
    if (!t->read && (named || (!responsible && !take_row(w)))) {
        act_want(x, w, &card_act);
        return TASK_WHOSE_ASKING;
    }
    if (!responsible)
        works = first_who_works(x, w, &responsible);
    free(t->responsible);
    t->responsible = works == WORKS_YES ? mem_copy(str_of(responsible)) : NULL;
    return works == WORKS_ASKING ? TASK_WHOSE_ASKING
           : t->responsible      ? TASK_WHOSE_FOUND
                                 : TASK_WHOSE_NOBODY;
}

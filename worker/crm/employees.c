/*
 * The employees of an account: a cache, and how it is filled.
 */
#include "worker/crm/employees.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/megaplan/employee.h"
#include "common/mem.h"
#include "worker/crm/account.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"

/* Who asks does so until then; later somebody else may, for it may have gone away. What rings waits for nobody
 * who has more time. */
#define ASKING_MS 30000
#define ASKING_NOW_MS 2000
#define LOOK_AGAIN_MS 500
#define AHEAD_MS 5000 /* who expects to ask does so within that time */
#define LOOK_AGAIN_NOW_MS 10

struct employees {
    struct employee_list list;
    bool known;
    int64_t read_at;          /* boot ms */
    const struct work *asker; /* only compared: it may be gone */
    bool asked_now;           /* ... by what rings */
    bool cards_tell;          /* clients' cards tell who of their responsibles works */
    int64_t asked_until;      /* boot ms: others let it ask */
};

void employees_free(struct employees *e)
{
    if (!e)
        return;
    employee_list_done(&e->list);
    free(e);
}

static struct employees *of(const struct work *w)
{
    struct account *a = w->account;
    if (!a->employees)
        a->employees = mem_alloc(1, sizeof *a->employees);
    return a->employees;
}

void employees_forget(const struct work *w)
{
    of(w)->known = false;
}

/* asking */

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    (void)x;
    r->url = employee_list_url(str_of(s->megaplan.base_url), str_of(w->staff.place.last));
    return true;
}

/* A whole list was read. A good one is not replaced by an empty or halved one: that is no dismissal. Nor is a first
 * one believed that is empty: whom we sign in as is in it. */
static void keep(struct executor *x, struct work *w)
{
    struct employees *e = of(w);
    if (w->staff.count == 0 && !e->known) {
        act_unclear(x, w, "the list of employees came empty");
        return;
    }
    bool halved = w->staff.count == 0 || w->staff.count * 2 < e->list.count;
    if (halved)
        log_warn("the list of employees came empty or halved", LOG_STR("account", work_account(w)),
                 LOG_INT("count", (int64_t)w->staff.count));
    if (!halved || !e->known) {
        employee_list_done(&e->list);
        e->list = w->staff;
        w->staff = (struct employee_list){0};
    }
    employee_list_done(&w->staff);
    e->known = true;
    e->read_at = executor_now(x);
    e->asker = NULL;
    executor_judge(x, w);
}

static void paged(struct executor *x, struct work *w, const struct answer *a)
{
    size_t before = w->staff.count;
    if (!employee_read_page(a, &w->staff)) {
        employee_list_done(&w->staff);
        act_unclear(x, w, "the list of employees cannot be read");
        return;
    }
    /* A page that brings nobody new would go on for ever. */
    if (!w->staff.place.more || w->staff.count == before)
        keep(x, w);
    else
        executor_judge(x, w);
}

static const struct act page_act = {.operation = "employee.list",
                                    .method = "GET",
                                    .path = "/employee",
                                    .midway = true,
                                    .build = build,
                                    .good = paged};

static bool is_asked(const struct employees *e, const struct work *w, int64_t now)
{
    return e->asker && e->asker != w && now < e->asked_until;
}

bool employees_known(struct executor *x, struct work *w, int64_t max_age_ms)
{
    struct employees *e = of(w);
    int64_t now = executor_now(x);
    if (e->known && now < e->read_at + max_age_ms)
        return true;
    if (is_asked(e, w, now) && (e->asked_now || !w->urgent)) {
        executor_rest(x, w, now + (w->urgent ? LOOK_AGAIN_NOW_MS : LOOK_AGAIN_MS));
        return false;
    }
    e->asker = w;
    e->asked_now = w->urgent;
    e->asked_until = now + (w->urgent ? ASKING_NOW_MS : ASKING_MS);
    act_want(x, w, &page_act);
    return false;
}

/* ahead */

void employees_expect(struct executor *x, const struct work *w, int64_t max_age_ms)
{
    const struct employees *e = of(w);
    int64_t now = executor_now(x);
    bool fresh = e->known && now + AHEAD_MS < e->read_at + max_age_ms;
    if (fresh || e->cards_tell || (e->asked_now && is_asked(e, w, now)))
        return;
    executor_add(x, w->owner, JOB_STAFF, work_account(w), STR("-"), "-:staff", NULL, NULL);
}

void employees_told_by_card(const struct work *w, bool told)
{
    of(w)->cards_tell = told;
}

static void judge(struct executor *x, struct work *w)
{
    w->ask_by = w->taken_at + ASKING_NOW_MS;
    if (executor_now(x) >= w->ask_by || employees_known(x, w, ASKING_NOW_MS))
        executor_end(x, w);
}

static bool failed(struct executor *x, struct work *w, const char *why)
{
    (void)why;
    executor_end(x, w);
    return true;
}

const struct work_ops *employees_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .failed = failed};
    return &ops;
}

bool employees_works(const struct work *w, const char *id)
{
    return employee_works(&of(w)->list, str_of(id));
}

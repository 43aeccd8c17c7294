/*
 * One request, and what it says.
 */
#include "worker/crm/alert_look.h"

#include "common/megaplan/callinfo_list.h"
#include "worker/crm/account.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"

#define ENTRY "alerts"
#define ID ENTRY ":alert:look"
#define EVERY_MS 3600000
#define FIRST_MS \
    600000 /* and up to as much again: not all accounts at once, nor those that come and go */

void alert_look_visit(struct executor *x, struct account *a)
{
    struct alert_account *l = &a->alerts;
    int64_t now = executor_now(x);
    if (!l->look_at)
        l->look_at = now + FIRST_MS + x->port->random(x->port->world) % FIRST_MS;
    if (now < l->look_at)
        return;
    l->look_at = now + EVERY_MS;
    executor_add(x, a->owner, JOB_ALERT, str_of(a->service.account), STR(ENTRY), ID, NULL, NULL);
}

bool alert_look_is(const struct work *w)
{
    return str_is(str_of(w->job->id), ID);
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    (void)x;
    (void)w;
    r->url = callinfo_list_url(str_of(s->megaplan.base_url));
    return true;
}

static void listed(struct executor *x, struct work *w, const struct answer *a)
{
    struct callinfo_list calls;
    if (callinfo_list_read(a, &calls))
        w->account->alerts.vendor =
            calls.twice >= CALLINFO_LIST_TWICE ? ALERT_STATE_SO : ALERT_STATE_NOT_SO;
    executor_end(x, w);
}

static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    (void)e;
    executor_end(x, w);
    return true;
}

static const struct act list_act = {.operation = "alert.calls",
                                    .method = "GET",
                                    .path = "/callInfo",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build,
                                    .good = listed,
                                    .refused = refused};

void alert_look_judge(struct executor *x, struct work *w)
{
    act_want(x, w, &list_act);
}
